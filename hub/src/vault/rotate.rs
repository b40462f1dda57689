//! Rotation: keys that an older key-encryption key wraps are wrapped by the first one, while the hub runs.
//!
//! To rotate without downtime: add the new key as a further `kek=` line on every machine, then move it to the first
//! place on every machine, then run `hub keys --rewrap`, then remove the old line. What a key wraps is counted in
//! blocks ([`Store::reserve_wrapping`]), so that a crash counts too much and never too little.

use schemas::ids::{MessageId, PersonId};

use super::{Access, Place, SealError, Shut, Vault, Why};
use crate::store::wrapped::WrappedIn;
use crate::store::{Store, StoreError};

/// How many keys are exchanged at once.
const PAGE: u32 = 500;

/// Why a rotation stopped. What was exchanged before stays so.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The database: run it again.
    #[error("the database could not do it")]
    Store(#[from] StoreError),
    /// A key is wrapped by none of the keys in the file: add the one that is missing.
    #[error("a key cannot be unwrapped")]
    Shut(#[from] Shut),
    /// The machine: run it again.
    #[error("a key cannot be wrapped")]
    Seal(#[from] SealError),
}

/// Wraps every key of a column by the first key-encryption key; says how many were exchanged.
///
/// # Errors
/// [`RotateError`].
pub async fn rewrap(store: &Store, vault: &Vault, column: WrappedIn) -> Result<u64, RotateError> {
    let (mut after, mut exchanged) = (Vec::new(), 0);
    loop {
        let page = store.wrapped_by_others(column, vault.wrapping().0, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(exchanged) };
        after = last.to_vec();
        let mut keys = Vec::with_capacity(page.len());
        for (id, old) in page {
            let new = vault.rewrapped(&place(column, id), &old)?;
            keys.push((id, old, new));
        }
        exchanged += store.exchange_wrapped(column, keys).await?;
    }
}

fn place(column: WrappedIn, id: [u8; 16]) -> Place<'static> {
    match column {
        WrappedIn::Key => Place::PersonKey(PersonId::from_bytes(id)),
        WrappedIn::Pending | WrappedIn::MessageKey => Place::MessageKey(MessageId::from_bytes(id)),
        WrappedIn::Refusal => Place::RefusalKey(MessageId::from_bytes(id)),
        WrappedIn::Act => Place::ActKey(MessageId::from_bytes(id)),
    }
}

impl Vault {
    /// A wrapped key, wrapped anew by the first key-encryption key.
    fn rewrapped(&self, place: &Place<'_>, wrapped: &[u8]) -> Result<Vec<u8>, RotateError> {
        self.looks(Access::hub(Why::Rotate));
        Ok(self.ring.wrap_first(place, &self.ring.unwrap(place, wrapped)?)?)
    }
}
