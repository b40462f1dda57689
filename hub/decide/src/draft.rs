//! A change under construction: one message, the person as they become, and the ids still to give.
//!
//! Every event goes through [`Draft::record`], which folds it at once, so each step sees what the step before it did.
//! A person is copied once, when the first event touches them. The world is not touched: that is done when the change
//! is whole.

use std::sync::Arc;

use schemas::ids::{MessageId, PersonId, Seed};
use schemas::message::{Message, Prepared};
use schemas::time::{Day, Instant};

use crate::bundle::Bundle;
use crate::change::Change;
use crate::journey::Journey;
use crate::person::{Event, Person, Reason, Stream, Weighed};

/// A change under construction.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) person: Arc<Person>,
    pub(crate) change: Change,
    pub(crate) at: Instant,
    pub(crate) today: Day,
    seed: Seed,
    given: u32,
}

impl<'a> Draft<'a> {
    /// Starts from a person as the world has them.
    pub(crate) fn of(person: &Arc<Person>, message: &Message, bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            person: Arc::clone(person),
            change: Change::default(),
            at: message.known_at.0,
            today: message.known_at.day(),
            seed: message.seed,
            // Number 0 is the person's own id.
            given: 1,
        }
    }

    /// Starts with somebody new.
    pub(crate) fn new(message: &Message, bundle: &'a Bundle) -> Self {
        Self::of(&Arc::new(Person::new(PersonId::derive(&message.seed, 0))), message, bundle)
    }

    /// Adds an event and folds it. A link is [`Draft::link`]'s.
    pub(crate) fn record(&mut self, event: Event) {
        debug_assert!(!matches!(event, Event::Linked { .. }), "a link is folded with its record");
        Arc::make_mut(&mut self.person).happen(&event);
        self.change.events.push((self.person.id, event));
    }

    /// A record becomes the person's.
    pub(crate) fn link(
        &mut self,
        message: MessageId,
        prepared: &Prepared,
        reason: Reason,
        weighed: Vec<Weighed>,
    ) {
        Arc::make_mut(&mut self.person).link(message, prepared);
        self.change.events.push((self.person.id, Event::Linked { message, reason, weighed }));
    }

    /// Adds an event about somebody else, and folds it.
    pub(crate) fn record_on(&mut self, other: &Arc<Person>, event: Event) {
        let after = self.change.persons.entry(other.id).or_insert_with(|| Arc::clone(other));
        Arc::make_mut(after).happen(&event);
        self.change.events.push((other.id, event));
    }

    /// Goes on with another person, and gives the one before. Whoever it was is done with.
    pub(crate) fn turn_to(&mut self, other: Arc<Person>) -> Arc<Person> {
        let before = std::mem::replace(&mut self.person, other);
        if self.touched(before.id) {
            self.change.persons.insert(before.id, Arc::clone(&before));
        }
        before
    }

    /// Whether an event is about this person.
    pub(crate) fn touched(&self, id: PersonId) -> bool {
        self.change.events.iter().any(|(whose, _)| *whose == id)
    }

    /// The next id of a kind: `draft.id(HandoverId::derive)`.
    pub(crate) fn id<Id>(&mut self, derive: fn(&Seed, u32) -> Id) -> Id {
        let id = derive(&self.seed, self.given);
        self.given += 1;
        id
    }

    /// What a stream showed last goes out once more, as soon as it may.
    pub(crate) fn owe(&mut self, stream: &Stream) {
        self.record(Event::StreamWentOn { stream: stream.id, epoch: stream.epoch });
    }

    /// 32 bytes nobody can guess, the same whenever it is decided again.
    pub(crate) fn salt(&mut self) -> [u8; 32] {
        self.given += 1;
        self.seed.derive("salt", self.given)
    }

    /// The facts as they are now.
    pub(crate) fn journey(&self) -> Journey<'_> {
        Journey::of(&self.person.state)
    }
}
