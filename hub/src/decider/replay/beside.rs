//! Who is bound up with somebody erased: their decisions rested on messages that nobody can read any more.
//!
//! Two persons are bound where a journal of the one names the other, or where a message of the other was linked to
//! them when it was decided again. What is reached from somebody erased along such bonds cannot be compared.

use std::collections::{BTreeMap, BTreeSet};

use decide::person::Event;
use schemas::ids::{MessageId, PersonId};

use super::names;

/// The bonds between persons, and who cannot be read.
#[derive(Debug, Default)]
pub(super) struct Bonds {
    owner: BTreeMap<MessageId, PersonId>,
    between: BTreeMap<PersonId, BTreeSet<PersonId>>,
    unreadable: BTreeSet<PersonId>,
    /// Who is unreadable or bound up with them.
    reached: BTreeSet<PersonId>,
}

impl Bonds {
    /// Whose message it is in the store.
    pub(super) fn owns(&mut self, message: MessageId, owner: Option<PersonId>) {
        self.owner.extend(owner.map(|owner| (message, owner)));
    }

    /// Who was erased, or of whom something is damaged.
    pub(super) fn unreadable(&mut self, person: PersonId) {
        self.unreadable.insert(person);
    }

    /// What happened to a person, in the store or when it was decided again.
    pub(super) fn named(&mut self, person: PersonId, event: &Event) {
        for other in names(event) {
            self.bind(person, other);
        }
        if let Event::Linked { message, .. } = event
            && let Some(owner) = self.owner.get(message).copied()
        {
            self.bind(person, owner);
        }
    }

    fn bind(&mut self, one: PersonId, other: PersonId) {
        if one != other {
            self.between.entry(one).or_default().insert(other);
            self.between.entry(other).or_default().insert(one);
        }
    }

    /// Follows the bonds; says how many persons are reached who are readable themselves.
    pub(super) fn settle(&mut self) -> u64 {
        let mut open: Vec<PersonId> = self.unreadable.iter().copied().collect();
        while let Some(person) = open.pop() {
            if self.reached.insert(person) {
                open.extend(self.between.get(&person).into_iter().flatten());
            }
        }
        (self.reached.len() - self.unreadable.len()) as u64
    }

    /// Whether deciding this person again says nothing.
    pub(super) fn person(&self, person: PersonId) -> bool {
        self.reached.contains(&person)
    }

    /// Whether deciding this message again says nothing.
    pub(super) fn message(&self, message: MessageId) -> bool {
        self.owner.get(&message).is_some_and(|owner| self.reached.contains(owner))
    }

    /// Whether everything can be compared, numbers on topics included.
    pub(super) fn nobody(&self) -> bool {
        self.unreadable.is_empty()
    }
}
