//! The third step: a decided batch is sealed, waits for the one before it, and is committed.
//!
//! It runs as a task of its own. Where the batch before it was not committed, it stores nothing.

use schemas::ids::MessageId;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::compose::{Decided, DecidedMessage, compose};
use super::load::KeyRing;
use super::{Decider, DeciderError};
use crate::store::rows::{Counters, Lease};

/// Why a batch was not committed.
#[derive(Debug)]
pub(super) enum CommitRefused {
    /// The database refused its data: they are at fault.
    Data {
        table: &'static str,
        source: sqlx::Error,
    },
    Other(DeciderError),
}

impl From<DeciderError> for CommitRefused {
    fn from(error: DeciderError) -> Self {
        Self::Other(error)
    }
}

/// A batch on its way to its commit.
#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) serial: u64,
    pub(super) ids: Vec<MessageId>,
    /// The last outbox position of the batch.
    pub(super) position: u64,
    task: JoinHandle<Result<Counters, CommitRefused>>,
    /// Answers once it is committed; dropped where it is not.
    done: Option<oneshot::Receiver<()>>,
}

impl Outstanding {
    /// Seals and commits a batch, after the one `before`.
    pub(super) fn start(
        decider: &Decider,
        lease: Lease,
        serial: u64,
        decided: Decided,
        keys: KeyRing,
        counters: Counters,
        before: Option<oneshot::Receiver<()>>,
    ) -> Self {
        let ids = decided.ended.iter().map(|ended| ended.id).collect();
        let outcomes: Vec<_> = decided.ended.iter().map(DecidedMessage::outcome).collect();
        let (left_out, started) = (decided.left_out(), decided.started);
        let position = counters.position + decided.encoded.len() as u64;
        let counters = Counters { position, ..counters };
        let (tell, done) = oneshot::channel();
        let decider = decider.clone();
        let task = tokio::spawn(async move {
            let vault = decider.vault.clone();
            let seal = move || compose(&vault, decided, &keys, counters);
            let sealed = tokio::task::spawn_blocking(seal).await;
            let batch = sealed.map_err(|error| DeciderError::again("sealing", error))??;
            if let Some(before) = before
                && before.await.is_err()
            {
                return Err(DeciderError::Stop("the batch before was not committed").into());
            }
            decider.store.commit(&lease, &batch).await?;
            if tell.send(()).is_err() {
                tracing::debug!("no batch waits behind this one");
            }
            let took = started.map(|started| started.elapsed()).unwrap_or_default();
            decider.metrics.decide.batch(&outcomes, left_out, took);
            decider.outbox.notify_waiters();
            decider.decided.send_replace(batch.counters.order);
            Ok(batch.counters)
        });
        Self { serial, ids, position, task, done: Some(done) }
    }

    /// What the next batch waits for.
    pub(super) fn done(&mut self) -> Option<oneshot::Receiver<()>> {
        self.done.take()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// The counters as committed.
    pub(super) async fn committed(self) -> Result<Counters, CommitRefused> {
        match self.task.await {
            Ok(ended) => ended,
            Err(error) => Err(DeciderError::again("committing", error).into()),
        }
    }
}
