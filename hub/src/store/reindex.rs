//! Records and their keys as stored, for a new cover: which of them stand under another, and the exchange of each.
//!
//! A cell of keys begins with the cover it stands under. An exchange compares first: what was written anew meanwhile stays, and
//! so does its index. Next: the vault's `reindex`, which does it.

use schemas::ids::MessageId;
use schemas::key::Mac;

use super::bulk::Rows;
use super::cells::CellReader;
use super::engine::{SqlValue, detached};
use super::rows::StoredKeys;
use super::{Store, StoreError};

const READER: CellReader = CellReader("record");
const EXCHANGE: &str = "update record set keys = r.new from r where record.id = r.id and record.keys = r.old";
/// Of a record that was exchanged alone.
const UNINDEX: &str = "delete from match_key where (hash, record) in \
    (select r.hash, r.record from r join record c on c.id = r.record where c.keys = r.new)";
const INDEX: &str = "insert into match_key (hash, record) select r.hash, r.record from r join record c \
    on c.id = r.record where c.keys = r.new on conflict (hash, record) do nothing";

/// A record whose keys are covered anew.
#[derive(Clone, Debug)]
pub struct CoveredAnew {
    pub record: MessageId,
    /// What stood beside it.
    pub old: Vec<u8>,
    pub new: StoredKeys,
    /// What may have stood in the index for it until now.
    pub before: Vec<Mac>,
}

impl Store {
    /// Records after an id, in order, whose keys do not begin so: with the cells of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn covered_by_others(
        &self,
        head: Vec<u8>,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<(MessageId, Vec<u8>)>, StoreError> {
        let sql =
            "select id, keys from record where id > $1 and substr(keys, 1, 5) <> $2 order by id limit $3";
        let values =
            vec![SqlValue::Bytes(after.to_vec()), SqlValue::Bytes(head), SqlValue::Int(limit.into())];
        let found: Vec<(Vec<u8>, Vec<u8>)> = self.pool.read("record", sql, values).await?;
        found.into_iter().map(|(id, keys)| Ok((READER.id(MessageId::from_bytes, id)?, keys))).collect()
    }

    /// How many those are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_covered_by_others(&self, head: Vec<u8>) -> Result<u64, StoreError> {
        let sql = "select count(*) from record where substr(keys, 1, 5) <> $1";
        let found: Vec<(i64,)> = self.pool.read("record", sql, vec![SqlValue::Bytes(head)]).await?;
        READER.number(found.first().map_or(0, |(count,)| *count))
    }

    /// Exchanges the keys of records, beside them and in the index; says how many were exchanged.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cover_anew(&self, records: Vec<CoveredAnew>) -> Result<u64, StoreError> {
        let cells = Rows::default()
            .bytes("id", records.iter().map(|row| row.record.bytes()))
            .bytes("old", records.iter().map(|row| row.old.as_slice()))
            .bytes("new", records.iter().map(|row| row.new.cell.as_slice()));
        let hashes = |of: fn(&CoveredAnew) -> &[Mac]| {
            let each = || records.iter().flat_map(move |row| of(row).iter().map(move |mac| (row, mac.0)));
            Rows::default()
                .bytes("hash", each().map(|(_, hash)| hash))
                .bytes("record", each().map(|(row, _)| row.record.bytes()))
                .bytes("new", each().map(|(row, _)| row.new.cell.as_slice()))
        };
        let (before, after) = (hashes(|row| &row.before), hashes(|row| &row.new.hashes));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let changed = tx.run("record", EXCHANGE, cells).await?;
            tx.run("match_key", UNINDEX, before).await?;
            tx.run("match_key", INDEX, after).await?;
            tx.commit().await?;
            Ok(changed)
        })
        .await
    }
}
