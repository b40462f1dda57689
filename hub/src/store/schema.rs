//! The schema's version: brought forward by `migrate`, checked at every start.
//!
//! Forward only: a later version is one more text in [`STEPS`], expand first and contract later. Refuses to run on
//! a schema of another version. Next: `schema.sql`, which says what each table holds.

use super::bulk::Rows;
use super::cells::CellReader;
use super::engine::{SqlValue, detached};
use super::{Store, StoreError};

/// The texts that lead from an empty database to the present version, in order.
const STEPS: [&str; 1] = [include_str!("schema.sql")];

/// How PostgreSQL lays out the tables of the first version; it changes nothing of what they hold.
const LAYOUT: &str = include_str!("layout_postgres.sql");

/// Every count there is; what has no row counts nought.
const NAMES: [&str; 27] = [
    "decided",
    "undecided",
    "waiting",
    "refused",
    "quarantined",
    "refusals",
    "persons",
    "reviews",
    "tasks",
    "outbox",
    "ledger_open",
    "handover_prepared",
    "handover_awaiting_choice",
    "handover_held",
    "handover_sent",
    "handover_received",
    "handover_accepted",
    "handover_closed",
    "handover_rejected",
    "handover_bounced",
    "handover_overdue",
    "handover_withdraw_pending",
    "handover_withdrawn",
    "handover_superseded",
    "handover_recall_pending",
    "handover_entered_in_error",
    "handover_not_in_scope",
];

impl Store {
    /// Brings the schema to the version of this program; safe to run by several at once.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Schema`] where a newer program was here.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // On SQLite the one connection that writes is lock enough.
        let lock = self
            .pool
            .either("set local lock_timeout = 0; select pg_advisory_xact_lock(8463219570)", "select 1");
        let layout = self.pool.either(LAYOUT, "");
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.script(lock).await?;
            tx.script("create table if not exists meta (name text primary key, value bigint not null)")
                .await?;
            let key = || Rows::default().text("name", ["schema"].into_iter());
            let found: Vec<(i64,)> = tx
                .read("meta", "select value from r cross join meta where meta.name = r.name", key())
                .await?;
            let found = found.first().map_or(0, |(version,)| *version);
            let done = usize::try_from(found).unwrap_or(usize::MAX);
            let steps = STEPS.get(done..).ok_or(StoreError::Schema { found, needed: version() })?;
            for step in steps {
                tx.script(step).await?;
            }
            if done == 0 {
                tx.script(layout).await?;
            }
            let now = key().int("value", [version()].into_iter());
            tx.insert("meta", now, "on conflict (name) do update set value = excluded.value").await?;
            tx.commit().await
        })
        .await
    }

    /// Refuses a schema of another version.
    ///
    /// # Errors
    /// [`StoreError::Schema`], or [`StoreError::Away`].
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let there = self.pool.either(
            "select count(*) from pg_class where oid = to_regclass('meta')",
            "select count(*) from sqlite_master where type = 'table' and name = 'meta'",
        );
        let there: Vec<(i64,)> = self.pool.read("meta", there, Vec::new()).await?;
        let mut found = 0;
        if there.first().is_some_and(|(tables,)| *tables > 0) {
            let values = vec![SqlValue::Text("schema".to_owned())];
            let version: Vec<(i64,)> =
                self.pool.read("meta", "select value from meta where name = $1", values).await?;
            found = version.first().map_or(0, |(version,)| *version);
        }
        if found == version() { Ok(()) } else { Err(StoreError::Schema { found, needed: version() }) }
    }

    /// Notes that a story is played here: its clock stands where it was told to, which `hub doctor` must know.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_story(&self) -> Result<(), StoreError> {
        let sql = "insert into meta (name, value) values ('story', 1) on conflict (name) do nothing";
        self.pool.change("meta", sql, Vec::new()).await.map(|_| ())
    }

    /// Whether a story is played here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_story(&self) -> Result<bool, StoreError> {
        let sql = "select value from meta where name = 'story'";
        let found: Vec<(i64,)> = self.pool.read("meta", sql, Vec::new()).await?;
        Ok(!found.is_empty())
    }

    /// Whether the database answers and takes what is written (for `/readyz`).
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.pool.ping().await
    }

    /// How many rows each list holds: name of the count, number (metrics, summary).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn counts(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        // Each goes by an index; `decided` is the last place given in the order, which has no gap.
        let sql = "select 'decided', coalesce(max(decided_order), 0) from decision \
                     where decided_by is null and outcome <> 'closed' union all \
                   select 'undecided', count(*) from pending union all \
                   select 'waiting', count(*) from record where person is null union all \
                   select d.outcome, count(*) from decision d where d.outcome in ('refused', 'quarantined') and not exists \
                     (select 1 from decision l where l.message = d.message and l.n > d.n) and not exists \
                     (select 1 from quarantine a where a.message = d.message and a.n = d.n) group by d.outcome union all \
                   select 'refusals', count(*) from refusal union all \
                   select 'persons', count(*) from person where redirect is null union all \
                   select 'reviews', count(*) from review where answered_at is null union all \
                   select 'tasks', count(*) from task where due_at is not null union all \
                   select 'outbox', count(*) from outbox union all \
                   select 'ledger_open', count(*) from ledger where closed_at is null union all \
                   select 'handover_' || state, count(*) from handover group by state";
        let found: Vec<(String, i64)> = self.pool.read("meta", sql, Vec::new()).await?;
        let count = |name: &'static str| {
            let count = found.iter().find(|(found, _)| found == name).map_or(0, |(_, count)| *count);
            Ok((name, CellReader("meta").number(count)?))
        };
        NAMES.into_iter().map(count).collect()
    }
}

fn version() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}
