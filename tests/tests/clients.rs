//! What an agency reads, with the clients and tools it has: Java, Python and JavaScript as they are installed, the hub as
//! their schema registry, and Kafka's own console.
//!
//! Each must read what `tap` prints, voids and all, past records that were taken back. The programs are those of
//! docs/agencies.md; `deploy/clients.sh` installs what they need. What is proved of delivery itself: `kafka.rs`.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::BTreeSet;

use serde_json::Value;
use tests::checker::{check, proves};
use tests::clients::{Client, kept, tapped};
use tests::place::Place;
use tests::servers::kafka_tool;

/// How many records a place has: enough of them at once for the codec to be used.
const RECORDS: usize = 230;
/// How many of them were sent before, in a transaction that was taken back.
const TAKEN_BACK: usize = 20;

/// A topic with voids, and with records that were taken back: a relay died, and the next one sent them again.
async fn place() -> Option<Place> {
    let place = Place::new(1)?;
    place.rows.add(200, 1).unwrap();
    place.deliver("one").await;
    place.rows.add(30, 1).unwrap();
    let dies = place.zombie();
    place.send(&dies, 200, TAKEN_BACK);
    place.deliver("two").await;
    Some(place)
}

async fn reads_what_tap_prints(client: Client) -> Option<Place> {
    let place = place().await?;
    let of = &place.names[0];
    let read = client.read(&place, &place.config.brokers, of, RECORDS, &[]).await.unwrap();
    assert!(read.iter().any(|record| record["value"].is_null()), "there are voids");
    assert_eq!(read, tapped(&place, of).await.unwrap());
    Some(place)
}

#[tokio::test(flavor = "multi_thread")]
async fn python_reads_what_tap_prints() {
    reads_what_tap_prints(Client::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_reads_what_tap_prints() {
    reads_what_tap_prints(Client::Javascript).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn java_reads_what_tap_prints_and_has_nothing_left_to_read() {
    let Some(place) = reads_what_tap_prints(Client::Java).await else { return };
    let group = format!("{}.java", place.names[0].topic());
    let words = ["--describe", "--group", &group];
    let told = kafka_tool(
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
        &place.config.brokers,
        &words,
    );
    let of_topic: Vec<&str> = told.lines().last().unwrap().split_whitespace().collect();
    // Group, topic, partition, where it is, where the topic ends, and what is left to read: records that were taken back
    // and the ends of transactions have offsets as well.
    let [_, _, "0", at, end, "0", ..] = of_topic[..] else { panic!("{told}") };
    assert_eq!(at, end);
    assert!(end.parse::<usize>().unwrap() > RECORDS + TAKEN_BACK, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_tools_of_the_guide_keep_is_whole_and_every_fault_in_it_is_found() {
    let Some(place) = place().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let topic = place.names[0].topic();
    let kept = kept(&place.config.brokers, &place.names[0]).await.unwrap();
    for (tool, lines) in &kept {
        let file = folder.path().join(tool);
        std::fs::write(&file, lines).unwrap();
        let (code, said) = check(&["--last", &RECORDS.to_string(), file.to_str().unwrap()], "").await;
        let whole = format!("{topic}: numbers 1 to {RECORDS}, {RECORDS} records, ");
        assert!(code == 0 && said.starts_with(&whole) && said.contains(" 0 read again"), "{tool}: {said}");
    }
    // Both are the same records, so that one file of each is the other read again.
    let both = folder.path().join("both");
    std::fs::write(&both, [&kept[0].1[..], &kept[1].1[..]].concat()).unwrap();
    let (code, said) = check(&[both.to_str().unwrap()], "").await;
    assert!(code == 0 && said.contains(&format!(" {RECORDS} read again: whole")), "{said}");
    let lines = kept[0].1.split(|byte| *byte == b'\n').take(8);
    let records = lines.map(|line| {
        let mut record: Value = serde_json::from_slice(line).unwrap();
        record["sequence"] =
            record["headers"]["ce_sequence"].as_str().unwrap().parse::<u64>().unwrap().into();
        record
    });
    let records: Vec<Value> = records.collect();
    assert!(records.iter().any(|record| record["value"].is_null()), "there is a void");
    proves(&records).await;
}

/// The numbers that Kafka's own console reads, so many.
fn console(place: &Place, count: usize, more: &[&str]) -> Vec<u64> {
    let (topic, count) = (place.names[0].topic(), count.to_string());
    let words = ["--topic", &topic, "--from-beginning", "--max-messages", &count, "--timeout-ms", "30000"];
    let shown = ["--formatter-property", "print.headers=true", "--formatter-property", "print.value=false"];
    let words = [&words[..], &shown, more].concat();
    let told = kafka_tool("org.apache.kafka.tools.consumer.ConsoleConsumer", &place.config.brokers, &words);
    let number = |line: &str| line.split_once("ce_sequence:")?.1.split(',').next()?.parse().ok();
    told.lines().filter_map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_shows_each_record_once_where_it_is_told_to_read_what_was_committed() {
    let Some(place) = place().await else { return };
    let once: Vec<u64> = (1..=RECORDS as u64).collect();
    assert_eq!(console(&place, RECORDS, &["--isolation-level", "read_committed"]), once);
    // Without it a reader meets numbers twice, and can tell.
    let all = console(&place, RECORDS + TAKEN_BACK, &[]);
    assert!(!all.is_sorted(), "a number comes again");
    assert_eq!(all.into_iter().collect::<BTreeSet<u64>>().into_iter().collect::<Vec<_>>(), once);
}
