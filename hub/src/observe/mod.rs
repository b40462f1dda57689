//! What operations see of a running hub: log lines on stderr and numbers for Prometheus.
//!
//! Labels are sources, recipients, outcomes and kinds, each a short list of known words; refuses
//! anything about a person, and bodies of messages, in either. A stage gets its own part of
//! [`Metrics`] and touches no other.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use schemas::recipient::Recipient;
use tracing_subscriber::EnvFilter;

/// Log lines on stderr from here on, of level `info` and up unless `RUST_LOG` says otherwise: as JSON, or in words where a
/// person sits before it. Called once, by `main`; a second call changes nothing.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A line that cannot be written is not told, because telling would panic: a log that is gone stops no hub.
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).log_internal_errors(false);
    let lines = lines.with_env_filter(filter);
    // The second call's error says only that there was a first.
    drop(if io::stderr().is_terminal() {
        lines.compact().with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).try_init()
    });
}

/// How an item was received: by which source, with which outcome.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct ReceivedLabel {
    /// The source's name, from the list in `adapters::SOURCES`.
    pub source: &'static str,
    /// `accepted`, `again`, `conflict` or `refused` for an item, `denied` for a call without the right.
    pub outcome: &'static str,
}

/// A recipient's topic, and who looked at it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct TopicLabel {
    pub recipient: String,
    /// `relay`, `auditor` or `answers`.
    pub part: &'static str,
}

impl TopicLabel {
    /// That of a recipient, as one of them found it.
    #[must_use]
    pub fn of(recipient: &Recipient, part: &'static str) -> Self {
        Self { recipient: recipient.to_string(), part }
    }
}

/// One word as a label: an outcome or a kind.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct ByOutcome {
    pub outcome: &'static str,
}

#[derive(Clone, Default, Debug)]
pub struct IntakeCounts {
    /// Items, by source and outcome.
    pub received: Family<ReceivedLabel, Counter>,
}

impl IntakeCounts {
    /// Counts an item of a source, or a call that was denied.
    pub fn count(&self, source: &'static str, outcome: &'static str) {
        self.received.get_or_create(&ReceivedLabel { source, outcome }).inc();
    }
}

/// Which address refused a credential, and how.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct RefusedAt {
    /// The pattern of the address, never what stood in its place.
    pub path: String,
    /// 401: nobody has it, or none was given. 403: it gives other rights.
    pub status: u16,
}

/// The HTTP door's numbers.
#[derive(Clone, Default, Debug)]
pub struct Api {
    /// Calls whose credential was refused.
    pub credentials: Family<RefusedAt, Counter>,
}

impl Api {
    /// Counts a call whose credential was refused.
    pub fn refused(&self, path: &str, status: u16) {
        self.credentials.get_or_create(&RefusedAt { path: path.to_owned(), status }).inc();
    }
}

#[derive(Clone, Debug)]
pub struct Decide {
    /// Messages, by how they ended.
    pub messages: Family<ByOutcome, Counter>,
    /// Batches that were stored.
    pub batches: Counter,
    /// How long a batch took, from loading to the commit.
    pub seconds: Histogram,
    /// Candidates by name that were not looked at, because as many under one key had been.
    pub left_out: Counter,
}

impl Decide {
    /// Counts one stored batch: how each message of it ended, whom nobody looked at, and how long it took.
    pub fn batch(&self, outcomes: &[&'static str], left_out: u64, took: std::time::Duration) {
        self.left_out.inc_by(left_out);
        for outcome in outcomes.iter().copied() {
            self.messages.get_or_create(&ByOutcome { outcome }).inc();
        }
        self.batches.inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

#[derive(Clone, Default, Debug)]
pub struct DeliverCounts {
    /// Records sent and committed, voids among them.
    pub sent: Counter,
    /// Records that the gate turned into a void.
    pub voids: Counter,
    /// Producers that were thrown away and made anew.
    pub recycled: Counter,
    /// Commits found torn at a take-over.
    pub torn: Counter,
    /// Records read back and found right.
    pub audited: Counter,
    /// Topics on which the auditor found a break.
    pub breaks: Counter,
    /// Whether delivery to a topic is halted: 1, or 0 where it goes on.
    pub halted: Family<TopicLabel, Gauge>,
}

#[derive(Clone, Default, Debug)]
pub struct Request {
    /// Tasks performed, by outcome.
    pub tasks: Family<ByOutcome, Counter>,
}

/// Every number there is, registered. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub intake: IntakeCounts,
    pub api: Api,
    pub decide: Decide,
    pub deliver: DeliverCounts,
    pub request: Request,
    /// Records on topics of answers that are not stored yet.
    pub answers: Family<TopicLabel, Gauge>,
    registry: Arc<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    #[must_use]
    pub fn new() -> Self {
        let (intake, api) = (IntakeCounts::default(), Api::default());
        let decide = Decide {
            messages: Family::default(),
            batches: Counter::default(),
            // One millisecond to eight seconds.
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            left_out: Counter::default(),
        };
        let deliver = DeliverCounts::default();
        let request = Request::default();
        let mut registry = Registry::with_prefix("hub");
        registry.register(
            "intake_received",
            "Items that senders sent, and calls that were denied",
            intake.received.clone(),
        );
        let help = "Calls whose credential was refused";
        registry.register("api_credentials_refused", help, api.credentials.clone());
        registry.register("decide_messages", "Messages decided", decide.messages.clone());
        registry.register("decide_batches", "Batches stored", decide.batches.clone());
        let (help, seconds) = ("Time from loading a batch to its commit", decide.seconds.clone());
        registry.register_with_unit("decide_batch", help, Unit::Seconds, seconds);
        let help = "Keys too common for all of their records to be looked at";
        registry.register("decide_left_out", help, decide.left_out.clone());
        registry.register("deliver_sent", "Records sent, voids among them", deliver.sent.clone());
        registry.register("deliver_voids", "Records that the gate made void", deliver.voids.clone());
        registry.register("deliver_recycled", "Producers made anew after an error", deliver.recycled.clone());
        registry.register("deliver_torn", "Commits found torn at a take-over", deliver.torn.clone());
        registry.register("deliver_audited", "Records read back and found right", deliver.audited.clone());
        registry.register("deliver_breaks", "Topics that do not read back right", deliver.breaks.clone());
        let help = "1 where delivery to a topic is halted until somebody mends it";
        registry.register("deliver_halted", help, deliver.halted.clone());
        let answers: Family<TopicLabel, Gauge> = Family::default();
        let help = "Records on topics of answers that are not read yet; 1 at rest where somebody writes in transactions";
        registry.register("answers_behind", help, answers.clone());
        registry.register("request_tasks", "Tasks performed", request.tasks.clone());
        Self { intake, api, decide, deliver, request, answers, registry: Arc::new(registry) }
    }

    /// All numbers in the text form that Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        encode(&mut text, &self.registry).map_or_else(|_| String::new(), |()| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_their_labels() {
        let metrics = Metrics::new();
        metrics.intake.count("visa", "accepted");
        metrics.clone().decide.seconds.observe(0.02);
        let text = metrics.text();
        assert!(text.contains("hub_intake_received_total{source=\"visa\",outcome=\"accepted\"} 1"), "{text}");
        assert!(text.contains("hub_decide_batch_seconds_count 1"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
