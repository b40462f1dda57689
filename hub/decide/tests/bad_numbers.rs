//! Numbers that are not what they should be: one number under a thousand records, a record that fits two people, a sender
//! who names other people's numbers.
//!
//! Whatever comes of it, nobody has two national or DVZ numbers that no human joined (I14), and whoever may be two is asked
//! about. What doors refuse: `tests/bad_input.rs`.

use crate::support::{House, Who, application, number_given, patched, status};
use schemas::fact::{Decision, Purpose};
use schemas::key::Key;
use schemas::message::Body;
use schemas::reference::DvzNumber;

const FAMILY: Purpose = Purpose::FamilyReunification;

fn also(body: Body, keys: Vec<Key>) -> Body {
    patched(body, |record| record.keys.extend(keys.iter().cloned()))
}

/// Persons, questions, national numbers, DVZ numbers.
type Ends = (usize, usize, usize, usize);
type Tells<'a> = dyn Fn(&mut House) + 'a;

/// How many persons there are, how many questions, and the most national and DVZ numbers that one of them has.
fn ends(house: &House) -> Ends {
    let people = house.people();
    let most = |of: fn(&Key) -> bool| {
        people.iter().map(|p| p.matching.keys.iter().filter(|key| of(key)).count()).max().unwrap_or(0)
    };
    let open = people.iter().map(|person| person.state.open_reviews.len()).sum();
    let insz = most(|key| matches!(key, Key::Insz(_)));
    (people.len(), open, insz, most(|key| matches!(key, Key::Dvz(_))))
}

#[test]
fn numbers_that_are_not_what_they_should_be_join_nobody() {
    let (a, b) = (Who::number(1), Who::number(2));
    let dvz = |who: &Who| Key::Dvz(DvzNumber::parse(&who.dvz).unwrap());
    let known = |house: &mut House, who: &Who| {
        house.tell(application(who, FAMILY, "2025-01-02"));
        house.tell(number_given(who, "2025-01-05"));
    };
    let cases: [(&str, &Tells<'_>, Ends); 4] = [
        (
            "a record that fits two",
            &|house| {
                known(house, &a);
                known(house, &b);
                house
                    .tell(number_given(&Who { dvz: b.dvz.clone(), insz: b.insz, ..a.clone() }, "2025-01-07"));
            },
            (3, 1, 1, 1),
        ),
        (
            "another's national number under a name of one's own",
            &|house| {
                known(house, &a);
                house.tell(number_given(&Who { insz: a.insz, ..b.clone() }, "2025-01-06"));
            },
            (2, 1, 1, 1),
        ),
        (
            "another's application, without a name",
            &|house| {
                known(house, &a);
                house.tell(also(status(&a, Decision::Granted, 2, "2025-02-01"), vec![dvz(&b)]));
            },
            (2, 1, 1, 1),
        ),
        (
            "a number under a thousand records",
            &|house| {
                known(house, &a);
                for n in 0..1_000 {
                    house.tell(status(&a, Decision::Pending, 2 + n, "2025-02-01"));
                }
            },
            (1, 0, 1, 1),
        ),
    ];
    for (what, tell, expect) in cases {
        let mut house = House::new();
        tell(&mut house);
        assert_eq!(ends(&house), expect, "{what}: persons, questions, national numbers, DVZ numbers");
    }
}
