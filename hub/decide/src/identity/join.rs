//! Two persons who are one: why, and who of them goes on. Refuses to join them: that is [`crate::merge`]'s.

use schemas::key::Key;
use serde::{Deserialize, Serialize};

use crate::person::Person;

/// Why two persons became one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// A record carries personal keys of both, and names and birth date agree.
    Keys,
    /// A record with a key of the one has the whole name and birth date of the other.
    NameAndBirth,
    /// A human said so.
    Answer,
}

/// Who goes on: who has a national number, else the lower id.
pub(crate) fn survivor<'a>(persons: &[&'a Person]) -> Option<&'a Person> {
    let numbered = |person: &Person| person.matching.keys.iter().any(|key| matches!(key, Key::Insz(_)));
    persons.iter().copied().min_by_key(|person| (!numbered(person), person.id))
}
