//! Who fits nobody: known by one kind of source alone, though another must know them as well.
//!
//! Somebody registered where an agency is competent has applied somewhere, an account is opened by somebody who applied,
//! and a granted permit is followed by a visa or a registration. Says who is alone and from when on a human is asked;
//! refuses to say whom they may be, which is [`crate::identity`]'s. Next: [`crate::handover`], which waits for that day.

use schemas::fact::{Decision, Entry, Field, Statement};
use schemas::time::{Day, day_of};

use super::Journey;
use super::scope::{Scope, scope};
use crate::bundle::Bundle;
use crate::person::{Claim, Person, ReviewReason};
use crate::routing::{RouteReason, route};

/// What of this person fits nobody, and from which day on that is a human's to look at. None where it was asked before or a
/// human is asked who they are already, and none of whom the target group is closed to: nobody waits for them.
pub(crate) fn alone(person: &Person, bundle: &Bundle, today: Day) -> Option<(ReviewReason, Day)> {
    let (why, by) = found(Journey::of(&person.state), bundle, today)?;
    let asked = person.state.alone.contains_key(&why) || !person.state.open_reviews.is_empty();
    // The last day of a deadline is not late.
    (!asked).then_some((why, by.succ_opt()?))
}

/// What fits nobody, whether it was asked before or not, and the last day on which nobody is asked.
pub(crate) fn found(journey: Journey<'_>, bundle: &Bundle, today: Day) -> Option<(ReviewReason, Day)> {
    if journey.applications(today).next().is_some() {
        return None;
    }
    let deadlines = &bundle.deadlines;
    let working_days = |from, days| bundle.calendar.working_days_after(from, days);
    let account = account_since(journey);
    let (why, by) = if let Some(granted) = permit_since(journey, today) {
        let traced = account.is_some() || journey.answer().is_some() || journey.insz().is_some();
        let months = chrono::Months::new(deadlines.permit_alone_months);
        (!traced).then_some((ReviewReason::PermitAlone, granted.checked_add_months(months)?))?
    } else if journey.permits(today).next().is_some() {
        return None;
    } else if let Some(home) = journey.home(today) {
        let led = route(bundle, home.residence.nis, today, journey.choice(bundle));
        let ours = led.recipient.is_some() || led.reason == RouteReason::AwaitingChoice;
        let by = working_days(home.began, deadlines.registered_alone_days);
        ours.then_some((ReviewReason::RegisteredAlone, by))?
    } else if journey.answer().is_none() {
        (ReviewReason::AccountAlone, working_days(account?, deadlines.account_alone_days))
    } else {
        return None;
    };
    (!matches!(scope(journey, bundle, today), Scope::Out(_))).then_some((why, by))
}

/// The day on which something was first stated of an account of theirs.
fn account_since(journey: Journey<'_>) -> Option<Day> {
    let told = [Field::AccountOpened, Field::LearningPath, Field::Progress];
    let of_account = told.into_iter().flat_map(|field| journey.claims(field));
    let account = of_account.filter(|(cell, _)| matches!(cell.entry, Entry::Account(_)));
    account.map(|(_, claim)| told_on(claim)).min()
}

/// The day on which the first permit was granted that lives.
fn permit_since(journey: Journey<'_>, today: Day) -> Option<Day> {
    let live = journey.permits(today).filter(|permit| permit.ended.is_none());
    let granted = live.filter(|permit| permit.decision == Decision::Granted).filter_map(|permit| {
        let decided = journey.of_entry(&Entry::Permit(permit.number.clone()), Field::PermitDecision)?;
        matches!(decided.statement, Statement::PermitDecision(_)).then(|| told_on(decided))
    });
    granted.min()
}

/// The day that a claim is of; where it has none, the day on which it was stated.
fn told_on(claim: &Claim) -> Day {
    claim.valid_from.unwrap_or_else(|| day_of(claim.stated_at))
}
