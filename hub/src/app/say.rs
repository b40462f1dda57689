//! What a human says to the hub: a message like any other, and its own decision is waited for.
//!
//! Where no hub runs, this process decides what is in the inbox itself; where one does, it holds the lease and this
//! one only waits. Refuses to go around the inbox: what was said can be decided again.

use std::time::Duration;

use anyhow::bail;
use schemas::message::Body;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::Hub;
use crate::intake::Verdict;
use crate::store::rows::ReceiptRow;

/// How long a decision is waited for: a lease left behind ends in this time.
const WAIT: Duration = Duration::from_secs(15);
/// How often the store is asked.
const LOOK: Duration = Duration::from_millis(50);

impl Hub {
    /// Says it, and waits for what is decided.
    ///
    /// # Errors
    /// Where it cannot be stored, or nobody decides in time: it is in the inbox then, and not lost.
    pub async fn say(&self, source: &str, body: Body) -> anyhow::Result<ReceiptRow> {
        let id = self.clock.message_id().to_string();
        let verdict = self.intake.internal(source, &id, body).await?;
        let (Verdict::Accepted { receipt, .. } | Verdict::Again { receipt }) = verdict else {
            bail!("it was not taken");
        };
        let stop = CancellationToken::new();
        let decider = tokio::spawn(self.clone().decide(stop.clone()));
        let end = Instant::now() + WAIT;
        let decided = loop {
            let row = self.store.receipt(receipt).await?.filter(|row| row.outcome.is_some());
            if row.is_some() || Instant::now() > end || decider.is_finished() {
                break row;
            }
            sleep(LOOK).await;
        };
        stop.cancel();
        decider.await??;
        match decided {
            Some(row) => Ok(row),
            None => bail!("nobody has decided it yet: follow receipt {receipt}"),
        }
    }
}
