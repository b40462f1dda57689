//! The door's tables: what came in, what waits for its decision, what was refused.
//!
//! A message is stored once: its dedupe HMAC is unique together with its try, and the engine's own answer to a conflict
//! decides who was first. A message that was decided and refused does not take its id: the next one under it is the
//! next try, with whatever it says; a record that is read from the same place of a topic once more is no other try. Next: [`super::messages`] for how it is read, [`super::commit`] for what a decision adds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemas::ids::MessageId;
use schemas::key::Mac;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{CellReader, time};
use super::engine::{SqlValue, Tx, detached};
use super::rows::{InboxRow, RefusalRow, StoredAttempt};
use super::{Store, StoreError};

const READER: CellReader = CellReader("inbox");

impl Store {
    /// Stores messages; answers in the order given. Doubles inside one call count as doubles.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is stored then.
    pub async fn insert_inbox(&self, mut rows: Vec<InboxRow>) -> Result<Vec<StoredAttempt>, StoreError> {
        let asked: Vec<_> = rows.iter().map(|row| (row.id, row.dedupe, row.body)).collect();
        // In one order for every caller, so that two of them never wait for each other in a ring; stable, so
        // that of two doubles in one call the first is the new one.
        rows.sort_by_key(|row| row.dedupe);
        let mut keys: HashMap<MessageId, Vec<u8>> =
            rows.iter_mut().map(|row| (row.id, std::mem::take(&mut row.key))).collect();
        // Whose id is taken may be the next try: what that needs is kept until it is known.
        let again = rows.clone();
        let table = inbox(rows.into_iter().map(|row| (row, 1)).collect());
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let mut fresh = insert(&mut tx, table).await?;
            let mut known = BTreeMap::new();
            if fresh.len() < asked.len() {
                known = latest(&mut tx, &asked).await?;
                let freed = again.into_iter().filter_map(|row| {
                    let there = known.get(&row.dedupe).filter(|there| there.refused)?;
                    Some((row, there.tried + 1))
                });
                let freed: Vec<_> = freed.collect();
                if !freed.is_empty() {
                    fresh.extend(insert(&mut tx, inbox(freed)).await?);
                    known = latest(&mut tx, &asked).await?;
                }
            }
            let queued = asked.iter().filter(|(id, ..)| fresh.contains(id));
            let queued: Vec<_> = queued.filter_map(|(id, ..)| Some((*id, keys.remove(id)?))).collect();
            let queued = Rows::default()
                .bytes("message", queued.iter().map(|(id, _)| id.bytes()))
                .bytes("key", queued.iter().map(|(_, key)| key.as_slice()));
            tx.insert("pending", queued, "").await?;
            tx.commit().await?;
            let stored = |(id, dedupe, body): (MessageId, Mac, Mac)| {
                if fresh.remove(&id) {
                    return Ok(StoredAttempt::New);
                }
                let there = READER.some(known.get(&dedupe))?;
                Ok(if there.body == body { StoredAttempt::Again(there.id) } else { StoredAttempt::Differs })
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
            .int("received_at", rows.iter().map(|row| time(row.received_at)))
            .bytes_or("dedupe", rows.iter().map(|row| row.dedupe.map(|mac| mac.0)))
            .bytes_or("read_from", rows.iter().map(|row| row.read_from.map(|mac| mac.0)));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            tx.insert("refusal", table, "on conflict do nothing").await?;
            tx.commit().await
        })
        .await
    }

    /// A refused item that is still kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refusal(&self, id: MessageId) -> Result<Option<RefusalRow>, StoreError> {
        let sql = "select id, source, sender, content, findings, key, received_at, dedupe, read_from \
                   from refusal where id = $1";
        let found: Vec<RefusalCells> =
            self.pool.read("refusal", sql, vec![SqlValue::Bytes(id.bytes().to_vec())]).await?;
        found.into_iter().next().map(refusal_row).transpose()
    }

    /// The refused items under one id that are still kept, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refusals_under(&self, dedupe: Mac, limit: u32) -> Result<Vec<RefusalRow>, StoreError> {
        let sql = "select id, source, sender, content, findings, key, received_at, dedupe, read_from \
                   from refusal where dedupe = $1 order by id desc limit $2";
        let values = vec![SqlValue::Bytes(dedupe.0.to_vec()), SqlValue::Int(limit.into())];
        let found: Vec<RefusalCells> = self.pool.read("refusal", sql, values).await?;
        found.into_iter().map(refusal_row).collect()
    }

    /// The message that has an id now: its last try.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn message_under(&self, dedupe: Mac) -> Result<Option<MessageId>, StoreError> {
        let sql = "select id from inbox where dedupe = $1 order by try desc limit 1";
        let found: Vec<(Vec<u8>,)> =
            self.pool.read("inbox", sql, vec![SqlValue::Bytes(dedupe.0.to_vec())]).await?;
        found.into_iter().next().map(|(id,)| READER.id(MessageId::from_bytes, id)).transpose()
    }

    /// Deletes refused items received before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge_refusals(&self, before: Instant) -> Result<u64, StoreError> {
        let sql = "delete from refusal where received_at < $1";
        self.pool.change("refusal", sql, vec![SqlValue::Int(time(before))]).await
    }
}

pub(super) type RefusalCells =
    (Vec<u8>, String, String, Option<Vec<u8>>, Vec<u8>, Vec<u8>, i64, Option<Vec<u8>>, Option<Vec<u8>>);

pub(super) fn refusal_row(cells: RefusalCells) -> Result<RefusalRow, StoreError> {
    let (id, source, sender, content, findings, key, received_at, dedupe, read_from) = cells;
    let reader = CellReader("refusal");
    let mac = |bytes: Option<Vec<u8>>| bytes.map(|bytes| reader.fixed(bytes).map(Mac)).transpose();
    Ok(RefusalRow {
        id: reader.id(MessageId::from_bytes, id)?,
        source,
        sender,
        content,
        findings,
        key,
        received_at: reader.time(received_at)?,
        dedupe: mac(dedupe)?,
        read_from: mac(read_from)?,
    })
}

/// The message that has an id now.
struct There {
    id: MessageId,
    body: Mac,
    tried: i64,
    /// Whether it ended and nothing follows from it: refused, or closed by hand. Then its id is free.
    refused: bool,
}

/// Inserts rows whose id, try and place are free; tells which were.
async fn insert(tx: &mut Tx, table: Rows) -> Result<HashSet<MessageId>, StoreError> {
    let sql = table.insert("inbox", "on conflict do nothing returning id");
    let inserted: Vec<(Vec<u8>,)> = tx.read("inbox", &sql, table).await?;
    inserted.into_iter().map(|(id,)| READER.id(MessageId::from_bytes, id)).collect()
}

/// The last try of each id.
async fn latest(tx: &mut Tx, asked: &[(MessageId, Mac, Mac)]) -> Result<BTreeMap<Mac, There>, StoreError> {
    type Cells = (Vec<u8>, Vec<u8>, Vec<u8>, i64, i64);
    let sql = "select i.dedupe, i.id, i.body, i.try, (select count(*) from decision d \
                 where d.message = i.id and d.outcome in ('refused', 'closed') and not exists \
                   (select 1 from decision l where l.message = d.message and l.n > d.n)) \
               from r cross join inbox i where i.dedupe = r.hash and not exists \
                 (select 1 from inbox l where l.dedupe = i.dedupe and l.try > i.try)";
    let hashes: BTreeSet<Mac> = asked.iter().map(|(_, dedupe, _)| *dedupe).collect();
    let rows = Rows::default().bytes("hash", hashes.iter().map(|dedupe| dedupe.0));
    let found: Vec<Cells> = tx.read("inbox", sql, rows).await?;
    let there = |(dedupe, id, body, tried, refused): Cells| {
        let id = READER.id(MessageId::from_bytes, id)?;
        let body = Mac(READER.fixed(body)?);
        Ok((Mac(READER.fixed(dedupe)?), There { id, body, tried, refused: refused > 0 }))
    };
    found.into_iter().map(there).collect()
}

fn inbox(rows: Vec<(InboxRow, i64)>) -> Rows {
    let cells = Rows::default()
        .bytes("id", rows.iter().map(|(row, _)| row.id.bytes()))
        .bytes("dedupe", rows.iter().map(|(row, _)| row.dedupe.0))
        .int("try", rows.iter().map(|(_, tried)| *tried))
        .bytes("body", rows.iter().map(|(row, _)| row.body.0))
        .text("source", rows.iter().map(|(row, _)| row.source.as_str()))
        .text("sender", rows.iter().map(|(row, _)| row.sender.as_str()))
        .int("received_at", rows.iter().map(|(row, _)| time(row.received_at)))
        .bytes_or("read_from", rows.iter().map(|(row, _)| row.read_from.map(|mac| mac.0)));
    cells.bytes("content", rows.into_iter().map(|(row, _)| row.content))
}
