//! Reconciliation: the state table is applied to every handover of a person until no row fires, then at most one is
//! opened, where nothing serves the situation. What is decided is settled (invariant I13).
//!
//! Next: [`super::table`], whose rows fire here, and [`crate::disclosure`], which makes streams of what came out.

use schemas::handover::{HoldReason, RejectCode, State};
use schemas::ids::HandoverId;
use schemas::time::Day;

use super::history;
use super::situation::{self, Situation};
use super::table::{self, Also, Cause, Circumstances, Row, To};
use super::{Moving, fire, open};
use crate::draft::Draft;
use crate::journey::scope::Scope;
use crate::person::{Facing, Handover, Person, Stage, StoppedIn};

/// Twice as many as the longest way of one handover: that more fire is a defect of the table, and is seen by I13.
const ROWS_FOR_EACH: usize = 6;

/// Moves each handover to where today's facts and deadlines lead. Tells whether anybody may still become competent for
/// them.
pub(crate) fn reconcile(draft: &mut Draft<'_>, scope: Scope) -> bool {
    let bundle = draft.bundle;
    let situation = Situation::of(draft.journey(), scope, bundle, draft.today);
    settle(draft, &situation, LateRows::Count);
    let pending = |h: &Handover| h.is_live() && !h.holds_file();
    if !draft.person.state.handovers.iter().any(pending) {
        let facing = situation.facing_none(&draft.person);
        let around = Circumstances { file_held: draft.person.held_handover().is_some(), moved: false };
        if let Some(row) = table::by_facts(Stage::Unopened, facing, around) {
            let replaces = replaced(&draft.person);
            let handover = open(draft, replaces);
            fire(draft, handover, row, moving(draft, &situation, handover, row, facing));
            settle(draft, &situation, LateRows::Count);
        }
    }
    let live = draft.person.live_handover().is_some();
    let over = situation.facing_none(&draft.person) == Facing::Settled;
    situation.may_be_served() && (live || !over)
}

/// Moves each handover to where today's facts lead, before somebody answers or orders: they speak of what is so today.
pub(crate) fn follow_facts(draft: &mut Draft<'_>, scope: Scope) {
    let bundle = draft.bundle;
    let situation = Situation::of(draft.journey(), scope, bundle, draft.today);
    settle(draft, &situation, LateRows::Wait);
}

/// Somebody who comes with them has lost their permit: the coordinator looks whether it concerns them (row 36).
pub(crate) fn reconsider(draft: &mut Draft<'_>) {
    for handover in draft.person.state.handovers.clone() {
        if let Some(row) = table::by(Cause::Household, handover.stage()) {
            fire(draft, handover.id, row, Moving::of(&handover));
        }
    }
}

/// Whether deadlines that have passed count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LateRows {
    Count,
    Wait,
}

/// Applies the table to every handover until no row fires.
fn settle(draft: &mut Draft<'_>, situation: &Situation<'_>, deadlines: LateRows) {
    let now = (deadlines == LateRows::Count).then_some(draft.today);
    let ids: Vec<HandoverId> = draft.person.state.handovers.iter().map(|handover| handover.id).collect();
    for _ in 0..ids.len() * ROWS_FOR_EACH {
        let next = ids.iter().find_map(|id| {
            let handover = draft.person.handover(*id)?;
            let (row, facing) = next(&draft.person, situation, handover, now)?;
            Some((*id, row, facing))
        });
        let Some((id, row, facing)) = next else { return };
        fire(draft, id, row, moving(draft, situation, id, row, facing));
    }
}

/// The row that fires next for a handover: what the facts say comes before what the clock says.
fn next(
    person: &Person,
    situation: &Situation<'_>,
    handover: &Handover,
    now: Option<Day>,
) -> Option<(&'static Row, Facing)> {
    let stage = handover.stage();
    let facing = situation.facing(person, handover);
    let others = person.state.handovers.iter().filter(|h| h.id != handover.id);
    let around = Circumstances {
        file_held: others.into_iter().any(Handover::holds_file),
        moved: situation.moved(handover) || situation.counts_anew(person, handover),
    };
    let late = || {
        let late = now.zip(handover.deadline).is_some_and(|(today, deadline)| deadline < today);
        late.then(|| table::by(Cause::Deadline, stage)).flatten()
    };
    table::by_facts(stage, facing, around).or_else(late).map(|row| (row, facing))
}

/// What the handover becomes beside its state. Whoever waits for an agency was offered to none: their epochs begin
/// with the first offer.
fn moving(draft: &Draft<'_>, situation: &Situation<'_>, id: HandoverId, row: &Row, facing: Facing) -> Moving {
    let Some(handover) = draft.person.handover(id) else { return Moving::default() };
    let place = situation.place();
    let mut moving = Moving::of(handover);
    match row.to {
        To::State(State::Sent) => {
            let recipient = place.and_then(|place| place.route.recipient.clone());
            moving = Moving { recipient, epoch: handover.epoch + 1, ..Moving::default() }.at(place);
        }
        To::State(State::AwaitingChoice | State::NotInScope) => {
            moving = Moving::default().at(place);
        }
        To::State(State::Held) if row.does(Also::HoldByCode) => moving.hold = handover.code.map(hold),
        To::State(State::Held) => {
            let stage = handover.stage();
            // The facts hold it from here on, whoever stopped it before; who objects does not undo what the desk ordered.
            let held_in = moving.held_in.or_else(|| stopped_before(&draft.person, handover));
            let held_in = held_in.filter(|_| matches!(facing, Facing::Objecting | Facing::Stopped));
            (moving.hold, moving.held_in) = (facing.hold(), held_in);
            if !stage.has_offer() && !stage.has_file() {
                moving = Moving { hold: facing.hold(), held_in, ..Moving::default() }.at(place);
            }
        }
        To::State(State::Prepared) => moving = Moving::default(),
        // What the desk stopped goes on to be stopped, at whoever is competent now.
        To::State(State::Superseded) if handover.is_stopped_by_desk() && facing != Facing::Served => {
            moving.hold = None;
        }
        To::Back | To::State(_) => (moving.hold, moving.held_in) = (None, None),
        To::Stay if row.does(Also::FollowHome) => moving = moving.at(place),
        To::Stay => {}
    }
    moving
}

/// In what the desk stopped the offer in whose place this one is opened.
fn stopped_before(person: &Person, handover: &Handover) -> Option<StoppedIn> {
    let opened = handover.row.is_empty();
    let mut others = person.state.handovers.iter().rev().filter(|h| opened && h.id != handover.id);
    situation::stopped(others.next())
}

/// What a no leads to where the facts decide nothing (docs/handovers.md#rejection-codes).
fn hold(code: RejectCode) -> HoldReason {
    match code {
        RejectCode::IdentityDoubt => HoldReason::IdentityDoubt,
        RejectCode::InsufficientData => HoldReason::DataIncomplete,
        RejectCode::NoBasis => HoldReason::NoBasis,
        RejectCode::NotCompetent
        | RejectCode::NotTargetGroup
        | RejectCode::AlreadyKnown
        | RejectCode::NotArrived
        | RejectCode::DuplicateOffer
        | RejectCode::PersonDeclines => HoldReason::Manual,
    }
}

/// Which handover a new one comes in place of: the one whose agency has the file, else the last.
fn replaced(person: &Person) -> Option<HandoverId> {
    let last = || history::last(person).or(person.state.handovers.last());
    person.held_handover().or_else(last).map(|handover| handover.id)
}
