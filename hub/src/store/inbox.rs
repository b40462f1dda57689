//! The door's tables: what came in, what waits for its decision, what was refused.
//!
//! A message is stored once: its dedupe HMAC is unique, and the engine's own answer to a conflict decides
//! who was first. Next: [`super::messages`] for how it is read, [`super::commit`] for what a decision adds.

use std::collections::{HashMap, HashSet};

use schemas::ids::MessageId;
use schemas::key::Mac;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{Reader, time};
use super::engine::{Value, detached};
use super::rows::{InboxRow, RefusalRow, Stored};
use super::{Store, StoreError};

const READER: Reader = Reader("inbox");

impl Store {
    /// Stores messages; answers in the order given. Doubles inside one call count as doubles.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is stored then.
    pub async fn insert_inbox(&self, mut rows: Vec<InboxRow>) -> Result<Vec<Stored>, StoreError> {
        let asked: Vec<_> = rows.iter().map(|row| (row.id, row.dedupe, row.body)).collect();
        // In one order for every caller, so that two of them never wait for each other in a ring; stable, so
        // that of two doubles in one call the first is the new one.
        rows.sort_by_key(|row| row.dedupe);
        let mut keys: HashMap<MessageId, Vec<u8>> =
            rows.iter_mut().map(|row| (row.id, std::mem::take(&mut row.key))).collect();
        let table = inbox(rows);
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let sql = table.insert("inbox", "on conflict (dedupe) do nothing returning id");
            let inserted: Vec<(Vec<u8>,)> = tx.read("inbox", &sql, table).await?;
            let fresh = inserted.into_iter().map(|(id,)| READER.id(MessageId::from_bytes, id));
            let mut fresh: HashSet<MessageId> = fresh.collect::<Result<_, _>>()?;
            let queued = asked.iter().filter(|(id, ..)| fresh.contains(id));
            let queued: Vec<_> = queued.filter_map(|(id, ..)| Some((*id, keys.remove(id)?))).collect();
            let queued = Rows::default()
                .bytes("message", queued.iter().map(|(id, _)| id.bytes()))
                .bytes("key", queued.iter().map(|(_, key)| key.as_slice()));
            tx.insert("pending", queued, "").await?;
            let mut known: HashMap<Mac, (MessageId, Mac)> = HashMap::new();
            if fresh.len() < asked.len() {
                let sql = "select dedupe, id, body from r cross join inbox where inbox.dedupe = r.hash";
                let rows = Rows::default().bytes("hash", asked.iter().map(|(_, dedupe, _)| dedupe.0));
                let found: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = tx.read("inbox", sql, rows).await?;
                for (dedupe, id, body) in found {
                    let id = READER.id(MessageId::from_bytes, id)?;
                    known.insert(Mac(READER.fixed(dedupe)?), (id, Mac(READER.fixed(body)?)));
                }
            }
            tx.commit().await?;
            let stored = |(id, dedupe, body): (MessageId, Mac, Mac)| {
                if fresh.remove(&id) {
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
    pub async fn insert_refusals(&self, rows: Vec<RefusalRow>) -> Result<(), StoreError> {
        let table = Rows::default()
            .bytes("id", rows.iter().map(|row| row.id.bytes()))
            .text("source", rows.iter().map(|row| row.source.as_str()))
            .text("sender", rows.iter().map(|row| row.sender.as_str()))
            .bytes_or("content", rows.iter().map(|row| row.content.as_deref()))
            .bytes("findings", rows.iter().map(|row| row.findings.as_slice()))
            .bytes("key", rows.iter().map(|row| row.key.as_slice()))
            .int("received_at", rows.iter().map(|row| time(row.received_at)));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.insert("refusal", table, "on conflict (id) do nothing").await?;
            tx.commit().await
        })
        .await
    }

    /// A refused item that is still kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refusal(&self, id: MessageId) -> Result<Option<RefusalRow>, StoreError> {
        type Cells = (String, String, Option<Vec<u8>>, Vec<u8>, Vec<u8>, i64);
        let sql = "select source, sender, content, findings, key, received_at from refusal where id = $1";
        let found: Vec<Cells> =
            self.pool.read("refusal", sql, vec![Value::Bytes(id.bytes().to_vec())]).await?;
        let row = |(source, sender, content, findings, key, received_at): Cells| {
            let received_at = Reader("refusal").time(received_at)?;
            Ok(RefusalRow { id, source, sender, content, findings, key, received_at })
        };
        found.into_iter().next().map(row).transpose()
    }

    /// Deletes refused items received before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_refusals(&self, before: Instant) -> Result<u64, StoreError> {
        let sql = "delete from refusal where received_at < $1";
        self.pool.change("refusal", sql, vec![Value::Int(time(before))]).await
    }
}

fn inbox(rows: Vec<InboxRow>) -> Rows {
    let cells = Rows::default()
        .bytes("id", rows.iter().map(|row| row.id.bytes()))
        .bytes("dedupe", rows.iter().map(|row| row.dedupe.0))
        .bytes("body", rows.iter().map(|row| row.body.0))
        .text("source", rows.iter().map(|row| row.source.as_str()))
        .text("sender", rows.iter().map(|row| row.sender.as_str()))
        .int("received_at", rows.iter().map(|row| time(row.received_at)));
    cells.bytes("content", rows.into_iter().map(|row| row.content))
}
