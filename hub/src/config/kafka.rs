//! `[kafka]` in `hub.toml`: where records go. Refuses properties that are the hub's own to set: what exactly-once rests on,
//! and the codec that every stock client reads. They are set where they are used, in [`crate::deliver::kafka`].

use std::collections::{BTreeMap, BTreeSet};

use schemas::recipient::Recipient;
use serde::Deserialize;

/// What a deployment says about its Kafka.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port`, several with commas.
    pub brokers: String,
    /// Tells relays apart, not topics, so a cluster serves one deployment: the transactional ids are `hub.<environment>.relay.<recipient>`.
    #[serde(default = "environment")]
    pub environment: String,
    /// How many brokers keep each record: 3 in production.
    #[serde(default = "three")]
    pub replication_factor: u16,
    /// Where the relay writes how far it is.
    #[serde(default = "position_topic")]
    pub position_topic: String,
    /// Recipients that read the HTTP feed only: nothing of theirs is sent to Kafka.
    #[serde(default)]
    pub feed_only: BTreeSet<Recipient>,
    /// More settings of the client library: security and certificates.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// What no file may set.
const OURS: [&str; 13] = [
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "compression.codec",
    "compression.type",
    "enable.auto.commit",
    "enable.idempotence",
    "group.id",
    "isolation.level",
    "message.timeout.ms",
    "request.required.acks",
    "transaction.timeout.ms",
    "transactional.id",
];

impl KafkaConfig {
    /// The properties that are the hub's own to set.
    pub(super) fn ours(&self) -> impl Iterator<Item = &str> {
        self.properties.keys().map(String::as_str).filter(|name| OURS.contains(name))
    }
}

fn environment() -> String {
    "local".to_owned()
}

fn three() -> u16 {
    3
}

fn position_topic() -> String {
    "hub.relay.position".to_owned()
}
