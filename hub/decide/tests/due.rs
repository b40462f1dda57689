//! Due moments: what becomes true on a day without a message. Rows 8, 12, 16 and 23b of the state table, and the
//! cases of an age that is not known to the day, and of days and clocks.
//!
//! The engine turns a day into a message; here the stories do it themselves.

use crate::support;
use std::collections::BTreeSet;

use crate::support::{
    Home, House, Who, account, application, choice, day, number_given, recipient, register, status,
};
use decide::Refusal;
use decide::bundle::{LegalBasis, OpenFiles, TerritoryChange};
use decide::person::Event;
use decide::round::Verdict;
use schemas::fact::{Decision, Purpose};
use schemas::handover::AnswerKind;
use schemas::ids::{PersonId, Seed};
use schemas::message::Body;
use schemas::municipality::NisCode;

fn due(house: &House) -> Option<String> {
    house.due().map(|(on, _)| on.to_string())
}

/// Granted, and at home in this municipality since the day before.
fn settled(nis: &str, since: &str, on: &str) -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today(on);
    house.tell(application(&who, Purpose::FamilyReunification, "2024-06-03"));
    house.tell(status(&who, Decision::Granted, 2, "2024-08-01"));
    house.tell(number_given(&who, "2024-09-02"));
    house.home(&who, nis, since);
    (house, who)
}

#[test]
fn each_clock_has_its_day_and_what_is_late_goes_to_the_coordinator() {
    // Wednesday: received by Thursday, answered within five working days.
    let (mut house, _) = settled("44021", "2025-03-04", "2025-03-05");
    assert_eq!(due(&house).as_deref(), Some("2025-03-07"));
    house.fired();
    house.until("2025-03-06");
    assert!(house.fired().is_empty(), "the last day is not late");
    house.until("2025-03-07");
    assert_eq!((house.fired(), house.handovers()), (vec!["12".to_owned()], vec!["overdue amal".to_owned()]));
    assert_eq!(due(&house).as_deref(), Some("2025-03-12"), "the coordinator has two working days");
    house.received("amal");
    assert_eq!((house.fired(), due(&house).as_deref()), (vec!["10".to_owned()], Some("2025-03-15")));
    house.until("2025-03-17");
    assert_eq!((house.fired(), house.handovers()), (vec!["16".to_owned()], vec!["overdue amal".to_owned()]));
    house.answer("amal", AnswerKind::Accepted);
    assert_eq!(
        (house.fired(), due(&house).as_deref()),
        (vec!["14".to_owned()], Some("2027-03-18")),
        "a late yes is a yes"
    );
}

#[test]
fn a_public_holiday_counts_for_no_deadline_in_working_days() {
    let deadline = |since: &str, on: &str| settled("44021", since, on).0.only().state.handovers[0].deadline;
    // The eve of Labour Day, a Thursday; the last working day before Easter Monday.
    assert_eq!(deadline("2025-04-29", "2025-04-30"), Some(day("2025-05-02")));
    assert_eq!(deadline("2025-04-17", "2025-04-18"), Some(day("2025-04-22")));
    // Five working days from a Monday in Holy Week: Easter Monday lies between.
    let (mut house, _) = settled("44021", "2025-04-13", "2025-04-14");
    house.received("amal");
    assert_eq!(house.only().state.handovers[0].deadline, Some(day("2025-04-22")));
}

#[test]
fn what_is_overdue_may_still_be_rejected_and_stays_where_it_is_until_then() {
    let (mut house, _) = settled("44021", "2025-03-04", "2025-03-05");
    house.left();
    house.until("2025-04-30");
    assert_eq!(house.left(), ["amal offer"], "row 12: once more");
    house.rejected("amal");
    assert_eq!(
        (house.handovers(), house.left()),
        (vec!["held amal".to_owned()], vec!["amal ended rejected".to_owned()])
    );
}

#[test]
fn a_day_is_set_when_it_changes() {
    let (mut house, who) = settled("44021", "2025-03-04", "2025-03-05");
    house.received("amal");
    let sets = |verdict: Verdict| -> Vec<Option<String>> {
        let Verdict::Decided(change) = verdict else { panic!("{verdict:?}") };
        let days = change.events.iter().filter_map(|(_, event)| match event {
            Event::DueSet { on } => Some(on.map(|on| on.to_string())),
            _ => None,
        });
        days.collect()
    };
    let said = house.home(&who, "44021", "2025-03-04");
    assert_eq!(sets(said), Vec::<Option<String>>::new());
    let said = house.answer("amal", AnswerKind::Accepted);
    assert_eq!(sets(said), [Some("2027-03-06".to_owned())], "its purpose is looked at");
    let said = house.answer("amal", AnswerKind::TrajectoryStarted);
    assert_eq!(sets(said), [None]);
}

#[test]
fn a_due_message_twice_too_early_or_about_nobody_is_harmless() {
    let (mut house, _) = settled("44021", "2025-03-04", "2025-03-05");
    let person = house.only().id;
    let nothing = |house: &mut House| house.change(Body::Due(person)).events.is_empty();
    assert!(nothing(&mut house), "too early");
    house.today("2025-03-06");
    assert!(nothing(&mut house), "on the last day");
    house.until("2025-03-10");
    assert!(nothing(&mut house), "again");
    let nobody = PersonId::derive(&Seed([7; 32]), 0);
    assert_eq!(house.tell(Body::Due(nobody)), Verdict::Refused(Refusal::UnknownPerson));
}

#[test]
fn a_home_that_begins_later_is_one_on_its_day() {
    let (mut house, _) = settled("44021", "2025-04-01", "2025-03-20");
    assert_eq!(
        (house.handovers(), due(&house).as_deref()),
        (vec!["prepared".to_owned()], Some("2025-04-01"))
    );
    house.left();
    house.until("2025-03-31");
    assert!(house.left().is_empty());
    house.until("2025-04-01");
    assert_eq!(house.left(), ["amal offer"]);
}

#[test]
fn case_days_the_residence_valid_on_the_day_of_the_decision_counts() {
    let (mut house, who) = settled("44021", "2025-03-04", "2025-03-05");
    house.accepted("amal");
    house.tell(register(&who, Home::In("11002", "2025-04-01"), "2025-03-20"));
    assert_eq!(
        (house.handovers(), due(&house).as_deref()),
        (vec!["accepted amal".to_owned()], Some("2025-04-01"))
    );
    house.until("2025-04-01");
    assert_eq!(house.handovers(), ["accepted amal", "sent atlas"]);
}

#[test]
fn who_comes_of_age_comes_into_scope_on_his_birthday() {
    for (birth, on, next) in
        [("2007-05-10", "2025-05-10", "2026-05-11"), ("2008-02-29", "2026-03-01", "2027-03-02")]
    {
        let mut house = House::new();
        let who = Who { birth: birth.to_owned(), ..Who::number(1) };
        house.granted(&who);
        assert_eq!((house.left(), due(&house).as_deref()), (vec![], Some(on)), "not of age");
        house.until(on);
        assert_eq!((house.left(), due(&house).as_deref()), (vec!["agii-abroad file".to_owned()], Some(next)));
        assert_eq!(house.handovers(), ["prepared"]);
    }
}

#[test]
fn case_household_an_age_that_is_not_known_to_the_day_is_no_then_asked_then_yes() {
    for (birth, first, last) in
        [("2007-05-00", "2025-05-01", "2025-05-31"), ("2007-00-00", "2025-01-01", "2025-12-31")]
    {
        let mut house = House::new();
        house.today("2024-12-01");
        let who = Who { birth: birth.to_owned(), ..Who::number(1) };
        house.granted(&who);
        assert_eq!((house.handovers(), due(&house).as_deref()), (vec![], Some(first)), "{birth}: no");
        house.until(first);
        assert_eq!((house.handovers(), house.fired().pop()), (vec!["held".to_owned()], Some("6".to_owned())));
        assert!(house.left().is_empty());
        let before = day(last).pred_opt().unwrap().to_string();
        house.until(&before);
        assert_eq!(house.handovers(), ["held"], "{birth}: ask, and the coordinator is asked again");
        house.until(last);
        assert_eq!(
            (house.handovers(), house.fired().pop()),
            (vec!["prepared".to_owned()], Some("9b".to_owned()))
        );
        assert_eq!(house.left(), ["agii-abroad file"]);
    }
}

#[test]
fn who_enrols_on_a_day_to_come_is_known_to_come_here_from_that_day_on() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2025-03-05");
    let nowhere = support::bound(application(&who, Purpose::FamilyReunification, "2025-03-01"), None);
    house.tell(nowhere);
    assert!(house.left().is_empty(), "where they mean to live is not known");
    house.tell(account(&who, "2025-03-20"));
    assert_eq!((house.left(), due(&house).as_deref()), (vec![], Some("2025-03-20")));
    house.until("2025-03-20");
    assert_eq!(house.left(), ["agii-abroad file", "portal file"]);
}

#[test]
fn borsbeek_joins_antwerp_and_the_file_moves_with_it() {
    let (mut house, _) = settled("11007", "2024-12-04", "2024-12-05");
    house.accepted("agii");
    assert_eq!(due(&house).as_deref(), Some("2025-01-01"));
    house.left();
    house.until("2024-12-31");
    assert_eq!(house.handovers(), ["accepted agii"]);
    house.until("2025-01-01");
    assert_eq!(
        (house.left(), house.handovers()),
        (
            vec!["agii file".to_owned(), "atlas offer".to_owned()],
            vec!["accepted agii".to_owned(), "sent atlas".to_owned()]
        )
    );
    house.accepted("atlas");
    assert_eq!(
        (house.left(), house.handovers()),
        (
            vec!["agii ended moved".to_owned(), "atlas file".to_owned()],
            vec!["superseded agii".to_owned(), "accepted atlas".to_owned()]
        )
    );
    assert_eq!(house.seen("atlas", "municipality"), None, "nothing is left to look at");
}

#[test]
fn borsbeek_before_a_yes_is_offered_anew_and_a_late_yes_is_fenced() {
    let (mut house, _) = settled("11007", "2024-12-29", "2024-12-30");
    house.left();
    house.until("2025-01-01");
    assert_eq!(
        (house.left(), house.handovers()),
        (
            vec!["agii ended moved".to_owned(), "atlas offer".to_owned()],
            vec!["superseded agii".to_owned(), "sent atlas".to_owned()]
        )
    );
    let late = house.accepted("agii");
    assert!(matches!(late, Verdict::Refused(Refusal::OldEpoch { successor: Some(_), .. })), "{late:?}");
}

#[test]
fn row_23b_what_the_rules_keep_stays_where_it_is() {
    let modes = [
        (OpenFiles::Keep, "received agii", "accepted agii"),
        (OpenFiles::MoveNotAccepted, "superseded agii, sent atlas", "accepted agii"),
        (OpenFiles::MoveAll, "superseded agii, sent atlas", "accepted agii, sent atlas"),
    ];
    for (open_files, offered, accepted) in modes {
        for (yes, expect) in [(false, offered), (true, accepted)] {
            let (mut house, _) = settled("11007", "2024-12-29", "2024-12-30");
            let nis = NisCode::parse("11007").unwrap();
            house.bundle.changes = vec![TerritoryChange { nis, on: day("2025-01-01"), open_files }];
            if yes {
                house.accepted("agii")
            } else {
                house.received("agii")
            };
            house.until("2025-01-02");
            assert_eq!(house.handovers().join(", "), expect, "{open_files:?}");
        }
    }
}

#[test]
fn case_days_an_earlier_begin_is_a_correction_and_the_agency_of_today_stays() {
    // Golden scenario 2: registered on 2 January, moved back later to a day on which Borsbeek was AgII's.
    let (mut house, who) = settled("11002", "2025-01-02", "2025-01-03");
    house.received("atlas");
    house.left();
    house.fired();
    house.today("2025-01-05");
    house.tell(register(&who, Home::In("11007", "2024-12-28"), "2025-01-05"));
    assert_eq!((house.left(), house.fired()), (vec![], vec!["22".to_owned()]));
    assert_eq!(house.handovers(), ["received atlas"]);
}

#[test]
fn a_merger_that_changes_only_the_code_moves_nobody() {
    // Zwijndrecht: 11056 until 2024-12-31, 46030 from then on; AgII before and after.
    let (mut house, _) = settled("11056", "2024-12-04", "2024-12-05");
    house.accepted("agii");
    assert_eq!(due(&house).as_deref(), Some("2025-01-01"), "the agency is told the new code");
    let person = house.only().id;
    house.today("2025-01-01");
    house.fired();
    house.tell(Body::Due(person));
    assert_eq!((house.handovers(), house.fired()), (vec!["accepted agii".to_owned()], vec![]));
}

/// A bundle in which this recipient's basis holds on these days.
fn with_basis(mut house: House, who: &str, from: &str, to: Option<&str>) -> House {
    let basis =
        LegalBasis { reference: "test".to_owned(), from: day(from), to: to.map(day), names: BTreeSet::new() };
    let contract = house.bundle.contracts.iter_mut().find(|c| c.recipient == recipient(who));
    contract.into_iter().for_each(|contract| contract.bases = vec![basis.clone()]);
    house
}

#[test]
fn on_the_day_its_basis_begins_a_recipient_is_offered_who_waited_for_it() {
    let mut house = with_basis(House::new(), "bapa-via", "2025-06-01", None);
    let who = Who::number(1);
    house.granted_with_account(&who);
    house.today("2025-03-05");
    house.tell(choice(&who, "bapa-via:fr", "2025-03-04"));
    house.home(&who, "21004", "2025-03-04");
    assert_eq!(house.handovers(), ["held"]);
    house.left();
    house.until("2025-05-31");
    house.fired();
    assert!(house.left().is_empty());
    house.until("2025-06-01");
    assert_eq!((house.left(), house.fired()), (vec!["bapa-via offer".to_owned()], vec!["9".to_owned()]));
}

#[test]
fn from_the_day_after_its_basis_ended_nothing_leaves_but_an_end() {
    let mut house = with_basis(House::new(), "amal", "2020-01-01", Some("2025-05-31"));
    let who = Who::number(1);
    house.granted_with_account(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.accepted("amal");
    assert_eq!(due(&house).as_deref(), Some("2025-06-01"));
    house.until("2025-06-01");
    house.left();
    house.tell(support::path(&who, &["B1"], "2025-06-02"));
    assert_eq!(house.left(), ["portal file"], "and not to the agency, whose file has modules too");
    house.tell(account(&who, "2025-06-02"));
    house.tell(register(&who, Home::Deceased, "2025-06-03"));
    assert_eq!(house.left(), ["amal ended withdrawn"]);
}
