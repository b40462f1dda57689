//! From verdicts to rows: everything one batch stores, sealed and numbered.
//!
//! Each touched person is sealed once, however many messages touched them. Pure but for the randomness of sealing:
//! it reads neither the world nor the store, so it runs beside both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decide::Person;
use decide::change::{Change, Delivery, MovedRecord, Task};
use decide::journey::Journey;
use decide::person::Event;
use decide::round::Verdict;
use decide::world::Aside;
use schemas::ids::{HandoverId, MessageId, PersonId, StreamId};
use schemas::message::{Message, ReviewAnswer};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};

use super::DeciderError;
use super::load::KeyRing;
use super::queue::{Opened, Queued};
use crate::contract::Encoded;
use crate::store::rows::{
    AnswerRow, Batch, Counters, DecidedRow, Detail, DueRow, HandoverRow, JournalRow, LeavingRow, LineRow,
    MovedRow, OutboxRow, Outcome, PersonRow, RecordRow, ReleasedRow, ReviewRow, SchemaRow, Sealed, StreamRow,
    TaskRow, WaitsOn,
};
use crate::vault::packed::pack;
use crate::vault::{DataKey, PersonKey, Place, Vault};

/// What became of one message.
#[derive(Debug)]
pub(super) struct DecidedMessage {
    pub(super) id: MessageId,
    /// Its place in the order of decisions, and when: given when it is added to its batch.
    order: u64,
    known_at: Instant,
    pub(super) verdict: Verdict,
    /// Its key; none where it could not be read.
    pub(super) key: Option<DataKey>,
    /// Its key, wrapped by the key-encryption key.
    wrapped: Sealed,
    /// Whose due moment it is.
    due: Option<PersonId>,
}

impl DecidedMessage {
    /// A message that was decided.
    pub(super) fn of(message: Message, opened: &Opened, queued: &Queued, verdict: Verdict) -> Option<Self> {
        debug_assert_eq!(message.id, queued.id, "a verdict about another message");
        Some(Self { key: Some(opened.key.clone()), ..Self::put(queued, verdict) })
    }

    /// A message that was put aside unread.
    pub(super) fn aside(queued: &Queued, aside: Aside) -> Self {
        Self::put(queued, Verdict::Failed(aside))
    }

    fn put(queued: &Queued, verdict: Verdict) -> Self {
        let Queued { id, wrapped, due, .. } = queued;
        Self {
            id: *id,
            order: 0,
            known_at: Instant::default(),
            verdict,
            key: None,
            wrapped: wrapped.clone(),
            due: *due,
        }
    }

    fn change(&self) -> Option<&Change> {
        match &self.verdict {
            Verdict::Decided(change) => Some(change),
            Verdict::Waiting(_) | Verdict::Refused(_) | Verdict::Failed(_) => None,
        }
    }

    /// Its outcome in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self.verdict {
            Verdict::Decided(_) => "decided",
            Verdict::Waiting(_) => "waiting",
            Verdict::Refused(_) => "refused",
            Verdict::Failed(_) => "quarantined",
        }
    }
}

/// A batch as decided: what became of each message, and the records that leave, numbered.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) ended: Vec<DecidedMessage>,
    pub(super) encoded: Vec<Encoded>,
    /// What the ids of their schemas stand for, where that may not be stored yet.
    pub(super) schemas: Vec<SchemaRow>,
    /// The number of the bundle in the store.
    pub(super) bundle: u64,
    /// When its decision began.
    pub(super) started: Option<std::time::Instant>,
}

impl Decided {
    /// Adds a message at its place.
    pub(super) fn push(&mut self, ended: DecidedMessage, order: u64, known_at: Instant) {
        self.ended.push(DecidedMessage { order, known_at, ..ended });
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.ended.iter().filter_map(DecidedMessage::change)
    }

    /// How many candidates were not looked at, because a key is too common.
    pub(super) fn left_out(&self) -> u64 {
        self.changes().map(|change| change.left_out).sum()
    }

    /// Who begins with this batch.
    pub(super) fn new_persons(&self) -> Vec<PersonId> {
        let new = |change: &Change| {
            change.persons.keys().copied().filter(|id| change.is_new(*id)).collect::<Vec<_>>()
        };
        self.changes().flat_map(new).collect()
    }

    /// The keys that sealing it takes: those of everybody it is about, and of the waiting records it releases.
    pub(super) fn keys(&self, all: &KeyRing) -> Result<KeyRing, DeciderError> {
        let mut keys = KeyRing::default();
        for change in self.changes() {
            let about = change
                .persons
                .keys()
                .chain(&change.owner)
                .chain(change.tasks.iter().map(|task| &task.person));
            for id in about.chain(change.deliveries.iter().map(|delivery| &delivery.person)) {
                let key = all
                    .persons
                    .get(id)
                    .ok_or(DeciderError::Stop("a person was decided without their key"))?;
                keys.persons.insert(*id, key.clone());
            }
            for moved in &change.moved {
                let key = all.past.get(&moved.from).and_then(|keys| keys.get(&moved.record));
                let key = key.ok_or(DeciderError::Stop("a record was moved without its key"))?;
                keys.past.entry(moved.from).or_default().insert(moved.record, key.clone());
            }
            for id in &change.released {
                let own =
                    self.ended.iter().find(|ended| ended.id == *id).and_then(|ended| ended.key.as_ref());
                let key = own.or_else(|| all.waiting.get(id));
                let key = key.ok_or(DeciderError::Stop("a record was released without its key"))?;
                keys.waiting.insert(*id, key.clone());
            }
        }
        Ok(keys)
    }
}

/// Everything a batch stores. The counters are those after it.
pub(super) fn compose(
    vault: &Vault,
    decided: Decided,
    keys: &KeyRing,
    counters: Counters,
) -> Result<Batch, DeciderError> {
    let Decided { ended, encoded, schemas, bundle, .. } = decided;
    let position = counters.position - encoded.len() as u64;
    let mut composer = Composer {
        vault,
        keys,
        bundle,
        position,
        encoded: encoded.into_iter(),
        batch: Batch { schemas, ..Batch::default() },
        now: BTreeMap::new(),
        new: BTreeSet::new(),
        handovers: BTreeMap::new(),
    };
    for ended in &ended {
        composer.message(ended)?;
    }
    let Composer { batch, .. } = composer.finish()?;
    Ok(Batch { counters, ..batch })
}

struct Composer<'a> {
    vault: &'a Vault,
    keys: &'a KeyRing,
    bundle: u64,
    position: u64,
    encoded: std::vec::IntoIter<Encoded>,
    batch: Batch,
    /// Everybody touched, as they are after the batch.
    now: BTreeMap<PersonId, Arc<Person>>,
    new: BTreeSet<PersonId>,
    /// Handovers that moved: whose, and when last.
    handovers: BTreeMap<HandoverId, (PersonId, Instant)>,
}

impl Composer<'_> {
    fn message(&mut self, ended: &DecidedMessage) -> Result<(), DeciderError> {
        let (outcome, detail) = match &ended.verdict {
            Verdict::Decided(_) => (Outcome::Decided, None),
            Verdict::Waiting(_) => (Outcome::Waiting, None),
            Verdict::Refused(refusal) => (Outcome::Refused, Some(Detail::Refused(refusal.clone()))),
            Verdict::Failed(aside) => (Outcome::Quarantined, Some(Detail::Aside(*aside))),
        };
        let owner = ended.change().and_then(|change| change.owner);
        let key = match (owner, &ended.key) {
            (Some(owner), Some(key)) => {
                self.vault.wrap_message(ended.id, key, Some(&self.key(owner)?.key))?
            }
            // Where the ring began with another key when it was wrapped, a rotation must not miss it.
            (None, Some(key)) if !ended.wrapped.starts_with(&self.vault.wrapping().0) => {
                self.vault.wrap_message(ended.id, key, None)?
            }
            (_, _) => ended.wrapped.clone(),
        };
        match &ended.verdict {
            Verdict::Decided(change) => self.change(ended, change)?,
            Verdict::Waiting(waiting) => {
                let keys = self.vault.stored_keys(ended.id, &waiting.keys)?;
                self.batch.records.push(RecordRow { id: ended.id, person: None, keys });
            }
            Verdict::Refused(_) | Verdict::Failed(_) => {
                // A due moment that cannot be decided is a human's to look at: it is not brought every few seconds.
                self.batch.due.extend(ended.due.map(|person| DueRow { person, on: None }));
            }
        }
        let DecidedMessage { id, order, known_at, .. } = *ended;
        self.batch.decided.push(DecidedRow { id, order, known_at, outcome, detail, key, owner });
        Ok(())
    }

    fn change(&mut self, ended: &DecidedMessage, change: &Change) -> Result<(), DeciderError> {
        let DecidedMessage { id, order, known_at, .. } = *ended;
        let mut journal: BTreeMap<PersonId, Vec<&Event>> = BTreeMap::new();
        for (person, event) in &change.events {
            journal.entry(*person).or_default().push(event);
            self.event(*person, event, ended);
        }
        for (person, events) in journal {
            let now = change.persons.get(&person).ok_or(DeciderError::Stop("an event is about nobody"))?;
            let key = &self.key(person)?.key;
            let events = pack(&events).map_err(|error| DeciderError::again("writing events", error))?;
            self.batch.journal.push(JournalRow {
                person,
                version: now.version,
                message: id,
                order,
                known_at,
                bundle: self.bundle,
                events: self.vault.seal(key, Place::Journal(person, now.version), &events)?,
            });
        }
        self.new.extend(change.persons.keys().filter(|id| change.is_new(**id)));
        self.now.extend(change.persons.iter().map(|(id, person)| (*id, Arc::clone(person))));
        for indexed in &change.records {
            if change.released.contains(&indexed.record) {
                let waited = self.keys.waiting.get(&indexed.record);
                let waited = waited.ok_or(DeciderError::Stop("a record was released without its key"))?;
                let owner = &self.key(indexed.person)?.key;
                self.batch.released.push(ReleasedRow {
                    id: indexed.record,
                    person: indexed.person,
                    decided_by: id,
                    order,
                    known_at,
                    key: self.vault.wrap_message(indexed.record, waited, Some(owner))?,
                });
            } else {
                let keys = self.vault.stored_keys(indexed.record, &indexed.keys)?;
                let person = Some(indexed.person);
                self.batch.records.push(RecordRow { id: indexed.record, person, keys });
            }
        }
        change.moved.iter().try_for_each(|moved| self.moved(moved))?;
        change.tasks.iter().try_for_each(|task| self.task(task, ended))?;
        self.batch.reviews.extend(change.reviews.iter().map(|review| ReviewRow {
            id: review.id,
            person: review.person,
            candidates: review.candidates.clone(),
            reason: review.reason.as_str().to_owned(),
            raised_at: known_at,
            looked_at: false,
            proposed: None,
            waits: WaitsOn::default(),
        }));
        change.deliveries.iter().try_for_each(|delivery| self.delivery(delivery))
    }

    fn event(&mut self, person: PersonId, event: &Event, ended: &DecidedMessage) {
        let mut line = |stream: StreamId, recipient: &Recipient, capacity, on: Day| {
            let (recipient, order) = (recipient.clone(), ended.order);
            self.batch.lines.push(LineRow { stream, person, recipient, capacity, on, order });
        };
        match event {
            Event::LineOpened { stream, recipient, capacity, from } => {
                line(*stream, recipient, Some(*capacity), *from);
            }
            Event::LineClosed { stream, recipient, to } => line(*stream, recipient, None, *to),
            Event::HandoverMoved { handover, .. } | Event::HandoverOpened { handover, .. } => {
                self.handovers.insert(*handover, (person, ended.known_at));
            }
            Event::StreamOpened { stream, recipient, .. } => {
                self.batch.streams.push(StreamRow { id: *stream, person, recipient: recipient.clone() });
            }
            Event::ReviewAnswered { review, answer } => self.batch.answers.push(AnswerRow {
                id: *review,
                answer: Some(match answer {
                    ReviewAnswer::Same(_) => "same",
                    ReviewAnswer::Different => "different",
                    ReviewAnswer::CannotTell => "cannot_tell",
                }),
                at: (*answer != ReviewAnswer::CannotTell).then_some(ended.known_at),
                proposed: None,
            }),
            Event::SameProposed { review, same, by } => self.batch.answers.push(AnswerRow {
                id: *review,
                answer: None,
                at: None,
                proposed: Some((*same, by.clone())),
            }),
            Event::ReviewVoid { review } => self.batch.answers.push(AnswerRow {
                id: *review,
                answer: Some("void"),
                at: Some(ended.known_at),
                proposed: None,
            }),
            Event::DueSet { on } => self.batch.due.push(DueRow { person, on: *on }),
            Event::MergedInto { .. } | Event::Parted { .. } => {
                self.batch.due.push(DueRow { person, on: None });
            }
            Event::CameOf { from, person: begins, .. } => self.came_of(person, *from, begins, ended.known_at),
            Event::Linked { .. }
            | Event::Restated { .. }
            | Event::ReviewRaised { .. }
            | Event::ToldApart { .. }
            | Event::Absorbed { .. }
            | Event::Proposed { .. }
            | Event::Seconded { .. }
            | Event::SameSeconded { .. }
            | Event::Named { .. }
            | Event::RestrictionLifted { .. }
            | Event::LoadApproved { .. }
            | Event::PermitsOver { .. }
            | Event::StreamWentOn { .. }
            | Event::Issued { .. }
            | Event::Asked { .. } => {}
        }
    }

    /// Whatever they begin with is theirs from here on.
    fn came_of(&mut self, id: PersonId, whole: PersonId, begins: &Person, at: Instant) {
        self.batch.origins.push((id, whole));
        self.handovers.extend(begins.state.handovers.iter().map(|handover| (handover.id, (id, at))));
        let streams = begins.state.streams.iter();
        self.batch.streams.extend(streams.map(|stream| StreamRow {
            id: stream.id,
            person: id,
            recipient: stream.recipient.clone(),
        }));
        self.batch.reviewed.extend(begins.state.open_reviews.keys().map(|review| (*review, id)));
    }

    /// A record that a split gave to somebody: its message's key is wrapped by theirs.
    fn moved(&mut self, moved: &MovedRecord) -> Result<(), DeciderError> {
        let own = self.keys.past.get(&moved.from).and_then(|keys| keys.get(&moved.record));
        let own = own.ok_or(DeciderError::Stop("a record was moved without its key"))?;
        self.batch.moved.push(MovedRow {
            id: moved.record,
            person: moved.to,
            keys: self.vault.stored_keys(moved.record, &moved.keys)?,
            before: moved.prepared.index.iter().flat_map(|key| self.vault.in_index(key.mac)).collect(),
            key: self.vault.wrap_message(moved.record, own, Some(&self.key(moved.to)?.key))?,
        });
        Ok(())
    }

    fn task(&mut self, task: &Task, ended: &DecidedMessage) -> Result<(), DeciderError> {
        let place = Place::Task(task.id, task.person);
        let content =
            self.vault.seal(&self.key(task.person)?.key, place, task.insz.to_string().as_bytes())?;
        self.batch.tasks.push(TaskRow {
            id: task.id,
            person: task.person,
            kind: task.kind,
            content,
            order: ended.order,
            due_at: ended.known_at,
            attempts: 0,
        });
        Ok(())
    }

    /// Seals one record that was numbered.
    fn delivery(&mut self, delivery: &Delivery) -> Result<(), DeciderError> {
        let record = self.encoded.next().ok_or(DeciderError::Stop("a decided delivery has no number"))?;
        let Encoded { body, schema_id, envelope } = record;
        self.position += 1;
        let envelope_text = serde_json::to_string(&envelope)
            .map_err(|error| DeciderError::again("writing an envelope", error))?;
        let mut row = OutboxRow {
            position: self.position,
            recipient: delivery.recipient.clone(),
            sequence: envelope.sequence,
            person: delivery.person,
            pseudonym: delivery.pseudonym,
            delivery: delivery.id,
            envelope: envelope_text,
            payload_hash: envelope.payload_hash,
            always: delivery.view.ended().is_some(),
            schema_id,
            body: Vec::new(),
        };
        row.body = self.vault.seal(&self.key(delivery.person)?.key, Place::body(&row), &body)?;
        let Delivery { stream, handover, epoch, .. } = *delivery;
        self.batch.outbox.push(LeavingRow { row, stream, handover, epoch });
        Ok(())
    }

    /// Seals every touched person, and says where the handovers that moved stand now.
    fn finish(mut self) -> Result<Self, DeciderError> {
        if self.encoded.next().is_some() {
            return Err(DeciderError::Stop("a number was given to no delivery"));
        }
        let write = |error| DeciderError::again("writing a person", error);
        let last = self.batch.decided.last().map(|row| row.known_at);
        for (id, person) in &self.now {
            let PersonKey { key, wrapped } = self.key(*id)?;
            let matching = pack(&person.matching).map_err(write)?;
            let state = pack(&person.state).map_err(write)?;
            self.batch.persons.push(PersonRow {
                id: *id,
                version: person.version,
                redirect: person.state.merged_into.map(|survivor| self.survivor(survivor)),
                restricted: Journey::of(&person.state).objects(),
                waits_since: last.filter(|_| person.state.awaits_approval()),
                matching: self.vault.seal(key, Place::Matching(*id, person.version), &matching)?,
                state: self.vault.seal(key, Place::State(*id, person.version), &state)?,
                key: Some(wrapped.clone()),
                new: self.new.contains(id),
            });
        }
        for (id, (owner, since)) in &self.handovers {
            // Who was absorbed since has it no more: the survivor has.
            let person = self.survivor(*owner);
            let handover = self.now.get(&person).and_then(|person| person.handover(*id));
            let handover = handover.ok_or(DeciderError::Stop("a handover that moved is nobody's"))?;
            self.batch.handovers.push(HandoverRow {
                id: *id,
                person,
                recipient: handover.recipient.clone(),
                state: handover.state,
                epoch: handover.epoch,
                owner: handover.owner,
                deadline: handover.deadline,
                since: *since,
            });
        }
        Ok(self)
    }

    /// Who somebody is after the batch.
    fn survivor(&self, mut id: PersonId) -> PersonId {
        while let Some(next) = self.now.get(&id).and_then(|person| person.state.merged_into) {
            id = next;
        }
        id
    }

    fn key(&self, id: PersonId) -> Result<&PersonKey, DeciderError> {
        self.keys.persons.get(&id).ok_or(DeciderError::Stop("a person was decided without their key"))
    }
}
