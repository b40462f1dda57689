//! When something happens in a scenario: a day, or a day with a time, written in whichever way.
//!
//! Refuses zones it is not told: without one, a time is that of Brussels.

use chrono::NaiveTime;
use schemas::time::{Day, Instant, day_of, parse_day, parse_instant, start_of};
use serde::{Deserialize, Deserializer};

/// A day, and the time on it where one is stated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ScenarioMoment {
    pub(super) day: Day,
    pub(super) at: Option<Instant>,
}

impl ScenarioMoment {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(day) = parse_day(text) {
            return Some(Self { day, at: None });
        }
        let written = text.replacen(' ', "T", 1);
        if let Some(at) = parse_instant(&written) {
            return Some(Self { day: day_of(at), at: Some(at) });
        }
        let (day, time) = written.split_once('T')?;
        let day = parse_day(day)?;
        let read = |form| NaiveTime::parse_from_str(time, form).ok();
        let time = read("%H:%M:%S%.f").or_else(|| read("%H:%M"))?;
        Some(Self { day, at: Some(start_of(day) + (time - NaiveTime::MIN)) })
    }
}

impl<'de> Deserialize<'de> for ScenarioMoment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Date(toml::value::Datetime),
            Text(String),
        }
        let text = match Written::deserialize(from)? {
            Written::Date(date) => date.to_string(),
            Written::Text(text) => text,
        };
        let told = "expected a day like 2025-03-05, or a time like 2025-03-05T09:00:00";
        Self::of(&text).ok_or_else(|| serde::de::Error::custom(told))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_moment_is_a_day_or_a_time_in_whichever_form() {
        let day = parse_day("2025-03-05").unwrap();
        let at = |hours| Some(ScenarioMoment { day, at: Some(start_of(day) + TimeDelta::hours(hours)) });
        for (text, expect) in [
            ("2025-03-05", Some(ScenarioMoment { day, at: None })),
            ("2025-03-05T09:00:00", at(9)),
            ("2025-03-05 09:00", at(9)),
            ("2025-03-05T08:00:00Z", at(9)),
            ("2025-03-05T09:00:00+01:00", at(9)),
            ("5 March", None),
        ] {
            assert_eq!(ScenarioMoment::of(text), expect, "{text}");
        }
    }
}
