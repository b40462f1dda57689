//! Who is responsible, by municipality, day and choice: a total decision table.

use schemas::recipient::Recipient;
use serde::{Deserialize, Serialize};

/// Where the table leads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Route {
    /// To whom; nobody where there is no receiver or a choice is missing.
    pub recipient: Option<Recipient>,
    /// Why.
    pub reason: RouteReason,
    /// The code had ended, or is a district: a source lags.
    pub flagged: Option<RouteReason>,
}

/// Why a route leads where it leads (DESIGN 6, `hub route`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteReason {
    /// The municipality belongs to a recipient's territory.
    Territory,
    /// The newcomer chose.
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
    /// No municipality.
    NotAMunicipality,
}

/// The recipient by the decision table. (temporary body)
pub fn route(bundle: &crate::Bundle, nis: schemas::municipality::NisCode, on: schemas::time::Day, _choice: Option<&()>) -> Route {
    use crate::bundle::Competence;
    use schemas::municipality::{LanguageArea, Lookup};
    let none = |reason| Route { recipient: None, reason, flagged: None };
    let m = match bundle.municipalities.lookup(nis, on) {
        Lookup::Valid(m) | Lookup::Retired(m) | Lookup::District(m) => m,
        Lookup::NotYet => return none(RouteReason::CodeNotYetValid),
        Lookup::Unknown => return none(RouteReason::NotAMunicipality),
    };
    for c in &bundle.contracts {
        if let Competence::Territory(t) = &c.competence && t.iter().any(|t| t.nis == m.nis) {
            return Route { recipient: Some(c.recipient.clone()), reason: RouteReason::Territory, flagged: None };
        }
    }
    for c in &bundle.contracts {
        if c.competence == Competence::Rest(m.language_area) {
            return Route { recipient: Some(c.recipient.clone()), reason: RouteReason::Territory, flagged: None };
        }
    }
    none(if m.language_area == LanguageArea::Brussels { RouteReason::AwaitingChoice } else { RouteReason::NoReceiver })
}
