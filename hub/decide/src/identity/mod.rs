//! Who is it: from a record to a person, or to the reason why not.

use serde::{Deserialize, Serialize};

/// Why a record is this person's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody fitted: a new person.
    New,
    /// A personal key that nothing speaks against.
    Key,
    /// The whole name and the whole birth date, and no number speaks against it.
    NameAndBirth,
    /// It waited for a record with its key.
    Released,
}

/// Why a human must decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// A number agrees, name and birth date both do not.
    KeyContradicts,
    /// Its numbers belong to several persons.
    SeveralPersons,
    /// Name and birth date agree with several persons.
    SeveralCandidates,
    /// Name and birth date agree, a number does not.
    NumberDiffers,
    /// Name and birth date agree, but the date is one that clerks fill in.
    DefaultDate,
}
