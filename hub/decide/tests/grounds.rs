//! What an explanation names is what the decision rested on: the claims that count, each in its cell, and no other.
//!
//! How they are told in words is the engine's. Who is in the target group: `scope`.

use crate::support::{
    Home, House, Who, account, application, choice, day, number_given, permit, register, status,
};
use decide::journey::Journey;
use decide::journey::grounds::{Ground, of_home, of_target_group};
use schemas::fact::{Decision, Purpose};

fn named(grounds: &[Ground<'_>]) -> Vec<String> {
    let name = |(cell, _): &Ground<'_>| format!("{:?} {:?}", cell.field, cell.authority);
    let mut names: Vec<String> = grounds.iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn the_claims_that_count_are_named() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2025-04-01");
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    house.tell(status(&who, Decision::Granted, 2, "2025-02-01"));
    house.tell(permit(&who, Decision::Granted, "2025-01-03"));
    house.tell(account(&who, "2025-03-02"));
    house.tell(number_given(&who, "2025-03-03"));
    let before = named(&of_target_group(Journey::of(&house.only().state)));
    house.tell(register(&who, Home::In("21004", "2025-03-10"), "2025-03-12"));
    house.tell(choice(&who, "bon:nl", "2025-03-20"));
    let journey = Journey::of(&house.only().state);
    let after = named(&of_target_group(journey));
    let entries = [
        "AccountOpened Portal",
        "Applied Post",
        "Birth Post",
        "Decision Post",
        "Destination Post",
        "Ground Post",
        "Nationalities Permits",
    ];
    assert_eq!(before, [&entries[..], &["Permit Permits", "PermitDecision Permits"]].concat());
    let entries = [
        "AccountOpened Portal",
        "Applied Post",
        "Birth Register",
        "Decision Post",
        "Destination Post",
        "Ground Post",
        "Nationalities Register",
    ];
    let answer = ["Permit Permits", "PermitDecision Permits", "Residence Register", "Standing Register"];
    assert_eq!(
        after,
        [&entries[..], &answer].concat(),
        "the register outranks the others, each in its field"
    );
    let home = named(&of_home(journey, day("2025-04-01")));
    assert_eq!(home, ["Choice Portal", "Residence Register", "Standing Register"]);
    assert_eq!(of_home(journey, day("2025-03-01")), [], "before it began there was no home");
    let stated: Vec<Ground<'_>> = house.only().state.claims.iter().collect();
    for ground in [of_target_group(journey), of_home(journey, day("2025-04-01"))].concat() {
        assert!(stated.contains(&ground), "a claim stands in its cell");
    }
}
