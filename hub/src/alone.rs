//! One person decided alone, in memory: what would follow for them from a message.
//!
//! The heart's own round on a world that holds nobody else; nothing is written and nothing is sent. Refuses messages that
//! need anybody else. Next: [`crate::what_if`] and [`crate::first_load`], which ask it of everybody.

use std::sync::Arc;

use decide::round::{Verdict, decide_all};
use decide::world::{Ask, PersonFound, Reply};
use decide::{Bundle, Change, Person, World};
use schemas::ids::{MessageId, Seed};
use schemas::message::{Body, Message};
use schemas::time::{Instant, KnownAt};

/// Decides the message about this person under a bundle: who they are then, and what would be stored and sent. None
/// where the heart cannot, or refuses.
#[must_use]
pub fn alone(
    person: &Arc<Person>,
    bundle: &Bundle,
    at: Instant,
    body: Body,
) -> Option<(Arc<Person>, Box<Change>)> {
    let mut world = World::whole();
    world.load(0, [(Ask::Person(person.id), Reply::Person(PersonFound::Here(Arc::clone(person))))]);
    let seed = Seed(person.id.bytes().repeat(2).try_into().ok()?);
    let id = MessageId::derive(&seed, 0);
    let message = Message { id, seed, order: u64::MAX >> 1, known_at: KnownAt(at), body };
    let mut number = |deliveries: &[decide::change::Delivery]| Ok(vec![(0, [0; 32]); deliveries.len()]);
    let mut verdicts = decide_all(&mut world, &[message], bundle, &mut number);
    let Some(Verdict::Decided(change)) = verdicts.pop() else { return None };
    Some((Arc::clone(world.person(person.id)?), change.into()))
}
