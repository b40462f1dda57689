//! What follows from who could be meant and how they fit: one person, several that are one, a new one, or a doubt.
//! Whoever is in doubt is a human's to decide. Next: `guard` for what stands between two persons.

use schemas::ids::PersonId;
use schemas::key::Key;
use schemas::message::Prepared;

use super::block::Around;
use super::compare::Fit;
use super::guard;
use crate::person::{Join, Person, Reason, ReviewReason};

/// How many candidates a review names: more than a human compares with care.
pub const NAMED: usize = 3;

/// What is made of a record.
pub(super) enum LinkVerdict {
    /// It is this person's.
    Same(PersonId, Reason),
    /// It is this person's, and the others are merged into them.
    Joined(PersonId, Vec<(PersonId, Join)>, Reason),
    /// It is nobody's yet.
    New,
    /// A human decides between these.
    Doubt(ReviewReason, Vec<PersonId>),
}

/// A candidate and how the record fits them.
type Compared<'a> = (&'a Person, Fit);

pub(super) fn judge(prepared: &Prepared, around: &Around<'_>) -> LinkVerdict {
    let record = &prepared.record;
    let compared: Vec<Compared<'_>> =
        around.candidates.iter().map(|person| (*person, Fit::of(prepared, person))).collect();
    if !around.owners.is_empty() {
        return owned(prepared, around, &compared);
    }
    let exact = those(&compared, |fit| fit.exact);
    let corroborated: Vec<&Person> = exact.iter().copied().filter(|p| around.corroborates(p)).collect();
    match (exact.as_slice(), corroborated.as_slice()) {
        (_, [one]) | ([one], []) => match guard::speaks_against(record, one, !corroborated.is_empty()) {
            None => LinkVerdict::Same(one.id, Reason::NameAndBirth),
            Some(why) => doubt(why, &[one]),
        },
        ([], _) => written_otherwise(prepared, around, &compared),
        (several, _) => doubt(ReviewReason::SeveralCandidates, several),
    }
}

/// A human decides: between these, as many as a review names.
fn doubt(why: ReviewReason, between: &[&Person]) -> LinkVerdict {
    LinkVerdict::Doubt(why, between.iter().take(NAMED).map(|person| person.id).collect())
}

fn those<'a>(compared: &[Compared<'a>], fits: impl Fn(&Fit) -> bool) -> Vec<&'a Person> {
    compared.iter().filter(|(_, fit)| fits(fit)).map(|(person, _)| *person).collect()
}

/// Some of the record's numbers are somebody's.
fn owned(prepared: &Prepared, around: &Around<'_>, compared: &[Compared<'_>]) -> LinkVerdict {
    let owners = around.owners.as_slice();
    if !owners.iter().any(|owner| guard::contradicts(prepared, owner))
        && let Some(verdict) = all_one(prepared, around, compared)
    {
        return verdict;
    }
    // Whom an earlier doubt of this kind made carries the same number, name and date: the record is
    // theirs, so that one question stays one question.
    let other = |person: &Person| owners.iter().all(|owner| owner.id != person.id);
    let piece = |person: &&Person| other(person) && guard::shares_number(&prepared.record, person);
    let pieces: Vec<&Person> = those(compared, |fit| fit.exact).into_iter().filter(piece).collect();
    match (pieces.as_slice(), owners) {
        ([piece], _) => LinkVerdict::Same(piece.id, Reason::Key),
        (_, [_]) => doubt(ReviewReason::KeyContradicts, owners),
        (_, _) => doubt(ReviewReason::SeveralPersons, owners),
    }
}

/// Nobody has the whole name: somebody may have all of it that one of the two writes, or a name like it.
fn written_otherwise(prepared: &Prepared, around: &Around<'_>, compared: &[Compared<'_>]) -> LinkVerdict {
    let part = those(compared, |fit| fit.part);
    if let [one] = part.as_slice()
        && guard::speaks_against(&prepared.record, one, false).is_none()
    {
        return LinkVerdict::Same(one.id, Reason::NameInPart);
    }
    let near = compared.iter().filter(|(person, fit)| fit.alike || fit.near && around.corroborates(person));
    let near: Vec<&Person> = near.map(|(person, _)| *person).collect();
    match (part.as_slice(), near.as_slice()) {
        ([], []) => LinkVerdict::New,
        ([], near) => doubt(ReviewReason::NameInPart, near),
        (part, _) => doubt(ReviewReason::SeveralCandidates, part),
    }
}

/// Whose numbers the record carries, and who has its whole name and birth date with nothing against it, are one
/// person where no guard stands between any two of them. That the names count too keeps links free of the order
/// of arrival: had the record come first, they would have been found by it.
fn all_one(prepared: &Prepared, around: &Around<'_>, compared: &[Compared<'_>]) -> Option<LinkVerdict> {
    let (record, owners) = (&prepared.record, around.owners.as_slice());
    let between = |persons: &[&Person], one: &Person, by_numbers| {
        persons.iter().all(|other| guard::joinable(one, other, record, by_numbers))
    };
    if (1..owners.len()).any(|n| !between(&owners[..n], owners[n], true)) {
        return None;
    }
    let mut persons = owners.to_vec();
    for namesake in those(compared, |fit| fit.exact || fit.part) {
        let other = owners.iter().all(|owner| owner.id != namesake.id);
        if !other {
            continue;
        }
        let corroborated = around.corroborates(namesake);
        let fits = guard::speaks_against(record, namesake, corroborated).is_none();
        if fits && between(&persons, namesake, corroborated) {
            persons.push(namesake);
        }
    }
    let first = survivor(&persons)?;
    let by_key = |id| owners.iter().any(|owner| owner.id == id);
    let join = |id| (id, if by_key(id) && by_key(first.id) { Join::Keys } else { Join::NameAndBirth });
    let joins: Vec<_> = persons.iter().map(|p| p.id).filter(|id| *id != first.id).map(join).collect();
    Some(if joins.is_empty() {
        LinkVerdict::Same(first.id, Reason::Key)
    } else {
        LinkVerdict::Joined(first.id, joins, Reason::Key)
    })
}

/// Who goes on: who has a national number, else the lower id.
pub(crate) fn survivor<'a>(persons: &[&'a Person]) -> Option<&'a Person> {
    let numbered = |person: &Person| person.matching.keys.iter().any(|key| matches!(key, Key::Insz(_)));
    persons.iter().copied().min_by_key(|person| (!numbered(person), person.id))
}
