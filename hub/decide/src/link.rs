//! The linking of the heart alone, in memory: the same candidates, weights, guards and verdicts, and nothing of what
//! follows from them.
//!
//! For `hub link` and for the figures of docs/identity.md. Answers of a reviewer are taken where a question is asked.
//! Next: [`crate::identity`].

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::ids::{MessageId, PersonId, Seed};
use schemas::message::{Prepared, ReviewAnswer};

use crate::identity::{Linking, find, macs, survivor};
use crate::model::MatchModel;
use crate::person::{Event, Join, Matching, Person, ReviewReason};
use crate::world::{Ask, PersonFound, Reply, Stop, Waiting, World};

/// Records and the persons they make.
#[derive(Debug)]
pub struct Linker {
    world: World,
    model: MatchModel,
    made: u32,
    /// Whose each record is; none while it waits.
    owners: BTreeMap<MessageId, Option<PersonId>>,
    asked: Vec<LinkQuestion>,
    left_out: u64,
}

/// A human is asked: is this record's person one of these?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkQuestion {
    pub record: MessageId,
    pub why: ReviewReason,
    pub candidates: Vec<PersonId>,
}

impl Linker {
    #[must_use]
    pub fn new(model: MatchModel) -> Self {
        let (world, owners, asked) = (World::whole(), BTreeMap::new(), vec![]);
        Self { world, model, made: 0, owners, asked, left_out: 0 }
    }

    /// Links one more record; `answer` says what a human answers about a candidate, where one is asked.
    pub fn add(
        &mut self,
        id: MessageId,
        prepared: &Arc<Prepared>,
        answer: impl Fn(&Self, PersonId) -> Option<ReviewAnswer>,
    ) {
        let link = match find(&self.world, prepared, &self.model) {
            Ok(Linking::Person(link)) => link,
            Ok(Linking::Nobody(keys)) => {
                self.owners.insert(id, None);
                return self.world.keep(id, Arc::clone(prepared), &Waiting { keys });
            }
            // A whole world misses nothing, and nobody in it is shut.
            Err(Stop::Needs(_) | Stop::Waiting(_) | Stop::Refused(_) | Stop::Shut) => return,
        };
        self.left_out += link.left_out;
        let mut person = link.person.and_then(|id| self.take(id)).unwrap_or_else(|| self.new_person());
        for (other, why) in link.joins {
            if let Some(other) = self.take(other) {
                self.merge(Arc::make_mut(&mut person), other, why);
            }
        }
        let released = link.released.iter().map(|(id, waits)| (*id, waits));
        for (record, brought) in [(id, prepared)].into_iter().chain(released) {
            Matching::take_in(&mut Arc::make_mut(&mut person).matching, brought);
            self.owners.insert(record, Some(person.id));
        }
        self.world.index(id, Some(person.id), &link.keys);
        for (record, brought) in &link.released {
            let keys = macs(brought.index.iter().map(|key| key.mac));
            self.world.index(*record, Some(person.id), &keys);
            self.world.set(Ask::Waiting(*record), Reply::Waiting(None));
        }
        self.put(person);
        if let Some((why, candidates)) = link.review {
            self.ask(LinkQuestion { record: id, why, candidates }, answer);
        }
    }

    /// Asks, and does what is answered; what nobody answers stays open.
    fn ask(&mut self, question: LinkQuestion, answer: impl Fn(&Self, PersonId) -> Option<ReviewAnswer>) {
        let Some(mine) = self.person_of(question.record) else { return };
        let mut open = vec![];
        for candidate in &question.candidates {
            match answer(self, *candidate) {
                Some(ReviewAnswer::Same(_)) => return self.same(mine, *candidate),
                Some(ReviewAnswer::Different) => self.told_apart(mine, *candidate),
                Some(ReviewAnswer::CannotTell) | None => open.push(*candidate),
            }
        }
        if !open.is_empty() {
            self.asked.push(LinkQuestion { candidates: open, ..question });
        }
    }

    fn same(&mut self, one: PersonId, other: PersonId) {
        let (Some(one), Some(other)) = (self.take(one), self.take(other)) else { return };
        let first = survivor(&[&one, &other]).map_or(one.id, |first| first.id);
        let (mut stays, goes) = if first == one.id { (one, other) } else { (other, one) };
        self.merge(Arc::make_mut(&mut stays), goes, Join::Answer);
        self.put(stays);
    }

    fn told_apart(&mut self, one: PersonId, other: PersonId) {
        for (person, from) in [(one, other), (other, one)] {
            if let Some(mut person) = self.take(person) {
                Arc::make_mut(&mut person).happen(&Event::ToldApart { from });
                self.put(person);
            }
        }
    }

    fn merge(&mut self, person: &mut Person, other: Arc<Person>, why: Join) {
        let mut absorbed = Person::new(other.id);
        absorbed.happen(&Event::MergedInto { survivor: person.id });
        person.happen(&Event::Absorbed { person: Box::new(Person::clone(&other)), why });
        self.put(Arc::new(absorbed));
    }

    fn new_person(&mut self) -> Arc<Person> {
        self.made += 1;
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&self.made.to_be_bytes());
        Arc::new(Person::new(PersonId::derive(&Seed(seed), self.made)))
    }

    fn take(&mut self, id: PersonId) -> Option<Arc<Person>> {
        let id = self.world.survivor(id);
        match self.world.forget(&Ask::Person(id))? {
            Reply::Person(PersonFound::Here(person)) => Some(person),
            _ => None,
        }
    }

    fn put(&mut self, person: Arc<Person>) {
        self.world.set(Ask::Person(person.id), Reply::Person(PersonFound::Here(person)));
    }

    /// Whose a record is now; nobody's while it waits.
    #[must_use]
    pub fn person_of(&self, record: MessageId) -> Option<PersonId> {
        self.owners.get(&record).copied().flatten().map(|person| self.world.survivor(person))
    }

    /// Who a person is now.
    #[must_use]
    pub fn now(&self, person: PersonId) -> PersonId {
        self.world.survivor(person)
    }

    /// The questions that nobody has answered.
    #[must_use]
    pub fn open(&self) -> &[LinkQuestion] {
        &self.asked
    }

    /// How often a key led to more records than were looked at.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}
