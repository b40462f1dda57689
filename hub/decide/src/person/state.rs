//! The shape of a person's state: what linking compares, and all else.
//!
//! Both halves are stored sealed, each on its own. Nothing here changes it: that is [`super::fold`]'s alone.
//! Next: [`super::claims`], where the facts are.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::actor::ActorName;
use schemas::agreement::Agreement;
use schemas::fact::Field;
use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};
use schemas::ids::{HandoverId, PersonId, Pseudonym, ReviewId, StreamId};
use schemas::insz::Insz;
use schemas::key::{Key, Mac};
use schemas::municipality::NisCode;
use schemas::name::NativeName;
use schemas::partial::PartialDate;
use schemas::recipient::Recipient;
use schemas::reference::PermitNumber;
use schemas::time::{Day, Instant};
use schemas::view::{Mark, MatchView, NameView};
use serde::{Deserialize, Serialize};

use super::claims::{Claim, Claims};
use super::facing::Facing;
use super::first_load::FirstLoad;
use super::stage::{Holds, Stage};
use super::words::{Capacity, ReviewReason, TaskKind, ViewKind};
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

/// What linking compares: the distinct views of the person's records, every number, and who they are and are not.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Matching {
    /// Names, dates and marks, as each record said them together; at most [`VIEWS_KEPT`]. Numbers are left out.
    pub views: BTreeSet<Arc<MatchView>>,
    pub keys: BTreeSet<Key>,
    /// Persons a human told apart from this one for good.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub never: BTreeSet<PersonId>,
    /// Persons that were absorbed: their journals count here as well.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub absorbed: BTreeSet<PersonId>,
}

/// A person as linking looks at them: who, and what is compared.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    pub id: PersonId,
    pub matching: &'a Matching,
}

impl Outline<'_> {
    /// Whether the id is theirs, or that of somebody they absorbed.
    #[must_use]
    pub fn is(&self, id: PersonId) -> bool {
        id == self.id || self.matching.absorbed.contains(&id)
    }
}

/// How many distinct views of one person are kept: those that come first in their own order, so that the order of
/// arrival does not matter.
pub const VIEWS_KEPT: usize = 32;

impl Matching {
    /// Every form of every name, those of equal views one after the other.
    pub fn names(&self) -> impl Iterator<Item = &NameView> {
        self.views.iter().flat_map(|view| &view.names)
    }

    /// Names in their own script.
    pub fn native(&self) -> impl Iterator<Item = &NativeName> {
        self.views.iter().flat_map(|view| &view.native)
    }

    pub fn births(&self) -> impl Iterator<Item = &PartialDate> {
        self.views.iter().flat_map(|view| &view.births)
    }

    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.views.iter().flat_map(|view| &view.marks)
    }
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
    pub streams: Vec<Stream>,
    /// What the register was asked, by number: a number that is enrolled stands here until its enrolment ends.
    pub asked: BTreeSet<(Insz, TaskKind)>,
    pub open_reviews: BTreeMap<ReviewId, OpenReview>,
    /// What was asked because they fitted nobody: each once, whatever came of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alone: BTreeMap<ReviewReason, ReviewId>,
    /// The survivor, once this person was absorbed: nothing is kept here then.
    pub merged_into: Option<PersonId>,
    /// The next day on which something becomes true without a message.
    pub due: Option<Day>,
    /// When a restriction was lifted last: what was objected to before it counts no more.
    pub lifted: Option<Instant>,
    pub first_load: FirstLoad,
    /// What somebody ordered that waits for a second, and who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<(Agreement, ActorName)>,
    pub household: Household,
}

/// A link that a human must decide.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenReview {
    /// The persons it may be.
    pub candidates: BTreeSet<PersonId>,
    /// Whom somebody said it is, and who: it waits for a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<(PersonId, ActorName)>,
}

/// The permits by which a household is known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Household {
    /// What whoever names a permit is found by: of each permit that a record of theirs names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<PermitNumber, Mac>,
    /// Which of their own permits had come to an end when they were looked at last.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub over: BTreeSet<PermitNumber>,
}

impl PersonState {
    /// Whether they wait for the approval of a first load: facts and links go on, and nothing is opened, asked or due.
    /// Of whom anything was opened or asked before goes on.
    #[must_use]
    pub fn awaits_approval(&self) -> bool {
        let untouched = self.handovers.is_empty() && self.streams.is_empty() && self.asked.is_empty();
        untouched && self.first_load.is_unapproved()
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// Its id, known to its recipient.
    pub id: HandoverId,
    /// The handover it replaces.
    pub replaces: Option<HandoverId>,
    pub state: State,
    /// Since when it is in this state.
    pub since: Day,
    /// The row of the state table that fired last.
    pub row: Cow<'static, str>,
    /// While it is held: the state it comes back to.
    pub before: Option<State>,
    /// To whom, from the moment that is known.
    pub recipient: Option<Recipient>,
    pub route: Option<Route>,
    /// The day on which the residence began that decided.
    pub residence: Option<Day>,
    /// The code under which that residence was known then.
    pub nis: Option<NisCode>,
    /// Which offer of it: 0 before the first.
    pub epoch: u32,
    /// The day on which this offer was accepted.
    pub accepted: Option<Day>,
    /// The day on which its agency confirmed that it purged what it had.
    pub purged: Option<Day>,
    /// Why it is held.
    pub hold: Option<HoldReason>,
    /// Why it was rejected.
    pub code: Option<RejectCode>,
    /// In what its agency or the desk stopped it: a no stays so while the facts say the same, and nobody was chosen since.
    pub held_in: Option<StoppedIn>,
    /// Who must move next.
    pub owner: Owner,
    pub deadline: Option<Day>,
    /// A deadline passed and nobody moved it.
    pub escalated: bool,
    /// Its agency goes on by itself: the trajectory started, or it had a file of its own.
    pub done: bool,
    /// Until when they may choose an office in Brussels; it counts once.
    pub choice_by: Option<Day>,
}

/// What somebody judged who stopped a handover: its agency by a no, the desk by an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoppedIn {
    /// What the facts said then.
    pub facing: Facing,
    pub at: Instant,
}

/// The repertory line of a stream: its recipient holds the person in this capacity.
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
    /// The line that lets it speak; it closes with its end.
    pub line: Option<Line>,
    /// How many views were issued.
    pub issues: u32,
    /// The last one: its kind and its digest.
    pub last: Option<(ViewKind, [u8; 32])>,
    pub ended: Option<EndReason>,
}

impl Stream {
    /// What was shown last is shown once more, as soon as it may be: no view has this digest.
    pub(crate) fn owe(&mut self) {
        self.last = self.last.map(|(kind, _)| (kind, [0; 32]));
    }
}

impl Handover {
    /// Where it stands: its state, and what its agency has.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let holds = match &self.recipient {
            _ if self.accepted.is_some() => Holds::File,
            _ if self.code.is_some() => Holds::Refused,
            // There is a recipient from the first offer on.
            Some(_) => Holds::Offer,
            None => Holds::Nothing,
        };
        Stage::of(self.state, holds)
    }

    /// Whether it has not ended and does not only wait for a purge.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.stage().is_live()
    }

    /// Whether its recipient holds the file: accepted, and not taken back since.
    #[must_use]
    pub fn holds_file(&self) -> bool {
        self.stage().has_file()
    }

    /// Whether the desk stopped it by an order, and nobody has released it.
    #[must_use]
    pub fn is_stopped_by_desk(&self) -> bool {
        self.held_in.is_some() && self.code.is_none()
    }

    /// Whether its agency goes on by itself: the trajectory started, or it had a file of its own.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Closed && self.done
    }
}

impl PersonState {
    /// Whether they object to being handed over, and nobody lifted that since.
    #[must_use]
    pub fn objects(&self) -> bool {
        let stands = |claim: &Claim| self.lifted.is_none_or(|at| claim.stated_at > at);
        self.claims.of(Field::Objection).any(|(_, claim)| stands(claim))
    }
}

impl Person {
    /// Somebody of whom nothing is known yet.
    #[must_use]
    pub fn new(id: PersonId) -> Self {
        Self { id, version: 0, matching: Arc::default(), state: PersonState::default() }
    }

    /// As linking looks at them.
    #[must_use]
    pub fn outline(&self) -> Outline<'_> {
        Outline { id: self.id, matching: &self.matching }
    }

    /// Whether a national number is involved: nobody decides alone who they are then.
    #[must_use]
    pub fn has_national_number(&self) -> bool {
        self.matching.keys.iter().any(|key| matches!(key, Key::Insz(_)))
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

    /// The recipients with an open line.
    #[must_use]
    pub fn lines(&self) -> BTreeSet<&Recipient> {
        let open = self.open_streams().filter(|stream| stream.line.is_some());
        open.map(|stream| &stream.recipient).collect()
    }

    /// The streams that have not ended.
    pub fn open_streams(&self) -> impl Iterator<Item = &Stream> {
        self.state.streams.iter().filter(|stream| stream.ended.is_none())
    }
}
