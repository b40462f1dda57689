//! Waiting for a decision: the one way to do it, for whoever said something and wants to know what became of it.
//!
//! A decider in this process says when it is done; one elsewhere is looked after. Refuses to decide.

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::ids::MessageId;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::store::rows::{Outcome, ReceiptRow};
use crate::store::{Store, StoreError};

/// How often the store is asked where the decider runs elsewhere.
const LOOK: Duration = Duration::from_millis(50);

/// How many messages are looked at together.
const TOGETHER: usize = 500;

/// What was decided, as it is. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Decisions {
    store: Store,
    decided: watch::Receiver<u64>,
}

impl Decisions {
    /// Those of a store; `decided` changes after every batch of decisions made in this process.
    #[must_use]
    pub fn new(store: Store, decided: watch::Receiver<u64>) -> Self {
        Self { store, decided }
    }

    /// A wait for whatever is decided next.
    #[must_use]
    pub fn wait(&self, within: Duration) -> Wait {
        Wait::new(&self.decided, within)
    }

    /// The receipt of a message once it is decided; none where that takes longer.
    ///
    /// # Errors
    /// [`StoreError`]: the message is in the inbox, and not lost.
    pub async fn of(&self, message: MessageId, within: Duration) -> Result<Option<ReceiptRow>, StoreError> {
        let mut wait = Wait::new(&self.decided, within);
        loop {
            let row = self.store.receipt(message).await?.filter(|row| row.outcome.is_some());
            if row.is_some() || !wait.for_more().await {
                return Ok(row);
            }
        }
    }

    /// How each of these ended, once all are decided; those are missing that were not when none of them was decided for
    /// this time any more. They are looked at in the order given, so that of many said together few are asked for at once.
    ///
    /// # Errors
    /// [`StoreError`]: the messages are in the inbox, and not lost.
    pub async fn each(
        &self,
        messages: &[MessageId],
        within: Duration,
    ) -> Result<BTreeMap<MessageId, Outcome>, StoreError> {
        let mut ended = BTreeMap::new();
        let mut wait = Wait::new(&self.decided, within);
        for page in messages.chunks(TOGETHER) {
            let mut open = page.to_vec();
            loop {
                let found = self.store.outcomes(&open).await?;
                if !found.is_empty() {
                    wait.end = Instant::now() + within;
                }
                ended.extend(found);
                open.retain(|id| !ended.contains_key(id));
                if open.is_empty() || !wait.for_more().await {
                    break;
                }
            }
        }
        Ok(ended)
    }

    /// Whether everything that came in is decided, in this time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self, within: Duration) -> Result<bool, StoreError> {
        let mut wait = Wait::new(&self.decided, within);
        loop {
            let none = self.store.pending(1).await?.is_empty();
            if none || !wait.for_more().await {
                return Ok(none);
            }
        }
    }
}

/// A wait for more decisions, with an end.
#[derive(Debug)]
pub struct Wait {
    decided: watch::Receiver<u64>,
    end: Instant,
}

impl Wait {
    fn new(decided: &watch::Receiver<u64>, within: Duration) -> Self {
        let mut decided = decided.clone();
        // What is decided from here on is news: the store is looked at after this.
        decided.mark_unchanged();
        Self { decided, end: Instant::now() + within }
    }

    /// Waits until something may have been decided; false once the time is over.
    pub async fn for_more(&mut self) -> bool {
        let change = async {
            tokio::select! {
                () = sleep(LOOK) => {}
                Ok(()) = self.decided.changed() => {}
            }
        };
        timeout_at(self.end, change).await.is_ok()
    }
}
