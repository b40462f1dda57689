//! The decide loop: one active writer, in batches, on one lease.
//!
//! Whoever holds the lease has a world of their own (`holding`), which lives as long as the holding does. Three
//! steps overlap: open batch n+1 (`queue`), load and decide batch n (`load`, [`decide::round`]), seal and commit
//! batch n-1 (`compose`, `commit`). After a refused commit everything behind the last one is decided again from
//! the inbox. Decisions themselves are the heart's: see [`decide::decide`].

mod commit;
mod compose;
mod holding;
mod load;
mod numbers;
mod queue;
pub mod rehearse;
pub mod replay;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use decide::Bundle;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, WrongClock};
use crate::contract::Schemas;
use crate::observe::Metrics;
use crate::store::lease::LEASE_SECONDS;
use crate::store::{Store, StoreError};
use crate::vault::{SealError, Shut, Vault};
pub use holding::{Holding, Turn};

/// The version of the heart's rules: stored with every journal entry.
pub const HEART: &str = env!("CARGO_PKG_VERSION");

/// How many messages one transaction takes at most.
pub const BATCH: usize = 500;

/// How long another's lease is left alone before it is asked for again.
const TURN: Duration = Duration::from_millis(100);

/// What to do when deciding cannot go on. What is at fault with one message puts that message aside and is no error.
#[derive(Debug, thiserror::Error)]
pub enum DeciderError {
    /// Begin again from what is stored: the database is away, the machine gives no randomness.
    #[error("{doing} did not work; it is tried again")]
    Again {
        doing: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A key-encryption key is missing: what it wraps waits until it is back in the file of keys.
    #[error("{0}: put it back and start again")]
    NoKey(Shut),
    /// The clock cannot be right: its time would stand in what is decided.
    #[error(transparent)]
    Clock(#[from] WrongClock),
    /// Another decides now: what was decided here and not stored is theirs to decide.
    #[error("another instance decides now")]
    Fenced,
    /// A human must look: going on would store what is wrong.
    #[error("{0}: a human must look")]
    Stop(&'static str),
}

impl DeciderError {
    pub(crate) fn again(doing: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Again { doing, source: Box::new(source) }
    }

    /// What does not open for want of a key-encryption key is not at fault; anything else is told as it is.
    fn unless_missing(shut: Shut) -> Result<Shut, Self> {
        if matches!(shut, Shut::NoKey(_) | Shut::NoCover(_)) { Err(Self::NoKey(shut)) } else { Ok(shut) }
    }
}

impl From<StoreError> for DeciderError {
    fn from(error: StoreError) -> Self {
        Self::again("reading the database", error)
    }
}

impl From<SealError> for DeciderError {
    fn from(error: SealError) -> Self {
        Self::again("sealing", error)
    }
}

/// What the decide loop works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Decider {
    pub store: Store,
    /// What opens and seals.
    pub vault: Vault,
    pub clock: Clock,
    /// What decisions rest on.
    pub bundle: Arc<Bundle>,
    pub schemas: Arc<Schemas>,
    pub metrics: Arc<Metrics>,
    /// Changes when something came into the inbox of this process; others are looked for.
    pub arrivals: watch::Receiver<u64>,
    /// Rung after a commit: there may be something to send, or to ask.
    pub outbox: Arc<Notify>,
    /// The last place in the order of decisions: who waits for a decision of their own watches it.
    pub decided: Arc<watch::Sender<u64>>,
    /// Who this is, among several instances.
    pub instance: String,
}

impl Decider {
    /// Whether the clock may stand in what is decided: it went on like the time that passed, or the database's clock,
    /// where that is another machine's, says the same.
    async fn look_at_clock(&self, begins: bool) -> Result<(), DeciderError> {
        let steady = self.clock.steady();
        if steady.is_ok() && !begins {
            return Ok(());
        }
        match self.store.time().await? {
            Some(time) => Ok(self.clock.beside(time)?),
            None => Ok(steady?),
        }
    }
}

/// Runs until it is told to stop.
///
/// # Errors
/// [`DeciderError`]: what was decided and not stored is decided again from the inbox.
pub async fn run(decider: Decider, stop: CancellationToken) -> Result<(), DeciderError> {
    while !stop.is_cancelled() {
        match Holding::take(&decider).await? {
            Some(holding) => match holding.run(&stop).await {
                Err(DeciderError::Fenced) => tracing::warn!("another instance decides now"),
                ended => ended?,
            },
            None => {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(TURN) => {}
                }
            }
        }
    }
    Ok(())
}

/// How often a lease is renewed while nothing is committed: a commit renews it as well.
const RENEW: Duration = Duration::from_millis(LEASE_SECONDS as u64 * 1_000 / 3);

/// An error with its causes, once, where it is handled.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words += &format!(": {error}");
        cause = error.source();
    }
    words
}
