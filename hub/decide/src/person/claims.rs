//! The fold of the facts: in each cell the greatest claim stands, whatever came first (invariant I8).
//!
//! A cell is a field of an entry in one authority's channel; an answer of the register, which is a snapshot, has cells
//! of its own. Claims are sorted by their cells, so that a question
//! about a field, or about a field of one entry, reads those claims and no others. A learning statement that was
//! voided claims nothing, whether it came before the one that voids it or after. Next: [`crate::journey`].

use std::cmp::Ordering;
use std::sync::Arc;

use schemas::fact::{Authority, Entry, Fact, Field, Record, RegisterStanding, Statement, is_answer};
use schemas::ids::MessageId;
use schemas::reference::StatementId;
use schemas::time::{Day, Instant};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::work;

/// Where a statement stands in the fold: a greater one of the same cell replaces it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Cell {
    pub field: Field,
    /// What it is about.
    pub entry: Entry,
    pub authority: Authority,
    /// Through which channel: sequences count inside one.
    pub channel: String,
    /// When the answer was given that it is a part of; none for what the newest statement alone says.
    #[serde(default)]
    pub answered: Option<Instant>,
}

impl Cell {
    /// Who decides, weakest first: the authority, and a hint never before an answer (docs/facts.md#authorities).
    #[must_use]
    pub fn rank(&self) -> (Authority, bool) {
        (self.authority, self.authority != Authority::Register || is_answer(&self.channel))
    }
}

/// When the answer was given that a fact is a part of. How and where somebody lives is told by whole answers, each as
/// of its own time; so that an older one is still there for the days before a newer one.
fn answered(fact: &Fact) -> Option<Instant> {
    matches!(fact.statement, Statement::Standing(_) | Statement::Residence(_))
        .then_some(fact.version.stated_at)
}

/// The statement that decides in its cell. Their order is that of the fold: the greatest one wins,
/// whatever came first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The sender's counter, where it has one.
    pub sequence: Option<u64>,
    /// The time it stated.
    pub stated_at: Instant,
    pub statement: Statement,
    /// Since when it holds.
    pub valid_from: Option<Day>,
    /// The message that said it.
    pub message: MessageId,
}

/// A claim in its cell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stated {
    pub cell: Cell,
    pub claim: Claim,
}

impl Stated {
    fn of(fact: &Fact, message: MessageId) -> Self {
        let cell = Cell {
            field: fact.statement.field(),
            entry: fact.entry.clone(),
            authority: fact.authority,
            channel: fact.version.channel.clone(),
            answered: answered(fact),
        };
        let claim = Claim {
            sequence: fact.version.sequence,
            stated_at: fact.version.stated_at,
            statement: fact.statement.clone(),
            valid_from: fact.valid_from,
            message,
        };
        Self { cell, claim }
    }
}

/// Where this cell stands beside the cell of a fact.
pub(crate) fn cell_against(cell: &Cell, fact: &Fact) -> Ordering {
    cell.field
        .cmp(&fact.statement.field())
        .then_with(|| cell.entry.cmp(&fact.entry))
        .then_with(|| cell.authority.cmp(&fact.authority))
        .then_with(|| cell.channel.as_str().cmp(fact.version.channel.as_str()))
        .then_with(|| cell.answered.cmp(&answered(fact)))
}

/// Which of two facts of one cell, with the messages that said them, is the greater one.
pub(crate) fn later(a: &Fact, one: MessageId, b: &Fact, other: MessageId) -> Ordering {
    let order = |fact: &'_ Fact| (fact.version.sequence, fact.version.stated_at);
    order(a)
        .cmp(&order(b))
        .then_with(|| a.statement.cmp(&b.statement))
        .then_with(|| a.valid_from.cmp(&b.valid_from))
        .then_with(|| one.cmp(&other))
}

/// Where this claim stands beside what a fact of this message claims.
fn claim_against(claim: &Claim, fact: &Fact, message: MessageId) -> Ordering {
    claim
        .sequence
        .cmp(&fact.version.sequence)
        .then_with(|| claim.stated_at.cmp(&fact.version.stated_at))
        .then_with(|| claim.statement.cmp(&fact.statement))
        .then_with(|| claim.valid_from.cmp(&fact.valid_from))
        .then_with(|| claim.message.cmp(&message))
}

/// How many voided learning statements are remembered: the newest. What a learner does for years must not grow with
/// it; whether an older one holds, the journal knows.
pub const VOIDED_KEPT: usize = 64;

/// How many answers of the register are remembered of one person: so many of the newest, the first, the newest departures.
///
/// A person is asked about for years. The first ones tell where they arrived, and no home before a departure counts.
pub const ANSWERS_KEPT: [usize; 3] = [24, 8, 8];

/// Every claim of one person. Shared piece by piece, because every message starts from a copy of the person.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    stated: Vec<Arc<Stated>>,
    /// One claim of each application and permit that anything is said of, sorted by entry.
    filed: Vec<Arc<Stated>>,
}

impl Claims {
    /// Every claim, by its cell.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Cell, &Claim)> + Clone {
        pairs(&self.stated)
    }

    /// Every claim, without its cell.
    pub fn values(&self) -> impl Iterator<Item = &Claim> {
        self.stated.iter().map(|stated| &stated.claim)
    }

    /// The claims of a field.
    pub fn of(&self, field: Field) -> impl ExactSizeIterator<Item = (&Cell, &Claim)> + Clone {
        let from = self.stated.partition_point(|stated| stated.cell.field < field);
        let length = self.stated[from..].partition_point(|stated| stated.cell.field == field);
        work::claims(length);
        pairs(&self.stated[from..from + length])
    }

    /// The claims of a field of one entry.
    pub fn of_entry(&self, field: Field, entry: &Entry) -> impl ExactSizeIterator<Item = (&Cell, &Claim)> {
        let found = self.range(|cell| cell.field.cmp(&field).then_with(|| cell.entry.cmp(entry)));
        work::claims(found.len());
        pairs(found)
    }

    /// The applications and permits that anything is said of, each once, sorted.
    pub fn filed(&self) -> impl ExactSizeIterator<Item = &Entry> + Clone {
        work::claims(self.filed.len());
        self.filed.iter().map(|stated| &stated.cell.entry)
    }

    /// Whether a learning statement is known not to hold.
    #[must_use]
    pub fn is_voided(&self, id: &StatementId) -> bool {
        let beside = |entry: &Entry| match entry {
            Entry::Statement(own) => own.cmp(id),
            // Whatever else is said to be voided comes before the statements, which are the last kind of entry.
            _ => Ordering::Less,
        };
        let found = self.range(|cell| cell.field.cmp(&Field::Voided).then_with(|| beside(&cell.entry)));
        !found.is_empty()
    }

    /// Folds a record's facts in.
    pub(crate) fn take_in(&mut self, record: &Record, message: MessageId) {
        for fact in &record.facts {
            match self.stated.binary_search_by(|stated| cell_against(&stated.cell, fact)) {
                Ok(place) if claim_against(&self.stated[place].claim, fact, message).is_ge() => {}
                place => self.put(place, Arc::new(Stated::of(fact, message))),
            }
        }
        self.forget_answers();
    }

    /// Takes over another person's claims: what is voided first, so that what does not hold replaces nothing.
    pub(crate) fn absorb(&mut self, other: &Self) {
        let voided = |stated: &&Arc<Stated>| stated.cell.field == Field::Voided;
        let voids = other.stated.iter().filter(voided);
        for stated in voids.chain(other.stated.iter().filter(|stated| !voided(stated))) {
            match self.stated.binary_search_by(|own| own.cell.cmp(&stated.cell)) {
                Ok(place) if self.stated[place].claim >= stated.claim => {}
                place => self.put(place, Arc::clone(stated)),
            }
        }
        self.forget_answers();
    }

    /// Puts a claim in its place, unless it is voided.
    fn put(&mut self, place: Result<usize, usize>, stated: Arc<Stated>) {
        if let Statement::Progress(progress) = &stated.claim.statement
            && self.is_voided(&progress.statement)
        {
            return;
        }
        let is_void = stated.cell.field == Field::Voided;
        self.file(&stated);
        match place {
            Ok(place) => self.stated[place] = Arc::clone(&stated),
            Err(place) => self.stated.insert(place, Arc::clone(&stated)),
        }
        if is_void && let Entry::Statement(id) = &stated.cell.entry {
            self.stated.retain(|stated| match &stated.claim.statement {
                Statement::Progress(progress) => progress.statement != *id,
                _ => true,
            });
            self.forget_voided();
        }
    }

    /// Remembers the newest voided statements alone: the same ones in whatever order they came.
    fn forget_voided(&mut self) {
        let from = self.stated.partition_point(|stated| stated.cell.field < Field::Voided);
        let voided = &self.stated[from..];
        let length = voided.partition_point(|stated| stated.cell.field == Field::Voided);
        if length <= VOIDED_KEPT {
            return;
        }
        let age = |stated: &'_ Arc<Stated>| stated.claim.stated_at;
        let oldest = (0..length).min_by(|a, b| {
            age(&voided[*a]).cmp(&age(&voided[*b])).then_with(|| voided[*a].cell.cmp(&voided[*b].cell))
        });
        if let Some(oldest) = oldest {
            self.stated.remove(from + oldest);
        }
    }

    /// Remembers so many answers of the register and no more: the same ones in whatever order they came, since what has so
    /// many older and newer ones beside it has them whatever else is told.
    fn forget_answers(&mut self) {
        let [newest, first, departures] = ANSWERS_KEPT;
        let standing = self.range(|cell| cell.field.cmp(&Field::Standing));
        if standing.len() <= newest + first {
            return;
        }
        let left =
            |stated: &&Arc<Stated>| stated.claim.statement == Statement::Standing(RegisterStanding::Left);
        let times = |of: &mut dyn Iterator<Item = &Arc<Stated>>| {
            let mut times: Vec<Instant> = of.map(|stated| stated.claim.stated_at).collect();
            times.sort_unstable();
            times
        };
        let (all, left) = (times(&mut standing.iter()), times(&mut standing.iter().filter(left)));
        let from = |times: &[Instant], count: usize| times.len().checked_sub(count).map(|n| times[n]);
        let (to, since, left_since) = (all[first - 1], from(&all, newest), from(&left, departures));
        let kept = |at: Instant| {
            at <= to || Some(at) >= since || left.binary_search(&at).is_ok() && Some(at) >= left_since
        };
        self.stated.retain(|stated| stated.cell.answered.is_none_or(kept));
    }

    fn file(&mut self, stated: &Arc<Stated>) {
        if matches!(stated.cell.entry, Entry::Application(..) | Entry::Permit(_))
            && let Err(place) = self.filed.binary_search_by(|own| own.cell.entry.cmp(&stated.cell.entry))
        {
            self.filed.insert(place, Arc::clone(stated));
        }
    }

    fn range(&self, beside: impl Fn(&Cell) -> Ordering) -> &[Arc<Stated>] {
        let from = self.stated.partition_point(|stated| beside(&stated.cell).is_lt());
        let length = self.stated[from..].partition_point(|stated| beside(&stated.cell).is_eq());
        &self.stated[from..from + length]
    }
}

fn pairs(stated: &[Arc<Stated>]) -> impl ExactSizeIterator<Item = (&Cell, &Claim)> + Clone {
    stated.iter().map(|stated| (&stated.cell, &stated.claim))
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.stated == other.stated
    }
}

impl Eq for Claims {}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.stated.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut claims = Self { stated: Vec::deserialize(deserializer)?, filed: vec![] };
        claims.stated.sort_by(|a: &Arc<Stated>, b| a.cell.cmp(&b.cell));
        for stated in claims.stated.clone() {
            claims.file(&stated);
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use schemas::ids::Seed;
    use schemas::time::{Version, parse_day, start_of};

    use super::*;

    fn statement(n: usize) -> StatementId {
        StatementId::parse(&format!("00000000-0000-4000-8000-{n:012}")).unwrap()
    }

    fn voided(n: usize) -> Record {
        let stated_at = start_of(parse_day("2025-01-01").unwrap()) + chrono::Duration::minutes(n as i64 / 2);
        let fact = Fact {
            entry: Entry::Statement(statement(99 - n)),
            statement: Statement::Voided,
            authority: Authority::Learning,
            valid_from: None,
            version: Version { channel: "voided".to_owned(), sequence: None, stated_at },
        };
        Record { keys: vec![], names: vec![], births: vec![], facts: vec![fact] }
    }

    #[test]
    fn the_newest_voided_statements_are_remembered_in_whatever_order_they_came() {
        let message = MessageId::derive(&Seed([1; 32]), 0);
        let fold = |order: &mut dyn Iterator<Item = usize>| {
            let mut claims = Claims::default();
            order.for_each(|n| claims.take_in(&voided(n), message));
            claims
        };
        let claims = fold(&mut (0..100));
        assert_eq!(claims, fold(&mut (0..100).rev()));
        assert_eq!(claims, fold(&mut (0..100).map(|n| n * 37 % 100)));
        assert_ne!(claims, fold(&mut (0..99)));
        assert_eq!(claims.iter().len(), VOIDED_KEPT);
        // The oldest go, wherever their ids stand among the others.
        assert!(claims.is_voided(&statement(0)) && !claims.is_voided(&statement(99)));
    }
}
