//! One human whom the hub knows as two persons, step by step: what is said of both, in one house or in several.
//!
//! For what must be the same with a merge that was undone and without it. What is said is drawn in [`super::walk`].

use schemas::ids::PersonId;

use super::engine::Dice;
use super::pair::two;
use super::walk::{Drawn, dice, reaction, rules, script};
use super::{House, Who, day, number_given};

/// One human whom the hub knows as two persons, and what is said of both, in the order in which it is heard.
pub(crate) struct TwoLives {
    pub(crate) house: House,
    pub(crate) dice: Dice,
    pub(crate) one: (Who, PersonId),
    pub(crate) other: (Who, PersonId),
    said: std::vec::IntoIter<Drawn>,
}

impl TwoLives {
    pub(crate) fn drawn(number: u64, wild: bool) -> Self {
        let (mut house, mut dice) = (House::forgetful(), dice(number));
        rules(&mut house, &mut dice);
        let ((one, _), (other, _)) = two(&mut house);
        // Whoever forgets what was said gives persons ids of their own.
        let [one, other] = [one, other].map(|who| {
            let owner = house.change(number_given(&who, "2025-03-01")).owner.unwrap();
            (who, owner)
        });
        let said = script(&[&one.0, &other.0], &mut dice, day("2025-03-01"), wild).into_iter();
        Self { house, dice, one, other, said }
    }

    /// How much is still to be said.
    pub(crate) fn left(&self) -> usize {
        self.said.len()
    }

    /// Says the next thing in each of these houses, where nobody answers; and in its own, where somebody may.
    pub(crate) fn next(&mut self, beside: &mut [&mut House]) {
        let Some(said) = self.said.next() else { return };
        for house in beside.iter_mut().map(|house| &mut **house).chain([&mut self.house]) {
            house.until(&said.heard.to_string());
            house.say(&said.words, said.body.clone());
        }
        if beside.is_empty() {
            for _ in 0..self.dice.roll(3) {
                reaction(&mut self.house, &mut self.dice);
            }
        }
    }
}
