//! The file with the two secrets of a deployment.
//!
//! Made once, readable by its owner only, never overwritten: without it everything stored is
//! unreadable. Refuses to start with a missing file, since fresh secrets beside an old store would
//! look like damage.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::seal::Keys;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The key-encryption key, 64 hexadecimal digits.
    kek: String,
    /// The index secret, 64 hexadecimal digits.
    index: String,
}

/// Reads the secrets.
///
/// # Errors
/// Where the file is missing or holds something else.
pub fn read(path: &Path) -> anyhow::Result<Keys> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: no keys", path.display()))?;
    // The parser's words would repeat the line at fault, which is a secret.
    let Ok(file) = toml::from_str::<File>(&text) else { bail!("{}: not a file of keys", path.display()) };
    let bytes = |text: &str| -> Option<[u8; 32]> { hex::decode(text).ok()?.try_into().ok() };
    match (bytes(&file.kek), bytes(&file.index)) {
        (Some(kek), Some(index)) => Ok(Keys::new(kek, index)?),
        _ => bail!("{}: a key has 64 hexadecimal digits", path.display()),
    }
}

/// Reads the secrets, or makes them where there is no file yet.
///
/// # Errors
/// Where the file can be neither read nor made.
pub fn read_or_make(path: &Path, clock: &Clock) -> anyhow::Result<Keys> {
    let mut options = OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut out) => {
            let secret = || hex::encode(clock.seed().0);
            out.write_all(toml::to_string(&File { kek: secret(), index: secret() })?.as_bytes())?;
            out.sync_all()?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    }
    read(path)
}
