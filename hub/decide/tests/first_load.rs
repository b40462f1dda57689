//! The first load: what sources knew before the baseline opens nothing until that was approved; what is of that day or
//! later does (docs/first-load.md).
//!
//! Expects nothing of what is opened then: that is what the other files are about.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support;
use crate::support::pair::{bridge, two};
use crate::support::{
    Home, House, Who, account, announced, application, choice, day, hint, number_given, objection, register,
    status, withdrawn,
};
use decide::Refusal;
use decide::invariant::{essence, i7};
use decide::round::Verdict;
use schemas::actor::ActorName;
use schemas::fact::{Decision, Purpose};
use schemas::message::Body;

const BASELINE: &str = "2025-03-10";

/// A hub that is run with a baseline, which has not come yet.
fn loading() -> (House, Who) {
    let mut house = House::new();
    house.baseline = Some(day(BASELINE));
    house.today("2025-03-09");
    (house, Who::number(1))
}

/// All that the register and the post knew of one who lives in Ghent since 4 March.
fn history(who: &Who) -> Vec<Body> {
    vec![
        application(who, Purpose::FamilyReunification, "2025-01-02"),
        status(who, Decision::Granted, 2, "2025-02-01"),
        number_given(who, "2025-03-01"),
        account(who, "2025-03-02"),
        register(who, Home::In("44021", "2025-03-04"), "2025-03-05"),
    ]
}

fn loaded() -> (House, Who) {
    let (mut house, who) = loading();
    history(&who).into_iter().for_each(|body| drop(house.tell(body)));
    (house, who)
}

/// Somebody approves a report that knew everybody as they are.
fn approve(house: &mut House) -> Vec<Verdict> {
    let known = |person: &decide::Person| (person.id, person.version);
    let waiting: Vec<_> =
        house.people().into_iter().filter(|person| person.state.awaits_approval()).map(known).collect();
    waiting.into_iter().map(|(person, version)| house.tell(approval(person, version))).collect()
}

fn approval(person: schemas::ids::PersonId, version: u64) -> Body {
    let by = ActorName::parse("els").unwrap();
    Body::Approved { person, version, reason: "the report is right".to_owned(), by }
}

/// What there is of everybody: what left, handovers, tasks, due days.
fn opened(house: &mut House) -> (Vec<String>, Vec<String>, usize, bool) {
    let asked = house.people().iter().map(|person| person.state.asked.len()).sum();
    (house.left(), house.handovers(), asked, house.due().is_some())
}

#[test]
fn what_was_so_before_the_baseline_opens_nothing() {
    let (mut house, _) = loaded();
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
    // Nor does a day that comes, or that somebody looks.
    house.today("2025-06-01");
    let id = house.only().id;
    let Verdict::Decided(change) = house.tell(Body::Due(id)) else { panic!("nobody") };
    assert!(change.events.is_empty());
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
}

#[test]
fn a_fact_of_the_day_itself_or_later_lets_them_go_on() {
    type Said = fn(&Who, &str) -> Body;
    let news: [(&str, Said); 6] = [
        ("a home", |who, on| register(who, Home::In("11002", on), "2025-03-09")),
        ("a choice", |who, on| choice(who, "bon", on)),
        ("a decision", |who, on| status(who, Decision::Granted, 3, on)),
        ("a withdrawal", |who, on| withdrawn(who, 3, on)),
        ("an objection", objection),
        // It has no day of its own: what is told is of the day on which it was told.
        ("a hint", |who, on| hint(who, "44021", on)),
    ];
    for (what, said) in news {
        for (on, waits) in [("2025-03-09", true), (BASELINE, false), ("2025-03-11", false)] {
            let (mut house, who) = loaded();
            house.tell(said(&who, on));
            assert_eq!(house.only().state.awaits_approval(), waits, "{what} of {on}");
            let (_, handovers, _, due) = opened(&mut house);
            assert_eq!((handovers.is_empty(), due), (waits, !waits), "{what} of {on}");
        }
    }
}

/// How the register knows somebody now, and what they are called, is of no day: an answer that is given after the
/// baseline about a home of before it opens nothing.
#[test]
fn a_late_answer_about_an_old_home_is_no_news() {
    let (mut house, who) = loaded();
    house.today("2025-04-01");
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-04-01"));
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
    house.tell(announced(who.insz, "2025-04-02"));
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
}

#[test]
fn an_approval_opens_what_the_facts_lead_to() {
    let (mut house, _) = loaded();
    assert!(matches!(&approve(&mut house)[..], [Verdict::Decided(_)]));
    let (left, handovers, asked, due) = opened(&mut house);
    assert_eq!(handovers, ["sent amal"]);
    assert!(left.contains(&"amal offer".to_owned()) && asked == 2 && due, "{left:?}");
    assert_eq!(approve(&mut house), vec![]);
    // Said again, or of who goes on: nothing follows.
    let (id, version) = (house.only().id, house.only().version);
    assert!(house.change(approval(id, version)).events.is_empty());
}

#[test]
fn who_has_changed_since_the_report_goes_on_waiting() {
    let (mut house, who) = loaded();
    let (id, version) = (house.only().id, house.only().version);
    house.tell(register(&who, Home::In("11002", "2025-03-06"), "2025-03-06"));
    assert_eq!(house.tell(approval(id, version)), Verdict::Refused(Refusal::NotAsReported));
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
    approve(&mut house);
    assert_eq!(house.handovers(), ["sent atlas"]);
}

/// A second load is another question.
#[test]
fn an_approval_holds_for_what_was_loaded_then() {
    let (mut house, who) = loading();
    house.tell(withdrawn(&who, 3, "2025-02-01"));
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    house.tell(Body::Due(house.only().id));
    let (id, version) = (house.only().id, house.only().version);
    house.tell(approval(id, version));
    let approved = house.only().state.first_load.approved;
    assert_eq!(approved, Some(day(BASELINE)));
    house.tell(status(&who, Decision::Granted, 4, "2025-02-03"));
    assert!(!house.only().state.awaits_approval());
}

/// Whatever was opened before goes on: a later load takes nothing away.
#[test]
fn who_goes_on_already_is_not_stopped_by_a_load() {
    let (mut house, who) = House::arrived("44021");
    house.left();
    house.baseline = Some(day("2025-12-01"));
    house.tell(register(&who, Home::In("11002", "2025-03-05"), "2025-03-06"));
    assert_eq!(house.handovers(), ["superseded amal", "sent atlas"]);
}

/// Of whom nothing was opened yet something may be due: it is taken away where they are loaded.
#[test]
fn a_day_that_was_due_is_taken_away() {
    let (mut house, who) = (House::new(), Who::number(1));
    let young = Who { birth: "2010-01-15".to_owned(), ..who };
    house.tell(application(&young, Purpose::FamilyReunification, "2025-01-02"));
    assert!(house.due().is_some());
    house.baseline = Some(day(BASELINE));
    house.tell(status(&young, Decision::Granted, 2, "2025-02-01"));
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
}

#[test]
fn who_waits_and_is_one_with_somebody_who_goes_on_goes_on() {
    // The first was loaded and waits, the second is known by what came since; and the reverse.
    for loaded_first in [true, false] {
        let mut house = House::new();
        house.baseline = loaded_first.then(|| day("2026-01-01"));
        let who = Who::number(1);
        house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
        house.tell(status(&who, Decision::Granted, 2, "2025-02-01"));
        house.baseline = (!loaded_first).then(|| day("2026-01-01"));
        let other = Who { insz: support::test_insz(901), dvz: "8000901".to_owned(), ..who.elsewhere() };
        house.tell(application(&other, Purpose::FamilyReunification, "2025-01-03"));
        let waits: Vec<bool> = house.people().iter().map(|p| p.state.awaits_approval()).collect();
        assert_eq!(waits.iter().filter(|waits| **waits).count(), 1);
        house.tell(bridge(&who, &other));
        assert!(!house.only().state.awaits_approval());
        assert_eq!(house.handovers(), ["prepared"]);
    }
}

#[test]
fn two_who_wait_wait_as_one_and_one_approval_is_enough() {
    let (mut house, _) = loading();
    let ((a, _), (b, _)) = two(&mut house);
    house.tell(bridge(&a, &b));
    assert_eq!(opened(&mut house), (vec![], vec![], 0, false));
    approve(&mut house);
    assert_eq!(house.handovers(), ["prepared"]);
}

/// Invariant I8, where a part of the facts is news: every order of six messages ends alike.
#[test]
fn the_order_in_which_they_are_loaded_does_not_matter() {
    for (news, waits) in [("2025-03-08", true), (BASELINE, false)] {
        let mut ends = vec![];
        for order in orders(6) {
            let (mut house, who) = loading();
            let mut all = history(&who);
            all.push(register(&who, Home::In("11002", news), "2025-03-09"));
            order.iter().for_each(|n| drop(house.say(&format!("message {n}"), all[*n].clone())));
            let person = house.only();
            assert_eq!((person.state.awaits_approval(), i7(person)), (waits, Ok(())));
            let end = essence(person, &house.bundle, day("2025-03-12"));
            if !ends.contains(&end) {
                ends.push(end);
            }
        }
        assert_eq!(ends.len(), 1, "{ends:?}");
    }
}

/// Every order of so many.
fn orders(of: usize) -> Vec<Vec<usize>> {
    (0..of).fold(vec![vec![]], |orders, next| {
        let with = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        };
        orders.into_iter().flat_map(with).collect()
    })
}
