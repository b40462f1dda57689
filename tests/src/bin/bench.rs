//! The benchmark: how much goes through the heart, the decider, the relay and the door on this machine.
//!
//! `bench [--postgres URL] [--kafka BROKERS] [--messages N]`: figures as JSON on stdout, words on
//! stderr. Owns the order of the measurements; refuses to judge them. What each figure means, and
//! what was measured where: `docs/benchmark.md`.

#[path = "../bench/engine.rs"]
mod engine;
#[path = "../bench/http.rs"]
mod http;
#[path = "../bench/people.rs"]
mod people;

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use decide::memory::Memory;
use decide::round::Verdict;
use engine::{Place, bulk_insert, per_second};
use http::Door;
use people::{Forms, Item, STEPS};
use schemas::ids::{MessageId, Seed};
use schemas::message::Message;
use schemas::time::{KnownAt, parse_instant};
use serde_json::{Value, json};

/// How long single posts are sent.
const POSTING: Duration = Duration::from_secs(4);
/// More single posts than a machine of today can take in that time.
const MOST_POSTS: usize = 120_000;

/// What was asked.
struct Asked {
    postgres: Option<String>,
    kafka: Option<String>,
    messages: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked = asked()?;
    let forms = Forms::read(&tests::root().join("config/story"))?;
    let people = asked.messages.div_ceil(STEPS);
    let items = forms.journeys(0..people)?;
    say(&format!("{} messages about {people} people", items.len()))?;

    let mut figures = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "heart": hub::decider::HEART,
        "cores": std::thread::available_parallelism()?.get(),
        "messages": items.len(),
        "heart_messages_per_second": round(heart(&items)?),
    });
    say(&format!("heart alone: {}", figures["heart_messages_per_second"]))?;
    figures["sqlite"] = on(None, &asked, &forms, &items).await?;
    if let Some(server) = &asked.postgres {
        figures["postgres"] = on(Some(server), &asked, &forms, &items).await?;
    }
    writeln!(std::io::stdout(), "{figures:#}")?;
    Ok(())
}

/// Everything that is measured on one database.
async fn on(server: Option<&str>, asked: &Asked, forms: &Forms, items: &[Item]) -> anyhow::Result<Value> {
    let name = if server.is_some() { "postgres" } else { "sqlite" };
    let mut figures = json!({});
    let place = Place::open(server, None).await?;
    figures["fill_messages_per_second"] = round(place.fill(items).await?).into();
    figures["decide_messages_per_second"] = round(place.decide(items.len()).await?).into();
    for count in ["persons", "outbox", "waiting", "reviews", "quarantined"] {
        figures["after"][count] = place.count(count).await?.into();
    }
    say(&format!("{name}: decide with storage: {}", figures["decide_messages_per_second"]))?;
    place.close().await?;

    if let Some((server, brokers)) = server.zip(asked.kafka.as_deref()) {
        let place = Place::open(Some(server), Some(brokers)).await?;
        place.fill(items).await?;
        let (rate, records) = place.deliver(items.len()).await?;
        figures["end_to_end_messages_per_second"] = round(rate).into();
        figures["end_to_end_records"] = records.into();
        say(&format!("{name}: end to end into Kafka: {}", figures["end_to_end_messages_per_second"]))?;
        place.close().await?;
    }

    let place = Place::open(server, None).await?;
    let door = Door::open(&place.hub).await?;
    let posts = door.posts(forms.applications(0..MOST_POSTS), POSTING).await?;
    figures["single_posts"] = json!({
        "connections": http::CONNECTIONS,
        "per_second": round(posts.per_second),
        "p50_ms": (posts.p50_ms * 10.0).round() / 10.0,
        "p99_ms": (posts.p99_ms * 10.0).round() / 10.0,
    });
    say(&format!("{name}: single posts: {}", figures["single_posts"]))?;
    drop(door);
    place.close().await?;

    let place = Place::open(server, None).await?;
    let door = Door::open(&place.hub).await?;
    let bodies = forms.applications(0..asked.messages);
    let batches = door.batches(&bodies).await?;
    figures["batch_items_per_second"] = round(batches).into();
    say(&format!("{name}: batches: {}", figures["batch_items_per_second"]))?;
    if let Some(url) = &place.url {
        let limit = bulk_insert(url, http::LINES).await?;
        figures["bulk_insert_rows_per_second"] = round(limit).into();
        figures["batches_to_bulk_insert"] = ((batches / limit * 100.0).round() / 100.0).into();
        say(&format!(
            "{name}: bare bulk insert of the same rows: {}",
            figures["bulk_insert_rows_per_second"]
        ))?;
    }
    drop(door);
    place.close().await?;
    Ok(figures)
}

/// The heart alone: one thread, a world in memory, batches as the decider takes them.
fn heart(items: &[Item]) -> anyhow::Result<f64> {
    let config = tests::config();
    let now = KnownAt(parse_instant("2026-11-20T08:00:00Z").context("no time")?);
    let mut messages = Vec::with_capacity(items.len());
    for (item, order) in items.iter().zip(1..) {
        let context = adapters::Context {
            municipalities: &config.bundle.municipalities,
            countries: &config.bundle.countries,
            environment: config.hub.environment,
            sender: item.sender,
        };
        let source = adapters::source(item.source).context("no such source")?;
        let checked = adapters::check(source, item.value.clone(), &context).map_err(|refused| {
            anyhow::anyhow!("an item of the benchmark is refused: {:?}", refused.findings)
        })?;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&u64::to_be_bytes(order));
        let id = MessageId::derive(&Seed(seed), 0);
        messages.push(Message { id, seed: Seed(seed), order, known_at: now, body: checked.body().clone() });
    }
    let (mut memory, mut decided) = (Memory::default(), 0);
    let started = Instant::now();
    for batch in messages.chunks(hub::decider::BATCH as usize) {
        let verdicts = memory.decide(batch, &config.bundle);
        decided += verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Decided(_))).count();
    }
    let rate = per_second(messages.len(), started);
    ensure!(decided == messages.len(), "the heart decided {decided} of {} messages", messages.len());
    Ok(rate)
}

fn asked() -> anyhow::Result<Asked> {
    let mut asked = Asked { postgres: None, kafka: None, messages: 60_000 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--postgres" => asked.postgres = Some(value),
            "--kafka" => asked.kafka = Some(value),
            "--messages" => asked.messages = value.parse().context("--messages needs a number")?,
            _ => bail!("use: bench [--postgres URL] [--kafka BROKERS] [--messages N]"),
        }
    }
    Ok(asked)
}

fn say(words: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{words}")?)
}

/// A rate as a whole number: more digits would promise too much.
fn round(rate: f64) -> u64 {
    rate.round() as u64
}
