//! From rows to answers: what the heart asks for, read in bulk and opened.
//!
//! Keeps the keys of who is in the world, because what is stored afterwards is sealed under them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decide::World;
use decide::person::{Event, Past};
use decide::world::{Ask, FoundAs, Holders, Needs, Reply, is_learning};
use schemas::ids::{MessageId, PersonId};
use schemas::key::Mac;
use schemas::message::{Body, Prepared};

use super::DeciderError;
use crate::store::Store;
use crate::store::rows::{FoundRow, JournalRow, MessageRow};
use crate::vault::{Access, Content, DataKey, PersonKey, Shut, Vault, Why};

const ACCESS: Access<'static> = Access::hub(Why::Decide);

/// The keys of who and what is in the world.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyRing {
    pub(super) persons: BTreeMap<PersonId, PersonKey>,
    /// The keys of records that wait.
    pub(super) waiting: BTreeMap<MessageId, DataKey>,
    /// The keys of the records of whom a past is known.
    pub(super) past: BTreeMap<PersonId, BTreeMap<MessageId, DataKey>>,
}

impl KeyRing {
    /// Forgets the keys of what is in the world no more.
    pub(super) fn keep_with(&mut self, world: &World) {
        self.persons.retain(|id, _| world.has(&Ask::Person(*id)) || world.has(&Ask::Past(*id)));
        self.past.retain(|id, _| world.has(&Ask::Past(*id)));
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
    // What stands in the index for a key, by any cover.
    let keys_of: BTreeMap<Mac, Mac> = needs
        .iter()
        .filter_map(|ask| match ask {
            Ask::Key(mac) | Ask::Name(mac) => Some(*mac),
            _ => None,
        })
        .flat_map(|mac| vault.in_index(mac).map(move |hash| (hash, mac)))
        .collect();
    let asks = needs.iter().flat_map(|ask| match ask {
        Ask::Key(mac) => vault.in_index(*mac).map(Ask::Key).collect(),
        Ask::Name(mac) => vault.in_index(*mac).map(Ask::Name).collect(),
        other => vec![other.clone()],
    });
    let asks: Vec<Ask> = asks.collect();
    let found = store.load(&asks).await?;
    let key = |hash: Mac| keys_of.get(&hash).copied().unwrap_or(hash);
    let mut answers: BTreeMap<Ask, Reply> = needs.iter().map(|ask| (ask.clone(), absent(ask))).collect();
    let mut pasts: BTreeMap<PersonId, Past> = BTreeMap::new();
    let mut shut: BTreeSet<PersonId> = BTreeSet::new();
    for row in found {
        match row {
            FoundRow::Key(mac, record, person) => hold(&mut answers, &Ask::Key(key(mac)), record, person),
            FoundRow::Name(mac, record, person) => hold(&mut answers, &Ask::Name(key(mac)), record, person),
            FoundRow::Person(asked, row) => {
                if asked != row.id {
                    answers.insert(Ask::Person(asked), Reply::Person(FoundAs::Absorbed(row.id)));
                }
                let found = readable(row.id, vault.person(&row, ACCESS))?.map(|(person, key)| {
                    keys.persons.insert(row.id, key);
                    Arc::new(person)
                });
                answers.insert(Ask::Person(row.id), Reply::Person(found));
            }
            FoundRow::Match(asked, row) => {
                if asked != row.id {
                    answers.insert(Ask::Match(asked), Reply::Match(FoundAs::Absorbed(row.id)));
                }
                let found = readable(row.id, vault.matching(&row, ACCESS))?.map(Arc::new);
                answers.insert(Ask::Match(row.id), Reply::Match(found));
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
                let Some(owner) = row.key.owner else { continue };
                let Some((record, key)) = record(vault, &row)? else { continue };
                if let Some(Reply::Journal(records)) = answers.get_mut(&Ask::Journal(owner))
                    && is_learning(&record.record)
                {
                    records.push((row.id, Arc::clone(&record)));
                }
                if needs.contains(&Ask::Past(owner)) {
                    pasts.entry(owner).or_default().records.insert(row.id, record);
                    keys.past.entry(owner).or_default().insert(row.id, key);
                }
            }
            FoundRow::Keys(person, record, cell) => {
                if let Some(Reply::Keys(known)) = answers.get_mut(&Ask::Keys(person)) {
                    match vault.keys_of(record, &cell) {
                        Ok(keys) => known.extend(keys),
                        Err(shut) => {
                            let shut = DeciderError::unless_missing(shut)?;
                            tracing::warn!(message = %record, error = %shut, "the keys of a record do not open");
                        }
                    }
                }
            }
            FoundRow::Lived(row, key) => match lived(vault, &row, key.as_deref(), keys)? {
                Some(events) => pasts.entry(row.person).or_default().events.extend(events),
                None => drop(shut.insert(row.person)),
            },
            FoundRow::Sent(recipient, sequence, record) => {
                answers.insert(Ask::Sent(recipient, sequence), Reply::Sent(Some(record)));
            }
        }
    }
    for (id, past) in pasts.into_iter().filter(|(id, _)| !shut.contains(id)) {
        answers.insert(Ask::Past(id), Reply::Past(Some(Arc::new(past))));
    }
    Ok(answers.into_iter().collect())
}

/// What one message did to somebody whose past is asked for; none where it does not open.
fn lived(
    vault: &Vault,
    row: &JournalRow,
    wrapped: Option<&[u8]>,
    keys: &mut KeyRing,
) -> Result<Option<Vec<Event>>, DeciderError> {
    let opened = vault.person_key(row.person, wrapped, ACCESS).and_then(|key| {
        let events = vault.events(row, &key.key, ACCESS)?;
        keys.persons.insert(row.person, key);
        Ok(events)
    });
    match opened {
        Ok(events) => Ok(Some(events)),
        Err(shut) => {
            let shut = DeciderError::unless_missing(shut)?;
            tracing::warn!(person = %row.person, error = %shut, "a past does not open");
            Ok(None)
        }
    }
}

fn hold(answers: &mut BTreeMap<Ask, Reply>, ask: &Ask, record: MessageId, person: Option<PersonId>) {
    if let Some(Reply::Key(holders)) = answers.get_mut(ask) {
        holders.insert(record, person);
    }
}

fn absent(ask: &Ask) -> Reply {
    match ask {
        Ask::Key(_) | Ask::Name(_) => Reply::Key(Holders::default()),
        Ask::Person(_) => Reply::Person(FoundAs::Nobody),
        Ask::Match(_) => Reply::Match(FoundAs::Nobody),
        Ask::Owner(_) => Reply::Owner(None),
        Ask::Waiting(_) => Reply::Waiting(None),
        Ask::Journal(_) => Reply::Journal(Vec::new()),
        Ask::Keys(_) => Reply::Keys(BTreeSet::new()),
        Ask::Past(_) => Reply::Past(None),
        Ask::Sent(..) => Reply::Sent(None),
    }
}

/// A person who does not open stops only the messages that need them; a missing key-encryption key stops everything.
fn readable<T>(id: PersonId, opened: Result<T, Shut>) -> Result<FoundAs<T>, DeciderError> {
    match opened {
        Ok(opened) => Ok(FoundAs::Here(opened)),
        Err(shut) => {
            let shut = DeciderError::unless_missing(shut)?;
            tracing::warn!(person = %id, error = %shut, "a person does not open");
            Ok(FoundAs::Shut)
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
