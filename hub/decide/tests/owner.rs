//! Whose message each is: its key is wrapped by the owner's, so the heart says it and nobody guesses.
//!
//! What follows from a message is not asked here: one from which nothing follows has an owner all the same.

use crate::support::house::House;
use crate::support::say::{announced, application, mac};
use crate::support::{Who, test_insz};
use schemas::fact::Purpose;
use schemas::handover::AnswerKind;
use schemas::insz::Insz;
use schemas::message::{Body, Said, TaskFailed};

fn failed(insz: Insz) -> Body {
    let failed = TaskFailed { insz, code: "30001".to_owned() };
    decide::prepare(Said::TaskFailed(failed), &mac)
}

#[test]
fn every_message_about_somebody_has_an_owner() {
    let mut house = House::new();
    let who = Who::number(1);
    let first = house.change(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    let owner = first.owner.unwrap();
    assert!(first.is_new(owner));
    house.granted(&who);
    let later: Vec<Body> = vec![announced(who.insz, "2025-04-01"), failed(who.insz), Body::Due(owner)];
    for body in later {
        let change = house.change(body.clone());
        assert_eq!(change.owner, Some(owner), "{body:?}");
        assert!(!change.is_new(owner));
    }
    house.today("2025-05-02");
    house.home(&who, "44021", "2025-05-01");
    house.received("amal");
    let decide::round::Verdict::Decided(change) = house.answer("amal", AnswerKind::Accepted) else {
        panic!("the yes was not taken")
    };
    assert_eq!(change.owner, Some(owner));
}

#[test]
fn a_message_about_nobody_has_none() {
    let mut house = House::new();
    for body in [announced(test_insz(5), "2025-04-01"), failed(test_insz(5))] {
        assert_eq!(house.change(body).owner, None);
    }
}
