//! The guards: what speaks for and against two being one person. Pure comparisons of a record with
//! a person's match view; numbers of the guards are those of docs/identity.md#guards.

use std::collections::BTreeSet;

use schemas::fact::Record;
use schemas::key::Key;
use schemas::message::Prepared;
use schemas::name::Tokens;
use schemas::partial::PartialDate;

use super::compare::like;
use crate::person::{Person, ReviewReason};

/// Guard 7: a shared number against a different name *and* a different birth date.
pub(crate) fn contradicts(prepared: &Prepared, person: &Person) -> bool {
    let known = &person.matching;
    let births = &prepared.record.births;
    let named = |ours: &Tokens| known.names.iter().any(|theirs| ours.touches(theirs));
    let names_differ =
        !prepared.names.is_empty() && !known.names.is_empty() && !prepared.names.iter().any(named);
    let born = |ours: &PartialDate| known.births.iter().any(|theirs| ours.agrees(*theirs));
    let births_differ = !births.is_empty() && !known.births.is_empty() && !births.iter().any(born);
    names_differ && births_differ
}

/// Whether the record carries a number that the person has.
pub(crate) fn shares_number(record: &Record, person: &Person) -> bool {
    record.keys.iter().any(|key| person.matching.keys.contains(key))
}

/// Whether two persons may become one, on the strength of a record that fits both: by its numbers, or one of them
/// by name and birth date alone. No guard may hold between them (docs/identity.md#guards, "bridge"). Name and birth date
/// agree; where one of them does so only in part, no number of any kind may differ, since in another order the
/// record would have come first and each of the two been linked to it by a number.
pub(crate) fn joinable(a: &Person, b: &Person, record: &Record, by_numbers: bool) -> bool {
    let (x, y) = (&a.matching, &b.matching);
    let share = |kind: &dyn Fn(&Key) -> bool| {
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (
            x.keys.iter().filter(|key| kind(key)).collect(),
            y.keys.iter().filter(|key| kind(key)).collect(),
        );
        // The record may say itself that one number replaces the other.
        let told = |keys: &BTreeSet<&Key>| record.keys.iter().any(|key| keys.contains(key));
        let replaced = by_numbers && told(&ours) && told(&theirs);
        ours.is_empty() || theirs.is_empty() || !ours.is_disjoint(&theirs) || replaced
    };
    let names = |fit: fn(&Tokens, &Tokens) -> bool| x.names.iter().any(|n| y.names.iter().any(|m| fit(n, m)));
    let births = |fit: fn(PartialDate, PartialDate) -> bool| {
        x.births.iter().any(|d| y.births.iter().any(|e| fit(*d, *e)))
    };
    let to_the_day = births(|d, e| d == e && !d.is_default());
    let named = names(|n, m| n.is_subset(m) || m.is_subset(n));
    let born = to_the_day || by_numbers && births(|d, e| d == e);
    // Of whom no name is known, none speaks against it.
    let nameless = x.names.is_empty() || y.names.is_empty();
    let nearly_named = names(like) || by_numbers && (nameless || to_the_day && names(Tokens::touches));
    let nearly_born = by_numbers && births(PartialDate::one_part_apart);
    let numbers = || {
        share(&|key| matches!(key, Key::Passport(..)))
            && share(&|key| matches!(key, Key::Application(..)))
            && share(&|key| matches!(key, Key::Permit(_)))
    };
    (named && born || (named && nearly_born || nearly_named && born) && numbers())
        && share(&|key| matches!(key, Key::Insz(_)))
        && share(&|key| matches!(key, Key::Dvz(_)))
        && (by_numbers || share(&|key| matches!(key, Key::Passport(..))))
        && !(told_apart(a, b) || told_apart(b, a))
        && !two_hold_the_file(a, b)
}

/// A human said that they are two.
fn told_apart(a: &Person, b: &Person) -> bool {
    a.state.never.contains(&b.id) || !a.state.never.is_disjoint(&b.state.absorbed)
}

/// Two agencies each took one of them over: who goes on is a human's to say (row 29 of docs/handovers.md).
pub(crate) fn two_hold_the_file(a: &Person, b: &Person) -> bool {
    let holder = |person: &Person| person.held_handover()?.recipient.clone();
    matches!((holder(a), holder(b)), (Some(one), Some(other)) if one != other)
}

/// What speaks against a link by name and birth date alone: guards 2, 4, 5 and 6.
pub(crate) fn speaks_against(record: &Record, person: &Person, corroborated: bool) -> Option<ReviewReason> {
    if differs(record, person, |key| matches!(key, Key::Insz(_)))
        || differs(record, person, |key| matches!(key, Key::Dvz(_)))
        || (!corroborated && differs(record, person, |key| matches!(key, Key::Passport(..))))
    {
        return Some(ReviewReason::NumberDiffers);
    }
    let shared = |birth: &&PartialDate| person.matching.births.contains(birth);
    let only_default = record.births.iter().filter(shared).all(|birth| birth.is_default());
    (only_default && !corroborated).then_some(ReviewReason::DefaultDate)
}

/// Both have a number of this kind, and none is shared.
fn differs(record: &Record, person: &Person, kind: fn(&Key) -> bool) -> bool {
    let theirs = person.matching.keys.iter().any(kind);
    let mut ours = record.keys.iter().filter(|key| kind(key)).peekable();
    theirs && ours.peek().is_some() && !ours.any(|key| person.matching.keys.contains(key))
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
                "a short form",
                walker("Jennifer", "1990-05-11", &filed),
                walker("Jenny", "1990-05-11", &one),
                true,
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
            let bridge = &record("", "", "1990-05-11", &[]).record;
            let (a, b) = (person(1, &a), person(2, &b));
            assert_eq!(joinable(&a, &b, bridge, true), by_numbers, "{what}, by numbers");
            assert_eq!(joinable(&b, &a, bridge, true), by_numbers, "{what}, by numbers, the other way");
            assert_eq!(joinable(&a, &b, bridge, false), by_name, "{what}, by name");
        }
    }
}
