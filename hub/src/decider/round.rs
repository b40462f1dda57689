//! One round: a batch of messages through the heart, against a world that is loaded for all of them.
//!
//! Loads the union of what the messages need, then decides them one after the other, each against
//! what the ones before it left. A message that makes the heart panic fails alone. The result does
//! not depend on how messages are cut into batches (invariant I2). Refuses to store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use decide::change::{Change, Needs, Refusal, Stop, Waiting};
use decide::{Bundle, World, invariant};
use schemas::message::{Body, Message};

/// Where a round loads from: the store, or the memory of a replay.
pub trait Loader {
    /// What it says when it cannot.
    type Error;

    /// Brings what is needed into the world; what does not exist is told too.
    fn load(
        &mut self,
        needs: Needs,
        world: &mut World,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

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

/// Loading turns: keys, then persons, then the keys of waiting records and theirs; more is a defect.
const TURNS: usize = 64;

/// Decides a batch in order. Returns the world as it is after it, and a verdict for each message.
///
/// # Errors
/// The loader's.
pub async fn round<L: Loader>(
    loader: &mut L,
    messages: &[Message],
    bundle: &Bundle,
) -> Result<(World, Vec<Verdict>), L::Error> {
    let mut world = World::default();
    for _ in 0..TURNS {
        let mut needs = Needs::default();
        messages.iter().for_each(|message| needs.extend(decide::needs(&world, message)));
        if needs.is_empty() {
            break;
        }
        loader.load(needs, &mut world).await?;
    }
    let mut verdicts = Vec::with_capacity(messages.len());
    for message in messages {
        let mut verdict = Verdict::Failed("needs-without-end");
        for _ in 0..TURNS {
            match attempt(&world, message, bundle) {
                Ok(Ok(change)) => {
                    world.apply(&change);
                    debug_assert_eq!(check(&world, &change, bundle, message), Ok(()));
                    verdict = Verdict::Decided(change);
                }
                Ok(Err(Stop::Needs(needs))) => {
                    loader.load(needs, &mut world).await?;
                    continue;
                }
                Ok(Err(Stop::Waiting(waiting))) => {
                    if let Body::Record(record) = &message.body {
                        world.keep(message.id, record.clone(), &waiting);
                    }
                    verdict = Verdict::Waiting(waiting);
                }
                Ok(Err(Stop::Refused(refusal))) => verdict = Verdict::Refused(refusal),
                Err(code) => verdict = Verdict::Failed(code),
            }
            break;
        }
        verdicts.push(verdict);
    }
    Ok((world, verdicts))
}

/// One message; a panic is a verdict about this message alone. The world is only read, so nothing
/// can be left half done.
fn attempt(world: &World, message: &Message, bundle: &Bundle) -> Result<Result<Change, Stop>, &'static str> {
    catch_unwind(AssertUnwindSafe(|| decide::decide(world, message, bundle))).map_err(|_| "heart-panicked")
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
