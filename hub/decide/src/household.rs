//! A household: who comes on one permit. Where it ends for one of them, the handovers of the others are given to the
//! coordinator; none of them is moved (row 36 of docs/handovers.md).
//!
//! They are found by the number that their rows name, which never links. Refuses to say what follows for anybody: whose
//! own permit ends is told by a row of their own. Next: [`crate::decide`], which asks here last.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::ids::PersonId;
use schemas::key::Key;
use schemas::message::Prepared;
use schemas::time::Day;

use crate::draft::Draft;
use crate::handover;
use crate::journey::Journey;
use crate::journey::entries::Ending;
use crate::person::{Event, Person};
use crate::world::{Gather, KnownPerson, Stop, World};

/// How many permits of somebody were refused or revoked.
pub(crate) fn ended(person: &Person, on: Day) -> usize {
    let over = |ended: &Option<Ending>| *ended == Some(Ending::Decided);
    Journey::of(&person.state).permits(on).filter(|permit| over(&permit.ended)).count()
}

/// Gives the handovers of everybody else who comes on the permit of this record to the coordinator.
pub(crate) fn flag(draft: &mut Draft<'_>, world: &World, prepared: &Prepared) -> Result<(), Stop> {
    let mut gather = Gather::default();
    let named = prepared.own().filter(|(key, _)| matches!(key, Key::PermitNamed(_)));
    let holders = named.filter_map(|(_, index)| gather.take(world.holders(index.mac)).flatten());
    let ids: BTreeSet<PersonId> = holders.flat_map(|holders| holders.values().flatten().copied()).collect();
    let mut members: Vec<Arc<Person>> = vec![];
    for id in ids {
        if let Some(KnownPerson::Here(person)) = gather.take(world.known(id)) {
            members.push(Arc::clone(draft.change.persons.get(&person.id).unwrap_or(person)));
        }
    }
    if !gather.0.is_empty() {
        return Err(Stop::Needs(gather.0));
    }
    let own = draft.person.id;
    members.retain(|member| member.id != own && member.state.merged_into.is_none());
    members.sort_unstable_by_key(|member| member.id);
    members.dedup_by_key(|member| member.id);
    for member in members {
        let before = draft.turn_to(member);
        handover::reconsider(draft);
        let on = handover::next_day(&draft.person, draft.bundle, draft.today);
        if draft.person.state.due != on {
            draft.record(Event::DueSet { on });
        }
        draft.turn_to(before);
    }
    Ok(())
}
