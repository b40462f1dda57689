//! Two humans who share anything, of whom anything is said in any order, with the other's numbers mistyped into it:
//! nobody ends with two national numbers or two numbers of the aliens office unless a human says so.
//!
//! Of records of one human: `linking.rs`.

use crate::support::{Home, House, Who, account, application, number_given, permit, register, status};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use schemas::fact::{Decision, Purpose};
use schemas::key::Key;
use schemas::message::Body;
use schemas::reference::DvzNumber;

/// What the second human shares with the first, or has like theirs.
#[derive(Clone, Copy, Debug)]
struct Alike {
    name: usize,
    birth: usize,
    passport: bool,
    application: bool,
    permit: bool,
}

/// One thing that is said, and which of its numbers is the other's.
#[derive(Clone, Copy, Debug)]
struct Saying {
    of: usize,
    what: usize,
    wrong: usize,
}

const NAMES: [(&str, &str); 7] = [
    ("Perez", "Maria"),
    ("Perez", "Marie"),
    ("Perez", "Julia"),
    ("Perez", "Maria Jose"),
    ("Maria", "Perez"),
    ("Lopez", "Maria"),
    ("Okafor", "Chidi"),
];
const BIRTHS: [&str; 6] =
    ["1990-05-11", "1990-05-12", "1990-11-05", "1990-01-01", "1990-00-00", "1979-02-03"];

fn two(alike: Alike, birth_of_first: usize) -> [Who; 2] {
    let named = |who: Who, (family, given): (&str, &str), birth: &str| Who {
        family: family.to_owned(),
        given: given.to_owned(),
        birth: birth.to_owned(),
        ..who
    };
    let a = named(Who::number(1), NAMES[0], BIRTHS[birth_of_first]);
    let mut b = named(Who::number(2), NAMES[alike.name], BIRTHS[alike.birth]);
    b.nationality = a.nationality;
    if alike.passport {
        b.passport.clone_from(&a.passport);
    }
    if alike.application {
        b.application.clone_from(&a.application);
    }
    if alike.permit {
        b.permit.clone_from(&a.permit);
    }
    [a, b]
}

fn body(humans: &[Who; 2], saying: Saying, n: usize) -> Body {
    let (mut who, other) = (humans[saying.of].clone(), &humans[1 - saying.of]);
    match saying.wrong {
        0 => who.insz = other.insz,
        1 => who.dvz.clone_from(&other.dvz),
        2 => who.application.clone_from(&other.application),
        3 => who.passport.clone_from(&other.passport),
        4 => who.permit.clone_from(&other.permit),
        5 => (who.family, who.given) = (other.family.clone(), other.given.clone()),
        6 => who.birth.clone_from(&other.birth),
        _ => {}
    }
    let day = format!("2025-01-{:02}", n + 1);
    match saying.what {
        0 => application(&who, Purpose::FamilyReunification, &day),
        1 => application(&who, Purpose::Work, &day),
        2 => number_given(&who, &day),
        3 => permit(&who, Decision::Granted, &day),
        4 => register(&who, Home::In("44021", "2025-01-01"), &day),
        5 => register(&who, Home::Nowhere, &day),
        6 => account(&who, &day),
        _ => status(&who, Decision::Granted, n as u64, &day),
    }
}

/// The same ones in every run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more and for others.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 1_500, rng_seed: RngSeed::Fixed(20_251_127), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_gets_two_numbers_unasked(
        (name, birth, first) in (0..NAMES.len(), 0..BIRTHS.len(), 0..BIRTHS.len()),
        (passport, application, permit) in any::<(bool, bool, bool)>(),
        // Most of what is said is right.
        sayings in prop::collection::vec((0..2_usize, 0..8_usize, 0..14_usize), 3..10),
    ) {
        let humans = two(Alike { name, birth, passport, application, permit }, first);
        let sayings: Vec<Saying> = sayings.into_iter().map(|(of, what, wrong)| Saying { of, what, wrong }).collect();
        let numbers = humans.clone().map(|who| {
            (Key::Insz(who.insz), Key::Dvz(DvzNumber::parse(&who.dvz).expect("a number")))
        });
        let mut house = House::new();
        house.today("2025-04-01");
        for (n, saying) in sayings.iter().enumerate() {
            house.tell(body(&humans, *saying, n));
            for person in house.people() {
                let has = |key: &Key| person.matching.keys.contains(key);
                let both = |of: fn(&(Key, Key)) -> &Key| numbers.iter().all(|pair| has(of(pair)));
                prop_assert!(!both(|pair| &pair.0), "two national numbers after {:?}", &sayings[..=n]);
                prop_assert!(!both(|pair| &pair.1), "two numbers of the aliens office after {:?}", &sayings[..=n]);
            }
        }
    }
}
