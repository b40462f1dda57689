//! Who comes nearest to somebody who fits nobody: for a human to look at, never to link.
//!
//! Both are compared whole, by every key that a record of the one is found by; whom a human told apart is left out, and
//! whose name and date both speak against it.
//! Refuses to say that two are one: no weight does here. Next: [`crate::nobody`].

use std::collections::{BTreeMap, BTreeSet};

use schemas::ids::PersonId;
use schemas::key::Mac;
use schemas::view::MatchView;

use super::block::{load, most_often, only_accounts};
use super::compare::{Compared, Led};
use super::guard::told_apart;
use super::judge::NAMED;
use crate::model::MatchModel;
use crate::person::{Person, Weighed};
use crate::world::{Gather, World};

/// The nearest by their weight, as many as a review names; what is not known yet is gathered. `keys` are those that the
/// person's records are found by.
pub(crate) fn nearest(
    world: &World,
    person: &Person,
    keys: &BTreeSet<Mac>,
    model: &MatchModel,
    gather: &mut Gather,
) -> Vec<Weighed> {
    let own = |id: &PersonId| person.outline().is(*id);
    let mut found: BTreeMap<&PersonId, usize> = BTreeMap::new();
    for mac in keys {
        let Some(Some(holders)) = gather.take(world.named(*mac)) else { continue };
        for id in holders.values().rev().take(super::COMPARED).flatten().filter(|id| !own(id)) {
            *found.entry(id).or_default() += 1;
        }
    }
    let (others, _) = load(world, most_often(found), gather);
    let view = whole(person);
    let mut weighed: Vec<Weighed> = others
        .into_iter()
        .filter(|other| !own(&other.id) && !told_apart(person.outline(), other.outline()))
        .map(|other| Compared::of(&view, other.outline(), led(person, other), model))
        .filter(|compared| !compared.contradicts())
        .map(|compared| compared.weighed())
        .collect();
    weighed.sort_by_key(|weighed| (-weighed.weight, weighed.person));
    weighed.truncate(NAMED);
    weighed
}

/// All that a person's records said of who they are, as if one record had.
pub(super) fn whole(person: &Person) -> MatchView {
    let matching = &person.matching;
    let names: BTreeSet<_> = matching.names().cloned().collect();
    let native: BTreeSet<_> = matching.native().cloned().collect();
    let births: BTreeSet<_> = matching.births().copied().collect();
    let marks: BTreeSet<_> = matching.marks().cloned().collect();
    MatchView {
        names: names.into_iter().collect(),
        native: native.into_iter().collect(),
        births: births.into_iter().collect(),
        marks: marks.into_iter().collect(),
        numbers: matching.keys.iter().cloned().collect(),
    }
}

/// What leads from one person to another beside what is said of them.
pub(super) fn led(one: &Person, other: &Person) -> Led {
    let (ours, theirs) = (&one.matching.keys, &other.matching.keys);
    let permits = &other.state.household.named;
    Led {
        by_number: !ours.is_disjoint(theirs),
        by_group: one.state.household.named.keys().any(|number| permits.contains_key(number)),
        by_claim: false,
        self_stated: only_accounts(&one.matching) || only_accounts(&other.matching),
    }
}
