//! Keys as stored, for a rotation: which of them an older key-encryption key wraps, and the exchange of each.
//!
//! A wrapped key begins with the id of the key that wraps it. An exchange compares first: what was wrapped anew
//! meanwhile stays. Next: [`crate::vault::rotate`], which does it.

use super::bulk::Rows;
use super::cells::{CellReader, int};
use super::engine::{SqlValue, detached};
use super::{Store, StoreError};

/// A column of keys that the key-encryption key wraps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WrappedIn {
    Key,
    /// Keys of messages without a decision.
    Pending,
    /// Keys of decided messages without an owner.
    MessageKey,
    /// Keys of refused items.
    Refusal,
    /// Keys of what was said about messages that were put aside.
    Act,
}

impl WrappedIn {
    pub const ALL: [Self; 5] = [Self::Key, Self::Pending, Self::MessageKey, Self::Refusal, Self::Act];

    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Pending => "pending",
            Self::MessageKey => "message_key",
            Self::Refusal => "refusal",
            Self::Act => "act",
        }
    }
}

/// The statements over one column.
struct Texts {
    page: &'static str,
    count: &'static str,
    exchange: &'static str,
}

macro_rules! column {
    ($table:literal, $id:literal, $key:literal, $where:literal) => {
        Texts {
            page: concat!(
                "select ",
                $id,
                ", ",
                $key,
                " from ",
                $table,
                " where ",
                $id,
                " > $1 and substr(",
                $key,
                ", 1, 4) <> $2",
                $where,
                " order by ",
                $id,
                " limit $3"
            ),
            count: concat!("select count(*) from ", $table, " where substr(", $key, ", 1, 4) <> $1", $where),
            exchange: concat!(
                "update ",
                $table,
                " set ",
                $key,
                " = r.new from r where ",
                $table,
                ".",
                $id,
                " = r.id and ",
                $table,
                ".",
                $key,
                " = r.old"
            ),
        }
    };
}

fn texts(column: WrappedIn) -> Texts {
    match column {
        WrappedIn::Key => column!("key", "id", "wrapped", ""),
        WrappedIn::Pending => column!("pending", "message", "key", ""),
        WrappedIn::MessageKey => column!("message_key", "message", "key", " and owner is null"),
        WrappedIn::Refusal => column!("refusal", "id", "key", ""),
        WrappedIn::Act => column!("act", "id", "key", ""),
    }
}

impl Store {
    /// Keys that another key than this one wraps, after an id, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wrapped_by_others(
        &self,
        column: WrappedIn,
        wrapping: [u8; 4],
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<([u8; 16], Vec<u8>)>, StoreError> {
        let values = vec![
            SqlValue::Bytes(after.to_vec()),
            SqlValue::Bytes(wrapping.to_vec()),
            SqlValue::Int(limit.into()),
        ];
        let reader = CellReader(column.table());
        let found: Vec<(Vec<u8>, Vec<u8>)> =
            self.pool.read(column.table(), texts(column).page, values).await?;
        found.into_iter().map(|(id, key)| Ok((reader.fixed(id)?, key))).collect()
    }

    /// How many keys another key than this one wraps.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_wrapped_by_others(
        &self,
        column: WrappedIn,
        wrapping: [u8; 4],
    ) -> Result<u64, StoreError> {
        let reader = CellReader(column.table());
        let values = vec![SqlValue::Bytes(wrapping.to_vec())];
        let found: Vec<(i64,)> = self.pool.read(column.table(), texts(column).count, values).await?;
        reader.number(found.first().map_or(0, |(count,)| *count))
    }

    /// Exchanges wrapped keys: id, old, new. What is not the old one any more stays as it is; says how many changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exchange_wrapped(
        &self,
        column: WrappedIn,
        keys: Vec<([u8; 16], Vec<u8>, Vec<u8>)>,
    ) -> Result<u64, StoreError> {
        let rows = Rows::default()
            .bytes("id", keys.iter().map(|(id, ..)| *id))
            .bytes("old", keys.iter().map(|(_, old, _)| old.as_slice()))
            .bytes("new", keys.iter().map(|(.., new)| new.as_slice()));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let changed = tx.run(column.table(), texts(column).exchange, rows).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// Reserves a block of what a key-encryption key may wrap; says how much is reserved in all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reserve_wrapping(&self, key: [u8; 4], block: u64) -> Result<u64, StoreError> {
        let reader = CellReader("wrapping");
        let rows = Rows::default().bytes("key", [key].into_iter()).int("reserved", [int(block)].into_iter());
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let sql = rows.insert(
                "wrapping",
                "on conflict (key) do update set reserved = wrapping.reserved + excluded.reserved returning reserved",
            );
            let found: Vec<(i64,)> = tx.read("wrapping", &sql, rows).await?;
            tx.commit().await?;
            reader.number(reader.some(found.first())?.0)
        })
        .await
    }

    /// How much each key-encryption key may have wrapped: its id, and what was reserved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wrappings(&self) -> Result<Vec<([u8; 4], u64)>, StoreError> {
        let reader = CellReader("wrapping");
        let sql = "select key, reserved from wrapping order by key";
        let found: Vec<(Vec<u8>, i64)> = self.pool.read("wrapping", sql, Vec::new()).await?;
        found.into_iter().map(|(key, reserved)| Ok((reader.fixed(key)?, reader.number(reserved)?))).collect()
    }
}
