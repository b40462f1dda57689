//! The one read model of a person's life: what happened, why, who is responsible since when, what was shown to whom.
//!
//! [`read`] walks a history with those of everybody who was absorbed, once; [`person`] tells it, purely. What people
//! read is drawn from it: `hub explain`, the console's page of a handover, `hub review show`. Nothing is decided again here,
//! and personal values are shown only where they are asked for.

pub mod read;
pub mod person;
pub mod rows;
pub mod table;
mod golden;
mod resemblance;
mod side;
pub(crate) mod verdict;

use decide::person::{Join, Mandate, Reason, ReviewReason, TaskKind, ViewKind};
use decide::routing::Route;
use schemas::fact::{Authority, Field};
use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};
use serde::Serialize;

pub use golden::{Alternative, GoldenStory};
pub use person::{StoryGiven, tell};
pub use read::{KnownHistory, Sent, StoryReader};
pub use resemblance::{Resemblance, ResemblanceField};
pub use side::Side;

/// Until when history is read: a story as it could have been told then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// After this place in the order of decisions.
    Order(u64),
    Time(Instant),
}

impl At {
    /// Whether a decision of this order and time had been made.
    #[must_use]
    pub fn knows(self, order: u64, known_at: Instant) -> bool {
        match self {
            Self::Order(last) => order <= last,
            Self::Time(at) => known_at <= at,
        }
    }
}

/// What is known of one person, and why they are where they are.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct PersonStory {
    pub person: String,
    /// The last decision that is part of this explanation.
    pub last: Option<DecidedBy>,
    /// Who is responsible, and why.
    pub responsible: ResponsibleParty,
    /// Whether they belong to the target group, and what that rests on.
    pub target_group: TargetGroupDecision,
    /// Where they live, and what that rests on.
    pub home: Option<DecidingHome>,
    /// Who they are, field by field: what decides, and what else was said.
    pub golden: Vec<GoldenStory>,
    /// The messages that are theirs, and why each is.
    pub links: Vec<LinkedMessage>,
    /// Persons who were absorbed; their histories are part of this one.
    pub absorbed: Vec<Absorption>,
    /// The split that they came of: what is told of before it is told of both.
    pub taken_apart: Option<TakenApart>,
    /// Doubts about who they are, answered or not.
    pub reviews: Vec<Doubt>,
    /// The next day on which something becomes true for them without a message.
    pub due: Option<Day>,
    /// Their handovers, oldest first.
    pub handovers: Vec<HandoverStory>,
    /// Their streams, oldest first.
    pub streams: Vec<StreamStory>,
    /// What the register was asked about them.
    pub questions: Vec<Question>,
}

/// A split: two who were taken for one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TakenApart {
    /// Whom both were taken for.
    pub from: String,
    /// Who the other one is.
    pub other: String,
    pub decision: DecidedBy,
}

/// A decision: which message made it, when, under which rules.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DecidedBy {
    pub message: String,
    /// Its place in the order of decisions.
    pub order: u64,
    /// When it was decided.
    pub known_at: Instant,
    /// The version of the heart.
    pub heart: String,
    /// The bundle of rules.
    pub bundle: String,
    /// Whether that is the bundle of today's config folder, by which this explanation reads contracts.
    pub bundle_is_present: bool,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct ResponsibleParty {
    /// Who; nobody where none is.
    pub recipient: Option<Recipient>,
    pub since: Option<Day>,
    /// The handover that says so.
    pub handover: Option<String>,
    #[serde(skip)]
    pub why: Mandate,
    pub because: String,
}

/// The decision about the target group.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct TargetGroupDecision {
    /// `in`, `out`, `review` or `unknown`.
    pub verdict: &'static str,
    /// As what, or why not: `family`, `age`, …
    pub as_what: Option<String>,
    pub because: String,
    /// What it rests on.
    pub facts: Vec<StatedFact>,
}

/// The residence that decides where a person belongs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DecidingHome {
    /// The day it began.
    pub began: Day,
    /// What it rests on.
    pub facts: Vec<StatedFact>,
}

/// A fact that a decision rests on: where it comes from, and its value only where values were asked for.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StatedFact {
    pub field: Field,
    /// What kind of entry it is about: `application`, `permit`, `residence` …
    pub entry: &'static str,
    pub authority: Authority,
    /// When it was said.
    pub stated_at: Instant,
    /// Since when it holds.
    pub valid_from: Option<Day>,
    /// The message that said it.
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

/// A message that is a person's.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LinkedMessage {
    pub message: String,
    /// Why it is theirs.
    pub reason: Reason,
    /// The decision that said so.
    pub decision: DecidedBy,
}

/// A doubt about who somebody is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Doubt {
    pub review: String,
    pub reason: ReviewReason,
    /// What a human, or a merge since, said: `same`, `different` or `cannot_tell`; `void` where it became clear by itself.
    pub answered: Option<&'static str>,
    /// The decision that raised it.
    pub decision: DecidedBy,
}

/// Somebody who was absorbed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Absorption {
    /// Their id, which leads here for ever.
    pub person: String,
    pub why: Join,
    pub decision: DecidedBy,
}

/// A question to the register.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Question {
    pub task: String,
    pub what: TaskKind,
    /// The decision that asked.
    pub decision: DecidedBy,
}

/// The life of one handover.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HandoverStory {
    pub handover: String,
    /// The one it replaces.
    pub replaces: Option<String>,
    pub state: State,
    pub recipient: Option<Recipient>,
    /// Which offer of it.
    pub epoch: u32,
    /// How it came there.
    pub moves: Vec<Move>,
}

/// One row of the state table that fired.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Move {
    pub row: String,
    /// What the row means.
    pub words: &'static str,
    /// The state before; none where the handover began with it.
    pub from: Option<State>,
    pub to: State,
    pub recipient: Option<Recipient>,
    /// Where the routing table led, and why.
    pub route: Option<Route>,
    /// The day on which the residence began that decided.
    pub residence: Option<Day>,
    /// Why it is held.
    pub hold: Option<HoldReason>,
    /// Why the agency said no.
    pub code: Option<RejectCode>,
    /// Who must move next.
    pub owner: Owner,
    pub deadline: Option<Day>,
    /// The legal basis of that recipient on that day.
    pub basis: Option<Basis>,
    pub decision: DecidedBy,
}

/// What a flow rests on in law.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Basis {
    /// The protocol or deliberation.
    pub reference: String,
    pub from: Day,
    /// Last day; none while it lasts.
    pub to: Option<Day>,
}

/// One stream: what its recipient was shown, and what not.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StreamStory {
    pub stream: String,
    pub recipient: Recipient,
    /// The handover it belongs to; none before arrival.
    pub handover: Option<String>,
    pub epoch: u32,
    /// Its records, oldest first.
    pub receipts: Vec<Receipt>,
    pub ended: Option<EndReason>,
}

/// A minimisation receipt: names of fields that left and of fields that did not.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Receipt {
    /// The issue number on the stream.
    pub issue: u32,
    /// Which kind of view.
    pub kind: ViewKind,
    /// The legal basis on that day.
    pub basis: Option<Basis>,
    /// Its number on the topic, while the record is kept.
    pub sequence: Option<u64>,
    /// Its CloudEvents id, while the record is kept.
    pub delivery: Option<String>,
    /// When its arrival was proved.
    pub arrived_at: Option<Instant>,
    /// The fields in it.
    pub fields: Vec<String>,
    /// The fields that were known and not in it.
    pub withheld: Vec<String>,
    /// Whether `fields` was read from the record itself; else from the contract, because it is not kept.
    pub read: bool,
    pub decision: DecidedBy,
}
