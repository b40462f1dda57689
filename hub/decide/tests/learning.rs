//! Learning: where somebody stands in each module, and what a voided statement leaves behind.
//!
//! Read where it leaves: on the participant's own stream. One case is that of a
//! voided statement that had replaced another; what a platform's verbs mean is its adapter's own proof.

mod support;

use schemas::fact::{LearningStep, Purpose};
use schemas::message::Body;
use support::{
    House, Who, account, application, learned, number_given, path, platform_linked, status, voided,
};

/// In scope, with both accounts and a path of two modules.
fn learner() -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.tell(path(&who, &["B1", "L1"], "2025-03-03"));
    house.tell(platform_linked(&who, "2025-03-03"));
    (house, who)
}

/// Where they stand in module B1, as the portal last saw it.
fn stands(house: &House) -> String {
    let modules = house.seen("portal", "modules").unwrap_or_default();
    let module = modules.split(' ').find_map(|pair| pair.strip_prefix("B1:"));
    module.unwrap_or("not seen").to_owned()
}

/// Every order of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let places = |order: Vec<usize>| (0..n).map(move |at| [&order[..at], &[n - 1], &order[at..]].concat());
    orders(n - 1).into_iter().flat_map(places).collect()
}

#[test]
fn passed_once_is_passed_else_what_happened_last_counts() {
    use LearningStep::{Begun, Failed, Passed, Waived};
    let cases: [(&[LearningStep], &str); 12] = [
        (&[], "not_started"),
        (&[Begun], "in_progress"),
        (&[Failed], "failed"),
        (&[Waived], "waived"),
        (&[Passed], "completed"),
        (&[Begun, Failed], "failed"),
        (&[Failed, Begun], "in_progress"),
        (&[Failed, Begun, Failed], "failed"),
        (&[Waived, Begun, Failed], "waived"),
        (&[Begun, Failed, Passed], "completed"),
        (&[Passed, Failed, Begun], "completed"),
        (&[Waived, Passed, Begun], "completed"),
    ];
    for (steps, expect) in cases {
        for order in orders(steps.len()) {
            let (mut house, who) = learner();
            for n in order {
                house.tell(learned(&who, n, "B1", steps[n], &format!("2025-04-0{}", n + 1)));
            }
            assert_eq!(stands(&house), expect, "{steps:?}");
        }
    }
}

#[test]
fn a_path_is_done_when_each_of_its_modules_is() {
    let (mut house, who) = learner();
    let path_status = |house: &House| house.seen("portal", "path_status");
    assert_eq!(path_status(&house).as_deref(), Some("open"));
    house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-04-01"));
    house.tell(learned(&who, 2, "F9", LearningStep::Passed, "2025-04-01"));
    assert_eq!(path_status(&house).as_deref(), Some("open"), "a module beside their path");
    house.tell(learned(&who, 3, "L1", LearningStep::Waived, "2025-04-02"));
    assert_eq!(path_status(&house).as_deref(), Some("completed"));
    house.tell(voided(1, "2025-04-03"));
    assert_eq!(path_status(&house).as_deref(), Some("open"), "a module was taken back");
}

/// Statements 1, 2 and 3 pass the module, each later than the one before; 4 begins it; then some are voided.
fn passed_three_times(who: &Who) -> Vec<Body> {
    let passed = |n: usize| learned(who, n, "B1", LearningStep::Passed, &format!("2025-04-0{n}"));
    vec![passed(2), passed(1), passed(3), learned(who, 4, "B1", LearningStep::Begun, "2025-03-20")]
}

#[test]
fn case_history_what_a_voided_statement_replaced_counts_again_in_any_batch() {
    for (gone, expect) in [
        (vec![3], "completed"),
        (vec![3, 2], "completed"),
        (vec![2, 3], "completed"),
        (vec![1, 2, 3], "in_progress"),
        (vec![3, 2, 1], "in_progress"),
        (vec![3, 3, 1, 2, 3], "in_progress"),
        (vec![1, 3, 2, 4], "not_started"),
    ] {
        let ends: Vec<House> = [1, 2, 3, 500]
            .into_iter()
            .map(|batch| {
                let (mut house, who) = learner();
                let voids = gone.iter().map(|n| voided(*n, "2025-05-01"));
                let said = passed_three_times(&who).into_iter().chain(voids);
                let all: Vec<_> =
                    said.enumerate().map(|(n, body)| house.message(&format!("{n}"), body)).collect();
                all.chunks(batch).for_each(|part| drop(house.decide(part)));
                house
            })
            .collect();
        assert_eq!(stands(&ends[0]), expect, "without {gone:?}");
        for end in &ends {
            assert_eq!(end.persons(), ends[0].persons(), "without {gone:?}");
            assert_eq!(end.deliveries, ends[0].deliveries, "without {gone:?}");
        }
    }
}

#[test]
fn a_statement_voided_before_it_came_never_counts() {
    let (mut house, who) = learner();
    house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-04-01"));
    house.tell(voided(2, "2025-04-03"));
    house.left();
    house.tell(learned(&who, 2, "B1", LearningStep::Failed, "2025-04-02"));
    house.tell(learned(&who, 2, "L1", LearningStep::Passed, "2025-04-02"));
    assert!(house.left().is_empty());
}

#[test]
fn voided_twice_is_voided_once() {
    let (mut house, who) = learner();
    house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-04-01"));
    house.tell(voided(1, "2025-04-02"));
    assert_eq!(stands(&house), "not_started");
    house.left();
    let again = house.change(voided(1, "2025-04-05"));
    assert_eq!((again.deliveries.len(), stands_now(&house)), (0, "not_started"));
}

fn stands_now(house: &House) -> &'static str {
    let journey = decide::journey::Journey::of(&house.only().state);
    let modules = journey.modules();
    modules.iter().find(|(module, _)| module.as_str() == "B1").map_or("none", |(_, status)| status.as_str())
}

#[test]
fn case_waiting_what_an_unknown_account_learned_comes_along_when_the_account_is_linked_and_leaves_once() {
    for account_first in [true, false] {
        let (mut house, who) = (House::new(), Who::number(1));
        if account_first {
            house.granted_with_account(&who);
        }
        house.tell(learned(&who, 3, "L1", LearningStep::Failed, "2025-04-03"));
        house.tell(voided(2, "2025-04-04"));
        house.tell(learned(&who, 4, "L1", LearningStep::Waived, "2025-04-01"));
        house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-04-01"));
        house.tell(learned(&who, 2, "L1", LearningStep::Waived, "2025-04-02"));
        house.left();
        let linked = platform_linked(&who, "2025-04-05");
        if account_first {
            let change = house.change(linked);
            assert_eq!((change.released.len(), change.deliveries.len()), (5, 1));
        } else {
            // The accounts know one another, and nobody knows whose they are: all wait for their application's number.
            house.tell(linked);
            house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
            assert_eq!(stands_now(&house), "none");
            let change = house.change(account(&who, "2025-04-06"));
            assert_eq!((change.released.len(), change.deliveries.len()), (6, 1));
        }
        assert_eq!(house.seen("portal", "modules").as_deref(), Some("B1:completed L1:waived"));
    }
}

#[test]
fn case_history_two_persons_who_are_one_have_learned_as_one() {
    // Whichever of the two passed last: once that is voided, what the other passed counts again.
    for (first_on, second_on, newest, older) in
        [("2025-04-01", "2025-04-02", 2, 1), ("2025-04-02", "2025-04-01", 1, 2)]
    {
        let (mut house, first) = learner();
        let second = first.elsewhere();
        house.tell(application(&second, Purpose::FamilyReunification, "2025-02-02"));
        house.tell(account(&second, "2025-02-03"));
        house.tell(platform_linked(&second, "2025-02-03"));
        house.tell(learned(&first, 1, "B1", LearningStep::Passed, first_on));
        house.tell(learned(&second, 2, "B1", LearningStep::Passed, second_on));
        house.tell(learned(&second, 3, "L1", LearningStep::Begun, "2025-04-02"));
        assert_eq!(house.people().len(), 2);
        house.tell(number_given(&second, "2025-04-10"));
        assert_eq!(house.people().len(), 1);
        let modules = |house: &House| house.seen("portal", "modules").unwrap();
        assert_eq!(modules(&house), "B1:completed L1:in_progress");
        house.tell(voided(newest, "2025-04-12"));
        house.tell(voided(3, "2025-04-12"));
        assert_eq!(modules(&house), "B1:completed L1:not_started");
        house.tell(voided(older, "2025-04-13"));
        assert_eq!(modules(&house), "B1:not_started L1:not_started");
    }
}

#[test]
fn case_leaving_scope_module_status_goes_on_at_the_portal() {
    let (mut house, who) = learner();
    house.tell(status(&who, schemas::fact::Decision::Revoked, 3, "2025-04-01"));
    house.left();
    house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-04-02"));
    assert_eq!(
        (house.seen("portal", "modules").as_deref(), house.left()),
        (Some("B1:completed L1:not_started"), vec!["portal file".to_owned()])
    );
}
