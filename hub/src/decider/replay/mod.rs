//! Deciding again: the whole inbox, in the stored order at the stored times, on a whole world in memory.
//!
//! Proves invariant I2: the same records and tasks come out, byte for byte before sealing, for any batch
//! size; and folding each journal gives the state that is stored. Also counts I1: every message is decided, refused,
//! waiting or in quarantine. What was erased cannot be decided again; who is bound up with it is folded only
//! (`beside`). Writes nothing.

mod beside;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use decide::person::Event;
use decide::round::{Verdict, decide_all};
use decide::{Bundle, World};
use schemas::ids::{MessageId, PersonId, TaskId};
use schemas::message::Message;
use schemas::time::KnownAt;
use serde::Serialize;

use super::DeciderError;
use super::numbers::Numbers;
use crate::contract::{Encoded, Schemas};
use crate::store::Store;
use crate::store::rows::{MessageRow, Outcome};
use crate::vault::{Access, Shut, Vault, Why};
use beside::Bonds;
use stored::StoredLog;

const ACCESS: Access<'static> = Access::hub(Why::Replay);

/// What deciding again found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub messages: u64,
    /// Messages that cannot be: their person was erased.
    pub erased: u64,
    /// Records compared with those stored.
    pub records: u64,
    /// Records whose stored body is gone: closed, or their person's key destroyed.
    pub gone: u64,
    pub tasks: u64,
    /// Persons whose journal was folded.
    pub persons: u64,
    /// Persons who are bound up with somebody erased: their journals fold, deciding again is not compared.
    pub beside_erased: u64,
    /// What differs: which kind of thing, and its id.
    pub differences: Vec<String>,
}

#[derive(Debug, Default)]
struct Again {
    outcomes: BTreeMap<MessageId, (Outcome, Outcome)>,
    released: BTreeSet<(MessageId, MessageId)>,
    tasks: BTreeMap<TaskId, PersonId>,
    /// Whose each record is, with the record.
    records: Vec<(PersonId, Encoded)>,
}

/// Decides everything again in batches of this size, and compares.
///
/// # Errors
/// Where the store cannot be read, or a key-encryption key is missing.
pub async fn verify(
    store: &Store,
    vault: &Vault,
    bundle: &Bundle,
    schemas: &Schemas,
    batch: u32,
) -> Result<Report, DeciderError> {
    let mut report = Report::default();
    let mut world = World::whole();
    let mut numbers = Numbers::new(schemas, BTreeMap::new());
    let (mut again, mut bonds, mut after) = (Again::default(), Bonds::default(), 0);
    loop {
        let page = store.decided(after, batch).await?;
        let Some(last) = page.last().and_then(|row| row.decision.as_ref()) else { break };
        after = last.order;
        let mut messages = Vec::with_capacity(page.len());
        let mut was = Vec::with_capacity(page.len());
        for row in &page {
            bonds.owns(row.id, row.key.owner);
            match message(vault, row)? {
                ReplayedMessage::Message(message, outcome) => {
                    messages.push(message);
                    was.push(outcome);
                }
                ReplayedMessage::Aside => {}
                ReplayedMessage::Erased(owner) => {
                    report.erased += 1;
                    bonds.unreadable(owner);
                }
                ReplayedMessage::Shut(shut) => {
                    report.differences.push(format!("message {}: {shut}", row.id));
                    row.key.owner.into_iter().for_each(|owner| bonds.unreadable(owner));
                }
            }
        }
        report.messages += messages.len() as u64;
        let verdicts = decide_all(&mut world, &messages, bundle, &mut |deliveries| numbers.give(deliveries));
        for ((message, was), verdict) in messages.iter().zip(was).zip(&verdicts) {
            again.outcomes.insert(message.id, (was, outcome(verdict)));
            let Verdict::Decided(change) = verdict else { continue };
            again.released.extend(change.released.iter().map(|id| (*id, message.id)));
            again.tasks.extend(change.tasks.iter().map(|task| (task.id, task.person)));
            let encoded = numbers.encoded.drain(..change.deliveries.len());
            again.records.extend(change.deliveries.iter().map(|delivery| delivery.person).zip(encoded));
            change.events.iter().for_each(|(person, event)| bonds.named(*person, event));
        }
    }
    let stored = StoredLog::read(store, vault, &mut bonds, &mut report).await?;
    report.beside_erased = bonds.settle();
    compare_messages(&mut report, &again, &stored, &bonds);
    stored.compare_records(&mut report, &again.records, &bonds);
    stored.compare_persons(&mut report, &world, &bonds);
    Ok(report)
}

enum ReplayedMessage {
    Message(Message, Outcome),
    /// It was put aside, and left nothing.
    Aside,
    Erased(PersonId),
    /// It is damaged: its person's decisions cannot be made again without it.
    Shut(Shut),
}

/// A stored message, opened, at its place.
fn message(vault: &Vault, row: &MessageRow) -> Result<ReplayedMessage, DeciderError> {
    let Some(decision) = row.decision.as_ref().filter(|made| made.outcome != Outcome::Quarantined) else {
        return Ok(ReplayedMessage::Aside);
    };
    match (vault.opened_message(row, ACCESS), row.key.owner) {
        (Ok((content, _)), _) => {
            let (order, known_at) = (decision.order, KnownAt(decision.known_at));
            let message = Message { id: row.id, seed: content.seed, order, known_at, body: content.body };
            Ok(ReplayedMessage::Message(message, decision.outcome))
        }
        (Err(Shut::Erased), Some(owner)) => Ok(ReplayedMessage::Erased(owner)),
        (Err(shut), _) => DeciderError::unless_missing(shut).map(ReplayedMessage::Shut),
    }
}

fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Decided(_) => Outcome::Decided,
        Verdict::Waiting(_) => Outcome::Waiting,
        Verdict::Refused(_) => Outcome::Refused,
        Verdict::Failed(_) => Outcome::Quarantined,
    }
}

fn compare_messages(report: &mut Report, again: &Again, stored: &StoredLog, bonds: &Bonds) {
    let differ = again.outcomes.iter().filter(|(id, (was, is))| was != is && !bonds.message(**id));
    report.differences.extend(differ.map(|(id, _)| format!("outcome of message {id}")));
    let released = stored.released.symmetric_difference(&again.released);
    let released = released.filter(|(id, _)| !bonds.message(*id));
    report.differences.extend(released.map(|(id, _)| format!("release of message {id}")));
    report.tasks = again.tasks.len() as u64;
    let missing = stored.tasks.iter().filter(|(id, _)| !again.tasks.contains_key(id));
    let more = again.tasks.iter().filter(|(id, _)| !stored.tasks.contains_key(id));
    let differ = missing.chain(more).filter(|(_, person)| !bonds.person(**person));
    report.differences.extend(differ.map(|(task, _)| format!("task {task}")));
}

/// The persons that an event of a journal names.
fn names(event: &Event) -> Vec<PersonId> {
    match event {
        Event::ReviewRaised { candidates, .. } => candidates.iter().copied().collect(),
        Event::ToldApart { from } => vec![*from],
        Event::SameProposed { same, .. } => vec![*same],
        Event::MergedInto { survivor } => vec![*survivor],
        Event::Absorbed { person, .. } => vec![person.id],
        Event::Parted { kept, moved, .. } => vec![*kept, *moved],
        Event::CameOf { from, other, .. } => vec![*from, *other],
        Event::Linked { .. }
        | Event::ReviewAnswered { .. }
        | Event::ReviewVoid { .. }
        | Event::Restated { .. }
        | Event::DueSet { .. }
        | Event::HandoverOpened { .. }
        | Event::HandoverMoved { .. }
        | Event::Named { .. }
        | Event::LineOpened { .. }
        | Event::LineClosed { .. }
        | Event::RestrictionLifted { .. }
        | Event::LoadApproved { .. }
        | Event::Proposed { .. }
        | Event::Seconded { .. }
        | Event::SameSeconded { .. }
        | Event::PermitsOver { .. }
        | Event::StreamWentOn { .. }
        | Event::StreamOpened { .. }
        | Event::Issued { .. }
        | Event::Asked { .. } => vec![],
    }
}
