//! The text of a table: what was learned as hundredths of natural logarithms, with where it comes from.
//!
//! Sorted throughout, so the same words give the same bytes. What is hardly ever seen is left out. The form:
//! docs/names.md#the-learned-table. Refuses to learn.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use decide::transliteration::WEIGHTS;
use schemas::name::{NativeName, Script, sound};

use super::Both;
use super::learn::{BESIDE, EDGE, LETTER, Learned, spelled};

/// What is less likely than this is left out.
const LEAST: f64 = 0.0003;
/// So often a letter must be seen beside another, and a piece of it, to be written.
const SEEN_BESIDE: f64 = 0.5;
const SEEN_PIECE: f64 = 0.1;
/// What letters alone are worth against pairs of letters.
const ALONE: f64 = 8.0;
/// How likely a letter that no word had becomes what tables of letters say.
const BY_SOUND: f64 = 0.6;

/// Where a table comes from.
#[derive(Debug, Default)]
pub struct Provenance {
    /// Lines of its head, without the sign of a comment.
    pub lines: Vec<String>,
}

impl Both {
    pub(super) fn text(&self, script: Script, weights: &[i32; WEIGHTS], told: &Provenance) -> String {
        let known: BTreeSet<char> = self.to_latin.letters.all.keys().copied().collect();
        let others: BTreeMap<char, &str> = others(script, self.to_latin.longest, &known);
        let letters: BTreeSet<char> = known
            .iter()
            .chain(others.keys())
            .chain(self.to_native.alone.keys())
            .copied()
            .filter(|l| *l != EDGE)
            .collect();
        let mut text = String::new();
        for line in &told.lines {
            text += &format!("# {line}\n");
        }
        text += &format!("script {}\nweights", script.as_str());
        for weight in weights {
            text += &format!(" {weight}");
        }
        text += &format!("\nletters {}\n", letters.iter().collect::<String>());
        self.to_latin.direction("latin", &mut text);
        self.to_latin.sounds(&mut text);
        for (letter, piece) in others {
            text +=
                &format!("row {letter} * {} {piece} {}\n", hundredths(1.0 - BY_SOUND), hundredths(BY_SOUND));
        }
        self.to_native.direction("native", &mut text);
        self.to_latin.commonness("latin", 1.0, &mut text);
        self.to_native.commonness("native", if script == Script::Han { 2.0 } else { 1.0 }, &mut text);
        text
    }
}

/// Letters of the script that no word had, with their sound in Latin letters. Of Han there are too many: they are
/// known by the sound alone.
fn others(script: Script, longest: usize, known: &BTreeSet<char>) -> BTreeMap<char, &'static str> {
    let is_word = |letter: &char| {
        let own = NativeName::of(&letter.to_string());
        own.is_some_and(|own| own.script == script && own.words.contains(&letter.to_string()))
    };
    let has_sound =
        |sound: &str| (1..=longest).contains(&sound.len()) && sound.bytes().all(|l| l.is_ascii_lowercase());
    let letters = if script == Script::Han { '\0'..='\0' } else { '\u{400}'..='\u{8FF}' };
    let others = letters.filter(|letter| !known.contains(letter)).filter(is_word);
    others.map(|letter| (letter, sound(letter))).filter(|(_, sound)| has_sound(sound)).collect()
}

impl Learned {
    fn direction(&self, to: &str, text: &mut String) {
        write!(text, "direction {to} {}", self.longest).expect("a text can be written to");
        for likely in self.unseen {
            *text += &format!(" {}", hundredths(likely));
        }
        *text += "\n";
        let mut rows: BTreeMap<_, Vec<(String, f64)>> = BTreeMap::new();
        for letter in self.letters.all.keys() {
            rows.insert((*letter, None), vec![]);
        }
        for (letter, piece) in self.letters.pieces.keys() {
            let piece_text = spelled(*piece);
            let likely = self.likely(*letter, None, *piece, piece_text.chars().count());
            if likely >= LEAST {
                rows.entry((*letter, None)).or_default().push((piece_text, likely));
            }
        }
        for (((letter, next), piece), seen) in &self.beside.pieces {
            if self.beside.all[&(*letter, *next)] >= SEEN_BESIDE && *seen >= SEEN_PIECE {
                let piece_text = spelled(*piece);
                let likely = self.likely(*letter, Some(*next), *piece, piece_text.chars().count());
                rows.entry((*letter, Some(*next))).or_default().push((piece_text, likely));
            }
        }
        for ((letter, next), mut pieces) in rows {
            let beside = match next {
                None => LETTER / (self.letters.all[&letter] + LETTER),
                Some(next) => BESIDE / (self.beside.all[&(letter, next)] + BESIDE),
            };
            *text += &format!("row {letter} {} {}", next.unwrap_or('*'), hundredths(beside));
            pieces.sort_by(|(one, _), (other, _)| one.cmp(other));
            write_pieces(&pieces, text);
        }
    }

    fn sounds(&self, text: &mut String) {
        let mut rows: BTreeMap<&str, Vec<(String, f64)>> = BTreeMap::new();
        for ((sound, piece), seen) in &self.sounds.pieces {
            let likely = seen / (self.sounds.all[sound] + 2.0);
            if likely >= LEAST && !sound.is_empty() {
                rows.entry(sound).or_default().push((spelled(*piece), likely));
            }
        }
        for (sound, mut pieces) in rows {
            *text += &format!("sound {sound} {}", hundredths(2.0 / (self.sounds.all[sound] + 2.0)));
            pieces.sort_by(|(one, _), (other, _)| one.cmp(other));
            write_pieces(&pieces, text);
        }
    }

    /// How common letters and pairs of them are in what comes out.
    fn commonness(&self, side: &str, least: f64, text: &mut String) {
        let all: f64 = self.alone.values().sum();
        let kinds = self.alone.len() as f64;
        let alone =
            |letter: char| (self.alone.get(&letter).copied().unwrap_or(0.0) + 0.5) / (all + 0.5 * kinds);
        *text += &format!("language {side} {}\n", hundredths(alone('\0')));
        let mut rows: BTreeMap<char, BTreeMap<char, f64>> =
            self.alone.keys().map(|l| (*l, BTreeMap::new())).collect();
        for ((before, letter), seen) in &self.pairs {
            rows.entry(*before).or_default().insert(*letter, *seen);
        }
        for (before, pairs) in rows {
            let seen: f64 = pairs.values().sum();
            *text += &format!(
                "pair {before} {} {}",
                hundredths(alone(before)),
                hundredths(ALONE / (seen + ALONE))
            );
            for (letter, pair) in pairs.into_iter().filter(|(_, pair)| *pair >= least) {
                let likely = (pair + ALONE * alone(letter)) / (seen + ALONE);
                *text += &format!(" {letter} {}", hundredths(likely));
            }
            *text += "\n";
        }
    }
}

fn write_pieces(pieces: &[(String, f64)], text: &mut String) {
    for (piece, likely) in pieces {
        let piece = if piece.is_empty() { "-" } else { piece };
        *text += &format!(" {piece} {}", hundredths(*likely));
    }
    *text += "\n";
}

/// A natural logarithm in hundredths; what never happens is as unlikely as a word of ten letters by chance.
fn hundredths(likely: f64) -> i32 {
    if likely <= 0.0 { -3_500 } else { (likely.ln() * 100.0).round() as i32 }
}
