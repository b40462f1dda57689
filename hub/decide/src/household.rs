//! A household: who comes on one permit. Where it comes to an end for one of them, by whatever cause and on whatever day,
//! the handovers of the others are given to the coordinator; none of them is moved (row 36 of docs/handovers.md).
//!
//! They are found by the number that their records name, which never links. Refuses to say what follows for anybody: whose
//! own permit ends is told by a row of their own. Next: [`crate::decide`], which asks here last.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::fact::PermitRole;
use schemas::key::Mac;
use schemas::reference::PermitNumber;

use crate::draft::Draft;
use crate::handover;
use crate::person::Event;
use crate::world::{Gather, KnownPerson, Stop, World};

/// Tells the others of every permit that has come to an end since the last look; one that goes on again is told anew
/// when it ends once more. Who waits for the approval of a first load is looked at when they go on.
pub(crate) fn look(draft: &mut Draft<'_>, world: &World) -> Result<(), Stop> {
    if draft.person.state.awaits_approval() {
        return Ok(());
    }
    let journey = draft.journey();
    let over: Vec<_> = journey.permits(draft.today).filter(|permit| permit.over).collect();
    let before = &draft.person.state.household.over;
    let named = &draft.person.state.household.named;
    let mut macs: BTreeSet<Mac> = BTreeSet::new();
    for permit in over.iter().filter(|permit| !before.contains(permit.number)) {
        let worker = match &permit.applied.role {
            PermitRole::Worker => None,
            PermitRole::Family(worker) => Some(worker),
        };
        macs.extend(
            [Some(permit.number), worker].into_iter().flatten().filter_map(|number| named.get(number)),
        );
    }
    let over: BTreeSet<PermitNumber> = over.iter().map(|permit| permit.number.clone()).collect();
    if over == *before {
        return Ok(());
    }
    draft.record(Event::PermitsOver { permits: over });
    flag(draft, world, &macs)
}

/// Gives the handovers of everybody else who names one of these permits to the coordinator.
fn flag(draft: &mut Draft<'_>, world: &World, permits: &BTreeSet<Mac>) -> Result<(), Stop> {
    let mut gather = Gather::default();
    let mut members: Vec<_> = vec![];
    let holders: Vec<_> =
        permits.iter().filter_map(|mac| gather.take(world.holders(*mac)).flatten()).collect();
    let ids: BTreeSet<_> = holders.iter().flat_map(|holders| holders.values().flatten().copied()).collect();
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
        handover::set_due(draft);
        draft.turn_to(before);
    }
    Ok(())
}
