//! How a handover ends, and what comes after it: purges, mistakes that are mended, orders of the desk, a way back.
//!
//! Next: `corners.rs`, the life before its end.

mod support;

use decide::round::Verdict;
use schemas::fact::Decision;
use schemas::handover::{AnswerKind, OrderName};
use support::{Home, House, Who, number_given, objection, recipient, register, status};

fn with_amal() -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.accepted("amal");
    house.left();
    house.fired();
    (house, who)
}

fn at(house: &mut House, who: &Who, nis: &str, since: &str) {
    house.today(since);
    house.home(who, nis, since);
}

#[test]
fn a_purge_after_a_started_trajectory_changes_nothing() {
    let (mut house, _) = with_amal();
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
    let (mut house, who) = with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    at(&mut house, &who, "11002", "2025-09-01");
    house.accepted("atlas");
    at(&mut house, &who, "44021", "2026-01-05");
    assert_eq!(house.handovers(), ["closed amal", "accepted atlas", "sent amal"]);
}

#[test]
fn what_was_lifted_goes_out_once_more_and_a_restriction_is_lifted_at_any_point() {
    let (mut house, who) = with_amal();
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
    let (mut house, who) = with_amal();
    house.tell(objection(&who, "2025-03-05"));
    house.left();
    house.order(OrderName::Withdraw);
    assert_eq!(
        (house.handovers(), house.left()),
        (vec!["withdraw_pending amal".to_owned()], vec!["amal ended withdrawn".to_owned()])
    );
}

#[test]
fn a_revoked_visa_is_taken_back_also_when_something_unknown_is_pending() {
    let (mut house, who) = with_amal();
    house.today("2025-06-01");
    let other = Who { application: "77".to_owned(), ..who.clone() };
    // The aliens office names a second number of theirs: only its status is known.
    house.tell(number_given(&other, "2025-05-01"));
    house.tell(status(&other, Decision::Pending, 2, "2025-05-02"));
    house.tell(status(&who, Decision::Revoked, 9, "2025-06-01"));
    assert_eq!(house.handovers(), ["withdraw_pending amal"]);
}
