//! Alerts: somebody is told when an agency leaves its offers unanswered, once an outage and not once an offer.
//!
//! What is overdue was decided by the state table (rows 12 and 16 of docs/handovers.md); here it is only counted and posted to
//! one configured address, at least once, under an id that tells doubles apart. Refuses to name a person, and to decide
//! anything. Next: [`crate::store::Store::claim_alerts`] for what makes it one.

use std::time::Duration;

use schemas::ids::TaskId;
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::AlertSettings;
use crate::request::backoff;
use crate::store::rows::AlertRow;
use crate::store::{Store, StoreError};
use crate::tls::{self, TlsFilesError};

/// How often it is looked for agencies that leave offers unanswered.
const EVERY: Duration = Duration::from_secs(15);

/// Why no alert can be given.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The files for https do not read.
    #[error(transparent)]
    Tls(#[from] TlsFilesError),
    #[error("no client for alerts could be built")]
    Client(#[source] reqwest::Error),
}

/// What is posted: numbers and the name of an agency. `text` says the same to a human.
#[derive(Debug, Serialize)]
struct AlertBody<'a> {
    alert: String,
    recipient: &'a str,
    overdue: u64,
    since: Instant,
    text: String,
}

/// What this loop stands on.
#[derive(Clone, Debug)]
pub struct Alerts {
    store: Store,
    clock: Clock,
    http: reqwest::Client,
    url: String,
    /// How long a claimed alert is nobody else's: longer than its answer may take.
    claim: chrono::Duration,
}

impl Alerts {
    /// Prepares the loop for an address.
    ///
    /// # Errors
    /// [`AlertError`].
    pub fn new(store: Store, clock: Clock, settings: &AlertSettings) -> Result<Self, AlertError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(settings.tls().client()?)
            .timeout(Duration::from_secs(settings.timeout_seconds))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(AlertError::Client)?;
        let seconds = i64::try_from(settings.timeout_seconds).unwrap_or(0);
        let claim = chrono::Duration::minutes(1) + chrono::Duration::seconds(seconds);
        Ok(Self { store, clock, http, url: settings.url.clone(), claim })
    }

    /// Looks again and again, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.step().await {
                tracing::warn!(%error, "alerts wait");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Tells what is to be told now; says how many alerts were taken. One that is not waits for its next turn.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be looked.
    pub async fn step(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let overdue = self.store.overdue().await?;
        let late: Vec<AlertRow> =
            overdue.iter().map(|(recipient, _, since)| self.new_row(recipient, *since)).collect();
        let mut taken = 0;
        for alert in self.store.claim_alerts(&late, now, now + self.claim).await? {
            let count = overdue.iter().find(|(recipient, ..)| *recipient == alert.recipient);
            let count = count.map_or(0, |(_, count, _)| *count);
            match self.post(&alert, count).await {
                Ok(()) => {
                    self.store.told(alert.id).await?;
                    tracing::info!(recipient = %alert.recipient, overdue = count, "somebody was told");
                    taken += 1;
                }
                Err(trouble) => {
                    tracing::warn!(recipient = %alert.recipient, trouble, "an alert was not taken");
                    let wait = backoff(TaskId::from_bytes(alert.id), alert.attempts);
                    let wait = chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::hours(6));
                    self.store.untold(alert.id, &trouble, now + wait).await?;
                }
            }
        }
        Ok(taken)
    }

    fn new_row(&self, recipient: &Recipient, since: Instant) -> AlertRow {
        let id = self.clock.message_id().bytes();
        AlertRow { recipient: recipient.clone(), id, since, attempts: 0, trouble: None }
    }

    /// Why it was not taken, without the address: that may be a secret.
    async fn post(&self, alert: &AlertRow, overdue: u64) -> Result<(), String> {
        let AlertRow { recipient, id, since, .. } = alert;
        let text = format!("{recipient} leaves {overdue} offers unanswered, the first since {since}.");
        let (alert, since) = (hex::encode(id), *since);
        let body =
            serde_json::to_vec(&AlertBody { alert, recipient: recipient.as_str(), overdue, since, text });
        let body = body.map_err(|_| "it could not be written".to_owned())?;
        let posted = self.http.post(&self.url).header("Content-Type", "application/json").body(body).send();
        match posted.await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("answered with {}", answer.status().as_u16())),
            Err(error) => Err(tls::told(&error)
                .map_or_else(|| error.without_url().to_string(), |trouble| trouble.to_string())),
        }
    }
}
