//! Reading what a story is told from: the histories of a person and of everybody they absorbed, and what was sent.
//!
//! The one place that walks from a person to those who were absorbed, and to whom they came of. Reads only, and works beside a running hub. Next:
//! [`super::person`].

use std::collections::BTreeMap;

use decide::Person;
use decide::world::Ask;
use schemas::ids::{DeliveryId, PersonId};
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde_json::Value;

use super::At;
use crate::contract::Schemas;
use crate::history::{self, History, HistoryError, JournalEntry};
use crate::store::Store;
use crate::store::rows::{FoundRow, Outgoing};
use crate::vault::{Access, Shut, Vault};

/// A record about a person that is still kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    pub recipient: Recipient,
    pub sequence: u64,
    /// When its arrival was proved.
    pub arrived_at: Option<Instant>,
    /// The fields that have a value in it; none where it was not opened, or does not open.
    pub fields: Option<Vec<String>>,
}

/// A person's history with that of everybody who was absorbed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownHistory {
    pub person: PersonId,
    pub own: History,
    /// The histories of those who were absorbed, and of whom they were taken for before a split, each to its end, in the
    /// order in which they began.
    pub absorbed: Vec<(PersonId, History)>,
    /// The records about all of them that are still kept.
    pub sent: BTreeMap<DeliveryId, Sent>,
}

impl KnownHistory {
    /// Somebody of whom nothing can be told.
    #[must_use]
    pub fn nothing(person: PersonId) -> Self {
        Self { person, own: History::default(), absorbed: vec![], sent: BTreeMap::new() }
    }

    /// Everybody whose histories these are.
    pub fn persons(&self) -> impl Iterator<Item = PersonId> {
        self.absorbed.iter().map(|(id, _)| *id).chain([self.person])
    }

    /// Everything that happened, in the order of decisions. In the message that made two persons one, what happened to
    /// the absorbed comes first.
    #[must_use]
    pub fn entries(&self) -> Vec<&JournalEntry> {
        let absorbed = self.absorbed.iter().rev().flat_map(|(_, history)| &history.entries);
        let mut entries: Vec<&JournalEntry> = absorbed.chain(&self.own.entries).collect();
        entries.sort_by_key(|entry| entry.order);
        entries
    }
}

/// Where a story is read.
#[derive(Clone, Copy, Debug)]
pub struct StoryReader<'a> {
    pub store: &'a Store,
    pub vault: &'a Vault,
    pub access: Access<'a>,
    /// The recipients' schemas, where records are opened to see which fields are in them.
    pub schemas: Option<&'a Schemas>,
    /// Until when history is read; all of it unless said.
    pub at: Option<At>,
}

impl StoryReader<'_> {
    /// The history of whoever goes by this id, of who they were by then, with all whom they had absorbed.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn known(&self, asked: PersonId) -> Result<KnownHistory, HistoryError> {
        let mut person = asked;
        let own = loop {
            let own = self.history(person).await?;
            match own.survivor() {
                Some(next) => person = next,
                None => break own,
            }
        };
        let mut known = KnownHistory { own, ..KnownHistory::nothing(person) };
        let mut open: Vec<PersonId> = known.own.absorbed().collect();
        let mut wholes: Vec<PersonId> = known.own.came_of().into_iter().collect();
        while let Some(id) = open.pop().or_else(|| wholes.pop()) {
            let history = match self.history(id).await {
                Ok(history) => history,
                // What was of two is gone once either of them was erased; what is their own is not.
                Err(HistoryError::Shut(Shut::Erased)) if known.own.came_of().is_some() => continue,
                Err(error) => return Err(error),
            };
            open.extend(history.absorbed());
            wholes.extend(history.came_of());
            known.absorbed.push((id, history));
        }
        known.absorbed.sort_by_key(|(_, history)| history.entries.first().map(|entry| entry.order));
        for id in known.persons().collect::<Vec<_>>() {
            let sent = self.store.sent_about(id).await?;
            known.sent.extend(sent.iter().map(|found| (found.row.delivery, self.sent(found))));
        }
        Ok(known)
    }

    /// These persons as they are now, by the ids they were asked by; who was absorbed is the survivor, who does not open is
    /// left out.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn persons(&self, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, HistoryError> {
        let asks: Vec<Ask> = ids.iter().map(|id| Ask::Person(*id)).collect();
        let mut persons = BTreeMap::new();
        for found in self.store.load(&asks).await? {
            let FoundRow::Person(asked, row) = found else { continue };
            match self.vault.person(&row, self.access) {
                Ok((person, _)) => {
                    persons.insert(asked, person);
                }
                Err(Shut::Erased) => {}
                Err(shut) => return Err(shut.into()),
            }
        }
        Ok(persons)
    }

    async fn history(&self, id: PersonId) -> Result<History, HistoryError> {
        let mut history = history::own(self.store, self.vault, id, self.access).await?;
        history.entries.retain(|entry| self.at.is_none_or(|at| at.knows(entry.order, entry.known_at)));
        Ok(history)
    }

    fn sent(&self, found: &Outgoing) -> Sent {
        let row = &found.row;
        Sent {
            recipient: row.recipient.clone(),
            sequence: row.sequence,
            arrived_at: found.closed_at,
            // A record that does not open or read is no reason to tell nothing: its receipt says so.
            fields: self.schemas.and_then(|schemas| self.fields(schemas, found)),
        }
    }

    fn fields(&self, schemas: &Schemas, found: &Outgoing) -> Option<Vec<String>> {
        let body = self.vault.body(&found.row, found.key.as_deref(), self.access).ok()?;
        let value = schemas.read(found.row.schema_id, &body).ok()?;
        let view = value["offer"].as_object().or_else(|| value["file"].as_object());
        let filled = |(name, value): (&String, &Value)| (!value.is_null()).then(|| name.clone());
        Some(view.into_iter().flatten().filter_map(filled).collect())
    }
}
