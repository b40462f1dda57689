//! Transactions: records first, the position strictly last, then the commit.
//!
//! A producer lives through an unbroken run of clean, quick commits; after any doubt it is worn, and
//! [`Log::take_over`] makes a new one. Refuses `flush`, which stalls 100 ms: every delivery report is
//! awaited instead. Source: docs/exactly-once.md#the-producer.

use std::time::{Duration, Instant};

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use schemas::recipient::Recipient;

use super::super::DeliverError;
use super::super::log::{Ends, Log, Position, Record};
use super::read::{KafkaReader, Sentinel, read_ends};
use super::{ASK, KafkaConfig, blocking, failed, log_error};
use crate::clock::Clock;

/// A commit that is slower hides a retry of the library, which could meet a later transaction.
const SLOW: Duration = Duration::from_millis(300);
/// Transactions of one producer at most.
const SHARE: u32 = 10_000;
/// Longer than every time-out of the library together.
const WATCHDOG: Duration = Duration::from_secs(100);
const POSITION_KEY: &str = "relay";
const SENTINEL_KEY: &str = "sentinel";

/// Kafka, as one relay writes it.
pub struct KafkaLog {
    config: KafkaConfig,
    producer: Option<FutureProducer>,
    transactions: u32,
    worn: bool,
    /// Whether the topics were seen to be right since the last error.
    topics: bool,
}

impl KafkaLog {
    /// A handle; it connects at [`Log::take_over`] or [`Log::reader`].
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        Self { config, producer: None, transactions: 0, worn: true, topics: false }
    }

    /// One transaction: the records, then the last one, which is acknowledged after all the others.
    /// Answers with the offset of the last one and the time that the commit took.
    async fn transact(
        &self,
        records: &[Record],
        key: &str,
        value: &str,
    ) -> Result<(i64, Duration), DeliverError> {
        let producer = self.producer.as_ref().ok_or(DeliverError::Fenced)?;
        let whole = async {
            let begin = producer.clone();
            blocking("begin", move || begin.begin_transaction().map_err(|error| failed("begin", &error)))
                .await?;
            let mut reports = Vec::with_capacity(records.len());
            for record in records {
                reports.push(send(producer, record)?);
            }
            for report in reports {
                delivered(report.await)?;
            }
            let last = FutureRecord::to(&self.config.position_topic).partition(0).key(key).payload(value);
            let report = producer.send_result(last).map_err(|(error, _)| failed("send", &error))?;
            let offset = delivered(report.await)?;
            // The library frees the last report just after it told of it; before that a commit stalls.
            while producer.in_flight_count() > 0 {
                tokio::task::yield_now().await;
            }
            let (commit, started) = (producer.clone(), Instant::now());
            blocking("commit", move || {
                commit.commit_transaction(Duration::from_secs(45)).map_err(|error| failed("commit", &error))
            })
            .await?;
            Ok((offset, started.elapsed()))
        };
        tokio::time::timeout(WATCHDOG, whole).await.unwrap_or(Err(DeliverError::Stuck("commit")))
    }

    /// Lets the old producer go; that may take a moment, which no worker thread should wait.
    fn drop_producer(&mut self) {
        self.worn = true;
        if let Some(old) = self.producer.take() {
            drop(tokio::task::spawn_blocking(move || drop(old)));
        }
    }
}

impl Log for KafkaLog {
    type Reader = KafkaReader;

    async fn take_over(&mut self, recipients: &[Recipient]) -> Result<Ends, DeliverError> {
        self.drop_producer();
        if !std::mem::replace(&mut self.topics, false) {
            self.config.make_topics(recipients).await?;
        }
        let producer: FutureProducer =
            self.config.producer().create().map_err(|error| failed("make a producer", &error))?;
        let fencing = producer.clone();
        blocking("take over", move || {
            // Without the metadata at hand the library waits half a second more.
            fencing.client().fetch_metadata(None, ASK).map_err(|error| failed("reach Kafka", &error))?;
            fencing.init_transactions(Duration::from_secs(30)).map_err(|error| failed("take over", &error))
        })
        .await?;
        self.producer = Some(producer);
        let nonce = hex::encode(Clock::system().seed().0);
        let (offset, _) = self.transact(&[], SENTINEL_KEY, &nonce).await?;
        let (config, topics) = (self.config.clone(), recipients.to_vec());
        let sentinel = Sentinel { nonce, offset, key: SENTINEL_KEY, position: POSITION_KEY };
        let ends = blocking("read back", move || read_ends(&config, &topics, &sentinel)).await?;
        (self.transactions, self.worn, self.topics) = (0, false, true);
        Ok(ends)
    }

    async fn append(&mut self, records: Vec<Record>, position: &Position) -> Result<(), DeliverError> {
        if self.worn {
            return Err(DeliverError::Fenced);
        }
        let value = serde_json::to_string(position)
            .map_err(|error| log_error("write the position", error.to_string()))?;
        // In doubt until it has committed: this future may be dropped on the way.
        self.worn = true;
        match self.transact(&records, POSITION_KEY, &value).await {
            Ok((_, took)) => {
                self.transactions += 1;
                self.worn = took > SLOW || self.transactions >= SHARE;
                Ok(())
            }
            Err(error) => {
                self.drop_producer();
                self.topics = false;
                Err(error)
            }
        }
    }

    fn worn(&self) -> bool {
        self.worn
    }

    async fn reader(&self, recipients: &[Recipient]) -> Result<KafkaReader, DeliverError> {
        KafkaReader::open(&self.config, recipients).await
    }
}

fn send(
    producer: &FutureProducer,
    record: &Record,
) -> Result<rdkafka::producer::DeliveryFuture, DeliverError> {
    let headers = record
        .headers
        .iter()
        .fold(OwnedHeaders::new_with_capacity(record.headers.len()), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
    let mut message = FutureRecord::to(&record.topic).partition(0).key(&record.key).headers(headers);
    message.payload = record.value.as_ref();
    producer.send_result(message).map_err(|(error, _)| failed("send", &error))
}

/// The offset that a record got.
fn delivered<E>(
    report: Result<rdkafka::producer::future_producer::OwnedDeliveryResult, E>,
) -> Result<i64, DeliverError> {
    match report {
        Ok(Ok(delivery)) => Ok(delivery.offset),
        Ok(Err((error, _))) => Err(failed("deliver", &error)),
        Err(_) => Err(log_error("deliver", "the producer was dropped".to_owned())),
    }
}
