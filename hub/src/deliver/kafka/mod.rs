//! Kafka: the only folder that names the client library.
//!
//! This file owns the settings, the topics and what an error means; `write` the transactions, `read`
//! the way back, `answers` what recipients say, `describe` how topics are. Refuses to create a topic with more than one partition, and to let a setting from a
//! file weaken what exactly-once rests on. Source: docs/exactly-once.md#the-producer.

mod answers;
mod describe;
mod read;
mod write;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use schemas::recipient::Recipient;

use super::DeliverError;
use super::halt::Halt;
use super::record::TopicState;
use crate::config::KafkaConfig;
use describe::{Looking, describe};

pub use answers::{AnswerReader, AnswerRecord, AnswerTopic, RecordValue};
pub use read::KafkaReader;
pub use write::{KafkaLog, KafkaWriter};

/// The one codec that every client can read as it is installed: kafkajs has no other, and Java and Python have it built in.
const CODEC: &str = "gzip";
const ASK: Duration = Duration::from_secs(10);
/// How long a topic may take to be known after its creation.
const KNOWN: Duration = Duration::from_secs(3);
const RETENTION_MS: &str = "604800000";
const SEGMENT_MS: &str = "600000";

impl KafkaConfig {
    /// The deployment's settings; what a use needs is set after them and holds.
    fn client(&self) -> Result<ClientConfig, DeliverError> {
        let mut client = ClientConfig::new();
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        if let Some(sasl) = &self.sasl {
            let password = sasl.password().map_err(|why| log_error("sign in to Kafka", why))?;
            client
                .set("sasl.mechanism", sasl.mechanism.to_string())
                .set("sasl.username", &sasl.user)
                .set("sasl.password", password.as_str());
        }
        client.set("bootstrap.servers", &self.brokers).set("socket.timeout.ms", "10000");
        Ok(client)
    }

    /// The producer of one topic (docs/exactly-once.md#the-producer; a lane has its batch in hand, so no lingering).
    fn producer(&self, to: &Recipient) -> Result<ClientConfig, DeliverError> {
        let mut client = self.client()?;
        client
            .set("transactional.id", format!("hub.{}.relay.{to}", self.environment))
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("transaction.timeout.ms", "30000")
            .set("message.timeout.ms", "10000")
            // How large a record may be is the topic's to say.
            .set("message.max.bytes", "67108864")
            .set("retry.backoff.ms", "500")
            .set("linger.ms", "0")
            .set("compression.type", CODEC)
            .set("socket.max.fails", "1");
        Ok(client)
    }

    /// A reader of committed records; `name` ends its group, which access rules go by.
    fn consumer(&self, name: &str) -> Result<ClientConfig, DeliverError> {
        let mut client = self.client()?;
        client
            .set("group.id", format!("hub.{}.{name}", self.environment))
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "500");
        Ok(client)
    }

    /// A topic as it has to be: one partition, and for records every one kept for its days.
    fn topic<'a>(&self, name: &'a str, keep: Keep<'a>) -> NewTopic<'a> {
        let replication = i32::from(self.replication_factor);
        let in_sync = if replication > 2 { "2" } else { "1" };
        let topic = NewTopic::new(name, 1, TopicReplication::Fixed(replication));
        let topic = topic.set("min.insync.replicas", in_sync);
        match keep {
            Keep::Records => topic.set("cleanup.policy", "delete").set("retention.ms", RETENTION_MS),
            // Small segments, so that a take-over reads few old positions.
            // Written again uncompressed by the broker, so that its bound is one on what is read. An answer that is not
            // read yet may lie as long as a record.
            Keep::Answers(largest) => topic
                .set("cleanup.policy", "delete")
                .set("retention.ms", RETENTION_MS)
                .set("compression.type", "uncompressed")
                .set("max.message.bytes", largest),
            Keep::Positions => topic.set("cleanup.policy", "compact").set("segment.ms", SEGMENT_MS),
        }
    }
}

/// What a topic is kept for.
#[derive(Clone, Copy)]
enum Keep<'a> {
    Records,
    /// Of at most so many bytes together.
    Answers(&'a str),
    Positions,
}

/// Makes a topic that is not there, and waits until it is known. Where the hub may not, somebody else has to have made it:
/// what is there then is for the caller to judge.
async fn make(
    looking: &Arc<Looking>,
    config: &KafkaConfig,
    name: &str,
    keep: Keep<'_>,
) -> Result<TopicState, DeliverError> {
    let options = AdminOptions::new().request_timeout(Some(ASK)).operation_timeout(Some(ASK));
    let made = looking.admin.create_topics(&[config.topic(name, keep)], &options).await;
    let made = made.map_err(|error| failed("create topics", &error))?;
    let refused = match made.into_iter().find_map(Result::err) {
        None | Some((_, RDKafkaErrorCode::TopicAlreadyExists)) => None,
        Some((
            _,
            code @ (RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::InvalidReplicationFactor),
        )) => Some(code),
        Some((_, code)) => return Err(log_error("create topics", format!("{name}: {code}"))),
    };
    if let Some(code) = refused {
        return Err(Halt::Refused(format!("{name} is not there and cannot be made: {code}")).into());
    }
    let started = Instant::now();
    loop {
        let found = describe(looking, vec![name.to_owned()]).await?.pop();
        match found {
            Some(state) if state.partitions.is_some() || state.refused.is_some() => return Ok(state),
            _ if started.elapsed() > KNOWN => {
                return Err(log_error("create topics", format!("{name}: it is not known yet")));
            }
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn log_error(doing: &'static str, cause: String) -> DeliverError {
    DeliverError::Log { doing, cause }
}

/// What a client error means. Fenced and expired look the same: either way the producer is dropped
/// and the truth is read again.
fn failed(doing: &'static str, error: &KafkaError) -> DeliverError {
    let code = match error {
        KafkaError::Transaction(error) => Some(error.code()),
        error => error.rdkafka_error_code(),
    };
    match code {
        Some(
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::ProducerFenced,
        ) => DeliverError::Fenced,
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed,
        ) => Halt::Refused(format!("cannot {doing}: {error}")).into(),
        _ => log_error(doing, error.to_string()),
    }
}

/// Runs a blocking call of the client on a thread for such, and does not wait for ever.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    call: impl FnOnce() -> Result<T, DeliverError> + Send + 'static,
) -> Result<T, DeliverError> {
    match tokio::time::timeout(Duration::from_secs(90), tokio::task::spawn_blocking(call)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) | Err(_) => Err(DeliverError::Stuck(doing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_weaken_the_producer() {
        let config: KafkaConfig = serde_json::from_value(serde_json::json!({
            "brokers": "localhost:9092",
            "properties": {"acks": "1", "enable.idempotence": "false", "compression.type": "zstd",
                "security.protocol": "ssl"},
        }))
        .unwrap();
        let producer = config.producer(&Recipient::parse("bon").unwrap()).unwrap();
        let check = |name: &str, expect: &str| assert_eq!(producer.get(name), Some(expect), "{name}");
        check("acks", "all");
        check("enable.idempotence", "true");
        check("security.protocol", "ssl");
        check("transactional.id", "hub.local.relay.bon");
        check("compression.type", "gzip");
        assert_eq!(config.consumer("auditor").unwrap().get("isolation.level"), Some("read_committed"));
        assert!(serde_json::from_str::<KafkaConfig>(r#"{"brokers":"x","broker":"y"}"#).is_err());
    }
}
