//! `kill -9` at random moments of the whole story on PostgreSQL and Kafka: every message once, every record once and
//! in order, and the same end as the run that nobody disturbed.
//!
//! The story lives through its days: the process starts anew under a later clock, due moments come, agencies answer,
//! one of them late. Kills fall anywhere in it, half of them while an instance waits for the lease of the one that died,
//! half after it began to decide. What rests on chance, ids and names, is not compared. How many kills:
//! `HUB_TEST_KILLS`. Next: `tests::script` for what is sent, `tests::process` for the binary and its parts, `weather.rs` for servers that go.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use decide::invariant::essence;
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::deliver::feed::{FeedRecord, TapRecord};
use hub::store::rows::Outgoing;
use reqwest::RequestBuilder;
use schemas::recipient::Recipient;
use schemas::time::{Day, day_of};
use serde_json::{Value, json};
use tests::process::{Process, push, settled, until};
use tests::script::{Step, script};
use tokio::sync::Mutex;

/// The agency that answers only at the end: its offers are overdue before.
const LATE: &str = "atlas";

/// What a run ends in, without what rests on chance.
#[derive(PartialEq, Eq, Debug)]
struct End {
    /// Messages by source and outcome.
    outcomes: BTreeMap<String, usize>,
    /// What each agency was answered, by status.
    answers: BTreeMap<String, usize>,
    /// How many rows each list of the store holds.
    counts: BTreeMap<&'static str, u64>,
    /// What each person came to: his essence and his handovers.
    persons: Vec<String>,
    /// What was decided to leave to each recipient.
    values: Vec<String>,
}

/// A run under way.
struct Run {
    process: Mutex<Process>,
    base: String,
    prefix: String,
    hub: Hub,
    /// The day on which its clock stands.
    today: Mutex<Day>,
    /// The receipts of what was taken.
    receipts: Mutex<BTreeSet<String>>,
    /// How far each agency has read.
    read: Mutex<BTreeMap<Recipient, u64>>,
    answers: Mutex<BTreeMap<String, usize>>,
}

impl Run {
    async fn decided(&self) -> u64 {
        let counts = self.hub.store.counts().await.unwrap();
        counts.into_iter().find(|(name, _)| *name == "decided").unwrap().1
    }

    async fn nothing_undecided(&self) -> bool {
        self.hub.store.pending(1).await.unwrap().is_empty()
    }

    async fn step(&self, step: &Step) {
        match step {
            Step::Post((source, sender, kind, body)) => {
                let said = push(&self.base, source, sender, kind, body).await.unwrap();
                let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                for line in lines {
                    match line["status"].as_str().unwrap() {
                        "accepted" | "again" => {
                            self.receipts.lock().await.insert(line["receipt"].as_str().unwrap().to_owned());
                        }
                        status => assert_eq!(status, "refused", "{line}"),
                    }
                }
            }
            Step::Day(day) => {
                settled(&self.hub.store).await.unwrap();
                let ahead = *day - day_of(Clock::system().now());
                let mut process = self.process.lock().await;
                process.stop().unwrap();
                process.set_days_ahead(i16::try_from(ahead.num_days()).unwrap()).unwrap();
                process.go().unwrap();
                drop(process);
                *self.today.lock().await = *day;
                until("what is due is decided", async || {
                    self.hub.store.due(*day, None, 1).await.unwrap().is_empty()
                        && self.nothing_undecided().await
                })
                .await
                .unwrap();
            }
            Step::Answers { all } => {
                settled(&self.hub.store).await.unwrap();
                for recipient in self.hub.config.agencies.keys() {
                    let name = recipient.as_str().replace(&format!("{}-", self.prefix), "");
                    if *all || name != LATE {
                        self.answer(recipient, &name).await;
                    }
                }
                settled(&self.hub.store).await.unwrap();
            }
        }
    }

    /// An agency reads its feed to the end; what it is offered it takes, what was withdrawn it purges.
    async fn answer(&self, recipient: &Recipient, name: &str) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        let (door, token) = (format!("{}/v1/recipients/{recipient}", self.base), format!("dev-{name}"));
        loop {
            let after = self.read.lock().await.get(recipient).copied().unwrap_or_default();
            let ask = client.get(format!("{door}/deliveries?after={after}")).bearer_auth(&token);
            let (status, mut page) = patiently(ask).await;
            assert_eq!(status, 200, "{page}");
            let records: Vec<FeedRecord> = serde_json::from_value(page["records"].take()).unwrap();
            if records.is_empty() {
                return;
            }
            for record in records {
                let TapRecord { sequence, headers, value, .. } =
                    TapRecord::from_feed(&self.hub.schemas, record).unwrap();
                self.read.lock().await.insert(recipient.clone(), sequence);
                let hash = headers.get("ce_payloadhash");
                let answers = match value["kind"].as_str() {
                    Some("offer") if !value["handover"].is_null() => {
                        let received = json!({ "received": { "sequence": sequence, "payload_hash": hash } });
                        vec![received, json!("accepted")]
                    }
                    Some("ended")
                        if value["ended"]["reason"] == "withdrawn" && !value["handover"].is_null() =>
                    {
                        vec![json!("purge_confirmed")]
                    }
                    _ => vec![],
                };
                for answer in answers {
                    let body =
                        json!({ "handover": value["handover"], "epoch": value["epoch"], "answer": answer });
                    let post = client.post(format!("{door}/answers")).bearer_auth(&token).json(&body);
                    let (status, _) = patiently(post).await;
                    *self.answers.lock().await.entry(format!("{name} {status}")).or_default() += 1;
                }
            }
        }
    }

    /// Goes through a part of the script, and kills the process meanwhile where told; every second time after it
    /// began to decide.
    async fn part(&self, part: &[Step], turn: usize, kill: bool) {
        let (begin, after_deciding, done) =
            (self.decided().await, turn.is_multiple_of(2), AtomicBool::new(false));
        let deciding = async || {
            let enough = async || self.decided().await > begin || self.nothing_undecided().await;
            until("decisions go on", enough).await.unwrap();
        };
        let working = async {
            for (number, step) in part.iter().enumerate() {
                // The second half comes while decisions are made and sent.
                if after_deciding && number == part.len() / 2 {
                    deciding().await;
                }
                self.step(step).await;
            }
            done.store(true, Ordering::SeqCst);
        };
        let killing = async {
            if after_deciding {
                let enough = async || done.load(Ordering::SeqCst) || self.decided().await > begin;
                until("decisions go on", enough).await.unwrap();
            }
            // A moment nobody chose.
            tokio::time::sleep(Duration::from_millis(2 * u64::from(Clock::system().seed().0[0]))).await;
            let mut process = self.process.lock().await;
            process.kill().unwrap();
            process.go().unwrap();
        };
        if kill {
            tokio::join!(working, killing);
        } else {
            working.await;
        }
    }
}

/// Asks until there is an answer that is no "later", however often the hub is away meanwhile.
async fn patiently(request: RequestBuilder) -> (u16, Value) {
    let mut said = None;
    until("the hub answers", async || {
        let Ok(answer) = request.try_clone().unwrap().send().await else { return false };
        let status = answer.status().as_u16();
        let body = answer.json().await.unwrap_or_default();
        let there = status != 202 && status < 500;
        said = there.then_some((status, body));
        there
    })
    .await
    .unwrap();
    said.unwrap()
}

/// Names of recipients as they are everywhere.
fn plain(run: &Run, text: &str) -> String {
    text.replace(&format!("{}-", run.prefix), "")
}

/// What was decided to leave, in the order of its text. On a topic some of it is void, where the person left its
/// recipient before it was sent: which rests on chance.
async fn values(run: &Run) -> Vec<String> {
    let (hub, mut values, mut after) = (&run.hub, vec![], 0);
    loop {
        let page = hub.store.outgoing(after, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.row.position;
        values.extend(page.iter().map(|outgoing| value(run, outgoing)));
    }
    values.sort();
    values
}

fn value(run: &Run, outgoing: &Outgoing) -> String {
    let body = run.hub.vault.body(&outgoing.row, outgoing.key.as_deref(), tests::ACCESS).unwrap();
    let mut value = run.hub.schemas.of(&outgoing.row.recipient).unwrap().codec.decode(&body).unwrap();
    value.as_object_mut().and_then(|fields| fields.remove("handover"));
    plain(run, &format!("{} {value}", outgoing.row.recipient))
}

/// Whether the topics hold what was decided to leave, each record once: `topics` has checked its order.
async fn delivered(run: &Run) {
    let topics = run.process.lock().await.topics(&run.hub.config).await.unwrap();
    let read: BTreeMap<_, _> =
        topics.iter().map(|(recipient, records)| (recipient, records.len() as u64)).collect();
    let ends = run.hub.store.ledger_ends().await.unwrap();
    assert_eq!(read, ends.iter().map(|(recipient, end, _)| (recipient, *end)).collect());
    let ids = topics.values().flatten().filter_map(|record| record.header("ce_id"));
    assert_eq!(ids.collect::<BTreeSet<_>>().len() as u64, read.values().sum::<u64>());
}

async fn persons(run: &Run) -> Vec<String> {
    let (hub, today) = (&run.hub, *run.today.lock().await);
    let person = |row| {
        let (person, _) = hub.vault.person(row, tests::ACCESS).unwrap();
        let handovers = person.state.handovers.iter();
        let handovers: Vec<_> = handovers.map(|one| (one.state, &one.recipient, one.epoch)).collect();
        plain(run, &format!("{:?} {handovers:?}", essence(&person, &hub.config.bundle, today)))
    };
    let mut persons: Vec<String> =
        hub.store.persons(None, 10_000).await.unwrap().iter().map(person).collect();
    persons.sort();
    persons
}

/// One deployment from nothing to its end.
async fn run(server: &str, brokers: &str, kills: usize) -> (End, Process) {
    let process = Process::start(server, brokers).await.unwrap();
    let (config, store) = process.inside().await.unwrap();
    let hub = Hub::open(config, Start::Existing).await.unwrap();
    let run = Run {
        base: process.base.clone(),
        prefix: process.prefix.clone(),
        process: Mutex::new(process),
        today: Mutex::new(day_of(hub.clock.now())),
        hub,
        receipts: Mutex::default(),
        read: Mutex::default(),
        answers: Mutex::default(),
    };
    let steps = script().unwrap();
    for (turn, part) in steps.chunks(steps.len().div_ceil(kills + 1)).enumerate() {
        run.part(part, turn, turn < kills).await;
    }
    let counts = settled(&store).await.unwrap();

    let inbox = store.decided(0, 10_000).await.unwrap();
    let orders: Vec<u64> =
        inbox.iter().filter_map(|row| row.decision.as_ref().map(|made| made.order)).collect();
    assert!(orders.into_iter().eq(1..=inbox.len() as u64), "each message has one place in the order");
    let sent = inbox.iter().filter(|row| !matches!(row.source.as_str(), "answer" | "due"));
    let sent: BTreeSet<String> = sent.map(|row| row.id.to_string()).collect();
    assert_eq!(sent, *run.receipts.lock().await, "what was taken is in the inbox, once, and nothing else");
    let mut outcomes = BTreeMap::new();
    for row in &inbox {
        *outcomes
            .entry(format!("{} {:?}", row.source, row.decision.as_ref().unwrap().outcome))
            .or_default() += 1;
    }
    delivered(&run).await;
    let (persons, values) = (persons(&run).await, values(&run).await);
    (End { outcomes, answers: run.answers.into_inner(), counts, persons, values }, run.process.into_inner())
}

/// Fails with the first line that only one of two runs has.
fn same(calm: &[String], disturbed: &[String]) {
    let only = |these: &[String], those: &[String]| these.iter().find(|line| !those.contains(line)).cloned();
    assert_eq!((only(calm, disturbed), only(disturbed, calm)), (None, None));
    assert_eq!(calm, disturbed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_everything_is_once_in_order_and_ends_the_same() {
    let (Some(server), Some(brokers)) =
        (tests::server("HUB_TEST_POSTGRES", "PostgreSQL"), tests::server("HUB_TEST_KAFKA", "Kafka"))
    else {
        return;
    };
    let kills = tests::setting("HUB_TEST_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let both =
        async || tokio::join!(Box::pin(run(&server, &brokers, 0)), Box::pin(run(&server, &brokers, kills)));
    let today = || day_of(Clock::system().now());
    let day = today();
    let mut ends = both().await;
    if today() != day {
        // Midnight came between the two at another place in the story.
        ends = both().await;
    }
    let ((calm, _calm), (disturbed, process)) = ends;
    assert!(
        calm.persons.len() > 100 && calm.values.len() > 300,
        "{} {}",
        calm.persons.len(),
        calm.values.len()
    );
    assert!(calm.answers["agii 200"] > 30, "{:?}", calm.answers);
    assert!(calm.outcomes["due Decided"] > 20, "{:?}", calm.outcomes);
    let told = |end: &End| (end.outcomes.clone(), end.answers.clone(), end.counts.clone());
    assert_eq!(told(&calm), told(&disturbed));
    same(&calm.persons, &disturbed.persons);
    same(&calm.values, &disturbed.values);
    for batch in ["1", "500"] {
        let replay = process.command(&["replay", "--verify", "--batch", batch]).unwrap().status().unwrap();
        assert!(replay.success(), "replay in batches of {batch}");
    }
}
