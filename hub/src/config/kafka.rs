//! `[kafka]` in `hub.toml`: where records go, and as whom the hub signs in there. Refuses properties that are the hub's own to
//! set: what exactly-once rests on, the codec that every stock client reads, and a password, which has a file of its own. They
//! are set where they are used, in [`crate::deliver::kafka`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::PathBuf;

use schemas::recipient::Recipient;
use serde::Deserialize;
use zeroize::Zeroizing;

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
    /// As whom the hub signs in; without it by its certificate, or as nobody.
    #[serde(default)]
    pub sasl: Option<Sasl>,
    /// More settings of the client library: security and certificates.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// A name and a password at the brokers.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sasl {
    pub mechanism: Mechanism,
    pub user: String,
    /// A file with the password and nothing else; read whenever a client is made.
    pub password_file: PathBuf,
}

/// How the password is proved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum Mechanism {
    /// It is sent as it is.
    #[serde(rename = "PLAIN")]
    Plain,
    #[serde(rename = "SCRAM-SHA-256")]
    Scram256,
    #[serde(rename = "SCRAM-SHA-512")]
    Scram512,
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "PLAIN",
            Self::Scram256 => "SCRAM-SHA-256",
            Self::Scram512 => "SCRAM-SHA-512",
        })
    }
}

impl Sasl {
    /// As whom, and how: for people.
    #[must_use]
    pub fn as_whom(&self) -> String {
        format!("{} by {}", self.user, self.mechanism)
    }

    /// The password.
    ///
    /// # Errors
    /// Why there is none, without it.
    pub fn password(&self) -> Result<Zeroizing<String>, String> {
        let file = self.password_file.display();
        let text = fs::read_to_string(&self.password_file).map(Zeroizing::new);
        let text = text.map_err(|error| format!("{file} holds no password: {error}"))?;
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(format!("{file} holds no password: it is empty")),
            some if some.contains('\n') => Err(format!("{file} holds no password: it has several lines")),
            some => Ok(Zeroizing::new(some.to_owned())),
        }
    }
}

/// What no file may set.
const OURS: [&str; 17] = [
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
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.password",
    "sasl.username",
    "transaction.timeout.ms",
    "transactional.id",
];

impl KafkaConfig {
    /// What a file says of the connection: `security.protocol`, in small letters.
    pub(super) fn protocol(&self) -> String {
        self.properties.get("security.protocol").map_or("plaintext".to_owned(), |name| name.to_lowercase())
    }

    /// What is wrong with how the hub signs in, one sentence each.
    pub(super) fn wrong_sasl(&self) -> Vec<String> {
        let protocol = self.protocol();
        let signs_in = protocol.starts_with("sasl_");
        match &self.sasl {
            None if signs_in => {
                vec![format!("kafka: {protocol} wants [kafka.sasl]: mechanism, user and password_file")]
            }
            None => vec![],
            Some(sasl) => {
                let unused = (!signs_in).then(|| {
                    format!("kafka: security.protocol={protocol} signs nobody in: set sasl_ssl, or take [kafka.sasl] out")
                });
                let shown = (sasl.mechanism == Mechanism::Plain && protocol == "sasl_plaintext").then(|| {
                    "kafka: PLAIN without TLS shows everybody the password: set security.protocol to sasl_ssl".to_owned()
                });
                let none = sasl.password().err().map(|why| format!("kafka: {why}"));
                unused.into_iter().chain(shown).chain(none).collect()
            }
        }
    }

    /// Whether a recipient's records are sent to its topic: the topic closes its ledger then, and not its feed.
    #[must_use]
    pub fn sends_to(&self, recipient: &Recipient) -> bool {
        !self.feed_only.contains(recipient)
    }

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
