//! The feed: whoever reads no Kafka reads the same records, page by page, as they come, or as events.
//!
//! What each way says of what was stored is looked at in the ledger. That the records are those of the topic is
//! `deliver`'s proof. Positions that were never issued: `position`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hub::deliver::feed::{FeedRecord, TapRecord};
use reqwest::Response;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::people::visa_lines;
use tests::saying::send;

use super::api::{Door, problem};

const FEED: &str = "/v1/recipients/agii-abroad/deliveries";

async fn ask(door: &Door, path: &str) -> Response {
    let answer = door.get(path, "agii-abroad").await;
    assert_eq!(answer.status(), 200, "{path}");
    answer
}

async fn page(door: &Door, path: &str) -> (Vec<FeedRecord>, String) {
    let mut page: Value = ask(door, path).await.json().await.unwrap();
    let next = page["next"].as_str().unwrap().to_owned();
    (serde_json::from_value(page["records"].take()).unwrap(), next)
}

async fn closed(door: &Door) -> u64 {
    let ends = door.hub.store.ledger_ends().await.unwrap();
    ends.into_iter().find(|(name, _, _)| name.as_str() == "agii-abroad").map_or(0, |(_, _, closed)| closed)
}

/// Five applications of five people, as agii-abroad is told of them.
async fn five(door: &Door) {
    let applications: Vec<Value> = (0..5).map(|person| visa_lines(person).remove(0)).collect();
    send(&door.hub, &applications).await;
}

/// The events of an answer: the id of each and its record.
fn events(text: &str) -> Vec<(u64, FeedRecord)> {
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    };
    let record = |event: &str| {
        let (id, data) = (field(event, "id")?, field(event, "data")?);
        Some((id.parse().unwrap(), serde_json::from_str(&data).unwrap()))
    };
    text.split("\n\n").filter_map(record).collect()
}

#[tokio::test]
async fn a_record_holds_its_bytes_with_their_hash_and_the_same_decoded() {
    let door = Door::open().await;
    five(&door).await;
    let (records, _) = page(&door, FEED).await;
    assert_eq!(records.len(), 5);
    for record in records {
        let framed = STANDARD.decode(record.value.as_ref().unwrap()).unwrap();
        let salt = hex::decode(&record.headers["ce_salt"]).unwrap();
        let hash = hex::encode(Sha256::new().chain_update(salt).chain_update(&framed).finalize());
        assert_eq!(record.headers["ce_payloadhash"], hash);
        assert_eq!(record.decoded["kind"], "file");
        assert!(record.decoded["file"]["family_names"].is_array(), "{}", record.decoded["file"]);
        let schemas = &door.hub.schemas;
        assert_eq!(schemas.decode(&framed).unwrap(), record.decoded);
        assert_eq!(TapRecord::from(record.clone()).value, record.decoded);
    }
}

#[tokio::test]
async fn each_page_names_the_next_one_to_the_end_and_from_there() {
    let door = Door::open().await;
    let (records, next) = page(&door, &format!("{FEED}?limit=2")).await;
    assert_eq!((records.len(), next.as_str()), (0, "/v1/recipients/agii-abroad/deliveries?after=0&limit=2"));
    five(&door).await;
    let (mut next, mut read) = (next, vec![]);
    loop {
        let answer = ask(&door, &next).await;
        let link = answer.headers()["link"].to_str().unwrap().to_owned();
        let (records, after) = page(&door, &next).await;
        assert_eq!(link, format!("<{after}>; rel=\"next\""));
        if records.is_empty() {
            assert_eq!(after, next, "there is no other page yet");
            break;
        }
        assert!(records.len() <= 2);
        read.extend(records.into_iter().map(|record| record.sequence));
        next = after;
    }
    assert_eq!(read, [1, 2, 3, 4, 5]);
    assert_eq!(closed(&door).await, 5, "asking for what follows says that all before was stored");
}

#[tokio::test]
async fn a_call_that_waits_is_answered_as_soon_as_there_is_a_record() {
    let door = Door::open().await;
    let path = format!("{FEED}?wait=60");
    let (waited, ()) = tokio::join!(page(&door, &path), five(&door));
    let (records, next) = waited;
    assert!(!records.is_empty());
    assert_eq!(next, format!("{FEED}?after={}&wait=60", records.len()));
    let (none, same) = page(&door, &format!("{FEED}?after=5&wait=0")).await;
    assert_eq!((none.len(), same), (0, format!("{FEED}?after=5&wait=0")));
}

#[tokio::test]
async fn nobody_waits_longer_than_the_process_lives() {
    let door = Door::open().await;
    let call = door.call(reqwest::Method::GET, &format!("{FEED}?wait=60"), "agii-abroad");
    let waiting = tokio::spawn(call.send());
    // Whether the call comes before the end or after it, it is over at once.
    tokio::task::yield_now().await;
    door.end();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
    assert!(ended.is_ok(), "the call outlived its process");
}

#[tokio::test]
async fn events_go_on_where_they_were_broken_off() {
    let door = Door::open().await;
    let read = async |last: Option<u64>, limit: u32| {
        let path = format!("{FEED}?limit={limit}&wait=1");
        let mut call =
            door.call(reqwest::Method::GET, &path, "agii-abroad").header("Accept", "text/event-stream");
        if let Some(last) = last {
            call = call.header("Last-Event-ID", last.to_string());
        }
        let answer = call.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        events(&answer.text().await.unwrap())
    };
    let (first, ()) = tokio::join!(read(None, 5), five(&door));
    let pages = page(&door, FEED).await.0;
    let told = |events: Vec<(u64, FeedRecord)>| -> Vec<FeedRecord> {
        events
            .into_iter()
            .map(|(id, record)| {
                assert_eq!(id, record.sequence);
                record
            })
            .collect()
    };
    assert_eq!(told(first), pages, "the same records under the same numbers");
    assert_eq!(closed(&door).await, 0, "what was sent is not stored yet");
    assert_eq!(told(read(Some(2), 2).await), pages[2..4]);
    assert_eq!(closed(&door).await, 2);
    assert_eq!(told(read(Some(5), 2).await), []);
    assert_eq!(closed(&door).await, 5);
    for (last, code) in [("6", "unknown-position"), ("x", "bad-request"), ("-1", "bad-request")] {
        let call = door.call(reqwest::Method::GET, FEED, "agii-abroad").header("Last-Event-ID", last);
        assert_eq!(problem(call.send().await.unwrap()).await["code"], code, "{last}");
    }
}
