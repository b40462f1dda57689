//! Counting what the key-encryption key wraps, in blocks that are reserved ahead in the database.
//!
//! A crash counts a block that was not used up, and never too little. `hub keys` and `hub doctor` show the count.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::store::Store;
use crate::vault::Vault;

/// How much is reserved at once: more than a process wraps between two looks.
const BLOCK: u64 = 1 << 20;

/// How often it is looked whether a block is half used.
const EVERY: Duration = Duration::from_secs(5);

/// Reserves ahead of what this process wraps, until told to stop.
pub(super) async fn count(store: Store, vault: Vault, stop: CancellationToken) {
    let mut reserved = 0;
    while !stop.is_cancelled() {
        if vault.wrapped() + BLOCK / 2 > reserved {
            match store.reserve_wrapping(vault.wrapping().0, BLOCK).await {
                Ok(_) => reserved += BLOCK,
                Err(error) => {
                    tracing::warn!(%error, "what the key-encryption key wraps could not be counted")
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
