//! Applying a change to the world: what storing it does to the store. It inserts and never folds: the change says
//! how everybody is afterwards. Next: [`crate::world`].

use std::sync::Arc;

use schemas::ids::MessageId;
use schemas::message::{Prepared, ReviewAnswer};

use super::Change;
use crate::person::{Event, Person, Records, UnknownRecord};
use crate::world::{Ask, Owned, PersonFound, Reply, World, is_learning};

impl World {
    /// Applies what one message led to; with [`World::keep`] the only way the world changes.
    pub fn apply(&mut self, change: &Change) {
        debug_assert!(
            change.persons.values().all(|after| is_folded(self, change, after)),
            "fold and change differ"
        );
        for (id, event) in &change.events {
            let owned = match event {
                Event::HandoverOpened { handover, .. } => (Owned::Handover(*handover), Some(*id)),
                Event::StreamOpened { stream, .. } => (Owned::Stream(*stream), Some(*id)),
                Event::ReviewRaised { review, .. } => (Owned::Review(*review), Some(*id)),
                Event::ReviewAnswered { answer: ReviewAnswer::CannotTell, .. } => continue,
                Event::ReviewAnswered { review, .. } | Event::ReviewVoid { review } => {
                    (Owned::Review(*review), None)
                }
                Event::Linked { .. }
                | Event::ToldApart { .. }
                | Event::MergedInto { .. }
                | Event::Absorbed { .. }
                | Event::Restated { .. }
                | Event::DueSet { .. }
                | Event::HandoverMoved { .. }
                | Event::Named { .. }
                | Event::LineOpened { .. }
                | Event::LineClosed { .. }
                | Event::RestrictionLifted { .. }
                | Event::LoadApproved { .. }
                | Event::PermitsOver { .. }
                | Event::StreamWentOn { .. }
                | Event::Issued { .. }
                | Event::Asked { .. } => continue,
            };
            self.set(Ask::Owner(owned.0), Reply::Owner(owned.1));
        }
        for (id, person) in &change.persons {
            self.set(Ask::Person(*id), Reply::Person(PersonFound::Here(Arc::clone(person))));
        }
        for indexed in &change.records {
            self.index(indexed.record, Some(indexed.person), &indexed.keys);
            self.found_by(indexed.person, &indexed.keys);
            if is_learning(&indexed.prepared.record) {
                self.learn(indexed.person, indexed.record, &indexed.prepared);
            }
        }
        for id in &change.released {
            self.set(Ask::Waiting(*id), Reply::Waiting(None));
        }
    }
}

/// Whether a person after the change is what the events make of them before it. Who is not known cannot be told.
fn is_folded(world: &World, change: &Change, after: &Person) -> bool {
    let before = match world.answer(&Ask::Person(after.id)) {
        Reply::Person(PersonFound::Here(person)) => Person::clone(&person),
        _ if change.is_new(after.id) => Person::new(after.id),
        _ => return true,
    };
    let mut events = change.events.iter().filter(|(id, _)| *id == after.id);
    let folded = events.try_fold(before, |mut person, (_, event)| {
        person.apply(event, change)?;
        Ok::<_, UnknownRecord>(person)
    });
    folded.as_ref() == Ok(after)
}

impl Records for Change {
    fn record(&self, message: MessageId) -> Option<&Arc<Prepared>> {
        self.records.iter().find(|indexed| indexed.record == message).map(|indexed| &indexed.prepared)
    }
}
