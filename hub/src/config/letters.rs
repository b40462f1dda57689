//! The learned tables of `models/`: how the letters of a script become Latin ones.
//!
//! One a script, all of them there. They are made by a command and never edited: docs/names.md#the-learned-table.

use std::path::{Path, PathBuf};

use decide::transliteration::Transliteration;
use schemas::name::Script;

use super::{ConfigError, ConfigErrors, file};

/// Reads the tables alone: for names of a file.
///
/// # Errors
/// Where one is missing, or is no table.
pub fn load(dir: &Path) -> Result<Transliteration, ConfigErrors> {
    let mut wrong = vec![];
    let tables = read(dir, &mut wrong);
    if wrong.is_empty() { Ok(tables) } else { Err(ConfigErrors(wrong)) }
}

/// Reads the table of every script.
pub(super) fn read(dir: &Path, wrong: &mut Vec<ConfigError>) -> Transliteration {
    let mut tables = Transliteration::default();
    for script in Script::ALL {
        let path = PathBuf::from(format!("models/transliteration-{}.tsv", script.as_str()));
        let Some(text) = file::text(dir, &path, wrong) else { continue };
        if let Err(error) = tables.add(&text) {
            wrong.push(ConfigError::whole(&path, error));
        }
    }
    tables
}
