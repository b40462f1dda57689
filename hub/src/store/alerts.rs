//! Which agencies leave offers unanswered, and what was told of it: one alert an outage.
//!
//! An outage begins with the first offer that is overdue and ends when none is any more; while it lasts its row stands, so
//! that it is told once, whoever looks and however often. Numbers and names of agencies only. Next:
//! [`crate::alert`], which tells it.

use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{CellReader, int, time};
use super::engine::{SqlValue, detached};
use super::rows::AlertRow;
use super::{Store, StoreError};

const READER: CellReader = CellReader("alert");

/// The agencies with overdue offers, in the order of the index by state.
macro_rules! late {
    ($columns:literal, $rest:literal) => {
        concat!(
            "select ",
            $columns,
            " from handover where state = 'overdue' and recipient is not null ",
            $rest
        )
    };
}

const OVER: &str = concat!("delete from alert where recipient not in (", late!("recipient", ""), ")");

const CLAIM: &str = "update alert set due_at = r.until, attempts = attempts + 1 from r where alert.due_at <= r.now \
     returning alert.recipient, alert.id, alert.since, alert.attempts, alert.trouble";

type AlertCells = (String, Vec<u8>, i64, i64, Option<String>);

impl Store {
    /// The agencies that leave offers unanswered: how many of them are overdue, and since when the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue(&self) -> Result<Vec<(Recipient, u64, Instant)>, StoreError> {
        let sql = late!("recipient, count(*), min(since)", "group by recipient order by recipient");
        let found: Vec<(String, i64, i64)> = self.pool.read("handover", sql, Vec::new()).await?;
        let row = |(recipient, count, since)| {
            Ok((READER.word(recipient)?, READER.number(count)?, READER.time(since)?))
        };
        found.into_iter().map(row).collect()
    }

    /// Notes these outages where they are new, forgets those that are over, and claims what is to be told: it is nobody
    /// else's until `until`, and to be told again then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_alerts(
        &self,
        late: &[AlertRow],
        now: Instant,
        until: Instant,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let begun = Rows::default()
            .text("recipient", late.iter().map(|row| row.recipient.as_str()))
            .bytes("id", late.iter().map(|row| row.id))
            .int("since", late.iter().map(|row| time(row.since)))
            .int("due_at", late.iter().map(|_| time(now)))
            .int("attempts", late.iter().map(|row| int(row.attempts.into())));
        let claim =
            Rows::default().int("now", [time(now)].into_iter()).int("until", [time(until)].into_iter());
        let pool = self.pool.clone();
        let found: Vec<AlertCells> = detached(async move {
            let mut tx = pool.write().await?;
            tx.insert("alert", begun, "on conflict (recipient) do nothing").await?;
            tx.change("alert", OVER, Vec::new()).await?;
            let found = tx.read("alert", CLAIM, claim).await?;
            tx.commit().await?;
            Ok(found)
        })
        .await?;
        found.into_iter().map(alert).collect()
    }

    /// An alert was taken: nothing more is told of this outage.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn told(&self, id: [u8; 16]) -> Result<(), StoreError> {
        let sql = "update alert set due_at = null, trouble = null where id = $1";
        self.pool.change("alert", sql, vec![SqlValue::Bytes(id.to_vec())]).await.map(|_| ())
    }

    /// An alert was not taken: why, in words without an address, and when it is told again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn untold(&self, id: [u8; 16], trouble: &str, at: Instant) -> Result<(), StoreError> {
        let sql = "update alert set due_at = $2, trouble = $3 where id = $1 and due_at is not null";
        let values =
            vec![SqlValue::Bytes(id.to_vec()), SqlValue::Int(time(at)), SqlValue::Text(trouble.to_owned())];
        self.pool.change("alert", sql, values).await.map(|_| ())
    }

    /// The alerts that nobody has taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn untold_alerts(&self) -> Result<Vec<AlertRow>, StoreError> {
        let sql = "select recipient, id, since, attempts, trouble from alert \
                   where trouble is not null order by recipient";
        let found: Vec<AlertCells> = self.pool.read("alert", sql, Vec::new()).await?;
        found.into_iter().map(alert).collect()
    }
}

fn alert((recipient, id, since, attempts, trouble): AlertCells) -> Result<AlertRow, StoreError> {
    Ok(AlertRow {
        recipient: READER.word(recipient)?,
        id: READER.fixed(id)?,
        since: READER.time(since)?,
        attempts: READER.number(attempts)?,
        trouble,
    })
}
