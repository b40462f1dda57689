//! The guards: what speaks for and against two being one person. Pure comparisons of a record with
//! a person's match view; numbers of the guards are those of identity note 4.5.

use std::collections::BTreeSet;

use schemas::fact::Record;
use schemas::ids::PersonId;
use schemas::key::{Class, Key};
use schemas::name::{Names, Tokens};
use schemas::partial::PartialDate;

use crate::identity::ReviewReason;
use crate::person::Person;
use crate::world::World;

/// Guard 7: a shared number against a different name *and* a different birth date.
pub(crate) fn contradicts(record: &Record, person: &Person) -> bool {
    let known = &person.matching;
    let names_differ = !record.names.is_empty()
        && !known.names.is_empty()
        && !record
            .names
            .iter()
            .map(Names::tokens)
            .any(|ours| known.names.iter().any(|theirs| ours.touches(theirs)));
    let births_differ = !record.births.is_empty()
        && !known.births.is_empty()
        && !record.births.iter().any(|ours| known.births.iter().any(|theirs| ours.agrees(*theirs)));
    names_differ && births_differ
}

/// One of the names is the whole of one of his, and one of the dates is one of his.
pub(crate) fn exact(record: &Record, person: &Person) -> bool {
    record.names.iter().any(|names| person.matching.names.contains(&names.tokens()))
        && record.births.iter().any(|birth| person.matching.births.contains(birth))
}

/// Not one of the owners of the record's numbers, and yet with one of them, and the whole name and date.
pub(crate) fn same_piece(record: &Record, person: &Person, owners: &[&Person]) -> bool {
    owners.iter().all(|owner| owner.id != person.id)
        && exact(record, person)
        && record.keys.iter().any(|key| person.matching.keys.contains(key))
}

/// A birth date of the record is one of his, and known to the day.
fn born_alike(record: &Record, person: &Person) -> bool {
    record.births.iter().any(|birth| !birth.is_default() && person.matching.births.contains(birth))
}

/// The same birth date, known to the day, and one of the two writes all of the name that the other does, and more.
/// The record's own family and given name are both in it, or his whole name is in the record's: two who share a
/// family name and a day, as twins do, are not meant.
pub(crate) fn part_of(record: &Record, person: &Person) -> bool {
    let in_it = |ours: &Names, theirs: &Tokens| {
        let (mine, both) = (ours.tokens(), |part: &[String]| !part.is_empty());
        let less = both(&ours.family) && both(&ours.given) && mine.0.is_subset(&theirs.0);
        (less || theirs.0.is_subset(&mine.0)) && mine.0.len().min(theirs.0.len()) >= 2
    };
    let names = |ours: &Names| person.matching.names.iter().any(|theirs| in_it(ours, theirs));
    born_alike(record, person) && record.names.iter().any(names)
}

/// The same birth date, known to the day, and names that are [`like`] each other.
pub(crate) fn alike(record: &Record, person: &Person) -> bool {
    let names = |ours: Tokens| person.matching.names.iter().any(|theirs| like(&ours, theirs));
    born_alike(record, person) && record.names.iter().map(Names::tokens).any(names)
}

/// Each part of the shorter name has its like in the other: equal, or one letter apart.
fn like(a: &Tokens, b: &Tokens) -> bool {
    let like = |a: &String, b: &String| a == b || (a.len().min(b.len()) >= 4 && one_letter_apart(a, b));
    let (short, long) = if a.0.len() <= b.0.len() { (a, b) } else { (b, a) };
    short.0.len() >= 2 && short.0.iter().all(|part| long.0.iter().any(|other| like(part, other)))
}

/// Whether one letter changed, added or left out makes the one the other. Both are ASCII.
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let rest = |n: &[u8]| n.get(1..).unwrap_or_default().to_vec();
    rest(a) == rest(b) || rest(a) == b || a == rest(b)
}

/// The same birth date, and a name that is the same in part.
pub(crate) fn near(record: &Record, person: &Person) -> bool {
    record.births.iter().any(|birth| person.matching.births.contains(birth))
        && record
            .names
            .iter()
            .map(Names::tokens)
            .any(|ours| person.matching.names.iter().any(|n| ours.touches(n)))
}

/// Whether a group key other than the name itself leads to this person as well.
pub(crate) fn corroborated(world: &World, keys: &[Key], person: PersonId) -> bool {
    let group =
        |key: &&Key| key.class() == Class::Group && !matches!(key, Key::NameAndBirth(..) | Key::NamePart(..));
    keys.iter().filter(group).any(|key| world.leads_to(key, person))
}

/// Whether two persons may become one, on the strength of a record that fits both: by its numbers, or one of them
/// by name and birth date alone. No guard may hold between them (identity note 4.5, "bridge"). Name and birth date
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
    let named = names(|n, m| n.0.is_subset(&m.0) || m.0.is_subset(&n.0));
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

/// Two agencies each took one of them over: who goes on is a human's to say (features 4.2, row 29).
pub(crate) fn two_hold_the_file(a: &Person, b: &Person) -> bool {
    let holder = |person: &Person| {
        let held = person.state.handovers.iter().find(|h| h.responsible())?;
        held.recipient.clone()
    };
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
    use schemas::ids::Seed;
    use schemas::insz::Insz;
    use schemas::reference::{ApplicationNumber, DvzNumber, PostCode};

    use super::*;

    fn record(family: &str, given: &str, birth: &str, keys: &[Key]) -> Record {
        let births = vec![PartialDate::parse(birth).unwrap()];
        let names = Names::new(family, given).into_iter().collect();
        Record { keys: keys.to_vec(), names, births, facts: vec![] }
    }

    fn person(n: u8, record: &Record) -> Person {
        let mut person = Person::new(PersonId::derive(&Seed([n; 32]), 0));
        person.matching.take_in(record);
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
            let bridge = record("", "", "1990-05-11", &[]);
            let (a, b) = (person(1, &a), person(2, &b));
            assert_eq!(joinable(&a, &b, &bridge, true), by_numbers, "{what}, by numbers");
            assert_eq!(joinable(&b, &a, &bridge, true), by_numbers, "{what}, by numbers, the other way");
            assert_eq!(joinable(&a, &b, &bridge, false), by_name, "{what}, by name");
        }
    }
}
