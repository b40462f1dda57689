//! Exactly-once on a real Apache Kafka: the only place where it is proved.
//!
//! Each test has a place of its own ([`tests::place`]). What happens to topics that somebody else spoils is `topics.rs`'s.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hub::contract;
use hub::deliver::HealthState;
use hub::deliver::feed::TapRecord;
use hub::deliver::halt::HaltCode;
use rdkafka::producer::Producer as _;
use schemas::recipient::Recipient;
use serde_json::json;
use tests::outbox::Rows;
use tests::place::{PATIENCE, Place, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_rows_arrive_once_in_order_and_close_the_ledger() {
    let Some(place) = Place::new(3) else { return };
    place.rows.add(1_000, 1).unwrap();
    let health = place.deliver("one").await;
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
    let health = place.deliver("two").await;
    assert_eq!(health.counts.sent.get(), 100);
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_topics_are_taken_over_at_once() {
    // Each lane writes into the one topic of positions while the others read it back.
    let Some(place) = Place::new(24) else { return };
    for owner in ["one", "two", "three"] {
        place.rows.add(48, 1).unwrap();
        let health = place.deliver(owner).await;
        assert_eq!(health.counts.sent.get(), 48);
    }
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_dropped_at_any_moment_lose_and_double_nothing() {
    let Some(place) = Place::new(2) else { return };
    place.rows.add(20_000, 1).unwrap();
    // A quick machine may have sent everything before the last of them dies: how many died while rows were left.
    let (mut sent, mut at_work) = (0, 0);
    for n in 0..12u64 {
        let running = place.start(&format!("relay-{n}"));
        let health = Arc::clone(&running.health);
        until("it delivers", || health.state() == HealthState::Delivering).await;
        // Not a wait for something: the moment of the kill, another one in the transaction each time.
        tokio::time::sleep(Duration::from_millis(29 * n % 83)).await;
        running.abort();
        sent += health.counts.sent.get();
        at_work += usize::from((1..20_000).contains(&sent));
    }
    assert!(at_work > 0, "some were killed at work: {sent}");
    place.deliver("last").await;
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_is_fenced_and_its_records_are_never_seen() {
    let Some(place) = Place::new(1) else { return };
    place.rows.add(50, 1).unwrap();
    place.deliver("one").await;
    place.rows.add(20, 1).unwrap();
    let zombie = place.zombie();
    place.send(&zombie, 50, 7);
    place.deliver("two").await;
    let refused = zombie.commit_transaction(PATIENCE).unwrap_err();
    assert!(
        matches!(&refused, rdkafka::error::KafkaError::Transaction(error) if error.is_fatal()),
        "{refused}"
    );
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_commit_is_found_and_counted_as_sent() {
    let Some(place) = Place::new(1) else { return };
    place.rows.add(50, 1).unwrap();
    place.deliver("one").await;
    place.rows.add(20, 1).unwrap();
    let torn = place.zombie();
    place.send(&torn, 50, 7);
    torn.commit_transaction(PATIENCE).unwrap();
    // Many aborted records behind it: the way back goes past them.
    torn.begin_transaction().unwrap();
    place.send(&torn, 50, 20);
    torn.abort_transaction(PATIENCE).unwrap();
    let health = place.deliver("two").await;
    assert_eq!(health.counts.torn.get(), 1);
    assert_eq!(health.counts.sent.get(), 13);
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_ahead_of_or_behind_the_database_halts_delivery() {
    let Some(mut place) = Place::new(1) else { return };
    let name = place.names[0].clone();
    place.rows.add(30, 1).unwrap();
    // Closed without having been sent: what a Kafka that lost records looks like.
    place.rows.close(&name, 30);
    let halted = halted(&place, "one").await;
    assert_eq!(
        halted,
        (HaltCode::KafkaRegressed, "Kafka regressed: record 30 was read back, the log ends at 0".into())
    );
    place.rows.close(&name, 0);
    place.deliver("two").await;
    // An outbox that ends earlier: a database that was restored.
    place.rows = Rows::new(&[name.as_str()]).unwrap();
    place.rows.add(20, 1).unwrap();
    let halted = self::halted(&place, "three").await;
    let words = "the database regressed: record 30 was sent, the ledger ends at 20";
    assert_eq!(halted, (HaltCode::DatabaseRegressed, words.into()));
}

/// What stops the one topic of a place.
async fn halted(place: &Place, owner: &str) -> (HaltCode, String) {
    let running = place.start(owner);
    until("the topic is halted", || place.rows.halted(&place.names[0]).is_some()).await;
    assert_eq!(running.health.state(), HealthState::Halted);
    running.stop().await;
    place.rows.halted(&place.names[0]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_python_reads_what_tap_prints() {
    let Some(place) = Place::new(2) else { return };
    place.rows.add(40, 1).unwrap();
    place.deliver("one").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = format!("http://{}", listener.local_addr().unwrap());
    let app = contract::registry::routes(Arc::clone(&place.rows.schemas));
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

#[tokio::test(flavor = "multi_thread")]
async fn stock_javascript_reads_every_record_as_it_is_installed() {
    let Some(place) = Place::new(1) else { return };
    // Enough of them for the codec to be used: a small batch is sent as it is.
    place.rows.add(200, 1).unwrap();
    place.deliver("one").await;
    let root = tests::root();
    let home = root.join("target/javascript");
    let run = async |program: &str, arguments: &[&str]| {
        let mut command = tokio::process::Command::new(program);
        let output =
            command.args(arguments).env("NODE_PATH", home.join("node_modules")).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // Installed once.
    if !home.join("node_modules/kafkajs").exists() {
        let home = home.to_str().unwrap();
        run("npm", &["install", "--silent", "--no-audit", "--no-fund", "--prefix", home, "kafkajs@2.2.4"])
            .await;
    }
    let script = root.join("tests/javascript/read_topic.js");
    let topic = place.names[0].topic();
    let printed = run("node", &[script.to_str().unwrap(), &place.config.brokers, "200", &topic]).await;
    let stock: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ours: Vec<serde_json::Value> = place
        .read_all()
        .await
        .into_iter()
        .map(|record| {
            let headers: BTreeMap<String, String> = record.headers.into_iter().collect();
            let value = record.value.map(hex::encode);
            json!({ "topic": record.topic, "key": record.key, "headers": headers, "value": value })
        })
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
