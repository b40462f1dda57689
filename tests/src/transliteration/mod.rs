//! Learns how the letters of a script become Latin ones, and writes the tables that the heart reads.
//!
//! The same words always give the same tables. Words are folded by the hub's own code, and what the evidence is worth
//! is weighed with the heart's own scores. Refuses to know any language: all it has is pairs of words.

mod judge;
mod learn;
mod weigh;
mod write;

use decide::transliteration::{Table, TableError, WEIGHTS};
use schemas::name::{Names, NativeName, Script};

pub use judge::{Judgement, judge};
pub use write::Provenance;

use learn::{Learned, Way};

/// A word in Latin letters and the same word in another script.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pair {
    pub latin: String,
    pub native: String,
}

/// A script and the name of the file that its pairs stand in.
pub const FILES: [(Script, &str); 5] = [
    (Script::Arabic, "arabic"),
    (Script::Cyrillic, "russian"),
    (Script::Han, "chinese"),
    (Script::Hangul, "korean"),
    (Script::Hebrew, "hebrew"),
];

/// The pairs of a file, a line each: the Latin word, the other, how often it was seen. Those that are one word on
/// either side are taken, in the form in which the hub compares them.
#[must_use]
pub fn read(text: &str, script: Script) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = text.lines().filter_map(|line| pair(line, script)).collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

fn pair(line: &str, script: Script) -> Option<Pair> {
    let mut columns = line.split('\t');
    let [latin] = <[String; 1]>::try_from(latin_words(columns.next()?)).ok()?;
    let [native] = <[String; 1]>::try_from(native_words(columns.next()?, script)).ok()?;
    let is_word = (2..=20).contains(&latin.len()) && latin.bytes().all(|letter| letter.is_ascii_lowercase());
    is_word.then_some(Pair { latin, native })
}

/// The words of a Latin name, as the hub compares them.
#[must_use]
pub fn latin_words(name: &str) -> Vec<String> {
    Names::new(name, "").map_or(vec![], |names| names.tokens().iter().map(str::to_owned).collect())
}

/// The words of a name in a script, as the hub compares them.
#[must_use]
pub fn native_words(name: &str, script: Script) -> Vec<String> {
    let own = NativeName::of(name).filter(|own| own.script == script);
    own.map_or(vec![], |own| own.words.iter().map(str::to_owned).collect())
}

/// The text of the table that is learned from pairs.
///
/// # Errors
/// Where the heart does not read what was written: a mistake of this program, or no pairs.
pub fn table(script: Script, pairs: &[Pair], told: &Provenance) -> Result<String, TableError> {
    let weights = weigh::Parted::of(script, pairs)?.weights(pairs);
    Ok(both(script, pairs).text(script, &weights, told))
}

/// The table that is learned from pairs, with given weights.
fn unweighed(script: Script, pairs: &[Pair], weights: &[i32; WEIGHTS]) -> Result<Table, TableError> {
    Table::parse(&both(script, pairs).text(script, weights, &Provenance::default()))
}

/// What is learned in both directions.
struct Both {
    to_latin: Learned,
    to_native: Learned,
}

fn both(script: Script, pairs: &[Pair]) -> Both {
    let letters = |word: &str| word.chars().collect::<Vec<_>>();
    let there: Vec<_> = pairs.iter().map(|pair| (letters(&pair.native), letters(&pair.latin))).collect();
    let back: Vec<_> = there.iter().map(|(native, latin)| (latin.clone(), native.clone())).collect();
    Both {
        to_latin: Learned::from(&there, &Way::to_latin(script)),
        to_native: Learned::from(&back, &Way::to_native(script)),
    }
}

/// A number by the letters of a word, that does not change from one machine to another.
fn number_of(word: &str) -> u64 {
    word.chars().fold(0xcbf2_9ce4_8422_2325, |hash: u64, letter| {
        let hash = (hash ^ u64::from(letter)).wrapping_mul(0x0100_0000_01b3);
        hash ^ hash >> 29
    })
}
