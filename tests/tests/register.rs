//! The register as a stranger: what it answers is bounded in memory, whatever it is.
//!
//! Next: `hub::request`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use axum::Router;
use axum::routing::post;
use hub::app::{Hub, Start, in_data};
use hub::clock::Clock;
use hub::config::RequestSettings;
use hub::request::Requests;
use tests::people::{register_answer, visa_lines};
use tests::saying::{decide, put, send};

/// How many tasks are left where the register's answer goes on for so many bytes.
async fn left(padding: usize) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    let hub = Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    send(&hub, &visa_lines(0)).await;
    let answer = register_answer(0, "44021", "2025-06-01");
    let items = adapters::read(adapters::source("register").unwrap(), answer.as_bytes());
    put(&hub, "register", &items.into_iter().map(Result::unwrap).collect::<Vec<_>>()).await;
    decide(&hub).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let register_url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = answer + &" ".repeat(padding);
    let router = Router::new().route("/", post(move || async move { answer }));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = RequestSettings {
        ca: None,
        certificate: None,
        key: None,
        register_url,
        timeout_seconds: 20,
        identity: "hub".to_owned(),
        capacity: "9999".to_owned(),
    };
    let Hub { store, intake, vault, clock, metrics, .. } = hub.clone();
    let requests = Requests::new(store, intake, vault, clock, &settings, metrics.request.clone()).unwrap();
    assert_eq!(requests.step().await.unwrap(), 2, "an enrolment and a question");
    server.abort();
    let counts = hub.store.counts().await.unwrap();
    counts.into_iter().find(|(name, _)| *name == "tasks").unwrap().1
}

#[tokio::test]
async fn an_answer_longer_than_any_answer_is_none() {
    let short = left(0).await;
    assert!(short < 2, "{short}");
    assert_eq!(left(900_000).await, short);
    assert_eq!(left(1 << 20).await, 2, "both are asked again");
}
