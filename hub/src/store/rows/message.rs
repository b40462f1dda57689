//! Messages as rows: the queue, what became of each, what was refused.
//! The inbox is inserted and never updated; what a decision adds stands beside it. Next: `person`.

use decide::Refusal;
use decide::world::Aside;
use schemas::ids::{MessageId, PersonId};
use schemas::key::Mac;
use schemas::time::Instant;
use serde::{Deserialize, Serialize};

use super::Sealed;

/// A message as intake stores it.
#[derive(Clone, Debug)]
pub struct InboxRow {
    pub id: MessageId,
    /// HMAC of (sender, source, the sender's id of it).
    pub dedupe: Mac,
    /// HMAC of its body.
    pub body: Mac,
    pub source: String,
    /// The sender: an organisation's name.
    pub sender: String,
    /// The sealed content, under the message's own key.
    pub content: Sealed,
    /// The message's key, wrapped. Kept in `pending`, and in `message_key` once it was decided.
    pub key: Sealed,
    /// When it was received.
    pub received_at: Instant,
    /// HMAC of its place on a topic, where it was read from one.
    pub read_from: Option<Mac>,
}

/// What became of an attempt to store a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoredAttempt {
    New,
    /// The same message was there: this is its id.
    Again(MessageId),
    /// Another body was there under the same id.
    Differs,
}

/// How a message ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Decided,
    /// Kept until its person is known.
    Waiting,
    /// Answered with a refusal.
    Refused,
    /// Could not be processed; a human must look.
    Quarantined,
    /// Could not be processed, and a human closed it.
    Closed,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Decided, Self::Waiting, Self::Refused, Self::Quarantined, Self::Closed];
}

/// Why a message was refused or put aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// The heart refused it.
    Refused(Refusal),
    /// It was put aside; the code says why.
    Aside(Aside),
}

impl std::fmt::Display for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Aside(aside) => f.write_str(aside.code()),
        }
    }
}

/// What is known of one message: what a receipt tells.
#[derive(Clone, Debug)]
pub struct ReceiptRow {
    pub id: MessageId,
    pub source: String,
    pub sender: String,
    /// When it was received.
    pub received_at: Instant,
    /// Its place in the order of decisions, once it has one.
    pub order: Option<u64>,
    /// How it ended, once it did.
    pub outcome: Option<Outcome>,
    /// Why it was refused or put aside.
    pub detail: Option<Detail>,
}

/// A message that intake refused: sealed, for 30 days.
#[derive(Clone, Debug)]
pub struct RefusalRow {
    pub id: MessageId,
    pub source: String,
    pub sender: String,
    /// The stripped item, sealed; nothing where its bytes could not be read.
    pub content: Option<Sealed>,
    /// What was found, sealed: codes, places and rules.
    pub findings: Sealed,
    /// The key of both, wrapped.
    pub key: Sealed,
    /// When it was received.
    pub received_at: Instant,
    /// HMAC of its id, where it has one beside what it says.
    pub dedupe: Option<Mac>,
    /// HMAC of its place on a topic, where it was read from one.
    pub read_from: Option<Mac>,
}

impl From<&RefusalRow> for ReceiptRow {
    fn from(row: &RefusalRow) -> Self {
        Self {
            id: row.id,
            source: row.source.clone(),
            sender: row.sender.clone(),
            received_at: row.received_at,
            order: None,
            outcome: Some(Outcome::Refused),
            detail: None,
        }
    }
}

/// A message that has no decision yet.
#[derive(Clone, Debug)]
pub struct PendingRow {
    pub id: MessageId,
    pub content: Sealed,
    /// Its key, wrapped by the key-encryption key.
    pub key: Sealed,
}

/// A message with everything that became of it.
#[derive(Clone, Debug)]
pub struct MessageRow {
    pub id: MessageId,
    pub source: String,
    pub sender: String,
    /// When it was received.
    pub received_at: Instant,
    pub content: Sealed,
    pub key: MessageKeyRow,
    /// Its decision, once it has one.
    pub decision: Option<StoredDecision>,
}

/// A message's key with what unwraps it.
#[derive(Clone, Debug)]
pub struct MessageKeyRow {
    /// The message's key, wrapped.
    pub key: Sealed,
    /// By whose key; by the key-encryption key where there is none.
    pub owner: Option<PersonId>,
    /// The owner's key, wrapped by the key-encryption key; none once it was destroyed.
    pub owner_key: Option<Sealed>,
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredDecision {
    /// Its place in the order of decisions: its own, or that of the message that brought its person.
    pub order: u64,
    pub known_at: Instant,
    pub outcome: Outcome,
    /// Why it was refused or put aside.
    pub detail: Option<Detail>,
    /// The message that brought it to its person, where it waited.
    pub decided_by: Option<MessageId>,
}

/// What became of a message in a batch.
#[derive(Clone, Debug)]
pub struct DecidedRow {
    pub id: MessageId,
    /// Its place in the order of decisions.
    pub order: u64,
    pub known_at: Instant,
    pub outcome: Outcome,
    /// Why it was refused or put aside.
    pub detail: Option<Detail>,
    /// Its key: wrapped by its owner's key where it has one.
    pub key: Sealed,
    /// Whose message it is.
    pub owner: Option<PersonId>,
}

/// A waiting record that came to a person.
#[derive(Clone, Debug)]
pub struct ReleasedRow {
    pub id: MessageId,
    pub person: PersonId,
    pub decided_by: MessageId,
    /// The place of that message in the order of decisions.
    pub order: u64,
    pub known_at: Instant,
    /// Its key, wrapped by the person's.
    pub key: Sealed,
}
