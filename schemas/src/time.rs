//! The times of a fact, and the day they fall on.
//!
//! A fact has three times: when it holds in the world (a [`Day`]), the source's own version of it
//! ([`Version`]) and when the hub learned it ([`KnownAt`]). Days are days in Brussels. No clock is
//! read here; time comes in as a value. Chrono stays behind this file.

use chrono::{TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// An instant, in UTC, to the microsecond.
pub type Instant = chrono::DateTime<Utc>;

/// A calendar day in Europe/Brussels.
pub type Day = chrono::NaiveDate;

/// When the hub learned something: the time of the decision, never going back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownAt(pub Instant);

impl KnownAt {
    /// The Brussels day on which it was learned: the day that routing uses.
    #[must_use]
    pub fn day(self) -> Day {
        day_of(self.0)
    }
}

/// The Brussels day on which an instant falls.
#[must_use]
pub fn day_of(at: Instant) -> Day {
    at.with_timezone(&chrono_tz::Europe::Brussels).date_naive()
}

/// The instant at which a Brussels day begins.
///
/// Brussels changes its clock at 02:00 and 03:00, so midnight exists once on every day since 1946;
/// where it would not, the first instant of that day in UTC is taken.
#[must_use]
pub fn start_of(day: Day) -> Instant {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    chrono_tz::Europe::Brussels
        .from_local_datetime(&midnight)
        .earliest()
        .map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// What the clocks in Brussels show at an instant, for pages.
#[must_use]
pub fn wall_clock(at: Instant) -> chrono::NaiveDateTime {
    at.with_timezone(&chrono_tz::Europe::Brussels).naive_local()
}

/// Microseconds since 1970, as stored.
#[must_use]
pub fn to_micros(at: Instant) -> i64 {
    at.timestamp_micros()
}

/// Back from microseconds since 1970; `None` where they are out of chrono's range.
#[must_use]
pub fn from_micros(micros: i64) -> Option<Instant> {
    Utc.timestamp_micros(micros).single()
}

/// An RFC 3339 instant as sources write it; `None` where it is none.
#[must_use]
pub fn parse_instant(text: &str) -> Option<Instant> {
    let at = chrono::DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    from_micros(to_micros(at))
}

/// A `yyyy-mm-dd` day; `None` where it is none or does not exist.
#[must_use]
pub fn parse_day(text: &str) -> Option<Day> {
    (text.len() == 10).then(|| Day::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// A source's own version of a statement: which of two statements of one sender is the newer one.
///
/// Inside one channel the sequence decides where the sender counts, else the time it stated. Two
/// channels are compared by their stated time alone. When the hub received it never decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Version {
    /// The stream of statements the sequence counts in, such as `post/MOW`.
    pub channel: String,
    /// The sender's own counter, where it has one.
    pub sequence: Option<u64>,
    /// The time the sender put on it.
    pub stated_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_in_brussels() {
        let at = |text| day_of(parse_instant(text).unwrap()).to_string();
        assert_eq!(at("2025-01-01T22:59:59Z"), "2025-01-01");
        assert_eq!(at("2025-01-01T23:00:00Z"), "2025-01-02");
        assert_eq!(at("2025-07-01T22:00:00Z"), "2025-07-02");
        let day = parse_day("2025-03-30").unwrap();
        assert_eq!(start_of(day).to_rfc3339(), "2025-03-29T23:00:00+00:00");
        assert_eq!(day_of(start_of(day)), day);
        let summer = parse_instant("2025-07-01T22:00:00Z").unwrap();
        assert_eq!(wall_clock(summer).to_string(), "2025-07-02 00:00:00");
    }

    #[test]
    fn a_date_that_does_not_exist_is_none() {
        for text in ["2025-02-29", "2025-13-01", "2025-00-00", "2025-1-1", "01/02/2025", ""] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }
}
