//! The wiring: which parts there are, and what each is given.
//!
//! The only place that knows all of them. A [`Hub`] is an open store with its door; [`run`] starts
//! the loops of the roles asked and stops them softly. What is away at the start or later is said and
//! tried again. Refuses to decide, to store and to parse. Next: `loops` for how a loop is kept alive, `door` for what is
//! answered meanwhile.

mod connections;
mod door;
mod loops;
mod place;
mod server;
mod wrapping;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use clap::ValueEnum;
use schemas::time::Day;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alert::Alerts;
use crate::answers::{self, Hearing, HearingHealth};
use crate::api::{self, Doors};
use crate::clock::Clock;
use crate::config::{ANSWER, Config, KeysError};
use crate::console::{self, Console};
use crate::contract::versions::SchemaVersion;
use crate::contract::{ContractError, Schemas, registry};
use crate::decider::{self, Decider};
use crate::deliver::health::{Health, HealthState};
use crate::deliver::{self, Deliver};
use crate::desk::in_force::{self, InForceError};
use crate::desk::{Decisions, Desk, Rights};
use crate::intake::{Intake, LookupTables};
use crate::observe::Metrics;
use crate::request::Requests;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

use door::Door;
pub use loops::{Away, interrupted};
pub use place::{Beside, DataPlace, in_data};
pub use server::serve;

/// What a process can do. On SQLite one process does it all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Role {
    /// Answers HTTP: senders, agencies, probes.
    Intake,
    /// Reads what agencies answer on Kafka.
    Answers,
    /// Decides; one at a time over all processes.
    Decide,
    /// Sends to Kafka; one at a time over all processes.
    Deliver,
    Request,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub enum Start {
    /// Its schema is this program's already.
    Existing,
    /// The same, and the people and the bundle of its config are in force from here on. What comes in may be a first load.
    Running { baseline: Option<Day> },
    /// Its schema is brought up to date first, and its config is in force; a demonstration's clock is declared.
    Migrated(Clock),
}

/// Why the hub cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The schemas of the recipients.
    #[error(transparent)]
    Schemas(#[from] ContractError),
    #[error(transparent)]
    InForce(InForceError),
}

impl From<InForceError> for OpenError {
    fn from(error: InForceError) -> Self {
        match error {
            InForceError::Store(error) => Self::Store(error),
            other => Self::InForce(other),
        }
    }
}

/// An open store with its door. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub {
    /// What it was told.
    pub config: Arc<Config>,
    pub store: Store,
    /// What opens and seals.
    pub vault: Vault,
    pub clock: Clock,
    pub schemas: Arc<Schemas>,
    pub intake: Intake,
    /// Where things are said by hand.
    pub desk: Desk,
    pub metrics: Arc<Metrics>,
    /// Rung after every batch of decisions: there may be something to send or to ask.
    pub outbox: Arc<Notify>,
    /// Changes after every batch of decisions: the decider here says so, waiting callers listen.
    pub decided: Arc<watch::Sender<u64>>,
    /// How the relay is.
    pub health: Arc<Health>,
    /// How reading answers from Kafka goes.
    pub hearing: Arc<HearingHealth>,
    pub missing: Away,
    instance: String,
}

impl Hub {
    /// Opens the store that the config names.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(config: Config, start: Start) -> Result<Self, OpenError> {
        crate::tls::provide();
        let vault = config.hub.load_keys()?;
        let store = Store::open(&config.hub.database).await?;
        let running = !matches!(start, Start::Existing);
        let baseline = match start {
            Start::Running { baseline } => baseline,
            Start::Existing | Start::Migrated(_) => None,
        };
        let clock = match start {
            Start::Existing | Start::Running { .. } => {
                store.check_schema().await?;
                config.hub.clock()
            }
            Start::Migrated(clock) => {
                store.migrate().await?;
                clock
            }
        };
        let schemas = Arc::new(schemas(&config, &store).await?);
        let metrics = Arc::new(Metrics::new());
        let health = metrics.deliver.clone();
        let tables = LookupTables::of(&config);
        // SQLite has one writer; PostgreSQL gains from a second (docs/benchmark.md).
        let committers = if config.hub.database.starts_with("sqlite:") { 1 } else { 2 };
        let intake = Intake::new(store.clone(), vault.clone(), clock.clone(), tables, baseline, committers);
        let decided = Arc::new(watch::Sender::new(0));
        let rights = Rights::new(&store, &vault, clock.clone());
        if running {
            in_force::put_in_force(&store, &vault, &rights, &config).await?;
        }
        let decisions = Decisions::new(store.clone(), decided.subscribe());
        let desk = Desk::new(rights, intake.clone(), clock.clone(), decisions);
        let instance = hex::encode(&clock.seed().0[..8]);
        Ok(Self {
            config: Arc::new(config),
            store,
            vault,
            clock,
            schemas,
            intake,
            desk,
            metrics,
            outbox: Arc::default(),
            decided,
            health: Arc::new(Health::new(health)),
            hearing: Arc::default(),
            missing: Away::default(),
            instance,
        })
    }

    /// The HTTP door of a process that does all of it.
    pub fn router(&self) -> Router {
        self.router_of(&[Role::Intake, Role::Answers, Role::Decide, Role::Deliver, Role::Request])
    }

    /// What delivery waits for here, or which topics are halted. The relay waits by itself: its loop does not end.
    fn undelivered(&self) -> Option<(&'static str, String)> {
        let state = self.health.state();
        match state {
            HealthState::Degraded => Some((state.as_str(), self.health.cause().unwrap_or_default())),
            HealthState::Halted => {
                let halts = self.health.halts().into_iter();
                let words: Vec<_> =
                    halts.map(|(_, to, code)| format!("{} ({})", to.topic(), code.as_str())).collect();
                Some((state.as_str(), words.join(", ")))
            }
            HealthState::Starting | HealthState::Standby | HealthState::Delivering => None,
        }
    }

    /// How one role goes here.
    fn role(&self, role: Role) -> api::OwnRole {
        let kafka = self.config.hub.kafka.is_some();
        let (name, lease, loops): (_, _, &'static [&'static str]) = match role {
            Role::Intake => ("intake", None, &[]),
            Role::Answers => ("answers", None, &["answers"]),
            Role::Decide => ("decide", Some("decider"), &["decide", "due"]),
            Role::Deliver => ("deliver", kafka.then_some("relay"), &["deliver"]),
            Role::Request => ("request", None, &[]),
        };
        let hub = self.clone();
        let trouble = move || {
            let failing = loops.iter().find_map(|name| hub.missing.cause(name));
            let failing = failing.map(|cause| ("failing", cause));
            failing.or_else(|| match role {
                Role::Deliver => hub.undelivered(),
                Role::Answers => hub.hearing.trouble().map(|cause| ("waiting", cause)),
                Role::Intake | Role::Decide | Role::Request => None,
            })
        };
        api::OwnRole { name, lease, trouble: Arc::new(trouble) }
    }

    /// The HTTP door of a process with these roles.
    pub fn router_of(&self, roles: &[Role]) -> Router {
        let (hub, metrics) = (self.clone(), Arc::clone(&self.metrics));
        let words = move || {
            let away = hub.undelivered().map(|(state, cause)| format!("deliver: {state}: {cause}"));
            let unheard = hub.hearing.trouble().map(|cause| format!("answers: {cause}"));
            hub.missing.words().into_iter().chain(away).chain(unheard).reduce(|all, one| all + "; " + &one)
        };
        let doors = Doors {
            intake: self.intake.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            vault: self.vault.clone(),
            config: Arc::clone(&self.config),
            schemas: Arc::clone(&self.schemas),
            decisions: self.desk.decisions().clone(),
            missing: Arc::new(words),
            metrics,
            instance: self.instance.clone(),
            roles: roles.iter().map(|role| self.role(*role)).collect(),
            looks: Arc::default(),
        };
        let (config, store) = (Arc::clone(&self.config), self.store.clone());
        let anew: registry::Anew = Arc::new(move || {
            let (config, store) = (Arc::clone(&config), store.clone());
            Box::pin(async move {
                let sent = sent(&store).await.ok()?;
                Schemas::of_config(&config).ok()?.knowing(&sent).ok()
            })
        });
        let mut others = registry::routes(Arc::clone(&self.schemas), anew);
        if let Some(settings) = self.config.hub.console {
            others = others.merge(console::router(Console {
                store: self.store.clone(),
                vault: self.vault.clone(),
                clock: self.clock.clone(),
                config: Arc::clone(&self.config),
                settings,
                desk: self.desk.clone(),
                sessions: console::Sessions::default(),
            }));
        }
        api::router(doors, others)
    }

    /// The loop of tasks; none where no register is configured.
    ///
    /// # Errors
    /// Where no HTTP client can be built.
    pub fn requests(&self) -> anyhow::Result<Option<Requests>> {
        let Some(settings) = &self.config.hub.request else { return Ok(None) };
        let requests = Requests::new(
            self.store.clone(),
            self.intake.clone(),
            self.vault.clone(),
            self.clock.clone(),
            settings,
            self.metrics.request.clone(),
        )?;
        Ok(Some(requests))
    }

    /// The loop of alerts; none where nobody is to be told.
    ///
    /// # Errors
    /// Where no HTTP client can be built.
    pub fn alerts(&self) -> anyhow::Result<Option<Alerts>> {
        let Some(settings) = &self.config.hub.alert else { return Ok(None) };
        Ok(Some(Alerts::new(self.store.clone(), self.clock.clone(), settings)?))
    }

    /// Decides until told to stop.
    ///
    /// # Errors
    /// Where it cannot go on: it is started again, from what is stored.
    pub async fn decide(self, stop: CancellationToken) -> anyhow::Result<()> {
        Ok(decider::run(self.decider(), stop).await?)
    }

    /// Does something while this process decides: where no other hub runs, nobody else would.
    ///
    /// # Errors
    /// Where deciding ends too early, or what is done fails.
    pub async fn deciding<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let stop = CancellationToken::new();
        let mut decider = tokio::spawn(self.clone().decide(stop.clone()));
        let done = tokio::select! {
            done = work => done,
            ended = &mut decider => {
                ended??;
                anyhow::bail!("deciding ended");
            }
        };
        stop.cancel();
        decider.await??;
        done
    }

    /// What the decide loop works with here.
    #[must_use]
    pub fn decider(&self) -> Decider {
        Decider {
            arrivals: self.intake.arrivals(),
            store: self.store.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            bundle: Arc::new(self.config.bundle.clone()),
            schemas: Arc::clone(&self.schemas),
            metrics: Arc::clone(&self.metrics),
            outbox: Arc::clone(&self.outbox),
            decided: Arc::clone(&self.decided),
            instance: self.instance.clone(),
        }
    }

    /// Reads answers from Kafka until told to stop; without Kafka, recipients answer over HTTP.
    ///
    /// # Errors
    /// Where no source takes answers.
    pub async fn answers(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Some(kafka) = self.config.hub.kafka.clone() else {
            stop.cancelled().await;
            return Ok(());
        };
        let source = adapters::source(ANSWER).context("there is no source of answers")?;
        let Self { intake, clock, config, metrics, hearing: health, .. } = self;
        answers::run(Hearing { intake, clock, config, kafka, source, metrics, health }, stop).await;
        Ok(())
    }

    /// Sends to Kafka until told to stop; without Kafka, recipients read the feed.
    ///
    /// # Errors
    /// Where a human must look, or it cannot go on.
    pub async fn deliver(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Some(kafka) = self.config.hub.kafka.clone() else {
            stop.cancelled().await;
            return Ok(());
        };
        let parts = Deliver {
            outbox: self.store,
            vault: self.vault,
            schemas: self.schemas,
            kafka,
            clock: self.clock,
            owner: self.instance,
            wake: self.outbox,
            health: self.health,
        };
        deliver::run(parts, stop).await;
        Ok(())
    }
}

/// The schemas of every recipient, and of all that was sent; none where a contract is not what was frozen or sent.
async fn schemas(config: &Config, store: &Store) -> Result<Schemas, OpenError> {
    let sent = sent(store).await?;
    let schemas = Schemas::of_config(config)?;
    match schemas.judged(&sent) {
        breaches if breaches.is_empty() => Ok(schemas.knowing(&sent)?),
        breaches => Err(ContractError::Changed(breaches).into()),
    }
}

/// What each schema id stands for under which something was sent.
async fn sent(store: &Store) -> Result<Vec<SchemaVersion>, StoreError> {
    Ok(store.sent_schemas().await?.into_iter().map(SchemaVersion::from).collect())
}

/// Runs the roles asked until a signal comes: the first stops softly, a second at once.
///
/// Where it answers HTTP, it does so before the database was reached: that it lives, and that nothing can be taken yet.
///
/// # Errors
/// Where the configuration does not hold, the keys are missing or the address is taken.
pub async fn run(config: &Path, roles: &[Role], baseline: Option<Day>) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    if let Some(baseline) = baseline {
        tracing::info!(%baseline, "a first load: what was so before that day opens nothing until it is approved");
    }
    let (stop, now) = loops::signals();
    let door = if roles.contains(&Role::Intake) {
        Some(Door::open(config.hub.listen, config.hub.limits).await?)
    } else {
        None
    };
    let open = || Hub::open(config.clone(), Start::Running { baseline });
    let Some(hub) = loops::reach(open, &stop).await? else { return Ok(()) };
    let tasks = TaskTracker::new();
    tasks.spawn(wrapping::count(hub.store.clone(), hub.vault.clone(), stop.clone()));
    if let Some(door) = door {
        tasks.spawn(door.serve(hub.router_of(roles), stop.clone()));
    }
    for role in roles {
        let (hub, stop) = (hub.clone(), stop.clone());
        let missing = hub.missing.clone();
        match role {
            Role::Intake => {
                tasks.spawn(loops::forget_refused(hub.intake, stop));
            }
            Role::Answers => {
                tasks.spawn(loops::keep("answers", missing, stop, move |stop| hub.clone().answers(stop)));
            }
            Role::Decide => {
                let (intake, clock) = (hub.intake.clone(), hub.clock.clone());
                tasks.spawn(loops::bring_due(intake, clock, missing.clone(), stop.clone()));
                tasks.spawn(loops::keep("decide", missing, stop, move |stop| hub.clone().decide(stop)));
            }
            Role::Deliver => {
                tasks.spawn(loops::keep("deliver", missing, stop, move |stop| hub.clone().deliver(stop)));
            }
            Role::Request => {
                if let Some(alerts) = hub.alerts()? {
                    tasks.spawn(alerts.run(stop.clone()));
                }
                if let Some(requests) = hub.requests()? {
                    tasks.spawn(requests.run(stop));
                }
            }
        }
    }
    tasks.close();
    loops::wait(&tasks, &stop, &now).await;
    Ok(())
}
