//! The cover of the index: under which secret the HMAC of a key stands in `match_key`, so that the secret can change.
//!
//! The HMAC that a key has is made at the door and sealed with what was said; it never changes, and neither does what is
//! decided. In the index, which is not sealed, stands the HMAC of that one under the first cover, and beside each record, sealed under
//! it, the HMACs themselves: the way back, by which everything is covered anew while the hub runs ([`super::reindex`]).
//! Without a cover it stands there as it is.

use ring::hmac;
use schemas::ids::MessageId;
use schemas::key::Mac;

use super::keys::{DataKey, KeyId, SealError};
use super::{Place, Shut, Vault};
use crate::store::rows::StoredKeys;

/// What a cell of keys under a cover begins with, before the cover's id; one without a cover is as long as its HMACs.
const COVERED: u8 = 1;
/// How long that is with the id.
const HEAD: usize = 5;

/// Under what the index may stand.
#[derive(Clone)]
pub(super) enum Cover {
    /// HMACs stand there as they are.
    Bare,
    Under {
        id: KeyId,
        index: hmac::Key,
        seal: DataKey,
    },
}

impl Cover {
    /// From a secret; its two uses have a key each.
    pub(super) fn of(secret: &[u8; 32]) -> Result<Self, SealError> {
        let from = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = |what: &[u8]| -> [u8; 32] {
            let mut key = [0; 32];
            key.copy_from_slice(hmac::sign(&from, what).as_ref());
            key
        };
        let index = hmac::Key::new(hmac::HMAC_SHA256, &derived(b"index"));
        Ok(Self::Under { id: super::keys::id(secret), index, seal: DataKey::from_bytes(derived(b"keys"))? })
    }

    fn hash(&self, mac: Mac) -> Mac {
        match self {
            Self::Bare => mac,
            Self::Under { index, .. } => {
                let mut hash = [0; 32];
                hash.copy_from_slice(hmac::sign(index, &mac.0).as_ref());
                Mac(hash)
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Bare => "none".to_owned(),
            Self::Under { id, .. } => id.to_string(),
        }
    }

    /// What its cells begin with.
    fn head(&self) -> Vec<u8> {
        match self {
            Self::Bare => vec![],
            Self::Under { id, .. } => [&[COVERED][..], &id.0].concat(),
        }
    }
}

impl Vault {
    /// The same vault with these covers: the first one is put on, all are known. None at all is the bare one.
    ///
    /// # Errors
    /// [`SealError::Length`].
    pub fn with_covers(mut self, secrets: &[Option<[u8; 32]>]) -> Result<Self, SealError> {
        let covers = secrets.iter().map(|secret| secret.as_ref().map_or(Ok(Cover::Bare), Cover::of));
        let covers = covers.collect::<Result<Vec<_>, _>>()?;
        self.covers = if covers.is_empty() { [Cover::Bare].into() } else { covers.into() };
        Ok(self)
    }

    /// Under what an HMAC may stand in the index, by any cover.
    pub fn in_index(&self, mac: Mac) -> impl Iterator<Item = Mac> {
        self.covers.iter().map(move |cover| cover.hash(mac))
    }

    /// The keys of a record under the first cover.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn stored_keys(&self, record: MessageId, macs: &[Mac]) -> Result<StoredKeys, SealError> {
        let bytes: Vec<u8> = macs.iter().flat_map(|mac| mac.0).collect();
        let first = &self.covers[0];
        let cell = match first {
            Cover::Bare => bytes,
            Cover::Under { seal, .. } => {
                let sealed = self.ring.seal(seal, &Place::Keys(record), &bytes)?;
                [first.head(), sealed].concat()
            }
        };
        Ok(StoredKeys { hashes: macs.iter().map(|mac| first.hash(*mac)).collect(), cell })
    }

    /// The HMACs by which a record is found, from what stands beside it.
    ///
    /// # Errors
    /// Where its cover is not in the file of keys, or it does not open.
    pub fn keys_of(&self, record: MessageId, cell: &[u8]) -> Result<Vec<Mac>, Shut> {
        let place = Place::Keys(record);
        let damaged = || Shut::Damaged(place.column());
        let bytes = match cell.split_at_checked(HEAD).filter(|_| cell.len() % 32 == 1) {
            None => cell.to_vec(),
            Some((head, sealed)) => {
                let cover = self.covers.iter().find(|cover| cover.head() == head);
                let Some(Cover::Under { seal, .. }) = cover else {
                    let mut id = [0; 4];
                    id.copy_from_slice(&head[1..]);
                    return Err(Shut::NoCover(KeyId(id)));
                };
                seal.open(&place, sealed)?
            }
        };
        let macs = bytes.chunks(32).map(|mac| mac.try_into().map(Mac).map_err(|_| damaged()));
        macs.collect()
    }

    /// What the cells under the first cover begin with; nothing where it is the bare one.
    #[must_use]
    pub fn cover_head(&self) -> Vec<u8> {
        self.covers[0].head()
    }

    /// The covers by their names, the first one first.
    #[must_use]
    pub fn covers(&self) -> Vec<String> {
        self.covers.iter().map(Cover::name).collect()
    }
}
