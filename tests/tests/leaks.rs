//! Canaries in every personal field of 200 messages, then a search wherever the hub writes in clear:
//! logs, metrics, topic keys and headers, database files (invariant I10).
//!
//! Some items are malformed, so that refusals are stored as well. Addresses carry ids only, which the
//! log shows. Values on topics are meant to be read and are not searched.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;

use memchr::memmem;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use tests::people::visa_lines;
use tests::process::Process;

const SENDER: &str = "post-cas";

/// A message with a canary of its own in every personal field; each tenth is damaged.
fn message(n: usize) -> (Value, Vec<String>) {
    let mut canaries = vec![];
    let mut canary = |what: &str| {
        let text = format!(
            "Zq{what}Kanarie{}",
            String::from_utf8(vec![b'a' + u8::try_from(n % 26).unwrap(); 1 + n / 26]).unwrap()
        );
        canaries.push(text.clone());
        text
    };
    let mut line = visa_lines(n).swap_remove(0);
    line["message_id"] = canary("message").into();
    for field in ["surname", "given_names", "native_name", "birth_place"] {
        line["person"][field] = canary(field).into();
    }
    line["person"]["email"] = format!("{}@mail.example", canary("mail")).into();
    line["person"]["phone"] = format!("+32{}", 900_000_000 + n).into();
    line["travel_document"]["authority"] = canary("authority").into();
    line["application"]["filed_at"] = canary("filed").into();
    line["application"]["destination"]["street"] = canary("street").into();
    line["sponsor"] =
        json!({ "relationship": "spouse", "family_name": canary("sponsor"), "municipality": "Gent" });
    let passport = format!("ZQ9KAN{n:05}");
    line["travel_document"]["number"] = passport.clone().into();
    if n.is_multiple_of(10) {
        // Refused: a day that does not exist, and a field nobody knows.
        line["person"]["birth_date"] = "1990-02-31".into();
        line["person"][canary("field")] = canary("value").into();
    }
    canaries.extend([passport, format!("+32{}", 900_000_000 + n)]);
    (line, canaries)
}

/// The first canary in these bytes.
fn found<'a>(bytes: &[u8], canaries: &'a [String]) -> Option<&'a String> {
    // Every canary holds one of these marks: bytes without them need no closer look.
    let marked =
        ["Kanarie", "ZQ9KAN", "+3290000"].iter().any(|mark| memmem::find(bytes, mark.as_bytes()).is_some());
    canaries.iter().filter(|_| marked).find(|canary| memmem::find(bytes, canary.as_bytes()).is_some())
}

fn search(folder: &Path, canaries: &[String]) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += search(&path, canaries);
        } else if let Ok(bytes) = std::fs::read(&path) {
            files += 1;
            assert_eq!(found(&bytes, canaries), None, "{}", path.display());
        }
    }
    files
}

fn body() -> (Vec<u8>, Vec<String>) {
    let (lines, canaries): (Vec<Value>, Vec<Vec<String>>) = (0..200).map(message).unzip();
    let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    (body.into_bytes(), canaries.concat())
}

#[test]
fn the_search_finds_what_it_is_for() {
    let (body, canaries) = body();
    assert!(found(&body, &canaries).is_some());
    assert!(canaries.len() > 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_value_is_in_logs_metrics_keys_headers_or_postgresql_files() {
    let (Some(server), Some(brokers)) =
        (tests::server("HUB_TEST_POSTGRES", "PostgreSQL"), tests::server("HUB_TEST_KAFKA", "Kafka"))
    else {
        return;
    };
    let (body, canaries) = body();
    let process = Process::start(&server, &brokers).await.unwrap();
    let answer = process.push("visa", SENDER, "application/x-ndjson", &body).await.unwrap();
    assert_eq!(answer.lines().filter(|line| line.contains("\"refused\"")).count(), 20, "{answer}");
    let (config, store) = process.inside().await.unwrap();
    let counts = process.settled(&store).await.unwrap();
    assert_eq!((counts["decided"], counts["refusals"]), (180, 20));

    let metrics = reqwest::get(format!("{}/metrics", process.base)).await.unwrap().bytes().await.unwrap();
    assert!(metrics.len() > 500);
    assert_eq!(found(&metrics, &canaries), None, "metrics");
    assert_eq!(found(&std::fs::read(&process.log).unwrap(), &canaries), None, "log");
    let mut records = 0;
    for record in process.topics(&config).await.unwrap().into_values().flatten() {
        records += 1;
        let headers: String =
            record.headers.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        assert_eq!(found(record.key.as_bytes(), &canaries), None, "key");
        assert_eq!(found(headers.as_bytes(), &canaries), None, "headers");
    }
    assert!(records >= 180, "{records} records were looked at");

    let mut connection = PgConnection::connect(&config.hub.database).await.unwrap();
    sqlx::query("checkpoint").execute(&mut connection).await.unwrap();
    let row = sqlx::query("show data_directory").fetch_one(&mut connection).await.unwrap();
    let folder: String = row.get(0);
    assert!(search(Path::new(&folder), &canaries) > 100, "the data directory was read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_value_is_in_sqlite_files() {
    let folder = tempfile::tempdir().unwrap();
    let (body, canaries) = body();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2026-11-20T08:00:00Z").unwrap();
    let start = hub::app::Start::Migrated(hub::clock::Clock::declared(now));
    let hub = hub::app::Hub::open(config, start).await.unwrap();
    let visa = adapters::source("visa").unwrap();
    let items = body
        .split(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).map_err(|_| unreachable!()));
    hub.intake.accept(visa, SENDER, items.collect()).await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    while !hub.store.undecided(1).await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stop.cancel();
    decider.await.unwrap().unwrap();
    assert!(search(folder.path(), &canaries) >= 2, "the database and its log were read");
}
