//! One person taken apart again (docs/identity.md#taken-apart): by hand, from the journals.
//!
//! What a merge alone does is in `merge.rs`. Here: what goes with which records, what of both is recalled, and that a
//! merge undone in time has changed nothing (I9). Random lives that are taken apart at any time are in `walks.rs`.

use std::collections::BTreeSet;

use crate::support::pair::{FAMILY, bridge, dvz, two, two_at_home, whole_bridge};
use crate::support::two_lives::TwoLives;
use crate::support::{
    Home, House, Who, account, application, application_key, learned, named, number_given, parted,
    platform_linked, recipient, register, status, voided,
};
use decide::Refusal;
use decide::invariant::{Essence, essence};
use decide::person::{Event, Person};
use decide::round::Verdict;
use schemas::fact::{Decision, LearningStep};
use schemas::handover::{AnswerKind, Owner};
use schemas::ids::{MessageId, PersonId};
use schemas::key::Key;
use schemas::message::Body;
use schemas::time::day_of;

/// Whom a change made of somebody: who is kept, and who is the other.
fn pair_of(change: &decide::Change) -> (PersonId, PersonId) {
    let parted = change.events.iter().find_map(|(_, event)| match event {
        Event::Parted { kept, moved, .. } => Some((*kept, *moved)),
        _ => None,
    });
    parted.unwrap_or_else(|| panic!("nobody was taken apart: {:?}", change.events))
}

fn essence_of(house: &House, id: PersonId) -> Essence {
    essence(house.now(id), &house.bundle, day_of(house.at))
}

/// What two persons who are one again by mistake had: nothing of it may change.
fn standing(house: &House, id: PersonId) -> (Essence, Vec<String>, BTreeSet<Key>) {
    let person = house.now(id);
    let live = person.state.handovers.iter().filter(|handover| handover.is_live());
    let live =
        live.map(|h| format!("{:?} {:?} {:?} {:?} {:?}", h.state, h.recipient, h.hold, h.code, h.deadline));
    (essence_of(house, id), live.collect(), person.matching.keys.clone())
}

#[test]
fn a_merge_that_was_wrong_is_undone() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    let before = (standing(&house, first), standing(&house, second));
    let records = house.records_of(second);
    house.tell(named(&b, vec![application_key(&a), application_key(&b)]));
    assert_eq!(house.people().len(), 1);
    let change = house.split(first, &records);
    let (kept, moved) = pair_of(&change);
    assert_eq!(
        (house.now(first).id, house.now(second).id),
        (kept, moved),
        "ids lead to where the records are"
    );
    assert_eq!(house.people().len(), 2);
    assert_eq!(before.0.2, house.now(kept).matching.keys, "whose number it was first has it");
    assert_eq!(before.1.2, house.now(moved).matching.keys);
    assert_eq!(house.folded(), house.persons());
    let granted = house.change(status(&b, Decision::Granted, 3, "2025-03-05"));
    assert_eq!(granted.owner, Some(moved), "each is found by their own numbers");
    let own = house.change(register(&a, Home::In("44021", "2025-03-04"), "2025-03-05"));
    assert_eq!(own.owner, Some(kept));
}

#[test]
fn who_was_taken_apart_is_joined_by_a_human_alone() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    let records = house.records_of(second);
    house.tell(bridge(&a, &b));
    house.split(first, &records);
    let again = house.change(bridge(&a, &b));
    assert_eq!((again.merged().count(), again.reviews.len()), (0, 1));
    let (piece, review) = (again.reviews[0].person, again.reviews[0].id);
    house.same(review, house.now(first).id);
    let change = house.change(bridge(&a, &b));
    assert_eq!((change.merged().count(), change.reviews.len()), (0, 1), "one answer is about one pair");
    let review = change.reviews[0].id;
    assert_eq!(house.now(piece).id, house.now(first).id);
    house.same(review, house.now(second).id);
    let people = house.people().len();
    assert!(people <= 2, "{people}");
}

#[test]
fn a_record_that_was_linked_wrongly_is_somebody_of_its_own() {
    let mut house = House::new();
    let who = Who::number(1);
    let sister = Who { given: "Naima".to_owned(), ..who.clone() };
    let change = house.change(application(&who, FAMILY, "2025-01-02"));
    let id = change.owner.unwrap();
    house.tell(account(&who, "2025-01-03"));
    house.tell(learned(&who, 1, "B1", LearningStep::Completed, "2025-01-05"));
    let own = house.all_records_of(id);
    // A clerk writes the number of the one's application into a file of the other's.
    let wrong =
        named(&Who { given: who.given.clone(), ..sister.clone() }, vec![application_key(&who), dvz(&sister)]);
    let linked = house.change(wrong);
    assert_eq!(linked.owner, Some(id));
    let records: BTreeSet<MessageId> = house.all_records_of(id).difference(&own).copied().collect();
    let (kept, moved) = pair_of(&house.split(id, &records));
    let keys = |id: PersonId| house.now(id).matching.keys.clone();
    assert!(keys(kept).contains(&application_key(&who)) && !keys(kept).contains(&dvz(&sister)));
    assert_eq!(keys(moved), BTreeSet::from([dvz(&sister)]), "a number that both carry is the first one's");
    assert_eq!(house.now(moved).state.claims.iter().len(), 0);
    assert!(house.now(kept).state.claims.iter().len() > 3);
}

#[test]
fn what_is_no_part_of_them_is_not_taken_apart() {
    let mut house = House::new();
    let who = Who::number(1);
    let id = house.change(application(&who, FAMILY, "2025-01-02")).owner.unwrap();
    house.tell(account(&who, "2025-01-03"));
    let stranger = house.change(application(&Who::number(5), FAMILY, "2025-01-02")).owner.unwrap();
    let (all, others) = (house.all_records_of(id), house.all_records_of(stranger));
    for records in [BTreeSet::new(), all, others] {
        let told = house.tell(parted(id, &records, "lucas"));
        assert_eq!(told, Verdict::Refused(Refusal::NotAPart), "{records:?}");
    }
    let nobody = PersonId::derive(&schemas::ids::Seed([9; 32]), 0);
    let told = house.tell(parted(nobody, &BTreeSet::new(), "lucas"));
    assert_eq!(told, Verdict::Refused(Refusal::UnknownPerson));
}

#[test]
fn where_a_national_number_is_involved_two_people_must_say_the_same() {
    let mut house = House::new();
    let who = Who::number(1);
    house.granted_with_account(&who);
    let id = house.only().id;
    let records: Vec<BTreeSet<MessageId>> =
        house.all_records_of(id).into_iter().map(|record| BTreeSet::from([record])).collect();
    let says = |house: &mut House, n: usize, by: &str| {
        house.change(parted(id, &records[n], by));
        house.people().len()
    };
    assert_eq!(says(&mut house, 0, "lucas"), 1, "the first");
    assert_eq!(says(&mut house, 0, "lucas"), 1, "the same one again");
    assert_eq!(says(&mut house, 1, "nora"), 1, "another order");
    assert_eq!(says(&mut house, 0, "lucas"), 1, "which the first of it says anew");
    assert_eq!(says(&mut house, 0, "nora"), 2, "a second");
    assert!(house.people().iter().all(|person| person.state.proposed.is_none()));
    assert_eq!(house.folded(), house.persons());

    let mut house = House::new();
    let id = house.change(application(&who, FAMILY, "2025-01-02")).owner.unwrap();
    house.tell(account(&who, "2025-01-03"));
    let record = house.records_of(id).first().copied().into_iter().collect();
    house.change(parted(id, &record, "lucas"));
    assert_eq!(house.people().len(), 2, "without a number one is enough");
}

/// Golden scenario 9: two sisters are taken for one, Amal takes her over; whatever was told of both is recalled.
#[test]
fn what_was_told_of_two_as_if_they_were_one_is_recalled() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    let records = house.records_of(second);
    house.tell(bridge(&a, &b));
    house.today("2025-03-05");
    house.home(&a, "44021", "2025-03-04");
    house.accepted("amal");
    let offer = house.offered[&recipient("amal")].clone();
    let names = house.only().state.pseudonyms.clone();
    house.left();
    house.fired();
    let change = house.split(first, &records);
    let (kept, moved) = pair_of(&change);
    assert_eq!(house.fired()[0], "27b");
    let left = house.left();
    assert_eq!(
        left,
        [
            "agii-abroad ended recalled",
            "amal ended recalled",
            "agii-abroad file",
            "amal offer",
            "agii-abroad file"
        ],
    );
    let handover = house.now(kept).handover(offer.handover).unwrap();
    assert_eq!((handover.state.as_str(), handover.owner), ("recall_pending", Owner::Officer));
    for id in [kept, moved] {
        let told = house.now(id).state.pseudonyms.iter();
        assert!(
            told.clone().count() > 0 && told.into_iter().all(|(at, name)| names.get(at) != Some(name)),
            "new names"
        );
    }
    // What was answered for both binds nobody; a late answer to it is none.
    let fresh = house.offered[&recipient("amal")].clone();
    assert_ne!(fresh.handover, offer.handover);
    assert_eq!(house.now(kept).held_handover(), None);
    house.pick_up(&offer);
    assert!(matches!(house.answer("amal", AnswerKind::Accepted), Verdict::Refused(_)));
    house.answer("amal", AnswerKind::PurgeConfirmed);
    assert_eq!(house.now(kept).handover(offer.handover).unwrap().state.as_str(), "entered_in_error");
    house.pick_up(&fresh);
    house.accepted("amal");
    assert_eq!(house.now(kept).held_handover().map(|held| held.id), Some(fresh.handover));
    assert_eq!(house.folded(), house.persons());
}

#[test]
fn a_recall_that_nobody_confirms_is_the_officers() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    let records = house.records_of(second);
    house.tell(bridge(&a, &b));
    house.tell(number_given(&a, "2025-03-01"));
    house.today("2025-03-05");
    house.home(&a, "44021", "2025-03-04");
    let (kept, _) = pair_of(&house.split(first, &records));
    let recalled = |house: &House| {
        let all = house.now(kept).state.handovers.clone();
        all.into_iter().find(|handover| handover.state.as_str() == "recall_pending").unwrap()
    };
    assert_eq!(recalled(&house).owner, Owner::Agency);
    house.until("2025-03-12");
    assert_eq!((recalled(&house).owner, recalled(&house).escalated), (Owner::Officer, true));
}

/// Amal was offered the one before, and is told nothing of both: its answer meanwhile counts for nobody.
#[test]
fn who_answered_for_both_and_was_told_nothing_is_looked_after() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("99999", "2025-03-05"));
    let second = house.people().iter().find(|p| p.matching.keys.contains(&dvz(&b))).unwrap().id;
    let first = house.people().iter().find(|p| p.matching.keys.contains(&dvz(&a))).unwrap().id;
    let records = house.records_of(second);
    let offer = house.offered[&recipient("amal")].clone();
    house.tell(whole_bridge(&a, &b));
    house.pick_up(&offer);
    let told = house.left().iter().any(|left| left.starts_with("amal"));
    house.received("amal");
    house.fired();
    let (kept, _) = pair_of(&house.split(first, &records));
    let handover = house.now(kept).handover(offer.handover).unwrap().clone();
    assert!(!told);
    assert_eq!(
        (handover.state.as_str(), handover.escalated, handover.owner),
        ("sent", true, Owner::Coordinator)
    );
}

#[test]
fn learning_goes_with_its_records_and_what_is_voided_stays_so() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(account(&b, "2025-02-03"));
    house.tell(platform_linked(&b, "2025-02-04"));
    house.tell(learned(&b, 1, "B1", LearningStep::Completed, "2025-02-05"));
    house.tell(learned(&b, 2, "B1", LearningStep::Completed, "2025-02-06"));
    let records = house.records_of(second);
    house.tell(bridge(&a, &b));
    house.tell(voided(2, "2025-02-07"));
    let now = house.all_records_of(first);
    let late: BTreeSet<MessageId> = now.difference(&records).copied().collect();
    let moved: BTreeSet<MessageId> = records
        .iter()
        .chain(late.iter().filter(|id| {
            matches!(&house.log.iter().find(|(m, _)| m.id == **id).unwrap().0.body,
                Body::Record(p) if p.record.facts.iter().any(|f| f.statement.field() == schemas::fact::Field::Voided))
        }))
        .copied()
        .collect();
    let (kept, other) = pair_of(&house.split(first, &moved));
    let done = |person: &Person| person.state.claims.of(schemas::fact::Field::Progress).count();
    assert_eq!((done(house.now(kept)), done(house.now(other))), (0, 1));
    house.tell(voided(1, "2025-02-08"));
    assert_eq!(done(house.now(other)), 0, "it is read from their own records");
    house.tell(learned(&b, 3, "B1", LearningStep::Completed, "2025-02-09"));
    assert_eq!(done(house.now(other)), 1);
}

/// Who keeps the number stays enrolled under it: the register is not asked anew.
#[test]
fn who_keeps_the_number_is_not_asked_about_once_more() {
    let mut house = House::new();
    let who = Who::number(1);
    house.granted(&who);
    let id = house.only().id;
    let record = house.change(account(&who, "2025-03-02")).records[0].record;
    let asked = house.now(id).state.asked.clone();
    assert!(!asked.is_empty());
    let change = house.split(id, &BTreeSet::from([record]));
    let (kept, moved) = pair_of(&change);
    assert_eq!((house.now(kept).state.asked.clone(), &change.tasks[..]), (asked, &[][..]));
    assert!(house.now(moved).state.asked.is_empty());
}

/// A number that came while the two were one leads to whose record brought it first, and to nobody else.
#[test]
fn a_number_of_later_leads_to_one_of_the_two() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    let mut records = house.records_of(second);
    house.tell(bridge(&a, &b));
    let new = Key::Dvz(schemas::reference::DvzNumber::parse("8000777").unwrap());
    let brings = |house: &mut House, who: &Who| {
        house.change(named(who, vec![application_key(who), new.clone()])).records[0].record
    };
    let (theirs, own) = (brings(&mut house, &a), brings(&mut house, &b));
    records.insert(own);
    let change = house.split(first, &records);
    let leads = change.moved.iter().filter(|moved| {
        let key = moved.prepared.own().find(|(key, _)| **key == new);
        key.is_some_and(|(_, index)| moved.keys.contains(&index.mac))
    });
    assert_eq!(leads.map(|moved| moved.record).collect::<Vec<_>>(), [theirs]);
    let (kept, moved) = pair_of(&change);
    let has = |id: PersonId| house.now(id).matching.keys.contains(&new);
    assert_eq!((has(kept), has(moved)), (true, false));
}

/// I9: merged, and taken apart before anything was told of both: each is as before, whatever their lives were; and what
/// is said later leads to the same, as if they had never been one.
#[test]
fn i9_a_merge_that_is_undone_in_time_has_changed_nothing() {
    let (mut undone, mut later) = (0, 0);
    for number in 0..1_200 {
        let mut lives = TwoLives::drawn(number, number % 2 == 1);
        for _ in 0..lives.dice.roll(lives.left()) {
            lives.next(&mut []);
        }
        let (first, second) = (lives.one.1, lives.other.1);
        let house = &lives.house;
        if house.now(first).id == house.now(second).id || house.people().len() != 2 {
            continue;
        }
        let before = (standing(house, first), standing(house, second));
        let records = house.all_records_of(second);
        let mut joined = house.clone();
        let Verdict::Decided(change) = joined.tell(whole_bridge(&lives.one.0, &lives.other.0)) else {
            continue;
        };
        if change.merged().count() == 0 || !change.deliveries.is_empty() {
            continue;
        }
        // Whoever goes on after the merge, either side may be the one that is moved.
        let moved = match lives.dice.roll(2) {
            0 => records,
            _ => joined.all_records_of(first).difference(&records).copied().collect(),
        };
        let change = joined.split(first, &moved);
        assert!(change.deliveries.is_empty(), "{number}: {:?}", change.deliveries);
        let after = (standing(&joined, first), standing(&joined, second));
        assert_eq!(before, after, "{number}");
        undone += 1;
        while lives.left() > 0 {
            lives.next(&mut [&mut joined]);
        }
        if lives.house.now(first).id == lives.house.now(second).id || lives.house.people().len() != 2 {
            continue;
        }
        for id in [first, second] {
            assert_eq!(essence_of(&lives.house, id), essence_of(&joined, id), "{number}: later");
        }
        later += 1;
    }
    assert!(undone > 100 && later > 100, "{undone} undone, {later} compared later");
}
