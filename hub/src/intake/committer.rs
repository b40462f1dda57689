//! The shared commit: posts in flight are stored together.
//!
//! A committer takes what has queued while its last commit ran, without a timer: alone, a post
//! commits at once; under load, hundreds share one commit (docs/benchmark.md). The queue is bounded: when
//! it is full the sender is told to come back. Refuses to look into a row.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::store::rows::{InboxRow, StoredAttempt};
use crate::store::{Store, StoreError};

/// Posts that may wait for a commit.
const QUEUE: usize = 1024;
/// Rows in one commit: where more no longer helps.
const ROWS: usize = 1000;

/// Why a commit did not happen. Nothing was stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommitError {
    /// Too much waits already.
    #[error("too many messages wait for their commit")]
    Busy,
    /// The database is away.
    #[error("the database is not reachable")]
    Away,
    /// The database refused these rows.
    #[error("the database refused the rows of this post")]
    Data,
    /// The hub is stopping.
    #[error("the hub is stopping")]
    Stopping,
}

struct Post {
    rows: Vec<InboxRow>,
    answer: oneshot::Sender<Result<Vec<StoredAttempt>, CommitError>>,
}

/// The queue before the commits.
#[derive(Debug)]
pub(super) struct Committer {
    queue: mpsc::Sender<Post>,
    arrivals: watch::Receiver<u64>,
}

impl Committer {
    /// Starts `count` committers; they end with the queue.
    pub(super) fn start(store: &Store, count: usize) -> Self {
        let (queue, posts) = mpsc::channel(QUEUE);
        let (arrived, arrivals) = watch::channel(0);
        let (posts, arrived) = (Arc::new(Mutex::new(posts)), Arc::new(arrived));
        for _ in 0..count.max(1) {
            tokio::spawn(run(store.clone(), Arc::clone(&posts), Arc::clone(&arrived)));
        }
        Self { queue, arrivals }
    }

    pub(super) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.clone()
    }

    /// Stores rows in a shared commit; answers in their order.
    pub(super) async fn commit(&self, rows: Vec<InboxRow>) -> Result<Vec<StoredAttempt>, CommitError> {
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Post { rows, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CommitError::Busy,
            mpsc::error::TrySendError::Closed(_) => CommitError::Stopping,
        })?;
        answered.await.map_err(|_| CommitError::Stopping)?
    }
}

async fn run(store: Store, posts: Arc<Mutex<mpsc::Receiver<Post>>>, arrived: Arc<watch::Sender<u64>>) {
    loop {
        let batch = take(&mut *posts.lock().await).await;
        if batch.is_empty() {
            return;
        }
        store_together(&store, batch).await;
        arrived.send_modify(|count| *count += 1);
    }
}

/// Waits for one post, then takes what else has queued.
async fn take(posts: &mut mpsc::Receiver<Post>) -> Vec<Post> {
    let Some(first) = posts.recv().await else { return vec![] };
    let mut rows = first.rows.len();
    let mut batch = vec![first];
    while rows < ROWS {
        let Ok(post) = posts.try_recv() else { break };
        rows += post.rows.len();
        batch.push(post);
    }
    batch
}

async fn store_together(store: &Store, batch: Vec<Post>) {
    let (rows, posts): (Vec<Vec<_>>, Vec<_>) = batch.into_iter().map(|post| (post.rows, post.answer)).unzip();
    let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let all: Vec<InboxRow> = rows.into_iter().flatten().collect();
    match store.insert_inbox(all.clone()).await {
        Ok(stored) => {
            let mut stored = stored.into_iter();
            for (length, post) in lengths.into_iter().zip(posts) {
                tell(post, Ok(stored.by_ref().take(length).collect()));
            }
        }
        Err(StoreError::Data { .. }) if posts.len() > 1 => {
            // One post's rows are at fault: each commits alone, so that only that one is told.
            let mut rest = all.as_slice();
            for (length, post) in lengths.into_iter().zip(posts) {
                let (mine, others) = rest.split_at(length);
                rest = others;
                tell(post, store.insert_inbox(mine.to_vec()).await.map_err(|error| cause(&error)));
            }
        }
        Err(error) => {
            let cause = cause(&error);
            for post in posts {
                tell(post, Err(cause));
            }
        }
    }
}

fn tell(
    post: oneshot::Sender<Result<Vec<StoredAttempt>, CommitError>>,
    answer: Result<Vec<StoredAttempt>, CommitError>,
) {
    if post.send(answer).is_err() {
        // The sender hung up: it will send again and be told that it was there.
        tracing::debug!("a sender left before its answer");
    }
}

fn cause(error: &StoreError) -> CommitError {
    tracing::warn!(%error, "intake could not commit");
    if matches!(error, StoreError::Data { .. }) { CommitError::Data } else { CommitError::Away }
}
