//! The bundle: agencies, rules and tables together, by hash. What the hub is told, as checked values.
//!
//! The engine reads the files and builds these; the heart only asks. A bundle that is not total and
//! free of overlap is refused by [`crate::routing::check`] before it becomes active.

use schemas::country::Countries;
use schemas::message::BundleHash;
use schemas::municipality::{LanguageArea, Municipalities, NisCode};
use schemas::recipient::Recipient;
use schemas::time::Day;
use serde::{Deserialize, Serialize};

/// Everything that decisions rest on beside the facts.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// Its hash: named in every journal entry.
    pub hash: BundleHash,
    /// One contract for each recipient, in the order of their names.
    pub contracts: Vec<Contract>,
    /// Municipalities with their days.
    pub municipalities: Municipalities,
    /// Countries with their standing.
    pub countries: Countries,
    /// Who belongs to the target group.
    pub target_group: TargetGroup,
    /// How long each state may last.
    pub deadlines: Deadlines,
}

impl Bundle {
    /// The contract of a recipient.
    #[must_use]
    pub fn contract(&self, recipient: &Recipient) -> Option<&Contract> {
        self.contracts.iter().find(|contract| contract.recipient == *recipient)
    }

    /// The recipient that is provider before arrival.
    #[must_use]
    pub fn provider(&self) -> Option<&Contract> {
        self.contracts.iter().find(|contract| contract.competence == Competence::BeforeArrival)
    }
}

/// What may leave, to whom, why: one file in `config/agencies/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contract {
    /// To whom.
    pub recipient: Recipient,
    /// When it is competent.
    pub competence: Competence,
    /// The canonical fields it sees before it says yes.
    pub offer: Vec<String>,
    /// The canonical fields it sees after.
    pub file: Vec<String>,
    /// The legal bases, each with its days.
    pub bases: Vec<LegalBasis>,
}

impl Contract {
    /// The basis that is valid on a day; no basis, no delivery.
    #[must_use]
    pub fn basis(&self, on: Day) -> Option<&LegalBasis> {
        self.bases.iter().find(|basis| basis.from <= on && basis.to.is_none_or(|to| on <= to))
    }
}

/// When a recipient is competent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Competence {
    /// For everybody in scope, before arrival.
    BeforeArrival,
    /// For the municipalities named, on the days named.
    Territory(Vec<Territory>),
    /// For every municipality of a language area that no territory names.
    Rest(LanguageArea),
    /// Where the newcomer chooses it, in one of these languages (ISO 639-1).
    Choice {
        /// The languages it offers; a choice must name one of them unless there is only one.
        languages: Vec<String>,
    },
}

/// One municipality of a territory, with its days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Territory {
    /// The code.
    pub nis: NisCode,
    /// First day.
    pub from: Day,
    /// Last day; none while it lasts.
    pub to: Option<Day>,
}

/// What a flow rests on in law.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    /// The protocol or deliberation, with its articles.
    pub reference: String,
    /// First day.
    pub from: Day,
    /// Last day; none while it lasts.
    pub to: Option<Day>,
}

/// Who belongs to the target group: `config/rules/target-group.toml` (domain note 9.1).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetGroup {
    /// From which age on.
    pub minimum_age: u16,
    /// Grounds of family reunification that need a policy decision: a human decides.
    pub review_grounds: Vec<String>,
}

/// How long each state may last: `config/rules/deadlines.toml` (features note 4.1).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// Months until a prepared handover is looked at.
    pub prepared_months: u32,
    /// Months for a choice in Brussels.
    pub choice_months: u32,
    /// Working days until a held handover is escalated.
    pub held_days: u32,
    /// Working days until an offer must be received.
    pub sent_days: u32,
    /// Working days until a received offer must be answered.
    pub received_days: u32,
    /// Months until an accepted handover's purpose is looked at.
    pub accepted_months: u32,
    /// Working days for the next step after a rejection.
    pub rejected_days: u32,
}
