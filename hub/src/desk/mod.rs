//! The desk: the one way to say something by hand and to wait for its decision.
//!
//! What is said is a message like any other, with the name of who says it sealed inside; it can be decided again. Who may
//! say it is asked first, and recorded (`rights`). Answers of agencies come through their own door and are waited for
//! by the same [`Decisions`]. Files: `action` (the table of roles), `rights`,
//! `in_force` (who is known), `chain` (whether the audit rows hold), `decisions`.

mod action;
mod chain;
mod decisions;
pub mod in_force;
mod rights;

use std::collections::BTreeSet;
use std::time::Duration;

use schemas::actor::ActorName;
use schemas::handover::OrderName;
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::message::{Body, ReviewAnswer};

pub use action::{About, AboutError, Action, Occasion};
pub use chain::{ChainError, ChainState, follow};
pub use decisions::{Decisions, Wait};
pub use rights::{Actor, Allowed, Rights, RightsError};

use crate::clock::Clock;
use crate::intake::{Intake, IntakeError, ItemVerdict};
use crate::store::StoreError;
use crate::store::rows::{Outcome, ReceiptRow};

/// How long a decision of something said by hand is waited for: a lease left behind ends in this time.
const WAIT: Duration = Duration::from_secs(15);

/// What somebody can say by hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Saying {
    /// Whether the persons of a review are one.
    Reviewed {
        review: ReviewId,
        answer: ReviewAnswer,
        /// Why, in their words.
        reason: String,
    },
    /// A stream's view is to be issued again.
    Redeliver(StreamId),
    /// What becomes of a handover.
    Ordered {
        handover: HandoverId,
        order: OrderName,
        /// Why, in their words.
        reason: String,
    },
    /// These records of a person are somebody else's.
    Split {
        person: PersonId,
        records: BTreeSet<MessageId>,
        /// Why, in their words.
        reason: String,
    },
    /// The restriction of a person is lifted, whether they have a handover or not.
    Lifted {
        person: PersonId,
        /// Why, in their words.
        reason: String,
    },
}

impl Saying {
    /// What it is to say it.
    fn action(&self) -> (Action, About) {
        match self {
            Self::Reviewed { review, .. } => (Action::AnswerReview, (*review).into()),
            Self::Redeliver(stream) => (Action::Redeliver, (*stream).into()),
            Self::Ordered { handover, order, .. } => (Action::of_order(*order), (*handover).into()),
            Self::Split { person, .. } => (Action::SplitPerson, (*person).into()),
            Self::Lifted { person, .. } => (Action::LiftRestriction, (*person).into()),
        }
    }

    /// The message, and the source that it is counted under.
    fn by(self, by: ActorName) -> (&'static str, Body) {
        match self {
            Self::Reviewed { review, answer, reason } => {
                ("review", Body::Reviewed { review, answer, reason, by })
            }
            Self::Redeliver(stream) => ("redeliver", Body::Redeliver { stream, by }),
            Self::Ordered { handover, order, reason } => {
                ("order", Body::Ordered { handover, order, reason, by })
            }
            Self::Split { person, records, reason } => ("order", Body::Split { person, records, reason, by }),
            Self::Lifted { person, reason } => ("order", Body::Lifted { person, reason, by }),
        }
    }
}

/// What became of something that was said.
#[derive(Clone, Debug)]
pub struct DeskSaid {
    /// What it can be followed by.
    pub receipt: MessageId,
    /// Its decision; none where it was not made in time. It is in the inbox then, and not lost.
    pub decision: Option<ReceiptRow>,
}

/// What became of an approval, in persons.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Approvals {
    pub decided: u64,
    /// Who had changed since.
    pub refused: u64,
    /// Of whom it is in the inbox, and not decided yet.
    pub open: u64,
}

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// They may not, or it cannot be recorded.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// It could not be stored: say it again.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// It is stored, and its decision cannot be read.
    #[error("it was said, and what became of it cannot be read")]
    Unread(#[source] StoreError),
}

/// The desk. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    rights: Rights,
    intake: Intake,
    clock: Clock,
    decisions: Decisions,
}

impl Desk {
    /// The desk of a hub.
    #[must_use]
    pub fn new(rights: Rights, intake: Intake, clock: Clock, decisions: Decisions) -> Self {
        Self { rights, intake, clock, decisions }
    }

    /// What is asked before anything is done by hand.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    #[must_use]
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Says of each of these persons that what was loaded of them first may open what it opens, in somebody's name: all of
    /// it goes into the inbox together, and is waited for together.
    ///
    /// # Errors
    /// [`DeskError`]; said again with the same report, it goes on where it ended.
    pub async fn approve(
        &self,
        actor: &Actor,
        report: &str,
        who: &[(PersonId, u64)],
        reason: &str,
    ) -> Result<Approvals, DeskError> {
        let about = report.parse().unwrap_or(About::Hub);
        let allowed = self.rights.allow(actor, Action::ApproveLoad, about, Occasion::Task).await?;
        let by = allowed.by();
        let said = who.iter().map(|(person, version)| {
            let (reason, by) = (reason.to_owned(), by.clone());
            (format!("{report}:{person}"), Body::Approved { person: *person, version: *version, reason, by })
        });
        let receipts = self.intake.internal_all("approval", said.collect()).await?;
        let ended = self.decisions.each(&receipts, WAIT).await.map_err(DeskError::Unread)?;
        let decided = ended.values().filter(|outcome| **outcome == Outcome::Decided).count();
        let (decided, ended, all) = (decided as u64, ended.len() as u64, receipts.len() as u64);
        Ok(Approvals { decided, refused: ended - decided, open: all - ended })
    }

    /// Says something in somebody's name and waits for what is decided.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn say(&self, actor: &Actor, saying: Saying) -> Result<DeskSaid, DeskError> {
        let (action, about) = saying.action();
        let allowed = self.rights.allow(actor, action, about, Occasion::Task).await?;
        let (source, body) = saying.by(allowed.by().clone());
        // An id of its own: what is said twice by hand is meant twice.
        let id = self.clock.message_id().to_string();
        let receipt = match self.intake.internal(source, &id, body).await? {
            ItemVerdict::Accepted { receipt, .. }
            | ItemVerdict::Again { receipt }
            | ItemVerdict::Refused { receipt, .. } => receipt,
            ItemVerdict::Conflict => return Err(DeskError::Intake(IntakeError::Busy)),
        };
        let decision = self.decisions.of(receipt, WAIT).await.map_err(DeskError::Unread)?;
        Ok(DeskSaid { receipt, decision })
    }
}
