//! The proof: what the tests of several parts share. The tests themselves stand in `tests/`.
//!
//! Refuses to be used by the hub.

/// A setting of the test run, from the environment: where a real server is, whether this is CI.
///
/// | name | meaning |
/// | --- | --- |
/// | `CI` | `true`: a server that is missing fails the test instead of skipping it |
/// | `HUB_TEST_POSTGRES` | the address of a PostgreSQL where databases may be made: `deploy/postgres.sh start DIR` |
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
