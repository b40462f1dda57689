//! The first step: messages without a decision, read and opened.
//!
//! What does not open or read is put aside under a code; it takes its place in the order of decisions all the same.

use std::collections::{BTreeMap, BTreeSet};

use decide::world::Aside;
use schemas::ids::{MessageId, PersonId, Seed};
use schemas::message::Body;

use super::DeciderError;
use crate::store::Store;
use crate::store::rows::{PendingRow, Sealed};
use crate::vault::{Access, DataKey, Vault, Why};

/// A message on its way to its decision.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) id: MessageId,
    /// Its key, wrapped by the key-encryption key.
    pub(super) wrapped: Sealed,
    /// What it says, or the code under which it is put aside.
    pub(super) said: Result<Opened, Aside>,
    /// Whose due moment it is.
    pub(super) due: Option<PersonId>,
}

/// What a message says, with the key that it is sealed under.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) seed: Seed,
    pub(super) body: Body,
    pub(super) key: DataKey,
}

/// What is taken next: not what was taken already, and not what is known to be at fault.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    /// Messages that are being decided or committed.
    pub(super) in_hand: BTreeSet<MessageId>,
    /// Messages whose batch the database refused: each is decided alone.
    pub(super) alone: BTreeSet<MessageId>,
    /// Messages that the database refused alone, with the code under which they are put aside.
    pub(super) refused: BTreeMap<MessageId, Aside>,
}

/// Takes up to `limit` messages, oldest first.
pub(super) async fn take(
    store: Store,
    vault: Vault,
    taken: Taken,
    limit: usize,
) -> Result<Vec<Queued>, DeciderError> {
    let most = u32::try_from(limit + taken.in_hand.len()).unwrap_or(u32::MAX);
    let queue = store.pending(most).await?.into_iter();
    let mut ids: Vec<MessageId> = queue.filter(|id| !taken.in_hand.contains(id)).take(limit).collect();
    // One that may be at fault ends the batch before it, and is a batch of its own.
    if let Some(at) = ids.iter().position(|id| taken.alone.contains(id)) {
        ids.truncate(at.max(1));
    }
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let rows = store.queued(&ids).await?;
    let open = move || rows.into_iter().map(|row| open(&vault, &taken, row)).collect();
    tokio::task::spawn_blocking(open).await.map_err(|error| DeciderError::again("opening messages", error))?
}

fn open(vault: &Vault, taken: &Taken, row: PendingRow) -> Result<Queued, DeciderError> {
    let PendingRow { id, content, key: wrapped } = row;
    let read = || {
        let key = vault.message_key(id, &wrapped, None, Access::hub(Why::Decide))?;
        let content = vault.content(id, &key, &content)?;
        Ok(Opened { seed: content.seed, body: content.body, key })
    };
    let said = match read() {
        Ok(opened) => Ok(opened),
        Err(shut) => {
            // Where the file of keys is at fault, the message is not.
            let shut = DeciderError::unless_missing(shut)?;
            tracing::error!(message = %id, error = %shut, "a message does not open");
            Err(Aside::MessageUnreadable)
        }
    };
    let due = match &said {
        Ok(Opened { body: Body::Due(person), .. }) => Some(*person),
        Ok(_) | Err(_) => None,
    };
    let said = taken.refused.get(&id).map_or(said, |code| Err(*code));
    Ok(Queued { id, wrapped, said, due })
}
