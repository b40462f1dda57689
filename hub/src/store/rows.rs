//! What the store keeps, as rows: sealed bytes, hashes, ids, numbers and times; never a clear
//! personal value. Times are instants; the store keeps them as microseconds.
//!
//! Refuses to know what is inside a sealed value. Next: `super` for what is done with rows.

use decide::change::{Capacity, TaskKind};
use schemas::envelope::Hash;
use schemas::handover::{Owner, State};
use schemas::ids::{HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId, TaskId};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};

/// Sealed bytes: nonce, ciphertext, tag.
pub type Sealed = Vec<u8>;

/// An HMAC-SHA-256 under the index key.
pub type Mac = [u8; 32];

/// A message as intake stores it.
#[derive(Clone, Debug)]
pub struct InboxRow {
    /// Its id.
    pub id: MessageId,
    /// HMAC of (sender, source, the sender's id of it).
    pub dedupe: Mac,
    /// HMAC of its body.
    pub body: Mac,
    /// The source.
    pub source: String,
    /// The sender: an organisation's name.
    pub sender: String,
    /// The sealed content, under the message's own key.
    pub content: Sealed,
    /// The message's key: wrapped by the key-encryption key, and by the person's once linked.
    pub key: Sealed,
    /// When it was received.
    pub received_at: Instant,
}

/// What became of an attempt to store a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    /// It is new.
    New,
    /// The same message was there: this is its id.
    Again(MessageId),
    /// Another body was there under the same id.
    Differs,
}

/// How a message ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Decided.
    Decided,
    /// Kept until its person is known.
    Waiting,
    /// Answered with a refusal.
    Refused,
    /// Could not be processed; a human must look.
    Quarantined,
}

/// What is known of one message: what a receipt tells.
#[derive(Clone, Debug)]
pub struct ReceiptRow {
    /// Its id.
    pub id: MessageId,
    /// The source.
    pub source: String,
    /// The sender.
    pub sender: String,
    /// When it was received.
    pub received_at: Instant,
    /// Its place in the order of decisions, once it has one.
    pub order: Option<u64>,
    /// How it ended, once it did.
    pub outcome: Option<Outcome>,
    /// The refusal or the quarantine code as JSON without a personal value.
    pub detail: Option<String>,
}

/// A message that intake refused: sealed, for 30 days.
#[derive(Clone, Debug)]
pub struct RefusalRow {
    /// Its id.
    pub id: MessageId,
    /// The source.
    pub source: String,
    /// The sender.
    pub sender: String,
    /// The stripped item, sealed; nothing where its bytes could not be read.
    pub content: Option<Sealed>,
    /// Its wrapped key.
    pub key: Option<Sealed>,
    /// The findings, sealed, as text: codes, places and rules.
    pub findings: String,
    /// When it was received.
    pub received_at: Instant,
}

/// A message that waits for its decision, or is decided again.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The row.
    pub row: InboxRow,
    /// Its place in the order of decisions, where it has one already (replay).
    pub order: Option<u64>,
    /// When it was decided, where it was.
    pub known_at: Option<Instant>,
    /// How it ended, where it did.
    pub outcome: Option<Outcome>,
    /// The person whose key wraps its key, once linked.
    pub owner: Option<PersonId>,
}

/// What a batch asks for.
#[derive(Clone, Debug, Default)]
pub struct LoadRequest {
    /// Index keys.
    pub keys: Vec<Mac>,
    /// Persons, redirects followed.
    pub persons: Vec<PersonId>,
    /// Waiting records.
    pub records: Vec<MessageId>,
    /// Handovers.
    pub handovers: Vec<HandoverId>,
    /// Streams.
    pub streams: Vec<StreamId>,
    /// Reviews.
    pub reviews: Vec<ReviewId>,
    /// Persons whose journals are asked for.
    pub journals: Vec<PersonId>,
    /// Records on topics.
    pub sent: Vec<(Recipient, u64)>,
}

/// What was found. What is not in it does not exist.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// For each key, the records under it and their persons.
    pub keys: Vec<(Mac, MessageId, Option<PersonId>)>,
    /// Persons, each with the id it was asked by: another one where he was absorbed.
    pub persons: Vec<(PersonId, PersonRow)>,
    /// The inbox rows of records that still wait.
    pub records: Vec<InboxRow>,
    /// Whose handovers.
    pub handovers: Vec<(HandoverId, PersonId)>,
    /// Whose streams.
    pub streams: Vec<(StreamId, PersonId)>,
    /// Whose reviews, of those that are open.
    pub reviews: Vec<(ReviewId, PersonId)>,
    /// Journal entries, each with its message's key and whose key wraps that.
    pub journals: Vec<JournalEntry>,
    /// Payload hashes of records on topics.
    pub sent: Vec<(Recipient, u64, Hash)>,
}

/// A journal entry with what opens it.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// The entry.
    pub row: JournalRow,
    /// Its message's key, wrapped.
    pub key: Sealed,
    /// By which person's key; by the key-encryption key where there is none.
    pub owner: Option<PersonId>,
    /// The owner's key, wrapped by the key-encryption key; none once it was destroyed.
    pub owner_key: Option<Sealed>,
}

/// A person.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// The id.
    pub id: PersonId,
    /// How many events are folded in it.
    pub version: u64,
    /// Who he turned out to be.
    pub redirect: Option<PersonId>,
    /// Whether nothing but an end may leave about him.
    pub restricted: bool,
    /// What linking compares, sealed under the person's key.
    pub matching: Sealed,
    /// The rest, sealed under the person's key.
    pub state: Sealed,
    /// The person's key, wrapped by the key-encryption key. Kept in table `key`.
    pub key: Sealed,
}

/// What one message did to one person's journal.
#[derive(Clone, Debug)]
pub struct JournalRow {
    /// Whose.
    pub person: PersonId,
    /// The version after it.
    pub version: u64,
    /// The message that caused it.
    pub message: MessageId,
    /// The place of that message in the order of decisions.
    pub order: u64,
    /// When.
    pub known_at: Instant,
    /// The version of the heart that decided.
    pub heart: String,
    /// The bundle that it rested on.
    pub bundle: String,
    /// The events, sealed under the message's key.
    pub events: Sealed,
}

/// What became of a message in a batch.
#[derive(Clone, Debug)]
pub struct DecidedRow {
    /// Which.
    pub id: MessageId,
    /// Its place in the order of decisions.
    pub order: u64,
    /// When.
    pub known_at: Instant,
    /// How it ended.
    pub outcome: Outcome,
    /// The refusal or the quarantine code as JSON without a personal value.
    pub detail: Option<String>,
    /// Its key, wrapped anew: by the person's key where it was linked.
    pub key: Sealed,
    /// Whose key wraps it.
    pub owner: Option<PersonId>,
}

/// A record under its index keys; without a person while it waits.
#[derive(Clone, Debug)]
pub struct RecordRow {
    /// The record.
    pub id: MessageId,
    /// Its person.
    pub person: Option<PersonId>,
    /// Its keys; empty where they are stored already.
    pub keys: Vec<Mac>,
}

/// A waiting record that came to a person.
#[derive(Clone, Debug)]
pub struct ReleasedRow {
    /// Which.
    pub id: MessageId,
    /// To whom.
    pub person: PersonId,
    /// By which message.
    pub decided_by: MessageId,
    /// Its key, wrapped by the person's.
    pub key: Sealed,
}

/// A handover, for lists and clocks.
#[derive(Clone, Debug)]
pub struct HandoverRow {
    /// Its id.
    pub id: HandoverId,
    /// Whose.
    pub person: PersonId,
    /// To whom.
    pub recipient: Option<Recipient>,
    /// Where it stands.
    pub state: State,
    /// Which offer of it.
    pub epoch: u32,
    /// Who must move next.
    pub owner: Owner,
    /// Until when.
    pub deadline: Option<Day>,
    /// When it came into this state.
    pub since: Instant,
}

/// A repertory line opened or closed.
#[derive(Clone, Debug)]
pub struct LineRow {
    /// Whose.
    pub person: PersonId,
    /// For whom.
    pub recipient: Recipient,
    /// In which capacity; none where the open line is closed.
    pub capacity: Option<Capacity>,
    /// The day.
    pub on: Day,
    /// The order of the decision, which tells lines of one day apart.
    pub order: u64,
}

/// A stream.
#[derive(Clone, Debug)]
pub struct StreamRow {
    /// Its id.
    pub id: StreamId,
    /// Whose.
    pub person: PersonId,
    /// For whom.
    pub recipient: Recipient,
}

/// A task that waits to be performed.
#[derive(Clone, Debug)]
pub struct TaskRow {
    /// Its id.
    pub id: TaskId,
    /// For whom.
    pub person: PersonId,
    /// What.
    pub kind: TaskKind,
    /// About which number, sealed under the person's key.
    pub content: Sealed,
    /// The order of the decision that asked it.
    pub order: u64,
    /// Not before.
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: u32,
}

/// A link that a human must decide.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    /// Its id.
    pub id: ReviewId,
    /// The person the record was given meanwhile.
    pub person: PersonId,
    /// The persons it may be.
    pub candidates: Vec<PersonId>,
    /// Why.
    pub reason: String,
    /// When it was raised.
    pub raised_at: Instant,
}

/// An answered review.
#[derive(Clone, Debug)]
pub struct AnswerRow {
    /// Which.
    pub id: ReviewId,
    /// How: `same`, `different`.
    pub answer: &'static str,
    /// When.
    pub at: Instant,
}

/// A person's next due moment.
#[derive(Clone, Debug)]
pub struct DueRow {
    /// Whose.
    pub person: PersonId,
    /// The day; none where nothing is due.
    pub on: Option<Day>,
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
    /// Whose.
    pub person: PersonId,
    /// The record's key on the topic.
    pub pseudonym: Pseudonym,
    /// The envelope as JSON: ids, numbers, times and hashes only.
    pub envelope: String,
    /// Its payload hash, kept in the ledger.
    pub payload_hash: Hash,
    /// Whether it passes a closed line: an `Ended`.
    pub always: bool,
    /// The bare Avro body, sealed under the person's key.
    pub body: Sealed,
}

/// A record on its way out, as the relay and the feed read it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The row.
    pub row: OutboxRow,
    /// The person's key, wrapped; none once it was destroyed.
    pub key: Option<Sealed>,
    /// Whether a line is open, which is the gate at send time.
    pub open: bool,
}

/// Everything one batch of decisions stores, in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Messages.
    pub decided: Vec<DecidedRow>,
    /// Waiting records that came to a person.
    pub released: Vec<ReleasedRow>,
    /// Persons as they are now, new ones and changed ones.
    pub persons: Vec<PersonRow>,
    /// Journals.
    pub journal: Vec<JournalRow>,
    /// Records and index keys.
    pub records: Vec<RecordRow>,
    /// Handovers as they are now.
    pub handovers: Vec<HandoverRow>,
    /// Lines opened and closed, in order.
    pub lines: Vec<LineRow>,
    /// New streams.
    pub streams: Vec<StreamRow>,
    /// New tasks.
    pub tasks: Vec<TaskRow>,
    /// New reviews.
    pub reviews: Vec<ReviewRow>,
    /// Reviews that were answered.
    pub answers: Vec<AnswerRow>,
    /// Due moments that changed.
    pub due: Vec<DueRow>,
    /// Records on their way out.
    pub outbox: Vec<OutboxRow>,
    /// The counters after it, stored by the fenced last statement.
    pub counters: Counters,
}

/// The counters of the one writer: they live in its lease row.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// The last place given in the order of decisions.
    pub order: u64,
    /// The last `known_at`, in microseconds.
    pub known_at: i64,
    /// The last outbox position.
    pub position: u64,
    /// For each recipient, the last sequence and chain value.
    pub topics: std::collections::BTreeMap<Recipient, TopicEnd>,
}

/// Where a topic ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct TopicEnd {
    /// The last sequence.
    pub sequence: u64,
    /// The last chain value.
    pub chain: Hash,
}

/// A lease that is held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// Which: `decider` or `relay`.
    pub name: &'static str,
    /// The number of this holding: a later one fences it.
    pub fence: i64,
    /// The counters as they were when it was taken.
    pub counters: Counters,
}
