//! Who could be meant: the owners of a record's numbers, and those whom its names and group keys find.
//!
//! Numbers are looked up whole. Of a name that very many share no more than [`COMPARED`] records a key are looked at,
//! the newest; how often there were more is counted, so that somebody sees it. Next: [`super::judge`].

use std::collections::BTreeMap;

use schemas::ids::PersonId;
use schemas::key::{Class, IndexKey, Key};
use schemas::message::Prepared;

use super::compare::Led;
use crate::person::{Matching, Outline, Person};
use crate::world::{Gather, Holders, KnownAs, NEWEST, Stop, World, leads_to};

/// How many records of one key that is no number are looked at.
pub const COMPARED: usize = NEWEST - 1;

/// Who could be meant.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    pub(crate) world: &'a World,
    /// The record's keys, each with the records it finds.
    pub(crate) keys: Vec<(IndexKey, Option<&'a Holders>)>,
    /// Whose numbers the record carries, by their ids.
    pub(crate) owners: Vec<&'a Person>,
    /// Whom names and group keys find, by their ids; owners may be among them.
    pub(crate) candidates: Vec<Outline<'a>>,
    /// Of how many keys not all records were looked at.
    pub(crate) left_out: u64,
    /// A participant says the record of themselves.
    own_account: bool,
    /// One of the owners cannot be read, or has not the number that led to them.
    shut: bool,
}

impl<'a> Around<'a> {
    /// Looks up who could be meant; what is not known is gathered.
    pub(crate) fn of(world: &'a World, prepared: &Prepared, gather: &mut Gather) -> Self {
        let found = |key: &IndexKey| {
            let named = key.class == Class::Name;
            let holders = if named { world.named(key.mac) } else { world.holders(key.mac) };
            (*key, gather.take(holders).flatten())
        };
        let keys = prepared.index.iter().map(found).collect();
        let own_account = prepared.record.is_own_account();
        let (owners, candidates) = (vec![], vec![]);
        let mut around = Self { world, keys, owners, candidates, left_out: 0, own_account, shut: false };
        let mut owners = vec![];
        let mut found: BTreeMap<&PersonId, usize> = BTreeMap::new();
        for (key, holders) in &around.keys {
            let Some(holders) = holders else { continue };
            let persons = holders.values().rev().flatten();
            match key.class {
                Class::Personal => owners.extend(persons),
                Class::Group | Class::Claim | Class::Name => {
                    for person in persons.take(COMPARED) {
                        *found.entry(person).or_default() += 1;
                    }
                    around.left_out += u64::from(holders.len() > COMPARED);
                }
            }
        }
        let candidates = most_often(found);
        (around.owners, around.shut) = load(world, owners, gather);
        around.shut |= around.misled(world, prepared, gather);
        around.candidates = outlines(world, candidates, gather);
        around
    }

    /// All of them, owners first.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = Outline<'a>> {
        self.owners.iter().map(|owner| owner.outline()).chain(self.candidates.iter().copied())
    }

    /// Whether the index leads from a number to somebody who has no such number: it stands in clear, what a person has
    /// is sealed. The id of a learning statement is nobody's number.
    fn misled(&self, world: &World, prepared: &Prepared, gather: &mut Gather) -> bool {
        let number = |key: &&Key| key.class() == Class::Personal && !matches!(key, Key::Statement(_));
        let own = prepared.record.keys.iter().zip(&self.keys).filter(|(key, _)| number(key));
        let led = own.flat_map(|(key, (_, holders))| {
            holders.iter().flat_map(|h| h.values().flatten()).map(move |id| (key, id))
        });
        led.into_iter().any(|(key, id)| match gather.take(world.known(*id)) {
            Some(KnownAs::Here(person)) => !person.matching.keys.contains(key),
            Some(KnownAs::Shut | KnownAs::Nobody) | None => false,
        })
    }

    /// What was found, once nothing is missing.
    pub(crate) fn whole(self, gather: Gather) -> Result<Self, Stop> {
        match (gather.0.is_empty(), self.shut) {
            (false, _) => Err(Stop::Needs(gather.0)),
            (true, true) => Err(Stop::Shut),
            (true, false) => Ok(self),
        }
    }

    /// What leads to this person beside what the record says.
    pub(crate) fn led(&self, person: Outline<'_>) -> Led {
        let by = |class| {
            let mut keys = self.keys.iter().filter(|(key, _)| key.class == class);
            keys.any(|(_, holders)| leads_to(*holders, usize::MAX, person))
        };
        let self_stated = self.own_account || only_accounts(person.matching);
        let (by_group, by_claim) = (by(Class::Group), by(Class::Claim));
        Led {
            by_number: self.owners.iter().any(|owner| owner.id == person.id),
            by_group: by_group || by_claim,
            by_claim: by_claim && self_stated,
            self_stated,
        }
    }
}

/// Whether what is looked at under a key leads to this person already.
pub(crate) fn is_found(key: &IndexKey, holders: Option<&Holders>, person: Outline<'_>) -> bool {
    leads_to(holders, if key.class == Class::Name { COMPARED } else { usize::MAX }, person)
}

/// Whether nothing is known of them but what accounts said.
pub(super) fn only_accounts(matching: &Matching) -> bool {
    let keys = &matching.keys;
    !keys.is_empty() && keys.iter().all(|key| matches!(key, Key::Account(_)))
}

/// Whom most keys find, as many as are compared; of equals those with the lower id.
pub(super) fn most_often(found: BTreeMap<&PersonId, usize>) -> Vec<&PersonId> {
    let mut ranked: Vec<(&PersonId, usize)> = found.into_iter().collect();
    ranked.sort_by_key(|(id, times)| (usize::MAX - times, **id));
    ranked.into_iter().take(COMPARED).map(|(id, _)| id).collect()
}

/// These persons as they are now, each once, and whether one of them cannot be read.
pub(super) fn load<'a>(
    world: &'a World,
    mut ids: Vec<&PersonId>,
    gather: &mut Gather,
) -> (Vec<&'a Person>, bool) {
    ids.sort_unstable();
    ids.dedup();
    let mut persons: Vec<&Person> = vec![];
    let mut shut = false;
    for id in ids {
        match gather.take(world.known(*id)) {
            Some(KnownAs::Here(person)) => persons.push(person),
            Some(KnownAs::Shut) => shut = true,
            Some(KnownAs::Nobody) | None => {}
        }
    }
    // Two ids may be one person by now.
    persons.sort_unstable_by_key(|person| person.id);
    persons.dedup_by_key(|person| person.id);
    (persons, shut)
}

/// What is compared of these persons, each once; who cannot be read is left out.
fn outlines<'a>(world: &'a World, mut ids: Vec<&PersonId>, gather: &mut Gather) -> Vec<Outline<'a>> {
    ids.sort_unstable();
    ids.dedup();
    let known = ids.into_iter().filter_map(|id| match gather.take(world.outline(*id))? {
        KnownAs::Here(outline) => Some(outline),
        KnownAs::Nobody | KnownAs::Shut => None,
    });
    let mut outlines: Vec<_> = known.collect();
    // Two ids may be one person by now.
    outlines.sort_unstable_by_key(|outline| outline.id);
    outlines.dedup_by_key(|outline| outline.id);
    outlines
}
