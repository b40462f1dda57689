//! I2 on a part of the world: whatever is known, forgotten, stored late or answered late, the verdicts are those of one
//! world that holds everything.
//! A whole world stands in for the store. Next: `world.rs` for what is kept, discarded and waited for.

use crate::support::engine::{Dice, Engine, Forgets};
use crate::support::house::House;
use crate::support::life::{Life, lives, messages};
use decide::round::Verdict;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngSeed;
use schemas::message::Message;

/// A whole story with answers and due days, and what became of each message in it.
fn told(lives: &[Life], dice: &mut Dice) -> (House, Vec<Message>, Vec<Verdict>) {
    let mut said: Vec<_> = lives.iter().enumerate().flat_map(|(n, life)| messages(n, life)).collect();
    for i in (1..said.len()).rev() {
        said.swap(i, dice.roll(i + 1));
    }
    let mut house = House::new();
    for (name, body) in said {
        house.say(&name, body);
        if dice.roll(3) == 0 {
            for offer in house.on_the_table() {
                house.pick_up(&offer);
                house.accepted(offer.recipient.as_str());
            }
        }
    }
    house.until("2025-12-31");
    let (messages, verdicts) = std::mem::take(&mut house.log).into_iter().unzip();
    (house, messages, verdicts)
}

/// The same stories in every run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more and for others.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 40, rng_seed: RngSeed::Fixed(11), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_known_is_not_seen_in_a_verdict(lives in lives(), seed: u64, largest in 1usize..12) {
        let mut dice = Dice(seed | 1);
        let (house, messages, expect) = told(&lives, &mut dice);
        for forgets in [Forgets::Nothing, Forgets::Sometimes, Forgets::Always] {
            for largest in [1, largest, 500] {
                let mut engine = Engine::new(&house.bundle, dice.clone(), forgets);
                let verdicts = engine.run(&messages, largest);
                let differs = verdicts.iter().zip(&expect).position(|(got, expect)| got != expect);
                prop_assert_eq!(differs, None, "{:?}, batches of up to {}", forgets, largest);
                prop_assert_eq!(verdicts.len(), expect.len());
            }
        }
    }
}

#[test]
fn batches_are_cut_and_waited_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut cut, mut waited) = (0, 0);
    for case in 0..150 {
        let lives = lives().new_tree(&mut runner).unwrap().current();
        let (house, messages, _) = told(&lives, &mut Dice(2 * case + 1));
        let mut engine = Engine::new(&house.bundle, Dice(2 * case + 1), Forgets::Always);
        engine.run(&messages, 4);
        cut += engine.cut;
        waited += engine.waited;
    }
    assert!(cut > 0 && waited > 0, "{cut} batches were cut, {waited} waits");
}
