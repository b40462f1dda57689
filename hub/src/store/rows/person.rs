//! Persons as rows: as they are, what happened to them, by which keys they are found.
//! What is in a sealed column is the vault's to know. Next: `handover`.

use schemas::actor::ActorName;
use schemas::ids::{MessageId, PersonId, ReviewId};
use schemas::key::Mac;
use schemas::time::{Day, Instant};

use super::Sealed;

/// A journal entry with its person's key.
#[derive(Clone, Debug)]
pub struct JournalStored {
    pub row: JournalRow,
    /// The version of the heart that decided.
    pub heart: String,
    /// The hash of the bundle that it rested on.
    pub bundle: String,
    /// The person's key, wrapped by the key-encryption key; none once it was destroyed.
    pub key: Option<Sealed>,
}

/// What is compared of a person: those columns of [`PersonRow`].
#[derive(Clone, Debug)]
pub struct MatchRow {
    pub id: PersonId,
    pub version: u64,
    pub matching: Sealed,
    pub key: Option<Sealed>,
}

#[derive(Clone, Debug)]
pub struct PersonRow {
    pub id: PersonId,
    /// How many events are folded in it.
    pub version: u64,
    /// The survivor, where this person was absorbed.
    pub redirect: Option<PersonId>,
    /// Whether nothing but an end may leave about them.
    pub restricted: bool,
    /// Since when a first load of theirs waits for its approval; none where nothing waits.
    pub waits_since: Option<Instant>,
    /// What linking compares, sealed under the person's key.
    pub matching: Sealed,
    /// The rest, sealed under the person's key.
    pub state: Sealed,
    /// The person's key, wrapped by the key-encryption key; none once it was destroyed. Kept in table `key`.
    pub key: Option<Sealed>,
    /// Whether the person begins with this row: their key is stored with it.
    pub new: bool,
}

/// What one message did to one person's journal.
#[derive(Clone, Debug)]
pub struct JournalRow {
    pub person: PersonId,
    /// The version after it.
    pub version: u64,
    /// The message that caused it.
    pub message: MessageId,
    /// The place of that message in the order of decisions.
    pub order: u64,
    pub known_at: Instant,
    /// The number of the bundle that it rested on.
    pub bundle: u64,
    /// The events, sealed under the person's key.
    pub events: Sealed,
}

/// The keys that a record is found by, as they are stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StoredKeys {
    /// What stands in the index.
    pub hashes: Vec<Mac>,
    /// What stands beside the record: the way back.
    pub cell: Vec<u8>,
}

/// A record under its index keys; without a person while it waits.
#[derive(Clone, Debug)]
pub struct RecordRow {
    pub id: MessageId,
    pub person: Option<PersonId>,
    pub keys: StoredKeys,
}

/// Whom a review was about.
#[derive(Clone, Debug)]
pub struct AskedAbout {
    pub person: PersonId,
    pub candidates: Vec<PersonId>,
    /// Whether it was answered that they are one.
    pub same: bool,
}

/// A record that a split gave to somebody.
#[derive(Clone, Debug)]
pub struct MovedRow {
    pub id: MessageId,
    pub person: PersonId,
    /// All the keys it is found by from now on.
    pub keys: StoredKeys,
    /// What may have stood in the index for it until now.
    pub before: Vec<Mac>,
    /// The message's key, wrapped by that person's.
    pub key: Sealed,
}

/// A link that a human must decide.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    pub id: ReviewId,
    /// The person the record was given meanwhile.
    pub person: PersonId,
    /// The persons it may be.
    pub candidates: Vec<PersonId>,
    pub reason: String,
    /// When it was raised.
    pub raised_at: Instant,
    /// Whether somebody looked, and could not tell.
    pub looked_at: bool,
    /// Whom somebody said it is, and who: it waits for a second.
    pub proposed: Option<(PersonId, ActorName)>,
    pub waits: WaitsOn,
}

/// What waits for the answer to a review; what comes first is looked at first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum WaitsOn {
    /// A number that is contested decides nothing meanwhile.
    Number,
    /// A handover that is held.
    Handover,
    /// Somebody registered of whom nobody is in charge.
    Registration,
    /// An account that is shown nothing, and whose choice and objection count for nobody.
    Account,
    #[default]
    Nothing,
}

impl WaitsOn {
    /// Its name in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Handover => "handover",
            Self::Registration => "registration",
            Self::Account => "account",
            Self::Nothing => "nothing",
        }
    }
}

/// A record that waits for its person to be known.
#[derive(Clone, Debug)]
pub struct WaitingRow {
    pub id: MessageId,
    pub source: String,
    pub sender: String,
    /// Since when it waits.
    pub since: Instant,
}

#[derive(Clone, Debug)]
pub struct AnswerRow {
    pub id: ReviewId,
    /// How: `same`, `different`, `cannot_tell`; `void` where it became clear by itself; none where a second must say so.
    pub answer: Option<&'static str>,
    /// When it was answered; none where it stays open.
    pub at: Option<Instant>,
    /// Whom somebody said it is, and who, where a second must say so.
    pub proposed: Option<(PersonId, ActorName)>,
}

/// A person's next due moment.
#[derive(Clone, Debug)]
pub struct DueRow {
    pub person: PersonId,
    /// The day; none where nothing is due.
    pub on: Option<Day>,
}
