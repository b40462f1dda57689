//! One transaction on one connection, begun and ended by statements of our own.
//!
//! A connection goes back to its pool only after a commit that the engine confirmed. After anything else, an error,
//! a unit that gave up or panicked, it is closed: SQLite may have rolled back by itself or not at all, and what is done
//! next on such a connection can be acknowledged without ever being stored. A fresh one knows nothing of it.
//! Refuses to know any table, and to try again. Next: [`super::engine`], which opens the pools.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Database, Postgres, Sqlite, query_as_with, query_with, raw_sql};

use super::StoreError;
use super::bulk::Rows;
use super::fault::fault;
use super::refusing::Refusing;
use super::value::{self, Cells, SqlValue};

/// A connection that is closed, unless it was given back.
struct Lent<D: Database> {
    connection: PoolConnection<D>,
    give_back: bool,
}

impl<D: Database> Lent<D> {
    fn new(connection: PoolConnection<D>) -> Self {
        Self { connection, give_back: false }
    }
}

impl<D: Database> Drop for Lent<D> {
    fn drop(&mut self) {
        if !self.give_back {
            self.connection.close_on_drop();
        }
    }
}

enum Engine {
    /// Prepared statements are kept on the connection, unless it is a pooler's: that one has another behind it for
    /// each transaction.
    Postgres {
        lent: Lent<Postgres>,
        kept: bool,
    },
    Sqlite(Lent<Sqlite>),
}

pub(super) struct Tx {
    engine: Engine,
    /// Nothing is done any more after an error: on SQLite it might be outside of the transaction.
    failed: bool,
    /// Told by a transaction that writes, with the tables it named.
    refusing: Option<Refusing>,
    tables: Vec<&'static str>,
}

impl Tx {
    pub(super) async fn postgres(pool: &PgPool, begin: &'static str, kept: bool) -> Result<Self, StoreError> {
        let connection = pool.acquire().await.map_err(StoreError::Away)?;
        let mut tx = Self::on(Engine::Postgres { lent: Lent::new(connection), kept });
        tx.plain(begin).await.map_err(StoreError::Away)?;
        Ok(tx)
    }

    /// Begins on SQLite. A connection that is inside a transaction already is thrown away, and another one is tried.
    pub(super) async fn sqlite(pool: &SqlitePool, begin: &'static str) -> Result<Self, StoreError> {
        let mut last = false;
        loop {
            let connection = pool.acquire().await.map_err(StoreError::Away)?;
            let mut tx = Self::on(Engine::Sqlite(Lent::new(connection)));
            match tx.plain(begin).await {
                Ok(()) => return Ok(tx),
                Err(error) if last || !is_inside(&error) => return Err(StoreError::Away(error)),
                Err(error) => {
                    tracing::error!(%error, "a connection was left inside a transaction: it is thrown away");
                    last = true;
                }
            }
        }
    }

    fn on(engine: Engine) -> Self {
        Self { engine, failed: false, refusing: None, tables: Vec::new() }
    }

    /// The same, telling there whether what it wrote was taken.
    pub(super) fn telling(mut self, refusing: &Refusing) -> Self {
        self.refusing = Some(refusing.clone());
        self
    }

    /// Runs a statement over rows; tells how many it changed. No rows, no statement.
    pub(super) async fn run(
        &mut self,
        table: &'static str,
        sql: &str,
        rows: Rows,
    ) -> Result<u64, StoreError> {
        self.unfailed()?;
        if rows.is_empty() {
            return Ok(0);
        }
        let done = self.changed(sql, rows).await;
        self.told(table, done)
    }

    async fn changed(&mut self, sql: &str, rows: Rows) -> Result<u64, sqlx::Error> {
        match &mut self.engine {
            Engine::Postgres { lent, kept } => {
                let (sql, arguments) = rows.postgres(sql).map_err(sqlx::Error::Encode)?;
                let query = query_with(AssertSqlSafe(sql), arguments).persistent(*kept);
                Ok(query.execute(&mut *lent.connection).await?.rows_affected())
            }
            Engine::Sqlite(lent) => {
                let mut changed = 0;
                for (sql, arguments) in rows.sqlite(sql).map_err(sqlx::Error::Encode)? {
                    let query = query_with(AssertSqlSafe(sql), arguments);
                    changed += query.execute(&mut *lent.connection).await?.rows_affected();
                }
                Ok(changed)
            }
        }
    }

    /// Runs a statement about a single thing; tells how many rows it changed.
    pub(super) async fn change(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: Vec<SqlValue>,
    ) -> Result<u64, StoreError> {
        self.unfailed()?;
        let done = self.changed_by(sql, values).await;
        self.told(table, done)
    }

    async fn changed_by(&mut self, sql: &'static str, values: Vec<SqlValue>) -> Result<u64, sqlx::Error> {
        match &mut self.engine {
            Engine::Postgres { lent, kept } => {
                let arguments = value::postgres(values).map_err(sqlx::Error::Encode)?;
                let query = query_with(sql, arguments).persistent(*kept);
                Ok(query.execute(&mut *lent.connection).await?.rows_affected())
            }
            Engine::Sqlite(lent) => {
                let arguments = value::sqlite(values).map_err(sqlx::Error::Encode)?;
                Ok(query_with(sql, arguments).execute(&mut *lent.connection).await?.rows_affected())
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
        self.unfailed()?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.found(sql, rows).await;
        self.told(table, found)
    }

    async fn found<T: Cells>(&mut self, sql: &str, rows: Rows) -> Result<Vec<T>, sqlx::Error> {
        match &mut self.engine {
            Engine::Postgres { lent, kept } => {
                let (sql, arguments) = rows.postgres(sql).map_err(sqlx::Error::Encode)?;
                let query = query_as_with(AssertSqlSafe(sql), arguments).persistent(*kept);
                query.fetch_all(&mut *lent.connection).await
            }
            Engine::Sqlite(lent) => {
                let mut found = Vec::new();
                for (sql, arguments) in rows.sqlite(sql).map_err(sqlx::Error::Encode)? {
                    let query = query_as_with(AssertSqlSafe(sql), arguments);
                    found.extend(query.fetch_all(&mut *lent.connection).await?);
                }
                Ok(found)
            }
        }
    }

    /// Runs a statement about a single thing and reads what it gives.
    pub(super) async fn read_by<T: Cells>(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<T>, StoreError> {
        self.unfailed()?;
        let found = self.found_by(sql, values).await;
        self.told(table, found)
    }

    async fn found_by<T: Cells>(
        &mut self,
        sql: &'static str,
        values: Vec<SqlValue>,
    ) -> Result<Vec<T>, sqlx::Error> {
        match &mut self.engine {
            Engine::Postgres { lent, kept } => {
                let arguments = value::postgres(values).map_err(sqlx::Error::Encode)?;
                query_as_with(sql, arguments).persistent(*kept).fetch_all(&mut *lent.connection).await
            }
            Engine::Sqlite(lent) => {
                let arguments = value::sqlite(values).map_err(sqlx::Error::Encode)?;
                query_as_with(sql, arguments).fetch_all(&mut *lent.connection).await
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
        self.unfailed()?;
        let done = self.plain(sql).await;
        self.told("meta", done)
    }

    /// Makes it last. Dropped without, its connection is closed, which rolls it back.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.unfailed()?;
        // No constraint of ours waits until the commit, so it never fails for the data.
        let done = self.plain("commit").await.map_err(StoreError::Away);
        self.tell(done.as_ref().err());
        match &mut self.engine {
            Engine::Postgres { lent, .. } => lent.give_back = done.is_ok(),
            Engine::Sqlite(lent) => lent.give_back = done.is_ok(),
        }
        done
    }

    async fn plain(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match &mut self.engine {
            Engine::Postgres { lent, .. } => raw_sql(sql).execute(&mut *lent.connection).await.map(|_| ()),
            Engine::Sqlite(lent) => raw_sql(sql).execute(&mut *lent.connection).await.map(|_| ()),
        }
    }

    fn unfailed(&self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Away(sqlx::Error::Protocol(
                "a transaction went on after an error".into(),
            )));
        }
        Ok(())
    }

    fn told<T>(&mut self, table: &'static str, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        self.failed |= done.is_err();
        self.tables.push(table);
        let done = done.map_err(|error| fault(table, error));
        if let Err(error @ StoreError::Away(_)) = &done {
            self.tell(Some(error));
        }
        done
    }

    fn tell(&self, error: Option<&StoreError>) {
        if let Some(StoreError::Away(cause)) = error {
            tracing::warn!(tables = ?self.tables, %cause, "the database did not take what was to be written");
        }
        if let Some(refusing) = &self.refusing {
            refusing.tell(&self.tables, error.is_none());
        }
    }
}

/// Whether SQLite says that a transaction was not ended.
fn is_inside(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|said| said.message().contains("within a transaction"))
}
