//! Nobody vanishes: whoever fits nobody for too long is asked about, with those who come nearest.
//!
//! Somebody registered where an agency is competent, an account, a granted permit. Who finds their application by
//! themselves is asked about no more, and what a human said is not asked again.

use std::collections::BTreeSet;

use crate::support::{
    Home, House, Who, account, application, day, number_given, patched, permit, register, reviewed,
};
use decide::Refusal;
use decide::person::{Event, Person, ReviewReason};
use decide::round::Verdict;
use schemas::fact::{Decision, Field, Purpose};
use schemas::ids::{PersonId, ReviewId};
use schemas::key::Key;
use schemas::message::{Body, ReviewAnswer};

const FAMILY: Purpose = Purpose::FamilyReunification;

/// Somebody who is known by nothing yet.
fn stranger() -> Who {
    Who { family: "Mansouri".into(), given: "Amal".into(), birth: "1988-04-17".into(), ..Who::number(7) }
}

/// One who comes near the stranger, too little to be asked about: a part of the name is heard alike, and they were born
/// a day earlier.
fn near(n: usize) -> Who {
    let given = ["Rania", "Zineb", "Hafsa", "Kenza", "Loubna"][n].to_owned();
    Who { family: "Mansuri".into(), given, birth: "1988-04-16".into(), ..Who::number(20 + n) }
}

/// An account whose holder says who they are.
fn told_account(who: &Who, on: &str) -> Body {
    patched(account(who, on), |record| {
        record.keys.retain(|key| matches!(key, Key::Account(_)));
        (record.names, record.births) = (vec![who.names()], vec![who.born()]);
    })
}

/// Open questions, and whom each names.
fn asked(house: &House) -> Vec<(ReviewId, ReviewReason, BTreeSet<PersonId>)> {
    let raised = house.journal.iter().filter_map(|(_, event)| match event {
        Event::ReviewRaised { review, reason, candidates } => Some((*review, *reason, candidates.clone())),
        _ => None,
    });
    let open: BTreeSet<ReviewId> =
        house.people().iter().flat_map(|p| p.state.open_reviews.keys().copied()).collect();
    raised.filter(|(id, ..)| open.contains(id)).collect()
}

fn reasons(house: &House) -> Vec<&'static str> {
    asked(house).iter().map(|(_, reason, _)| reason.as_str()).collect()
}

fn whose<'h>(house: &'h House, who: &Who) -> &'h Person {
    let people = house.people();
    let of = |person: &&&Person| person.matching.births().any(|birth| *birth == who.born());
    people.iter().find(of).copied().expect("somebody was born then")
}

/// What is said of one, the last day on which nobody is asked, and the first on which somebody is.
#[test]
fn whoever_fits_nobody_is_asked_about_the_day_after_their_time() {
    let registered = |nis| register(&stranger(), Home::In(nis, "2025-03-04"), "2025-03-05");
    let granted = permit(&stranger(), Decision::Granted, "2025-03-04");
    let cases: [(&str, Body, &str, Option<&str>); 6] = [
        ("in Ghent", registered("44021"), "2025-03-11", Some("registered_alone")),
        ("in Brussels, before they choose", registered("21004"), "2025-03-11", Some("registered_alone")),
        ("in Namur", registered("92094"), "2026-03-11", None),
        ("an account", told_account(&stranger(), "2025-03-04"), "2025-04-01", Some("account_alone")),
        ("a permit", granted, "2025-09-04", Some("permit_alone")),
        (
            "a permit that was refused",
            permit(&stranger(), Decision::Refused, "2025-03-04"),
            "2026-03-04",
            None,
        ),
    ];
    for (what, body, last, expect) in cases {
        let mut house = House::new();
        house.today("2025-03-05");
        house.say("the one", body);
        house.until(last);
        assert_eq!(reasons(&house), Vec::<&str>::new(), "{what}: {last}");
        let next = day(last).succ_opt().unwrap();
        if expect.is_some() {
            assert_eq!(house.due().map(|(on, _)| on), Some(next), "{what}");
        }
        house.until(&next.to_string());
        assert_eq!(reasons(&house), Vec::from_iter(expect), "{what}: {next}");
        let (before, person) = (house.journal.len(), house.people()[0].id);
        house.tell(Body::Due(person));
        assert_eq!(house.journal.len(), before, "{what}: it is asked once");
    }
}

#[test]
fn nobody_is_asked_about_whom_the_target_group_is_closed_to_or_who_is_known_otherwise() {
    let minor = Who { birth: "2012-04-17".into(), ..stranger() };
    let european = Who { nationality: "FRA", ..stranger() };
    for (what, who) in [("a child", minor), ("a European", european)] {
        let mut house = House::new();
        house.today("2025-03-05");
        house.home(&who, "44021", "2025-03-04");
        house.until("2025-12-31");
        assert_eq!(reasons(&house), Vec::<&str>::new(), "{what}");
    }
    let mut house = House::new();
    house.granted_with_account(&stranger());
    house.home(&stranger(), "44021", "2025-03-04");
    house.until("2025-12-31");
    assert_eq!(reasons(&house), Vec::<&str>::new(), "who applied is no stranger");
    // Whoever comes by a first load is looked at once that was approved.
    let mut house = House::new();
    house.today("2025-06-01");
    house.baseline = Some(day("2025-06-01"));
    house.home(&stranger(), "44021", "2025-03-04");
    house.until("2025-12-31");
    assert_eq!(reasons(&house), Vec::<&str>::new(), "a first load opens nothing");
}

#[test]
fn the_nearest_are_named_and_no_more_than_three() {
    let mut house = House::new();
    house.today("2025-03-05");
    for n in 0..5 {
        house.tell(application(&near(n), FAMILY, "2025-01-02"));
    }
    house.tell(application(&Who::number(3), FAMILY, "2025-01-02"));
    house.home(&stranger(), "44021", "2025-03-04");
    house.until("2025-04-01");
    let asked = asked(&house);
    let [.., (_, ReviewReason::RegisteredAlone, candidates)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(candidates.len(), 3);
    let far = whose(&house, &Who::number(3)).id;
    assert!(!candidates.contains(&far), "nothing ties them");
}

#[test]
fn who_finds_their_application_is_asked_about_no_more() {
    let who = stranger();
    let mut house = House::new();
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.until("2025-04-01");
    let [(review, ..)] = asked(&house)[..] else { panic!() };
    house.tell(number_given(&who, "2025-04-02"));
    assert_eq!(reasons(&house), Vec::<&str>::new());
    assert_eq!(house.people().len(), 1);
    let void = |event: &Event| *event == Event::ReviewVoid { review };
    assert!(house.journal.iter().any(|(_, event)| void(event)));
    let late = house.tell(reviewed(review, ReviewAnswer::Different));
    assert_eq!(late, Verdict::Refused(Refusal::UnknownReview), "an answer to what is asked no more");
}

#[test]
fn what_a_human_said_is_not_asked_again() {
    for same in [true, false] {
        let who = stranger();
        let mut house = House::new();
        house.today("2025-03-05");
        house.tell(application(&near(0), FAMILY, "2025-01-02"));
        house.home(&who, "44021", "2025-03-04");
        house.until("2025-04-01");
        let [(review, _, candidates)] = &asked(&house)[..] else { panic!() };
        let other = *candidates.first().unwrap();
        match same {
            true => house.same(*review, other),
            false => house.change(reviewed(*review, ReviewAnswer::Different)),
        };
        assert_eq!(reasons(&house), Vec::<&str>::new());
        assert_eq!(house.people().len(), if same { 1 } else { 2 });
        house.until("2025-12-31");
        house.home(&who, "44021", "2025-03-04");
        assert_eq!(reasons(&house), Vec::<&str>::new(), "same: {same}");
        if !same {
            // Another question of another kind still names nobody who was told apart.
            assert!(whose(&house, &who).matching.never.contains(&other));
        }
    }
}

/// A record that comes late is looked at at once, with whoever is known by then.
#[test]
fn who_was_alone_for_long_already_is_asked_about_at_once() {
    let mut house = House::new();
    house.today("2025-12-01");
    house.tell(application(&near(1), FAMILY, "2025-01-02"));
    house.home(&stranger(), "44021", "2025-03-04");
    let asked = asked(&house);
    let [(_, ReviewReason::RegisteredAlone, candidates)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(candidates.len(), 1);
}

/// What an absorbed person's records are found by counts for the survivor as well: here the one name that ties them.
#[test]
fn the_nearest_are_looked_for_by_the_records_of_all_who_were_absorbed() {
    let who = stranger();
    let married = Who { family: "Naciri".into(), ..who.clone() };
    let tied =
        Who { family: "Naciry".into(), given: "Salma".into(), birth: "1988-04-16".into(), ..Who::number(31) };
    let mut house = House::new();
    house.today("2025-03-05");
    house.tell(told_account(&married, "2025-02-01"));
    let [(review, ReviewReason::AccountAlone, _)] = asked(&house)[..] else { panic!("nobody is asked") };
    house.today("2025-03-20");
    house.home(&who, "44021", "2025-03-20");
    house.tell(application(&tied, FAMILY, "2025-01-02"));
    let registered =
        house.people().iter().find(|p| p.state.claims.of(Field::Residence).len() > 0).unwrap().id;
    house.same(review, registered);
    assert_eq!(house.people().len(), 2);
    house.until("2025-04-01");
    let asked = asked(&house);
    let [(_, ReviewReason::RegisteredAlone, candidates)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(*candidates, BTreeSet::from([whose(&house, &tied).id]));
}

/// Who looked and could not tell leaves it as it is; whoever can tell answers it later.
#[test]
fn what_cannot_be_told_stays_open() {
    let mut house = House::new();
    house.today("2025-12-01");
    house.tell(application(&near(1), FAMILY, "2025-01-02"));
    house.home(&stranger(), "44021", "2025-03-04");
    let before = asked(&house);
    let review = before[0].0;
    house.change(reviewed(review, ReviewAnswer::CannotTell));
    assert_eq!(asked(&house), before);
    assert_eq!(house.people().len(), 2);
    house.change(reviewed(review, ReviewAnswer::Different));
    assert_eq!(asked(&house), []);
    let late = house.tell(reviewed(review, ReviewAnswer::CannotTell));
    assert_eq!(late, Verdict::Refused(Refusal::UnknownReview), "what was answered is answered");
}

/// Whoever is asked about already is not asked about once more; once that is answered, they are.
#[test]
fn who_is_in_doubt_is_one_question() {
    let (one, other) = (Who { birth: "1988-01-01".into(), ..stranger() }, stranger());
    let mut house = House::new();
    house.today("2025-12-01");
    let of_one = Who { passport: "P880001".into(), application: "880".into(), ..one.clone() };
    house.tell(application(&of_one, FAMILY, "2025-01-02"));
    house.tell(register(
        &Who { birth: one.birth.clone(), ..other },
        Home::In("44021", "2025-03-04"),
        "2025-12-01",
    ));
    let [(review, reason, _)] = &asked(&house)[..] else { panic!("{:?}", asked(&house)) };
    assert_eq!(reason.as_str(), "default_date");
    house.change(reviewed(*review, ReviewAnswer::Different));
    assert_eq!(reasons(&house), ["registered_alone"]);
    assert!(asked(&house)[0].2.is_empty(), "whom a human told apart is not named again");
}

#[test]
fn who_was_told_apart_is_asked_about_once_whatever_was_alone() {
    let granted = permit(&stranger(), Decision::Granted, "2025-03-04");
    for (what, body) in [("an account", told_account(&stranger(), "2025-03-04")), ("a permit", granted)] {
        let mut house = House::new();
        house.today("2025-03-05");
        house.say("the one", body);
        house.until("2025-10-01");
        let [(review, ..)] = asked(&house)[..] else { panic!("{what}") };
        house.change(reviewed(review, ReviewAnswer::Different));
        let person = house.people()[0].id;
        house.today("2025-11-01");
        house.tell(Body::Due(person));
        assert_eq!(reasons(&house), Vec::<&str>::new(), "{what}");
    }
}
