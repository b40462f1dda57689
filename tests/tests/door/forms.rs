//! The forms in which a body may come: lists, compressed, in other letters; and what comes out of it has the limits.
//!
//! Real sockets. What each form is read as stands with the doors (`adapters`) and with `hub dry-run`.

use std::io::Write;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::api::{Door, problem};
use super::lines;

const ONE: &str = "/v1/sources/visa/messages";
const MANY: &str = "/v1/sources/visa/batches";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut zipped = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    zipped.write_all(bytes).unwrap();
    zipped.finish().unwrap()
}

async fn coded(door: &Door, path: &str, coding: &str, body: Vec<u8>) -> Response {
    let call = door.call(Method::POST, path, "posts").header("Content-Type", "application/json");
    call.header("Content-Encoding", coding).body(body).send().await.unwrap()
}

async fn statuses(answer: Response) -> Vec<String> {
    let text = answer.text().await.unwrap();
    let status = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        format!("{} {}", line["index"], line["status"].as_str().unwrap())
    };
    text.lines().map(status).collect()
}

#[tokio::test]
async fn a_list_is_its_items_and_a_batch_of_any_form_has_a_line_an_item() {
    let door = Door::open().await;
    let items: Vec<Value> =
        lines("ADD")[..3].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let single = door.post(ONE, "posts", "application/json", json!([items[0]]).to_string()).await;
    assert_eq!(single.status(), 201);
    let two = door.post(ONE, "posts", "application/json", json!(items).to_string()).await;
    assert_eq!(problem(two).await["code"], "not-one-message");
    let list = Value::Array(items.clone());
    for (text, expect) in [
        (list.to_string(), ["0 again", "1 accepted", "2 accepted"]),
        (serde_json::to_string_pretty(&list).unwrap(), ["0 again", "1 again", "2 again"]),
        (items.iter().map(|item| format!("{item:#}\n")).collect(), ["0 again", "1 again", "2 again"]),
    ] {
        assert_eq!(statuses(door.post(MANY, "posts", "application/json", text).await).await, expect);
    }
}

#[tokio::test]
async fn a_compressed_body_is_inflated_within_the_limits() {
    let door = Door::open().await;
    let line = lines("ADD").remove(0);
    assert_eq!(coded(&door, ONE, "gzip", gzip(line.as_bytes())).await.status(), 201);
    assert_eq!(statuses(coded(&door, MANY, "gzip", gzip(line.as_bytes())).await).await, ["0 again"]);
    // One message may have a megabyte, a batch 64: a thousand times more than what is sent.
    let bomb = gzip(&vec![b'x'; 80 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(problem(coded(&door, ONE, "gzip", bomb.clone()).await).await["code"], "too-large");
    assert_eq!(problem(coded(&door, MANY, "gzip", bomb).await).await["code"], "too-large");
    for body in [line.as_bytes().to_vec(), gzip(line.as_bytes())[..20].to_vec()] {
        assert_eq!(problem(coded(&door, ONE, "gzip", body).await).await["code"], "bad-request");
    }
    let other = coded(&door, ONE, "br", line.into_bytes()).await;
    assert_eq!(other.headers()["accept-encoding"], "gzip");
    assert_eq!(problem(other).await["code"], "wrong-format");
}
