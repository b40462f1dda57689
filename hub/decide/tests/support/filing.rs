//! What an application or a permit says, as one. Its parts are stated each by itself, and are changed here together.

use schemas::fact::{Application, Fact, Permit, PermitRole, Purpose, Region, Statement};
use schemas::message::Body;
use schemas::reference::PermitNumber;
use schemas::time::Day;

use super::say::patched;

/// An application with all that it names.
pub(crate) struct Filing {
    pub(crate) filed_on: Day,
    pub(crate) purpose: Purpose,
    pub(crate) ground: Option<String>,
    pub(crate) permit: Option<PermitNumber>,
    pub(crate) entry_on: Option<Day>,
    pub(crate) needs_visa: bool,
}

impl Filing {
    /// It says nothing that it may leave out.
    pub(crate) fn bare(filed_on: Day, purpose: Purpose) -> Self {
        Self { filed_on, purpose, ground: None, permit: None, entry_on: None, needs_visa: true }
    }

    fn of(facts: &[Fact]) -> Option<Self> {
        let whole = facts.iter().find_map(|fact| match &fact.statement {
            Statement::Applied(applied) => Some(Self::bare(applied.filed_on, applied.purpose)),
            _ => None,
        });
        let mut filing = whole?;
        for fact in facts {
            match &fact.statement {
                Statement::Ground(ground) => filing.ground = Some(ground.clone()),
                Statement::RestsOn(permit) => filing.permit = Some(permit.clone()),
                Statement::EntryOn(day) => filing.entry_on = Some(*day),
                Statement::NeedsVisa(needs) => filing.needs_visa = *needs,
                _ => {}
            }
        }
        Some(filing)
    }

    /// What it says, part by part.
    pub(crate) fn statements(self) -> Vec<Statement> {
        let Self { filed_on, purpose, ground, permit, entry_on, needs_visa } = self;
        let mut said = vec![Statement::Applied(Application { filed_on, purpose })];
        said.extend(ground.map(Statement::Ground));
        said.extend(permit.map(Statement::RestsOn));
        said.extend(entry_on.map(Statement::EntryOn));
        said.extend((!needs_visa).then_some(Statement::NeedsVisa(false)));
        said
    }
}

/// A permit's row with all that it names.
pub(crate) struct PermitFiling {
    pub(crate) applied_on: Day,
    pub(crate) role: PermitRole,
    pub(crate) region: Region,
    /// It is asked for somebody who has a register number.
    pub(crate) lives_here: bool,
    /// A post gives them the visa.
    pub(crate) through_post: bool,
}

impl PermitFiling {
    fn of(facts: &[Fact]) -> Option<Self> {
        let says = |what: &Statement| facts.iter().any(|fact| fact.statement == *what);
        facts.iter().find_map(|fact| match &fact.statement {
            Statement::Permit(Permit { applied_on, role, region }) => Some(Self {
                applied_on: *applied_on,
                role: role.clone(),
                region: *region,
                lives_here: says(&Statement::Registered),
                through_post: says(&Statement::ThroughPost),
            }),
            _ => None,
        })
    }

    fn statements(self) -> Vec<Statement> {
        let Self { applied_on, role, region, lives_here, through_post } = self;
        let mut said = vec![Statement::Permit(Permit { applied_on, role, region })];
        said.extend(lives_here.then_some(Statement::Registered));
        said.extend(through_post.then_some(Statement::ThroughPost));
        said
    }
}

/// An application, with what was applied for changed.
pub(crate) fn patched_application(body: Body, patch: impl Fn(&mut Filing)) -> Body {
    said_anew(body, |facts| {
        let mut filing = Filing::of(facts)?;
        patch(&mut filing);
        Some(filing.statements())
    })
}

/// A permit's row, with what was applied for changed.
pub(crate) fn patched_permit(body: Body, patch: impl Fn(&mut PermitFiling)) -> Body {
    said_anew(body, |facts| {
        let mut filing = PermitFiling::of(facts)?;
        patch(&mut filing);
        Some(filing.statements())
    })
}

/// The record, where what was applied for is said so.
fn said_anew(body: Body, say: impl Fn(&[Fact]) -> Option<Vec<Statement>>) -> Body {
    patched(body, |record| {
        let Some(statements) = say(&record.facts) else { return };
        let is_part = |fact: &Fact| statements.first().is_some_and(|whole| part_of(&fact.statement, whole));
        let Some(place) = record.facts.iter().position(is_part) else { return };
        let first = record.facts[place].clone();
        record.facts.retain(|fact| !is_part(fact));
        let said = statements.iter().map(|statement| Fact { statement: statement.clone(), ..first.clone() });
        record.facts.splice(place..place, said);
    })
}

/// Whether a statement says what was applied for, as this one does.
fn part_of(statement: &Statement, whole: &Statement) -> bool {
    match whole {
        Statement::Applied(_) => matches!(
            statement,
            Statement::Applied(_)
                | Statement::Ground(_)
                | Statement::RestsOn(_)
                | Statement::EntryOn(_)
                | Statement::NeedsVisa(_)
        ),
        _ => matches!(statement, Statement::Permit(_) | Statement::Registered | Statement::ThroughPost),
    }
}
