//! Answers over Kafka, by the real binary on real parts: each record ends where the table says, whatever it holds, the
//! topic goes on, what became of it is told under its id, and what is read twice is decided once.
//!
//! What an order of answers must come to is `decide/tests/answers.rs`; how a record is read, `hub/src/answers/record.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;
use std::time::Duration;

use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, dev_token};
use hub::store::Filter;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use reqwest::StatusCode;
use schemas::handover::State;
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use serde_json::{Value, json};
use tests::people::{register_answer, visa_lines};
use tests::process::{Process, until};
use tests::saying::{decide, put};
use tests::servers::{Server, kafka_tool};

const PATIENCE: Duration = Duration::from_secs(60);
/// As the config of a test has it.
const LARGEST: usize = 1 << 20;

/// A hub that runs, with offers on the table of Amal.
struct House {
    process: Process,
    /// The same store, opened beside it.
    hub: Hub,
    brokers: String,
    amal: Recipient,
    producer: FutureProducer,
    http: reqwest::Client,
}

/// One offer, as Amal read it.
#[derive(Clone, Debug)]
struct Offer {
    handover: String,
    epoch: u64,
    sequence: u64,
    hash: String,
}

impl Offer {
    fn says(&self, answer: &Value) -> Value {
        json!({"handover": self.handover, "epoch": self.epoch, "answer": answer})
    }

    fn received(&self) -> Value {
        self.says(&json!({"received": {"sequence": self.sequence, "payload_hash": self.hash}}))
    }

    fn accepted(&self) -> Value {
        self.says(&json!("accepted"))
    }
}

fn of(process: &Process, name: &str) -> Recipient {
    Recipient::parse(&format!("{}-{name}", process.prefix)).unwrap()
}

async fn home(hub: &Hub, n: usize, nis: &str, since: &str) {
    let register = adapters::source("register").unwrap();
    let home = adapters::read(register, register_answer(n, nis, since).as_bytes());
    hub.intake.accept(register, &adapters::Speaker::for_all("sender"), home).await.unwrap();
}

impl House {
    /// With offers about this many people; those of `moved` have left for Antwerp since.
    async fn with(offers: usize, moved: usize, server: &str, brokers: &str) -> (Self, Vec<Offer>) {
        let process = Process::prepare(Some(server), Some(brokers)).await.unwrap();
        let config = Config::load(&process.config()).unwrap();
        let hub = Hub::open(config, Start::Existing).await.unwrap();
        for n in 0..offers {
            put(&hub, "visa", &visa_lines(n)).await;
            home(&hub, n, "44021", "2026-01-05").await;
        }
        decide(&hub).await;
        for n in 0..moved {
            home(&hub, n, "11002", "2026-11-02").await;
        }
        decide(&hub).await;
        let amal = of(&process, "amal");
        let records = tests::story::records(&hub).await.unwrap();
        let own = records.iter().filter(|(_, row, value)| row.recipient == amal && value["kind"] == "offer");
        let own: Vec<Offer> = own
            .map(|(_, row, value)| Offer {
                handover: value["handover"].as_str().unwrap().to_owned(),
                epoch: value["epoch"].as_u64().unwrap(),
                sequence: row.sequence,
                hash: hex::encode(row.payload_hash),
            })
            .collect();
        assert_eq!(own.len(), offers);
        let producer: FutureProducer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("message.max.bytes", "8000000")
            .create()
            .unwrap();
        let (http, brokers) = (reqwest::Client::builder().build().unwrap(), brokers.to_owned());
        let mut house = Self { process, hub, brokers, amal, producer, http };
        house.runs().await;
        (house, own)
    }

    /// Starts it, and waits until it reads.
    async fn runs(&mut self) {
        self.process.go().unwrap();
        self.process.opened().await.unwrap();
        self.rests().await;
    }

    /// Waits until every answer on the topic is in the inbox or refused, with its offset committed, and decided.
    async fn rests(&self) {
        let gauge = format!("hub_answers_behind{{recipient=\"{}\",part=\"answers\"}} 0\n", self.amal);
        until("all is read", async || self.metrics().await.contains(&gauge)).await.unwrap();
        until("all is decided", async || self.hub.store.pending(1).await.unwrap().is_empty()).await.unwrap();
    }

    async fn metrics(&self) -> String {
        let Ok(told) = self.http.get(format!("{}/metrics", self.process.base)).send().await else {
            return String::new();
        };
        told.text().await.unwrap_or_default()
    }

    /// Writes one record to Amal's topic of answers.
    async fn write(&self, headers: &[(&str, &str)], value: Option<&[u8]>) -> Result<i64, String> {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        let topic = self.amal.answers_topic();
        let mut record = FutureRecord::<(), [u8]>::to(&topic).partition(0).headers(headers);
        record.payload = value;
        let written = self.producer.send(record, PATIENCE).await;
        written.map(|delivery| delivery.offset).map_err(|(error, _)| error.to_string())
    }

    /// Answers in binary mode.
    async fn say(&self, id: &str, answer: &Value) -> i64 {
        let headers = [("ce_specversion", "1.0"), ("ce_id", id), ("content-type", "application/json")];
        self.write(&headers, Some(answer.to_string().as_bytes())).await.unwrap()
    }

    async fn ask_as(&self, who: &str, of: &Recipient, id: &str) -> (StatusCode, Value) {
        let address = format!("{}/v1/recipients/{of}/answers/{id}", self.process.base);
        let told = self.http.get(address).bearer_auth(dev_token(who)).send().await;
        // It may just have been killed.
        let Ok(told) = told else { return (StatusCode::SERVICE_UNAVAILABLE, Value::Null) };
        (told.status(), told.json().await.unwrap_or_default())
    }

    /// What became of an answer, once it is read and decided.
    async fn became(&self, id: &str) -> Value {
        let mut told = Value::Null;
        until("it is told what became of it", async || {
            let (status, body) = self.ask_as("amal", &self.amal, id).await;
            told = body;
            status == 200 && told["status"] != "accepted"
        })
        .await
        .unwrap();
        told
    }

    /// What became of it, in a word: its status, or the code of its refusal.
    async fn ends(&self, id: &str) -> String {
        let told = self.became(id).await;
        let code = told["detail"]["code"].as_str().or(told["errors"][0]["code"].as_str());
        code.or(told["status"].as_str()).unwrap().to_owned()
    }

    async fn post(&self, answer: &Value) -> StatusCode {
        let address = format!("{}/v1/recipients/{}/answers", self.process.base, self.amal);
        let said = self.http.post(address).bearer_auth(dev_token("amal")).json(answer).send().await;
        said.map_or(StatusCode::SERVICE_UNAVAILABLE, |said| said.status())
    }

    async fn states(&self) -> BTreeMap<HandoverId, State> {
        let rows = self.hub.store.handovers(&Filter::default(), None, 1_000).await.unwrap();
        rows.into_iter().map(|row| (row.id, row.state)).collect()
    }

    async fn state(&self, offer: &Offer) -> State {
        self.states().await[&offer.handover.parse().unwrap()]
    }

    /// How many rows a table has, and how many decisions there are of each kind.
    async fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.hub.store.counts().await.unwrap().into_iter().collect()
    }
}

fn parts() -> Option<(String, String)> {
    tests::server("HUB_TEST_POSTGRES", "PostgreSQL").zip(tests::server("HUB_TEST_KAFKA", "Kafka"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_ends_where_the_table_says_and_is_told_under_its_id() {
    let Some((server, brokers)) = parts() else { return };
    let (house, offers) = House::with(5, 1, &server, &brokers).await;
    let [gone, plain, wrong, early, both] = &offers[..] else { panic!("{offers:?}") };

    // In order, in both modes; said again it is the same, and changed it is refused.
    house.say("plain-1", &plain.received()).await;
    let event = json!({"specversion": "1.0", "id": "plain-2", "type": "be.vlaanderen.voortraject.answer.v1",
        "source": "/amal", "datacontenttype": "application/json", "data": plain.accepted()});
    let structured = [("content-type", "application/cloudevents+json; charset=utf-8")];
    house.write(&structured, Some(event.to_string().as_bytes())).await.unwrap();
    assert_eq!(
        (house.ends("plain-1").await, house.ends("plain-2").await),
        ("decided".into(), "decided".into())
    );
    assert_eq!(house.state(plain).await, State::Accepted);
    let before = house.became("plain-2").await;
    house.say("plain-2", &plain.accepted()).await;
    house.say("plain-2", &plain.says(&json!("trajectory_started"))).await;
    until("the other content is refused", async || house.became("plain-2").await["refused"].is_array())
        .await
        .unwrap();
    let after = house.became("plain-2").await;
    assert_eq!((&after["receipt"], &after["status"]), (&before["receipt"], &before["status"]));
    assert_eq!(after["refused"].as_array().unwrap().len(), 1, "{after}");
    assert_eq!(after["refused"][0]["errors"][0]["code"], "id-taken");
    assert_eq!(house.state(plain).await, State::Accepted);
    // By its receipt it is the same answer.
    assert_eq!(house.became(before["receipt"].as_str().unwrap()).await, before);

    // A wrong hash says that the offer could not be read; then the right one.
    let nothing = json!({"received": {"sequence": wrong.sequence, "payload_hash": "00".repeat(32)}});
    house.say("wrong-1", &wrong.says(&nothing)).await;
    assert_eq!(house.ends("wrong-1").await, "decided");
    assert_eq!(house.state(wrong).await, State::Bounced);
    house.say("wrong-2", &wrong.received()).await;
    assert_eq!(house.ends("wrong-2").await, "decided");
    house.say("wrong-3", &wrong.says(&nothing)).await;
    assert_eq!(house.ends("wrong-3").await, "hash-differs");
    assert_eq!(house.state(wrong).await, State::Received);

    // Too early it is refused with what is possible; the same again, under the same id, when it has become possible.
    house.say("early-1", &early.accepted()).await;
    let told = house.became("early-1").await;
    assert_eq!(
        told["detail"]["refusal"]["not_allowed"]["allowed"],
        json!(["received", "rejected"]),
        "{told}"
    );
    house.say("early-2", &early.received()).await;
    assert_eq!(house.ends("early-2").await, "decided");
    house.say("early-1", &early.accepted()).await;
    until("it is taken", async || house.ends("early-1").await == "decided").await.unwrap();
    assert_eq!(house.state(early).await, State::Accepted);

    // Both ways at once: one of them is the first, and neither is refused.
    let said = both.received();
    let (status, _) = tokio::join!(house.post(&said), house.say("both-1", &said));
    assert!(matches!(status.as_u16(), 200 | 202), "{status}");
    assert_eq!(house.ends("both-1").await, "decided");
    assert_eq!(house.state(both).await, State::Received);

    // Whose handover was replaced is told the successor; of another's nothing is told.
    house.say("gone-1", &gone.received()).await;
    let told = house.became("gone-1").await;
    assert_eq!(told["detail"]["code"], "old-epoch");
    let successor = told["detail"]["refusal"]["old_epoch"]["successor"].as_str().unwrap().to_owned();
    assert_eq!(house.states().await[&successor.parse().unwrap()], State::Sent, "{told}");
    house.say("gone-2", &json!({"handover": successor, "epoch": 1, "answer": "accepted"})).await;
    assert_eq!(house.ends("gone-2").await, "unknown-handover");
    let mut old = both.accepted();
    old["epoch"] = json!(both.epoch + 1);
    house.say("both-2", &old).await;
    assert_eq!(house.ends("both-2").await, "old-epoch");

    // Another recipient's answer is as unknown as nobody's.
    let atlas = of(&house.process, "atlas");
    for id in ["plain-1", before["receipt"].as_str().unwrap(), "nobody"] {
        assert_eq!(house.ask_as("atlas", &atlas, id).await.0, 404, "{id}");
    }
    assert_eq!(house.ask_as("atlas", &house.amal, "plain-1").await.0, 403);
    assert_eq!(house.ask_as("nobody", &house.amal, "plain-1").await.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_stands_on_the_topic_it_goes_on() {
    let Some((server, brokers)) = parts() else { return };
    let (house, offers) = House::with(1, 0, &server, &brokers).await;
    let large = vec![b' '; LARGEST + 1];
    let json = [("ce_id", "garbage"), ("content-type", "application/json")];
    let mut expect = vec![];
    let mut refused = async |headers: &[(&str, &str)], value: Option<&[u8]>, id: Option<&str>, code: &str| {
        let offset = house.write(headers, value).await.unwrap();
        expect.push((id.map_or_else(|| format!("offset:{offset}"), str::to_owned), code.to_owned()));
    };
    refused(&json, Some(b"\x00\xff garbage \n{"), Some("garbage"), "unreadable").await;
    refused(&[], None, None, "unreadable").await;
    refused(&[("ce_id", "null")], None, Some("null"), "unreadable").await;
    refused(&[], Some(b""), None, "unreadable").await;
    refused(&[("ce_id", "large")], Some(&large), Some("large"), "too-large").await;
    refused(&[("ce_id", "a b")], Some(b"{}"), None, "invalid-reference").await;
    refused(&[("ce_id", "empty")], Some(b"{}"), Some("empty"), "schema").await;
    let batch = [("ce_id", "batch"), ("content-type", "application/cloudevents-batch+json")];
    refused(&batch, Some(b"[]"), Some("batch"), "unreadable").await;
    let structured = [("content-type", "application/cloudevents+json")];
    refused(&structured, Some(br#"{"id":"no-data"}"#), Some("no-data"), "unreadable").await;
    // More than the topic takes never gets there.
    let more = vec![b' '; 4 * LARGEST];
    assert!(house.write(&[("ce_id", "more")], Some(&more)).await.unwrap_err().contains("Message"));
    // Behind all of it stands an answer without a header.
    let offset = house.write(&[], Some(offers[0].received().to_string().as_bytes())).await.unwrap();
    assert_eq!(house.ends(&format!("offset:{offset}")).await, "decided");
    assert_eq!(house.state(&offers[0]).await, State::Received);
    for (id, code) in &expect {
        assert_eq!(house.ends(id).await, *code, "{id}");
    }
    let metrics = house.metrics().await;
    let count =
        format!("hub_intake_received_total{{source=\"answer\",outcome=\"refused\"}} {}\n", expect.len());
    assert!(metrics.contains(&count), "{metrics}");
    // Corrected, the same id is taken: a refusal did not use it up.
    house.say("garbage", &offers[0].accepted()).await;
    until("it is taken", async || house.ends("garbage").await == "decided").await.unwrap();
    assert_eq!(house.became("garbage").await["refused"][0]["errors"][0]["code"], "unreadable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_again_from_the_beginning_nothing_is_decided_twice() {
    let Some((server, brokers)) = parts() else { return };
    let (mut house, offers) = House::with(2, 0, &server, &brokers).await;
    // What was refused at its place would be possible now.
    house.say("early", &offers[0].accepted()).await;
    assert_eq!(house.ends("early").await, "not-allowed");
    house.say("first", &offers[0].received()).await;
    house.say("first", &offers[0].accepted()).await;
    house.write(&[("ce_id", "garbage")], Some(b"garbage")).await.unwrap();
    house.say("second", &offers[1].received()).await;
    assert_eq!(house.ends("second").await, "decided");
    house.rests().await;
    let before = house.counts().await;

    // As if no offset had been committed: the hub was killed between the inbox and that.
    house.process.kill().unwrap();
    let group = format!("hub.{}.answers", house.process.prefix);
    let forget = async || {
        // The killed one is a member until its session ends.
        let words = [
            "--group",
            &group,
            "--topic",
            &house.amal.answers_topic(),
            "--reset-offsets",
            "--to-earliest",
            "--execute",
        ];
        let told =
            kafka_tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", &house.brokers, &words);
        told.contains(&house.amal.answers_topic())
    };
    until("the offsets are gone", forget).await.unwrap();
    house.runs().await;
    house.say("last", &offers[1].accepted()).await;
    assert_eq!(house.ends("last").await, "decided");
    house.rests().await;
    let mut after = house.counts().await;
    *after.get_mut("decided").unwrap() -= 1;
    for name in ["decided", "refused", "refusals", "undecided", "quarantined"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!(
        (house.ends("early").await, house.state(&offers[0]).await),
        ("not-allowed".into(), State::Received)
    );
    assert_eq!(house.became("garbage").await["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_with_two_instances_each_answer_is_decided_once() {
    let Some((server, brokers)) = parts() else { return };
    let (mut house, offers) = House::with(30, 0, &server, &brokers).await;
    let mut other = house.process.beside().unwrap();
    other.go().unwrap();
    let before = house.counts().await;
    let seed = Clock::system().seed().0;
    for (n, offer) in offers.iter().enumerate() {
        let (received, accepted) = (offer.received(), offer.accepted());
        house.say(&format!("received-{n}"), &received).await;
        if n % 2 == 0 {
            house.post(&received).await;
        }
        house.say(&format!("accepted-{n}"), &accepted).await;
        if n % 6 == 3 {
            // Not a wait for something: the moment of the kill, another one each time.
            tokio::time::sleep(Duration::from_millis(u64::from(seed[n % 32]))).await;
            let killed = if n % 12 == 3 { &mut house.process } else { &mut other };
            killed.kill().unwrap();
            killed.go().unwrap();
        }
    }
    for n in 0..offers.len() {
        let ends = (house.ends(&format!("received-{n}")).await, house.ends(&format!("accepted-{n}")).await);
        assert_eq!(ends, ("decided".into(), "decided".into()), "{n}");
    }
    assert!(house.states().await.values().all(|state| *state == State::Accepted));
    let after = house.counts().await;
    let taken = after["decided"] - before["decided"];
    let (least, most) = (2 * offers.len() as u64, 2 * offers.len() as u64 + offers.len() as u64 / 2);
    assert!((least..=most).contains(&taken), "{before:?} {after:?}");
    other.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nothing_is_lost_and_it_is_named() {
    let Some((_, brokers)) = parts() else { return };
    let (database, server) = Server::postgres();
    let (house, offers) = House::with(1, 0, &server, &brokers).await;
    database.stop();
    house.say("meanwhile", &offers[0].received()).await;
    until("it is named", async || {
        let told = house.http.get(format!("{}/readyz", house.process.base)).send().await.unwrap();
        let told: Value = told.json().await.unwrap_or_default();
        told["roles"]["answers"]["state"] == "waiting"
            && told["roles"]["answers"]["cause"].as_str().unwrap().contains("once they can be stored")
    })
    .await
    .unwrap();
    database.start();
    assert_eq!(house.ends("meanwhile").await, "decided");
    until("it is well", async || {
        let told = house.http.get(format!("{}/readyz", house.process.base)).send().await.unwrap();
        let told: Value = told.json().await.unwrap_or_default();
        told["roles"]["answers"]["ready"] == true
    })
    .await
    .unwrap();
}
