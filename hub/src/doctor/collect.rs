//! Looking around: the config folder, the machine, the database, the brokers. Reads only, and beside a hub that
//! runs.
//!
//! What cannot be had is a fact as well. Refuses to judge: that is [`super::checks`]'s.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use schemas::time::Instant;
use tokio::time::timeout;

use super::{Database, Facts, Folder, KeyFile, SignsIn, Told, Unreached, lock};
use crate::config::Config;
use crate::contract::Schemas;
use crate::contract::versions::{Breach, SchemaVersion};
use crate::decider::chain;
use crate::deliver::DeliverError;
use crate::desk::Action;
use crate::store::{Store, StoreError};
use crate::tls::greet;

/// How long the database may take to tell how it is.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many days records are told that nobody read back in time.
const EXPIRED_DAYS: i64 = 30;

/// From how many days on a record that waits is told.
const WAITING_DAYS: i64 = 30;

/// Collects everything; `prepare` may point the config elsewhere, at a data folder.
pub async fn collect(folder: &Path, prepare: impl FnOnce(&mut Config), now: Instant) -> Facts {
    let mut facts = Facts {
        now,
        config: Err(vec![]),
        keys: None,
        folder: None,
        files: files(),
        database: None,
        received: vec![],
        tls: vec![],
        log: None,
        kafka: None,
        signs_in: None,
    };
    let mut config = match Config::load(folder) {
        Ok(config) => config,
        Err(wrong) => {
            facts.config = Err(wrong.0.iter().map(ToString::to_string).collect());
            return facts;
        }
    };
    prepare(&mut config);
    let now = now + TimeDelta::days(config.hub.days_ahead.into());
    facts.now = now;
    let told = told(&config);
    facts.keys = Some(key_file(&config));
    facts.folder = Some(data_folder(&config));
    let mut sources: Vec<String> = told.senders.iter().map(|(_, source, _)| source.clone()).collect();
    sources.sort_unstable();
    sources.dedup();
    facts.config = Ok(told);
    for server in config.hub.outward() {
        // The files were read when the config was.
        if let Ok(client) = server.files.client() {
            let named = format!("{} {}:{}", server.what, server.host, server.port);
            facts.tls.push((named, greet(&server.host, server.port, server.opening, client).await));
        }
    }
    facts.log = config.hub.database_file().and_then(|file| log_of(&file));
    (facts.database, facts.received) = match timeout(PATIENCE, database(&config, &sources, now)).await {
        Ok(Ok((there, received))) => (Some(there), received),
        Ok(Err(error)) => (Some(trouble(&error)), vec![]),
        Err(_) => (Some(Database::Away(format!("no answer within {} s", PATIENCE.as_secs()))), vec![]),
    };
    if let Some(kafka) = &config.hub.kafka {
        facts.kafka = Some(kafka.describe(&config.topics()).await.map_err(|error| match error {
            DeliverError::Unknown(_) => Unreached::Refused(chain(&error)),
            _ => Unreached::Away(chain(&error)),
        }));
        facts.signs_in = kafka.sasl.as_ref().map(|sasl| SignsIn {
            as_whom: sasl.as_whom(),
            password_file: sasl.password_file.clone(),
            mode: fs::metadata(&sasl.password_file).ok().map(|found| found.mode()),
        });
    }
    facts
}

fn told(config: &Config) -> Told {
    let contracts = config.bundle.contracts.iter();
    let reviewers: BTreeSet<_> = Action::AnswerReview.roles().iter().copied().collect();
    Told {
        environment: config.hub.environment,
        bundle: config.bundle.hash.0.clone(),
        reviewers: config.people.iter().filter(|one| !one.roles.is_disjoint(&reviewers)).count(),
        dev_tokens: config.senders.iter().filter(|sender| sender.has_dev_token(&sender.name)).count(),
        recipients: contracts.map(|contract| (contract.recipient.clone(), contract.bases.clone())).collect(),
        senders: config
            .senders
            .iter()
            .map(|sender| (sender.name.clone(), sender.source.clone(), sender.bases.clone()))
            .collect(),
        sources: adapters::SOURCES.iter().map(|source| source.name()).collect(),
    }
}

fn key_file(config: &Config) -> KeyFile {
    let file = config.hub.keys.clone();
    let found = fs::metadata(&file).ok();
    // Where there is none, reading would make one in a test environment.
    let unreadable = found.as_ref().and_then(|_| config.hub.load_keys().err());
    KeyFile {
        exists: found.is_some(),
        mode: found.map(|found| found.mode()),
        unreadable: unreadable.map(|error| chain(&error)),
        file,
    }
}

/// Where an embedded database lies; the keys' folder where the database is elsewhere.
fn data_folder(config: &Config) -> Folder {
    let file = config.hub.database_file().unwrap_or_else(|| config.hub.keys.clone());
    let named = |path: &&Path| !path.as_os_str().is_empty();
    let path = file.parent().filter(named).unwrap_or(Path::new("."));
    let there = path.ancestors().filter(named).find(|path| path.exists()).unwrap_or(Path::new("."));
    Folder {
        path: path.to_owned(),
        exists: there == path,
        writable: rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_ok(),
        free: rustix::fs::statvfs(there).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

/// The soft limit of open files, as Linux tells it.
fn files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

type Found = (Database, Vec<(String, Option<Instant>)>);

async fn database(config: &Config, sources: &[String], now: Instant) -> Result<Found, StoreError> {
    if config.hub.database_file().is_some_and(|file| !file.exists()) {
        return Ok((Database::New, vec![]));
    }
    // Before any row is read: what is locked cannot be.
    if let Some(file) = config.hub.database_file()
        && let Some(who) = lock::kept(&file).await
    {
        return Ok((Database::Locked(who), vec![]));
    }
    let store = Store::open_beside(&config.hub.database).await?;
    if let Some(who) = store.waits_for().await? {
        return Ok((Database::Locked(who), vec![]));
    }
    store.check_schema().await?;
    let counts = store.counts().await?;
    let count = |name: &str| counts.iter().find(|(found, _)| *found == name).map_or(0, |(_, count)| *count);
    let there = Database::There {
        health: Box::new(store.health().await?),
        breaches: breaches(config, &store).await?,
        clock: store.time().await?.map_or(Ok(()), |time| config.hub.clock().beside(time)),
        undecided: count("undecided"),
        quarantined: count("quarantined"),
        open: count("ledger_open"),
        wrapped: store.wrappings().await?.into_iter().map(|(_, reserved)| reserved).max().unwrap_or(0),
        halts: store.halts(&config.topics()).await?,
        expired: store.expired(now - TimeDelta::days(EXPIRED_DAYS)).await?,
        unapproved: store.unapproved().await?,
        reviews: store.reviews().await?,
        waiting: store.waiting_since(now - TimeDelta::days(WAITING_DAYS)).await?,
        untold: if config.hub.alert.is_some() { store.untold_alerts().await? } else { vec![] },
    };
    let mut received = vec![];
    for source in sources {
        received.push((source.clone(), store.last_received(source).await?));
    }
    Ok((there, received))
}

/// How long the log beside an embedded database is.
fn log_of(database: &Path) -> Option<u64> {
    let mut beside = database.as_os_str().to_owned();
    beside.push("-wal");
    Some(fs::metadata(beside).ok()?.len())
}

/// A schema that cannot be built is told by `hub check`.
async fn breaches(config: &Config, store: &Store) -> Result<Vec<Breach>, StoreError> {
    let sent: Vec<SchemaVersion> = store.sent_schemas().await?.into_iter().map(SchemaVersion::from).collect();
    Ok(Schemas::of_config(config).map_or_else(|_| vec![], |schemas| schemas.judged(&sent)))
}

fn trouble(error: &StoreError) -> Database {
    let why = chain(error);
    match error {
        StoreError::Schema { found: 0, .. } => Database::New,
        StoreError::Schema { .. } => Database::Schema(why),
        StoreError::Damaged(_) | StoreError::Data { .. } => Database::Damaged(why),
        StoreError::Away(_)
        | StoreError::Fenced
        | StoreError::InUse
        | StoreError::PoolerMode(_)
        | StoreError::Address(_) => Database::Away(why),
    }
}
