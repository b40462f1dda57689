//! The world as loaded: the part of the store that one batch of messages needs.
//!
//! What was asked for and does not exist is remembered as absent, so the heart never asks twice. The
//! engine fills it with the `load_*` methods and reads it back after [`World::apply`]. Refuses to
//! change in any other way. Next: [`crate::person`].

use std::collections::BTreeMap;

use schemas::envelope::Hash;
use schemas::fact::{Record, Statement};
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::key::Key;
use schemas::recipient::Recipient;

use crate::change::{Change, Event, Needs, Waiting};
use crate::person::{Evidence, Person};

/// Records found by one key: whose they are, or nobody's yet.
pub type Holders = BTreeMap<MessageId, Option<PersonId>>;

/// What one batch needs of the store.
#[derive(Clone, Debug, Default)]
pub struct World {
    index: BTreeMap<Key, Holders>,
    persons: BTreeMap<PersonId, Option<Person>>,
    waiting: BTreeMap<MessageId, Option<Record>>,
    handovers: BTreeMap<HandoverId, Option<PersonId>>,
    streams: BTreeMap<StreamId, Option<PersonId>>,
    reviews: BTreeMap<ReviewId, Option<PersonId>>,
    /// Persons who turned out to be another: never a chain.
    redirects: BTreeMap<PersonId, PersonId>,
    /// Learning records as the journals had them when they were loaded.
    journals: BTreeMap<PersonId, Vec<Evidence>>,
    /// Learning records of this batch, which no journal has yet.
    recent: BTreeMap<PersonId, Vec<Evidence>>,
    sent: BTreeMap<(Recipient, u64), Option<Hash>>,
}

impl World {
    /// Tells which records this key finds; none is an answer too.
    pub fn load_key(&mut self, key: Key, holders: Holders) {
        self.index.insert(key, holders);
    }

    /// Tells a person's state; `None` where there is no such person. Who is here already stays as he is: the
    /// batch may have changed him.
    pub fn load_person(&mut self, id: PersonId, person: Option<Person>) {
        self.persons.entry(id).or_insert(person);
    }

    /// Tells that a person turned out to be another, who is loaded as well.
    pub fn load_redirect(&mut self, absorbed: PersonId, survivor: PersonId) {
        let survivor = self.resolve(survivor);
        self.redirects.insert(absorbed, survivor);
    }

    /// Whether this person is here already.
    #[must_use]
    pub fn has(&self, id: PersonId) -> bool {
        self.persons.contains_key(&id)
    }

    /// Tells whose review it is; `None` where there is none that is open.
    pub fn load_review(&mut self, id: ReviewId, person: Option<PersonId>) {
        self.reviews.insert(id, person);
    }

    /// Tells the learning records in a person's own journal.
    pub fn load_journal(&mut self, person: PersonId, records: Vec<Evidence>) {
        self.journals.insert(person, records);
    }

    /// Tells a waiting record's content; `None` where it does not wait any more.
    pub fn load_waiting(&mut self, id: MessageId, record: Option<Record>) {
        self.waiting.insert(id, record);
    }

    /// Tells whose handover it is.
    pub fn load_handover(&mut self, id: HandoverId, person: Option<PersonId>) {
        self.handovers.insert(id, person);
    }

    /// Tells whose stream it is.
    pub fn load_stream(&mut self, id: StreamId, person: Option<PersonId>) {
        self.streams.insert(id, person);
    }

    /// Tells the payload hash of a record on a topic.
    pub fn load_sent(&mut self, recipient: Recipient, sequence: u64, hash: Option<Hash>) {
        self.sent.insert((recipient, sequence), hash);
    }

    /// The records this key finds, or the need to load them.
    ///
    /// # Errors
    /// The need, added to `needs`.
    pub(crate) fn holders(&self, key: &Key, needs: &mut Needs) -> Option<&Holders> {
        let found = self.index.get(key);
        if found.is_none() {
            needs.keys.insert(key.clone());
        }
        found
    }

    /// Whether a key that was loaded leads to this person already.
    pub(crate) fn leads_to(&self, key: &Key, person: PersonId) -> bool {
        let holders = self.index.get(key).into_iter().flat_map(BTreeMap::values).flatten();
        holders.into_iter().any(|holder| self.resolve(*holder) == person)
    }

    /// A person; `None` where there is none or where he must be loaded first.
    pub(crate) fn known(&self, id: PersonId, needs: &mut Needs) -> Option<&Person> {
        let id = self.resolve(id);
        match self.persons.get(&id) {
            Some(person) => person.as_ref(),
            None => {
                needs.persons.insert(id);
                None
            }
        }
    }

    /// Who a person of this batch is now: himself, or the last of those he turned out to be.
    #[must_use]
    pub fn resolve(&self, id: PersonId) -> PersonId {
        self.redirects.get(&id).copied().unwrap_or(id)
    }

    /// A person's learning records, in no order, or the need to load them: his own journal's, those of
    /// the persons who turned out to be him, and this batch's.
    pub(crate) fn learning(&self, person: &Person, needs: &mut Needs) -> Vec<&Evidence> {
        let ids = || person.state.absorbed.iter().chain([&person.id]);
        needs.journals.extend(ids().filter(|id| !self.journals.contains_key(id)));
        ids().flat_map(|id| [self.journals.get(id), self.recent.get(id)]).flatten().flatten().collect()
    }

    /// Whose review it is; `None` where it is not open or must be loaded first.
    pub(crate) fn review_of(&self, id: ReviewId, needs: &mut Needs) -> Option<PersonId> {
        match self.reviews.get(&id) {
            Some(person) => *person,
            None => {
                needs.reviews.insert(id);
                None
            }
        }
    }

    /// A waiting record's content; `None` where it waits no more or must be loaded first.
    pub(crate) fn waits(&self, id: MessageId, needs: &mut Needs) -> Option<&Record> {
        match self.waiting.get(&id) {
            Some(record) => record.as_ref(),
            None => {
                needs.records.insert(id);
                None
            }
        }
    }

    /// Whose handover it is; `None` where it is nobody's or must be loaded first.
    pub(crate) fn handover_of(&self, id: HandoverId, needs: &mut Needs) -> Option<PersonId> {
        match self.handovers.get(&id) {
            Some(person) => *person,
            None => {
                needs.handovers.insert(id);
                None
            }
        }
    }

    /// Whose stream it is; `None` where it is nobody's or must be loaded first.
    pub(crate) fn stream_of(&self, id: StreamId, needs: &mut Needs) -> Option<PersonId> {
        match self.streams.get(&id) {
            Some(person) => *person,
            None => {
                needs.streams.insert(id);
                None
            }
        }
    }

    /// The payload hash of a record on a topic; `None` where there is none or it must be loaded first.
    pub(crate) fn sent_hash(&self, of: (Recipient, u64), needs: &mut Needs) -> Option<Hash> {
        match self.sent.get(&of) {
            Some(hash) => *hash,
            None => {
                needs.sent.insert(of);
                None
            }
        }
    }

    /// A person as he is now, for the engine to store and for tests to look at.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.get(&id).and_then(Option::as_ref)
    }

    /// Every person loaded, as he is after the batch.
    pub fn into_persons(self) -> impl Iterator<Item = Person> {
        self.persons.into_values().flatten()
    }

    /// Applies what one message led to. Keys are updated where they were loaded: a key that was not
    /// asked for stays unknown, and will be loaded whole.
    pub fn apply(&mut self, change: &Change) {
        for (id, event) in &change.events {
            match event {
                Event::HandoverOpened { handover, .. } => {
                    self.handovers.insert(*handover, Some(*id));
                }
                Event::StreamOpened { stream, .. } => {
                    self.streams.insert(*stream, Some(*id));
                }
                Event::ReviewRaised { review, .. } => {
                    self.reviews.insert(*review, Some(*id));
                }
                Event::ReviewAnswered { review, .. } => {
                    self.reviews.insert(*review, None);
                }
                Event::MergedInto { survivor } => self.redirect(*id, *survivor),
                Event::Linked { evidence, .. } if is_learning(&evidence.record) => {
                    self.recent.entry(*id).or_default().push(evidence.clone());
                }
                Event::Linked { .. }
                | Event::ToldApart { .. }
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
            self.persons.entry(*id).or_default().get_or_insert_with(|| Person::new(*id)).apply(event);
        }
        for indexed in &change.records {
            self.index_record(indexed.record, Some(indexed.person), &indexed.keys);
        }
        for id in &change.released {
            self.waiting.insert(*id, None);
        }
    }

    fn redirect(&mut self, absorbed: PersonId, survivor: PersonId) {
        self.redirects.values_mut().filter(|to| **to == absorbed).for_each(|to| *to = survivor);
        self.redirects.insert(absorbed, survivor);
    }

    /// Keeps a record that waits for its person.
    pub fn keep(&mut self, id: MessageId, record: Record, waiting: &Waiting) {
        self.index_record(id, None, &waiting.keys);
        self.waiting.insert(id, Some(record));
    }

    fn index_record(&mut self, record: MessageId, person: Option<PersonId>, keys: &[Key]) {
        for key in keys {
            if let Some(holders) = self.index.get_mut(key) {
                holders.insert(record, person);
            }
        }
    }
}

/// Whether a record states progress: what a voided statement is folded again from.
#[must_use]
pub fn is_learning(record: &Record) -> bool {
    record.facts.iter().any(|fact| matches!(fact.statement, Statement::Progress(_)))
}
