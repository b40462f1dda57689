//! Exchanged values of what leaves: records on their way out, and what the register is asked.
//!
//! The relay and the feed name the row that does not open and send nothing of it; once it is mended, delivery goes on.
//! A number that does not open is asked nobody about. Nobody's data goes out under another's name.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use hub::app::{Hub, serve};
use hub::config::{Config, KafkaConfig, RequestSettings};
use hub::deliver::feed::TapRecord;
use hub::deliver::gate::pass;
use hub::deliver::record::LogRecord;
use hub::deliver::recording::Recording;
use hub::deliver::{Deliver, run_on};
use hub::request::Requests;
use hub::store::rows::OutboxRow;
use serde_json::{Value, json};
use tests::intruder::{Cell, Intruder, on_each};
use tests::people::test_number;
use tests::process::until;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Three;

/// A broker that nobody asks: the log is in memory.
fn kafka() -> KafkaConfig {
    serde_json::from_value(json!({ "brokers": "-" })).unwrap()
}

/// Runs the relay on a log until this topic is halted and everything else is closed: what was found.
async fn deliver(hub: &Hub, log: &Recording, halted: Option<&str>) -> Option<String> {
    let stop = CancellationToken::new();
    let parts = Deliver {
        outbox: hub.store.clone(),
        vault: hub.vault.clone(),
        schemas: Arc::clone(&hub.schemas),
        kafka: kafka(),
        clock: hub.clock.clone(),
        owner: format!("relay until {halted:?}"),
        wake: Arc::default(),
        health: Arc::default(),
    };
    let halting = parts.recipients();
    let running = tokio::spawn(run_on(parts, log.clone(), stop.clone()));
    let found = async || hub.store.halts(&halting).await.unwrap().pop().map(|halt| halt.detail);
    until("everything else is closed, or all of it", async || {
        let ends = hub.store.ledger_ends().await.unwrap();
        let open = ends.iter().filter(|(_, last, closed)| last > closed);
        open.map(|(to, ..)| to.as_str()).eq(halted) && found().await.is_some() == halted.is_some()
    })
    .await
    .unwrap();
    let halted = found().await;
    stop.cancel();
    running.await.unwrap();
    halted
}

/// What a record says, decoded, with the number and the name under which it went.
fn said(hub: &Hub, record: LogRecord) -> (String, u64, String, Value) {
    let TapRecord { recipient, sequence, key, value, .. } =
        TapRecord::from_log(&hub.schemas, record).unwrap();
    (recipient.to_string(), sequence, key, value)
}

/// Everything that left, topic by topic.
fn left(hub: &Hub, log: &Recording) -> Vec<(String, u64, String, Value)> {
    let names = hub.schemas.iter().map(|(name, _)| name);
    names.flat_map(|name| log.records(name)).map(|record| said(hub, record)).collect()
}

/// Everything that was decided to leave, as it must arrive: topic by topic.
async fn meant(three: &Three) -> Vec<(String, u64, String, Value)> {
    let Hub { store, vault, schemas, .. } = &three.hub;
    let rows = store.outgoing(0, 1_000).await.unwrap();
    let said = |row| said(&three.hub, pass(vault, schemas, row).unwrap());
    let mut meant: Vec<_> = rows.iter().map(said).collect();
    meant.sort_by_key(|(recipient, sequence, ..)| (recipient.clone(), *sequence));
    meant
}

/// What a recipient reads over HTTP after a number, and with which status.
async fn feed(base: &str, recipient: &str, after: u64) -> (u16, Value) {
    let address = format!("{base}/v1/recipients/{recipient}/deliveries?after={after}");
    let client = reqwest::Client::builder().build().unwrap();
    let answer = client.get(address).bearer_auth(format!("dev-{recipient}")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn cell(intruder: &Intruder, row: &OutboxRow, column: &'static str) -> Cell<'static> {
    intruder.of("outbox", column, "delivery", &row.delivery.0.into_bytes())
}

/// Two rows are exchanged in these columns. What the relay and the feed say of the first of them, and that nothing but
/// what was meant ever leaves.
async fn bodies(
    name: &str,
    columns: &'static [&'static str],
    pick: fn(&[OutboxRow]) -> [usize; 2],
    what: &str,
) {
    on_each(name, async |mut hub, mut intruder| {
        // Who reads the feed proves nothing where a topic is read back.
        let mut config = Config::clone(&hub.config);
        config.hub.kafka = Some(kafka());
        hub.config = Arc::new(config);
        let three = Three::on(hub).await;
        let (rows, meant) = (three.to("agii-abroad").await, meant(&three).await);
        let [one, other] = pick(&rows);
        for column in columns {
            intruder
                .exchange(&cell(&intruder, &rows[one], column), &cell(&intruder, &rows[other], column))
                .await;
        }
        let log = Recording::default();
        let halted = deliver(&three.hub, &log, Some("agii-abroad")).await.unwrap();
        let sequence = rows[one].sequence;
        assert_eq!(halted, format!("outbox row {sequence} of agii-abroad is damaged: {what}"));
        let gone = left(&three.hub, &log);
        assert!(gone.iter().all(|record| meant.contains(record)), "{gone:?}");

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, three.hub.router(), three.hub.config.hub.limits, stop.clone()));
        let (status, page) = feed(&base, "agii-abroad", 0).await;
        let before = usize::try_from(sequence - 1).unwrap();
        if before == 0 {
            assert_eq!((status, &page["code"]), (500, &json!("internal")));
        } else {
            assert_eq!(
                (status, page["records"].as_array().unwrap().len()),
                (200, before),
                "up to the damaged one"
            );
        }
        assert_eq!(feed(&base, "agii-abroad", sequence - 1).await.0, 500, "no number is skipped");
        let (status, page) = feed(&base, "amal", 0).await;
        assert_eq!((status, page["records"].as_array().unwrap().len()), (200, 3), "others read on");
        stop.cancel();

        for column in columns {
            intruder
                .exchange(&cell(&intruder, &rows[one], column), &cell(&intruder, &rows[other], column))
                .await;
        }
        assert_eq!(deliver(&three.hub, &log, None).await, None);
        let gone = left(&three.hub, &log);
        assert_eq!(gone, meant, "all of it, once, in order");
    })
    .await;
}

/// The first two rows of the same person.
fn of_one(rows: &[OutboxRow]) -> [usize; 2] {
    let second = rows.iter().skip(1).position(|row| row.person == rows[0].person).unwrap();
    [0, second + 1]
}

/// The second row, and the first of somebody else.
fn of_two(rows: &[OutboxRow]) -> [usize; 2] {
    [1, rows.iter().position(|row| row.person != rows[1].person).unwrap()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_about_two_persons() {
    Box::pin(bodies("bodies", &["body"], of_two, "its body")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_about_one_person() {
    Box::pin(bodies("sequences", &["body"], of_one, "its body")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_with_whose_they_are() {
    Box::pin(bodies("whole", &["body", "person"], of_two, "its body")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_with_the_names_they_go_under() {
    Box::pin(bodies("names", &["body", "person", "pseudonym"], of_two, "its envelope is another row's"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_of_two_tasks() {
    on_each("tasks", async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let tasks = three.hub.store.tasks().await.unwrap();
        let of =
            |n: usize| tasks.iter().filter(move |(_, person)| *person == three.persons[n]).map(|(id, _)| *id);
        assert_eq!((of(0).count(), of(1).count(), of(2).count()), (2, 2, 2), "enrolled and asked about");
        let cells: Vec<_> = of(0).zip(of(1)).collect();
        for (one, other) in cells {
            let [one, other] =
                [one, other].map(|id| intruder.of("task", "content", "id", &id.0.into_bytes()));
            intruder.exchange(&one, &other).await;
        }
        // A register that writes down whom it is asked about, and answers nothing.
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let heard = Arc::clone(&asked);
        let answer = move |question: String| async move {
            let numbers = (0..3).map(test_number).filter(|number| question.contains(number.as_str()));
            heard.lock().unwrap().extend(numbers);
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let register_url = format!("http://{}/", listener.local_addr().unwrap());
        let server =
            tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
        let settings = RequestSettings {
            ca: None,
            certificate: None,
            key: None,
            register_url,
            timeout_seconds: 5,
            identity: "hub".to_owned(),
            capacity: "9999".to_owned(),
        };
        let Hub { store, intake, vault, clock, metrics, .. } = three.hub.clone();
        let requests =
            Requests::new(store, intake, vault, clock, &settings, metrics.request.clone()).unwrap();
        assert_eq!(requests.step().await.unwrap(), 6, "each is tried");
        server.abort();
        assert_eq!(*asked.lock().unwrap(), BTreeSet::from([test_number(2)]), "nobody is asked about another");
        assert_eq!(three.hub.store.tasks().await.unwrap().len(), 6);
        let left = three.hub.store.counts().await.unwrap();
        assert!(left.contains(&("tasks", 6)), "none is given up: {left:?}");
    })
    .await;
}
