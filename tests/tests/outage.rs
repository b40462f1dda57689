//! A hub that stood still for days catches up in order, and an agency that does not answer is told of once.
//!
//! On both engines, with a declared clock: two hubs hear the same, one of them decides at once and one after 72 hours. Next:
//! `docs/clock.md`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::TimeDelta;
use hub::alert::Alerts;
use hub::app::{Hub, Start, in_data};
use hub::clock::Clock;
use hub::config::AlertSettings;
use hub::decider::replay::verify;
use hub::store::rows::{MessageRow, OutboxRow};
use schemas::handover::State;
use schemas::ids::PersonId;
use schemas::time::{Instant, day_of, parse_instant};
use serde_json::{Value, json};
use tests::people::{register_answer, statement, visa_lines, visa_status};
use tests::saying::{decide, put, send};
use tests::story::records;

/// Noon of a Tuesday: what is sent now is to be stored by Wednesday evening.
const NOON: &str = "2025-11-18T11:00:00Z";
/// Each answers or is spoken of in another way.
const PEOPLE: usize = 8;

fn noon() -> Instant {
    parse_instant(NOON).unwrap()
}

struct House {
    hub: Hub,
    people: Vec<PersonId>,
    _folder: tempfile::TempDir,
}

impl House {
    /// Everybody lives in Ghent, and Amal has an offer for each.
    async fn new(server: Option<&str>, people: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = tests::config();
        in_data(folder.path(), &mut config);
        if let Some(server) = server {
            let name = format!("hub_outage_{}", hex::encode(&Clock::system().seed().0[..6]));
            config.hub.database = tests::process::database(server, &name).await.unwrap();
        }
        let hub = Hub::open(config, Start::Migrated(Clock::declared(noon()))).await.unwrap();
        let mut ids = vec![];
        for n in 0..people {
            let said = send(&hub, &visa_lines(n)).await;
            ids.push(tests::saying::owner(&hub, said[0]).await);
            put(&hub, "register", &home(n, "44021", "2025-11-10")).await;
        }
        decide(&hub).await;
        Self { hub, people: ids, _folder: folder }
    }

    /// So many hours later than noon.
    fn later(&self, hours: i64) {
        self.hub.clock.advance(noon() + TimeDelta::hours(hours));
    }

    async fn offers(&self) -> BTreeMap<PersonId, (OutboxRow, Value)> {
        let all = records(&self.hub).await.unwrap().into_iter();
        let own = all.filter(|(_, row, value)| row.recipient.as_str() == "amal" && value["kind"] == "offer");
        own.map(|(person, row, value)| (person, (row, value))).collect()
    }

    /// Amal says this about the `n`th person's offer.
    async fn answer(&self, n: usize, answer: &str) {
        let (row, value) = &self.offers().await[&self.people[n]];
        let hash = hex::encode(row.payload_hash);
        let answer = match answer {
            "received" => json!({ "received": { "sequence": row.sequence, "payload_hash": hash } }),
            "not_competent" => json!({ "rejected": { "code": "NOT_COMPETENT" } }),
            plain => json!(plain),
        };
        let said = json!({ "handover": value["handover"], "epoch": value["epoch"], "answer": answer });
        let door = adapters::source("answer").unwrap();
        self.hub.intake.accept(door, &adapters::Speaker::for_all("amal"), vec![Ok(said)]).await.unwrap();
    }

    /// Where each person's handovers stand, with whose turn it is.
    async fn stand(&self) -> BTreeMap<usize, Vec<String>> {
        let mut all: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for row in self.hub.store.handovers(&Default::default(), None, 1_000).await.unwrap() {
            let at = self.people.iter().position(|person| *person == row.person).unwrap();
            let to = row.recipient.map_or("nobody".to_owned(), |to| to.as_str().to_owned());
            all.entry(at).or_default().push(format!("{to} {:?} {:?} {}", row.state, row.owner, row.epoch));
        }
        all.values_mut().for_each(|handovers| handovers.sort());
        all
    }

    /// What left about each person, in order.
    async fn left(&self) -> BTreeMap<usize, Vec<String>> {
        let mut all: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (person, row, value) in records(&self.hub).await.unwrap() {
            let at = self.people.iter().position(|known| *known == person).unwrap();
            let kind = value["kind"].as_str().unwrap();
            all.entry(at).or_default().push(format!("{} {kind}", row.recipient.as_str()));
        }
        all
    }

    /// Messages in the order of their decisions.
    async fn decided(&self) -> Vec<MessageRow> {
        self.hub.store.decided(0, 10_000).await.unwrap()
    }
}

fn home(n: usize, nis: &str, since: &str) -> Vec<Value> {
    let answer = register_answer(n, nis, since);
    let items = adapters::read(adapters::source("register").unwrap(), answer.as_bytes());
    items.into_iter().map(Result::unwrap).collect()
}

/// What happens at which hour; hours 36 to 60 are after the first deadline has passed.
async fn happens(house: &House, hour: i64) {
    let hub = &house.hub;
    match hour {
        // In time, and too late.
        12 => house.answer(0, "received").await,
        40 => house.answer(1, "received").await,
        // A yes without a receipt, before and after the deadline.
        14 => house.answer(2, "accepted").await,
        16 => house.answer(3, "received").await,
        44 => house.answer(3, "accepted").await,
        46 => house.answer(4, "not_competent").await,
        // Moves to Antwerp while the offer is late.
        48 => drop(put(hub, "register", &home(5, "11002", "2025-11-20")).await),
        50 => {
            put(hub, "visa", &[visa_status(6, 1)]).await;
            put(hub, "xapi", &[statement(6, 3)]).await;
        }
        _ => {}
    }
}

const HOURS: [i64; 9] = [12, 14, 16, 37, 40, 44, 46, 48, 50];
const END: i64 = 72;

async fn on_each(check: impl AsyncFn(Option<&str>)) {
    check(None).await;
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    check(Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_stood_still_for_72_hours_catches_up_in_the_order_of_times() {
    on_each(async |server| {
        let (steady, stood) = (House::new(server, PEOPLE).await, House::new(server, PEOPLE).await);
        let before = stood.decided().await.len();
        for hour in HOURS.into_iter().chain([END]) {
            for house in [&steady, &stood] {
                house.later(hour);
                happens(house, hour).await;
            }
            steady.hub.intake.bring_due().await.unwrap();
            decide(&steady.hub).await;
        }
        let said = stood.hub.store.pending(1_000).await.unwrap().len();
        assert_eq!(stood.hub.intake.bring_due().await.unwrap(), PEOPLE, "each has a day that has come");
        assert_eq!(stood.hub.intake.bring_due().await.unwrap(), 0, "brought once");
        decide(&stood.hub).await;

        // Nothing is lost, nothing is decided twice, and the order is that of the times.
        let caught_up = stood.decided().await.split_off(before);
        assert_eq!(caught_up.len(), said + PEOPLE);
        assert!(caught_up.is_sorted_by(|one, next| one.id < next.id));
        let sources: Vec<&str> = caught_up.iter().map(|message| message.source.as_str()).collect();
        let first_due = sources.iter().position(|source| *source == "due").unwrap();
        assert_eq!(first_due, 3, "after what was said before the deadline: {sources:?}");
        assert!(sources[first_due..first_due + PEOPLE].iter().all(|source| *source == "due"), "{sources:?}");
        let today = day_of(stood.hub.clock.now());
        assert_eq!(stood.hub.store.due(today, None, 10).await.unwrap(), []);
        assert!(stood.hub.store.pending(1).await.unwrap().is_empty());

        assert_eq!(stood.stand().await, steady.stand().await);
        assert_eq!(stood.left().await, steady.left().await);
        let late = |stand: &BTreeMap<usize, Vec<String>>| {
            stand.values().flatten().filter(|line| line.contains("Overdue")).count()
        };
        assert_eq!(late(&stood.stand().await), 3, "{:?}", stood.stand().await);
        for Hub { store, vault, config, schemas, .. } in [&steady.hub, &stood.hub] {
            let report = verify(store, vault, &config.bundle, schemas, 7).await.unwrap();
            assert_eq!(report.differences, Vec::<String>::new());
        }
    })
    .await;
}

/// Where alerts are posted: it keeps them, and answers with what it is told.
async fn listener(answers: Arc<AtomicU16>) -> (String, Arc<std::sync::Mutex<Vec<Value>>>) {
    let told: Arc<std::sync::Mutex<Vec<Value>>> = Arc::default();
    let keep = told.clone();
    let router = Router::new().route(
        "/",
        post(move |body: String| async move {
            keep.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            StatusCode::from_u16(answers.load(Ordering::SeqCst)).unwrap()
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, told)
}

/// Golden scenario 10 (docs/clock.md): an agency is down for three days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_that_is_down_for_three_days_is_told_of_once() {
    on_each(async |server| {
        let house = House::new(server, 12).await;
        let answers = Arc::new(AtomicU16::new(500));
        let (url, told) = listener(answers.clone()).await;
        let settings = AlertSettings { url, ca: None, certificate: None, key: None, timeout_seconds: 5 };
        let (store, clock) = (house.hub.store.clone(), house.hub.clock.clone());
        let (one, other) = (
            Alerts::new(store.clone(), clock.clone(), &settings).unwrap(),
            Alerts::new(store.clone(), clock, &settings).unwrap(),
        );
        let count = || told.lock().unwrap().len();
        assert_eq!((one.step().await.unwrap(), count()), (0, 0), "nobody is late");
        house.later(48);
        house.hub.intake.bring_due().await.unwrap();
        decide(&house.hub).await;
        let overdue = store.handover_states().await.unwrap();
        let overdue = overdue.iter().find(|row| row.state == State::Overdue).unwrap();
        assert_eq!(overdue.queue.count, 12, "each for itself");

        // Whoever is to be told cannot be: it is told again later, and the doctor says so.
        assert_eq!((one.step().await.unwrap(), other.step().await.unwrap(), count()), (0, 0, 1));
        let untold = store.untold_alerts().await.unwrap();
        let trouble = untold[0].trouble.as_deref();
        assert_eq!((untold.len(), untold[0].attempts, trouble), (1, 1, Some("answered with 500")));
        answers.store(204, Ordering::SeqCst);
        house.later(49);
        assert_eq!((one.step().await.unwrap(), other.step().await.unwrap(), count()), (1, 0, 2));
        assert_eq!(store.untold_alerts().await.unwrap(), []);
        let first = told.lock().unwrap()[1].clone();
        assert_eq!((&first["recipient"], &first["overdue"]), (&json!("amal"), &json!(12)));
        assert_eq!(first["alert"], told.lock().unwrap()[0]["alert"], "a double has the same id");
        assert!(!first.to_string().contains("amina"), "nobody is named");

        // A day later it is still down: nothing more is told, whoever looks.
        house.later(72);
        house.hub.intake.bring_due().await.unwrap();
        decide(&house.hub).await;
        assert_eq!((one.step().await.unwrap(), other.step().await.unwrap(), count()), (0, 0, 2));

        // It is back: every offer is still there, in order, and is answered; the outage is over.
        for n in 0..12 {
            house.answer(n, "received").await;
        }
        decide(&house.hub).await;
        let stand = house.stand().await;
        assert!(stand.values().flatten().all(|line| line.contains("Received")), "{stand:?}");
        assert_eq!((one.step().await.unwrap(), count()), (0, 2));
        // The next one is told anew.
        house.later(24 * 20);
        house.hub.intake.bring_due().await.unwrap();
        decide(&house.hub).await;
        assert_eq!((other.step().await.unwrap(), count()), (1, 3));
        assert_ne!(told.lock().unwrap()[2]["alert"], first["alert"]);
    })
    .await;
}
