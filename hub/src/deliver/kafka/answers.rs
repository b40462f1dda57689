//! The topics on which recipients answer: made, read as one consumer group, and their offsets committed when told.
//!
//! Any number of instances read; the broker gives each topic to one of them. Refuses to commit what it was not told to,
//! to look into a value, and to carry one that is too large.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::Offset;
use rdkafka::types::RDKafkaErrorCode;
use schemas::recipient::Recipient;

use super::describe::{Looking, describe};
use super::{ASK, Keep, blocking, failed, log_error, make};
use crate::config::KafkaConfig;
use crate::deliver::DeliverError;

/// Records that are handed on together.
const TOGETHER: usize = 500;
/// Bytes that are handed on together, but for the last record.
const BYTES: usize = 8 << 20;
/// What stands around a value: its headers, and the batch that it is sent in.
const AROUND: usize = 64 << 10;
const READ: &str = "read answers";

/// One record of a topic of answers.
#[derive(Clone, Debug)]
pub struct AnswerRecord {
    /// Whose topic it stood on, who alone may write there.
    pub recipient: Recipient,
    pub partition: i32,
    pub offset: i64,
    /// As the broker keeps it.
    pub timestamp: i64,
    /// Names in small letters, in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    pub value: RecordValue,
}

/// What a record holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordValue {
    Null,
    /// So many bytes, which were let go.
    TooLarge(usize),
    Bytes(Vec<u8>),
}

/// How one topic of answers is.
#[derive(Clone, Debug)]
pub struct AnswerTopic {
    pub recipient: Recipient,
    /// Why it is not read as it should be.
    pub trouble: Option<String>,
    /// Records that stand there and are not committed; none where the broker does not tell. After a transaction, one more.
    pub behind: Option<i64>,
}

/// The topics of some recipients, as a member of the group.
pub struct AnswerReader {
    config: KafkaConfig,
    looking: Arc<Looking>,
    /// By the names of the topics.
    recipients: BTreeMap<String, Recipient>,
    largest: usize,
    consumer: Option<Arc<StreamConsumer>>,
}

impl AnswerReader {
    /// Joins the group. `largest` is how many bytes a value may have.
    ///
    /// # Errors
    /// [`DeliverError::Log`] where no client can be made.
    pub fn open(
        config: &KafkaConfig,
        recipients: &[Recipient],
        largest: usize,
    ) -> Result<Self, DeliverError> {
        let mut client = config.consumer("answers")?;
        client
            .set("allow.auto.create.topics", "false")
            // A topic that is made later is found within this time.
            .set("topic.metadata.refresh.interval.ms", "5000")
            // A killed instance's topics go to another one after this time.
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "3000")
            .set("fetch.message.max.bytes", "1048576")
            .set("queued.max.messages.kbytes", "16384");
        let consumer: StreamConsumer = client.create().map_err(|error| failed(READ, &error))?;
        let recipients: BTreeMap<_, _> =
            recipients.iter().map(|name| (name.answers_topic(), name.clone())).collect();
        let names: Vec<&str> = recipients.keys().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(|error| failed(READ, &error))?;
        let looking = config.looking()?;
        Ok(Self { config: config.clone(), looking, recipients, largest, consumer: Some(Arc::new(consumer)) })
    }

    /// Looks at every topic, and makes those that are not there.
    ///
    /// # Errors
    /// Where no broker answers; what is wrong with one topic is told of it alone.
    pub async fn survey(&self) -> Result<Vec<AnswerTopic>, DeliverError> {
        let names = self.recipients.keys().cloned().collect();
        let mut found = vec![];
        let largest = (self.largest + AROUND).to_string();
        for mut state in describe(&self.looking, names).await? {
            let Some(recipient) = self.recipients.get(&state.name).cloned() else { continue };
            let mut trouble = None;
            if state.partitions.is_none() && state.refused.is_none() {
                match make(&self.looking, &self.config, &state.name, Keep::Answers(&largest)).await {
                    Ok(made) => state = made,
                    Err(DeliverError::Halt(halt)) => trouble = Some(halt.to_string()),
                    Err(error) => return Err(error),
                }
            }
            let trouble = trouble.or(state.refused).or(match state.partitions {
                Some(1) | None => None,
                Some(count) => Some(format!("the topic has {count} partitions, not 1")),
            });
            let behind = state.ends.map(|(low, high)| (state.name, low, high));
            found.push((recipient, trouble, behind));
        }
        let committed = self.committed().await?;
        let behind = |(topic, low, high): (String, i64, i64)| {
            high - committed.get(&topic).copied().unwrap_or(low).clamp(low, high)
        };
        let topic = |(recipient, trouble, ends): (Recipient, Option<String>, Option<(String, i64, i64)>)| {
            AnswerTopic { recipient, trouble, behind: ends.map(behind) }
        };
        Ok(found.into_iter().map(topic).collect())
    }

    /// The next records: waits for one, and takes what has come with it. May be dropped while it waits.
    ///
    /// # Errors
    /// Where it has to be opened anew: what was not committed comes again.
    pub async fn next(&self) -> Result<Vec<AnswerRecord>, DeliverError> {
        let consumer = self.consumer()?;
        let mut records = vec![];
        let mut bytes = 0;
        while records.is_empty() {
            match consumer.recv().await {
                Ok(message) => records.extend(self.record(&message)),
                Err(error) if about_a_topic(&error) => tracing::debug!(%error, "a topic of answers"),
                Err(error) => return Err(failed(READ, &error)),
            }
        }
        while records.len() < TOGETHER && bytes < BYTES {
            // An error is told again by the next wait.
            let Some(Ok(message)) = consumer.recv().now_or_never() else { break };
            bytes += message.payload_len();
            records.extend(self.record(&message));
        }
        Ok(records)
    }

    /// Commits the offsets behind these. Where somebody else reads their topics by now nothing is committed: they are read
    /// again there.
    ///
    /// # Errors
    /// Where the brokers do not take it.
    pub async fn commit(&self, records: &[AnswerRecord]) -> Result<(), DeliverError> {
        let mut next: BTreeMap<(String, i32), i64> = BTreeMap::new();
        for record in records {
            next.insert((record.recipient.answers_topic(), record.partition), record.offset + 1);
        }
        let mut list = TopicPartitionList::new();
        for ((topic, partition), offset) in next {
            let added = list.add_partition_offset(&topic, partition, Offset::Offset(offset));
            added.map_err(|error| failed(READ, &error))?;
        }
        let consumer = self.consumer()?;
        blocking("commit offsets", move || match consumer.commit(&list, CommitMode::Sync) {
            Err(error) if is_lost(&error) => {
                tracing::info!(%error, "another instance reads these answers now: they are read again there");
                Ok(())
            }
            committed => committed.map_err(|error| failed("commit offsets", &error)),
        })
        .await
    }

    async fn committed(&self) -> Result<BTreeMap<String, i64>, DeliverError> {
        let mut list = TopicPartitionList::new();
        for topic in self.recipients.keys() {
            list.add_partition(topic, 0);
        }
        let consumer = self.consumer()?;
        let told = blocking("look at offsets", move || {
            consumer.committed_offsets(list, ASK).map_err(|error| failed("look at offsets", &error))
        });
        let told = told.await?;
        let place = |of: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            Some((of.topic().to_owned(), of.offset().to_raw().filter(|offset| *offset >= 0)?))
        };
        Ok(told.elements().iter().filter_map(place).collect())
    }

    fn consumer(&self) -> Result<Arc<StreamConsumer>, DeliverError> {
        self.consumer.clone().ok_or_else(|| log_error(READ, "the reader was closed".to_owned()))
    }

    fn record(&self, message: &BorrowedMessage<'_>) -> Option<AnswerRecord> {
        let recipient = self.recipients.get(message.topic())?.clone();
        let value = match message.payload() {
            None => RecordValue::Null,
            Some(bytes) if bytes.len() > self.largest => RecordValue::TooLarge(bytes.len()),
            Some(bytes) => RecordValue::Bytes(bytes.to_vec()),
        };
        let headers = message.headers().into_iter().flat_map(Headers::iter);
        let small = |length: usize| length <= self.largest;
        let headers = headers
            .filter(|header| header.value.is_none_or(|value| small(value.len())))
            .map(|header| (header.key.to_ascii_lowercase(), header.value.unwrap_or_default().to_vec()));
        Some(AnswerRecord {
            recipient,
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis().unwrap_or_default(),
            headers: headers.collect(),
            value,
        })
    }
}

impl Drop for AnswerReader {
    /// Leaves the group; that may take a moment, which no worker thread should wait.
    fn drop(&mut self) {
        if let Some(consumer) = self.consumer.take() {
            drop(tokio::task::spawn_blocking(move || drop(consumer)));
        }
    }
}

/// What is wrong with one topic is told by the survey; the others are read on.
fn about_a_topic(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::TopicAuthorizationFailed
        )
    )
}

/// Whether the group has given these topics to another since they were read.
fn is_lost(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::RebalanceInProgress
                | RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::AssignmentLost
                | RDKafkaErrorCode::UnknownTopicOrPartition
        )
    )
}
