//! The rows of the state table in words: English, Dutch and French, from `rows.toml`.
//!
//! The heart knows numbers only. Explanations, the console, `hub table` and docs/handovers.md read them here.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// What a row means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowWords {
    pub en: String,
    pub nl: String,
    pub fr: String,
}

/// What the row of this number means; none where this version has no such row.
#[must_use]
pub fn words(row: &str) -> Option<&'static RowWords> {
    all().get(row)
}

#[expect(clippy::expect_used, reason = "the file is a part of the program, and a test reads it")]
fn all() -> &'static BTreeMap<String, RowWords> {
    static ALL: OnceLock<BTreeMap<String, RowWords>> = OnceLock::new();
    ALL.get_or_init(|| toml::from_str(include_str!("rows.toml")).expect("the words of the rows"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use decide::handover::table::ROWS;

    use super::*;

    #[test]
    fn every_row_has_words_of_its_own_in_three_languages_and_nothing_else_has() {
        let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
        assert_eq!(rows, all().keys().map(String::as_str).collect());
        let said: Vec<&String> = all().values().flat_map(|words| [&words.en, &words.nl, &words.fr]).collect();
        assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len(), "two rows say the same");
        assert!(said.iter().all(|words| !words.is_empty()));
    }
}
