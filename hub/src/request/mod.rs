//! Requests: tasks performed at least once, their answers given to the door.
//!
//! A task is decided like a delivery; here it is only carried out. The task's id is the reference the
//! source sees and the name under which the answer enters the inbox, so a task that was performed
//! twice is answered once. Back-off lives here, decisions do not. Next: `soap` for what is asked.

mod backoff;
pub mod soap;

pub use backoff::backoff;

use std::time::Duration;

use decide::person::TaskKind;
use futures::{StreamExt, stream};
use schemas::fact::Record;
use schemas::ids::TaskId;
use schemas::insz::Insz;
use schemas::message::{Said, TaskFailed};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::RequestSettings;
use crate::intake::{Intake, IntakeError, ItemVerdict};
use crate::observe::{ByOutcome, Request as Metrics};
use crate::store::rows::TaskRow;
use crate::store::{Store, StoreError};
use crate::tls::{self, TlsFilesError};
use crate::vault::{Access, Shut, Vault, Why};
use soap::{AnswerOutcome, Asker};

/// Tasks looked at together, and questions asked at once.
const BATCH: u32 = 64;
const AT_ONCE: usize = 4;
/// How long a task that somebody claimed and left is put off, beside the time that all claimed with it may take.
const CLAIM: chrono::Duration = chrono::Duration::minutes(1);
/// An answer about one person has some kilobytes. One that is longer is none, and is not kept in memory.
const ANSWER_BYTES: usize = 1 << 20;
/// How often tasks are looked for.
const EVERY: Duration = Duration::from_millis(500);

/// What this loop stands on.
#[derive(Clone, Debug)]
pub struct Requests {
    store: Store,
    intake: Intake,
    vault: Vault,
    clock: Clock,
    http: reqwest::Client,
    /// How long a claimed task is nobody else's: longer than its answer may take.
    claim: chrono::Duration,
    register: String,
    asker: Asker,
    metrics: Metrics,
}

/// Why a task was not performed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer could not be given to the door.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The task's content does not open.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// The files for https do not read.
    #[error(transparent)]
    Tls(#[from] TlsFilesError),
    /// No client could be built.
    #[error("no client for the register could be built")]
    Client(#[source] reqwest::Error),
}

impl Requests {
    /// Prepares the loop for a register at an address.
    ///
    /// # Errors
    /// [`RequestError::Client`].
    pub fn new(
        store: Store,
        intake: Intake,
        vault: Vault,
        clock: Clock,
        settings: &RequestSettings,
        metrics: Metrics,
    ) -> Result<Self, RequestError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(settings.tls().client()?)
            .timeout(Duration::from_secs(settings.timeout_seconds))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(RequestError::Client)?;
        let claim = CLAIM
            + chrono::Duration::seconds(
                i64::try_from(settings.timeout_seconds).unwrap_or(0) * i64::from(BATCH),
            );
        let asker = Asker { identity: settings.identity.clone(), capacity: settings.capacity.clone() };
        Ok(Self {
            store,
            intake,
            vault,
            clock,
            http,
            claim,
            register: settings.register_url.clone(),
            asker,
            metrics,
        })
    }

    /// Performs tasks as they become due, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.step().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "tasks wait"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Performs what is due now; says how many tasks that were. A task that fails waits for its next turn.
    ///
    /// # Errors
    /// [`RequestError::Store`] where the tasks could not be read.
    pub async fn step(&self) -> Result<usize, RequestError> {
        let now = self.clock.now();
        let due = self.store.claim_tasks(now, now + self.claim, BATCH).await?;
        let count = due.len();
        // A number is enrolled before it is asked for: the register refuses who is not (40003).
        let (enrol, ask): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|(task, _)| task.kind == TaskKind::Register);
        for tasks in [enrol, ask] {
            stream::iter(tasks).for_each_concurrent(AT_ONCE, |(task, key)| self.attempt(task, key)).await;
        }
        Ok(count)
    }

    async fn attempt(&self, task: TaskRow, key: Option<Vec<u8>>) {
        if let Err(error) = self.perform(&task, key.as_deref()).await {
            tracing::warn!(%error, task = %task.id, "a task could not be performed");
            self.later(&task).await;
        }
    }

    async fn perform(&self, task: &TaskRow, key: Option<&[u8]>) -> Result<(), RequestError> {
        let insz = match self.vault.task(task, key, Access::hub(Why::Request)) {
            Ok(insz) => insz,
            // Nobody is asked about who was erased.
            Err(Shut::Erased) => {
                self.count("erased");
                return Ok(self.store.finish_task(task.id).await?);
            }
            Err(shut) => return Err(shut.into()),
        };
        let question = soap::question(&self.asker, task.id, task.kind, &insz, self.clock.now());
        let outcome = match self.ask(question).await {
            Some(document) => (soap::outcome(task.kind, &document), document),
            None => (AnswerOutcome::Later, vec![]),
        };
        let id = answer_id(task.id, task.attempts);
        match outcome {
            (AnswerOutcome::Later, _) => {
                self.count("later");
                self.later(task).await;
                return Ok(());
            }
            (AnswerOutcome::Failed { code, replaced_by }, _) => {
                self.failed(&id, insz, code, replaced_by).await?
            }
            (AnswerOutcome::Answer, document) if task.kind == TaskKind::GivePerson => {
                if let Some(why) = self.answered(&id, insz, &document).await? {
                    tracing::warn!(task = %task.id, why, "the register's answer is none to what was asked");
                    self.count(why);
                    self.later(task).await;
                    return Ok(());
                }
            }
            // An enrolment that began or ended changes nothing that is known.
            (AnswerOutcome::Answer, _) => {}
        }
        self.count("done");
        Ok(self.store.finish_task(task.id).await?)
    }

    fn count(&self, outcome: &'static str) {
        self.metrics.tasks.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// The register's answer; none where it gave none.
    async fn ask(&self, question: String) -> Option<Vec<u8>> {
        let request = self.http.post(&self.register).header("Content-Type", "text/xml; charset=utf-8");
        let answer = async {
            let mut answer = request.body(question).send().await?.error_for_status()?;
            let mut bytes = vec![];
            while let Some(piece) = answer.chunk().await? {
                if bytes.len() + piece.len() > ANSWER_BYTES {
                    return Ok(None);
                }
                bytes.extend_from_slice(&piece);
            }
            Ok::<_, reqwest::Error>(Some(bytes))
        };
        match answer.await {
            Ok(None) => {
                tracing::warn!("the register's answer is longer than any answer: it was not read to its end");
                None
            }
            Ok(bytes) => bytes,
            Err(error) => {
                // Without the address: the words of a client may repeat what was asked.
                let trouble = tls::told(&error).map(|trouble| trouble.to_string());
                tracing::warn!(trouble, error = %error.without_url(), "the register gave no answer");
                None
            }
        }
    }

    /// Gives a person's answer to the door; one it refuses is a failure with the first finding's code. Says why it is no
    /// answer, where it is none: what cannot be read, and what is said about somebody who was not asked about. Nothing
    /// of that is kept, and the question is asked again.
    async fn answered(
        &self,
        id: &str,
        insz: Insz,
        document: &[u8],
    ) -> Result<Option<&'static str>, RequestError> {
        let Some(source) = adapters::source("register") else { return Ok(Some("unknown-source")) };
        let item = match adapters::read(source, document).into_iter().next() {
            Some(Ok(item)) if adapters::register::is_about_another(&item, insz) => {
                return Ok(Some("other-number"));
            }
            Some(Ok(item)) => item,
            Some(Err(_)) | None => return Ok(Some("unreadable")),
        };
        if let ItemVerdict::Refused { findings, .. } = self.intake.answer(source, id, Ok(item)).await? {
            let refused = findings.first().map_or("refused", |finding| finding.code.as_str());
            self.failed(id, insz, refused.to_owned(), None).await?;
        }
        // A repeat of the same task: what it answered first counts.
        Ok(None)
    }

    async fn failed(
        &self,
        id: &str,
        insz: Insz,
        code: String,
        replaced_by: Option<Insz>,
    ) -> Result<(), RequestError> {
        let said = match replaced_by {
            Some(new) => Said::Record(Record::replaced(insz, new, self.clock.now())),
            None => Said::TaskFailed(TaskFailed { insz, code }),
        };
        self.intake.told("task", id, said).await?;
        Ok(())
    }

    async fn later(&self, task: &TaskRow) {
        let wait =
            chrono::Duration::from_std(backoff(task.id, task.attempts)).unwrap_or(chrono::Duration::hours(6));
        if let Err(error) = self.store.retry_task(task.id, self.clock.now() + wait).await {
            // It stays due: it is tried again at once when the store is back.
            tracing::warn!(%error, "a task could not be put off");
        }
    }
}

/// The name under which an answer enters the inbox.
fn answer_id(task: TaskId, attempt: u32) -> String {
    format!("task:{task}:{attempt}")
}
