//! A log in memory, with faults on demand: drives the relay through what a broker does rarely.
//!
//! It keeps what was committed and fences like Kafka. It proves the relay's own logic only; that
//! Kafka keeps its side is proved on a real one. Refuses to lose anything by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::recipient::Recipient;

use super::DeliverError;
use super::log::{Ends, Log, Position, Reader, Record};

/// What happens to one append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nothing is stored, and it fails.
    Lost,
    /// All is stored, and it fails: the answer was lost.
    Unanswered,
    /// The records are stored without the position, and it fails: a torn commit.
    Torn,
    /// All is stored, but slowly: the producer is worn.
    Slow,
}

#[derive(Debug, Default)]
struct Content {
    epoch: u64,
    records: Vec<Record>,
    position: Position,
    faults: VecDeque<Option<Fault>>,
}

/// One writer's handle on the log; clones share the log.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    content: Arc<Mutex<Content>>,
    epoch: u64,
    worn: bool,
}

impl Recording {
    /// The faults of the next appends, in order; none for one that goes well.
    #[must_use]
    pub fn with_faults(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        let recording = Self::default();
        recording.content().faults.extend(faults);
        recording
    }

    /// What was committed.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.content().records.clone()
    }

    /// Forgets all, as a lost disk does.
    pub fn lose(&self) {
        *self.content() = Content::default();
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Recording {
    type Reader = Replay;

    async fn take_over(&mut self, recipients: &[Recipient]) -> Result<Ends, DeliverError> {
        let mut content = self.content();
        content.epoch += 1;
        let epoch = content.epoch;
        let tail = |recipient: &Recipient| {
            let topic = recipient.topic();
            let last = content.records.iter().rev().find(|record| record.topic == topic)?;
            Some((recipient.clone(), last.sequence()?))
        };
        let ends =
            Ends { position: content.position.clone(), tails: recipients.iter().filter_map(tail).collect() };
        drop(content);
        (self.epoch, self.worn) = (epoch, false);
        Ok(ends)
    }

    async fn append(&mut self, records: Vec<Record>, position: &Position) -> Result<(), DeliverError> {
        let mut content = self.content();
        if content.epoch != self.epoch {
            return Err(DeliverError::Fenced);
        }
        let fault = content.faults.pop_front().flatten();
        if fault != Some(Fault::Lost) {
            content.records.extend(records);
        }
        if !matches!(fault, Some(Fault::Lost | Fault::Torn)) {
            content.position = position.clone();
        }
        drop(content);
        match fault {
            None => Ok(()),
            Some(Fault::Slow) => {
                self.worn = true;
                Ok(())
            }
            Some(fault) => Err(DeliverError::Log { doing: "append", cause: format!("{fault:?}") }),
        }
    }

    fn worn(&self) -> bool {
        self.worn
    }

    async fn reader(&self, _recipients: &[Recipient]) -> Result<Replay, DeliverError> {
        Ok(Replay { recording: self.clone(), next: 0 })
    }
}

/// Reads a recording from its begin.
#[derive(Debug)]
pub struct Replay {
    recording: Recording,
    next: usize,
}

impl Reader for Replay {
    async fn next(&mut self) -> Result<Option<Record>, DeliverError> {
        let record = self.recording.content().records.get(self.next).cloned();
        match record {
            Some(_) => self.next += 1,
            None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
        Ok(record)
    }
}
