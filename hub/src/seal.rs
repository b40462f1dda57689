//! Keys and sealing: AES-256-GCM, HMAC-SHA-256, and the key hierarchy.
//!
//! The key-encryption key wraps each person's key; a message has a key of its own, wrapped by the
//! key-encryption key until it is linked and by the person's key from then on. Index keys are HMACs
//! under a secret of their own. Destroying a person's key makes all of him unreadable. Refuses to hand out a
//! key's bytes. Source: DESIGN 5, trust note 5.5.

use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// What sealing says when it cannot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    /// Another key, another purpose, or changed bytes.
    #[error("the sealed value does not open with this key and purpose")]
    DoesNotOpen,
    /// Not 32 bytes.
    #[error("a key has 32 bytes")]
    KeyLength,
    /// The system has no randomness.
    #[error("the system gives no randomness")]
    Randomness,
}

/// What a sealed value is: bound into it, so that no value can stand in for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A message's content.
    Message,
    /// A refused item.
    Refusal,
    /// What linking compares of a person.
    Matching,
    /// The rest of a person.
    State,
    /// Journal events.
    Journal,
    /// A record on its way out.
    Outbox,
    /// A task's content.
    Task,
    /// A wrapped key.
    Key,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Message => b"message",
            Self::Refusal => b"refusal",
            Self::Matching => b"matching",
            Self::State => b"state",
            Self::Journal => b"journal",
            Self::Outbox => b"outbox",
            Self::Task => b"task",
            Self::Key => b"key",
        }
    }
}

/// One symmetric key, ready to use.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    bytes: [u8; 32],
    aead: LessSafeKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    fn from_bytes(bytes: [u8; 32]) -> Result<Self, SealError> {
        let unbound = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| SealError::KeyLength)?;
        Ok(Self(Arc::new(Inner { bytes, aead: LessSafeKey::new(unbound) })))
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, rest) = sealed.split_at_checked(12).ok_or(SealError::DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::DoesNotOpen)?;
        let mut bytes = rest.to_vec();
        let aad = Aad::from(purpose.label());
        let opened = self.0.aead.open_in_place(nonce, aad, &mut bytes).map_err(|_| SealError::DoesNotOpen)?;
        let length = opened.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Opens a wrapped key.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`] or [`SealError::KeyLength`].
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Self, SealError> {
        let bytes = self.open(Purpose::Key, wrapped)?;
        Self::from_bytes(bytes.try_into().map_err(|_| SealError::KeyLength)?)
    }
}

/// The keys of a deployment, and the randomness to make more.
#[derive(Clone)]
pub struct Keys {
    kek: Key,
    index: hmac::Key,
    random: SystemRandom,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// From the two secrets of a deployment: the key-encryption key and the index secret.
    ///
    /// # Errors
    /// [`SealError::KeyLength`].
    pub fn new(kek: [u8; 32], index: [u8; 32]) -> Result<Self, SealError> {
        let index = hmac::Key::new(hmac::HMAC_SHA256, &index);
        Ok(Self { kek: Key::from_bytes(kek)?, index, random: SystemRandom::new() })
    }

    /// The key-encryption key: for wrapping and unwrapping only.
    #[must_use]
    pub fn kek(&self) -> &Key {
        &self.kek
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn fresh(&self) -> Result<Key, SealError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).map_err(|_| SealError::Randomness)?;
        Key::from_bytes(bytes)
    }

    /// Seals a value under a key for one purpose: nonce, ciphertext, tag.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn seal(&self, key: &Key, purpose: Purpose, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; 12];
        self.random.fill(&mut nonce).map_err(|_| SealError::Randomness)?;
        let mut out = Vec::with_capacity(12 + value.len() + AES_256_GCM.tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(value);
        let tag = key
            .0
            .aead
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.label()),
                &mut out[12..],
            )
            .map_err(|_| SealError::Randomness)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Wraps a key by another.
    ///
    /// # Errors
    /// [`SealError::Randomness`].
    pub fn wrap(&self, by: &Key, key: &Key) -> Result<Vec<u8>, SealError> {
        self.seal(by, Purpose::Key, &key.0.bytes)
    }

    /// The HMAC of a text under the index secret: `what` keeps uses apart.
    #[must_use]
    pub fn mac(&self, what: &str, text: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(what.as_bytes());
        context.update(&[0]);
        context.update(text);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new([1; 32], [2; 32]).unwrap()
    }

    #[test]
    fn a_value_opens_only_with_its_key_and_purpose() {
        let keys = keys();
        let (key, other) = (keys.fresh().unwrap(), keys.fresh().unwrap());
        let sealed = keys.seal(&key, Purpose::State, b"value").unwrap();
        assert_eq!(key.open(Purpose::State, &sealed).unwrap(), b"value");
        assert_eq!(key.open(Purpose::Matching, &sealed), Err(SealError::DoesNotOpen));
        assert_eq!(other.open(Purpose::State, &sealed), Err(SealError::DoesNotOpen));
        assert_eq!(key.open(Purpose::State, &sealed[..10]), Err(SealError::DoesNotOpen));
        let mut changed = sealed;
        changed[14] ^= 1;
        assert_eq!(key.open(Purpose::State, &changed), Err(SealError::DoesNotOpen));
    }

    #[test]
    fn keys_are_wrapped_by_keys() {
        let keys = keys();
        let (person, message) = (keys.fresh().unwrap(), keys.fresh().unwrap());
        let wrapped = keys.wrap(&person, &message).unwrap();
        let sealed = keys.seal(&message, Purpose::Message, b"content").unwrap();
        let opened = person.unwrap(&wrapped).unwrap();
        assert_eq!(opened.open(Purpose::Message, &sealed).unwrap(), b"content");
        assert_eq!(keys.kek().unwrap(&wrapped).err(), Some(SealError::DoesNotOpen));
    }

    #[test]
    fn index_hmacs_differ_by_use() {
        let keys = keys();
        assert_eq!(keys.mac("key", b"a"), keys.mac("key", b"a"));
        assert_ne!(keys.mac("key", b"a"), keys.mac("dedupe", b"a"));
    }
}
