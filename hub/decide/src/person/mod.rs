//! The aggregate: one person as the fold of his journal.
//!
//! Owns the shape of the state; [`Person::apply`] in `fold` is the only way it changes. What is in it is
//! stored sealed, in two parts: what linking compares, and the rest. Next: [`crate::journey`], which
//! reads it.

mod fold;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::fact::{Authority, Entry, Fact, Field, Record, Statement};
use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};
use schemas::ids::{HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::name::Tokens;
use schemas::partial::PartialDate;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};
use serde::{Deserialize, Serialize};

use crate::change::{Capacity, TaskKind, ViewKind};
use crate::routing::Route;

/// One record as it was linked: what the journal keeps, and what a split folds again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// The message it came in.
    pub message: MessageId,
    /// The record.
    pub record: Record,
}

/// One person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    /// His id.
    pub id: PersonId,
    /// How many events were folded.
    pub version: u64,
    /// What linking compares.
    pub matching: Matching,
    /// All else.
    pub state: PersonState,
}

/// What linking compares: every form of every name, every birth date, every personal key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Matching {
    /// Names in compared form.
    pub names: BTreeSet<Tokens>,
    /// Birth dates.
    pub births: BTreeSet<PartialDate>,
    /// Personal keys.
    pub keys: BTreeSet<Key>,
}

/// What is known, who is responsible, what was sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonState {
    /// The fold of the facts; shared, because every message starts from a copy of the person.
    pub claims: BTreeMap<Arc<Cell>, Arc<Claim>>,
    /// Handovers, oldest first.
    pub handovers: Vec<Handover>,
    /// What each recipient calls him.
    pub pseudonyms: BTreeMap<Recipient, Pseudonym>,
    /// Repertory lines that are open.
    pub lines: BTreeMap<Recipient, Line>,
    /// Streams, oldest first.
    pub streams: Vec<Stream>,
    /// What the register was asked, by number.
    pub asked: BTreeSet<(Insz, TaskKind)>,
    /// Open reviews, each with the persons he may be.
    pub open_reviews: BTreeMap<ReviewId, BTreeSet<PersonId>>,
    /// Persons a human told apart from him for good.
    pub never: BTreeSet<PersonId>,
    /// Persons who turned out to be him: their journals are his as well.
    pub absorbed: BTreeSet<PersonId>,
    /// Who he turned out to be: nothing is kept here then.
    pub merged_into: Option<PersonId>,
    /// The next day on which something becomes true without a message.
    pub due: Option<Day>,
}

/// Where a statement stands in the fold: a newer one of the same cell replaces it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// What it is about.
    pub entry: Entry,
    /// Which field.
    pub field: Field,
    /// Who speaks.
    pub authority: Authority,
    /// Through which channel: sequences count inside one.
    pub channel: String,
}

/// The statement that decides in its cell. Their order is that of the fold: the greatest one wins,
/// whatever came first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The sender's counter, where it has one.
    pub sequence: Option<u64>,
    /// The time it stated.
    pub stated_at: Instant,
    /// What it says.
    pub statement: Statement,
    /// Since when it holds.
    pub valid_from: Option<Day>,
    /// The message that said it.
    pub message: MessageId,
}

/// One handover.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// Its id, known to its recipient.
    pub id: HandoverId,
    /// The handover it replaces.
    pub replaces: Option<HandoverId>,
    /// Where it stands.
    pub state: State,
    /// To whom, from the moment that is known.
    pub recipient: Option<Recipient>,
    /// Why to him.
    pub route: Option<Route>,
    /// The day on which the residence began that decided.
    pub residence: Option<Day>,
    /// Which offer of it: 0 before the first.
    pub epoch: u32,
    /// Whether this offer was accepted.
    #[serde(default)]
    pub accepted: bool,
    /// Why it is held.
    pub hold: Option<HoldReason>,
    /// Why it was rejected.
    pub code: Option<RejectCode>,
    /// Who must move next.
    pub owner: Owner,
    /// Until when.
    pub deadline: Option<Day>,
}

/// One open repertory line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// In which capacity.
    pub capacity: Capacity,
    /// Since when.
    pub from: Day,
}

/// One stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// For whom.
    pub recipient: Recipient,
    /// The handover it belongs to; none before arrival.
    pub handover: Option<HandoverId>,
    /// Its epoch.
    pub epoch: u32,
    /// How many views were issued.
    pub issues: u32,
    /// The last one: its kind and its digest.
    pub last: Option<(ViewKind, [u8; 32])>,
    /// Why it ended.
    pub ended: Option<EndReason>,
}

impl Handover {
    /// Whether it has not ended and does not only wait for a purge.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let purging = matches!(self.state, State::WithdrawPending | State::RecallPending);
        !self.state.is_final() && !purging
    }

    /// Whether its recipient holds the file: accepted, and not taken back since.
    #[must_use]
    pub fn responsible(&self) -> bool {
        self.state == State::Accepted || (self.state == State::Held && self.accepted)
    }
}

impl Cell {
    /// Where a fact stands.
    #[must_use]
    pub fn of(fact: &Fact) -> Self {
        Self {
            entry: fact.entry.clone(),
            field: fact.statement.field(),
            authority: fact.authority,
            channel: fact.version.channel.clone(),
        }
    }
}

impl Claim {
    /// What a fact of this message claims.
    #[must_use]
    pub fn of(fact: &Fact, message: MessageId) -> Self {
        Self {
            sequence: fact.version.sequence,
            stated_at: fact.version.stated_at,
            statement: fact.statement.clone(),
            valid_from: fact.valid_from,
            message,
        }
    }
}

impl Person {
    /// Somebody of whom nothing is known yet.
    #[must_use]
    pub fn new(id: PersonId) -> Self {
        Self { id, version: 0, matching: Matching::default(), state: PersonState::default() }
    }

    /// The handover that has not ended and was opened last: the one that sources move. One that only
    /// waits for a purge counts as ended.
    #[must_use]
    pub fn live_handover(&self) -> Option<&Handover> {
        self.state.handovers.iter().rev().find(|handover| handover.is_live())
    }

    /// The handover of this id.
    #[must_use]
    pub fn handover(&self, id: HandoverId) -> Option<&Handover> {
        self.state.handovers.iter().find(|handover| handover.id == id)
    }

    /// The streams that have not ended.
    pub fn open_streams(&self) -> impl Iterator<Item = &Stream> {
        self.state.streams.iter().filter(|stream| stream.ended.is_none())
    }
}
