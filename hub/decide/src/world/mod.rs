//! The world: what the decider knows of the store, and stays in memory from one batch to the next.
//!
//! There is one writer, so this is state and no cache: [`World::apply`] and [`World::keep`] are the only things that
//! change what is known, [`World::load`] only adds what was missing. A *part* of a store ([`World::new`]) says of what
//! it does not know that it is missing; the *whole* ([`World::whole`]) says that it does not exist, so replay, dry
//! runs and tests need no store. What may go again, and when an answer comes too late, is `budget`'s. Questions and
//! answers are in `ask`. Next: [`crate::identity`].

mod ask;
mod budget;
mod map;
mod read;
mod stop;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use schemas::ids::{MessageId, PersonId};
use schemas::key::Mac;
use schemas::message::Prepared;

pub use ask::{
    Ask, Block, FoundAs, Holders, MatchFound, NEWEST, Needs, Owned, PersonFound, Reply, SentRecord,
    is_learning,
};
pub(crate) use ask::{Gather, Missing};
pub use budget::READ_BACK;
pub(crate) use read::{KnownAs, KnownPerson, leads_to};
pub use stop::{Aside, NoAside, Refusal, Stop, Waiting};

use crate::person::Person;
use budget::Touched;
use map::AskMap;

#[derive(Clone, Debug, Default)]
pub struct World {
    whole: bool,
    known: AskMap<Slot>,
    touched: Touched,
    /// The approximate weight of all that is known, in bytes.
    weight: usize,
    /// Counts the rounds: what was used in which.
    now: u64,
}

#[derive(Debug)]
struct Slot {
    answer: Reply,
    weight: usize,
    /// The last round that read it: set by readers, which share the world.
    used: AtomicU64,
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        let used = AtomicU64::new(self.used.load(Ordering::Relaxed));
        Self { answer: self.answer.clone(), weight: self.weight, used }
    }
}

impl World {
    /// A part of a store: nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All there is: what is not known does not exist.
    #[must_use]
    pub fn whole() -> Self {
        Self { whole: true, ..Self::default() }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// How many answers are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.len() == 0
    }

    /// The approximate weight of all that is known, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Whether this is known.
    #[must_use]
    pub fn has(&self, ask: &Ask) -> bool {
        self.known.contains(ask)
    }

    /// What a store that holds just this world would answer: a whole world can serve as one.
    #[must_use]
    pub fn answer(&self, ask: &Ask) -> Reply {
        // Who knows everything knows a name by its key, and what is compared by the person.
        let known = match ask {
            Ask::Name(mac) if self.whole => self.known.get(&Ask::Key(*mac)),
            Ask::Match(id) if self.whole => self.known.get(&Ask::Person(*id)),
            ask => self.known.get(ask),
        };
        match (ask, known.map(|entry| &entry.answer)) {
            (Ask::Name(_), Some(Reply::Key(holders))) => Reply::Key(newest(holders)),
            (Ask::Person(id), Some(_)) if self.survivor(*id) != *id => {
                Reply::Person(FoundAs::Absorbed(self.survivor(*id)))
            }
            (Ask::Match(id), Some(Reply::Person(_))) if self.survivor(*id) != *id => {
                Reply::Match(FoundAs::Absorbed(self.survivor(*id)))
            }
            (Ask::Match(_), Some(Reply::Person(found))) => {
                Reply::Match(found.clone().map(|person| Arc::clone(&person.matching)))
            }
            (_, Some(answer)) => answer.clone(),
            (_, None) => ask::absent(ask),
        }
    }

    /// A person as they are now; of an absorbed one the survivor.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Arc<Person>> {
        match self.known(id) {
            Ok(KnownPerson::Here(person)) => Some(person),
            Ok(KnownPerson::Nobody | KnownPerson::Shut) | Err(_) => None,
        }
    }

    /// Every person that is known, by their ids; absorbed ones too, as what is left of them.
    pub fn persons(&self) -> impl Iterator<Item = &Arc<Person>> {
        let here = self.known.iter().filter_map(|(_, entry)| match &entry.answer {
            Reply::Person(FoundAs::Here(person)) => Some(person),
            _ => None,
        });
        let mut persons: Vec<_> = here.collect();
        persons.sort_unstable_by_key(|person| person.id);
        persons.into_iter()
    }

    /// Keeps a record that waits for its person.
    pub fn keep(&mut self, id: MessageId, record: Arc<Prepared>, waiting: &Waiting) {
        self.index(id, None, &waiting.keys);
        self.set(Ask::Waiting(id), Reply::Waiting(Some(record)));
    }

    /// A record is found by these keys from now on. A key that is not known stays so, and is loaded whole; of a name its
    /// newest records.
    pub(crate) fn index(&mut self, record: MessageId, person: Option<PersonId>, keys: &[Mac]) {
        for key in keys {
            self.hold(Ask::Key(*key), usize::MAX, (record, person));
            if !self.whole {
                self.hold(Ask::Name(*key), NEWEST, (record, person));
            }
        }
    }

    /// One more record under a key, of which no more than so many are known: the newest.
    fn hold(&mut self, ask: Ask, most: usize, (record, person): (MessageId, Option<PersonId>)) {
        self.touch(&ask);
        match self.known.get_mut(&ask) {
            Some(Slot { answer: Reply::Key(holders), weight, .. }) => {
                let more = holders.insert(record, person).is_none();
                let gone = holders.len() > most && holders.pop_first().is_some();
                if more && !gone {
                    *weight += budget::HOLDER;
                    self.weight += budget::HOLDER;
                }
            }
            None if self.whole => self.set(ask, Reply::Key(Holders::from([(record, person)]))),
            Some(_) | None => {}
        }
    }

    /// One more learning record is in this person's journal. A journal that is not known stays so.
    pub(crate) fn learn(&mut self, person: PersonId, message: MessageId, prepared: &Arc<Prepared>) {
        let ask = Ask::Journal(person);
        self.touch(&ask);
        match self.known.get_mut(&ask) {
            Some(Slot { answer: Reply::Journal(records), weight, .. }) => {
                records.push((message, Arc::clone(prepared)));
                *weight += budget::LEARNT;
                self.weight += budget::LEARNT;
            }
            None if self.whole => self.set(ask, Reply::Journal(vec![(message, Arc::clone(prepared))])),
            Some(_) | None => {}
        }
    }

    /// One more record of this person's own is found by these keys. Keys that are not known stay so.
    pub(crate) fn found_by(&mut self, person: PersonId, keys: &[Mac]) {
        let ask = Ask::Keys(person);
        self.touch(&ask);
        match self.known.get_mut(&ask) {
            Some(Slot { answer: Reply::Keys(known), weight, .. }) => {
                let before = known.len();
                known.extend(keys);
                let more = (known.len() - before) * budget::FOUND_BY;
                *weight += more;
                self.weight += more;
            }
            None if self.whole => self.set(ask, Reply::Keys(keys.iter().copied().collect())),
            Some(_) | None => {}
        }
    }

    /// A record is found by none of these keys any more. A name of which only the newest records are known is loaded again,
    /// because the next one after them counts now.
    pub(crate) fn unindex(&mut self, record: MessageId, keys: &[Mac]) {
        for key in keys {
            self.release(&Ask::Key(*key), usize::MAX, record);
            self.release(&Ask::Name(*key), NEWEST, record);
        }
    }

    /// One record less under a key, of which no more than so many are known.
    fn release(&mut self, ask: &Ask, most: usize, record: MessageId) {
        self.touch(ask);
        if let Some(Slot { answer: Reply::Key(holders), weight, .. }) = self.known.get_mut(ask) {
            if holders.len() >= most {
                self.forget(ask);
            } else if holders.remove(&record).is_some() {
                *weight -= budget::HOLDER;
                self.weight -= budget::HOLDER;
            }
        }
    }

    /// A learning record is in this person's journal no more.
    pub(crate) fn unlearn(&mut self, person: PersonId, message: MessageId) {
        let ask = Ask::Journal(person);
        self.touch(&ask);
        if let Some(Reply::Journal(mut records)) = self.forget(&ask) {
            records.retain(|(id, _)| *id != message);
            self.insert(ask, Reply::Journal(records));
        }
    }

    /// This is the answer from now on. Of who is known whole nothing is known apart from it.
    pub(crate) fn set(&mut self, ask: Ask, answer: Reply) {
        self.touch(&ask);
        if let Ask::Person(id) = ask {
            self.forget(&Ask::Match(id));
        }
        self.insert(ask, answer);
    }

    /// Takes an answer out, to be changed and set again.
    pub(crate) fn forget(&mut self, ask: &Ask) -> Option<Reply> {
        let before = self.known.remove(ask)?;
        self.weight -= before.weight;
        Some(before.answer)
    }

    fn insert(&mut self, ask: Ask, answer: Reply) {
        let weight = budget::weigh(&answer);
        self.weight += weight;
        let entry = Slot { answer, weight, used: AtomicU64::new(self.now) };
        if let Some(before) = self.known.insert(ask, entry) {
            self.weight -= before.weight;
        }
    }
}

/// The newest of these records.
fn newest(holders: &Holders) -> Holders {
    holders.iter().rev().take(NEWEST).map(|(record, person)| (*record, *person)).collect()
}
