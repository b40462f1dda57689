//! Leases: who may decide, who may relay. One row each, with a fence that rises with every new holding.
//!
//! Time is the database's own, so that two machines' clocks cannot both be right. The counters of the holder
//! live in the row; only a commit under the same fence changes them. Refuses to wait for a lease.

use super::bulk::Rows;
use super::cells::Reader;
use super::engine::detached;
use super::rows::{Counters, Lease};
use super::{Store, StoreError};

/// Takes the row where it is new, expired or already the caller's. A holding that ended and begins anew is
/// a new one, even with the same holder: another may have been there meanwhile.
macro_rules! take {
    ($now:literal) => {
        concat!(
            "insert into lease (name, owner, fence, until, counters) ",
            "select r.name, r.owner, 1, ",
            $now,
            " + r.length, r.counters from r where true ",
            "on conflict (name) do update set owner = excluded.owner, until = excluded.until, ",
            "fence = case when lease.owner = excluded.owner and lease.until > ",
            $now,
            " ",
            "then lease.fence else lease.fence + 1 end ",
            "where lease.owner = excluded.owner or lease.until <= ",
            $now,
            " ",
            "returning fence, counters"
        )
    };
}

impl Store {
    /// Takes or renews a lease for `seconds`; `None` where another holds it. Time is the database's own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lease(
        &self,
        name: &'static str,
        owner: &str,
        seconds: u32,
    ) -> Result<Option<Lease>, StoreError> {
        let reader = Reader("lease");
        let start = reader.some(serde_json::to_string(&Counters::default()).ok())?;
        let rows = Rows::default()
            .text("name", [name].into_iter())
            .text("owner", [owner].into_iter())
            .int("length", [i64::from(seconds) * 1_000_000].into_iter())
            .text("counters", [start].into_iter());
        let sql = self.pool.either(
            take!("cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)"),
            take!("cast(unixepoch('subsec') * 1000000 as bigint)"),
        );
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let taken: Vec<(i64, String)> = tx.read("lease", sql, rows).await?;
            tx.commit().await?;
            let lease = |(fence, counters): (i64, String)| {
                Ok(Lease { name, fence, counters: reader.some(serde_json::from_str(&counters).ok())? })
            };
            taken.into_iter().next().map(lease).transpose()
        })
        .await
    }
}
