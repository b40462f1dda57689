//! From rows to answers: what the heart asks for, read in bulk and opened.
//!
//! Keeps the keys of who is in the world, because what is stored afterwards is sealed under them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decide::World;
use decide::world::{Ask, Holders, Needs, PersonFound, Reply, is_learning};
use schemas::ids::{MessageId, PersonId};
use schemas::message::{Body, Prepared};

use super::DeciderError;
use crate::store::Store;
use crate::store::rows::{FoundRow, MessageRow, PersonRow};
use crate::vault::{Access, Content, DataKey, PersonKey, Vault, Why};

const ACCESS: Access<'static> = Access::hub(Why::Decide);

/// The keys of who and what is in the world.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyRing {
    pub(super) persons: BTreeMap<PersonId, PersonKey>,
    /// The keys of records that wait.
    pub(super) waiting: BTreeMap<MessageId, DataKey>,
}

impl KeyRing {
    /// Forgets the keys of what is in the world no more.
    pub(super) fn keep_with(&mut self, world: &World) {
        self.persons.retain(|id, _| world.has(&Ask::Person(*id)));
        self.waiting.retain(|id, _| world.has(&Ask::Waiting(*id)));
    }
}

/// Reads what is needed; what does not exist is answered too.
pub(super) async fn load(
    store: &Store,
    vault: &Vault,
    needs: &Needs,
    keys: &mut KeyRing,
) -> Result<Vec<(Ask, Reply)>, DeciderError> {
    let found = store.load(needs).await?;
    let mut answers: BTreeMap<Ask, Reply> = needs.iter().map(|ask| (ask.clone(), absent(ask))).collect();
    for row in found {
        match row {
            FoundRow::Key(mac, record, person) => {
                if let Some(Reply::Key(holders)) = answers.get_mut(&Ask::Key(mac)) {
                    holders.insert(record, person);
                }
            }
            FoundRow::Person(asked, row) => {
                if asked != row.id {
                    answers.insert(Ask::Person(asked), Reply::Person(PersonFound::Absorbed(row.id)));
                }
                answers.insert(Ask::Person(row.id), Reply::Person(person(vault, &row, keys)?));
            }
            FoundRow::Owner(owned, person) => {
                answers.insert(Ask::Owner(owned), Reply::Owner(Some(person)));
            }
            FoundRow::Waiting(row) => {
                let record = record(vault, &row)?.map(|(record, key)| {
                    keys.waiting.insert(row.id, key);
                    record
                });
                answers.insert(Ask::Waiting(row.id), Reply::Waiting(record));
            }
            FoundRow::Own(row) => {
                let owner = row.key.owner.map(Ask::Journal);
                if let Some(Reply::Journal(records)) = owner.and_then(|ask| answers.get_mut(&ask))
                    && let Some((record, _)) = record(vault, &row)?
                    && is_learning(&record.record)
                {
                    records.push((row.id, record));
                }
            }
            FoundRow::Keys(person, keys) => {
                if let Some(Reply::Keys(known)) = answers.get_mut(&Ask::Keys(person)) {
                    known.extend(keys);
                }
            }
            FoundRow::Sent(recipient, sequence, record) => {
                answers.insert(Ask::Sent(recipient, sequence), Reply::Sent(Some(record)));
            }
        }
    }
    Ok(answers.into_iter().collect())
}

fn absent(ask: &Ask) -> Reply {
    match ask {
        Ask::Key(_) => Reply::Key(Holders::default()),
        Ask::Person(_) => Reply::Person(PersonFound::Nobody),
        Ask::Owner(_) => Reply::Owner(None),
        Ask::Waiting(_) => Reply::Waiting(None),
        Ask::Journal(_) => Reply::Journal(Vec::new()),
        Ask::Keys(_) => Reply::Keys(BTreeSet::new()),
        Ask::Sent(..) => Reply::Sent(None),
    }
}

/// A person who does not open stops only the messages that need them; a missing key-encryption key stops everything.
fn person(vault: &Vault, row: &PersonRow, keys: &mut KeyRing) -> Result<PersonFound, DeciderError> {
    match vault.person(row, ACCESS) {
        Ok((person, key)) => {
            keys.persons.insert(row.id, key);
            Ok(PersonFound::Here(Arc::new(person)))
        }
        Err(shut) => {
            let shut = DeciderError::unless_missing(shut)?;
            tracing::warn!(person = %row.id, error = %shut, "a person does not open");
            Ok(PersonFound::Shut)
        }
    }
}

/// The record in a message; none where it is no record, or was erased.
fn record(vault: &Vault, row: &MessageRow) -> Result<Option<(Arc<Prepared>, DataKey)>, DeciderError> {
    match vault.opened_message(row, ACCESS) {
        Ok((Content { body: Body::Record(record), .. }, key)) => Ok(Some((record, key))),
        Ok(_) => Ok(None),
        Err(shut) => {
            let shut = DeciderError::unless_missing(shut)?;
            tracing::warn!(message = %row.id, error = %shut, "a message does not open");
            Ok(None)
        }
    }
}
