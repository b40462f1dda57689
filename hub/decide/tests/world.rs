//! The resident world: absent is not missing, what is not stored yet stays, an answer that comes too late is discarded.
//! Each case is small and told in asks and answers. Next: `partial.rs` for whole stories.

use crate::support;
use std::sync::Arc;

use crate::support::house::{HASH, House, person_of};
use crate::support::{Who, application, application_key, bundle, mac, named, status};
use decide::change::{Change, Delivery};
use decide::round::{Round, Verdict, decide_all};
use decide::world::{Aside, Ask, Block, Holders, MatchFound, PersonFound, READ_BACK, Reply};
use decide::{Bundle, Needs, Refusal, World};
use schemas::envelope::Hash;
use schemas::fact::{Decision, Purpose};
use schemas::ids::PersonId;
use schemas::key::Mac;
use schemas::message::{Body, Message};

fn number(leaving: &[Delivery]) -> Result<Vec<(u64, Hash)>, Aside> {
    Ok((1..).zip(leaving).map(|(n, _)| (n, HASH)).collect())
}

fn applied(who: &Who) -> Body {
    application(who, Purpose::FamilyReunification, "2025-01-02")
}

fn key(who: &Who) -> Mac {
    mac(&application_key(who))
}

fn message(name: &str, body: Body) -> Message {
    House::new().message(name, body)
}

/// Decides one message on a part of a world where all that it asks for is answered by the other.
fn one(world: &mut World, store: &World, bundle: &Bundle, message: Message) -> Verdict {
    let messages = [message];
    let mut round = Round::new(&messages, bundle);
    loop {
        let needs = round.asks(world);
        if needs.is_empty() {
            break;
        }
        world.load(0, needs.into_iter().map(|ask| (ask.clone(), store.answer(&ask))));
    }
    assert_eq!(round.advance(world, &mut number), None);
    round.finish().remove(0)
}

fn decided(verdict: Verdict) -> Change {
    match verdict {
        Verdict::Decided(change) => change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn absent_is_an_answer_and_not_loaded_is_none() {
    let (bundle, nobody) = (bundle(), person_of("nobody"));
    let due = [message("due", Body::Due(nobody))];
    let unknown = Verdict::Refused(Refusal::UnknownPerson);
    let mut part = World::new();
    let mut round = Round::new(&due, &bundle);
    assert_eq!(round.advance(&mut part, &mut number), Some(Needs::from([Ask::Person(nobody)])));
    part.load(0, [(Ask::Person(nobody), Reply::Person(PersonFound::Nobody))]);
    assert_eq!(round.advance(&mut part, &mut number), None);
    assert_eq!(round.finish(), std::slice::from_ref(&unknown));
    let mut whole = World::whole();
    assert_eq!(decide_all(&mut whole, &due, &bundle, &mut number), [unknown]);
    assert!(whole.is_empty(), "asking leaves nothing behind");
}

#[test]
fn a_round_asks_for_keys_and_then_for_whom_they_lead_to() {
    let (bundle, who) = (bundle(), Who::number(1));
    let mut store = World::whole();
    decide_all(&mut store, &[message("application", applied(&who))], &bundle, &mut number);
    let batch = [message("status", status(&who, Decision::Granted, 2, "2025-02-01"))];
    let (mut part, mut round) = (World::new(), Round::new(&batch, &bundle));
    let needs = round.asks(&mut part);
    assert_eq!(needs, Needs::from([Ask::Key(key(&who))]));
    part.load(0, needs.into_iter().map(|ask| (ask.clone(), store.answer(&ask))));
    assert_eq!(round.asks(&mut part), Needs::from([Ask::Person(person_of("application"))]));
}

#[test]
fn an_answer_read_before_a_batch_that_touched_it_is_discarded_absent_ones_included() {
    let (bundle, who) = (bundle(), Who::number(1));
    let (mut part, mut store) = (World::new(), World::whole());
    let (of_key, person) = (Ask::Key(key(&who)), Ask::Person(person_of("application")));
    let early: Vec<_> = [&of_key, &person].map(|ask| (ask.clone(), store.answer(ask))).into();
    assert_eq!(early[0].1, Reply::Key(Holders::new()), "nothing is stored yet");
    let change = decided(one(&mut part, &store, &bundle, message("application", applied(&who))));
    let serial = part.close_batch();
    store.apply(&change);
    part.committed(serial);
    part.evict(0);
    assert!(!part.has(&of_key) && !part.has(&person), "stored, so it may go");
    part.load(0, early.clone());
    assert!(!part.has(&of_key) && !part.has(&person), "the store answered with the past");
    part.load(serial, [&of_key, &person].map(|ask| (ask.clone(), store.answer(ask))));
    assert_eq!(part.answer(&of_key), store.answer(&of_key));
    assert_eq!(part.answer(&person), store.answer(&person));
}

#[test]
fn a_reading_that_is_older_than_what_is_remembered_is_never_taken() {
    let nobody = Ask::Person(person_of("nobody"));
    let absent = [(nobody.clone(), Reply::Person(PersonFound::Nobody))];
    let mut part = World::new();
    let last = (0..=READ_BACK).map(|_| part.close_batch()).last().unwrap();
    part.committed(last);
    part.load(last, []);
    part.load(0, absent.clone());
    assert!(!part.has(&nobody), "what was touched then is forgotten");
    part.load(1, absent);
    assert!(part.has(&nobody));
}

#[test]
fn what_is_known_wins_over_an_answer() {
    let (bundle, who) = (bundle(), Who::number(1));
    let (mut part, store) = (World::new(), World::whole());
    one(&mut part, &store, &bundle, message("application", applied(&who)));
    let serial = part.close_batch();
    part.committed(serial);
    let person = Ask::Person(person_of("application"));
    part.load(serial, [(person.clone(), Reply::Person(PersonFound::Nobody))]);
    assert!(matches!(part.answer(&person), Reply::Person(PersonFound::Here(_))));
}

#[test]
fn what_an_unstored_batch_touched_stays_and_cannot_be_loaded() {
    let (bundle, who) = (bundle(), Who::number(1));
    let (mut part, store) = (World::new(), World::whole());
    let change = decided(one(&mut part, &store, &bundle, message("application", applied(&who))));
    let person = Ask::Person(person_of("application"));
    part.evict(0);
    assert!(part.has(&person), "the open batch touched it");
    let serial = part.close_batch();
    part.evict(0);
    assert!(part.has(&person), "not stored yet");
    assert_eq!(part.blocked(&Needs::from([person.clone()])), None, "what is known is in nobody's way");
    part.committed(serial);
    part.evict(0);
    assert_eq!((part.len(), part.weight()), (0, 0));

    // A world that did not know the keys: they are touched all the same.
    let mut other = World::new();
    other.apply(&change);
    let needs = Needs::from([Ask::Key(key(&who))]);
    assert!(!other.has(&Ask::Key(key(&who))), "a key that is not known stays so");
    assert_eq!(other.blocked(&needs), Some(Block::Open));
    let (first, second) = (other.close_batch(), other.close_batch());
    assert_eq!((first, second), (1, 2));
    assert_eq!(other.blocked(&needs), Some(Block::Until(1)));
    other.committed(1);
    assert_eq!(other.blocked(&needs), None);
}

#[test]
fn the_least_used_goes_first() {
    let bundle = bundle();
    let (mut part, store) = (World::new(), World::whole());
    let whos = [Who::number(1), Who::number(2)];
    for who in &whos {
        one(&mut part, &store, &bundle, message(&who.application, applied(who)));
    }
    let serial = part.close_batch();
    part.committed(serial);
    // The first one is used again.
    one(&mut part, &store, &bundle, message("status", status(&whos[0], Decision::Granted, 2, "2025-02-01")));
    let serial = part.close_batch();
    part.committed(serial);
    assert!(part.evict(part.weight() - 1) > 0);
    assert!(part.person(person_of(&whos[0].application)).is_some(), "used last");
    assert!(part.weight() > 0);
}

#[test]
fn a_delivery_that_gets_no_number_fails_its_message_alone() {
    let (bundle, who) = (bundle(), Who::number(1));
    let batch = [message("one", applied(&who)), message("two", applied(&Who::number(2)))];
    let mut world = World::whole();
    let mut calls = 0;
    let mut second = |leaving: &[Delivery]| {
        calls += 1;
        if calls == 1 { Err(Aside::ViewNotEncodable) } else { number(leaving) }
    };
    let verdicts = decide_all(&mut world, &batch, &bundle, &mut second);
    assert_eq!(verdicts[0], Verdict::Failed(Aside::ViewNotEncodable));
    assert!(matches!(verdicts[1], Verdict::Decided(_)));
    let ids: Vec<PersonId> = world.persons().map(|person| person.id).collect();
    assert_eq!(ids, [person_of("two")], "nothing of the first one is applied");
    let mut none = |_: &[Delivery]| Ok(vec![]);
    let verdicts = decide_all(&mut World::whole(), &batch[..1], &bundle, &mut none);
    assert_eq!(verdicts, [Verdict::Failed(Aside::DeliveriesNotNumbered)]);
}

#[test]
fn who_cannot_be_read_stops_what_is_theirs_and_is_left_out_by_name() {
    let (bundle, who) = (bundle(), Who::number(1));
    let mut store = World::whole();
    decide_all(&mut store, &[message("application", applied(&who))], &bundle, &mut number);
    let person = person_of("application");
    let whole = (Ask::Person(person), Reply::Person(PersonFound::Shut));
    let shut = [whole, (Ask::Match(person), Reply::Match(MatchFound::Shut))];
    let shut = |world: &mut World| world.load(0, shut.clone());
    let mut part = World::new();
    shut(&mut part);
    let own = message("status", status(&who, Decision::Granted, 2, "2025-02-01"));
    assert_eq!(one(&mut part, &store, &bundle, own), Verdict::Failed(Aside::PersonUnreadable));
    let due = message("due", Body::Due(person));
    assert_eq!(one(&mut part, &store, &bundle, due), Verdict::Failed(Aside::PersonUnreadable));
    let namesake = Who { passport: "Z900900".to_owned(), application: "900".to_owned(), ..who };
    let change = decided(one(&mut part, &store, &bundle, message("namesake", applied(&namesake))));
    assert!(change.is_new(person_of("namesake")) && change.reviews.is_empty());
}

#[test]
fn whoever_is_linked_by_name_alone_is_read_whole_and_nobody_is_made_where_that_fails() {
    let (bundle, who) = (bundle(), Who::number(1));
    let mut store = World::whole();
    let birth = who.birth.clone();
    let given = format!("{}zorka", &who.given[..3]);
    let namesake = Who { family: "Elsewhere".to_owned(), given, birth, ..Who::number(2) };
    let filed = [message("application", applied(&who)), message("other", applied(&namesake))];
    decide_all(&mut store, &filed, &bundle, &mut number);
    let [first, other] = ["application", "other"].map(person_of);
    for opens in [true, false] {
        let answer = |ask: Ask| match ask {
            Ask::Person(_) if !opens => (ask, Reply::Person(PersonFound::Shut)),
            ask => (ask.clone(), store.answer(&ask)),
        };
        let batch = [message("again", named(&who, vec![]))];
        let (mut part, mut round, mut asked) = (World::new(), Round::new(&batch, &bundle), Needs::new());
        loop {
            let needs = round.asks(&mut part);
            if needs.is_empty() {
                break;
            }
            asked.extend(needs.iter().cloned());
            part.load(0, needs.into_iter().map(answer));
        }
        assert!(asked.contains(&Ask::Match(other)) && !asked.contains(&Ask::Person(other)), "{asked:?}");
        assert!(asked.contains(&Ask::Match(first)) && asked.contains(&Ask::Person(first)), "{asked:?}");
        assert_eq!(round.advance(&mut part, &mut number), None, "all was asked for at once");
        match round.finish().remove(0) {
            Verdict::Decided(change) => assert_eq!((opens, change.owner), (true, Some(first))),
            verdict => assert_eq!((opens, verdict), (false, Verdict::Failed(Aside::PersonUnreadable))),
        }
    }
}

#[test]
fn what_is_compared_of_somebody_goes_on_with_them() {
    let (bundle, who) = (bundle(), Who::number(1));
    let (mut part, mut store) = (World::new(), World::whole());
    let person = person_of("application");
    let change = decided(one(&mut part, &store, &bundle, message("application", applied(&who))));
    store.apply(&change);
    let before = [(Ask::Match(person), store.answer(&Ask::Match(person)))];
    let serial = part.close_batch();
    part.committed(serial);
    part.evict(0);
    part.load(serial, before.clone());
    assert!(part.has(&Ask::Match(person)));
    let all = [Ask::Key(key(&who)), Ask::Person(person)].map(|ask| (ask.clone(), store.answer(&ask)));
    part.load(serial, all);
    let own = message("status", status(&who, Decision::Granted, 2, "2025-02-01"));
    decided(one(&mut part, &store, &bundle, own));
    assert!(!part.has(&Ask::Match(person)), "the person is known whole now");
    part.load(serial, before);
    assert!(!part.has(&Ask::Match(person)), "and was changed by the open batch");
}

#[test]
fn a_change_says_everybody_it_touched_as_their_journals_make_them() {
    let mut house = House::new();
    let ((a, first), (b, second)) = support::pair::two(&mut house);
    let merged = house.change(support::pair::bridge(&a, &b));
    assert_eq!(merged.owner, Some(first));
    assert_eq!(merged.persons.keys().copied().collect::<Vec<_>>(), {
        let mut both = vec![first, second];
        both.sort();
        both
    });
    assert!(!merged.is_new(first) && !merged.is_new(second));
    for (_, verdict) in &house.log {
        let Verdict::Decided(change) = verdict else { continue };
        for (id, after) in &change.persons {
            let mut events = change.events.iter().filter(|(whose, _)| whose == id);
            assert!(events.next().is_some(), "touched by an event");
            assert!(after.version >= 1);
        }
        let touched = change.events.iter().all(|(id, _)| change.persons.contains_key(id));
        assert!(touched, "everybody with an event is there");
    }
    let folded = house.folded();
    assert_eq!(folded, house.persons());
    assert!(
        house
            .log
            .iter()
            .filter_map(|(_, verdict)| match verdict {
                Verdict::Decided(change) => Some(change),
                _ => None,
            })
            .any(|change| change.is_new(first))
    );
}

#[test]
fn a_record_that_names_nobody_twice_is_found_by_each_key_once() {
    let who = Who::number(1);
    let twice = named(&who, vec![application_key(&who), application_key(&who)]);
    let Body::Record(prepared) = &twice else { panic!("a record") };
    assert_eq!(prepared.record.keys.len(), 1);
    assert_eq!(prepared.own().next().map(|(_, index)| index.mac), Some(key(&who)));
    let change = House::new().change(twice.clone());
    let [indexed] = change.records.as_slice() else { panic!("one record") };
    let mut keys = indexed.keys.clone();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), indexed.keys.len());
    assert!(Arc::ptr_eq(&indexed.prepared, prepared), "nothing is copied");
}
