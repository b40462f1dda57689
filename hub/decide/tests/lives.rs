//! Random lives through six doors: what must hold for every one of them, in any order.
//!
//! A life is drawn in `support::life`, its messages are shuffled, repeated and cut into batches; then the agencies
//! say yes to whatever they were offered. I8 and I2 compare the ends; I4 to I7, I9 and I12 hold on the way.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::engine::Dice;
use crate::support::house::HASH;
use crate::support::life::{Life, lives, messages};
use crate::support::{House, day, reviewed};
use decide::Refusal;
use decide::invariant::{Essence, essence, i4, i5, i6, i7, i12, i14};
use decide::round::Verdict;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use schemas::handover::{AnswerKind, State};
use schemas::ids::{MessageId, PersonId};
use schemas::message::{Body, ReviewAnswer};
use schemas::time::Day;

const END: &str = "2025-12-31";

/// All that is said, with or without the baseline of a first load.
fn said((lives, baseline): &Drawn) -> Vec<(String, Body)> {
    let all = lives.iter().enumerate().flat_map(|(n, life)| messages(n, life));
    all.map(|(name, body)| (name, body.with_baseline(*baseline))).collect()
}

type Drawn = (Vec<Life>, Option<Day>);

/// Lives, of which a first load may be a part: up to before most of them, in their midst, or after all.
fn drawn() -> impl Strategy<Value = Drawn> {
    let baselines = [None, Some(day("2025-02-10")), Some(day("2025-04-01")), Some(day("2026-06-01"))];
    (lives(), proptest::sample::select(baselines.to_vec()))
}

/// Says everything in this order, cut into batches.
fn run(said: &[(String, Body)], order: &[usize], batch: usize) -> Result<House, TestCaseError> {
    let mut house = House::new();
    house.today(END);
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
        for offer in house.on_the_table() {
            house.pick_up(&offer);
            house.accepted(offer.recipient.as_str());
        }
    }
}

/// Every person by the messages that are theirs: the same in every order where the links are the same.
fn essences(house: &House) -> BTreeMap<BTreeSet<MessageId>, Essence> {
    let of = |person: &&decide::Person| {
        let messages = person.state.claims.values().map(|claim| claim.message).collect();
        (messages, essence(person, &house.bundle, day(END)))
    };
    house.people().iter().map(of).collect()
}

fn shuffled(length: usize, seed: u64) -> Vec<usize> {
    // Every third message comes twice.
    let mut order: Vec<usize> = (0..length).chain((0..length).step_by(3)).collect();
    let mut dice = Dice(seed | 1);
    for i in (1..order.len()).rev() {
        order.swap(i, dice.roll(i + 1));
    }
    order
}

/// What must hold between two messages.
fn holds(house: &mut House) -> Result<(), TestCaseError> {
    let today = schemas::time::day_of(house.at);
    for delivery in std::mem::take(&mut house.deliveries) {
        prop_assert_eq!(i4(&delivery, &house.bundle), Ok(()));
        let person = house.now(delivery.person);
        let same_day = schemas::time::day_of(delivery.at) == today;
        let holds =
            || i5(&delivery, person, &house.bundle, today).and(i14(&delivery, person, &house.bundle, today));
        prop_assert_eq!(if same_day { holds() } else { Ok(()) }, Ok(()));
    }
    for person in house.persons().values() {
        prop_assert_eq!(i6(person, &house.bundle, today).and(i7(person)), Ok(()));
        let streams: BTreeSet<_> = person.open_streams().map(|stream| &stream.recipient).collect();
        prop_assert!(
            person.lines().into_iter().all(|line| streams.contains(line)),
            "a line without a stream"
        );
    }
    prop_assert_eq!(i12(house.persons().values()), Ok(()));
    Ok(())
}

/// I12: what answers an epoch that is over changes nothing.
fn old_epochs_are_over(house: &mut House) -> Result<(), TestCaseError> {
    let all: Vec<_> = house.offers.values().cloned().collect();
    for mut offer in all {
        let owner = house.people().into_iter().find_map(|person| person.handover(offer.handover)).cloned();
        let Some(handover) = owner else { return Err(TestCaseError::fail("a handover is lost")) };
        if handover.state != State::Superseded {
            offer.epoch -= 1;
        }
        let before = house.persons();
        house.pick_up(&offer);
        let late = house.answer(offer.recipient.as_str(), AnswerKind::Accepted);
        let fenced = matches!(late, Verdict::Refused(Refusal::OldEpoch { .. } | Refusal::UnknownHandover));
        prop_assert!(fenced, "{late:?}");
        prop_assert_eq!(&before, &house.persons());
    }
    Ok(())
}

/// I12: a `received` that quotes any record of the recipient but the handover's own changes nothing.
fn others_records_confirm_nothing(house: &mut House) -> Result<(), TestCaseError> {
    for offer in house.on_the_table() {
        let all = house.issued[&offer.recipient].clone();
        let before = house.persons();
        house.pick_up(&offer);
        for (sequence, _) in (1..).zip(all).filter(|(_, of)| *of != (Some(offer.handover), offer.epoch)) {
            let quoted = AnswerKind::Received { sequence, payload_hash: HASH };
            let told = house.answer(offer.recipient.as_str(), quoted);
            prop_assert_eq!(
                told,
                Verdict::Refused(Refusal::OtherRecord),
                "record {} for {:?}",
                sequence,
                &offer
            );
        }
        prop_assert_eq!(&before, &house.persons());
    }
    Ok(())
}

/// The same lives in every run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more and for others.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(20_250_101), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn i8_the_order_does_not_matter(drawn in drawn(), seed: u64, batch in 1usize..20) {
        let said = said(&drawn);
        let straight: Vec<usize> = (0..said.len()).collect();
        let mut first = run(&said, &straight, 500)?;
        let mut second = run(&said, &shuffled(said.len(), seed), batch)?;
        prop_assert_eq!(first.people().len(), drawn.0.len(), "one person a life");
        say_yes(&mut first);
        say_yes(&mut second);
        prop_assert_eq!(essences(&first), essences(&second));
    }

    #[test]
    fn i2_the_batch_does_not_matter(drawn in drawn(), seed: u64, batch in 1usize..20) {
        let said = said(&drawn);
        let order = shuffled(said.len(), seed);
        let (one, many) = (run(&said, &order, batch)?, run(&said, &order, 500)?);
        prop_assert_eq!(&one.deliveries, &many.deliveries);
        prop_assert_eq!(&one.persons(), &many.persons());
        prop_assert_eq!(&one.persons(), &one.folded(), "a state is the fold of its journal");
    }

    #[test]
    fn i4_to_i7_and_i12_hold_while_agencies_answer_and_time_passes(drawn in drawn(), seed: u64) {
        let said = said(&drawn);
        let (mut house, mut dice) = (House::new(), Dice(seed | 1));
        let mut today = day("2025-01-01");
        for n in shuffled(said.len(), seed) {
            house.say(&said[n].0, said[n].1.clone());
            holds(&mut house)?;
            for offer in house.on_the_table() {
                house.pick_up(&offer);
                let by = offer.recipient.as_str();
                match dice.roll(6) {
                    0 => drop(house.accepted(by)),
                    1 => drop(house.received(by)),
                    2 => drop(house.rejected(by)),
                    3 => drop(house.answer(by, AnswerKind::TrajectoryStarted)),
                    4 => drop(house.answer(by, AnswerKind::PurgeConfirmed)),
                    _ => {}
                }
                holds(&mut house)?;
            }
            today = today + chrono::Days::new(dice.roll(20) as u64);
            house.until(&today.to_string());
            holds(&mut house)?;
        }
        others_records_confirm_nothing(&mut house)?;
        old_epochs_are_over(&mut house)?;
    }

    #[test]
    fn i9_who_was_told_apart_stays_apart(drawn in drawn(), seed: u64) {
        let said = said(&drawn);
        let order = shuffled(said.len(), seed);
        let mut house = run(&said, &order[..order.len() / 2], 500)?;
        let mut apart: Vec<(PersonId, PersonId)> = vec![];
        let asked = |house: &House| {
            let open = |person: &&decide::Person| person.state.open_reviews.iter().next().map(|(id, may)| (person.id, *id, may.candidates.clone()));
            house.people().iter().find_map(open)
        };
        while let Some((person, review, may_be)) = asked(&house) {
            // Whom a merge made one with the person since is asked about in vain.
            let two = may_be.into_iter().filter(|other| house.now(*other).id != person);
            apart.extend(two.map(|other| (person, other)));
            house.tell(reviewed(review, ReviewAnswer::Different));
        }
        for n in &order[order.len() / 2..] {
            house.say(&said[*n].0, said[*n].1.clone());
        }
        for (one, other) in apart {
            prop_assert_ne!(house.now(one).id, house.now(other).id);
        }
    }
}
