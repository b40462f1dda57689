//! How the topics are, for `hub doctor`: whether each is there, with how many partitions, kept how long.
//!
//! Asks for metadata and settings only. Refuses to create or to change anything.

use rdkafka::admin::{AdminClient, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;
use schemas::recipient::Recipient;

use super::{ASK, blocking, failed, log_error};
use crate::config::KafkaConfig;
use crate::deliver::DeliverError;

/// How one topic is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicState {
    /// Its name.
    pub name: String,
    /// Its partitions; none where it is not there.
    pub partitions: Option<usize>,
    /// Why the broker will not tell, such as a missing right.
    pub refused: Option<String>,
    /// How long records are kept, in milliseconds; less than nothing for ever, none where that is not told.
    pub retention_ms: Option<i64>,
}

impl KafkaConfig {
    /// Describes the topics of these recipients and the relay's own.
    ///
    /// # Errors
    /// Where no broker answers.
    pub async fn describe(&self, recipients: &[Recipient]) -> Result<Vec<TopicState>, DeliverError> {
        let mut names: Vec<String> = recipients.iter().map(Recipient::topic).collect();
        names.push(self.position_topic.clone());
        let admin: AdminClient<DefaultClientContext> =
            self.client().create().map_err(|error| failed("reach Kafka", &error))?;
        blocking("look at topics", move || {
            // One question for all of them: asking for a topic by its name may make a broker create it.
            let metadata =
                admin.inner().fetch_metadata(None, ASK).map_err(|error| failed("reach Kafka", &error))?;
            let state = |name: String| {
                let topic = metadata.topics().iter().find(|topic| topic.name() == name);
                let refused = topic.and_then(|topic| topic.error()).map(RDKafkaErrorCode::from);
                TopicState {
                    partitions: topic.map(|topic| topic.partitions().len()),
                    refused: refused.map(|code| code.to_string()),
                    retention_ms: None,
                    name,
                }
            };
            Ok((admin, names.into_iter().map(state).collect::<Vec<_>>()))
        })
        .await
        .map(|(admin, topics)| retained(admin, topics))?
        .await
    }
}

/// Adds how long each topic keeps its records, where the broker tells it.
async fn retained(
    admin: AdminClient<DefaultClientContext>,
    mut topics: Vec<TopicState>,
) -> Result<Vec<TopicState>, DeliverError> {
    let there: Vec<String> =
        topics.iter().filter(|topic| topic.partitions.is_some()).map(|topic| topic.name.clone()).collect();
    if there.is_empty() {
        return Ok(topics);
    }
    let asked: Vec<_> = there.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = rdkafka::admin::AdminOptions::new().request_timeout(Some(ASK));
    let told = admin.describe_configs(&asked, &options).await;
    let told = told.map_err(|error| log_error("describe topics", error.to_string()))?;
    for (name, settings) in there.iter().zip(told) {
        let retention = settings.ok().and_then(|all| all.get("retention.ms")?.value.as_ref()?.parse().ok());
        topics
            .iter_mut()
            .filter(|topic| topic.name == *name)
            .for_each(|topic| topic.retention_ms = retention);
    }
    Ok(topics)
}
