//! What an agency holds, checked by the program that docs/agencies.md gives it: on what the feed really gives.
//!
//! The faults and how they are named: `tests::checker`. The same on what Kafka gives: `clients.rs`.

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};
use tests::checker::{Transport, check, proves};
use tests::people::visa_lines;
use tests::saying::send;

use super::api::Door;

const OWN: &str = "/v1/recipients/agii-abroad";

/// A hub that gave six records of six people, one of whom was erased since.
async fn six() -> Door {
    let door = Door::open().await;
    send(&door.hub, &(0..6).map(|person| visa_lines(person).remove(0)).collect::<Vec<_>>()).await;
    let url = format!("sqlite:{}", door.folder.path().join("hub.db").display());
    let mut store = SqliteConnection::connect(&url).await.unwrap();
    let erased = sqlx::query("delete from key where id = (select person from outbox where sequence = 3)");
    assert_eq!(erased.execute(&mut store).await.unwrap().rows_affected(), 1);
    door
}

#[tokio::test]
async fn every_fault_at_every_place_is_found_and_named_by_whatever_way_it_came() {
    let door = six().await;
    let mut page: Value = door.get(&format!("{OWN}/deliveries"), "agii-abroad").await.json().await.unwrap();
    let records: Vec<Value> = serde_json::from_value(page["records"].take()).unwrap();
    assert_eq!(records.iter().filter(|record| record["value"].is_null()).count(), 1, "there is a void");
    assert_eq!(records.len(), 6);
    proves(&records).await;
}

#[tokio::test]
async fn it_reads_the_feed_on_behind_what_is_held_and_says_what_it_cannot_tell() {
    let door = six().await;
    let hub = format!("{}{OWN}", door.base);
    let path = door.folder.path().join("held");
    let file = path.to_str().unwrap();
    for again in 0..2 {
        let (code, said) = check(&["--hub", &hub, "--read", file], "agii-abroad").await;
        assert_eq!(code, 0, "{said}");
        assert!(
            said.contains("numbers 1 to 6, 6 records, 1 of them void, 0 read again: whole"),
            "{again}: {said}"
        );
    }
    let ends = door.hub.store.ledger_ends().await.unwrap();
    assert_eq!(ends[0].2, 6, "what was asked behind is stored");
    let (code, said) = check(&["--hub", &hub, "--read", file], "amal").await;
    assert!(code == 2 && said.contains("not-allowed-here"), "{code} {said}");
    let whole = std::fs::read(&path).unwrap();
    for (broken, expect) in [
        (&whole[..whole.len() / 2], "column"),
        (br#"{"topic":"t","key":"k","headers":{"ce_sequence":"1"},"value":{"kind":"file"}}"#, "decoded"),
        (br#"{"topic":"t","key":"k","headers":{},"value":null}"#, "without a number"),
        (b"[1]", "held"),
        (b"", "no record"),
    ] {
        std::fs::write(&path, broken).unwrap();
        let (code, said) = check(&[file], "").await;
        assert!(code == 2 && said.contains(expect), "{code} {said}");
    }
}

#[tokio::test]
async fn what_the_chain_cannot_tell_the_hub_does() {
    let door = six().await;
    let hub = format!("{}{OWN}", door.base);
    let path = door.folder.path().join("held");
    let file = path.to_str().unwrap();
    let mut page: Value = door.get(&format!("{OWN}/deliveries"), "agii-abroad").await.json().await.unwrap();
    let mut records: Vec<Value> = serde_json::from_value(page["records"].take()).unwrap();
    let write = |records: &[Value]| std::fs::write(&path, Transport::Pages.file(records)).unwrap();
    let reconciled = async || check(&["--hub", &hub, "--reconcile", file], "agii-abroad").await;
    write(&records);
    assert_eq!(reconciled().await.0, 0);
    // Another record under number 5, and every chain value behind it made to fit.
    tests::checker::forge(&mut records, 4);
    write(&records);
    assert_eq!(check(&["--last", "6", file], "").await.0, 0, "in itself it is whole");
    let (code, said) = reconciled().await;
    assert!(code == 1 && said.contains(" 5 altered: the hub promised another hash"), "{code} {said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    // What was not read yet is told by the number that the hub issued last.
    write(&records[..4]);
    let (code, said) = check(&["--hub", &hub, file], "agii-abroad").await;
    assert!(code == 1 && said.contains(" 5-6 dropped"), "{code} {said}");
}
