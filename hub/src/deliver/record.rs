//! What goes over the edge to the log: a record, the position that is written with it, and how a topic is.
//!
//! Values only, and none about a person but in a record's value. Next: [`super::log`], which moves them.

use schemas::envelope::{Hash, hash_text};
use serde::{Deserialize, Serialize};

/// One record, as it is sent and as it is read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// Its topic; it has one partition.
    pub topic: String,
    /// Its key: a pseudonym.
    pub key: String,
    /// Its headers, in order.
    pub headers: Vec<(String, String)>,
    /// Its framed value; none on a void.
    pub value: Option<Vec<u8>>,
}

impl LogRecord {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Its number on the topic.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.header("ce_sequence")?.parse().ok()
    }

    /// Its payload hash, as its header has it.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        hex::decode(self.header("ce_payloadhash")?).ok()?.try_into().ok()
    }
}

/// How far the relay is on one topic: written last in every transaction, read first in every take-over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    /// The last sequence sent.
    pub sequence: u64,
    /// Its payload hash: tells one history from another.
    #[serde(with = "hash_text")]
    pub hash: Hash,
    /// Where the topic put it: tells one topic from another of the same name.
    pub offset: i64,
}

/// The last record of a topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tail {
    pub sequence: u64,
    pub hash: Hash,
}

/// Where a topic ends, read after fencing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ends {
    /// The last position; none where nothing was sent yet.
    pub position: Option<Position>,
    /// How the topic is.
    pub state: TopicState,
    /// Its last committed record, where one is left.
    pub tail: Option<Tail>,
}

/// How one topic is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicState {
    pub name: String,
    /// Its partitions; none where it is not there.
    pub partitions: Option<usize>,
    /// Why the broker will not tell, such as a missing right.
    pub refused: Option<String>,
    /// How long records are kept, in milliseconds; less than nothing for ever, none where that is not told.
    pub retention_ms: Option<i64>,
    /// What becomes of old records (`cleanup.policy`); none where that is not told.
    pub policy: Option<String>,
    /// In which form the broker keeps records (`compression.type`); none where that is not told.
    pub codec: Option<String>,
    /// Its first offset and the one that comes next; none where that is not told.
    pub ends: Option<(i64, i64)>,
}

impl TopicState {
    /// Nothing is known of it but its name.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self {
            name,
            partitions: None,
            refused: None,
            retention_ms: None,
            policy: None,
            codec: None,
            ends: None,
        }
    }
}
