//! How a handover ends, and what comes after it: purges, mistakes that are mended, orders of the desk, a way back.
//!
//! Next: `corners.rs`, the life before its end.

use crate::support;
use crate::support::{
    Home, House, Who, account, choice, number_given, objection, recipient, register, status,
};
use decide::Refusal;
use decide::round::Verdict;
use schemas::fact::Decision;
use schemas::handover::{AnswerKind, HoldReason, OrderName, Owner};

#[test]
fn a_purge_after_a_started_trajectory_changes_nothing() {
    let (mut house, _) = House::with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.left();
    house.answer("amal", AnswerKind::PurgeConfirmed);
    assert_eq!((house.handovers(), house.left()), (vec!["closed amal".to_owned()], vec![]));
}

#[test]
fn a_purge_of_an_earlier_offer_confirms_none_of_a_later_one() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    let first = house.offered[&recipient("amal")].clone();
    house.rejected("amal");
    house.answer("amal", AnswerKind::PurgeConfirmed);
    house.order(OrderName::Release);
    house.accepted("amal");
    let second = house.offered[&recipient("amal")].clone();
    house.today("2025-06-02");
    house.tell(register(&who, Home::Left, "2025-06-02"));
    house.pick_up(&first);
    house.answer("amal", AnswerKind::PurgeConfirmed);
    assert_eq!(house.handovers(), ["withdraw_pending amal"], "that was of the first offer");
    house.pick_up(&second);
    house.answer("amal", AnswerKind::PurgeConfirmed);
    assert_eq!(house.handovers(), ["withdrawn amal"]);
}

#[test]
fn who_comes_back_after_a_mistaken_end_is_offered_again_whatever_had_stopped_it() {
    for stopped in ["refused", "held"] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted(&who);
        house.today("2025-03-05");
        house.home(&who, "44021", "2025-03-04");
        if stopped == "refused" {
            house.rejected("amal");
        } else {
            house.order(OrderName::Hold);
        }
        house.today("2025-03-15");
        house.tell(register(&who, Home::Left, "2025-03-15"));
        house.today("2025-03-20");
        house.home(&who, "44021", "2025-03-04");
        assert_eq!(house.handovers().last().map(String::as_str), Some("sent amal"), "{stopped}");
    }
}

#[test]
fn who_moves_back_is_offered_to_the_first_agency_though_it_had_closed() {
    let (mut house, who) = House::with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.moves(&who, "11002", "2025-09-01");
    house.accepted("atlas");
    house.moves(&who, "44021", "2026-01-05");
    assert_eq!(house.handovers(), ["closed amal", "accepted atlas", "sent amal"]);
}

#[test]
fn what_was_lifted_goes_out_once_more_and_a_restriction_is_lifted_at_any_point() {
    let (mut house, who) = House::with_amal();
    house.tell(objection(&who, "2025-03-05"));
    house.left();
    house.order(OrderName::Lift);
    assert_eq!(house.left(), ["portal file", "amal file"], "what was voided meanwhile is not missed");
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.rejected("amal");
    house.tell(objection(&who, "2025-03-05"));
    assert!(matches!(house.order(OrderName::Lift), Verdict::Decided(_)));
}

#[test]
fn what_the_desk_holds_stays_held_until_it_is_released() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.order(OrderName::Hold);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.tell(objection(&who, "2025-03-05"));
    house.order(OrderName::Lift);
    assert_eq!(house.handovers(), ["held"], "neither a home nor a lifted objection lets it go");
    let held = &house.only().state.handovers[0];
    let own = (Some(HoldReason::Manual), Owner::Coordinator);
    assert_eq!((held.hold, held.owner), own, "for the desk's own reason, and with the desk");
    house.order(OrderName::Release);
    assert_eq!(house.handovers(), ["sent amal"]);
}

#[test]
fn what_the_desk_withdraws_is_not_offered_again_though_they_object() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.tell(objection(&who, "2025-03-05"));
    house.order(OrderName::Withdraw);
    assert_eq!(house.handovers(), ["withdraw_pending amal"]);
}

#[test]
fn an_upheld_objection_takes_the_file_back() {
    let (mut house, who) = House::with_amal();
    house.tell(objection(&who, "2025-03-05"));
    house.left();
    house.order(OrderName::Withdraw);
    assert_eq!(
        (house.handovers(), house.left()),
        (
            vec!["withdraw_pending amal".to_owned()],
            vec!["portal file".to_owned(), "amal ended withdrawn".to_owned()]
        )
    );
}

#[test]
fn a_revoked_visa_is_taken_back_also_when_something_unknown_is_pending() {
    let (mut house, who) = House::with_amal();
    house.today("2025-06-01");
    let other = Who { application: "77".to_owned(), ..who.clone() };
    // The aliens office names a second number of theirs: only its status is known.
    house.tell(number_given(&other, "2025-05-01"));
    house.tell(status(&other, Decision::Pending, 2, "2025-05-02"));
    house.tell(status(&who, Decision::Revoked, 9, "2025-06-01"));
    assert_eq!(house.handovers(), ["withdraw_pending amal"]);
}

#[test]
fn a_started_trajectory_is_final_whether_the_move_or_the_start_is_known_first() {
    for moved_first in [true, false] {
        let (mut house, who) = House::with_amal();
        if moved_first {
            house.moves(&who, "11002", "2025-04-01");
        }
        house.today("2025-04-03");
        house.answer("amal", AnswerKind::TrajectoryStarted);
        house.home(&who, "11002", "2025-04-01");
        let left = if moved_first { vec!["closed amal", "superseded atlas"] } else { vec!["closed amal"] };
        assert_eq!(house.handovers(), left);
        assert!(house.only().live_handover().is_none());
        // A registration after the end is another matter.
        house.moves(&who, "24062", "2025-09-01");
        assert_eq!(house.handovers().last().map(String::as_str), Some("sent agii"), "{moved_first}");
    }
}

#[test]
fn who_was_offered_twice_is_a_humans_to_find() {
    use schemas::handover::RejectCode;
    use schemas::message::ReviewAnswer;
    let (mut house, _) = House::arrived("44021");
    let other = Who::number(7);
    house.granted(&other);
    house.received("amal");
    house.answer("amal", AnswerKind::Rejected { code: RejectCode::DuplicateOffer });
    let raised = |house: &House| {
        let people = house.people();
        let found = people.iter().find(|p| !p.state.open_reviews.is_empty());
        found.map(|p| (p.id, *p.state.open_reviews.keys().next().unwrap()))
    };
    let (person, review) = raised(&house).expect("a review");
    let again = house.answer("amal", AnswerKind::Rejected { code: RejectCode::DuplicateOffer });
    assert!(matches!(again, Verdict::Decided(_)));
    assert_eq!(house.now(person).state.open_reviews.len(), 1, "asked once");
    let own = support::reviewed(review, ReviewAnswer::Same(person));
    assert_eq!(house.tell(own), Verdict::Refused(Refusal::NotAsked));
    let other = house.people().iter().map(|p| p.id).find(|id| *id != person).unwrap();
    house.same(review, other);
    assert_eq!((house.people().len(), raised(&house)), (1, None));
}

#[test]
fn what_comes_to_nothing_is_written_down_once() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(support::application(&who, schemas::fact::Purpose::FamilyReunification, "2025-01-02"));
    assert_eq!(house.handovers().len(), 0);
    house.tell(status(&who, Decision::Refused, 2, "2025-02-01"));
    house.tell(status(&who, Decision::Refused, 3, "2025-02-02"));
    assert_eq!((house.handovers(), house.fired()), (vec!["not_in_scope".to_owned()], vec!["2".to_owned()]));
}

#[test]
fn a_line_is_ended_only_where_another_handover_goes_on() {
    let (mut house, who) = House::with_amal();
    let refused = |verdict: Verdict| matches!(verdict, Verdict::Refused(_));
    assert!(refused(house.order(OrderName::EndLine)), "nobody would be responsible");
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.moves(&who, "11002", "2025-09-01");
    house.accepted("atlas");
    assert_eq!(house.handovers(), ["closed amal", "accepted atlas"]);
    assert!(refused(house.order(OrderName::EndLine)), "what has ended does not go on");
}

#[test]
fn who_comes_back_on_the_day_they_left_has_come_back() {
    let (mut house, who) = House::with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.today("2025-06-02");
    house.tell(register(&who, Home::Left, "2025-06-02"));
    house.today("2025-06-03");
    house.home(&who, "44021", "2025-06-02");
    assert_eq!(house.handovers(), ["closed amal", "sent amal"]);
}

/// The register tells first that they are back.
#[test]
fn who_left_on_the_day_the_trajectory_started_and_came_back_is_offered_anew() {
    let (mut house, who) = House::with_amal();
    house.today("2025-04-03");
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.tell(register(&who, Home::Left, "2025-04-03"));
    house.moves(&who, "44021", "2025-09-01");
    assert_eq!(house.handovers(), ["closed amal", "sent amal"]);
}

#[test]
fn who_moves_away_and_back_before_the_other_agency_says_yes_is_with_the_first_as_before() {
    let (mut house, who) = House::with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.moves(&who, "11002", "2025-09-01");
    house.moves(&who, "44021", "2025-09-20");
    assert_eq!(house.handovers(), ["closed amal", "superseded atlas"]);
    house.tell(account(&who, "2025-09-21"));
    assert_eq!(house.handovers(), ["closed amal", "superseded atlas"], "and that is final");
}

#[test]
fn who_moved_on_the_day_the_trajectory_started_had_moved_before() {
    let (mut house, who) = House::with_amal();
    house.today("2025-04-03");
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.home(&who, "11002", "2025-04-03");
    assert_eq!(house.handovers(), ["closed amal"]);
}

/// What an agency must still purge holds up nothing: before arrival AgII is told the end where nobody is competent.
#[test]
fn who_comes_again_and_lives_where_nobody_is_competent_is_out_of_scope_whatever_waits_for_a_purge() {
    let (mut house, who) = House::with_amal();
    house.today("2025-06-02");
    house.tell(register(&who, Home::Left, "2025-06-02"));
    let again = Who { application: "77".to_owned(), ..who.clone() };
    house.today("2025-07-02");
    house.tell(support::application(&again, schemas::fact::Purpose::FamilyReunification, "2025-07-01"));
    house.tell(status(&again, Decision::Granted, 2, "2025-08-01"));
    house.left();
    house.moves(&who, "62063", "2025-09-04");
    assert_eq!(house.handovers(), ["withdraw_pending amal", "not_in_scope"]);
    assert_eq!(house.left_to_others(), ["agii-abroad ended withdrawn"]);
}

#[test]
fn a_trajectory_that_started_in_brussels_is_final_whatever_office_is_chosen_there() {
    let (mut house, who) = House::arrived("21004");
    house.tell(choice(&who, "bon", "2025-03-06"));
    house.accepted("bon");
    house.answer("bon", AnswerKind::TrajectoryStarted);
    house.moves(&who, "21015", "2025-09-01");
    house.tell(choice(&who, "bapa-via:fr", "2025-09-02"));
    assert_eq!(house.handovers(), ["closed bon"]);
    house.moves(&who, "44021", "2025-10-01");
    assert_eq!(house.handovers(), ["closed bon", "sent amal"], "elsewhere it is not");
}

#[test]
fn who_answers_an_offer_that_was_sent_again_is_told_no_other_successor() {
    let (mut house, _) = House::arrived("44021");
    let first = house.offered[&recipient("amal")].clone();
    house.until("2025-03-20");
    house.order(OrderName::SendAgain);
    house.pick_up(&first);
    let late = house.answer("amal", AnswerKind::Accepted);
    assert!(matches!(late, Verdict::Refused(Refusal::OldEpoch { successor: None, .. })), "{late:?}");
}
