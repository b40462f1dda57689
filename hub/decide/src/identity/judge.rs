//! What follows from who could be meant and how they fit: one person, several that are one, a new one, or a doubt.
//! Whoever is in doubt is a human's to decide. Next: `guard` for what stands between two persons.

use schemas::ids::PersonId;
use schemas::key::Key;
use schemas::message::Prepared;

use super::birth::BirthFit;
use super::block::Around;
use super::compare::Compared;
use super::guard::{asked_about, joinable, two_hold_the_file};
use crate::model::{Guard, MatchModel};
use crate::person::{Join, Outline, Person, Reason, ReviewReason, Weighed};
use crate::world::Gather;

/// How many candidates a review names: more than a human compares with care.
pub const NAMED: usize = 3;

/// What is made of a record: whose it is, who is merged into them, and what a human is asked.
pub(super) struct LinkVerdict {
    /// None where nobody has it yet.
    pub(super) person: Option<PersonId>,
    pub(super) joins: Vec<(PersonId, Join)>,
    pub(super) reason: Reason,
    /// Between whom a human decides, the heaviest first.
    pub(super) review: Option<(ReviewReason, Vec<PersonId>)>,
}

impl LinkVerdict {
    fn same(person: PersonId, reason: Reason) -> Self {
        Self { person: Some(person), joins: vec![], reason, review: None }
    }

    fn new() -> Self {
        Self { person: None, joins: vec![], reason: Reason::New, review: None }
    }

    /// A human decides: between these, as many as a review names.
    fn doubt<'a>(why: ReviewReason, between: impl Iterator<Item = &'a Compared<'a>>) -> Self {
        let between = between.take(NAMED).map(|other| other.person.id).collect();
        Self { review: Some((why, between)), ..Self::new() }
    }
}

/// What is made of a record, and whom it was compared with. Whoever must be known whole for it is gathered: the verdict
/// holds once nothing is missing.
pub(super) fn judge(
    prepared: &Prepared,
    around: &Around<'_>,
    model: &MatchModel,
    gather: &mut Gather,
) -> (LinkVerdict, Vec<Weighed>) {
    let compare = |person| Compared::of(&prepared.view, person, around.led(person), model);
    let owners: Vec<Compared<'_>> = around.owners.iter().map(|owner| compare(owner.outline())).collect();
    let owned = |person: &&Outline<'_>| around.owners.iter().any(|owner| owner.id == person.id);
    let others = around.candidates.iter().filter(|person| !owned(person));
    let mut others: Vec<Compared<'_>> = others.map(|person| compare(*person)).collect();
    others.sort_by_key(|other| (-other.weight, other.person.id));
    let mut all: Vec<&Compared<'_>> = owners.iter().chain(&others).collect();
    all.sort_by_key(|compared| (-compared.weight, compared.person.id));
    let weighed = all.into_iter().take(NAMED).map(Compared::weighed).collect();
    let mut verdict = match owners.as_slice() {
        [] => found(&others, model),
        owners => numbered(prepared, owners, &others, around, model, gather),
    };
    if verdict.review.is_none() && !prepared.view.is_nameless() {
        verdict.review = claimed(around, &verdict, &others, gather);
    }
    (verdict, weighed)
}

/// An account claims the number of somebody whom name and date do not make the same person: a human is asked, once.
fn claimed(
    around: &Around<'_>,
    verdict: &LinkVerdict,
    others: &[Compared<'_>],
    gather: &mut Gather,
) -> Option<(ReviewReason, Vec<PersonId>)> {
    let one = |id| verdict.person == Some(id) || verdict.joins.iter().any(|(joined, _)| *joined == id);
    let mut asked = |other| {
        let person = verdict.person.and_then(|id| around.world.here(id, gather));
        person.is_some_and(|person| {
            around.world.here(other, gather).is_some_and(|other| asked_about(person, other))
        })
    };
    let claims = others.iter().filter(|other| other.led.by_claim).map(|other| other.person.id);
    let between: Vec<_> = claims.filter(|id| !one(*id) && !asked(*id)).take(NAMED).collect();
    (!between.is_empty()).then_some((ReviewReason::ClaimContradicts, between))
}

/// Nobody has a number of the record: whom name and date find.
fn found(others: &[Compared<'_>], model: &MatchModel) -> LinkVerdict {
    let lines = &model.lines;
    // "Unknown" is no name: it may be anybody who was born on that day.
    let unnamed = |other: &Compared<'_>| other.name.is_none() && other.birth == Some(BirthFit::Exact);
    let alike = |other: &Compared<'_>| other.weight >= lines.review && !other.contradicts();
    let asked = || others.iter().filter(|other| other.led.by_claim || unnamed(other) || alike(other));
    if let Some(best) = others.iter().find(|other| links(other, model)) {
        let others = others.iter().filter(|other| other.person.id != best.person.id);
        let rival = others.map(|other| other.weight).max();
        if rival.is_none_or(|rival| best.weight - rival >= lines.margin) {
            return LinkVerdict::same(best.person.id, reason(best));
        }
        return LinkVerdict::doubt(ReviewReason::SeveralCandidates, asked());
    }
    match asked().next() {
        Some(best) => LinkVerdict::doubt(why(best), asked()),
        None => LinkVerdict::new(),
    }
}

/// Some of the record's numbers are somebody's.
fn numbered(
    prepared: &Prepared,
    owners: &[Compared<'_>],
    others: &[Compared<'_>],
    around: &Around<'_>,
    model: &MatchModel,
    gather: &mut Gather,
) -> LinkVerdict {
    if owners.iter().all(|owner| owner.guards.is_empty())
        && let Some(verdict) = all_one(prepared, others, around, model, gather)
    {
        return verdict;
    }
    // Whom an earlier doubt of this kind made carries the same number, name and date: the record is
    // theirs, so that one question stays one question.
    let piece = |other: &&Compared<'_>| other.numbers.shared > 0 && other.guards.is_empty();
    let pieces: Vec<&Compared<'_>> = others.iter().filter(piece).collect();
    match (pieces.as_slice(), owners) {
        ([piece], _) => LinkVerdict::same(piece.person.id, Reason::Key),
        (_, [owner]) => LinkVerdict::doubt(why(owner), owners.iter()),
        (_, _) => LinkVerdict::doubt(ReviewReason::SeveralPersons, owners.iter()),
    }
}

/// Whether the machine may link by name and date.
fn links(other: &Compared<'_>, model: &MatchModel) -> bool {
    other.weight >= model.lines.auto && other.guards.is_empty()
}

fn reason(compared: &Compared<'_>) -> Reason {
    if compared.whole() { Reason::NameAndBirth } else { Reason::Alike }
}

/// What a human is asked: the strongest guard that holds.
fn why(compared: &Compared<'_>) -> ReviewReason {
    let holds = |guard| compared.guards.contains(&guard);
    if compared.led.by_claim {
        ReviewReason::ClaimContradicts
    } else if holds(Guard::NumberContradicts) {
        ReviewReason::KeyContradicts
    } else if holds(Guard::TwoHolders) || holds(Guard::NumberDiffers) || holds(Guard::TwoNumbersDiffer) {
        ReviewReason::NumberDiffers
    } else if holds(Guard::NameUnexplained) {
        ReviewReason::NameInPart
    } else if holds(Guard::DateDiffers) {
        ReviewReason::DateDiffers
    } else if holds(Guard::NoDate) {
        ReviewReason::DefaultDate
    } else {
        ReviewReason::Alike
    }
}

/// Whose numbers the record carries, and whom name and birth date find with nothing against it, are one person where
/// no guard stands between any two of them. That the names count too keeps links free of the order of arrival: had
/// the record come first, they would have been found by it.
fn all_one(
    prepared: &Prepared,
    others: &[Compared<'_>],
    around: &Around<'_>,
    model: &MatchModel,
    gather: &mut Gather,
) -> Option<LinkVerdict> {
    let record = &prepared.record;
    let between = |persons: &[&Person], one: Outline<'_>, by_numbers| {
        persons.iter().all(|other| joinable(one, other.outline(), record, by_numbers, model))
    };
    let free = |persons: &[&Person], one: &Person| persons.iter().all(|other| !two_hold_the_file(one, other));
    let mut persons: Vec<&Person> = vec![];
    for owner in &around.owners {
        if !between(&persons, owner.outline(), true) || !free(&persons, owner) {
            return None;
        }
        persons.push(owner);
    }
    for namesake in others.iter().filter(|other| links(other, model)) {
        if between(&persons, namesake.person, around.led(namesake.person).by_group)
            && let Some(whole) = around.world.here(namesake.person.id, gather)
            && free(&persons, whole)
        {
            persons.push(whole);
        }
    }
    let first = survivor(&persons)?;
    let by_key = |id| around.owners.iter().any(|owner| owner.id == id);
    let join = |id| (id, if by_key(id) && by_key(first.id) { Join::Keys } else { Join::NameAndBirth });
    let joins: Vec<_> = persons.iter().map(|p| p.id).filter(|id| *id != first.id).map(join).collect();
    Some(LinkVerdict { joins, ..LinkVerdict::same(first.id, Reason::Key) })
}

/// Who goes on: who has a national number, else the lower id.
pub(crate) fn survivor<'a>(persons: &[&'a Person]) -> Option<&'a Person> {
    let numbered = |person: &Person| person.matching.keys.iter().any(|key| matches!(key, Key::Insz(_)));
    persons.iter().copied().min_by_key(|person| (!numbered(person), person.id))
}
