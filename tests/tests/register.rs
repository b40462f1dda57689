//! The register as a stranger: what it answers is bounded in memory, and counts only where it answers what was asked.
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

/// How many of two tasks, an enrolment and a question, are left where the register's answer to both is changed so.
async fn left(change: impl Fn(String) -> String) -> u64 {
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
    let answer = change(answer);
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

fn padded(bytes: usize) -> impl Fn(String) -> String {
    move |answer| answer + &" ".repeat(bytes)
}

#[tokio::test]
async fn an_answer_longer_than_any_answer_is_none() {
    let short = left(padded(0)).await;
    assert!(short < 2, "{short}");
    assert_eq!(left(padded(900_000)).await, short);
    assert_eq!(left(padded(1 << 20)).await, 2, "both are asked again");
}

#[tokio::test]
async fn what_is_no_answer_to_the_question_is_asked_again() {
    let about_another = |answer: String| {
        let (before, rest) = answer.split_once("<INSZ>").unwrap();
        let (_, after) = rest.split_once('<').unwrap();
        format!("{before}<INSZ>80620200215<{after}")
    };
    assert_eq!(left(|answer| answer).await, 1, "the enrolment got no result");
    assert_eq!(left(about_another).await, 2);
    assert_eq!(left(|_| "<html><body><p>Onderhoud</p></body></html>".to_owned()).await, 2);
    assert_eq!(left(|answer| answer.replace("Persoon>", "Gezin>").replace("<Persoon ", "<Gezin ")).await, 2);
}
