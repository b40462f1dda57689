//! The target group: whether a person belongs to it on a day, and as what.
//!
//! Third-country nationals of age with a live entry in scope: family migrants, labour migrants of the
//! Flemish region, and the latter's adult family (docs/domain.md#the-target-group). What a rule leaves open
//! is a human's: it is never in scope in silence.

use schemas::country::Standing as Nationality;
use schemas::fact::{Entry, PermitRole, Purpose, Region, Standing};
use schemas::time::Day;
use serde::{Deserialize, Serialize};

use crate::bundle::Bundle;
use crate::journey::{ApplicationEntry, Journey, PermitEntry};

/// Whether a person belongs to the target group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Belongs to it, as this.
    In(Group),
    /// Does not.
    Out(OutReason),
    /// A human decides.
    Review,
    /// Too little is known.
    Unknown,
}

/// As what a person belongs to the target group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A family migrant.
    Family,
    /// A labour migrant's family.
    LabourFamily,
    /// A labour migrant.
    Labour,
}

impl Group {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::LabourFamily => "labour_family",
            Self::Labour => "labour",
        }
    }
}

/// Why a person is not in the target group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutReason {
    /// Has a European nationality.
    Nationality,
    /// Not of age.
    Age,
    /// Comes for another purpose.
    Purpose,
    /// Every entry ended: refused, revoked, withdrawn.
    Ended,
    /// Left Belgium.
    Left,
    /// Died.
    Deceased,
}

/// Whether the person belongs to the target group on this day.
#[must_use]
pub fn scope(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Scope {
    let by_entries = by_entries(journey, bundle);
    let belongs = match (by_entries, of_person(journey, bundle, on)) {
        (Scope::In(_) | Scope::Out(OutReason::Ended), Some(never @ Scope::Out(_))) => never,
        (Scope::In(_), Some(open)) => open,
        (_, _) => by_entries,
    };
    match (belongs, journey.standing()) {
        // Who does not belong to it cannot leave it.
        (Scope::Out(OutReason::Nationality | OutReason::Age | OutReason::Purpose), _) => belongs,
        (_, Some(Standing::Left)) => Scope::Out(OutReason::Left),
        (_, Some(Standing::Deceased)) => Scope::Out(OutReason::Deceased),
        (_, Some(Standing::Resident(_) | Standing::Known | Standing::Cancelled) | None) => belongs,
    }
}

/// What the entries say: those that have not ended, else whether one of those that have would have counted.
fn by_entries(journey: Journey<'_>, bundle: &Bundle) -> Scope {
    let applications =
        journey.applications().map(|entry| (entry.is_live(), of_application(journey, bundle, &entry)));
    let permits = journey.permits().map(|(_, entry)| (entry.is_live(), of_permit(&entry)));
    let (live, ended): (Vec<_>, Vec<_>) = applications.chain(permits).partition(|(live, _)| *live);
    let has = |scope| live.iter().any(|(_, of)| *of == scope);
    let group = live.iter().filter_map(|(_, of)| if let Scope::In(group) = of { Some(*group) } else { None });
    match group.max() {
        Some(group) => Scope::In(group),
        None if has(Scope::Review) => Scope::Review,
        None if has(Scope::Unknown) => Scope::Unknown,
        None if !live.is_empty() => Scope::Out(OutReason::Purpose),
        None if ended.iter().any(|(_, of)| !matches!(of, Scope::Out(_))) => Scope::Out(OutReason::Ended),
        None if !ended.is_empty() => Scope::Out(OutReason::Purpose),
        None => Scope::Unknown,
    }
}

/// What nationality and age say against it.
fn of_person(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Option<Scope> {
    let standings: Vec<Nationality> =
        journey.nationalities().into_iter().map(|country| bundle.countries.standing(country)).collect();
    if standings.contains(&Nationality::European) {
        return Some(Scope::Out(OutReason::Nationality));
    }
    let of_age = journey.birth().map(|birth| birth.has_reached(bundle.target_group.minimum_age, on));
    match (standings.as_slice(), of_age) {
        (_, Some(Some(false))) => Some(Scope::Out(OutReason::Age)),
        (all, _) if all.contains(&Nationality::Review) => Some(Scope::Review),
        (_, Some(None)) => Some(Scope::Review),
        ([], _) | (_, None) => Some(Scope::Unknown),
        (_, Some(Some(true))) => None,
    }
}

fn of_application(journey: Journey<'_>, bundle: &Bundle, entry: &ApplicationEntry<'_>) -> Scope {
    let Some(applied) = entry.applied else { return Scope::Unknown };
    match applied.purpose {
        Purpose::FamilyReunification => {
            let open = |ground: &String| bundle.target_group.review_grounds.contains(ground);
            if applied.ground.as_ref().is_some_and(open) { Scope::Review } else { Scope::In(Group::Family) }
        }
        Purpose::FamilyOfWorker => Scope::In(Group::LabourFamily),
        // A labour migrant is known by the permit: the region of the employer decides, so an
        // application whose permit no row has named yet is not in scope yet.
        Purpose::Work => applied
            .permit
            .as_ref()
            .and_then(|permit| journey.permit(&Entry::Permit(permit.clone())))
            .map_or(Scope::Unknown, |permit| of_permit(&permit)),
        Purpose::Study | Purpose::Other => Scope::Out(OutReason::Purpose),
    }
}

fn of_permit(entry: &PermitEntry<'_>) -> Scope {
    match (&entry.applied.role, entry.applied.region) {
        (PermitRole::Worker, Region::Flanders) => Scope::In(Group::Labour),
        (PermitRole::Family(_), Region::Flanders) => Scope::In(Group::LabourFamily),
        (_, Region::Brussels | Region::Wallonia) => Scope::Review,
    }
}
