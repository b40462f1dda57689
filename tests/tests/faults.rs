//! `kill -9` at five moments of a run on PostgreSQL and Kafka: every message once, every record once and in
//! order, and the same end as the run that nobody disturbed.
//!
//! The story's visa and permit lines are pushed as their senders would, again where the hub was away.
//! Next: `tests::process` for the binary and its parts.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;
use std::time::Duration;

use hub::clock::Clock;
use hub::contract::Schemas;
use serde_json::Value;
use tests::process::Process;

/// The story's lines in portions: source, sender, kind, body.
fn portions() -> Vec<(&'static str, String, &'static str, Vec<u8>)> {
    let story = tests::root().join("config/story");
    let mut portions = vec![];
    let mut files: Vec<_> =
        std::fs::read_dir(story.join("posts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_lowercase();
        let sender = if name == "dvz" { name } else { format!("post-{name}") };
        let text = std::fs::read_to_string(&file).unwrap();
        for part in text.lines().collect::<Vec<_>>().chunks(10) {
            portions.push(("visa", sender.clone(), "application/x-ndjson", part.join("\n").into_bytes()));
        }
    }
    let text = std::fs::read_to_string(story.join("wewis/single-permits.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    for part in rows.lines().collect::<Vec<_>>().chunks(10) {
        let body = format!("{header}\n{}\n", part.join("\n"));
        portions.push(("permit", "wewis".to_owned(), "text/csv", body.into_bytes()));
    }
    portions
}

/// What a run ended with: messages decided, and how often each value stands on each recipient's topic.
#[derive(PartialEq, Eq, Debug)]
struct End {
    decided: u64,
    waiting: u64,
    values: BTreeMap<(String, String), usize>,
}

/// Plays the portions, killing the process `kills` times on the way.
async fn run(server: &str, brokers: &str, kills: usize) -> (End, Process) {
    let mut process = Process::start(server, brokers).await.unwrap();
    let portions = portions();
    // Moments nobody chose: some portions in, and some milliseconds after.
    let random = Clock::system().seed().0;
    let moments: Vec<usize> =
        (0..kills).map(|n| n * portions.len() / 5 + usize::from(random[n]) % 6).collect();
    for (number, (source, sender, kind, body)) in portions.iter().enumerate() {
        if let Some(n) = moments.iter().position(|moment| *moment == number) {
            tokio::time::sleep(Duration::from_millis(u64::from(random[n + 8]) / 2)).await;
            process.kill().unwrap();
            process.go().unwrap();
        }
        process.push(source, sender, kind, body).await.unwrap();
    }
    let (config, store) = process.inside().await.unwrap();
    let counts = process.settled(&store).await.unwrap();
    let ids = config.agencies.iter().map(|(name, agency)| (name.clone(), agency.schema_id)).collect();
    let schemas = Schemas::new(&ids, &config.bundle.contracts).unwrap();
    let mut values = BTreeMap::new();
    for (recipient, records) in process.topics(&config).await.unwrap() {
        let ends = store.ledger_ends().await.unwrap();
        let last = ends.iter().find(|(name, _, _)| *name == recipient).unwrap().1;
        assert_eq!(records.len() as u64, last, "{recipient}: every record of the ledger, once");
        for record in records {
            let mut value = record.value.map_or(Value::Null, |framed| schemas.decode(&framed).unwrap());
            if let Some(fields) = value.as_object_mut() {
                fields.remove("handover");
            }
            let name = recipient.as_str().trim_start_matches(&process.prefix).to_owned();
            *values.entry((name, value.to_string())).or_default() += 1;
        }
    }
    (End { decided: counts["decided"], waiting: counts["waiting"], values }, process)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_five_times_everything_is_once_in_order_and_ends_the_same() {
    let (Some(server), Some(brokers)) =
        (tests::server("HUB_TEST_POSTGRES", "PostgreSQL"), tests::server("HUB_TEST_KAFKA", "Kafka"))
    else {
        return;
    };
    let (calm, _calm) = run(&server, &brokers, 0).await;
    let (disturbed, process) = run(&server, &brokers, 5).await;
    assert!(calm.decided > 550 && calm.values.len() > 150, "{} {}", calm.decided, calm.values.len());
    assert_eq!(calm, disturbed);
    for batch in ["1", "500"] {
        let replay = process.command(&["replay", "--verify", "--batch", batch]).unwrap().status().unwrap();
        assert!(replay.success(), "replay in batches of {batch}");
    }
}
