//! What the proofs share: settings of the machine they run on, and rows to deliver.
//!
//! Refuses to prove anything itself. Next: the files in `tests/`.

pub mod outbox;

/// A setting of the machine the tests run on, such as where a service listens.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a test machine says by environment which services it has")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
