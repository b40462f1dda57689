//! A hub on a database of its own, and how fast messages go through it.
//!
//! Everything is the program's own code with its own settings; only the names of the topics carry a
//! mark of the run, so that a broker can be measured again. Refuses to touch a database or a topic
//! that it did not make.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, Senders};
use hub::deliver::KafkaConfig;
use hub::intake::Verdict;
use schemas::recipient::Recipient;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::people::Item;

/// Items handed to the door at once while an inbox is filled.
const FILL: usize = 500;
/// Nothing here takes longer: what does has stopped.
const PATIENCE: Duration = Duration::from_secs(600);

/// The token that every sender of the benchmark has.
pub(crate) const TOKEN: &str = "bench";

/// A hub on a fresh database.
pub(crate) struct Place {
    pub(crate) hub: Hub,
    /// The database, where it is on a server.
    pub(crate) url: Option<String>,
    server: Option<String>,
    _folder: TempDir,
}

impl Place {
    /// A hub on SQLite in a temporary folder, or on a fresh database of this server.
    pub(crate) async fn open(server: Option<&str>, kafka: Option<&str>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut config = tests::config();
        hub::app::in_data(folder.path(), &mut config);
        config.hub.request = None;
        let sender = |source: &str| ("bench".to_owned(), source.to_owned(), TOKEN.to_owned());
        config.senders = Senders::made_up([sender("visa")]);
        let mark = folder
            .path()
            .to_string_lossy()
            .bytes()
            .fold(0u32, |hash, b| hash.wrapping_mul(31) + u32::from(b));
        let mut url = None;
        if let Some(server) = server {
            let name = format!("bench_{mark:08x}");
            run(server, &format!("create database {name}")).await?;
            let made: PgConnectOptions = server.parse()?;
            let made = made.database(&name).to_url_lossy().to_string();
            config.hub.database.clone_from(&made);
            url = Some(made);
        }
        if let Some(brokers) = kafka {
            topics(&mut config, brokers, mark)?;
        }
        let hub = Hub::open(config, Start::Migrated(Clock::system())).await?;
        Ok(Self { hub, url, server: server.map(str::to_owned), _folder: folder })
    }

    /// Closes the hub's database and removes it.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { hub, url, server, _folder } = self;
        drop(hub);
        if let Some((url, server)) = url.zip(server) {
            let made: PgConnectOptions = url.parse()?;
            let name = made.get_database().context("a database without a name")?;
            run(&server, &format!("drop database {name} with (force)")).await?;
        }
        Ok(())
    }

    /// Puts items into the inbox through the door; tells how many a second.
    pub(crate) async fn fill(&self, items: &[Item]) -> anyhow::Result<f64> {
        let started = Instant::now();
        for some in items.chunks(FILL) {
            // The door takes one source and one sender at a time.
            let mut calls: BTreeMap<(&str, &str), Vec<_>> = BTreeMap::new();
            for item in some {
                calls.entry((item.source, item.sender)).or_default().push(Ok(item.value.clone()));
            }
            for ((source, sender), values) in calls {
                let source = adapters::source(source).context("no such source")?;
                let verdicts = self.hub.intake.accept(source, sender, values).await?;
                if let Some(other) = verdicts.iter().find(|v| !matches!(v, Verdict::Accepted { .. })) {
                    bail!("an item of the benchmark was not taken: {other:?}");
                }
            }
        }
        Ok(per_second(items.len(), started))
    }

    /// Decides everything in the inbox; tells how many messages a second.
    pub(crate) async fn decide(&self, messages: usize) -> anyhow::Result<f64> {
        let (stop, started) = (CancellationToken::new(), Instant::now());
        let decider = tokio::spawn(self.hub.clone().decide(stop.clone()));
        self.decided(messages).await?;
        let rate = per_second(messages, started);
        stop.cancel();
        decider.await??;
        Ok(rate)
    }

    /// Decides and delivers everything; tells how many messages a second were decided with all that
    /// follows from them committed to the topics, and how many records that were.
    pub(crate) async fn deliver(&self, messages: usize) -> anyhow::Result<(f64, u64)> {
        let stop = CancellationToken::new();
        let relay = tokio::spawn(self.hub.clone().deliver(stop.clone()));
        self.until("the relay has taken over", async || {
            Ok(self.hub.health.state() == hub::deliver::HealthState::Delivering)
        })
        .await?;
        let started = Instant::now();
        let decider = tokio::spawn(self.hub.clone().decide(stop.clone()));
        self.decided(messages).await?;
        let records = self.count("outbox").await?;
        self.until("everything is sent", async || Ok(self.hub.health.counts.sent.get() >= records)).await?;
        let rate = per_second(messages, started);
        stop.cancel();
        decider.await??;
        relay.await??;
        Ok((rate, records))
    }

    async fn decided(&self, messages: usize) -> anyhow::Result<()> {
        let messages = messages as u64;
        let mut decided = self.hub.decided.subscribe();
        tokio::time::timeout(PATIENCE, decided.wait_for(|order| *order >= messages)).await??;
        Ok(())
    }

    /// One of the store's counts.
    pub(crate) async fn count(&self, name: &str) -> anyhow::Result<u64> {
        let counts = self.hub.store.counts().await?;
        counts.into_iter().find(|(found, _)| *found == name).map(|(_, count)| count).context("no such count")
    }

    async fn until(&self, what: &str, holds: impl AsyncFn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let started = Instant::now();
        while !holds().await? {
            ensure!(started.elapsed() < PATIENCE, "it takes too long until {what}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

/// The limit: the same sealed rows, inserted in bulk into a table without an index beside its key, by
/// as many writers as the hub has committers. Rows a second.
pub(crate) async fn bulk_insert(url: &str, at_once: usize) -> anyhow::Result<f64> {
    const COLUMNS: &str = "id, dedupe, body, source, sender, content, key, received_at";
    let mut connection = PgConnection::connect(url).await?;
    let table = "create table bare (id bytea primary key, dedupe bytea not null, body bytea not null, \
                 source text not null, sender text not null, content bytea not null, key bytea not null, \
                 received_at bigint not null); \
                 alter table bare alter column content set storage external; \
                 alter table bare set (toast_tuple_target = 8160)";
    sqlx::raw_sql(table).execute(&mut connection).await?;
    let rows = sqlx::query(AssertSqlSafe(format!("select {COLUMNS} from inbox order by id")))
        .fetch_all(&mut connection)
        .await?;
    let sql = format!(
        "insert into bare ({COLUMNS}) select * from unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::text[], \
         $5::text[], $6::bytea[], $7::bytea[], $8::bigint[])"
    );
    let bytes = |rows: &[sqlx::postgres::PgRow], n: usize| {
        rows.iter().map(|row| row.get(n)).collect::<Vec<Vec<u8>>>()
    };
    let texts =
        |rows: &[sqlx::postgres::PgRow], n: usize| rows.iter().map(|row| row.get(n)).collect::<Vec<String>>();
    let mut other = PgConnection::connect(url).await?;
    let started = Instant::now();
    let (first, second) = rows.split_at(rows.len() / 2);
    let write = async |connection: &mut PgConnection, rows: &[sqlx::postgres::PgRow]| -> anyhow::Result<()> {
        for rows in rows.chunks(at_once) {
            let times: Vec<i64> = rows.iter().map(|row| row.get(7)).collect();
            let insert = sqlx::query(AssertSqlSafe(sql.clone()))
                .bind(bytes(rows, 0))
                .bind(bytes(rows, 1))
                .bind(bytes(rows, 2))
                .bind(texts(rows, 3))
                .bind(texts(rows, 4))
                .bind(bytes(rows, 5))
                .bind(bytes(rows, 6))
                .bind(times);
            insert.execute(&mut *connection).await?;
        }
        Ok(())
    };
    tokio::try_join!(write(&mut connection, first), write(&mut other, second))?;
    let rate = per_second(rows.len(), started);
    connection.close().await?;
    other.close().await?;
    Ok(rate)
}

async fn run(server: &str, sql: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Kafka with topics of this run only: every recipient gets the mark behind its name.
fn topics(config: &mut Config, brokers: &str, mark: u32) -> anyhow::Result<()> {
    let marked = |recipient: &Recipient| Recipient::parse(&format!("{recipient}-{mark:08x}"));
    for contract in &mut config.bundle.contracts {
        contract.recipient = marked(&contract.recipient)?;
    }
    let agencies = std::mem::take(&mut config.agencies);
    for (recipient, agency) in agencies {
        config.agencies.insert(marked(&recipient)?, agency);
    }
    config.hub.kafka = Some(KafkaConfig {
        brokers: brokers.to_owned(),
        environment: format!("bench-{mark:08x}"),
        replication_factor: 1,
        position_topic: format!("hub.bench.{mark:08x}"),
        feed_only: BTreeSet::new(),
        properties: BTreeMap::new(),
    });
    Ok(())
}

/// How many a second since then.
pub(crate) fn per_second(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
