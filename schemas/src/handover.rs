//! The words of a handover: states, answers, rejection codes, reasons of an end.
//!
//! Complete, so that every reader knows them all; which of them is reached from which is the state
//! table's, in `decide`. Source: docs/handovers.md.

use serde::{Deserialize, Serialize};

use crate::envelope::Hash;
use crate::ids::HandoverId;

/// The state of a handover (docs/handovers.md#states).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Visa granted or arrival announced; nothing sent.
    Prepared,
    /// Registered in Brussels without a complete choice.
    AwaitingChoice,
    /// Stopped for a reason, somebody must act.
    Held,
    /// Offer published.
    Sent,
    /// The agency has stored the offer.
    Received,
    /// The agency takes over; file released.
    Accepted,
    /// The regular trajectory started, or the purpose ended.
    Closed,
    /// The agency said no.
    Rejected,
    /// Undeliverable or unreadable.
    Bounced,
    /// A deadline passed without an answer.
    Overdue,
    /// Withdrawal sent, purge awaited.
    WithdrawPending,
    /// Purged, or nothing was ever delivered.
    Withdrawn,
    /// Replaced by a newer handover.
    Superseded,
    /// A wrong person's data were delivered; purge awaited.
    RecallPending,
    /// Recall confirmed.
    EnteredInError,
    /// There is no receiver.
    NotInScope,
}

impl State {
    /// Every one, in the order of a handover's life.
    pub const ALL: [Self; 16] = [
        Self::Prepared,
        Self::AwaitingChoice,
        Self::Held,
        Self::Sent,
        Self::Received,
        Self::Accepted,
        Self::Closed,
        Self::Rejected,
        Self::Bounced,
        Self::Overdue,
        Self::WithdrawPending,
        Self::Withdrawn,
        Self::Superseded,
        Self::RecallPending,
        Self::EnteredInError,
        Self::NotInScope,
    ];

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::Withdrawn | Self::Superseded | Self::EnteredInError | Self::NotInScope
        )
    }

    /// Its name in answers, pages and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::AwaitingChoice => "awaiting_choice",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Bounced => "bounced",
            Self::Overdue => "overdue",
            Self::WithdrawPending => "withdraw_pending",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
            Self::RecallPending => "recall_pending",
            Self::EnteredInError => "entered_in_error",
            Self::NotInScope => "not_in_scope",
        }
    }
}

/// Who must move next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The hub itself, waiting for a source.
    Hub,
    /// The newcomer.
    Person,
    /// The recipient of the handover.
    Agency,
    /// The handover desk.
    Coordinator,
    /// Who decides on links.
    Steward,
    /// Technical operations.
    Operations,
    /// The data protection officer.
    Officer,
}

impl Owner {
    /// Every party that can be asked to move.
    pub const ALL: [Self; 7] = [
        Self::Hub,
        Self::Person,
        Self::Agency,
        Self::Coordinator,
        Self::Steward,
        Self::Operations,
        Self::Officer,
    ];

    /// Its name in tables and lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Person => "person",
            Self::Agency => "agency",
            Self::Coordinator => "coordinator",
            Self::Steward => "steward",
            Self::Operations => "operations",
            Self::Officer => "officer",
        }
    }
}

/// What an agency answers about one handover.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Which handover, as its records name it.
    pub handover: HandoverId,
    /// The epoch it answers, as its records name it.
    pub epoch: u32,
    /// What it says.
    pub answer: AnswerKind,
}

/// The kinds of answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AnswerKind {
    /// The agency stored this record.
    Received {
        /// Its sequence on the topic.
        sequence: u64,
        /// The hash the agency computed over salt and value.
        #[serde(with = "crate::envelope::hash_text")]
        payload_hash: Hash,
    },
    /// The agency takes over.
    Accepted,
    /// The agency says no.
    Rejected {
        /// Why.
        code: RejectCode,
    },
    /// The agency purged what it had.
    PurgeConfirmed,
    /// The regular trajectory started.
    TrajectoryStarted,
}

/// The kinds of answers, without what they say: what the state table allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the variant of `AnswerKind` with the same name")]
pub enum AnswerName {
    Received,
    Accepted,
    Rejected,
    PurgeConfirmed,
    TrajectoryStarted,
}

impl AnswerName {
    /// Every one, in the order in which they are listed to an agency.
    pub const ALL: [Self; 5] =
        [Self::Received, Self::Accepted, Self::Rejected, Self::PurgeConfirmed, Self::TrajectoryStarted];

    /// The name of an answer.
    #[must_use]
    pub fn of(answer: &AnswerKind) -> Self {
        match answer {
            AnswerKind::Received { .. } => Self::Received,
            AnswerKind::Accepted => Self::Accepted,
            AnswerKind::Rejected { .. } => Self::Rejected,
            AnswerKind::PurgeConfirmed => Self::PurgeConfirmed,
            AnswerKind::TrajectoryStarted => Self::TrajectoryStarted,
        }
    }

    /// The name in lists of allowed answers and in ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::PurgeConfirmed => "purge_confirmed",
            Self::TrajectoryStarted => "trajectory_started",
        }
    }
}

impl AnswerKind {
    /// Its name in the state table and in the list of allowed answers.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        AnswerName::of(self).as_str()
    }
}

/// What people of the desk order for one handover (docs/handovers.md#orders).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderName {
    /// The offer goes to its agency once more, under a new epoch.
    SendAgain,
    /// It stops until somebody releases it.
    Hold,
    /// What stopped it is settled: the facts decide again.
    Release,
    /// Its agency must purge what it has.
    Withdraw,
    /// It is held for want of a legal basis, and ends for that: its agency must purge what it has.
    EndNoBasis,
    /// The agency that has the file is relieved, and the next one goes on.
    EndLine,
    /// The restriction is lifted: what was objected to counts no more.
    Lift,
}

impl OrderName {
    /// Every one, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::SendAgain,
        Self::Hold,
        Self::Release,
        Self::Withdraw,
        Self::EndNoBasis,
        Self::EndLine,
        Self::Lift,
    ];

    /// Its name in commands, lists and the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendAgain => "send_again",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Withdraw => "withdraw",
            Self::EndNoBasis => "end_no_basis",
            Self::EndLine => "end_line",
            Self::Lift => "lift",
        }
    }
}

/// Why an agency says no (docs/handovers.md#rejection-codes). "No capacity" is not among them: competence follows
/// from law.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RejectCode {
    /// The person lives elsewhere.
    NotCompetent,
    /// Outside the legal group.
    NotTargetGroup,
    /// The agency already has an active file.
    AlreadyKnown,
    /// Not the same person.
    IdentityDoubt,
    /// The offer cannot be judged.
    InsufficientData,
    /// The agency may not process it.
    NoBasis,
    /// Nobody was found at the address.
    NotArrived,
    /// The same person was offered twice.
    DuplicateOffer,
    /// The person objects or chose another office.
    PersonDeclines,
}

impl RejectCode {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::NotCompetent,
        Self::NotTargetGroup,
        Self::AlreadyKnown,
        Self::IdentityDoubt,
        Self::InsufficientData,
        Self::NoBasis,
        Self::NotArrived,
        Self::DuplicateOffer,
        Self::PersonDeclines,
    ];
}

/// Why a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Another recipient is responsible.
    Moved,
    /// The purpose ended.
    Closed,
    /// The recipient said no.
    Rejected,
    /// Visa refused or revoked, death, departure, objection.
    Withdrawn,
    /// Not in the target group.
    NotInScope,
    /// No legal basis any more.
    NoBasis,
    /// The data were another person's: purge them.
    Recalled,
    /// Two persons were merged; the successor goes on.
    Merged,
    /// Erased.
    Erased,
}

impl EndReason {
    /// Every one, in the order in which schemas list them.
    pub const ALL: [Self; 9] = [
        Self::Moved,
        Self::Closed,
        Self::Rejected,
        Self::Withdrawn,
        Self::NotInScope,
        Self::NoBasis,
        Self::Recalled,
        Self::Merged,
        Self::Erased,
    ];

    /// Its name in records, lists and digests; it never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::NotInScope => "not_in_scope",
            Self::NoBasis => "no_basis",
            Self::Recalled => "recalled",
            Self::Merged => "merged",
            Self::Erased => "erased",
        }
    }
}

/// Why a handover is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Somebody must say who this is.
    IdentityDoubt,
    /// Something is missing to route.
    DataIncomplete,
    /// No valid legal basis for that recipient.
    NoBasis,
    /// The person restricted or objected.
    Restricted,
    /// Somebody must decide.
    Manual,
}

impl HoldReason {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::IdentityDoubt, Self::DataIncomplete, Self::NoBasis, Self::Restricted, Self::Manual];
}
