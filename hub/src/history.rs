//! One person's history: his journal, opened, with the order, the time and the versions of each decision.
//!
//! What `hub explain` and the console tell from, and what replay folds. Each message's events are sealed
//! under that message's key, which the key-encryption key wraps until the message is linked and its
//! person's key from then on. Refuses to judge what happened, and to open what was erased.

use decide::Person;
use decide::change::Event;
use schemas::ids::{MessageId, PersonId};
use schemas::time::Instant;

use crate::seal::{Keys, Purpose, SealError};
use crate::store::rows::JournalEntry;
use crate::store::{Store, StoreError};

/// What one message did to one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The message.
    pub message: MessageId,
    /// Its place in the order of decisions.
    pub order: u64,
    /// When it was decided.
    pub known_at: Instant,
    /// The version of the heart that decided.
    pub heart: String,
    /// The hash of the bundle that it rested on.
    pub bundle: String,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not open: erased, or another deployment's keys.
    #[error("a journal entry does not open with the keys that are there")]
    Seal(#[from] SealError),
    /// It opened, and is of no known form.
    #[error("a journal entry is of no known form")]
    Form(#[from] rmp_serde::decode::Error),
}

/// A person's history, oldest first, which [`fold`] makes him of; empty where nobody has this id.
///
/// Who was absorbed is followed to his survivor, whose history names him ([`absorbed`]); his own ends there
/// ([`own`]).
///
/// # Errors
/// [`HistoryError`]; [`HistoryError::Seal`] where he was erased.
pub async fn of_person(store: &Store, keys: &Keys, person: PersonId) -> Result<Vec<Entry>, HistoryError> {
    own(store, keys, store.survivor(person).await?).await
}

/// The history of this very person, absorbed since or not.
///
/// # Errors
/// As [`of_person`].
pub async fn own(store: &Store, keys: &Keys, person: PersonId) -> Result<Vec<Entry>, HistoryError> {
    opened(&store.journal(person).await?, keys)
}

/// Opens a journal.
///
/// # Errors
/// [`HistoryError::Seal`] and [`HistoryError::Form`].
pub fn opened(journal: &[JournalEntry], keys: &Keys) -> Result<Vec<Entry>, HistoryError> {
    let entry = |found: &JournalEntry| {
        let row = &found.row;
        Ok(Entry {
            message: row.message,
            order: row.order,
            known_at: row.known_at,
            heart: row.heart.clone(),
            bundle: row.bundle.clone(),
            events: events(keys, found)?,
        })
    };
    journal.iter().map(entry).collect()
}

/// What one journal entry says.
///
/// # Errors
/// As [`opened`].
pub fn events(keys: &Keys, entry: &JournalEntry) -> Result<Vec<Event>, HistoryError> {
    let owner = match (entry.owner, &entry.owner_key) {
        (None, _) => None,
        (Some(_), Some(wrapped)) => Some(keys.kek().unwrap(wrapped)?),
        // An owner whose key was destroyed is no reason to try another key: the entry stays shut.
        (Some(_), None) => return Err(SealError::DoesNotOpen.into()),
    };
    let message = owner.as_ref().unwrap_or(keys.kek()).unwrap(&entry.key)?;
    Ok(rmp_serde::from_slice(&message.open(Purpose::Journal, &entry.row.events)?)?)
}

/// The person that these entries make: a fold, never a new decision.
#[must_use]
pub fn fold(id: PersonId, entries: &[Entry]) -> Person {
    let mut person = Person::new(id);
    entries.iter().flat_map(|entry| &entry.events).for_each(|event| person.apply(event));
    person
}

/// Whom a person absorbed, by his history.
pub fn absorbed(entries: &[Entry]) -> impl Iterator<Item = PersonId> {
    entries.iter().flat_map(|entry| &entry.events).filter_map(|event| match event {
        Event::Absorbed { person, .. } => Some(person.id),
        _ => None,
    })
}

/// Who a person turned out to be, by his history.
#[must_use]
pub fn survivor(entries: &[Entry]) -> Option<PersonId> {
    entries.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
        Event::MergedInto { survivor } => Some(*survivor),
        _ => None,
    })
}
