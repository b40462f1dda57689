//! `[kafka]` in `hub.toml`: where records go. Refuses nothing itself; what exactly-once rests on is set over it
//! where it is used, in [`crate::deliver::kafka`].

use std::collections::{BTreeMap, BTreeSet};

use schemas::recipient::Recipient;
use serde::Deserialize;

/// What a deployment says about its Kafka.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port`, several with commas.
    pub brokers: String,
    /// Tells relays apart, not topics, so a cluster serves one deployment: the transactional id is `hub.<environment>.relay`.
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

fn environment() -> String {
    "local".to_owned()
}

fn three() -> u16 {
    3
}

fn position_topic() -> String {
    "hub.relay.position".to_owned()
}
