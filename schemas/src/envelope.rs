//! The headers of every record that leaves: CloudEvents 1.0 in Kafka binary mode, with the
//! extensions that let a reader prove it missed nothing.
//!
//! Owns names and hashes; refuses personal values by construction, for every part is an id, a
//! number, a time or a hash. Source: docs/disclosure.md#encoded.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{DeliveryId, Pseudonym};
use crate::recipient::Recipient;
use crate::time::Instant;

/// A SHA-256 value as stored and sent: 64 lower-case hexadecimal digits in text.
pub type Hash = [u8; 32];

/// A hash in text: 64 hexadecimal digits, read in either case.
pub mod hash_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Hash;

    /// Writes the digits.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(hash))
    }

    /// Reads the digits.
    ///
    /// # Errors
    /// Where they are not 64 hexadecimal digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(&text, &mut hash).map_err(de::Error::custom)?;
        Ok(hash)
    }
}

/// The hash of what a record carries: SHA-256 over the 32-byte salt, then the value as it is on the
/// topic, its five framing bytes included. Once the salt is gone it says nothing about the value.
#[must_use]
pub fn payload_hash(salt: &[u8; 32], value: &[u8]) -> Hash {
    Sha256::new().chain_update(salt).chain_update(value).finalize().into()
}

/// The chain over a topic: SHA-256 over the previous chain value, then this payload hash. The
/// first record follows 32 zero bytes.
#[must_use]
pub fn chain(previous: &Hash, payload: &Hash) -> Hash {
    Sha256::new().chain_update(previous).chain_update(payload).finalize().into()
}

/// What stands in the headers of one record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// The CloudEvents id.
    pub id: DeliveryId,
    /// For whom.
    pub recipient: Recipient,
    /// The record's key.
    pub key: Pseudonym,
    /// `offer`, `file`, `ended`, or `void` for a number that carries nothing.
    pub kind: String,
    /// When it was decided.
    pub time: Instant,
    /// Its number on the topic: 1, 2, 3 … without a gap.
    pub sequence: u64,
    /// The salt of its payload hash; absent on a void.
    pub salt: Option<Hash>,
    /// Its payload hash.
    pub payload_hash: Hash,
    /// Its chain value.
    pub chain: Hash,
}

impl Envelope {
    /// The headers in the order they are sent.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", self.id.to_string()),
            ("ce_source", "/voortraject/hub".to_owned()),
            ("ce_type", format!("be.vlaanderen.voortraject.{}.v1", self.kind)),
            ("ce_time", self.time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
            ("ce_subject", self.key.to_string()),
            ("ce_sequence", self.sequence.to_string()),
            ("ce_previous", (self.sequence - 1).to_string()),
            ("ce_payloadhash", hex::encode(self.payload_hash)),
            ("ce_chain", hex::encode(self.chain)),
            ("content-type", "application/avro".to_owned()),
        ];
        if let Some(salt) = self.salt {
            headers.push(("ce_salt", hex::encode(salt)));
        }
        headers
    }
}
