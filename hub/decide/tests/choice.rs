//! Brussels: the newcomer chooses who takes them over. Rows 4, 7, 8, 20 and 21 of the state table, and the
//! cases of row 21b and of an offer to Bon while a line to a BAPA is open.
//!
//! What a choice must name to be complete is the routing table's own proof.

use crate::support::{
    Home, House, Who, account, choice, day, objection, patched, recipient, register, status,
};
use decide::Refusal;
use decide::round::Verdict;
use schemas::fact::{Authority, Decision};
use schemas::handover::{AnswerKind, HoldReason, OrderName, Owner, State};
use schemas::key::Key;
use schemas::message::Body;

/// Granted, with an account, and since March at home in the city of Brussels.
fn in_brussels() -> (House, Who) {
    let (mut house, who) = House::arrived("21004");
    house.left();
    house.fired();
    (house, who)
}

/// The same, and this office has taken them over.
fn with(office: &str, said: &str) -> (House, Who) {
    let (mut house, who) = in_brussels();
    house.tell(choice(&who, said, "2025-03-06"));
    house.accepted(office);
    house.left();
    house.fired();
    (house, who)
}

#[test]
fn he_chooses_and_only_the_chosen_one_is_told() {
    let (mut house, who) = in_brussels();
    assert_eq!(house.handovers(), ["awaiting_choice"]);
    let waiting = &house.only().state.handovers[0];
    assert_eq!((waiting.owner, waiting.deadline), (Owner::Person, Some(day("2025-09-04"))), "six months");
    house.tell(choice(&who, "bapa-via:fr", "2025-03-06"));
    assert_eq!((house.left(), house.fired()), (vec!["bapa-via offer".to_owned()], vec!["7".to_owned()]));
    house.accepted("bapa-via");
    assert_eq!(house.left(), ["agii-abroad ended moved", "portal file", "bapa-via file"]);
    assert_eq!(house.handovers(), ["accepted bapa-via"]);
}

#[test]
fn after_six_months_the_coordinator_is_asked_and_a_later_choice_is_still_taken() {
    let (mut house, who) = in_brussels();
    assert_eq!(house.due().map(|(on, _)| on), Some(day("2025-09-05")), "the day after the last one");
    house.until("2025-09-04");
    assert_eq!(house.handovers(), ["awaiting_choice"]);
    house.until("2025-09-08");
    assert_eq!((house.left(), house.fired()), (vec![], vec!["8".to_owned()]));
    let late = &house.only().state.handovers[0];
    assert_eq!((late.state.as_str(), late.owner), ("overdue", Owner::Coordinator));
    house.tell(choice(&who, "bon", "2025-10-01"));
    assert_eq!((house.left(), house.fired()), (vec!["bon offer".to_owned()], vec!["7".to_owned()]));
}

#[test]
fn a_choice_that_is_not_complete_is_none() {
    for said in ["bapa-via", "bapa-via:ar", "bon:fr", "atlas", "nobody"] {
        let (mut house, who) = in_brussels();
        house.tell(choice(&who, said, "2025-03-06"));
        assert_eq!((house.left(), house.handovers()), (vec![], vec!["awaiting_choice".to_owned()]), "{said}");
        house.tell(choice(&who, "bapa-via:nl", "2025-03-07"));
        assert_eq!(house.left(), ["bapa-via offer"], "after {said}");
    }
}

#[test]
fn a_choice_that_is_not_complete_takes_no_others_place() {
    // Whichever comes first, also through a municipality, and also of the same office.
    for open in ["bapa-bxl", "bon:fr", "bapa-via", "bapa-via:ar"] {
        for open_first in [false, true] {
            let (mut house, who) = in_brussels();
            let whole = choice(&who, "bapa-via:fr", "2025-03-06");
            let open = choice(&who, open, "2025-03-07");
            let said = if open_first { [open, whole] } else { [whole, open] };
            said.into_iter().for_each(|body| drop(house.tell(body)));
            assert_eq!(house.left(), ["bapa-via offer"], "{open_first}");
        }
    }
}

/// The three ways in which a choice is told: by themselves at the portal, by a municipality, by the office.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Teller {
    Portal,
    Counter,
    Office,
}

/// They chose this office on that day, as it is told this way.
fn told_by(teller: Teller, who: &Who, said: &str, on: &str) -> Body {
    let channel = match teller {
        Teller::Portal => return choice(who, said, on),
        Teller::Counter => "hint".to_owned(),
        Teller::Office => format!("tracking/{}", said.split(':').next().unwrap_or_default()),
    };
    patched(choice(who, said, on), |record| {
        (record.keys, record.names, record.births) = (vec![Key::Insz(who.insz)], vec![], vec![]);
        (record.facts[0].authority, record.facts[0].version.channel) = (Authority::Register, channel);
    })
}

#[test]
fn the_newest_choice_counts_by_its_own_time_whoever_tells_it_and_in_whichever_order() {
    let ways = [Teller::Portal, Teller::Counter, Teller::Office];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (tellers, told) in orders.into_iter().flat_map(|by| orders.map(|told| (by.map(|n| ways[n]), told))) {
        let (mut house, who) = in_brussels();
        let made = [("bon", "2025-03-06"), ("bapa-via:fr", "2025-03-07"), ("bapa-bxl:nl", "2025-03-08")];
        let said: Vec<Body> =
            tellers.iter().zip(made).map(|(by, (said, on))| told_by(*by, &who, said, on)).collect();
        told.into_iter().for_each(|n| drop(house.tell(said[n].clone())));
        assert_eq!(house.handovers().last().map(String::as_str), Some("sent bapa-bxl"), "{told:?}");
        let offer = house.left().into_iter().rfind(|left| left.ends_with(" offer"));
        assert_eq!(offer.as_deref(), Some("bapa-bxl offer"), "{told:?}");
    }
}

#[test]
fn the_six_months_count_from_the_first_registration_in_the_region_whatever_held_it_then() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.tell(objection(&who, "2025-02-20"));
    house.today("2025-03-05");
    house.home(&who, "21004", "2025-03-04");
    assert_eq!(house.handovers(), ["held"]);
    house.today("2025-06-02");
    house.home(&who, "21015", "2025-06-01");
    house.order(OrderName::Lift);
    assert_eq!(house.handovers(), ["awaiting_choice"]);
    assert_eq!(house.only().state.handovers[0].deadline, Some(day("2025-09-04")), "not from June");
}

#[test]
fn a_choice_made_before_arrival_counts_on_arrival_and_nowhere_else() {
    for (nis, expect) in [("21004", "sent bon"), ("44021", "sent amal"), ("62063", "not_in_scope")] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted_with_account(&who);
        house.tell(choice(&who, "bon", "2025-03-02"));
        assert_eq!(house.handovers(), ["prepared"]);
        house.today("2025-03-05");
        house.home(&who, nis, "2025-03-04");
        assert_eq!(house.handovers(), [expect]);
    }
}

#[test]
fn the_newest_choice_counts_in_whatever_order_they_come() {
    let (mut house, who) = in_brussels();
    house.tell(choice(&who, "bapa-bxl:nl", "2025-03-08"));
    house.tell(choice(&who, "bapa-via:fr", "2025-03-06"));
    assert_eq!(house.left(), ["bapa-bxl offer"]);
}

#[test]
fn who_chooses_again_before_a_yes_is_offered_to_the_other_alone() {
    for (first, second) in [("bapa-via:fr", "bapa-bxl:nl"), ("bapa-via:fr", "bon"), ("bon", "bapa-via:nl")] {
        let name = |said: &str| said.split(':').next().unwrap_or_default().to_owned();
        let (before, after) = (name(first), name(second));
        let (mut house, who) = in_brussels();
        house.tell(choice(&who, first, "2025-03-06"));
        house.received(&before);
        house.left();
        house.fired();
        house.tell(choice(&who, second, "2025-03-07"));
        assert_eq!(house.left(), [format!("{before} ended moved"), format!("{after} offer")]);
        assert_eq!(house.fired(), ["20", "3"]);
        let late = house.answer(&before, AnswerKind::Accepted);
        assert!(matches!(late, Verdict::Refused(Refusal::OldEpoch { successor: Some(_), .. })), "{late:?}");
        house.accepted(&after);
        assert_eq!(house.handovers(), [format!("superseded {before}"), format!("accepted {after}")]);
    }
}

/// Whoever took them over, whomever they choose then: another office of its network, or one of another.
const CHANGES: [(&str, &str, &str, &str); 4] = [
    ("bapa-via", "bapa-via:fr", "bapa-bxl", "bapa-bxl:nl"),
    ("bapa-bxl", "bapa-bxl:nl", "bapa-via", "bapa-via:fr"),
    ("bapa-via", "bapa-via:fr", "bon", "bon"),
    ("bon", "bon", "bapa-bxl", "bapa-bxl:fr"),
];

#[test]
fn another_choice_after_a_yes_waits_until_the_coordinator_ends_the_first_line() {
    for (office, first, other, second) in CHANGES {
        let (mut house, who) = with(office, first);
        house.tell(choice(&who, second, "2025-04-01"));
        assert_eq!(house.handovers(), [format!("accepted {office}"), "held".to_owned()]);
        let held = house.only().state.handovers[1].clone();
        assert_eq!((held.hold, held.owner), (Some(HoldReason::Manual), Owner::Coordinator));
        assert!(house.left().is_empty(), "{other} hears nothing");
        house.tell(account(&who, "2025-04-02"));
        assert_eq!(house.fired(), ["6"], "it is held once");
        let holding = house.only().state.handovers[0].id;
        house.order_about(holding, OrderName::EndLine);
        assert_eq!(house.fired(), ["21d", "9"]);
        assert_eq!(
            house.left(),
            [
                "agii-abroad file".to_owned(),
                "portal file".to_owned(),
                format!("{office} ended moved"),
                format!("{other} offer")
            ]
        );
        assert_eq!(house.handovers(), [format!("superseded {office}"), format!("sent {other}")]);
    }
}

#[test]
fn who_chooses_another_and_whose_trajectory_started_stays() {
    for (office, first, other, second) in CHANGES {
        let (mut house, who) = with(office, first);
        house.tell(choice(&who, second, "2025-04-01"));
        house.fired();
        house.answer(office, AnswerKind::TrajectoryStarted);
        // A trajectory that started is final, whichever office was chosen since.
        assert_eq!(house.fired(), ["30", "20"]);
        assert_eq!(house.left(), ["portal file".to_owned(), format!("{office} ended closed")], "not {other}");
        assert_eq!(house.handovers(), [format!("closed {office}"), "superseded".to_owned()]);
    }
}

#[test]
fn who_takes_his_first_choice_back_frees_what_was_held() {
    let (mut house, who) = with("bapa-via", "bapa-via:fr");
    house.tell(choice(&who, "bon", "2025-04-01"));
    house.tell(choice(&who, "bapa-via:nl", "2025-04-02"));
    assert_eq!(house.handovers(), ["accepted bapa-via", "superseded"]);
    assert!(house.left().is_empty());
}

#[test]
fn case_21b_who_moves_to_brussels_without_a_choice_stays_with_the_old_agency_until_he_chose() {
    let (mut house, who) = House::with_amal();
    house.today("2025-06-05");
    house.home(&who, "21004", "2025-06-04");
    assert_eq!(house.handovers(), ["accepted amal", "awaiting_choice"]);
    assert_eq!(house.left(), ["amal file"], "its stream goes on");
    assert_eq!(
        (house.only().state.handovers[1].owner, house.fired()),
        (Owner::Coordinator, vec!["21b".to_owned()])
    );
    house.tell(choice(&who, "bon", "2025-06-06"));
    assert_eq!(house.handovers(), ["accepted amal", "sent bon"]);
    house.left();
    house.accepted("bon");
    assert_eq!(house.left(), ["portal file", "amal ended moved", "bon file"]);
}

#[test]
fn a_choice_that_is_waited_for_beside_an_agency_that_has_the_file_is_the_coordinators() {
    let (mut house, who) = House::with_amal();
    for contract in house.bundle.contracts.iter_mut().filter(|c| c.recipient == recipient("atlas")) {
        contract.bases.clear();
    }
    house.moves(&who, "11002", "2025-04-01");
    assert_eq!(house.handovers(), ["accepted amal", "held"]);
    house.fired();
    house.moves(&who, "21004", "2025-05-01");
    assert_eq!(house.fired(), ["21b"]);
    let asked = &house.only().state.handovers[1];
    assert_eq!((asked.state, asked.owner), (State::AwaitingChoice, Owner::Coordinator));
}

/// The months are counted from the homes that are known, in whichever order they came to be known.
#[test]
fn the_six_months_count_from_the_homes_that_are_known() {
    let told = |nis, since, on| (Home::In(nis, since), on);
    let first = told("21004", "2025-03-04", "2025-03-05");
    let left = (Home::Left, "2025-04-02");
    for (what, after, last) in [
        ("a begin that is corrected", vec![told("21004", "2025-02-01", "2025-03-20")], "2025-09-04"),
        (
            "a begin that had been corrected before",
            vec![told("21004", "2025-02-01", "2025-02-20")],
            "2025-09-04",
        ),
        ("an older home in the Region", vec![told("21015", "2025-02-01", "2025-02-20")], "2025-08-01"),
        ("an older home elsewhere", vec![told("44021", "2025-02-01", "2025-02-20")], "2025-09-04"),
        ("a move inside the Region", vec![told("21015", "2025-04-01", "2025-04-02")], "2025-09-04"),
        (
            "an older home, whose begin is corrected",
            vec![told("21015", "2025-02-01", "2025-02-20"), told("21015", "2025-01-20", "2025-02-21")],
            "2025-08-01",
        ),
        ("a departure by mistake", vec![left, told("21004", "2025-03-04", "2025-04-05")], "2025-09-04"),
        ("who comes back", vec![left, told("21004", "2025-04-10", "2025-04-11")], "2025-10-10"),
        ("the same, told backwards", vec![told("21004", "2025-04-10", "2025-04-11"), left], "2025-10-10"),
    ] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted_with_account(&who);
        house.today("2025-05-02");
        for (home, on) in [first].into_iter().chain(after) {
            house.tell(register(&who, home, on));
        }
        house.tell(status(&who, Decision::Granted, 9, "2025-05-01"));
        let live = house.only().live_handover().unwrap();
        assert_eq!((live.state, live.deadline), (State::AwaitingChoice, Some(day(last))), "{what}");
        // What was given stays so, whatever comes of it.
        house.order(OrderName::Hold);
        house.order(OrderName::Release);
        assert_eq!(
            house.only().live_handover().unwrap().deadline,
            Some(day(last)),
            "{what}, held and released"
        );
    }
}
