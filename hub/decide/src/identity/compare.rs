//! How a record's names and dates fit those of a person, looked at once.
//!
//! Names are compared as they were folded at the door; nothing is folded here. Next: [`super::guard`].

use schemas::fact::Record;
use schemas::message::Prepared;
use schemas::name::{Names, Tokens};

use crate::person::{Matching, Person};
use crate::work;

/// How a record fits a person, by name and date.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fit {
    /// One of the names is the whole of one of theirs, and one of the dates is one of theirs.
    pub(crate) exact: bool,
    /// The same birth date, known to the day, and one of the two writes all of the name that the other does, and
    /// more: see [`in_part`].
    pub(crate) part: bool,
    /// The same birth date, known to the day, and names that are [`like`] each other.
    pub(crate) alike: bool,
    /// The same birth date, and a name that is the same in part.
    pub(crate) near: bool,
}

impl Fit {
    pub(crate) fn of(prepared: &Prepared, person: &Person) -> Self {
        work::persons(1);
        let known = &*person.matching;
        let Some(born) = born(&prepared.record, known) else { return Self::default() };
        let mut fit = Self::default();
        for (given, ours) in prepared.record.names.iter().zip(&prepared.names) {
            for theirs in &known.names {
                if ours == theirs {
                    fit.exact = true;
                }
                if ours.touches(theirs) {
                    fit.near = true;
                }
                if born.to_the_day {
                    fit.part = fit.part || in_part(given, ours, theirs);
                    fit.alike = fit.alike || like(ours, theirs);
                }
            }
        }
        fit
    }
}

struct Born {
    to_the_day: bool,
}

/// Whether one of the dates is one of theirs, and whether one of those is known to the day.
fn born(record: &Record, known: &Matching) -> Option<Born> {
    let mut shared = record.births.iter().filter(|birth| known.births.contains(birth)).peekable();
    shared.peek()?;
    Some(Born { to_the_day: shared.any(|birth| !birth.is_default()) })
}

/// One of the two writes all of the name that the other does. The record's own family and given name are both in
/// theirs, or their whole name is in the record's: two who share a family name and a day, as twins do, are not meant.
fn in_part(given: &Names, ours: &Tokens, theirs: &Tokens) -> bool {
    let both_parts = !given.family.is_empty() && !given.given.is_empty();
    ours.len().min(theirs.len()) >= 2 && (both_parts && ours.is_subset(theirs) || theirs.is_subset(ours))
}

/// Each part of the shorter name has its like in the other: equal, or one letter apart.
pub(crate) fn like(a: &Tokens, b: &Tokens) -> bool {
    let like = |a: &str, b: &str| a == b || (a.len().min(b.len()) >= 4 && one_letter_apart(a, b));
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    short.len() >= 2 && short.iter().all(|part| long.iter().any(|other| like(part, other)))
}

/// Whether one letter changed, added or left out makes the one the other. Both are ASCII.
fn one_letter_apart(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let (a_rest, b_rest) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
    a_rest == b_rest || a_rest == b || a == b_rest
}
