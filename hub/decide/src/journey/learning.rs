//! Learning: where a person stands in each module, and what counts again once a statement is voided.
//!
//! Of each kind of step the newest statement is kept, so a person who learns for years stays small; what a voided
//! one had replaced is read from the journal. What counts as passed is the platform's to say.
//! Source: docs/facts.md#learning, docs/domain.md#learning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::fact::{Entry, Fact, Field, LearningPath, LearningStep, Progress, Record, Statement};
use schemas::message::Prepared;
use schemas::reference::{ModuleCode, StatementId};
use schemas::time::Instant;

use super::Journey;
use crate::person::{Cell, Claim, Evidence, Person, cell_against, later};
use crate::world::{Gather, World};

/// Where somebody stands in a module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ModuleStatus {
    /// On the path, and nothing happened yet.
    NotStarted,
    InProgress,
    /// Tried last without success.
    Failed,
    /// Need not be taken.
    Waived,
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
    /// The modules they are to take; empty while no path is set.
    #[must_use]
    pub fn learning_path(&self) -> &'a [ModuleCode] {
        let path = self.personal(Field::LearningPath).map(|claim| &claim.statement);
        match path {
            Some(Statement::LearningPath(LearningPath { modules })) => modules,
            _ => &[],
        }
    }

    /// Every module of the path or of what was learned, with where they stand: passed once is passed, else what
    /// happened last counts.
    #[must_use]
    pub fn modules(&self) -> BTreeMap<&'a ModuleCode, ModuleStatus> {
        let mut newest: BTreeMap<&ModuleCode, BTreeMap<LearningStep, Instant>> = BTreeMap::new();
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

fn status(steps: &BTreeMap<LearningStep, Instant>) -> ModuleStatus {
    let at = |step| steps.get(&step);
    if at(LearningStep::Passed).is_some() {
        ModuleStatus::Completed
    } else if at(LearningStep::Waived).is_some() {
        ModuleStatus::Waived
    } else if at(LearningStep::Failed).is_some() && at(LearningStep::Failed) >= at(LearningStep::Begun) {
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

/// Whether a record voids what decides in one of these claims: then the journal must say what counts again.
pub(crate) fn replays(person: &Person, record: &Record) -> bool {
    voided(record).any(|id| progress(person).any(|(_, _, progress)| progress.statement == *id))
}

/// What counts again where a statement that decided is voided: the newest of the same cell that holds. Only the
/// journal knows it, and what else does not hold.
pub(crate) fn restated(
    world: &World,
    person: &Person,
    brought: &[&Prepared],
    gather: &mut Gather,
) -> Vec<Evidence> {
    let mut gone: BTreeSet<&StatementId> =
        brought.iter().flat_map(|prepared| voided(&prepared.record)).collect();
    let hit: Vec<&Cell> = progress(person)
        .filter(|(_, _, progress)| gone.contains(&progress.statement))
        .map(|(cell, _, _)| cell)
        .collect();
    if hit.is_empty() {
        return vec![];
    }
    let learning = world.learning(person, gather);
    gone.extend(learning.iter().flat_map(|(_, prepared)| voided(&prepared.record)));
    let holds = |fact: &Fact| match &fact.statement {
        Statement::Progress(progress) => {
            !gone.contains(&progress.statement) && !person.state.claims.is_voided(&progress.statement)
        }
        _ => false,
    };
    let facts = learning.iter().flat_map(|(message, prepared)| {
        prepared.record.facts.iter().map(move |fact| (fact, *message, prepared))
    });
    let newest = |cell: &Cell| {
        facts
            .clone()
            .filter(|(fact, ..)| cell_against(cell, fact).is_eq() && holds(fact))
            .max_by(|(a, one, _), (b, other, _)| later(a, *one, b, *other))
            .map(|(_, message, prepared)| Evidence { message, prepared: Arc::clone(prepared) })
    };
    hit.into_iter().filter_map(newest).collect()
}

fn progress(person: &Person) -> impl Iterator<Item = (&Cell, &Claim, &Progress)> {
    person.state.claims.of(Field::Progress).filter_map(|(cell, claim)| match &claim.statement {
        Statement::Progress(progress) => Some((cell, claim, progress)),
        _ => None,
    })
}
