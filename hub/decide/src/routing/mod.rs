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
