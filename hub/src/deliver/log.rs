//! The thin edges of delivery: the log that records go to, and the outbox they come from.
//!
//! Kafka is one log ([`super::kafka`]), a recording in memory another ([`super::recording`]), so
//! that the relay can be driven through every fault without a broker. Only a real Kafka proves
//! exactly-once; these edges refuse to promise it.

use std::collections::BTreeMap;
use std::future::Future;

use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde::{Deserialize, Serialize};

use super::DeliverError;
use crate::store::rows::{Lease, Outgoing};
use crate::store::{Store, StoreError};

/// One record, as it is sent and as it is read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its topic; it has one partition.
    pub topic: String,
    /// Its key: a pseudonym.
    pub key: String,
    /// Its headers, in order.
    pub headers: Vec<(String, String)>,
    /// Its framed value; none on a void.
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Its number on the topic.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.header("ce_sequence")?.parse().ok()
    }
}

/// How far the relay is: written last in every transaction, read first in every take-over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    /// The last outbox position sent.
    pub position: u64,
    /// For each recipient, the last sequence sent.
    pub topics: BTreeMap<Recipient, u64>,
    /// The payload hash of the row at that position: tells one history from another.
    pub hash: String,
}

/// Where the log ends, read after fencing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ends {
    /// The last position.
    pub position: Position,
    /// For each recipient, the sequence of the last committed record, where one is left.
    pub tails: BTreeMap<Recipient, u64>,
}

/// Where records go.
pub trait Log: Send {
    /// Reads the records back.
    type Reader: Reader;

    /// Fences whoever wrote before and reads where the log ends.
    ///
    /// # Errors
    /// [`DeliverError::Log`], or [`DeliverError::Fenced`].
    fn take_over(
        &mut self,
        recipients: &[Recipient],
    ) -> impl Future<Output = Result<Ends, DeliverError>> + Send;

    /// Appends the records, and then the position, all or nothing.
    ///
    /// # Errors
    /// As [`Log::take_over`]; whether it was appended is not known then, and [`Log::take_over`] must follow.
    fn append(
        &mut self,
        records: Vec<Record>,
        position: &Position,
    ) -> impl Future<Output = Result<(), DeliverError>> + Send;

    /// Whether the next transaction must not follow on this producer: take over again.
    fn worn(&self) -> bool;

    /// Reads all that is committed, from the oldest record on.
    ///
    /// # Errors
    /// [`DeliverError::Log`] where a topic cannot be read.
    fn reader(
        &self,
        recipients: &[Recipient],
    ) -> impl Future<Output = Result<Self::Reader, DeliverError>> + Send;
}

/// Committed records, in the order of each topic.
pub trait Reader: Send {
    /// The next one; `None` where there is none at the moment, after a short wait.
    ///
    /// # Errors
    /// [`DeliverError::Log`]; reading may go on.
    fn next(&mut self) -> impl Future<Output = Result<Option<Record>, DeliverError>> + Send;
}

/// Where records come from. The store is one; each function is documented there.
pub trait Outbox: Clone + Send + Sync + 'static {
    /// [`Store::lease`] of the relay.
    fn lease(
        &self,
        owner: &str,
        seconds: u32,
    ) -> impl Future<Output = Result<Option<Lease>, StoreError>> + Send;
    /// [`Store::outgoing`].
    fn outgoing(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Outgoing>, StoreError>> + Send;
    /// [`Store::ledger_ends`].
    fn ledger_ends(&self) -> impl Future<Output = Result<Vec<(Recipient, u64, u64)>, StoreError>> + Send;
    /// [`Store::close_ledger`].
    fn close_ledger(
        &self,
        recipient: &Recipient,
        up_to: u64,
        at: Instant,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Outbox for Store {
    async fn lease(&self, owner: &str, seconds: u32) -> Result<Option<Lease>, StoreError> {
        Self::lease(self, "relay", owner, seconds).await
    }

    async fn outgoing(&self, after: u64, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        Self::outgoing(self, after, limit).await
    }

    async fn ledger_ends(&self) -> Result<Vec<(Recipient, u64, u64)>, StoreError> {
        Self::ledger_ends(self).await
    }

    async fn close_ledger(&self, recipient: &Recipient, up_to: u64, at: Instant) -> Result<(), StoreError> {
        Self::close_ledger(self, recipient, up_to, at).await
    }
}
