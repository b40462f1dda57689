//! Messages: the only input of the hub. What sources push, what agencies answer and what happens
//! inside all take this form.
//!
//! Three forms, in their order: what a source [`Said`], the same made ready for the heart as a [`Body`], and a
//! [`Message`], which is a body at its place in the order of decisions. `adapters` make the first,
//! `decide::prepare` the second, the engine the third.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::actor::ActorName;
use crate::fact::Record;
use crate::handover::{Answer, OrderName};
use crate::ids::{HandoverId, MessageId, PersonId, ReviewId, Seed, StreamId};
use crate::insz::Insz;
use crate::key::{IndexKey, Key, Mac};
use crate::recipient::Recipient;
use crate::time::{Day, Instant, KnownAt};
use crate::view::MatchView;

/// The name of a source: a kind of feed with one contract, such as `visa`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceName(pub String);

/// A message at its place in the order of decisions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its id in the inbox.
    pub id: MessageId,
    /// Its sealed randomness.
    pub seed: Seed,
    /// Its place in the order of decisions: 1, 2, 3 …
    pub order: u64,
    /// When it is decided. Never goes back from one message to the next.
    pub known_at: KnownAt,
    /// What it says.
    pub body: Body,
}

/// All that a source can say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Said {
    /// Something about one person.
    Record(Record),
    /// The register announces that something changed, without saying what it is now.
    Notice(Notice),
    /// An agency answers a handover.
    Answer {
        /// Who answers.
        recipient: Recipient,
        /// What it says.
        answer: Answer,
    },
    /// A task came back without a record about a person.
    TaskFailed(TaskFailed),
}

/// A record made ready for the heart, once, at the door.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prepared {
    /// What the source states; its keys sorted, each once.
    pub record: Record,
    /// What linking compares of it.
    pub view: Arc<MatchView>,
    /// What it is found by: one for each key of the record, in their order, then those made of them and of names.
    pub index: Vec<IndexKey>,
    /// It came with the first load: what was so before this day opens nothing until that was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Day>,
}

impl Prepared {
    /// The record's own keys, each with its place in the index.
    pub fn own(&self) -> impl Iterator<Item = (&Key, IndexKey)> {
        self.record.keys.iter().zip(self.index.iter().copied())
    }
}

/// What a message says, made ready.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Body {
    /// A source states something about one person.
    Record(Arc<Prepared>),
    /// The register announces that something changed, without saying what it is now.
    Notice {
        /// What it announces.
        notice: Notice,
        /// What the national number is found by.
        key: Mac,
    },
    /// An agency answers a handover.
    Answer {
        /// Who answers.
        recipient: Recipient,
        /// What it says.
        answer: Answer,
    },
    /// A task came back without a record about a person.
    TaskFailed {
        /// What failed.
        failed: TaskFailed,
        /// By which its number is found.
        key: Mac,
    },
    /// A day has come on which something about this person becomes true without a message: a deadline, the
    /// start of a rule, the end of a basis. They are looked at again.
    Due(PersonId),
    /// A human answers a review.
    Reviewed {
        /// Which.
        review: ReviewId,
        /// What they say.
        answer: ReviewAnswer,
        /// Why, in their words.
        reason: String,
        /// Who says so.
        by: ActorName,
    },
    /// Somebody asks for one stream's view to be issued again.
    Redeliver {
        /// Which.
        stream: StreamId,
        /// Who asks.
        by: ActorName,
    },
    /// Somebody of the desk decides about a handover.
    Ordered {
        /// Which.
        handover: HandoverId,
        /// What they order.
        order: OrderName,
        /// Why, in their words.
        reason: String,
        /// Who says so.
        by: ActorName,
    },
    /// The data protection officer lifts the restriction of a person, whether they have a handover or not.
    Lifted {
        /// Whose.
        person: PersonId,
        /// Why, in their words.
        reason: String,
        /// Who says so.
        by: ActorName,
    },
    /// A report of what the first load would open was approved: this person waits no longer.
    Approved {
        /// Who.
        person: PersonId,
        /// Their version in the report: who has changed since is not what was approved.
        version: u64,
        /// Why, in their words.
        reason: String,
        /// Who says so.
        by: ActorName,
    },
    /// These records of a person are somebody else's: from here on they are two persons. Where a national number is
    /// involved, it is done when a second, other person orders the same.
    Split {
        /// Who has the records now.
        person: PersonId,
        /// The records that are somebody else's, by the messages they came in.
        records: BTreeSet<MessageId>,
        /// Why, in their words.
        reason: String,
        /// Who says so.
        by: ActorName,
    },
    /// The active bundle is this one from here on.
    Bundle(BundleHash),
}

impl Body {
    /// The same, as a part of the first load: what it says of days before this one opens nothing yet.
    #[must_use]
    pub fn with_baseline(mut self, baseline: Option<Day>) -> Self {
        if let (Self::Record(prepared), Some(_)) = (&mut self, baseline) {
            Arc::make_mut(prepared).baseline = baseline;
        }
        self
    }
}

/// What a human says of two persons who may be one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAnswer {
    /// They are one.
    Same(PersonId),
    /// They are not, any of them: never join them.
    Different,
    /// It cannot be told from what is known: it stays open, behind what nobody has looked at.
    CannotTell,
}

/// "Something of this number changed" (docs/domain.md#the-register). One that names the number which replaces it is a
/// [`Record::replaced`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// Whose.
    pub insz: Insz,
    /// When the register published it.
    pub published_at: Instant,
}

/// A task that ended in an exception of the source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaskFailed {
    /// About whom.
    pub insz: Insz,
    /// The source's code, such as `30001`.
    pub code: String,
}

/// The hash of a bundle: 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BundleHash(pub String);
