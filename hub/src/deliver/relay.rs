//! The relay: outbox rows, in order and without a hole, into the log together with its position.
//!
//! One holding runs from a lease through a take-over to the first doubt; then everything is read
//! anew. Rows are read while the last transaction commits. Refuses to send past a missing row, and
//! to send on when its lease cannot be renewed. Source: docs/exactly-once.md#one-batch.

use std::time::Duration;

use schemas::recipient::Recipient;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::health::HealthState;
use super::log::{Log, Outbox, Position, Record};
use super::takeover::{Standing, take_over};
use super::{Deliver, DeliverError, gate};
use crate::store::lease::LEASE_SECONDS;
use crate::store::rows::Outgoing;

/// Rows in one transaction at most.
const LIMIT: u32 = 500;
const RENEW: Duration = Duration::from_secs(1);
/// How long another's lease is left alone before it is asked for again.
const STANDBY: Duration = Duration::from_millis(200);
/// How long an idle relay sleeps where nobody wakes it.
const IDLE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(5);
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Why a holding ended without an error.
enum Ended {
    Stopped,
    /// Another instance has the lease.
    Standby,
    /// The producer did its share: take over anew.
    Worn,
}

/// Delivers until told to stop or a human must look.
pub(super) async fn run<O: Outbox, L: Log>(
    parts: &Deliver<O>,
    mut log: L,
    stop: CancellationToken,
) -> Result<(), DeliverError> {
    let recipients: Vec<Recipient> = parts
        .schemas
        .iter()
        .map(|(name, _)| name.clone())
        .filter(|name| !parts.kafka.feed_only.contains(name))
        .collect();
    let mut pause = BACK_OFF.0;
    loop {
        let committed = parts.health.counts.sent.get();
        let held = tokio::select! {
            held = hold(parts, &mut log, &recipients, &stop) => held,
            // A transaction dropped half-way is what a crash leaves: the next take-over deals with it.
            () = patience(&stop) => return Ok(()),
        };
        let wait = match held {
            Ok(Ended::Stopped) => {
                // Given back at once, so that the next one need not wait for it to expire.
                if let Err(error) = parts.outbox.lease(&parts.owner, 0).await {
                    tracing::info!(%error, "the lease is left to expire");
                }
                return Ok(());
            }
            Ok(Ended::Worn) => {
                parts.health.counts.recycled.inc();
                continue;
            }
            Ok(Ended::Standby) => {
                if parts.health.enter(HealthState::Standby) {
                    tracing::info!("another instance delivers");
                }
                STANDBY
            }
            Err(error) if error.is_final() => {
                parts.health.enter(HealthState::Halted);
                tracing::error!(%error, "delivery halted: a human must look");
                return Err(error);
            }
            Err(error) => {
                parts.health.counts.recycled.inc();
                if parts.health.enter(HealthState::Degraded) {
                    tracing::warn!(%error, "delivery waits and tries again");
                }
                if parts.health.counts.sent.get() > committed {
                    pause = BACK_OFF.0;
                }
                let wait = pause;
                pause = (pause * 2).min(BACK_OFF.1);
                wait
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => (),
            () = stop.cancelled() => return Ok(()),
        }
    }
}

/// The time a holding has to end by itself once it is told to stop.
async fn patience(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(PATIENCE).await;
}

/// One holding: from the lease to the first doubt.
async fn hold<O: Outbox, L: Log>(
    parts: &Deliver<O>,
    log: &mut L,
    recipients: &[Recipient],
    stop: &CancellationToken,
) -> Result<Ended, DeliverError> {
    let Some(lease) = parts.outbox.lease(&parts.owner, LEASE_SECONDS).await? else {
        return Ok(Ended::Standby);
    };
    let mut renewed = Instant::now();
    let mut standing = take_over(&parts.outbox, log, recipients, &parts.health).await?;
    if parts.health.enter(HealthState::Delivering) {
        tracing::info!(position = standing.position.position, "delivery goes on");
    }
    let mut rows = parts.outbox.outgoing(standing.position.position, LIMIT).await?;
    loop {
        if renewed.elapsed() >= RENEW {
            match parts.outbox.lease(&parts.owner, LEASE_SECONDS).await? {
                Some(held) if held.fence == lease.fence => renewed = Instant::now(),
                _ => return Ok(Ended::Standby),
            }
        }
        if stop.is_cancelled() {
            return Ok(Ended::Stopped);
        }
        if rows.is_empty() {
            // It listens before it looks: rows that are stored after the look, and those that came while the last
            // transaction ran, are not slept over.
            let woken = parts.wake.notified();
            rows = parts.outbox.outgoing(standing.position.position, LIMIT).await?;
            if rows.is_empty() {
                tokio::select! {
                    () = woken => (),
                    () = tokio::time::sleep(IDLE) => (),
                    () = stop.cancelled() => return Ok(Ended::Stopped),
                }
            }
            continue;
        }
        let (records, position) = batch(parts, &rows, &standing)?;
        let sent = records.len();
        let voids = records.iter().filter(|record| record.value.is_none()).count();
        let (appended, next) =
            tokio::join!(log.append(records, &position), parts.outbox.outgoing(position.position, LIMIT));
        appended?;
        parts.health.counts.sent.inc_by(sent as u64);
        parts.health.counts.voids.inc_by(voids as u64);
        standing.position = position;
        if log.worn() {
            return Ok(Ended::Worn);
        }
        rows = next?;
    }
}

/// The records of one transaction and the position after it.
fn batch<O>(
    parts: &Deliver<O>,
    rows: &[Outgoing],
    standing: &Standing,
) -> Result<(Vec<Record>, Position), DeliverError> {
    let mut position = standing.position.clone();
    let mut records = Vec::with_capacity(rows.len());
    for outgoing in rows {
        let row = &outgoing.row;
        follows(position.position, row.position)?;
        position.position = row.position;
        position.hash = hex::encode(row.payload_hash);
        if parts.kafka.feed_only.contains(&row.recipient) {
            continue;
        }
        let last = position.topics.entry(row.recipient.clone()).or_default();
        follows(*last, row.sequence)?;
        *last = row.sequence;
        if standing.floors.get(&row.recipient).is_some_and(|floor| row.sequence <= *floor) {
            continue;
        }
        records.push(gate::pass(&parts.vault, &parts.schemas, outgoing)?);
    }
    Ok((records, position))
}

fn follows(last: u64, found: u64) -> Result<(), DeliverError> {
    let expected = last + 1;
    if found == expected { Ok(()) } else { Err(DeliverError::Gap { expected, found }) }
}
