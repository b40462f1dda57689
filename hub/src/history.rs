//! One person's history: their journal, opened, with the order, the time and the versions of each decision.
//!
//! What `hub explain` and the console tell from, and what replay folds. A journal names its person's messages instead
//! of repeating what they said, so a history comes with them. What was erased stays shut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decide::Person;
use decide::person::{Event, UnknownRecord};
use schemas::ids::{MessageId, PersonId};
use schemas::message::{Body, Prepared};
use schemas::time::Instant;

use crate::store::rows::JournalStored;
use crate::store::{Store, StoreError};
use crate::vault::{Access, Shut, Vault};

/// What one message did to one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalEntry {
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

/// A history: its entries, and the records that they name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// What happened, oldest first.
    pub entries: Vec<JournalEntry>,
    /// The records of the person's own messages, and of those that were theirs before a split.
    pub records: BTreeMap<MessageId, Arc<Prepared>>,
}

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database: ask again.
    #[error("the database could not be read")]
    Store(#[from] StoreError),
    /// It does not open: erased, or another deployment's keys.
    #[error("a journal does not open")]
    Shut(#[from] Shut),
    /// It names a record that is not among its person's messages.
    #[error("a journal is not whole")]
    Fold(#[from] UnknownRecord),
}

/// The history of this very person, absorbed since or not.
///
/// # Errors
/// [`HistoryError`].
pub async fn own(
    store: &Store,
    vault: &Vault,
    person: PersonId,
    access: Access<'_>,
) -> Result<History, HistoryError> {
    let journal = store.journal(person).await?;
    let mut history = History::default();
    let Some(JournalStored { key, .. }) = journal.first() else { return Ok(history) };
    let key = vault.person_key(person, key.as_deref(), access)?.key;
    for JournalStored { row, heart, bundle, .. } in journal {
        let events = vault.events(&row, &key, access)?;
        history.entries.push(JournalEntry {
            message: row.message,
            order: row.order,
            known_at: row.known_at,
            heart,
            bundle,
            events,
        });
    }
    let mut rows = store.owned(person).await?;
    // What a split gave to another since is named here all the same.
    let own: BTreeSet<MessageId> = rows.iter().map(|row| row.id).collect();
    let named = history.events().filter_map(linked).filter(|id| !own.contains(id));
    let named: Vec<MessageId> = named.collect();
    rows.extend(store.messages(&named).await?);
    for row in rows {
        let (content, _) = vault.opened_message(&row, access)?;
        if let Body::Record(record) = content.body {
            history.records.insert(row.id, record);
        }
    }
    Ok(history)
}

impl History {
    /// The person that these entries make: a fold, never a new decision.
    ///
    /// # Errors
    /// [`UnknownRecord`].
    pub fn fold(&self, id: PersonId) -> Result<Person, UnknownRecord> {
        Person::fold(id, self.events(), &self.records)
    }

    /// What happened, in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.entries.iter().flat_map(|entry| &entry.events)
    }

    /// Whom the person absorbed.
    pub fn absorbed(&self) -> impl Iterator<Item = PersonId> {
        self.events().filter_map(|event| match event {
            Event::Absorbed { person, .. } => Some(person.id),
            _ => None,
        })
    }

    /// Whom the person was taken for together with another, before a split.
    #[must_use]
    pub fn came_of(&self) -> Option<PersonId> {
        self.events().find_map(|event| match event {
            Event::CameOf { from, .. } => Some(*from),
            _ => None,
        })
    }

    /// To whom this id leads: who absorbed the person, or who goes on after a split.
    #[must_use]
    pub fn survivor(&self) -> Option<PersonId> {
        let leads = self.events().filter_map(|event| match event {
            Event::MergedInto { survivor } => Some(*survivor),
            Event::Parted { kept, .. } => Some(*kept),
            _ => None,
        });
        leads.last()
    }
}

fn linked(event: &Event) -> Option<MessageId> {
    match event {
        Event::Linked { message, .. } => Some(*message),
        _ => None,
    }
}
