//! The bundle: agencies, rules and tables together, by hash. What the hub is told, as checked values.
//!
//! The engine reads the files and builds these; the heart only asks. A bundle that is not total and
//! free of overlap is refused by [`crate::routing::check`] before it becomes active.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use schemas::calendar::WorkCalendar;
use schemas::canonical;
use schemas::country::Countries;
use schemas::fact::{Choice, Region};
use schemas::message::BundleHash;
use schemas::municipality::{LanguageArea, Municipalities, NisCode};
use schemas::place::Places;
use schemas::recipient::{Recipient, RecipientKind};
use schemas::time::Day;
use serde::{Deserialize, Serialize};

use crate::fee::FeeRules;
use crate::model::MatchModel;
use crate::package::{ModuleTable, ObligationRules};

/// Everything that decisions rest on beside the facts.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// Its hash: named in every journal entry.
    pub hash: BundleHash,
    /// One contract for each recipient, in the order of their names.
    pub contracts: Vec<Contract>,
    /// Municipalities with their days.
    pub municipalities: Municipalities,
    /// The language areas of municipalities in words and of postal codes.
    pub places: Places,
    /// Countries with their standing.
    pub countries: Countries,
    /// Who belongs to the target group.
    pub target_group: TargetGroup,
    /// The modules of the learning package.
    pub modules: ModuleTable,
    /// Who is obliged to the trajectory after arrival.
    pub obligation: ObligationRules,
    /// What the course costs.
    pub fee: FeeRules,
    /// How records are compared.
    pub model: Arc<MatchModel>,
    /// Contracts that are planned: they are read and proved like the others, and nothing flows on them.
    pub planned: Vec<Contract>,
    /// How long each state may last.
    pub deadlines: Deadlines,
    /// Which days deadlines count.
    pub calendar: WorkCalendar,
    /// What happens to open files where a municipality comes to another recipient.
    pub changes: Vec<TerritoryChange>,
    /// Days on which decisions change by themselves, found when first asked for.
    pub turning: TurningDays,
}

/// Days on which the same facts lead elsewhere, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Turning {
    /// A code or a territory begins, or has ended the day before.
    pub territory: Vec<Day>,
    /// A legal basis begins, or has ended the day before; a rule begins that changes what is told.
    pub told: Vec<Day>,
}

impl Bundle {
    /// The contract of a recipient.
    #[must_use]
    pub fn contract(&self, recipient: &Recipient) -> Option<&Contract> {
        self.contracts.iter().find(|contract| contract.recipient == *recipient)
    }

    /// The days on which decisions change by themselves.
    #[must_use]
    pub fn turning(&self) -> &Turning {
        self.turning.0.get_or_init(|| Turning::of(self))
    }

    /// The recipient that tells the participant.
    #[must_use]
    pub fn participant(&self) -> Option<&Contract> {
        self.contracts.iter().find(|contract| contract.competence == Competence::Participant)
    }

    /// Whose office a recipient is, where newcomers choose it.
    #[must_use]
    pub fn network(&self, recipient: &Recipient) -> Option<&str> {
        match &self.contract(recipient)?.competence {
            Competence::Choice { network, .. } => Some(network),
            _ => None,
        }
    }

    /// The contract a choice leads to: one that can be chosen, in a language it offers. Where it offers one language
    /// only, none need be named.
    #[must_use]
    pub fn chosen(&self, choice: &Choice) -> Option<&Contract> {
        let contract = self.contract(&choice.recipient)?;
        let Competence::Choice { languages, .. } = &contract.competence else { return None };
        let fits = match &choice.language {
            Some(language) => languages.contains(language),
            None => languages.len() == 1,
        };
        fits.then_some(contract)
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
        self.bases.iter().find(|basis| basis.holds(on))
    }

    /// What its recipient is to the person.
    #[must_use]
    pub fn kind(&self) -> RecipientKind {
        match self.competence {
            Competence::BeforeArrival => RecipientKind::Provider,
            Competence::Participant => RecipientKind::Participant,
            Competence::VisaSide => RecipientKind::VisaSide,
            Competence::Choice { outside: true, .. } => RecipientKind::Outside,
            Competence::Choice { .. } | Competence::Territory(_) | Competence::Rest(_) => {
                RecipientKind::Agency
            }
        }
    }

    /// Whether this recipient may have the field only on a basis that names it.
    #[must_use]
    pub fn must_be_named(&self, field: &str) -> bool {
        canonical::field(field).and_then(|field| field.used_by(self.kind())).is_some_and(|of| of.named)
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
        /// Whose office it is: of offices of two networks, never do both hold a line (invariant I5).
        network: String,
        /// It is outside the Flemish sphere, so that less may leave to it.
        outside: bool,
    },
    /// For the participant, through the portal.
    Participant,
    /// For nobody's trajectory: who decides about visas. Only planned: nothing opens a stream to it.
    VisaSide,
}

/// One municipality of a territory, with its days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Territory {
    pub nis: NisCode,
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
    pub from: Day,
    /// Last day; none while it lasts.
    pub to: Option<Day>,
    /// The fields that it names, where a recipient may have them on no other basis.
    pub names: BTreeSet<String>,
}

impl LegalBasis {
    /// Whether it is in force on this day.
    #[must_use]
    pub fn holds(&self, on: Day) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }
}

/// Who belongs to the target group: `config/rules/target-group.toml` (docs/domain.md#the-target-group).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TargetGroup {
    /// From which age on.
    pub minimum_age: u16,
    /// Grounds of family reunification that need a policy decision: a human decides.
    pub review_grounds: Vec<String>,
    /// The language areas in which they mean to live.
    pub areas: Vec<LanguageArea>,
    /// The regions whose permits count: without a destination, and for a worker's family.
    pub permit_regions: Vec<Region>,
    /// Who is a candidate, by days, in the order in which they begin.
    pub candidates: Vec<CandidateRule>,
}

impl TargetGroup {
    /// Who is a candidate on a day.
    #[must_use]
    pub fn candidate(&self, on: Day) -> Option<&CandidateRule> {
        self.candidates.iter().rev().find(|rule| rule.from <= on)
    }
}

/// Who is a candidate from a day on, until the next rule begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CandidateRule {
    pub from: Day,
    /// Who may enrol while it holds.
    pub enrols: Vec<CandidateKind>,
    /// Who goes on, having enrolled under an earlier one.
    pub goes_on: Vec<CandidateKind>,
    /// Whether this law lets a fee be asked.
    pub charged: bool,
}

/// What makes somebody a candidate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// A visa for a long stay was granted, as today's decree has it.
    VisaObtained,
    /// One was applied for, as the memo wants it.
    VisaApplied,
    /// None is needed, and they told a post that they mean to stay.
    NoVisaNeeded,
}

impl Turning {
    #[must_use]
    pub fn of(bundle: &Bundle) -> Self {
        let edges = |from: Day, to: Option<Day>| [Some(from), to.and_then(|to| to.succ_opt())];
        let codes = bundle.municipalities.iter().map(|row| edges(row.valid_from, row.valid_to));
        let rows = bundle.contracts.iter().flat_map(|contract| match &contract.competence {
            Competence::Territory(rows) => rows.as_slice(),
            _ => &[],
        });
        let territory = codes.chain(rows.map(|row| edges(row.from, row.to)));
        let bases = bundle.contracts.iter().flat_map(|contract| &contract.bases);
        let basis = bases.flat_map(|basis| edges(basis.from, basis.to)).flatten();
        let told = basis.chain(bundle.modules.days()).chain(bundle.obligation.0.iter().map(|rule| rule.from));
        let told = told.chain(bundle.fee.0.iter().map(|rule| rule.from));
        let sorted = |days: BTreeSet<Day>| days.into_iter().collect();
        Self { territory: sorted(territory.flatten().flatten().collect()), told: sorted(told.collect()) }
    }
}

/// Turning days once they were found; a copy of a bundle, which may be changed, finds its own.
#[derive(Debug, Default)]
pub struct TurningDays(OnceLock<Turning>);

impl Clone for TurningDays {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// One municipality comes to another recipient on a day: `config/rules/territory.toml` (row 23b of docs/handovers.md).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerritoryChange {
    /// The code that had the other recipient the day before.
    pub nis: NisCode,
    /// The first day of the new one.
    pub on: Day,
    /// What happens to files that are open then.
    pub open_files: OpenFiles,
}

/// What happens to open files where a territory changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenFiles {
    /// They stay where they are.
    Keep,
    /// What was only offered moves; what was accepted stays.
    MoveNotAccepted,
    /// They move, like their persons had.
    MoveAll,
}

/// How long each state may last: `config/rules/deadlines.toml` (docs/handovers.md#deadlines).
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
    /// Working days for the coordinator once a deadline has passed.
    pub overdue_days: u32,
    /// Working days until what could not be read must be mended.
    pub bounced_days: u32,
    /// Working days until a purge must be confirmed.
    pub purge_days: u32,
    /// Working days until the purge of another person's data must be confirmed.
    pub recall_days: u32,
    /// Working days until a registration that fits nobody is a human's to look at.
    pub registered_alone_days: u32,
    /// Working days until an account that fits nobody is.
    pub account_alone_days: u32,
    /// Months until a granted permit that fits nobody is.
    pub permit_alone_months: u32,
}
