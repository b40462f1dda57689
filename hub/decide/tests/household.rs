//! Who comes on one permit: where it comes to an end for one of them, by whatever cause and on whatever day, the others are
//! given to the coordinator, once, and none of them is moved (row 36).
//!
//! What follows for whose own permit ends is told in the other files.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support;
use crate::support::{
    Home, House, Who, application, day, number_given, patched, patched_application, patched_permit, permit,
    register, since, status, withdrawn,
};
use decide::journey::Journey;
use schemas::fact::{Decision, PermitRole, Purpose};
use schemas::handover::State;
use schemas::key::Key;
use schemas::message::Body;
use schemas::reference::PermitNumber;

/// A worker with a permit, and one of their family whose own permit names it; both are waited for.
fn household() -> (House, Who, Who) {
    let (mut house, worker, member) = (House::new(), Who::number(2), Who::number(1));
    house.tell(permit(&worker, Decision::Granted, "2025-01-01"));
    house.tell(application(&worker, Purpose::Work, "2025-01-02"));
    house.tell(number_given(&worker, "2025-01-03"));
    house.tell(of_family(&member, &worker, Decision::Granted, "2025-01-02"));
    assert_eq!(house.handovers(), ["prepared", "prepared"]);
    house.fired();
    (house, worker, member)
}

/// The permit of one who comes with this worker.
fn of_family(member: &Who, worker: &Who, decision: Decision, on: &str) -> Body {
    let number = PermitNumber::parse(&worker.permit).unwrap();
    let own = patched_permit(permit(member, decision, on), |permit| {
        permit.role = PermitRole::Family(number.clone());
    });
    patched(own, |record| record.keys.push(Key::PermitNamed(number)))
}

/// How often somebody was given to the coordinator since the last look, and whose handovers are.
fn flagged(house: &mut House) -> usize {
    house.fired().iter().filter(|row| *row == "36").count()
}

/// Something that is said of the worker.
type Said = fn(&Who) -> Body;

const ENDS: [(&str, Said); 6] = [
    ("the permit is refused", |who| permit(who, Decision::Refused, "2025-02-01")),
    ("the permit is revoked", |who| permit(who, Decision::Revoked, "2025-02-01")),
    ("the visa on it is refused", |who| status(who, Decision::Refused, 2, "2025-02-01")),
    ("the visa on it is revoked", |who| status(who, Decision::Revoked, 2, "2025-02-01")),
    ("they left", |who| register(who, Home::Left, "2025-02-01")),
    ("they died", |who| register(who, Home::Deceased, "2025-02-01")),
];

#[test]
fn the_end_of_a_permit_by_whatever_cause_gives_the_others_to_the_coordinator() {
    for (what, said) in ENDS {
        let (mut house, worker, member) = household();
        house.today("2025-02-02");
        house.tell(said(&worker));
        assert_eq!(flagged(&mut house), 1, "{what}");
        let state = |number: &Who| {
            let people = house.people();
            let own = |p: &&&decide::Person| Journey::of(&p.state).names() == Some(&number.names());
            let found = people.iter().find(own).unwrap().state.handovers.last().unwrap().clone();
            (found.state.as_str(), found.escalated)
        };
        assert_eq!(state(&member), ("prepared", true), "{what}: it stays where it is");
        // It is told once.
        house.tell(said(&worker));
        house.today("2025-02-03");
        house.people().iter().map(|person| person.id).collect::<Vec<_>>().into_iter().for_each(|id| {
            house.tell(Body::Due(id));
        });
        assert_eq!(flagged(&mut house), 0, "{what}");
    }
}

#[test]
fn what_ends_no_permit_gives_nobody_to_the_coordinator() {
    let harmless: [(&str, Said); 4] = [
        ("it is granted again", |who| permit(who, Decision::Granted, "2025-02-01")),
        ("the visa is granted", |who| status(who, Decision::Granted, 2, "2025-02-01")),
        ("the visa is taken back", |who| withdrawn(who, 2, "2025-02-01")),
        ("they have a home", |who| register(who, Home::In("44021", "2025-02-01"), "2025-02-01")),
    ];
    for (what, said) in harmless {
        let (mut house, worker, _) = household();
        house.today("2025-02-02");
        house.tell(said(&worker));
        assert_eq!(flagged(&mut house), 0, "{what}");
    }
}

/// A departure that is announced ends the permit on its day, when nobody says anything.
#[test]
fn an_end_that_comes_with_its_day_is_told_on_it() {
    let (mut house, worker, _) = household();
    house.today("2025-02-02");
    house.tell(since(register(&worker, Home::Left, "2025-02-01"), "2025-04-10"));
    assert_eq!(flagged(&mut house), 0);
    house.until("2025-04-09");
    assert_eq!(flagged(&mut house), 0);
    house.until("2025-04-10");
    assert_eq!(flagged(&mut house), 1);
}

/// Who lives here already is brought here by no permit; its end concerns those who come on it all the same.
#[test]
fn the_end_of_a_permit_of_who_lives_here_is_told() {
    let (mut house, worker, _) = household();
    house.today("2025-02-02");
    let here =
        |decision, on| patched_permit(permit(&worker, decision, on), |permit| permit.lives_here = true);
    house.tell(here(Decision::Granted, "2025-02-01"));
    assert_eq!(flagged(&mut house), 0);
    house.tell(here(Decision::Revoked, "2025-02-02"));
    assert_eq!(flagged(&mut house), 1);
}

#[test]
fn a_permit_that_goes_on_and_ends_once_more_is_told_anew() {
    let (mut house, worker, _) = household();
    for (decision, on, told) in [
        (Decision::Revoked, "2025-02-01", 1),
        (Decision::Granted, "2025-02-02", 0),
        (Decision::Revoked, "2025-02-03", 1),
    ] {
        house.tell(permit(&worker, decision, on));
        assert_eq!(flagged(&mut house), told, "{on}");
    }
}

/// The end of a member's own part is told to the worker and to every other member.
#[test]
fn a_member_whose_part_ends_is_told_to_the_worker_and_the_other_members() {
    let (mut house, worker, member) = household();
    house.tell(of_family(&Who::number(3), &worker, Decision::Granted, "2025-01-05"));
    house.fired();
    house.tell(of_family(&member, &worker, Decision::Refused, "2025-02-01"));
    assert_eq!(flagged(&mut house), 2);
}

/// Two pieces of one worker: the one has the permit, the other the visa that was refused on it.
#[test]
fn an_end_that_comes_with_a_merge_is_told() {
    let (mut house, worker, _) = household();
    let other = Who { insz: support::test_insz(902), dvz: "8000902".to_owned(), ..worker.elsewhere() };
    let on_the_same = |applied: &mut support::filing::Filing| {
        applied.permit = Some(PermitNumber::parse(&worker.permit).unwrap());
    };
    house.tell(status(&worker, Decision::Refused, 2, "2025-01-20"));
    assert_eq!(flagged(&mut house), 1);
    house.tell(patched_application(application(&other, Purpose::Work, "2025-01-21"), on_the_same));
    house.fired();
    house.tell(support::pair::bridge(&worker, &other));
    // A visa goes on for it now, so it lives; and ends when that one is refused as well.
    assert_eq!(flagged(&mut house), 0);
    house.tell(status(&other, Decision::Refused, 2, "2025-02-01"));
    assert_eq!(flagged(&mut house), 1);
}

/// Who is flagged while a clock runs: the clock goes on, above all the one that is law.
#[test]
fn a_flag_gives_nobody_more_time_to_choose() {
    let (mut house, worker, member) = household();
    house.tell(application(&member, Purpose::FamilyOfWorker, "2025-01-04"));
    house.tell(number_given(&member, "2025-01-05"));
    house.today("2025-03-05");
    house.home(&member, "21004", "2025-03-04");
    let waiting = |house: &House| {
        let people = house.people();
        let all = people.iter().flat_map(|person| &person.state.handovers);
        let found = all.clone().find(|handover| handover.state == State::AwaitingChoice).unwrap();
        (found.deadline, found.escalated)
    };
    assert_eq!(waiting(&house), (Some(day("2025-09-04")), false));
    house.today("2025-06-03");
    house.tell(permit(&worker, Decision::Revoked, "2025-06-03"));
    assert_eq!(flagged(&mut house), 1);
    assert_eq!(waiting(&house), (Some(day("2025-09-04")), true));
}
