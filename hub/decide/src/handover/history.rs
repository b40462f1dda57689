//! What has ended: whether a handover of the past still serves somebody, so that no other is opened.
//!
//! Nothing final is revived. A started trajectory is final: a new handover needs a registration after it in another
//! agency's territory, or after a departure (row 35 of docs/handovers.md). Next: [`super::reconcile`].

use schemas::handover::State;
use schemas::recipient::Recipient;
use schemas::time::Day;

use super::whereabouts::Whereabouts;
use crate::bundle::Bundle;
use crate::journey::Journey;
use crate::person::{Facing, Handover, Person};

/// The handover that ended last, beside those that another replaced: by its day, because a merge brings those of another
/// life behind; on one day what is done for good comes before all.
pub(crate) fn last(person: &Person) -> Option<&Handover> {
    let ended = |h: &&Handover| !h.is_live() && h.state != State::Superseded;
    person.state.handovers.iter().filter(ended).max_by_key(|h| (h.since, h.is_done()))
}

/// Whether what has ended serves the situation: nothing is opened then.
pub(crate) fn settled(person: &Person, bundle: &Bundle, facing: Facing, place: Option<&Whereabouts>) -> bool {
    let Some(last) = last(person) else { return false };
    let arrived = match last.state {
        State::Closed => true,
        State::NotInScope => last.residence.is_some(),
        _ => return false,
    };
    if !arrived || returned(person, last.since, place) {
        return false;
    }
    match (facing, place) {
        (Facing::Nowhere, _) => last.state == State::NotInScope || last.is_done(),
        (_, None) => true,
        (_, Some(place)) => {
            last.is_done()
                && (place.began <= last.since
                    || same_territory(bundle, last, place.route.recipient.as_ref(), facing))
        }
    }
}

/// Whether the desk withdrew what was offered in this very situation: nothing is offered anew while the facts say what
/// it judged, and nobody was chosen since.
pub(crate) fn withdrawn(person: &Person, facing: Facing, place: Option<&Whereabouts>) -> bool {
    let over = |h: &&Handover| matches!(h.state, State::Withdrawn | State::WithdrawPending);
    let Some((last, judged)) = last(person).filter(over).and_then(|h| Some((h, h.held_in?))) else {
        return false;
    };
    let anew = place.is_some_and(|place| place.is_chosen_since(judged.at));
    judged.facing == facing && !anew && place.map(|place| place.began) == last.residence
}

/// Whether a trajectory that started serves them: their home of today began before it, or lies in its territory.
pub(crate) fn started(person: &Person, bundle: &Bundle, facing: Facing, place: &Whereabouts) -> bool {
    last(person).is_some_and(Handover::is_done) && settled(person, bundle, facing, Some(place))
}

/// Whether they left the country on that day or after it, and live here again or come again.
fn returned(person: &Person, since: Day, place: Option<&Whereabouts>) -> bool {
    let left = Journey::of(&person.state).departures().filter(|day| *day >= since);
    match place {
        Some(place) => left.into_iter().any(|day| day <= place.began),
        None => left.into_iter().next().is_some(),
    }
}

/// Whether the new place is in the territory of the agency that had them: its own, or Brussels where all offices are
/// to be chosen.
fn same_territory(bundle: &Bundle, last: &Handover, now: Option<&Recipient>, facing: Facing) -> bool {
    let chosen = |recipient: Option<&Recipient>| recipient.is_some_and(|r| bundle.network(r).is_some());
    match facing {
        Facing::Choosing => chosen(last.recipient.as_ref()),
        _ => {
            now.is_some()
                && (now == last.recipient.as_ref() || (chosen(now) && chosen(last.recipient.as_ref())))
        }
    }
}
