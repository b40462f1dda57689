//! The ledger: what was promised to each recipient, and how each row of it was closed.
//!
//! A row is closed by what proves that it arrived: read back from the topic, or a feed's next position; or because nothing
//! can prove it any more. Which it was is kept: only what was read back from a topic can be missed there, and what was not
//! proved is never told as delivered. Outlives the outbox. Next: `deliver::auditor`.

use std::sync::Once;

use schemas::envelope::Hash;
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{CellReader, int, time};
use super::engine::{SqlValue, detached};
use super::rows::LedgerEnd;
use super::{Store, StoreError};

const READER: CellReader = CellReader("ledger");

impl Store {
    /// Closes rows up to a sequence: a feed's next `after` proves them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_ledger(
        &self,
        recipient: &Recipient,
        up_to: u64,
        at: Instant,
    ) -> Result<(), StoreError> {
        let sql = "update ledger set closed_at = $3, closed_by = 'feed' \
                   where recipient = $1 and sequence <= $2 and closed_at is null";
        let values = vec![name(recipient), SqlValue::Int(int(up_to)), SqlValue::Int(time(at))];
        self.pool.change("ledger", sql, values).await.map(|_| ())
    }

    /// What the ledger promised under these numbers: each with its payload hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promised(
        &self,
        recipient: &Recipient,
        from: u64,
        until: u64,
    ) -> Result<Vec<(u64, Hash)>, StoreError> {
        let sql = "select sequence, payload_hash from ledger \
                   where recipient = $1 and sequence >= $2 and sequence <= $3 order by sequence";
        let values = vec![name(recipient), SqlValue::Int(int(from)), SqlValue::Int(int(until))];
        let found: Vec<(i64, Vec<u8>)> = self.pool.read("ledger", sql, values).await?;
        let row = |(sequence, hash)| Ok((READER.number(sequence)?, READER.fixed(hash)?));
        found.into_iter().map(row).collect()
    }

    /// Closes these rows, and of them only those that promised this very hash: they were read back from the topic. What a
    /// feed proved before keeps its time. Says how many had not been read back yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prove(
        &self,
        recipient: &Recipient,
        rows: &[(u64, Hash)],
        at: Instant,
    ) -> Result<u64, StoreError> {
        let each = || rows.iter();
        let rows = Rows::default()
            .int("sequence", each().map(|(sequence, _)| int(*sequence)))
            .bytes("hash", each().map(|(_, hash)| *hash))
            .text("recipient", each().map(|_| recipient.as_str()))
            .int("at", each().map(|_| time(at)));
        let sql = "update ledger set closed_at = coalesce(ledger.closed_at, r.at), closed_by = 'topic' from r \
                   where ledger.recipient = r.recipient and ledger.sequence = r.sequence \
                   and ledger.payload_hash = r.hash and (ledger.closed_by is null or ledger.closed_by <> 'topic')";
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let closed = tx.run("ledger", sql, rows).await?;
            tx.commit().await?;
            Ok(closed)
        })
        .await
    }

    /// Closes open rows before a sequence without a proof: their records left the topic before they were read back, so that
    /// nothing can prove them any more. Says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expire(&self, recipient: &Recipient, before: u64, at: Instant) -> Result<u64, StoreError> {
        let sql = "update ledger set closed_at = $3, closed_by = 'expired' \
                   where recipient = $1 and sequence < $2 and closed_at is null";
        let values = vec![name(recipient), SqlValue::Int(int(before)), SqlValue::Int(time(at))];
        self.pool.change("ledger", sql, values).await
    }

    /// For each recipient how many rows were closed without a proof since then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expired(&self, since: Instant) -> Result<Vec<(Recipient, u64)>, StoreError> {
        let sql = "select recipient, count(*) from ledger where closed_at > $1 and closed_by = 'expired' \
                   group by recipient order by recipient";
        let found: Vec<(String, i64)> =
            self.pool.read("ledger", sql, vec![SqlValue::Int(time(since))]).await?;
        let row = |(recipient, count)| Ok((READER.word(recipient)?, READER.number(count)?));
        found.into_iter().map(row).collect()
    }

    /// The last sequence that one recipient was ever given; 0 where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_issued(&self, recipient: &Recipient) -> Result<u64, StoreError> {
        let sql = "select coalesce(max(sequence), 0) from ledger where recipient = $1";
        let found: Vec<(i64,)> = self.pool.read("ledger", sql, vec![name(recipient)]).await?;
        READER.number(READER.some(found.first())?.0)
    }

    /// How far one recipient's ledger goes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_end(&self, recipient: &Recipient) -> Result<LedgerEnd, StoreError> {
        // On one snapshot: a row that closes meanwhile is in all of it or in none.
        let sql = "select coalesce((select max(sequence) from ledger where recipient = $1), 0), \
                   coalesce((select min(sequence) - 1 from ledger where recipient = $1 and closed_at is null), \
                            (select max(sequence) from ledger where recipient = $1), 0), \
                   coalesce((select sequence from ledger where recipient = $1 and closed_by = 'topic' \
                             order by sequence desc limit 1), 0)";
        let found: Vec<(i64, i64, i64)> = self.pool.read("ledger", sql, vec![name(recipient)]).await?;
        let (last, closed, read_back) = *READER.some(found.first())?;
        Ok(LedgerEnd {
            last: READER.number(last)?,
            closed: READER.number(closed)?,
            read_back: READER.number(read_back)?,
        })
    }

    /// For each recipient: the last sequence in the ledger, and the last one closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_ends(&self) -> Result<Vec<(Recipient, u64, u64)>, StoreError> {
        // From name to name through the index: a recipient's rows are not counted. Rows close from the
        // first on, so the last closed one lies before the first open one.
        let sql = "with recursive names (recipient) as ( \
                     select min(recipient) from ledger union all \
                     select (select min(l.recipient) from ledger l where l.recipient > names.recipient) \
                     from names where names.recipient is not null), \
                   ends (recipient, last, first_open) as ( \
                     select n.recipient, \
                       (select max(l.sequence) from ledger l where l.recipient = n.recipient), \
                       (select min(l.sequence) from ledger l where l.recipient = n.recipient and l.closed_at is null) \
                     from names n where n.recipient is not null) \
                   select recipient, last, coalesce(first_open - 1, last) from ends order by recipient";
        type Cells = (String, i64, i64);
        let found: Vec<Cells> = self.pool.read("ledger", sql, Vec::new()).await?;
        let end = |(recipient, last, closed): Cells| -> Result<_, StoreError> {
            Ok((READER.word(recipient)?, READER.number(last)?, READER.number(closed)?))
        };
        // A row that names nobody is nobody's: it does not stop those of the others.
        let ends = found.into_iter().map(end).filter_map(|end| match end {
            Ok(end) => Some(end),
            Err(error) => {
                DAMAGED.call_once(|| tracing::error!(%error, "a row of the ledger is left out"));
                None
            }
        });
        Ok(ends.collect())
    }
}

/// That a row is left out is told once in a process: the ends are asked for several times a second.
static DAMAGED: Once = Once::new();

fn name(recipient: &Recipient) -> SqlValue {
    SqlValue::Text(recipient.as_str().to_owned())
}
