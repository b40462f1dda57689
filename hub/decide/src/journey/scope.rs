//! The target group: whether a person belongs to it on a day, and as what.
//!
//! Third-country nationals of age with a live entry in scope: family migrants, labour migrants of the
//! Flemish region, and the latter's adult family (memo 3, domain note 9.1). What a rule leaves open
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
    match journey.standing() {
        Some(Standing::Left) => return Scope::Out(OutReason::Left),
        Some(Standing::Deceased) => return Scope::Out(OutReason::Deceased),
        Some(Standing::Resident(_) | Standing::Known | Standing::Cancelled) | None => {}
    }
    let entries: Vec<Option<Scope>> = journey
        .applications()
        .map(|entry| entry.is_live().then(|| of_application(journey, bundle, &entry)))
        .chain(journey.permits().map(|(_, entry)| entry.is_live().then(|| of_permit(&entry))))
        .collect();
    let live: Vec<Scope> = entries.iter().flatten().copied().collect();
    let group =
        live.iter().filter_map(|scope| if let Scope::In(group) = scope { Some(*group) } else { None }).max();
    let by_entries = match group {
        Some(group) => Scope::In(group),
        None if live.contains(&Scope::Review) => Scope::Review,
        None if live.contains(&Scope::Unknown) => Scope::Unknown,
        None if !live.is_empty() => Scope::Out(OutReason::Purpose),
        None if !entries.is_empty() => Scope::Out(OutReason::Ended),
        None => Scope::Unknown,
    };
    match by_entries {
        Scope::In(_) => of_person(journey, bundle, on).unwrap_or(by_entries),
        Scope::Out(_) | Scope::Review | Scope::Unknown => by_entries,
    }
}

/// Whether he belongs to the target group, or would if none of his entries had ended and he were here: what he once
/// got through it does not depend on which of the two was told first.
#[must_use]
pub fn belonged(journey: Journey<'_>, bundle: &Bundle, on: Day) -> bool {
    let applications = journey.applications().map(|entry| of_application(journey, bundle, &entry));
    let permits = journey.permits().map(|(_, entry)| of_permit(&entry));
    applications.chain(permits).any(|scope| matches!(scope, Scope::In(_)))
        && of_person(journey, bundle, on).is_none()
}

/// What nationality and age say against him.
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
        // A labour migrant is known by his permit: the region of the employer decides, so an
        // application whose permit no row has named yet is not in scope yet.
        Purpose::Work => applied
            .permit
            .as_ref()
            .and_then(|permit| {
                journey
                    .permits()
                    .find(|(entry, _)| matches!(entry, Entry::Permit(number) if number == permit))
            })
            .map_or(Scope::Unknown, |(_, permit)| of_permit(&permit)),
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
