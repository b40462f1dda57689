//! The plain words in which a person's life is told: why a record is theirs, why a human must decide, in which
//! capacity somebody holds them. Next: [`super::event`], which uses them.

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
    /// Name and birth date agree so well that nobody else is meant, though not letter by letter.
    Alike,
    /// It waited for a record with its key.
    Released,
}

/// Why a human must decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// A number agrees, name and birth date both do not.
    KeyContradicts,
    /// A participant claims a number of somebody whose name or birth date is another.
    ClaimContradicts,
    /// Its numbers belong to several persons.
    SeveralPersons,
    /// Name and birth date agree with several persons.
    SeveralCandidates,
    /// Name and birth date agree, a number does not.
    NumberDiffers,
    /// Name and birth date agree, but the date is one that clerks fill in.
    DefaultDate,
    /// A part of the name remains on both sides.
    NameInPart,
    /// The name agrees, the birth date does not.
    DateDiffers,
    /// Name and birth date resemble each other, too little for the machine.
    Alike,
    /// An agency says that it was offered this person twice: whom it means is a human's to find.
    DuplicateOffer,
    /// Somebody is registered where an agency is competent, and fits nobody who applied.
    RegisteredAlone,
    /// An account fits nobody who applied.
    AccountAlone,
    /// A granted permit fits nobody who applied for a visa or is registered.
    PermitAlone,
}

impl ReviewReason {
    pub const ALL: [Self; 13] = [
        Self::KeyContradicts,
        Self::ClaimContradicts,
        Self::SeveralPersons,
        Self::SeveralCandidates,
        Self::NumberDiffers,
        Self::DefaultDate,
        Self::NameInPart,
        Self::DateDiffers,
        Self::Alike,
        Self::DuplicateOffer,
        Self::RegisteredAlone,
        Self::AccountAlone,
        Self::PermitAlone,
    ];

    /// Whether it asks about somebody who fits nobody: it is void once they do.
    #[must_use]
    pub fn is_alone(self) -> bool {
        matches!(self, Self::RegisteredAlone | Self::AccountAlone | Self::PermitAlone)
    }

    /// Its name in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyContradicts => "key_contradicts",
            Self::ClaimContradicts => "claim_contradicts",
            Self::SeveralPersons => "several_persons",
            Self::SeveralCandidates => "several_candidates",
            Self::NumberDiffers => "number_differs",
            Self::DefaultDate => "default_date",
            Self::NameInPart => "name_in_part",
            Self::DateDiffers => "date_differs",
            Self::Alike => "alike",
            Self::DuplicateOffer => "duplicate_offer",
            Self::RegisteredAlone => "registered_alone",
            Self::AccountAlone => "account_alone",
            Self::PermitAlone => "permit_alone",
        }
    }
}

/// Why two persons were merged.
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

/// In which capacity a recipient holds a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    Provider,
    Participant,
    /// Has an offer (KSZ 902).
    Provisional,
    /// Took over (KSZ 000).
    Definitive,
}

/// The kinds of view.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// The little needed to say yes.
    Offer,
    File,
    /// The last of a stream.
    Ended,
}

impl ViewKind {
    /// Its name in records, headers and digests; it never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::File => "file",
            Self::Ended => "ended",
        }
    }
}

/// What can be asked of the register.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Enrol the number in the repertory, so that changes are announced (RegistreerInschrijving).
    Register,
    /// Read what the register knows now (GeefPersoon).
    GivePerson,
    /// End the enrolment (RegistreerUitschrijving).
    Unregister,
}
