//! Learning: where a person stands in each module, and what counts again once a statement is voided.
//!
//! Of each kind of step the newest statement is kept, so a person who learns for years stays small; what a voided
//! one had replaced is read from the journal. Refuses scores: what counts as passed is the platform's to say.
//! Source: DESIGN 4.2 "learning", domain note 7.2.

use std::collections::{BTreeMap, BTreeSet};

use schemas::fact::{Entry, Field, LearningPath, Record, Statement, Step};
use schemas::ids::MessageId;
use schemas::reference::{ModuleCode, StatementId};
use schemas::time::Instant;

use super::Journey;
use crate::change::Needs;
use crate::person::{Cell, Claim, Evidence, Person};
use crate::world::World;

/// Where somebody stands in a module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ModuleStatus {
    /// On his path, and nothing happened yet.
    NotStarted,
    /// Begun.
    InProgress,
    /// Tried last without success.
    Failed,
    /// Need not be taken.
    Waived,
    /// Passed.
    Completed,
}

impl ModuleStatus {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::InProgress => "in_progress",
            Self::Failed => "failed",
            Self::Waived => "waived",
            Self::Completed => "completed",
        }
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Waived | Self::Completed)
    }
}

impl<'a> Journey<'a> {
    /// The modules he is to take; empty while no path is set.
    #[must_use]
    pub fn learning_path(&self) -> &'a [ModuleCode] {
        let path = self.personal(Field::LearningPath).map(|claim| &claim.statement);
        match path {
            Some(Statement::LearningPath(LearningPath { modules })) => modules,
            _ => &[],
        }
    }

    /// Every module of his path or of his learning, with where he stands: passed once is passed, else what
    /// happened last counts.
    #[must_use]
    pub fn modules(&self) -> BTreeMap<&'a ModuleCode, ModuleStatus> {
        let mut newest: BTreeMap<&ModuleCode, BTreeMap<Step, Instant>> = BTreeMap::new();
        for (cell, claim) in self.claims(Field::Progress) {
            if let (Entry::Module(module), Statement::Progress(progress)) = (&cell.entry, &claim.statement) {
                let at = newest.entry(module).or_default().entry(progress.step).or_insert(claim.stated_at);
                *at = claim.stated_at.max(*at);
            }
        }
        let path = self.learning_path().iter().map(|module| (module, ModuleStatus::NotStarted));
        let mut modules: BTreeMap<_, _> = path.collect();
        modules.extend(newest.iter().map(|(module, steps)| (*module, status(steps))));
        modules
    }

    /// Whether the whole path is done; no path, no answer.
    #[must_use]
    pub fn path_done(&self) -> Option<bool> {
        let (path, modules) = (self.learning_path(), self.modules());
        let done = |module| modules.get(module).is_some_and(|status| status.is_done());
        (!path.is_empty()).then(|| path.iter().all(done))
    }
}

fn status(steps: &BTreeMap<Step, Instant>) -> ModuleStatus {
    let at = |step| steps.get(&step);
    if at(Step::Passed).is_some() {
        ModuleStatus::Completed
    } else if at(Step::Waived).is_some() {
        ModuleStatus::Waived
    } else if at(Step::Failed).is_some() && at(Step::Failed) >= at(Step::Begun) {
        ModuleStatus::Failed
    } else {
        ModuleStatus::InProgress
    }
}

/// The learning statements that a record voids.
pub(crate) fn voided(record: &Record) -> impl Iterator<Item = &StatementId> {
    record.facts.iter().filter_map(|fact| match (&fact.statement, &fact.entry) {
        (Statement::Voided, Entry::Statement(id)) => Some(id),
        _ => None,
    })
}

/// What counts again where a statement that decided is voided: the newest of the same cell that holds. Only the
/// journal knows it.
pub(crate) fn restated(
    world: &World,
    person: &Person,
    record: &Record,
    released: &[(MessageId, Record)],
    needs: &mut Needs,
) -> Vec<Evidence> {
    let gone: BTreeSet<&StatementId> =
        voided(record).chain(released.iter().flat_map(|(_, record)| voided(record))).collect();
    let holds = |statement: &Statement| match statement {
        Statement::Progress(progress) => {
            !gone.contains(&progress.statement) && !person.state.is_voided(&progress.statement)
        }
        _ => false,
    };
    let progress = |statement: &Statement| matches!(statement, Statement::Progress(_));
    let claims = person.state.claims.iter();
    let hit: Vec<_> = claims.filter(|(_, c)| progress(&c.statement) && !holds(&c.statement)).collect();
    if hit.is_empty() {
        return vec![];
    }
    let learning = world.learning(person, needs);
    let newest = |cell: &Cell| {
        let facts = learning.iter().flat_map(|e| e.record.facts.iter().map(move |fact| (*e, fact)));
        facts
            .filter(|(_, fact)| holds(&fact.statement) && Cell::of(fact) == *cell)
            .max_by_key(|(evidence, fact)| Claim::of(fact, evidence.message))
            .map(|(evidence, _)| evidence.clone())
    };
    hit.iter().filter_map(|(cell, _)| newest(cell)).collect()
}
