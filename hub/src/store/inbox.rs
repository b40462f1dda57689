//! The inbox: what came in, what was refused, what is still to decide, and what was decided before.
//!
//! A message is stored once: its dedupe HMAC is unique, and the engine's own answer to a conflict decides
//! who was first. Refuses to look into a message. Next: [`super::commit`] for what a decision adds.

use std::collections::{HashMap, HashSet};

use schemas::ids::{MessageId, PersonId};
use schemas::time::Instant;

use super::cells::{Reader, int, time};
use super::engine::{Value, detached};
use super::rows::{InboxRow, Mac, Pending, ReceiptRow, RefusalRow, Stored};
use super::{Store, StoreError};
use crate::store::bulk::Rows;

const READER: Reader = Reader("inbox");

/// The columns of an [`InboxRow`], then what a decision added, before the rest of a statement.
macro_rules! pending {
    ($rest:literal) => {
        concat!(
            "select id, dedupe, body, source, sender, content, key, received_at, ",
            "decided_order, known_at, outcome, owner from inbox ",
            $rest
        )
    };
}

/// An [`InboxRow`] as cells.
pub(super) type InboxCells = (Vec<u8>, Vec<u8>, Vec<u8>, String, String, Vec<u8>, Vec<u8>, i64);

type PendingCells = (
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    Vec<u8>,
    Vec<u8>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<Vec<u8>>,
);

impl Store {
    /// Stores messages; answers in the order given. Doubles inside one call count as doubles.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is stored then.
    pub async fn insert_inbox(&self, rows: &[InboxRow]) -> Result<Vec<Stored>, StoreError> {
        let asked: Vec<_> = rows.iter().map(|row| (row.id, row.dedupe, row.body)).collect();
        // In one order for every caller, so that two of them never wait for each other in a ring; stable, so
        // that of two doubles in one call the first is the new one.
        let mut sorted: Vec<&InboxRow> = rows.iter().collect();
        sorted.sort_by_key(|row| row.dedupe);
        let table = inbox(&sorted);
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let sql = table.insert("inbox", "on conflict (dedupe) do nothing returning id");
            let fresh: Vec<(Vec<u8>,)> = tx.read("inbox", &sql, table).await?;
            let mut fresh: HashSet<Vec<u8>> = fresh.into_iter().map(|(id,)| id).collect();
            let mut known: HashMap<Mac, (MessageId, Mac)> = HashMap::new();
            if fresh.len() < asked.len() {
                let doubles = asked.iter().map(|(_, dedupe, _)| *dedupe);
                let sql = "select dedupe, id, body from r cross join inbox where inbox.dedupe = r.hash";
                let rows = Rows::default().bytes("hash", doubles);
                let found: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = tx.read("inbox", sql, rows).await?;
                for (dedupe, id, body) in found {
                    let id = READER.id(MessageId::from_bytes, id)?;
                    known.insert(READER.fixed(dedupe)?, (id, READER.fixed(body)?));
                }
            }
            tx.commit().await?;
            let stored = |(id, dedupe, body): (MessageId, Mac, Mac)| {
                if fresh.remove(id.bytes().as_slice()) {
                    return Ok(Stored::New);
                }
                let (first, its_body) = READER.some(known.get(&dedupe))?;
                Ok(if *its_body == body { Stored::Again(*first) } else { Stored::Differs })
            };
            asked.into_iter().map(stored).collect()
        })
        .await
    }

    /// Stores refused items.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_refusals(&self, rows: &[RefusalRow]) -> Result<(), StoreError> {
        let table = Rows::default()
            .bytes("id", rows.iter().map(|row| row.id.bytes()))
            .text("source", rows.iter().map(|row| row.source.as_str()))
            .text("sender", rows.iter().map(|row| row.sender.as_str()))
            .bytes_or("content", rows.iter().map(|row| row.content.clone()))
            .bytes_or("key", rows.iter().map(|row| row.key.clone()))
            .text("findings", rows.iter().map(|row| row.findings.as_str()))
            .int("received_at", rows.iter().map(|row| time(row.received_at)));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.insert("refusal", table, "on conflict (id) do nothing").await?;
            tx.commit().await
        })
        .await
    }

    /// Deletes refused items received before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_refusals(&self, before: Instant) -> Result<u64, StoreError> {
        let sql = "delete from refusal where received_at < $1";
        self.pool.change("refusal", sql, vec![Value::Int(time(before))]).await
    }

    /// What is known of a message, accepted or refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt(&self, id: MessageId) -> Result<Option<ReceiptRow>, StoreError> {
        type Cells = (String, String, i64, Option<i64>, Option<String>, Option<String>);
        let sql = "select source, sender, received_at, decided_order, outcome, detail from inbox where id = $1 \
                   union all \
                   select source, sender, received_at, null, 'refused', findings from refusal where id = $1";
        let found: Vec<Cells> = self.pool.read("inbox", sql, vec![Value::Bytes(id.bytes().to_vec())]).await?;
        let Some((source, sender, received_at, order, outcome, detail)) = found.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(ReceiptRow {
            id,
            source,
            sender,
            received_at: READER.time(received_at)?,
            order: order.map(|order| READER.number(order)).transpose()?,
            outcome: outcome.map(|word| READER.outcome(&word)).transpose()?,
            detail,
        }))
    }

    /// Messages without a decision, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn undecided(&self, limit: u32) -> Result<Vec<Pending>, StoreError> {
        let sql = pending!("where decided_order is null order by received_at, id limit $1");
        let found = self.pool.read("inbox", sql, vec![Value::Int(limit.into())]).await?;
        found.into_iter().map(pending).collect()
    }

    /// Decided messages after a place in the order, in order (replay).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decided(&self, after: u64, limit: u32) -> Result<Vec<Pending>, StoreError> {
        let sql = pending!("where decided_order > $1 order by decided_order limit $2");
        let values = vec![Value::Int(int(after)), Value::Int(limit.into())];
        let found = self.pool.read("inbox", sql, values).await?;
        found.into_iter().map(pending).collect()
    }
}

fn inbox(rows: &[&InboxRow]) -> Rows {
    Rows::default()
        .bytes("id", rows.iter().map(|row| row.id.bytes()))
        .bytes("dedupe", rows.iter().map(|row| row.dedupe))
        .bytes("body", rows.iter().map(|row| row.body))
        .text("source", rows.iter().map(|row| row.source.as_str()))
        .text("sender", rows.iter().map(|row| row.sender.as_str()))
        .bytes("content", rows.iter().map(|row| row.content.as_slice()))
        .bytes("key", rows.iter().map(|row| row.key.as_slice()))
        .int("received_at", rows.iter().map(|row| time(row.received_at)))
}

/// An inbox row from its cells.
pub(super) fn inbox_row(cells: InboxCells) -> Result<InboxRow, StoreError> {
    let (id, dedupe, body, source, sender, content, key, received_at) = cells;
    Ok(InboxRow {
        id: READER.id(MessageId::from_bytes, id)?,
        dedupe: READER.fixed(dedupe)?,
        body: READER.fixed(body)?,
        source,
        sender,
        content,
        key,
        received_at: READER.time(received_at)?,
    })
}

fn pending(cells: PendingCells) -> Result<Pending, StoreError> {
    let (id, dedupe, body, source, sender, content, key, received_at, order, known_at, outcome, owner) =
        cells;
    Ok(Pending {
        row: inbox_row((id, dedupe, body, source, sender, content, key, received_at))?,
        order: order.map(|order| READER.number(order)).transpose()?,
        known_at: known_at.map(|at| READER.time(at)).transpose()?,
        outcome: outcome.map(|word| READER.outcome(&word)).transpose()?,
        owner: READER.id_or(PersonId::from_bytes, owner)?,
    })
}
