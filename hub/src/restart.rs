//! Going on with a topic that lost what was sent to it, by somebody's order (docs/restart.md).
//!
//! Only the recipient knows what it had read, and only somebody who asked it can order from where on records are sent again. Refuses
//! it while nothing stopped the topic, and where the topic holds records that the order does not fit. Next:
//! `store::restarts`, which keeps it, and `deliver::takeover`, which takes it.

use schemas::recipient::Recipient;

use crate::clock::Clock;
use crate::deliver::DeliverError;
use crate::deliver::halt::{HaltCode, Part};
use crate::deliver::kafka::KafkaLog;
use crate::desk::{About, Action, Allowed};
use crate::quarantine::LONGEST;
use crate::store::restarts::Restarts;
use crate::store::rows::RestartRow;
use crate::store::{Store, StoreError};
use crate::vault::{SealError, Vault};

/// Why nothing was ordered.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// Something else was allowed.
    #[error("it was allowed to do something else")]
    Other,
    /// There is no reason, or too long a one.
    #[error("say why, in at most {LONGEST} characters")]
    Reason,
    /// The relay does not wait for such an order.
    #[error("nothing stopped {0} that an order mends: `hub doctor` tells what does")]
    Flows(String),
    /// The number was never given.
    #[error("record {base} was never promised: the ledger ends at {last}")]
    Unknown { base: u64, last: u64 },
    /// The topic holds records.
    #[error("the topic ends with record {tail}: remove it, or order --after {tail}")]
    Occupied { tail: u64 },
    /// The database: try again.
    #[error("the database could not do it")]
    Store(#[from] StoreError),
    /// Kafka, or what stands in the topic.
    #[error("the topic cannot be looked at")]
    Log(#[from] DeliverError),
    /// The machine: try again.
    #[error("the reason could not be sealed")]
    Seal(#[from] SealError),
}

/// Where topics are ordered to go on.
#[derive(Debug)]
pub struct Restarting {
    pub store: Store,
    pub restarts: Restarts,
    pub vault: Vault,
    pub clock: Clock,
}

impl Restarting {
    /// Orders what somebody was allowed to: a recipient's topic goes on after a number. Says how many records are sent again.
    ///
    /// # Errors
    /// [`RestartError`].
    pub async fn order(&self, allowed: &Allowed, log: &KafkaLog, reason: &str) -> Result<u64, RestartError> {
        let (Action::RestartTopic, About::Record(to, base)) = (allowed.action(), allowed.about()) else {
            return Err(RestartError::Other);
        };
        if reason.trim().is_empty() || reason.chars().count() > LONGEST {
            return Err(RestartError::Reason);
        }
        let last = self.may(to, *base, log).await?;
        let id = self.clock.message_id();
        let (reason, key) = self.vault.reason(id, reason)?;
        let (actor, at) = (allowed.by().as_str().to_owned(), self.clock.now());
        let order = RestartRow { id, recipient: to.clone(), base: *base, actor, at, reason, key };
        self.restarts.order(order).await?;
        Ok(last - base)
    }

    /// Whether it may be ordered; the last number that was promised.
    async fn may(&self, to: &Recipient, base: u64, log: &KafkaLog) -> Result<u64, RestartError> {
        let halts = self.store.halts(std::slice::from_ref(to)).await?;
        let waits = halts.iter().filter(|halt| halt.part == Part::Relay.as_str()).any(|halt| {
            HaltCode::ALL.iter().any(|code| code.as_str() == halt.code && code.waits_for_order())
        });
        if !waits {
            return Err(RestartError::Flows(to.topic()));
        }
        let last = self.store.ledger_end(to).await?.last;
        if base > last {
            return Err(RestartError::Unknown { base, last });
        }
        match log.stands(to).await?.1 {
            Some(tail) if tail.sequence != base => Err(RestartError::Occupied { tail: tail.sequence }),
            Some(_) | None => Ok(last),
        }
    }
}
