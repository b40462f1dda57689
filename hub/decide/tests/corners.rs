//! The handover's life at its corners: each case once ended wrong. What must hold is in docs/handovers.md.

use std::collections::BTreeSet;

use crate::support::house::HASH;
use crate::support::pair::{two_at_home, whole_bridge};
use crate::support::{
    Home, House, Who, account, announced, application, day, number_given, objection, recipient, register,
    status,
};
use decide::Refusal;
use decide::bundle::{LegalBasis, OpenFiles, TerritoryChange};
use decide::round::Verdict;
use schemas::fact::{Decision, Purpose};
use schemas::handover::{Answer, AnswerKind, HoldReason, OrderName, RejectCode, State};
use schemas::message::Body;
use schemas::municipality::NisCode;

const FAMILY: Purpose = Purpose::FamilyReunification;

/// Told again on the same day that he is due, nothing may follow: the state is where the facts lead.
fn settled_now(house: &mut House) -> Vec<String> {
    house.fired();
    let ids: Vec<_> = house.people().iter().map(|p| p.id).collect();
    for id in ids {
        house.tell(Body::Due(id));
    }
    house.fired()
}

#[test]
fn after_a_move_and_return_a_started_trajectory_is_final() {
    let (mut house, who) = House::with_amal();
    house.moves(&who, "11002", "2025-04-01");
    house.moves(&who, "44021", "2025-04-10");
    assert_eq!(house.handovers(), ["accepted amal", "superseded atlas"]);
    house.left();
    // Amal's own offer is the one to answer.
    let amal = house.offered[&recipient("amal")].clone();
    house.pick_up(&amal);
    house.answer("amal", AnswerKind::TrajectoryStarted);
    // They live there since 10 April: another home than that of the handover (4 March).
    assert_eq!(house.left(), ["portal file", "amal ended closed"]);
    assert_eq!(house.handovers(), ["closed amal", "superseded atlas"]);
}

#[test]
fn accepted_then_antwerp_then_wallonia_closes_the_first() {
    let (mut house, who) = House::with_amal();
    house.moves(&who, "11002", "2025-04-01");
    house.moves(&who, "62063", "2025-05-01");
    let now = house.handovers();
    let later = settled_now(&mut house);
    assert_eq!(now, ["closed amal", "superseded atlas", "not_in_scope"], "and later rows {later:?}");
}

#[test]
fn who_moved_away_is_not_released_to_the_old_agency_because_the_new_one_has_no_basis() {
    let (mut house, who) = (House::new(), Who::number(1));
    for contract in &mut house.bundle.contracts {
        if contract.recipient == recipient("atlas") {
            contract.bases = vec![LegalBasis {
                reference: "t".into(),
                from: day("2026-01-01"),
                to: None,
                names: BTreeSet::new(),
            }];
        }
    }
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.received("amal");
    house.moves(&who, "11002", "2025-04-01");
    house.left();
    house.answer("amal", AnswerKind::Accepted);
    let left = house.left();
    assert!(!left.contains(&"amal file".to_owned()), "{left:?} {:?}", house.handovers());
}

#[test]
fn each_rejection_code_has_its_next_step() {
    let mut wrong = vec![];
    for (code, expect) in [
        (RejectCode::NotCompetent, "held Manual"),
        (RejectCode::IdentityDoubt, "held IdentityDoubt"),
        (RejectCode::InsufficientData, "held DataIncomplete"),
        (RejectCode::NoBasis, "held NoBasis"),
        (RejectCode::NotArrived, "held Manual"),
        (RejectCode::AlreadyKnown, "closed"),
    ] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted(&who);
        house.today("2025-03-05");
        house.home(&who, "44021", "2025-03-04");
        house.received("amal");
        house.answer("amal", AnswerKind::Rejected { code });
        house.until("2025-06-01");
        let h = &house.only().state.handovers[0];
        let got = match (h.state, h.hold) {
            (State::Held, Some(hold)) => format!("held {hold:?}"),
            (state, _) => state.as_str().to_owned(),
        };
        if got != expect {
            wrong.push(format!("{code:?}: expected {expect}, got {got} (due {:?})", house.due()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_corrected_begin_does_not_restart_the_six_months() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.today("2025-03-05");
    house.home(&who, "21004", "2025-03-04");
    assert_eq!(house.only().state.handovers[0].deadline, Some(day("2025-09-04")));
    house.today("2025-08-01");
    house.tell(register(&who, Home::In("21004", "2025-03-01"), "2025-08-01"));
    assert_eq!(house.only().state.handovers[0].deadline, Some(day("2025-09-04")));
}

#[test]
fn a_corrected_begin_of_the_same_home_opens_nothing_after_the_end() {
    let (mut house, who) = House::with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.left();
    house.today("2025-05-01");
    house.tell(register(&who, Home::In("44021", "2025-03-01"), "2025-05-01"));
    assert_eq!(house.handovers(), ["closed amal"]);
    assert!(house.left().is_empty());
}

#[test]
fn who_really_moves_on_the_day_of_a_merger_moves() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2024-12-05");
    house.tell(application(&who, FAMILY, "2024-06-03"));
    house.tell(status(&who, Decision::Granted, 2, "2024-08-01"));
    house.tell(number_given(&who, "2024-09-02"));
    house.home(&who, "11007", "2024-12-04");
    let nis = NisCode::parse("11007").unwrap();
    house.bundle.changes =
        vec![TerritoryChange { nis, on: day("2025-01-01"), open_files: OpenFiles::MoveNotAccepted }];
    house.accepted("agii");
    house.today("2025-01-03");
    house.tell(register(&who, Home::In("44021", "2025-01-01"), "2025-01-03"));
    assert_eq!(house.handovers(), ["accepted agii", "sent amal"]);
}

#[test]
fn a_notice_before_the_due_message_does_not_lose_the_due_day() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    assert_eq!(house.due().map(|(d, _)| d), Some(day("2025-03-07")));
    house.today("2025-03-10");
    house.tell(announced(who.insz, "2025-03-09"));
    let kept = house.due().is_some();
    let overdue = house.handovers() == ["overdue amal"];
    assert!(kept || overdue, "due {:?}, {:?}", house.due(), house.handovers());
}

#[test]
fn received_must_quote_the_record_of_this_handover() {
    let mut house = House::new();
    let (one, two) = (Who::number(1), Who::number(2));
    house.granted(&one);
    house.granted(&two);
    house.today("2025-03-05");
    house.home(&one, "44021", "2025-03-04");
    let first = house.offered[&recipient("amal")].clone();
    house.home(&two, "44021", "2025-03-04");
    let second = house.offered[&recipient("amal")].clone();
    assert_ne!(first.handover, second.handover);
    let answer = Answer {
        handover: second.handover,
        epoch: second.epoch,
        answer: AnswerKind::Received { sequence: first.sequence, payload_hash: HASH },
    };
    let said = house.tell(Body::Answer { recipient: recipient("amal"), answer });
    assert!(matches!(said, Verdict::Refused(_)), "{:?}", house.handovers());
}

#[test]
fn a_withdrawal_is_to_be_confirmed_within_two_working_days() {
    let (mut house, who) = House::with_amal();
    house.today("2025-06-02"); // Monday
    house.tell(register(&who, Home::Deceased, "2025-06-02"));
    let h = &house.only().state.handovers[0];
    assert_eq!((h.state, h.deadline), (State::WithdrawPending, Some(day("2025-06-04"))));
}

#[test]
fn after_the_end_a_new_home_without_a_basis_is_held_or_due() {
    let (mut house, who) = House::with_amal();
    for contract in &mut house.bundle.contracts {
        if contract.recipient == recipient("atlas") {
            contract.bases = vec![LegalBasis {
                reference: "t".into(),
                from: day("2025-09-01"),
                to: None,
                names: BTreeSet::new(),
            }];
        }
    }
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.moves(&who, "11002", "2025-05-01");
    house.until("2025-12-01");
    assert!(house.handovers().len() > 1, "{:?}, due {:?}", house.handovers(), house.due());
}

#[test]
fn row_24b_death_before_anything_was_delivered_is_withdrawn() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.tell(register(&who, Home::Deceased, "2025-03-05"));
    assert_eq!(
        (house.handovers(), house.fired().last().cloned()),
        (vec!["withdrawn".to_owned()], Some("24b".to_owned()))
    );
}

#[test]
fn rejected_and_moved_where_nobody_receives_is_not_in_scope() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.rejected("amal");
    house.moves(&who, "62063", "2025-04-01");
    settled_now(&mut house);
    assert!(house.handovers().contains(&"not_in_scope".to_owned()), "{:?}", house.handovers());
}

#[test]
fn a_late_answer_is_told_the_handover_that_goes_on() {
    let (mut house, who) = House::with_amal();
    house.moves(&who, "11002", "2025-04-01"); // B atlas, replaces A
    house.moves(&who, "44021", "2025-04-05"); // B superseded
    house.moves(&who, "24062", "2025-04-10"); // C agii (Leuven), replaces A
    house.accepted("agii");
    assert_eq!(house.handovers(), ["superseded amal", "superseded atlas", "accepted agii"]);
    let live = house.only().state.handovers[2].id;
    let late = house.answer("amal", AnswerKind::TrajectoryStarted);
    assert_eq!(late, Verdict::Refused(Refusal::OldEpoch { current: 1, successor: Some(live) }));
}

#[test]
fn the_former_agency_may_confirm_its_purge() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.received("amal");
    house.moves(&who, "11002", "2025-04-01");
    let said = house.answer("amal", AnswerKind::PurgeConfirmed);
    assert!(matches!(said, Verdict::Decided(_)), "{said:?}");
}

#[test]
fn row_12_an_overdue_offer_is_delivered_once_more() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.left();
    house.until("2025-03-20");
    assert_eq!(house.handovers(), ["overdue amal"]);
    assert_eq!(house.left(), ["amal offer"]);
}

#[test]
fn row_11_a_hash_that_differs_bounces() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    let sequence = house.offered[&recipient("amal")].sequence;
    house.answer("amal", AnswerKind::Received { sequence, payload_hash: [0xcd; 32] });
    assert_eq!(house.handovers(), ["bounced amal"]);
}

#[test]
fn a_purge_of_the_old_handover_leaves_the_line_of_the_new_one() {
    let (mut house, who) = House::with_amal();
    let old = house.offered[&recipient("amal")].clone();
    house.today("2025-06-02");
    house.tell(register(&who, Home::Left, "2025-06-02"));
    assert_eq!(house.handovers(), ["withdraw_pending amal"]);
    house.today("2025-07-02");
    house.tell(register(&who, Home::In("44021", "2025-07-01"), "2025-07-02"));
    house.accepted("amal");
    assert_eq!(house.handovers(), ["withdraw_pending amal", "accepted amal"]);
    house.pick_up(&old);
    house.answer("amal", AnswerKind::PurgeConfirmed);
    assert_eq!(house.handovers(), ["withdrawn amal", "accepted amal"]);
    assert!(house.only().lines().contains(&recipient("amal")), "the agency that is responsible has no line");
}

#[test]
fn basis_ends_while_offered_then_yes_is_not_taken() {
    for looked_at in [true, false] {
        basis_ends_while_offered(looked_at);
    }
}

/// Whether the day on which it ended was looked at before the yes, or the yes is the first that is heard after it.
fn basis_ends_while_offered(looked_at: bool) {
    let (mut house, who) = (House::new(), Who::number(1));
    for contract in &mut house.bundle.contracts {
        if contract.recipient == recipient("amal") {
            contract.bases = vec![LegalBasis {
                reference: "t".into(),
                from: day("2020-01-01"),
                to: Some(day("2025-03-31")),
                names: BTreeSet::new(),
            }];
        }
    }
    house.granted(&who);
    house.today("2025-03-28");
    house.home(&who, "44021", "2025-03-04");
    house.received("amal");
    if looked_at {
        house.until("2025-04-02");
    } else {
        house.today("2025-04-02");
    }
    house.left();
    // No basis: Amal cannot take responsibility over somebody it may not be told about.
    let yes = house.answer("amal", AnswerKind::Accepted);
    assert!(matches!(yes, Verdict::Refused(_)), "{yes:?}");
    house.until("2025-04-02");
    let h = house.only().state.handovers[0].clone();
    assert_eq!(
        (h.state, h.hold),
        (State::Held, Some(HoldReason::NoBasis)),
        "{:?} {:?}",
        house.handovers(),
        house.left()
    );
    house.left();
    house.order(OrderName::EndNoBasis);
    assert_eq!(
        house.left(),
        ["agii-abroad ended withdrawn", "amal ended nobasis"],
        "the officer's order says why"
    );
}

#[test]
fn a_public_holiday_is_no_working_day() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-04-30"); // Wednesday before Labour Day (Thursday)
    house.home(&who, "44021", "2025-04-29");
    assert_eq!(house.only().state.handovers[0].deadline, Some(day("2025-05-02")));
}

#[test]
fn an_objection_holds_an_offer_also_while_the_register_knows_no_home() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(number_given(&who, "2025-03-01"));
    house.tell(account(&who, "2025-03-02"));
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    house.received("amal");
    house.tell(register(&who, Home::Nowhere, "2025-03-06"));
    house.tell(objection(&who, "2025-03-07"));
    assert_eq!(house.handovers(), ["held amal"]);
}

#[test]
fn sent_again_is_a_new_offer_to_the_same_agency_but_what_could_not_be_read_is_the_old_one() {
    for (bounced, epoch) in [(false, 2), (true, 1)] {
        let (mut house, _) = House::arrived("44021");
        if bounced {
            let sequence = house.offered[&recipient("amal")].sequence;
            house.answer("amal", AnswerKind::Received { sequence, payload_hash: [0xcd; 32] });
        } else {
            house.until("2025-03-20");
        }
        house.left();
        house.order(OrderName::SendAgain);
        let h = &house.only().state.handovers[0];
        assert_eq!((h.epoch, h.residence), (epoch, Some(day("2025-03-04"))));
        assert_eq!(house.handovers(), ["sent amal"]);
        assert_eq!(house.left(), ["amal offer"]);
    }
}

#[test]
fn what_was_refused_and_is_released_is_still_held_while_no_home_is_known() {
    let (mut house, who) = House::arrived("44021");
    house.rejected("amal");
    house.tell(register(&who, Home::Nowhere, "2025-03-06"));
    house.order(OrderName::Release);
    let h = &house.only().state.handovers[0];
    assert_eq!((h.state, h.hold, h.held_in), (State::Held, Some(HoldReason::Manual), None));
}

#[test]
fn after_a_merge_a_late_answer_is_told_the_handover_at_the_same_agency() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
    house.tell(whole_bridge(&a, &b));
    let of = |state| {
        let found = house.only().state.handovers.iter().find(|h| h.state == state);
        found.unwrap_or_else(|| panic!("{:?}", house.handovers())).id
    };
    let (over, live) = (of(State::Superseded), of(State::Sent));
    let offer = house.offers[&over].clone();
    house.pick_up(&offer);
    let late = house.answer("amal", AnswerKind::Accepted);
    assert_eq!(late, Verdict::Refused(Refusal::OldEpoch { current: 1, successor: Some(live) }));
}

#[test]
fn what_the_desk_withdrew_is_not_offered_anew_in_the_same_home() {
    for (nis, since, after) in [
        ("44021", "2025-03-04", vec!["withdraw_pending amal"]),
        ("44021", "2025-03-06", vec!["withdraw_pending amal", "sent amal"]),
        ("11002", "2025-03-06", vec!["withdraw_pending amal", "sent atlas"]),
    ] {
        let (mut house, who) = House::arrived("44021");
        house.order(OrderName::Withdraw);
        assert_eq!(house.handovers(), ["withdraw_pending amal"]);
        house.today("2025-03-07");
        house.home(&who, nis, since);
        assert_eq!(house.handovers(), after, "{nis} {since}");
    }
}

#[test]
fn who_left_after_the_start_and_comes_back_is_offered_again() {
    let (mut house, who) = House::with_amal();
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.today("2025-05-02");
    house.tell(register(&who, Home::Left, "2025-05-01"));
    assert_eq!(house.handovers(), ["closed amal"]);
    house.moves(&who, "44021", "2025-06-01");
    assert_eq!(house.handovers(), ["closed amal", "sent amal"]);
}

#[test]
fn a_file_that_stays_where_a_code_was_merged_is_not_looked_at_again_for_a_home_that_is_the_same() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2024-12-05");
    house.tell(application(&who, FAMILY, "2024-06-03"));
    house.tell(status(&who, Decision::Granted, 2, "2024-08-01"));
    house.tell(number_given(&who, "2024-09-02"));
    house.home(&who, "11007", "2024-12-04");
    let nis = NisCode::parse("11007").unwrap();
    let kept = TerritoryChange { nis, on: day("2025-01-01"), open_files: OpenFiles::Keep };
    house.bundle.changes = vec![kept];
    house.accepted("agii");
    // The merger begins a new residence under the code that took the other's place.
    house.until("2025-01-03");
    house.fired();
    house.tell(register(&who, Home::In("11002", "2025-01-01"), "2025-01-03"));
    assert_eq!((house.fired(), house.handovers()), (vec![], vec!["accepted agii".to_owned()]));
    assert_eq!(house.only().state.handovers[0].nis, Some(nis), "the home that decided is kept");
}

/// The most ordinary life: they move house where the agency that has them is competent, and then begin.
#[test]
fn who_moved_inside_the_territory_is_not_offered_again_when_the_trajectory_starts() {
    for (agency, from, to) in [("agii", "24062", "46021"), ("amal", "44021", "44021")] {
        let (mut house, who) = House::arrived(from);
        house.accepted(agency);
        house.today("2025-06-02");
        house.home(&who, to, "2025-06-01");
        assert_eq!(house.handovers(), [format!("accepted {agency}")], "row 22");
        house.left();
        house.answer(agency, AnswerKind::TrajectoryStarted);
        assert_eq!(house.handovers(), [format!("closed {agency}")]);
        assert_eq!(house.left(), ["portal file".to_owned(), format!("{agency} ended closed")]);
        let person = house.only().id;
        house.tell(Body::Due(person));
        assert_eq!((house.handovers(), house.left()), (vec![format!("closed {agency}")], vec![]));
    }
}
