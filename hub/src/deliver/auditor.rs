//! The auditor: delivery is believed when it is read back.
//!
//! Reads each topic as any stock reader would, checks it ([`super::audit`]), and closes the ledger's rows whose own hash is
//! that of the record: those and no others. At a break it says so and closes nothing more of that topic, until a reading
//! comes to the end without one. Rows whose records left the topic unread are closed as expired. It only reads, so several
//! may run. Refuses to repair. Source: docs/exactly-once.md#read-back.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use schemas::envelope::Hash;
use schemas::recipient::Recipient;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::audit::{Audit, Break, Read, agree};
use super::halt::{Halt, Part};
use super::log::{Log, Outbox, Reader};
use super::{Deliver, DeliverError, health};

/// Records after which the ledger is closed although more follow.
const BULK: usize = 1_000;
/// How long a topic that cannot be read, or is broken, is left alone.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// How often an idle reading asks whether it is still about what the ledger holds open.
const LOOK: Duration = Duration::from_secs(2);

/// Why reading one topic ended.
enum AuditEnd {
    Broken(Break),
    /// Rows that it had closed are open again: the topic goes on elsewhere.
    Reopened,
    Failed(DeliverError),
}

impl<E: Into<DeliverError>> From<E> for AuditEnd {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Audits each topic until told to stop.
pub(super) async fn run<O: Outbox, L: Log>(parts: Deliver<O>, log: L, stop: CancellationToken) {
    let mut topics = JoinSet::new();
    for recipient in parts.recipients() {
        let topic = AuditedTopic { parts: parts.clone(), log: log.clone(), recipient };
        topics.spawn(stop.clone().run_until_cancelled_owned(topic.run()));
    }
    while topics.join_next().await.is_some() {}
}

/// One topic, for its auditor.
struct AuditedTopic<O, L> {
    parts: Deliver<O>,
    log: L,
    recipient: Recipient,
}

impl<O: Outbox, L: Log> AuditedTopic<O, L> {
    async fn run(self) {
        let mut pause = RETRY.0;
        loop {
            let mut right = 0;
            match self.read(&mut right).await {
                Ok(never) => match never {},
                Err(AuditEnd::Broken(cause)) => {
                    health::halted(&self.parts, Part::Auditor, &self.recipient, &Halt::Broken(cause)).await;
                }
                // Nobody else would notice: what is sent flows, and is never believed.
                Err(AuditEnd::Failed(DeliverError::Halt(halt))) => {
                    health::halted(&self.parts, Part::Auditor, &self.recipient, &halt).await;
                }
                Err(AuditEnd::Reopened) => {
                    tracing::info!(recipient = %self.recipient, "a topic is read back anew");
                }
                Err(AuditEnd::Failed(error)) => {
                    tracing::debug!(recipient = %self.recipient, %error, "a topic is not read back for a while");
                }
            }
            pause = if right > 0 { RETRY.0 } else { (pause * 2).min(RETRY.1) };
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads from the oldest record on; `proved` counts the rows that it closed.
    async fn read(&self, proved: &mut u64) -> Result<Infallible, AuditEnd> {
        let Self { parts, log, recipient } = self;
        let closed = parts.outbox.ledger_end(recipient).await?.closed;
        let mut reader = log.reader(recipient).await?;
        let mut audit = Audit::after(closed, reader.is_cut());
        let mut read: Vec<Read> = Vec::new();
        let (mut next, mut said, mut looked) = (closed + 1, false, Instant::now());
        loop {
            let broken = match reader.next().await? {
                Some(record) => match audit.check(&record) {
                    Ok(right) => {
                        read.push(right);
                        if read.len() < BULK {
                            continue;
                        }
                        None
                    }
                    Err(cause) => Some(cause),
                },
                None => None,
            };
            let ended = self.close(&mut read, &mut next, proved).await?;
            if let Some(cause) = ended.or(broken) {
                return Err(AuditEnd::Broken(cause));
            }
            // A topic that was made anew, and ordered to go on, may be as long as the old one was: nothing comes then.
            if looked.elapsed() > LOOK {
                if parts.outbox.ledger_end(recipient).await?.closed < audit.sequence() {
                    return Err(AuditEnd::Reopened);
                }
                looked = Instant::now();
            }
            // All that was there is right: whatever was wrong before is mended, or has left the topic.
            if reader.at_end() && !std::mem::replace(&mut said, true) {
                health::flows(parts, Part::Auditor, recipient).await?;
            }
        }
    }

    /// Closes what the ledger promised of the records read; what it did not is a break. `next` is the number that had to come.
    async fn close(
        &self,
        read: &mut Vec<Read>,
        next: &mut u64,
        proved: &mut u64,
    ) -> Result<Option<Break>, DeliverError> {
        let (Some(first), Some(last)) = (read.first(), read.last()) else { return Ok(None) };
        let Self { parts, recipient, .. } = self;
        let promised = parts.outbox.promised(recipient, first.sequence, last.sequence).await?;
        let (right, broken) = agree(read, &promised);
        let rows: Vec<(u64, Hash)> = read[..right].iter().map(|read| (read.sequence, read.hash)).collect();
        // Only where the ledger knows the record is it told where the topic begins.
        if right > 0 && first.sequence > *next {
            let gone = parts.outbox.expire(recipient, first.sequence, parts.clock.now()).await?;
            if gone > 0 {
                let (topic, before) = (recipient.topic(), first.sequence);
                tracing::error!(%topic, gone, before, "records left their topic before they were read back");
            }
        }
        *next = last.sequence + 1;
        *proved += parts.outbox.prove(recipient, &rows, parts.clock.now()).await?;
        parts.health.counts.audited.inc_by(right as u64);
        read.clear();
        Ok(broken)
    }
}
