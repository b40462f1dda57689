//! The thread of a life: whose each thing was when it began, as told by the journals of a person and of those they
//! absorbed.
//!
//! A person who has records of both sides is *both*: what was issued from then on was told of two as if they were one.
//! Read, never judged; what follows is [`super`]'s and [`super::sides`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::handover::EndReason;
use schemas::ids::{HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId};
use schemas::key::Key;
use schemas::message::{Prepared, ReviewAnswer};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};

use crate::handover::table;
use crate::person::{Event, Handover, Past, Person, ReviewReason, ViewKind};
use crate::world::{Stop, World};

/// Whose something is, by the records that were there when it began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Blend {
    /// Nobody's yet: no record has come.
    #[default]
    Nobody,
    Kept,
    Moved,
    Both,
}

impl Blend {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, one) | (one, Self::Nobody) => one,
            (one, other) if one == other => one,
            _ => Self::Both,
        }
    }

    /// What is nobody's alone stays with who goes on.
    pub(super) fn is_moved(self) -> bool {
        self == Self::Moved
    }
}

/// What the journals tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    pub(super) blend: Blend,
    /// Whose they were before they absorbed the other; nobody's where no merge made them both.
    pub(super) alone: Blend,
    /// Every record, in the order in which they came to be this person's.
    pub(super) records: Vec<(MessageId, PersonId, Arc<Prepared>)>,
    /// Whose each was when it began.
    pub(super) handovers: BTreeMap<HandoverId, Blend>,
    pub(super) streams: BTreeMap<StreamId, Blend>,
    pub(super) names: BTreeMap<Pseudonym, Blend>,
    pub(super) reviews: BTreeMap<ReviewId, Blend>,
    pub(super) never: BTreeMap<PersonId, Blend>,
    pub(super) lifted: BTreeMap<Instant, Blend>,
    pub(super) approved: BTreeMap<Option<Day>, Blend>,
    /// Whom they absorbed, each as they were alone, with how many events they have.
    pub(super) absorbed: BTreeMap<PersonId, (Blend, Option<u64>)>,
    /// The handovers as they were when the two became one.
    pub(super) before: BTreeMap<HandoverId, Handover>,
    /// The records that each side had by then, and the numbers.
    pub(super) old: BTreeSet<MessageId>,
    pub(super) had: BTreeMap<Blend, BTreeSet<Key>>,
    /// Streams that told something of both.
    pub(super) told: BTreeSet<StreamId>,
    /// Streams that ended while both were one.
    pub(super) ended: BTreeSet<StreamId>,
    /// Recipients who were told that the two are one.
    pub(super) joined: BTreeSet<Recipient>,
    /// Handovers that were answered while both were one.
    pub(super) answered: BTreeSet<HandoverId>,
    /// Who they are, as far as it is folded.
    person: Option<Person>,
    /// The side of the record that came last.
    last: Blend,
}

impl Thread {
    /// The thread of this person, where these records are the moved ones.
    pub(super) fn of(world: &World, id: PersonId, moved: &BTreeSet<MessageId>) -> Result<Self, Stop> {
        let past = world.past(id)?.ok_or(Stop::Shut)?;
        let mut thread = Self { person: Some(Person::new(id)), ..Self::default() };
        for event in &past.events {
            thread.event(world, id, past, event, moved)?;
            let person = thread.person.get_or_insert_with(|| Person::new(id));
            person.apply(event, &past.records).map_err(|_| Stop::Shut)?;
        }
        Ok(thread)
    }

    fn event(
        &mut self,
        world: &World,
        id: PersonId,
        past: &Past,
        event: &Event,
        moved: &BTreeSet<MessageId>,
    ) -> Result<(), Stop> {
        let side = |record: &MessageId| if moved.contains(record) { Blend::Moved } else { Blend::Kept };
        match event {
            Event::Linked { message, .. } => {
                let prepared = past.records.get(message).ok_or(Stop::Shut)?;
                self.last = side(message);
                self.joins(self.last, None);
                self.records.push((*message, id, Arc::clone(prepared)));
            }
            Event::CameOf { person, other, .. } => {
                let linked: BTreeSet<MessageId> = past.events.iter().filter_map(linked).collect();
                for (message, prepared) in past.records.iter().filter(|(id, _)| !linked.contains(id)) {
                    self.blend = self.blend.with(side(message));
                    self.records.push((*message, id, Arc::clone(prepared)));
                }
                self.begins(person);
                self.never.insert(*other, self.blend);
            }
            Event::Absorbed { person, .. } => {
                let other = Self::of(world, person.id, moved)?;
                if self.blend.with(other.blend) == Blend::Both && other.blend != Blend::Both {
                    self.alone = self.alone.with(self.blend);
                }
                self.joins(other.blend, Some(person));
                let events = world.past(person.id)?.map(|past| past.events.len() as u64);
                if self.blend == Blend::Both && other.blend != Blend::Both {
                    self.old.extend(other.records.iter().map(|(record, ..)| *record));
                }
                self.takes_over(other);
                self.absorbed.entry(person.id).and_modify(|(_, known)| *known = events);
            }
            Event::HandoverOpened { handover, .. } => drop(self.handovers.insert(*handover, self.blend)),
            Event::StreamOpened { stream, .. } => drop(self.streams.insert(*stream, self.blend)),
            Event::Named { pseudonym, .. } => drop(self.names.insert(*pseudonym, self.blend)),
            Event::ReviewRaised { review, reason, .. } => {
                let of_record = *reason != ReviewReason::DuplicateOffer && !reason.is_alone();
                let own = if of_record { self.last } else { self.blend };
                self.reviews.insert(*review, own);
            }
            Event::ReviewAnswered { review, answer: ReviewAnswer::Different } => {
                // Who said so looked at all that the person was then.
                let asked = self.person.as_ref().and_then(|person| person.state.open_reviews.get(review));
                self.never.extend(
                    asked.into_iter().flat_map(|asked| &asked.candidates).map(|id| (*id, self.blend)),
                );
            }
            Event::ToldApart { from } => drop(self.never.insert(*from, self.blend)),
            Event::RestrictionLifted { at } => drop(self.lifted.insert(*at, self.blend)),
            Event::LoadApproved { up_to } => drop(self.approved.insert(*up_to, self.blend)),
            Event::Issued { stream, kind, ended, .. } => self.issues(*stream, *kind, *ended),
            Event::HandoverMoved { handover, row, .. }
                if self.blend == Blend::Both && table::is_answer(row) =>
            {
                self.answered.insert(*handover);
            }
            Event::HandoverMoved { .. }
            | Event::ReviewAnswered { .. }
            | Event::ReviewVoid { .. }
            | Event::MergedInto { .. }
            | Event::Parted { .. }
            | Event::Proposed { .. }
            | Event::Seconded { .. }
            | Event::SameProposed { .. }
            | Event::SameSeconded { .. }
            | Event::Restated { .. }
            | Event::DueSet { .. }
            | Event::PermitsOver { .. }
            | Event::LineOpened { .. }
            | Event::LineClosed { .. }
            | Event::StreamWentOn { .. }
            | Event::Asked { .. } => {}
        }
        Ok(())
    }

    /// Something of this side comes in, with a person whom it was; from where the two are one, what was so before is
    /// kept.
    fn joins(&mut self, side: Blend, brought: Option<&Person>) {
        let before = self.blend;
        self.blend = before.with(side);
        if self.blend != Blend::Both {
            return;
        }
        if before != Blend::Both {
            self.old.extend(self.records.iter().map(|(record, ..)| *record));
        }
        let own = self.person.clone();
        for (of, person) in [(before, own.as_ref()), (side, brought)] {
            if let Some(person) = person.filter(|_| of != Blend::Both) {
                let handovers = person.state.handovers.iter();
                self.before.extend(handovers.map(|handover| (handover.id, handover.clone())));
                self.had.entry(of).or_default().extend(person.matching.keys.iter().cloned());
            }
        }
    }

    /// Begins as a split left them: all that they have is whose their records are.
    fn begins(&mut self, person: &Person) {
        let (state, blend) = (&person.state, self.blend);
        self.handovers.extend(state.handovers.iter().map(|handover| (handover.id, blend)));
        self.streams.extend(state.streams.iter().map(|stream| (stream.id, blend)));
        self.names.extend(state.pseudonyms.values().map(|name| (*name, blend)));
        self.reviews.extend(state.open_reviews.keys().map(|review| (*review, blend)));
        self.never.extend(person.matching.never.iter().map(|id| (*id, blend)));
        self.absorbed.extend(person.matching.absorbed.iter().map(|id| (*id, (blend, None))));
        self.lifted.extend(state.lifted.map(|at| (at, blend)));
        self.approved.extend(state.first_load.approved.map(|up_to| (Some(up_to), blend)));
    }

    fn takes_over(&mut self, other: Self) {
        let id = other.person.map(|person| person.id);
        self.absorbed.extend(id.map(|id| (id, (other.blend, None))));
        self.absorbed.extend(other.absorbed);
        self.records.extend(other.records);
        self.handovers.extend(other.handovers);
        self.streams.extend(other.streams);
        self.names.extend(other.names);
        self.reviews.extend(other.reviews);
        self.never.extend(other.never);
        self.lifted.extend(other.lifted);
        self.approved.extend(other.approved);
        self.told.extend(other.told);
        self.ended.extend(other.ended);
        self.answered.extend(other.answered);
        self.before.extend(other.before);
        self.old.extend(other.old);
        for (of, keys) in other.had {
            self.had.entry(of).or_default().extend(keys);
        }
        if self.blend == Blend::Both {
            self.joined.extend(other.joined);
        }
    }

    fn issues(&mut self, stream: StreamId, kind: ViewKind, ended: Option<EndReason>) {
        if ended == Some(EndReason::Merged) {
            let streams = self.person.iter().flat_map(|person| &person.state.streams);
            let own = streams.filter(|known| known.id == stream);
            self.joined.extend(own.map(|known| known.recipient.clone()));
        }
        if self.blend == Blend::Both {
            let set = if kind == ViewKind::Ended { &mut self.ended } else { &mut self.told };
            set.insert(stream);
        }
    }
}

fn linked(event: &Event) -> Option<MessageId> {
    match event {
        Event::Linked { message, .. } => Some(*message),
        _ => None,
    }
}
