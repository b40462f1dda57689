//! How loops are kept alive and ended.
//!
//! A loop that fails is started again after a wait, and what failed is said on `/readyz` until it
//! has held for a while. A first signal ends softly, a second at once. Refuses to know what a loop does.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Hub, OpenError};
use crate::clock::Clock;
use crate::intake::Intake;
use crate::store::StoreError;

/// The first wait before a loop is started again, or the database is tried; it doubles up to [`LONGEST`]. Short, so that
/// after any outage everything goes on at once: one try in two seconds is no load for a server that comes back.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(2);
/// A loop that ran so long holds.
const HOLDS: Duration = Duration::from_secs(10);
/// How often it is looked for what is due.
const DUE: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3600);
/// How long a soft end may take.
const SOFT: Duration = Duration::from_secs(25);

/// What is away, by the name of the loop that misses it.
#[derive(Clone, Debug, Default)]
pub struct Away(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Away {
    /// All of it in words; none where nothing is away.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let missing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<_> = missing.iter().map(|(name, cause)| format!("{name}: {cause}")).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Why one loop is away.
    #[must_use]
    pub fn cause(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn set(&self, name: &'static str, cause: Option<String>) {
        let mut missing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cause {
            Some(cause) => missing.insert(name, cause),
            None => missing.remove(name),
        };
    }
}

/// Runs a loop until told to stop; where it fails, again after a wait.
pub(super) async fn keep<F>(
    name: &'static str,
    missing: Away,
    stop: CancellationToken,
    start: impl Fn(CancellationToken) -> F,
) where
    F: Future<Output = anyhow::Result<()>>,
{
    let mut wait = FIRST;
    let mut said = None;
    while !stop.is_cancelled() {
        // A panic ends a turn like an error: the loop is started again.
        let turn = AssertUnwindSafe(start(stop.clone())).catch_unwind();
        let mut turn =
            Box::pin(turn.map(|ended| ended.unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked")))));
        let ended = match timeout(HOLDS, &mut turn).await {
            Ok(ended) => ended,
            Err(_) => {
                missing.set(name, None);
                (wait, said) = (FIRST, None);
                turn.await
            }
        };
        if stop.is_cancelled() {
            return;
        }
        let cause = ended.err().map_or_else(|| "ended".to_owned(), |error| error.to_string());
        if said.as_ref() != Some(&cause) {
            tracing::warn!(name, cause, "a loop ended: it is started again until it holds");
        }
        said = Some(cause.clone());
        missing.set(name, Some(cause));
        pause(&mut wait, &stop).await;
    }
}

/// Deletes refused items that have lain long enough, once an hour.
pub(super) async fn forget_refused(intake: Intake, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match intake.forget_refused().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "refused items were deleted after their days"),
            Err(error) => tracing::warn!(%error, "refused items could not be deleted"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(HOUR) => {}
        }
    }
}

/// Turns what is due into messages, every few seconds. Where the clock cannot be right nothing is brought: deadlines
/// would fire for everybody at once.
pub(super) async fn bring_due(intake: Intake, clock: Clock, missing: Away, stop: CancellationToken) {
    let mut steady = Ok(());
    while !stop.is_cancelled() {
        let before = std::mem::replace(&mut steady, clock.steady());
        let cause = match steady {
            Ok(()) => intake.bring_due().await.err().map(|error| error.to_string()),
            Err(wrong) => {
                if before.is_ok() {
                    tracing::error!("due moments stop: {wrong}");
                }
                Some(wrong.to_string())
            }
        };
        missing.set("due", cause);
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(DUE) => {}
        }
    }
}

/// Opens the hub, waiting for a database that is away; none where told to stop meanwhile.
pub(super) async fn reach<F>(open: impl Fn() -> F, stop: &CancellationToken) -> Result<Option<Hub>, OpenError>
where
    F: Future<Output = Result<Hub, OpenError>>,
{
    let (mut wait, mut said) = (FIRST, false);
    while !stop.is_cancelled() {
        match open().await {
            Ok(hub) => return Ok(Some(hub)),
            Err(OpenError::Store(StoreError::Away(cause))) => {
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!(%cause, "the database is not reachable: it is tried until it is");
                }
            }
            Err(error) => return Err(error),
        }
        pause(&mut wait, stop).await;
    }
    Ok(None)
}

async fn pause(wait: &mut Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = sleep(*wait) => {}
    }
    *wait = (*wait * 2).min(LONGEST);
}

/// Two tokens: ended softly by a first signal, at once by a second.
pub(super) fn signals() -> (CancellationToken, CancellationToken) {
    let (stop, now) = (CancellationToken::new(), CancellationToken::new());
    let (softly, at_once) = (stop.clone(), now.clone());
    tokio::spawn(async move {
        interrupted().await;
        tracing::info!("stopping: what is under way is finished; a second signal stops at once");
        softly.cancel();
        interrupted().await;
        at_once.cancel();
    });
    (stop, now)
}

/// Waits for an interrupt or a request to end.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without signals the process runs until it is killed, which is safe at any moment.
        _ => std::future::pending().await,
    }
}

/// Waits for the loops: until all ended, or a second signal, or a soft end took too long.
pub(super) async fn wait(tasks: &TaskTracker, stop: &CancellationToken, now: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tasks.wait() => {}
    }
    tokio::select! {
        () = tasks.wait() => {}
        () = now.cancelled() => tracing::warn!("stopped at once"),
        () = sleep(SOFT) => tracing::warn!("stopped: something did not finish in time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_that_panics_is_started_again() {
        let (missing, stop) = (Away::default(), CancellationToken::new());
        let panics = |_| async { panic!("a defect") };
        let watch = async {
            while missing.words().is_none() {
                tokio::task::yield_now().await;
            }
            stop.cancel();
        };
        tokio::join!(keep("decide", missing.clone(), stop.clone(), panics), watch);
        assert_eq!(missing.words().as_deref(), Some("decide: it panicked"));
    }

    #[tokio::test]
    async fn a_loop_that_fails_is_named_until_it_holds() {
        let (missing, stop) = (Away::default(), CancellationToken::new());
        let fails = |_| async { anyhow::bail!("no lease") };
        let watch = async {
            while missing.words().is_none() {
                tokio::task::yield_now().await;
            }
            stop.cancel();
        };
        tokio::join!(keep("decide", missing.clone(), stop.clone(), fails), watch);
        assert_eq!(missing.words().as_deref(), Some("decide: no lease"));
        missing.set("decide", None);
        assert_eq!(missing.words(), None);
    }
}
