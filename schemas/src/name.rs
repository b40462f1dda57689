//! Names as given, and the form in which they are compared.
//!
//! The given form is kept untouched; the compared form is a sorted set of ASCII tokens, so order,
//! accents, case and punctuation do not matter. It is made once, at the door; nobody guesses which part is
//! the family name. Source: docs/identity.md#names-and-dates.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// One person's name as one source wrote it. Either part may be absent, not both.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Names {
    /// Family names in their order.
    pub family: Vec<String>,
    /// Given names in their order.
    pub given: Vec<String>,
    /// The name in its own script, where the source has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
}

impl Names {
    /// From two texts; blank parts are absent. `None` where nothing is left.
    #[must_use]
    pub fn new(family: &str, given: &str) -> Option<Self> {
        let part = |text: &str| match text.trim() {
            "" => vec![],
            text => vec![text.to_owned()],
        };
        let names = Self { family: part(family), given: part(given), native: None };
        (!names.tokens().is_empty()).then_some(names)
    }

    /// The compared form: see [`Tokens`].
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.family.iter().chain(&self.given).flat_map(|part| fold(part)).collect()
    }
}

/// The compared form of a name: lower-case ASCII tokens, each once, sorted. Copied without copying its texts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(from = "BTreeSet<String>")]
pub struct Tokens(Arc<[String]>);

impl Tokens {
    /// Whether nothing is left to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether this is one of the tokens.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.iter().any(|own| own == token)
    }

    /// Whether the other has all of these tokens.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.iter().all(|token| other.contains(token))
    }

    /// Whether the two share at least one token: the least that two names of one person do.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        self.iter().any(|token| other.contains(token))
    }
}

impl From<BTreeSet<String>> for Tokens {
    fn from(tokens: BTreeSet<String>) -> Self {
        Self(tokens.into_iter().collect())
    }
}

impl FromIterator<String> for Tokens {
    fn from_iter<I: IntoIterator<Item = String>>(tokens: I) -> Self {
        tokens.into_iter().collect::<BTreeSet<String>>().into()
    }
}

/// Words that stand for "unknown" in a name field; they name nobody.
const FILLERS: [&str; 3] = ["fnu", "lnu", "xxx"];

fn fold(text: &str) -> Vec<String> {
    let composed: String = text.nfkc().collect();
    // An apostrophe or a dot joins ("O'Brien" is "OBRIEN" in a machine-readable zone); all else parts.
    let kept: String =
        composed.chars().filter(|c| !matches!(c, '\'' | '’' | '‘' | '`' | '´' | '.')).collect();
    any_ascii::any_ascii(&kept)
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|token| !token.is_empty() && !FILLERS.contains(token))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(family: &str, given: &str) -> String {
        let names = Names::new(family, given);
        names.map_or(String::new(), |n| n.tokens().iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn order_accents_case_and_punctuation_do_not_matter() {
        for (family, given, expect) in [
            ("Përmeti", "Arta Besa", "arta besa permeti"),
            ("O'Brien", "Katherine", "katherine obrien"),
            ("OBRIEN", "KATHERINE", "katherine obrien"),
            ("KATHERINE", "OBRIEN", "katherine obrien"),
            ("Smith-Jones", "Christopher", "christopher jones smith"),
            ("Şahin", "İsmail", "ismail sahin"),
            ("Benali", "FNU", "benali"),
            ("", "  ", ""),
            ("-", ".", ""),
        ] {
            assert_eq!(tokens(family, given), expect);
        }
    }
}
