//! From what somebody wrote to the words that are compared.
//!
//! Any script becomes Latin letters, any accent none; what stands for nobody goes, what only leans on another word is
//! joined to it or left out. Bounded in work whatever is written. Refuses to guess which word is the family name.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::tokens::Tokens;
use super::words::{ASIDE, Joins, NOBODY, is_filler, joins, leans, one_spelling};

/// How many letters of a part are read: far more than a passport has room for.
const LETTERS: usize = 400;
/// The words of one name that are looked at, and those that are kept, in the order of the alphabet.
const WORDS: usize = 48;
const KEPT: usize = 12;
/// The length of a word from which on it is cut.
const LONGEST: usize = 40;

/// How a letter that a machine-readable zone may write in two ways is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// Without its accent: `u` for `ü`.
    Plain,
    /// With a letter for the accent: `ue` for `ü`.
    Spelled,
}

/// The words of a name, out of its parts in their order.
pub(super) fn tokens<'a>(parts: impl Iterator<Item = &'a str>, letters: Letters) -> Tokens {
    let words = parts.flat_map(|part| part_words(part, letters)).take(WORDS).collect();
    let mut words: Vec<String> = join(words).into_iter().map(one_spelling).collect();
    // First what may leave one word alone, then what may not.
    for others in [1, 2] {
        if words.iter().filter(|word| leans(word).is_none_or(|own| own > others)).count() >= others {
            words.retain(|word| leans(word) != Some(others));
        }
    }
    for word in &mut words {
        word.truncate(LONGEST);
    }
    words.sort();
    words.dedup();
    words.truncate(KEPT);
    words.into_iter().collect()
}

/// Whether one of the letters is written in two ways.
pub(super) fn has_two_ways(part: &str) -> bool {
    let part: String = part.chars().take(LETTERS).nfkc().flat_map(char::to_lowercase).collect();
    part.chars().any(|letter| spelled(letter).is_some()) || part.contains("uxx")
}

fn part_words(part: &str, letters: Letters) -> Vec<String> {
    let clean: String = part.chars().take(LETTERS).filter(|letter| !is_unseen(*letter)).nfkc().collect();
    let words: Vec<String> = clean
        .split_whitespace()
        .filter(|word| !ASIDE.iter().any(|aside| word.eq_ignore_ascii_case(aside)))
        .flat_map(|word| {
            let joined: String = word.chars().filter(|letter| !is_joining(*letter)).collect();
            let parts = joined.split(|letter: char| !letter.is_alphanumeric() && !is_combining_mark(letter));
            parts.map(|part| latin(part, letters)).collect::<Vec<_>>()
        })
        .filter(|word| !word.is_empty())
        .collect();
    if NOBODY.contains(&words.join(" ").as_str()) {
        return vec![];
    }
    words.into_iter().filter(|word| !is_filler(word)).collect()
}

/// One word in lower-case ASCII.
fn latin(word: &str, letters: Letters) -> String {
    let mut latin = String::with_capacity(word.len());
    for letter in word.chars().flat_map(char::to_lowercase) {
        match spelled(letter).filter(|_| letters == Letters::Spelled) {
            Some(two) => latin.push_str(two),
            None => latin.push_str(any_ascii::any_ascii_char(letter)),
        }
    }
    latin.retain(|letter| letter.is_ascii_alphanumeric());
    latin.make_ascii_lowercase();
    latin.truncate(LONGEST);
    // A machine-readable zone writes "NXX" for Ñ and "UXX" for Ü.
    if latin.contains("xx") && !is_filler(&latin) {
        let u = if letters == Letters::Spelled { "ue" } else { "u" };
        latin = latin.replace("nxx", "n").replace("uxx", u);
    }
    latin
}

/// The letters of Doc 9303 that have an accent in one form of a name and a second letter in the other.
fn spelled(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ä' => "ae",
        'å' => "aa",
        'ö' | 'ø' => "oe",
        'ü' => "ue",
        _ => return None,
    })
}

/// Marks that nobody sees: direction, joiners, variation selectors, controls other than a space.
fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E01EF}')
        || letter.is_control() && !letter.is_whitespace()
}

/// An apostrophe or a dot joins: "O'Brien" is "OBRIEN" in a machine-readable zone.
fn is_joining(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | '`' | '´' | '.' | '′' | '‛' | '״' | '׳')
}

/// Joins words that are no name by themselves. The words stand in a ring, so that it does not matter which part of a
/// name a source puts first.
fn join(words: Vec<String>) -> Vec<String> {
    let beside = |at: usize, step: usize| joins(&words[(at + step) % words.len()]);
    let before = words.len().saturating_sub(1);
    let is_between = |at: usize| {
        words.len() >= 3
            && leans(&words[at]) == Some(1)
            && (beside(at, before) == Joins::Next || beside(at, 1) == Joins::Before)
    };
    let words: Vec<&String> =
        words.iter().enumerate().filter(|(at, _)| !is_between(*at)).map(|(_, word)| word).collect();
    let is_one =
        |at: usize| joins(words[at]) == Joins::Next || joins(words[(at + 1) % words.len()]) == Joins::Before;
    let Some(last) = (0..words.len()).find(|at| !is_one(*at)) else {
        return words.into_iter().cloned().collect();
    };
    let mut joined = vec![];
    let mut word = String::new();
    for at in (last + 1..=last + words.len()).map(|at| at % words.len()) {
        word.push_str(words[at]);
        if !is_one(at) {
            joined.push(std::mem::take(&mut word));
        }
    }
    joined
}
