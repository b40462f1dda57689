//! Dates of which a part may be unknown, as registers and posts write them.
//!
//! `1988-00-00` is a year, `1988-05-00` a month; they round-trip and are never expanded to a first
//! of January. Refuses dates that do not exist. Source: Rijksregister incomplete dates
//! (docs/domain.md#partial-dates).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Day;

/// A birth date with the precision its source has. Always names an existing day, month or year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text is no date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DateError {
    /// Not one of the accepted forms.
    #[error("not a date: expected yyyy-mm-dd, with 00 for an unknown part, dd/mm/yyyy, yyyy-mm or yyyy")]
    Form,
    /// The form of a date, but no such day.
    #[error("no such day in the calendar")]
    NoSuchDay,
}

impl PartialDate {
    /// From its parts; 0 is an unknown month or day. A known day needs a known month.
    ///
    /// # Errors
    /// [`DateError::NoSuchDay`] where the calendar has no such day or the year is not 1850 to 2199.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        Self::of_any_year(year, month, day).and_then(|date| match year {
            1850..2200 => Ok(date),
            _ => Err(DateError::NoSuchDay),
        })
    }

    /// The same for people who need not live any more: of a file, not of a source.
    ///
    /// # Errors
    /// [`DateError::NoSuchDay`] where the calendar has no such day or the year is not 1000 to 2199.
    pub fn of_any_year(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        let exists = match (month, day) {
            (0, 0) => true,
            (1..=12, 0) => true,
            _ => Day::from_ymd_opt(year.into(), month.into(), day.into()).is_some(),
        };
        if exists && (1000..2200).contains(&year) {
            Ok(Self { year, month, day })
        } else {
            Err(DateError::NoSuchDay)
        }
    }

    /// Reads `yyyy-mm-dd` (00 unknown), `yyyymmdd`, `dd/mm/yyyy`, `yyyy-mm` and `yyyy`.
    ///
    /// # Errors
    /// [`DateError::Form`] for another form, [`DateError::NoSuchDay`] for a day that does not exist.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        Self::read(text, Self::new)
    }

    /// The same for people who need not live any more: of a file, not of a source.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_any_year(text: &str) -> Result<Self, DateError> {
        Self::read(text, Self::of_any_year)
    }

    fn read(text: &str, new: fn(u16, u8, u8) -> Result<Self, DateError>) -> Result<Self, DateError> {
        let number = |part: &str| -> Result<u16, DateError> {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten().ok_or(DateError::Form)
        };
        let small = |part: &str| -> Result<u8, DateError> {
            if part.len() != 2 {
                return Err(DateError::Form);
            }
            number(part).and_then(|n| u8::try_from(n).map_err(|_| DateError::Form))
        };
        let year = |part: &str| if part.len() == 4 { number(part) } else { Err(DateError::Form) };
        if !text.is_ascii() {
            return Err(DateError::Form);
        }
        let dashes: Vec<&str> = text.split('-').collect();
        let slashes: Vec<&str> = text.split('/').collect();
        match (dashes.as_slice(), slashes.as_slice()) {
            (&[y, m, d], _) => new(year(y)?, small(m)?, small(d)?),
            (_, &[d, m, y]) => new(year(y)?, small(m)?, small(d)?),
            (&[y, m], _) => new(year(y)?, small(m)?, 0),
            (&[t], _) if t.len() == 8 => new(year(&t[..4])?, small(&t[4..6])?, small(&t[6..])?),
            (&[y], _) => new(year(y)?, 0, 0),
            _ => Err(DateError::Form),
        }
    }

    /// The whole day, where every part is known.
    #[must_use]
    pub fn day(self) -> Option<Day> {
        Day::from_ymd_opt(self.year.into(), self.month.into(), self.day.into())
    }

    /// Month and day; 0 where unknown.
    #[must_use]
    pub fn month_and_day(self) -> (u8, u8) {
        (self.month, self.day)
    }

    /// The year, always known.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// Whether this is a date clerks fill in when they do not know it: 1 January, or no whole day.
    /// Such a date never supports a link without a number (docs/identity.md#the-match-view).
    #[must_use]
    pub fn is_default(self) -> bool {
        self.day == 0 || (self.month == 1 && self.day == 1)
    }

    /// Whether the two could be the same day: every part that both know is equal.
    #[must_use]
    pub fn agrees(self, other: Self) -> bool {
        let part = |a: u8, b: u8| a == 0 || b == 0 || a == b;
        self.year == other.year && part(self.month, other.month) && part(self.day, other.day)
    }

    /// Whether one part alone differs: what a misread or corrected digit leads to.
    #[must_use]
    pub fn one_part_apart(self, other: Self) -> bool {
        let parts = [self.year != other.year, self.month != other.month, self.day != other.day];
        parts.into_iter().filter(|differs| *differs).count() == 1
    }

    /// Whether somebody born then has reached `age` on `day`; `None` where the unknown parts decide.
    #[must_use]
    pub fn has_reached(self, age: u16, day: Day) -> Option<bool> {
        let (first, last) = self.reaches(age)?;
        match (day >= first, day >= last) {
            (true, true) => Some(true),
            (false, _) => Some(false),
            (true, false) => None,
        }
    }

    /// The first and the last day on which somebody born then may reach `age`: one day where no part is unknown.
    /// Born on 29 February: on 1 March in a year without that day.
    #[must_use]
    pub fn reaches(self, age: u16) -> Option<(Day, Day)> {
        let year = i32::from(self.year) + i32::from(age);
        let first = |month: u32| Day::from_ymd_opt(year, month, 1);
        let end = |month: u32| {
            let next = if month == 12 { Day::from_ymd_opt(year + 1, 1, 1) } else { first(month + 1) };
            next?.pred_opt()
        };
        let (month, day) = (u32::from(self.month), u32::from(self.day));
        match (month, day) {
            (0, _) => first(1).zip(end(12)),
            (_, 0) => first(month).zip(end(month)),
            (_, _) => {
                let on = Day::from_ymd_opt(year, month, day).or_else(|| first(month + 1))?;
                Some((on, on))
            }
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl TryFrom<String> for PartialDate {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        Self::parse(&text)
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, DateError>) {
        let got = PartialDate::parse(text).map(|date| date.to_string());
        assert_eq!(got, expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn forms_that_sources_use() {
        check("1988-00-00", Ok("1988-00-00"));
        check("1988-05-00", Ok("1988-05-00"));
        check("1988-05-17", Ok("1988-05-17"));
        check("17/05/1988", Ok("1988-05-17"));
        check("19880517", Ok("1988-05-17"));
        check("1988-05", Ok("1988-05-00"));
        check("1988", Ok("1988-00-00"));
        check("1988-02-30", Err(DateError::NoSuchDay));
        check("1988-00-12", Err(DateError::NoSuchDay));
        check("1988-13-01", Err(DateError::NoSuchDay));
        check("0012-01-01", Err(DateError::NoSuchDay));
        check("33333", Err(DateError::Form));
        check("17-05-1988", Err(DateError::Form));
        check("1988-5-7", Err(DateError::Form));
        check("", Err(DateError::Form));
        check("é988", Err(DateError::Form));
        check("1605-08-06", Err(DateError::NoSuchDay));
        let long_ago = |text| PartialDate::parse_any_year(text).map(|date| date.to_string());
        assert_eq!(long_ago("1605-08-06"), Ok("1605-08-06".to_owned()));
        assert_eq!(
            ["0990-01-01", "2200", "1605-02-30"].map(long_ago),
            [const { Err(DateError::NoSuchDay) }; 3]
        );
    }

    #[test]
    fn agreement_and_default_dates() {
        let date = |text| PartialDate::parse(text).unwrap();
        assert!(date("1988-00-00").agrees(date("1988-05-17")));
        assert!(!date("1988-05-00").agrees(date("1988-06-17")));
        assert!(date("1988-01-01").is_default() && date("1988-05-00").is_default());
        assert!(!date("1988-01-02").is_default());
    }

    #[test]
    fn the_age_rule_says_yes_no_or_ask() {
        let reached = |birth: &str, day: &str| {
            PartialDate::parse(birth).unwrap().has_reached(18, crate::time::parse_day(day).unwrap())
        };
        assert_eq!(reached("2007-05-17", "2025-05-16"), Some(false));
        assert_eq!(reached("2007-05-17", "2025-05-17"), Some(true));
        assert_eq!(reached("2007-00-00", "2025-06-01"), None);
        assert_eq!(reached("2007-00-00", "2025-12-31"), Some(true));
        assert_eq!(reached("2007-00-00", "2024-12-31"), Some(false));
        assert_eq!(reached("2008-02-29", "2026-02-28"), Some(false));
        assert_eq!(reached("2008-02-29", "2026-03-01"), Some(true));
    }
}
