//! From rows to the world: what a batch needs, read in bulk and opened.
//!
//! The heart names keys in clear; the store knows their HMACs. Keeps the persons' keys of the batch,
//! because what is stored afterwards is sealed under them. Refuses to decide.

use std::collections::BTreeMap;

use decide::change::{Event, Needs};
use decide::person::{Evidence, Matching, PersonState};
use decide::world::is_learning;
use decide::{Person, World};
use schemas::ids::{MessageId, PersonId};
use schemas::key::Key as IndexKey;
use schemas::message::Body;

use super::DeciderError;
use crate::history;
use crate::intake::open_content;
use crate::seal::{Key, Keys, Purpose};
use crate::store::Store;
use crate::store::rows::{LoadRequest, Mac, PersonRow};

/// A person's key, and itself wrapped.
#[derive(Clone, Debug)]
pub(super) struct PersonKey {
    pub(super) key: Key,
    pub(super) wrapped: Vec<u8>,
}

/// Loads from the store.
#[derive(Debug)]
pub(super) struct FromStore<'a> {
    store: &'a Store,
    keys: &'a Keys,
    /// The keys of the persons that were loaded.
    pub(super) persons: BTreeMap<PersonId, PersonKey>,
    /// Their versions as loaded.
    pub(super) versions: BTreeMap<PersonId, u64>,
    /// The keys of the waiting records that were loaded.
    pub(super) waiting: BTreeMap<MessageId, Key>,
}

impl<'a> FromStore<'a> {
    pub(super) fn new(store: &'a Store, keys: &'a Keys) -> Self {
        Self { store, keys, persons: BTreeMap::new(), versions: BTreeMap::new(), waiting: BTreeMap::new() }
    }

    /// Opens a person's row.
    fn open(&mut self, row: &PersonRow) -> Result<Person, DeciderError> {
        let key = self.keys.kek().unwrap(&row.key)?;
        let person = open_person(row, &key)?;
        self.versions.insert(row.id, row.version);
        self.persons.insert(row.id, PersonKey { key, wrapped: row.key.clone() });
        Ok(person)
    }
}

/// A person's state from its sealed halves.
///
/// # Errors
/// Where a half does not open or does not read.
pub fn open_person(row: &PersonRow, key: &Key) -> Result<Person, DeciderError> {
    let matching: Matching = rmp_serde::from_slice(&key.open(Purpose::Matching, &row.matching)?)?;
    let state: PersonState = rmp_serde::from_slice(&key.open(Purpose::State, &row.state)?)?;
    Ok(Person { id: row.id, version: row.version, matching, state })
}

/// The HMAC under which a key is found.
#[must_use]
pub fn index_mac(keys: &Keys, key: &IndexKey) -> Mac {
    keys.mac("key", key.text().as_bytes())
}

impl FromStore<'_> {
    /// Brings what is needed into the world; what does not exist is told too.
    pub(super) async fn load(&mut self, needs: Needs, world: &mut World) -> Result<(), DeciderError> {
        let macs: BTreeMap<Mac, IndexKey> =
            needs.keys.into_iter().map(|key| (index_mac(self.keys, &key), key)).collect();
        let request = LoadRequest {
            keys: macs.keys().copied().collect(),
            persons: needs.persons.iter().copied().collect(),
            records: needs.records.iter().copied().collect(),
            handovers: needs.handovers.iter().copied().collect(),
            streams: needs.streams.iter().copied().collect(),
            reviews: needs.reviews.iter().copied().collect(),
            journals: needs.journals.iter().copied().collect(),
            sent: needs.sent.iter().cloned().collect(),
        };
        let loaded = self.store.load(&request).await?;
        let mut holders: BTreeMap<Mac, decide::world::Holders> = BTreeMap::new();
        for (mac, record, person) in loaded.keys {
            holders.entry(mac).or_default().insert(record, person);
        }
        for (mac, key) in macs {
            world.load_key(key, holders.remove(&mac).unwrap_or_default());
        }
        for (asked, row) in &loaded.persons {
            if *asked != row.id {
                world.load_redirect(*asked, row.id);
            }
            if !world.has(row.id) {
                let person = self.open(row)?;
                world.load_person(row.id, Some(person));
            }
        }
        needs.persons.iter().for_each(|id| world.load_person(*id, None));
        needs.records.iter().for_each(|id| world.load_waiting(*id, None));
        for row in &loaded.records {
            let key = self.keys.kek().unwrap(&row.key)?;
            let content = open_content(&row.content, &key)?;
            if let Body::Record(record) = content.body {
                self.waiting.insert(row.id, key);
                world.load_waiting(row.id, Some(record));
            }
        }
        needs.handovers.iter().for_each(|id| world.load_handover(*id, None));
        loaded.handovers.into_iter().for_each(|(id, person)| world.load_handover(id, Some(person)));
        needs.streams.iter().for_each(|id| world.load_stream(*id, None));
        loaded.streams.into_iter().for_each(|(id, person)| world.load_stream(id, Some(person)));
        needs.reviews.iter().for_each(|id| world.load_review(*id, None));
        loaded.reviews.into_iter().for_each(|(id, person)| world.load_review(id, Some(person)));
        let mut learning: BTreeMap<PersonId, Vec<Evidence>> = BTreeMap::new();
        for entry in &loaded.journals {
            for event in history::events(self.keys, entry)? {
                if let Event::Linked { evidence, .. } = event
                    && is_learning(&evidence.record)
                {
                    learning.entry(entry.row.person).or_default().push(evidence);
                }
            }
        }
        for id in needs.journals {
            world.load_journal(id, learning.remove(&id).unwrap_or_default());
        }
        for (recipient, sequence) in needs.sent {
            world.load_sent(recipient, sequence, None);
        }
        for (recipient, sequence, hash) in loaded.sent {
            world.load_sent(recipient, sequence, Some(hash));
        }
        Ok(())
    }
}
