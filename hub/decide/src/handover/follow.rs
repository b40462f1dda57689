//! What sources do to a handover: facts in, rows out.
//!
//! First the target is found, where the person ought to be by today's facts; then the one row that leads
//! from the present state there. The same facts in any order end in the same target (invariant I8).

use schemas::fact::Standing;
use schemas::handover::{HoldReason, State};
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::Day;

use super::{Cause, fire, open, table};
use crate::draft::Draft;
use crate::journey::scope::{OutReason, Scope};
use crate::person::Handover;
use crate::routing::{Route, RouteReason, route};

/// Where the person ought to be.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Target {
    /// Nowhere yet.
    Nothing,
    /// A visa was granted: be ready.
    Prepare,
    /// With this recipient.
    To(Recipient, Route, Day),
    /// Somebody must act first.
    Hold(HoldReason),
    /// He must choose first.
    Choose(Route, Day),
    /// With nobody: there is no receiver where he lives.
    NoReceiver(Route, Day),
    /// With nobody: not, or no longer, in the target group.
    Leave(OutReason),
}

/// Moves the person's handover to where today's facts lead.
pub(crate) fn follow(draft: &mut Draft<'_>, scope: Scope) {
    let target = target(draft, scope);
    let Some(present) = draft.person.live_handover().cloned() else {
        return begin(draft, target);
    };
    let cause = Cause::of(&present);
    let delivered = present.epoch > 0;
    if let Target::To(recipient, ..) = &target
        && present.state != State::Accepted
        && holds_file(draft, recipient)
    {
        // He came back to the agency that never stopped being responsible.
        return fire(draft, present.id, &table::SUPERSEDE, cause);
    }
    match (present.state, target) {
        (_, Target::Nothing | Target::Prepare) => {}
        // A visa that is gone, or a person who is: what was sent must be taken back.
        (_, Target::Leave(_)) => leave(draft),
        (State::Prepared | State::AwaitingChoice | State::Held, Target::To(recipient, route, day))
            if !delivered =>
        {
            let row = match present.state {
                State::AwaitingChoice => &table::CHOOSE,
                State::Held => &table::RELEASE,
                _ => &table::SEND,
            };
            send(draft, present.id, row, recipient, route, day);
        }
        (State::Prepared | State::AwaitingChoice | State::Held, Target::Choose(route, day)) if !delivered => {
            if present.state != State::AwaitingChoice || present.residence != Some(day) {
                fire(draft, present.id, &table::AWAIT_CHOICE, routed(None, route, day));
            }
        }
        (State::Prepared | State::AwaitingChoice | State::Held, Target::NoReceiver(route, day))
            if !delivered =>
        {
            fire(draft, present.id, &table::NO_RECEIVER, routed(None, route, day));
        }
        (State::Prepared | State::AwaitingChoice | State::Held, Target::Hold(reason)) if !delivered => {
            if present.hold != Some(reason) {
                fire(draft, present.id, &table::HOLD, Cause { hold: Some(reason), ..Cause::default() });
            }
        }
        (State::Rejected, Target::To(recipient, route, day)) => {
            if present.recipient.as_ref() != Some(&recipient) {
                send(draft, present.id, &table::SEND_ELSEWHERE, recipient, route, day);
            }
        }
        (State::Accepted, Target::To(recipient, route, day)) => {
            if present.recipient.as_ref() != Some(&recipient) {
                let next = open(draft, Some(present.id));
                send(draft, next, &table::SEND, recipient, route, day);
            }
        }
        (State::Accepted, Target::Choose(route, day)) => {
            let next = open(draft, Some(present.id));
            fire(draft, next, &table::AWAIT_CHOICE, routed(None, route, day));
        }
        (State::Accepted, Target::NoReceiver(route, day)) => {
            fire(draft, present.id, &table::LEAVE_TERRITORY, cause);
            let next = open(draft, Some(present.id));
            fire(draft, next, &table::NO_RECEIVER, routed(None, route, day));
        }
        (
            State::Sent | State::Received | State::Overdue | State::Bounced,
            Target::To(recipient, route, day),
        ) => {
            if present.recipient.as_ref() != Some(&recipient) {
                fire(draft, present.id, &table::SUPERSEDE, cause);
                let next = open(draft, Some(present.id));
                send(draft, next, &table::SEND, recipient, route, day);
            }
        }
        (
            State::Sent | State::Received | State::Overdue | State::Bounced,
            Target::Choose(route, day) | Target::NoReceiver(route, day),
        ) => {
            let row = if route.reason == RouteReason::AwaitingChoice {
                &table::AWAIT_CHOICE
            } else {
                &table::NO_RECEIVER
            };
            fire(draft, present.id, &table::SUPERSEDE, cause);
            let next = open(draft, Some(present.id));
            fire(draft, next, row, routed(None, route, day));
        }
        // What an agency has stays as it is while somebody must act.
        (_, _) => {}
    }
}

fn holds_file(draft: &Draft<'_>, recipient: &Recipient) -> bool {
    let holds = |h: &Handover| h.state == State::Accepted && h.recipient.as_ref() == Some(recipient);
    draft.person.state.handovers.iter().any(holds)
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
            fire(draft, handover, &table::AWAIT_CHOICE, routed(None, route, day));
        }
        Target::NoReceiver(route, day) if !done(day) => {
            let handover = open(draft, replaces);
            fire(draft, handover, &table::NO_RECEIVER, routed(None, route, day));
        }
        Target::Hold(reason) if !arrived => {
            let handover = open(draft, replaces);
            fire(draft, handover, &table::HOLD, Cause { hold: Some(reason), ..Cause::default() });
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
        | Target::Nothing
        | Target::Leave(_) => {}
    }
}

/// Every handover of his that is not final ends: with a purge where something was delivered.
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
    let journey = draft.journey();
    match scope {
        Scope::In(_) => {}
        Scope::Out(reason) => return Target::Leave(reason),
        Scope::Review if journey.granted() || matches!(journey.standing(), Some(Standing::Resident(_))) => {
            return Target::Hold(HoldReason::Manual);
        }
        Scope::Review | Scope::Unknown => return Target::Nothing,
    }
    let Some(home) = journey.home(draft.today) else {
        return if journey.granted() { Target::Prepare } else { Target::Nothing };
    };
    let found = route(draft.bundle, home.residence.nis, draft.today, None);
    match (found.recipient.clone(), found.reason) {
        (Some(recipient), _) => match draft.bundle.contract(&recipient).and_then(|c| c.basis(draft.today)) {
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
