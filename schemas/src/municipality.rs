//! Belgian municipalities by their NIS code, each code with the days on which it exists.
//!
//! Owns the dated table and the questions asked of it; refuses to route on postal codes and to treat
//! an Antwerp district (112xx) or a register status (99xxx) as a municipality. Data:
//! `config/tables/municipalities.csv`, docs/domain.md#municipalities.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Day;

/// A five-digit NIS code as a source wrote it: its form is right, nothing more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NisCode(u32);

/// Not five digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a NIS code has five digits")]
pub struct NisError;

impl NisCode {
    /// Reads five digits.
    ///
    /// # Errors
    /// [`NisError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NisError> {
        let form = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        form.then(|| text.parse().ok()).flatten().map(Self).ok_or(NisError)
    }

    /// Whether it is a district of Antwerp: 11201 and up.
    #[must_use]
    pub fn is_district(self) -> bool {
        (11200..11300).contains(&self.0)
    }
}

impl fmt::Display for NisCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

impl TryFrom<String> for NisCode {
    type Error = NisError;

    fn try_from(text: String) -> Result<Self, NisError> {
        Self::parse(&text)
    }
}

impl From<NisCode> for String {
    fn from(code: NisCode) -> Self {
        code.to_string()
    }
}

/// The language area of a municipality (docs/domain.md#language-areas).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum LanguageArea {
    /// Dutch.
    #[serde(rename = "nl")]
    Dutch,
    /// Bilingual Brussels: the newcomer chooses.
    #[serde(rename = "nl-fr")]
    Brussels,
    /// French.
    #[serde(rename = "fr")]
    French,
    /// German.
    #[serde(rename = "de")]
    German,
}

impl LanguageArea {
    /// Its name in config files and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::Brussels => "nl-fr",
            Self::French => "fr",
            Self::German => "de",
        }
    }
}

/// One code of the table.
#[derive(Clone, Debug, Deserialize)]
pub struct Municipality {
    /// The code.
    #[serde(rename = "nis_code")]
    pub nis: NisCode,
    /// Its Dutch name.
    pub name_nl: String,
    /// Its French name.
    pub name_fr: String,
    /// The first day on which the code exists.
    pub valid_from: Day,
    /// The last day on which it exists; none while it does.
    pub valid_to: Option<Day>,
    /// The code that took over its territory.
    #[serde(rename = "successor_nis")]
    pub successor: Option<NisCode>,
    /// Its language area.
    pub language_area: LanguageArea,
}

/// What a code is on a day.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'a> {
    /// A municipality that exists then.
    Valid(&'a Municipality),
    /// The code had ended; its territory belongs to this one then. Sources lag, so it is used, flagged.
    Retired(&'a Municipality),
    /// A district: this is its city.
    District(&'a Municipality),
    /// A code that begins later.
    NotYet,
    /// No municipality at all.
    Unknown,
}

/// The dated table of municipalities.
#[derive(Clone, Debug, Default)]
pub struct Municipalities {
    rows: BTreeMap<NisCode, Municipality>,
}

const ANTWERP: NisCode = NisCode(11002);
const BORSBEEK_DISTRICT: NisCode = NisCode(11297);
const BORSBEEK: NisCode = NisCode(11007);

impl Municipalities {
    /// Reads the table.
    ///
    /// # Errors
    /// The reader's error, with its line.
    pub fn from_csv(text: &str) -> Result<Self, csv::Error> {
        let rows = csv::Reader::from_reader(text.as_bytes())
            .deserialize()
            .map(|row| row.map(|m: Municipality| (m.nis, m)))
            .collect::<Result<_, _>>()?;
        Ok(Self { rows })
    }

    /// Every code, whatever its days.
    pub fn iter(&self) -> impl Iterator<Item = &Municipality> {
        self.rows.values()
    }

    /// What this code is on this day.
    #[must_use]
    pub fn lookup(&self, nis: NisCode, on: Day) -> Lookup<'_> {
        if nis.is_district() {
            return self.district(nis, on);
        }
        let Some(row) = self.rows.get(&nis) else { return Lookup::Unknown };
        if on < row.valid_from {
            return Lookup::NotYet;
        }
        if row.valid_to.is_none_or(|last| on <= last) {
            return Lookup::Valid(row);
        }
        self.successor(row, on).map_or(Lookup::Unknown, Lookup::Retired)
    }

    /// The code that stands for this one on a day: its own, its successor's, or the municipality's of a district.
    #[must_use]
    pub fn present(&self, nis: NisCode, on: Day) -> Option<NisCode> {
        match self.lookup(nis, on) {
            Lookup::Valid(row) | Lookup::Retired(row) | Lookup::District(row) => Some(row.nis),
            Lookup::NotYet | Lookup::Unknown => None,
        }
    }

    /// Follows successors until one exists on that day; the table has no circles, and a bound keeps
    /// a damaged one from turning for ever.
    fn successor(&self, row: &Municipality, on: Day) -> Option<&Municipality> {
        let exists = |m: &Municipality| m.valid_from <= on && m.valid_to.is_none_or(|last| on <= last);
        let next = |m: &&Municipality| self.rows.get(&m.successor?);
        let start = self.rows.get(&row.successor?)?;
        std::iter::successors(Some(start), next).take(8).find(|m| exists(m))
    }

    /// Districts are Antwerp's. The one of Borsbeek exists only since the merger of 2025-01-01.
    fn district(&self, nis: NisCode, on: Day) -> Lookup<'_> {
        let Some(city) = self.rows.get(&ANTWERP) else { return Lookup::Unknown };
        let merged = self.rows.get(&BORSBEEK).and_then(|row| row.valid_to);
        match merged {
            Some(last) if nis == BORSBEEK_DISTRICT && on <= last => Lookup::NotYet,
            _ => Lookup::District(city),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nis: &str, on: &str, expect: &str) {
        let table = Municipalities::from_csv(include_str!("../../config/tables/municipalities.csv")).unwrap();
        let (nis, on) = (NisCode::parse(nis).unwrap(), crate::time::parse_day(on).unwrap());
        let got = match table.lookup(nis, on) {
            Lookup::Valid(m) => format!("valid {}", m.nis),
            Lookup::Retired(m) => format!("retired {}", m.nis),
            Lookup::District(m) => format!("district {}", m.nis),
            Lookup::NotYet => "not yet".to_owned(),
            Lookup::Unknown => "unknown".to_owned(),
        };
        assert_eq!(got, expect, "{nis} on {on}");
    }

    #[test]
    fn codes_are_what_they_are_on_that_day() {
        check("44021", "2025-03-01", "valid 44021");
        check("11007", "2024-12-31", "valid 11007");
        check("11007", "2025-01-01", "retired 11002");
        check("46030", "2024-12-31", "not yet");
        check("46030", "2025-01-01", "valid 46030");
        check("11056", "2025-01-01", "retired 46030");
        check("71022", "2026-01-01", "retired 71072");
        check("11201", "2020-01-01", "district 11002");
        check("11297", "2024-12-31", "not yet");
        check("11297", "2025-01-01", "district 11002");
        check("99992", "2025-01-01", "unknown");
        check("00000", "2025-01-01", "unknown");
    }

    #[test]
    fn a_code_has_five_digits() {
        for text in ["4402", "440211", "4402a", "", " 44021"] {
            assert_eq!(NisCode::parse(text), Err(NisError), "{text}");
        }
    }
}
