//! How long a record takes: 200 single posts a second to a hub process, on PostgreSQL and Kafka.
//!
//! Open loop: posts leave on a fixed schedule, whatever the hub does, and count from the moment on which
//! they were due, so that a stall is not hidden by posts that were never sent. A record counts when a
//! `read_committed` reader has it. Refuses to count what was posted while everything warms up.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use hub::config::Config;
use hub::contract::Schemas;
use hub::deliver::feed::TapRecord;
use hub::deliver::kafka::KafkaLog;
use hub::deliver::log::{Log as _, Reader};
use schemas::recipient::Recipient;
use serde_json::{Value, json};
use tests::people::{family_name, visa_lines};
use tests::process::{Process, until};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::{Size, spread};

const EVERY: Duration = Duration::from_millis(5);
/// A person's next message comes so many persons later: after a second.
const APART: usize = 40;
/// How long the last records may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A post: whose, which of their lines, when it was due and when it was answered.
struct Posted {
    person: usize,
    line: usize,
    due: Instant,
    accepted: Instant,
}

/// Both latencies: until the answer, and until the record is readable.
pub(crate) async fn measure(size: Size, server: &str, brokers: &str) -> anyhow::Result<Value> {
    let process = Process::start(server, brokers).await?;
    let config = Config::load(&process.config())?;
    let (warm, counted) = size.posting;
    let ticks = (warm + counted).as_millis() / EVERY.as_millis();
    let posts = schedule(usize::try_from(ticks)?);
    until("the hub to be ready", async || {
        reqwest::get(format!("{}/readyz", process.base))
            .await
            .is_ok_and(|answer| answer.status().is_success())
    })
    .await?;
    let expected = posts.iter().flatten().filter(|(_, line, _)| *line == 0).count();
    let kafka = config.hub.kafka.clone().context("no broker configured")?;
    let recipient = Recipient::parse(&format!("{}-agii-abroad", process.prefix))?;
    // The recipient's lane makes its topic soon after the start.
    let (log, mut reader) = (KafkaLog::new(kafka), None);
    until("the topic to be there", async || {
        reader = log.reader(&recipient).await.ok();
        reader.is_some()
    })
    .await?;
    let mut reader = reader.context("no reader")?;
    // It stands at the end of its topic before the first record comes.
    ensure!(reader.next().await?.is_none(), "a record before the first post");
    let records = tokio::spawn(read(config, reader, expected));
    let begin = Instant::now();
    let posted = post(&process.base, posts, begin).await?;
    let records = records.await??;
    let posted: Vec<_> = posted.into_iter().filter(|post| post.due >= begin + warm).collect();
    let answered = posted.iter().map(|post| post.accepted - post.due).collect();
    let applications = || posted.iter().filter(|post| post.line == 0);
    let read_at =
        |post: &Posted| records.get(&family_name(post.person)).copied().context("a record is missing");
    let mut readable = Vec::new();
    let mut through = Vec::new();
    for post in applications() {
        let at = read_at(post)?;
        readable.push(at.saturating_duration_since(post.accepted));
        through.push(at - post.due);
    }
    Ok(json!({
        "posts_per_second": 1_000 / EVERY.as_millis(), "post_ms": spread(answered),
        "accepted_to_readable_ms": spread(readable), "due_to_readable_ms": spread(through),
    }))
}

/// What is posted at each tick: the five messages about each person, in their order, a second apart. At the
/// begin, when the later messages have no person yet, ticks stay empty.
fn schedule(ticks: usize) -> Vec<Option<(usize, usize, String)>> {
    let tick = |tick: usize| {
        let line = tick % 5;
        let person = (tick / 5).checked_sub(line * APART)?;
        Some((person, line, visa_lines(person).swap_remove(line).to_string()))
    };
    (0..ticks).map(tick).collect()
}

async fn post(
    base: &str,
    posts: Vec<Option<(usize, usize, String)>>,
    begin: Instant,
) -> anyhow::Result<Vec<Posted>> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let url = format!("{base}/v1/sources/visa/messages");
    let mut under_way = JoinSet::new();
    let mut due = begin;
    for post in posts {
        due += EVERY;
        let Some((person, line, body)) = post else { continue };
        sleep_until(due).await;
        let sender = if line == 2 || line == 4 { "dev-dvz" } else { "dev-post-cas" };
        let request =
            client.post(&url).bearer_auth(sender).header("Content-Type", "application/json").body(body);
        under_way.spawn(async move {
            let answer = request.send().await?;
            ensure!(answer.status() == 201, "a post was answered {}", answer.status());
            Ok(Posted { person, line, due, accepted: Instant::now() })
        });
    }
    under_way.join_all().await.into_iter().collect()
}

/// Reads until every application has led to a record: when each was first there, by the family name on it.
async fn read(
    config: Config,
    mut reader: impl Reader,
    expected: usize,
) -> anyhow::Result<HashMap<String, Instant>> {
    let ids =
        config.agencies.iter().map(|(recipient, agency)| (recipient.clone(), agency.schema_id)).collect();
    let schemas = Schemas::new(&ids, &config.bundle.contracts)?;
    let (mut first, mut last) = (HashMap::new(), Instant::now());
    while first.len() < expected {
        let Some(record) = reader.next().await? else {
            ensure!(last.elapsed() < PATIENCE, "{} of {expected} records came", first.len());
            continue;
        };
        last = Instant::now();
        let record = TapRecord::from_log(&schemas, record)?;
        if let Some(name) = record.value["file"]["family_names"][0].as_str() {
            first.entry(name.to_owned()).or_insert(last);
        }
    }
    Ok(first)
}
