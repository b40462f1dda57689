//! `kill -9` at five moments of a run on PostgreSQL and Kafka: every message once, every record once and in
//! order, and the same end as the run that nobody disturbed.
//!
//! Kills fall while senders send: two while an instance starts and waits for the lease of the one that died,
//! three after it began to decide. What rests on chance, ids and names, is not compared.
//! Next: `tests::process` for the binary and its parts, `weather.rs` for servers that go.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use decide::invariant::essence;
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::decider::open_person;
use hub::deliver::feed::{FeedRecord, TapRecord};
use hub::demo::{Feed, Story};
use hub::seal::Purpose;
use hub::store::rows::Outgoing;
use schemas::time::day_of;
use serde_json::{Value, json};
use tests::process::{Process, push, until};

/// One post: source, sender, form and one item; a document may hold several.
type Post = (&'static str, &'static str, &'static str, Vec<u8>);

/// The story item by item in the order of its times, then what the register knows.
fn story() -> Vec<Post> {
    let folder = tests::root().join("config/story");
    let mut posts = vec![];
    for (feed, body) in Story::read(&folder).unwrap().moments.into_iter().flat_map(|moment| moment.posts) {
        let sender = if feed == Feed::Posts { "post-fih" } else { feed.sender() };
        let post = |body| (feed.source(), sender, feed.content_type(), body);
        let lines: Vec<&[u8]> = body.split_inclusive(|byte| *byte == b'\n').collect();
        match feed {
            Feed::Notices => posts.push(post(body)),
            Feed::Wewis => posts.extend(lines[1..].iter().map(|line| post([lines[0], line].concat()))),
            Feed::Posts | Feed::Dvz | Feed::Hints | Feed::Portal | Feed::Learning => {
                posts.extend(lines.into_iter().map(|line| post(line.to_vec())));
            }
        }
    }
    let index = std::fs::read_to_string(folder.join("register/index.csv")).unwrap();
    for file in index.lines().skip(1).filter_map(|line| line.split(',').nth(2)) {
        let body = std::fs::read(folder.join("register").join(file)).unwrap();
        posts.push(("register", "magda", "application/xml", body));
    }
    posts
}

/// What a run ends in, without what rests on chance.
#[derive(PartialEq, Eq, Debug)]
struct End {
    /// Messages by source and outcome.
    outcomes: BTreeMap<String, usize>,
    /// What agencies were answered, by status.
    answers: BTreeMap<u16, usize>,
    /// What each person came to: his essence and his handovers.
    persons: Vec<String>,
    /// What was decided to leave to each recipient.
    values: Vec<String>,
}

async fn decided(hub: &Hub) -> u64 {
    let counts = hub.store.counts().await.unwrap();
    counts.into_iter().find(|(name, _)| *name == "decided").unwrap().1
}

/// Sends the posts, and kills the process meanwhile as often as told; gives the receipts of what was taken.
async fn send(process: &mut Process, hub: &Hub, posts: &[Post], kills: usize) -> BTreeSet<String> {
    let (mut receipts, base) = (BTreeSet::new(), process.base.clone());
    for (turn, part) in posts.chunks(posts.len().div_ceil(kills + 1)).enumerate() {
        let (begin, random) = (decided(hub).await, Clock::system().seed().0);
        let deciding = async |when: bool| {
            if when {
                until("decisions go on", async || decided(hub).await > begin).await.unwrap();
            }
        };
        let after_deciding = turn % 2 == 0;
        let sending = async {
            let mut said = String::new();
            for (number, (source, sender, kind, body)) in part.iter().enumerate() {
                // The second half comes while decisions are made and sent.
                deciding(after_deciding && number == part.len() / 2).await;
                said += &push(&base, source, sender, kind, body).await.unwrap();
            }
            said
        };
        let killing = async {
            if turn < kills {
                deciding(after_deciding).await;
                // A moment nobody chose.
                tokio::time::sleep(Duration::from_millis(2 * u64::from(random[0]))).await;
                process.kill().unwrap();
                process.go().unwrap();
            }
        };
        for line in tokio::join!(sending, killing).0.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            match line["status"].as_str().unwrap() {
                "accepted" | "again" => drop(receipts.insert(line["receipt"].as_str().unwrap().to_owned())),
                status => assert_eq!(status, "refused", "{line}"),
            }
        }
    }
    receipts
}

/// Every agency reads its feed and says yes to what it is offered, once; statuses by number.
async fn say_yes(process: &Process, hub: &Hub) -> BTreeMap<u16, usize> {
    let (client, mut statuses) = (reqwest::Client::builder().build().unwrap(), BTreeMap::new());
    for recipient in hub.config.agencies.keys() {
        let door = format!("{}/v1/recipients/{recipient}", process.base);
        let token = format!("dev-{}", plain(process, recipient.as_str()));
        let page = client.get(format!("{door}/deliveries?after=0")).bearer_auth(&token).send().await.unwrap();
        let mut page: Value = page.error_for_status().unwrap().json().await.unwrap();
        for record in serde_json::from_value::<Vec<FeedRecord>>(page["records"].take()).unwrap() {
            let TapRecord { sequence, headers, value, .. } =
                TapRecord::from_feed(&hub.schemas, record).unwrap();
            if value["kind"] != "offer" || value["handover"].is_null() {
                continue;
            }
            let hash = &headers["ce_payloadhash"];
            let received = json!({ "received": { "sequence": sequence, "payload_hash": hash } });
            for said in [received, json!("accepted")] {
                let answer =
                    json!({ "handover": value["handover"], "epoch": value["epoch"], "answer": said });
                let post = client.post(format!("{door}/answers")).bearer_auth(&token).json(&answer);
                *statuses.entry(post.send().await.unwrap().status().as_u16()).or_default() += 1;
            }
        }
    }
    statuses
}

/// Names of recipients as they are everywhere.
fn plain(process: &Process, text: &str) -> String {
    text.replace(&format!("{}-", process.prefix), "")
}

/// What was decided to leave, in the order of its text. On a topic some of it is void, where the person left its
/// recipient before it was sent: which rests on chance.
async fn values(process: &Process, hub: &Hub) -> Vec<String> {
    let rows = hub.store.outgoing(0, 10_000).await.unwrap();
    let value = |outgoing: &Outgoing| {
        let key = hub.keys.kek().unwrap(outgoing.key.as_ref().unwrap()).unwrap();
        let body = key.open(Purpose::Outbox, &outgoing.row.body).unwrap();
        let mut value = hub.schemas.of(&outgoing.row.recipient).unwrap().codec.decode(&body).unwrap();
        value.as_object_mut().and_then(|fields| fields.remove("handover"));
        plain(process, &format!("{} {value}", outgoing.row.recipient))
    };
    let mut values: Vec<String> = rows.iter().map(value).collect();
    values.sort();
    values
}

/// Whether the topics hold what was decided to leave, each record once: `topics` has checked its order.
async fn delivered(process: &Process, hub: &Hub) {
    let topics = process.topics(&hub.config).await.unwrap();
    let read: BTreeMap<_, _> =
        topics.iter().map(|(recipient, records)| (recipient, records.len() as u64)).collect();
    let ends = hub.store.ledger_ends().await.unwrap();
    assert_eq!(read, ends.iter().map(|(recipient, end, _)| (recipient, *end)).collect());
    let ids = topics.values().flatten().filter_map(|record| record.header("ce_id"));
    assert_eq!(ids.collect::<BTreeSet<_>>().len() as u64, read.values().sum::<u64>());
}

async fn persons(process: &Process, hub: &Hub) -> Vec<String> {
    let (bundle, today) = (&hub.config.bundle, day_of(hub.clock.now()));
    let person = |row| {
        let person = open_person(row, &hub.keys.kek().unwrap(&row.key).unwrap()).unwrap();
        let handovers = person.state.handovers.iter();
        let handovers: Vec<_> = handovers.map(|one| (one.state, &one.recipient, one.epoch)).collect();
        plain(process, &format!("{:?} {handovers:?}", essence(&person, bundle, today)))
    };
    let mut persons: Vec<String> =
        hub.store.persons(None, 10_000).await.unwrap().iter().map(person).collect();
    persons.sort();
    persons
}

/// One deployment from nothing to its end.
async fn run(server: &str, brokers: &str, kills: usize) -> (End, Process) {
    let mut process = Process::start(server, brokers).await.unwrap();
    let (config, store) = process.inside().await.unwrap();
    let hub = Hub::open(config, Start::Existing).await.unwrap();
    let receipts = send(&mut process, &hub, &story(), kills).await;
    process.settled(&store).await.unwrap();
    let answers = say_yes(&process, &hub).await;
    process.settled(&store).await.unwrap();

    let inbox = store.decided(0, 10_000).await.unwrap();
    let orders: Vec<u64> = inbox.iter().filter_map(|row| row.order).collect();
    assert!(orders.into_iter().eq(1..=inbox.len() as u64), "each message has one place in the order");
    let sent = inbox.iter().filter(|row| row.row.source != "answer");
    let sent: BTreeSet<String> = sent.map(|row| row.row.id.to_string()).collect();
    assert_eq!(sent, receipts, "what was taken is in the inbox, once, and nothing else");
    let mut outcomes = BTreeMap::new();
    for row in &inbox {
        *outcomes.entry(format!("{} {:?}", row.row.source, row.outcome.unwrap())).or_default() += 1;
    }
    delivered(&process, &hub).await;
    let (persons, values) = (persons(&process, &hub).await, values(&process, &hub).await);
    (End { outcomes, answers, persons, values }, process)
}

/// Fails with the first line that only one of two runs has.
fn same(calm: &[String], disturbed: &[String]) {
    let only = |these: &[String], those: &[String]| these.iter().find(|line| !those.contains(line)).cloned();
    assert_eq!((only(calm, disturbed), only(disturbed, calm)), (None, None));
    assert_eq!(calm, disturbed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_five_times_everything_is_once_in_order_and_ends_the_same() {
    let (Some(server), Some(brokers)) =
        (tests::server("HUB_TEST_POSTGRES", "PostgreSQL"), tests::server("HUB_TEST_KAFKA", "Kafka"))
    else {
        return;
    };
    let ((calm, _calm), (disturbed, process)) =
        tokio::join!(Box::pin(run(&server, &brokers, 0)), Box::pin(run(&server, &brokers, 5)));
    assert!(
        calm.persons.len() > 100 && calm.values.len() > 300,
        "{} {}",
        calm.persons.len(),
        calm.values.len()
    );
    assert!(calm.answers[&200] > 50, "{:?}", calm.answers);
    assert_eq!((&calm.outcomes, &calm.answers), (&disturbed.outcomes, &disturbed.answers));
    same(&calm.persons, &disturbed.persons);
    same(&calm.values, &disturbed.values);
    for batch in ["1", "500"] {
        let replay = process.command(&["replay", "--verify", "--batch", batch]).unwrap().status().unwrap();
        assert!(replay.success(), "replay in batches of {batch}");
    }
}
