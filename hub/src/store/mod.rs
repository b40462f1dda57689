//! The store: durable tables on SQLite or PostgreSQL, read and written in bulk.
//!
//! One schema (`schema.sql`), one set of row types ([`rows`]) and one text for each statement over both engines.
//! Every function is one unit of work: it happens wholly or not at all, also where its caller goes away. None decides
//! anything, none retries: after [`StoreError::Away`] the caller asks again. Sealed values come in sealed.
//! Files: `inbox` (what came in), `load` (what the heart asks for), `commit` (what a batch stores), `messages` and
//! `persons` (what is stored of them), `outbox` (what leaves), `halts` (what may not), `alerts` (agencies that do not answer), `due` (whose day has come), `reviews`, `inspect` (what
//! explains and checks look up), `overview` and `handovers` (what the console shows), `wrapped` and `reindex` (keys and the index, for a rotation),
//! `audit` (what people did by hand), `lease`, `schema`; below them `engine`, `tx`, `value` and `bulk`, which alone know that there are two engines, and
//! `fault`, which says whose fault an error is.

mod bulk;
mod cells;
mod fault;
mod faults;
mod value;
mod tx;
mod engine;

pub mod rows;
pub mod figures;
mod schema;
mod inbox;
mod ledger;
mod messages;
mod persons;
mod load;
pub mod lease;
mod commit;
pub mod clock;
pub mod audit;
mod alerts;
mod due;
mod halts;
mod in_force;
mod handovers;
pub mod inspect;
mod outbox;
mod overview;
pub mod quarantine;
mod refused;
mod refusing;
pub mod reindex;
pub mod restarts;
mod reviews;
pub mod wrapped;

pub use faults::Faults;
pub use handovers::Filter;

/// What the store says when it cannot.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Try again: the database is away, busy or was restarted.
    #[error("the database is not reachable")]
    Away(#[source] sqlx::Error),
    /// This batch's data are at fault: a constraint, a value too large. Split the batch.
    #[error("the database refused the data of table {table}")]
    Data {
        table: &'static str,
        #[source]
        source: sqlx::Error,
    },
    /// Another holder has the lease: nothing was stored.
    #[error("the lease is held by another")]
    Fenced,
    /// The schema is missing or of another version.
    #[error("the schema is of version {found}, this program needs {needed}: run `hub migrate`")]
    Schema { found: i64, needed: i64 },
    /// A row that cannot be: it names the table, never the person.
    #[error("a row of table {0} cannot be read")]
    Damaged(&'static str),
    /// A pooler stands before the database that lends a connection for a single statement.
    #[error(
        "the pooler before the database allows no transaction: set its pool_mode to transaction or session"
    )]
    PoolerMode(#[source] sqlx::Error),
    /// Another process has the database file open.
    #[error("the database file is in use by another process")]
    InUse,
    /// The address of the database cannot be read.
    #[error("the address of the database is not one of sqlite:FILE, sqlite::memory: or postgres://…")]
    Address(#[source] sqlx::Error),
}

/// A store, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: engine::Pool,
}

impl Store {
    /// Opens `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Away`], [`StoreError::InUse`] or [`StoreError::Address`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self { pool: engine::Pool::open(url, None).await? })
    }

    /// The same on SQLite, with faults on purpose: for proofs of what the store does on a disk that is full or fails.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, faults: &Faults) -> Result<Self, StoreError> {
        Ok(Self { pool: engine::Pool::open(url, Some(faults.clone())).await? })
    }

    /// Opens a database to read it, also while a hub has it open; nothing can be written through it. A
    /// file that does not exist is not made.
    ///
    /// # Errors
    /// [`StoreError::Away`] or [`StoreError::Address`].
    pub async fn open_beside(url: &str) -> Result<Self, StoreError> {
        Ok(Self { pool: engine::Pool::open_beside(url).await? })
    }
}
