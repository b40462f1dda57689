//! The compared form of a name: a set of words, sorted, so that their order does not matter.
//!
//! Made by [`super::fold`] or read back from where it was sealed. Refuses to know what a word means.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
