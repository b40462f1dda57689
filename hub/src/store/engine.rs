//! The two engines: how each is opened, and the few functions that have a body for each.
//!
//! A unit of several statements runs in a task that is never dropped half-way ([`detached`]), because a
//! dropped `begin` would return a connection with an open transaction to its pool. Refuses to know any table;
//! retrying is the caller's. Next: [`super::bulk`] for how one text serves both.

use std::fs::File;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{
    Arguments, AssertSqlSafe, FromRow, Postgres, Sqlite, Transaction, query_as_with, query_with, raw_sql,
};

use super::StoreError;
use super::bulk::Rows;
use super::fault::fault;

/// How long a unit of work waits for a connection before the database counts as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections to PostgreSQL: the loops, and intake's committers.
const CONNECTIONS: u32 = 8;
/// Pages that a connection to SQLite keeps, in kilobytes: what readers miss, the system's cache has.
const WRITER_CACHE: &str = "-65536";
const READER_CACHE: &str = "-16384";
/// Prepared statements kept on each connection: more than there are texts.
const STATEMENTS: usize = 512;

/// Every statement of ours goes by an index. The planner is told so and plans each text once, for it
/// cannot know how long an array will be, nor that a table which was empty a minute ago is not any more.
const PLANNING: [(&str, &str); 5] = [
    ("synchronous_commit", "on"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// What a row is read into: a tuple of cells that both engines can fill.
pub(super) trait Cells:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}
impl<T> Cells for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

/// One parameter of a statement that is about a single thing.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// An id or a hash.
    Bytes(Vec<u8>),
    /// A number or a time.
    Int(i64),
    /// A text.
    Text(String),
}

/// The connections to one database.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// PostgreSQL.
    Postgres(PgPool),
    /// SQLite: one connection writes, others read. The file beside it is locked as long as the pool lives.
    Sqlite { write: SqlitePool, read: SqlitePool, _lock: Option<Arc<File>> },
}

/// One transaction.
pub(super) enum Tx {
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
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
    /// Opens `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            return open_sqlite(url).await;
        }
        if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            return Err(StoreError::Address(sqlx::Error::Configuration("another scheme".into())));
        }
        let options = PgConnectOptions::from_str(url)
            .map_err(StoreError::Address)?
            .application_name("hub")
            .statement_cache_capacity(STATEMENTS)
            .options(PLANNING);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        pool.connect_with(options).await.map(Self::Postgres).map_err(StoreError::Away)
    }

    /// Opens a database beside whoever writes it: read only, without the lock of its file.
    pub(super) async fn open_beside(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Self::open(url).await;
        }
        let options = SqliteConnectOptions::from_str(url).map_err(StoreError::Address)?;
        let options = options.read_only(true).busy_timeout(PATIENCE).statement_cache_capacity(STATEMENTS);
        let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(PATIENCE);
        let read = pool.connect_with(options).await.map_err(StoreError::Away)?;
        Ok(Self::Sqlite { write: read.clone(), read, _lock: None })
    }

    /// Begins a transaction that may write.
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
            Self::Sqlite { write, .. } => write.begin().await.map(Tx::Sqlite),
        }
        .map_err(StoreError::Away)
    }

    /// Begins a transaction that reads one snapshot.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Postgres(pool) => {
                pool.begin_with("begin isolation level repeatable read, read only").await.map(Tx::Postgres)
            }
            Self::Sqlite { read, .. } => read.begin().await.map(Tx::Sqlite),
        }
        .map_err(StoreError::Away)
    }

    /// Reads with one statement.
    pub(super) async fn read<T: Cells>(
        &self,
        table: &'static str,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Postgres(pool) => query_as_with(sql, postgres(values)?).fetch_all(pool).await,
            Self::Sqlite { read, .. } => query_as_with(sql, sqlite(values)?).fetch_all(read).await,
        }
        .map_err(|error| fault(table, error))
    }

    /// Changes rows with one statement; tells how many.
    pub(super) async fn change(
        &self,
        table: &'static str,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Postgres(pool) => {
                query_with(sql, postgres(values)?).execute(pool).await.map(|done| done.rows_affected())
            }
            Self::Sqlite { write, .. } => {
                query_with(sql, sqlite(values)?).execute(write).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| fault(table, error))
    }

    /// Of two texts, the one of this engine.
    pub(super) fn either(&self, postgres: &'static str, sqlite: &'static str) -> &'static str {
        match self {
            Self::Postgres(_) => postgres,
            Self::Sqlite { .. } => sqlite,
        }
    }
}

impl Tx {
    /// Runs a statement over rows; tells how many it changed. No rows, no statement.
    pub(super) async fn run(
        &mut self,
        table: &'static str,
        sql: &str,
        rows: Rows,
    ) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let told = |error| fault(table, error);
        match self {
            Self::Postgres(tx) => {
                let (sql, arguments) =
                    rows.postgres(sql).map_err(|error| told(sqlx::Error::Encode(error)))?;
                let done =
                    query_with(AssertSqlSafe(sql), arguments).execute(&mut **tx).await.map_err(told)?;
                Ok(done.rows_affected())
            }
            Self::Sqlite(tx) => {
                let mut changed = 0;
                for (sql, arguments) in rows.sqlite(sql).map_err(|error| told(sqlx::Error::Encode(error)))? {
                    let done = query_with(AssertSqlSafe(sql), arguments).execute(&mut **tx).await;
                    changed += done.map_err(told)?.rows_affected();
                }
                Ok(changed)
            }
        }
    }

    /// Runs a statement over rows and reads what it gives. No rows, no statement.
    pub(super) async fn read<T: Cells>(
        &mut self,
        table: &'static str,
        sql: &str,
        rows: Rows,
    ) -> Result<Vec<T>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let told = |error| fault(table, error);
        match self {
            Self::Postgres(tx) => {
                let (sql, arguments) =
                    rows.postgres(sql).map_err(|error| told(sqlx::Error::Encode(error)))?;
                query_as_with(AssertSqlSafe(sql), arguments).fetch_all(&mut **tx).await.map_err(told)
            }
            Self::Sqlite(tx) => {
                let mut found = Vec::new();
                for (sql, arguments) in rows.sqlite(sql).map_err(|error| told(sqlx::Error::Encode(error)))? {
                    let part = query_as_with(AssertSqlSafe(sql), arguments).fetch_all(&mut **tx).await;
                    found.extend(part.map_err(told)?);
                }
                Ok(found)
            }
        }
    }

    /// Inserts rows; `conflict` says what happens to one that is there.
    pub(super) async fn insert(
        &mut self,
        table: &'static str,
        rows: Rows,
        conflict: &str,
    ) -> Result<u64, StoreError> {
        let sql = rows.insert(table, conflict);
        self.run(table, &sql, rows).await
    }

    /// Runs a text of several statements.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Postgres(tx) => raw_sql(sql).execute(&mut **tx).await.map(|_| ()),
            Self::Sqlite(tx) => raw_sql(sql).execute(&mut **tx).await.map(|_| ()),
        }
        .map_err(|error| fault("meta", error))
    }

    /// Makes it last. Dropped without, it is rolled back.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(tx) => tx.commit().await,
            Self::Sqlite(tx) => tx.commit().await,
        }
        .map_err(|error| fault("meta", error))
    }
}

async fn open_sqlite(url: &str) -> Result<Pool, StoreError> {
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
        .statement_cache_capacity(STATEMENTS);
    let pool = |connections| {
        // A database in memory lives as long as its connection.
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    if url.contains(":memory:") {
        let one = pool(1).connect_with(options).await.map_err(StoreError::Away)?;
        return Ok(Pool::Sqlite { write: one.clone(), read: one, _lock: None });
    }
    let mut beside = options.get_filename().as_os_str().to_owned();
    beside.push(".lock");
    let lock = File::create(beside).map_err(|error| StoreError::Away(sqlx::Error::Io(error)))?;
    lock.try_lock().map_err(|_| StoreError::InUse)?;
    let write = pool(1).connect_with(options.clone()).await.map_err(StoreError::Away)?;
    let read =
        pool(4).connect_with(options.pragma("cache_size", READER_CACHE)).await.map_err(StoreError::Away)?;
    Ok(Pool::Sqlite { write, read, _lock: Some(Arc::new(lock)) })
}

fn postgres(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Int(int) => arguments.add(int),
            Value::Text(text) => arguments.add(text),
        }
        .map_err(|error| fault("meta", sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

fn sqlite(values: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Bytes(bytes) => arguments.add(bytes),
            Value::Int(int) => arguments.add(int),
            Value::Text(text) => arguments.add(text),
        }
        .map_err(|error| fault("meta", sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}
