//! The benchmark: what the heart, the store, the doors and the relay do in a second, in one run.
//!
//! `cargo run --release -p tests --bin bench -- [--postgres URL] [--kafka BROKERS] [--people N]`: JSON on stdout,
//! words on stderr. Figures are for comparing inside one run; it refuses to judge them, and no test rests
//! on them. What they were is in `docs/benchmark.md`.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::Context as Look;
use anyhow::{Context, ensure};
use clap::Parser;
use decide::memory::Memory;
use hub::app::{self, Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, KafkaConfig, Senders};
use schemas::ids::MessageId;
use schemas::message::{Body, Message};
use schemas::time::{KnownAt, parse_instant};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::people::visa_lines;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Parser)]
struct Args {
    /// A PostgreSQL where databases may be made.
    #[arg(long)]
    postgres: Option<String>,
    /// The brokers of an Apache Kafka.
    #[arg(long)]
    kafka: Option<String>,
    /// How many people: five messages each.
    #[arg(long, default_value_t = 6_000)]
    people: usize,
}

const CONNECTIONS: usize = 64;
const POSTING: Duration = Duration::from_secs(4);

fn say(words: &str) {
    // Where stderr is gone the figures still come.
    drop(writeln!(std::io::stderr(), "{words}"));
}

fn per_second(count: usize, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for reading")]
    let count = count as f64;
    (count / took.as_secs_f64()).round()
}

fn now() -> Clock {
    Clock::declared(parse_instant("2025-06-01T08:00:00Z").unwrap_or_default())
}

/// The people's messages as the door would have translated them.
fn bodies(config: &Config, people: usize) -> anyhow::Result<Vec<Body>> {
    let source = adapters::source("visa").context("no visa source")?;
    let look = Look {
        municipalities: &config.bundle.municipalities,
        countries: &config.bundle.countries,
        choosable: &BTreeSet::new(),
        environment: config.hub.environment,
        sender: "bench",
    };
    let check = |item| match adapters::check(source, item, &look) {
        Ok(checked) => Ok(checked.body().clone()),
        Err(refused) => Err(anyhow::anyhow!("an item was refused: {:?}", refused.findings)),
    };
    (0..people).flat_map(visa_lines).map(check).collect()
}

/// The heart alone: rounds of 500 on a world in memory, one thread.
fn heart(config: &Config, bodies: Vec<Body>) -> f64 {
    let (clock, count) = (now(), bodies.len());
    let messages: Vec<Message> = (1..)
        .zip(bodies)
        .map(|(order, body)| {
            let seed = clock.seed();
            Message { id: MessageId::derive(&seed, 0), seed, order, known_at: KnownAt(clock.now()), body }
        })
        .collect();
    let (mut memory, mut sequence) = (Memory::default(), 0);
    let started = Instant::now();
    for part in messages.chunks(500) {
        let number = |_: &_| {
            sequence += 1;
            Ok::<_, std::convert::Infallible>((sequence, [0; 32]))
        };
        drop(memory.decide(part, &config.bundle, number));
    }
    per_second(count, started.elapsed())
}

async fn open(mut config: Config, database: Option<String>, folder: &std::path::Path) -> anyhow::Result<Hub> {
    app::in_data(folder, &mut config);
    if let Some(database) = database {
        config.hub.database = database;
    }
    config.senders = Senders::made_up([("bench".to_owned(), "visa".to_owned(), "bench".to_owned())]);
    Ok(Hub::open(config, Start::Migrated(now())).await?)
}

/// Fills the inbox; says how fast.
async fn fill(hub: &Hub, people: std::ops::Range<usize>) -> anyhow::Result<f64> {
    let source = adapters::source("visa").context("no visa source")?;
    let items: Vec<Value> = people.flat_map(visa_lines).collect();
    let (count, started) = (items.len(), Instant::now());
    for part in items.chunks(500) {
        hub.intake.accept(source, "bench", part.iter().cloned().map(Ok).collect()).await?;
    }
    Ok(per_second(count, started.elapsed()))
}

async fn until<F: Future<Output = anyhow::Result<bool>>>(done: impl Fn() -> F) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(180);
    while !done().await? {
        ensure!(Instant::now() < end, "not done in three minutes");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn decide(hub: &Hub, messages: usize) -> anyhow::Result<f64> {
    let stop = CancellationToken::new();
    let started = Instant::now();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    until(|| async { Ok(hub.store.undecided(1).await?.is_empty()) }).await?;
    let took = started.elapsed();
    stop.cancel();
    decider.await??;
    Ok(per_second(messages, took))
}

/// From a filled inbox until every record is committed on its topic.
async fn end_to_end(hub: &Hub, messages: usize) -> anyhow::Result<Value> {
    let stop = CancellationToken::new();
    let started = Instant::now();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let relay = tokio::spawn(hub.clone().deliver(stop.clone()));
    until(|| async {
        if !hub.store.undecided(1).await?.is_empty() {
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
    Ok(json!({ "messages_per_second": per_second(messages, took), "records": hub.health.counts.sent.get() }))
}

/// The doors over loopback: single posts on 64 connections, then batches of 500 lines.
async fn doors(hub: &Hub, people: usize) -> anyhow::Result<Value> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let base = format!("http://{}/v1/sources/visa", listener.local_addr()?);
    let stop = CancellationToken::new();
    let server = tokio::spawn(app::serve(listener, hub.router(), stop.clone()));
    let client = reqwest::Client::builder().pool_max_idle_per_host(CONNECTIONS).build()?;
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(people));
    let started = Instant::now();
    let posters: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, next, url) = (client.clone(), Arc::clone(&next), format!("{base}/messages"));
            tokio::spawn(async move {
                let mut took = vec![];
                while started.elapsed() < POSTING {
                    let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let line = visa_lines(n).swap_remove(0);
                    let begun = Instant::now();
                    let answer = client.post(&url).bearer_auth("bench").json(&line).send().await?;
                    ensure!(answer.status() == 201, "a post was answered {}", answer.status());
                    took.push(begun.elapsed());
                }
                Ok(took)
            })
        })
        .collect();
    let mut times = vec![];
    for poster in posters {
        times.extend(poster.await??);
    }
    let posts = per_second(times.len(), started.elapsed());
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0, Duration::as_micros);

    let mut lines = vec![];
    let from = next.load(std::sync::atomic::Ordering::Relaxed);
    let items: Vec<Value> = (from..from + people).flat_map(visa_lines).collect();
    for part in items.chunks(500) {
        let mut body = Vec::new();
        for item in part {
            serde_json::to_writer(&mut body, item)?;
            body.push(b'\n');
        }
        lines.push(body);
    }
    let started = Instant::now();
    let mut under_way = tokio::task::JoinSet::new();
    for body in lines {
        if under_way.len() >= 4 {
            under_way.join_next().await.context("no batch under way")???;
        }
        let post = client.post(format!("{base}/batches")).bearer_auth("bench");
        under_way.spawn(async move {
            let answer = post.header("Content-Type", "application/x-ndjson").body(body).send().await?;
            ensure!(answer.status().is_success(), "a batch was answered {}", answer.status());
            answer.bytes().await?;
            Ok(())
        });
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    let batches = per_second(items.len(), started.elapsed());
    stop.cancel();
    server.await?;
    Ok(json!({
        "single_posts_per_second": posts, "post_p50_microseconds": at(50), "post_p99_microseconds": at(99),
        "batch_items_per_second": batches,
    }))
}

/// The limit: PostgreSQL takes rows of the inbox's size in bulk, with a primary key and nothing else.
async fn limit(server: &str, rows: usize) -> anyhow::Result<f64> {
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
    Ok(per_second(rows, took))
}

/// A fresh database on a server.
async fn fresh(server: &str, name: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(server).await?;
    for statement in [format!("drop database if exists {name}"), format!("create database {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    let (base, _) = server.rsplit_once('/').context("the address names no database")?;
    let options = server.split_once('?').map_or(String::new(), |(_, options)| format!("?{options}"));
    Ok(format!("{base}/{name}{options}"))
}

async fn on_store(config: &Config, database: Option<String>, people: usize) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let hub = open(config.clone(), database, folder.path()).await?;
    let filled = fill(&hub, 0..people).await?;
    say("  decide");
    let decided = decide(&hub, people * 5).await?;
    say("  doors");
    let mut figures = doors(&hub, people).await?;
    figures["inbox_per_second"] = json!(filled);
    figures["decide_per_second"] = json!(decided);
    Ok(figures)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let config = tests::config();
    let people = args.people;
    let cores = std::thread::available_parallelism()?.get();
    say("heart");
    let mut report = json!({ "cores": cores, "messages": people * 5 });
    report["heart_per_second"] = json!(heart(&config, bodies(&config, people)?));
    say("SQLite");
    report["sqlite"] = on_store(&config, None, people).await?;
    if let Some(server) = &args.postgres {
        say("PostgreSQL");
        let database = fresh(server, "hub_bench").await?;
        report["postgres"] = on_store(&config, Some(database), people).await?;
        report["postgres_bulk_insert_per_second"] = json!(limit(server, people * 5).await?);
    }
    if let (Some(server), Some(brokers)) = (&args.postgres, &args.kafka) {
        say("end to end into Kafka");
        let folder = tempfile::tempdir()?;
        let mut config = config.clone();
        let name = format!("bench-{}", hex::encode(&now().seed().0[..4]));
        config.hub.kafka = Some(KafkaConfig {
            brokers: brokers.clone(),
            position_topic: format!("hub.relay.{name}"),
            environment: name,
            replication_factor: 1,
            feed_only: BTreeSet::default(),
            properties: std::collections::BTreeMap::default(),
        });
        let database = fresh(server, "hub_bench_kafka").await?;
        let hub = open(config, Some(database), folder.path()).await?;
        fill(&hub, 0..people).await?;
        report["end_to_end"] = end_to_end(&hub, people * 5).await?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{report:#}")?;
    Ok(())
}
