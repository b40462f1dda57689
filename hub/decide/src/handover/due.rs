//! Due moments: the next day on which something becomes true for a person without a message.
//!
//! Deadlines, a residence or a departure that begins, an age that a rule names, an enrolment at the portal, the day on
//! which a code, a territory or a legal basis begins or ends, a rule or another definition of the candidate begins, or
//! somebody has fitted nobody for too long. The engine brings a message on that day, and the person is decided again as on
//! any other. What will be true then is not said here.

use schemas::time::Day;

use crate::bundle::Bundle;
use crate::draft::Draft;
use crate::journey::Journey;
use crate::journey::alone::alone;
use crate::journey::scope::{Scope, scope};
use crate::person::{Event, Person};
use crate::routing::route;

/// Sets the next such day, where it is another than the one that stands.
pub(crate) fn set_due(draft: &mut Draft<'_>) {
    let on = next_day(&draft.person, draft.bundle, draft.today);
    if draft.person.state.due != on {
        draft.record(Event::DueSet { on });
    }
}

/// The next such day after today; none while a first load waits for its approval.
fn next_day(person: &Person, bundle: &Bundle, today: Day) -> Option<Day> {
    if person.state.merged_into.is_some() || person.state.awaits_approval() {
        return None;
    }
    let journey = Journey::of(&person.state);
    let late = person.state.handovers.iter().filter_map(|handover| handover.deadline?.succ_opt());
    // From which age on nobody is obliged matters to those of whom somebody is told.
    let told = person.open_streams().next().is_some();
    let exempt = bundle.obligation.0.iter().filter(|_| told).map(|rule| rule.exempt_from_age);
    let ages = exempt.chain([bundle.target_group.minimum_age]);
    let of_age = ages.filter_map(|age| journey.birth()?.reaches(age)).flat_map(|(first, last)| [first, last]);
    let defined = bundle.target_group.candidates.iter().map(|rule| rule.from);
    let days = late
        .chain(journey.announced())
        .chain(of_age)
        .chain(defined)
        .chain(journey.enrolled_on())
        .chain(alone(person, bundle, today).map(|(_, by)| by))
        .chain(turning(person, journey, bundle, today));
    days.filter(|day| *day > today).min()
}

/// The next day on which a rule changes that counts for them.
fn turning(person: &Person, journey: Journey<'_>, bundle: &Bundle, today: Day) -> Option<Day> {
    let elsewhere = journey.home(today).and_then(|home| {
        // Another agency, or another code for the same home, which the agency is told.
        let nis = home.residence.nis;
        let led = |on| {
            (route(bundle, nis, on, journey.choice(bundle)).recipient, bundle.municipalities.present(nis, on))
        };
        let now = led(today);
        after(&bundle.turning().territory, today).iter().copied().find(|day| led(*day) != now)
    });
    // Who has something, who may get something, and who has an account of the portal: a file stays also while no home is
    // known.
    let served = person.open_streams().next().is_some()
        || person.live_handover().is_some()
        || !journey.portal_accounts().is_empty()
        || matches!(scope(journey, bundle, today), Scope::In(_));
    let told = after(&bundle.turning().told, today).first().copied().filter(|_| served);
    elsewhere.into_iter().chain(told).min()
}

/// The part of these sorted days that comes after today.
fn after(days: &[Day], today: Day) -> &[Day] {
    &days[days.partition_point(|day| *day <= today)..]
}
