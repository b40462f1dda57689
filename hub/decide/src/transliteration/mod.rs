//! How well a name in Latin letters and a name in its own script are one name.
//!
//! A learned table says how the letters of a script become Latin ones and the other way round; both ways, each against
//! how common such a word is, give the log odds that two words are one. Integers throughout. Refuses to learn: that is
//! done beforehand by a command (docs/names.md#the-learned-table). Scores are hundredths of a natural logarithm.

mod alike;
mod direction;
mod pairing;
mod parse;
mod table;

use std::collections::BTreeMap;

use schemas::name::{NativeName, Script, Tokens};

pub use alike::Forms;
pub use pairing::{Odds, paired};
pub use parse::TableError;
pub use table::{Heard, Table, WEIGHTS};

/// The learned tables, one a script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transliteration {
    tables: BTreeMap<Script, Table>,
}

impl Transliteration {
    /// Adds the table in a text.
    ///
    /// # Errors
    /// Where the text is no table, with the line; where the script has one.
    pub fn add(&mut self, text: &str) -> Result<(), TableError> {
        let table = Table::parse(text)?;
        match self.tables.insert(table.script(), table) {
            None => Ok(()),
            Some(_) => Err(TableError::Twice),
        }
    }

    /// The table of a script.
    #[must_use]
    pub fn table(&self, script: Script) -> Option<&Table> {
        self.tables.get(&script)
    }

    /// The log odds that a name in Latin letters and one in its own script are one: of the best pairing of their
    /// words. `None` where the script has no table.
    #[must_use]
    pub fn fits(&self, latin: &Tokens, native: &NativeName) -> Option<Odds> {
        let table = self.tables.get(&native.script)?;
        let ours: Vec<_> = latin.iter().map(|word| table.latin(word)).collect();
        let theirs: Vec<_> = native.words.iter().map(|word| table.native(word)).collect();
        // The article is left out in Latin letters; in Arabic it is part of the word, and of "Albert" too.
        let bare: Vec<_> =
            native.words.iter().map(|word| bare(word).map(|bare| table.native(bare))).collect();
        let apart = paired(ours.len(), theirs.len(), &mut |i, j| {
            let whole = table.odds(&ours[i], &theirs[j]);
            bare[j].as_ref().map_or(whole, |bare| whole.max(table.odds(&ours[i], bare)))
        });
        // Written without a space: the words of the Latin name in one, whichever comes first.
        if !native.script.is_unspaced() || theirs.len() != 1 || !(2..=3).contains(&ours.len()) {
            return Some(apart);
        }
        let orders: &[&[usize]] = match ours.len() {
            2 => &[&[0, 1], &[1, 0]],
            _ => &[&[0, 1, 2], &[0, 2, 1], &[1, 0, 2], &[1, 2, 0], &[2, 0, 1], &[2, 1, 0]],
        };
        let words: Vec<&str> = latin.iter().collect();
        let joined = orders.iter().map(|order| {
            let word: String = order.iter().map(|at| words[*at]).collect();
            table.odds(&table.latin(&word), &theirs[0])
        });
        Some(joined.fold(apart, Odds::max))
    }
}

/// An Arabic word without its article.
fn bare(word: &str) -> Option<&str> {
    word.strip_prefix("ال").filter(|bare| bare.chars().count() >= 3)
}
