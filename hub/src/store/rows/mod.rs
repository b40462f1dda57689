//! What the store keeps, as rows: sealed bytes, hashes, ids, numbers and times; never a clear
//! personal value. Times are instants; the store keeps them as microseconds.
//!
//! What is inside a sealed value is the vault's to know. Next: `super` for what is done with rows.

mod audit;
mod batch;
mod handover;
mod lease;
mod leaving;
mod message;
mod person;
mod quarantine;

pub use audit::{AuditRow, ChainedRow};
pub use batch::{Batch, FoundRow};
pub use handover::{HandoverRow, LineRow, StreamRow};
pub use lease::{Counters, Lease, TopicEnd};
pub use leaving::{
    AlertRow, GateRow, HaltRow, LeavingRow, LedgerEnd, OutboxRow, Outgoing, RestartRow, SchemaRow, TaskRow,
};
pub use message::{
    DecidedRow, Detail, InboxRow, MessageKeyRow, MessageRow, Outcome, PendingRow, ReceiptRow, RefusalRow,
    ReleasedRow, StoredAttempt, StoredDecision,
};
pub use person::{
    AnswerRow, AskedAbout, DueRow, JournalRow, JournalStored, MatchRow, MovedRow, PersonRow, RecordRow,
    ReviewRow, StoredKeys, WaitingRow, WaitsOn,
};
pub use quarantine::{ActRow, AsideRow, Remedy};

/// Sealed bytes: nonce, ciphertext, tag.
pub type Sealed = Vec<u8>;
