//! What a recipient holds, compared with what was promised: exactly the numbers that differ, whatever else is right.
//!
//! The ledger is made up here, because only its hashes are compared. Next: `checked` for the checker that asks.

use hub::store::Store;
use schemas::envelope::Hash;
use schemas::recipient::Recipient;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection as _, SqliteConnection};
use tests::checker::differing;

use super::api::{Door, problem};

const OWN: &str = "/v1/recipients/agii-abroad";

/// A hub whose ledger promised so many records, drawn by chance; and their hashes.
async fn promising(records: u64) -> (Door, Vec<(u64, Hash)>) {
    let door = Door::open().await;
    let url = format!("sqlite:{}", door.folder.path().join("hub.db").display());
    let mut store = SqliteConnection::connect(&url).await.unwrap();
    let sql = format!(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < {records}) \
         insert into ledger (recipient, sequence, payload_hash, epoch, position) \
         select 'agii-abroad', i, randomblob(32), 1, i from n"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut store).await.unwrap();
    let promised = promised(&door.hub.store, records).await;
    (door, promised)
}

async fn promised(store: &Store, records: u64) -> Vec<(u64, Hash)> {
    store.promised(&Recipient::parse("agii-abroad").unwrap(), 1, records).await.unwrap()
}

async fn compared(door: &Door, ranges: &Value) -> Value {
    let body = json!({"ranges": ranges}).to_string();
    let answer = door.post(&format!("{OWN}/digest"), "agii-abroad", "application/json", body).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

fn range(held: &[Hash], from: u64) -> Value {
    let hash = hex::encode(Sha256::digest(held.as_flattened()));
    json!({"from": from, "until": from - 1 + held.len() as u64, "hash": hash})
}

#[tokio::test]
async fn of_a_hundred_thousand_records_exactly_those_that_are_wrong_are_named() {
    let (door, promised) = promising(100_000).await;
    let mut held = promised;
    for at in [0, 31, 99_999] {
        held[at].1[7] ^= 1;
    }
    (held[54_320].1, held[54_321].1) = (held[54_321].1, held[54_320].1);
    held.retain(|(number, _)| ![33, 1000].contains(number));
    let told = differing(&format!("{}{OWN}", door.base), "agii-abroad", &held).await;
    assert_eq!(told, [1, 32, 33, 1000, 54_321, 54_322, 100_000]);
}

#[tokio::test]
async fn a_range_is_the_same_or_it_is_said_how_it_is_not() {
    let (door, promised) = promising(5).await;
    let hashes: Vec<Hash> = promised.iter().map(|(_, hash)| *hash).collect();
    let nothing: Hash = [0; 32];
    let again = |after: u64, limit: u64| format!("{OWN}/deliveries?after={after}&limit={limit}");
    for (asked, expect) in [
        (range(&hashes, 1), json!([])),
        (range(&hashes[1..4], 2), json!([])),
        (range(&hashes[..1], 2), json!([{"from": 2, "until": 2, "is": "differs", "again": again(1, 1)}])),
        (range(&[nothing], 3), json!([{"from": 3, "until": 3, "is": "missing", "again": again(2, 1)}])),
        (range(&[nothing; 3], 2), json!([{"from": 2, "until": 4, "is": "missing", "again": again(1, 3)}])),
        (range(&[hashes[4], nothing], 5), json!([])),
        (range(&[hashes[4]; 2], 5), json!([{"from": 5, "until": 6, "is": "differs", "again": again(4, 1)}])),
        (range(&[hashes[4]], 6), json!([{"from": 6, "until": 6, "is": "unknown", "again": null}])),
    ] {
        let told = compared(&door, &json!([asked])).await;
        assert_eq!(told, json!({"recipient": "agii-abroad", "last": 5, "ranges": expect}), "{asked}");
    }
    // Asking says nothing of what was stored.
    assert_eq!(door.hub.store.ledger_ends().await.unwrap()[0].2, 0);
}

#[tokio::test]
async fn what_is_no_digest_is_refused_and_what_is_large_is_bounded() {
    let (door, promised) = promising(1000).await;
    let hashes: Vec<Hash> = promised.iter().map(|(_, hash)| *hash).collect();
    assert_eq!(
        compared(&door, &json!([range(&hashes, 1)])).await["ranges"],
        json!([]),
        "1000 numbers at most"
    );
    let one = range(&hashes[..1], 1);
    let full = compared(&door, &json!(vec![&one; 200])).await;
    assert_eq!(full["ranges"], json!([]), "200 ranges at most");
    let with = |name: &str, value: Value| {
        let mut range = one.clone();
        range[name] = value;
        json!({"ranges": [range]}).to_string()
    };
    for body in [
        "".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({"ranges": vec![&one; 201]}).to_string(),
        with("from", json!(0)),
        with("from", json!(2)),
        with("from", json!(-1)),
        with("until", json!(1001)),
        with("until", json!(u64::MAX)),
        with("hash", json!("00")),
        with("hash", Value::Null),
        with("more", json!(1)),
    ] {
        let path = format!("{OWN}/digest");
        let told = problem(door.post(&path, "agii-abroad", "application/json", body.clone()).await).await;
        assert_eq!(told["code"], "bad-request", "{body:.200}");
    }
    let far = json!({"from": u64::MAX, "until": u64::MAX, "hash": one["hash"]});
    assert_eq!(compared(&door, &json!([far])).await["ranges"][0]["is"], "unknown");
}
