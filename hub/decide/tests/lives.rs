//! Random lives through four doors: what must hold for every one of them, in any order.
//!
//! A life is drawn, its messages are shuffled, repeated and cut into batches; then the agencies say
//! yes to whatever they were offered. I2, I4, I5, I7 hold on the way, I8 at the end.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use decide::invariant::{Essence, essence, i4, i5, i7};
use decide::round::Verdict;
use proptest::prelude::*;
use schemas::fact::{Decision, Purpose};
use schemas::handover::AnswerKind;
use schemas::ids::MessageId;
use schemas::message::Body;
use support::{Home, House, Who, application, day, number_given, permit, register, status};

/// One life: which messages there are about somebody.
#[derive(Clone, Debug)]
struct Life {
    work: bool,
    granted: Option<bool>,
    documents: bool,
    numbered: bool,
    homes: Vec<usize>,
    ends: Option<bool>,
}

const HOMES: [&str; 7] = ["44021", "11002", "24062", "62063", "21004", "11201", "46014"];

fn life() -> impl Strategy<Value = Life> {
    let homes = proptest::collection::vec(0..HOMES.len(), 0..4);
    let ends = proptest::option::weighted(0.2, any::<bool>());
    (any::<bool>(), any::<Option<bool>>(), any::<bool>(), any::<bool>(), homes, ends).prop_map(
        |(work, granted, documents, numbered, homes, ends)| Life {
            work,
            granted,
            documents,
            numbered,
            homes,
            ends,
        },
    )
}

/// The messages of a life, each under a name of its own.
fn messages(n: usize, life: &Life) -> Vec<(String, Body)> {
    let who = Who::number(n);
    let purpose = if life.work { Purpose::Work } else { Purpose::FamilyReunification };
    let mut said = vec![("application".to_owned(), application(&who, purpose, "2025-01-02"))];
    let mut say = |name: String, body: Body| said.push((name, body));
    if life.work {
        say("asked".to_owned(), permit(&who, Decision::Pending, "2025-01-01"));
    }
    if life.documents {
        say("pending".to_owned(), status(&who, Decision::Pending, 2, "2025-01-20"));
    }
    if let Some(granted) = life.granted {
        let decision = if granted { Decision::Granted } else { Decision::Refused };
        say("decided".to_owned(), status(&who, decision, 3, "2025-02-01"));
    }
    if life.numbered || !life.homes.is_empty() {
        say("number".to_owned(), number_given(&who, "2025-03-01"));
    }
    for (month, home) in life.homes.iter().enumerate() {
        let (since, on) = (format!("2025-0{}-04", month + 4), format!("2025-0{}-06", month + 4));
        say(format!("home{month}"), register(&who, Home::In(HOMES[*home], &since), &on));
    }
    if let Some(deceased) = life.ends {
        let home = if deceased { Home::Deceased } else { Home::Left };
        say("gone".to_owned(), register(&who, home, "2025-09-01"));
    }
    said.into_iter().map(|(name, body)| (format!("{n}/{name}"), body)).collect()
}

/// Says everything in this order, cut into batches; checks what must hold on the way.
fn run(said: &[(String, Body)], order: &[usize], batch: usize) -> Result<House, TestCaseError> {
    let mut house = House::new();
    house.today("2025-12-31");
    let all: Vec<_> = order.iter().map(|n| house.message(&said[*n].0, said[*n].1.clone())).collect();
    for part in all.chunks(batch) {
        for verdict in house.decide(part) {
            prop_assert!(matches!(verdict, Verdict::Decided(_) | Verdict::Waiting(_)), "{verdict:?}");
        }
    }
    Ok(house)
}

/// The agencies say yes to whatever is on the table, and again to what that leads to.
fn say_yes(house: &mut House) {
    for _ in 0..3 {
        let offers: Vec<_> = house.memory.persons.values().flat_map(|p| p.state.handovers.clone()).collect();
        for handover in offers {
            let Some(to) = handover.recipient.filter(|_| handover.epoch > 0) else { continue };
            let offer = house.offers.get(&handover.id).cloned();
            if let Some(offer) = offer {
                house.offered.insert(to.clone(), offer);
                house.received(to.as_str());
                house.answer(to.as_str(), AnswerKind::Accepted);
            }
        }
    }
}

/// Every person by the messages that are his: the same in every order where the links are the same.
fn essences(house: &House) -> BTreeMap<BTreeSet<MessageId>, Essence> {
    let of = |person: &decide::Person| {
        let messages = person.state.claims.values().map(|claim| claim.message).collect();
        (messages, essence(person, &house.bundle, day("2025-12-31")))
    };
    house.memory.persons.values().map(of).collect()
}

fn shuffled(length: usize, seed: u64) -> Vec<usize> {
    // Every third message comes twice.
    let mut order: Vec<usize> = (0..length).chain((0..length).step_by(3)).collect();
    let mut state = seed | 1;
    for i in (1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let j = usize::try_from(state >> 33).unwrap_or(0) % (i + 1);
        order.swap(i, j);
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_does_not_matter(lives in proptest::collection::vec(life(), 1..4), seed: u64, batch in 1usize..20) {
        let said: Vec<_> = lives.iter().enumerate().flat_map(|(n, life)| messages(n, life)).collect();
        let straight: Vec<usize> = (0..said.len()).collect();
        let mut first = run(&said, &straight, 500)?;
        let mut second = run(&said, &shuffled(said.len(), seed), batch)?;
        prop_assert_eq!(first.memory.persons.len(), lives.len(), "one person a life");
        say_yes(&mut first);
        say_yes(&mut second);
        prop_assert_eq!(essences(&first), essences(&second));
    }

    #[test]
    fn the_batch_does_not_matter(lives in proptest::collection::vec(life(), 1..4), seed: u64, batch in 1usize..20) {
        let said: Vec<_> = lives.iter().enumerate().flat_map(|(n, life)| messages(n, life)).collect();
        let order = shuffled(said.len(), seed);
        let (one, many) = (run(&said, &order, batch)?, run(&said, &order, 500)?);
        prop_assert_eq!(&one.deliveries, &many.deliveries);
        prop_assert_eq!(&one.memory.persons, &many.memory.persons);
    }

    #[test]
    fn nothing_leaves_without_contract_line_and_basis(lives in proptest::collection::vec(life(), 1..4), seed: u64) {
        let said: Vec<_> = lives.iter().enumerate().flat_map(|(n, life)| messages(n, life)).collect();
        let mut house = House::new();
        house.today("2025-12-31");
        for n in shuffled(said.len(), seed) {
            house.say(&said[n].0, said[n].1.clone());
            for delivery in std::mem::take(&mut house.deliveries) {
                prop_assert_eq!(i4(&delivery, &house.bundle), Ok(()));
                let person = &house.memory.persons[&delivery.person];
                prop_assert_eq!(i5(&delivery, person, &house.bundle, day("2025-12-31")), Ok(()));
            }
            for person in house.memory.persons.values() {
                prop_assert_eq!(i7(person), Ok(()));
            }
        }
    }
}
