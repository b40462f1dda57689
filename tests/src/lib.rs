//! What several tests need: where the repository lies, and its config.
//!
//! Refuses to hold a test. The tests are files in `tests/tests/`, one a subject.

use std::path::{Path, PathBuf};

use hub::config::Config;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The config of the repository.
///
/// # Panics
/// Where it has a mistake.
#[must_use]
pub fn config() -> Config {
    Config::load(&root().join("config")).unwrap_or_else(|wrong| panic!("{wrong}"))
}
