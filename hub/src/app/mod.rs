//! The wiring: which parts there are, and what each is given.
//!
//! The only place that knows all of them. A [`Hub`] is an open store with its door; [`run`] starts
//! the loops of the roles asked and stops them softly. What is away at the start or later is said and
//! tried again. Refuses to decide, to store and to parse. Next: `loops` for how a loop is kept alive,
//! `keys` for where secrets lie.

pub mod keys;
mod loops;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use clap::ValueEnum;
use decide::Bundle;
use schemas::envelope::Envelope;
use schemas::insz::Environment;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{self, Doors, Senders};
use crate::clock::Clock;
use crate::intake::{Intake, Tables};
use crate::request::Requests;
use crate::request::soap::Asker;
use crate::seal::Keys;
use crate::store::rows::Outgoing;
use crate::store::{Store, StoreError};

pub use loops::{Missing, interrupted};

/// What a process can do. On SQLite one process does it all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Role {
    /// Answers HTTP: senders, agencies, probes.
    Intake,
    /// Decides; one at a time over all processes.
    Decide,
    /// Sends to Kafka; one at a time over all processes.
    Deliver,
    /// Performs tasks.
    Request,
}

/// What a hub is told, ready to use.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:FILE` or `postgres://…`.
    pub database: String,
    /// The file with the secrets.
    pub keys: PathBuf,
    /// Where HTTP is answered.
    pub listen: SocketAddr,
    /// Where the register is asked.
    pub register: String,
    /// Who asks it.
    pub asker: Asker,
    /// Which national numbers may be seen.
    pub environment: Environment,
    /// What decisions rest on.
    pub bundle: Arc<Bundle>,
    /// Who may send what.
    pub senders: Senders,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("listen", &self.listen).finish_non_exhaustive()
    }
}

/// An open store with its door. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub {
    /// What it was told.
    pub settings: Settings,
    /// The store.
    pub store: Store,
    /// The keys.
    pub keys: Keys,
    /// The clock.
    pub clock: Clock,
    /// The door.
    pub intake: Intake,
    /// Changes after every batch of decisions: the decider here says so, waiting callers listen.
    pub decided: watch::Sender<u64>,
    /// What is away.
    pub missing: Missing,
}

impl Hub {
    /// Opens the store; with `migrate`, brings its schema up to date, else refuses another version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(
        settings: Settings,
        keys: Keys,
        clock: Clock,
        migrate: bool,
    ) -> Result<Self, StoreError> {
        let store = Store::open(&settings.database).await?;
        if migrate {
            store.migrate().await?
        } else {
            store.check_schema().await?
        }
        let tables = Tables {
            municipalities: settings.bundle.municipalities.clone(),
            countries: settings.bundle.countries.clone(),
            environment: settings.environment,
        };
        // SQLite has one writer; PostgreSQL gains from a second (perf note 6).
        let committers = if settings.database.starts_with("sqlite:") { 1 } else { 2 };
        let intake = Intake::new(store.clone(), keys.clone(), clock.clone(), tables, committers);
        Ok(Self {
            settings,
            store,
            keys,
            clock,
            intake,
            decided: watch::Sender::new(0),
            missing: Missing::default(),
        })
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.settings.bundle
    }

    /// The HTTP door.
    pub fn router(&self) -> Router {
        let missing = self.missing.clone();
        let doors = Doors {
            intake: self.intake.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            senders: Arc::clone(&self.settings.senders),
            present: present(self),
            decided: self.decided.subscribe(),
            missing: Arc::new(move || missing.words()),
            metrics: Arc::new(String::new),
        };
        api::router(doors, schemas())
    }

    /// The loop of tasks.
    ///
    /// # Errors
    /// Where no HTTP client can be built.
    pub fn requests(&self) -> anyhow::Result<Requests> {
        let Settings { register, asker, .. } = &self.settings;
        let (store, intake) = (self.store.clone(), self.intake.clone());
        Ok(Requests::new(
            store,
            intake,
            self.keys.clone(),
            self.clock.clone(),
            register.clone(),
            asker.clone(),
        )?)
    }

    /// Decides until told to stop.
    ///
    /// # Errors
    /// Where it cannot go on: it is started again.
    pub async fn decide(self, stop: CancellationToken) -> anyhow::Result<()> {
        stop.cancelled().await;
        Ok(())
    }

    /// Sends to Kafka until told to stop; without Kafka, agencies read the feed.
    ///
    /// # Errors
    /// Where it cannot go on: it is started again.
    pub async fn deliver(self, stop: CancellationToken) -> anyhow::Result<()> {
        stop.cancelled().await;
        Ok(())
    }
}

/// Reads a folder of configuration.
///
/// # Errors
/// Where it does not hold.
pub fn configured(config: &Path) -> anyhow::Result<Settings> {
    anyhow::bail!("{}: the configuration cannot be read", config.display())
}

/// The database of a data folder.
#[must_use]
pub fn database_of(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("hub.db").display())
}

/// The keys of a data folder.
#[must_use]
pub fn keys_of(folder: &Path) -> PathBuf {
    folder.join("keys.toml")
}

/// Opens what a data folder holds, as a demonstration left it.
///
/// # Errors
/// Where it cannot be opened.
pub async fn in_folder(folder: &Path, mut settings: Settings) -> anyhow::Result<Hub> {
    settings.database = database_of(folder);
    let keys = keys::read(&keys_of(folder))?;
    Ok(Hub::open(settings, keys, Clock::system(), false).await?)
}

/// How a record is shown on a feed and by `tap`: its number, its key, its headers, its value.
pub fn present(_hub: &Hub) -> api::Present {
    Arc::new(|outgoing: &Outgoing| {
        let envelope: Envelope = serde_json::from_str(&outgoing.row.envelope).ok()?;
        let headers: serde_json::Map<String, Value> =
            envelope.headers().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Some(json!({ "sequence": envelope.sequence, "key": envelope.key.to_string(), "headers": headers }))
    })
}

/// What stock Avro deserialisers ask.
fn schemas() -> Router {
    Router::new()
}

/// Runs the roles asked until a signal comes: the first stops softly, a second at once.
///
/// # Errors
/// Where the configuration does not hold, the keys are missing or the address is taken.
pub async fn run(config: &Path, roles: &[Role]) -> anyhow::Result<()> {
    let settings = configured(config)?;
    let keys = keys::read(&settings.keys)?;
    let (stop, now) = loops::signals();
    let open = || Hub::open(settings.clone(), keys.clone(), Clock::system(), false);
    let Some(hub) = loops::reach(open, &stop).await? else { return Ok(()) };
    let tasks = TaskTracker::new();
    for role in roles {
        let (hub, stop) = (hub.clone(), stop.clone());
        match role {
            Role::Intake => {
                let listen = hub.settings.listen;
                let listener =
                    TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
                tracing::info!(%listen, "answering");
                tasks.spawn(serve(listener, hub.router(), stop.clone()));
                tasks.spawn(loops::forget_refused(hub.intake, stop));
            }
            Role::Decide => {
                let missing = hub.missing.clone();
                let again = move |stop| hub.clone().decide(stop);
                tasks.spawn(loops::keep("decide", missing, stop, again));
            }
            Role::Deliver => {
                let missing = hub.missing.clone();
                let again = move |stop| hub.clone().deliver(stop);
                tasks.spawn(loops::keep("deliver", missing, stop, again));
            }
            Role::Request => {
                tasks.spawn(hub.requests()?.run(stop));
            }
        }
    }
    tasks.close();
    loops::wait(&tasks, &stop, &now).await;
    Ok(())
}

/// Answers HTTP until told to stop; calls under way are finished.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(%error, "answering ended");
    }
}
