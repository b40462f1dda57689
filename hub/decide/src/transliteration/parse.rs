//! Reads the text of a table: a keyword a line, and what it says separated by spaces.
//!
//! What a letter becomes beside another is written as far as it differs and merged here with what it becomes by itself.
//! Refuses any line it does not know. The form: docs/names.md#the-learned-table.

use std::str::SplitAsciiWhitespace;

use schemas::name::Script;

use super::direction::{Becomes, Direction, Letter, PIECE, code};
use super::table::{Common, Commonness, EDGE, Table, WEIGHTS, latin_letter, number, place};

/// A text is no table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TableError {
    /// A line is not as it must be.
    #[error("line {0} is none of a transliteration table")]
    Line(usize),
    /// A section that there must be.
    #[error("the transliteration table has no line \"{0}\"")]
    Missing(&'static str),
    /// Another table has the script.
    #[error("two transliteration tables are of one script")]
    Twice,
}

#[derive(Default)]
struct TableText {
    script: Option<Script>,
    weights: Option<[i32; WEIGHTS]>,
    letters: Vec<char>,
    directions: [Direction; 2],
    sounds: Vec<(String, Becomes)>,
    common: [Commonness; 2],
    at: Option<Writing>,
}

/// What is written: Latin, or the table's own script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Latin,
    Native,
}

impl Table {
    /// Reads the text of a table.
    ///
    /// # Errors
    /// Where it is none, with the first such line.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut read = TableText::default();
        for (n, line) in text.lines().enumerate() {
            if !line.is_empty() && !line.starts_with('#') {
                read.line(line).ok_or(TableError::Line(n + 1))?;
            }
        }
        let TableText { script, weights, letters, directions, mut sounds, common, .. } = read;
        let script = script.ok_or(TableError::Missing("script"))?;
        let weights = weights.ok_or(TableError::Missing("weights"))?;
        let [mut to_latin, mut to_native] = directions;
        let [latin, native] = common;
        if to_latin.rows.is_empty() || to_native.rows.is_empty() {
            return Err(TableError::Missing("row"));
        }
        if latin.letters.is_empty() || native.letters.is_empty() {
            return Err(TableError::Missing("pair"));
        }
        for rows in to_latin.rows.iter_mut().chain(&mut to_native.rows) {
            rows.sort_by_key(|(next, _)| *next);
        }
        sounds.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Self { script, weights, letters, to_latin, to_native, sounds, latin, native })
    }
}

impl TableText {
    fn line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_ascii_whitespace();
        match words.next()? {
            "script" => {
                let name = words.next()?;
                self.script = Some(Script::ALL.into_iter().find(|script| script.as_str() == name)?);
            }
            "weights" => self.weights = Some(numbers(&mut words)?),
            "letters" => {
                self.letters = words.next()?.chars().collect();
                if !self.letters.is_sorted() || self.letters.len() >= usize::from(EDGE) {
                    return None;
                }
            }
            "direction" => {
                let side = side(words.next()?)?;
                self.at = Some(side);
                let direction = &mut self.directions[side as usize];
                direction.longest = words.next()?.parse().ok().filter(|longest| *longest <= PIECE)?;
                direction.unknown.unseen = numbers(&mut words)?;
            }
            "row" => return self.row(words),
            "sound" => {
                let sound = words.next()?.to_owned();
                let row = self.read_row(Writing::Latin, None, words)?;
                self.sounds.push((sound, row));
                return Some(());
            }
            "language" => {
                let side = side(words.next()?)?;
                self.at = Some(side);
                let [unknown] = numbers(&mut words)?;
                self.common[side as usize].unknown = unknown;
            }
            "pair" => return self.pair(words),
            _ => return None,
        }
        words.next().is_none().then_some(())
    }

    fn row(&mut self, mut words: SplitAsciiWhitespace<'_>) -> Option<()> {
        let to = self.at?;
        let from = if to == Writing::Latin { Writing::Native } else { Writing::Latin };
        let letter = self.letter(from, words.next()?)?;
        let next = match words.next()? {
            "*" => 0,
            next => self.letter(from, next)?,
        };
        let of = usize::from(letter);
        let alone = match next {
            0 => None,
            // What a letter becomes by itself stands before what it becomes beside another.
            _ => Some(self.directions[to as usize].rows.get(of)?.first()?.1.clone()),
        };
        let row = self.read_row(to, alone, words)?;
        let rows = &mut self.directions[to as usize].rows;
        if rows.len() <= of {
            rows.resize(of + 1, vec![]);
        }
        rows[of].push((next, row));
        Some(())
    }

    /// A row, with what it takes over from another or from a letter that nothing is known of.
    fn read_row(
        &self,
        to: Writing,
        from: Option<Becomes>,
        mut words: SplitAsciiWhitespace<'_>,
    ) -> Option<Becomes> {
        let direction = &self.directions[to as usize];
        let [beside] = numbers(&mut words)?;
        let mut pieces = vec![];
        while let Some(piece) = words.next() {
            let letters: Option<Vec<Letter>> = match piece {
                "-" => Some(vec![]),
                piece => piece.chars().map(|letter| self.letter_of(to, letter)).collect(),
            };
            let letters = letters.filter(|letters| letters.len() <= direction.longest)?;
            let [score] = numbers(&mut words)?;
            pieces.push((code(&letters), score));
        }
        Some(from.unwrap_or_else(|| direction.unknown.clone()).with(pieces, beside))
    }

    fn pair(&mut self, mut words: SplitAsciiWhitespace<'_>) -> Option<()> {
        let side = self.at?;
        let letter = self.letter(side, words.next()?)?;
        let [alone, beside] = numbers(&mut words)?;
        let mut pairs = vec![];
        while let Some(next) = words.next() {
            let next = self.letter(side, next)?;
            let [score] = numbers(&mut words)?;
            pairs.push((next, score));
        }
        pairs.sort_unstable();
        let common = &mut self.common[side as usize];
        let at = place(letter);
        if common.letters.len() <= at {
            let unknown = Common { alone: common.unknown, ..Common::default() };
            common.letters.resize(at + 1, unknown);
        }
        common.letters[at] = Common { alone, beside, pairs };
        Some(())
    }

    fn letter(&self, side: Writing, text: &str) -> Option<Letter> {
        let mut letters = text.chars();
        let letter = letters.next().filter(|_| letters.next().is_none())?;
        if letter == '^' { Some(EDGE) } else { self.letter_of(side, letter) }
    }

    fn letter_of(&self, side: Writing, letter: char) -> Option<Letter> {
        match side {
            Writing::Latin => u8::try_from(letter).ok().and_then(latin_letter),
            Writing::Native => self.letters.binary_search(&letter).ok().map(|at| number(at + 1)),
        }
    }
}

fn side(text: &str) -> Option<Writing> {
    match text {
        "latin" => Some(Writing::Latin),
        "native" => Some(Writing::Native),
        _ => None,
    }
}

/// The next words as numbers that no sum of a word's letters overflows.
fn numbers<const N: usize>(words: &mut SplitAsciiWhitespace<'_>) -> Option<[i32; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = words.next()?.parse().ok().filter(|number: &i32| number.abs() <= 100_000)?;
    }
    Some(numbers)
}
