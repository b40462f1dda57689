//! One round: a batch of messages, decided in order against the world.
//!
//! [`Round::asks`] tells what all of them need, so that it is loaded at once; [`Round::advance`] decides them one
//! after the other, each against what the ones before it left. A message that makes the heart panic fails alone. The
//! result does not depend on how messages are cut into batches, nor on what of the store is known (invariant I2).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use schemas::envelope::Hash;
use schemas::message::{Body, Message};

use crate::bundle::Bundle;
use crate::change::{Change, Delivery};
use crate::decide::{ask, decide};
use crate::invariant;
use crate::world::{Aside, Ask, Gather, Needs, Refusal, Reply, SentRecord, Stop, Waiting, World};

/// What became of one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Decided(Change),
    /// Kept under these keys.
    Waiting(Waiting),
    /// The sender is told why not.
    Refused(Refusal),
    /// The heart failed on it: a human must look. It is put aside.
    Failed(Aside),
}

/// Gives the deliveries of one message their numbers and payload hashes, in order; or the code of what is wrong.
pub type Number<'n> = dyn FnMut(&[Delivery]) -> Result<Vec<(u64, Hash)>, Aside> + 'n;

/// How often one message may ask for more: keys, persons, waiting records, their keys, and so on along a chain of
/// waiting records. More is a defect.
const TURNS: usize = 64;

/// A batch on its way through the heart.
#[derive(Debug)]
pub struct Round<'a> {
    messages: &'a [Message],
    bundle: &'a Bundle,
    verdicts: Vec<Verdict>,
    /// Messages of which nothing was missing any more when they were last asked about.
    ready: Vec<bool>,
    turns: usize,
}

impl<'a> Round<'a> {
    #[must_use]
    pub fn new(messages: &'a [Message], bundle: &'a Bundle) -> Self {
        let verdicts = Vec::with_capacity(messages.len());
        Self { messages, bundle, verdicts, ready: vec![false; messages.len()], turns: 0 }
    }

    /// What the messages that are not decided yet need, as far as it can be told: keys first, then whom they lead to.
    /// Load it and ask again until nothing is missing.
    pub fn asks(&mut self, world: &mut World) -> Needs {
        world.next_round();
        let bundle = self.bundle;
        let mut union = Gather::default();
        for (message, ready) in self.messages.iter().zip(&mut self.ready).skip(self.verdicts.len()) {
            if !*ready {
                // Where asking panics, deciding does as well, and tells of this message alone.
                let own = catch_unwind(AssertUnwindSafe(|| {
                    let mut own = Gather::default();
                    ask(world, message, bundle, &mut own);
                    own.0
                }))
                .unwrap_or_default();
                *ready = own.is_empty();
                union.0.extend(own);
            }
        }
        union.0
    }

    /// Decides until something is missing, or until all is decided. `number` is called once for each message that
    /// delivers something, before it is applied; where it fails, the message fails and nothing of it is applied.
    pub fn advance(&mut self, world: &mut World, number: &mut Number<'_>) -> Option<Needs> {
        while let Some(message) = self.messages.get(self.verdicts.len()) {
            let verdict = match attempt(world, message, self.bundle) {
                Ok(Err(Stop::Needs(needs))) if self.turns < TURNS => {
                    self.turns += 1;
                    return Some(needs);
                }
                Ok(Err(Stop::Needs(_))) => Verdict::Failed(Aside::NeedsWithoutEnd),
                Ok(Ok(change)) => settle(world, message, self.bundle, change, number),
                Ok(Err(Stop::Waiting(waiting))) => {
                    if let Body::Record(prepared) = &message.body {
                        world.keep(message.id, Arc::clone(prepared), &waiting);
                    }
                    Verdict::Waiting(waiting)
                }
                Ok(Err(Stop::Refused(refusal))) => Verdict::Refused(refusal),
                Ok(Err(Stop::Shut)) => Verdict::Failed(Aside::PersonUnreadable),
                Err(code) => Verdict::Failed(code),
            };
            self.verdicts.push(verdict);
            self.turns = 0;
        }
        None
    }

    /// How many messages are decided so far.
    #[must_use]
    pub fn decided(&self) -> usize {
        self.verdicts.len()
    }

    /// A verdict for each message that is decided: all of them, or the first ones where the batch is cut short.
    #[must_use]
    pub fn finish(self) -> Vec<Verdict> {
        self.verdicts
    }
}

/// Decides all messages against a whole world.
pub fn decide_all(
    world: &mut World,
    messages: &[Message],
    bundle: &Bundle,
    number: &mut Number<'_>,
) -> Vec<Verdict> {
    let mut round = Round::new(messages, bundle);
    // A whole world answers everything at once, so there is nothing to load between two turns.
    while round.advance(world, number).is_some() {}
    round.finish()
}

/// One message; a panic is a verdict about this message alone. The world is only read, so nothing
/// can be left half done.
fn attempt(world: &World, message: &Message, bundle: &Bundle) -> Result<Result<Change, Stop>, Aside> {
    catch_unwind(AssertUnwindSafe(|| decide(world, message, bundle))).map_err(|_| Aside::HeartPanicked)
}

/// Numbers what leaves and applies the change.
fn settle(
    world: &mut World,
    message: &Message,
    bundle: &Bundle,
    change: Change,
    number: &mut Number<'_>,
) -> Verdict {
    if !change.deliveries.is_empty() {
        let numbers = match number(&change.deliveries) {
            Ok(numbers) => numbers,
            Err(code) => return Verdict::Failed(code),
        };
        if numbers.len() != change.deliveries.len() {
            return Verdict::Failed(Aside::DeliveriesNotNumbered);
        }
        for (delivery, (sequence, hash)) in change.deliveries.iter().zip(numbers) {
            let sent = SentRecord { hash, handover: delivery.handover, epoch: delivery.epoch };
            world.set(Ask::Sent(delivery.recipient.clone(), sequence), Reply::Sent(Some(sent)));
        }
    }
    world.apply(&change);
    debug_assert_eq!(check(&change, bundle, message), Ok(()));
    Verdict::Decided(change)
}

fn check(change: &Change, bundle: &Bundle, message: &Message) -> Result<(), String> {
    for delivery in &change.deliveries {
        invariant::i4(delivery, bundle)?;
        if let Some(person) = change.persons.get(&delivery.person) {
            invariant::i5(delivery, person, bundle, message.known_at.day())?;
            invariant::i14(delivery, person, bundle, message.known_at.day())?;
        }
    }
    change.persons.values().try_for_each(|person| {
        invariant::i6(person, bundle, message.known_at.day())?;
        invariant::i7(person)
    })
}
