//! Handovers, repertory lines and streams as rows: lists and gates.
//! They hold words, days and ids, and nothing sealed. Next: `leaving`.

use decide::person::Capacity;
use schemas::handover::{Owner, State};
use schemas::ids::{HandoverId, PersonId, StreamId};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};

/// A handover, for lists and clocks.
#[derive(Clone, Debug)]
pub struct HandoverRow {
    pub id: HandoverId,
    pub person: PersonId,
    pub recipient: Option<Recipient>,
    pub state: State,
    /// Which offer of it.
    pub epoch: u32,
    /// Who must move next.
    pub owner: Owner,
    pub deadline: Option<Day>,
    /// When it came into this state.
    pub since: Instant,
}

/// The repertory line of a stream, opened or closed.
#[derive(Clone, Debug)]
pub struct LineRow {
    pub stream: StreamId,
    pub person: PersonId,
    pub recipient: Recipient,
    /// In which capacity; none where the open line is closed.
    pub capacity: Option<Capacity>,
    pub on: Day,
    /// The order of the decision, which tells lines of one day apart.
    pub order: u64,
}

#[derive(Clone, Debug)]
pub struct StreamRow {
    pub id: StreamId,
    pub person: PersonId,
    pub recipient: Recipient,
}
