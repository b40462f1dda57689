//! Learning: where somebody stands in each module, and what a voided statement leaves behind.
//!
//! Read from the fold, and where it leaves: on the participant's own stream, which never tells a failure. What a
//! platform's verbs mean is its adapter's own proof.

use std::collections::BTreeMap;

use crate::support::{
    House, Who, account, application, day, learned, number_given, path, platform_linked, recipient, status,
    voided,
};
use decide::journey::Journey;
use decide::journey::learning::ModuleProgress;
use decide::package::MoveOn;
use schemas::canonical::Value;
use schemas::fact::{LearningStep, Purpose};
use schemas::message::Body;
use schemas::reference::ModuleCode;

/// A step in a module, and its day.
type DatedStep<'a> = (LearningStep, &'a str);

/// The path, what was done, and whether that is the whole package.
type TakenPath<'a> = (&'a [&'a str], &'a [(&'a str, LearningStep)], Option<&'a str>);

/// In scope, with both accounts and a path of two modules.
fn learner() -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.tell(path(&who, &["B1", "L1"], "2025-03-03"));
    house.tell(platform_linked(&who, "2025-03-03"));
    (house, who)
}

/// What they did in module B1.
fn did(house: &House) -> Option<ModuleProgress> {
    let journey = Journey::of(&house.only().state);
    let modules = journey.modules(&house.bundle.modules);
    modules.into_iter().find(|(module, _)| module.as_str() == "B1").map(|(_, progress)| progress)
}

/// Where they stand in module B1.
fn stands(house: &House) -> &'static str {
    did(house).map_or("none", |progress| progress.status.as_str())
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
    use LearningStep::{Begun, Completed, Failed, Passed, Waived};
    let cases: [(&[LearningStep], &str); 15] = [
        (&[Completed], "in_progress"),
        (&[Failed, Completed], "in_progress"),
        (&[Completed, Failed], "failed"),
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
fn what_completes_a_module_is_the_tables_to_say() {
    use LearningStep::{Completed, Passed};
    let cases: [(&[DatedStep<'_>], [Option<&str>; 4]); 4] = [
        (&[(Completed, "2025-04-01")], [None, Some("2025-04-01"), Some("2025-04-01"), None]),
        (&[(Passed, "2025-04-02")], [Some("2025-04-02"), None, Some("2025-04-02"), None]),
        (
            &[(Completed, "2025-04-01"), (Passed, "2025-04-03")],
            [Some("2025-04-03"), Some("2025-04-01"), Some("2025-04-01"), Some("2025-04-03")],
        ),
        (
            &[(Passed, "2025-04-03"), (Completed, "2025-04-05")],
            [Some("2025-04-03"), Some("2025-04-05"), Some("2025-04-03"), Some("2025-04-05")],
        ),
    ];
    for (steps, expect) in cases {
        let (mut house, who) = learner();
        for (n, (step, on)) in steps.iter().enumerate() {
            house.tell(learned(&who, n, "B1", *step, on));
        }
        let found = [MoveOn::Passed, MoveOn::Completed, MoveOn::Either, MoveOn::Both].map(|done_by| {
            house.bundle.modules.modules.values_mut().for_each(|row| row.done_by = done_by);
            did(&house).unwrap().completed_on.map(|day| day.to_string())
        });
        assert_eq!(found, expect.map(|day| day.map(str::to_owned)), "{steps:?}");
        let passed = steps.iter().find(|(step, _)| *step == Passed).map(|(_, on)| (*on).to_owned());
        assert_eq!(did(&house).unwrap().passed_on.map(|day| day.to_string()), passed, "{steps:?}");
    }
}

/// An office that sees what is completed sees nothing else; the participant also what is begun.
#[test]
fn what_is_begun_is_no_module_that_is_completed() {
    let (mut house, who) = learner();
    let amal =
        house.bundle.contracts.iter_mut().find(|contract| contract.recipient == recipient("amal")).unwrap();
    amal.file.push("modules_completed".to_owned());
    house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-04-01"));
    house.tell(learned(&who, 2, "L1", LearningStep::Begun, "2025-04-01"));
    house.moves(&who, "44021", "2025-05-01");
    house.accepted("amal");
    let seen = |by, field| house.seen(by, field).unwrap_or_default();
    assert_eq!(seen("amal", "modules_completed"), "B1:completed");
    let all = seen("portal", "modules");
    assert!(all.contains("B1:completed") && all.contains("L1:"), "{all}");
}

#[test]
fn the_whole_package_is_the_path_with_every_base_module_of_the_day_on_which_it_was_set() {
    use LearningStep::{Passed, Waived};
    let cases: [TakenPath<'_>; 7] = [
        (&[], &[("B1", Passed)], None),
        (&["B1", "L1"], &[("B1", Passed), ("F9", Passed)], Some("open")),
        (&["B1", "L1"], &[("B1", Passed), ("L1", Passed)], Some("completed")),
        (&["B1", "L1"], &[("B1", Passed), ("L1", Waived)], Some("completed")),
        (&["L1"], &[("L1", Passed)], Some("open")),
        (&["L1"], &[("L1", Passed), ("B1", Passed)], Some("completed")),
        (&["B1", "D1"], &[("B1", Passed)], Some("open")),
    ];
    for (modules, done, expect) in cases {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted_with_account(&who);
        house.tell(platform_linked(&who, "2025-03-03"));
        if !modules.is_empty() {
            house.tell(path(&who, modules, "2025-03-03"));
        }
        for (n, (module, step)) in done.iter().enumerate() {
            house.tell(learned(&who, n, module, *step, "2025-04-01"));
        }
        assert_eq!(house.seen("portal", "whole_package").as_deref(), expect, "{modules:?} {done:?}");
    }
    // A base module that is taught from the next day on is nothing they were to take.
    let (mut house, who) = learner();
    for (n, module) in ["B1", "L1"].into_iter().enumerate() {
        house.tell(learned(&who, n, module, Passed, "2025-04-01"));
    }
    let whole = |house: &House| Journey::of(&house.only().state).whole_package(&house.bundle.modules);
    for (from, expect) in [("2025-03-04", true), ("2025-03-03", false)] {
        let mut later = house.bundle.modules.modules[&ModuleCode::parse("B1").unwrap()].clone();
        later.versions.drain(1..);
        later.versions[0].from = day(from);
        house.bundle.modules.modules.insert(ModuleCode::parse("B2").unwrap(), later);
        assert_eq!(whole(&house), Some(expect), "from {from}");
    }
    house.bundle.modules.modules.get_mut(&ModuleCode::parse("B2").unwrap()).unwrap().until =
        Some(day("2025-03-02"));
    assert_eq!(whole(&house), Some(true), "it was part of it until the day before");
    house.tell(voided(0, "2025-04-03"));
    assert_eq!(house.seen("portal", "whole_package").as_deref(), Some("open"), "a module was taken back");
}

#[test]
fn a_module_is_told_with_its_names_its_version_and_its_days_and_never_that_it_was_failed() {
    use LearningStep::{Begun, Completed, Failed, Passed, Waived};
    let (mut house, who) = learner();
    let row = |house: &House, code: &str| -> BTreeMap<String, String> {
        let last = house.deliveries.iter().rev().find(|d| d.recipient == recipient("portal")).unwrap();
        let Some(Value::Rows(rows)) = last.view.fields().unwrap().get("modules") else {
            panic!("no modules")
        };
        rows.iter().find(|row| row["code"] == code).cloned().unwrap_or_default()
    };
    let with = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect()
    };
    let open = with(&[
        ("code", "B1"),
        ("name_nl", "B1 nl"),
        ("name_en", "B1 en"),
        ("name_fr", "B1 fr"),
        ("part", "base"),
        ("status", "open"),
    ]);
    assert_eq!(row(&house, "B1"), open);
    house.left();
    house.tell(learned(&who, 1, "B1", Begun, "2025-04-01"));
    house.tell(learned(&who, 2, "B1", Failed, "2025-04-02"));
    house.tell(learned(&who, 3, "B1", Completed, "2025-04-03"));
    house.tell(learned(&who, 4, "F1", Failed, "2025-04-03"));
    assert!(house.left().is_empty(), "nobody is told of what did not succeed");
    house.tell(learned(&who, 5, "B1", Passed, "2025-04-30"));
    let mut done = open.clone();
    done.extend(with(&[
        ("status", "completed"),
        ("version", "1"),
        ("completed_on", "2025-04-30"),
        ("passed_on", "2025-04-30"),
    ]));
    assert_eq!(row(&house, "B1"), done);
    house.tell(learned(&who, 6, "L1", Passed, "2025-05-01"));
    assert_eq!(row(&house, "L1")["version"], "2", "the version of the day");
    house.tell(learned(&who, 7, "F1", Waived, "2025-05-02"));
    assert_eq!(
        row(&house, "F1"),
        with(&[
            ("code", "F1"),
            ("name_nl", "F1 nl"),
            ("name_en", "F1 en"),
            ("name_fr", "F1 fr"),
            ("part", "focus"),
            ("status", "waived"),
        ]),
        "what was done beside the path"
    );
    house.tell(learned(&who, 8, "X9", Passed, "2025-05-02"));
    assert_eq!(
        row(&house, "X9"),
        with(&[
            ("code", "X9"),
            ("status", "completed"),
            ("completed_on", "2025-05-02"),
            ("passed_on", "2025-05-02"),
        ]),
        "a module that the table does not know"
    );
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
    assert_eq!((again.deliveries.len(), stands(&house)), (0, "not_started"));
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
            assert_eq!(stands(&house), "none");
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
        assert_eq!(modules(&house), "B1:completed L1:open");
        house.tell(voided(newest, "2025-04-12"));
        house.tell(voided(3, "2025-04-12"));
        assert_eq!(modules(&house), "B1:completed L1:open");
        house.tell(voided(older, "2025-04-13"));
        assert_eq!(modules(&house), "B1:open L1:open");
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
        (Some("B1:completed L1:open"), vec!["portal file".to_owned()])
    );
}

#[test]
fn how_far_somebody_came_is_told_without_any_result() {
    let (mut house, who) = (House::new(), Who::number(1));
    let provider = recipient("agii-abroad");
    let contract = house.bundle.contracts.iter_mut().find(|c| c.recipient == provider).unwrap();
    contract.file.push("effort".to_owned());
    house.granted(&who);
    let seen = |house: &House| house.seen("agii-abroad", "effort");
    assert_eq!(seen(&house), None);
    // The account is of tomorrow: until then they have not enrolled.
    house.today("2025-03-05");
    house.tell(account(&who, "2025-03-06"));
    assert_eq!(seen(&house), None);
    house.today("2025-03-06");
    house.tell(path(&who, &["B1", "L1"], "2025-03-06"));
    assert_eq!(seen(&house).as_deref(), Some("enrolled"));
    house.tell(platform_linked(&who, "2025-03-06"));
    house.tell(learned(&who, 1, "B1", LearningStep::Failed, "2025-03-06"));
    assert_eq!(seen(&house).as_deref(), Some("started"));
}
