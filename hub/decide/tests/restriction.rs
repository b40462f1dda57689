//! They object to being handed over: row 33 of the state table, and I8 under a restriction: the same links
//! and facts, and no new record.
//!
//! Nothing leaves from then on but ends and their own status, at whatever point of their life they say it. How it is lifted: `corners.rs`.

use crate::support;
use crate::support::pair::{bridge, two};
use crate::support::{
    Home, House, Who, account, application, choice, day, learned, objection, path, redeliver, register,
    status,
};
use decide::Refusal;
use decide::round::Verdict;
use schemas::fact::{Decision, LearningStep, Purpose};
use schemas::handover::{AnswerKind, HoldReason, OrderName, Owner, State};
use schemas::message::Body;

/// How far somebody is: a name, how they got there, and their handovers before and after they object.
struct Point {
    name: &'static str,
    lead: fn(&mut House, &Who),
    before: &'static [&'static str],
    after: &'static [&'static str],
}

fn in_ghent(house: &mut House, who: &Who) {
    house.granted_with_account(who);
    house.today("2025-03-05");
    house.home(who, "44021", "2025-03-04");
}

fn with_amal(house: &mut House, who: &Who) {
    in_ghent(house, who);
    house.accepted("amal");
}

const POINTS: [Point; 12] = [
    Point {
        name: "applied",
        lead: |house, who| {
            house.tell(application(who, Purpose::FamilyReunification, "2025-01-02"));
            house.tell(account(who, "2025-01-03"));
        },
        before: &[],
        after: &[],
    },
    Point { name: "prepared", lead: House::granted_with_account, before: &["prepared"], after: &["held"] },
    Point {
        name: "awaiting a choice",
        lead: |house, who| {
            house.granted_with_account(who);
            house.today("2025-03-05");
            house.home(who, "21004", "2025-03-04");
        },
        before: &["awaiting_choice"],
        after: &["held"],
    },
    Point {
        name: "held for another reason",
        lead: |house, who| {
            house.granted_with_account(who);
            house.today("2025-03-05");
            house.home(who, "99999", "2025-03-04");
        },
        before: &["held"],
        after: &["held"],
    },
    Point { name: "sent", lead: in_ghent, before: &["sent amal"], after: &["held amal"] },
    Point {
        name: "received",
        lead: |house, who| {
            in_ghent(house, who);
            house.received("amal");
        },
        before: &["received amal"],
        after: &["held amal"],
    },
    Point {
        name: "overdue",
        lead: |house, who| {
            in_ghent(house, who);
            house.until("2025-03-10");
        },
        before: &["overdue amal"],
        after: &["held amal"],
    },
    Point { name: "accepted", lead: with_amal, before: &["accepted amal"], after: &["held amal"] },
    Point {
        name: "moving",
        lead: |house, who| {
            with_amal(house, who);
            house.tell(register(who, Home::In("11002", "2025-03-05"), "2025-03-06"));
        },
        before: &["accepted amal", "sent atlas"],
        after: &["held amal", "held atlas"],
    },
    Point {
        name: "closed",
        lead: |house, who| {
            with_amal(house, who);
            house.answer("amal", AnswerKind::TrajectoryStarted);
        },
        before: &["closed amal"],
        after: &["closed amal"],
    },
    Point {
        name: "without a receiver",
        lead: |house, who| {
            house.granted_with_account(who);
            house.today("2025-03-05");
            house.home(who, "62063", "2025-03-04");
        },
        before: &["not_in_scope"],
        after: &["not_in_scope"],
    },
    Point {
        name: "gone",
        lead: |house, who| {
            with_amal(house, who);
            house.tell(register(who, Home::Left, "2025-03-06"));
        },
        before: &["withdraw_pending amal"],
        after: &["withdraw_pending amal"],
    },
];

/// Somebody at this point, who objects.
fn objecting(point: &Point) -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    (point.lead)(&mut house, &who);
    assert_eq!(house.handovers(), point.before, "{}", point.name);
    house.left_to_others();
    house.tell(objection(&who, "2025-03-07"));
    (house, who)
}

#[test]
fn row_33_at_every_point_what_is_live_is_held_for_the_officer_and_nothing_leaves() {
    for point in &POINTS {
        let (mut house, who) = objecting(point);
        assert!(house.left_to_others().is_empty(), "{}", point.name);
        assert_eq!(house.handovers(), point.after, "{}", point.name);
        for handover in house.only().state.handovers.iter().filter(|h| h.state == State::Held) {
            let held = (handover.hold, handover.owner, handover.deadline.is_some());
            assert_eq!(held, (Some(HoldReason::Restricted), Owner::Officer, true), "{}", point.name);
        }
        house.fired();
        let stays = house.handovers();
        house.tell(objection(&who, "2025-03-08"));
        house.tell(path(&who, &["B1", "L1"], "2025-03-08"));
        house.tell(support::platform_linked(&who, "2025-03-08"));
        house.tell(learned(&who, 1, "B1", LearningStep::Passed, "2025-03-08"));
        house.tell(choice(&who, "bon", "2025-03-08"));
        house.until("2025-12-01");
        assert_eq!((house.left_to_others(), house.handovers()), (vec![], stays), "{}", point.name);
        assert!(house.fired().iter().all(|row| row == "16b"), "{}: the officer is asked again", point.name);
    }
}

#[test]
fn under_an_objection_a_new_home_is_noted_and_nobody_is_told() {
    for point in &POINTS {
        let (mut house, who) = objecting(point);
        for (nis, since, on) in [("21004", "2025-04-01", "2025-04-02"), ("11002", "2025-05-01", "2025-05-02")]
        {
            house.today(on);
            house.tell(support::number_given(&who, on));
            house.home(&who, nis, since);
            assert!(house.left_to_others().is_empty(), "{} to {nis}", point.name);
        }
        let live = house.only().state.handovers.iter().filter(|h| h.is_live());
        assert!(live.into_iter().all(|h| h.hold == Some(HoldReason::Restricted)), "{}", point.name);
    }
}

#[test]
fn death_departure_and_revocation_after_an_objection_still_end_every_stream() {
    type Gone = fn(&Who) -> Body;
    let ways: [(&str, Gone); 3] = [
        ("death", |who| register(who, Home::Deceased, "2025-06-01")),
        ("departure", |who| register(who, Home::Left, "2025-06-01")),
        ("revocation", |who| status(who, Decision::Revoked, 9, "2025-06-01")),
    ];
    for point in &POINTS {
        for (way, gone) in ways {
            let (mut house, who) = objecting(point);
            house.tell(support::number_given(&who, "2025-05-01"));
            let open = |house: &House| -> Vec<String> {
                house
                    .only()
                    .open_streams()
                    .map(|s| s.recipient.as_str().to_owned())
                    .filter(|r| r != "portal")
                    .collect()
            };
            let before = open(&house);
            house.tell(gone(&who));
            let ended: Vec<String> = before.iter().map(|r| format!("{r} ended withdrawn")).collect();
            assert_eq!((house.left_to_others(), open(&house)), (ended, vec![]), "{} and {way}", point.name);
            assert!(house.only().live_handover().is_none(), "{} and {way}", point.name);
        }
    }
}

#[test]
fn an_answer_to_what_is_held_changes_nothing() {
    let (mut house, _) = objecting(&POINTS[5]);
    let before = house.persons();
    let expect = Refusal::NotAllowed { state: State::Held, allowed: vec![] };
    assert_eq!(house.answer("amal", AnswerKind::Accepted), Verdict::Refused(expect));
    assert_eq!(house.persons(), before);
}

#[test]
fn what_is_asked_for_by_name_is_not_sent_either() {
    let (mut house, _) = objecting(&POINTS[7]);
    let streams: Vec<_> = house.only().open_streams().map(|s| (s.recipient.clone(), s.id)).collect();
    for (recipient, stream) in streams {
        let change = house.change(redeliver(stream));
        assert_eq!(change.deliveries.is_empty(), recipient.as_str() != "portal", "{recipient}");
    }
}

#[test]
fn the_participant_goes_on_hearing_of_themselves() {
    let (mut house, who) = objecting(&POINTS[7]);
    house.left();
    house.tell(path(&who, &["B1", "L1"], "2025-03-08"));
    assert_eq!(house.left(), ["portal file"]);
    house.today("2025-06-01");
    house.tell(register(&who, Home::Deceased, "2025-06-01"));
    assert!(!house.left().contains(&"portal file".to_owned()));
}

#[test]
fn a_restriction_is_lifted_for_the_person_whether_they_have_a_handover_or_not() {
    for point in &POINTS {
        let (mut house, who) = objecting(point);
        house.tell(path(&who, &["B1", "L1"], "2025-03-08"));
        house.today("2025-03-09");
        let person = house.only().id;
        let lifted = |house: &mut House| {
            let by = schemas::actor::ActorName::parse("elif").unwrap();
            house.tell(Body::Lifted { person, reason: "agreed".to_owned(), by })
        };
        assert!(matches!(lifted(&mut house), Verdict::Decided(_)), "{}", point.name);
        assert_eq!(lifted(&mut house), Verdict::Refused(Refusal::NoRestriction), "{}", point.name);
        let held = |h: &&decide::person::Handover| h.hold == Some(HoldReason::Restricted) && h.is_live();
        assert_eq!(house.only().state.handovers.iter().filter(held).count(), 0, "{}", point.name);
    }
}

#[test]
fn who_objects_before_anything_is_known_is_told_to_nobody() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(account(&who, "2025-01-01"));
    house.tell(objection(&who, "2025-01-01"));
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&who, "44021", "2025-03-04");
    assert_eq!((house.left_to_others(), house.handovers()), (vec![], vec!["held".to_owned()]));
}

#[test]
fn an_objection_of_one_who_turns_out_to_be_another_is_his() {
    let mut house = House::new();
    let ((a, _), (b, _)) = two(&mut house);
    house.tell(account(&b, "2025-02-03"));
    house.tell(objection(&b, "2025-02-04"));
    house.left_to_others();
    house.tell(bridge(&a, &b));
    assert_eq!(house.left_to_others(), ["agii-abroad ended merged"]);
    assert_eq!(house.only().live_handover().and_then(|h| h.hold), Some(HoldReason::Restricted));
}

/// What the relay voided under the restriction is lost otherwise: nothing else in the view changes.
#[test]
fn what_is_held_for_another_reason_when_a_restriction_is_lifted_goes_out_once_more_when_it_is_free() {
    for by_the_desk in [true, false] {
        let (mut house, who) = House::arrived("44021");
        house.received("amal");
        if by_the_desk {
            house.order(OrderName::Hold);
        }
        house.tell(objection(&who, "2025-03-06"));
        if !by_the_desk {
            let amal = house.bundle.contracts.iter_mut().find(|c| c.recipient.as_str() == "amal").unwrap();
            amal.bases[0].to = Some(day("2025-03-06"));
        }
        house.today("2025-03-07");
        house.left_to_others();
        house.order(OrderName::Lift);
        let to_amal = |house: &mut House| {
            house.left_to_others().into_iter().filter(|left| left.starts_with("amal")).collect::<Vec<_>>()
        };
        assert!(to_amal(&mut house).is_empty(), "it is held: {by_the_desk}");
        if by_the_desk {
            house.order(OrderName::Release);
        } else {
            let amal = house.bundle.contracts.iter_mut().find(|c| c.recipient.as_str() == "amal").unwrap();
            amal.bases[0].to = None;
            house.today("2025-03-08");
            house.tell(Body::Due(house.only().id));
        }
        assert_eq!(to_amal(&mut house), ["amal offer"], "by the desk: {by_the_desk}");
        house.today("2025-03-09");
        house.tell(Body::Due(house.only().id));
        assert!(to_amal(&mut house).is_empty(), "once");
    }
}

/// An order about one of them is none about the other, whoever survives.
#[test]
fn an_objection_that_stands_is_not_lifted_by_a_merge() {
    for lifted_of_the_survivor in [true, false] {
        let mut house = House::new();
        let ((a, one), (b, other)) = two(&mut house);
        let both = [(&a, one, lifted_of_the_survivor), (&b, other, !lifted_of_the_survivor)];
        for (who, _, _) in both {
            house.tell(account(who, "2025-02-03"));
            house.tell(objection(who, "2025-02-04"));
        }
        house.today("2025-02-06");
        for (_, person, lifted) in both {
            if lifted {
                let by = schemas::actor::ActorName::parse("els").unwrap();
                house.tell(Body::Lifted { person, reason: "withdrawn".to_owned(), by });
            }
        }
        house.left_to_others();
        house.tell(bridge(&a, &b));
        let hold = house.only().live_handover().and_then(|h| h.hold);
        assert_eq!(hold, Some(HoldReason::Restricted), "lifted of the survivor: {lifted_of_the_survivor}");
        assert_eq!(house.left_to_others(), ["agii-abroad ended merged"]);
        house.today("2025-02-07");
        house.order(OrderName::Lift);
        assert!(!house.only().state.objects(), "one order lifts what both objected to");
    }
}

#[test]
fn what_the_desk_had_stopped_is_with_the_coordinator_again_once_the_restriction_is_lifted() {
    let (mut house, who) = House::arrived("44021");
    house.order(OrderName::Hold);
    house.tell(objection(&who, "2025-03-06"));
    let stands = |house: &House| {
        let last = house.only().state.handovers.last().unwrap();
        (last.hold, last.owner)
    };
    assert_eq!(stands(&house), (Some(HoldReason::Restricted), Owner::Officer));
    house.today("2025-03-07");
    house.order(OrderName::Lift);
    assert_eq!(stands(&house), (Some(HoldReason::Manual), Owner::Coordinator));
}
