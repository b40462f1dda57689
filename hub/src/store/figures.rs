//! Rows that only count and list: what the console shows of the flow and of one handover.
//!
//! Numbers, times, names of organisations and opaque ids; nothing sealed. Written by nobody: they are sums over
//! the tables that [`super::rows`] fills.

use schemas::handover::State;
use schemas::ids::MessageId;
use schemas::recipient::Recipient;
use schemas::time::Instant;

/// Things that wait, or were put aside: how many, and since when the first of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Queue {
    pub count: u64,
    pub oldest: Option<Instant>,
}

/// The flow in numbers.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// What came in, by source in the order of their names.
    pub sources: Vec<SourceRow>,
    /// What goes out, by recipient in the order of their names.
    pub recipients: Vec<RecipientRow>,
    /// Links that a human must decide.
    pub reviews: Queue,
    /// Persons of whom a first load waits for its approval.
    pub unapproved: Queue,
}

/// One source in numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceRow {
    pub source: String,
    /// Messages in the inbox.
    pub accepted: u64,
    /// Of these, in the last hour.
    pub last_hour: u64,
    /// Of these, in the last day.
    pub last_day: u64,
    pub last: Option<Instant>,
    pub undecided: Queue,
    /// Decided to wait until their person is known.
    pub waiting: Queue,
    /// Answered with a refusal by the decider.
    pub refused: Queue,
    /// Put aside for a human.
    pub quarantined: Queue,
    /// Items that intake refused, of the last 30 days.
    pub turned_away: Queue,
}

/// One recipient in numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecipientRow {
    pub recipient: Recipient,
    pub decided: u64,
    /// Of these, proved to have arrived.
    pub delivered: u64,
    /// Proved in the last hour.
    pub last_hour: u64,
    /// Proved in the last day.
    pub last_day: u64,
    /// When the first one that is not proved was decided.
    pub oldest: Option<Instant>,
}

/// The handovers in one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HandoverCount {
    pub state: State,
    /// How many, and since when the first of them.
    pub queue: Queue,
}

/// Where a message came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginRow {
    pub message: MessageId,
    pub source: String,
    /// The organisation that sent it.
    pub sender: String,
}
