//! Who is it: from a record to a person, or to the reason why not.
//!
//! `view` makes a record ready at the door, `block` looks up who could be meant, `compare` says how they fit,
//! `judge` what follows, `guard` whether one record may make two persons one. A personal key links unless a guard
//! holds; name and birth date link where they weigh enough by the bundle's model, nobody else comes near and no guard holds; a
//! group key never links, it only corroborates. Whatever is in doubt gets a person of its own at once and a review.
//! Source: docs/identity.md.

mod birth;
mod name;
mod view;
mod compare;
mod block;
mod guard;
mod judge;
mod nearest;
mod told;
mod waiting;

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::ids::{MessageId, PersonId};
use schemas::key::Mac;
use schemas::message::Prepared;

pub use block::COMPARED;
pub(crate) use guard::two_hold_the_file;
pub use judge::NAMED;
pub(crate) use judge::survivor;
pub(crate) use nearest::nearest;
pub use told::{ComparedField, Comparison, FieldFit, FieldLevel, compared};
pub use view::{prepare, prepared};

use crate::model::MatchModel;
use crate::person::{Join, Person, Reason, ReviewReason, Weighed};
use crate::world::{Gather, KnownAs, Stop, World};
use block::{Around, is_found};
use judge::{LinkVerdict, judge};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Linking {
    /// Whose record it is, and which waiting records come along.
    Person(Link),
    /// No name, no date, and no number that leads to anybody: kept under its keys.
    Nobody(Vec<Mac>),
}

/// A record and its person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    /// The person; none where a new one is made.
    pub(crate) person: Option<PersonId>,
    /// Persons that are merged into this one, and why.
    pub(crate) joins: Vec<(PersonId, Join)>,
    pub(crate) reason: Reason,
    /// The keys under which the record is found from now on.
    pub(crate) keys: Vec<Mac>,
    /// What a human must decide, and between whom.
    pub(crate) review: Option<(ReviewReason, Vec<PersonId>)>,
    /// Waiting records whose key this record brings, in the order of their statements.
    pub(crate) released: Vec<(MessageId, Arc<Prepared>)>,
    /// Who was compared, the heaviest first.
    pub(crate) weighed: Vec<Weighed>,
    /// Of how many keys not all records were looked at.
    pub(crate) left_out: u64,
}

/// Gathers what must be known before this record's person can be found, as far as it can be told yet: whom its keys
/// lead to, then whoever is linked as it looks now. Gives the persons whose numbers it carries.
pub(crate) fn ask<'a>(
    world: &'a World,
    prepared: &Prepared,
    model: &MatchModel,
    gather: &mut Gather,
) -> Vec<&'a Person> {
    let around = Around::of(world, prepared, gather);
    waiting::released(world, prepared.index.iter().copied(), gather);
    // Who is linked by a number was asked for by it.
    if gather.0.is_empty() && around.owners.is_empty() && !around.candidates.is_empty() {
        let (verdict, _) = judge(prepared, &around, model, gather);
        verdict.person.map(|id| world.here(id, gather));
    }
    around.owners
}

/// Finds the person of a record, or says what must be loaded first.
pub(crate) fn find(world: &World, prepared: &Prepared, model: &MatchModel) -> Result<Linking, Stop> {
    let mut gather = Gather::default();
    let around = Around::of(world, prepared, &mut gather);
    let around = around.whole(gather)?;
    if around.owners.is_empty() && prepared.view.is_nameless() {
        return Ok(Linking::Nobody(macs(around.keys.iter().map(|(key, _)| key.mac))));
    }
    let mut gather = Gather::default();
    let (verdict, weighed) = judge(prepared, &around, model, &mut gather);
    let LinkVerdict { person, joins, reason, review } = verdict;
    // What is compared of somebody may open where all else does not.
    let linked = person.into_iter().chain(joins.iter().map(|(id, _)| *id));
    if linked.filter_map(|id| gather.take(world.known(id))).any(|known| matches!(known, KnownAs::Shut)) {
        return Err(Stop::Shut);
    }
    // A number that is somebody's stays theirs until the review is answered: otherwise every later
    // record with it would fit two persons.
    let taken = if person.is_none() { contested(prepared, &around) } else { BTreeSet::new() };
    let free = around.keys.iter().filter(|(key, _)| !taken.contains(&key.mac));
    let released = waiting::released(world, free.clone().map(|(key, _)| *key), &mut gather);
    if !gather.0.is_empty() {
        return Err(Stop::Needs(gather.0));
    }
    // Where what is looked at under a key leads to the person already, one more record would only make its list longer.
    let known = person.and_then(|id| around.everybody().find(|known| known.id == id));
    let brings = free.filter(|(key, holders)| known.is_none_or(|person| !is_found(key, *holders, person)));
    let keys = macs(brings.map(|(key, _)| key.mac));
    let left_out = around.left_out;
    Ok(Linking::Person(Link { person, joins, reason, keys, review, released, weighed, left_out }))
}

/// The record's numbers that an owner has.
fn contested(prepared: &Prepared, around: &Around<'_>) -> BTreeSet<Mac> {
    let owned = prepared.own().filter(|(key, _)| around.owners.iter().any(|o| o.matching.keys.contains(key)));
    owned.map(|(_, index)| index.mac).collect()
}

pub(crate) fn macs(keys: impl Iterator<Item = Mac>) -> Vec<Mac> {
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}
