//! Somebody who can write the database and has no key: what they exchange must not open.
//!
//! Owns the runs of a check on both engines, and changes beneath the hub. Refuses to unseal anything.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use hub::app::{Hub, Start};
use hub::clock::Clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::process::database;

/// Runs a check on a hub of each engine, at a declared time, with an intruder beside it.
///
/// # Panics
/// Where a hub cannot be opened.
pub async fn on_each(name: &str, check: impl AsyncFn(Hub, Intruder)) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = crate::config();
    hub::app::in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    let open = async |config| Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    let url = config.hub.database.clone();
    check(open(config.clone()).await, Intruder::at(&url).await).await;
    let Some(server) = crate::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let url = database(&server, &format!("hub_{name}_{}", std::process::id())).await.unwrap();
    config.hub.database.clone_from(&url);
    check(open(config).await, Intruder::at(&url).await).await;
}

/// A connection of their own.
#[derive(Debug)]
pub enum Intruder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// One value: its table, its column, and the condition that finds its row.
pub type Cell<'a> = (&'a str, &'a str, String);

impl Intruder {
    /// Connects to a database.
    ///
    /// # Panics
    /// Where it does not answer.
    pub async fn at(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(url).await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(url).await.unwrap())
        }
    }

    /// Bytes as the engine writes them in SQL.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", hex::encode(bytes)),
            Self::Postgres(_) => format!("'\\x{}'::bytea", hex::encode(bytes)),
        }
    }

    /// A value of a table whose row has this id.
    #[must_use]
    pub fn of<'a>(&self, table: &'a str, column: &'a str, key: &str, id: &[u8]) -> Cell<'a> {
        (table, column, format!("{key} = {}", self.bytes(id)))
    }

    /// Reads one value.
    ///
    /// # Panics
    /// Where it is not there.
    pub async fn read(&mut self, (table, column, row): &Cell<'_>) -> Vec<u8> {
        let sql = AssertSqlSafe(format!("select {column} from {table} where {row}"));
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
        }
    }

    /// Writes one value.
    ///
    /// # Panics
    /// Where it is not there.
    pub async fn write(&mut self, (table, column, row): &Cell<'_>, value: &[u8]) {
        let sql = AssertSqlSafe(format!("update {table} set {column} = $1 where {row}"));
        let changed = match self {
            Self::Sqlite(connection) => {
                sqlx::query(sql).bind(value).execute(connection).await.unwrap().rows_affected()
            }
            Self::Postgres(connection) => {
                sqlx::query(sql).bind(value).execute(connection).await.unwrap().rows_affected()
            }
        };
        assert_eq!(changed, 1, "one row of {table} has {row}");
    }

    /// Exchanges two values.
    ///
    /// # Panics
    /// Where one is not there, or both are the same.
    pub async fn exchange(&mut self, one: &Cell<'_>, other: &Cell<'_>) {
        let (a, b) = (self.read(one).await, self.read(other).await);
        assert_ne!(a, b, "{one:?} and {other:?} hold the same");
        self.write(one, &b).await;
        self.write(other, &a).await;
    }

    /// Any other change.
    ///
    /// # Panics
    /// Where the database refuses it, or nothing is changed.
    pub async fn run(&mut self, sql: String) {
        let sql = AssertSqlSafe(sql);
        let changed = match self {
            Self::Sqlite(connection) => sqlx::query(sql).execute(connection).await.unwrap().rows_affected(),
            Self::Postgres(connection) => sqlx::query(sql).execute(connection).await.unwrap().rows_affected(),
        };
        assert!(changed > 0, "nothing was changed");
    }

    /// Several changes, one after the other.
    ///
    /// # Panics
    /// Where the database refuses one.
    pub async fn script(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
            Self::Postgres(connection) => drop(sqlx::raw_sql(sql).execute(connection).await.unwrap()),
        }
    }
}
