//! Kafka: the only folder that names the client library.
//!
//! This file owns the settings, the topics and what an error means; `write` the transactions, `read`
//! the way back, `describe` how topics are. Refuses to create a topic with more than one partition, and to let a setting from a
//! file weaken what exactly-once rests on. Source: docs/exactly-once.md#the-producer.

mod describe;
mod read;
mod write;

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{Client, ClientContext, DefaultClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use schemas::recipient::Recipient;

use super::DeliverError;
use crate::config::KafkaConfig;

pub use describe::TopicState;
pub use read::KafkaReader;
pub use write::KafkaLog;

const ASK: Duration = Duration::from_secs(10);
/// How long a topic may take to be known after its creation.
const KNOWN: Duration = Duration::from_secs(3);
const RETENTION_MS: &str = "604800000";

impl KafkaConfig {
    /// The deployment's settings; what a use needs is set after them and holds.
    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        client.set("bootstrap.servers", &self.brokers).set("socket.timeout.ms", "10000");
        client
    }

    /// The producer of one relay (docs/exactly-once.md#the-producer; the relay has its batch in hand, so no lingering).
    fn producer(&self) -> ClientConfig {
        let mut client = self.client();
        client
            .set("transactional.id", format!("hub.{}.relay", self.environment))
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("transaction.timeout.ms", "30000")
            .set("message.timeout.ms", "20000")
            .set("retry.backoff.ms", "500")
            .set("linger.ms", "0")
            .set("compression.type", "zstd")
            .set("socket.max.fails", "1");
        client
    }

    /// A reader of committed records; `name` ends its group, which access rules go by.
    fn consumer(&self, name: &str) -> ClientConfig {
        let mut client = self.client();
        client
            .set("group.id", format!("hub.{}.{name}", self.environment))
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "100");
        client
    }

    /// Creates what is missing of the topics and sees to it that each has one partition.
    async fn make_topics(&self, recipients: &[Recipient]) -> Result<(), DeliverError> {
        let replication = i32::from(self.replication_factor);
        let in_sync = if replication > 2 { "2" } else { "1" };
        let names: Vec<String> = recipients.iter().map(Recipient::topic).collect();
        let topic = |name, policy| {
            NewTopic::new(name, 1, TopicReplication::Fixed(replication))
                .set("min.insync.replicas", in_sync)
                .set("cleanup.policy", policy)
        };
        let mut topics: Vec<NewTopic<'_>> = names
            .iter()
            .map(|name| topic(name.as_str(), "delete").set("retention.ms", RETENTION_MS))
            .collect();
        topics.push(topic(&self.position_topic, "compact"));
        let admin: AdminClient<DefaultClientContext> =
            self.client().create().map_err(|error| failed("reach Kafka", &error))?;
        let options = AdminOptions::new().request_timeout(Some(ASK)).operation_timeout(Some(ASK));
        let made =
            admin.create_topics(&topics, &options).await.map_err(|error| failed("create topics", &error))?;
        for (name, code) in made.into_iter().filter_map(Result::err) {
            // Where the deployment may not create topics, somebody else has to have done it: seen below.
            match code {
                RDKafkaErrorCode::TopicAlreadyExists
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed => {}
                code => return Err(log_error("create topics", format!("{name}: {code}"))),
            }
        }
        let wanted: Vec<String> = names.into_iter().chain([self.position_topic.clone()]).collect();
        blocking("look at topics", move || one_partition_each(admin.inner(), &wanted)).await
    }
}

/// Sees to it that the topics exist, may be read and have one partition. A new topic takes a moment to be known.
fn one_partition_each<C: ClientContext>(client: &Client<C>, topics: &[String]) -> Result<(), DeliverError> {
    let started = Instant::now();
    loop {
        let found = topics.iter().try_for_each(|name| one_partition(client, name));
        if found.is_ok() || started.elapsed() > KNOWN {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn one_partition<C: ClientContext>(client: &Client<C>, name: &str) -> Result<(), DeliverError> {
    let doing = "use topic";
    let metadata = client.fetch_metadata(Some(name), ASK).map_err(|error| failed(doing, &error))?;
    let topic = metadata.topics().first().filter(|topic| topic.name() == name);
    // A refused topic comes as one without partitions, its error aside.
    match topic.map(|topic| (topic.error(), topic.partitions().len())) {
        Some((None, 1)) => Ok(()),
        Some((Some(error), _)) => Err(log_error(doing, format!("{name}: {}", RDKafkaErrorCode::from(error)))),
        Some((None, partitions)) => {
            Err(log_error(doing, format!("{name}: it has {partitions} partitions, not 1")))
        }
        None => Err(log_error(doing, format!("{name}: it is not there"))),
    }
}

fn log_error(doing: &'static str, cause: String) -> DeliverError {
    DeliverError::Log { doing, cause }
}

/// What a client error means. Fenced and expired look the same: either way the producer is dropped
/// and the truth is read again.
fn failed(doing: &'static str, error: &KafkaError) -> DeliverError {
    let fenced = match error {
        KafkaError::Transaction(error) => error.code() == RDKafkaErrorCode::Fenced,
        error => matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::Fenced
                    | RDKafkaErrorCode::InvalidProducerEpoch
                    | RDKafkaErrorCode::ProducerFenced
            )
        ),
    };
    if fenced { DeliverError::Fenced } else { log_error(doing, error.to_string()) }
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
            "properties": {"acks": "1", "enable.idempotence": "false", "security.protocol": "ssl"},
        }))
        .unwrap();
        let producer = config.producer();
        let check = |name: &str, expect: &str| assert_eq!(producer.get(name), Some(expect), "{name}");
        check("acks", "all");
        check("enable.idempotence", "true");
        check("security.protocol", "ssl");
        check("transactional.id", "hub.local.relay");
        assert_eq!(config.consumer("auditor").get("isolation.level"), Some("read_committed"));
        assert!(serde_json::from_str::<KafkaConfig>(r#"{"brokers":"x","broker":"y"}"#).is_err());
    }
}
