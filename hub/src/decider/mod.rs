//! The decide loop: one active writer, in batches, on one lease.
//!
//! Takes what is in the inbox, asks the heart what it needs, loads it in bulk, runs the heart message
//! by message and stores everything in one transaction, whose last statement is the lease's fenced
//! update. A message that the heart or the store cannot take goes to quarantine alone. Refuses to
//! decide anything itself: see [`decide::decide`].

mod compose;
mod load;
pub mod replay;

use std::sync::Arc;
use std::time::Duration;

use decide::Bundle;
use decide::change::Refusal;
use decide::round::{Round, Step, Verdict};
use schemas::message::Message;
use schemas::time::{KnownAt, from_micros};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::contract::{ContractError, Schemas};
use crate::history::HistoryError;
use crate::intake::{OpenError, open_content};
use crate::observe::Metrics;
use crate::seal::{Keys, SealError};
use crate::store::rows::{Lease, Pending};
use crate::store::{Store, StoreError};
use compose::{Composer, MessageKey, Numbers};
pub use load::{index_mac, open_person};

/// The version of the heart's rules: stored with every journal entry.
pub const HEART: &str = env!("CARGO_PKG_VERSION");

/// How many messages one transaction takes at most.
pub const BATCH: u32 = 500;

/// How long a lease lasts without renewal. Safety never rests on it: the fence of each commit does that.
const LEASE_SECONDS: u32 = 10;
const RENEW: Duration = Duration::from_secs(3);

/// What the decide loop says when it cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DeciderError {
    /// The store.
    #[error("the store could not do it")]
    Store(#[from] StoreError),
    /// A sealed value.
    #[error("a sealed value could not be opened or made")]
    Seal(#[from] SealError),
    /// A stored value that does not read.
    #[error("a stored value could not be read")]
    Read(#[from] rmp_serde::decode::Error),
    /// A value that does not write.
    #[error("a value could not be written")]
    Write(#[from] rmp_serde::encode::Error),
    /// A value that does not write as JSON.
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A message that does not read.
    #[error(transparent)]
    Message(#[from] OpenError),
    /// A journal that does not open.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A view that does not fit its schema.
    #[error("a view could not be encoded")]
    Encode(#[from] ContractError),
}

/// What the decide loop works with.
#[derive(Clone, Debug)]
pub struct Decider {
    /// Where everything is.
    pub store: Store,
    /// Keys.
    pub keys: Keys,
    /// Time.
    pub clock: Clock,
    /// What decisions rest on.
    pub bundle: Arc<Bundle>,
    /// The recipients' schemas.
    pub schemas: Arc<Schemas>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Changes when something came into the inbox of this process; others are looked for.
    pub arrivals: watch::Receiver<u64>,
    /// Rung after a commit: there may be something to send, or to ask.
    pub outbox: Arc<Notify>,
    /// The last place in the order of decisions: who waits for his own decision watches it.
    pub decided: Arc<watch::Sender<u64>>,
    /// Who this is, among several instances.
    pub instance: String,
}

/// Runs until it is told to stop.
///
/// # Errors
/// Where a lease is lost or the database is away: what was decided was not stored, so nothing is lost by
/// starting again from the inbox.
pub async fn run(mut decider: Decider, stop: CancellationToken) -> Result<(), DeciderError> {
    let mut held: Option<Held> = None;
    while !stop.is_cancelled() {
        let wait = match turn(&decider, &mut held).await? {
            Turn::More => continue,
            Turn::Idle => Duration::from_millis(250),
            Turn::HeldByAnother => Duration::from_secs(2),
        };
        tokio::select! {
            () = stop.cancelled() => {}
            _ = decider.arrivals.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    if held.is_some() {
        // Given back at once, so that the next one need not wait for it to expire.
        decider.store.lease("decider", &decider.instance, 0).await?;
    }
    Ok(())
}

/// What to do after a turn.
enum Turn {
    More,
    Idle,
    HeldByAnother,
}

/// A lease, and when it was taken or renewed.
struct Held {
    lease: Lease,
    at: tokio::time::Instant,
}

async fn turn(decider: &Decider, held: &mut Option<Held>) -> Result<Turn, DeciderError> {
    let Some(lease) = take(decider, held).await? else { return Ok(Turn::HeldByAnother) };
    let pending = decider.store.undecided(BATCH).await?;
    if pending.is_empty() {
        return Ok(Turn::Idle);
    }
    decide_pending(decider, lease, &pending).await?;
    Ok(Turn::More)
}

/// The lease, renewed in time; not at every turn, for that is a commit of its own before each message.
async fn take<'a>(
    decider: &Decider,
    held: &'a mut Option<Held>,
) -> Result<Option<&'a mut Lease>, DeciderError> {
    if held.as_ref().is_none_or(|held| held.at.elapsed() >= RENEW) {
        let at = tokio::time::Instant::now();
        let lease = decider.store.lease("decider", &decider.instance, LEASE_SECONDS).await?;
        *held = lease.map(|lease| Held { lease, at });
    }
    Ok(held.as_mut().map(|held| &mut held.lease))
}

/// Decides and stores these messages; halves the batch where its data are at fault, until the one
/// message that is can be put aside.
async fn decide_pending(
    decider: &Decider,
    lease: &mut Lease,
    pending: &[Pending],
) -> Result<(), DeciderError> {
    let mut open: Vec<&[Pending]> = vec![pending];
    while let Some(part) = open.pop() {
        match decide_part(decider, lease, part, None).await {
            Ok(()) => {}
            Err(error) if !at_fault(&error) => return Err(error),
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                open.push(second);
                open.push(first);
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), message = %part[0].row.id, "message put into quarantine");
                decide_part(decider, lease, part, Some("not-storable")).await?;
            }
        }
    }
    Ok(())
}

/// Whether the data of the batch are at fault, not the world around.
fn at_fault(error: &DeciderError) -> bool {
    match error {
        DeciderError::Store(StoreError::Data { .. }) => true,
        DeciderError::Store(_) => false,
        DeciderError::Seal(_)
        | DeciderError::Read(_)
        | DeciderError::Write(_)
        | DeciderError::Json(_)
        | DeciderError::Message(_)
        | DeciderError::History(_)
        | DeciderError::Encode(_) => true,
    }
}

/// One transaction. With a `failed` code the messages are put aside without being decided.
async fn decide_part(
    decider: &Decider,
    lease: &mut Lease,
    part: &[Pending],
    failed: Option<&'static str>,
) -> Result<(), DeciderError> {
    let started = tokio::time::Instant::now();
    let now = decider.clock.now().max(from_micros(lease.counters.known_at).unwrap_or_default());
    let mut numbers = Numbers::new(&decider.schemas, lease.counters.clone());
    let mut loader = load::FromStore::new(&decider.store, &decider.keys);
    let mut messages = Vec::with_capacity(part.len());
    let mut sealed = Vec::with_capacity(part.len());
    for (order, pending) in (lease.counters.order + 1..).zip(part) {
        let (message, key) = match failed {
            None => open(decider, pending, order, KnownAt(now))?,
            Some(_) => unread(decider, pending, order, KnownAt(now))?,
        };
        messages.push(message);
        sealed.push(key);
    }
    let (world, verdicts) = match failed {
        None => {
            let mut round = Round::new(&messages, &decider.bundle);
            while let Some(step) = round.advance() {
                match step {
                    Step::Needs(needs) => loader.load(needs, round.world()).await?,
                    Step::Delivered(place) => {
                        for delivery in round.deliveries(place).to_vec() {
                            let (sequence, hash) = numbers.give(&delivery)?;
                            round.world().load_sent(delivery.recipient, sequence, Some(hash));
                        }
                    }
                }
            }
            round.finish()
        }
        Some(code) => (decide::World::default(), vec![Verdict::Failed(code); messages.len()]),
    };
    let bundle = &decider.bundle.hash.0;
    let mut composer = Composer::new(&decider.keys, numbers, bundle, loader);
    for ((message, sealed), verdict) in messages.iter().zip(&sealed).zip(&verdicts) {
        composer.add(message, sealed, verdict)?;
    }
    let batch = composer.finish(&world)?;
    decider.store.commit(lease, &batch).await?;
    lease.counters = batch.counters;
    decider.metrics.decide.batch(verdicts.iter().map(word), started.elapsed());
    decider.outbox.notify_waiters();
    decider.decided.send_replace(lease.counters.order);
    Ok(())
}

fn open(
    decider: &Decider,
    pending: &Pending,
    order: u64,
    known_at: KnownAt,
) -> Result<(Message, MessageKey), DeciderError> {
    let key = decider.keys.kek().unwrap(&pending.row.key)?;
    let content = open_content(&pending.row.content, &key)?;
    let message = Message { id: pending.row.id, seed: content.seed, order, known_at, body: content.body };
    Ok((message, MessageKey { key, wrapped: pending.row.key.clone() }))
}

/// A message whose content could not be read: only its place is taken.
fn unread(
    decider: &Decider,
    pending: &Pending,
    order: u64,
    known_at: KnownAt,
) -> Result<(Message, MessageKey), DeciderError> {
    let message = Message {
        id: pending.row.id,
        seed: schemas::ids::Seed([0; 32]),
        order,
        known_at,
        body: schemas::message::Body::Bundle(decider.bundle.hash.clone()),
    };
    let key = MessageKey { key: decider.keys.fresh()?, wrapped: pending.row.key.clone() };
    Ok((message, key))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Decided(_) => "decided",
        Verdict::Waiting(_) => "waiting",
        Verdict::Refused(_) => "refused",
        Verdict::Failed(_) => "quarantined",
    }
}

/// What the sender of a refused message is told: its code, its text, and what is possible instead.
fn refusal_detail(refusal: &Refusal) -> Result<String, serde_json::Error> {
    let detail =
        serde_json::json!({ "code": refusal.code(), "detail": refusal.to_string(), "refusal": refusal });
    serde_json::to_string(&detail)
}

fn failure_detail(code: &str) -> String {
    serde_json::json!({ "code": code }).to_string()
}

/// An error with its causes, once, where it is handled.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
