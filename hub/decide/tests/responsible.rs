//! Who is responsible, since when and why, at each point of a life (invariant I6): a table.
//! Each point is led to by messages alone; what is broken by hand is told.

use crate::support;
use crate::support::pair::{bridge, two};
use crate::support::{Home, House, Who, account, application, day, objection, permit, register, status};
use decide::invariant::i6;
use decide::person::Mandate;
use schemas::fact::{Decision, Purpose};
use schemas::handover::{AnswerKind, State};

const FAMILY: Purpose = Purpose::FamilyReunification;

/// A life up to a point, and who is responsible then.
struct Point {
    name: &'static str,
    lead: fn(&mut House, &Who),
    whom: Option<&'static str>,
    since: Option<&'static str>,
    why: fn(Mandate) -> bool,
}

/// Application on 2 January, granted; at home in Ghent on 5 March.
fn in_ghent(house: &mut House, who: &Who) {
    house.today("2025-01-02");
    house.granted(who);
    house.today("2025-03-05");
    house.home(who, "44021", "2025-03-04");
}

/// Amal accepted on 6 March.
fn with_amal(house: &mut House, who: &Who) {
    in_ghent(house, who);
    house.today("2025-03-06");
    house.accepted("amal");
    house.today("2025-03-07");
}

fn moved_to(nis: &str, house: &mut House, who: &Who) {
    house.tell(register(who, Home::In(nis, "2025-03-06"), "2025-03-07"));
}

const POINTS: [Point; 20] = [
    Point {
        name: "nothing in scope",
        lead: |house, who| drop(house.tell(application(who, Purpose::Study, "2025-01-02"))),
        whom: None,
        since: None,
        why: |why| why == Mandate::Nothing,
    },
    Point {
        name: "abroad: the provider, while its stream is open",
        lead: |house, who| {
            house.today("2025-01-03");
            house.tell(application(who, FAMILY, "2025-01-02"));
        },
        whom: Some("agii-abroad"),
        since: Some("2025-01-03"),
        why: |why| why == Mandate::Provider(None),
    },
    Point {
        name: "prepared",
        lead: |house, who| {
            house.today("2025-01-03");
            house.granted(who);
            house.today("2025-02-01");
        },
        whom: Some("agii-abroad"),
        since: Some("2025-01-03"),
        why: |why| matches!(why, Mandate::Provider(Some(_))),
    },
    Point {
        name: "objected before anybody was told",
        lead: |house, who| {
            house.tell(objection(who, "2025-01-01"));
            house.tell(account(who, "2025-01-01"));
            house.granted(who);
            assert_eq!(house.handovers(), ["held"]);
        },
        whom: None,
        since: None,
        why: |why| matches!(why, Mandate::Open(_)),
    },
    Point {
        name: "refused: the stream ended, the handover as well",
        lead: |house, who| {
            house.granted(who);
            house.tell(status(who, Decision::Refused, 9, "2025-03-02"));
        },
        whom: None,
        since: None,
        why: |why| matches!(why, Mandate::Over(_, State::NotInScope)),
    },
    Point {
        name: "offered",
        lead: in_ghent,
        whom: Some("agii-abroad"),
        since: Some("2025-01-02"),
        why: |why| matches!(why, Mandate::Provider(Some(_))),
    },
    Point {
        name: "received",
        lead: |house, who| {
            in_ghent(house, who);
            house.received("amal");
        },
        whom: Some("agii-abroad"),
        since: Some("2025-01-02"),
        why: |why| matches!(why, Mandate::Provider(Some(_))),
    },
    Point {
        name: "rejected",
        lead: |house, who| {
            in_ghent(house, who);
            house.rejected("amal");
        },
        whom: Some("agii-abroad"),
        since: Some("2025-01-02"),
        why: |why| matches!(why, Mandate::Provider(_)),
    },
    Point {
        name: "objected to an offer",
        lead: |house, who| {
            in_ghent(house, who);
            house.tell(objection(who, "2025-03-07"));
        },
        whom: Some("agii-abroad"),
        since: Some("2025-01-02"),
        why: |why| matches!(why, Mandate::Provider(Some(_))),
    },
    Point {
        name: "withdrawn before yes: nobody, and the purge changes nothing",
        lead: |house, who| {
            in_ghent(house, who);
            house.tell(register(who, Home::Left, "2025-03-07"));
        },
        whom: None,
        since: None,
        why: |why| matches!(why, Mandate::Over(_, State::WithdrawPending)),
    },
    Point {
        name: "accepted",
        lead: with_amal,
        whom: Some("amal"),
        since: Some("2025-03-06"),
        why: |why| matches!(why, Mandate::Accepted(_)),
    },
    Point {
        name: "accepted, then objected: held and accepted",
        lead: |house, who| {
            with_amal(house, who);
            house.tell(objection(who, "2025-03-07"));
        },
        whom: Some("amal"),
        since: Some("2025-03-06"),
        why: |why| matches!(why, Mandate::Accepted(_)),
    },
    Point {
        name: "accepted, and the next one is offered",
        lead: |house, who| {
            with_amal(house, who);
            moved_to("11002", house, who);
        },
        whom: Some("amal"),
        since: Some("2025-03-06"),
        why: |why| matches!(why, Mandate::Accepted(_)),
    },
    Point {
        name: "accepted, and the new handover awaits a choice",
        lead: |house, who| {
            with_amal(house, who);
            moved_to("21004", house, who);
            assert_eq!(house.handovers(), ["accepted amal", "awaiting_choice"]);
        },
        whom: Some("amal"),
        since: Some("2025-03-06"),
        why: |why| matches!(why, Mandate::Accepted(_)),
    },
    Point {
        name: "the next one accepted",
        lead: |house, who| {
            with_amal(house, who);
            moved_to("11002", house, who);
            house.today("2025-03-10");
            house.accepted("atlas");
        },
        whom: Some("atlas"),
        since: Some("2025-03-10"),
        why: |why| matches!(why, Mandate::Accepted(_)),
    },
    Point {
        name: "accepted, then withdrawn: until the purge is confirmed",
        lead: |house, who| {
            with_amal(house, who);
            house.tell(register(who, Home::Left, "2025-03-07"));
            assert_eq!(house.handovers(), ["withdraw_pending amal"]);
        },
        whom: Some("amal"),
        since: Some("2025-03-06"),
        why: |why| matches!(why, Mandate::Purging(_)),
    },
    Point {
        name: "purged",
        lead: |house, who| {
            with_amal(house, who);
            house.tell(register(who, Home::Left, "2025-03-07"));
            house.answer("amal", AnswerKind::PurgeConfirmed);
        },
        whom: None,
        since: None,
        why: |why| matches!(why, Mandate::Over(_, State::Withdrawn)),
    },
    Point {
        name: "a purge is awaited, and a permit begins a new life abroad",
        lead: |house, who| {
            with_amal(house, who);
            house.tell(status(who, Decision::Revoked, 9, "2025-03-07"));
            assert_eq!(house.handovers(), ["withdraw_pending amal"]);
            house.today("2025-06-01");
            house.tell(permit(who, Decision::Granted, "2025-06-01"));
        },
        whom: Some("agii-abroad"),
        since: Some("2025-06-01"),
        why: |why| matches!(why, Mandate::Provider(_)),
    },
    Point {
        name: "closed",
        lead: |house, who| {
            with_amal(house, who);
            house.answer("amal", AnswerKind::TrajectoryStarted);
        },
        whom: None,
        since: None,
        why: |why| matches!(why, Mandate::Over(_, State::Closed)),
    },
    Point {
        name: "accepted, and moved to where nobody is competent",
        lead: |house, who| {
            with_amal(house, who);
            moved_to("62063", house, who);
        },
        whom: None,
        since: None,
        why: |why| matches!(why, Mandate::Over(_, State::NotInScope)),
    },
];

#[test]
fn at_each_point_one_is_responsible_or_nobody() {
    for point in &POINTS {
        let (mut house, who) = (House::new(), Who::number(1));
        (point.lead)(&mut house, &who);
        let person = house.only();
        let told = person.responsible(&house.bundle);
        let whom = told.whom.as_ref().map(|whom| whom.as_str());
        assert_eq!((whom, told.since), (point.whom, point.since.map(day)), "{}: {told:?}", point.name);
        assert!((point.why)(told.why), "{}: {told:?}, {:?}", point.name, house.handovers());
        assert_eq!(i6(person, &house.bundle, schemas::time::day_of(house.at)), Ok(()), "{}", point.name);
    }
}

#[test]
fn after_a_merge_it_is_still_who_accepted() {
    let mut house = House::new();
    let ((a, survivor), (b, absorbed)) = two(&mut house);
    house.today("2025-03-10");
    house.home(&b, "44021", "2025-03-04");
    house.accepted("amal");
    let before = house.now(absorbed).responsible(&house.bundle);
    house.today("2025-03-20");
    house.tell(bridge(&a, &b));
    let after = house.now(survivor).responsible(&house.bundle);
    assert_eq!(after.whom, before.whom);
    assert_eq!(after.since, Some(day("2025-03-10")));
}

#[test]
fn a_broken_person_is_told() {
    let (mut house, who) = (House::new(), Who::number(1));
    with_amal(&mut house, &who);
    let (whole, on) = (house.only().clone(), schemas::time::day_of(house.at));
    let amal = support::recipient("amal");
    let mut cut = whole.clone();
    cut.state.streams.iter_mut().for_each(|stream| stream.line = None);
    assert_eq!(i6(&cut, &house.bundle, on).unwrap_err(), "I6: amal is responsible without an open line");
    let mut cut = whole.clone();
    cut.state.streams.retain(|stream| stream.recipient != amal);
    assert_eq!(i6(&cut, &house.bundle, on).unwrap_err(), "I6: amal is responsible without an open stream");
    let mut twice = whole;
    twice.state.handovers.extend(twice.state.handovers.clone());
    assert_eq!(i6(&twice, &house.bundle, on).unwrap_err(), "I6: 2 agencies are responsible at once");
}

#[test]
fn who_is_responsible_rests_on_a_handover() {
    let (mut house, who) = (House::new(), Who::number(1));
    with_amal(&mut house, &who);
    let person = house.only();
    let held = person.held_handover().map(|handover| handover.id);
    assert!(held.is_some());
    assert_eq!(person.responsible(&house.bundle).why.handover(), held);
}
