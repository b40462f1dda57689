//! What stops one recipient's topic until somebody mends it, as data: a code, and words without a personal value.
//!
//! A halt is one topic's; the others flow. It is tried again by itself, so nobody has to say that it was mended. Where it
//! is shown: [`super::health`]. Next: `doctor::problems` for what to do about each code.

use schemas::recipient::Recipient;

use super::audit::Break;
use crate::contract::ContractError;

/// Why nothing is delivered to a topic.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The topic was there and is not any more.
    #[error("the topic is not there any more; record {0} was sent to it")]
    Gone(u64),
    /// Where a record was sent, the topic holds another one or none: it was made anew, or lost its end.
    #[error(
        "the topic was made anew or cut: it ends at offset {end}, and record {sequence} was sent to {offset}"
    )]
    Remade {
        /// The last record that was sent.
        sequence: u64,
        /// Where it was put.
        offset: i64,
        /// Where the topic ends now.
        end: i64,
    },
    /// It was ordered to go on after a number, and the topic holds others.
    #[error(
        "it is ordered to go on after record {base}, but the topic ends with record {tail}: remove it, or order {tail}"
    )]
    Occupied {
        /// After which it is to go on.
        base: u64,
        /// The last record that it holds.
        tail: u64,
    },
    /// The topic has another number of partitions.
    #[error("the topic has {0} partitions, not 1")]
    Partitions(usize),
    /// The topic forgets older records about the same person.
    #[error("the topic has the cleanup.policy {0}: only delete keeps every record")]
    Compacted(String),
    /// The hub has no right to it.
    #[error("the broker refuses the hub's user: {0}")]
    Refused(String),
    /// The broker does not take a record.
    #[error("the broker does not take record {sequence} of {bytes} bytes: {cause}")]
    Record {
        sequence: u64,
        /// How long its value is.
        bytes: usize,
        /// What the broker says.
        cause: String,
    },
    /// The broker answers, but takes nothing for this topic.
    #[error("the broker takes nothing for the topic: {0}")]
    Stuck(String),
    /// An outbox row does not open, or is not what its envelope says.
    #[error("outbox row {sequence} of {recipient} is damaged: {what}")]
    Damaged {
        recipient: Recipient,
        /// Its number on the topic.
        sequence: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The database does not read at one of the topic's rows.
    #[error("a row of the topic cannot be read: {0}")]
    Unreadable(String),
    /// A record that cannot be read or made by its contract.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// Outbox rows are missing: nothing is sent past a hole.
    #[error("outbox rows are missing: expected {expected}, found {found}")]
    Gap {
        /// What had to come.
        expected: u64,
        found: u64,
    },
    /// The log holds what the database does not: it was restored or failed over to an old standby.
    #[error("the database regressed: record {log} was sent, the ledger ends at {store}")]
    DatabaseRegressed {
        /// The last sequence in the log.
        log: u64,
        /// The last sequence in the database.
        store: u64,
    },
    /// The row at the log's position is another one than was sent.
    #[error("the database regressed: its record {0} is not the one that was sent")]
    DatabaseDiverged(u64),
    /// The database knows as read back what the log does not hold any more.
    #[error("Kafka regressed: record {store} was read back, the log ends at {log}")]
    KafkaRegressed {
        /// The last sequence in the log.
        log: u64,
        /// The last sequence that the ledger closed.
        store: u64,
    },
    /// What is read back is not what was sent.
    #[error("what is read back is not what was sent: {0}")]
    Broken(#[from] Break),
}

/// Who found what is wrong with a topic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// Who sends: it stopped.
    Relay,
    /// Who reads back: what is there is wrong.
    Auditor,
}

impl Part {
    /// Its name in the database and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Auditor => "auditor",
        }
    }
}

/// The stable code of a halt: in doctor, metrics, log and console.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum HaltCode {
    /// See [`Halt::Gone`], [`Halt::Remade`] and [`Halt::Occupied`].
    TopicRemade,
    /// See [`Halt::Partitions`].
    TopicPartitions,
    /// See [`Halt::Compacted`].
    TopicCompacted,
    /// See [`Halt::Refused`].
    TopicRefused,
    /// See [`Halt::Stuck`].
    TopicStuck,
    /// See [`Halt::Record`].
    RecordRefused,
    /// See [`Halt::Damaged`], [`Halt::Contract`] and [`Halt::Gap`].
    RecordDamaged,
    /// See [`Halt::DatabaseRegressed`] and [`Halt::DatabaseDiverged`].
    DatabaseRegressed,
    /// See [`Halt::KafkaRegressed`].
    KafkaRegressed,
    /// See [`Halt::Broken`].
    TopicBroken,
}

impl Halt {
    #[must_use]
    pub fn code(&self) -> HaltCode {
        match self {
            Self::Gone(_) | Self::Remade { .. } | Self::Occupied { .. } => HaltCode::TopicRemade,
            Self::Partitions(_) => HaltCode::TopicPartitions,
            Self::Compacted(_) => HaltCode::TopicCompacted,
            Self::Refused(_) => HaltCode::TopicRefused,
            Self::Stuck(_) => HaltCode::TopicStuck,
            Self::Record { .. } => HaltCode::RecordRefused,
            Self::Damaged { .. } | Self::Unreadable(_) | Self::Contract(_) | Self::Gap { .. } => {
                HaltCode::RecordDamaged
            }
            Self::DatabaseRegressed { .. } | Self::DatabaseDiverged(_) => HaltCode::DatabaseRegressed,
            Self::KafkaRegressed { .. } => HaltCode::KafkaRegressed,
            Self::Broken(_) => HaltCode::TopicBroken,
        }
    }
}

impl HaltCode {
    /// Whether it goes on only where somebody orders it (docs/restart.md).
    #[must_use]
    pub fn waits_for_order(self) -> bool {
        matches!(self, Self::TopicRemade | Self::DatabaseRegressed | Self::KafkaRegressed)
    }

    pub const ALL: [Self; 10] = [
        Self::TopicRemade,
        Self::TopicPartitions,
        Self::TopicCompacted,
        Self::TopicRefused,
        Self::TopicStuck,
        Self::RecordRefused,
        Self::RecordDamaged,
        Self::DatabaseRegressed,
        Self::KafkaRegressed,
        Self::TopicBroken,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TopicRemade => "topic-remade",
            Self::TopicPartitions => "topic-partitions",
            Self::TopicCompacted => "topic-compacted",
            Self::TopicRefused => "topic-refused",
            Self::TopicStuck => "topic-stuck",
            Self::RecordRefused => "record-refused",
            Self::RecordDamaged => "record-damaged",
            Self::DatabaseRegressed => "database-regressed",
            Self::KafkaRegressed => "kafka-regressed",
            Self::TopicBroken => "topic-broken",
        }
    }
}
