//! What must hold after every message, whatever was said: the invariants, and that a look on the same day changes nothing.
//!
//! Walks ([`super::walk`]) and the model check ask it after each step.

use decide::change::Delivery;
use decide::handover::table;
use decide::invariant::{i4, i5, i6, i7, i12, i14};
use decide::person::Handover;
use decide::round::Verdict;
use schemas::handover::{HoldReason, Owner, State};
use schemas::message::Body;
use schemas::time::day_of;

use super::House;

/// What is broken, if anything: in what left since the last look, and in everybody as they are.
pub(crate) fn broken(house: &mut House) -> Result<(), String> {
    let (today, at) = (day_of(house.at), house.at);
    let left: Vec<Delivery> = std::mem::take(&mut house.deliveries);
    for delivery in &left {
        i4(delivery, &house.bundle)?;
        // A view is judged by what was so when it left: by the next message of the same moment that may have changed.
        let after = left.iter().any(|later| later.person == delivery.person && later.issue > delivery.issue);
        if delivery.at == at && !after {
            let person = house.now(delivery.person);
            i14(delivery, person, &house.bundle, today)?;
            i5(delivery, person, &house.bundle, today)?;
            let of = delivery.handover.and_then(|id| person.handover(id));
            if delivery.view.fields().is_some() && of.is_some_and(|h| h.epoch != delivery.epoch) {
                return Err(format!("I12: {} was told under an epoch that is over", delivery.recipient));
            }
        }
    }
    let ids: Vec<_> = house.people().iter().map(|person| person.id).collect();
    for id in ids {
        let Verdict::Decided(change) = house.tell(Body::Due(id)) else { return Err("nobody".to_owned()) };
        if !change.events.is_empty() {
            let events = change.events.iter().map(|(_, event)| format!("{event:?}"));
            return Err(format!("I13: {}", events.collect::<Vec<_>>().join("; ")));
        }
        let person = house.now(id);
        i6(person, &house.bundle, today)?;
        i7(person)?;
        person.state.handovers.iter().filter(|h| h.is_live()).try_for_each(stands)?;
    }
    i12(house.world.persons().map(|person| &**person))
}

/// A live handover is held for a reason or not held, and is with whom its state or its reason says, or with whom it goes
/// when nobody moved it in time.
fn stands(h: &Handover) -> Result<(), String> {
    if h.hold.is_some() != (h.state == State::Held) {
        return Err(format!("{:?}, and held for {:?}", h.state, h.hold));
    }
    let owner = match h.hold {
        Some(HoldReason::Restricted) => Owner::Officer,
        _ if h.escalated => Owner::Coordinator,
        Some(reason) => table::holder(reason),
        None => table::owner(h.state),
    };
    // Who must choose while another agency goes on is the coordinator's to look after (row 21b).
    let choosing = h.state == State::AwaitingChoice && h.owner == Owner::Coordinator;
    if h.owner != owner && !choosing {
        return Err(format!("{:?} for {:?} is with {:?}", h.state, h.hold, h.owner));
    }
    Ok(())
}
