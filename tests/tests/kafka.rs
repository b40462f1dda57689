//! Exactly-once on a real Apache Kafka: the only place where it is proved.
//!
//! `HUB_TEST_KAFKA` says where it listens (`deploy/kafka.sh start DIR` prints it). Without it these
//! tests fail in CI and say "skipped: no Kafka" elsewhere. Each uses topics of its own.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hub::clock::Clock;
use hub::config::KafkaConfig;
use hub::contract;
use hub::deliver::auditor::Audit;
use hub::deliver::feed::TapRecord;
use hub::deliver::kafka::KafkaLog;
use hub::deliver::log::{Log as _, Outbox as _, Reader as _, Record};
use hub::deliver::{Deliver, DeliverError, HealthState, gate, run};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use schemas::recipient::Recipient;
use tests::outbox::Rows;
use tests::setting;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

/// One test's own place on the broker.
struct Place {
    rows: Rows,
    config: KafkaConfig,
    names: Vec<Recipient>,
}

/// A place with this many recipients; none where there is no Kafka.
fn place(recipients: usize) -> Option<Place> {
    let Some(brokers) = setting("HUB_TEST_KAFKA") else {
        assert!(setting("CI").is_none(), "HUB_TEST_KAFKA is not set");
        std::io::stderr().write_all(b"skipped: no Kafka\n").unwrap();
        return None;
    };
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
    Some(Place { rows, config: config.unwrap(), names })
}

impl Place {
    fn parts(&self, owner: &str) -> Deliver<Rows> {
        self.rows.parts(self.config.clone(), owner)
    }

    /// Runs until everything was read back and the ledger closed, or until it ends by itself.
    async fn deliver(&self, parts: Deliver<Rows>) -> Result<(), DeliverError> {
        let stop = CancellationToken::new();
        let running = run(parts, stop.clone());
        tokio::pin!(running);
        let closed = tokio::time::timeout(PATIENCE, async {
            while !self.rows.all_closed() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        tokio::select! {
            ended = &mut running => ended,
            closed = closed => {
                closed.expect("the ledger is closed in time");
                stop.cancel();
                running.await
            }
        }
    }

    /// Everything that a reader of committed records sees, checked to be what the outbox says: each
    /// row once, in order, in one chain.
    async fn read_all(&self) -> Vec<Record> {
        let mut reader = KafkaLog::new(self.config.clone()).reader(&self.names).await.unwrap();
        let rows = self.rows.all();
        let mut read = Vec::new();
        let mut quiet = 0;
        // A second of silence after the last one shows that nothing comes twice.
        while quiet < if read.len() < rows.len() { 300 } else { 10 } {
            match reader.next().await.unwrap() {
                Some(record) => {
                    read.push(record);
                    quiet = 0;
                }
                None => quiet += 1,
            }
        }
        assert_eq!(read.len(), rows.len());
        for name in &self.names {
            let mut audit = Audit::after(0);
            let keys: Vec<String> = read
                .iter()
                .filter(|record| record.topic == name.topic())
                .map(|record| {
                    assert_eq!(audit.check(record), Ok(()));
                    record.key.clone()
                })
                .collect();
            let of_name = rows.iter().filter(|outgoing| outgoing.row.recipient == *name);
            let expect: Vec<String> = of_name.map(|outgoing| outgoing.row.pseudonym.to_string()).collect();
            assert_eq!(keys, expect);
        }
        read
    }

    /// A producer under the relay's own transactional id, with a transaction open.
    fn zombie(&self) -> BaseProducer {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.config.brokers)
            .set("transactional.id", format!("hub.{}.relay", self.config.environment))
            .create()
            .unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        producer
    }

    /// Sends the rows of an outbox from a position on, as a relay would, without its position.
    fn send(&self, producer: &BaseProducer, after: usize, count: usize) {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_rows_arrive_once_in_order_and_close_the_ledger() {
    let Some(place) = place(3) else { return };
    place.rows.add(1_000, 1).unwrap();
    let parts = place.parts("one");
    let health = Arc::clone(&parts.health);
    place.deliver(parts).await.unwrap();
    let read = place.read_all().await;
    let voids = read.iter().filter(|record| record.value.is_none()).count();
    // Every seventh that is no end, and every thirteenth, and not both twice.
    let expect = (1..=1_000).filter(|n| n % 13 == 0 || n % 7 == 0 && n % 5 != 0).count();
    assert_eq!(voids, expect);
    assert_eq!(health.state(), HealthState::Delivering);
    assert_eq!(health.counts.sent.get(), 1_000);
    assert_eq!(health.counts.voids.get(), u64::try_from(expect).unwrap());
    assert_eq!(health.counts.breaks.get(), 0);
    assert_eq!(health.counts.torn.get(), 0);
    // New rows go on where it ended, under a new holder.
    place.rows.add(100, 1).unwrap();
    let parts = place.parts("two");
    let health = Arc::clone(&parts.health);
    place.deliver(parts).await.unwrap();
    assert_eq!(health.counts.sent.get(), 100);
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_dropped_at_any_moment_lose_and_double_nothing() {
    let Some(place) = place(2) else { return };
    place.rows.add(20_000, 1).unwrap();
    let mut sent = 0;
    for n in 0..12u64 {
        let parts = place.parts(&format!("relay-{n}"));
        let health = Arc::clone(&parts.health);
        let running = tokio::spawn(run(parts, CancellationToken::new()));
        while health.state() != HealthState::Delivering {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Not a wait for something: the moment of the kill, another one in the transaction each time.
        tokio::time::sleep(Duration::from_millis(29 * n % 83)).await;
        running.abort();
        sent += health.counts.sent.get();
    }
    assert!((1..20_000).contains(&sent), "some were killed at work: {sent}");
    place.deliver(place.parts("last")).await.unwrap();
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_is_fenced_and_its_records_are_never_seen() {
    let Some(place) = place(1) else { return };
    place.rows.add(50, 1).unwrap();
    place.deliver(place.parts("one")).await.unwrap();
    place.rows.add(20, 1).unwrap();
    let zombie = place.zombie();
    place.send(&zombie, 50, 7);
    place.deliver(place.parts("two")).await.unwrap();
    let refused = zombie.commit_transaction(PATIENCE).unwrap_err();
    assert!(
        matches!(&refused, rdkafka::error::KafkaError::Transaction(error) if error.is_fatal()),
        "{refused}"
    );
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_commit_is_found_and_counted_as_sent() {
    let Some(place) = place(1) else { return };
    place.rows.add(50, 1).unwrap();
    place.deliver(place.parts("one")).await.unwrap();
    place.rows.add(20, 1).unwrap();
    let torn = place.zombie();
    place.send(&torn, 50, 7);
    torn.commit_transaction(PATIENCE).unwrap();
    // Many aborted records behind it: the way back goes past them.
    torn.begin_transaction().unwrap();
    place.send(&torn, 50, 20);
    torn.abort_transaction(PATIENCE).unwrap();
    let parts = place.parts("two");
    let health = Arc::clone(&parts.health);
    place.deliver(parts).await.unwrap();
    assert_eq!(health.counts.torn.get(), 1);
    assert_eq!(health.counts.sent.get(), 13);
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_ahead_of_or_behind_the_database_halts_delivery() {
    let Some(mut place) = place(1) else { return };
    let name = place.names[0].clone();
    place.rows.add(30, 1).unwrap();
    let sent = place.rows.clone();
    // Closed without having been sent: what a Kafka that lost records looks like.
    sent.close_ledger(&name, 30, Clock::system().now()).await.unwrap();
    let halted = run(place.parts("one"), CancellationToken::new()).await.unwrap_err();
    assert!(matches!(halted, DeliverError::KafkaRegressed { log: 0, store: 30, .. }), "{halted}");
    sent.close_ledger(&name, 0, Clock::system().now()).await.unwrap();
    place.deliver(place.parts("two")).await.unwrap();
    // An outbox that ends earlier: a database that was restored.
    place.rows = Rows::new(&[name.as_str()]).unwrap();
    place.rows.add(20, 1).unwrap();
    let halted = run(place.parts("three"), CancellationToken::new()).await.unwrap_err();
    assert!(matches!(halted, DeliverError::DatabaseRegressed { log: 30, store: 20, .. }), "{halted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_python_reads_what_tap_prints() {
    let Some(place) = place(2) else { return };
    place.rows.add(40, 1).unwrap();
    place.deliver(place.parts("one")).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = format!("http://{}", listener.local_addr().unwrap());
    let app = contract::routes(Arc::clone(&place.rows.schemas));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let stock = python(&place, &registry).await;
    serving.abort();
    let read = place.read_all().await.into_iter();
    let mut tap: Vec<TapRecord> =
        read.map(|record| TapRecord::from_log(&place.rows.schemas, record).unwrap()).collect();
    tap.sort_by(|a, b| (&a.topic, a.sequence).cmp(&(&b.topic, b.sequence)));
    let ours: Vec<serde_json::Value> = tap
        .iter()
        .map(|tap| serde_json::json!({"topic": tap.topic, "key": tap.key, "headers": tap.headers, "value": tap.value}))
        .collect();
    assert_eq!(stock, ours);
}

/// What the stock client prints, by topic and number. It is installed once, into `target/python`.
async fn python(place: &Place, registry: &str) -> Vec<serde_json::Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let home = root.join("target/python");
    let run = async |program: PathBuf, arguments: &[&str]| {
        let output = tokio::process::Command::new(program).args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    if !home.join("bin/fastavro").exists() {
        run("python3".into(), &["-m", "venv", home.to_str().unwrap()]).await;
        run(home.join("bin/pip"), &["install", "--quiet", "confluent-kafka[avro]==2.16.0"]).await;
    }
    let script = root.join("tests/python/read_topic.py");
    let (count, topics) = (place.rows.all().len().to_string(), place.names.iter().map(Recipient::topic));
    let mut arguments = vec![script.to_str().unwrap(), &place.config.brokers, registry, &count];
    let topics: Vec<String> = topics.collect();
    arguments.extend(topics.iter().map(String::as_str));
    let printed = run(home.join("bin/python"), &arguments).await;
    let mut records: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let number = |record: &serde_json::Value| {
        record["headers"]["ce_sequence"].as_str().unwrap().parse::<u64>().unwrap()
    };
    records.sort_by_key(|record| (record["topic"].as_str().unwrap().to_owned(), number(record)));
    records
}
