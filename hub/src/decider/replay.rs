//! Deciding again: the whole inbox, in the stored order at the stored times, on a world in memory.
//!
//! Proves invariant I2: the same records and tasks come out, byte for byte before sealing, for any batch
//! size; and folding the journal gives the state that is stored. Also counts I1: every message is
//! decided, refused, waiting or in quarantine. Refuses to write.

use std::collections::{BTreeMap, BTreeSet};

use decide::memory::Memory;
use decide::round::Verdict;
use decide::{Bundle, Person};
use schemas::ids::{MessageId, PersonId, Seed, TaskId};
use schemas::message::{Body, Message};
use schemas::time::KnownAt;
use serde::Serialize;

use super::compose::Numbers;
use super::{DeciderError, open_person};
use crate::contract::{Encoded, Schemas};
use crate::history;
use crate::intake::open_content;
use crate::seal::{Key, Keys, Purpose};
use crate::store::Store;
use crate::store::rows::{Counters, Outcome, Pending};

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// What deciding again found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Messages decided again.
    pub messages: u64,
    /// Records compared with those stored.
    pub records: u64,
    /// Records whose stored body is gone: closed, or their person's key destroyed.
    pub gone: u64,
    /// Tasks compared.
    pub tasks: u64,
    /// Persons compared: their state, and the fold of their journal.
    pub persons: u64,
    /// What differs: which kind of thing, and its id.
    pub differences: Vec<String>,
}

/// Decides everything again in batches of this size, and compares.
///
/// # Errors
/// Where the store cannot be read.
pub async fn verify(
    store: &Store,
    keys: &Keys,
    bundle: &Bundle,
    schemas: &Schemas,
    batch: u32,
) -> Result<Report, DeciderError> {
    let mut report = Report::default();
    let stored = Stored::read(store, keys).await?;
    let mut memory = Memory::default();
    let mut numbers = Numbers::new(schemas, Counters::default());
    let mut position = 0;
    let (mut tasks, mut outcomes) = (BTreeSet::new(), BTreeMap::new());
    let mut after = 0;
    loop {
        let page = store.decided(after, batch).await?;
        let Some(last) = page.last() else { break };
        after = last.order.unwrap_or(after);
        let messages = page
            .iter()
            .map(|pending| stored.message(pending, keys))
            .collect::<Result<Vec<Option<Message>>, _>>()?;
        let decidable: Vec<Message> = messages.into_iter().flatten().collect();
        let verdicts = memory.decide(&decidable, bundle, |delivery| numbers.give(delivery))?;
        report.messages += page.len() as u64;
        for (message, verdict) in decidable.iter().zip(&verdicts) {
            let was =
                page.iter().find(|pending| pending.row.id == message.id).and_then(|pending| pending.outcome);
            outcomes.insert(message.id, (was, outcome(verdict)));
            let Verdict::Decided(change) = verdict else { continue };
            // What waited is stored as decided once a later message brought it to its person.
            change.released.iter().for_each(|id| {
                outcomes.entry(*id).and_modify(|(_, again)| *again = Outcome::Decided);
            });
            tasks.extend(change.tasks.iter().map(|task| task.id));
            for Encoded { envelope, body } in numbers.records.drain(..change.deliveries.len()) {
                position += 1;
                report.records += 1;
                match stored.records.get(&position) {
                    None => report.differences.push(format!("record {position} is not stored")),
                    Some((text, _)) if *text != serde_json::to_string(&envelope)? => {
                        report.differences.push(format!("envelope of record {position}"));
                    }
                    Some((_, None)) => report.gone += 1,
                    Some((_, Some(stored))) if *stored != body => {
                        report.differences.push(format!("body of record {position}"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    if stored.records.len() as u64 != position {
        report.differences.push(format!(
            "{} records are stored, {} come out",
            stored.records.len(),
            position
        ));
    }
    let differ = |(_, (was, again)): &(MessageId, (Option<Outcome>, Outcome))| *was != Some(*again);
    let ended = outcomes.into_iter().filter(differ).map(|(id, _)| format!("outcome of message {id}"));
    report.differences.extend(ended);
    compare_tasks(&mut report, &stored.tasks, &tasks);
    stored.compare_persons(store, keys, &memory, &mut report).await?;
    Ok(report)
}

fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Decided(_) => Outcome::Decided,
        Verdict::Waiting(_) => Outcome::Waiting,
        Verdict::Refused(_) => Outcome::Refused,
        Verdict::Failed(_) => Outcome::Quarantined,
    }
}

fn compare_tasks(report: &mut Report, stored: &BTreeSet<TaskId>, again: &BTreeSet<TaskId>) {
    report.tasks = again.len() as u64;
    report.differences.extend(stored.symmetric_difference(again).map(|task| format!("task {task}")));
}

/// What the store holds, opened.
struct Stored {
    keys: BTreeMap<PersonId, Key>,
    persons: BTreeMap<PersonId, Person>,
    records: BTreeMap<u64, (String, Option<Vec<u8>>)>,
    tasks: BTreeSet<TaskId>,
}

impl Stored {
    async fn read(store: &Store, keys: &Keys) -> Result<Self, DeciderError> {
        let (mut person_keys, mut persons, mut records) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut after = None;
        loop {
            let page = store.persons(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for row in &page {
                let key = keys.kek().unwrap(&row.key)?;
                persons.insert(row.id, open_person(row, &key)?);
                person_keys.insert(row.id, key);
            }
        }
        let mut position = 0;
        loop {
            let page = store.outgoing(position, PAGE).await?;
            let Some(last) = page.last() else { break };
            position = last.row.position;
            for outgoing in page {
                let key = person_keys.get(&outgoing.row.person);
                let body = key.map(|key| key.open(Purpose::Outbox, &outgoing.row.body)).transpose()?;
                records.insert(outgoing.row.position, (outgoing.row.envelope, body));
            }
        }
        let tasks = store.task_ids().await?.into_iter().collect();
        Ok(Self { keys: person_keys, persons, records, tasks })
    }

    /// A stored message, opened; `None` for one that was put aside unread.
    fn message(&self, pending: &Pending, keys: &Keys) -> Result<Option<Message>, DeciderError> {
        if pending.outcome == Some(Outcome::Quarantined) {
            return Ok(None);
        }
        let wrapper = pending.owner.and_then(|owner| self.keys.get(&owner)).unwrap_or(keys.kek());
        let content = open_content(&pending.row.content, &wrapper.unwrap(&pending.row.key)?)?;
        Ok(Some(message(pending, content.seed, content.body)))
    }

    async fn compare_persons(
        &self,
        store: &Store,
        keys: &Keys,
        memory: &Memory,
        report: &mut Report,
    ) -> Result<(), DeciderError> {
        report.persons = self.persons.len() as u64;
        let ids: BTreeSet<PersonId> = self.persons.keys().chain(memory.persons.keys()).copied().collect();
        for id in ids {
            let Some(stored) = self.persons.get(&id) else {
                report.differences.push(format!("person {id} is not stored"));
                continue;
            };
            if memory.persons.get(&id) != Some(stored) {
                report.differences.push(format!("person {id} decided again"));
            }
            let entries = history::opened(&store.journal(id).await?, keys)?;
            if history::fold(id, &entries) != *stored {
                report.differences.push(format!("fold of the journal of person {id}"));
            }
        }
        Ok(())
    }
}

fn message(pending: &Pending, seed: Seed, body: Body) -> Message {
    let id: MessageId = pending.row.id;
    let known_at = KnownAt(pending.known_at.unwrap_or(pending.row.received_at));
    Message { id, seed, order: pending.order.unwrap_or(0), known_at, body }
}
