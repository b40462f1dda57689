//! An answer of the register is a snapshot: the newest alone says how and where the person lives.
//!
//! Cases first, then every order of random answers against a model that looks at the newest and at nothing else.
//! Next: `entries`, for what a departure ends.

use crate::support;
use std::collections::BTreeSet;

use crate::support::engine::Dice;
use crate::support::{Home, House, Who, also, at_street, day, register, since};
use decide::journey::Journey;
use decide::person::ANSWERS_KEPT;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use schemas::fact::{Field, RegisterStanding};
use schemas::handover::AnswerKind;
use schemas::message::Body;
use schemas::time::Day;

fn journey(house: &House) -> Journey<'_> {
    Journey::of(&house.only().state)
}

fn told(house: &mut House, to: &str) -> bool {
    house.left().iter().any(|line| line.starts_with(to))
}

#[test]
fn who_left_has_no_old_home_while_a_new_one_is_announced() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "11002", "2025-03-04");
    house.accepted("atlas");
    house.today("2025-06-02");
    house.tell(register(&who, Home::Left, "2025-06-02"));
    house.answer("atlas", AnswerKind::PurgeConfirmed);
    house.left();
    house.today("2025-08-20");
    house.tell(register(&who, Home::In("44021", "2025-09-01"), "2025-08-20"));
    assert!(!told(&mut house, "atlas"), "{:?}", house.handovers());
    house.until("2025-09-01");
    assert!(told(&mut house, "amal"), "{:?}", house.handovers());
}

#[test]
fn a_home_that_was_corrected_away_does_not_come_back_while_a_move_is_announced() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-12");
    house.tell(register(&who, Home::In("11002", "2025-03-10"), "2025-03-12"));
    house.today("2025-03-13");
    house.tell(register(&who, Home::In("44021", "2025-03-01"), "2025-03-13"));
    house.accepted("amal");
    house.left();
    house.today("2025-04-15");
    house.tell(register(&who, Home::In("24062", "2025-05-01"), "2025-04-15"));
    assert!(!told(&mut house, "atlas"), "{:?}", house.handovers());
    assert_eq!(house.handovers(), ["superseded atlas", "accepted amal"]);
    house.until("2025-05-01");
    assert_eq!(house.handovers().last().map(String::as_str), Some("sent agii"));
}

#[test]
fn while_a_move_is_announced_no_address_is_told_and_what_is_open_stays() {
    for hidden in [false, true] {
        let (mut house, who) = House::with_amal();
        house.tell(at_street(
            register(&who, Home::In("44021", "2025-03-04"), "2025-03-06"),
            "Veldstraat",
            false,
        ));
        assert_eq!(house.seen("amal", "street").as_deref(), Some("Veldstraat"));
        house.left();
        house.today("2025-04-15");
        let renamed = Who { given: "Amina Zohra".to_owned(), ..who };
        let announced = register(&renamed, Home::In("44021", "2025-05-01"), "2025-04-15");
        house.tell(at_street(announced, "Schuilplaats", hidden));
        // An address that may not be told is taken back at once; else nothing is said while no home is known.
        let left: Vec<String> = hidden.then(|| "amal file".to_owned()).into_iter().collect();
        if hidden {
            assert_eq!(house.seen("amal", "given_names").as_deref(), Some("Amina Zohra"));
            assert_eq!((house.seen("amal", "street"), house.seen("amal", "municipality")), (None, None));
        }
        assert_eq!((house.left(), house.handovers()), (left, vec!["accepted amal".to_owned()]));
        house.until("2025-05-01");
        let there = (!hidden).then(|| "Schuilplaats".to_owned());
        assert_eq!(
            (house.handovers(), house.seen("amal", "street")),
            (vec!["accepted amal".to_owned()], there)
        );
    }
}

#[test]
fn nobody_is_offered_a_person_whose_home_is_only_announced() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.left();
    house.today("2025-03-06");
    house.tell(register(&who, Home::In("11002", "2025-04-01"), "2025-03-06"));
    assert_eq!((house.handovers(), house.left()), (vec!["sent amal".to_owned()], vec![]));
    // Nor where the register forbids to tell the next address.
    house.tell(at_street(
        register(&who, Home::In("11002", "2025-04-01"), "2025-03-07"),
        "Schuilplaats",
        true,
    ));
    assert!(house.left().is_empty());
    house.until("2025-04-01");
    assert_eq!(house.left(), ["amal ended moved", "atlas offer"]);
}

#[test]
fn the_flag_of_one_address_holds_for_every_one_and_the_newest_answer_lifts_it() {
    let (mut house, who) = House::with_amal();
    let at_home = |on| at_street(register(&who, Home::In("44021", "2025-03-04"), on), "Veldstraat", false);
    house.tell(at_home("2025-03-06"));
    house.today("2025-04-10");
    // The home of today may be told; the one that follows may not.
    let next = support::patched(also(at_home("2025-04-10"), "44021", "2025-06-01"), |record| {
        let last = record.facts.last_mut().unwrap();
        let schemas::fact::Statement::Residence(home) = &mut last.statement else { panic!() };
        home.restricted = true;
    });
    house.tell(next);
    assert!(journey(&house).home(day("2025-04-10")).is_some());
    assert_eq!(house.seen("amal", "street"), None);
    house.tell(at_home("2025-04-11"));
    assert_eq!(house.seen("amal", "street").as_deref(), Some("Veldstraat"));
    house.tell(at_street(register(&who, Home::In("44021", "2025-03-04"), "2025-04-09"), "Veldstraat", true));
    assert_eq!(
        house.seen("amal", "street").as_deref(),
        Some("Veldstraat"),
        "an older one says nothing of now"
    );
}

#[test]
fn each_of_several_homes_begins_on_its_own_day() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-20");
    let answer = register(&who, Home::In("44021", "2025-04-01"), "2025-03-20");
    house.tell(also(also(answer, "11002", "2025-05-01"), "24062", "2025-06-01"));
    let mut due = vec![];
    for agency in ["amal", "atlas", "agii"] {
        due.push(house.only().state.due.unwrap().to_string());
        house.until(due.last().unwrap().clone().as_str());
        assert_eq!(house.handovers().last(), Some(&format!("sent {agency}")));
        house.accepted(agency);
    }
    assert_eq!(due, ["2025-04-01", "2025-05-01", "2025-06-01"]);
}

#[test]
fn an_older_answer_that_comes_late_fills_history_alone() {
    let (mut house, who) = House::with_amal();
    let before = house.handovers();
    house.today("2025-05-10");
    house.home(&who, "44021", "2025-03-04");
    house.left();
    house.tell(register(&who, Home::In("11002", "2025-03-20"), "2025-04-01"));
    house.tell(register(&who, Home::Left, "2025-04-20"));
    assert_eq!((house.handovers(), house.left()), (before, vec![]));
    let lived = |on: &str| journey(&house).lived(day(on)).map(|home| home.residence.nis.to_string());
    assert_eq!(lived("2025-03-31").as_deref(), Some("44021"));
    assert_eq!(lived("2025-04-02").as_deref(), Some("11002"));
    assert_eq!(lived("2025-04-21"), None);
    assert_eq!(lived("2025-05-10").as_deref(), Some("44021"));
    assert_eq!(lived("2025-03-04"), None, "nothing was stated yet");
}

#[test]
fn a_cancelled_number_says_nothing_and_one_that_was_replaced_until_the_other_answers() {
    let (mut house, who) = House::with_amal();
    let new = Who { insz: support::test_insz(901), ..who.clone() };
    house.tell(register(&who, Home::Replaced(new.insz), "2025-03-06"));
    assert_eq!(house.handovers(), ["accepted amal"]);
    assert_eq!(journey(&house).home(house_day()).map(|home| home.began), Some(day("2025-03-04")));
    house.today("2025-04-05");
    house.tell(register(&new, Home::In("11002", "2025-04-01"), "2025-04-02"));
    house.accepted("atlas");
    // What is still said of the old number is of an old dossier.
    house.tell(register(&who, Home::Left, "2025-04-04"));
    assert_eq!(house.handovers(), ["superseded amal", "accepted atlas"]);
}

fn house_day() -> Day {
    day("2025-03-10")
}

/// What an answer says of somebody's standing, and not of their homes.
fn known_as(answer: Body, standing: RegisterStanding) -> Body {
    support::patched(answer, |record| {
        for fact in &mut record.facts {
            if let schemas::fact::Statement::Standing(known) = &mut fact.statement {
                known.clone_from(&standing);
            }
        }
    })
}

#[test]
fn an_address_beside_a_standing_without_a_home_is_none() {
    let (mut house, who) = House::with_amal();
    let with_home = |on: &str| register(&who, Home::In("11002", "2025-03-20"), on);
    house.today("2025-05-01");
    house.tell(known_as(with_home("2025-04-01"), RegisterStanding::Known));
    assert!(journey(&house).home(day("2025-05-01")).is_none(), "known, and no home of theirs");
    house.tell(since(known_as(with_home("2025-04-02"), RegisterStanding::Left), "2025-04-02"));
    assert!(journey(&house).home(day("2025-04-01")).is_some(), "until they leave");
    assert!(journey(&house).home(day("2025-04-02")).is_none(), "what began before they left has ended");
    house.tell(since(known_as(with_home("2025-04-03"), RegisterStanding::Left), "2025-03-20"));
    assert!(journey(&house).home(day("2025-04-03")).is_some(), "it began on the day they left");
}

#[test]
fn of_two_numbers_that_count_a_cancelled_one_takes_no_home_from_the_other() {
    let (mut house, who) = House::with_amal();
    house.tell(known_as(
        support::patched(register(&who, Home::Nowhere, "2025-04-01"), |record| {
            let other = schemas::fact::register_channel(support::test_insz(901));
            record.facts.iter_mut().for_each(|fact| fact.version.channel.clone_from(&other));
        }),
        RegisterStanding::Cancelled,
    ));
    assert_eq!(journey(&house).home(house_day()).map(|home| home.began), Some(day("2025-03-04")));
}

/// One random answer: the day of it, what it says, and when that begins.
#[derive(Clone, Debug)]
struct Drawn {
    on: Day,
    says: Says,
    begins: Day,
    hidden: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    In(&'static str),
    /// With a second home thirty days later.
    Two(&'static str, &'static str),
    Left,
    Deceased,
    Known,
}

const NIS: [&str; 4] = ["44021", "11002", "24062", "62063"];
const FIRST: &str = "2025-03-01";
const END: &str = "2025-07-15";

fn later(on: Day, days: i64) -> Day {
    on + chrono::Duration::days(days)
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let nis = || (0..NIS.len()).prop_map(|n| NIS[n]);
    let says = prop_oneof![
        4 => nis().prop_map(Says::In),
        2 => (nis(), nis()).prop_map(|(one, other)| Says::Two(one, other)),
        1 => Just(Says::Left),
        1 => Just(Says::Deceased),
        1 => Just(Says::Known),
    ];
    // Each on a day of its own; what it says began before it, or begins after it.
    let one = (says, -40i64..40, any::<bool>());
    proptest::collection::vec(one, 1..9).prop_flat_map(|all| {
        let days = proptest::sample::subsequence((0..120i64).collect::<Vec<_>>(), all.len());
        days.prop_map(move |days| {
            let one = |((says, ahead, hidden), on): (&(Says, i64, bool), i64)| {
                let on = later(day(FIRST), on);
                Drawn { on, says: *says, begins: later(on, *ahead), hidden: *hidden }
            };
            all.iter().zip(days).map(one).collect()
        })
    })
}

fn said(who: &Who, drawn: &Drawn) -> Body {
    let (on, begins) = (drawn.on.to_string(), drawn.begins.to_string());
    let answer = match drawn.says {
        Says::In(nis) => register(who, Home::In(nis, &begins), &on),
        Says::Two(nis, next) => {
            let second = later(drawn.begins, 30).to_string();
            also(register(who, Home::In(nis, &begins), &on), next, &second)
        }
        Says::Left => register(who, Home::Left, &on),
        Says::Deceased => register(who, Home::Deceased, &on),
        Says::Known => register(who, Home::Nowhere, &on),
    };
    let answer = since(answer, &begins);
    if drawn.hidden {
        at_street(answer, "Schuilplaats", true)
    } else {
        at_street(answer, "Veldstraat", false)
    }
}

/// What one answer alone says of a day: the municipality and since when.
fn model(answer: &Drawn, on: Day) -> Option<(String, Day)> {
    let homes = match answer.says {
        Says::In(nis) => vec![(nis, answer.begins)],
        Says::Two(nis, next) => vec![(nis, answer.begins), (next, later(answer.begins, 30))],
        Says::Left | Says::Deceased | Says::Known => vec![],
    };
    let begun = homes.into_iter().rfind(|(_, begins)| *begins <= on);
    begun.map(|(nis, begins)| (nis.to_owned(), begins))
}

fn heard(who: &Who, answers: &[&Drawn]) -> House {
    let mut house = House::new();
    house.granted_with_account(who);
    house.today(END);
    for answer in answers {
        house.say(&format!("answer {}", answer.on), said(who, answer));
    }
    house
}

fn shuffled<T>(all: &[T], seed: u64) -> Vec<&T> {
    // Every second one comes twice.
    let mut order: Vec<&T> = all.iter().chain(all.iter().step_by(2)).collect();
    let mut dice = Dice(seed | 1);
    for n in (1..order.len()).rev() {
        order.swap(n, dice.roll(n + 1));
    }
    order
}

fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 96, rng_seed: RngSeed::Fixed(20_250_301), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn in_any_order_the_newest_answer_alone_speaks_and_earlier_days_keep_theirs(all in drawn(), seed: u64) {
        let who = Who::number(1);
        let house = heard(&who, &shuffled(&all, seed));
        let journey = journey(&house);
        let newest = all.iter().max_by_key(|answer| answer.on).unwrap();
        let found = |home: Option<decide::journey::register::Home<'_>>| home.map(|h| (h.residence.nis.to_string(), h.began));
        for days in (-45..200).step_by(3) {
            let on = later(day(FIRST), days);
            prop_assert_eq!(found(journey.home(on)), model(newest, on), "home on {}", on);
            let then = all.iter().filter(|answer| answer.on <= on).max_by_key(|answer| answer.on);
            prop_assert_eq!(found(journey.lived(on)), then.and_then(|answer| model(answer, on)), "lived on {}", on);
            let gone = match newest.says {
                Says::Left => Some(false),
                Says::Deceased => Some(true),
                _ => None,
            };
            let left = gone.filter(|_| newest.begins <= on).map(|deceased| (newest.begins, deceased));
            prop_assert_eq!(journey.departure(on).map(|gone| (gone.on, gone.deceased)), left);
        }
        let at_home = matches!(newest.says, Says::In(_) | Says::Two(..));
        prop_assert_eq!(journey.restricted(), at_home && newest.hidden);
        prop_assert_eq!(matches!(journey.standing(), Some(RegisterStanding::Resident(_))), at_home);
    }

    #[test]
    fn i8_the_order_of_answers_leads_to_the_same_facts_and_the_same_agency(all in drawn(), seed: u64) {
        let who = Who::number(1);
        let mut houses = [heard(&who, &shuffled(&all, seed)), heard(&who, &all.iter().collect::<Vec<_>>())];
        for house in &mut houses {
            for _ in 0..3 {
                for offer in house.on_the_table() {
                    house.pick_up(&offer);
                    house.accepted(offer.recipient.as_str());
                }
            }
        }
        let [one, other] = &houses;
        prop_assert_eq!(&one.only().state.claims, &other.only().state.claims);
        let essence = |house: &House| decide::invariant::essence(house.only(), &house.bundle, day(END));
        let (mut one_ends, mut other_ends) = (essence(one), essence(other));
        if journey(one).home(day(END)).is_none() && journey(one).departure(day(END)).is_none() {
            // While no home is known what was open stays open: who that is depends on what was known before.
            for ends in [&mut one_ends, &mut other_ends] {
                (ends.responsible, ends.open) = (None, BTreeSet::new());
                ends.fields.remove("competent_agency");
            }
        }
        prop_assert_eq!(one_ends, other_ends);
    }
}

#[test]
fn of_more_answers_than_are_remembered_the_same_ones_are_in_whatever_order_they_came() {
    let who = Who::number(1);
    let [newest, first, departures] = ANSWERS_KEPT;
    let count = newest + first + 28;
    let answer = |n: usize| {
        let on = later(day("2025-01-01"), n as i64);
        let says = if n % 5 == 2 { Says::Left } else { Says::In(NIS[n % 4]) };
        Drawn { on, says, begins: later(on, -1), hidden: false }
    };
    let all: Vec<Drawn> = (0..count).map(answer).collect();
    let straight = heard(&who, &all.iter().collect::<Vec<_>>());
    for seed in [3, 5, 7] {
        let other = heard(&who, &shuffled(&all, seed));
        assert_eq!(straight.only().state.claims, other.only().state.claims);
    }
    let left = all.iter().rev().filter(|answer| matches!(answer.says, Says::Left)).take(departures);
    let ends = all.iter().take(first).chain(all.iter().rev().take(newest));
    let expect: BTreeSet<Day> = ends.chain(left).map(|answer| answer.on).collect();
    assert!(expect.len() > newest + first && expect.len() < newest + first + departures);
    let claims = straight.only().state.claims.of(Field::Standing);
    let kept: Vec<Day> = claims.map(|(_, claim)| schemas::time::day_of(claim.stated_at)).collect();
    assert_eq!((kept.len(), kept.into_iter().collect::<BTreeSet<Day>>()), (expect.len(), expect));
}

#[test]
fn who_is_asked_about_for_years_still_arrived_where_they_arrived() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "21004", "2025-03-04");
    for n in 0..80 {
        let on = later(day("2025-06-02"), n);
        house.today(&on.to_string());
        house.home(&who, "44021", "2025-06-01");
    }
    let homes: Vec<String> = journey(&house)
        .home(day("2025-10-01"))
        .into_iter()
        .map(|home| home.residence.nis.to_string())
        .collect();
    assert_eq!(homes, ["44021"]);
    let first = journey(&house).lived(day("2025-04-01")).map(|home| home.residence.nis.to_string());
    assert_eq!(first.as_deref(), Some("21004"), "they arrived in Brussels");
}

#[test]
fn of_two_answers_of_one_day_the_newer_one_says_how_it_was_before_it() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    for (on, nis, began) in [
        ("2025-03-04", "44021", "2019-05-01"),
        ("2025-03-04", "11002", "2025-03-04"),
        ("2025-06-02", "24062", "2025-06-01"),
    ] {
        house.today(on);
        house.home(&who, nis, began);
    }
    // The second answer corrected the first: they came in March.
    let scope = decide::journey::scope::scope(journey(&house), &house.bundle, day("2025-06-02"));
    assert!(matches!(scope, decide::journey::scope::Scope::In(_)), "{scope:?}");
}
