//! Leases: who may decide, who may relay. One row each, with a fence that rises with every new holding.
//!
//! Time is the database's own, so that two machines' clocks cannot both be right. The counters of the holder
//! live in the row; only a commit under the same fence changes them. Nobody waits for a lease here.

use super::bulk::Rows;
use super::cells::CellReader;
use super::engine::{SqlValue, detached};
use super::rows::{Counters, Lease};
use super::{Store, StoreError};

/// How long a lease lasts without renewal: how long nobody decides once a holder died. Safety never rests on it: the
/// fence of each commit does that.
pub const LEASE_SECONDS: u32 = 3;

/// Takes the row where it is new, expired or already the caller's. A holding that ended and begins anew is
/// a new one, even with the same holder: another may have been there meanwhile.
macro_rules! take {
    ($now:literal, $fence:literal) => {
        concat!(
            "insert into lease (name, owner, fence, until, counters) ",
            "select r.name, r.owner, 1, ",
            $now,
            " + r.length, r.counters from r where true ",
            "on conflict (name) do update set owner = excluded.owner, until = excluded.until, ",
            "fence = lease.fence + case when ",
            $fence,
            " and lease.owner = excluded.owner and lease.until > ",
            $now,
            " then 0 else 1 end ",
            "where lease.owner = excluded.owner or lease.until <= ",
            $now,
            " ",
            "returning fence, counters"
        )
    };
}

const RENEW_POSTGRES: &str = take!("cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)", "true");
const CLAIM_POSTGRES: &str =
    take!("cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)", "false");
const RENEW_SQLITE: &str = take!("cast(unixepoch('subsec') * 1000000 as bigint)", "true");
const CLAIM_SQLITE: &str = take!("cast(unixepoch('subsec') * 1000000 as bigint)", "false");

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
        let sql = self.pool.either(RENEW_POSTGRES, RENEW_SQLITE);
        self.take(sql, name, owner, seconds).await
    }

    /// Begins a new holding, also where the last one was the caller's: what it left unfinished can store nothing any
    /// more. `None` where another holds the lease.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        name: &'static str,
        owner: &str,
        seconds: u32,
    ) -> Result<Option<Lease>, StoreError> {
        let sql = self.pool.either(CLAIM_POSTGRES, CLAIM_SQLITE);
        self.take(sql, name, owner, seconds).await
    }

    /// Renews a holding, also where its time ran out and nobody came; says whether it is still the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew(&self, lease: &Lease, seconds: u32) -> Result<bool, StoreError> {
        let sql = self.pool.either(
            "update lease set until = cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) + $3 \
             where name = $1 and fence = $2",
            "update lease set until = cast(unixepoch('subsec') * 1000000 as bigint) + $3 \
             where name = $1 and fence = $2",
        );
        let values = vec![
            SqlValue::Text(lease.name.to_owned()),
            SqlValue::Int(lease.fence),
            SqlValue::Int(i64::from(seconds) * 1_000_000),
        ];
        Ok(self.pool.change("lease", sql, values).await? == 1)
    }

    async fn take(
        &self,
        sql: &'static str,
        name: &'static str,
        owner: &str,
        seconds: u32,
    ) -> Result<Option<Lease>, StoreError> {
        let reader = CellReader("lease");
        let start = reader.some(serde_json::to_string(&Counters::default()).ok())?;
        let rows = Rows::default()
            .text("name", [name].into_iter())
            .text("owner", [owner].into_iter())
            .int("length", [i64::from(seconds) * 1_000_000].into_iter())
            .text("counters", [start].into_iter());
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

    /// The number of the rules that decisions rest on from here on; made where they are new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_number(&self, heart: &str, hash: &str) -> Result<u64, StoreError> {
        let rules = || vec![SqlValue::Text(heart.to_owned()), SqlValue::Text(hash.to_owned())];
        let sql = "insert into bundle (number, heart, hash) \
                   select coalesce((select max(number) from bundle), 0) + 1, $1, $2 \
                   where not exists (select 1 from bundle where heart = $1 and hash = $2)";
        self.pool.change("bundle", sql, rules()).await?;
        let sql = "select number from bundle where heart = $1 and hash = $2";
        let found: Vec<(i64,)> = self.pool.read("bundle", sql, rules()).await?;
        let reader = CellReader("bundle");
        reader.number(reader.some(found.first())?.0)
    }
}
