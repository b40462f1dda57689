//! Why a message is not decided: something is missing, nobody is known yet, it cannot be done, or a person cannot be
//! read. The world is unchanged in every case.

use schemas::handover::{AnswerName, OrderName, State};
use schemas::ids::HandoverId;
use schemas::key::Mac;
use serde::{Deserialize, Serialize};

use super::ask::{Missing, Needs};

/// Why [`crate::decide`] did not decide.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Load these and ask again.
    Needs(Needs),
    /// Nobody it could be about is known yet: keep it with its keys.
    Waiting(Waiting),
    /// It cannot be done; the sender is told why.
    Refused(Refusal),
    /// It is about a person whose state cannot be read: a human must look.
    Shut,
}

impl From<Missing> for Stop {
    fn from(Missing(ask): Missing) -> Self {
        Self::Needs(Needs::from([ask]))
    }
}

/// A record no person can yet be found for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// The keys under which it is kept.
    pub keys: Vec<Mac>,
}

/// Why a message cannot be done. Each has a stable code that its sender sees.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The handover is not known, or is another recipient's.
    #[error("no such handover of this recipient")]
    UnknownHandover,
    /// No person of this id.
    #[error("no such person")]
    UnknownPerson,
    /// No open review of this id.
    #[error("no such open review")]
    UnknownReview,
    /// No stream of this id.
    #[error("no such stream")]
    UnknownStream,
    /// The answer names an epoch that a newer one has replaced.
    #[error("the epoch is not the current one")]
    OldEpoch {
        /// The epoch that counts.
        current: u32,
        /// The handover that replaced this one, where there is one.
        successor: Option<HandoverId>,
    },
    /// The state table has no such row.
    #[error("this answer is not possible in the present state")]
    NotAllowed {
        state: State,
        /// The answers that are possible.
        allowed: Vec<AnswerName>,
    },
    /// The desk cannot order this about the handover as it stands.
    #[error("that cannot be ordered in state {}", state.as_str())]
    OrderNotAllowed {
        state: State,
        /// The orders that are possible.
        allowed: Vec<OrderName>,
    },
    /// Nobody objected to anything that was not lifted since.
    #[error("there is no restriction to lift")]
    NoRestriction,
    /// A first load was approved by a report that knew them otherwise.
    #[error("they are not as the report knew them")]
    NotAsReported,
    /// Two agencies each hold the file of one of the two.
    #[error("two agencies each hold the file of one of the two: one of them must close it first")]
    TwoHoldTheFile,
    /// The answer names somebody the review did not ask about.
    #[error("the review does not ask about this person")]
    NotAsked,
    /// A split names a record that is not the person's, or leaves one of the two without any.
    #[error("these records are not a part of this person's")]
    NotAPart,
    /// The hash differs from that of the record with this sequence.
    #[error("the payload hash is not that of the record with this sequence")]
    HashDiffers,
    /// The record with this sequence belongs to another handover, or to another epoch than the answer names.
    #[error("the record with this sequence belongs to another handover or epoch")]
    OtherRecord,
}

impl Refusal {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownHandover => "unknown-handover",
            Self::UnknownPerson => "unknown-person",
            Self::UnknownReview => "unknown-review",
            Self::UnknownStream => "unknown-stream",
            Self::OldEpoch { .. } => "old-epoch",
            Self::NotAllowed { .. } => "not-allowed",
            Self::OrderNotAllowed { .. } => "order-not-allowed",
            Self::NoRestriction => "no-restriction",
            Self::NotAsReported => "not-as-reported",
            Self::TwoHoldTheFile => "two-hold-the-file",
            Self::NotAsked => "not-asked",
            Self::NotAPart => "not-a-part",
            Self::HashDiffers => "hash-differs",
            Self::OtherRecord => "other-record",
        }
    }
}

/// Why a message is put aside: a fault in the hub or in what it stored, never its sender's. Each has a stable code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aside {
    /// It does not open, or does not read.
    MessageUnreadable,
    /// A person that it is about does not open, or does not read.
    PersonUnreadable,
    /// The heart panicked on it.
    HeartPanicked,
    /// The heart asked for more without end.
    NeedsWithoutEnd,
    /// What it delivers did not get its numbers.
    DeliveriesNotNumbered,
    /// What it delivers does not fit its recipient's schema.
    ViewNotEncodable,
    /// The database refuses what follows from it.
    NotStorable,
}

impl Aside {
    pub const ALL: [Self; 7] = [
        Self::MessageUnreadable,
        Self::PersonUnreadable,
        Self::HeartPanicked,
        Self::NeedsWithoutEnd,
        Self::DeliveriesNotNumbered,
        Self::ViewNotEncodable,
        Self::NotStorable,
    ];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MessageUnreadable => "message-unreadable",
            Self::PersonUnreadable => "person-unreadable",
            Self::HeartPanicked => "heart-panicked",
            Self::NeedsWithoutEnd => "needs-without-end",
            Self::DeliveriesNotNumbered => "deliveries-not-numbered",
            Self::ViewNotEncodable => "view-not-encodable",
            Self::NotStorable => "not-storable",
        }
    }
}

/// No code of a cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no message is put aside under this code")]
pub struct NoAside;

impl std::str::FromStr for Aside {
    type Err = NoAside;

    fn from_str(code: &str) -> Result<Self, NoAside> {
        Self::ALL.into_iter().find(|aside| aside.code() == code).ok_or(NoAside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_named_by_its_code() {
        for aside in Aside::ALL {
            assert_eq!(aside.code().parse(), Ok(aside));
        }
        assert_eq!("else".parse::<Aside>(), Err(NoAside));
    }
}
