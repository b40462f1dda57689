//! The state table as a whole: each row has a story that fires it, a deadline where somebody must still move, and
//! an owner who can.
//!
//! What follows from a row is told in the other files; here only that none is dead.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;

use crate::support::pair::{bridge, two, two_at_home, whole_bridge};
use crate::support::{
    Home, House, Who, application, choice, day, number_given, objection, ordered, patched, patched_permit,
    permit, recipient, register, status,
};
use decide::handover::table::{Acts, ROWS, Term, To, owner, term};
use schemas::fact::{Decision, PermitRole, Purpose};
use schemas::handover::{AnswerKind, OrderName, Owner, RejectCode, State};
use schemas::key::Key;
use schemas::reference::PermitNumber;

/// The shortest story that fires a row: its number, where it leads, and how.
type Story = (&'static str, State, fn(&mut House, &Who));

/// Two are taken for one before Amal is told of them, and are taken apart again; `between` is what happens meanwhile.
fn parted(house: &mut House, between: fn(&mut House, &Who)) {
    let ((a, first), (b, second)) = two(house);
    house.tell(number_given(&a, "2025-03-01"));
    let records = house.records_of(second);
    house.tell(bridge(&a, &b));
    house.today("2025-03-05");
    between(house, &a);
    house.split(first, &records);
}

/// The agency stored something else than what was sent.
fn unreadable(house: &mut House) {
    let sequence = house.offered[&recipient("amal")].sequence;
    house.answer("amal", AnswerKind::Received { sequence, payload_hash: [0xcd; 32] });
}

fn lapsing(house: &mut House) {
    for contract in
        house.bundle.contracts.iter_mut().filter(|contract| contract.recipient == recipient("amal"))
    {
        contract.bases[0].to = Some(day("2025-03-05"));
    }
}

fn at(house: &mut House, who: &Who, nis: &str) {
    house.granted_with_account(who);
    house.today("2025-03-05");
    house.home(who, nis, "2025-03-04");
}

fn sent(house: &mut House, who: &Who) {
    at(house, who, "44021");
}

fn accepted(house: &mut House, who: &Who) {
    sent(house, who);
    house.accepted("amal");
}

fn at_home(house: &mut House, who: &Who) {
    house.home(who, "44021", "2025-03-04");
}

fn moved(house: &mut House, who: &Who, nis: &str) {
    house.tell(register(who, Home::In(nis, "2025-03-05"), "2025-03-06"));
}

fn gone(house: &mut House, who: &Who) {
    house.tell(register(who, Home::Left, "2025-06-01"));
}

const STORIES: &[Story] = &[
    ("1", State::Prepared, House::granted),
    ("2", State::NotInScope, |house, who| {
        house.granted(who);
        house.tell(status(who, Decision::Revoked, 3, "2025-03-02"));
    }),
    ("3", State::Sent, sent),
    ("3b", State::Sent, |house, who| {
        house.tell(application(who, Purpose::FamilyReunification, "2025-01-02"));
        house.tell(number_given(who, "2025-03-01"));
        house.today("2025-03-05");
        house.home(who, "44021", "2025-03-04");
    }),
    ("4", State::AwaitingChoice, |house, who| at(house, who, "21004")),
    ("5", State::NotInScope, |house, who| at(house, who, "62063")),
    ("6", State::Held, |house, who| at(house, who, "99999")),
    ("6b", State::Held, |house, who| {
        lapsing(house);
        sent(house, who);
        house.until("2025-04-01");
    }),
    ("7", State::Sent, |house, who| {
        at(house, who, "21004");
        house.tell(choice(who, "bon", "2025-03-06"));
    }),
    ("8", State::Overdue, |house, who| {
        at(house, who, "21004");
        house.until("2025-12-01");
    }),
    ("9", State::Sent, |house, who| {
        at(house, who, "99999");
        moved(house, who, "44021");
    }),
    ("9b", State::Prepared, |house, who| {
        let young = Who { birth: "2007-01-00".to_owned(), ..who.clone() };
        house.granted(&young);
        house.until("2025-02-01");
    }),
    ("9c", State::Sent, |house, who| {
        sent(house, who);
        house.tell(objection(who, "2025-03-04"));
        house.order(OrderName::Lift);
    }),
    ("10", State::Received, |house, who| {
        sent(house, who);
        house.received("amal");
    }),
    ("11", State::Bounced, |house, who| {
        sent(house, who);
        unreadable(house);
    }),
    ("13", State::Sent, |house, who| {
        sent(house, who);
        unreadable(house);
        house.order(OrderName::SendAgain);
    }),
    ("12", State::Overdue, |house, who| {
        sent(house, who);
        house.until("2025-04-01");
    }),
    ("14", State::Accepted, accepted),
    ("15", State::Rejected, |house, who| {
        sent(house, who);
        house.rejected("amal");
    }),
    ("15k", State::Closed, |house, who| {
        sent(house, who);
        house.answer("amal", AnswerKind::Rejected { code: RejectCode::AlreadyKnown });
    }),
    ("16b", State::Held, |house, who| {
        at(house, who, "99999");
        house.until("2025-04-01");
    }),
    ("16", State::Overdue, |house, who| {
        sent(house, who);
        house.received("amal");
        house.until("2025-04-01");
    }),
    ("18", State::Sent, |house, who| {
        sent(house, who);
        house.until("2025-04-01");
        house.order(OrderName::SendAgain);
    }),
    ("18b", State::Held, |house, who| {
        sent(house, who);
        house.order(OrderName::Hold);
    }),
    ("18c", State::WithdrawPending, |house, who| {
        sent(house, who);
        house.order(OrderName::Withdraw);
    }),
    ("18d", State::Withdrawn, |house, who| {
        at(house, who, "21004");
        house.order(OrderName::Withdraw);
    }),
    ("18e", State::Held, |house, who| {
        sent(house, who);
        house.order(OrderName::Hold);
        house.order(OrderName::Release);
    }),
    ("18f", State::WithdrawPending, |house, who| {
        lapsing(house);
        sent(house, who);
        house.until("2025-04-01");
        house.order(OrderName::EndNoBasis);
    }),
    ("19", State::Sent, |house, who| {
        sent(house, who);
        house.rejected("amal");
        house.order(OrderName::Release);
    }),
    ("19b", State::Held, |house, who| {
        sent(house, who);
        house.rejected("amal");
    }),
    ("20", State::Superseded, |house, who| {
        sent(house, who);
        moved(house, who, "11002");
    }),
    ("20c", State::Superseded, |house, who| {
        sent(house, who);
        moved(house, who, "62063");
    }),
    ("21", State::Superseded, |house, who| {
        accepted(house, who);
        moved(house, who, "11002");
        house.accepted("atlas");
    }),
    ("21b", State::AwaitingChoice, |house, who| {
        accepted(house, who);
        moved(house, who, "21004");
    }),
    ("21c", State::Closed, |house, who| {
        accepted(house, who);
        moved(house, who, "62063");
    }),
    ("21d", State::Superseded, |house, who| {
        at(house, who, "21004");
        house.tell(choice(who, "bapa-via:fr", "2025-03-06"));
        house.accepted("bapa-via");
        house.tell(choice(who, "bon", "2025-03-07"));
        let first = house.only().state.handovers[0].id;
        house.tell(ordered(first, OrderName::EndLine));
    }),
    ("22", State::Sent, |house, who| {
        sent(house, who);
        moved(house, who, "44021");
    }),
    ("24", State::WithdrawPending, |house, who| {
        sent(house, who);
        gone(house, who);
    }),
    ("24b", State::Withdrawn, |house, who| {
        at(house, who, "21004");
        gone(house, who);
    }),
    ("25", State::Withdrawn, |house, who| {
        sent(house, who);
        gone(house, who);
        house.answer("amal", AnswerKind::PurgeConfirmed);
    }),
    ("25b", State::Superseded, |house, who| {
        sent(house, who);
        moved(house, who, "11002");
        house.answer("amal", AnswerKind::PurgeConfirmed);
    }),
    ("29", State::Superseded, |house, _| {
        let (a, b) = two_at_home(house, ("44021", "2025-03-06"), ("11002", "2025-03-07"));
        house.tell(whole_bridge(&a, &b));
    }),
    ("27", State::RecallPending, |house, _| parted(house, at_home)),
    ("27b", State::RecallPending, |house, _| {
        parted(house, |house, who| {
            at_home(house, who);
            house.received("amal");
        });
    }),
    ("27c", State::Superseded, |house, _| {
        parted(house, |house, who| {
            house.tell(register(who, Home::Left, "2025-03-05"));
            house.moves(who, "21004", "2025-03-08");
        });
    }),
    ("27d", State::Sent, |house, _| {
        let (a, b) = two_at_home(house, ("44021", "2025-03-06"), ("99999", "2025-03-05"));
        let whose = |house: &House, who: &Who| {
            let has = |person: &&decide::Person| person.matching.keys.contains(&Key::Insz(who.insz));
            house.people().into_iter().find(has).unwrap().id
        };
        let (first, second) = (whose(house, &a), whose(house, &b));
        let records = house.records_of(second);
        house.tell(whole_bridge(&a, &b));
        house.received("amal");
        house.split(first, &records);
    }),
    ("28", State::EnteredInError, |house, _| {
        parted(house, at_home);
        let mut offers: Vec<_> = house.offers.values().cloned().collect();
        offers.sort_by_key(|offer| offer.sequence);
        house.pick_up(&offers[0]);
        house.answer("amal", AnswerKind::PurgeConfirmed);
    }),
    ("29b", State::Accepted, |house, _| {
        let (a, b) = two_at_home(house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
        house.accepted("amal");
        house.tell(whole_bridge(&a, &b));
    }),
    ("30", State::Closed, |house, who| {
        accepted(house, who);
        house.answer("amal", AnswerKind::TrajectoryStarted);
    }),
    ("33", State::Held, |house, who| {
        sent(house, who);
        house.tell(objection(who, "2025-03-06"));
    }),
    ("33b", State::Held, |house, who| {
        sent(house, who);
        house.tell(objection(who, "2025-03-06"));
        house.order(OrderName::Lift);
    }),
    ("36", State::Prepared, |house, who| {
        let worker = Who::number(2);
        let number = PermitNumber::parse(&worker.permit).unwrap();
        house.tell(permit(&worker, Decision::Granted, "2025-01-01"));
        let own = patched_permit(permit(who, Decision::Granted, "2025-01-02"), |permit| {
            permit.role = PermitRole::Family(number.clone());
        });
        house.tell(patched(own, |record| record.keys.push(Key::PermitNamed(number))));
        house.tell(permit(&worker, Decision::Revoked, "2025-02-01"));
    }),
];

#[test]
fn each_row_has_a_story_that_fires_it() {
    let told: BTreeSet<_> = STORIES.iter().map(|(id, ..)| *id).collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.id).collect();
    assert_eq!(told, rows);
    for (id, to, story) in STORIES {
        let mut house = House::new();
        story(&mut house, &Who::number(1));
        assert!(house.rows.contains(&((*id).to_owned(), *to)), "row {id}: {:?}", house.rows);
        let row = ROWS.iter().find(|row| row.id == *id).unwrap();
        assert!(!matches!(row.to, To::State(state) if state != *to), "row {id}");
    }
}

#[test]
fn i7_who_must_still_move_has_a_deadline_and_nobody_else_has() {
    for row in ROWS {
        let To::State(to) = row.to else { continue };
        assert_eq!(matches!(term(to), Term::None), to.is_final(), "row {}", row.id);
    }
}

/// Rows whose owner is not said by the state that they lead to.
const OWNERS: [(&str, Acts); 10] = [
    ("9c", Acts::AsBefore),
    ("16b", Acts::Late),
    ("18e", Acts::Holder),
    ("21b", Acts::Is(Owner::Coordinator)),
    ("22", Acts::AsBefore),
    ("25b", Acts::AsBefore),
    ("27b", Acts::Is(Owner::Officer)),
    ("27d", Acts::Late),
    ("33b", Acts::AsBefore),
    ("36", Acts::Late),
];

#[test]
fn who_must_move_next_is_said_by_the_state_unless_the_row_says_otherwise() {
    for row in ROWS {
        let otherwise = OWNERS.iter().find(|(id, _)| *id == row.id).map(|(_, owner)| *owner);
        let of_state = match row.to {
            To::State(State::Held) => Some(Acts::Holder),
            To::State(to) => Some(Acts::Is(owner(to))),
            To::Stay | To::Back => None,
        };
        assert_eq!(Some(row.owner), otherwise.or(of_state), "row {}", row.id);
    }
}
