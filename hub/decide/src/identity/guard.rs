//! What stands between two persons whom one record fits: when they may become one without a human.
//!
//! What stands between a record and a person is [`super::compare`]'s. The bridge is described in
//! docs/identity.md#guards.

use std::collections::BTreeSet;

use schemas::fact::Record;
use schemas::key::Key;

use super::birth::BirthFit;
use super::name::{self, NameFit};
use crate::model::{MatchModel, NumberOf};
use crate::person::{Outline, Person};

/// Whether two persons may become one, on the strength of a record that fits both: by its numbers, or one of them
/// by name and birth date alone. No guard may hold between them; whether [`two_hold_the_file`] is asked apart. Name and birth date agree; where one of them does
/// so only in part, no number of any kind may differ, since in another order the record would have come first and
/// each of the two been linked to it by a number.
pub(crate) fn joinable(
    a: Outline<'_>,
    b: Outline<'_>,
    record: &Record,
    by_numbers: bool,
    model: &MatchModel,
) -> bool {
    let one_holder = [NumberOf::Insz, NumberOf::Dvz];
    let documents = [NumberOf::Passport, NumberOf::Application, NumberOf::Permit];
    let share = |kind: &NumberOf| shared(a, b, record, by_numbers, *kind);
    if told_apart(a, b) || !one_holder.iter().all(share) {
        return false;
    }
    if !by_numbers && !share(&NumberOf::Passport) {
        return false;
    }
    let name = best(a, b, model);
    let born = births(a, b);
    let to_the_day = born == Some(BirthFit::Exact);
    let same_day =
        to_the_day || by_numbers && matches!(born, Some(BirthFit::ExactDefault | BirthFit::ExactUnknown));
    let named = name.is_some_and(|fit| fit.letters && !fit.unexplained());
    // Of whom no name is known, none speaks against it.
    let nearly_named = match name {
        None => by_numbers,
        Some(fit) if fit.unexplained() => by_numbers && !fit.twins(),
        Some(_) => true,
    };
    let nearly_born =
        by_numbers && born.is_some_and(|fit| !fit.speaks_against() && fit != BirthFit::DefaultNear);
    let explained = name.is_none_or(|fit| !fit.unexplained());
    let nearly = named && nearly_born || nearly_named && (to_the_day || explained && same_day);
    named && same_day || nearly && documents.iter().all(share)
}

/// Whether nothing of this kind differs: one of them has none, one is shared, or the record itself says that one
/// replaces the other.
fn shared(a: Outline<'_>, b: Outline<'_>, record: &Record, by_numbers: bool, kind: NumberOf) -> bool {
    let of = |person: Outline<'_>| -> BTreeSet<Key> {
        let keys = person.matching.keys.iter();
        keys.filter(|key| NumberOf::of(key) == Some(kind)).cloned().collect()
    };
    let (ours, theirs) = (of(a), of(b));
    let told = |keys: &BTreeSet<Key>| record.keys.iter().any(|key| keys.contains(key));
    let replaced = by_numbers && told(&ours) && told(&theirs);
    ours.is_empty() || theirs.is_empty() || !ours.is_disjoint(&theirs) || replaced
}

fn best(a: Outline<'_>, b: Outline<'_>, model: &MatchModel) -> Option<NameFit> {
    let pairs = a.matching.names().flat_map(|ours| b.matching.names().map(move |theirs| (ours, theirs)));
    pairs
        .map(|(ours, theirs)| name::fit(ours, theirs, model))
        .max_by_key(|fit| (!fit.unexplained(), fit.letters, fit.weight))
}

fn births(a: Outline<'_>, b: Outline<'_>) -> Option<BirthFit> {
    let pairs = a.matching.births().flat_map(|ours| b.matching.births().map(move |theirs| (*ours, *theirs)));
    pairs.map(|(ours, theirs)| BirthFit::of(ours, theirs, false)).min()
}

/// A human said that they are two.
pub(super) fn told_apart(a: Outline<'_>, b: Outline<'_>) -> bool {
    let from = |a: Outline<'_>, b: Outline<'_>| a.matching.never.iter().any(|id| b.is(*id));
    from(a, b) || from(b, a)
}

/// Whether a human is asked, or has answered, if the two are one.
pub(super) fn asked_about(a: &Person, b: &Person) -> bool {
    let names = |a: &Person, b: &Person| {
        let mut candidates = a.state.open_reviews.values().flat_map(|asked| &asked.candidates);
        candidates.any(|id| b.outline().is(*id))
    };
    names(a, b) || names(b, a) || told_apart(a.outline(), b.outline())
}

/// Two agencies each took one of them over: who goes on is a human's to say (row 29 of docs/handovers.md).
pub(crate) fn two_hold_the_file(a: &Person, b: &Person) -> bool {
    let holder = |person: &Person| person.held_handover()?.recipient.clone();
    matches!((holder(a), holder(b)), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use schemas::ids::{MessageId, PersonId, Seed};
    use schemas::insz::Insz;
    use schemas::key::Mac;
    use schemas::message::{Body, Said};
    use schemas::name::Names;
    use schemas::reference::{ApplicationNumber, DvzNumber, PostCode};

    use schemas::message::Prepared;
    use schemas::partial::PartialDate;

    use super::*;
    use crate::identity::prepare;

    fn record(family: &str, given: &str, birth: &str, keys: &[Key]) -> Arc<Prepared> {
        let births = vec![PartialDate::parse(birth).unwrap()];
        let names = Names::new(family, given).into_iter().collect();
        let said = Said::Record(Record { keys: keys.to_vec(), names, births, facts: vec![] });
        let Body::Record(prepared) = prepare(said, &|_| Mac([0; 32])) else { panic!("a record stays one") };
        prepared
    }

    fn person(n: u8, record: &Prepared) -> Person {
        let mut person = Person::new(PersonId::derive(&Seed([n; 32]), 0));
        person.link(MessageId::derive(&Seed([n; 32]), 0), record);
        person
    }

    #[test]
    fn a_bridge_joins_whom_a_number_would_have_linked_and_no_twins() {
        let application =
            |n: &str| Key::Application(PostCode::parse("CAS").unwrap(), ApplicationNumber::parse(n).unwrap());
        let dvz = Key::Dvz(DvzNumber::parse("8000001").unwrap());
        let [one, other] = ["90610100155", "90610100254"].map(|n| Key::Insz(Insz::parse(n).unwrap()));
        let walker = |given, birth, key: &Key| record("Walker", given, birth, std::slice::from_ref(key));
        let (filed, also) = (application("1"), application("2"));
        for (what, a, b, by_numbers, by_name) in [
            ("all of it", walker("Ann", "1990-05-11", &filed), walker("Ann", "1990-05-11", &one), true, true),
            (
                "one letter",
                walker("Hanna", "1990-05-11", &filed),
                walker("Hannah", "1990-05-11", &one),
                true,
                true,
            ),
            (
                "a short form: twins are called so",
                walker("Jennifer", "1990-05-11", &filed),
                walker("Jenny", "1990-05-11", &one),
                false,
                false,
            ),
            (
                "twins",
                walker("Jennifer", "1990-05-11", &filed),
                walker("Jenny", "1990-05-11", &also),
                false,
                false,
            ),
            (
                "like twins",
                walker("Hanna", "1990-05-11", &filed),
                walker("Hannah", "1990-05-11", &also),
                false,
                false,
            ),
            (
                "a corrected day",
                walker("Ann", "1990-05-11", &filed),
                walker("Ann", "1990-05-12", &one),
                true,
                false,
            ),
            (
                "another day",
                walker("Ann", "1990-05-11", &filed),
                walker("Ann", "1990-06-12", &one),
                false,
                false,
            ),
            (
                "1 January",
                walker("Ann", "1990-01-01", &filed),
                walker("Ann", "1990-01-01", &one),
                true,
                false,
            ),
            (
                "1 January, a short form",
                walker("Jennifer", "1990-01-01", &filed),
                walker("Jenny", "1990-01-01", &one),
                false,
                false,
            ),
            (
                "no name",
                walker("Ann", "1990-05-11", &dvz),
                record("", "", "1990-05-11", std::slice::from_ref(&one)),
                true,
                false,
            ),
            (
                "two numbers",
                walker("Ann", "1990-05-11", &other),
                walker("Ann", "1990-05-11", &one),
                false,
                false,
            ),
        ] {
            let model = MatchModel::default();
            let bridge = &record("", "", "1990-05-11", &[]).record;
            let (a, b) = (person(1, &a), person(2, &b));
            let (a, b) = (a.outline(), b.outline());
            assert_eq!(joinable(a, b, bridge, true, &model), by_numbers, "{what}, by numbers");
            assert_eq!(joinable(b, a, bridge, true, &model), by_numbers, "{what}, by numbers, the other way");
            assert_eq!(joinable(a, b, bridge, false, &model), by_name, "{what}, by name");
        }
    }
}
