//! Working days: which days offices work, by rules that hold in any year.
//!
//! Owns the rules of holidays (a date of every year, a day counted from Easter, a day of one year), each with the time
//! it holds, and the counting of working days. Which days are kept is told: `config/rules/holidays.toml`
//! (docs/domain.md#working-days).

use chrono::Datelike;

use crate::time::Day;

/// When a holiday falls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Falls {
    /// On one date of every year.
    Every {
        /// From 1 to 12.
        month: u32,
        /// Of that month.
        day: u32,
    },
    /// So many days after Easter Sunday.
    AfterEaster(i64),
    /// Once.
    Once(Day),
}

impl Falls {
    /// On a date of every year, as `05-01`; `None` where that is no date of every year.
    #[must_use]
    pub fn every(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        let number = |text: &str| (text.len() == 2).then(|| text.parse().ok()).flatten();
        let (month, day) = (number(month)?, number(day)?);
        Day::from_ymd_opt(2025, month, day).map(|_| Self::Every { month, day })
    }

    fn is(self, on: Day) -> bool {
        match self {
            Self::Every { month, day } => (on.month(), on.day()) == (month, day),
            Self::AfterEaster(days) => {
                easter(on.year()).is_some_and(|easter| (on - easter).num_days() == days)
            }
            Self::Once(day) => on == day,
        }
    }
}

/// Easter Sunday of a year.
fn easter(year: i32) -> Option<Day> {
    let easter = computus::gregorian(year).ok()?;
    Day::from_ymd_opt(easter.year, easter.month, easter.day)
}

/// A day on which nobody works, while it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holiday {
    /// When it falls.
    pub falls: Falls,
    /// The first day on which it can be.
    pub from: Option<Day>,
    /// The last.
    pub to: Option<Day>,
}

/// Which days are kept beside Saturdays and Sundays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WorkCalendar {
    holidays: Vec<Holiday>,
}

impl WorkCalendar {
    /// The calendar of these holidays.
    #[must_use]
    pub fn of(holidays: Vec<Holiday>) -> Self {
        Self { holidays }
    }

    /// Whether offices work on a day.
    #[must_use]
    pub fn works(&self, on: Day) -> bool {
        let kept = |holiday: &Holiday| {
            let holds = holiday.from.is_none_or(|from| from <= on) && holiday.to.is_none_or(|to| on <= to);
            holds && holiday.falls.is(on)
        };
        on.weekday().number_from_monday() <= 5 && !self.holidays.iter().any(kept)
    }

    /// The day that lies `days` working days after `day`.
    #[must_use]
    pub fn working_days_after(&self, day: Day, days: u32) -> Day {
        let mut days_ahead = day.iter_days().skip(1).filter(|day| self.works(*day));
        let nth = days.checked_sub(1).and_then(|before| usize::try_from(before).ok());
        nth.map_or(day, |nth| days_ahead.nth(nth).unwrap_or(Day::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_day;

    fn day(text: &str) -> Day {
        parse_day(text).unwrap()
    }

    fn always(falls: Falls) -> Holiday {
        Holiday { falls, from: None, to: None }
    }

    fn every(text: &str) -> Falls {
        Falls::every(text).unwrap()
    }

    #[test]
    fn working_days_skip_the_weekend() {
        let calendar = WorkCalendar::default();
        assert_eq!(calendar.working_days_after(day("2026-11-20"), 1), day("2026-11-23"));
        assert_eq!(calendar.working_days_after(day("2026-11-23"), 5), day("2026-11-30"));
        assert_eq!(calendar.working_days_after(day("2026-11-21"), 0), day("2026-11-21"));
    }

    #[test]
    fn days_counted_from_easter_fall_where_the_year_has_them() {
        let monday = WorkCalendar::of(vec![always(Falls::AfterEaster(1))]);
        for on in
            ["1954-04-19", "2000-04-24", "2008-03-24", "2024-04-01", "2025-04-21", "2038-04-26", "2076-04-20"]
        {
            assert!(!monday.works(day(on)), "{on}");
            assert!(monday.works(day(on) + chrono::Days::new(1)), "after {on}");
        }
        let ascension = WorkCalendar::of(vec![always(Falls::AfterEaster(39))]);
        assert!(!ascension.works(day("2025-05-29")) && ascension.works(day("2026-05-29")));
    }

    #[test]
    fn a_holiday_is_kept_while_it_holds() {
        let (from, to) = (Some(day("2020-01-01")), Some(day("2024-12-31")));
        let calendar = WorkCalendar::of(vec![
            Holiday { falls: every("07-11"), from, to },
            always(Falls::Once(day("2025-05-30"))),
        ]);
        let works = ["2019-07-11", "2023-07-11", "2024-07-11", "2025-07-11", "2025-05-30", "2024-05-30"]
            .map(|on| calendar.works(day(on)));
        assert_eq!(works, [true, false, false, true, false, true]);
        // Wednesday; the Thursday is kept.
        assert_eq!(calendar.working_days_after(day("2024-07-10"), 2), day("2024-07-15"));
    }

    #[test]
    fn a_date_that_no_year_or_not_every_year_has_is_none() {
        for text in ["02-29", "13-01", "00-10", "1-01", "05-1", "05", "may-01", ""] {
            assert_eq!(Falls::every(text), None, "{text}");
        }
    }
}
