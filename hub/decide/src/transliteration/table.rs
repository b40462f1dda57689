//! The table of one script: letters, both directions, how common words are, and what all that is worth.
//!
//! A word is made ready once and compared with many. Refuses to pair words: that is [`super::pairing`].

use schemas::name::{Script, sound};

use super::direction::{Becomes, Direction, LONGEST, Letter};
use super::pairing::Odds;

/// How many weights turn what is heard into odds: one by itself, each direction as a whole and by letter, and by letter
/// how far each falls short of its likeliest word.
pub const WEIGHTS: usize = 7;

/// Less than this says no more: a score of one direction.
const LEAST: i32 = -2_000;

/// Two words of which one direction says this little are not looked at in the other.
const HOPELESS: i32 = -600;

/// How common letters and pairs of them are in one script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Commonness {
    /// By the letter, the edge first.
    pub(super) letters: Vec<Common>,
    /// A letter that is not known.
    pub(super) unknown: i32,
}

/// How common a letter is, and those that follow it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Common {
    /// Whatever stands before it.
    pub(super) alone: i32,
    /// What one that is not known to follow costs beside that one alone.
    pub(super) beside: i32,
    /// Those that follow, sorted.
    pub(super) pairs: Vec<(Letter, i32)>,
}

/// The table of one script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    pub(super) script: Script,
    pub(super) weights: [i32; WEIGHTS],
    /// The letters of the script, sorted; their place and one is their number.
    pub(super) letters: Vec<char>,
    pub(super) to_latin: Direction,
    pub(super) to_native: Direction,
    /// Rows of sounds, for letters that no row is known of: by the sound, sorted.
    pub(super) sounds: Vec<(String, Becomes)>,
    pub(super) latin: Commonness,
    pub(super) native: Commonness,
}

/// A word in letters of one script, with what each of them becomes and how common such a word is.
#[derive(Debug)]
pub struct Spelling<'a> {
    letters: Vec<Letter>,
    rows: Vec<&'a Becomes>,
    common: i32,
    /// The score of the likeliest word that its letters become.
    likeliest: i32,
}

/// What the two directions say of two words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heard {
    /// That the native word is written so in Latin letters, against any Latin word.
    pub to_latin: i32,
    /// That the Latin word is written so in the script, against any word of it.
    pub to_native: i32,
    /// By how much the Latin word is less likely than the likeliest one.
    pub latin_short: i32,
    /// By how much the native word is less likely than the likeliest one.
    pub native_short: i32,
    /// The length of the Latin word, at least 4.
    pub letters: i32,
}

/// The letter before the first and after the last.
pub(super) const EDGE: Letter = Letter::MAX >> 4;

impl Table {
    /// The script that it is for.
    #[must_use]
    pub fn script(&self) -> Script {
        self.script
    }

    /// A word in Latin letters, made ready.
    #[must_use]
    pub fn latin(&self, word: &str) -> Spelling<'_> {
        let letters = word.bytes().filter_map(latin_letter).take(LONGEST).collect();
        Spelling::new(letters, &self.latin, |letter, next| {
            self.to_native.row(letter, next).unwrap_or(&self.to_native.unknown)
        })
    }

    /// A word in the script, made ready.
    #[must_use]
    pub fn native(&self, word: &str) -> Spelling<'_> {
        let written: Vec<char> = word.chars().take(LONGEST).collect();
        let place = |letter: &char| self.letters.binary_search(letter).map_or(0, |at| number(at + 1));
        let mut written_letters = written.iter();
        Spelling::new(written.iter().map(place).collect(), &self.native, |letter, next| {
            let sounds = written_letters.next().map_or("", |letter| sound(*letter));
            let heard = || {
                let at = self.sounds.binary_search_by(|(own, _)| own.as_str().cmp(sounds)).ok()?;
                Some(&self.sounds[at].1)
            };
            let known = if letter == 0 { None } else { self.to_latin.row(letter, next) };
            known.or_else(heard).unwrap_or(&self.to_latin.unknown)
        })
    }

    /// What the two directions say of two words.
    #[must_use]
    pub fn hear(&self, latin: &Spelling<'_>, native: &Spelling<'_>) -> Heard {
        let letters = i32::from(number(latin.letters.len().max(4)));
        let latin_score = self.to_latin.becomes(&native.rows, &latin.letters);
        let to_latin = (latin_score - latin.common).max(LEAST);
        let latin_short = (latin_score - native.likeliest).max(LEAST);
        if to_latin < HOPELESS {
            return Heard { to_latin, to_native: to_latin, latin_short, native_short: latin_short, letters };
        }
        let native_score = self.to_native.becomes(&latin.rows, &native.letters);
        let to_native = (native_score - native.common).max(LEAST);
        let native_short = (native_score - latin.likeliest).max(LEAST);
        Heard { to_latin, to_native, latin_short, native_short, letters }
    }

    /// The log odds that two words are one.
    #[must_use]
    pub fn odds(&self, latin: &Spelling<'_>, native: &Spelling<'_>) -> Odds {
        self.hear(latin, native).odds(&self.weights)
    }
}

impl Heard {
    /// The log odds, by weights.
    #[must_use]
    pub fn odds(&self, weights: &[i32; WEIGHTS]) -> Odds {
        let [alone, latin_whole, native_whole, by_letter @ ..] = weights;
        let whole = latin_whole * self.to_latin + native_whole * self.to_native;
        let values = [self.to_latin, self.to_native, self.latin_short, self.native_short];
        let each: i32 = by_letter.iter().zip(values).map(|(weight, value)| weight * value).sum();
        alone + (whole + each / self.letters) / 100
    }
}

impl<'a> Spelling<'a> {
    fn new(
        letters: Vec<Letter>,
        language: &Commonness,
        mut row: impl FnMut(Letter, Letter) -> &'a Becomes,
    ) -> Self {
        let next = |at: usize| letters.get(at + 1).copied().unwrap_or(EDGE);
        let rows: Vec<_> = letters.iter().enumerate().map(|(at, letter)| row(*letter, next(at))).collect();
        let likeliest = rows.iter().map(|row| row.likeliest()).sum();
        let common = language.common(&letters);
        Self { letters, rows, common, likeliest }
    }
}

impl Commonness {
    fn common(&self, word: &[Letter]) -> i32 {
        let mut before = EDGE;
        let mut common = 0;
        for letter in word.iter().chain(&[EDGE]) {
            common += self.pair(before, *letter);
            before = *letter;
        }
        common
    }

    fn pair(&self, before: Letter, letter: Letter) -> i32 {
        let before = self.letters.get(place(before));
        let pairs = before.map_or(&[][..], |before| &before.pairs);
        match pairs.binary_search_by_key(&letter, |(own, _)| *own) {
            Ok(at) => pairs[at].1,
            Err(_) => {
                let alone = self.letters.get(place(letter)).map_or(self.unknown, |letter| letter.alone);
                alone + before.map_or(0, |before| before.beside)
            }
        }
    }
}

/// Where a letter stands in a list by letters: the edge first, one that is not known nowhere.
pub(super) fn place(letter: Letter) -> usize {
    match letter {
        EDGE => 0,
        0 => usize::MAX,
        letter => usize::from(letter),
    }
}

pub(super) fn latin_letter(letter: u8) -> Option<Letter> {
    letter.is_ascii_lowercase().then(|| Letter::from(letter - b'a') + 1)
}

/// A place or a length as a number; there are fewer letters in any table.
pub(super) fn number(at: usize) -> Letter {
    Letter::try_from(at).unwrap_or(EDGE)
}
