//! Recipients: who may get something. Each is one file in `config/agencies/`, so this is a name and
//! not a list. Next: [`crate::handover`].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A recipient's name in topics, files and pages, such as `atlas` or `bapa-bxl`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(Arc<str>);

/// Not a recipient's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a recipient's name is 2 to 40 lower-case letters, digits and dashes")]
pub struct RecipientError;

impl Recipient {
    /// Reads a name.
    ///
    /// # Errors
    /// [`RecipientError`] where it could not stand in a topic's name.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let form = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (2..=40).contains(&text.len()) && text.bytes().all(form) && !text.starts_with('-');
        fits.then(|| Self(text.into())).ok_or(RecipientError)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its topic: one contract, one topic, one partition.
    #[must_use]
    pub fn topic(&self) -> String {
        format!("voortraject.{}.v1", self.0)
    }

    /// The topic on which it answers.
    #[must_use]
    pub fn answers_topic(&self) -> String {
        format!("voortraject.{}.answers.v1", self.0)
    }
}

/// What a recipient is to the person: it decides what may leave to it ([`crate::canonical`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RecipientKind {
    /// The provider before arrival.
    Provider,
    /// An agency of the Flemish sphere, after arrival.
    Agency,
    /// An office of another government, after arrival: outside the Flemish sphere.
    Outside,
    /// The participant.
    Participant,
    /// Who decides about visas.
    VisaSide,
}

impl RecipientKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Provider, Self::Agency, Self::Outside, Self::Participant, Self::VisaSide];

    /// How mistakes and pages call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "the provider before arrival",
            Self::Agency => "an agency",
            Self::Outside => "an office outside the Flemish sphere",
            Self::Participant => "the participant",
            Self::VisaSide => "the visa side",
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;

    fn try_from(text: String) -> Result<Self, RecipientError> {
        Self::parse(&text)
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.as_str().to_owned()
    }
}
