//! Quarantine's way out: a message that was put aside is decided again, or closed, under a name and with a reason.
//!
//! Repeated, it goes back into the queue and is decided as a late one by whoever decides; nothing is decided here. About
//! each putting-aside one thing is done, once: of two who come at once one is refused with what stands. Who may do it is
//! the desk's to say ([`Allowed`]). Next: [`crate::store::quarantine`].

use decide::world::Aside;
use schemas::ids::MessageId;

use crate::clock::Clock;
use crate::desk::{About, Action, Allowed};
use crate::store::quarantine::Remedies;
use crate::store::rows::{ActRow, AsideRow, Outcome, Remedy};
use crate::store::{Store, StoreError};
use crate::vault::{SealError, Vault};

/// How many messages one transaction sees to.
const PAGE: u32 = 1_000;

/// How long a reason may be.
pub(crate) const LONGEST: usize = 1_000;

/// Which messages something is done about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    Message(MessageId),
    /// All that lie aside under a code.
    Cause(Aside),
}

impl From<Which> for About {
    fn from(which: Which) -> Self {
        match which {
            Which::Message(id) => id.into(),
            Which::Cause(aside) => Self::Code(aside.code()),
        }
    }
}

/// What stands of a message about which nothing can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stands {
    /// It waits for its decision.
    Queued,
    Ended(Outcome),
}

impl std::fmt::Display for Stands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Queued => "it waits for its decision",
            Self::Ended(Outcome::Decided) => "it was decided",
            Self::Ended(Outcome::Waiting) => "it waits for the message that brings its person",
            Self::Ended(Outcome::Refused) => "it was refused",
            Self::Ended(Outcome::Quarantined) => "it lies aside",
            Self::Ended(Outcome::Closed) => "it was closed",
        })
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// No message has this id.
    #[error("no message has this id")]
    Unknown,
    /// It does not lie aside, or not any more.
    #[error("message {0} does not lie aside: {1}")]
    Stands(MessageId, Stands),
    /// Nothing lies aside under this code.
    #[error("no message lies aside under {}", .0.code())]
    Nothing(Aside),
    /// Something else was allowed.
    #[error("it was allowed to do something else")]
    Other,
    /// There is no reason, or too long a one.
    #[error("say why, in at most {LONGEST} characters")]
    Reason,
    /// The database: try again.
    #[error("the database could not do it")]
    Store(#[from] StoreError),
    /// The machine: try again.
    #[error("the reason could not be sealed")]
    Seal(#[from] SealError),
}

/// Where messages lie aside, and what is done about them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Quarantine {
    store: Store,
    remedies: Remedies,
    vault: Vault,
    clock: Clock,
}

impl Quarantine {
    /// The quarantine of a store; what is done goes through `remedies`, which may be opened beside a hub that runs.
    #[must_use]
    pub fn new(store: &Store, remedies: Remedies, vault: &Vault, clock: Clock) -> Self {
        Self { store: store.clone(), remedies, vault: vault.clone(), clock }
    }

    /// Does what somebody was allowed to do. Says about which messages it was done.
    ///
    /// # Errors
    /// [`QuarantineError`]. Of many messages those before a fault of the database are seen to; doing it again goes on.
    pub async fn act(
        &self,
        allowed: &Allowed,
        which: Which,
        reason: &str,
    ) -> Result<Vec<MessageId>, QuarantineError> {
        let remedy = match allowed.action() {
            Action::RepeatQuarantined => Remedy::Repeat,
            Action::CloseQuarantined => Remedy::Close,
            _ => return Err(QuarantineError::Other),
        };
        if *allowed.about() != About::from(which) {
            return Err(QuarantineError::Other);
        }
        if reason.trim().is_empty() || reason.chars().count() > LONGEST {
            return Err(QuarantineError::Reason);
        }
        match which {
            Which::Message(id) => {
                let found = self.store.put_aside(id).await?;
                let done = self.see_to(allowed, remedy, found.as_slice(), reason).await?;
                if done.is_empty() { Err(self.stands(id).await?) } else { Ok(done) }
            }
            Which::Cause(aside) => {
                let (mut done, mut after) = (vec![], None);
                loop {
                    let page = self.store.quarantine(Some(aside), after, PAGE).await?;
                    let Some(last) = page.last() else { break };
                    after = Some(last.id);
                    done.extend(self.see_to(allowed, remedy, &page, reason).await?);
                }
                if done.is_empty() { Err(QuarantineError::Nothing(aside)) } else { Ok(done) }
            }
        }
    }

    async fn see_to(
        &self,
        allowed: &Allowed,
        remedy: Remedy,
        found: &[AsideRow],
        reason: &str,
    ) -> Result<Vec<MessageId>, QuarantineError> {
        if found.is_empty() {
            return Ok(vec![]);
        }
        let id = self.clock.message_id();
        let (reason, key) = self.vault.reason(id, reason)?;
        let actor = allowed.by().as_str().to_owned();
        let act = ActRow { id, remedy, actor, at: self.clock.now(), reason, key };
        let about: Vec<(MessageId, u64)> = found.iter().map(|row| (row.id, row.n)).collect();
        Ok(self.remedies.act(act, &about).await?)
    }

    /// What stands of a message that does not lie aside.
    async fn stands(&self, id: MessageId) -> Result<QuarantineError, StoreError> {
        let Some(receipt) = self.store.receipt(id).await? else { return Ok(QuarantineError::Unknown) };
        let queued = !self.store.queued(&[id]).await?.is_empty();
        Ok(QuarantineError::Stands(
            id,
            match receipt.outcome.filter(|_| !queued) {
                Some(outcome) => Stands::Ended(outcome),
                None => Stands::Queued,
            },
        ))
    }
}
