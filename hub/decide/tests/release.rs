//! What leaves, when it ends, and what does not leave at all: streams, and rows 1 after all are final, 3b,
//! 20c and 21c of the state table (21b is in `choice.rs`).
//!
//! Which fields a view has is `disclosure`'s own proof, and invariant I4.

use crate::support::{
    Home, House, Who, account, application, day, learned, number_given, patched_application, path, permit,
    platform_linked, recipient, redeliver, register, status, test_insz, withdrawn,
};
use decide::Refusal;
use decide::person::{Capacity, Stream, TaskKind};
use decide::round::Verdict;
use schemas::fact::{Decision, LearningStep, Purpose};
use schemas::handover::{AnswerKind, OrderName};
use schemas::ids::{Pseudonym, Seed, StreamId};

const FAMILY: Purpose = Purpose::FamilyReunification;

fn in_ghent() -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    (house, who)
}

fn with_amal() -> (House, Who) {
    let (mut house, who) = in_ghent();
    house.accepted("amal");
    house.left();
    house.fired();
    (house, who)
}

/// Their streams at a recipient, oldest first: the name there, and how many records it had.
fn streams(house: &House, at: &str) -> Vec<(StreamId, Pseudonym, u32)> {
    let person = house.only();
    let of = person.state.streams.iter().filter(|stream| stream.recipient.as_str() == at);
    of.map(|s| (s.id, person.state.pseudonyms[&s.recipient], s.issues)).collect()
}

#[test]
fn case_agii_abroad_opens_with_the_first_entry_in_scope_and_ends_when_a_local_agency_accepts() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    assert_eq!(house.left(), ["agii-abroad file"]);
    house.tell(application(&Who { application: "77".to_owned(), ..who.clone() }, FAMILY, "2025-01-03"));
    assert_eq!((house.people().len(), house.left()), (1, vec![]), "one stream, however many entries");
    house.granted(&who);
    house.left();
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.received("amal");
    assert_eq!(house.left(), ["amal offer"], "AgII is responsible until then");
    house.answer("amal", AnswerKind::Accepted);
    assert_eq!(house.left(), ["agii-abroad ended moved", "amal file"]);
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.tell(status(&who, Decision::Granted, 5, "2025-06-01"));
    assert_eq!(house.left(), ["amal ended closed"], "nor does it open again");
}

#[test]
fn case_agii_abroad_ends_withdrawn_when_the_last_entry_has_ended() {
    let (mut house, who) = (House::new(), Who::number(1));
    let other = Who { application: "77".to_owned(), ..who.clone() };
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(application(&other, FAMILY, "2025-01-03"));
    house.left();
    house.tell(status(&who, Decision::Refused, 2, "2025-02-01"));
    assert!(house.left().is_empty(), "a refusal ends its own entry only");
    house.tell(status(&other, Decision::Refused, 2, "2025-02-02"));
    assert_eq!(house.left(), ["agii-abroad ended withdrawn"]);
}

#[test]
fn case_agii_abroad_ends_with_the_offer_that_was_open() {
    let (mut house, who) = in_ghent();
    house.left();
    house.tell(status(&who, Decision::Revoked, 3, "2025-03-06"));
    assert_eq!(house.left(), ["agii-abroad ended withdrawn", "amal ended withdrawn"]);
}

#[test]
fn case_portal_opens_with_the_first_account_and_outlives_the_visa() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    assert_eq!(house.left(), ["agii-abroad file"]);
    house.tell(account(&who, "2025-01-03"));
    house.tell(path(&who, &["B1"], "2025-01-04"));
    house.tell(platform_linked(&who, "2025-01-04"));
    assert_eq!(
        house.left(),
        ["portal file", "portal file"],
        "the account, the path; the second account is not told"
    );
    house.tell(status(&who, Decision::Refused, 2, "2025-02-01"));
    assert_eq!(house.left(), ["agii-abroad ended withdrawn"]);
    house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-02-02"));
    assert_eq!(house.seen("portal", "whole_package").as_deref(), Some("completed"));
    assert_eq!((house.left(), streams(&house, "portal").len()), (vec!["portal file".to_owned()], 1));
}

#[test]
fn case_portal_opens_with_an_account_that_comes_after_the_refusal_too() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(status(&who, Decision::Refused, 2, "2025-02-01"));
    house.left();
    house.tell(account(&who, "2025-01-03"));
    assert_eq!(house.left(), ["portal file"], "late or not, it is the same account");
}

#[test]
fn nobody_out_of_the_target_group_has_a_stream() {
    let young = Who { birth: "2015-05-05".to_owned(), ..Who::number(1) };
    let european = Who { nationality: "FRA", ..Who::number(1) };
    let people = [(young, FAMILY), (european, FAMILY), (Who::number(1), Purpose::Study)];
    let decided = [Decision::Granted, Decision::Refused];
    for ((who, purpose), decision) in people.iter().flat_map(|one| decided.map(|decision| (one, decision))) {
        let mut house = House::new();
        house.tell(application(who, *purpose, "2025-01-02"));
        house.tell(account(who, "2025-01-03"));
        house.tell(status(who, decision, 2, "2025-02-01"));
        house.tell(number_given(who, "2025-03-01"));
        house.today("2025-03-05");
        let home = house.change(register(who, Home::In("44021", "2025-03-04"), "2025-03-05"));
        assert_eq!((house.left(), house.handovers(), home.tasks), (vec![], vec![], vec![]));
    }
}

#[test]
fn case_insz_known_in_scope_makes_two_tasks_once() {
    let (mut house, who) = (House::new(), Who::number(2));
    house.tell(application(&who, Purpose::Work, "2025-01-02"));
    assert!(house.change(number_given(&who, "2025-01-03")).tasks.is_empty(), "not in scope yet");
    let tasks = house.change(permit(&who, Decision::Granted, "2025-01-05")).tasks;
    let kinds: Vec<_> = tasks.iter().map(|task| (task.kind, task.insz)).collect();
    assert_eq!(kinds, [(TaskKind::Register, who.insz), (TaskKind::GivePerson, who.insz)]);
    assert!(house.change(number_given(&who, "2025-01-09")).tasks.is_empty());
}

#[test]
fn what_changes_nothing_that_is_seen_makes_no_record_and_what_does_makes_one() {
    let (mut house, who) = with_amal();
    house.tell(status(&who, Decision::Granted, 7, "2025-05-01"));
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-05-02"));
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-03-02"));
    assert!(house.left().is_empty(), "the same again, and older");
    let renamed = Who { given: "Amina Zohra".to_owned(), ..who.clone() };
    house.tell(register(&renamed, Home::In("44021", "2025-03-04"), "2025-05-03"));
    assert_eq!(house.seen("amal", "given_names").as_deref(), Some("Amina Zohra"));
    assert_eq!(house.left(), ["amal file"]);
}

#[test]
fn what_is_asked_for_by_name_is_issued_once_more() {
    let (mut house, _) = with_amal();
    let [(stream, _, issues)] = streams(&house, "amal")[..] else { panic!() };
    for n in 1..=2 {
        let change = house.change(redeliver(stream));
        let issued: Vec<_> = change.deliveries.iter().map(|d| (d.stream, d.issue)).collect();
        assert_eq!(issued, [(stream, issues + n)]);
    }
    assert_eq!(house.left(), ["amal file", "amal file"]);
    house.answer("amal", AnswerKind::TrajectoryStarted);
    assert_eq!(house.tell(redeliver(stream)), Verdict::Refused(Refusal::UnknownStream), "it has ended");
    let nobodys = StreamId::derive(&Seed([9; 32]), 1);
    assert_eq!(house.tell(redeliver(nobodys)), Verdict::Refused(Refusal::UnknownStream));
}

#[test]
fn after_a_no_another_agency_has_a_handover_of_its_own_and_the_same_one_a_new_epoch() {
    let (mut house, who) = in_ghent();
    house.left();
    house.rejected("amal");
    house.fired();
    house.order(OrderName::Release);
    assert_eq!(
        (house.left(), house.fired()),
        (
            vec!["amal ended rejected".to_owned(), "amal offer".to_owned()],
            vec!["18e".to_owned(), "19".to_owned()]
        )
    );
    house.rejected("amal");
    house.fired();
    house.tell(register(&who, Home::In("11002", "2025-03-05"), "2025-03-06"));
    assert_eq!(
        (house.left(), house.fired()),
        (
            vec!["amal ended rejected".to_owned(), "atlas offer".to_owned()],
            vec!["20".to_owned(), "3".to_owned()]
        )
    );
    let [amal, atlas] = house.only().state.handovers.clone().try_into().unwrap();
    assert_eq!((amal.epoch, atlas.epoch, atlas.replaces), (2, 1, Some(amal.id)));
    let before = house.persons();
    let late = house.answer("amal", AnswerKind::Accepted);
    assert_eq!(late, Verdict::Refused(Refusal::OldEpoch { current: 2, successor: Some(atlas.id) }));
    assert_eq!(house.persons(), before);
}

#[test]
fn row_1_is_for_who_has_no_handover_or_none_that_is_not_final() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.tell(status(&who, Decision::Revoked, 3, "2025-04-01"));
    assert_eq!(house.fired(), ["1", "2"]);
    let again = Who { application: "77".to_owned(), ..who };
    house.tell(application(&again, FAMILY, "2025-05-01"));
    house.tell(status(&again, Decision::Granted, 2, "2025-06-01"));
    assert_eq!(
        (house.fired(), house.handovers()),
        (vec!["1".to_owned()], vec!["not_in_scope".to_owned(), "prepared".to_owned()])
    );
}

#[test]
fn row_3b_registration_proves_the_visa() {
    for (nis, rows, state) in
        [("44021", "3b", "sent amal"), ("21004", "4", "awaiting_choice"), ("62063", "5", "not_in_scope")]
    {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(application(&who, FAMILY, "2025-01-02"));
        house.tell(number_given(&who, "2025-03-01"));
        house.today("2025-03-05");
        house.home(&who, nis, "2025-03-04");
        assert_eq!((house.fired(), house.handovers()), (vec![rows.to_owned()], vec![state.to_owned()]));
    }
}

#[test]
fn row_20c_who_moves_where_nobody_receives_before_a_yes_is_taken_from_the_first() {
    let (mut house, who) = in_ghent();
    house.received("amal");
    house.left();
    house.fired();
    house.tell(register(&who, Home::In("62063", "2025-03-05"), "2025-03-06"));
    assert_eq!(
        (house.left(), house.fired()),
        (
            vec!["agii-abroad ended withdrawn".to_owned(), "amal ended moved".to_owned()],
            vec!["20c".to_owned(), "5".to_owned()]
        )
    );
    assert_eq!(house.handovers(), ["superseded amal", "not_in_scope"]);
}

#[test]
fn row_21c_after_a_yes_it_is_closed_and_told_that_he_moved() {
    let (mut house, who) = with_amal();
    house.tell(register(&who, Home::In("62063", "2025-06-05"), "2025-06-06"));
    assert!(house.left().is_empty(), "not before they live there");
    house.today("2025-06-07");
    house.home(&who, "62063", "2025-06-05");
    assert_eq!(
        (house.left(), house.fired()),
        (vec!["amal ended moved".to_owned()], vec!["21c".to_owned(), "5".to_owned()])
    );
    assert_eq!(house.handovers(), ["closed amal", "not_in_scope"]);
    assert!(house.only().lines().is_empty());
}

#[test]
fn while_no_home_of_his_is_known_his_agency_is_told_nothing() {
    let (mut house, who) = with_amal();
    let renamed = Who { given: "Amina Zohra".to_owned(), ..who };
    house.tell(register(&renamed, Home::Nowhere, "2025-05-03"));
    assert_eq!((house.left(), house.handovers()), (vec![], vec!["accepted amal".to_owned()]));
    house.home(&renamed, "44021", "2025-03-04");
    house.tell(register(&renamed, Home::In("44021", "2025-03-04"), "2025-05-04"));
    assert_eq!(house.left(), ["amal file"]);
}

#[test]
fn row_32_a_number_that_is_replaced_moves_nothing() {
    let (mut house, who) = in_ghent();
    house.received("amal");
    house.left();
    house.fired();
    let new = Who { insz: test_insz(901), ..who.clone() };
    house.tell(register(&who, Home::Replaced(new.insz), "2025-03-06"));
    house.tell(register(&new, Home::In("44021", "2025-03-04"), "2025-03-07"));
    assert_eq!((house.left(), house.fired(), house.people().len()), (vec![], vec![], 1));
    house.answer("amal", AnswerKind::Accepted);
    assert_eq!(house.seen("amal", "insz"), Some(new.insz.to_string()));
}

#[test]
fn row_35_a_new_residence_after_the_end_is_a_new_handover() {
    let (mut house, who) = with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.home(&who, "44021", "2025-03-04");
    assert_eq!(house.handovers(), ["closed amal"], "not the same residence");
    house.today("2025-09-02");
    house.home(&who, "11002", "2025-09-01");
    assert_eq!(house.handovers(), ["closed amal", "sent atlas"]);
}

#[test]
fn case_leaving_scope_and_coming_back_opens_a_new_stream_under_the_same_name() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(status(&who, Decision::Refused, 2, "2025-02-01"));
    house.left();
    house.tell(application(&Who { application: "77".to_owned(), ..who }, FAMILY, "2025-05-01"));
    assert_eq!(house.left(), ["agii-abroad file"]);
    let [(one, name, _), (two, again, _)] = streams(&house, "agii-abroad")[..] else { panic!() };
    assert!(one != two && name == again);
}

#[test]
fn case_waiting_a_message_that_brings_the_key_decides_all_and_releases_once() {
    let (mut house, who) = (House::new(), Who::number(1));
    for (decision, sequence, on) in
        [(Decision::Granted, 3, "2025-02-01"), (Decision::Pending, 2, "2025-01-20")]
    {
        let said = house.tell(status(&who, decision, sequence, on));
        assert!(matches!(said, Verdict::Waiting(_)), "{said:?}");
    }
    assert!(house.persons().is_empty());
    let change = house.change(application(&who, FAMILY, "2025-01-02"));
    assert_eq!((change.released.len(), change.deliveries.len()), (2, 1));
    assert_eq!(house.seen("agii-abroad", "visa_status").as_deref(), Some("granted"));
}

#[test]
fn the_participant_is_told_how_what_they_asked_for_stands_and_nothing_once_it_has_ended() {
    let (mut house, who) = (House::new(), Who::number(1));
    let portal = house.bundle.contracts.iter_mut().find(|contract| contract.recipient.as_str() == "portal");
    portal.unwrap().file.push("visa_status".to_owned());
    let told = |house: &House| house.seen("portal", "visa_status");
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(account(&who, "2025-01-05"));
    assert_eq!(told(&house).as_deref(), Some("pending"));
    house.tell(status(&who, Decision::Granted, 2, "2025-02-01"));
    assert_eq!(told(&house).as_deref(), Some("granted"));
    house.tell(status(&who, Decision::Revoked, 3, "2025-02-10"));
    assert_eq!(told(&house), None, "it waits for nothing");
    house.tell(application(&Who { application: "77".to_owned(), ..who }, FAMILY, "2025-05-01"));
    assert_eq!(told(&house).as_deref(), Some("pending"), "it is asked for again");
}

#[test]
fn a_line_is_provisional_with_the_offer_and_definitive_with_the_file() {
    let (mut house, _) = in_ghent();
    let capacity = |house: &House| {
        let of_amal = |stream: &&Stream| stream.recipient == recipient("amal");
        house.only().open_streams().find(of_amal).and_then(|stream| stream.line).unwrap().capacity
    };
    assert_eq!(capacity(&house), Capacity::Provisional);
    house.accepted("amal");
    assert_eq!(capacity(&house), Capacity::Definitive);
}

#[test]
fn what_a_human_must_decide_about_is_not_shown_again_either() {
    let (mut house, who) = in_ghent();
    let stream = streams(&house, "amal")[0].0;
    assert_eq!(house.change(redeliver(stream)).deliveries.len(), 1);
    let doubtful = application(&who, FAMILY, "2025-01-02");
    house.tell(patched_application(doubtful, |applied| applied.ground = Some("40bis".to_owned())));
    assert_eq!(house.handovers(), ["held amal"]);
    assert_eq!(house.change(redeliver(stream)).deliveries, []);
}

/// Who asked twice is expected when the application that lives says, whatever the other said.
#[test]
fn an_application_that_has_ended_says_no_more_when_they_come() {
    let (mut house, who) = (House::new(), Who::number(1));
    let provider =
        house.bundle.contracts.iter_mut().find(|c| c.recipient == recipient("agii-abroad")).unwrap();
    provider.file.push("expected_arrival".to_owned());
    let asked = |who: &Who, entry: &str| {
        patched_application(application(who, FAMILY, "2025-01-02"), |applied| {
            applied.entry_on = Some(day(entry));
        })
    };
    let second = Who { application: "77".to_owned(), ..who.clone() };
    house.tell(asked(&who, "2025-06-15"));
    house.tell(asked(&second, "2025-09-15"));
    assert_eq!(house.seen("agii-abroad", "expected_arrival").as_deref(), Some("2025-09"));
    house.tell(withdrawn(&second, 2, "2025-02-01"));
    assert_eq!(house.seen("agii-abroad", "expected_arrival").as_deref(), Some("2025-06"));
}

#[test]
fn what_is_to_go_out_once_more_does_so_as_soon_as_it_may() {
    for known in [true, false] {
        let (mut house, who) = in_ghent();
        house.left();
        if !known {
            house.tell(register(&who, Home::Nowhere, "2025-03-05"));
        }
        house.until("2025-03-20");
        let first: &[&str] = if known { &["amal offer"] } else { &[] };
        assert_eq!(house.left(), first, "the day has come on which nobody had answered");
        house.home(&who, "44021", "2025-03-04");
        assert_eq!(house.left(), if known { vec![] } else { vec!["amal offer"] }, "once");
        house.home(&who, "44021", "2025-03-04");
        assert!(house.left().is_empty());
    }
}

#[test]
fn a_redelivery_that_may_not_go_out_now_does_so_as_soon_as_it_may() {
    let (mut house, who) = with_amal();
    let (stream, ..) = streams(&house, "amal")[0];
    house.tell(register(&who, Home::Nowhere, "2025-03-06"));
    house.tell(redeliver(stream));
    assert!(house.left().is_empty(), "no home is known");
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-03-07"));
    assert_eq!(house.left(), ["amal file"], "once");
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-03-07"));
    assert!(house.left().is_empty());
}

#[test]
fn of_who_lives_where_nobody_is_competent_the_provider_is_told_nothing_more() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.left();
    house.today("2025-03-05");
    house.home(&who, "62063", "2025-03-04");
    assert_eq!(
        (house.handovers(), house.left()),
        (vec!["not_in_scope".to_owned()], vec!["agii-abroad ended withdrawn".to_owned()])
    );
    house.today("2025-05-03");
    let renamed = Who { given: "Amina Zohra".to_owned(), ..who };
    house.home(&renamed, "62063", "2025-03-04");
    assert_eq!((house.handovers(), house.left()), (vec!["not_in_scope".to_owned()], vec![]));
}
