//! What is sealed of a message, and how it is opened again.
//!
//! Each message has a key of its own: wrapped by the key-encryption key until it is linked, by its
//! person's key from then on. Refuses to say which of the two wraps it: the row's owner does.

use schemas::finding::Finding;
use schemas::ids::Seed;
use schemas::message::Body;
use serde::{Deserialize, Serialize};

use super::IntakeError;
use crate::seal::{Key, Keys, Purpose, SealError};
use crate::store::rows::Sealed;

/// The content of a message: everything that deciding it again needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Content {
    /// Its randomness.
    pub seed: Seed,
    /// The source.
    pub source: String,
    /// The version of the translation.
    pub translator: u32,
    /// The stripped original, as JSON.
    pub item: String,
    /// What it says.
    pub body: Body,
}

/// Why a content cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not with this key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It opened, and is of no known form.
    #[error("the content of a message is of no known form")]
    Form(#[from] rmp_serde::decode::Error),
}

/// Seals bytes under a fresh key: the sealed bytes, and the key wrapped by the key-encryption key.
pub(super) fn seal(keys: &Keys, purpose: Purpose, bytes: &[u8]) -> Result<(Sealed, Sealed), SealError> {
    let key = keys.fresh()?;
    Ok((keys.seal(&key, purpose, bytes)?, keys.wrap(keys.kek(), &key)?))
}

/// Opens a message with its own key, which the key-encryption key wraps until the message is linked and its
/// person's key from then on.
///
/// # Errors
/// [`OpenError`].
pub fn open_content(content: &[u8], key: &Key) -> Result<Content, OpenError> {
    Ok(rmp_serde::from_slice(&key.open(Purpose::Message, content)?)?)
}

/// Seals findings as text: their places may name fields that only the sender knows, and what a sender
/// calls his fields may say something about a person.
pub(super) fn seal_findings(keys: &Keys, findings: &[Finding]) -> Result<String, IntakeError> {
    let text = serde_json::to_vec(findings)?;
    Ok(hex::encode(keys.seal(keys.kek(), Purpose::Refusal, &text)?))
}

/// Opens the findings of a refused item; none where the text is something else.
#[must_use]
pub fn open_findings(text: &str, keys: &Keys) -> Option<Vec<Finding>> {
    let bytes = keys.kek().open(Purpose::Refusal, &hex::decode(text).ok()?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use schemas::message::BundleHash;

    use super::*;

    #[test]
    fn a_content_comes_back_with_its_key_and_no_other() {
        let keys = Keys::new([1; 32], [2; 32]).unwrap();
        let content = Content {
            seed: Seed([7; 32]),
            source: "bundle".into(),
            translator: 3,
            item: "{}".into(),
            body: Body::Bundle(BundleHash("ab".into())),
        };
        let bytes = rmp_serde::to_vec_named(&content).unwrap();
        let (sealed, wrapped) = seal(&keys, Purpose::Message, &bytes).unwrap();
        let key = keys.kek().unwrap(&wrapped).unwrap();
        assert_eq!(open_content(&sealed, &key).unwrap(), content);
        assert!(open_content(&sealed, &keys.fresh().unwrap()).is_err());
    }
}
