//! A hub inside the benchmark's own process: opened on a fresh database, filled, and left to decide.
//!
//! Refuses to measure HTTP, Kafka and memory: those are taken on parts of their own. Next: `rates`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hub::app::{self, Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, Senders};
use schemas::time::parse_instant;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The clock of a hub in this process.
pub(crate) fn now() -> Clock {
    Clock::declared(parse_instant("2025-06-01T08:00:00Z").unwrap_or_default())
}

/// A fresh database on a server: its address.
pub(crate) async fn fresh(server: &str, name: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(server).await?;
    for statement in [format!("drop database if exists {name}"), format!("create database {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    let (base, _) = server.rsplit_once('/').context("the address names no database")?;
    let options = server.split_once('?').map_or(String::new(), |(_, options)| format!("?{options}"));
    Ok(format!("{base}/{name}{options}"))
}

/// Opens a hub; on SQLite in the folder where no database is named.
pub(crate) async fn open(mut config: Config, database: Option<String>, folder: &Path) -> anyhow::Result<Hub> {
    app::in_data(folder, &mut config);
    if let Some(database) = database {
        config.hub.database = database;
    }
    config.senders = Senders::made_up([("bench".to_owned(), "visa".to_owned(), "bench".to_owned())]);
    Ok(Hub::open(config, Start::Migrated(now())).await?)
}

/// Puts items of a source into the inbox, 500 in one call; says how long it took.
pub(crate) async fn fill(hub: &Hub, source: &str, items: Vec<Value>) -> anyhow::Result<Duration> {
    let source = adapters::source(source).context("no such source")?;
    let mut items = items.into_iter();
    let started = Instant::now();
    loop {
        let part: Vec<_> = items.by_ref().take(500).map(Ok).collect();
        if part.is_empty() {
            return Ok(started.elapsed());
        }
        hub.intake.accept(source, &adapters::Speaker::for_all("bench"), part).await?;
    }
}

/// Looks again and again until something holds.
pub(crate) async fn until<F: Future<Output = anyhow::Result<bool>>>(
    done: impl Fn() -> F,
) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    while !done().await? {
        ensure!(Instant::now() < end, "not done in ten minutes");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Decides what is in the inbox; says how long it took.
pub(crate) async fn decide(hub: &Hub) -> anyhow::Result<Duration> {
    let stop = CancellationToken::new();
    let started = Instant::now();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    until(|| async { Ok(hub.store.pending(1).await?.is_empty()) }).await?;
    let took = started.elapsed();
    stop.cancel();
    decider.await??;
    Ok(took)
}
