//! The way back: where the log ends, and all that is committed.
//!
//! The position is believed only once this take-over's own sentinel has been read behind it; a
//! time-out is never an answer. Topics are read from their end backwards, because transactions leave
//! control records and aborted ones there. Refuses to read what is not committed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::Offset;
use schemas::recipient::Recipient;

use super::super::DeliverError;
use super::super::audit::Break;
use super::super::halt::Halt;
use super::super::log::Reader;
use super::super::record::{LogRecord, Position, Tail};
use super::describe::Looking;
use super::{ASK, KafkaConfig, blocking, describe, failed, log_error};

const DEADLINE: Duration = Duration::from_secs(60);
const BACK: &str = "read back";
const READ: &str = "read a topic";

/// What marks the end of the position topic for one take-over.
pub(super) struct Sentinel {
    pub(super) nonce: String,
    pub(super) offset: i64,
    pub(super) key: String,
    /// The key of the position.
    pub(super) position: String,
}

/// A consumer with the moment until which it must have read what it should.
struct Back {
    consumer: BaseConsumer,
    deadline: Instant,
}

/// Reads the position before the sentinel.
pub(super) fn read_position(
    config: &KafkaConfig,
    sentinel: &Sentinel,
) -> Result<Option<Position>, DeliverError> {
    let found =
        Back::new(config)?.last(&config.position_topic, sentinel.offset + 1, |message, position| {
            if message.key() == Some(sentinel.key.as_bytes()) {
                return message.payload() == Some(sentinel.nonce.as_bytes());
            }
            if message.key() == Some(sentinel.position.as_bytes()) {
                *position = message.payload().map(<[u8]>::to_vec);
            }
            false
        })?;
    let position = found.map(|found| serde_json::from_slice(&found));
    position.transpose().map_err(|error| log_error("read the position", error.to_string()))
}

/// Reads a topic's last committed record.
pub(super) fn read_tail(config: &KafkaConfig, topic: &str) -> Result<Option<Tail>, DeliverError> {
    let tail = Back::new(config)?.last(topic, 0, |message, tail| {
        let record = record(message);
        *tail = Some(record.sequence().zip(record.hash()));
        false
    })?;
    match tail {
        None => Ok(None),
        Some(Some((sequence, hash))) => Ok(Some(Tail { sequence, hash })),
        // Somebody else wrote there.
        Some(None) => Err(Halt::Broken(Break::Header("ce_sequence")).into()),
    }
}

impl Back {
    fn new(config: &KafkaConfig) -> Result<Self, DeliverError> {
        let mut client = config.consumer("relay")?;
        client.set("enable.partition.eof", "true").set("fetch.wait.max.ms", "10");
        let consumer = client.create().map_err(|error| failed(BACK, &error))?;
        Ok(Self { consumer, deadline: Instant::now() + DEADLINE })
    }

    /// Walks back from the end of a topic until a stretch holds what is looked for, or all was read.
    ///
    /// `see` keeps what it looks for and answers whether that is the end. Where the topic must reach
    /// `until`, only that answer ends a stretch; else the end of the partition does.
    fn last<T>(
        &self,
        topic: &str,
        until: i64,
        mut see: impl FnMut(&BorrowedMessage<'_>, &mut Option<T>) -> bool,
    ) -> Result<Option<T>, DeliverError> {
        self.consumer.fetch_metadata(Some(topic), ASK).map_err(|error| failed(BACK, &error))?;
        let (low, high) =
            self.consumer.fetch_watermarks(topic, 0, ASK).map_err(|error| failed(BACK, &error))?;
        // What other lanes wrote behind the place that has to be reached is none of ours.
        let high = if until == 0 { high } else { until };
        let (mut from, mut back) = (high, 16);
        while from > low {
            from = (high - back).max(low);
            let mut found = None;
            self.stretch(topic, from, until == 0, |message| see(message, &mut found))?;
            if found.is_some() {
                return Ok(found);
            }
            back *= 8;
        }
        Ok(None)
    }

    fn stretch(
        &self,
        topic: &str,
        from: i64,
        end_counts: bool,
        mut see: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> Result<(), DeliverError> {
        let mut from_here = TopicPartitionList::new();
        from_here
            .add_partition_offset(topic, 0, Offset::Offset(from))
            .map_err(|error| failed(BACK, &error))?;
        self.consumer.assign(&from_here).map_err(|error| failed(BACK, &error))?;
        while Instant::now() < self.deadline {
            match self.consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) if message.topic() == topic && see(&message) => return Ok(()),
                Some(Err(KafkaError::PartitionEOF(_))) if end_counts => return Ok(()),
                None | Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => {}
                Some(Err(error)) => return Err(failed(BACK, &error)),
            }
        }
        Err(log_error(BACK, format!("{topic}: its end was not reached in time")))
    }
}

/// All committed records of a topic, as any stock reader sees them.
pub struct KafkaReader {
    consumer: StreamConsumer,
    at_end: bool,
    cut: bool,
}

impl KafkaReader {
    /// Reads the topic of a recipient from its oldest record on.
    ///
    /// # Errors
    /// [`DeliverError::Log`] where it is missing or may not be read.
    pub(super) async fn open(
        config: &KafkaConfig,
        looking: &Arc<Looking>,
        of: &Recipient,
    ) -> Result<Self, DeliverError> {
        // An assignment to a topic that is refused or not there would be silent, so it is looked at first.
        let topic = describe(looking, vec![of.topic()]).await?.pop();
        let Some(topic) = topic else { return Err(log_error(READ, "nothing was told".to_owned())) };
        if topic.partitions != Some(1) {
            let cause = topic.refused.unwrap_or_else(|| "it has not one partition".to_owned());
            return Err(log_error(READ, format!("{}: {cause}", topic.name)));
        }
        let Some((low, _)) = topic.ends else {
            return Err(log_error(READ, format!("{}: its ends are not told", topic.name)));
        };
        let mut client = config.consumer("auditor")?;
        client.set("enable.partition.eof", "true");
        let consumer: StreamConsumer = client.create().map_err(|error| failed(READ, &error))?;
        blocking(READ, move || {
            let read = |error| failed(READ, &error);
            // Without the metadata at hand the library waits half a second more.
            consumer.fetch_metadata(Some(&topic.name), ASK).map_err(read)?;
            let mut all = TopicPartitionList::new();
            all.add_partition_offset(&topic.name, 0, Offset::Beginning).map_err(read)?;
            consumer.assign(&all).map_err(read)?;
            Ok(Self { consumer, at_end: false, cut: low > 0 })
        })
        .await
    }
}

impl Reader for KafkaReader {
    async fn next(&mut self) -> Result<Option<LogRecord>, DeliverError> {
        match tokio::time::timeout(Duration::from_millis(100), self.consumer.recv()).await {
            Ok(Ok(message)) => Ok(Some(record(&message))),
            Ok(Err(KafkaError::PartitionEOF(_))) => {
                self.at_end = true;
                Ok(None)
            }
            Ok(Err(error)) => Err(failed(READ, &error)),
            Err(_) => Ok(None),
        }
    }

    fn at_end(&self) -> bool {
        self.at_end
    }

    fn is_cut(&self) -> bool {
        self.cut
    }
}

fn record(message: &BorrowedMessage<'_>) -> LogRecord {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(text).unwrap_or_default()))
            .collect()
    });
    LogRecord {
        topic: message.topic().to_owned(),
        key: message.key().map(text).unwrap_or_default(),
        headers,
        value: message.payload().map(<[u8]>::to_vec),
    }
}
