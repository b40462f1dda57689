//! How delivery goes: one state for `/readyz` and the counts for metrics.
//!
//! Written by the relay and the auditor, read by anybody; refuses to know who reads. A change of
//! state is logged once, by whoever made it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Where delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum HealthState {
    /// Not yet taken over.
    Starting,
    /// Another instance delivers.
    Standby,
    /// Delivering.
    Delivering,
    /// Kafka or the database is away: trying again. Intake goes on.
    Degraded,
    /// Stopped: a human must look.
    Halted,
}

impl HealthState {
    const ALL: [Self; 5] = [Self::Starting, Self::Standby, Self::Delivering, Self::Degraded, Self::Halted];

    /// Its name on `/readyz`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Standby => "standby",
            Self::Delivering => "delivering",
            Self::Degraded => "degraded",
            Self::Halted => "halted",
        }
    }
}

/// The state and the counts of delivery.
#[derive(Debug, Default)]
pub struct Health {
    state: AtomicU8,
    /// Records sent and committed, voids among them.
    pub sent: AtomicU64,
    /// Records that the gate turned into a void.
    pub voids: AtomicU64,
    /// Producers thrown away and made anew.
    pub recycled: AtomicU64,
    /// Commits found torn at a take-over.
    pub torn: AtomicU64,
    /// Records read back and found right.
    pub audited: AtomicU64,
    /// Topics on which the auditor found a break.
    pub breaks: AtomicU64,
}

impl Health {
    /// The state.
    #[must_use]
    pub fn state(&self) -> HealthState {
        HealthState::ALL[usize::from(self.state.load(Ordering::Relaxed))]
    }

    /// Changes the state and tells whether it was another one.
    pub(super) fn enter(&self, state: HealthState) -> bool {
        self.state.swap(state as u8, Ordering::Relaxed) != state as u8
    }

    /// Adds to one of the counts.
    pub(super) fn count(counter: &AtomicU64, more: usize) {
        counter.fetch_add(more as u64, Ordering::Relaxed);
    }
}
