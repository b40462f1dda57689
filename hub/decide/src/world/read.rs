//! The readers: one for each kind of question.
//!
//! Each answers, says that there is nothing, or says what is [`Missing`]; in a whole world nothing is ever missing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use schemas::ids::{MessageId, PersonId};
use schemas::key::Mac;
use schemas::message::Prepared;
use schemas::recipient::Recipient;

use super::ask::{Ask, FoundAs, Holders, Missing, Owned, Reply, SentRecord};
use super::{Gather, World};
use crate::person::{Outline, Past, Person};

/// What the world has of a person, redirects followed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KnownAs<T> {
    /// As they are now.
    Here(T),
    /// There is no such person.
    Nobody,
    /// They cannot be read.
    Shut,
}

pub(crate) type KnownPerson<'a> = KnownAs<&'a Arc<Person>>;

/// More redirects than this in a row are a defect.
const REDIRECTS: usize = 1_000;

impl World {
    fn find(&self, ask: Ask) -> Result<Option<&Reply>, Missing> {
        match self.known.get(&ask) {
            Some(entry) => {
                entry.used.store(self.now, Ordering::Relaxed);
                Ok(Some(&entry.answer))
            }
            None if self.whole => Ok(None),
            None => Err(Missing(ask)),
        }
    }

    /// The records that this key finds.
    pub(crate) fn holders(&self, key: Mac) -> Result<Option<&Holders>, Missing> {
        match self.find(Ask::Key(key))? {
            Some(Reply::Key(holders)) => Ok(Some(holders)),
            _ => Ok(None),
        }
    }

    /// The newest records that a name, a birth date or any other key finds; whoever knows everything gives all of them.
    pub(crate) fn named(&self, key: Mac) -> Result<Option<&Holders>, Missing> {
        match self.find(if self.whole { Ask::Key(key) } else { Ask::Name(key) })? {
            Some(Reply::Key(holders)) => Ok(Some(holders)),
            _ => Ok(None),
        }
    }

    /// Who a person is now.
    pub(crate) fn known(&self, mut id: PersonId) -> Result<KnownPerson<'_>, Missing> {
        for _ in 0..REDIRECTS {
            let Some(Reply::Person(found)) = self.find(Ask::Person(id))? else { break };
            match found {
                FoundAs::Here(person) => match person.state.merged_into {
                    Some(survivor) => id = survivor,
                    None => return Ok(KnownAs::Here(person)),
                },
                FoundAs::Absorbed(survivor) => id = *survivor,
                FoundAs::Nobody => break,
                FoundAs::Shut => return Ok(KnownAs::Shut),
            }
        }
        Ok(KnownAs::Nobody)
    }

    /// A person as they are now; who is missing is gathered, and who cannot be read is nobody here.
    pub(crate) fn here(&self, id: PersonId, gather: &mut Gather) -> Option<&Arc<Person>> {
        match gather.take(self.known(id))? {
            KnownAs::Here(person) => Some(person),
            KnownAs::Nobody | KnownAs::Shut => None,
        }
    }

    /// A person as linking looks at them now: of who is known whole from that. Whether anything else of them opens does not
    /// matter, so that it does not matter either what is known.
    pub(crate) fn outline(&self, mut id: PersonId) -> Result<KnownAs<Outline<'_>>, Missing> {
        for _ in 0..REDIRECTS {
            let person = Ask::Person(id);
            let opens = match self.known.get(&person) {
                Some(slot) => !matches!(slot.answer, Reply::Person(FoundAs::Shut)),
                None => self.whole,
            };
            match self.find(if opens { person } else { Ask::Match(id) })? {
                Some(Reply::Person(FoundAs::Here(person))) => match person.state.merged_into {
                    Some(survivor) => id = survivor,
                    None => return Ok(KnownAs::Here(person.outline())),
                },
                Some(Reply::Match(FoundAs::Here(matching))) => {
                    return Ok(KnownAs::Here(Outline { id, matching }));
                }
                Some(
                    Reply::Person(FoundAs::Absorbed(survivor)) | Reply::Match(FoundAs::Absorbed(survivor)),
                ) => id = *survivor,
                Some(Reply::Match(FoundAs::Shut)) => return Ok(KnownAs::Shut),
                _ => break,
            }
        }
        Ok(KnownAs::Nobody)
    }

    /// Who goes on where a person was absorbed, as far as that is known here; else the person.
    #[must_use]
    pub fn survivor(&self, mut id: PersonId) -> PersonId {
        for _ in 0..REDIRECTS {
            match self.known.get(&Ask::Person(id)).map(|entry| &entry.answer) {
                Some(Reply::Person(FoundAs::Here(person))) => match person.state.merged_into {
                    Some(survivor) => id = survivor,
                    None => break,
                },
                Some(Reply::Person(FoundAs::Absorbed(survivor))) => id = *survivor,
                _ => break,
            }
        }
        id
    }

    pub(crate) fn owner(&self, owned: Owned) -> Result<Option<PersonId>, Missing> {
        match self.find(Ask::Owner(owned))? {
            Some(Reply::Owner(person)) => Ok(*person),
            _ => Ok(None),
        }
    }

    /// What a waiting record says.
    pub(crate) fn waiting(&self, id: MessageId) -> Result<Option<&Arc<Prepared>>, Missing> {
        match self.find(Ask::Waiting(id))? {
            Some(Reply::Waiting(record)) => Ok(record.as_ref()),
            _ => Ok(None),
        }
    }

    /// A person's learning records, in no order: of their own journal and of those that were absorbed.
    pub(crate) fn learning(&self, person: &Person, gather: &mut Gather) -> Vec<&(MessageId, Arc<Prepared>)> {
        let ids = person.matching.absorbed.iter().chain([&person.id]);
        let journals = ids.filter_map(|id| match gather.take(self.find(Ask::Journal(*id))) {
            Some(Some(Reply::Journal(records))) => Some(records),
            _ => None,
        });
        journals.flatten().collect()
    }

    /// The keys that a person's records are found by: of their own, and of those that were absorbed.
    pub(crate) fn keys_of(&self, person: &Person, gather: &mut Gather) -> BTreeSet<Mac> {
        let ids = person.matching.absorbed.iter().chain([&person.id]);
        let keys = ids.filter_map(|id| match gather.take(self.find(Ask::Keys(*id))) {
            Some(Some(Reply::Keys(keys))) => Some(keys),
            _ => None,
        });
        keys.flatten().copied().collect()
    }

    /// What happened to this very person; nothing where it does not open.
    pub(crate) fn past(&self, id: PersonId) -> Result<Option<&Arc<Past>>, Missing> {
        match self.find(Ask::Past(id))? {
            Some(Reply::Past(past)) => Ok(past.as_ref()),
            _ => Ok(None),
        }
    }

    /// A record on a topic.
    pub(crate) fn sent(&self, recipient: &Recipient, sequence: u64) -> Result<Option<SentRecord>, Missing> {
        match self.find(Ask::Sent(recipient.clone(), sequence))? {
            Some(Reply::Sent(record)) => Ok(*record),
            _ => Ok(None),
        }
    }
}

/// Whether one of so many of these records, the newest, is the person's already.
pub(crate) fn leads_to(holders: Option<&Holders>, most: usize, person: Outline<'_>) -> bool {
    holders.is_some_and(|holders| holders.values().rev().take(most).flatten().any(|id| person.is(*id)))
}
