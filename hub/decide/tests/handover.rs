//! The life of a handover, as stories: what is said, what leaves, where it ends. The numbers are the
//! rows of the state table and the scenarios that everybody must know.

use crate::support;
use crate::support::{Home, House, Who, application, number_given, permit, register, status};
use decide::Refusal;
use decide::round::Verdict;
use schemas::fact::{Decision, Purpose};
use schemas::handover::{AnswerKind, AnswerName, State};

#[test]
fn a_family_migrant_to_ghent_all_on_time() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.say("application", application(&who, Purpose::FamilyReunification, "2025-01-02"));
    assert_eq!(house.left(), ["agii-abroad file"]);
    house.say("granted", status(&who, Decision::Granted, 2, "2025-02-01"));
    assert_eq!(
        (house.left(), house.handovers()),
        (vec!["agii-abroad file".to_owned()], vec!["prepared".to_owned()])
    );
    let Verdict::Decided(change) = house.say("number", number_given(&who, "2025-03-01")) else { panic!() };
    assert_eq!(change.tasks.len(), 2, "the register is asked, and the number enrolled");
    house.today("2025-03-05");
    house.say("home", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    assert_eq!(
        (house.left(), house.handovers()),
        (vec!["amal offer".to_owned()], vec!["sent amal".to_owned()])
    );
    house.received("amal");
    assert_eq!((house.left(), house.handovers()), (vec![], vec!["received amal".to_owned()]));
    house.answer("amal", AnswerKind::Accepted);
    assert_eq!(house.left(), ["agii-abroad ended moved", "amal file"]);
    house.answer("amal", AnswerKind::TrajectoryStarted);
    assert_eq!(
        (house.left(), house.handovers()),
        (vec!["amal ended closed".to_owned()], vec!["closed amal".to_owned()])
    );
}

#[test]
fn nothing_visible_no_record() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.left();
    house.say("again", status(&who, Decision::Granted, 3, "2025-03-02"));
    house.say("late", status(&who, Decision::Pending, 1, "2025-01-03"));
    assert!(house.left().is_empty());
}

#[test]
fn a_move_before_yes_supersedes_and_fences() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    house.received("amal");
    house.left();
    house.say("antwerp", register(&who, Home::In("11002", "2025-03-05"), "2025-03-06"));
    assert_eq!(house.left(), ["amal ended moved", "atlas offer"]);
    let late = house.answer("amal", AnswerKind::Accepted);
    assert!(matches!(late, Verdict::Refused(Refusal::OldEpoch { successor: Some(_), .. })), "{late:?}");
    assert_eq!(house.handovers(), ["superseded amal", "sent atlas"]);
}

#[test]
fn a_move_after_yes_leaves_the_old_agency_responsible_until_the_new_one_says_yes() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    house.received("amal");
    house.answer("amal", AnswerKind::Accepted);
    house.left();
    house.say("antwerp", register(&who, Home::In("11002", "2025-03-05"), "2025-03-06"));
    assert_eq!(house.handovers(), ["accepted amal", "sent atlas"]);
    house.received("atlas");
    house.left();
    house.answer("atlas", AnswerKind::Accepted);
    assert_eq!(house.left(), ["amal ended moved", "atlas file"]);
    assert_eq!(house.handovers(), ["superseded amal", "accepted atlas"]);
}

#[test]
fn who_comes_back_finds_the_agency_that_never_stopped() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-09");
    house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    house.received("amal");
    house.answer("amal", AnswerKind::Accepted);
    house.say("antwerp", register(&who, Home::In("11002", "2025-03-05"), "2025-03-06"));
    house.say("back", register(&who, Home::In("44021", "2025-03-07"), "2025-03-08"));
    assert_eq!(house.handovers(), ["accepted amal", "superseded atlas"]);
}

#[test]
fn brussels_waits_for_a_choice_and_wallonia_has_no_receiver() {
    for (nis, expect) in [("21004", "awaiting_choice"), ("62063", "not_in_scope"), ("99999", "held")] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted(&who);
        house.left();
        house.today("2025-03-05");
        house.say("home", register(&who, Home::In(nis, "2025-03-04"), "2025-03-05"));
        let left: &[&str] = if nis == "62063" { &["agii-abroad ended withdrawn"] } else { &[] };
        assert_eq!(
            (house.handovers(), house.left()),
            (vec![expect.to_owned()], left.iter().map(|l| (*l).to_owned()).collect()),
            "{nis}"
        );
        house.say("again", register(&who, Home::In(nis, "2025-03-04"), "2025-03-06"));
        assert_eq!(house.handovers(), [expect], "the same residence opens nothing again");
    }
}

#[test]
fn a_refused_visa_ends_what_was_prepared_and_the_provider_is_told() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.left();
    house.say("refused", status(&who, Decision::Revoked, 3, "2025-04-01"));
    assert_eq!(
        (house.left(), house.handovers()),
        (vec!["agii-abroad ended withdrawn".to_owned()], vec!["not_in_scope".to_owned()])
    );
}

#[test]
fn death_and_departure_take_back_what_was_sent() {
    for home in [Home::Left, Home::Deceased] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted(&who);
        house.today("2025-03-05");
        house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
        house.received("amal");
        house.answer("amal", AnswerKind::Accepted);
        house.left();
        house.say("gone", register(&who, home, "2025-06-01"));
        assert_eq!(
            (house.left(), house.handovers()),
            (vec!["amal ended withdrawn".to_owned()], vec!["withdraw_pending amal".to_owned()])
        );
        house.answer("amal", AnswerKind::PurgeConfirmed);
        assert_eq!(house.handovers(), ["withdrawn amal"]);
    }
}

#[test]
fn who_comes_back_before_the_purge_is_handed_over_anew() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-08-01");
    house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    house.say("gone", register(&who, Home::Left, "2025-06-01"));
    house.say("back", register(&who, Home::In("11002", "2025-07-01"), "2025-07-02"));
    assert_eq!(house.handovers(), ["withdraw_pending amal", "sent atlas"]);
    house.answer("amal", AnswerKind::PurgeConfirmed);
    assert_eq!(house.handovers(), ["withdrawn amal", "sent atlas"]);
}

#[test]
fn a_labour_migrant_is_in_scope_by_his_permit() {
    let (mut house, who) = (House::new(), Who::number(2));
    house.say("application", application(&who, Purpose::Work, "2025-01-02"));
    assert!(house.left().is_empty(), "the region of the permit is not known yet");
    house.say("permit", permit(&who, Decision::Granted, "2025-01-05"));
    assert_eq!(house.left(), ["agii-abroad file"]);
    assert_eq!(house.persons().len(), 1);
}

#[test]
fn an_impossible_answer_is_refused_with_what_is_possible() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    let expect =
        Refusal::NotAllowed { state: State::Sent, allowed: vec![AnswerName::Received, AnswerName::Rejected] };
    assert_eq!(house.answer("amal", AnswerKind::Accepted), Verdict::Refused(expect));
    let none = AnswerKind::Received { sequence: 2, payload_hash: [0xab; 32] };
    assert_eq!(house.answer("amal", none), Verdict::Refused(Refusal::HashDiffers));
    house.offered.insert(support::recipient("atlas"), house.offered[&support::recipient("amal")].clone());
    assert_eq!(house.rejected("atlas"), Verdict::Refused(Refusal::UnknownHandover));
    assert_eq!(house.handovers(), ["sent amal"]);
    house.rejected("amal");
    assert_eq!(house.handovers(), ["held amal"]);
    assert_eq!(house.left().last().map(String::as_str), Some("amal ended rejected"));
}

#[test]
fn before_its_basis_begins_a_recipient_gets_nothing() {
    let (mut house, who) = (House::new(), Who::number(1));
    for contract in &mut house.bundle.contracts {
        contract.bases[0].from = support::day("2025-06-01");
    }
    house.granted(&who);
    house.today("2025-03-05");
    house.say("ghent", register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    assert_eq!((house.left(), house.handovers()), (vec![], vec!["held".to_owned()]));
    house.today("2025-06-02");
    house.say("again", register(&who, Home::In("44021", "2025-03-04"), "2025-06-02"));
    assert_eq!(house.left(), ["agii-abroad file", "amal offer"]);
}
