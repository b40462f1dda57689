//! Who did what by hand: rows that are added and read, never changed.
//!
//! A [`Trail`] can add rows and nothing else, so a command that otherwise only reads can have one beside a hub that runs.
//! What may be done by whom is the desk's to say.

use super::bulk::Rows;
use super::cells::{CellReader, time};
use super::engine::{Pool, SqlValue, detached};
use super::rows::AuditRow;
use super::{Store, StoreError};
use schemas::actor::ActorName;
use schemas::ids::MessageId;

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

    /// Adds a row, durably.
    ///
    /// # Errors
    /// [`StoreError`]: it is not there.
    pub async fn record(&self, row: AuditRow) -> Result<(), StoreError> {
        let one = std::slice::from_ref(&row);
        let cells = Rows::default()
            .bytes("id", one.iter().map(|row| row.id.bytes()))
            .int("at", one.iter().map(|row| time(row.at)))
            .text("actor", one.iter().map(|row| row.actor.as_str()))
            .text("roles", one.iter().map(|row| row.roles.as_str()))
            .text("action", one.iter().map(|row| row.action.as_str()))
            .text("about", one.iter().map(|row| row.about.as_str()))
            .text("why", one.iter().map(|row| row.why.as_str()))
            .int("allowed", one.iter().map(|row| i64::from(row.allowed)));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.insert("audit", cells, "").await?;
            tx.commit().await
        })
        .await
    }
}

impl Store {
    /// Where audit rows are added.
    #[must_use]
    pub fn trail(&self) -> Trail {
        Trail { pool: self.pool.clone() }
    }

    /// The newest audit rows, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        type Cells = (Vec<u8>, i64, String, String, String, String, String, i64);
        let sql =
            "select id, at, actor, roles, action, about, why, allowed from audit order by id desc limit $1";
        let found: Vec<Cells> = self.pool.read("audit", sql, vec![SqlValue::Int(limit.into())]).await?;
        let row = |(id, at, actor, roles, action, about, why, allowed): Cells| {
            Ok(AuditRow {
                id: READER.id(MessageId::from_bytes, id)?,
                at: READER.time(at)?,
                actor: READER.some(ActorName::parse(&actor).ok())?,
                roles,
                action,
                about,
                why,
                allowed: allowed != 0,
            })
        };
        found.into_iter().map(row).collect()
    }
}
