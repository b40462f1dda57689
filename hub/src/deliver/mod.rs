//! Deliver: the outbox goes to Kafka, exactly once and in order, and is believed only when read back.
//!
//! [`run`] is the door: the relay holds the lease (`relay`) and sends each topic's rows on a lane of its own
//! (`lane`), after a take-over that reads the log back (`takeover`); the auditor closes the ledger (`auditor`). The
//! same rows leave over HTTP as [`feed`] records. What leaves is encoded by contract ([`crate::contract`]) and passes
//! [`gate`] once more at send time. Refuses to guess: when the log and the database disagree about a topic, or it takes no
//! records, that topic halts ([`halt`]) and is named ([`health`]).

pub mod audit;
mod auditor;
pub mod feed;
pub mod gate;
pub mod halt;
pub mod health;
pub mod kafka;
mod lane;
pub mod log;
pub mod record;
pub mod recording;
mod relay;
mod takeover;

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
use halt::Halt;
use kafka::KafkaLog;
use log::{Log, Outbox};

/// What deliver says when it cannot: who must do what about it. Names recipients, numbers and fields, never a value.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// One topic stops until somebody mends something; the others go on.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// Take over again: another producer did.
    #[error("another relay took over, or the transaction expired")]
    Fenced,
    /// Begin anew: a call of the client library did not come back.
    #[error("the log client hangs while it should {0}")]
    Stuck(&'static str),
    /// Try again: the brokers do not know the hub's user, or not by this password.
    #[error("the brokers refuse the hub as {0}")]
    Unknown(String),
    /// Try again: the log answers with an error.
    #[error("cannot {doing}: {cause}")]
    Log {
        doing: &'static str,
        /// What the client says.
        cause: String,
    },
    /// Try again: the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ContractError> for DeliverError {
    fn from(error: ContractError) -> Self {
        Self::Halt(Halt::Contract(error))
    }
}

/// What deliver works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliver<O = Store> {
    /// Where the rows are.
    pub outbox: O,
    pub vault: Vault,
    pub schemas: Arc<Schemas>,
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

impl<O> Deliver<O> {
    /// The recipients that read Kafka.
    #[must_use]
    pub fn recipients(&self) -> Vec<Recipient> {
        let all = self.schemas.iter().map(|(name, _)| name);
        all.filter(|name| self.kafka.sends_to(name)).cloned().collect()
    }
}

/// Runs the relay and the auditor until told to stop.
///
/// While Kafka or the database is away it waits, says so once and tries again. A topic that cannot take records is
/// halted and named; the others go on.
pub async fn run<O: Outbox>(parts: Deliver<O>, stop: CancellationToken) {
    let log = KafkaLog::new(parts.kafka.clone());
    run_on(parts, log, stop).await;
}

/// The same over any log.
pub async fn run_on<O: Outbox, L: Log>(parts: Deliver<O>, log: L, stop: CancellationToken) {
    // The auditor ends with the relay, also where a caller drops this future.
    let stop = stop.child_token();
    let guard = stop.clone().drop_guard();
    let audit = auditor::run(parts.clone(), log.clone(), stop.clone());
    let send = async {
        relay::run(&parts, log, stop.clone()).await;
        drop(guard);
    };
    tokio::join!(send, audit);
}
