//! Bad weather: servers that are away at the start, go in the middle and come back.
//!
//! Each run has servers of its own, because they are stopped. Proves that what was accepted is kept, that what
//! cannot be kept is not accepted, and that the log and `/readyz` say what is away. Next: `faults.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use serde_json::{Value, json};
use tests::people::visa_lines;
use tests::process::{Process, push, until};
use tests::servers::Server;

/// The application of one person.
fn person(n: usize) -> Vec<u8> {
    visa_lines(n).swap_remove(0).to_string().into_bytes()
}

/// What `/readyz` says; none where nobody answers.
async fn ready(process: &Process) -> Option<(u16, Value)> {
    let answer = reqwest::get(format!("{}/readyz", process.base)).await.ok()?;
    Some((answer.status().as_u16(), answer.json().await.ok()?))
}

/// Waits until `/readyz` answers with this status.
async fn readiness(process: &Process, status: u16) {
    let what = format!("/readyz answers {status}");
    until(&what, async || ready(process).await.is_some_and(|(found, _)| found == status)).await.unwrap();
}

/// Sends a person's application once, without patience: the status.
async fn once(process: &Process, n: usize) -> u16 {
    let client = reqwest::Client::builder().build().unwrap();
    let post = client.post(format!("{}/v1/sources/visa/messages", process.base)).bearer_auth("dev-post-cas");
    let post = post.header("Content-Type", "application/json").body(person(n));
    post.send().await.unwrap().status().as_u16()
}

async fn accept(process: &Process, persons: std::ops::Range<usize>) {
    for n in persons {
        let said = push(&process.base, "visa", "post-cas", "application/x-ndjson", &person(n)).await.unwrap();
        assert!(said.contains("\"accepted\"") || said.contains("\"again\""), "{said}");
    }
}

fn logged(process: &Process, words: &str) -> bool {
    std::fs::read_to_string(&process.log).unwrap().contains(words)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_and_comes_loses_nothing() {
    if tests::server("HUB_TEST_POSTGRES", "PostgreSQL").is_none() {
        return;
    }
    let server = Server::new("postgres.sh");
    let address = format!("postgres://hub@{}/postgres", server.start());
    // No broker: what was decided waits in the outbox.
    let mut process = Process::start(&address, "127.0.0.1:1").await.unwrap();
    process.kill().unwrap();
    server.stop();

    process.go().unwrap();
    until("the log says that the database is away", async || {
        logged(&process, "the database is not reachable")
    })
    .await
    .unwrap();
    // It lives, and lets nobody in before the database was there.
    let live = reqwest::get(format!("{}/livez", process.base)).await.unwrap();
    assert_eq!(live.status(), 200);
    let away = json!({ "ready": false, "database": false, "missing": "database away" });
    assert_eq!(ready(&process).await, Some((503, away)));
    assert_eq!(once(&process, 0).await, 503);
    let nowhere = reqwest::get(format!("{}/", process.base)).await.unwrap();
    assert_eq!((nowhere.status().as_u16(), &nowhere.headers()["retry-after"]), (503, &"10".parse().unwrap()));
    let problem: Value = nowhere.json().await.unwrap();
    assert_eq!(
        (&problem["code"], &problem["type"]),
        (&json!("database-away"), &json!("/problems/database-away"))
    );
    server.start();
    readiness(&process, 200).await;
    accept(&process, 0..20).await;

    // Senders go on while it restarts: what cannot be stored is not accepted.
    let sending = accept(&process, 20..60);
    let restarting = async {
        tokio::task::block_in_place(|| server.stop());
        readiness(&process, 503).await;
        assert_eq!(ready(&process).await.unwrap().1["database"], false);
        assert_eq!(once(&process, 99).await, 503);
        tokio::task::block_in_place(|| server.start());
        readiness(&process, 200).await;
    };
    tokio::join!(sending, restarting);
    assert_eq!(once(&process, 99).await, 201, "what was answered 503 had not been stored");

    let (_, store) = process.inside().await.unwrap();
    until("all is decided", async || store.pending(1).await.is_ok_and(|rows| rows.is_empty())).await.unwrap();
    let inbox = store.decided(0, 1_000).await.unwrap();
    assert_eq!(inbox.len(), 61, "each message once");
    let replay = process.command(&["replay", "--verify"]).unwrap().status().unwrap();
    assert!(replay.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_and_comes_gets_everything_once() {
    let Some(database) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    if tests::server("HUB_TEST_KAFKA", "Kafka").is_none() {
        return;
    }
    let server = Server::new("kafka.sh");
    let process = Process::start(&database, &format!("127.0.0.1:{}", server.port)).await.unwrap();
    let named = async || {
        let words = ready(&process).await.map(|(status, body)| (status, body["missing"].to_string()));
        words.is_some_and(|(status, words)| status == 200 && words.contains("deliver"))
    };
    accept(&process, 0..20).await;
    until("/readyz names delivery, and lets senders in", named).await.unwrap();
    assert!(logged(&process, "delivery waits and tries again"));

    tokio::task::block_in_place(|| server.start());
    let (config, store) = process.inside().await.unwrap();
    process.settled(&store).await.unwrap();
    until("/readyz names nothing", async || !named().await).await.unwrap();

    tokio::task::block_in_place(|| server.stop());
    accept(&process, 20..40).await;
    until("/readyz names delivery again", named).await.unwrap();
    tokio::task::block_in_place(|| server.start());
    let counts = process.settled(&store).await.unwrap();
    let records: usize = process.topics(&config).await.unwrap().values().map(Vec::len).sum();
    assert_eq!((counts["decided"], records), (40, 40), "each person's application, told once");
}
