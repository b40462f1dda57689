//! What one message leads to: the only output of the heart, and the only way the world changes.
//!
//! A [`Change`] says everything the engine must store: events for journals, records for the key
//! index, deliveries, tasks, reviews. Applying it to the world and storing it are two readings of
//! the same value. Next: [`crate::world`].

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};
use schemas::ids::{DeliveryId, HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId, TaskId};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::message::ReviewAnswer;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};
use serde::{Deserialize, Serialize};

use crate::disclosure::View;
use crate::identity::{Join, Reason, ReviewReason};
use crate::person::{Evidence, Person};
use crate::routing::Route;

/// Why [`crate::decide`] did not decide.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Load these and ask again.
    Needs(Box<Needs>),
    /// Nobody it could be about is known yet: keep it with its keys.
    Waiting(Waiting),
    /// It cannot be done; the sender is told why.
    Refused(Refusal),
}

/// What must be loaded before the message can be decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// Keys whose records are asked for.
    pub keys: BTreeSet<Key>,
    /// Persons asked for, redirects followed by the engine.
    pub persons: BTreeSet<PersonId>,
    /// Waiting records whose content is asked for.
    pub records: BTreeSet<MessageId>,
    /// Handovers whose person is asked for.
    pub handovers: BTreeSet<HandoverId>,
    /// Streams whose person is asked for.
    pub streams: BTreeSet<StreamId>,
    /// Reviews whose person is asked for.
    pub reviews: BTreeSet<ReviewId>,
    /// Persons whose learning records are asked for, from their journals.
    pub journals: BTreeSet<PersonId>,
    /// Records on a topic whose payload hash is asked for.
    pub sent: BTreeSet<(Recipient, u64)>,
}

impl Needs {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another message needs: a batch loads the union.
    pub fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.persons.extend(other.persons);
        self.records.extend(other.records);
        self.handovers.extend(other.handovers);
        self.streams.extend(other.streams);
        self.reviews.extend(other.reviews);
        self.journals.extend(other.journals);
        self.sent.extend(other.sent);
    }
}

/// A record no person can yet be found for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// The keys under which it is kept.
    pub keys: Vec<Key>,
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
        /// The present state.
        state: State,
        /// The answers that are possible.
        allowed: Vec<String>,
    },
    /// Two agencies each have the file of one of them.
    #[error("two agencies each hold the file of one of the two: one of them must close it first")]
    TwoHoldTheFile,
    /// The answer names somebody the review did not ask about.
    #[error("the review does not ask about this person")]
    NotAsked,
    /// The hash differs from that of the record with this sequence.
    #[error("the payload hash is not that of the record with this sequence")]
    HashDiffers,
}

impl Refusal {
    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownHandover => "unknown-handover",
            Self::UnknownPerson => "unknown-person",
            Self::UnknownReview => "unknown-review",
            Self::UnknownStream => "unknown-stream",
            Self::OldEpoch { .. } => "old-epoch",
            Self::NotAllowed { .. } => "not-allowed",
            Self::TwoHoldTheFile => "two-hold-the-file",
            Self::NotAsked => "not-asked",
            Self::HashDiffers => "hash-differs",
        }
    }
}

/// Everything that follows from one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Events, in order, each on one person's journal.
    pub events: Vec<(PersonId, Event)>,
    /// Records that are now found by these keys. Without a person where the record waits.
    pub records: Vec<IndexedRecord>,
    /// Waiting records that this message brought to a person.
    pub released: Vec<MessageId>,
    /// What leaves, in order.
    pub deliveries: Vec<Delivery>,
    /// What is asked of the outside.
    pub tasks: Vec<Task>,
    /// What a human must decide.
    pub reviews: Vec<Review>,
}

impl Change {
    /// Persons who turned out to be another: absorbed, survivor.
    pub fn merged(&self) -> impl Iterator<Item = (PersonId, PersonId)> {
        self.events.iter().filter_map(|(id, event)| match event {
            Event::MergedInto { survivor } => Some((*id, *survivor)),
            _ => None,
        })
    }
}

/// One record under its keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexedRecord {
    /// The record.
    pub record: MessageId,
    /// Its person.
    pub person: PersonId,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// One thing that happened to one person. A person's state is the fold of these and of nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A record became this person's.
    Linked {
        /// The record as the source knows him.
        evidence: Evidence,
        /// Why.
        reason: Reason,
    },
    /// A link to another person is possible; a human decides.
    ReviewRaised {
        /// The review.
        review: ReviewId,
        /// Why.
        reason: ReviewReason,
        /// The persons he may be.
        #[serde(default)]
        candidates: BTreeSet<PersonId>,
    },
    /// A human answered, or a merge made the question void.
    ReviewAnswered {
        /// The review.
        review: ReviewId,
        /// The answer.
        answer: ReviewAnswer,
    },
    /// A human said that he is not this person: never join them.
    ToldApart {
        /// From whom.
        from: PersonId,
    },
    /// He turned out to be another, who has his all from here on.
    MergedInto {
        /// Who.
        survivor: PersonId,
    },
    /// Another turned out to be him.
    Absorbed {
        /// The other, as he was.
        person: Box<Person>,
        /// Why.
        why: Join,
    },
    /// An earlier record counts again, because what had replaced it was voided.
    Restated {
        /// The record.
        evidence: Evidence,
    },
    /// The next day on which he is looked at without a message.
    DueSet {
        /// The day; none where nothing is due.
        on: Option<Day>,
    },
    /// A handover was opened.
    HandoverOpened {
        /// Its id.
        handover: HandoverId,
        /// The handover it replaces once it is accepted, or replaced at once.
        replaces: Option<HandoverId>,
    },
    /// A handover came into a state.
    HandoverMoved {
        /// Which.
        handover: HandoverId,
        /// The row of the state table that fired.
        row: Cow<'static, str>,
        /// The new state.
        to: State,
        /// The recipient, from the moment there is one.
        recipient: Option<Recipient>,
        /// Why there, where a route decided.
        route: Option<Route>,
        /// The day on which the residence began that decided.
        residence: Option<Day>,
        /// Why it is held.
        hold: Option<HoldReason>,
        /// Why it was rejected.
        code: Option<RejectCode>,
        /// Who must move next.
        owner: Owner,
        /// Until when; none where nothing can follow.
        deadline: Option<Day>,
    },
    /// A recipient got a name for this person.
    Named {
        /// Who.
        recipient: Recipient,
        /// The name.
        pseudonym: Pseudonym,
    },
    /// A repertory line was opened: the gate before every delivery.
    LineOpened {
        /// For whom.
        recipient: Recipient,
        /// In which capacity.
        capacity: Capacity,
        /// Since when.
        from: Day,
    },
    /// A repertory line was closed.
    LineClosed {
        /// Whose.
        recipient: Recipient,
        /// Since when.
        to: Day,
    },
    /// A stream was opened.
    StreamOpened {
        /// Its id.
        stream: StreamId,
        /// For whom.
        recipient: Recipient,
        /// The handover it belongs to; none before arrival.
        handover: Option<HandoverId>,
        /// Its epoch.
        epoch: u32,
    },
    /// A view was issued on a stream.
    Issued {
        /// Which stream.
        stream: StreamId,
        /// Its issue number: 1, 2, 3 …
        issue: u32,
        /// Which kind.
        kind: ViewKind,
        /// SHA-256 of the view, to tell whether the next one differs.
        digest: [u8; 32],
        /// Set on the last one.
        ended: Option<EndReason>,
    },
    /// The register was asked.
    Asked {
        /// The task.
        task: TaskId,
        /// About which number.
        insz: Insz,
        /// What.
        what: TaskKind,
    },
}

/// In which capacity a recipient holds a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Provider before arrival.
    Provider,
    /// The participant himself.
    Participant,
    /// Has an offer (KSZ 902).
    Provisional,
    /// Took over (KSZ 000).
    Definitive,
}

/// The kinds of view.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// The little needed to say yes.
    Offer,
    /// After yes.
    File,
    /// The last of a stream.
    Ended,
}

impl ViewKind {
    /// Its name in records and headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::File => "file",
            Self::Ended => "ended",
        }
    }
}

/// A view that changed, on its way to one recipient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Its CloudEvents id.
    pub id: DeliveryId,
    /// Whose data.
    pub person: PersonId,
    /// For whom.
    pub recipient: Recipient,
    /// The recipient's name for the person: the record's key.
    pub pseudonym: Pseudonym,
    /// The stream.
    pub stream: StreamId,
    /// The handover the recipient answers; none before arrival.
    pub handover: Option<HandoverId>,
    /// The stream's epoch.
    pub epoch: u32,
    /// The issue number on the stream.
    pub issue: u32,
    /// When it was decided.
    pub at: Instant,
    /// The salt of its payload hash.
    pub salt: [u8; 32],
    /// What the recipient sees. Only `disclosure` makes one.
    pub view: View,
}

/// A request the hub makes of the outside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its id, and the reference the source sees.
    pub id: TaskId,
    /// For whom.
    pub person: PersonId,
    /// What.
    pub kind: TaskKind,
    /// About which number.
    pub insz: Insz,
}

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Enrol the number in the repertory, so that changes are announced (RegistreerInschrijving).
    Register,
    /// Read what the register knows now (GeefPersoon).
    GivePerson,
}

/// A link that a human must decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// The person the record was given meanwhile.
    pub person: PersonId,
    /// The persons it may be.
    pub candidates: Vec<PersonId>,
    /// Why.
    pub reason: ReviewReason,
}
