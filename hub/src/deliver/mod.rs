//! Deliver: the outbox goes to Kafka, exactly once and in order, and is believed only when read back.
//!
//! [`run`] is the door: the relay sends ([`relay`]), after a take-over that reads the log back
//! ([`takeover`]), and the auditor closes the ledger ([`auditor`]). The same rows leave over HTTP as
//! [`feed`] records. What leaves is encoded by contract ([`crate::contract`]) and passes [`gate`]
//! once more at send time. Refuses to guess: when the log and the database disagree it halts and says so.

pub mod auditor;
pub mod feed;
pub mod gate;
pub mod health;
pub mod kafka;
pub mod log;
pub mod recording;
pub mod relay;
pub mod takeover;

use std::sync::Arc;

use schemas::recipient::Recipient;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

pub use health::{Health, HealthState};

use crate::config::KafkaConfig;
use crate::contract::{ContractError, Schemas};
use kafka::KafkaLog;
use log::{Log, Outbox};

/// What deliver says when it cannot. Names recipients, numbers and fields, never a value.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// A record that cannot be read or made by its contract.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// An outbox row does not open, or is not what its envelope says.
    #[error("outbox row {sequence} of {recipient} is damaged: {what}")]
    Damaged {
        /// For whom.
        recipient: Recipient,
        /// Its number on the topic.
        sequence: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Outbox rows are missing: nothing is sent past a hole.
    #[error("outbox rows are missing: expected {expected}, found {found}")]
    Gap {
        /// What had to come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The log holds what the database does not: it was restored or failed over to an old standby.
    #[error("database regressed: {recipient} was sent up to {log}, the ledger ends at {store}")]
    DatabaseRegressed {
        /// Whose topic.
        recipient: Recipient,
        /// The last sequence in the log.
        log: u64,
        /// The last sequence in the database.
        store: u64,
    },
    /// The row at the log's position is another one than was sent.
    #[error("database regressed: outbox row {0} is not the one that was sent")]
    DatabaseDiverged(u64),
    /// The database knows as read back what the log does not hold any more.
    #[error("Kafka regressed: {recipient} was read back up to {store}, the log ends at {log}")]
    KafkaRegressed {
        /// Whose topic.
        recipient: Recipient,
        /// The last sequence in the log.
        log: u64,
        /// The last sequence that the ledger closed.
        store: u64,
    },
    /// Another producer took over.
    #[error("another relay took over, or the transaction expired")]
    Fenced,
    /// A call of the client library did not come back.
    #[error("the log client hangs while it should {0}")]
    Stuck(&'static str),
    /// The log answers with an error.
    #[error("cannot {doing}: {cause}")]
    Log {
        /// What was tried.
        doing: &'static str,
        /// What the client says.
        cause: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeliverError {
    /// Whether trying again cannot help: a human must look.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Fenced | Self::Log { .. } | Self::Store(StoreError::Away(_) | StoreError::Fenced) => false,
            Self::Contract(_)
            | Self::Damaged { .. }
            | Self::Gap { .. }
            | Self::DatabaseRegressed { .. }
            | Self::DatabaseDiverged(_)
            | Self::KafkaRegressed { .. }
            | Self::Stuck(_)
            | Self::Store(_) => true,
        }
    }
}

/// What deliver works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliver<O = Store> {
    /// Where the rows are.
    pub outbox: O,
    /// To open them.
    pub vault: Vault,
    /// To frame them.
    pub schemas: Arc<Schemas>,
    /// Where they go.
    pub kafka: KafkaConfig,
    /// When they were read back.
    pub clock: Clock,
    /// This process, for the lease: another name at every start.
    pub owner: String,
    /// Rung when there are new rows.
    pub wake: Arc<Notify>,
    /// Told how it goes.
    pub health: Arc<Health>,
}

/// Runs the relay and the auditor until told to stop.
///
/// While Kafka or the database is away it waits, says so once and tries again.
///
/// # Errors
/// Where a human must look ([`DeliverError::is_final`]). The health then says halted; intake and decide need not stop.
pub async fn run<O: Outbox>(parts: Deliver<O>, stop: CancellationToken) -> Result<(), DeliverError> {
    let (relay, auditor) = (KafkaLog::new(parts.kafka.clone()), KafkaLog::new(parts.kafka.clone()));
    run_on(parts, relay, auditor, stop).await
}

/// The same over any log: one handle for the relay, one for the auditor.
///
/// # Errors
/// As [`run`].
pub async fn run_on<O: Outbox, L: Log>(
    parts: Deliver<O>,
    relay: L,
    auditor: L,
    stop: CancellationToken,
) -> Result<(), DeliverError> {
    // The auditor ends with the relay, also where a caller drops this future.
    let stop = stop.child_token();
    let guard = stop.clone().drop_guard();
    let audit = auditor::run(parts.clone(), auditor, stop.clone());
    let send = async {
        let ended = relay::run(&parts, relay, stop.clone()).await;
        drop(guard);
        ended
    };
    tokio::join!(send, audit).0
}
