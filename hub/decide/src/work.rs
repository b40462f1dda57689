//! How much was looked at: counted, not timed, so that a test can bound it.
//!
//! What grows with the number of strangers or with the length of one life shows here first. The counters belong to
//! the thread that decides. Next: [`crate::person`].

use std::cell::Cell;

/// What was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    /// Persons compared with a record.
    pub persons: u64,
    /// Claims read to answer a question about a person.
    pub claims: u64,
}

thread_local! {
    static DONE: Cell<Work> = const { Cell::new(Work { persons: 0, claims: 0 }) };
}

/// Runs something, and tells what it looked at.
pub fn of<T>(run: impl FnOnce() -> T) -> (T, Work) {
    let before = DONE.get();
    let result = run();
    let after = DONE.get();
    (result, Work { persons: after.persons - before.persons, claims: after.claims - before.claims })
}

/// So many persons are compared.
pub(crate) fn persons(count: usize) {
    let done = DONE.get();
    DONE.set(Work { persons: done.persons + count as u64, ..done });
}

/// So many claims are read.
pub(crate) fn claims(count: usize) {
    let done = DONE.get();
    DONE.set(Work { claims: done.claims + count as u64, ..done });
}
