//! Keys: AES-256-GCM keys ready to use, and the ring of key-encryption keys that wraps them.
//!
//! The first key of the ring wraps; older ones only open, so that a rotation needs no downtime
//! ([`super::rotate`]). A wrapped key begins with the id of the key that wraps it. Next: [`super::Place`], which is
//! bound into every sealed value.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use schemas::key::Mac;
use zeroize::Zeroizing;

use super::{Place, Shut};

/// Values that one key may seal under random nonces: NIST SP 800-38D 8.3 allows 2^32.
pub const LIMIT: u64 = 1 << 32;

/// Which key-encryption key: the first bytes of SHA-256 over it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub [u8; 4]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why nothing can be sealed. Never the data's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    /// The system has no randomness: try again.
    #[error("the system gives no randomness")]
    Randomness,
    /// A secret has the wrong length.
    #[error("a key must have 32 bytes")]
    Length,
}

/// One symmetric key, ready to use.
#[derive(Clone)]
pub struct DataKey(Arc<KeyBytes>);

struct KeyBytes {
    bytes: Zeroizing<[u8; 32]>,
    aead: LessSafeKey,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl DataKey {
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(bytes);
        let unbound = UnboundKey::new(&AES_256_GCM, &*bytes).map_err(|_| SealError::Length)?;
        Ok(Self(Arc::new(KeyBytes { bytes, aead: LessSafeKey::new(unbound) })))
    }

    /// Opens what was sealed at this very place.
    pub(super) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Shut> {
        let shut = || Shut::Damaged(place.column());
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or_else(shut)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| shut())?;
        let mut bytes = rest.to_vec();
        let opened = self.0.aead.open_in_place(nonce, Aad::from(place.bound()), &mut bytes);
        let length = opened.map_err(|_| shut())?.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Unwraps a key that this one wraps.
    pub(super) fn unwrap(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<Self, Shut> {
        let shut = || Shut::Damaged(place.column());
        let bytes = Zeroizing::new(self.open(place, wrapped)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| shut())?;
        Self::from_bytes(bytes).map_err(|_| shut())
    }
}

/// The secrets of a deployment, and the randomness to make more keys. Cheap to clone.
#[derive(Clone)]
pub(super) struct Ring {
    first: KeyId,
    keys: Arc<BTreeMap<KeyId, DataKey>>,
    index: Arc<hmac::Key>,
    random: SystemRandom,
    /// What the first key has wrapped in this process.
    wrapped: Arc<AtomicU64>,
}

impl Ring {
    /// The first key-encryption key wraps, the others only open.
    pub(super) fn new(first: [u8; 32], older: &[[u8; 32]], index: [u8; 32]) -> Result<Self, SealError> {
        let mut keys = BTreeMap::new();
        for bytes in older.iter().chain([&first]) {
            keys.insert(id(bytes), DataKey::from_bytes(*bytes)?);
        }
        Ok(Self {
            first: id(&first),
            keys: Arc::new(keys),
            index: hmac::Key::new(hmac::HMAC_SHA256, &index).into(),
            random: SystemRandom::new(),
            wrapped: Arc::default(),
        })
    }

    pub(super) fn first(&self) -> KeyId {
        self.first
    }

    pub(super) fn holds(&self, key: KeyId) -> bool {
        self.keys.contains_key(&key)
    }

    pub(super) fn wrapped(&self) -> u64 {
        self.wrapped.load(Ordering::Relaxed)
    }

    pub(super) fn fill(&self, bytes: &mut [u8]) -> Result<(), SealError> {
        self.random.fill(bytes).map_err(|_| SealError::Randomness)
    }

    pub(super) fn fresh(&self) -> Result<DataKey, SealError> {
        let mut bytes = [0; 32];
        self.fill(&mut bytes)?;
        DataKey::from_bytes(bytes)
    }

    /// Seals a value: nonce, ciphertext, tag.
    pub(super) fn seal(&self, key: &DataKey, place: &Place<'_>, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        self.fill(&mut nonce)?;
        let mut out = Vec::with_capacity(NONCE_LEN + value.len() + AES_256_GCM.tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(value);
        let (nonce, bound) = (Nonce::assume_unique_for_key(nonce), Aad::from(place.bound()));
        let tag = key.0.aead.seal_in_place_separate_tag(nonce, bound, &mut out[NONCE_LEN..]);
        out.extend_from_slice(tag.map_err(|_| SealError::Randomness)?.as_ref());
        Ok(out)
    }

    /// Wraps a key by another key.
    pub(super) fn wrap(&self, by: &DataKey, place: &Place<'_>, key: &DataKey) -> Result<Vec<u8>, SealError> {
        self.seal(by, place, &*key.0.bytes)
    }

    /// Wraps a key by the first key-encryption key: its id, then the sealed key.
    pub(super) fn wrap_first(&self, place: &Place<'_>, key: &DataKey) -> Result<Vec<u8>, SealError> {
        let by = self.keys.get(&self.first).ok_or(SealError::Length)?;
        self.wrapped.fetch_add(1, Ordering::Relaxed);
        let mut wrapped = self.first.0.to_vec();
        wrapped.extend(self.wrap(by, place, key)?);
        Ok(wrapped)
    }

    /// Unwraps a key that one of the ring wraps.
    pub(super) fn unwrap(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<DataKey, Shut> {
        let (id, sealed) = wrapped.split_first_chunk().ok_or(Shut::Damaged(place.column()))?;
        let by = self.keys.get(&KeyId(*id)).ok_or(Shut::NoKey(KeyId(*id)))?;
        by.unwrap(place, sealed)
    }

    /// The HMAC of a text under the index secret; `what` keeps uses apart.
    pub(super) fn mac(&self, what: &str, text: &[u8]) -> Mac {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(what.as_bytes());
        context.update(&[0]);
        context.update(text);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        Mac(mac)
    }
}

pub(super) fn id(bytes: &[u8; 32]) -> KeyId {
    let mut id = [0; 4];
    id.copy_from_slice(&digest(&SHA256, bytes).as_ref()[..4]);
    KeyId(id)
}
