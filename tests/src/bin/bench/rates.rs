//! What each part does in a second: the heart alone, the inbox, deciding, the doors, all of it into Kafka.
//!
//! Each figure starts from a known state and runs at saturation. Refuses to say how long one message takes:
//! that is `latency`'s. Next: `doors`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use adapters::Context as Look;
use anyhow::Context;
use decide::change::Delivery;
use decide::round::decide_all;
use hub::app::{Hub, Start};
use hub::config::Config;
use schemas::ids::MessageId;
use schemas::message::{Body, Message};
use schemas::time::KnownAt;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::people::{alike_lines, visa_lines};
use tests::process::Process;
use tokio_util::sync::CancellationToken;

use crate::stage::{decide, fill, fresh, now, open, until};
use crate::{Size, doors, per_second, say};

pub(crate) async fn all(size: Size, server: Option<&str>, kafka: Option<&str>) -> anyhow::Result<Value> {
    let (config, people) = (tests::config(), size.people);
    let messages = people * 5;
    say("heart");
    let varied = heart(&config, bodies(&config, (0..people).flat_map(visa_lines))?);
    let alike = heart(&config, bodies(&config, (0..people).flat_map(alike_lines))?);
    let mut report = json!({
        "messages": messages,
        "heart_per_second": per_second(messages, varied),
        "heart_alike_per_second": per_second(messages, alike),
    });
    say("SQLite");
    report["sqlite"] = on_store(&config, None, size).await?;
    let Some(server) = server else { return Ok(report) };
    say("PostgreSQL");
    report["postgres"] = on_store(&config, Some(fresh(server, "hub_bench").await?), size).await?;
    report["postgres_bulk_insert_per_second"] = json!(per_second(messages, limit(server, messages).await?));
    let Some(brokers) = kafka else { return Ok(report) };
    say("PostgreSQL and Kafka, end to end");
    report["end_to_end"] = end_to_end(server, brokers, people).await?;
    Ok(report)
}

/// These lines as the door would have translated them.
fn bodies(config: &Config, lines: impl Iterator<Item = Value>) -> anyhow::Result<Vec<Body>> {
    let source = adapters::source("visa").context("no visa source")?;
    let look = Look {
        municipalities: &config.bundle.municipalities,
        places: &config.bundle.places,
        countries: &config.bundle.countries,
        choosable: &BTreeSet::new(),
        environment: config.hub.environment,
        sender: &adapters::Speaker::for_all("bench"),
        now: schemas::time::parse_instant("2100-01-01T00:00:00Z").context("no time")?,
    };
    let check = |item| match adapters::check(source, item, &look) {
        Ok(checked) => Ok(decide::prepare(checked.said().clone(), &tests::mac)),
        Err(refused) => Err(anyhow::anyhow!("an item was refused: {:?}", refused.findings)),
    };
    lines.map(check).collect()
}

/// The heart alone: rounds of 500 on a world in memory, one thread.
fn heart(config: &Config, bodies: Vec<Body>) -> Duration {
    let clock = now();
    let messages: Vec<Message> = (1..)
        .zip(bodies)
        .map(|(order, body)| {
            let seed = clock.seed();
            Message { id: MessageId::derive(&seed, 0), seed, order, known_at: KnownAt(clock.now()), body }
        })
        .collect();
    let (mut world, mut sequence) = (decide::World::whole(), 0);
    let started = Instant::now();
    for part in messages.chunks(500) {
        let mut number = |_: &_| {
            sequence += 1;
            (sequence, [0; 32])
        };
        let number = &mut |all: &[Delivery]| Ok(all.iter().map(&mut number).collect());
        drop(decide_all(&mut world, part, &config.bundle, number));
    }
    started.elapsed()
}

async fn on_store(config: &Config, database: Option<String>, size: Size) -> anyhow::Result<Value> {
    let (folder, people) = (tempfile::tempdir()?, size.people);
    let hub = open(config.clone(), database, folder.path()).await?;
    let filled = fill(&hub, "visa", (0..people).flat_map(visa_lines).collect()).await?;
    say("  decide");
    let decided = decide(&hub).await?;
    say("  doors");
    let mut figures = doors::measure(&hub, size).await?;
    figures["inbox_per_second"] = json!(per_second(people * 5, filled));
    figures["decide_per_second"] = json!(per_second(people * 5, decided));
    Ok(figures)
}

/// From a filled inbox until every record is committed on its topic; topics have names of their own.
async fn end_to_end(server: &str, brokers: &str, people: usize) -> anyhow::Result<Value> {
    let place = Process::prepare(Some(server), Some(brokers)).await?;
    let hub = Hub::open(Config::load(&place.config())?, Start::Migrated(now())).await?;
    fill(&hub, "visa", (0..people).flat_map(visa_lines).collect()).await?;
    let took = through(&hub).await?;
    let records = hub.health.counts.sent.get();
    Ok(json!({ "messages_per_second": per_second(people * 5, took), "records": records }))
}

async fn through(hub: &Hub) -> anyhow::Result<Duration> {
    let stop = CancellationToken::new();
    let started = Instant::now();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let relay = tokio::spawn(hub.clone().deliver(stop.clone()));
    until(|| async {
        if !hub.store.pending(1).await?.is_empty() {
            return Ok(false);
        }
        let records: u64 = hub.store.ledger_ends().await?.iter().map(|(_, last, _)| last).sum();
        Ok(hub.health.counts.sent.get() >= records)
    })
    .await?;
    let took = started.elapsed();
    stop.cancel();
    decider.await??;
    relay.await??;
    Ok(took)
}

/// The limit: PostgreSQL takes rows of the inbox's size in bulk, with a primary key and nothing else.
async fn limit(server: &str, rows: usize) -> anyhow::Result<Duration> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query("create table if not exists bench_limit (id bytea primary key, content bytea, key bytea)")
        .execute(&mut connection)
        .await?;
    let clock = now();
    let started = Instant::now();
    for _ in (0..rows).step_by(500) {
        let ids: Vec<Vec<u8>> = (0..500).map(|_| clock.message_id().bytes().to_vec()).collect();
        let (content, key) = (vec![vec![7u8; 1_900]; 500], vec![vec![7u8; 60]; 500]);
        sqlx::query("insert into bench_limit select * from unnest($1::bytea[], $2::bytea[], $3::bytea[])")
            .bind(ids)
            .bind(content)
            .bind(key)
            .execute(&mut connection)
            .await?;
    }
    let took = started.elapsed();
    sqlx::query("drop table bench_limit").execute(&mut connection).await?;
    Ok(took)
}
