//! What another match model would make of all records: linked anew in memory, under the model of today and under the
//! draft, and what differs is counted.
//!
//! Both run over the same records in the order in which they were decided, so that nothing but the model differs. What
//! people answered holds in both. Nothing is written. Next: [`crate::what_if`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decide::link::Linker;
use decide::model::MatchModel;
use schemas::ids::{MessageId, PersonId, ReviewId};
use schemas::message::{Body, Prepared, ReviewAnswer};
use serde::Serialize;

use crate::store::rows::{AskedAbout, MessageRow, Outcome};
use crate::store::{Store, StoreError};
use crate::vault::{Access, Vault, Why};

/// How many messages are read at once.
const PAGE: u32 = 1_000;
/// How many groups of persons are named.
const NAMED: usize = 20;
const ACCESS: Access<'static> = Access::hub(Why::WhatIf);

/// What the draft's model would do to links.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Relinked {
    /// Every record that opens.
    pub records: u64,
    /// Records whose person was erased, or that do not open.
    pub unreadable: u64,
    /// Pairs of records that would become one person's.
    pub gained: u64,
    /// Pairs of records that would no longer be one person's.
    pub lost: u64,
    /// Records that would leave some and join others.
    pub changed: u64,
    /// Questions to people, under the model of today and under the draft's.
    pub questions: (u64, u64),
    /// Persons of today who would be one, the first groups of them.
    pub joined: Vec<Vec<PersonId>>,
    /// Persons of today who would be told apart, the first of them.
    pub parted: Vec<PersonId>,
}

/// What people answered: about persons by the ids that they had then.
#[derive(Debug, Default)]
struct SaidBefore {
    same: BTreeMap<PersonId, PersonId>,
    apart: BTreeSet<(PersonId, PersonId)>,
}

/// One run over all records.
struct LinkRun {
    linker: Linker,
    /// Somebody of today for each person of the run.
    of_today: BTreeMap<PersonId, PersonId>,
}

/// Links everything under both models.
///
/// # Errors
/// Where the store cannot be read.
pub async fn relinked(
    store: &Store,
    vault: &Vault,
    now: &MatchModel,
    draft: &MatchModel,
) -> Result<Relinked, StoreError> {
    let (mut records, mut answered, mut unreadable, mut after) = (vec![], SaidBefore::default(), 0, 0);
    // Of several answers to one review the last one closed it; while it is open, nothing is said.
    let mut said: BTreeMap<ReviewId, ReviewAnswer> = BTreeMap::new();
    let asked = store.asked().await?;
    loop {
        let page = store.decided(after, PAGE).await?;
        let Some(last) = page.last().and_then(|row| row.decision.as_ref()) else { break };
        after = last.order;
        // What was put aside or refused has linked nobody and answered nothing; decided again, it stands there once more.
        let held = |row: &&MessageRow| {
            let outcome = row.decision.as_ref().map(|made| made.outcome);
            matches!(outcome, Some(Outcome::Decided | Outcome::Waiting))
        };
        for row in page.iter().filter(held) {
            match vault.opened_message(row, ACCESS).map(|(content, _)| content.body) {
                Ok(Body::Record(prepared)) => records.push((row.id, prepared, row.key.owner)),
                Ok(Body::Reviewed { review, answer, .. }) => {
                    said.insert(review, answer);
                }
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
    }
    said.iter().for_each(|(review, answer)| answered.take(*answer, asked.get(review)));
    let [now, draft] = [now, draft].map(|model| {
        let mut run = LinkRun { linker: Linker::new(model.clone()), of_today: BTreeMap::new() };
        records.iter().for_each(|(id, prepared, owner)| run.add(*id, prepared, *owner, &answered));
        run
    });
    let owners: Vec<_> = records.iter().map(|(id, _, owner)| (*id, *owner)).collect();
    Ok(compared(&now, &draft, &owners, unreadable))
}

impl SaidBefore {
    fn take(&mut self, answer: ReviewAnswer, asked: Option<&AskedAbout>) {
        let Some(AskedAbout { person, candidates, same }) = asked else { return };
        match answer {
            ReviewAnswer::Same(_) if !same => {}
            ReviewAnswer::Same(other) => {
                let (one, other) = (self.first(*person), self.first(other));
                if one != other {
                    self.same.insert(one, other);
                }
            }
            ReviewAnswer::Different => {
                self.apart.extend(candidates.iter().flat_map(|other| [(*person, *other), (*other, *person)]));
            }
            ReviewAnswer::CannotTell => {}
        }
    }

    /// One id for all whom people called the same.
    fn first(&self, mut person: PersonId) -> PersonId {
        while let Some(other) = self.same.get(&person) {
            person = *other;
        }
        person
    }

    /// What people said of the two.
    fn of(&self, one: PersonId, other: PersonId) -> Option<ReviewAnswer> {
        if self.apart.contains(&(one, other)) {
            return Some(ReviewAnswer::Different);
        }
        (one != other && self.first(one) == self.first(other)).then_some(ReviewAnswer::Same(other))
    }
}

impl LinkRun {
    fn add(
        &mut self,
        id: MessageId,
        prepared: &Arc<Prepared>,
        owner: Option<PersonId>,
        answered: &SaidBefore,
    ) {
        let of_today = &self.of_today;
        self.linker.add(id, prepared, |linker, candidate| {
            let candidate = of_today.get(&linker.now(candidate))?;
            answered.of(owner?, *candidate)
        });
        if let (Some(person), Some(owner)) = (self.linker.person_of(id), owner) {
            self.of_today.entry(person).or_insert(owner);
        }
    }
}

/// Records of one person of the run, and who they are today.
#[derive(Debug, Default)]
struct Together {
    records: u64,
    /// Which persons of the other run have some of them.
    others: BTreeSet<PersonId>,
    who: BTreeSet<PersonId>,
}

fn compared(
    now: &LinkRun,
    draft: &LinkRun,
    owners: &[(MessageId, Option<PersonId>)],
    unreadable: u64,
) -> Relinked {
    let mut both: BTreeMap<(PersonId, PersonId), u64> = BTreeMap::new();
    let (mut ours, mut theirs): (BTreeMap<PersonId, Together>, BTreeMap<PersonId, Together>) = <_>::default();
    for (id, owner) in owners {
        let (Some(a), Some(b)) = (now.linker.person_of(*id), draft.linker.person_of(*id)) else { continue };
        *both.entry((a, b)).or_default() += 1;
        for (group, other) in [(ours.entry(a).or_default(), b), (theirs.entry(b).or_default(), a)] {
            group.records += 1;
            group.others.insert(other);
            group.who.extend(owner);
        }
    }
    let pairs = |n: u64| n * n.saturating_sub(1) / 2;
    let of = |groups: &BTreeMap<PersonId, Together>| {
        groups.values().map(|group| pairs(group.records)).sum::<u64>()
    };
    let common: u64 = both.values().map(|n| pairs(*n)).sum();
    let moved = both.iter().filter(|((a, b), n)| **n < ours[a].records && **n < theirs[b].records);
    let joined = theirs.values().filter(|group| group.others.len() > 1 && group.who.len() > 1);
    let parted = ours.values().filter(|group| group.others.len() > 1);
    Relinked {
        records: owners.len() as u64,
        unreadable,
        gained: of(&theirs) - common,
        lost: of(&ours) - common,
        changed: moved.map(|(_, n)| n).sum(),
        questions: (now.linker.open().len() as u64, draft.linker.open().len() as u64),
        joined: joined.map(|group| group.who.iter().copied().collect()).take(NAMED).collect(),
        parted: parted.flat_map(|group| group.who.iter().copied()).take(NAMED).collect(),
    }
}
