//! What must not grow with the number of strangers or with the length of one life: bounds on what is looked at, not
//! on time.
//! Work is counted, not timed. Next: `support` for the house they live in.

use crate::support::engine::{Dice, Engine, Forgets};
use crate::support::house::person_of;
use crate::support::pair::{bridge, first_and_second};
use crate::support::{
    Home, House, Who, account, application, application_key, day, learned, named, platform_linked, register,
    status, test_insz, voided,
};
use decide::identity::{COMPARED, NAMED};
use decide::person::{VIEWS_KEPT, VOIDED_KEPT};
use decide::round::Round;
use decide::work::{self, Work};
use decide::world::{Ask, World};
use schemas::fact::{Decision, LearningStep, Purpose};
use schemas::message::Body;

const FAMILY: Purpose = Purpose::FamilyReunification;

/// Says something, and tells what was looked at, and how many records were not.
fn looked(house: &mut House, body: Body) -> (Work, u64) {
    let (change, work) = work::of(|| house.change(body));
    (work, change.left_out)
}

fn stranger(n: usize) -> Who {
    let letters: String = format!("{n:05}").bytes().map(|b| char::from(b - b'0' + b'a')).collect();
    Who {
        family: format!("fam{letters}"),
        given: format!("moh{letters}"),
        birth: "1990-05-11".to_owned(),
        passport: format!("P{n:06}"),
        application: (n + 1).to_string(),
        ..Who::number(1)
    }
}

#[test]
fn strangers_of_one_birth_date_and_one_beginning_of_the_name() {
    let mut house = House::new();
    let mut most = Work::default();
    for n in 0..2_000 {
        let (work, left_out) = looked(&mut house, application(&stranger(n), FAMILY, "2025-01-02"));
        most.persons = most.persons.max(work.persons);
        // All were born on one day; some of their names sound alike too.
        assert_eq!(left_out > 0, n > COMPARED, "that not all are looked at is told");
    }
    assert_eq!(house.people().len(), 2_000);
    assert!(most.persons as usize <= COMPARED, "{most:?}");

    // And no more of them are asked of a store.
    let last = [house.message("last", application(&stranger(2_000), FAMILY, "2025-01-02"))];
    let (mut part, mut round) = (World::new(), Round::new(&last, &house.bundle));
    for _ in 0..2 {
        let needs = round.asks(&mut part);
        let matches = needs.iter().filter(|ask| matches!(ask, Ask::Match(_))).count();
        assert!(matches <= COMPARED, "{matches} persons are compared");
        assert!(
            !needs.iter().any(|ask| matches!(ask, Ask::Person(_))),
            "nobody is read whole to be compared"
        );
        part.load(0, needs.into_iter().map(|ask| (ask.clone(), house.world.answer(&ask))));
    }
    assert!(round.asks(&mut part).is_empty());
}

#[test]
fn persons_of_one_name_born_on_the_first_of_january() {
    let mut house = House::new();
    for n in 0..400 {
        let who = Who {
            family: "Mohammadi".to_owned(),
            given: "Ahmad".to_owned(),
            birth: "1990-01-01".to_owned(),
            ..stranger(n)
        };
        let (work, _) = looked(&mut house, application(&who, FAMILY, "2025-01-02"));
        assert!(work.persons as usize <= COMPARED, "{work:?}");
    }
    let reviews: Vec<usize> = house
        .people()
        .iter()
        .flat_map(|p| p.state.open_reviews.values())
        .map(|asked| asked.candidates.len())
        .collect();
    assert_eq!(reviews.len(), 399, "one question for each but the first");
    assert!(reviews.iter().all(|named| *named <= NAMED), "{reviews:?}");
}

#[test]
fn voided_learning_statements_of_one_learner() {
    let mut house = House::new();
    let who = Who::number(1);
    house.granted_with_account(&who);
    house.tell(platform_linked(&who, "2025-01-12"));
    let (before, _) = looked(&mut house, account(&who, "2025-01-02"));
    for n in 0..1_600 {
        house.tell(learned(&who, n, "B1", LearningStep::Begun, "2025-03-10"));
        let (work, _) = looked(&mut house, voided(n, "2025-04-01"));
        assert!(work.claims < before.claims + 20, "{work:?}, {before:?} before");
    }
    let (after, _) = looked(&mut house, account(&who, "2025-01-02"));
    assert_eq!(after, before, "any other record looks at what it did before");
    assert!(
        house.only().state.claims.iter().len() <= VOIDED_KEPT + 40,
        "{}",
        house.only().state.claims.iter().len()
    );
    // Of those that are not remembered the journal knows: none counts again.
    assert_eq!(house.only().state.claims.of(schemas::fact::Field::Progress).len(), 0);
}

#[test]
fn applications_of_one_person() {
    let mut house = House::new();
    let who = Who::number(1);
    let mut at = vec![];
    for n in 0..=400 {
        let again = Who { application: (n + 1).to_string(), ..who.clone() };
        let (work, _) = looked(&mut house, application(&again, FAMILY, "2025-01-02"));
        if [100, 200, 400].contains(&n) {
            at.push(work.claims);
        }
    }
    assert_eq!(house.people().len(), 1);
    let [hundred, two, four] = at[..] else { panic!("three looks") };
    assert!(two < hundred * 5 / 2 && four < two * 5 / 2, "in proportion: {at:?}");
    assert!(four < 400 * 65, "{four} claims for 400 applications");
}

#[test]
fn what_says_nothing_of_who_somebody_is_adds_nothing_to_compare() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    let before = house.only().matching.clone();
    house.tell(status(&who, Decision::Granted, 2, "2025-02-01"));
    assert_eq!(house.only().matching, before);
}

#[test]
fn another_spelling_under_a_known_number_is_compared_from_then_on_and_no_more_than_so_many() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    for n in 0..40 {
        let letters: String = format!("{n:02}").bytes().map(|b| char::from(b - b'0' + b'a')).collect();
        let spelled = Who { given: format!("{} q{letters}", who.given), ..who.clone() };
        house.tell(named(&spelled, vec![application_key(&who)]));
        let expect = VIEWS_KEPT.min(n + 2);
        assert_eq!(house.only().matching.views.len(), expect, "after {n}");
    }
}

#[test]
fn of_a_common_name_a_part_of_the_world_decides_as_the_whole_does() {
    let mut house = House::new();
    let come = |house: &mut House, from: usize, to: usize| {
        for n in from..to {
            house.say(&format!("stranger {n}"), application(&stranger(n), FAMILY, "2025-01-02"));
        }
    };
    come(&mut house, 0, 100);
    // Who is taken apart is found under the name by fewer records for a while: the next older ones count.
    let (one, name) = (stranger(97), first_and_second().1);
    let double = Who { insz: test_insz(901), dvz: "8000901".to_owned(), ..one.elsewhere() };
    house.say(&name, application(&double, FAMILY, "2025-01-03"));
    let named = house.records_of(person_of(&name));
    house.tell(status(&double, Decision::Granted, 2, "2025-02-01"));
    let nameless = &house.records_of(person_of(&name)) - &named;
    house.tell(bridge(&one, &double));
    assert_eq!(house.people().len(), 100);
    house.split(person_of("stranger 97"), &nameless);
    assert_eq!(house.people().len(), 101);
    come(&mut house, 100, 130);
    let (messages, expect): (Vec<_>, Vec<_>) = house.log.iter().cloned().unzip();
    for forgets in [Forgets::Nothing, Forgets::Sometimes, Forgets::Always] {
        let verdicts = Engine::new(&house.bundle, Dice(7), forgets).run(&messages, 9);
        assert!(verdicts == expect, "{forgets:?}");
    }
}

#[test]
fn moves_of_one_person_day_after_day() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    let first = day("2025-03-04");
    let mut at = vec![];
    for n in 0..=400_u64 {
        let on = (first + chrono::Days::new(n)).to_string();
        house.today(&on);
        let nis = if n % 2 == 0 { "44021" } else { "11002" };
        let (_, work) = work::of(|| house.change(register(&who, Home::In(nis, &on), &on)));
        if [100, 200, 400].contains(&n) {
            at.push(work.claims);
        }
    }
    assert_eq!((house.people().len(), house.handovers().last()), (1, Some(&"sent amal".to_owned())));
    let [hundred, two, four] = at[..] else { panic!("three looks") };
    assert!(two <= hundred * 5 / 4 && four <= hundred * 5 / 4, "as much for the last move as before: {at:?}");
}
