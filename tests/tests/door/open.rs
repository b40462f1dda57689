//! What anybody may send before a credential is checked: bounded in time and memory, and others are answered meanwhile.
//!
//! Real sockets. No wait is for a time to pass: each is for an answer.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tests::intruder::Intruder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::api::{Door, problem};

const SUBJECT: &str = "/subjects/voortraject.agii.v1-value";

/// A record that holds the one before twice, so many deep: read as Avro it has two to that power of fields.
fn doubled(deep: usize) -> String {
    (0..deep).fold("\"string\"".to_owned(), |inner, n| {
        let again = if n == 0 { "\"string\"".to_owned() } else { format!("\"R{}\"", n - 1) };
        format!(
            r#"{{"type":"record","name":"R{n}","fields":[{{"name":"a","type":{inner}}},{{"name":"b","type":{again}}}]}}"#
        )
    })
}

/// Schemas that cost somebody who reads them: what they are, and the status they get.
fn hostile() -> Vec<(&'static str, String, u16)> {
    let schema = |text: String| json!({ "schema": text }).to_string();
    let nested =
        |open: &str, close: &str, deep: usize| format!("{}0{}", open.repeat(deep), close.repeat(deep));
    vec![
        ("doubled", schema(doubled(60)), 404),
        ("doubled 200", schema(doubled(200)), 404),
        ("arrays", schema(nested(r#"{"type":"array","items":"#, "}", 2_000)), 404),
        ("deep", schema(nested("[", "]", 30_000)), 404),
        ("deep outside", nested("[", "]", 30_000), 404),
        (
            "a long name",
            schema(format!(r#"{{"type":"fixed","size":1,"name":"{}"}}"#, "x".repeat(60_000))),
            404,
        ),
        ("many names", schema(format!("[{}0]", "\"a\",".repeat(10_000))), 404),
        ("a large number", schema("9".repeat(60_000)), 404),
        ("escapes", format!(r#"{{"schema":"{}"}}"#, r"\u0000".repeat(9_000)), 404),
        ("no JSON", "{".repeat(60_000), 404),
        ("large", schema("x".repeat(70_000)), 413),
        ("larger", schema("x".repeat(50 << 20)), 413),
    ]
}

/// The process lives, and says so at once.
async fn lives(door: &Door) {
    let answer = tokio::time::timeout(Duration::from_secs(5), door.get("/livez", "")).await;
    assert_eq!(answer.expect("it answers at once").status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_schema_costs_little_and_nobody_waits_for_it() {
    let door = Door::open().await;
    for (what, body, status) in hostile() {
        let begun = Instant::now();
        // A body that is refused for its length may be cut off before all of it was sent.
        let sent = door.call(Method::POST, SUBJECT, "").body(body).send().await;
        match sent {
            Ok(answer) => assert_eq!(answer.status(), status, "{what}"),
            Err(error) => assert!(status == 413, "{what}: {error}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{what} took {:?}", begun.elapsed());
    }
    let asked = async || {
        let answer = door.post(SUBJECT, "", "application/json", hostile()[0].1.clone()).await;
        assert_eq!(answer.status(), 404);
    };
    let many = futures::future::join_all((0..100).map(|_| asked()));
    let alive = async {
        for _ in 0..10 {
            lives(&door).await;
        }
    };
    futures::future::join(many, alive).await;
}

/// Sends the head of a request that promises a body, and no body.
async fn promise(door: &Door, path: &str, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(door.base.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn no_byte_of_a_strangers_body_is_waited_for() {
    let door = Door::open().await;
    for path in [
        "/v1/sources/visa/messages",
        "/v1/sources/visa/batches",
        "/v1/recipients/atlas/answers",
        "/v1/sources/none/messages",
        "/v1/nothing",
        "/livez",
    ] {
        for token in ["nobody", "wewis"] {
            let mut stream = promise(&door, path, token).await;
            let mut answer = [0; 12];
            let read = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await;
            read.unwrap_or_else(|_| panic!("{path} waits for the body of {token}")).unwrap();
            assert_eq!(&answer[..10], b"HTTP/1.1 4", "{path} {token}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_slowly_keeps_nobody_else_waiting() {
    let door = Door::open().await;
    let mut slow = vec![];
    for _ in 0..200 {
        slow.push(promise(&door, SUBJECT, "nobody").await);
    }
    lives(&door).await;
    let known = door.get("/subjects", "").await;
    assert_eq!(known.status(), 200);
    let asked = door.post(SUBJECT, "", "application/json", hostile()[0].1.clone()).await;
    assert_eq!(asked.status(), 404, "those who are slow take nobody's turn");
}

#[tokio::test]
async fn refused_credentials_are_counted_and_never_told() {
    let door = Door::open().await;
    let guess = "a-guess-nobody-may-read";
    for (path, token) in [
        ("/v1/receipts/00000000000000000000000000000000", guess),
        ("/v1/recipients/atlas/deliveries", guess),
        ("/v1/recipients/atlas/deliveries", "bon"),
        ("/v1/recipients/atlas/deliveries", ""),
    ] {
        let told = problem(door.get(path, token).await).await;
        assert!(!told.to_string().contains(guess));
    }
    let text = door.get("/metrics", "").await.text().await.unwrap();
    for (path, status, count) in [
        ("/v1/receipts/{id}", 401, 1),
        ("/v1/recipients/{recipient}/deliveries", 401, 2),
        ("/v1/recipients/{recipient}/deliveries", 403, 1),
    ] {
        let line = format!(r#"hub_api_credentials_refused_total{{path="{path}",status="{status}"}} {count}"#);
        assert!(text.contains(&line), "{line}\n{text}");
    }
    assert!(!text.contains(guess) && text.contains("hub_rows_age_seconds "), "{text}");
}

#[tokio::test]
async fn a_schema_that_another_instance_sent_under_is_known_soon() {
    let door = Door::open().await;
    let mut other = Intruder::at(&door.hub.config.hub.database).await;
    let id = "/schemas/ids/777";
    let first = door.get(id, "").await;
    assert_eq!(first.status(), 404);
    other
        .run("insert into sent_schema (id, recipient, schema) values (777, 'atlas', '\"string\"')".to_owned())
        .await;
    tests::process::until("it is known", async || door.get(id, "").await.status() == 200).await.unwrap();
    let told = door.get("/subjects/voortraject.atlas.v1-value/versions", "").await.text().await.unwrap();
    assert_eq!(told, "[1,2]");
}
