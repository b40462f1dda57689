//! What is sealed of a message: everything that deciding it again needs.
//!
//! Refuses to say how it is written: that is [`super::packed`]'s.

use std::io;

use schemas::ids::Seed;
use schemas::message::Body;
use serde::{Deserialize, Serialize};

use super::packed::{pack, unpack};

/// The content of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Content {
    pub seed: Seed,
    pub source: String,
    /// The version of the translation.
    pub translator: u32,
    /// The stripped original, as JSON.
    pub item: String,
    /// What it says, ready for the heart.
    pub body: Body,
}

impl Content {
    /// Writes it down.
    ///
    /// # Errors
    /// Where a value has no form in MessagePack.
    pub fn encode(&self) -> Result<Vec<u8>, io::Error> {
        pack(self)
    }

    /// The same before it is compressed: what a dictionary is trained on.
    ///
    /// # Errors
    /// As [`Content::encode`].
    pub fn plain(&self) -> Result<Vec<u8>, io::Error> {
        rmp_serde::to_vec_named(self).map_err(io::Error::other)
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the bytes are of no form that ever was.
    pub fn decode(bytes: &[u8]) -> Result<Self, io::Error> {
        unpack(bytes)
    }
}
