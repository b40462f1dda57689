//! The target group: whether a person belongs to it on a day, and as what.
//!
//! Third-country nationals of age with a live entry who mean to live in the Dutch-language area or in Brussels: family
//! migrants, labour migrants, and the latter's adult family (docs/domain.md#the-target-group). What a rule leaves open
//! is a human's: it is never in scope in silence. Where they mean to live is `area`'s to say.

use schemas::country::NationalityStanding as Nationality;
use schemas::fact::{Decision, Permit, PermitRole, Purpose};
use schemas::municipality::LanguageArea;
use schemas::time::Day;
use serde::{Deserialize, Serialize};

use crate::bundle::{Bundle, CandidateKind};
use crate::journey::Journey;
use crate::journey::area::{Area, Meant, area, meant_area};
use crate::journey::entries::{ApplicationEntry, Ending, PermitEntry};
pub use crate::package::Group;

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

/// Why a person is not in the target group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutReason {
    /// Has a European nationality.
    Nationality,
    Age,
    /// Comes for another purpose.
    Purpose,
    /// Lived in Belgium before anything was asked for.
    LivesHere,
    /// Means to live in the French or German language area.
    IntendedArea,
    /// Is no candidate by the definition of the day, such as one whose visa was not granted yet.
    NoCandidate,
    /// Every entry ended: refused, revoked, withdrawn.
    Ended,
    Left,
    Deceased,
}

/// An entry that may bring somebody into the target group, with what it says by itself, wherever they mean to live.
#[derive(Clone, Copy, Debug)]
struct Judged<'a> {
    verdict: Scope,
    meant: Meant<'a>,
}

/// Whether the person belongs to the target group on this day.
#[must_use]
pub fn scope(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Scope {
    let entries = entries(journey, bundle, on);
    within(journey, bundle, on, &entries, of_area(journey, bundle, on, &entries))
}

/// Whether nothing but a destination is missing, so that the register may be asked once where they live.
#[must_use]
pub fn awaits_area(journey: Journey<'_>, bundle: &Bundle, on: Day) -> bool {
    let entries = entries(journey, bundle, on);
    of_area(journey, bundle, on, &entries) == Area::Unknown
        && within(journey, bundle, on, &entries, Area::Ours) != Scope::Unknown
        && within(journey, bundle, on, &entries, Area::Unknown) == Scope::Unknown
}

/// The language area in which they mean to live, or live, as far as it is known.
#[must_use]
pub fn intended_area(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Option<LanguageArea> {
    let meant: Vec<Meant<'_>> = entries(journey, bundle, on).iter().map(|entry| entry.meant).collect();
    meant_area(journey, bundle, on, &meant)
}

fn of_area(journey: Journey<'_>, bundle: &Bundle, on: Day, entries: &[Judged<'_>]) -> Area {
    let meant: Vec<Meant<'_>> = entries.iter().map(|entry| entry.meant).collect();
    area(journey, bundle, on, &meant)
}

/// Whether the person belongs to it where they mean to live there.
fn within(journey: Journey<'_>, bundle: &Bundle, on: Day, entries: &[Judged<'_>], area: Area) -> Scope {
    let by_entries = by_entries(entries, area);
    match (by_entries, of_person(journey, bundle, on)) {
        // Who does not belong to it cannot leave it.
        (_, Some(never @ Scope::Out(_))) => never,
        (Scope::In(_), Some(open)) | (Scope::Unknown, Some(open @ Scope::Review)) => open,
        (_, _) => by_entries,
    }
}

/// What the entries say: those that live, else whether one of those that have ended would have counted.
fn by_entries(entries: &[Judged<'_>], area: Area) -> Scope {
    let live: Vec<Scope> =
        entries.iter().filter(|entry| entry.meant.ended.is_none()).map(|entry| entry.verdict).collect();
    let group = live.iter().filter_map(|of| if let Scope::In(group) = of { Some(*group) } else { None });
    let had = |entry: &Judged<'_>| entry.meant.ended.is_some() && matches!(entry.verdict, Scope::In(_));
    let found = match group.max() {
        Some(group) => Scope::In(group),
        None if live.contains(&Scope::Review) => Scope::Review,
        // Of what lives too little is known; what had counted and has ended is over all the same.
        None if live.contains(&Scope::Unknown) && entries.iter().any(had) => return over(entries, area),
        None if live.contains(&Scope::Unknown) => return Scope::Unknown,
        // Each is out: the first says why.
        None => return live.first().copied().unwrap_or_else(|| over(entries, area)),
    };
    match (found, area) {
        (_, Area::Elsewhere) => Scope::Out(OutReason::IntendedArea),
        (Scope::Review, _) | (_, Area::Open) => Scope::Review,
        (_, Area::Unknown) => Scope::Unknown,
        (found, Area::Ours) => found,
    }
}

/// Nothing lives: why what might have counted has ended, else why nothing ever counted.
fn over(entries: &[Judged<'_>], area: Area) -> Scope {
    let had = |ending| entries.iter().any(|entry| entry.meant.counts && entry.meant.ended == Some(ending));
    let here = |entry: &Judged<'_>| entry.meant.ended == Some(Ending::LivesHere);
    let reason = match area {
        Area::Elsewhere if entries.iter().any(|entry| entry.meant.counts) => OutReason::IntendedArea,
        _ if had(Ending::Deceased) => OutReason::Deceased,
        _ if had(Ending::Left) => OutReason::Left,
        _ if had(Ending::Decided) => OutReason::Ended,
        _ if entries.iter().any(here) => OutReason::LivesHere,
        _ => return entries.first().map_or(Scope::Unknown, |entry| entry.verdict),
    };
    Scope::Out(reason)
}

/// What nationality and age say against it. They decide until an agency has said yes; who becomes Belgian after that stays
/// with it, for as long as they do not leave the country and come back.
fn of_person(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Option<Scope> {
    let accepted = journey.state.handovers.iter().filter_map(|handover| handover.accepted).max();
    if accepted.is_some_and(|day| !journey.began_anew(day, on)) {
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

/// Every application and permit, as it stands on a day.
fn entries<'a>(journey: Journey<'a>, bundle: &Bundle, on: Day) -> Vec<Judged<'a>> {
    let permits: Vec<_> = journey.permits(on).collect();
    let family = family_permits(bundle, &permits);
    let judged = |verdict, ended, destination, region| Judged {
        verdict,
        meant: Meant { counts: !matches!(verdict, Scope::Out(_)), ended, destination, region },
    };
    let of_visa = |entry: ApplicationEntry<'a>| {
        judged(of_application(journey, bundle, on, family, &entry), entry.ended, entry.destination, None)
    };
    let of_work = |entry: &PermitEntry<'a>| {
        let applied = entry.applied;
        let verdict = if candidate(journey, bundle, on, applied.applied_on, (entry.decision, true)) {
            of_permit(bundle, applied)
        } else {
            Scope::Out(OutReason::NoCandidate)
        };
        judged(verdict, entry.ended, entry.destination, Some(applied.region))
    };
    journey.applications(on).map(of_visa).chain(permits.iter().map(of_work)).collect()
}

/// What the permits say under which somebody comes as a worker's family: those that live, else those that have ended.
fn family_permits(bundle: &Bundle, permits: &[PermitEntry<'_>]) -> Option<Scope> {
    let of = |entry: &PermitEntry<'_>| match entry.applied.role {
        PermitRole::Family(_) => Some((entry.ended.is_none(), of_permit(bundle, entry.applied))),
        PermitRole::Worker => None,
    };
    let rank = |(lives, scope): &(bool, Scope)| (*lives, matches!(scope, Scope::In(_)));
    permits.iter().filter_map(of).max_by_key(rank).map(|(_, scope)| scope)
}

fn of_application(
    journey: Journey<'_>,
    bundle: &Bundle,
    on: Day,
    family: Option<Scope>,
    entry: &ApplicationEntry<'_>,
) -> Scope {
    let Some(applied) = entry.applied else { return Scope::Unknown };
    let candidate = || candidate(journey, bundle, on, applied.filed_on, (entry.decision, entry.needs_visa()));
    match applied.purpose {
        Purpose::Study | Purpose::Other => Scope::Out(OutReason::Purpose),
        _ if !candidate() => Scope::Out(OutReason::NoCandidate),
        Purpose::FamilyReunification => {
            let open = |ground: &str| bundle.target_group.review_grounds.iter().any(|open| open == ground);
            if entry.ground().is_some_and(open) { Scope::Review } else { Scope::In(Group::Family) }
        }
        // The region of the worker decides: nothing is in scope before a permit of the family has told it.
        Purpose::FamilyOfWorker => family.unwrap_or(Scope::Unknown),
        // A labour migrant is known by the permit, so an application whose permit no row has named yet is not in
        // scope yet.
        Purpose::Work => {
            let permit = entry.permit().and_then(|number| journey.permit(number));
            permit.map_or(Scope::Unknown, |permit| of_permit(bundle, permit))
        }
    }
}

/// A worker's own region counts where nobody knows where they mean to live ([`super::area`]); their family comes for
/// the worker, whose region decides.
fn of_permit(bundle: &Bundle, permit: &Permit) -> Scope {
    match permit.role {
        PermitRole::Worker => Scope::In(Group::Labour),
        PermitRole::Family(_) if bundle.target_group.permit_regions.contains(&permit.region) => {
            Scope::In(Group::LabourFamily)
        }
        PermitRole::Family(_) => Scope::Review,
    }
}

/// Whether somebody who applied on this day, and of whose application this became, is a candidate on a day: by the
/// definition of that day, or going on by it after having enrolled while another one let them.
fn candidate(
    journey: Journey<'_>,
    bundle: &Bundle,
    on: Day,
    applied_on: Day,
    (decision, needs_visa): (Decision, bool),
) -> bool {
    let group = &bundle.target_group;
    // A registration proves the visa that was applied for before it.
    let registered = || journey.homes(on).iter().any(|home| home.began >= applied_on);
    let obtained = || matches!(decision, Decision::Granted | Decision::Revoked) || registered();
    let is = |kind: &CandidateKind| match kind {
        CandidateKind::VisaObtained => needs_visa && obtained(),
        CandidateKind::VisaApplied => needs_visa,
        CandidateKind::NoVisaNeeded => !needs_visa,
    };
    let Some(rule) = group.candidate(on) else { return false };
    rule.enrols.iter().any(is)
        || rule.goes_on.iter().any(is)
            && journey.enrolled_on().filter(|day| *day <= on).is_some_and(|day| {
                group.candidate(day.max(applied_on)).is_some_and(|then| then.enrols.iter().any(is))
            })
}
