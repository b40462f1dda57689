//! What stops the delivery to a recipient: written by who delivers, read by who tells it anywhere.
//!
//! Codes, numbers and names of topics only. Refuses to know what a code means: that is `deliver`'s.

use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{CellReader, time};
use super::engine::{SqlValue, detached};
use super::rows::HaltRow;
use super::{Store, StoreError};

impl Store {
    /// Delivery to a recipient is halted, in the words of whoever found it. Since when is kept as long as the code stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn halt(
        &self,
        recipient: &Recipient,
        part: &'static str,
        code: &'static str,
        detail: &str,
        at: Instant,
    ) -> Result<(), StoreError> {
        let rows = Rows::default()
            .text("recipient", [recipient.as_str()].into_iter())
            .text("part", [part].into_iter())
            .text("code", [code].into_iter())
            .text("detail", [detail].into_iter())
            .int("since", [time(at)].into_iter());
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let then = "on conflict (recipient, part) do update set detail = excluded.detail, code = excluded.code, \
                        since = case when halt.code = excluded.code then halt.since else excluded.since end";
            tx.insert("halt", rows, then).await?;
            tx.commit().await
        })
        .await
    }

    /// Delivery to a recipient goes on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume(&self, recipient: &Recipient, part: &'static str) -> Result<(), StoreError> {
        let sql = "delete from halt where recipient = $1 and part = $2";
        let values = vec![SqlValue::Text(recipient.as_str().to_owned()), SqlValue::Text(part.to_owned())];
        self.pool.change("halt", sql, values).await.map(|_| ())
    }

    /// Forgets what stopped the delivery to any recipient but these: nobody sends to its topic any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_halts(&self, but: &[Recipient]) -> Result<(), StoreError> {
        let sql = "delete from halt where recipient not in (select r.recipient from r)";
        let rows = Rows::default().text("recipient", but.iter().map(Recipient::as_str));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.run("halt", sql, rows).await?;
            tx.commit().await
        })
        .await
    }

    /// What is halted of these recipients. A row of any other one says nothing: its topic is not sent to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn halts(&self, of: &[Recipient]) -> Result<Vec<HaltRow>, StoreError> {
        let sql = "select recipient, part, code, detail, since from halt order by recipient, part";
        let found: Vec<(String, String, String, String, i64)> =
            self.pool.read("halt", sql, Vec::new()).await?;
        let reader = CellReader("halt");
        let row = |(recipient, part, code, detail, since)| {
            let (recipient, since) = (reader.word(recipient)?, reader.time(since)?);
            Ok(HaltRow { recipient, part, code, detail, since })
        };
        let all = found.into_iter().map(row);
        all.filter(|row| row.as_ref().map_or(true, |row: &HaltRow| of.contains(&row.recipient))).collect()
    }
}
