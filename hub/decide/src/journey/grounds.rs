//! What a decision rests on: the claims that decided, each with the cell it stands in.
//!
//! Reads the fold by the same choices as [`super::Journey`], so that an explanation cannot name other facts
//! than those that were used. It points and does not explain.

use schemas::fact::{Authority, Field};
use schemas::time::Day;

use crate::journey::Journey;
use crate::person::{Cell, Claim};

/// A claim that decided, and where it stands.
pub type Ground<'a> = (&'a Cell, &'a Claim);

/// The claims on which it rests whether the person belongs to the target group.
///
/// How the register knows the person, what was applied for and decided, the nationalities by the highest authority, an
/// objection, the birth date, the accounts at the portal, and where they have lived.
#[must_use]
pub fn of_target_group(journey: Journey<'_>) -> Vec<Ground<'_>> {
    let mut found = of_answer(journey);
    for entry in journey.state.claims.filed() {
        let decided = [
            journey.of_entry(entry, Field::Applied),
            journey.of_entry(entry, Field::Ground),
            journey.of_entry(entry, Field::RestsOn),
            journey.of_entry(entry, Field::NeedsVisa),
            journey.decided(entry),
            journey.of_entry(entry, Field::Permit),
            journey.of_entry(entry, Field::Registered),
            journey.of_entry(entry, Field::ThroughPost),
            journey.of_entry(entry, Field::PermitDecision),
            journey.of_entry(entry, Field::Destination),
        ];
        found.extend(decided.into_iter().flatten().filter_map(|claim| cell_of(journey, claim)));
    }
    found.extend(journey.nationality().and_then(|claim| cell_of(journey, claim)));
    found.extend(of_field(journey, Field::Objection));
    found.extend(journey.born().and_then(|claim| cell_of(journey, claim)));
    found.extend(
        of_field(journey, Field::AccountOpened)
            .into_iter()
            .filter(|(cell, _)| cell.authority == Authority::Portal),
    );
    found.extend(of_field(journey, Field::Residence));
    found
}

/// The claims that say where the person lives on a day, and what they chose there.
#[must_use]
pub fn of_home(journey: Journey<'_>, on: Day) -> Vec<Ground<'_>> {
    let Some(home) = journey.home(on) else { return vec![] };
    let mut found = of_answer(journey);
    found.push((home.cell, home.claim));
    found.extend(of_field(journey, Field::Choice));
    found
}

/// The newest answer of the register.
fn of_answer(journey: Journey<'_>) -> Vec<Ground<'_>> {
    journey.answer().map(|answer| (answer.cell, answer.claim)).into_iter().collect()
}

/// Every claim of a field, one for each cell.
fn of_field(journey: Journey<'_>, field: Field) -> Vec<Ground<'_>> {
    journey.claims(field).collect()
}

/// The cell of a claim that was read from the same state.
fn cell_of<'a>(journey: Journey<'a>, claim: &'a Claim) -> Option<Ground<'a>> {
    journey.claims(claim.statement.field()).find(|(_, found)| std::ptr::eq(*found, claim))
}
