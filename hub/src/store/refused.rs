//! What was refused of one sender lately: at the door, and when it was decided.
//!
//! Bounded by a day and a count; newest first. Refuses to open anything: findings are sealed. Next: [`super::inbox`] and
//! [`super::messages`], which keep both.

use schemas::ids::MessageId;
use schemas::time::Instant;

use super::cells::{CellReader, time};
use super::engine::SqlValue;
use super::inbox::{RefusalCells, refusal_row};
use super::rows::{Outcome, ReceiptRow, RefusalRow};
use super::{Store, StoreError};

const READER: CellReader = CellReader("inbox");

impl Store {
    /// The messages of one sender to one source that were decided and refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refused_of(
        &self,
        source: &str,
        sender: &str,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<ReceiptRow>, StoreError> {
        type Cells = (Vec<u8>, i64, i64, Option<String>);
        let sql = "select i.id, i.received_at, d.decided_order, d.detail from inbox i \
                   join decision d on d.message = i.id and d.outcome = 'refused' \
                   where i.source = $1 and i.sender = $2 and i.received_at >= $3 \
                   order by i.received_at desc, i.id desc limit $4";
        let found: Vec<Cells> = self.pool.read("inbox", sql, values(source, sender, since, limit)).await?;
        let receipt = |(id, received_at, order, detail): Cells| {
            Ok(ReceiptRow {
                id: READER.id(MessageId::from_bytes, id)?,
                source: source.to_owned(),
                sender: sender.to_owned(),
                received_at: READER.time(received_at)?,
                order: Some(READER.number(order)?),
                outcome: Some(Outcome::Refused),
                detail: detail.map(|text| READER.json(&text)).transpose()?,
            })
        };
        found.into_iter().map(receipt).collect()
    }

    /// What one source did not take of one sender at all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refusals_of(
        &self,
        source: &str,
        sender: &str,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<RefusalRow>, StoreError> {
        let sql = "select id, source, sender, content, findings, key, received_at, dedupe, read_from from refusal \
                   where source = $1 and sender = $2 and received_at >= $3 \
                   order by received_at desc, id desc limit $4";
        let found: Vec<RefusalCells> =
            self.pool.read("refusal", sql, values(source, sender, since, limit)).await?;
        found.into_iter().map(refusal_row).collect()
    }
}

fn values(source: &str, sender: &str, since: Instant, limit: u32) -> Vec<SqlValue> {
    let [source, sender] = [source, sender].map(|text| SqlValue::Text(text.to_owned()));
    vec![source, sender, SqlValue::Int(time(since)), SqlValue::Int(limit.into())]
}
