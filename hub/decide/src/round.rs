//! One round: a batch of messages, decided in order against a world that is loaded for all of them.
//!
//! First the union of what the messages need is asked for, then they are decided one after the
//! other, each against what the ones before it left. A message that makes the heart panic fails
//! alone. The result does not depend on how messages are cut into batches (invariant I2). Refuses to load:
//! whoever runs the round does, from a store or from [`crate::memory`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use schemas::key::Key;
use schemas::message::{Body, Message};

use crate::change::{Change, Delivery, Needs, Refusal, Stop, Waiting};
use crate::decide::{decide_found, keys_of, needs};
use crate::{Bundle, World, invariant};

/// What became of one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Decided: this follows.
    Decided(Change),
    /// Kept under these keys.
    Waiting(Waiting),
    /// The sender is told why not.
    Refused(Refusal),
    /// The heart failed on it: a human must look. The code says where.
    Failed(&'static str),
}

/// What a round needs of whoever runs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Load these into [`Round::world`].
    Needs(Needs),
    /// The message at this place of the batch has deliveries: give them their numbers, and tell the
    /// world with [`World::load_sent`], for a later message of the same batch may answer them.
    Delivered(usize),
}

/// How often one round, or one message, may ask for more: keys, persons, waiting records, their
/// keys, and so on along a chain of waiting records. More is a defect.
const TURNS: usize = 64;

/// A batch on its way through the heart.
#[derive(Debug)]
pub struct Round<'a> {
    messages: &'a [Message],
    /// The keys of each message, made once.
    keys: Vec<Vec<Key>>,
    bundle: &'a Bundle,
    world: World,
    verdicts: Vec<Verdict>,
    turns: usize,
    warm: bool,
}

impl<'a> Round<'a> {
    /// Starts with an empty world.
    #[must_use]
    pub fn new(messages: &'a [Message], bundle: &'a Bundle) -> Self {
        let verdicts = Vec::with_capacity(messages.len());
        let keys = messages.iter().map(keys_of).collect();
        Self { messages, keys, bundle, world: World::default(), verdicts, turns: 0, warm: false }
    }

    /// Goes on until something is needed, or until all is decided.
    pub fn advance(&mut self) -> Option<Step> {
        if !self.warm {
            let mut union = Needs::default();
            for (message, keys) in self.messages.iter().zip(&self.keys) {
                union.extend(needs(&self.world, message, keys));
            }
            self.turns += 1;
            if !union.is_empty() && self.turns < TURNS {
                return Some(Step::Needs(union));
            }
            (self.warm, self.turns) = (true, 0);
        }
        while let Some(message) = self.messages.get(self.verdicts.len()) {
            let keys = &self.keys[self.verdicts.len()];
            let verdict = match attempt(&self.world, message, keys, self.bundle) {
                Ok(Err(Stop::Needs(needs))) if self.turns < TURNS => {
                    self.turns += 1;
                    return Some(Step::Needs(*needs));
                }
                Ok(Err(Stop::Needs(_))) => Verdict::Failed("needs-without-end"),
                Ok(Ok(change)) => {
                    self.world.apply(&change);
                    debug_assert_eq!(check(&self.world, &change, self.bundle, message), Ok(()));
                    Verdict::Decided(change)
                }
                Ok(Err(Stop::Waiting(waiting))) => {
                    if let Body::Record(record) = &message.body {
                        self.world.keep(message.id, record.clone(), &waiting);
                    }
                    Verdict::Waiting(waiting)
                }
                Ok(Err(Stop::Refused(refusal))) => Verdict::Refused(refusal),
                Err(code) => Verdict::Failed(code),
            };
            let delivered = matches!(&verdict, Verdict::Decided(change) if !change.deliveries.is_empty());
            self.verdicts.push(verdict);
            self.turns = 0;
            if delivered {
                return Some(Step::Delivered(self.verdicts.len() - 1));
            }
        }
        None
    }

    /// What leaves because of the message at this place, in order.
    #[must_use]
    pub fn deliveries(&self, place: usize) -> &[Delivery] {
        match self.verdicts.get(place) {
            Some(Verdict::Decided(change)) => &change.deliveries,
            Some(Verdict::Waiting(_) | Verdict::Refused(_) | Verdict::Failed(_)) | None => &[],
        }
    }

    /// The world to load into.
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// The world as it is after the batch, and a verdict for each message.
    #[must_use]
    pub fn finish(self) -> (World, Vec<Verdict>) {
        (self.world, self.verdicts)
    }
}

/// One message; a panic is a verdict about this message alone. The world is only read, so nothing
/// can be left half done.
fn attempt(
    world: &World,
    message: &Message,
    keys: &[Key],
    bundle: &Bundle,
) -> Result<Result<Change, Stop>, &'static str> {
    catch_unwind(AssertUnwindSafe(|| decide_found(world, message, keys, bundle)))
        .map_err(|_| "heart-panicked")
}

fn check(world: &World, change: &Change, bundle: &Bundle, message: &Message) -> Result<(), String> {
    for delivery in &change.deliveries {
        invariant::i4(delivery, bundle)?;
        if let Some(person) = world.person(delivery.person) {
            invariant::i5(delivery, person, bundle, message.known_at.day())?;
        }
    }
    change.events.iter().filter_map(|(id, _)| world.person(*id)).try_for_each(invariant::i7)
}
