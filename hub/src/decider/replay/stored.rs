//! What the store holds, opened: the other side of the comparison.
//! Everything is read before anything is compared. Next: `beside` for what cannot be.

use std::collections::{BTreeMap, BTreeSet};

use decide::{Person, World};
use schemas::envelope::Envelope;
use schemas::ids::{DeliveryId, MessageId, PersonId, TaskId};

use super::beside::Bonds;
use super::{ACCESS, DeciderError, Report};
use crate::contract::Encoded;
use crate::history;
use crate::store::Store;
use crate::vault::{Shut, Vault};

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// A record as stored: its place among all, its envelope, and its body while that can be read.
#[derive(Debug)]
struct StoredRecord {
    position: u64,
    person: PersonId,
    envelope: String,
    body: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
pub(super) struct StoredLog {
    /// Persons as stored, each with the fold of their journal; those who were erased are not among them.
    persons: BTreeMap<PersonId, (Person, Result<Person, String>)>,
    records: BTreeMap<DeliveryId, StoredRecord>,
    pub(super) tasks: BTreeMap<TaskId, PersonId>,
    /// Waiting records, each with the message that brought its person.
    pub(super) released: BTreeSet<(MessageId, MessageId)>,
}

impl StoredLog {
    pub(super) async fn read(
        store: &Store,
        vault: &Vault,
        bonds: &mut Bonds,
        report: &mut Report,
    ) -> Result<Self, DeciderError> {
        let mut stored = Self::default();
        let mut after = None;
        loop {
            let page = store.persons(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for row in &page {
                let person = match vault.person(row, ACCESS) {
                    Ok((person, _)) => person,
                    Err(shut) => {
                        if DeciderError::unless_missing(shut)? != Shut::Erased {
                            report.differences.push(format!("person {}: {shut}", row.id));
                        }
                        bonds.unreadable(row.id);
                        continue;
                    }
                };
                let history = history::own(store, vault, row.id, ACCESS).await;
                let folded = history.map_err(|error| super::super::chain(&error)).and_then(|history| {
                    history.events().for_each(|event| bonds.named(row.id, event));
                    history.fold(row.id).map_err(|error| error.to_string())
                });
                stored.persons.insert(row.id, (person, folded));
            }
        }
        let mut position = 0;
        loop {
            let page = store.outgoing(position, PAGE).await?;
            let Some(last) = page.last() else { break };
            position = last.row.position;
            for found in page {
                let body = match vault.body(&found.row, found.key.as_deref(), ACCESS) {
                    Ok(body) => Some(body),
                    Err(shut) => {
                        if DeciderError::unless_missing(shut)? != Shut::Erased {
                            report.differences.push(format!("record {}: {shut}", found.row.delivery));
                        }
                        None
                    }
                };
                let row = found.row;
                let record =
                    StoredRecord { position: row.position, person: row.person, envelope: row.envelope, body };
                stored.records.insert(row.delivery, record);
            }
        }
        stored.tasks = store.tasks().await?.into_iter().collect();
        stored.released = store.released().await?.into_iter().collect();
        Ok(stored)
    }

    pub(super) fn compare_records(&self, report: &mut Report, again: &[(PersonId, Encoded)], bonds: &Bonds) {
        let mut left: BTreeSet<&DeliveryId> = self.records.keys().collect();
        for (position, (person, Encoded { envelope, body, .. })) in (1..).zip(again) {
            let stored = self.records.get(&envelope.id);
            left.remove(&envelope.id);
            if bonds.person(*person) {
                continue;
            }
            report.records += 1;
            let Some(stored) = stored else {
                report.differences.push(format!("record {} is not stored", envelope.id));
                continue;
            };
            // Where somebody was erased, numbers on topics come out otherwise; what is said does not.
            let same = if bonds.nobody() {
                stored.position == position
                    && serde_json::from_str(&stored.envelope).ok().as_ref() == Some(envelope)
            } else {
                serde_json::from_str(&stored.envelope).ok().map(bare) == Some(bare(envelope.clone()))
            };
            if !same {
                report.differences.push(format!("envelope of record {}", envelope.id));
            }
            match &stored.body {
                None => report.gone += 1,
                Some(stored) if stored != body => {
                    report.differences.push(format!("body of record {}", envelope.id));
                }
                Some(_) => {}
            }
        }
        let more = left.into_iter().filter(|id| !bonds.person(self.records[*id].person));
        report.differences.extend(more.map(|id| format!("record {id} does not come out")));
    }

    pub(super) fn compare_persons(&self, report: &mut Report, world: &World, bonds: &Bonds) {
        report.persons = self.persons.len() as u64;
        let mut again: BTreeMap<PersonId, &Person> =
            world.persons().map(|person| (person.id, &**person)).collect();
        for (id, (stored, folded)) in &self.persons {
            match folded {
                Ok(folded) if folded == stored => {}
                Ok(_) => report.differences.push(format!("fold of the journal of person {id}")),
                Err(why) => report.differences.push(format!("journal of person {id}: {why}")),
            }
            if again.remove(id) != Some(stored) && !bonds.person(*id) {
                report.differences.push(format!("person {id} decided again"));
            }
        }
        let more = again.into_keys().filter(|id| !bonds.person(*id));
        report.differences.extend(more.map(|id| format!("person {id} is not stored")));
    }
}

/// An envelope without what the records before it on the topic decide.
fn bare(envelope: Envelope) -> Envelope {
    Envelope { sequence: 0, chain: [0; 32], ..envelope }
}
