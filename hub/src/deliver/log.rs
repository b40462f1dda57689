//! The thin edges of delivery: the log that records go to, and the outbox they come from.
//!
//! Kafka is one log ([`super::kafka`]), a recording in memory another ([`super::recording`]), so
//! that the relay can be driven through every fault without a broker. Only a real Kafka proves
//! exactly-once; these edges refuse to promise it.

use std::future::Future;

use schemas::envelope::Hash;
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::DeliverError;
use super::halt::{HaltCode, Part};
use super::record::{Ends, LogRecord, Position, TopicState};
use crate::store::rows::{GateRow, Lease, LedgerEnd, Outgoing};
use crate::store::{Store, StoreError};

/// Where records go: a topic for each recipient. Clones are handles on the same log.
pub trait Log: Clone + Send + Sync + 'static {
    type Writer: Writer;
    type LogReader: Reader;

    /// Reaches the log and sees to it that positions can be kept there.
    ///
    /// # Errors
    /// [`DeliverError::Log`]
    fn open(&self) -> impl Future<Output = Result<(), DeliverError>> + Send;

    /// A writer of one recipient's topic.
    fn writer(&self, to: &Recipient) -> Self::Writer;

    /// How the topics of these recipients are, in their order.
    ///
    /// # Errors
    /// [`DeliverError::Log`]
    fn survey(
        &self,
        recipients: &[Recipient],
    ) -> impl Future<Output = Result<Vec<TopicState>, DeliverError>> + Send;

    /// Reads all that is committed to a recipient's topic, from the oldest record on.
    ///
    /// # Errors
    /// [`DeliverError::Log`] where the topic cannot be read.
    fn reader(&self, of: &Recipient) -> impl Future<Output = Result<Self::LogReader, DeliverError>> + Send;
}

/// Whether a topic that is not there is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Making {
    /// Something of it was read back: never.
    Never,
    /// Where no position says that something was sent to it.
    Unsent,
    /// Whatever was sent to it, as was ordered.
    Anew,
}

impl Making {
    /// Whether it is, where something was sent to it or not.
    #[must_use]
    pub fn may(self, sent: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Unsent => !sent,
            Self::Anew => true,
        }
    }
}

/// The one writer of a topic.
pub trait Writer: Send + Sync + 'static {
    /// Fences whoever wrote the topic before and reads where it ends. A topic that is not there is made where it may be.
    ///
    /// # Errors
    /// [`DeliverError::Halt`] where the topic takes no records; else as [`Log::open`], or [`DeliverError::Fenced`].
    fn take_over(&mut self, making: Making) -> impl Future<Output = Result<Ends, DeliverError>> + Send;

    /// Writes a position alone, over whatever was written before: the topic goes on there, as was ordered.
    ///
    /// # Errors
    /// As [`Writer::append`].
    fn begin(&mut self, position: Position) -> impl Future<Output = Result<(), DeliverError>> + Send;

    /// Appends the records, and then the position after them, all or nothing; answers with the position, which knows
    /// where the last record was put.
    ///
    /// # Errors
    /// As [`Writer::take_over`]; whether it was appended is not known then, and a take-over must follow.
    fn append(
        &mut self,
        records: Vec<LogRecord>,
        sequence: u64,
        hash: Hash,
    ) -> impl Future<Output = Result<Position, DeliverError>> + Send;

    /// Whether the next transaction must not follow on this producer: take over again.
    fn worn(&self) -> bool;
}

/// The committed records of one topic, in their order.
pub trait Reader: Send {
    /// The next one; `None` where there is none at the moment, after a short wait.
    ///
    /// # Errors
    /// [`DeliverError::Log`]; reading may go on.
    fn next(&mut self) -> impl Future<Output = Result<Option<LogRecord>, DeliverError>> + Send;

    /// Whether everything that was there when reading began has been read. That there is nothing at the moment does not
    /// say so: a slow broker gives nothing either.
    fn at_end(&self) -> bool;

    /// Whether records before the oldest one were removed when reading began.
    fn is_cut(&self) -> bool;
}

/// Where records come from, and what is kept about their way. The store is one; each function is documented there.
pub trait Outbox: Clone + Send + Sync + 'static {
    /// [`Store::lease`] of the relay.
    fn lease(
        &self,
        owner: &str,
        seconds: u32,
    ) -> impl Future<Output = Result<Option<Lease>, StoreError>> + Send;
    /// [`Store::renew`].
    fn renew(&self, lease: &Lease, seconds: u32) -> impl Future<Output = Result<bool, StoreError>> + Send;
    /// [`Store::feed`].
    fn rows(
        &self,
        to: &Recipient,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Outgoing>, StoreError>> + Send;
    /// [`Store::gates`].
    fn gates(
        &self,
        to: &Recipient,
        from: u64,
        until: u64,
    ) -> impl Future<Output = Result<Vec<GateRow>, StoreError>> + Send;
    /// [`Store::ledger_ends`].
    fn ledger_ends(&self) -> impl Future<Output = Result<Vec<(Recipient, u64, u64)>, StoreError>> + Send;
    /// [`Store::ledger_end`].
    fn ledger_end(&self, to: &Recipient) -> impl Future<Output = Result<LedgerEnd, StoreError>> + Send;
    /// [`Store::promised`].
    fn promised(
        &self,
        to: &Recipient,
        from: u64,
        until: u64,
    ) -> impl Future<Output = Result<Vec<(u64, Hash)>, StoreError>> + Send;
    /// [`Store::prove`].
    fn prove(
        &self,
        to: &Recipient,
        rows: &[(u64, Hash)],
        at: Instant,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// [`Store::expire`].
    fn expire(
        &self,
        to: &Recipient,
        before: u64,
        at: Instant,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// [`Store::restart`].
    fn restart(&self, to: &Recipient) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;
    /// [`Store::restarted`].
    fn restarted(&self, to: &Recipient, base: u64) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// [`Store::halt`].
    fn halt(
        &self,
        to: &Recipient,
        part: Part,
        code: HaltCode,
        detail: &str,
        at: Instant,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// [`Store::forget_halts`].
    fn forget_halts(&self, but: &[Recipient]) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// [`Store::resume`].
    fn resume(&self, to: &Recipient, part: Part) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Outbox for Store {
    async fn lease(&self, owner: &str, seconds: u32) -> Result<Option<Lease>, StoreError> {
        Self::lease(self, "relay", owner, seconds).await
    }

    async fn renew(&self, lease: &Lease, seconds: u32) -> Result<bool, StoreError> {
        Self::renew(self, lease, seconds).await
    }

    async fn rows(&self, to: &Recipient, after: u64, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        Self::feed(self, to, after, limit).await
    }

    async fn gates(&self, to: &Recipient, from: u64, until: u64) -> Result<Vec<GateRow>, StoreError> {
        Self::gates(self, to, from, until).await
    }

    async fn ledger_ends(&self) -> Result<Vec<(Recipient, u64, u64)>, StoreError> {
        Self::ledger_ends(self).await
    }

    async fn ledger_end(&self, to: &Recipient) -> Result<LedgerEnd, StoreError> {
        Self::ledger_end(self, to).await
    }

    async fn promised(&self, to: &Recipient, from: u64, until: u64) -> Result<Vec<(u64, Hash)>, StoreError> {
        Self::promised(self, to, from, until).await
    }

    async fn prove(&self, to: &Recipient, rows: &[(u64, Hash)], at: Instant) -> Result<u64, StoreError> {
        Self::prove(self, to, rows, at).await
    }

    async fn expire(&self, to: &Recipient, before: u64, at: Instant) -> Result<u64, StoreError> {
        Self::expire(self, to, before, at).await
    }

    async fn restart(&self, to: &Recipient) -> Result<Option<u64>, StoreError> {
        Self::restart(self, to).await
    }

    async fn restarted(&self, to: &Recipient, base: u64) -> Result<(), StoreError> {
        Self::restarted(self, to, base).await
    }

    async fn halt(
        &self,
        to: &Recipient,
        part: Part,
        code: HaltCode,
        detail: &str,
        at: Instant,
    ) -> Result<(), StoreError> {
        Self::halt(self, to, part.as_str(), code.as_str(), detail, at).await
    }

    async fn forget_halts(&self, but: &[Recipient]) -> Result<(), StoreError> {
        Self::forget_halts(self, but).await
    }

    async fn resume(&self, to: &Recipient, part: Part) -> Result<(), StoreError> {
        Self::resume(self, to, part.as_str()).await
    }
}
