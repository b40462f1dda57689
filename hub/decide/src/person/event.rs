//! One thing that happened to one person: what journals hold, and all that a person's state is made of.
//!
//! An event of the message that a person owns names the message and does not repeat its record; an event about
//! anybody else carries what it needs. Next: [`super::fold`], which gives events their meaning.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::actor::ActorName;
use schemas::agreement::Agreement;
use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};
use schemas::ids::{DeliveryId, HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId, TaskId};
use schemas::insz::Insz;
use schemas::message::{Prepared, ReviewAnswer};
use schemas::municipality::NisCode;
use schemas::recipient::Recipient;
use schemas::reference::PermitNumber;
use schemas::time::{Day, Instant};
use serde::{Deserialize, Serialize};

use super::state::{Person, StoppedIn};
use super::words::{Capacity, Join, Reason, ReviewReason, TaskKind, ViewKind};
use crate::model::{Guard, Weight};
use crate::routing::Route;

/// A record with the message it came in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    pub message: MessageId,
    pub prepared: Arc<Prepared>,
}

/// A person who was compared with a record: what it came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Weighed {
    pub person: PersonId,
    /// In hundredths of a bit, by the model of the bundle.
    pub weight: Weight,
    /// The guards that held.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub guards: BTreeSet<Guard>,
}

/// One thing that happened to one person. A person's state is the fold of these and of nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A record became this person's.
    Linked {
        /// The message it came in: the record is read from there.
        message: MessageId,
        reason: Reason,
        /// Who was compared, the heaviest first: whom it was linked to, and who came next.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weighed: Vec<Weighed>,
    },
    /// A link to another person is possible; a human decides.
    ReviewRaised {
        review: ReviewId,
        reason: ReviewReason,
        /// The persons it may be.
        #[serde(default)]
        candidates: BTreeSet<PersonId>,
    },
    /// A human said that a review's person is this one. A national number is involved, so it waits for a second.
    SameProposed { review: ReviewId, same: PersonId, by: ActorName },
    /// A second, other person said so too: they are joined.
    SameSeconded { review: ReviewId, by: ActorName },
    /// A human answered, or a merge made the question void.
    ReviewAnswered { review: ReviewId, answer: ReviewAnswer },
    /// What was asked has become clear by itself: the person fits somebody after all.
    ReviewVoid { review: ReviewId },
    /// A human said that the two are not one: never merge them.
    ToldApart { from: PersonId },
    /// Merged: the survivor has everything from here on.
    MergedInto { survivor: PersonId },
    /// Merged: everything that the absorbed person had is taken over.
    Absorbed {
        /// The absorbed person, as they were.
        person: Box<Person>,
        why: Join,
    },
    /// Split: this id leads to who keeps the other records from here on, and what is here is history of both.
    Parted {
        /// Who goes on in this one's place.
        kept: PersonId,
        /// Who the moved records are.
        moved: PersonId,
        records: BTreeSet<MessageId>,
    },
    /// One of the two that a split made of somebody.
    CameOf {
        /// Whom both were taken for.
        from: PersonId,
        /// The other one: never the same again, but for a human.
        other: PersonId,
        /// As they begin: folded anew from their own records, with what was told of them alone.
        person: Box<Person>,
    },
    /// Somebody ordered what two must agree on: it waits for a second.
    Proposed { order: Agreement, by: ActorName },
    /// A second, other person ordered the same: it is done.
    Seconded { order: Agreement, by: ActorName },
    /// An earlier record counts again, because what had replaced it was voided.
    Restated { evidence: Evidence },
    /// The next day on which the person is looked at without a message.
    DueSet {
        /// The day; none where nothing is due.
        on: Option<Day>,
    },
    /// A handover was opened.
    HandoverOpened {
        handover: HandoverId,
        /// The handover it replaces once it is accepted, or replaced at once.
        replaces: Option<HandoverId>,
    },
    /// A handover came into a state.
    HandoverMoved {
        handover: HandoverId,
        /// The row of the state table that fired.
        row: Cow<'static, str>,
        on: Day,
        to: State,
        /// The recipient, from the moment there is one.
        recipient: Option<Recipient>,
        /// Why there, where a route decided.
        route: Option<Route>,
        /// The day on which the residence began that decided.
        residence: Option<Day>,
        /// The code under which it was known then.
        nis: Option<NisCode>,
        /// Which offer of it: 0 before the first.
        epoch: u32,
        /// Why it is held.
        hold: Option<HoldReason>,
        /// Why it was rejected.
        code: Option<RejectCode>,
        /// In what its agency or the desk stopped it.
        held_in: Option<StoppedIn>,
        /// Who must move next.
        owner: Owner,
        /// Until when; none where nothing can follow.
        deadline: Option<Day>,
        /// A deadline passed and nobody moved it.
        escalated: bool,
        /// Its agency confirmed that it purged what it had.
        purged: bool,
        /// Its agency goes on by itself from here on.
        done: bool,
    },
    /// The data protection officer lifted a restriction: what was objected to before counts no more.
    RestrictionLifted { at: Instant },
    /// It was approved that what was loaded of them opens what it opens.
    LoadApproved {
        /// The baseline that they were loaded with.
        up_to: Option<Day>,
    },
    /// Which of their permits have come to an end: who else comes on one is looked at where it is new here.
    PermitsOver { permits: BTreeSet<PermitNumber> },
    /// A recipient got a name for this person.
    Named { recipient: Recipient, pseudonym: Pseudonym },
    /// The repertory line of a stream was opened: the gate before every delivery on it.
    LineOpened { stream: StreamId, recipient: Recipient, capacity: Capacity, from: Day },
    /// The repertory line of a stream was closed.
    LineClosed { stream: StreamId, recipient: Recipient, to: Day },
    /// A stream was opened.
    StreamOpened {
        stream: StreamId,
        recipient: Recipient,
        /// The handover it belongs to; none before arrival.
        handover: Option<HandoverId>,
        epoch: u32,
    },
    /// A stream goes on with a new offer to the same agency, or with the same one once more where the epoch is the same.
    StreamWentOn { stream: StreamId, epoch: u32 },
    /// A view was issued on a stream.
    Issued {
        stream: StreamId,
        /// The delivery that carries it.
        delivery: DeliveryId,
        /// Its issue number: 1, 2, 3 …
        issue: u32,
        kind: ViewKind,
        /// SHA-256 of the view, to tell whether the next one differs.
        digest: [u8; 32],
        /// Set on the last one.
        ended: Option<EndReason>,
    },
    /// The register was asked.
    Asked { task: TaskId, insz: Insz, what: TaskKind },
}
