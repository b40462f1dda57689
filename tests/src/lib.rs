//! The proof: what the tests of several parts share. The tests themselves stand in `tests/tests/`, one
//! file a subject.
//!
//! Owns where the repository lies, its config, and the settings of the machine the tests run on.
//! Refuses to be used by the hub.

pub mod authority;
pub mod canaries;
pub mod checker;
pub mod clients;
pub mod console;
pub mod intruder;
pub mod modules;
pub mod outbox;
pub mod pages;
pub mod people;
pub mod place;
pub mod process;
pub mod samples;
pub mod saying;
pub mod script;
pub mod servers;
pub mod story;
pub mod translated;
pub mod transliteration;
pub mod upgrade;
pub mod year;

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

/// A setting of the test run, from the environment.
///
/// | name | meaning |
/// | --- | --- |
/// | `CI` | `true`: a server that is missing fails the test instead of skipping it |
/// | `HUB_TEST_POSTGRES` | a PostgreSQL where databases may be made: `deploy/postgres.sh start DIR` |
/// | `HUB_TEST_KILLS` | how often `faults` kills the process, 5 unless told |
/// | `HUB_TEST_SEED` | which kills of all that could be these are |
/// | `HUB_TEST_ORDERS` | in how many shuffled orders the story is told: 5 where it is not set |
/// | `HUB_TEST_KAFKA` | the brokers of an Apache Kafka: `deploy/kafka.sh start DIR` |
/// | `HUB_TEST_CHROMIUM` | a Chromium; `/usr/bin/chromium` unless said: `deploy/browser.sh` |
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where tests read the environment")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A server that a test needs: its address, or nothing where the test must be skipped.
///
/// # Panics
/// In CI, where a test that needs a server must run.
#[must_use]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub fn server(setting_name: &str, what: &str) -> Option<String> {
    let address = setting(setting_name);
    if address.is_none() {
        assert!(setting("CI").as_deref() != Some("true"), "no {what}: {setting_name} is not set");
        eprintln!("skipped: no {what}");
    }
    address
}

/// How tests look into sealed values.
pub const ACCESS: hub::vault::Access<'static> =
    hub::vault::Access { actor: "a test", why: hub::vault::Why::Replay };

/// The key of an index without a secret: for records that no store holds.
#[must_use]
pub fn mac(key: &schemas::key::Key) -> schemas::key::Mac {
    use sha2::Digest;
    schemas::key::Mac(sha2::Sha256::digest(key.text().as_bytes()).into())
}
