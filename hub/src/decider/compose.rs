//! From verdicts to rows: everything one batch stores, sealed and numbered.
//!
//! Each touched person is sealed once, however many messages touched him. Numbers on topics are given
//! here, in the order of decisions, from the counters in the lease row. Refuses to decide what leaves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use decide::World;
use decide::change::{Change, Delivery, Event};
use decide::journey::Journey;
use decide::round::Verdict;
use schemas::envelope::Hash;
use schemas::ids::{HandoverId, MessageId, PersonId};
use schemas::message::{Body, Message, ReviewAnswer};
use schemas::time::{Instant, to_micros};

use super::load::{FromStore, PersonKey, index_mac};
use super::{DeciderError, HEART};
use crate::contract::{Encoded, Schemas};
use crate::seal::{Key, Keys, Purpose};
use crate::store::rows::{
    AnswerRow, Batch, Counters, DecidedRow, DueRow, HandoverRow, JournalRow, LineRow, OutboxRow, Outcome,
    PersonRow, RecordRow, ReleasedRow, ReviewRow, StreamRow, TaskRow,
};

/// The key of a message on its way through a batch, and the same wrapped.
#[derive(Clone, Debug)]
pub(super) struct MessageKey {
    pub(super) key: Key,
    pub(super) wrapped: Vec<u8>,
}

/// Collects rows.
pub(super) struct Composer<'a> {
    keys: &'a Keys,
    bundle: &'a str,
    persons: BTreeMap<PersonId, PersonKey>,
    /// The keys of waiting records that this batch may release: loaded ones and its own.
    waiting: BTreeMap<MessageId, Key>,
    touched: BTreeSet<PersonId>,
    handovers: BTreeMap<HandoverId, (PersonId, Instant)>,
    versions: BTreeMap<PersonId, u64>,
    records: VecDeque<Encoded>,
    batch: Batch,
}

impl<'a> Composer<'a> {
    pub(super) fn new(keys: &'a Keys, numbers: Numbers<'_>, bundle: &'a str, loader: FromStore<'_>) -> Self {
        let Numbers { counters, records, .. } = numbers;
        let FromStore { persons, waiting, versions, .. } = loader;
        let batch = Batch { counters, ..Batch::default() };
        let (touched, handovers) = (BTreeSet::new(), BTreeMap::new());
        Self { keys, bundle, records, persons, waiting, touched, handovers, versions, batch }
    }

    /// Adds what became of one message.
    pub(super) fn add(
        &mut self,
        message: &Message,
        sealed: &MessageKey,
        verdict: &Verdict,
    ) -> Result<(), DeciderError> {
        let (outcome, detail) = match verdict {
            Verdict::Decided(_) => (Outcome::Decided, None),
            Verdict::Waiting(_) => (Outcome::Waiting, None),
            Verdict::Refused(refusal) => (Outcome::Refused, Some(super::refusal_detail(refusal)?)),
            Verdict::Failed(code) => (Outcome::Quarantined, Some(super::failure_detail(code))),
        };
        let owner = match verdict {
            Verdict::Decided(change) => self.change(message, &sealed.key, change)?,
            Verdict::Waiting(waiting) => {
                self.waiting.insert(message.id, sealed.key.clone());
                let keys = waiting.keys.iter().map(|key| index_mac(self.keys, key)).collect();
                self.batch.records.push(RecordRow { id: message.id, person: None, keys });
                None
            }
            Verdict::Refused(_) | Verdict::Failed(_) => {
                // A due moment that cannot be decided is a human's to look at: it is not brought every few seconds.
                if let Body::Due(person) = message.body {
                    self.batch.due.push(DueRow { person, on: None });
                }
                None
            }
        };
        let key = match owner {
            Some(person) => self.keys.wrap(&self.person_key(person)?.key, &sealed.key)?,
            None => sealed.wrapped.clone(),
        };
        let Message { id, order, known_at, .. } = *message;
        self.batch.decided.push(DecidedRow { id, order, known_at: known_at.0, outcome, detail, key, owner });
        self.batch.counters.order = order;
        self.batch.counters.known_at = to_micros(known_at.0);
        Ok(())
    }

    /// Adds a change; answers whose message it is now.
    fn change(
        &mut self,
        message: &Message,
        key: &Key,
        change: &Change,
    ) -> Result<Option<PersonId>, DeciderError> {
        let mut journal: BTreeMap<PersonId, Vec<&Event>> = BTreeMap::new();
        for (person, event) in &change.events {
            journal.entry(*person).or_default().push(event);
            self.event(*person, event, message)?;
        }
        // Of a merge, the survivor: his are the last words.
        let owner = change.events.last().map(|(person, _)| *person);
        for (person, events) in journal {
            self.person_key(person)?;
            self.touched.insert(person);
            let version = self.versions.entry(person).or_default();
            *version += events.len() as u64;
            self.batch.journal.push(JournalRow {
                person,
                version: *version,
                message: message.id,
                order: message.order,
                known_at: message.known_at.0,
                heart: HEART.to_owned(),
                bundle: self.bundle.to_owned(),
                events: self.keys.seal(key, Purpose::Journal, &rmp_serde::to_vec_named(&events)?)?,
            });
        }
        for indexed in &change.records {
            let released = change.released.contains(&indexed.record);
            let keys = match released {
                true => vec![],
                false => indexed.keys.iter().map(|key| index_mac(self.keys, key)).collect(),
            };
            self.batch.records.push(RecordRow { id: indexed.record, person: Some(indexed.person), keys });
            if released && let Some(waited) = self.waiting.remove(&indexed.record) {
                let key = self.keys.wrap(&self.person_key(indexed.person)?.key, &waited)?;
                self.batch.released.push(ReleasedRow {
                    id: indexed.record,
                    person: indexed.person,
                    decided_by: message.id,
                    key,
                });
            }
        }
        for task in &change.tasks {
            let key = self.person_key(task.person)?.key;
            self.batch.tasks.push(TaskRow {
                id: task.id,
                person: task.person,
                kind: task.kind,
                content: self.keys.seal(&key, Purpose::Task, task.insz.to_string().as_bytes())?,
                order: message.order,
                due_at: message.known_at.0,
                attempts: 0,
            });
        }
        self.batch.reviews.extend(change.reviews.iter().map(|review| ReviewRow {
            id: review.id,
            person: review.person,
            candidates: review.candidates.clone(),
            reason: review.reason.as_str().to_owned(),
            raised_at: message.known_at.0,
        }));
        change.deliveries.iter().try_for_each(|delivery| self.delivery(delivery))?;
        Ok(owner)
    }

    fn event(&mut self, person: PersonId, event: &Event, message: &Message) -> Result<(), DeciderError> {
        let line = |recipient: &schemas::recipient::Recipient, capacity, on| LineRow {
            person,
            recipient: recipient.clone(),
            capacity,
            on,
            order: message.order,
        };
        match event {
            Event::HandoverMoved { handover, .. } | Event::HandoverOpened { handover, .. } => {
                self.handovers.insert(*handover, (person, message.known_at.0));
            }
            Event::LineOpened { recipient, capacity, from } => {
                self.batch.lines.push(line(recipient, Some(*capacity), *from));
            }
            Event::LineClosed { recipient, to } => self.batch.lines.push(line(recipient, None, *to)),
            Event::StreamOpened { stream, recipient, .. } => {
                self.batch.streams.push(StreamRow { id: *stream, person, recipient: recipient.clone() });
            }
            Event::ReviewAnswered { review, answer } => self.batch.answers.push(AnswerRow {
                id: *review,
                answer: match answer {
                    ReviewAnswer::Same(_) => "same",
                    ReviewAnswer::Different => "different",
                },
                at: message.known_at.0,
            }),
            Event::DueSet { on } => self.batch.due.push(DueRow { person, on: *on }),
            Event::MergedInto { .. } => self.batch.due.push(DueRow { person, on: None }),
            Event::Linked { .. }
            | Event::Restated { .. }
            | Event::ReviewRaised { .. }
            | Event::ToldApart { .. }
            | Event::Absorbed { .. }
            | Event::Named { .. }
            | Event::Issued { .. }
            | Event::Asked { .. } => {}
        }
        Ok(())
    }

    /// Seals one record that was numbered.
    fn delivery(&mut self, delivery: &Delivery) -> Result<(), DeciderError> {
        let Some(Encoded { body, envelope }) = self.records.pop_front() else { return Ok(()) };
        let key = self.person_key(delivery.person)?.key;
        self.batch.counters.position += 1;
        self.batch.outbox.push(OutboxRow {
            position: self.batch.counters.position,
            recipient: delivery.recipient.clone(),
            sequence: envelope.sequence,
            person: delivery.person,
            pseudonym: delivery.pseudonym,
            envelope: serde_json::to_string(&envelope)?,
            payload_hash: envelope.payload_hash,
            always: delivery.view.ended().is_some(),
            body: self.keys.seal(&key, Purpose::Outbox, &body)?,
        });
        Ok(())
    }

    /// Seals every touched person and hands the batch over.
    pub(super) fn finish(mut self, world: &World) -> Result<Batch, DeciderError> {
        for id in std::mem::take(&mut self.touched) {
            let Some(person) = world.person(id) else { continue };
            let PersonKey { key, wrapped } = self.person_key(id)?;
            let matching = rmp_serde::to_vec_named(&person.matching)?;
            let state = rmp_serde::to_vec_named(&person.state)?;
            self.batch.persons.push(PersonRow {
                id,
                version: person.version,
                redirect: person.state.merged_into.map(|survivor| world.resolve(survivor)),
                restricted: Journey::of(&person.state).objects(),
                matching: self.keys.seal(&key, Purpose::Matching, &matching)?,
                state: self.keys.seal(&key, Purpose::State, &state)?,
                key: wrapped,
            });
        }
        for (id, (owner, since)) in std::mem::take(&mut self.handovers) {
            // Who was absorbed since has it no more: the survivor has.
            let now = world.resolve(owner);
            let found = world.person(now).and_then(|person| person.handover(id));
            let Some(handover) = found else { continue };
            self.batch.handovers.push(HandoverRow {
                id,
                person: now,
                recipient: handover.recipient.clone(),
                state: handover.state,
                epoch: handover.epoch,
                owner: handover.owner,
                deadline: handover.deadline,
                since,
            });
        }
        Ok(self.batch)
    }

    /// The person's key: loaded with him, or made now.
    fn person_key(&mut self, id: PersonId) -> Result<PersonKey, DeciderError> {
        if let Some(found) = self.persons.get(&id) {
            return Ok(found.clone());
        }
        let key = self.keys.fresh()?;
        let wrapped = self.keys.wrap(self.keys.kek(), &key)?;
        let made = PersonKey { key, wrapped };
        self.persons.insert(id, made.clone());
        Ok(made)
    }
}

/// Gives deliveries their places, in the order of decisions: the next number on a topic, the chain
/// over it, and the bare body.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    schemas: &'a Schemas,
    pub(super) counters: Counters,
    /// What was numbered and not yet taken.
    pub(super) records: VecDeque<Encoded>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(schemas: &'a Schemas, counters: Counters) -> Self {
        Self { schemas, counters, records: VecDeque::new() }
    }

    /// Numbers one delivery; answers its sequence and payload hash.
    pub(super) fn give(&mut self, delivery: &Delivery) -> Result<(u64, Hash), DeciderError> {
        let end = self.counters.topics.entry(delivery.recipient.clone()).or_default();
        let encoded = self.schemas.encode(delivery, end.sequence + 1, &end.chain)?;
        (end.sequence, end.chain) = (encoded.envelope.sequence, encoded.envelope.chain);
        let numbered = (encoded.envelope.sequence, encoded.envelope.payload_hash);
        self.records.push_back(encoded);
        Ok(numbered)
    }
}
