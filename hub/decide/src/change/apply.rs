//! Applying a change to the world: what storing it does to the store. It inserts and never folds: the change says
//! how everybody is afterwards. Next: [`crate::world`].

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::ids::{MessageId, PersonId};
use schemas::key::Mac;
use schemas::message::{Prepared, ReviewAnswer};

use super::{Change, IndexedRecord, MovedRecord};
use crate::person::{Event, Past, Person, Records, UnknownRecord};
use crate::world::{Ask, Owned, PersonFound, Reply, World, is_learning};

impl World {
    /// Applies what one message led to; with [`World::keep`] the only way the world changes.
    pub fn apply(&mut self, change: &Change) {
        debug_assert!(
            change.persons.values().all(|after| is_folded(self, change, after)),
            "fold and change differ"
        );
        for (id, event) in &change.events {
            if let Event::CameOf { person, .. } = event {
                self.hand_over(*id, person);
            }
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
                | Event::Parted { .. }
                | Event::CameOf { .. }
                | Event::Proposed { .. }
                | Event::Seconded { .. }
                | Event::SameProposed { .. }
                | Event::SameSeconded { .. }
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
        change.moved.iter().for_each(|moved| self.give(moved));
        self.remember(change);
        for id in &change.released {
            self.set(Ask::Waiting(*id), Reply::Waiting(None));
        }
    }
}

impl World {
    /// Whatever is asked for by its own id belongs to this person from here on.
    fn hand_over(&mut self, id: PersonId, person: &Person) {
        let state = &person.state;
        let handovers = state.handovers.iter().map(|handover| Owned::Handover(handover.id));
        let streams = state.streams.iter().map(|stream| Owned::Stream(stream.id));
        let reviews = state.open_reviews.keys().map(|review| Owned::Review(*review));
        for owned in handovers.chain(streams).chain(reviews).collect::<Vec<_>>() {
            self.set(Ask::Owner(owned), Reply::Owner(Some(id)));
        }
    }

    /// A record of somebody who was split is this one's from here on, and found by these keys alone.
    fn give(&mut self, moved: &MovedRecord) {
        let MovedRecord { record, prepared, from, to, keys } = moved;
        let all: Vec<Mac> = prepared.index.iter().map(|key| key.mac).collect();
        self.unindex(*record, &all);
        self.index(*record, Some(*to), keys);
        self.set(Ask::Keys(*from), Reply::Keys(BTreeSet::new()));
        self.found_by(*to, keys);
        if from != to && is_learning(&prepared.record) {
            self.unlearn(*from, *record);
            self.learn(*to, *record, prepared);
        }
    }

    /// A whole world keeps every past; of a part a past that has gone on is forgotten.
    fn remember(&mut self, change: &Change) {
        if !self.is_whole() {
            return change.persons.keys().for_each(|id| drop(self.forget(&Ask::Past(*id))));
        }
        for (id, event) in &change.events {
            self.past_of(*id, |past| past.events.push(event.clone()));
        }
        for IndexedRecord { record, prepared, person, .. } in &change.records {
            self.past_of(*person, |past| drop(past.records.insert(*record, Arc::clone(prepared))));
        }
        for MovedRecord { record, prepared, from, to, .. } in &change.moved {
            self.past_of(*from, |past| drop(past.records.remove(record)));
            self.past_of(*to, |past| drop(past.records.insert(*record, Arc::clone(prepared))));
        }
    }

    fn past_of(&mut self, id: PersonId, change: impl FnOnce(&mut Past)) {
        let mut past = match self.forget(&Ask::Past(id)) {
            Some(Reply::Past(Some(past))) => past,
            _ => Arc::default(),
        };
        change(Arc::make_mut(&mut past));
        self.set(Ask::Past(id), Reply::Past(Some(past)));
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
