//! The target group: whether a person belongs to it on a day, and as what.
//!
//! Third-country nationals of age with a live entry in scope: family migrants, labour migrants of the
//! Flemish region, and the latter's adult family (docs/domain.md#the-target-group). What a rule leaves open
//! is a human's: it is never in scope in silence.

use schemas::country::NationalityStanding as Nationality;
use schemas::fact::{Permit, PermitRole, Purpose, Region};
use schemas::time::Day;
use serde::{Deserialize, Serialize};

use crate::bundle::Bundle;
use crate::journey::Journey;
use crate::journey::entries::{ApplicationEntry, Ending};

/// Whether a person belongs to the target group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Belongs to it, as this.
    In(Group),
    Out(OutReason),
    Review,
    /// Too little is known.
    Unknown,
}

/// As what a person belongs to the target group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Family,
    /// A labour migrant's family.
    LabourFamily,
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
    Age,
    /// Comes for another purpose.
    Purpose,
    /// Every entry ended: refused, revoked, withdrawn.
    Ended,
    Left,
    Deceased,
}

/// Whether the person belongs to the target group on this day.
#[must_use]
pub fn scope(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Scope {
    let by_entries = by_entries(journey, bundle, on);
    match (by_entries, of_person(journey, bundle, on)) {
        // Who does not belong to it cannot leave it.
        (Scope::In(_) | Scope::Out(_), Some(never @ Scope::Out(_))) => never,
        (Scope::In(_), Some(open)) => open,
        (_, _) => by_entries,
    }
}

/// What the entries say: those that live, else whether one of those that have ended would have counted.
fn by_entries(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Scope {
    let permits: Vec<_> = journey.permits(on).map(|entry| (entry.ended, entry.applied)).collect();
    let family = family_permits(&permits);
    let applications =
        journey.applications(on).map(|entry| (entry.ended, of_application(journey, bundle, family, &entry)));
    let permits = permits.iter().map(|(ended, applied)| (*ended, of_permit(applied)));
    let entries: Vec<_> = applications.chain(permits).collect();
    let live = || entries.iter().filter(|(ended, _)| ended.is_none()).map(|(_, of)| *of);
    let had =
        |ending| entries.iter().any(|(ended, of)| *ended == Some(ending) && !matches!(of, Scope::Out(_)));
    let group = live().filter_map(|of| if let Scope::In(group) = of { Some(group) } else { None });
    match group.max() {
        Some(group) => Scope::In(group),
        None if live().any(|of| of == Scope::Review) => Scope::Review,
        None if live().any(|of| of == Scope::Unknown) => Scope::Unknown,
        None if live().next().is_some() => Scope::Out(OutReason::Purpose),
        None if had(Ending::Deceased) => Scope::Out(OutReason::Deceased),
        None if had(Ending::Left) => Scope::Out(OutReason::Left),
        None if had(Ending::Decided) => Scope::Out(OutReason::Ended),
        None if !entries.is_empty() => Scope::Out(OutReason::Purpose),
        None => Scope::Unknown,
    }
}

/// What nationality and age say against it. They decide until an agency has said yes once; who becomes Belgian after
/// that stays with it.
fn of_person(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Option<Scope> {
    if journey.state.handovers.iter().any(|handover| handover.accepted.is_some()) {
        return None;
    }
    let standings: Vec<Nationality> =
        journey.nationalities().iter().map(|country| bundle.countries.standing(country)).collect();
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

/// What the permits say under which somebody comes as a worker's family: those that live, else those that have ended.
fn family_permits(permits: &[(Option<Ending>, &Permit)]) -> Option<Scope> {
    let of = |(ended, permit): &(Option<Ending>, &Permit)| match permit.role {
        PermitRole::Family(_) => Some((ended.is_none(), of_permit(permit))),
        PermitRole::Worker => None,
    };
    let rank = |(lives, scope): &(bool, Scope)| (*lives, matches!(scope, Scope::In(_)));
    permits.iter().filter_map(of).max_by_key(rank).map(|(_, scope)| scope)
}

fn of_application(
    journey: Journey<'_>,
    bundle: &Bundle,
    family: Option<Scope>,
    entry: &ApplicationEntry<'_>,
) -> Scope {
    let Some(applied) = entry.applied else { return Scope::Unknown };
    match applied.purpose {
        Purpose::FamilyReunification => {
            let open = |ground: &String| bundle.target_group.review_grounds.contains(ground);
            if applied.ground.as_ref().is_some_and(open) { Scope::Review } else { Scope::In(Group::Family) }
        }
        // The region of the worker decides, where a permit of the family has told it.
        Purpose::FamilyOfWorker => family.unwrap_or(Scope::In(Group::LabourFamily)),
        // A labour migrant is known by the permit: the region of the employer decides, so an
        // application whose permit no row has named yet is not in scope yet.
        Purpose::Work => applied
            .permit
            .as_ref()
            .and_then(|number| journey.permit(number))
            .map_or(Scope::Unknown, of_permit),
        Purpose::Study | Purpose::Other => Scope::Out(OutReason::Purpose),
    }
}

fn of_permit(permit: &Permit) -> Scope {
    match (&permit.role, permit.region) {
        (PermitRole::Worker, Region::Flanders) => Scope::In(Group::Labour),
        (PermitRole::Family(_), Region::Flanders) => Scope::In(Group::LabourFamily),
        (_, Region::Brussels | Region::Wallonia) => Scope::Review,
    }
}
