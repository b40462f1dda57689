//! What leaves, as rows: records and tasks.
//! Each comes with what may stop it at send time. Next: `crate::store::outbox`.

use decide::person::TaskKind;
use schemas::envelope::Hash;
use schemas::ids::{DeliveryId, HandoverId, MessageId, PersonId, Pseudonym, StreamId, TaskId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::Sealed;

/// A task that waits to be performed.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub id: TaskId,
    pub person: PersonId,
    pub kind: TaskKind,
    /// About which number, sealed under the person's key.
    pub content: Sealed,
    /// The order of the decision that asked it.
    pub order: u64,
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: u32,
}

/// One record on its way out. The ledger row is written with it.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// Its place among all records: 1, 2, 3 … without a gap.
    pub position: u64,
    /// For whom: decides the topic.
    pub recipient: Recipient,
    /// Its number on the topic: 1, 2, 3 … without a gap.
    pub sequence: u64,
    pub person: PersonId,
    /// The record's key on the topic.
    pub pseudonym: Pseudonym,
    pub delivery: DeliveryId,
    /// The envelope as JSON: ids, numbers, times and hashes only.
    pub envelope: String,
    /// Its payload hash, kept in the ledger.
    pub payload_hash: Hash,
    /// Whether it passes a closed line: an `Ended`.
    pub always: bool,
    /// The id of the schema that the body is written in.
    pub schema_id: u32,
    /// The bare Avro body, sealed under the person's key.
    pub body: Sealed,
}

/// A record that leaves for the first time, with what the gate and the ledger keep of it.
#[derive(Clone, Debug)]
pub struct LeavingRow {
    pub row: OutboxRow,
    /// The stream whose line lets it pass.
    pub stream: StreamId,
    /// The handover that it belongs to: what an answer may quote it for; none before arrival.
    pub handover: Option<HandoverId>,
    /// The epoch of that handover.
    pub epoch: u32,
}

/// What a schema id stands for, kept with the first record under it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchemaRow {
    pub id: u32,
    /// Whose records have it.
    pub recipient: Recipient,
    /// The schema as JSON.
    pub text: String,
}

/// A record on its way out, as the relay and the feed read it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub row: OutboxRow,
    /// The person's key, wrapped; none once it was destroyed.
    pub key: Option<Sealed>,
    /// Whether a line is open, which is the gate at send time.
    pub open: bool,
    /// When its arrival was proved.
    pub closed_at: Option<Instant>,
}

/// What may stop a record at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateRow {
    pub sequence: u64,
    /// As [`Outgoing::key`].
    pub key: Option<Sealed>,
    /// As [`Outgoing::open`].
    pub open: bool,
}

/// How far one recipient's ledger goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LedgerEnd {
    /// The last sequence that was promised.
    pub last: u64,
    /// The last one before the first that is open.
    pub closed: u64,
    /// The last one that was read back from the topic: what a feed proved was perhaps never there.
    pub read_back: u64,
}

/// An order to go on with a recipient's topic after a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RestartRow {
    pub id: MessageId,
    pub recipient: Recipient,
    /// The last record that the recipient has.
    pub base: u64,
    pub actor: String,
    pub at: Instant,
    /// Why, sealed: free words may name a person.
    pub reason: Sealed,
    pub key: Sealed,
}

/// An agency that leaves offers unanswered, as somebody is told of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertRow {
    pub recipient: Recipient,
    /// By which a double is known.
    pub id: [u8; 16],
    /// When the first of them was overdue.
    pub since: Instant,
    /// How often it was told.
    pub attempts: u32,
    /// Why it was not taken the last time.
    pub trouble: Option<String>,
}

/// What stops the delivery to a recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HaltRow {
    pub recipient: Recipient,
    /// Who found it: `relay` or `auditor`.
    pub part: String,
    pub code: String,
    /// What was found, in words.
    pub detail: String,
    pub since: Instant,
}
