//! The vault: the only room that opens a sealed value.
//!
//! Key-encryption key → person's key → message's key. A message is sealed under a key of its own, which the
//! key-encryption key wraps until the heart names its owner and the owner's key from then on. Everything about a
//! person (state, journal, records on their way out, tasks) is sealed under that person's key. A destroyed key is
//! [`Shut::Erased`]: no reason to try another. Each call that opens says who looks and why ([`Access`]).
//! Next: [`keys`] for the ring, [`Place`] for what is bound into a value, [`content`] for what a message holds, [`packed`]
//! for how a value is written, `cover` for what stands in the index in place of a key.

pub mod content;
mod cover;
mod dictionary;
pub mod keys;
pub mod packed;
mod place;
pub mod reindex;
pub mod rotate;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use decide::Person;
use decide::person::{Event, Matching};
use schemas::finding::Finding;
use schemas::ids::{MessageId, PersonId};
use schemas::insz::Insz;
use schemas::key::Mac;

use crate::store::rows::{
    ActRow, JournalRow, MatchRow, MessageKeyRow, MessageRow, OutboxRow, PersonRow, RefusalRow, Sealed,
    TaskRow,
};
pub use content::Content;
use cover::Cover;
use keys::Ring;
pub use keys::{DataKey, KeyId, SealError};
pub use place::Place;

/// Why somebody looks into a sealed value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// To decide a message.
    Decide,
    /// To hand a record to its recipient.
    Deliver,
    /// To ask the outside.
    Request,
    /// To prove that deciding again gives the same.
    Replay,
    /// To explain a decision.
    Explain,
    /// To answer a review.
    Review,
    /// To see to what was put aside.
    Quarantine,
    /// To tell a sender what became of a message.
    Receipt,
    /// To show a page of the console.
    Console,
    /// To wrap a key anew.
    Rotate,
    /// To tell what another bundle would do.
    WhatIf,
    /// To tell what a first load would open.
    FirstLoad,
}

impl Why {
    /// All of them, in the order of their counts.
    pub const ALL: [Self; 12] = [
        Self::Decide,
        Self::Deliver,
        Self::Request,
        Self::Replay,
        Self::Explain,
        Self::Review,
        Self::Quarantine,
        Self::Receipt,
        Self::Console,
        Self::Rotate,
        Self::WhatIf,
        Self::FirstLoad,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Deliver => "deliver",
            Self::Request => "request",
            Self::Replay => "replay",
            Self::Explain => "explain",
            Self::Review => "review",
            Self::Quarantine => "quarantine",
            Self::Receipt => "receipt",
            Self::Console => "console",
            Self::Rotate => "rotate",
            Self::WhatIf => "what-if",
            Self::FirstLoad => "first-load",
        }
    }
}

/// Who looks into a sealed value, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access<'a> {
    /// Who: a loop of the hub, or whoever runs a command or opens a page.
    pub actor: &'a str,
    pub why: Why,
}

impl Access<'static> {
    /// A loop of the hub itself.
    #[must_use]
    pub const fn hub(why: Why) -> Self {
        Self { actor: "hub", why }
    }
}

/// Why a sealed value stays shut. Names a column, never a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Shut {
    /// Its key was destroyed: the person was erased.
    #[error("erased: its key was destroyed")]
    Erased,
    /// It does not open where it stands: changed, moved, or sealed elsewhere.
    #[error("a value of {0} does not open where it stands")]
    Damaged(&'static str),
    /// It opened, and is of no known form.
    #[error("a value of {0} is of no known form")]
    Form(&'static str),
    /// It is wrapped by a key-encryption key that is not in the file of keys.
    #[error("a key is wrapped by the key-encryption key {0}, which is not in the file of keys")]
    NoKey(KeyId),
    /// It stands under a cover that is not in the file of keys.
    #[error("keys of a record stand under the cover {0}, which is not in the file of keys")]
    NoCover(KeyId),
}

/// A person's key with its wrapped form.
#[derive(Clone, Debug)]
pub struct PersonKey {
    pub key: DataKey,
    /// Wrapped by the key-encryption key, as table `key` has it.
    pub wrapped: Sealed,
}

/// The vault. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    ring: Ring,
    /// Under which the index stands: the first is put on, the others are known.
    covers: Arc<[Cover]>,
    opened: Arc<[AtomicU64; Why::ALL.len()]>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// From the secrets of a deployment: the key-encryption key that wraps, older ones that only open, and the
    /// index secret.
    ///
    /// # Errors
    /// [`SealError::Length`].
    pub fn new(first: [u8; 32], older: &[[u8; 32]], index: [u8; 32]) -> Result<Self, SealError> {
        let (ring, covers) = (Ring::new(first, older, index)?, [Cover::Bare].into());
        Ok(Self { ring, covers, opened: Arc::default() })
    }

    /// The HMAC of a text under the index secret; `what` keeps uses apart.
    #[must_use]
    pub fn mac(&self, what: &str, text: &[u8]) -> Mac {
        self.ring.mac(what, text)
    }

    /// The HMAC under which a key is found.
    #[must_use]
    pub fn index(&self, key: &schemas::key::Key) -> Mac {
        self.mac("key", key.text().as_bytes())
    }

    /// The key-encryption key that wraps now.
    #[must_use]
    pub fn wrapping(&self) -> KeyId {
        self.ring.first()
    }

    /// Whether a key-encryption key is in the file of keys.
    #[must_use]
    pub fn holds(&self, key: KeyId) -> bool {
        self.ring.holds(key)
    }

    /// How many keys it has wrapped in this process.
    #[must_use]
    pub fn wrapped(&self) -> u64 {
        self.ring.wrapped()
    }

    /// How many values were opened in this process, by why.
    #[must_use]
    pub fn opened(&self) -> Vec<(Why, u64)> {
        Why::ALL
            .into_iter()
            .zip(self.opened.iter())
            .map(|(why, n)| (why, n.load(Ordering::Relaxed)))
            .collect()
    }

    /// Whoever looks is counted by why, and named in the most detailed log.
    fn looks(&self, access: Access<'_>) {
        tracing::trace!(actor = access.actor, why = access.why.as_str(), "a sealed value is opened");
        if let Some(at) = Why::ALL.iter().position(|why| *why == access.why) {
            self.opened[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    // Making and wrapping keys.

    /// A fresh key.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn fresh(&self) -> Result<DataKey, SealError> {
        self.ring.fresh()
    }

    /// Seals a value at its place.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn seal(&self, key: &DataKey, place: Place<'_>, value: &[u8]) -> Result<Sealed, SealError> {
        self.ring.seal(key, &place, value)
    }

    /// A key for somebody new.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn new_person(&self, id: PersonId) -> Result<PersonKey, SealError> {
        let key = self.fresh()?;
        let wrapped = self.ring.wrap_first(&Place::PersonKey(id), &key)?;
        Ok(PersonKey { key, wrapped })
    }

    /// A message's key, wrapped by its owner's key, or by the key-encryption key while it has none.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn wrap_message(
        &self,
        id: MessageId,
        key: &DataKey,
        owner: Option<&DataKey>,
    ) -> Result<Sealed, SealError> {
        let place = Place::MessageKey(id);
        match owner {
            Some(owner) => self.ring.wrap(owner, &place, key),
            None => self.ring.wrap_first(&place, key),
        }
    }

    /// The key of a refused item, wrapped by the key-encryption key.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn wrap_refusal(&self, id: MessageId, key: &DataKey) -> Result<Sealed, SealError> {
        self.ring.wrap_first(&Place::RefusalKey(id), key)
    }

    /// What somebody said about messages that were put aside, sealed under a key of its own; with that key, wrapped.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn reason(&self, id: MessageId, text: &str) -> Result<(Sealed, Sealed), SealError> {
        let key = self.fresh()?;
        Ok((
            self.seal(&key, Place::Reason(id), text.as_bytes())?,
            self.ring.wrap_first(&Place::ActKey(id), &key)?,
        ))
    }

    // Opening.

    /// A person's key; without a wrapped one the person was erased.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn person_key(
        &self,
        id: PersonId,
        wrapped: Option<&[u8]>,
        access: Access<'_>,
    ) -> Result<PersonKey, Shut> {
        self.looks(access);
        let wrapped = wrapped.ok_or(Shut::Erased)?;
        Ok(PersonKey { key: self.ring.unwrap(&Place::PersonKey(id), wrapped)?, wrapped: wrapped.to_vec() })
    }

    /// A person as stored, with their key.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn person(&self, row: &PersonRow, access: Access<'_>) -> Result<(Person, PersonKey), Shut> {
        let key = self.person_key(row.id, row.key.as_deref(), access)?;
        let place = Place::Matching(row.id, row.version);
        let matching = form(&place, &key.key.open(&place, &row.matching)?)?;
        let place = Place::State(row.id, row.version);
        let state = form(&place, &key.key.open(&place, &row.state)?)?;
        Ok((Person { id: row.id, version: row.version, matching, state }, key))
    }

    /// What is compared of a person.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn matching(&self, row: &MatchRow, access: Access<'_>) -> Result<Matching, Shut> {
        let key = self.person_key(row.id, row.key.as_deref(), access)?;
        let place = Place::Matching(row.id, row.version);
        form(&place, &key.key.open(&place, &row.matching)?)
    }

    /// A message's key: its owner's key wraps it, or the key-encryption key while it has no owner.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn message_key(
        &self,
        id: MessageId,
        wrapped: &[u8],
        owner: Option<&DataKey>,
        access: Access<'_>,
    ) -> Result<DataKey, Shut> {
        self.looks(access);
        let place = Place::MessageKey(id);
        match owner {
            Some(owner) => owner.unwrap(&place, wrapped),
            None => self.ring.unwrap(&place, wrapped),
        }
    }

    /// What a message holds.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn content(&self, id: MessageId, key: &DataKey, sealed: &[u8]) -> Result<Content, Shut> {
        let place = Place::Content(id);
        Content::decode(&key.open(&place, sealed)?).map_err(|_| Shut::Form(place.column()))
    }

    /// What a stored message holds, with its key. Its row says whose key wraps that.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn opened_message(&self, row: &MessageRow, access: Access<'_>) -> Result<(Content, DataKey), Shut> {
        let MessageKeyRow { key, owner, owner_key } = &row.key;
        let owner = owner.map(|id| self.person_key(id, owner_key.as_deref(), access)).transpose()?;
        let key = self.message_key(row.id, key, owner.as_ref().map(|owner| &owner.key), access)?;
        Ok((self.content(row.id, &key, &row.content)?, key))
    }

    /// What one message did to one person, under that person's key.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn events(&self, row: &JournalRow, person: &DataKey, access: Access<'_>) -> Result<Vec<Event>, Shut> {
        self.looks(access);
        let place = Place::Journal(row.person, row.version);
        form(&place, &person.open(&place, &row.events)?)
    }

    /// The bare body of a record on its way out, under its person's key.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn body(&self, row: &OutboxRow, wrapped: Option<&[u8]>, access: Access<'_>) -> Result<Vec<u8>, Shut> {
        let person = self.person_key(row.person, wrapped, access)?;
        person.key.open(&Place::body(row), &row.body)
    }

    /// The number that a task asks about, under its person's key.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn task(&self, row: &TaskRow, wrapped: Option<&[u8]>, access: Access<'_>) -> Result<Insz, Shut> {
        let person = self.person_key(row.person, wrapped, access)?;
        let place = Place::Task(row.id, row.person);
        let digits = person.key.open(&place, &row.content)?;
        std::str::from_utf8(&digits)
            .ok()
            .and_then(|digits| Insz::parse(digits).ok())
            .ok_or(Shut::Form("task.content"))
    }

    /// What was found in a refused item.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn findings(&self, row: &RefusalRow, access: Access<'_>) -> Result<Vec<Finding>, Shut> {
        self.looks(access);
        let key = self.ring.unwrap(&Place::RefusalKey(row.id), &row.key)?;
        let place = Place::Findings(row.id);
        let bytes = key.open(&place, &row.findings)?;
        serde_json::from_slice(&bytes).map_err(|_| Shut::Form(place.column()))
    }

    /// What somebody said about messages that were put aside.
    ///
    /// # Errors
    /// [`Shut`].
    pub fn said(&self, row: &ActRow, access: Access<'_>) -> Result<String, Shut> {
        self.looks(access);
        let key = self.ring.unwrap(&Place::ActKey(row.id), &row.key)?;
        let place = Place::Reason(row.id);
        String::from_utf8(key.open(&place, &row.reason)?).map_err(|_| Shut::Form(place.column()))
    }
}

fn form<T: serde::de::DeserializeOwned>(place: &Place<'_>, bytes: &[u8]) -> Result<T, Shut> {
    packed::unpack(bytes).map_err(|_| Shut::Form(place.column()))
}

#[cfg(test)]
mod tests;
