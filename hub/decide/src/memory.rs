//! A world kept in memory: what the store would hold after every message so far.
//!
//! For replay, dry runs and tests: the same rounds run on it as on the store. Refuses nothing; it keeps
//! everything.

use std::collections::BTreeMap;

use schemas::envelope::Hash;
use schemas::fact::Record;
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::key::Key;
use schemas::message::{Body, Message};
use schemas::recipient::Recipient;

use crate::change::{Delivery, Event, Needs};
use crate::person::Evidence;
use crate::round::{Round, Step, Verdict};
use crate::world::{Holders, is_learning};
use crate::{Bundle, Person, World};

/// Everything decided so far.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    index: BTreeMap<Key, Holders>,
    waiting: BTreeMap<MessageId, Record>,
    handovers: BTreeMap<HandoverId, PersonId>,
    streams: BTreeMap<StreamId, PersonId>,
    reviews: BTreeMap<ReviewId, PersonId>,
    learning: BTreeMap<PersonId, Vec<Evidence>>,
    sent: BTreeMap<(Recipient, u64), Hash>,
    /// Every person.
    pub persons: BTreeMap<PersonId, Person>,
}

impl Memory {
    /// Decides a batch and keeps what follows. `number` gives a delivery its sequence and payload hash.
    ///
    /// # Errors
    /// What `number` says.
    pub fn decide<E>(
        &mut self,
        messages: &[Message],
        bundle: &Bundle,
        mut number: impl FnMut(&Delivery) -> Result<(u64, Hash), E>,
    ) -> Result<Vec<Verdict>, E> {
        let mut round = Round::new(messages, bundle);
        while let Some(step) = round.advance() {
            match step {
                Step::Needs(needs) => self.load(needs, round.world()),
                Step::Delivered(place) => {
                    for delivery in round.deliveries(place).to_vec() {
                        let (sequence, hash) = number(&delivery)?;
                        self.sent.insert((delivery.recipient.clone(), sequence), hash);
                        round.world().load_sent(delivery.recipient, sequence, Some(hash));
                    }
                }
            }
        }
        let (world, verdicts) = round.finish();
        self.absorb(world, messages, &verdicts);
        Ok(verdicts)
    }

    /// Persons move into the world and come back with [`Memory::absorb`]: nothing is copied.
    fn load(&mut self, needs: Needs, world: &mut World) {
        for key in needs.keys {
            let holders = self.index.get(&key).cloned().unwrap_or_default();
            world.load_key(key, holders);
        }
        for id in needs.persons {
            let now = self.survivor(id);
            if now != id {
                world.load_redirect(id, now);
            }
            if !world.has(now) {
                world.load_person(now, self.persons.remove(&now));
            }
        }
        needs.records.into_iter().for_each(|id| world.load_waiting(id, self.waiting.get(&id).cloned()));
        needs.handovers.into_iter().for_each(|id| world.load_handover(id, self.handovers.get(&id).copied()));
        needs.streams.into_iter().for_each(|id| world.load_stream(id, self.streams.get(&id).copied()));
        needs.reviews.into_iter().for_each(|id| world.load_review(id, self.reviews.get(&id).copied()));
        for id in needs.journals {
            world.load_journal(id, self.learning.get(&id).cloned().unwrap_or_default());
        }
        for of in needs.sent {
            let hash = self.sent.get(&of).copied();
            world.load_sent(of.0, of.1, hash);
        }
    }

    /// Who a person is now: whom he turned out to be may have turned out to be another since.
    #[must_use]
    pub fn survivor(&self, mut id: PersonId) -> PersonId {
        while let Some(next) = self.persons.get(&id).and_then(|person| person.state.merged_into) {
            id = next;
        }
        id
    }

    /// Takes a round in: what a commit would have stored.
    fn absorb(&mut self, world: World, messages: &[Message], verdicts: &[Verdict]) {
        for (message, verdict) in messages.iter().zip(verdicts) {
            match verdict {
                Verdict::Decided(change) => {
                    for indexed in &change.records {
                        self.index(indexed.record, Some(indexed.person), &indexed.keys);
                    }
                    change.released.iter().for_each(|id| drop(self.waiting.remove(id)));
                    change.events.iter().for_each(|(person, event)| self.own(*person, event));
                }
                Verdict::Waiting(waiting) => {
                    if let Body::Record(record) = &message.body {
                        self.index(message.id, None, &waiting.keys);
                        self.waiting.insert(message.id, record.clone());
                    }
                }
                Verdict::Refused(_) | Verdict::Failed(_) => {}
            }
        }
        self.persons.extend(world.into_persons().map(|person| (person.id, person)));
    }

    fn index(&mut self, record: MessageId, person: Option<PersonId>, keys: &[Key]) {
        for key in keys {
            self.index.entry(key.clone()).or_default().insert(record, person);
        }
    }

    fn own(&mut self, person: PersonId, event: &Event) {
        match event {
            Event::HandoverOpened { handover, .. } => drop(self.handovers.insert(*handover, person)),
            Event::StreamOpened { stream, .. } => drop(self.streams.insert(*stream, person)),
            Event::ReviewRaised { review, .. } => drop(self.reviews.insert(*review, person)),
            Event::ReviewAnswered { review, .. } => drop(self.reviews.remove(review)),
            Event::Linked { evidence, .. } if is_learning(&evidence.record) => {
                self.learning.entry(person).or_default().push(evidence.clone());
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
            | Event::Issued { .. }
            | Event::Asked { .. } => {}
        }
    }
}
