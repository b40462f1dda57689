//! One look at the store for everybody who asks: what a probe costs does not grow with how often it is called.
//!
//! Probes are open to anybody, and each of them would count rows or take a connection. Here one look is under way at
//! most; who comes meanwhile waits for it, who comes soon after is told what it found. Refuses to hide its age.

use std::time::{Duration, Instant};

use schemas::recipient::Recipient;
use tokio::sync::Mutex;

use crate::store::inspect::LeaseRow;
use crate::store::rows::HaltRow;
use crate::store::{Store, StoreError};

/// How long what was found is told again.
const READY: Duration = Duration::from_millis(250);
const ROWS: Duration = Duration::from_secs(5);

/// What is looked at.
#[derive(Debug, Default)]
pub struct Looks {
    ready: Look<Ready>,
    rows: Look<Vec<(&'static str, u64)>>,
}

impl Looks {
    /// Whether the database answers and takes what is written; then who holds which lease, and which topics are halted.
    pub(super) async fn ready(&self, store: &Store, topics: &[Recipient]) -> Ready {
        let look = async || {
            if store.ping().await.is_err() {
                return Ok(Ready::default());
            }
            let leases = store.leases().await.unwrap_or_default();
            Ok(Ready { database: true, leases, halts: store.halts(topics).await.unwrap_or_default() })
        };
        self.ready.at(READY, look).await.map(|(ready, _)| ready).unwrap_or_default()
    }

    /// How many rows each list holds, and how long ago that was; none where it was never counted.
    pub(super) async fn rows(&self, store: &Store) -> Option<(Vec<(&'static str, u64)>, Duration)> {
        self.rows.at(ROWS, async || store.counts().await).await
    }
}

/// What `/readyz` asks of the store.
#[derive(Clone, Default, Debug)]
pub(super) struct Ready {
    pub(super) database: bool,
    pub(super) leases: Vec<LeaseRow>,
    pub(super) halts: Vec<HaltRow>,
}

/// One thing that is looked at.
#[derive(Debug)]
struct Look<T>(Mutex<Seen<T>>);

#[derive(Debug)]
struct Seen<T> {
    tried: Option<Instant>,
    found: Option<(T, Instant)>,
}

impl<T> Default for Look<T> {
    fn default() -> Self {
        Self(Mutex::new(Seen { tried: None, found: None }))
    }
}

impl<T: Clone> Look<T> {
    /// What was found, and how long ago. Looked at anew where the last look is older than `young`; where that fails
    /// what was found before is told.
    async fn at(
        &self,
        young: Duration,
        look: impl AsyncFnOnce() -> Result<T, StoreError>,
    ) -> Option<(T, Duration)> {
        let mut seen = self.0.lock().await;
        if seen.tried.is_none_or(|tried| tried.elapsed() >= young) {
            let found = look().await;
            seen.tried = Some(Instant::now());
            match found {
                Ok(found) => seen.found = Some((found, Instant::now())),
                Err(error) => tracing::warn!(%error, "the store could not be looked at"),
            }
        }
        seen.found.as_ref().map(|(found, at)| (found.clone(), at.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_are_one_look() {
        let (look, looked) = (Look::default(), AtomicU32::new(0));
        let ask = async |young| {
            let one = async || {
                tokio::task::yield_now().await;
                Ok(looked.fetch_add(1, Ordering::SeqCst))
            };
            look.at(young, one).await.map(|(found, _)| found)
        };
        let all = futures::future::join_all((0..1_000).map(|_| ask(Duration::MAX))).await;
        assert!(all.iter().all(|found| *found == Some(0)));
        assert_eq!(ask(Duration::ZERO).await, Some(1), "what is old is looked at anew");
        let fails = async || Err(StoreError::Fenced);
        assert_eq!(look.at(Duration::ZERO, fails).await.map(|(found, _)| found), Some(1));
        assert_eq!(ask(Duration::MAX).await, Some(1), "what failed is not tried again at once");
    }
}
