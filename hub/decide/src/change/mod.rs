//! What one message leads to: the only output of the heart, and the only way the world changes.
//!
//! A [`Change`] says everything the engine must store, whole: events for journals, the persons as they are after
//! them, records for the key index, deliveries, tasks, reviews. Applying it to the world (`apply`) and storing it
//! are two readings of the same value. Next: [`crate::decide`].

mod apply;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::ids::{DeliveryId, HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId, TaskId};
use schemas::insz::Insz;
use schemas::key::Mac;
use schemas::message::Prepared;
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde::{Deserialize, Serialize};

pub use view::View;

use crate::person::{Event, Person, ReviewReason, TaskKind};

/// Everything that follows from one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Whose message it is now; nobody's where nothing follows for anybody.
    pub owner: Option<PersonId>,
    /// Events, in order, each on one person's journal.
    pub events: Vec<(PersonId, Event)>,
    /// Every person with an event, as they are after the last of them.
    pub persons: BTreeMap<PersonId, Arc<Person>>,
    /// Records that are now found by these keys.
    pub records: Vec<IndexedRecord>,
    /// Records that a split gave to somebody, and the keys each is found by from now on.
    pub moved: Vec<MovedRecord>,
    /// Waiting records that this message brought to a person.
    pub released: Vec<MessageId>,
    /// What leaves, in order.
    pub deliveries: Vec<Delivery>,
    /// What is asked of the outside.
    pub tasks: Vec<Task>,
    /// What a human must decide.
    pub reviews: Vec<Review>,
    /// Of how many keys not all records were looked at, because as many as may be compared had been.
    pub left_out: u64,
}

impl Change {
    /// Persons that were merged: absorbed, survivor.
    pub fn merged(&self) -> impl Iterator<Item = (PersonId, PersonId)> {
        self.events.iter().filter_map(|(id, event)| match event {
            Event::MergedInto { survivor } => Some((*id, *survivor)),
            _ => None,
        })
    }

    /// Whether this person began with this change.
    #[must_use]
    pub fn is_new(&self, person: PersonId) -> bool {
        let events = self.events.iter().filter(|(id, _)| *id == person).count();
        self.persons.get(&person).is_some_and(|after| after.version == events as u64)
    }
}

/// One record under its keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexedRecord {
    pub record: MessageId,
    pub prepared: Arc<Prepared>,
    pub person: PersonId,
    /// The keys it is found by.
    pub keys: Vec<Mac>,
}

/// One record of somebody who was split, with whose it was and is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MovedRecord {
    pub record: MessageId,
    pub prepared: Arc<Prepared>,
    pub from: PersonId,
    pub to: PersonId,
    /// All the keys it is found by from now on.
    pub keys: Vec<Mac>,
}

/// A view that changed, on its way to one recipient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    pub person: PersonId,
    pub recipient: Recipient,
    /// The recipient's name for the person: the record's key.
    pub pseudonym: Pseudonym,
    pub stream: StreamId,
    /// The handover the recipient answers; none before arrival.
    pub handover: Option<HandoverId>,
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
    pub person: PersonId,
    pub kind: TaskKind,
    pub insz: Insz,
}

/// A link that a human must decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Review {
    pub id: ReviewId,
    /// The person who has the record meanwhile.
    pub person: PersonId,
    /// The persons it may be: the first few.
    pub candidates: Vec<PersonId>,
    pub reason: ReviewReason,
}
