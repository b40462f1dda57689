//! One person's journal, opened: what each message did to him, in order.
//!
//! The explanation and the console read the same entries; what is in them is personal, so whoever shows
//! them picks what may be seen. Refuses to decide and to fold: see [`decide::Person::apply`].

use decide::change::Event;
use schemas::ids::{MessageId, PersonId};
use schemas::time::Instant;

use crate::decider::{DeciderError, open_entry};
use crate::seal::Keys;
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
    /// A sealed value: its key was destroyed, or it is damaged.
    #[error("the journal could not be opened")]
    Open(#[from] DeciderError),
}

/// A person's journal in order; empty where nobody has this id.
///
/// # Errors
/// [`HistoryError`].
pub async fn of_person(store: &Store, keys: &Keys, person: PersonId) -> Result<Vec<Entry>, HistoryError> {
    let open = |entry: crate::store::rows::JournalEntry| {
        Ok(Entry {
            events: open_entry(keys, &entry)?,
            message: entry.row.message,
            order: entry.row.order,
            known_at: entry.row.known_at,
            heart: entry.row.heart,
            bundle: entry.row.bundle,
        })
    };
    store.journal(person).await?.into_iter().map(open).collect()
}
