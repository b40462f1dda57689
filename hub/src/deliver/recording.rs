//! A log in memory, with faults on demand: drives the relay through what a broker does rarely.
//!
//! It keeps what was committed and fences like Kafka, each topic by itself. It proves the relay's own logic only; that
//! Kafka keeps its side is proved on a real one. Refuses to lose anything by itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::envelope::Hash;
use schemas::recipient::Recipient;

use super::DeliverError;
use super::halt::Halt;
use super::log::{Log, Making, Reader, Writer};
use super::record::{Ends, LogRecord, Position, Tail, TopicState};

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

/// One topic of the log.
#[derive(Clone, Debug, Default)]
pub struct RecordedTopic {
    /// What was committed and is still there.
    pub records: Vec<LogRecord>,
    /// How many records are not there any more.
    pub expired: i64,
    pub position: Option<Position>,
    /// Its number of partitions; none of them where it was removed.
    pub partitions: Option<usize>,
    /// Why it is refused.
    pub refused: Option<String>,
    pub policy: Option<String>,
    /// Records that it does not take, by their number.
    pub unwanted: BTreeSet<u64>,
    /// How many records it takes together, where that is limited.
    pub together: Option<usize>,
    /// Whether it takes nothing: who appends waits.
    pub held: bool,
    /// Whether each record keeps its reader waiting once.
    pub slow: bool,
    faults: VecDeque<Option<Fault>>,
    epoch: u64,
}

impl RecordedTopic {
    fn state(&self, name: String) -> TopicState {
        let mut state = TopicState::new(name);
        state.partitions = self.partitions;
        state.refused.clone_from(&self.refused);
        state.policy.clone_from(&self.policy);
        state.ends = Some((self.expired, self.end()));
        state
    }

    fn end(&self) -> i64 {
        self.expired + i64::try_from(self.records.len()).unwrap_or(i64::MAX)
    }
}

#[derive(Debug, Default)]
struct RecordedLog {
    topics: BTreeMap<String, RecordedTopic>,
    faults: Vec<Option<Fault>>,
}

/// A handle on the log; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Mutex<RecordedLog>>);

impl Recording {
    /// The faults of the next appends to each topic, in order; none for one that goes well.
    #[must_use]
    pub fn with_faults(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        let recording = Self::default();
        recording.content().faults.extend(faults);
        recording
    }

    /// What was committed to a recipient's topic.
    #[must_use]
    pub fn records(&self, of: &Recipient) -> Vec<LogRecord> {
        self.change(of, |topic| topic.records.clone())
    }

    /// Changes a topic behind the hub's back.
    pub fn change<T>(&self, of: &Recipient, change: impl FnOnce(&mut RecordedTopic) -> T) -> T {
        let mut content = self.content();
        let faults = content.faults.iter().copied().collect();
        let new = || RecordedTopic { partitions: Some(1), faults, ..RecordedTopic::default() };
        change(content.topics.entry(of.topic()).or_insert_with(new))
    }

    fn content(&self) -> MutexGuard<'_, RecordedLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Recording {
    type Writer = Pen;
    type LogReader = Replay;

    async fn open(&self) -> Result<(), DeliverError> {
        Ok(())
    }

    fn writer(&self, to: &Recipient) -> Pen {
        Pen { recording: self.clone(), to: to.clone(), epoch: 0, worn: true }
    }

    async fn survey(&self, recipients: &[Recipient]) -> Result<Vec<TopicState>, DeliverError> {
        Ok(recipients.iter().map(|to| self.change(to, |topic| topic.state(to.topic()))).collect())
    }

    async fn reader(&self, of: &Recipient) -> Result<Replay, DeliverError> {
        let cut = self.change(of, |topic| topic.expired > 0);
        Ok(Replay { recording: self.clone(), of: of.clone(), next: 0, waited: false, at_end: false, cut })
    }
}

/// Writes one topic of a recording.
#[derive(Debug)]
pub struct Pen {
    recording: Recording,
    to: Recipient,
    epoch: u64,
    worn: bool,
}

impl Writer for Pen {
    async fn take_over(&mut self, making: Making) -> Result<Ends, DeliverError> {
        let (epoch, ends) = self.recording.change(&self.to, |topic| {
            topic.epoch += 1;
            if making.may(topic.position.is_some()) {
                topic.partitions = topic.partitions.or(Some(1));
            }
            let last = topic.records.last();
            let tail = last.and_then(|last| Some(Tail { sequence: last.sequence()?, hash: last.hash()? }));
            (topic.epoch, Ends { position: topic.position, state: topic.state(self.to.topic()), tail })
        });
        (self.epoch, self.worn) = (epoch, false);
        Ok(ends)
    }

    async fn begin(&mut self, position: Position) -> Result<(), DeliverError> {
        let epoch = self.epoch;
        self.recording.change(&self.to, |topic| {
            if topic.epoch != epoch {
                return Err(DeliverError::Fenced);
            }
            topic.position = Some(position);
            Ok(())
        })
    }

    async fn append(
        &mut self,
        records: Vec<LogRecord>,
        sequence: u64,
        hash: Hash,
    ) -> Result<Position, DeliverError> {
        while self.recording.change(&self.to, |topic| topic.held) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let epoch = self.epoch;
        let (fault, position) = self.recording.change(&self.to, |topic| {
            if topic.epoch != epoch {
                return Err(DeliverError::Fenced);
            }
            if let Some(refused) = &topic.refused {
                return Err(Halt::Refused(refused.clone()).into());
            }
            let unwanted = |record: &&LogRecord| {
                record.sequence().is_some_and(|sequence| topic.unwanted.contains(&sequence))
            };
            let many = topic.together.is_some_and(|most| records.len() > most);
            let refused = records.iter().find(unwanted).or(records.first().filter(|_| many));
            if let Some(record) = refused {
                let (sequence, cause) = (record.sequence().unwrap_or_default(), "too large".to_owned());
                return Err(Halt::Record { sequence, bytes: 0, cause }.into());
            }
            let fault = topic.faults.pop_front().flatten();
            if fault != Some(Fault::Lost) {
                topic.records.extend(records);
            }
            let position = Position { sequence, hash, offset: topic.end() - 1 };
            if !matches!(fault, Some(Fault::Lost | Fault::Torn)) {
                topic.position = Some(position);
            }
            Ok((fault, position))
        })?;
        match fault {
            None => Ok(position),
            Some(Fault::Slow) => {
                self.worn = true;
                Ok(position)
            }
            Some(fault) => Err(DeliverError::Log { doing: "append", cause: format!("{fault:?}") }),
        }
    }

    fn worn(&self) -> bool {
        self.worn
    }
}

/// Reads a topic of a recording from its begin.
#[derive(Debug)]
pub struct Replay {
    recording: Recording,
    of: Recipient,
    next: usize,
    waited: bool,
    at_end: bool,
    cut: bool,
}

impl Reader for Replay {
    async fn next(&mut self) -> Result<Option<LogRecord>, DeliverError> {
        let found = |topic: &mut RecordedTopic| (topic.records.get(self.next).cloned(), topic.slow);
        let (record, slow) = self.recording.change(&self.of, found);
        if record.is_some() && (!slow || std::mem::replace(&mut self.waited, false)) {
            self.next += 1;
            return Ok(record);
        }
        self.waited = true;
        self.at_end |= record.is_none();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        Ok(None)
    }

    fn at_end(&self) -> bool {
        self.at_end
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}
