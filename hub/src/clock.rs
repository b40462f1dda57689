//! The clock: the only place that reads the time and makes message ids.
//!
//! Two clocks exist: the system's, and a declared one that follows a story and only moves when told. A test
//! environment may run some days beside the system's. Refuses to go back within one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use chrono::TimeDelta;
use ring::rand::{SecureRandom, SystemRandom};
use schemas::ids::{MessageId, Seed};
use schemas::time::{Instant, from_micros, to_micros};

/// Where the time comes from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    declared: Option<Arc<AtomicI64>>,
    ahead: TimeDelta,
    made: Arc<AtomicU32>,
    random: SystemRandom,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::ahead(0)
    }

    /// The system's clock, so many days ahead of it, or behind.
    #[must_use]
    pub fn ahead(days: i16) -> Self {
        let ahead = TimeDelta::days(days.into());
        Self { declared: None, ahead, made: Arc::default(), random: SystemRandom::new() }
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn declared(start: Instant) -> Self {
        let declared = Some(Arc::new(AtomicI64::new(to_micros(start))));
        Self { declared, ahead: TimeDelta::zero(), made: Arc::default(), random: SystemRandom::new() }
    }

    /// Now, to the microsecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Instant {
        let micros = match &self.declared {
            Some(declared) => declared.load(Ordering::SeqCst),
            None => to_micros(chrono::Utc::now() + self.ahead),
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

    /// A fresh message id, ordered by time: milliseconds, then a count that tells what was made in one
    /// of them apart in its order, then random bits (UUID version 7, RFC 9562 method 1).
    ///
    /// # Panics
    /// Where the system has no randomness.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        let mut random = [0; 10];
        self.random.fill(&mut random).expect("the system gives randomness");
        // 22 bits of the count stand where the version and the variant leave room.
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let part = |shift: u32, mask: u32| u8::try_from(count >> shift & mask).unwrap_or(0);
        random[0] = part(18, 0x0f);
        random[1] = part(10, 0xff);
        random[2] = part(4, 0x3f);
        random[3] = part(0, 0x0f) << 4 | random[3] & 0x0f;
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or(0);
        MessageId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_of_one_moment_keep_their_order() {
        let clock = Clock::declared(Instant::UNIX_EPOCH);
        let ids: Vec<MessageId> = (0..5_000).map(|_| clock.message_id()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        clock.advance(from_micros(1_000).unwrap());
        assert!(ids.last() < Some(&clock.message_id()));
    }
}
