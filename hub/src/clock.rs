//! The clock: the only place that reads the time and makes message ids.
//!
//! Two clocks exist: the system's, and a declared one that follows a story and only moves when told.
//! Refuses to go back within one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ring::rand::{SecureRandom, SystemRandom};
use schemas::ids::{MessageId, Seed};
use schemas::time::{Instant, from_micros, to_micros};

/// Where the time comes from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    declared: Option<Arc<AtomicI64>>,
    random: SystemRandom,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { declared: None, random: SystemRandom::new() }
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn declared(start: Instant) -> Self {
        Self { declared: Some(Arc::new(AtomicI64::new(to_micros(start)))), random: SystemRandom::new() }
    }

    /// Now, to the microsecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Instant {
        let micros = match &self.declared {
            Some(declared) => declared.load(Ordering::SeqCst),
            None => to_micros(chrono::Utc::now()),
        };
        from_micros(micros).unwrap_or(Instant::MAX_UTC)
    }

    /// Moves a declared clock forward to `to`; an earlier time changes nothing.
    pub fn advance(&self, to: Instant) {
        if let Some(declared) = &self.declared {
            declared.fetch_max(to_micros(to), Ordering::SeqCst);
        }
    }

    /// A fresh seed.
    ///
    /// # Panics
    /// Where the system has no randomness: nothing may go on then.
    #[must_use]
    pub fn seed(&self) -> Seed {
        let mut seed = [0; 32];
        self.random.fill(&mut seed).expect("the system gives randomness");
        Seed(seed)
    }

    /// A fresh message id, ordered by time: milliseconds, then random bits (UUID version 7).
    ///
    /// # Panics
    /// Where the system has no randomness.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        let mut random = [0; 10];
        self.random.fill(&mut random).expect("the system gives randomness");
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or(0);
        MessageId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}
