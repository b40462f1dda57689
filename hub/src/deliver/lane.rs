//! A lane: one topic's rows, in order and without a hole, into the log together with their position.
//!
//! One holding runs from a take-over to the first doubt; then everything is read anew. Rows are read while the last
//! transaction commits, and their gate is asked again before they are sent. What is wrong with this topic halts this lane, is named, and is tried again until it is mended: no
//! other lane waits for it. Refuses to send past a missing row. Source: docs/exactly-once.md#one-batch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemas::recipient::Recipient;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::halt::{Halt, Part};
use super::health::LaneState;
use super::log::{Outbox, Writer};
use super::record::{LogRecord, Position};
use super::takeover::take_over;
use super::{Deliver, DeliverError, gate, health};
use crate::store::StoreError;
use crate::store::rows::{OutboxRow, Outgoing};

/// Rows in one transaction at most.
const LIMIT: u32 = 500;
/// By how much a transaction shrinks whose records are not taken together.
const SHRINK: u32 = 8;
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// The last sequence of each recipient in the ledger.
pub(super) type Promised = BTreeMap<Recipient, u64>;

/// How far a lane is, for who surveys its topic, and what was found there.
#[derive(Debug, Default)]
pub(super) struct LaneSent {
    inner: Mutex<(Option<Position>, Option<Halt>)>,
    found: Notify,
}

impl LaneSent {
    /// The last position that this lane wrote.
    pub(super) fn position(&self) -> Option<Position> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Tells the lane what stops its topic.
    pub(super) fn trouble(&self, halt: Halt) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(halt);
        self.found.notify_one();
    }

    /// The lane stands here now; what was found before is old.
    fn stands(&self, position: Option<Position>) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = (position, None);
    }

    fn unless_found(&self) -> Result<(), Halt> {
        let found = self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.take();
        found.map_or(Ok(()), Err)
    }
}

/// Why a holding of a lane ended without an error.
enum LaneEnd {
    Stopped,
    /// The producer did its share, or fewer records go together: take over anew.
    Worn,
}

/// One topic on its way.
pub(super) struct Lane<O, W> {
    pub(super) parts: Deliver<O>,
    pub(super) to: Recipient,
    pub(super) writer: W,
    pub(super) promised: watch::Receiver<Promised>,
    pub(super) sent: Arc<LaneSent>,
    pub(super) stop: CancellationToken,
}

impl<O: Outbox, W: Writer> Lane<O, W> {
    /// Sends until told to stop.
    pub(super) async fn run(mut self) {
        let (mut pause, mut limit) = (BACK_OFF.0, LIMIT);
        loop {
            let mut flowed = false;
            let held = self.hold(&mut limit, &mut flowed).await;
            self.sent.stands(None);
            if flowed {
                pause = BACK_OFF.0;
            }
            match held {
                Ok(LaneEnd::Stopped) => return,
                Ok(LaneEnd::Worn) => {
                    self.parts.health.counts.recycled.inc();
                    continue;
                }
                Err(DeliverError::Halt(halt)) => {
                    self.parts.health.lane(&self.to, LaneState::Flowing);
                    health::halted(&self.parts, Part::Relay, &self.to, &halt).await;
                }
                Err(error) => {
                    self.parts.health.counts.recycled.inc();
                    if self.parts.health.lane(&self.to, LaneState::Waiting(error.to_string())) {
                        tracing::warn!(%error, "delivery waits and tries again");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                () = self.stop.cancelled() => return,
            }
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }

    /// One holding: from the take-over to the first doubt.
    async fn hold(&mut self, limit: &mut u32, flowed: &mut bool) -> Result<LaneEnd, DeliverError> {
        let parts = self.parts.clone();
        let standing = take_over(&parts.outbox, &mut self.writer, &self.to, &parts.health).await?;
        let mut last = standing.sequence;
        self.sent.stands(standing.position);
        let (mut rows, mut ahead) = (Vec::new(), false);
        loop {
            if self.stop.is_cancelled() {
                return Ok(LaneEnd::Stopped);
            }
            self.sent.unless_found()?;
            if rows.is_empty() {
                let more = |promised: &Promised| promised.get(&self.to).is_some_and(|end| *end > last);
                if !more(&self.promised.borrow_and_update()) {
                    self.flows(flowed).await?;
                    let found = self.sent.found.notified();
                    tokio::select! {
                        // It ends only with the holding.
                        _ = self.promised.changed() => (),
                        () = found => (),
                        () = self.stop.cancelled() => return Ok(LaneEnd::Stopped),
                    }
                    continue;
                }
                rows = self.rows(last, *limit).await?;
                if rows.is_empty() {
                    return Err(Halt::Gap { expected: last + 1, found: 0 }.into());
                }
            }
            if std::mem::take(&mut ahead) {
                self.ask_again(&mut rows).await?;
            }
            let (records, tip) = batch(&parts, &rows, last)?;
            let (count, together) = (records.len() as u64, records.len() > 1);
            let voids = records.iter().filter(|record| record.value.is_none()).count();
            let append = self.writer.append(records, tip.sequence, tip.payload_hash);
            let next = parts.outbox.rows(&self.to, tip.sequence, *limit);
            let (appended, next) = tokio::select! {
                both = async { tokio::join!(append, next) } => both,
                // What is under way is left as a crash leaves it.
                () = self.sent.found.notified() => {
                    self.sent.unless_found()?;
                    return Ok(LaneEnd::Worn);
                }
            };
            let position = match appended {
                Ok(position) => position,
                // Which of them, or only all together? Fewer are tried until one stands alone.
                Err(DeliverError::Halt(Halt::Record { .. })) if together => {
                    *limit = (u32::try_from(rows.len()).unwrap_or(LIMIT) / SHRINK).max(1);
                    return Ok(LaneEnd::Worn);
                }
                Err(error) => return Err(error),
            };
            parts.health.counts.sent.inc_by(count);
            parts.health.counts.voids.inc_by(voids as u64);
            last = position.sequence;
            self.sent.stands(Some(position));
            self.flows(flowed).await?;
            *limit = (*limit * 2).min(LIMIT);
            if self.writer.worn() {
                return Ok(LaneEnd::Worn);
            }
            (rows, ahead) = (own(next)?, true);
        }
    }

    async fn rows(&self, after: u64, limit: u32) -> Result<Vec<Outgoing>, DeliverError> {
        own(self.parts.outbox.rows(&self.to, after, limit).await)
    }

    /// Asks the gate again about rows that were read while others were sent: what is so when they are sent counts.
    async fn ask_again(&self, rows: &mut [Outgoing]) -> Result<(), DeliverError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let gates = self.parts.outbox.gates(&self.to, first.row.sequence, last.row.sequence).await;
        let mut gates = own(gates)?.into_iter();
        for outgoing in rows {
            let expected = outgoing.row.sequence;
            let gate = gates.next().filter(|gate| gate.sequence == expected);
            let gate = gate.ok_or(Halt::Gap { expected, found: 0 })?;
            (outgoing.key, outgoing.open) = (gate.key, gate.open);
        }
        Ok(())
    }

    /// The topic takes records: said once a holding.
    async fn flows(&self, said: &mut bool) -> Result<(), DeliverError> {
        if !std::mem::replace(said, true) {
            self.parts.health.lane(&self.to, LaneState::Flowing);
            health::flows(&self.parts, Part::Relay, &self.to).await?;
        }
        Ok(())
    }
}

/// Rows that do not read are this topic's trouble; a database that is away is everybody's.
fn own<T>(rows: Result<Vec<T>, StoreError>) -> Result<Vec<T>, DeliverError> {
    rows.map_err(|error| match error {
        StoreError::Away(_) | StoreError::Fenced => DeliverError::Store(error),
        error => Halt::Unreadable(error.to_string()).into(),
    })
}

/// The records of one transaction, and the row that it ends with.
fn batch<'a, O>(
    parts: &Deliver<O>,
    rows: &'a [Outgoing],
    last: u64,
) -> Result<(Vec<LogRecord>, &'a OutboxRow), DeliverError> {
    let mut records = Vec::with_capacity(rows.len());
    for (expected, outgoing) in (last + 1..).zip(rows) {
        let found = outgoing.row.sequence;
        if found != expected {
            // What comes before the hole is sent.
            if records.is_empty() {
                return Err(Halt::Gap { expected, found }.into());
            }
            break;
        }
        match gate::pass(&parts.vault, &parts.schemas, outgoing) {
            Ok(record) => records.push(record),
            Err(halt) if records.is_empty() => return Err(halt.into()),
            Err(_) => break,
        }
    }
    let tip = &rows[records.len() - 1].row;
    Ok((records, tip))
}
