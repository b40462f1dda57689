//! The two engines: how each is opened, and the few functions that have a body for each.
//!
//! A unit of several statements runs in a task that is never dropped half-way ([`detached`]), so that its caller may
//! leave. Refuses to know any table; retrying is the caller's. Next: [`super::tx`] for a transaction and what becomes
//! of its connection, [`super::bulk`] for how one text serves both.

use std::fs::File;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, query_as_with};

use super::StoreError;
use super::fault::fault;
use super::faults::Faults;
use super::refusing::Refusing;
use super::value::{self, Cells};

pub(super) use super::tx::Tx;
pub(super) use super::value::SqlValue;

/// How long a unit of work waits for a connection before the database counts as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections to PostgreSQL: the loops, and intake's committers.
const CONNECTIONS: u32 = 8;
/// Pages that a connection to SQLite keeps, in kilobytes: what readers miss, the system's cache has.
const WRITER_CACHE: &str = "-65536";
const READER_CACHE: &str = "-16384";
/// How long SQLite's log is in its usual life: the pages after which it is copied back.
const LOG_BYTES: &str = "32768000";
/// Prepared statements kept on each connection: more than there are texts.
const STATEMENTS: usize = 512;

/// Every statement of ours goes by an index, and the planner is told so. It plans each time: a plan that was kept from
/// when a table was empty reads all of it once it is full, and the array's length is known only then.
/// A lock that somebody else holds is waited for as long as a connection: then the caller is told to come again.
const PLANNING: [(&str, &str); 6] = [
    ("synchronous_commit", "on"),
    ("lock_timeout", "5s"),
    ("plan_cache_mode", "force_custom_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// The same for one transaction: what a pooler lends keeps nothing of a session.
const PLANNED_WRITE: &str = "begin; set local synchronous_commit = on; set local lock_timeout = '5s'; \
    set local plan_cache_mode = force_custom_plan; \
    set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off";
const PLANNED_SNAPSHOT: &str = "begin isolation level repeatable read, read only; \
    set local lock_timeout = '5s'; set local plan_cache_mode = force_custom_plan; set local enable_seqscan = off; \
    set local enable_hashjoin = off; set local enable_mergejoin = off";

/// The connections to one database.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    engine: PoolEngine,
    refusing: Refusing,
}

#[derive(Clone, Debug)]
enum PoolEngine {
    /// Behind a pooler (PgBouncer in transaction mode) everything is a transaction with its own settings, and no
    /// statement stays prepared: what one transaction leaves on a connection, the next one does not find.
    Postgres { pool: PgPool, pooled: bool },
    /// One connection writes, others read. The file beside it is locked as long as the pool lives; a database in
    /// memory lives as long as one connection that nothing is done with.
    Sqlite { write: SqlitePool, read: SqlitePool, _lock: Option<Arc<File>>, _memory: Option<SqlitePool> },
}

/// Runs a unit of work to its end, even where who asked for it has gone.
pub(super) async fn detached<T: Send + 'static>(
    unit: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(unit).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Away(sqlx::Error::WorkerCrashed)),
        },
    }
}

impl Pool {
    /// Opens `sqlite:FILE`, `sqlite::memory:` or `postgres://…`. Only proofs have faults.
    pub(super) async fn open(url: &str, faults: Option<Faults>) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            return open_sqlite(url, faults).await.map(Self::on);
        }
        if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            return Err(StoreError::Address(sqlx::Error::Configuration("another scheme".into())));
        }
        open_postgres(url).await.map(Self::on)
    }

    /// Opens a database beside whoever writes it: read only, without the lock of its file.
    pub(super) async fn open_beside(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Self::open(url, None).await;
        }
        let options = SqliteConnectOptions::from_str(url).map_err(StoreError::Address)?;
        let options = options.read_only(true).busy_timeout(PATIENCE).statement_cache_capacity(STATEMENTS);
        let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(PATIENCE);
        let read = pool.connect_with(options).await.map_err(StoreError::Away)?;
        Ok(Self::on(PoolEngine::Sqlite { write: read.clone(), read, _lock: None, _memory: None }))
    }

    /// Opens a database beside whoever writes it, to write a row: without the lock of its file, which it does not make.
    pub(super) async fn open_unlocked(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Self::open(url, None).await;
        }
        let options = SqliteConnectOptions::from_str(url)
            .map_err(StoreError::Address)?
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .statement_cache_capacity(STATEMENTS);
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let one = pool.connect_with(options).await.map_err(StoreError::Away)?;
        Ok(Self::on(PoolEngine::Sqlite { write: one.clone(), read: one, _lock: None, _memory: None }))
    }

    fn on(engine: PoolEngine) -> Self {
        Self { engine, refusing: Refusing::default() }
    }

    /// Begins a transaction that may write.
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        let begun = match &self.engine {
            PoolEngine::Postgres { pool, pooled: true } => Tx::postgres(pool, PLANNED_WRITE, false).await,
            PoolEngine::Postgres { pool, pooled: false } => Tx::postgres(pool, "begin", true).await,
            PoolEngine::Sqlite { write, .. } => Tx::sqlite(write, "begin immediate").await,
        };
        self.refusing.tell(&["no table: a transaction could not begin"], begun.is_ok());
        begun.map(|tx| tx.telling(&self.refusing))
    }

    /// Begins a transaction that reads one snapshot.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            PoolEngine::Postgres { pool, pooled: true } => Tx::postgres(pool, PLANNED_SNAPSHOT, false).await,
            PoolEngine::Postgres { pool, pooled: false } => {
                Tx::postgres(pool, "begin isolation level repeatable read, read only", true).await
            }
            PoolEngine::Sqlite { read, .. } => Tx::sqlite(read, "begin").await,
        }
    }

    /// Reads with one statement. A connection on which that failed is closed: what a pooler or a changed schema
    /// did to its prepared statements would fail again.
    pub(super) async fn read<T: Cells + 'static>(
        &self,
        table: &'static str,
        sql: &'static str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<T>, StoreError> {
        let encoding = |error| fault(table, sqlx::Error::Encode(error));
        let found = match &self.engine {
            PoolEngine::Postgres { pooled: true, .. } => {
                let pool = self.clone();
                return detached(async move {
                    let mut tx = pool.snapshot().await?;
                    let found = tx.read_by(table, sql, values).await?;
                    tx.commit().await?;
                    Ok(found)
                })
                .await;
            }
            PoolEngine::Postgres { pool, pooled: false } => {
                let arguments = value::postgres(values).map_err(encoding)?;
                let mut connection = pool.acquire().await.map_err(StoreError::Away)?;
                let found = query_as_with(sql, arguments).fetch_all(&mut *connection).await;
                found.inspect_err(|_| connection.close_on_drop())
            }
            PoolEngine::Sqlite { read, .. } => {
                let arguments = value::sqlite(values).map_err(encoding)?;
                let mut connection = read.acquire().await.map_err(StoreError::Away)?;
                let found = query_as_with(sql, arguments).fetch_all(&mut *connection).await;
                found.inspect_err(|_| connection.close_on_drop())
            }
        };
        found.map_err(|error| fault(table, error))
    }

    /// Changes rows with one statement; tells how many.
    pub(super) async fn change(
        &self,
        table: &'static str,
        sql: &'static str,
        values: Vec<SqlValue>,
    ) -> Result<u64, StoreError> {
        let pool = self.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let changed = tx.change(table, sql, values).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Whether the database answers, and took what was last to be written.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let one: Vec<(i64,)> = self.read("meta", "select cast(1 as bigint)", Vec::new()).await?;
        if one.is_empty() {
            return Err(StoreError::Damaged("meta"));
        }
        if self.refusing.anything() {
            return Err(StoreError::Away(sqlx::Error::Protocol("it takes nothing at the moment".into())));
        }
        Ok(())
    }

    /// Whether a pooler stands before the database.
    pub(super) fn is_pooled(&self) -> bool {
        matches!(self.engine, PoolEngine::Postgres { pooled: true, .. })
    }

    /// Of two texts, the one of this engine.
    pub(super) fn either(&self, postgres: &'static str, sqlite: &'static str) -> &'static str {
        match self.engine {
            PoolEngine::Postgres { .. } => postgres,
            PoolEngine::Sqlite { .. } => sqlite,
        }
    }
}

async fn open_postgres(url: &str) -> Result<PoolEngine, StoreError> {
    let plain = PgConnectOptions::from_str(url).map_err(StoreError::Address)?.application_name("hub");
    let pool = || PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    let kept = plain.clone().statement_cache_capacity(STATEMENTS).options(PLANNING);
    match pool().connect_with(kept).await {
        Ok(pool) if planned(&pool).await.map_err(StoreError::Away)? => {
            return Ok(PoolEngine::Postgres { pool, pooled: false });
        }
        // A pooler that takes settings and forgets them.
        Ok(pool) => pool.close().await,
        Err(error) if refuses_settings(&error) => {}
        Err(error) => return Err(StoreError::Away(error)),
    }
    // One that refuses them refuses this one too, which no statement of ours needs.
    let pool = pool().connect_with(plain.extra_float_digits(None)).await.map_err(StoreError::Away)?;
    match Tx::postgres(&pool, PLANNED_SNAPSHOT, false).await {
        Ok(tx) => tx.commit().await?,
        Err(StoreError::Away(error)) if said(&error, POOLED_BY_STATEMENT) => {
            return Err(StoreError::PoolerMode(error));
        }
        Err(error) => return Err(error),
    }
    Ok(PoolEngine::Postgres { pool, pooled: true })
}

/// What PgBouncer says where a transaction may begin nowhere.
const POOLED_BY_STATEMENT: &str = "statement pooling";

/// Whether what was asked for at the start of the session holds in it.
async fn planned(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let asked = "select current_setting('enable_mergejoin')";
    let row = sqlx::raw_sql(asked).fetch_one(pool).await?;
    Ok(row.try_get::<String, _>(0)? == "off")
}

/// Whether a server takes no settings at the start of a session: a protocol violation, so it is no PostgreSQL itself.
fn refuses_settings(error: &sqlx::Error) -> bool {
    said(error, "startup parameter")
}

fn said(error: &sqlx::Error, words: &str) -> bool {
    error.as_database_error().is_some_and(|said| said.message().contains(words))
}

async fn open_sqlite(url: &str, faults: Option<Faults>) -> Result<PoolEngine, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(StoreError::Address)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .busy_timeout(PATIENCE)
        .pragma("cache_size", WRITER_CACHE)
        // A batch is a thousand pages: the default would copy the log back after every commit.
        .pragma("wal_autocheckpoint", "8000")
        // Somebody who reads for long makes the log grow; once they have gone it is cut back to what is usual.
        .pragma("journal_size_limit", LOG_BYTES)
        .statement_cache_capacity(STATEMENTS);
    let pool = |connections| {
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None);
        faults.as_ref().map_or_else(|| pool.clone(), |faults| faults.on(pool.clone()))
    };
    if url.contains(":memory:") {
        let memory = pool(1).connect_with(options.clone()).await.map_err(StoreError::Away)?;
        let one = pool(1).connect_with(options).await.map_err(StoreError::Away)?;
        return Ok(PoolEngine::Sqlite { write: one.clone(), read: one, _lock: None, _memory: Some(memory) });
    }
    let mut beside = options.get_filename().as_os_str().to_owned();
    beside.push(".lock");
    let lock = File::create(beside).map_err(|error| StoreError::Away(sqlx::Error::Io(error)))?;
    lock.try_lock().map_err(|_| StoreError::InUse)?;
    let write = pool(1).connect_with(options.clone()).await.map_err(StoreError::Away)?;
    let read =
        pool(4).connect_with(options.pragma("cache_size", READER_CACHE)).await.map_err(StoreError::Away)?;
    Ok(PoolEngine::Sqlite { write, read, _lock: Some(Arc::new(lock)), _memory: None })
}
