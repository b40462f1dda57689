//! Leases, and the counters that live in them.
//! Whoever holds the lease writes them; nobody else does. Next: `crate::store::lease`.

use std::collections::BTreeMap;

use schemas::envelope::Hash;
use schemas::recipient::Recipient;
use serde::{Deserialize, Serialize};

/// The counters of the one writer: they live in its lease row.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// The last place given in the order of decisions.
    pub order: u64,
    /// The last `known_at`, in microseconds.
    pub known_at: i64,
    /// The last outbox position.
    pub position: u64,
    /// For each recipient, the last sequence and chain value.
    pub topics: BTreeMap<Recipient, TopicEnd>,
}

/// Where a topic ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TopicEnd {
    pub sequence: u64,
    /// The last chain value.
    pub chain: Hash,
}

/// A lease that is held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// Which: `decider` or `relay`.
    pub name: &'static str,
    /// The number of this holding: a later one fences it.
    pub fence: i64,
    /// The counters as they were when it was taken.
    pub counters: Counters,
}
