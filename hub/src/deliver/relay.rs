//! The relay: one lease, and under it a lane for each topic.
//!
//! Whoever holds the lease runs the lanes ([`super::lane`]), tells them what the ledger promises, and surveys the topics so
//! that one which goes while nothing is sent is noticed too. What happens on one lane stays there. Refuses to send on when
//! its lease cannot be renewed; safety never rests on that: each lane is fenced by its own producer. Source: docs/exactly-once.md#one-batch.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use schemas::recipient::Recipient;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::health::{HealthState, LaneState};
use super::lane::{Lane, LaneSent, Promised};
use super::log::{Log, Outbox};
use super::takeover::judge;
use super::{Deliver, DeliverError};
use crate::store::lease::LEASE_SECONDS;
use crate::store::rows::Lease;

const RENEW: Duration = Duration::from_secs(1);
/// How long another's lease is left alone before it is asked for again.
const STANDBY: Duration = Duration::from_millis(200);
/// How long an idle relay sleeps where nobody wakes it.
const IDLE: Duration = Duration::from_millis(100);
/// How often the topics are looked at.
const SURVEY: Duration = Duration::from_secs(2);
/// How long lanes may take to end their transactions.
const PATIENCE: Duration = Duration::from_secs(5);
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// Why a holding ended without an error.
enum RelayEnd {
    Stopped,
    /// Another instance has the lease.
    Standby,
}

/// Delivers until told to stop.
pub(super) async fn run<O: Outbox, L: Log>(parts: &Deliver<O>, log: L, stop: CancellationToken) {
    let mut pause = BACK_OFF.0;
    while !stop.is_cancelled() {
        let wait = match hold(parts, &log, &stop, &mut pause).await {
            Ok(RelayEnd::Stopped) => {
                // Given back at once, so that the next one need not wait for it to expire.
                if let Err(error) = parts.outbox.lease(&parts.owner, 0).await {
                    tracing::info!(%error, "the lease is left to expire");
                }
                return;
            }
            Ok(RelayEnd::Standby) => {
                if parts.health.enter(HealthState::Standby, None) {
                    tracing::info!("another instance delivers");
                }
                STANDBY
            }
            Err(error) => {
                if parts.health.enter(HealthState::Degraded, Some(error.to_string())) {
                    tracing::warn!(%error, "delivery waits and tries again");
                }
                let wait = pause;
                pause = (pause * 2).min(BACK_OFF.1);
                wait
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => (),
            () = stop.cancelled() => (),
        }
    }
}

/// One holding of the lease.
async fn hold<O: Outbox, L: Log>(
    parts: &Deliver<O>,
    log: &L,
    stop: &CancellationToken,
    pause: &mut Duration,
) -> Result<RelayEnd, DeliverError> {
    let Some(lease) = parts.outbox.lease(&parts.owner, LEASE_SECONDS).await? else {
        return Ok(RelayEnd::Standby);
    };
    // A holding is cancelled as a whole; its lanes then finish the transaction under way.
    let holding = stop.child_token();
    let _end = holding.clone().drop_guard();
    let (promised, promises) = watch::channel(Promised::default());
    let sent: BTreeMap<Recipient, Arc<LaneSent>> =
        parts.recipients().into_iter().map(|name| (name, Arc::default())).collect();
    let mut lanes = JoinSet::new();
    let work = async {
        // A topic that is not sent to any more halts nothing.
        parts.outbox.forget_halts(&parts.recipients()).await?;
        log.open().await?;
        *pause = BACK_OFF.0;
        for to in sent.keys() {
            parts.health.lane(to, LaneState::Starting);
        }
        if parts.health.enter(HealthState::Delivering, None) {
            tracing::info!(fence = lease.fence, "this instance delivers");
        }
        for (to, sent) in &sent {
            let lane = Lane {
                parts: parts.clone(),
                to: to.clone(),
                writer: log.writer(to),
                promised: promises.clone(),
                sent: Arc::clone(sent),
                stop: holding.clone(),
            };
            lanes.spawn(lane.run());
        }
        tokio::try_join!(listen(parts, &promised), survey(log, &sent)).map(|(never, _)| never)
    };
    let ended = tokio::select! {
        ended = work => ended.map(|never| match never {}),
        ended = keep(parts, &lease) => ended,
        () = stop.cancelled() => Ok(RelayEnd::Stopped),
    };
    holding.cancel();
    let rest = async { while lanes.join_next().await.is_some() {} };
    // A transaction dropped half-way is what a crash leaves: the next take-over deals with it.
    drop(tokio::time::timeout(PATIENCE, rest).await);
    ended
}

/// Renews the lease; returns once it is another's.
async fn keep<O: Outbox>(parts: &Deliver<O>, lease: &Lease) -> Result<RelayEnd, DeliverError> {
    loop {
        tokio::time::sleep(RENEW).await;
        if !parts.outbox.renew(lease, LEASE_SECONDS).await? {
            return Ok(RelayEnd::Standby);
        }
    }
}

/// Tells the lanes how far the ledger goes.
async fn listen<O: Outbox>(
    parts: &Deliver<O>,
    promised: &watch::Sender<Promised>,
) -> Result<Infallible, DeliverError> {
    loop {
        // It listens before it looks: rows that are stored after the look are not slept over.
        let woken = parts.wake.notified();
        let ends = parts.outbox.ledger_ends().await?;
        let ends: Promised = ends.into_iter().map(|(name, last, _)| (name, last)).collect();
        promised.send_if_modified(|known| {
            let new = *known != ends;
            *known = ends;
            new
        });
        tokio::select! {
            () = woken => (),
            () = tokio::time::sleep(IDLE) => (),
        }
    }
}

/// Looks at the topics again and again, and tells a lane what is wrong with its own.
async fn survey<L: Log>(
    log: &L,
    lanes: &BTreeMap<Recipient, Arc<LaneSent>>,
) -> Result<Infallible, DeliverError> {
    let names: Vec<Recipient> = lanes.keys().cloned().collect();
    loop {
        tokio::time::sleep(SURVEY).await;
        // Read before the topics are: a lane that goes on meanwhile only puts its topic's end further away.
        let sent: Vec<_> = lanes.values().map(|lane| lane.position()).collect();
        let Ok(topics) = log.survey(&names).await else { continue };
        for ((lane, sent), topic) in lanes.values().zip(sent).zip(topics) {
            if let Err(halt) = judge(&topic, sent.as_ref()) {
                lane.trouble(halt);
            }
        }
    }
}
