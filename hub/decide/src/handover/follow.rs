//! What sources do to a handover: facts in, rows out.
//!
//! First the target is found, where the person ought to be by today's facts; then the one row that leads
//! from the present state there. The same facts in any order end in the same target (invariant I8).

use schemas::fact::RegisterStanding;
use schemas::handover::{HoldReason, State};
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::Day;

use super::{Cause, fire, open, table};
use crate::bundle::OpenFiles;
use crate::draft::Draft;
use crate::journey::scope::{OutReason, Scope};
use crate::person::Handover;
use crate::routing::{Route, RouteReason, route};

/// Where the person ought to be.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Target {
    Nothing,
    /// A visa was granted: be ready.
    Prepare,
    To(Recipient, Route, Day),
    /// With a recipient whose rival holds the file: two networks of offices are never responsible at once.
    Rival(Route, Day),
    /// Somebody must act first.
    Hold(HoldReason),
    /// They must choose first.
    Choose(Route, Day),
    /// With nobody: there is no receiver where they live.
    NoReceiver(Route, Day),
    /// With nobody: not, or no longer, in the target group.
    Leave(OutReason),
}

/// Moves the person's handover to where today's facts lead.
pub(crate) fn follow(draft: &mut Draft<'_>, scope: Scope) {
    super::due::escalate(draft);
    let target = target(draft, scope);
    let Some(present) = draft.person.live_handover().cloned() else {
        return begin(draft, target);
    };
    match target {
        Target::Prepare if present.state == State::Held && present.epoch == 0 => {
            fire(draft, present.id, &table::RESUME, Cause::default());
        }
        Target::Nothing | Target::Prepare => {}
        // A visa that is gone, or a person who is: what was sent must be taken back.
        Target::Leave(_) => leave(draft),
        Target::Hold(HoldReason::Restricted) => restrict(draft),
        // They came back to the agency that never stopped being responsible.
        Target::To(ref recipient, ..) if !present.holds_file() && holds_file(draft, recipient) => {
            fire(draft, present.id, &table::SUPERSEDE, Cause::of(&present));
        }
        target if stays(draft, &present, &target) => {}
        target if present.epoch == 0 => before_offer(draft, &present, target),
        target => after_offer(draft, &present, target),
    }
}

/// Whether the territory changed and not the home, and such files stay where they are (row 23b).
fn stays(draft: &Draft<'_>, present: &Handover, target: &Target) -> bool {
    let (Target::To(_, _, day), Some(since)) = (target, present.residence) else { return false };
    let Some(nis) = draft.journey().residence(since).map(|residence| residence.nis) else { return false };
    // A merger begins a new residence on its own day, under the new code.
    let same = |on: Day| *day == since || *day == on;
    let mut changes =
        draft.bundle.changes.iter().filter(|c| c.nis == nis && c.on <= draft.today && same(c.on));
    changes.next().is_some_and(|change| match change.open_files {
        OpenFiles::Keep => present.epoch > 0,
        OpenFiles::MoveNotAccepted => present.holds_file(),
        OpenFiles::MoveAll => false,
    })
}

/// Nothing was offered yet: the handover itself goes where it ought to be.
fn before_offer(draft: &mut Draft<'_>, present: &Handover, target: Target) {
    let elsewhere = |day| present.residence != Some(day);
    match target {
        Target::To(recipient, route, day) => {
            let row = match present.state {
                State::AwaitingChoice | State::Overdue => &table::CHOOSE,
                State::Held => &table::RELEASE,
                _ => &table::SEND,
            };
            send(draft, present.id, row, recipient, route, day);
        }
        Target::Choose(route, day) => {
            let waits = matches!(present.state, State::AwaitingChoice | State::Overdue);
            if !waits || elsewhere(day) {
                await_choice(draft, present.id, route, day);
            }
        }
        Target::NoReceiver(route, day) => {
            fire(draft, present.id, &table::NO_RECEIVER, routed(None, route, day));
        }
        Target::Rival(route, day) => {
            if present.hold != Some(HoldReason::Manual) || elsewhere(day) {
                hold(draft, present.id, HoldReason::Manual, routed(None, route, day));
            }
        }
        Target::Hold(reason) => {
            if present.hold != Some(reason) {
                hold(draft, present.id, reason, Cause::default());
            }
        }
        Target::Nothing | Target::Prepare | Target::Leave(_) => {}
    }
}

/// Something was offered: it stays as it is where the agency is the right one, else a new handover is opened. What an
/// agency has taken over stays its own until another has (row 21); what it was only offered is replaced (row 20).
fn after_offer(draft: &mut Draft<'_>, present: &Handover, target: Target) {
    let cause = Cause::of(present);
    if let Target::To(recipient, ..) = &target
        && present.recipient.as_ref() == Some(recipient)
    {
        return;
    }
    match (present.state, target) {
        (State::Rejected, Target::To(recipient, route, day)) => {
            send(draft, present.id, &table::SEND_ELSEWHERE, recipient, route, day);
        }
        (State::Accepted, Target::NoReceiver(route, day)) => {
            fire(draft, present.id, &table::LEAVE_TERRITORY, cause);
            replace(draft, present, Target::NoReceiver(route, day));
        }
        // A doubt about the target group holds nothing that an agency has.
        (State::Accepted, Target::Hold(HoldReason::Manual)) => {}
        (State::Accepted, target) => replace(draft, present, target),
        (State::Sent | State::Received | State::Overdue | State::Bounced, Target::Hold(_)) => {}
        (State::Sent | State::Received | State::Overdue | State::Bounced, target) => {
            fire(draft, present.id, &table::SUPERSEDE, cause);
            replace(draft, present, target);
        }
        // What is held, or was refused, stays as it is while somebody must act.
        (_, _) => {}
    }
}

/// A new handover in place of the present one.
fn replace(draft: &mut Draft<'_>, present: &Handover, target: Target) {
    let next = open(draft, Some(present.id));
    match target {
        Target::To(recipient, route, day) => send(draft, next, &table::SEND, recipient, route, day),
        Target::Choose(route, day) => await_choice(draft, next, route, day),
        Target::NoReceiver(route, day) => fire(draft, next, &table::NO_RECEIVER, routed(None, route, day)),
        Target::Rival(route, day) => hold(draft, next, HoldReason::Manual, routed(None, route, day)),
        Target::Hold(reason) => hold(draft, next, reason, Cause::default()),
        Target::Nothing | Target::Prepare | Target::Leave(_) => {}
    }
}

/// They must choose; where an agency holds the file meanwhile, the coordinator sees to it.
fn await_choice(draft: &mut Draft<'_>, id: HandoverId, route: Route, day: Day) {
    let held = draft.person.state.handovers.iter().any(Handover::holds_file);
    let row = if held { &table::AWAIT_NEXT } else { &table::AWAIT_CHOICE };
    fire(draft, id, row, routed(None, route, day));
}

fn hold(draft: &mut Draft<'_>, id: HandoverId, reason: HoldReason, cause: Cause) {
    fire(draft, id, &table::HOLD, Cause { hold: Some(reason), ..cause });
}

/// They object: nothing leaves until the data protection officer has decided (row 33). Who is responsible stays so.
fn restrict(draft: &mut Draft<'_>) {
    let restricted = |h: &Handover| h.hold == Some(HoldReason::Restricted);
    let live: Vec<Handover> = draft.person.state.handovers.iter().filter(|h| h.is_live()).cloned().collect();
    for handover in live.iter().filter(|h| !restricted(h)) {
        let cause = Cause { hold: Some(HoldReason::Restricted), ..Cause::of(handover) };
        fire(draft, handover.id, &table::RESTRICT, cause);
    }
}

fn holds_file(draft: &Draft<'_>, recipient: &Recipient) -> bool {
    let holds = |h: &Handover| h.holds_file() && h.recipient.as_ref() == Some(recipient);
    draft.person.state.handovers.iter().any(holds)
}

/// Whether an office of another network holds the file.
fn rival(draft: &Draft<'_>, recipient: &Recipient) -> bool {
    let Some(network) = draft.bundle.network(recipient) else { return false };
    let other = |h: &&Handover| {
        let theirs = h.recipient.as_ref().and_then(|recipient| draft.bundle.network(recipient));
        h.holds_file() && theirs.is_some_and(|theirs| theirs != network)
    };
    draft.person.state.handovers.iter().any(|handover| other(&handover))
}

/// Nothing is open: begins where the target says so.
fn begin(draft: &mut Draft<'_>, target: Target) {
    // A handover that ended for good is not made again by the same residence (row 35 needs a new one).
    let settled = |handover: &Handover, day: Day| {
        let over = matches!(handover.state, State::NotInScope | State::Closed);
        over && handover.residence == Some(day)
    };
    let last = draft.person.state.handovers.last();
    let replaces = last.map(|handover| handover.id);
    let done = |day: Day| last.is_some_and(|handover| settled(handover, day));
    let arrived = last
        .is_some_and(|h| h.state == State::Closed || (h.state == State::NotInScope && h.residence.is_some()));
    match target {
        Target::To(recipient, route, day) if !done(day) => {
            let handover = open(draft, replaces);
            send(draft, handover, &table::SEND_AT_ONCE, recipient, route, day);
        }
        Target::Choose(route, day) if !done(day) => {
            let handover = open(draft, replaces);
            await_choice(draft, handover, route, day);
        }
        Target::NoReceiver(route, day) if !done(day) => {
            let handover = open(draft, replaces);
            fire(draft, handover, &table::NO_RECEIVER, routed(None, route, day));
        }
        Target::Rival(route, day) if !done(day) => {
            let handover = open(draft, replaces);
            hold(draft, handover, HoldReason::Manual, routed(None, route, day));
        }
        Target::Hold(HoldReason::Restricted) if !arrived => {
            let handover = open(draft, replaces);
            let cause = Cause { hold: Some(HoldReason::Restricted), ..Cause::default() };
            fire(draft, handover, &table::RESTRICT, cause);
        }
        Target::Hold(reason) if !arrived => {
            let handover = open(draft, replaces);
            hold(draft, handover, reason, Cause::default());
        }
        Target::Prepare if !arrived => {
            let handover = open(draft, replaces);
            fire(draft, handover, &table::PREPARE, Cause::default());
        }
        Target::Prepare
        | Target::Hold(_)
        | Target::To(..)
        | Target::Choose(..)
        | Target::NoReceiver(..)
        | Target::Rival(..)
        | Target::Nothing
        | Target::Leave(_) => {}
    }
}

/// Every handover of theirs that is not final ends: with a purge where something was delivered.
fn leave(draft: &mut Draft<'_>) {
    let live: Vec<Handover> =
        draft.person.state.handovers.iter().filter(|h| !h.state.is_final()).cloned().collect();
    for handover in live {
        let row = match handover.state {
            State::WithdrawPending | State::RecallPending => continue,
            State::Prepared => &table::OUT_OF_SCOPE,
            State::Rejected => &table::WITHDRAW_AT_ONCE,
            _ if handover.epoch == 0 => &table::WITHDRAW_AT_ONCE,
            _ => &table::WITHDRAW,
        };
        fire(draft, handover.id, row, Cause::of(&handover));
    }
}

/// An offer of this handover goes to a recipient.
fn send(
    draft: &mut Draft<'_>,
    id: HandoverId,
    row: &table::Row,
    recipient: Recipient,
    route: Route,
    day: Day,
) {
    fire(draft, id, row, routed(Some(recipient), route, day));
}

fn routed(recipient: Option<Recipient>, route: Route, day: Day) -> Cause {
    Cause { recipient, route: Some(route), residence: Some(day), hold: None, code: None }
}

fn target(draft: &Draft<'_>, scope: Scope) -> Target {
    let target = unrestricted(draft, scope);
    let ends = matches!(target, Target::Nothing | Target::NoReceiver(..) | Target::Leave(_));
    if !ends && draft.journey().objects() { Target::Hold(HoldReason::Restricted) } else { target }
}

/// Where the facts lead, whatever they object to.
fn unrestricted(draft: &Draft<'_>, scope: Scope) -> Target {
    let (journey, today) = (draft.journey(), draft.today);
    let resident = matches!(journey.standing(), Some(RegisterStanding::Resident(_)));
    match scope {
        Scope::In(_) => {}
        Scope::Out(reason) => return Target::Leave(reason),
        Scope::Review if journey.granted(today) || resident => {
            return Target::Hold(HoldReason::Manual);
        }
        Scope::Review | Scope::Unknown => return Target::Nothing,
    }
    let Some(home) = journey.home(draft.today) else {
        return if journey.granted(today) { Target::Prepare } else { Target::Nothing };
    };
    let found = route(draft.bundle, home.residence.nis, draft.today, journey.choice());
    match (found.recipient.clone(), found.reason) {
        (Some(recipient), _) => match draft.bundle.contract(&recipient).and_then(|c| c.basis(draft.today)) {
            Some(_) if rival(draft, &recipient) => Target::Rival(found, home.began),
            Some(_) => Target::To(recipient, found, home.began),
            None => Target::Hold(HoldReason::NoBasis),
        },
        (None, RouteReason::AwaitingChoice) => Target::Choose(found, home.began),
        (None, RouteReason::CodeNotYetValid | RouteReason::NotAMunicipality) => {
            Target::Hold(HoldReason::DataIncomplete)
        }
        (None, _) => Target::NoReceiver(found, home.began),
    }
}
