//! Two persons turn out to be one, or do not. Cases of docs/identity.md, its guards
//! ("bridge") and what a reviewer says.
//!
//! What a merge does to handovers is in `merge_handovers.rs`, to learning in `learning.rs`; what no order of
//! messages may change is in `lives.rs`.

use crate::support;
use std::collections::BTreeSet;

use crate::support::house::person_of;
use crate::support::pair::{FAMILY, asked, bridge, dvz, two, whole_bridge};
use crate::support::{
    Home, House, Who, account, announced, application, application_key, named, number_given, redeliver,
    register, reviewed, status, test_insz,
};
use decide::Refusal;
use decide::person::Event;
use decide::round::Verdict;
use schemas::fact::Decision;
use schemas::handover::EndReason;
use schemas::ids::PersonId;
use schemas::key::Key;
use schemas::message::{Body, ReviewAnswer};

#[test]
fn a_record_with_numbers_of_two_makes_them_one_where_name_and_date_agree() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    let change = house.change(bridge(&a, &b));
    assert_eq!(change.merged().collect::<Vec<_>>(), [(second, first)]);
    let one = house.only();
    let names: BTreeSet<_> = one.matching.names().collect();
    assert_eq!((one.id, names.len(), one.matching.keys.len()), (first, 2, 4));
    assert!(one.matching.absorbed.contains(&second));
    assert_eq!(house.now(second).id, first);
    assert_eq!(house.handovers().iter().filter(|h| *h == "prepared").count(), 1, "{:?}", house.handovers());
}

#[test]
fn case_merge_the_survivor_is_who_has_the_national_number_else_the_lower_id() {
    for (numbered, expect) in [(None, 0), (Some(0), 0), (Some(1), 1)] {
        let mut house = House::new();
        let ((a, first), (b, second)) = two(&mut house);
        if let Some(n) = numbered {
            house.tell(number_given([&a, &b][n], "2025-03-01"));
        }
        house.tell(bridge(&a, &b));
        assert_eq!(house.only().id, [first, second][expect], "{numbered:?}");
    }
    let mut house = House::new();
    let ((a, first), (b, _)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    house.tell(number_given(&b, "2025-03-02"));
    house.tell(whole_bridge(&a, &b));
    assert_eq!(house.only().id, first, "both have one: the lower id");
}

#[test]
fn no_merge_where_a_guard_stands_between_them() {
    let apart = |why: &str, differ: fn(&mut Who), number: fn(&Who) -> Option<Key>| {
        let mut house = House::new();
        let first = Who::number(1);
        let mut second = first.elsewhere();
        differ(&mut second);
        for (name, who) in [("a", &first), ("b", &second)] {
            house.say(name, application(who, FAMILY, "2025-01-02"));
            house.tell(named(who, number(who).into_iter().chain([application_key(who)]).collect()));
        }
        let change = house.change(bridge(&first, &second));
        assert_eq!((change.merged().count(), change.reviews.len()), (0, 1), "{why}");
        let asked = change.reviews[0].candidates.len();
        assert_eq!((house.people().len(), asked), (3, 2), "{why}: the record has a person of its own");
        let again = house.change(bridge(&first, &second));
        assert_eq!((house.people().len(), again.reviews.len()), (3, 0), "{why}: one question stays one");
    };
    apart("another name", |who| who.given = "Fatima".to_owned(), |_| None);
    apart("another date", |who| who.birth = "1990-12-12".to_owned(), |_| None);
    apart("another INSZ", |who| who.insz = test_insz(901), |who| Some(Key::Insz(who.insz)));
    apart("another DVZ number", |who| who.dvz = "8000901".to_owned(), |who| Some(dvz(who)));
}

#[test]
fn who_holds_both_is_told_the_successor_and_who_holds_the_absorbed_alone_is_told_nothing() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(account(&b, "2025-02-03"));
    let name = |house: &House, who: &PersonId, at: &str| {
        house.persons()[who].state.pseudonyms[&support::recipient(at)]
    };
    let (kept, gone) = (name(&house, &first, "agii-abroad"), name(&house, &second, "agii-abroad"));
    let portal = name(&house, &second, "portal");
    house.left();
    let change = house.change(bridge(&a, &b));
    let ended: Vec<_> =
        change.deliveries.iter().filter_map(|d| Some((d.pseudonym, d.view.ended()?))).collect();
    assert_eq!(ended, [(gone, (EndReason::Merged, Some(kept)))]);
    assert_eq!(house.left()[0], "agii-abroad ended merged");
    assert_eq!((name(&house, &first, "agii-abroad"), name(&house, &first, "portal")), (kept, portal));
    let lines: Vec<_> = house.only().lines().into_iter().map(|r| r.as_str().to_owned()).collect();
    assert_eq!(lines, ["agii-abroad", "portal"]);
    let next = house.change(support::path(&b, &["B1"], "2025-02-04"));
    assert_eq!(next.deliveries.iter().map(|d| (d.pseudonym, d.issue)).collect::<Vec<_>>(), [(portal, 2)]);
}

#[test]
fn a_merge_closes_what_was_asked_between_the_two() {
    let mut house = House::new();
    let ((_, first), (b, second)) = two(&mut house);
    house.tell(number_given(&b, "2025-03-01"));
    let review = asked(&mut house, &b);
    let open = |house: &House, id| house.now(id).state.open_reviews.len();
    assert_eq!(house.people().len(), 2);
    assert!(open(&house, second) > 0);
    house.change(bridge(&Who::number(1), &b));
    assert_eq!((house.people().len(), open(&house, first)), (1, 0));
    let late = reviewed(review, ReviewAnswer::Different);
    assert_eq!(house.tell(late), Verdict::Refused(Refusal::UnknownReview));
}

#[test]
fn a_human_says_that_they_are_one_or_that_they_are_not() {
    let (mut house, apart) = (House::new(), ReviewAnswer::Different);
    let ((a, first), (b, second)) = two(&mut house);
    let review = asked(&mut house, &b);
    let second = house.now(second).id;
    let stranger = house.change(application(&Who::number(5), FAMILY, "2025-01-09")).records[0].person;
    for nobody in [stranger, second] {
        let wrong = reviewed(review, ReviewAnswer::Same(nobody));
        assert_eq!(house.tell(wrong), Verdict::Refused(Refusal::NotAsked), "neither of the two");
    }
    let mut other = house.clone();
    let change = other.same(review, first);
    assert_eq!(change.merged().collect::<Vec<_>>(), [(second, first)]);
    assert!(other.now(second).state.open_reviews.is_empty());

    house.change(reviewed(review, apart));
    assert!(
        house.now(first).matching.never.contains(&second)
            && house.now(second).matching.never.contains(&first)
    );
    let change = house.change(bridge(&a, &b));
    assert_eq!((change.merged().count(), change.reviews.len()), (0, 1), "told apart holds");
    let again = reviewed(review, apart);
    assert_eq!(house.tell(again), Verdict::Refused(Refusal::UnknownReview), "it was answered");
}

#[test]
fn told_apart_holds_for_whomever_they_turn_out_to_be() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    let review = asked(&mut house, &b);
    house.change(reviewed(review, ReviewAnswer::Different));
    // Each of the two is absorbed by somebody of whom nobody was asked.
    let papers = |name: &str, number: &str| Who {
        given: format!("{} {name}", a.given),
        application: number.to_owned(),
        passport: format!("S950{number}"),
        ..b.clone()
    };
    let below =
        |of: PersonId, tag: &str| (0..).map(|n| format!("{tag} {n}")).find(|name| person_of(name) < of);
    let mut survivors = vec![];
    for (absorbed, id, who) in [(&a, first, papers("Zohra", "951")), (&b, second, papers("Naima", "952"))] {
        let name = below(house.now(id).id, &who.application).unwrap();
        house.say(&name, application(&who, FAMILY, "2025-01-07"));
        let short = Who { given: a.given.clone(), ..b.clone() };
        let joined = house.change(named(&short, vec![application_key(absorbed), application_key(&who)]));
        assert_eq!(joined.merged().map(|(_, to)| to).collect::<Vec<_>>(), [person_of(&name)]);
        survivors.push(who);
    }
    let short = Who { given: a.given.clone(), ..b.clone() };
    let keys = survivors.iter().map(application_key).collect();
    let change = house.change(named(&short, keys));
    assert_eq!((change.merged().count(), change.reviews.len()), (0, 1));
    assert_ne!(house.now(first).id, house.now(second).id);
}

#[test]
fn a_merge_leaves_no_line_without_a_stream() {
    let mut house = House::new();
    let ((a, _), (b, _)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    house.tell(register(&a, Home::Left, "2025-03-05"));
    house.left();
    house.tell(bridge(&a, &b));
    assert_eq!(house.left(), ["agii-abroad ended merged"]);
    assert!(house.only().lines().is_empty() && house.only().open_streams().next().is_none());
}

#[test]
fn whatever_is_addressed_to_the_absorbed_reaches_the_survivor() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    house.tell(number_given(&b, "2025-03-01"));
    house.tell(account(&b, "2025-03-02"));
    house.today("2025-03-05");
    house.home(&b, "44021", "2025-03-04");
    let stream =
        house.persons()[&second].state.streams.iter().find(|s| s.recipient.as_str() == "portal").unwrap().id;
    house.tell(whole_bridge(&a, &b));
    assert_eq!(house.only().id, first);
    let whose = |change: &decide::Change| {
        change.events.iter().all(|(id, _)| *id == first) && !change.events.is_empty()
    };
    let record = house.change(status(&b, Decision::Granted, 3, "2025-03-06"));
    assert!(whose(&record), "a record");
    let notice = house.change(announced(b.insz, "2025-03-07"));
    assert_eq!((whose(&notice), notice.tasks[0].person), (true, first), "a notice");
    let again = house.change(redeliver(stream));
    assert_eq!((whose(&again), again.deliveries[0].person), (true, first), "a redelivery");
    house.today("2025-03-07");
    let due = house.change(Body::Due(second));
    assert!(whose(&due) && house.handovers().contains(&"overdue amal".to_owned()), "a due moment");
    let Verdict::Decided(answer) = house.accepted("amal") else { panic!("an answer") };
    assert!(whose(&answer), "an answer");
}

#[test]
fn a_merge_inside_one_batch_and_over_batches_is_the_same() {
    let who = Who::number(1);
    let second = who.elsewhere();
    let said: Vec<Body> = vec![
        application(&who, FAMILY, "2025-01-02"),
        application(&second, FAMILY, "2025-01-03"),
        account(&second, "2025-01-04"),
        number_given(&who, "2025-02-01"),
        register(&who, Home::In("44021", "2025-02-03"), "2025-02-05"),
        status(&second, Decision::Granted, 2, "2025-02-06"),
        number_given(&second, "2025-02-07"),
        status(&second, Decision::Granted, 3, "2025-02-08"),
        register(&who, Home::In("11002", "2025-02-13"), "2025-02-15"),
    ];
    let end = |batch: usize| {
        let mut house = House::new();
        house.today("2025-03-01");
        let named = said.iter().enumerate();
        let all: Vec<_> = named.map(|(n, body)| house.message(&format!("{n}"), body.clone())).collect();
        all.chunks(batch).for_each(|part| drop(house.decide(part)));
        assert_eq!(house.only().matching.absorbed.len(), 1);
        (house.persons(), house.deliveries)
    };
    let expect = end(1);
    assert!((2..=said.len()).all(|batch| end(batch) == expect));
}

#[test]
fn an_absorbed_person_keeps_nothing_and_folds_to_the_same() {
    let mut house = House::new();
    let ((a, _), (b, second)) = two(&mut house);
    let change = house.change(bridge(&a, &b));
    let gone = house.persons().remove(&second).unwrap();
    assert!(
        gone.matching.views.is_empty()
            && gone.matching.keys.is_empty()
            && gone.state.claims.iter().len() == 0
    );
    let absorbed = change.events.iter().find_map(|(_, event)| match event {
        Event::Absorbed { person, .. } => Some(person.id),
        _ => None,
    });
    assert_eq!((absorbed, &house.folded()), (Some(second), &house.persons()));
}
