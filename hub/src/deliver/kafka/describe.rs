//! How the topics are: whether each is there, with how many partitions, kept how long, where it ends.
//!
//! Asks for metadata, settings and ends only, and as a consumer does: a producer's question for a topic by its name may
//! make a broker create it. Refuses to create or to change anything.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use schemas::recipient::Recipient;

use super::{ASK, blocking, failed};
use crate::config::{KafkaConfig, Sasl};
use crate::deliver::DeliverError;
use crate::deliver::record::TopicState;

/// How many of the library's words about a failure are looked through.
const TOLD: usize = 100;

/// Looks at topics, and makes them for who may.
pub(super) struct Looking {
    pub(super) admin: AdminClient<DefaultClientContext>,
    /// Asks by name: a consumer's question never makes a topic.
    asking: BaseConsumer,
    /// As whom, where the hub signs in with a password.
    as_whom: Option<String>,
}

impl KafkaConfig {
    pub(super) fn looking(&self) -> Result<Arc<Looking>, DeliverError> {
        let reach = |error| failed("reach Kafka", &error);
        let admin = self.client()?.create().map_err(reach)?;
        // The end of a topic is where its last record stands, also while the mark of its commit is still on the way.
        let mut asking = self.consumer("relay")?;
        let asking = asking.set("isolation.level", "read_uncommitted").create().map_err(reach)?;
        let as_whom = self.sasl.as_ref().map(Sasl::as_whom);
        Ok(Arc::new(Looking { admin, asking, as_whom }))
    }

    /// Describes the topics of these recipients and the relay's own.
    ///
    /// # Errors
    /// Where no broker answers.
    pub async fn describe(&self, recipients: &[Recipient]) -> Result<Vec<TopicState>, DeliverError> {
        let names = recipients.iter().map(Recipient::topic).chain([self.position_topic.clone()]).collect();
        describe(&self.looking()?, names).await
    }
}

impl Looking {
    /// Why nobody answered: whom the brokers do not let in only runs out of time, and the library tells the cause beside it.
    fn why(&self, error: &KafkaError) -> DeliverError {
        // A call that only wrote a log line gives nothing as well.
        let told = (0..TOLD).filter_map(|_| self.asking.poll(Duration::from_millis(1))?.err());
        let refused = told.filter_map(|error| error.rdkafka_error_code()).any(|code| {
            matches!(code, RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed)
        });
        match &self.as_whom {
            Some(user) if refused => DeliverError::Unknown(user.clone()),
            _ => failed("reach Kafka", error),
        }
    }
}

/// Describes topics by their names.
pub(super) async fn describe(
    looking: &Arc<Looking>,
    names: Vec<String>,
) -> Result<Vec<TopicState>, DeliverError> {
    let client = Arc::clone(looking);
    let look = move || names.into_iter().map(|name| one(&client, name)).collect::<Result<Vec<_>, _>>();
    let mut topics = blocking("look at topics", look).await?;
    settings(&looking.admin, &mut topics).await?;
    Ok(topics)
}

fn one(looking: &Looking, name: String) -> Result<TopicState, DeliverError> {
    let asking = &looking.asking;
    let metadata = asking.fetch_metadata(Some(&name), ASK).map_err(|error| looking.why(&error))?;
    let topic = metadata.topics().iter().find(|topic| topic.name() == name);
    let error = topic.and_then(|topic| topic.error()).map(RDKafkaErrorCode::from);
    let mut state = TopicState::new(name);
    match error {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {}
        // It is just being made or moved: nothing is known of it.
        Some(RDKafkaErrorCode::LeaderNotAvailable) => {}
        Some(error) => state.refused = Some(error.to_string()),
        None => state.partitions = topic.map(|topic| topic.partitions().len()).filter(|count| *count > 0),
    }
    if state.partitions == Some(1) {
        // Its leader may be away for a moment: then nothing is known of its ends.
        state.ends = asking.fetch_watermarks(&state.name, 0, ASK).ok();
    }
    Ok(state)
}

/// Adds how each topic keeps its records, where the broker tells it.
async fn settings(
    admin: &AdminClient<DefaultClientContext>,
    topics: &mut [TopicState],
) -> Result<(), DeliverError> {
    let there: Vec<String> =
        topics.iter().filter(|topic| topic.partitions.is_some()).map(|topic| topic.name.clone()).collect();
    if there.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = there.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(ASK));
    let told = admin.describe_configs(&asked, &options).await;
    let told = told.map_err(|error| failed("describe topics", &error))?;
    for (name, settings) in there.iter().zip(told) {
        let Ok(settings) = settings else { continue };
        let setting = |key| settings.get(key).and_then(|entry| entry.value.clone());
        for topic in topics.iter_mut().filter(|topic| topic.name == *name) {
            topic.retention_ms = setting("retention.ms").and_then(|value| value.parse().ok());
            topic.policy = setting("cleanup.policy");
            topic.codec = setting("compression.type");
        }
    }
    Ok(())
}
