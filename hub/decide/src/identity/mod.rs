//! Who is it: from a record to a person, or to the reason why not.
//!
//! Looks candidates up by keys, then guards. A personal key links unless name *and* birth date speak
//! against it; the whole name with the whole birth date links unless a number speaks against it; a
//! group key never links, it only corroborates. Whatever is in doubt gets a person of its own at
//! once and a review. Refuses to score: that is a later model's. Source: DESIGN 4.1, identity note 4.5.

mod guard;
mod waiting;

use std::collections::BTreeSet;

use schemas::fact::Record;
use schemas::ids::{MessageId, PersonId};
use schemas::key::{Class, Key};
use serde::{Deserialize, Serialize};

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
    let mut load = |ids: &BTreeSet<PersonId>| -> Vec<&Person> {
        ids.iter().filter_map(|id| world.known(*id, &mut needs)).collect()
    };
    let (owners, candidates) = (load(&by_key), load(&by_group));
    if !needs.is_empty() {
        return Err(Box::new(needs));
    }
    if owners.is_empty() && record.names.is_empty() && record.births.is_empty() {
        return Ok(Found::Nobody(keys.to_vec()));
    }
    let verdict = judge(world, record, keys, &owners, &candidates);
    let (person, reason, review) = match verdict {
        Verdict::Same(person, reason) => (Some(person), reason, None),
        Verdict::New => (None, Reason::New, None),
        Verdict::Doubt(why, between) => (None, Reason::New, Some((why, between))),
    };
    // A number that is somebody's stays his until the review is answered: otherwise every later
    // record with it would fit two persons.
    let taken = |key: &Key| review.is_some() && owners.iter().any(|owner| owner.matching.keys.contains(key));
    let keys: Vec<Key> = keys.iter().filter(|key| !taken(key)).cloned().collect();
    let released = waiting::released(world, &keys)?;
    Ok(Found::Person(Link { person, reason, keys, review, released }))
}

enum Verdict {
    Same(PersonId, Reason),
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
    let doubt = match owners {
        [] => None,
        [owner] if !guard::contradicts(record, owner) => return Verdict::Same(owner.id, Reason::Key),
        [_] => Some(ReviewReason::KeyContradicts),
        _ => Some(ReviewReason::SeveralPersons),
    };
    if let Some(why) = doubt {
        // Whom an earlier doubt of this kind made carries the same number, name and date: the record is
        // his, so that one question stays one question.
        let pieces: Vec<_> = candidates.iter().filter(|p| guard::same_piece(record, p, owners)).collect();
        return match pieces.as_slice() {
            [piece] => Verdict::Same(piece.id, Reason::Key),
            _ => Verdict::Doubt(why, ids(owners)),
        };
    }
    let exact: Vec<&Person> = candidates.iter().copied().filter(|p| guard::exact(record, p)).collect();
    let corroborated: Vec<&Person> =
        exact.iter().copied().filter(|p| guard::corroborated(world, keys, p.id)).collect();
    match (exact.as_slice(), corroborated.as_slice()) {
        (_, [one]) | ([one], []) => match guard::speaks_against(record, one, !corroborated.is_empty()) {
            None => Verdict::Same(one.id, Reason::NameAndBirth),
            Some(why) => Verdict::Doubt(why, vec![one.id]),
        },
        ([], _) => {
            let near: Vec<&Person> = candidates
                .iter()
                .copied()
                .filter(|p| guard::near(record, p) && guard::corroborated(world, keys, p.id))
                .collect();
            if near.is_empty() { Verdict::New } else { Verdict::Doubt(ReviewReason::NameInPart, ids(&near)) }
        }
        (several, _) => Verdict::Doubt(ReviewReason::SeveralCandidates, ids(several)),
    }
}

/// The record's own keys, and one for each whole name with each birth date.
pub(crate) fn index_keys(record: &Record) -> Vec<Key> {
    let mut keys: BTreeSet<Key> = record.keys.iter().cloned().collect();
    for names in &record.names {
        let tokens = names.tokens();
        if !tokens.is_empty() {
            keys.extend(record.births.iter().map(|birth| Key::NameAndBirth(tokens.clone(), *birth)));
        }
    }
    keys.into_iter().collect()
}

fn holders(world: &World, keys: &[Key], class: Class, needs: &mut Needs) -> BTreeSet<PersonId> {
    let mut found = BTreeSet::new();
    for key in keys.iter().filter(|key| key.class() == class) {
        if let Some(holders) = world.holders(key, needs) {
            found.extend(holders.values().flatten());
        }
    }
    found
}
