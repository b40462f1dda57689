//! One person's journal, opened: what each message did to him, in order.
//!
//! The explanation and the console read the same entries; what is in them is personal, so whoever shows
//! them picks what may be seen. Refuses to decide and to fold: see [`decide::Person::apply`].

use std::collections::BTreeMap;

use decide::change::Event;
use schemas::ids::{MessageId, PersonId};
use schemas::time::Instant;

use crate::seal::{Keys, Purpose, SealError};
use crate::store::rows::LoadRequest;
use crate::store::{Store, StoreError};

/// What one message did to one person.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The message.
    pub message: MessageId,
    /// Its place in the order of decisions.
    pub order: u64,
    /// When it was decided.
    pub known_at: Instant,
    /// The version of the heart that decided.
    pub heart: String,
    /// The bundle that it rested on.
    pub bundle: String,
    /// What happened.
    pub events: Vec<Event>,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The store.
    #[error("the journal could not be loaded")]
    Store(#[from] StoreError),
    /// A sealed value: its key was destroyed, or is another's.
    #[error("the journal could not be opened")]
    Seal(#[from] SealError),
    /// A stored value that does not read.
    #[error("the journal could not be read")]
    Read(#[from] rmp_serde::decode::Error),
}

/// A person's journal in order; empty where nobody has this id.
///
/// # Errors
/// [`HistoryError`].
pub async fn of_person(store: &Store, keys: &Keys, person: PersonId) -> Result<Vec<Entry>, HistoryError> {
    let journal = store.journal(person).await?;
    let mut persons: Vec<PersonId> = journal.iter().filter_map(|(_, _, owner)| *owner).collect();
    persons.sort_unstable();
    persons.dedup();
    let loaded = store.load(&LoadRequest { persons, ..LoadRequest::default() }).await?;
    let mut wrappers = BTreeMap::new();
    for row in &loaded.persons {
        wrappers.insert(row.id, keys.kek().unwrap(&row.key)?);
    }
    let mut entries = Vec::with_capacity(journal.len());
    for (row, wrapped, owner) in journal {
        let wrapper = owner.and_then(|owner| wrappers.get(&owner)).unwrap_or(keys.kek());
        let events = wrapper.unwrap(&wrapped)?.open(Purpose::Journal, &row.events)?;
        entries.push(Entry {
            message: row.message,
            order: row.order,
            known_at: row.known_at,
            heart: row.heart,
            bundle: row.bundle,
            events: rmp_serde::from_slice(&events)?,
        });
    }
    Ok(entries)
}
