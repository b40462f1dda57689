//! What somebody stopped: an agency by its no, the desk by an order. A no lasts while the facts say what they said then
//! and nobody was chosen anew since; what the desk stopped lasts until it releases it, wherever the person goes.

use crate::support::{Home, House, Who, account, choice, day, objection, register};
use schemas::handover::{AnswerKind, HoldReason, OrderName, Owner, RejectCode, State};
use schemas::message::Body;

/// What is said of somebody.
type Says = fn(&Who) -> Body;

/// Every no that leaves something to be judged: who has a file of its own has closed it.
fn codes() -> impl Iterator<Item = RejectCode> {
    RejectCode::ALL.into_iter().filter(|code| *code != RejectCode::AlreadyKnown)
}

/// At home in Brussels since 4 March; they chose Bon, which said no on 6 March.
fn refused_by_bon(code: RejectCode) -> (House, Who) {
    let (mut house, who) = House::arrived("21004");
    house.today("2025-03-06");
    house.tell(choice(&who, "bon", "2025-03-05"));
    house.received("bon");
    house.answer("bon", AnswerKind::Rejected { code });
    assert_eq!(house.handovers(), ["held bon"], "{code:?}");
    house.left();
    house.fired();
    (house, who)
}

#[test]
fn a_no_lasts_while_nothing_differs() {
    let same: [(&str, Says); 5] = [
        ("the same office, chosen at the moment of its no", |who| choice(who, "bon", "2025-03-06")),
        ("an account", |who| account(who, "2025-03-08")),
        ("the same choice again", |who| choice(who, "bon", "2025-03-05")),
        ("an older choice that is told late", |who| choice(who, "bapa-via:fr", "2025-03-04")),
        ("another that is not complete", |who| choice(who, "bapa-bxl", "2025-03-09")),
    ];
    for (code, (what, said)) in codes().flat_map(|code| same.map(|said| (code, said))) {
        let (mut house, who) = refused_by_bon(code);
        house.today("2025-03-10");
        house.tell(said(&who));
        assert_eq!(
            (house.handovers(), house.fired()),
            (vec!["held bon".to_owned()], vec![]),
            "{code:?}: {what}"
        );
    }
}

#[test]
fn who_chooses_the_same_office_anew_is_offered_to_it_anew() {
    for code in codes() {
        let (mut house, who) = refused_by_bon(code);
        house.today("2025-03-10");
        house.tell(choice(&who, "bon", "2025-03-09"));
        assert_eq!(house.fired(), ["19"], "{code:?}");
        assert_eq!((house.handovers(), house.left()), (vec!["sent bon".into()], vec!["bon offer".into()]));
        assert_eq!(house.only().state.handovers[0].epoch, 2, "{code:?}");
        // And what it says to that stands by itself: its no lasts again.
        house.received("bon");
        house.answer("bon", AnswerKind::Rejected { code });
        house.tell(account(&who, "2025-03-10"));
        assert_eq!(house.handovers(), ["held bon"], "{code:?}");
    }
}

#[test]
fn a_no_ends_where_the_facts_differ() {
    let other: [(&str, Says, &[&str]); 4] = [
        (
            "another office",
            |who| choice(who, "bapa-via:fr", "2025-03-09"),
            &["superseded bon", "sent bapa-via"],
        ),
        (
            "Ghent",
            |who| register(who, Home::In("44021", "2025-03-09"), "2025-03-10"),
            &["superseded bon", "sent amal"],
        ),
        (
            "Liège",
            |who| register(who, Home::In("62063", "2025-03-09"), "2025-03-10"),
            &["superseded bon", "not_in_scope"],
        ),
        ("abroad", |who| register(who, Home::Left, "2025-03-10"), &["withdrawn bon"]),
    ];
    for (code, (what, said, after)) in codes().flat_map(|code| other.map(|said| (code, said))) {
        let (mut house, who) = refused_by_bon(code);
        house.today("2025-03-10");
        house.tell(said(&who));
        assert_eq!(house.handovers(), after, "{code:?}: {what}");
    }
}

#[test]
fn a_choice_after_the_desk_withdrew_what_waited_is_the_coordinators_again() {
    let (mut house, who) = House::arrived("21004");
    house.tell(choice(&who, "bon", "2025-03-05"));
    house.accepted("bon");
    house.today("2025-04-02");
    house.tell(choice(&who, "bapa-via:fr", "2025-04-01"));
    house.order(OrderName::Withdraw);
    house.tell(account(&who, "2025-04-02"));
    assert_eq!(house.handovers(), ["accepted bon", "withdrawn"], "it was judged");
    house.today("2025-04-10");
    house.tell(choice(&who, "bapa-bxl:nl", "2025-04-09"));
    assert_eq!(house.handovers(), ["accepted bon", "withdrawn", "held"]);
}

/// Offered to Amal, and stopped by the coordinator.
fn stopped_at_amal() -> (House, Who) {
    let (mut house, who) = House::arrived("44021");
    house.received("amal");
    house.order(OrderName::Hold);
    house.left();
    house.fired();
    (house, who)
}

#[test]
fn what_the_desk_stopped_stays_so_wherever_they_go() {
    for (nis, then) in [("11002", "sent atlas"), ("21004", "awaiting_choice")] {
        let (mut house, who) = stopped_at_amal();
        house.moves(&who, nis, "2025-03-10");
        assert_eq!(house.fired(), ["20", "6"], "{nis}");
        assert_eq!(house.handovers(), ["superseded amal", "held"], "{nis}");
        assert_eq!(house.left(), ["amal ended moved"], "{nis}: nobody is offered them");
        let held = house.only().state.handovers[1].clone();
        assert_eq!((held.hold, held.owner), (Some(HoldReason::Manual), Owner::Coordinator));
        assert!(held.deadline.is_some_and(|deadline| day("2025-03-10") < deadline));
        // It stays so, also over an objection that is lifted, until somebody releases it.
        house.tell(account(&who, "2025-03-11"));
        house.tell(objection(&who, "2025-03-11"));
        house.today("2025-03-12");
        house.order(OrderName::Lift);
        assert_eq!(house.handovers(), ["superseded amal", "held"], "{nis}");
        assert_eq!(house.only().state.handovers[1].hold, Some(HoldReason::Manual), "{nis}");
        house.order(OrderName::Release);
        assert_eq!(house.handovers(), ["superseded amal", then], "{nis}");
    }
}

#[test]
fn what_was_stopped_once_stops_nothing_after_its_release() {
    let (mut house, who) = stopped_at_amal();
    house.moves(&who, "11002", "2025-03-10");
    house.order(OrderName::Release);
    house.moves(&who, "46021", "2025-04-10");
    assert_eq!(house.handovers(), ["superseded amal", "superseded atlas", "sent agii"]);
    house.tell(objection(&who, "2025-04-11"));
    house.today("2025-04-12");
    house.order(OrderName::Lift);
    assert_eq!(house.handovers(), ["superseded amal", "superseded atlas", "sent agii"]);
}

#[test]
fn what_was_stopped_ends_where_nobody_is_to_be_told() {
    for (home, after) in [
        (Home::In("62063", "2025-03-10"), vec!["superseded amal", "not_in_scope"]),
        (Home::Left, vec!["withdraw_pending amal"]),
    ] {
        let (mut house, who) = stopped_at_amal();
        house.today("2025-03-11");
        house.tell(register(&who, home, "2025-03-11"));
        assert_eq!(house.handovers(), after);
    }
    let (mut house, who) = stopped_at_amal();
    house.moves(&who, "11002", "2025-03-10");
    house.moves(&who, "62063", "2025-03-20");
    assert_eq!(house.handovers(), ["superseded amal", "not_in_scope"]);
    assert!(house.only().state.handovers.iter().all(|h| h.state != State::Held));
}

/// Released, what was held is as it was: with its agency again, and for no reason any more.
#[test]
fn what_is_released_is_held_for_nothing() {
    let (mut house, _) = stopped_at_amal();
    house.order(OrderName::Release);
    let back = &house.only().state.handovers[0];
    assert_eq!((back.state, back.hold, back.held_in), (State::Received, None, None));
    assert_eq!(back.owner, Owner::Agency);
}

/// A day on which somebody must move stays when they move inside the territory, whoever has it.
#[test]
fn another_street_gives_nobody_more_time() {
    for held in [false, true] {
        let (mut house, who) = House::arrived("44021");
        house.received("amal");
        if held {
            house.order(OrderName::Hold);
        }
        let before = house.only().state.handovers[0].clone();
        assert!(before.deadline.is_some());
        house.fired();
        house.moves(&who, "44021", "2025-03-07");
        let after = house.only().state.handovers[0].clone();
        assert_eq!(
            (after.deadline, after.owner, after.hold, after.escalated),
            (before.deadline, before.owner, before.hold, false),
            "held: {held}"
        );
        assert_eq!(house.fired(), if held { vec![] } else { vec!["22"] });
        assert_eq!(after.residence == before.residence, held);
    }
}

#[test]
fn a_purge_that_is_confirmed_again_is_told_once() {
    let (mut house, _) = House::arrived("44021");
    house.received("amal");
    house.answer("amal", AnswerKind::Rejected { code: RejectCode::InsufficientData });
    let purged = |house: &House| house.only().state.handovers[0].purged;
    assert_eq!(purged(&house), None);
    house.fired();
    for fired in [vec!["25b"], vec![]] {
        house.answer("amal", AnswerKind::PurgeConfirmed);
        assert!(purged(&house).is_some());
        assert_eq!(house.fired(), fired);
    }
}

/// Also where nobody moved it in time: released, it is with whom its reason says, who has their whole time.
#[test]
fn what_was_refused_and_is_released_stays_with_whom_its_reason_says() {
    for (code, late) in codes().flat_map(|code| [(code, false), (code, true)]) {
        let (mut house, who) = refused_by_bon(code);
        house.today("2025-03-10");
        house.tell(register(&who, Home::Nowhere, "2025-03-10"));
        let before = house.only().state.handovers[0].clone();
        if late {
            house.until("2025-08-01");
            assert!(house.only().state.handovers[0].escalated);
        }
        house.order(OrderName::Release);
        let held = &house.only().state.handovers[0];
        assert_eq!(
            (held.state, held.owner, held.escalated),
            (State::Held, before.owner, false),
            "{code:?}, late: {late}"
        );
        assert!(!late || held.deadline > before.deadline, "{code:?}: their whole time");
    }
}
