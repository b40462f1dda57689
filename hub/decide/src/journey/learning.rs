//! Learning: where a person stands in each module, and what counts again once a statement is voided.
//!
//! Of each kind of step the newest statement is kept, so a person who learns for years stays small; what a voided
//! one had replaced is read from the journal. What counts as passed is the platform's to say, what completes a module
//! the table's.
//! Source: docs/facts.md#learning, docs/domain.md#learning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::fact::{
    CoursePeriod, Entry, Fact, FeePayment, Field, LanguageLevel, LearningPath, LearningStep, Progress,
    Record, Statement, SupportNeed, TestElsewhere, TestSubject,
};
use schemas::message::Prepared;
use schemas::reference::{CategoryCode, ModuleCode, StatementId};
use schemas::time::{Day, Instant, day_of};

use super::{Journey, stated};
use crate::package::{ModuleTable, MoveOn};
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
    /// Its name on pages.
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

    /// Its name in records: who failed or only began is told to nobody.
    #[must_use]
    pub fn told(self) -> &'static str {
        if self.is_done() { self.as_str() } else { "open" }
    }
}

/// What somebody did in a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ModuleProgress {
    pub status: ModuleStatus,
    /// The day on which it was completed, by what completes it.
    pub completed_on: Option<Day>,
    /// The day on which the test in it was last passed.
    pub passed_on: Option<Day>,
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

    /// Every module of the path or of what was learned, with where they stand: completed once is completed, else what
    /// happened last counts.
    #[must_use]
    pub fn modules(&self, table: &ModuleTable) -> BTreeMap<&'a ModuleCode, ModuleProgress> {
        let mut newest: BTreeMap<&ModuleCode, Steps> = BTreeMap::new();
        for (cell, claim) in self.claims(Field::Progress) {
            if let (Entry::Module(module), Statement::Progress(progress)) = (&cell.entry, &claim.statement) {
                let said = (claim.stated_at, claim.valid_from.unwrap_or_else(|| day_of(claim.stated_at)));
                let at = newest.entry(module).or_default().entry(progress.step).or_insert(said);
                *at = said.max(*at);
            }
        }
        let none = ModuleProgress { status: ModuleStatus::NotStarted, completed_on: None, passed_on: None };
        let mut modules: BTreeMap<_, _> = self.learning_path().iter().map(|module| (module, none)).collect();
        modules.extend(newest.iter().map(|(module, steps)| (*module, stands(steps, table.done_by(module)))));
        modules
    }

    /// Whether they completed the whole package: every module of their path, and every base module of the day on which
    /// it was set. No path, no answer.
    #[must_use]
    pub fn whole_package(&self, table: &ModuleTable) -> Option<bool> {
        let claim = self.personal(Field::LearningPath).filter(|_| !self.learning_path().is_empty())?;
        let set_on = claim.valid_from.unwrap_or_else(|| day_of(claim.stated_at));
        let modules = self.modules(table);
        let done = |module| modules.get(module).is_some_and(|progress| progress.status.is_done());
        Some(self.learning_path().iter().chain(table.base(set_on)).all(done))
    }

    /// In which language they take the course, as it was last agreed.
    #[must_use]
    pub fn course_language(&self) -> Option<&'a str> {
        stated!(self.personal(Field::CourseLanguage), CourseLanguage).map(String::as_str)
    }

    /// Within which days they take it, as it was last agreed.
    #[must_use]
    pub fn course_period(&self) -> Option<CoursePeriod> {
        stated!(self.personal(Field::CoursePeriod), CoursePeriod).copied()
    }

    /// What the last intake talk found they need help with.
    #[must_use]
    pub fn support(&self) -> Option<SupportNeed> {
        stated!(self.personal(Field::Support), Support).copied()
    }

    /// Whether anything happened in a module.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.claims(Field::Progress).next().is_some()
    }

    /// Whether they have paid the fee, and not got it back.
    #[must_use]
    pub fn paid_fee(&self) -> bool {
        stated!(self.personal(Field::Fee), Fee) == Some(&FeePayment::Paid)
    }

    /// Why they need not pay the fee: each category that they showed and that was not taken back since, through whichever
    /// account.
    #[must_use]
    pub fn fee_exemptions(&self) -> BTreeSet<&'a CategoryCode> {
        let newest = |(cell, claim): &(&'a Cell, &'a Claim)| {
            let same = self.claims(Field::Exemption).filter(|(other, _)| other.entry == cell.entry);
            same.map(|(_, other)| (other.stated_at, other)).max() == Some((claim.stated_at, *claim))
        };
        let shown = self.claims(Field::Exemption).filter(newest);
        let shown = shown.filter_map(|(_, claim)| stated!(Some(claim), Exemption));
        shown.filter(|shown| shown.holds).map(|shown| &shown.category).collect()
    }

    /// The tests they passed elsewhere, whichever account the proof was last shown through.
    #[must_use]
    pub fn tests_elsewhere(&self) -> Vec<(TestSubject, Option<LanguageLevel>, &'a TestElsewhere)> {
        let mut newest: BTreeMap<(TestSubject, Option<LanguageLevel>), &Claim> = BTreeMap::new();
        for (cell, claim) in self.claims(Field::TestElsewhere) {
            if let Entry::Test(subject, level) = cell.entry {
                let said = newest.entry((subject, level)).or_insert(claim);
                if (claim.stated_at, claim) > (said.stated_at, *said) {
                    *said = claim;
                }
            }
        }
        let holds = |((subject, level), claim)| {
            let test = stated!(Some::<&Claim>(claim), TestElsewhere).filter(|test| test.holds)?;
            Some((subject, level, test))
        };
        newest.into_iter().filter_map(holds).collect()
    }
}

/// Of each kind of step when it was last stated, and the day of that.
type Steps = BTreeMap<LearningStep, (Instant, Day)>;

fn stands(steps: &Steps, done_by: MoveOn) -> ModuleProgress {
    use LearningStep::{Begun, Completed, Failed, Passed, Waived};
    let day = |step| steps.get(&step).map(|(_, day)| *day);
    let at = |step| steps.get(&step).map(|(at, _)| *at);
    let completed_on = done_by.on(day(Completed), day(Passed));
    let status = if completed_on.is_some() {
        ModuleStatus::Completed
    } else if at(Waived).is_some() {
        ModuleStatus::Waived
    } else if at(Failed).is_some() && [Begun, Completed, Passed].iter().all(|step| at(Failed) >= at(*step)) {
        ModuleStatus::Failed
    } else {
        ModuleStatus::InProgress
    };
    ModuleProgress { status, completed_on, passed_on: day(Passed) }
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
