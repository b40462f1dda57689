//! How what is sealed of messages and of persons is written: MessagePack with names, compressed with a dictionary.
//!
//! The first byte says how the rest is written. No form is ever removed: an inbox is never rewritten. A second byte
//! names the dictionary (`dictionary`). What is stored of a person is a third as long so, and read and written with every message.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dictionary;

/// MessagePack with names, compressed by zstd with a dictionary of ours.
const ZSTD: u8 = 1;

/// Writes a value down.
///
/// # Errors
/// Where a value has no form in MessagePack.
pub fn pack(value: &impl Serialize) -> Result<Vec<u8>, io::Error> {
    let plain = rmp_serde::to_vec_named(value).map_err(io::Error::other)?;
    let mut out = vec![ZSTD, dictionary::NEWEST];
    out.extend(dictionary::compress(&plain)?);
    Ok(out)
}

/// Reads it.
///
/// # Errors
/// Where the bytes are of no form that ever was.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, io::Error> {
    let [ZSTD, id, packed @ ..] = bytes else { return Err(io::ErrorKind::InvalidData.into()) };
    rmp_serde::from_slice(&dictionary::decompress(*id, packed)?).map_err(io::Error::other)
}
