//! Who is responsible, by municipality, day and choice: a total decision table.
//!
//! Owns [`route`], which has an answer for every code on every day, and [`check`], which proves
//! that a bundle gives exactly one. Knows no postal codes, no names of municipalities and nothing
//! of the person. What follows from a route is [`crate::handover`]'s. Source: docs/domain.md#who-is-competent.

mod check;

use std::fmt;

use schemas::municipality::{LanguageArea, Lookup, Municipality, NisCode};
use schemas::recipient::Recipient;
use schemas::time::Day;
use serde::{Deserialize, Serialize};

use crate::bundle::{Bundle, Competence, Contract};

pub use check::check;
pub use schemas::fact::Choice;

/// Where the table leads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Route {
    /// To whom; nobody where there is no receiver or a choice is missing.
    pub recipient: Option<Recipient>,
    pub reason: RouteReason,
    /// The code had ended, or is a district: a source lags.
    pub flagged: Option<RouteReason>,
}

impl Route {
    /// The one reason to print: where a recipient was found through another code, that is what a
    /// reader must know; where none was found, why not.
    #[must_use]
    pub fn printed(&self) -> RouteReason {
        self.flagged.filter(|_| self.recipient.is_some()).unwrap_or(self.reason)
    }
}

/// Why a route leads where it leads (`hub route` prints it).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteReason {
    /// The municipality belongs to a recipient's territory.
    Territory,
    Choice,
    /// Brussels, and no complete choice is known.
    AwaitingChoice,
    /// French or German language area.
    NoReceiver,
    /// The code ended before that day: its successor's recipient.
    CodeRetired,
    /// A district of Antwerp.
    District,
    /// The code begins later.
    CodeNotYetValid,
    NotAMunicipality,
}

impl RouteReason {
    /// The reason as it is printed and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Territory => "territory",
            Self::Choice => "choice",
            Self::AwaitingChoice => "awaiting_choice",
            Self::NoReceiver => "no_receiver",
            Self::CodeRetired => "code_retired",
            Self::District => "district",
            Self::CodeNotYetValid => "code_not_yet_valid",
            Self::NotAMunicipality => "not_a_municipality",
        }
    }
}

impl fmt::Display for RouteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who is responsible for somebody registered under this code on this day.
#[must_use]
pub fn route(bundle: &Bundle, nis: NisCode, on: Day, choice: Option<&Choice>) -> Route {
    let none = |reason| Route { recipient: None, reason, flagged: None };
    match bundle.municipalities.lookup(nis, on) {
        Lookup::Valid(row) => at(bundle, row, on, choice, None),
        Lookup::Retired(row) => at(bundle, row, on, choice, Some(RouteReason::CodeRetired)),
        Lookup::District(row) => at(bundle, row, on, choice, Some(RouteReason::District)),
        Lookup::NotYet => none(RouteReason::CodeNotYetValid),
        Lookup::Unknown => none(RouteReason::NotAMunicipality),
    }
}

/// The table for a municipality that exists: a named territory first, then the language area.
fn at(
    bundle: &Bundle,
    row: &Municipality,
    on: Day,
    choice: Option<&Choice>,
    flagged: Option<RouteReason>,
) -> Route {
    let named = bundle.contracts.iter().find(|contract| names(contract, row.nis, on));
    let (contract, reason) = match (named, row.language_area) {
        (Some(contract), _) => (Some(contract), RouteReason::Territory),
        (None, LanguageArea::Brussels) => match choice.and_then(|choice| bundle.chosen(choice)) {
            Some(contract) => (Some(contract), RouteReason::Choice),
            None => (None, RouteReason::AwaitingChoice),
        },
        (None, area) => match rest(bundle, area).next() {
            Some(contract) => (Some(contract), RouteReason::Territory),
            None => (None, RouteReason::NoReceiver),
        },
    };
    Route { recipient: contract.map(|contract| contract.recipient.clone()), reason, flagged }
}

/// Whether a contract's territory names this code on this day.
fn names(contract: &Contract, nis: NisCode, on: Day) -> bool {
    let Competence::Territory(rows) = &contract.competence else { return false };
    rows.iter().any(|row| row.nis == nis && row.from <= on && row.to.is_none_or(|to| on <= to))
}

/// The recipients of what no territory names in a language area; [`check`] allows one at most.
fn rest(bundle: &Bundle, area: LanguageArea) -> impl Iterator<Item = &Contract> {
    bundle.contracts.iter().filter(move |contract| contract.competence == Competence::Rest(area))
}
