//! Until when somebody in Brussels may choose an office: so many months, counted once from the first registration in
//! the Region.
//!
//! A move inside the Region and a corrected begin change nothing. An earlier home there that becomes known late was a
//! registration before the one that was counted; who left the country and comes back registers anew. Next:
//! [`super::fire`], which sets the deadline. Source: docs/handovers.md#deadlines.

use schemas::municipality::LanguageArea;
use schemas::time::Day;

use crate::bundle::Bundle;
use crate::journey::Journey;
use crate::person::{Handover, Person, Stage};

/// The last day for a choice, by what is known today. `residence`: where the home begins that leads there.
pub(super) fn last_day(
    person: &Person,
    bundle: &Bundle,
    today: Day,
    handover: &Handover,
    residence: Option<Day>,
) -> Option<Day> {
    let journey = Journey::of(&person.state);
    let months = chrono::Months::new(bundle.deadlines.choice_months);
    let until = |from: Day| from.checked_add_months(months);
    let first = journey.registered_in(LanguageArea::Brussels, bundle, today);
    let other = || person.state.handovers.iter().filter_map(|other| other.choice_by).min();
    // What was given before they left counts for nobody who came back.
    let goes_on = |given: &Day| {
        let back = |left: Day| first.is_some_and(|home| left <= home.began) && until(left) > Some(*given);
        !journey.departures().any(back)
    };
    let given = handover.choice_by.or_else(other).filter(goes_on);
    let Some(given) = given else {
        return until(first.map(|home| home.began).or(residence).unwrap_or(today));
    };
    let earlier = first.filter(|home| until(home.began) < Some(given)).filter(|home| {
        let counted = |begin: Day| until(begin) == Some(given);
        !journey.begins_in(home.residence.nis).any(counted)
    });
    earlier.map_or(Some(given), |home| until(home.began))
}

/// Whether what is known today gives them another last day than the one they were given.
pub(super) fn is_another(person: &Person, bundle: &Bundle, today: Day, handover: &Handover) -> bool {
    handover.stage() == Stage::AwaitingChoice
        && last_day(person, bundle, today, handover, handover.residence) != handover.deadline
}
