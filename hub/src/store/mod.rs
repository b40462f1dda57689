//! The store: durable tables on SQLite or PostgreSQL, read and written in bulk.
//!
//! One schema and one set of row types over both engines. Every function is one unit of work; none
//! decides anything. Sealed values come in sealed. Where the engines differ, one function has two bodies.

pub mod rows;

use schemas::ids::{MessageId, PersonId, TaskId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use rows::{
    Batch, InboxRow, JournalRow, Lease, LoadRequest, Loaded, Outgoing, Pending, ReceiptRow, RefusalRow, Stored,
    TaskRow,
};

/// What the store says when it cannot.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Try again: the database is away, busy or was restarted.
    #[error("the database is not reachable")]
    Away(#[source] sqlx::Error),
    /// This batch's data are at fault: a constraint, a value too large. Split the batch.
    #[error("the database refused the data of table {table}")]
    Data {
        /// Where.
        table: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Another holder has the lease: nothing was stored.
    #[error("the lease is held by another")]
    Fenced,
    /// The schema is missing or of another version.
    #[error("the schema is of version {found}, this program needs {needed}: run `hub migrate`")]
    Schema {
        /// What is there.
        found: i64,
        /// What is needed.
        needed: i64,
    },
    /// A row that cannot be: it names the table, never the person.
    #[error("a row of table {0} cannot be read")]
    Damaged(&'static str),
}

/// A store, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {}

/// Helper B replaces every body; the signatures are what the other parts are written against.
#[expect(clippy::unimplemented, reason = "signatures first")]
impl Store {
    /// Opens `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
    pub async fn open(_url: &str) -> Result<Self, StoreError> { unimplemented!() }
    /// Brings the schema to the version of this program; safe to run by several at once.
    pub async fn migrate(&self) -> Result<(), StoreError> { unimplemented!() }
    /// Refuses a schema of another version.
    pub async fn check_schema(&self) -> Result<(), StoreError> { unimplemented!() }
    /// Whether the database answers (for `/readyz`).
    pub async fn ping(&self) -> Result<(), StoreError> { unimplemented!() }

    /// Stores messages; answers in the order given. Doubles inside one call count as doubles.
    pub async fn insert_inbox(&self, _rows: &[InboxRow]) -> Result<Vec<Stored>, StoreError> { unimplemented!() }
    /// Stores refused items.
    pub async fn insert_refusals(&self, _rows: &[RefusalRow]) -> Result<(), StoreError> { unimplemented!() }
    /// Deletes refused items received before.
    pub async fn purge_refusals(&self, _before: Instant) -> Result<u64, StoreError> { unimplemented!() }
    /// What is known of a message, accepted or refused.
    pub async fn receipt(&self, _id: MessageId) -> Result<Option<ReceiptRow>, StoreError> { unimplemented!() }

    /// Takes or renews a lease for `seconds`; `None` where another holds it. Time is the database's own.
    pub async fn lease(&self, _name: &'static str, _owner: &str, _seconds: u32) -> Result<Option<Lease>, StoreError> { unimplemented!() }
    /// Messages without a decision, oldest first.
    pub async fn undecided(&self, _limit: u32) -> Result<Vec<Pending>, StoreError> { unimplemented!() }
    /// Everything a batch needs, in one round of bulk reads on one snapshot.
    pub async fn load(&self, _request: &LoadRequest) -> Result<Loaded, StoreError> { unimplemented!() }
    /// Stores a batch in one transaction. Its last statement is the fenced update of the lease row.
    pub async fn commit(&self, _lease: &Lease, _batch: &Batch) -> Result<(), StoreError> { unimplemented!() }

    /// Records on their way out after a position, in order.
    pub async fn outgoing(&self, _after: u64, _limit: u32) -> Result<Vec<Outgoing>, StoreError> { unimplemented!() }
    /// One recipient's records after a sequence, in order.
    pub async fn feed(&self, _recipient: &Recipient, _after: u64, _limit: u32) -> Result<Vec<Outgoing>, StoreError> { unimplemented!() }
    /// Closes ledger rows up to a sequence: they were read back, or a feed's next `after` proves it.
    pub async fn close_ledger(&self, _recipient: &Recipient, _up_to: u64, _at: Instant) -> Result<(), StoreError> { unimplemented!() }
    /// For each recipient: the last sequence in the ledger, and the last one closed.
    pub async fn ledger_ends(&self) -> Result<Vec<(Recipient, u64, u64)>, StoreError> { unimplemented!() }

    /// Tasks that are due, with the wrapped key of their person.
    pub async fn due_tasks(&self, _now: Instant, _limit: u32) -> Result<Vec<(TaskRow, Vec<u8>)>, StoreError> { unimplemented!() }
    /// A task was performed: its answer is in the inbox.
    pub async fn finish_task(&self, _id: TaskId) -> Result<(), StoreError> { unimplemented!() }
    /// A task failed: tried again at that time.
    pub async fn retry_task(&self, _id: TaskId, _at: Instant) -> Result<(), StoreError> { unimplemented!() }

    /// Decided messages after a place in the order, in order (replay).
    pub async fn decided(&self, _after: u64, _limit: u32) -> Result<Vec<Pending>, StoreError> { unimplemented!() }
    /// One person's journal, in order, with the wrapped key of each message and whose key wraps it.
    pub async fn journal(&self, _person: PersonId) -> Result<Vec<(JournalRow, Vec<u8>, Option<PersonId>)>, StoreError> { unimplemented!() }
    /// Every person after an id, in order (replay, checks).
    pub async fn persons(&self, _after: Option<PersonId>, _limit: u32) -> Result<Vec<rows::PersonRow>, StoreError> { unimplemented!() }
    /// How many rows each list holds: name of the count, number (metrics, summary).
    pub async fn counts(&self) -> Result<Vec<(&'static str, u64)>, StoreError> { unimplemented!() }
}
