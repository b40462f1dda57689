//! Who is it: from a record to a person, or to the reason why not.
//!
//! Looks candidates up by keys, then guards. A personal key links unless name *and* birth date speak
//! against it; the whole name with the whole birth date links unless a number speaks against it; a
//! group key never links, it only corroborates. Whatever is in doubt gets a person of its own at
//! once and a review. Refuses to score: that is a later model's. Source: DESIGN 4.1, identity note 4.5.

mod guard;
mod join;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use schemas::fact::Record;
use schemas::ids::{MessageId, PersonId};
use schemas::key::{Class, Key};
use serde::{Deserialize, Serialize};

pub(crate) use guard::two_hold_the_file;
pub use join::Join;
pub(crate) use join::survivor;

use crate::change::Needs;
use crate::person::Person;
use crate::world::World;

/// Why a record is this person's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody fitted: a new person.
    New,
    /// A personal key that nothing speaks against.
    Key,
    /// The whole name and the whole birth date, and no number speaks against it.
    NameAndBirth,
    /// The whole birth date, and all of the name that one of the two writes: the other writes more of it.
    NameInPart,
    /// It waited for a record with its key.
    Released,
}

/// Why a human must decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    /// A number agrees, name and birth date both do not.
    KeyContradicts,
    /// Its numbers belong to several persons.
    SeveralPersons,
    /// Name and birth date agree with several persons.
    SeveralCandidates,
    /// Name and birth date agree, a number does not.
    NumberDiffers,
    /// Name and birth date agree, but the date is one that clerks fill in.
    DefaultDate,
    /// A group key and the birth date agree, the name only in part.
    NameInPart,
}

impl ReviewReason {
    /// Its name in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyContradicts => "key_contradicts",
            Self::SeveralPersons => "several_persons",
            Self::SeveralCandidates => "several_candidates",
            Self::NumberDiffers => "number_differs",
            Self::DefaultDate => "default_date",
            Self::NameInPart => "name_in_part",
        }
    }
}

/// What linking found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// Whose record it is, and which waiting records come along.
    Person(Link),
    /// No name, no date, and no number that leads to anybody: kept under its keys.
    Nobody(Vec<Key>),
}

/// A record and its person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    /// The person; none where a new one is made.
    pub(crate) person: Option<PersonId>,
    /// Persons who turn out to be him as well, and why.
    pub(crate) joins: Vec<(PersonId, Join)>,
    /// Why.
    pub(crate) reason: Reason,
    /// The keys under which the record is found from now on.
    pub(crate) keys: Vec<Key>,
    /// What a human must decide, and between whom.
    pub(crate) review: Option<(ReviewReason, Vec<PersonId>)>,
    /// Waiting records whose key this record brings, in the order of their statements.
    pub(crate) released: Vec<(MessageId, Record)>,
}

/// Finds the person of a record with these [`index_keys`], or says what must be loaded first.
pub(crate) fn find(world: &World, record: &Record, keys: &[Key]) -> Result<Found, Box<Needs>> {
    let mut needs = Needs::default();
    let by_key = holders(world, keys, Class::Personal, &mut needs);
    let by_group = holders(world, keys, Class::Group, &mut needs);
    // Two ids may be one person by now.
    let mut load = |ids: &BTreeSet<PersonId>| -> Vec<&Person> {
        let persons = ids.iter().filter_map(|id| world.known(*id, &mut needs));
        persons.map(|person| (person.id, person)).collect::<BTreeMap<_, _>>().into_values().collect()
    };
    let (owners, candidates) = (load(&by_key), load(&by_group));
    if !needs.is_empty() {
        return Err(Box::new(needs));
    }
    if owners.is_empty() && record.names.is_empty() && record.births.is_empty() {
        return Ok(Found::Nobody(keys.to_vec()));
    }
    let verdict = judge(world, record, keys, &owners, &candidates);
    let (person, joins, reason, review) = match verdict {
        Verdict::Same(person, reason) => (Some(person), vec![], reason, None),
        Verdict::Joined(person, joins, reason) => (Some(person), joins, reason, None),
        Verdict::New => (None, vec![], Reason::New, None),
        Verdict::Doubt(why, between) => (None, vec![], Reason::New, Some((why, between))),
    };
    // A number that is somebody's stays his until the review is answered: otherwise every later
    // record with it would fit two persons.
    let taken = |key: &Key| review.is_some() && owners.iter().any(|owner| owner.matching.keys.contains(key));
    let mut keys: Vec<Key> = keys.iter().filter(|key| !taken(key)).cloned().collect();
    let released = waiting::released(world, &keys)?;
    // A key that leads to him already need not lead to him once more: what many records share is read whole.
    keys.retain(|key| !person.is_some_and(|person| world.leads_to(key, person)));
    Ok(Found::Person(Link { person, joins, reason, keys, review, released }))
}

enum Verdict {
    Same(PersonId, Reason),
    Joined(PersonId, Vec<(PersonId, Join)>, Reason),
    New,
    Doubt(ReviewReason, Vec<PersonId>),
}

fn judge(
    world: &World,
    record: &Record,
    keys: &[Key],
    owners: &[&Person],
    candidates: &[&Person],
) -> Verdict {
    let ids = |persons: &[&Person]| persons.iter().map(|person| person.id).collect();
    let exact: Vec<&Person> = candidates.iter().copied().filter(|p| guard::exact(record, p)).collect();
    let named = |p: &Person| guard::exact(record, p) || guard::part_of(record, p);
    let namesakes: Vec<&Person> = candidates.iter().copied().filter(|p| named(p)).collect();
    if !owners.is_empty()
        && !owners.iter().any(|owner| guard::contradicts(record, owner))
        && let Some(verdict) = all_one(world, record, keys, owners, &namesakes)
    {
        return verdict;
    }
    if !owners.is_empty() {
        // Whom an earlier doubt of this kind made carries the same number, name and date: the record is
        // his, so that one question stays one question.
        let pieces: Vec<_> = candidates.iter().filter(|p| guard::same_piece(record, p, owners)).collect();
        let why = if owners.len() == 1 { ReviewReason::KeyContradicts } else { ReviewReason::SeveralPersons };
        return match pieces.as_slice() {
            [piece] => Verdict::Same(piece.id, Reason::Key),
            _ => Verdict::Doubt(why, ids(owners)),
        };
    }
    let corroborated: Vec<&Person> =
        exact.iter().copied().filter(|p| guard::corroborated(world, keys, p.id)).collect();
    match (exact.as_slice(), corroborated.as_slice()) {
        (_, [one]) | ([one], []) => match guard::speaks_against(record, one, !corroborated.is_empty()) {
            None => Verdict::Same(one.id, Reason::NameAndBirth),
            Some(why) => Verdict::Doubt(why, vec![one.id]),
        },
        ([], _) => written_otherwise(world, record, keys, candidates),
        (several, _) => Verdict::Doubt(ReviewReason::SeveralCandidates, ids(several)),
    }
}

/// Nobody has the whole name: somebody may have all of it that one of the two writes, or a name like it.
fn written_otherwise(world: &World, record: &Record, keys: &[Key], candidates: &[&Person]) -> Verdict {
    let of = |fits: &dyn Fn(&Person) -> bool| -> Vec<&Person> {
        candidates.iter().copied().filter(|person| fits(person)).collect()
    };
    let part = of(&|person| guard::part_of(record, person));
    if let [one] = part.as_slice()
        && guard::speaks_against(record, one, false).is_none()
    {
        return Verdict::Same(one.id, Reason::NameInPart);
    }
    let near = of(&|person| {
        guard::alike(record, person)
            || guard::near(record, person) && guard::corroborated(world, keys, person.id)
    });
    let ids = |persons: &[&Person]| persons.iter().map(|person| person.id).collect();
    match (part.as_slice(), near.as_slice()) {
        ([], []) => Verdict::New,
        ([], near) => Verdict::Doubt(ReviewReason::NameInPart, ids(near)),
        (part, _) => Verdict::Doubt(ReviewReason::SeveralCandidates, ids(part)),
    }
}

/// Whose numbers the record carries, and who has its whole name and birth date with nothing against it, are one
/// person where no guard stands between any two of them. That the names count too keeps links free of the order
/// of arrival: had the record come first, he would have been found by it.
fn all_one(
    world: &World,
    record: &Record,
    keys: &[Key],
    owners: &[&Person],
    namesakes: &[&Person],
) -> Option<Verdict> {
    let between = |persons: &[&Person], one: &Person, by_numbers| {
        persons.iter().all(|other| guard::joinable(one, other, record, by_numbers))
    };
    if (1..owners.len()).any(|n| !between(&owners[..n], owners[n], true)) {
        return None;
    }
    let mut persons = owners.to_vec();
    for &namesake in namesakes {
        let other = owners.iter().all(|owner| owner.id != namesake.id);
        let corroborated = guard::corroborated(world, keys, namesake.id);
        let fits = other && guard::speaks_against(record, namesake, corroborated).is_none();
        if fits && between(&persons, namesake, corroborated) {
            persons.push(namesake);
        }
    }
    let first = survivor(&persons)?;
    let by_key = |id| owners.iter().any(|owner| owner.id == id);
    let join = |id| (id, if by_key(id) && by_key(first.id) { Join::Keys } else { Join::NameAndBirth });
    let joins: Vec<_> = persons.iter().map(|p| p.id).filter(|id| *id != first.id).map(join).collect();
    Some(match joins.is_empty() {
        true => Verdict::Same(first.id, Reason::Key),
        false => Verdict::Joined(first.id, joins, Reason::Key),
    })
}

/// The record's own keys; a document's number without its country as well; for each whole name with each birth date
/// one, and one for how each part of it begins, where the date is not one that clerks fill in.
pub(crate) fn index_keys(record: &Record) -> Vec<Key> {
    let mut keys: BTreeSet<Key> = record.keys.iter().cloned().collect();
    keys.extend(record.keys.iter().filter_map(|key| match key {
        Key::Passport(_, number) => Some(Key::PassportAlone(number.clone())),
        _ => None,
    }));
    for names in &record.names {
        let tokens = names.tokens();
        for birth in record.births.iter().filter(|_| !tokens.is_empty()) {
            if !birth.is_default() {
                let begins = |token: &String| token.chars().take(BEGINNING).collect();
                keys.extend(tokens.0.iter().map(|token| Key::NamePart(begins(token), *birth)));
            }
            keys.insert(Key::NameAndBirth(tokens.clone(), *birth));
        }
    }
    keys.into_iter().collect()
}

/// How much of a name's part must agree for two to be compared: enough to keep strangers of one birth date apart.
const BEGINNING: usize = 3;

fn holders(world: &World, keys: &[Key], class: Class, needs: &mut Needs) -> BTreeSet<PersonId> {
    let mut found = BTreeSet::new();
    for key in keys.iter().filter(|key| key.class() == class) {
        if let Some(holders) = world.holders(key, needs) {
            found.extend(holders.values().flatten());
        }
    }
    found
}
