//! How delivery goes: the role's state, what stops each topic, and the counts.
//!
//! Written by the relay and the auditor; read by `/readyz` and metrics here, and through the table `halt` by console and
//! doctor anywhere. A change is logged once, by whoever made it. Refuses to know who reads.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemas::recipient::Recipient;

use super::halt::{Halt, HaltCode, Part};
use super::log::Outbox;
use super::{Deliver, DeliverError};
use crate::observe::TopicLabel;

/// Where delivery stands here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HealthState {
    /// Not yet taken over.
    #[default]
    Starting,
    Standby,
    /// Every topic takes records.
    Delivering,
    /// Kafka or the database is away: trying again. Intake goes on.
    Degraded,
    /// One topic or more take none until somebody mends them; the others flow.
    Halted,
}

impl HealthState {
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

/// One topic, as its lane goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum LaneState {
    Starting,
    Flowing,
    /// Kafka or the database is away.
    Waiting(String),
}

#[derive(Debug, Default)]
struct HealthParts {
    role: HealthState,
    cause: Option<String>,
    lanes: BTreeMap<Recipient, LaneState>,
    halts: BTreeMap<(Part, Recipient), HaltCode>,
}

/// The state and the counts of delivery.
#[derive(Debug, Default)]
pub struct Health {
    inner: Mutex<HealthParts>,
    /// The counts, as they are published.
    pub counts: crate::observe::DeliverCounts,
}

impl Health {
    /// Unknown yet, counting into these.
    #[must_use]
    pub fn new(counts: crate::observe::DeliverCounts) -> Self {
        Self { inner: Mutex::default(), counts }
    }

    #[must_use]
    pub fn state(&self) -> HealthState {
        let inner = self.inner();
        let relay = |(part, _): &(Part, Recipient)| *part == Part::Relay;
        match inner.role {
            HealthState::Delivering
                if inner.lanes.values().any(|lane| matches!(lane, LaneState::Waiting(_))) =>
            {
                HealthState::Degraded
            }
            HealthState::Delivering if inner.halts.keys().any(relay) => HealthState::Halted,
            HealthState::Delivering if inner.lanes.values().any(|lane| *lane == LaneState::Starting) => {
                HealthState::Starting
            }
            state => state,
        }
    }

    /// Why it is degraded.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        let inner = self.inner();
        let waiting = inner.lanes.values().find_map(|lane| match lane {
            LaneState::Waiting(cause) => Some(cause.clone()),
            LaneState::Starting | LaneState::Flowing => None,
        });
        inner.cause.clone().or(waiting)
    }

    /// What stops which topic, as far as this process found it.
    #[must_use]
    pub fn halts(&self) -> Vec<(Part, Recipient, HaltCode)> {
        self.inner().halts.iter().map(|((part, to), code)| (*part, to.clone(), *code)).collect()
    }

    /// Changes the role's state and tells whether it was another one. The lanes of an earlier holding are forgotten.
    pub(super) fn enter(&self, state: HealthState, cause: Option<String>) -> bool {
        let mut inner = self.inner();
        inner.cause = cause;
        if state != HealthState::Delivering {
            inner.lanes.clear();
            let gone: Vec<_> = inner.halts.keys().filter(|(part, _)| *part == Part::Relay).cloned().collect();
            for key in gone {
                inner.halts.remove(&key);
                self.counts.halted.remove(&TopicLabel::of(&key.1, key.0.as_str()));
            }
        }
        std::mem::replace(&mut inner.role, state) != state
    }

    /// How a lane goes; tells whether it waits and none did before.
    pub(super) fn lane(&self, to: &Recipient, state: LaneState) -> bool {
        let mut inner = self.inner();
        let waited = inner.lanes.values().any(|lane| matches!(lane, LaneState::Waiting(_)));
        let waits = matches!(state, LaneState::Waiting(_));
        inner.lanes.insert(to.clone(), state);
        waits && !waited
    }

    fn inner(&self) -> MutexGuard<'_, HealthParts> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A topic is stopped: said in the log once, counted, and stored so that every instance can tell.
pub(super) async fn halted<O: Outbox>(parts: &Deliver<O>, part: Part, to: &Recipient, halt: &Halt) {
    let (code, health) = (halt.code(), &parts.health);
    let before = health.inner().halts.insert((part, to.clone()), code);
    health.counts.halted.get_or_create(&TopicLabel::of(to, part.as_str())).set(1);
    if before != Some(code) {
        if part == Part::Auditor {
            health.counts.breaks.inc();
        }
        let (topic, part) = (to.topic(), part.as_str());
        tracing::error!(%topic, part, ?code, cause = %halt, "delivery to a topic is halted; the others go on");
    }
    let stored = parts.outbox.halt(to, part, code, &halt.to_string(), parts.clock.now()).await;
    if let Err(error) = stored {
        // It is told again at the next try.
        tracing::debug!(%error, "a halt could not be stored");
    }
}

/// A topic takes records, or reads right.
pub(super) async fn flows<O: Outbox>(
    parts: &Deliver<O>,
    part: Part,
    to: &Recipient,
) -> Result<(), DeliverError> {
    parts.outbox.resume(to, part).await?;
    let health = &parts.health;
    health.counts.halted.get_or_create(&TopicLabel::of(to, part.as_str())).set(0);
    let halted = health.inner().halts.remove(&(part, to.clone())).is_some();
    if halted {
        tracing::info!(topic = %to.topic(), part = part.as_str(), "delivery to a topic goes on");
    }
    Ok(())
}
