//! A place of a test's own on a real Kafka: topics and a transactional id that nobody else has, an outbox in memory, and
//! what happens to topics behind the hub's back.
//!
//! `HUB_TEST_KAFKA` says where it listens (`deploy/kafka.sh start DIR` prints it). Without it a test fails in CI and says
//! "skipped: no Kafka" elsewhere. Next: [`crate::outbox`] for the rows.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use hub::clock::Clock;
use hub::config::KafkaConfig;
use hub::deliver::audit::Audit;
use hub::deliver::kafka::KafkaLog;
use hub::deliver::log::{Log as _, Reader as _};
use hub::deliver::record::LogRecord;
use hub::deliver::{Deliver, DeliverError, Health, gate, run};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, FutureProducer, FutureRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use schemas::recipient::Recipient;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::outbox::Rows;

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One test's own place on the broker.
#[derive(Debug)]
pub struct Place {
    /// What is to be sent.
    pub rows: Rows,
    pub config: KafkaConfig,
    pub names: Vec<Recipient>,
}

/// A relay at work.
#[derive(Debug)]
pub struct Running {
    pub health: Arc<Health>,
    task: JoinHandle<()>,
    stop: DropGuard,
}

impl Running {
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }

    /// Ends it as a crash does.
    pub fn abort(self) {
        self.task.abort();
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Everything that is committed to a recipient's topic.
///
/// # Errors
/// Where it cannot be read.
pub async fn whole(log: &KafkaLog, of: &Recipient) -> Result<Vec<LogRecord>, DeliverError> {
    let mut reader = log.reader(of).await?;
    let mut read = Vec::new();
    loop {
        match reader.next().await? {
            Some(record) => read.push(record),
            None if reader.at_end() => return Ok(read),
            None => {}
        }
    }
}

impl Place {
    /// A place with this many recipients; none where there is no Kafka.
    #[must_use]
    pub fn new(recipients: usize) -> Option<Self> {
        Some(Self::on(&crate::server("HUB_TEST_KAFKA", "Kafka")?, recipients))
    }

    /// The same on a broker of one's own.
    #[must_use]
    pub fn on(brokers: &str, recipients: usize) -> Self {
        let id = hex::encode(&Clock::system().seed().0[..6]);
        let names: Vec<String> = (0..recipients).map(|n| format!("t{id}-{n}")).collect();
        let rows = Rows::new(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let config = serde_json::from_value(serde_json::json!({
            "brokers": brokers,
            "environment": id,
            "replication_factor": 1,
            "position_topic": format!("hub.{id}.position"),
        }));
        let names = rows.schemas.iter().map(|(name, _)| name.clone()).collect();
        Self { rows, config: config.unwrap(), names }
    }

    /// What deliver works with here.
    #[must_use]
    pub fn parts(&self, owner: &str) -> Deliver<Rows> {
        self.rows.parts(self.config.clone(), owner)
    }

    #[must_use]
    pub fn start(&self, owner: &str) -> Running {
        let (parts, stop) = (self.parts(owner), CancellationToken::new());
        let health = Arc::clone(&parts.health);
        Running { health, task: tokio::spawn(run(parts, stop.clone())), stop: stop.drop_guard() }
    }

    /// Runs until everything was read back and the ledger closed.
    pub async fn deliver(&self, owner: &str) -> Arc<Health> {
        let running = self.start(owner);
        until("the ledger is closed", || self.rows.all_closed()).await;
        let health = Arc::clone(&running.health);
        running.stop().await;
        health
    }

    /// Everything that a reader of committed records sees, checked to be what the outbox says: each
    /// row once, in order, in one chain.
    pub async fn read_all(&self) -> Vec<LogRecord> {
        let log = KafkaLog::new(self.config.clone());
        let rows = self.rows.all();
        let mut read = Vec::new();
        for name in &self.names {
            read.extend(whole(&log, name).await.unwrap());
        }
        assert_eq!(read.len(), rows.len());
        for name in &self.names {
            let mut audit = Audit::after(0, false);
            let keys: Vec<String> = read
                .iter()
                .filter(|record| record.topic == name.topic())
                .map(|record| {
                    audit.check(record).unwrap();
                    record.key.clone()
                })
                .collect();
            let of_name = rows.iter().filter(|outgoing| outgoing.row.recipient == *name);
            let expect: Vec<String> = of_name.map(|outgoing| outgoing.row.pseudonym.to_string()).collect();
            assert_eq!(keys, expect);
        }
        read
    }

    /// A producer under the first lane's own transactional id, with a transaction open.
    #[must_use]
    pub fn zombie(&self) -> BaseProducer {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.config.brokers)
            .set("transactional.id", format!("hub.{}.relay.{}", self.config.environment, self.names[0]))
            .create()
            .unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        producer
    }

    /// Sends the rows of an outbox from a position on, as a relay would, without its position.
    pub fn send(&self, producer: &BaseProducer, after: usize, count: usize) {
        for outgoing in &self.rows.all()[after..after + count] {
            let record = gate::pass(&self.rows.vault, &self.rows.schemas, outgoing).unwrap();
            let mut headers = rdkafka::message::OwnedHeaders::new();
            for (key, value) in &record.headers {
                headers = headers.insert(rdkafka::message::Header { key, value: Some(value) });
            }
            let mut message = BaseRecord::to(&record.topic).partition(0).key(&record.key).headers(headers);
            message.payload = record.value.as_ref();
            producer.send(message).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// A client that changes topics behind the hub's back.
    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", &self.config.brokers).create().unwrap()
    }

    /// Makes a recipient's topic with so many partitions and these settings.
    pub async fn make(&self, of: &Recipient, partitions: i32, settings: &[(&str, &str)]) {
        let topic = of.topic();
        let new = NewTopic::new(&topic, partitions, TopicReplication::Fixed(1));
        let new = settings.iter().fold(new, |new, (key, value)| new.set(key, value));
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        let end = Instant::now() + PATIENCE;
        // One of the same name may still be on its way out.
        while self.admin().create_topics([&new], &options).await.unwrap().remove(0).is_err() {
            assert!(Instant::now() < end, "{topic} is not made");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Removes a recipient's topic.
    pub async fn remove(&self, of: &Recipient) {
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        self.admin().delete_topics(&[&of.topic()], &options).await.unwrap().remove(0).unwrap();
    }

    /// Changes one setting of a recipient's topic; the others are the broker's own again.
    pub async fn set(&self, of: &Recipient, key: &str, value: &str) {
        let topic = of.topic();
        let change = AlterConfig::new(ResourceSpecifier::Topic(&topic)).set(key, value);
        self.admin().alter_configs([&change], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    }

    /// Writes something else to a recipient's topic.
    pub async fn write(&self, to: &Recipient, value: &[u8]) {
        let producer: FutureProducer =
            ClientConfig::new().set("bootstrap.servers", &self.config.brokers).create().unwrap();
        let topic = to.topic();
        let record = FutureRecord::<[u8], _>::to(&topic).partition(0).payload(value);
        producer.send(record, PATIENCE).await.map_err(|(error, _)| error).unwrap();
    }

    /// Removes every record of a recipient's topic, as its retention does.
    pub async fn expire(&self, of: &Recipient) {
        let mut all = TopicPartitionList::new();
        all.add_partition_offset(&of.topic(), 0, Offset::End).unwrap();
        self.admin().delete_records(&all, &AdminOptions::new()).await.unwrap();
    }
}
