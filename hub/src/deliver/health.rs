//! How delivery goes: one state for `/readyz` and the counts for metrics.
//!
//! Written by the relay and the auditor, read by anybody; refuses to know who reads. A change of
//! state is logged once, by whoever made it.

use std::sync::atomic::{AtomicU8, Ordering};

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
    /// The counts, as they are published.
    pub counts: crate::observe::Deliver,
}

impl Health {
    /// Unknown yet, counting into these.
    #[must_use]
    pub fn new(counts: crate::observe::Deliver) -> Self {
        Self { state: AtomicU8::default(), counts }
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> HealthState {
        HealthState::ALL[usize::from(self.state.load(Ordering::Relaxed))]
    }

    /// Changes the state and tells whether it was another one.
    pub(super) fn enter(&self, state: HealthState) -> bool {
        self.state.swap(state as u8, Ordering::Relaxed) != state as u8
    }
}
