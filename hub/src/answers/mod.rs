//! Answers over Kafka: each recipient's topic of answers is read, and each record becomes one item of source `answer`.
//!
//! The offset is committed after the inbox, never before: what is read twice is one message by its place
//! ([`Intake::heard`]). Whatever a record holds, it is decided or refused and the topic goes on; only a database or brokers
//! that are away make it wait. Runs in any number of instances. Refuses to decide, and to answer: what became of an answer
//! is asked over HTTP. Next: `record` for what a record says.

mod record;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters::Source;
use schemas::recipient::Recipient;
use schemas::time::day_of;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{ANSWER, Config, KafkaConfig};
use crate::deliver::DeliverError;
use crate::deliver::kafka::{AnswerReader, AnswerRecord};
use crate::intake::{HeardItem, Intake, IntakeError, ItemVerdict};
use crate::observe::{Metrics, TopicLabel};

/// How often the topics are looked at.
const SURVEY: Duration = Duration::from_secs(5);
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Why reading stands still.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// Open it anew: the brokers.
    #[error(transparent)]
    Kafka(#[from] DeliverError),
    /// Try again: the database.
    #[error("answers are read on once they can be stored: {0}")]
    Intake(#[from] IntakeError),
}

/// What this loop works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hearing {
    pub intake: Intake,
    pub clock: Clock,
    /// Who may answer, and how large an answer may be.
    pub config: Arc<Config>,
    pub kafka: KafkaConfig,
    pub source: &'static dyn Source,
    pub metrics: Arc<Metrics>,
    /// Told how it goes.
    pub health: Arc<HearingHealth>,
}

/// How reading goes here. Read by `/readyz`.
#[derive(Debug, Default)]
pub struct HearingHealth(Mutex<HearingTrouble>);

#[derive(Debug, Default)]
struct HearingTrouble {
    /// Why nothing is read.
    all: Option<String>,
    /// What is wrong with single topics; the others are read.
    topics: Vec<String>,
}

impl HearingHealth {
    /// What is wrong, in words; none where all topics are read.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.all.iter().chain(&trouble.topics).cloned().reduce(|all, one| all + "; " + &one)
    }

    /// Everything is read on, or why not; tells whether that was otherwise before.
    fn all(&self, cause: Option<String>) -> bool {
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut trouble.all, cause.clone()).is_some() != cause.is_some()
    }

    fn topics(&self, topics: Vec<String>) -> bool {
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut trouble.topics, topics.clone()) != topics
    }
}

/// Reads until told to stop. While the brokers or the database are away it waits, says so once and tries again.
pub async fn run(parts: Hearing, stop: CancellationToken) {
    let mut pause = BACK_OFF.0;
    while !stop.is_cancelled() {
        let Err(error) = read(&parts, &stop, &mut pause).await else { return };
        if parts.health.all(Some(error.to_string())) {
            tracing::warn!(%error, "answers over Kafka wait");
        }
        wait(&mut pause, &stop).await;
    }
}

/// One membership of the group.
async fn read(parts: &Hearing, stop: &CancellationToken, pause: &mut Duration) -> Result<(), AnswersError> {
    let largest = parts.config.hub.limits.message_bytes;
    let reader = AnswerReader::open(&parts.kafka, &parts.config.topics(), largest)?;
    let mut looks = interval(SURVEY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let records = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = looks.tick() => {
                survey(parts, &reader).await?;
                reads(parts, pause);
                continue;
            }
            records = reader.next() => records?,
        };
        // Kept until they are stored: opened anew, they would only be read again.
        while let Err(error) = take(parts, &records).await {
            if parts.health.all(Some(AnswersError::from(error).to_string())) {
                tracing::warn!("answers over Kafka wait for the database");
            }
            wait(pause, stop).await;
            if stop.is_cancelled() {
                return Ok(());
            }
        }
        reader.commit(&records).await?;
        reads(parts, pause);
    }
}

/// Whatever was wrong with all of it is over.
fn reads(parts: &Hearing, pause: &mut Duration) {
    *pause = BACK_OFF.0;
    if parts.health.all(None) {
        tracing::info!("answers over Kafka are read on");
    }
}

/// Stores some records, and counts what came of each.
async fn take(parts: &Hearing, records: &[AnswerRecord]) -> Result<(), IntakeError> {
    let today = day_of(parts.clock.now());
    let heard = |record: &AnswerRecord| -> HeardItem {
        let denied = parts.config.senders.may_answer(&record.recipient, today).err();
        record::heard(parts.source, record.clone(), denied)
    };
    let verdicts = parts.intake.heard(parts.source, records.iter().map(heard).collect()).await?;
    for (record, verdict) in records.iter().zip(&verdicts) {
        parts.metrics.intake.count(ANSWER, verdict.word());
        if matches!(verdict, ItemVerdict::Refused { .. } | ItemVerdict::Conflict) {
            let (topic, offset) = (record.recipient.answers_topic(), record.offset);
            tracing::info!(topic, offset, outcome = verdict.word(), "an answer was not taken");
        }
    }
    Ok(())
}

/// Looks at the topics: makes what is missing, names what cannot be read, counts what is left to read.
async fn survey(parts: &Hearing, reader: &AnswerReader) -> Result<(), DeliverError> {
    let topics = reader.survey().await?;
    let wrong = |recipient: &Recipient, why: &str| format!("{}: {why}", recipient.answers_topic());
    for topic in &topics {
        let Some(behind) = topic.behind else { continue };
        let gauge = parts.metrics.answers.get_or_create(&TopicLabel::of(&topic.recipient, "answers")).clone();
        gauge.set(behind);
    }
    let troubles: Vec<_> = topics
        .iter()
        .filter_map(|topic| topic.trouble.as_ref().map(|why| wrong(&topic.recipient, why)))
        .collect();
    if parts.health.topics(troubles.clone()) {
        match troubles.is_empty() {
            true => tracing::info!("every topic of answers is read"),
            false => tracing::warn!(?troubles, "topics of answers are not read as they should be"),
        }
    }
    Ok(())
}

async fn wait(pause: &mut Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = sleep(*pause) => {}
    }
    *pause = (*pause * 2).min(BACK_OFF.1);
}
