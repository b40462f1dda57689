//! Who did what by hand: rows that are added and read, never changed, each sealed together with the one before it.
//!
//! A [`Trail`] can add rows and nothing else, so a command that otherwise only reads can have one beside a hub that runs.
//! What may be done by whom is the desk's to say, and whether the chain holds: it has the secret of the seals.

use schemas::actor::ActorName;
use schemas::key::Mac;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{CellReader, int, time};
use super::engine::{Pool, SqlValue, detached};
use super::rows::{AuditRow, ChainedRow};
use super::{Store, StoreError};

const READER: CellReader = CellReader("audit");

/// Where audit rows are added. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trail {
    pool: Pool,
}

impl Trail {
    /// Opens it beside whoever writes the database.
    ///
    /// # Errors
    /// [`StoreError::Away`] or [`StoreError::Address`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self { pool: Pool::open_unlocked(url).await? })
    }

    /// Adds a row to the end of the chain, durably; `seal` makes its seal.
    ///
    /// # Errors
    /// [`StoreError`]: it is not there.
    pub async fn record(
        &self,
        row: AuditRow,
        seal: impl FnOnce(&[u8]) -> Mac + Send + 'static,
    ) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        // One after the other, over all processes: on SQLite the one connection that writes is lock enough.
        let lock = pool.either("select pg_advisory_xact_lock(8463219571)", "select 1");
        detached(async move {
            let mut tx = pool.write().await?;
            tx.script(lock).await?;
            let last = "select n, seal from audit order by n desc limit 1";
            let last: Vec<(i64, Vec<u8>)> = tx.read_by("audit", last, vec![]).await?;
            let (n, before) = match last.into_iter().next() {
                Some((n, seal)) => (READER.number::<u64>(n)? + 1, Some(Mac(READER.fixed(seal)?))),
                None => (1, None),
            };
            let seal = seal(&row.sealed(n, before.as_ref()));
            let one = std::slice::from_ref(&row);
            let cells = Rows::default()
                .int("n", [int(n)].into_iter())
                .int("at", one.iter().map(|row| time(row.at)))
                .text("actor", one.iter().map(|row| row.actor.as_str()))
                .text("roles", one.iter().map(|row| row.roles.as_str()))
                .text("action", one.iter().map(|row| row.action.as_str()))
                .text("about", one.iter().map(|row| row.about.as_str()))
                .text("why", one.iter().map(|row| row.why.as_str()))
                .int("allowed", one.iter().map(|row| i64::from(row.allowed)))
                .bytes("seal", [seal.0].into_iter());
            tx.insert("audit", cells, "").await?;
            tx.commit().await
        })
        .await
    }
}

type AuditCells = (i64, i64, String, String, String, String, String, i64, Vec<u8>);

impl Store {
    /// Where audit rows are added.
    #[must_use]
    pub fn trail(&self) -> Trail {
        Trail { pool: self.pool.clone() }
    }

    /// The newest audit rows, the newest first; those of one person, and from an instant on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit(
        &self,
        of: Option<&ActorName>,
        since: Option<Instant>,
        limit: u32,
    ) -> Result<Vec<ChainedRow>, StoreError> {
        let sql = "select n, at, actor, roles, action, about, why, allowed, seal from audit \
                   where ($1 = '' or actor = $1) and at >= $2 order by n desc limit $3";
        let values = vec![
            SqlValue::Text(of.map_or_else(String::new, ActorName::to_string)),
            SqlValue::Int(since.map_or(i64::MIN, time)),
            SqlValue::Int(limit.into()),
        ];
        self.chained(sql, values).await
    }

    /// So many audit rows after a number, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_after(&self, n: u64, limit: u32) -> Result<Vec<ChainedRow>, StoreError> {
        let sql = "select n, at, actor, roles, action, about, why, allowed, seal from audit \
                   where n > $1 order by n limit $2";
        self.chained(sql, vec![SqlValue::Int(int(n)), SqlValue::Int(limit.into())]).await
    }

    async fn chained(&self, sql: &'static str, values: Vec<SqlValue>) -> Result<Vec<ChainedRow>, StoreError> {
        let found: Vec<AuditCells> = self.pool.read("audit", sql, values).await?;
        let row = |(n, at, actor, roles, action, about, why, allowed, seal): AuditCells| {
            let actor = READER.some(ActorName::parse(&actor).ok())?;
            let allowed = allowed != 0;
            let row = AuditRow { at: READER.time(at)?, actor, roles, action, about, why, allowed };
            Ok(ChainedRow { n: READER.number(n)?, row, seal: Mac(READER.fixed(seal)?) })
        };
        found.into_iter().map(row).collect()
    }
}
