//! The index under a new secret: records that stand under another cover are covered by the first one, while the hub runs.
//!
//! To change it without downtime: add the new secret as a further `cover=` line on every machine (where there was none, after
//! a line `cover=none`), then move it to the first place on every machine, then run `hub keys --reindex`, then remove the old
//! line. Until then everybody looks under all covers, so nobody is missed. A record that the decider writes meanwhile
//! stands under the first one already. Next: `cover`.

use super::{Access, SealError, Shut, Vault, Why};
use crate::store::reindex::CoveredAnew;
use crate::store::{Store, StoreError};

/// How many records are exchanged at once.
const PAGE: u32 = 200;

/// Why it stopped. What was exchanged before stays so.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The database: run it again.
    #[error("the database could not do it")]
    Store(#[from] StoreError),
    /// A record stands under none of the covers in the file: add the one that is missing.
    #[error("the keys of a record do not open")]
    Shut(#[from] Shut),
    /// The machine: run it again.
    #[error("keys cannot be covered")]
    Seal(#[from] SealError),
    /// The first line says that there is none.
    #[error("the first cover= of the file of keys is none: move the new one to the first place")]
    Bare,
}

/// Covers every record by the first cover; says how many were exchanged.
///
/// # Errors
/// [`ReindexError`].
pub async fn reindex(store: &Store, vault: &Vault) -> Result<u64, ReindexError> {
    let head = vault.cover_head();
    if head.is_empty() {
        return Err(ReindexError::Bare);
    }
    let (mut after, mut exchanged) = (Vec::new(), 0);
    loop {
        let page = store.covered_by_others(head.clone(), &after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(exchanged) };
        after = last.bytes().to_vec();
        vault.looks(Access::hub(Why::Rotate));
        let mut records = Vec::with_capacity(page.len());
        for (record, old) in page {
            let keys = vault.keys_of(record, &old)?;
            let new = vault.stored_keys(record, &keys)?;
            let first = |hash: &_| !new.hashes.contains(hash);
            let before = keys.iter().flat_map(|mac| vault.in_index(*mac)).filter(first).collect();
            records.push(CoveredAnew { record, old, new, before });
        }
        exchanged += store.cover_anew(records).await?;
    }
}
