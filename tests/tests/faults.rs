//! `kill -9` at random moments of the whole story on PostgreSQL and Kafka, on two instances that take over from each
//! other: every message once, every record once and in order, and the same end as the run that nobody disturbed.
//!
//! The story lives through its days: both start anew under a later clock, due moments come, agencies answer, one of
//! them late. Posts and answers go to either, as through a balancer. Kills fall anywhere in it, aimed in turn at whoever decides,
//! at whoever delivers and at either, so that somebody takes over; who was killed starts again at once, or only when the other goes on
//! alone. What rests on chance, ids and names, is not compared. How many kills: `HUB_TEST_KILLS`; which: `HUB_TEST_SEED`,
//! "first" unless told. Next: `tests::script` for what is sent, `tests::process` for the binary and its parts,
//! `weather.rs` for servers that go.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![expect(clippy::print_stderr, reason = "which kills were made is told, so that they can be made again")]

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
use sha2::{Digest as _, Sha256};
use tests::process::{Process, push_to, settled, until};
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
    /// What each person came to: their essence and their handovers.
    persons: Vec<String>,
    /// What was decided to leave to each recipient.
    values: Vec<String>,
}

/// At whom a kill is aimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aim {
    /// Whoever holds this lease at that moment: role and name of the lease.
    Holder(&'static str, &'static str),
    /// This one, whatever it holds.
    Instance(usize),
}

/// How one kill falls.
#[derive(Clone, Copy, Debug)]
struct Kill {
    aim: Aim,
    /// Only once a decision was made in this part.
    after_deciding: bool,
    /// How long after that.
    wait: Duration,
    /// Whether the other goes on alone before it starts again.
    alone: bool,
}

impl Kill {
    /// The `turn`th of a seed.
    fn of(seed: &str, turn: usize) -> Self {
        let bytes = Sha256::digest(format!("{seed} {turn}"));
        // Each in turn: whoever decides, whoever delivers, anybody.
        let aim = match turn % 3 {
            0 => Aim::Holder("decide", "decider"),
            1 => Aim::Holder("deliver", "relay"),
            _ => Aim::Instance(usize::from(bytes[0] % 2)),
        };
        Self {
            aim,
            after_deciding: bytes[1].is_multiple_of(2),
            wait: Duration::from_millis(2 * u64::from(bytes[2])),
            // The first of each is taken over from by the other; later ones as it comes.
            alone: turn < 2 || bytes[3].is_multiple_of(2),
        }
    }
}

/// A run under way.
struct Run {
    instances: [Mutex<Process>; 2],
    bases: [String; 2],
    prefix: String,
    hub: Hub,
    /// The day on which its clock stands.
    today: Mutex<Day>,
    /// The receipts of what was taken.
    receipts: Mutex<BTreeSet<String>>,
    /// How far each agency has read.
    read: Mutex<BTreeMap<Recipient, u64>>,
    answers: Mutex<BTreeMap<String, usize>>,
    /// Each lease that was held anew after its holder was killed.
    taken: Mutex<Vec<&'static str>>,
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
                let mut bases = self.bases.each_ref().map(String::as_str);
                // Each in turn is asked first.
                bases.rotate_left(self.receipts.lock().await.len() % 2);
                let said = push_to(&bases, source, sender, kind, body).await.unwrap();
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
                let ahead = i16::try_from(ahead.num_days()).unwrap();
                let mut both = [self.instances[0].lock().await, self.instances[1].lock().await];
                // Nobody decides under the old clock once somebody does under the new one.
                both.iter_mut().for_each(|process| process.stop().unwrap());
                for process in &mut both {
                    process.set_days_ahead(ahead).unwrap();
                    process.go().unwrap();
                }
                drop(both);
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
        let token = format!("dev-{name}");
        let doors = self.bases.each_ref().map(|base| format!("{base}/v1/recipients/{recipient}"));
        loop {
            let after = self.read.lock().await.get(recipient).copied().unwrap_or_default();
            let ask = |door| client.get(format!("{door}/deliveries?after={after}")).bearer_auth(&token);
            let (status, mut page) = patiently(doors.each_ref().map(ask)).await;
            assert_eq!(status, 200, "{page}");
            let records: Vec<FeedRecord> = serde_json::from_value(page["records"].take()).unwrap();
            if records.is_empty() {
                return;
            }
            for record in records {
                let TapRecord { sequence, headers, value, .. } = record.into();
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
                    let post = |door| client.post(format!("{door}/answers")).bearer_auth(&token).json(&body);
                    let (status, _) = patiently(doors.each_ref().map(post)).await;
                    *self.answers.lock().await.entry(format!("{name} {status}")).or_default() += 1;
                }
            }
        }
    }

    /// Goes through a part of the script, and kills an instance meanwhile where told.
    async fn part(&self, part: &[Step], kill: Option<Kill>) {
        let (begin, done) = (self.decided().await, AtomicBool::new(false));
        let deciding = async || {
            let enough = async || self.decided().await > begin || self.nothing_undecided().await;
            until("decisions go on", enough).await.unwrap();
        };
        let working = async {
            for (number, step) in part.iter().enumerate() {
                // The second half comes while decisions are made and sent.
                if kill.is_some_and(|kill| kill.after_deciding) && number == part.len() / 2 {
                    deciding().await;
                }
                self.step(step).await;
            }
            done.store(true, Ordering::SeqCst);
        };
        match kill {
            Some(kill) => drop(tokio::join!(working, self.kill(kill, begin, &done))),
            None => working.await,
        }
    }

    async fn kill(&self, kill: Kill, begin: u64, done: &AtomicBool) {
        if kill.after_deciding {
            let enough = async || done.load(Ordering::SeqCst) || self.decided().await > begin;
            until("decisions go on", enough).await.unwrap();
        }
        // A moment nobody chose.
        tokio::time::sleep(kill.wait).await;
        // Nobody else starts or stops one meanwhile.
        let mut both = [self.instances[0].lock().await, self.instances[1].lock().await];
        let (victim, before) = match kill.aim {
            Aim::Instance(victim) => (victim, None),
            Aim::Holder(role, lease) => {
                let (victim, fence) = self.holder(role).await;
                (victim, Some((role, lease, fence)))
            }
        };
        both[victim].kill().unwrap();
        if let Some((role, lease, fence)) = before.filter(|_| kill.alone) {
            until("the other takes over", async || self.fence(lease).await > fence).await.unwrap();
            assert_eq!(self.holder(role).await.0, 1 - victim, "who was killed holds nothing");
        }
        both[victim].go().unwrap();
        drop(both);
        if let Some((_, lease, fence)) = before {
            until("the lease is held anew", async || self.fence(lease).await > fence).await.unwrap();
            self.taken.lock().await.push(lease);
        }
    }

    /// Which instance says that a role is done there, and under which fence.
    async fn holder(&self, role: &str) -> (usize, i64) {
        let mut found = None;
        until("somebody holds the lease", async || {
            for (n, base) in self.bases.iter().enumerate() {
                let Ok(answer) = reqwest::get(format!("{base}/readyz")).await else { continue };
                let page: Value = answer.json().await.unwrap_or_default();
                let role = &page["roles"][role];
                if role["holder"] == page["instance"] && page["instance"].is_string() {
                    found = role["fence"].as_i64().map(|fence| (n, fence));
                }
            }
            found.is_some()
        })
        .await
        .unwrap();
        found.unwrap()
    }

    /// The number of a lease's last holding.
    async fn fence(&self, lease: &str) -> i64 {
        let leases = self.hub.store.leases().await.unwrap();
        leases.iter().find(|row| row.name == lease).map_or(0, |row| row.fence)
    }
}

/// Asks one instance or the other until there is an answer that is no "later", however often they are away meanwhile.
async fn patiently(requests: [RequestBuilder; 2]) -> (u16, Value) {
    let (mut said, mut turn) = (None, 0);
    until("a hub answers", async || {
        turn += 1;
        let Ok(answer) = requests[turn % 2].try_clone().unwrap().send().await else { return false };
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
    let topics = run.instances[0].lock().await.topics(&run.hub.config).await.unwrap();
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
async fn run(server: &str, brokers: &str, seed: &str, kills: usize) -> (End, [Process; 2]) {
    let mut process = Process::prepare(Some(server), Some(brokers)).await.unwrap();
    let mut other = process.beside().unwrap();
    process.go().unwrap();
    other.go().unwrap();
    let (config, store) = process.inside().await.unwrap();
    let hub = Hub::open(config, Start::Existing).await.unwrap();
    let run = Run {
        bases: [process.base.clone(), other.base.clone()],
        prefix: process.prefix.clone(),
        instances: [process, other].map(Mutex::new),
        today: Mutex::new(day_of(hub.clock.now())),
        hub,
        receipts: Mutex::default(),
        read: Mutex::default(),
        answers: Mutex::default(),
        taken: Mutex::default(),
    };
    let steps = script().unwrap();
    for (turn, part) in steps.chunks(steps.len().div_ceil(kills + 1)).enumerate() {
        run.part(part, (turn < kills).then(|| Kill::of(seed, turn))).await;
    }
    let counts = settled(&store).await.unwrap();
    let aimed = (0..kills).filter_map(|turn| match Kill::of(seed, turn).aim {
        Aim::Holder(_, lease) => Some(lease),
        Aim::Instance(_) => None,
    });
    assert!(aimed.eq(run.taken.lock().await.iter().copied()), "after each holder came another holding");

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
    let answers = run.answers.into_inner();
    (End { outcomes, answers, counts, persons, values }, run.instances.map(Mutex::into_inner))
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
    let seed = tests::setting("HUB_TEST_SEED").unwrap_or_else(|| "first".to_owned());
    eprintln!("HUB_TEST_SEED={seed} HUB_TEST_KILLS={kills}");
    let both = async || {
        let disturbed = Box::pin(run(&server, &brokers, &seed, kills));
        tokio::join!(Box::pin(run(&server, &brokers, &seed, 0)), disturbed)
    };
    let today = || day_of(Clock::system().now());
    let day = today();
    let mut ends = both().await;
    if today() != day {
        // Midnight came between the two at another place in the story.
        ends = both().await;
    }
    let ((calm, _), (disturbed, [process, _])) = ends;
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
