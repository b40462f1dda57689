//! What people of the desk do to a handover: the coordinator sends again, holds, releases, withdraws or ends a line
//! (row 18), the data protection officer ends one for want of a legal basis (row 18f) and lifts a restriction (row 33b),
//! which is the person's.
//!
//! An order that is not possible changes nothing and is told which are.

use schemas::handover::{HoldReason, OrderName};
use schemas::ids::HandoverId;

use super::situation::Situation;
use super::table::{self, Cause};
use super::{Moving, fire};
use crate::draft::Draft;
use crate::journey::scope::Scope;
use crate::person::{Event, Facing, Handover, Stage, StoppedIn};
use crate::world::Refusal;

/// Does what was ordered.
pub(crate) fn order(
    draft: &mut Draft<'_>,
    scope: Scope,
    id: HandoverId,
    name: OrderName,
) -> Result<(), Refusal> {
    let handover = draft.person.handover(id).cloned().ok_or(Refusal::UnknownHandover)?;
    let situation = Situation::of(draft.journey(), scope, draft.bundle, draft.today);
    let stage = handover.stage();
    let possible: Vec<OrderName> = possible(draft, &situation, &handover);
    let row = table::by(Cause::Order(name), stage).filter(|_| possible.contains(&name));
    let Some(row) = row else {
        return Err(Refusal::OrderNotAllowed { state: handover.state, allowed: possible });
    };
    let facing = situation.facing_free(&draft.person, &handover);
    let (mut moving, at) = (Moving::of(&handover), draft.at);
    let judged = |facing| Some(StoppedIn { facing, at });
    match name {
        OrderName::SendAgain => {
            // What could not be read goes out once more as it is (row 13); anything else is a new offer.
            let epoch = moving.epoch + u32::from(stage != Stage::Bounced);
            moving = Moving { epoch, hold: None, code: None, held_in: None, ..moving };
            // Where the rules keep the file, the home that decided is kept.
            if situation.moved(&handover) {
                moving = moving.at(situation.place());
            }
        }
        OrderName::Hold => (moving.hold, moving.held_in) = (Some(HoldReason::Manual), judged(facing)),
        OrderName::Withdraw | OrderName::EndNoBasis => {
            moving.held_in = judged(situation.facing_anew(&draft.person));
            moving = moving.at(situation.place());
        }
        // What was refused stays so: the facts may send it again, and do not give it back.
        OrderName::Release if stage == Stage::HeldRefused => moving.held_in = None,
        OrderName::Release => (moving.hold, moving.held_in) = (None, None),
        // It is the person's, and so of every handover of theirs.
        OrderName::Lift => return lift(draft),
        OrderName::EndLine => {}
    }
    fire(draft, id, row, moving);
    Ok(())
}

/// The restriction of a person is lifted: the facts decide again about every handover that they have, if any.
pub(crate) fn lift(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if !draft.journey().objects() {
        return Err(Refusal::NoRestriction);
    }
    let at = draft.at;
    draft.record(Event::RestrictionLifted { at });
    for handover in draft.person.state.handovers.clone() {
        let mut moving = Moving::of(&handover);
        // What the desk had stopped stays so, for its own reason.
        moving.hold =
            moving.hold.map(|hold| if moving.held_in.is_some() { HoldReason::Manual } else { hold });
        if let Some(row) = table::by(Cause::Order(OrderName::Lift), handover.stage()) {
            fire(draft, handover.id, row, moving);
        }
    }
    Ok(())
}

/// The orders that can be given about a handover now.
fn possible(draft: &Draft<'_>, situation: &Situation<'_>, handover: &Handover) -> Vec<OrderName> {
    let goes_on = |h: &Handover| h.id != handover.id && h.is_live() && !h.holds_file();
    // That it ends for want of a basis is the officer's to say, and nobody else ends it meanwhile.
    let lapsed = handover.hold == Some(HoldReason::NoBasis)
        && matches!(handover.stage(), Stage::HeldOffer | Stage::HeldFile);
    let can = |name: &OrderName| match name {
        OrderName::SendAgain => situation.facing_free(&draft.person, handover) == Facing::Competent,
        OrderName::Release => handover.held_in.is_some(),
        OrderName::Lift => draft.journey().objects(),
        OrderName::EndLine => draft.person.state.handovers.iter().any(goes_on),
        OrderName::EndNoBasis => lapsed,
        OrderName::Withdraw => !lapsed,
        OrderName::Hold => true,
    };
    table::orders(handover.stage()).into_iter().filter(can).collect()
}
