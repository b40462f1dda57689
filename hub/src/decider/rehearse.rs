//! A rehearsal: what one message would lead to, decided in memory on what is stored now.
//!
//! The heart's own round, loaded as the decider loads; nothing is written, nothing is sent, nobody waits. Where two people
//! must say a thing, it is rehearsed as if one had said it already. Next: [`crate::blast`], which tells what came out.

use std::sync::Arc;

use decide::change::Delivery;
use decide::person::PersonState;
use decide::round::{Round, Verdict};
use decide::world::{PersonFound, Reply};
use decide::{Bundle, World};
use schemas::actor::ActorName;
use schemas::agreement::Agreement;
use schemas::ids::{MessageId, Seed};
use schemas::message::{Body, Message, ReviewAnswer};
use schemas::time::{Instant, KnownAt};

use super::DeciderError;
use super::load::{KeyRing, load};
use crate::store::Store;
use crate::vault::Vault;

/// Decides a message at a time on what is stored, as if somebody of this name had said the same already.
///
/// # Errors
/// [`DeciderError`].
pub async fn rehearse(
    store: &Store,
    vault: &Vault,
    bundle: &Bundle,
    at: Instant,
    body: Body,
    first: &ActorName,
) -> Result<Verdict, DeciderError> {
    // Nothing of it is kept, so its ids need not be anybody's.
    let seed = Seed([0; 32]);
    let id = MessageId::derive(&seed, 0);
    let agree = |state: &mut PersonState| match &body {
        Body::Split { records, .. } => state.proposed = Some((Agreement::split(records), first.clone())),
        Body::Reviewed { review, answer: ReviewAnswer::Same(person), .. } => {
            if let Some(asked) = state.open_reviews.get_mut(review) {
                asked.proposed = Some((*person, first.clone()));
            }
        }
        _ => {}
    };
    let messages = [Message { id, seed, order: u64::MAX >> 1, known_at: KnownAt(at), body: body.clone() }];
    let (mut world, mut keys) = (World::new(), KeyRing::default());
    let mut round = Round::new(&messages, bundle);
    let mut number = |deliveries: &[Delivery]| Ok(vec![(0, [0; 32]); deliveries.len()]);
    loop {
        let mut needs = round.asks(&mut world);
        if needs.is_empty() {
            match round.advance(&mut world, &mut number) {
                Some(more) => needs = more,
                None => break,
            }
        }
        let mut answers = load(store, vault, &needs, &mut keys).await?;
        for (_, reply) in &mut answers {
            if let Reply::Person(PersonFound::Here(person)) = reply {
                agree(&mut Arc::make_mut(person).state);
            }
        }
        world.load(0, answers);
    }
    round.finish().pop().ok_or(DeciderError::Stop("nothing came of a rehearsal"))
}
