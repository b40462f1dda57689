//! The shape of a person's state: what linking compares, and all else.
//!
//! Both halves are stored sealed, each on its own. Nothing here changes it: that is [`super::fold`]'s alone.
//! Next: [`super::claims`], where the facts are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};
use schemas::ids::{HandoverId, PersonId, Pseudonym, ReviewId, StreamId};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::name::Tokens;
use schemas::partial::PartialDate;
use schemas::recipient::Recipient;
use schemas::time::Day;
use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::words::{Capacity, TaskKind, ViewKind};
use crate::routing::Route;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// How many events were folded.
    pub version: u64,
    /// What linking compares; shared, because few messages change it.
    pub matching: Arc<Matching>,
    pub state: PersonState,
}

/// What linking compares: every form of every name, every birth date, every personal key.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Matching {
    /// Names in compared form.
    pub names: BTreeSet<Tokens>,
    pub births: BTreeSet<PartialDate>,
    pub keys: BTreeSet<Key>,
}

/// What is known, who is responsible, what was sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonState {
    /// The fold of the facts.
    pub claims: Claims,
    pub handovers: Vec<Handover>,
    /// What each recipient calls them.
    pub pseudonyms: BTreeMap<Recipient, Pseudonym>,
    /// Repertory lines that are open.
    pub lines: BTreeMap<Recipient, Line>,
    pub streams: Vec<Stream>,
    /// What the register was asked, by number.
    pub asked: BTreeSet<(Insz, TaskKind)>,
    /// Open reviews, each with the persons it may be.
    pub open_reviews: BTreeMap<ReviewId, BTreeSet<PersonId>>,
    /// Persons a human told apart from this one for good.
    pub never: BTreeSet<PersonId>,
    /// Persons that were absorbed: their journals count here as well.
    pub absorbed: BTreeSet<PersonId>,
    /// The survivor, once this person was absorbed: nothing is kept here then.
    pub merged_into: Option<PersonId>,
    /// The next day on which something becomes true without a message.
    pub due: Option<Day>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// Its id, known to its recipient.
    pub id: HandoverId,
    /// The handover it replaces.
    pub replaces: Option<HandoverId>,
    pub state: State,
    /// To whom, from the moment that is known.
    pub recipient: Option<Recipient>,
    pub route: Option<Route>,
    /// The day on which the residence began that decided.
    pub residence: Option<Day>,
    /// Which offer of it: 0 before the first.
    pub epoch: u32,
    /// The day on which this offer was accepted.
    #[serde(default)]
    pub accepted: Option<Day>,
    /// Why it is held.
    pub hold: Option<HoldReason>,
    /// Why it was rejected.
    pub code: Option<RejectCode>,
    /// Who must move next.
    pub owner: Owner,
    pub deadline: Option<Day>,
}

/// One open repertory line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub capacity: Capacity,
    pub from: Day,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stream {
    pub id: StreamId,
    pub recipient: Recipient,
    /// The handover it belongs to; none before arrival.
    pub handover: Option<HandoverId>,
    pub epoch: u32,
    /// How many views were issued.
    pub issues: u32,
    /// The last one: its kind and its digest.
    pub last: Option<(ViewKind, [u8; 32])>,
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
    pub fn holds_file(&self) -> bool {
        self.state == State::Accepted || (self.state == State::Held && self.accepted.is_some())
    }
}

impl Person {
    /// Somebody of whom nothing is known yet.
    #[must_use]
    pub fn new(id: PersonId) -> Self {
        Self { id, version: 0, matching: Arc::default(), state: PersonState::default() }
    }

    /// The handover that has not ended and was opened last: the one that sources move. One that only
    /// waits for a purge counts as ended.
    #[must_use]
    pub fn live_handover(&self) -> Option<&Handover> {
        self.state.handovers.iter().rev().find(|handover| handover.is_live())
    }

    /// The handover whose recipient holds the file. Who is responsible is more than that: [`Person::responsible`].
    #[must_use]
    pub fn held_handover(&self) -> Option<&Handover> {
        self.state.handovers.iter().find(|handover| handover.holds_file())
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
