//! Time as the store has it: the database's own clock, and what was decided at times that have not come yet.
//!
//! `known_at` never goes back by itself. After a clock was ahead it stands still, until somebody orders it back here:
//! what was decided keeps the times it has, so that it can be decided again; only what comes next is decided at the
//! right time. Refuses to do so under another's lease.

use schemas::time::{Day, Instant};

use super::bulk::Rows;
use super::cells::{CellReader, day, time};
use super::engine::{SqlValue, detached};
use super::rows::{Counters, Lease};
use super::{Store, StoreError};

/// Decisions at times that have not come yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AheadOfNow {
    pub decisions: u64,
    /// The last decision at a time that has come.
    pub honest: Option<Instant>,
}

/// A task is never put off for longer than this by itself.
const PUT_OFF: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// Whom a wrong time may have left without a day: they are decided again today, as on any due day.
const DECIDE_AGAIN: &str = "insert into due (person, due_on) \
     select distinct j.person, r.today from r cross join journal j \
     join person p on p.id = j.person and p.redirect is null where j.known_at > r.now \
     on conflict (person) do update set due_on = excluded.due_on where due.due_on > excluded.due_on";

impl Store {
    /// The database's own time, where its clock is another than this machine's: an embedded one has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn time(&self) -> Result<Option<Instant>, StoreError> {
        let sql = self.pool.either(
            "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)",
            "select cast(null as bigint)",
        );
        let found: Vec<(Option<i64>,)> = self.pool.read("meta", sql, Vec::new()).await?;
        let at = found.first().and_then(|(at,)| *at);
        at.map(|at| CellReader("meta").time(at)).transpose()
    }

    /// What was decided at times after this one. Reads every decision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ahead_of(&self, now: Instant) -> Result<AheadOfNow, StoreError> {
        let sql = "select count(case when known_at > $1 then 1 end), max(case when known_at <= $1 then known_at end) \
                   from decision";
        let found: Vec<(i64, Option<i64>)> =
            self.pool.read("decision", sql, vec![SqlValue::Int(time(now))]).await?;
        let reader = CellReader("decision");
        let (decisions, honest) = *reader.some(found.first())?;
        let honest = honest.map(|at| reader.time(at)).transpose()?;
        Ok(AheadOfNow { decisions: reader.number(decisions)?, honest })
    }

    /// Sets back the time of the last decision, under the decider's lease, and brings forward what a wrong time put off:
    /// tasks, the end of refused items, and the next day of everybody who was decided then.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where the lease is another's: nothing is changed then.
    pub async fn set_back(
        &self,
        lease: &Lease,
        to: Instant,
        now: Instant,
        today: Day,
    ) -> Result<(), StoreError> {
        let counters = Counters { known_at: time(to), ..lease.counters.clone() };
        let counters = CellReader("lease").some(serde_json::to_string(&counters).ok())?;
        let fenced =
            vec![SqlValue::Text(lease.name.to_owned()), SqlValue::Int(lease.fence), SqlValue::Text(counters)];
        let now_and = |other: Instant| vec![SqlValue::Int(time(now)), SqlValue::Int(time(other))];
        let (tasks, refusals) = (now_and(now + PUT_OFF), vec![SqlValue::Int(time(now))]);
        let again =
            Rows::default().int("now", [time(now)].into_iter()).text("today", [day(today)].into_iter());
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.change("task", "update task set due_at = $1 where due_at > $2", tasks).await?;
            tx.change("refusal", "update refusal set received_at = $1 where received_at > $1", refusals)
                .await?;
            tx.run("due", DECIDE_AGAIN, again).await?;
            let sql = "update lease set counters = $3 where name = $1 and fence = $2";
            if tx.change("lease", sql, fenced).await? != 1 {
                return Err(StoreError::Fenced);
            }
            tx.commit().await
        })
        .await
    }
}
