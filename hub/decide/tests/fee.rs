//! The fee: what somebody owes by the law, their exemption, the place where they arrive, and what they paid.
//!
//! The table by itself, then through lives: enrolment, arrival, a refund. Whom the amount is told is `disclosure.rs`'s proof.

use crate::support::{House, Who, account, application, bound, choice, day, exempt, fee, number_given, to};
use decide::bundle::{CandidateKind, CandidateRule};
use decide::fee::{FeePlace, FeeRule, FeeStatus, fee as owed};
use schemas::fact::{FeePayment, Purpose};

#[test]
fn every_case_of_the_table() {
    use FeePlace::{Brussels, Elsewhere, MeansBrussels, MeansElsewhere};
    use FeeStatus::{AtArrival, Due, Exempt, Free, FreeInBrussels, Paid, Refund};
    // Charged by law and exempt, then for each place: not paid, paid.
    let places = [Brussels, Elsewhere, MeansBrussels, MeansElsewhere];
    let table = [
        ((false, false), [(Free, Refund); 4]),
        ((false, true), [(Free, Refund); 4]),
        ((true, true), [(Exempt, Refund); 4]),
        ((true, false), [(FreeInBrussels, Refund), (Due, Paid), (AtArrival, Paid), (Due, Paid)]),
    ];
    for ((charged, exempt), row) in table {
        for (place, (unpaid, paid)) in places.into_iter().zip(row) {
            let found = (owed(charged, exempt, place, false), owed(charged, exempt, place, true));
            assert_eq!(found, (unpaid, paid), "charged {charged}, exempt {exempt}, {place:?}");
        }
    }
}

/// Granted, enrolled on 2 March and bound for this municipality; the portal is told what they owe.
fn enrolled(municipality: &str) -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    for contract in &mut house.bundle.contracts {
        if contract.recipient.as_str() == "portal" {
            contract.file.extend(["fee", "fee_euro"].map(str::to_owned));
        }
    }
    house.tell(bound(application(&who, Purpose::FamilyReunification, "2025-01-02"), to(municipality)));
    house.tell(number_given(&who, "2025-03-01"));
    house.today("2025-03-02");
    house.tell(account(&who, "2025-03-02"));
    (house, who)
}

/// What they owe, as the portal last saw it.
fn seen(house: &House) -> String {
    let [status, euro] = ["fee", "fee_euro"].map(|field| house.seen("portal", field));
    [status, euro].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn arrives(house: &mut House, who: &Who, nis: &str) {
    house.today("2025-04-05");
    house.home(who, nis, "2025-04-04");
}

#[test]
fn where_somebody_means_to_live_counts_until_they_arrive_and_then_where_they_registered() {
    for (means, before, nis, after) in [
        ("Gent", "due 90", "44021", "due 90"),
        ("Gent", "due 90", "21004", "free_in_brussels"),
        ("Schaarbeek", "at_arrival", "21004", "free_in_brussels"),
        ("Schaarbeek", "at_arrival", "44021", "due 90"),
    ] {
        let (mut house, who) = enrolled(means);
        assert_eq!(seen(&house), before, "means {means}");
        arrives(&mut house, &who, nis);
        assert_eq!(seen(&house), after, "means {means}, arrives in {nis}");
    }
}

/// A code that no table knows is no place: what they mean counts until it is corrected.
#[test]
fn where_they_registered_counts_as_the_register_has_it_now() {
    for (means, first, before, corrected, after) in [
        ("Schaarbeek", "99001", "at_arrival", "44021", "due 90"),
        ("Gent", "99001", "due 90", "21004", "free_in_brussels"),
        ("Gent", "21004", "free_in_brussels", "44021", "due 90"),
        ("Gent", "44021", "due 90", "21004", "free_in_brussels"),
    ] {
        let (mut house, who) = enrolled(means);
        arrives(&mut house, &who, first);
        assert_eq!(seen(&house), before, "means {means}, registered in {first}");
        house.today("2025-04-20");
        house.home(&who, corrected, "2025-04-04");
        assert_eq!(seen(&house), after, "{first} was {corrected}");
    }
}

#[test]
fn an_exemption_may_come_and_go_around_the_arrival() {
    let (mut house, who) = enrolled("Gent");
    arrives(&mut house, &who, "44021");
    house.tell(fee(&who, FeePayment::Paid, "2025-04-06"));
    for (holds, on, expect) in [(true, "2025-04-10", "refund 90"), (false, "2025-04-12", "paid 90")] {
        house.tell(exempt(&who, "cat-1", holds, on));
        assert_eq!(seen(&house), expect, "{on}");
    }
}

#[test]
fn who_paid_and_registers_in_brussels_gets_it_back_and_a_later_move_changes_nothing() {
    let (mut house, who) = enrolled("Gent");
    house.tell(fee(&who, FeePayment::Paid, "2025-03-10"));
    assert_eq!(seen(&house), "paid 90");
    arrives(&mut house, &who, "21004");
    assert_eq!(seen(&house), "refund 90");
    house.tell(fee(&who, FeePayment::Refunded, "2025-04-20"));
    assert_eq!(seen(&house), "free_in_brussels");
    house.tell(choice(&who, "bon", "2025-04-21"));
    house.today("2025-09-05");
    house.home(&who, "44021", "2025-09-04");
    assert_eq!(seen(&house), "free_in_brussels", "where they arrived counts");
    house.tell(fee(&who, FeePayment::Paid, "2025-03-05"));
    assert_eq!(seen(&house), "free_in_brussels", "an older payment that is told late");
}

#[test]
fn an_exemption_counts_where_the_rules_of_the_day_of_enrolment_know_it_and_until_it_is_taken_back() {
    let (mut house, who) = enrolled("Gent");
    house.tell(exempt(&who, "cat-99", true, "2025-03-03"));
    assert_eq!(seen(&house), "due 90", "no category of the rules");
    house.tell(exempt(&who, "cat-1", true, "2025-03-04"));
    assert_eq!(seen(&house), "exempt");
    house.tell(fee(&who, FeePayment::Paid, "2025-03-05"));
    assert_eq!(seen(&house), "refund 90");
    house.tell(exempt(&who, "cat-1", false, "2025-03-06"));
    assert_eq!(seen(&house), "paid 90");
}

#[test]
fn each_exemption_stands_by_itself_in_whichever_order_they_are_told() {
    let said = |who: &Who| {
        [
            exempt(who, "cat-1", true, "2025-03-03"),
            exempt(who, "cat-2", true, "2025-03-04"),
            exempt(who, "cat-99", true, "2025-03-05"),
            exempt(who, "cat-2", false, "2025-03-06"),
        ]
    };
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let (mut house, who) = enrolled("Gent");
        order.iter().for_each(|n| drop(house.tell(said(&who)[*n].clone())));
        assert_eq!(seen(&house), "exempt", "the first still holds: {order:?}");
        house.tell(exempt(&who, "cat-1", false, "2025-03-07"));
        assert_eq!(seen(&house), "due 90", "{order:?}");
    }
}

#[test]
fn the_law_and_the_price_of_the_day_of_enrolment_count() {
    let charged = |house: &mut House, from: &str, charged: bool| {
        let kinds = vec![CandidateKind::VisaApplied];
        let rule = CandidateRule { from: day(from), enrols: kinds.clone(), goes_on: kinds, charged };
        house.bundle.target_group.candidates.push(rule);
    };
    // The law from before the enrolment on, then from after it.
    for (from, expect) in [("2025-03-02", "free"), ("2025-03-03", "due 90")] {
        let (mut house, who) = enrolled("Gent");
        charged(&mut house, from, false);
        house.bundle.fee.0.push(FeeRule { from: day("2025-03-03"), euro: 95, exempt: [].into() });
        house.tell(exempt(&who, "nobody", true, "2025-03-20"));
        arrives(&mut house, &who, "44021");
        assert_eq!(seen(&house), expect, "free by law from {from}");
    }
    let (mut house, who) = enrolled("Gent");
    house.bundle.fee.0.push(FeeRule { from: day("2025-03-02"), euro: 95, exempt: [].into() });
    arrives(&mut house, &who, "44021");
    assert_eq!(seen(&house), "due 95", "the price of that day");
}

#[test]
fn who_has_not_enrolled_owes_nothing_that_anybody_is_told() {
    let (mut house, who) = (House::new(), Who::number(1));
    let provider = house.bundle.contracts.iter_mut().find(|c| c.recipient.as_str() == "agii-abroad");
    provider.into_iter().for_each(|contract| contract.file.push("fee".to_owned()));
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    assert_eq!(house.seen("agii-abroad", "fee"), None);
    house.today("2025-01-03");
    house.tell(account(&who, "2025-01-03"));
    assert_eq!(house.seen("agii-abroad", "fee").as_deref(), Some("due"));
}
