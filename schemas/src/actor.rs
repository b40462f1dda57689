//! The name of a person who does something by hand: what audit rows, messages and pages call them.
//!
//! A handle, not the name in their papers: a form of its own keeps mail addresses and national numbers out. Who has
//! which name is the engine's to know. Next: [`crate::message`], where a message says who said it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A colleague's handle, such as `amina`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActorName(Arc<str>);

/// Not a handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a colleague's name here is 2 to 32 lower-case letters, digits and dashes, and begins with a letter")]
pub struct ActorNameError;

impl ActorName {
    /// Reads a handle.
    ///
    /// # Errors
    /// [`ActorNameError`].
    pub fn parse(text: &str) -> Result<Self, ActorNameError> {
        let form = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let begins = text.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        let fits = (2..=32).contains(&text.len()) && text.bytes().all(form) && begins;
        fits.then(|| Self(text.into())).ok_or(ActorNameError)
    }

    /// The handle.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ActorName {
    type Error = ActorNameError;

    fn try_from(text: String) -> Result<Self, ActorNameError> {
        Self::parse(&text)
    }
}

impl From<ActorName> for String {
    fn from(name: ActorName) -> Self {
        name.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_neither_a_mail_address_nor_a_number() {
        for fits in ["amina", "jan-2", "ops"] {
            assert_eq!(ActorName::parse(fits).map(String::from), Ok(fits.to_owned()));
        }
        for other in ["", "a", "Amina", "amina@stad.example", "85617300156", "-amina", "an peeters"] {
            assert_eq!(ActorName::parse(other), Err(ActorNameError), "{other}");
        }
    }
}
