//! The legal basis of an agency ends and is renewed: what it has stops, what it said stays said, and that something ends
//! for want of a basis is the data protection officer's to say.
//!
//! How somebody who objects stands beside it is `restriction.rs`'s proof.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support::{Home, House, day, register};
use decide::round::Verdict;
use schemas::handover::{AnswerKind, HoldReason, OrderName, RejectCode, State};
use schemas::message::Body;

/// Amal's basis ends after this day, and is renewed from another one on.
fn basis(house: &mut House, to: &str, renewed: Option<&str>) {
    let amal = house.bundle.contracts.iter_mut().find(|c| c.recipient.as_str() == "amal").unwrap();
    let mut second = amal.bases[0].clone();
    amal.bases[0].to = Some(day(to));
    if let Some(from) = renewed {
        second.from = day(from);
        amal.bases.push(second);
    }
}

/// What the last record said that left to Amal.
fn told(house: &mut House) -> Vec<String> {
    house.left().into_iter().filter(|left| left.starts_with("amal ")).collect()
}

#[test]
fn what_is_held_for_want_of_a_basis_ends_by_the_officers_order_alone() {
    for accepted in [false, true] {
        let (mut house, _) = House::arrived("44021");
        house.received("amal");
        if accepted {
            house.answer("amal", AnswerKind::Accepted);
        }
        basis(&mut house, "2025-03-05", None);
        house.until("2025-03-06");
        house.tell(Body::Due(house.only().id));
        told(&mut house);
        let held = house.only().state.handovers[0].clone();
        assert_eq!((held.state, held.hold), (State::Held, Some(HoldReason::NoBasis)));
        for order in OrderName::ALL.into_iter().filter(|order| *order != OrderName::EndNoBasis) {
            let verdict = house.clone().order(order);
            assert!(matches!(verdict, Verdict::Refused(_)), "accepted: {accepted}, {order:?}: {verdict:?}");
        }
        house.order(OrderName::EndNoBasis);
        assert_eq!(told(&mut house), ["amal ended nobasis"], "accepted: {accepted}");
        assert_eq!(house.handovers(), ["withdraw_pending amal"]);
        house.answer("amal", AnswerKind::PurgeConfirmed);
        assert_eq!(house.handovers(), ["withdrawn amal"]);
    }
}

#[test]
fn nothing_else_ends_for_want_of_a_basis() {
    let (mut house, _) = House::arrived("44021");
    house.received("amal");
    let verdict = house.clone().order(OrderName::EndNoBasis);
    assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
    house.order(OrderName::Hold);
    let verdict = house.clone().order(OrderName::EndNoBasis);
    assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
    told(&mut house);
    house.order(OrderName::Withdraw);
    assert_eq!(told(&mut house), ["amal ended withdrawn"]);
}

#[test]
fn what_ended_for_want_of_a_basis_is_offered_anew_when_there_is_one_again() {
    let (mut house, who) = House::arrived("44021");
    house.received("amal");
    basis(&mut house, "2025-03-05", Some("2025-06-02"));
    house.until("2025-03-06");
    house.order(OrderName::EndNoBasis);
    house.answer("amal", AnswerKind::PurgeConfirmed);
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-03-10"));
    assert_eq!(house.handovers(), ["withdrawn amal"], "the facts say what the officer judged");
    house.until("2025-06-02");
    house.tell(Body::Due(house.only().id));
    assert_eq!(house.handovers(), ["withdrawn amal", "sent amal"]);
}

#[test]
fn a_no_outlasts_the_basis_of_its_agency() {
    for code in RejectCode::ALL.into_iter().filter(|code| *code != RejectCode::AlreadyKnown) {
        let (mut house, who) = House::arrived("44021");
        house.received("amal");
        house.answer("amal", AnswerKind::Rejected { code });
        let refused = house.handovers();
        basis(&mut house, "2025-03-06", Some("2025-06-02"));
        for on in ["2025-03-07", "2025-06-02", "2025-06-03"] {
            house.until(on);
            house.tell(Body::Due(house.only().id));
            assert_eq!(house.handovers(), refused, "{code:?} on {on}");
        }
        // Whoever is competent since may say yes.
        house.moves(&who, "11002", "2025-06-04");
        assert_eq!(house.handovers().last().unwrap(), "sent atlas", "{code:?}");
    }
}
