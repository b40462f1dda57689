//! Where somebody means to live: in the area whose people the target group is of, elsewhere, or not known.
//!
//! A registration there decides, whatever was meant; then the newest destination of an entry that lives; where none can
//! be read, the region of a permit; where there is none either, that they enrolled. An unknown name is no destination,
//! and never a guess (docs/domain.md#where-somebody-means-to-live). Next: [`super::scope`].

use schemas::fact::Region;
use schemas::municipality::LanguageArea;
use schemas::place::Destination;
use schemas::time::{Day, Instant};

use super::Journey;
use super::entries::Ending;
use crate::bundle::Bundle;

/// What an entry says of where somebody means to live.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meant<'a> {
    /// Whether it might bring them into the target group, wherever that is.
    pub(super) counts: bool,
    pub(super) ended: Option<Ending>,
    /// Where, and when that was stated.
    pub(super) destination: Option<(Instant, &'a Destination)>,
    /// The region of the employer, where it is a permit.
    pub(super) region: Option<Region>,
}

/// Where they mean to live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Area {
    /// In an area whose people the target group is of.
    Ours,
    Elsewhere,
    /// Known by a permit of another region alone: a human decides.
    Open,
    Unknown,
}

/// The language area they live in; before that the one of the newest destination that can be read, then that of a permit
/// that names one.
pub(super) fn meant_area(
    journey: Journey<'_>,
    bundle: &Bundle,
    on: Day,
    entries: &[Meant<'_>],
) -> Option<LanguageArea> {
    let lived_in = journey.home(on).and_then(|home| bundle.places.of_code(home.residence.nis));
    let regions = counted(entries).filter_map(|entry| entry.region).map(|region| match region {
        Region::Flanders => LanguageArea::Dutch,
        Region::Brussels => LanguageArea::Brussels,
        Region::Wallonia => LanguageArea::French,
    });
    lived_in.or_else(|| destined(bundle, entries)).or_else(|| regions.min())
}

/// The entries that say where they mean to live: those that live, or all where none does.
fn counted<'a, 'b>(entries: &'b [Meant<'a>]) -> impl Iterator<Item = &'b Meant<'a>> {
    let lives = entries.iter().any(|entry| entry.counts && entry.ended.is_none());
    entries.iter().filter(move |entry| entry.counts && (entry.ended.is_none() || !lives))
}

/// The language area of the newest destination, where it can be read.
fn destined(bundle: &Bundle, entries: &[Meant<'_>]) -> Option<LanguageArea> {
    let newest = counted(entries).filter_map(|entry| entry.destination).max();
    newest.and_then(|(_, destination)| bundle.places.area(destination))
}

/// Where they mean to live, as it is known on a day.
pub(super) fn area(journey: Journey<'_>, bundle: &Bundle, on: Day, entries: &[Meant<'_>]) -> Area {
    let group = &bundle.target_group;
    let lives = entries.iter().any(|entry| entry.counts && entry.ended.is_none());
    // Who has left is registered no more; what they ask for since counts by itself.
    let homes = if lives && journey.departure(on).is_some() { vec![] } else { journey.homes(on) };
    let ours = |nis| bundle.places.of_code(nis).is_some_and(|area| group.areas.contains(&area));
    if homes.iter().any(|home| ours(home.residence.nis)) {
        return Area::Ours;
    }
    let counted = || counted(entries);
    if let Some(area) = destined(bundle, entries) {
        return if group.areas.contains(&area) { Area::Ours } else { Area::Elsewhere };
    }
    let mut regions = counted().filter_map(|entry| entry.region).peekable();
    if regions.peek().is_some() {
        return if regions.any(|region| group.permit_regions.contains(&region)) {
            Area::Ours
        } else {
            Area::Open
        };
    }
    if journey.enrolled_on().is_some_and(|day| day <= on) { Area::Ours } else { Area::Unknown }
}
