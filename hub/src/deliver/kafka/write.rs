//! Transactions: records first, the position strictly last, then the commit.
//!
//! A producer lives through an unbroken run of clean, quick commits; after any doubt it is worn, and
//! [`Writer::take_over`] makes a new one. Refuses `flush`, which stalls 100 ms: every delivery report is
//! awaited instead. Source: docs/exactly-once.md#the-producer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use schemas::envelope::Hash;
use schemas::recipient::Recipient;
use tokio::sync::OnceCell;

use super::super::DeliverError;
use super::super::halt::Halt;
use super::super::log::{Log, Making, Writer};
use super::super::record::{Ends, LogRecord, Position, Tail, TopicState};
use super::describe::Looking;
use super::read::{KafkaReader, Sentinel, read_position, read_tail};
use super::{ASK, KafkaConfig, Keep, blocking, describe, failed, log_error, make};
use crate::clock::Clock;

/// A commit that is slower hides a retry of the library, which could meet a later transaction.
const SLOW: Duration = Duration::from_millis(300);
/// Transactions of one producer at most.
const SHARE: u32 = 10_000;
/// Longer than every time-out of the library together.
const WATCHDOG: Duration = Duration::from_secs(100);

/// Kafka. Clones share what looks at its topics.
#[derive(Clone)]
pub struct KafkaLog {
    config: KafkaConfig,
    looking: Arc<OnceCell<Arc<Looking>>>,
}

impl KafkaLog {
    /// A handle; it connects when it is used.
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        Self { config, looking: Arc::default() }
    }

    /// How a recipient's topic is, and its last record, beside whoever writes it.
    ///
    /// # Errors
    /// [`DeliverError::Log`]; [`DeliverError::Halt`] where the last record is not one of ours.
    pub async fn stands(&self, of: &Recipient) -> Result<(TopicState, Option<Tail>), DeliverError> {
        let found = describe(self.looking().await?, vec![of.topic()]).await?.pop();
        let state = found.ok_or_else(|| log_error("look at topics", "nothing was told".to_owned()))?;
        let (config, topic) = (self.config.clone(), state.name.clone());
        let tail = match state.partitions {
            Some(1) => blocking("read back", move || read_tail(&config, &topic)).await?,
            _ => None,
        };
        Ok((state, tail))
    }

    async fn looking(&self) -> Result<&Arc<Looking>, DeliverError> {
        self.looking.get_or_try_init(async || self.config.looking()).await
    }
}

impl Log for KafkaLog {
    type Writer = KafkaWriter;
    type LogReader = KafkaReader;

    async fn open(&self) -> Result<(), DeliverError> {
        let (looking, name) = (self.looking().await?, &self.config.position_topic);
        let mut found = describe(looking, vec![name.clone()]).await?.pop();
        if found.as_ref().is_some_and(|topic| topic.partitions.is_none() && topic.refused.is_none()) {
            found = Some(make(looking, &self.config, name, Keep::Positions).await?);
        }
        match found.map(|topic| (topic.partitions, topic.refused)) {
            Some((Some(1), None)) => Ok(()),
            Some((_, Some(why))) => Err(log_error("keep positions", format!("{name}: {why}"))),
            _ => Err(log_error("keep positions", format!("{name}: it has not one partition"))),
        }
    }

    fn writer(&self, to: &Recipient) -> KafkaWriter {
        KafkaWriter { log: self.clone(), to: to.clone(), producer: None, transactions: 0, worn: true, end: 0 }
    }

    async fn survey(&self, recipients: &[Recipient]) -> Result<Vec<TopicState>, DeliverError> {
        describe(self.looking().await?, recipients.iter().map(Recipient::topic).collect()).await
    }

    async fn reader(&self, of: &Recipient) -> Result<KafkaReader, DeliverError> {
        KafkaReader::open(&self.config, self.looking().await?, of).await
    }
}

/// One topic, as its one writer.
pub struct KafkaWriter {
    log: KafkaLog,
    to: Recipient,
    producer: Option<FutureProducer>,
    transactions: u32,
    worn: bool,
    /// Where the next record is put at the least.
    end: i64,
}

/// The last record of a transaction, in the topic of positions.
struct Last<'a> {
    key: &'a str,
    /// Made of the offset that the last record before it got.
    value: &'a (dyn Fn(i64) -> Result<String, DeliverError> + Sync),
}

impl KafkaWriter {
    /// One transaction: the records, then the last one, which is acknowledged after all the others. Answers with where the
    /// last record and the one behind it were put, and the time that the commit took.
    async fn transact(
        &self,
        records: &[LogRecord],
        last: Last<'_>,
    ) -> Result<(i64, i64, Duration), DeliverError> {
        let producer = self.producer.as_ref().ok_or(DeliverError::Fenced)?;
        let whole = async {
            let begin = producer.clone();
            blocking("begin", move || begin.begin_transaction().map_err(|error| failed("begin", &error)))
                .await?;
            let mut reports = Vec::with_capacity(records.len());
            for record in records {
                reports.push(send(producer, record)?);
            }
            let mut end = self.end;
            for (record, report) in records.iter().zip(reports) {
                let offset = delivered(report.await, record)?;
                if offset < end {
                    // What was sent before stood there.
                    let sequence = record.sequence().unwrap_or_default() - 1;
                    return Err(Halt::Remade { sequence, offset: end - 1, end: offset }.into());
                }
                end = offset + 1;
            }
            let value = (last.value)(end - 1)?;
            let message =
                FutureRecord::to(&self.log.config.position_topic).partition(0).key(last.key).payload(&value);
            let report = producer.send_result(message).map_err(|(error, _)| failed("send", &error))?;
            let Ok(Ok(delivery)) = report.await.map(|report| report.map_err(|(error, _)| error)) else {
                return Err(log_error("keep positions", "the position was not taken".to_owned()));
            };
            // The library frees the last report just after it told of it; before that a commit stalls.
            while producer.in_flight_count() > 0 {
                tokio::task::yield_now().await;
            }
            let (commit, started) = (producer.clone(), Instant::now());
            blocking("commit", move || {
                commit.commit_transaction(Duration::from_secs(45)).map_err(|error| failed("commit", &error))
            })
            .await?;
            Ok((end - 1, delivery.offset, started.elapsed()))
        };
        tokio::time::timeout(WATCHDOG, whole).await.unwrap_or(Err(DeliverError::Stuck("commit")))
    }

    /// Whether what was not taken in time is this topic's trouble: the broker answers, and tells how the topic is.
    async fn whose(&self, late: DeliverError) -> DeliverError {
        let Some(producer) = self.producer.clone() else { return late };
        let topic = self.to.topic();
        let look = move || {
            let metadata =
                producer.client().fetch_metadata(None, ASK).map_err(|error| failed("reach Kafka", &error))?;
            let found = metadata.topics().iter().find(|found| found.name() == topic);
            let partition = found.and_then(|found| found.partitions().first());
            Ok(partition
                .map(|partition| (partition.leader(), partition.isr().len(), partition.replicas().len())))
        };
        match blocking("look at the topic", look).await {
            Ok(Some((leader, in_sync, all))) if leader >= 0 => {
                Halt::Stuck(format!("{late}; {in_sync} of {all} replicas are in sync")).into()
            }
            Ok(Some(_)) => Halt::Stuck(format!("{late}; it has no leader")).into(),
            Ok(None) | Err(_) => late,
        }
    }

    /// Lets the old producer go; that may take a moment, which no worker thread should wait.
    fn drop_producer(&mut self) {
        self.worn = true;
        if let Some(old) = self.producer.take() {
            drop(tokio::task::spawn_blocking(move || drop(old)));
        }
    }

    async fn look(&self) -> Result<TopicState, DeliverError> {
        let found = describe(self.log.looking().await?, vec![self.to.topic()]).await?.pop();
        found.ok_or_else(|| log_error("look at topics", "nothing was told".to_owned()))
    }
}

impl Writer for KafkaWriter {
    async fn take_over(&mut self, making: Making) -> Result<Ends, DeliverError> {
        self.drop_producer();
        let config = self.log.config.clone();
        let producer: FutureProducer =
            config.producer(&self.to)?.create().map_err(|error| failed("make a producer", &error))?;
        let fencing = producer.clone();
        blocking("take over", move || {
            // Without the metadata at hand the library waits half a second more.
            fencing.client().fetch_metadata(None, ASK).map_err(|error| failed("reach Kafka", &error))?;
            fencing.init_transactions(Duration::from_secs(30)).map_err(|error| failed("take over", &error))
        })
        .await?;
        self.producer = Some(producer);
        let (nonce, key) = (hex::encode(Clock::system().seed().0), format!("{}:sentinel", self.to));
        self.end = 0;
        let sentinel = Last { key: &key, value: &|_| Ok(nonce.clone()) };
        let (_, offset, _) = self.transact(&[], sentinel).await?;
        let sentinel =
            Sentinel { nonce: nonce.clone(), offset, key: key.clone(), position: self.to.to_string() };
        let reading = config.clone();
        let position = blocking("read back", move || read_position(&reading, &sentinel)).await?;
        let mut state = self.look().await?;
        if state.partitions.is_none() && state.refused.is_none() && making.may(position.is_some()) {
            state = make(self.log.looking().await?, &config, &state.name, Keep::Records).await?;
        }
        let tail = if state.partitions == Some(1) {
            let topic = state.name.clone();
            let tail = blocking("read back", move || read_tail(&config, &topic)).await?;
            // Looked at again: retention may have gone on before the tail was read.
            state = self.look().await?;
            tail
        } else {
            None
        };
        self.end = position.map_or(0, |position| position.offset + 1);
        (self.transactions, self.worn) = (0, false);
        Ok(Ends { position, state, tail })
    }

    async fn begin(&mut self, position: Position) -> Result<(), DeliverError> {
        let value = serde_json::to_string(&position)
            .map_err(|error| log_error("write the position", error.to_string()))?;
        let key = self.to.to_string();
        self.worn = true;
        self.transact(&[], Last { key: &key, value: &|_| Ok(value.clone()) }).await?;
        (self.end, self.worn) = (position.offset + 1, false);
        Ok(())
    }

    async fn append(
        &mut self,
        records: Vec<LogRecord>,
        sequence: u64,
        hash: Hash,
    ) -> Result<Position, DeliverError> {
        if self.worn {
            return Err(DeliverError::Fenced);
        }
        // In doubt until it has committed: this future may be dropped on the way.
        self.worn = true;
        let position = |offset| Position { sequence, hash, offset };
        let value = |offset| {
            serde_json::to_string(&position(offset))
                .map_err(|error| log_error("write the position", error.to_string()))
        };
        let key = self.to.to_string();
        match self.transact(&records, Last { key: &key, value: &value }).await {
            Ok((offset, _, took)) => {
                self.transactions += 1;
                self.end = offset + 1;
                self.worn = took > SLOW || self.transactions >= SHARE;
                Ok(position(offset))
            }
            Err(error) => {
                let late = matches!(&error, DeliverError::Log { doing: LATE, .. });
                let error = if late { self.whose(error).await } else { error };
                self.drop_producer();
                Err(error)
            }
        }
    }

    fn worn(&self) -> bool {
        self.worn
    }
}

fn send(producer: &FutureProducer, record: &LogRecord) -> Result<DeliveryFuture, DeliverError> {
    let headers = record
        .headers
        .iter()
        .fold(OwnedHeaders::new_with_capacity(record.headers.len()), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
    let mut message = FutureRecord::to(&record.topic).partition(0).key(&record.key).headers(headers);
    message.payload = record.value.as_ref();
    producer.send_result(message).map_err(|(error, _)| refused(&error, record))
}

/// What is told of a record that was not taken in time.
const LATE: &str = "deliver in time";

/// The offset that a record got.
fn delivered<E>(
    report: Result<rdkafka::producer::future_producer::OwnedDeliveryResult, E>,
    record: &LogRecord,
) -> Result<i64, DeliverError> {
    match report {
        Ok(Ok(delivery)) => Ok(delivery.offset),
        Ok(Err((error, _))) => Err(refused(&error, record)),
        Err(_) => Err(log_error("deliver", "the producer was dropped".to_owned())),
    }
}

/// What it means that a record was not taken.
fn refused(error: &KafkaError, record: &LogRecord) -> DeliverError {
    let (sequence, bytes) =
        (record.sequence().unwrap_or_default(), record.value.as_ref().map_or(0, Vec::len));
    match error.rdkafka_error_code() {
        Some(
            code @ (RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidMessageSize
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::UnsupportedCompressionType
            | RDKafkaErrorCode::UnsupportedForMessageFormat),
        ) => Halt::Record { sequence, bytes, cause: code.to_string() }.into(),
        // What the topic then is, the next take-over tells.
        Some(code @ (RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownPartition)) => {
            log_error("deliver", code.to_string())
        }
        Some(RDKafkaErrorCode::MessageTimedOut) => log_error(LATE, error.to_string()),
        _ => failed("deliver", error),
    }
}
