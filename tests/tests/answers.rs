//! Answers through the door: a refused one does not take its id, the same may be given again when it has become possible,
//! a corrected one is always possible; in every order, and by several at once.
//!
//! What an order must come to in the heart is `hub/decide/tests/answers.rs`. Here are the door, the ids and the memory.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::sync::Arc;

use hub::app::{Hub, Start, in_data, serve};
use hub::clock::Clock;
use hub::config::dev_token;
use hub::decider::replay::verify;
use hub::desk::{Actor, Saying};
use hub::store::Filter;
use reqwest::StatusCode;
use schemas::handover::{OrderName, State};
use serde_json::{Value, json};
use tests::people::{register_answer, visa_lines};
use tests::saying::put;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A hub that answers and decides, with offers on the table of Amal.
struct House {
    hub: Hub,
    base: String,
    http: reqwest::Client,
    stop: CancellationToken,
    decider: tokio::task::JoinHandle<anyhow::Result<()>>,
    _folder: tempfile::TempDir,
}

/// One offer, as Amal read it.
#[derive(Clone, Debug)]
struct Offer {
    handover: String,
    epoch: u64,
    sequence: u64,
    hash: String,
}

impl House {
    /// With offers about this many people.
    async fn with(offers: usize, server: Option<&str>) -> (Self, Vec<Offer>) {
        let folder = tempfile::tempdir().unwrap();
        let mut config = tests::config();
        in_data(folder.path(), &mut config);
        if let Some(server) = server {
            let name = format!("hub_{}", hex::encode(&Clock::system().seed().0[..8]));
            config.hub.database = tests::process::database(server, &name).await.unwrap();
        }
        let hub = Hub::open(config, Start::Migrated(Clock::system())).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, hub.router(), hub.config.hub.limits, stop.clone()));
        let decider = tokio::spawn(hub.clone().decide(stop.clone()));
        let http = reqwest::Client::builder().build().unwrap();
        let house = Self { hub, base, http, stop, decider, _folder: folder };
        let register = adapters::source("register").unwrap();
        for n in 0..offers {
            put(&house.hub, "visa", &visa_lines(n)).await;
            let home = adapters::read(register, register_answer(n, "44021", "2026-01-05").as_bytes());
            house.hub.intake.accept(register, &adapters::Speaker::for_all("sender"), home).await.unwrap();
        }
        assert!(house.hub.desk.decisions().all(std::time::Duration::from_secs(60)).await.unwrap());
        let records = tests::story::records(&house.hub).await.unwrap();
        let offer = |(_, row, value): &(_, hub::store::rows::OutboxRow, Value)| Offer {
            handover: value["handover"].as_str().unwrap().to_owned(),
            epoch: value["epoch"].as_u64().unwrap(),
            sequence: row.sequence,
            hash: hex::encode(row.payload_hash),
        };
        let own = records
            .iter()
            .filter(|(_, row, value)| row.recipient.as_str() == "amal" && value["kind"] == "offer");
        let own: Vec<Offer> = own.map(offer).collect();
        assert_eq!(own.len(), offers);
        (house, own)
    }

    async fn say(&self, offer: &Offer, answer: &Value) -> (StatusCode, Value) {
        let body = json!({"handover": offer.handover, "epoch": offer.epoch, "answer": answer});
        let address = format!("{}/v1/recipients/amal/answers", self.base);
        let said = self.http.post(address).bearer_auth(dev_token("amal")).json(&body).send().await.unwrap();
        (said.status(), said.json().await.unwrap())
    }

    async fn states(&self) -> Vec<State> {
        let filter = Filter::default();
        let rows = self.hub.store.handovers(&filter, None, 1_000).await.unwrap();
        rows.into_iter().map(|row| row.state).collect()
    }

    /// Stops, and proves that deciding everything again gives the same.
    async fn close(self) {
        self.stop.cancel();
        self.decider.await.unwrap().unwrap();
        let Hub { store, vault, config, schemas, .. } = &self.hub;
        let report = verify(store, vault, &config.bundle, schemas, 7).await.unwrap();
        assert!(report.differences.is_empty(), "{:?}", report.differences);
    }
}

fn received(offer: &Offer, hash: &str) -> Value {
    json!({"received": {"sequence": offer.sequence, "payload_hash": hash}})
}

/// All orders of some things.
fn orders<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![vec![]];
    }
    let first = |at: usize| {
        let mut rest = of.to_vec();
        let one = rest.remove(at);
        orders(&rest).into_iter().map(move |order| [vec![one.clone()], order].concat())
    };
    (0..of.len()).flat_map(first).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_comes_to_its_end_once_what_is_refused_is_given_again() {
    let wrong = "00".repeat(32);
    let all = orders(&[0, 1, 2, 3]);
    let (house, offers) = House::with(all.len(), None).await;
    for (order, offer) in all.iter().zip(&offers) {
        let answers = [
            received(offer, &wrong),
            received(offer, &offer.hash),
            json!("accepted"),
            json!("trajectory_started"),
        ];
        // The whole order again and again, as an agency repeats what it was not told was done.
        let mut told = vec![];
        for _ in 0..4 {
            for at in order {
                let (status, body) = house.say(offer, &answers[*at]).await;
                let code = body["code"].as_str().unwrap_or("done").to_owned();
                assert!(
                    matches!(
                        (status.as_u16(), code.as_str()),
                        (200, "done") | (409, "hash-differs" | "not-allowed")
                    ),
                    "{order:?}: {status} {body}"
                );
                if code == "not-allowed" {
                    assert!(body["conflict"]["refusal"]["not_allowed"]["allowed"].is_array(), "{body}");
                }
                told.push((*at, code));
            }
        }
        let ends: Vec<_> = told[12..].iter().map(|(at, code)| (*at, code.as_str())).collect();
        // A wrong hash says that the offer could not be read (row 11), until the right one has come.
        let place = |of: usize| order.iter().position(|at| *at == of);
        let early = place(0) < place(1);
        let expect = order.iter().map(|at| (*at, if *at == 0 && !early { "hash-differs" } else { "done" }));
        assert_eq!(ends, expect.collect::<Vec<_>>(), "{order:?}: {told:?}");
    }
    assert!(house.states().await.iter().all(|state| *state == State::Closed), "{:?}", house.states().await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_about_somebody_else_confirms_nothing() {
    let (house, offers) = House::with(2, None).await;
    for (offer, other) in [(&offers[0], &offers[1]), (&offers[1], &offers[0])] {
        let (status, told) = house.say(offer, &received(other, &other.hash)).await;
        assert_eq!((status.as_u16(), &told["code"]), (409, &json!("other-record")), "{told}");
    }
    assert_eq!(house.states().await, [State::Sent; 2]);
    for offer in &offers {
        let (status, told) = house.say(offer, &received(offer, &offer.hash)).await;
        assert_eq!(status, 200, "{told}");
    }
    assert_eq!(house.states().await, [State::Received; 2]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_answer_is_one_and_one_that_was_refused_is_decided_anew() {
    let (house, offers) = House::with(1, None).await;
    let offer = &offers[0];
    let count = async || {
        house.hub.store.counts().await.unwrap().into_iter().find(|(name, _)| *name == "decided").unwrap().1
    };
    let (status, early) = house.say(offer, &json!("accepted")).await;
    assert_eq!((status.as_u16(), &early["code"]), (409, &json!("not-allowed")));
    assert_eq!(early["conflict"]["refusal"]["not_allowed"]["state"], "sent");
    assert_eq!(early["conflict"]["refusal"]["not_allowed"]["allowed"], json!(["received", "rejected"]));
    let (status, first) = house.say(offer, &received(offer, &offer.hash)).await;
    assert_eq!(status, 200, "{first}");
    let before = count().await;
    let (_, again) = house.say(offer, &received(offer, &offer.hash)).await;
    assert_eq!((&again["receipt"], count().await), (&first["receipt"], before), "told again, decided once");
    let (status, late) = house.say(offer, &json!("accepted")).await;
    assert_eq!(status, 200, "{late}");
    assert_ne!(late["receipt"], early["receipt"], "a try of its own");
    // Both tries stay what they were.
    for (told, expect) in [(&early, "refused"), (&late, "decided")] {
        let address = format!("{}/v1/receipts/{}", house.base, told["receipt"].as_str().unwrap());
        let receipt: Value = house
            .http
            .get(address)
            .bearer_auth(dev_token("amal"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(receipt["status"], expect);
    }
    // A no after the yes, with one code and with another: each is told what is possible.
    for code in ["NOT_COMPETENT", "NO_BASIS"] {
        let (status, told) = house.say(offer, &json!({"rejected": {"code": code}})).await;
        assert_eq!((status.as_u16(), &told["code"]), (409, &json!("not-allowed")));
        assert_eq!(told["conflict"]["refusal"]["not_allowed"]["allowed"], json!(["trajectory_started"]));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_several_who_say_all_of_it_at_once_come_to_the_same_end() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let (house, offers) = House::with(3, Some(&server)).await;
    let house = Arc::new(house);
    let wrong = "00".repeat(32);
    let mut saying = vec![];
    for offer in &offers {
        let answers = [
            received(offer, &wrong),
            received(offer, &offer.hash),
            json!("accepted"),
            json!("trajectory_started"),
        ];
        for answer in answers {
            for _ in 0..3 {
                let (house, offer, answer) = (Arc::clone(&house), offer.clone(), answer.clone());
                let right = answer != received(&offer, &"00".repeat(32));
                saying.push(tokio::spawn(async move {
                    // A right answer until it is taken; a wrong one as often as an agency is stubborn.
                    for n in 0.. {
                        let (status, body) = house.say(&offer, &answer).await;
                        assert!(matches!(status.as_u16(), 200 | 202 | 409), "{status} {body}");
                        if status == 200 || (!right && n > 3) {
                            return status == 200;
                        }
                        assert!(n < 500, "{answer} is never taken: {body}");
                    }
                    false
                }));
            }
        }
    }
    for (at, said) in saying.into_iter().enumerate() {
        let taken = said.await.unwrap();
        // A wrong hash is taken where it comes before the right one.
        assert!(taken || at % 12 < 3, "{at}: right answers are taken");
    }
    assert_eq!(house.states().await, [State::Closed; 3]);
    Arc::into_inner(house).unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_orders_and_its_agency_is_told_what_is_possible_then() {
    let (house, offers) = House::with(1, None).await;
    let offer = &offers[0];
    let order = async |who: &str, order: OrderName| {
        let people = &house.hub.config.people;
        let actor = Actor::of(people, &dev_token(who)).unwrap();
        let (handover, reason) = (offer.handover.parse().unwrap(), "agreed by telephone".to_owned());
        let said = house.hub.desk.say(&actor, Saying::Ordered { handover, order, reason }).await;
        match said {
            Ok(said) => format!("{:?}", said.decision.unwrap().outcome.unwrap()),
            Err(error) => error.to_string(),
        }
    };
    assert!(order("noor", OrderName::Hold).await.contains("may not"), "operations decide about no handover");
    assert_eq!(order("amina", OrderName::SendAgain).await, "Refused", "nothing is overdue");
    assert_eq!(order("amina", OrderName::Hold).await, "Decided");
    let (status, told) = house.say(offer, &received(offer, &offer.hash)).await;
    assert_eq!((status.as_u16(), &told["code"]), (409, &json!("not-allowed")));
    assert_eq!(told["conflict"]["refusal"]["not_allowed"]["state"], "held");
    assert!(order("amina", OrderName::Lift).await.contains("may not"), "a restriction is the officer's");
    assert_eq!(order("elif", OrderName::Lift).await, "Refused", "there is none");
    assert!(
        order("amina", OrderName::EndNoBasis).await.contains("may not"),
        "what has no basis is the officer's"
    );
    assert_eq!(order("elif", OrderName::EndNoBasis).await, "Refused", "its agency has one");
    assert_eq!(order("amina", OrderName::Release).await, "Decided");
    let (status, told) = house.say(offer, &received(offer, &offer.hash)).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(house.states().await, [State::Received]);
    house.close().await;
}
