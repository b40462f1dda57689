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
    /// Its id.
    pub id: HandoverId,
    /// Whose.
    pub person: PersonId,
    /// To whom.
    pub recipient: Option<Recipient>,
    /// Where it stands.
    pub state: State,
    /// Which offer of it.
    pub epoch: u32,
    /// Who must move next.
    pub owner: Owner,
    /// Until when.
    pub deadline: Option<Day>,
    /// When it came into this state.
    pub since: Instant,
}

/// A repertory line opened or closed.
#[derive(Clone, Debug)]
pub struct LineRow {
    /// Whose.
    pub person: PersonId,
    /// For whom.
    pub recipient: Recipient,
    /// In which capacity; none where the open line is closed.
    pub capacity: Option<Capacity>,
    /// The day.
    pub on: Day,
    /// The order of the decision, which tells lines of one day apart.
    pub order: u64,
}

/// A stream.
#[derive(Clone, Debug)]
pub struct StreamRow {
    /// Its id.
    pub id: StreamId,
    /// Whose.
    pub person: PersonId,
    /// For whom.
    pub recipient: Recipient,
}
