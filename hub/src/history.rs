//! One person's history: his journal, opened, with the order, the time and the versions of each decision.
//!
//! What `hub explain` and the console tell from, and what replay folds. Each message's events are sealed
//! under that message's key, which the key-encryption key wraps until the message is linked and its
//! person's key from then on. Refuses to judge what happened, and to open what was erased.

use std::collections::{BTreeMap, BTreeSet};

use decide::Person;
use decide::change::Event;
use schemas::ids::{MessageId, PersonId};
use schemas::time::Instant;

use crate::seal::{Key, Keys, Purpose, SealError};
use crate::store::rows::JournalRow;
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

/// A person's history, oldest first; empty where nobody has this id. Who was absorbed by somebody else is
/// followed to him, and the history of a survivor holds that of everybody he absorbed.
///
/// # Errors
/// [`HistoryError`]; [`HistoryError::Seal`] where he was erased.
pub async fn of_person(store: &Store, keys: &Keys, person: PersonId) -> Result<Vec<Entry>, HistoryError> {
    let mut open = vec![store.survivor(person).await?];
    let mut read = BTreeSet::new();
    let mut entries = vec![];
    while let Some(id) = open.pop() {
        if !read.insert(id) {
            continue;
        }
        let rows = store.journal(id).await?;
        let owners: Vec<PersonId> = rows.iter().filter_map(|(_, _, owner)| *owner).collect();
        let mut wrappers = BTreeMap::new();
        for (owner, wrapped) in store.person_keys(&owners).await? {
            wrappers.insert(owner, keys.kek().unwrap(&wrapped)?);
        }
        let opened = opened(&rows, keys, &wrappers)?;
        open.extend(opened.iter().flat_map(|entry| &entry.events).flat_map(absorbed));
        entries.extend(opened);
    }
    entries.sort_by_key(|entry| entry.order);
    Ok(entries)
}

/// Opens the rows of a journal, with the keys of the persons that own its messages.
///
/// # Errors
/// [`HistoryError::Seal`] and [`HistoryError::Form`].
pub fn opened(
    rows: &[(JournalRow, Vec<u8>, Option<PersonId>)],
    keys: &Keys,
    owners: &BTreeMap<PersonId, Key>,
) -> Result<Vec<Entry>, HistoryError> {
    let entry = |(row, wrapped, owner): &(JournalRow, Vec<u8>, Option<PersonId>)| {
        // An owner whose key was destroyed is no reason to try another key: the entry stays shut.
        let wrapper = owner.map_or(Some(keys.kek()), |owner| owners.get(&owner));
        let key = wrapper.ok_or(SealError::DoesNotOpen)?.unwrap(wrapped)?;
        let events = rmp_serde::from_slice(&key.open(Purpose::Journal, &row.events)?)?;
        let JournalRow { message, order, known_at, heart, bundle, .. } = row.clone();
        Ok(Entry { message, order, known_at, heart, bundle, events })
    };
    rows.iter().map(entry).collect()
}

/// The person that these entries make: a fold, never a new decision.
#[must_use]
pub fn fold(id: PersonId, entries: &[Entry]) -> Person {
    let mut person = Person::new(id);
    entries.iter().flat_map(|entry| &entry.events).for_each(|event| person.apply(event));
    person
}

/// Whom an event says this person absorbed: their journals are part of his history. Every kind of event
/// is named, so that a new one has to say it.
fn absorbed(event: &Event) -> &[PersonId] {
    match event {
        Event::Linked { .. }
        | Event::ReviewRaised { .. }
        | Event::HandoverOpened { .. }
        | Event::HandoverMoved { .. }
        | Event::Named { .. }
        | Event::LineOpened { .. }
        | Event::LineClosed { .. }
        | Event::StreamOpened { .. }
        | Event::Issued { .. }
        | Event::Asked { .. } => &[],
    }
}
