//! The clock: the only place that reads the time and makes message ids.
//!
//! Two clocks exist: the system's, and a declared one that follows a story and only moves when told; of a declared one what
//! is otherwise random can be drawn from a number, so that a run repeats itself. A test environment may run some days beside the system's. A system's clock that is set while the process runs, or that is
//! another than the database's, is noticed ([`Clock::steady`], [`Clock::beside`]): what a wrong clock decides would have
//! to be undone by hand. Refuses to go back within one process.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant as Moment;

use chrono::TimeDelta;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use schemas::ids::{MessageId, Seed};
use schemas::time::{Instant, from_micros, to_micros};

/// How far a clock may be from another one, and go from the time that passed, before nothing is decided by it.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// A clock that cannot be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WrongClock {
    /// It was set while the process ran.
    #[error(
        "the clock was set by {0} s while this process ran: nothing is decided until it is right again, or the process is started anew"
    )]
    Jumped(i64),
    /// Another clock says something else.
    #[error("the clock is {0} s from the database's: nothing is decided until both are right")]
    Differs(i64),
}

/// Where the time comes from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    declared: Option<Arc<AtomicI64>>,
    ahead: TimeDelta,
    /// By how many microseconds it was set in a rehearsal.
    set: Arc<AtomicI64>,
    watch: Arc<Mutex<Watch>>,
    made: Arc<AtomicU32>,
    random: Randomness,
}

/// Where ids and seeds come from.
#[derive(Clone, Debug)]
enum Randomness {
    System(SystemRandom),
    /// Drawn from a number, one after the other: nobody may be protected by it.
    Drawn(Arc<(u64, AtomicU64)>),
}

impl Randomness {
    fn draw(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match self {
            Self::System(system) => system.fill(&mut bytes).expect("the system gives randomness"),
            Self::Drawn(drawn) => {
                let (number, count) = (drawn.0, drawn.1.fetch_add(1, Ordering::Relaxed));
                let of = [number.to_be_bytes(), count.to_be_bytes()].concat();
                bytes.copy_from_slice(digest(&SHA256, &of).as_ref());
            }
        }
        bytes
    }
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Self::ahead(0)
    }

    /// The system's clock, so many days ahead of it, or behind.
    #[must_use]
    pub fn ahead(days: i16) -> Self {
        Self::of(None, TimeDelta::days(days.into()))
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn declared(start: Instant) -> Self {
        Self::of(Some(Arc::new(AtomicI64::new(to_micros(start)))), TimeDelta::zero())
    }

    /// A declared clock that gives the same ids and seeds for the same number, where they are asked for in the same order:
    /// for a run that is repeated.
    #[must_use]
    pub fn repeatable(start: Instant, number: u64) -> Self {
        Self { random: Randomness::Drawn(Arc::new((number, AtomicU64::new(0)))), ..Self::declared(start) }
    }

    fn of(declared: Option<Arc<AtomicI64>>, ahead: TimeDelta) -> Self {
        let (set, random) = (Arc::default(), Randomness::System(SystemRandom::new()));
        let watch = Watch { wall: machine(), passed: Moment::now() };
        Self { declared, ahead, set, watch: Arc::new(Mutex::new(watch)), made: Arc::default(), random }
    }

    /// Now, to the microsecond.
    #[must_use]
    pub fn now(&self) -> Instant {
        let micros = match &self.declared {
            Some(declared) => declared.load(Ordering::SeqCst),
            None => to_micros(self.wall() + self.ahead),
        };
        from_micros(micros).unwrap_or(Instant::MAX_UTC)
    }

    /// The machine's own time.
    fn wall(&self) -> Instant {
        machine() + TimeDelta::microseconds(self.set.load(Ordering::SeqCst))
    }

    /// Whether the machine's clock went on like the time that passed since it was last right. A declared clock does.
    ///
    /// # Errors
    /// [`WrongClock::Jumped`], until it is right again or was confirmed.
    pub fn steady(&self) -> Result<(), WrongClock> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if self.declared.is_none() {
            *watch = watch.look(self.wall(), Moment::now())?;
        }
        Ok(())
    }

    /// Whether the machine's clock says the same as another's. Where it does, it is right, whatever happened to it.
    ///
    /// # Errors
    /// [`WrongClock::Differs`].
    pub fn beside(&self, other: Instant) -> Result<(), WrongClock> {
        let wall = self.wall();
        if self.declared.is_some() {
            return Ok(());
        }
        if (wall - other).abs() > TOLERANCE {
            return Err(WrongClock::Differs((wall - other).num_seconds()));
        }
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        *watch = Watch { wall, passed: Moment::now() };
        Ok(())
    }

    /// Sets the machine's clock by so much, as far as this process sees it: to rehearse what a wrong one does.
    pub fn set_by(&self, by: TimeDelta) {
        self.set.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
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
        Seed(self.random.draw())
    }

    /// A fresh message id, ordered by time: milliseconds, then a count that tells what was made in one
    /// of them apart in its order, then random bits (UUID version 7, RFC 9562 method 1).
    ///
    /// # Panics
    /// Where the system has no randomness.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        self.message_id_of(self.now())
    }

    /// The same for something of another time: what is queued then stands in the order of its own time.
    ///
    /// # Panics
    /// Where the system has no randomness.
    #[must_use]
    pub fn message_id_of(&self, at: Instant) -> MessageId {
        let mut random = [0; 10];
        random.copy_from_slice(&self.random.draw()[..10]);
        // 22 bits of the count stand where the version and the variant leave room.
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let part = |shift: u32, mask: u32| u8::try_from(count >> shift & mask).unwrap_or(0);
        random[0] = part(18, 0x0f);
        random[1] = part(10, 0xff);
        random[2] = part(4, 0x3f);
        random[3] = part(0, 0x0f) << 4 | random[3] & 0x0f;
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        MessageId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn machine() -> Instant {
    chrono::Utc::now()
}

/// A moment at which the clock was right: what it said, and on the count of time that nobody can set.
#[derive(Clone, Copy, Debug)]
struct Watch {
    wall: Instant,
    passed: Moment,
}

impl Watch {
    /// The same at a later moment. One look need only be steady against the one before it: corrections of a clock that
    /// is a little off add up to nothing.
    fn look(self, wall: Instant, passed: Moment) -> Result<Self, WrongClock> {
        let since = passed.saturating_duration_since(self.passed);
        let since = TimeDelta::from_std(since).unwrap_or(TimeDelta::MAX);
        let jump = (wall - self.wall) - since;
        if jump.abs() > TOLERANCE {
            return Err(WrongClock::Jumped(jump.num_seconds()));
        }
        Ok(Self { wall, passed })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_is_steady_where_it_goes_like_the_time_that_passed() {
        let (wall, passed) = (from_micros(1_700_000_000_000_000).unwrap(), Moment::now());
        let check = |went: TimeDelta, seconds: u64, steady: bool| {
            let later = Watch { wall, passed }.look(wall + went, passed + Duration::from_secs(seconds));
            assert_eq!(later.is_ok(), steady, "{went} in {seconds} s: {later:?}");
        };
        let (minute, day) = (TimeDelta::minutes(1), TimeDelta::days(1));
        check(TimeDelta::zero(), 0, true);
        check(minute * 5, 0, true);
        check(minute * -5, 0, true);
        check(minute * 6, 0, false);
        check(minute * -6, 0, false);
        check(day * 365, 10, false);
        check(day * -365, 10, false);
        // A process that waited for a day finds its clock a day later: nothing jumped.
        check(day, 86_400, true);
        check(TimeDelta::zero(), 86_400, false);
    }

    #[test]
    fn a_clock_that_was_set_is_wrong_until_it_is_set_back_or_another_says_the_same() {
        let clock = Clock::ahead(20);
        assert_eq!(clock.steady(), Ok(()));
        clock.set_by(TimeDelta::days(365));
        assert!(matches!(clock.steady(), Err(WrongClock::Jumped(31_535_990..=31_536_010))));
        assert!(clock.clone().steady().is_err(), "it stays wrong, for everybody who has it");
        clock.set_by(TimeDelta::days(-365));
        assert_eq!(clock.steady(), Ok(()));
        clock.set_by(TimeDelta::days(-30));
        assert!(clock.steady().is_err());
        let database = clock.now() - TimeDelta::days(20);
        assert!(matches!(clock.beside(database + TimeDelta::days(1)), Err(WrongClock::Differs(_))));
        assert!(clock.steady().is_err());
        assert_eq!(clock.beside(database), Ok(()), "the days ahead are meant");
        assert_eq!(clock.steady(), Ok(()));
        let story = Clock::declared(Instant::UNIX_EPOCH);
        story.set_by(TimeDelta::days(1));
        assert_eq!((story.steady(), story.beside(machine())), (Ok(()), Ok(())));
    }

    #[test]
    fn a_repeatable_clock_gives_the_same_again_for_the_same_number() {
        let drawn = |number| {
            let clock = Clock::repeatable(Instant::UNIX_EPOCH, number);
            (0..3).map(|_| (clock.message_id(), clock.seed())).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        let all: std::collections::BTreeSet<_> =
            drawn(1).into_iter().chain(drawn(2)).map(|(_, seed)| seed.0).collect();
        assert_eq!(all.len(), 6);
        let declared = |_| Clock::declared(Instant::UNIX_EPOCH).seed();
        assert_ne!(declared(1), declared(2));
    }

    #[test]
    fn message_ids_of_one_moment_keep_their_order() {
        let clock = Clock::declared(Instant::UNIX_EPOCH);
        let ids: Vec<MessageId> = (0..5_000).map(|_| clock.message_id()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        clock.advance(from_micros(1_000).unwrap());
        assert!(ids.last() < Some(&clock.message_id()));
        assert!(clock.message_id_of(Instant::UNIX_EPOCH) < clock.message_id());
    }
}
