//! A change under construction: one message, the person as he becomes, and the ids still to give.
//!
//! Every event goes through [`Draft::record`], which folds it at once, so each step sees what the
//! step before it did. Refuses to touch the world: that is done when the change is whole.

use schemas::ids::{PersonId, Seed};
use schemas::message::Message;
use schemas::time::{Day, Instant};

use crate::bundle::Bundle;
use crate::change::{Change, Event};
use crate::journey::Journey;
use crate::person::Person;

/// A change under construction.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) person: Person,
    pub(crate) change: Change,
    pub(crate) at: Instant,
    pub(crate) today: Day,
    seed: Seed,
    given: u32,
}

impl<'a> Draft<'a> {
    /// Starts from a person as the world has him.
    pub(crate) fn of(person: Person, message: &Message, bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            person,
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
        Self::of(Person::new(PersonId::derive(&message.seed, 0)), message, bundle)
    }

    /// Adds an event and folds it.
    pub(crate) fn record(&mut self, event: Event) {
        self.person.apply(&event);
        self.change.events.push((self.person.id, event));
    }

    /// The next id of a kind: `draft.id(HandoverId::derive)`.
    pub(crate) fn id<Id>(&mut self, derive: fn(&Seed, u32) -> Id) -> Id {
        let id = derive(&self.seed, self.given);
        self.given += 1;
        id
    }

    /// 32 bytes nobody can guess, the same whenever it is decided again.
    pub(crate) fn salt(&mut self) -> [u8; 32] {
        self.given += 1;
        self.seed.derive("salt", self.given)
    }

    /// The change, once all is decided: with the next day on which something becomes true without a message.
    pub(crate) fn finish(mut self) -> Change {
        let on = crate::handover::next_day(&self.person, self.bundle, self.today);
        if self.person.state.due != on {
            self.record(Event::DueSet { on });
        }
        self.change
    }

    /// The facts as they are now.
    pub(crate) fn journey(&self) -> Journey<'_> {
        Journey::of(&self.person.state)
    }
}
