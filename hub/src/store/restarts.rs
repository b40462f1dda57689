//! Orders to go on with a topic after a number: given by hand, kept until the recipient's lane has begun there.
//!
//! An order and what it means for the ledger are one transaction: rows behind the number are open again, because they are not in
//! the topic; rows up to it are closed by the word of whoever ordered it. Who may order it is asked before. Next:
//! `deliver::takeover`, which takes it.

use schemas::recipient::Recipient;

use super::bulk::Rows;
use super::cells::{CellReader, int, time};
use super::engine::{Pool, SqlValue, detached};
use super::quarantine::COUNT;
use super::rows::RestartRow;
use super::{Store, StoreError};

const READER: CellReader = CellReader("restart");
const REOPEN: &str = "update ledger set closed_at = null, closed_by = null from r \
     where ledger.recipient = r.recipient and ledger.sequence > r.base and ledger.closed_at is not null";
const CLOSE: &str = "update ledger set closed_at = r.at, closed_by = 'word' from r \
     where ledger.recipient = r.recipient and ledger.sequence <= r.base and ledger.closed_at is null";

impl Store {
    /// The number after which a recipient's topic is ordered to go on, where it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn restart(&self, recipient: &Recipient) -> Result<Option<u64>, StoreError> {
        let values = vec![SqlValue::Text(recipient.as_str().to_owned())];
        let found: Vec<(i64,)> =
            self.pool.read("restart", "select base from restart where recipient = $1", values).await?;
        found.first().map(|(base,)| READER.number(*base)).transpose()
    }

    /// A recipient's topic goes on after this number, as was ordered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn restarted(&self, recipient: &Recipient, base: u64) -> Result<(), StoreError> {
        let values = vec![SqlValue::Text(recipient.as_str().to_owned()), SqlValue::Int(int(base))];
        let sql = "delete from restart where recipient = $1 and base = $2";
        self.pool.change("restart", sql, values).await.map(|_| ())
    }

    /// Where orders are given.
    #[must_use]
    pub fn restarts(&self) -> Restarts {
        Restarts { pool: self.pool.clone() }
    }
}

/// Gives orders to go on with a topic, and does nothing else: beside a hub that runs, too. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Restarts {
    pool: Pool,
}

impl Restarts {
    /// Opens it beside whoever writes the database.
    ///
    /// # Errors
    /// [`StoreError::Away`] or [`StoreError::Address`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self { pool: Pool::open_unlocked(url).await? })
    }

    /// Gives an order; a later one about the same topic replaces it.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is ordered then.
    pub async fn order(&self, order: RestartRow) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        detached(async move {
            let one = || std::iter::once(&order);
            let topic = || {
                Rows::default()
                    .text("recipient", one().map(|row| row.recipient.as_str()))
                    .int("base", one().map(|row| int(row.base)))
            };
            let mut tx = pool.write().await?;
            tx.run("ledger", REOPEN, topic()).await?;
            tx.run("ledger", CLOSE, topic().int("at", one().map(|row| time(row.at)))).await?;
            let restart = topic().bytes("act", one().map(|row| row.id.bytes()));
            let then = "on conflict (recipient) do update set base = excluded.base, act = excluded.act";
            tx.insert("restart", restart, then).await?;
            // Its key was wrapped outside of the blocks that a running hub reserves.
            let wrapped = Rows::default()
                .bytes("key", one().map(|row| row.key.get(..4).unwrap_or_default()))
                .int("reserved", std::iter::once(1));
            tx.insert("wrapping", wrapped, COUNT).await?;
            let act = Rows::default()
                .bytes("id", one().map(|row| row.id.bytes()))
                .text("what", std::iter::once("restart"))
                .text("actor", one().map(|row| row.actor.as_str()))
                .int("at", one().map(|row| time(row.at)))
                .bytes("reason", one().map(|row| row.reason.as_slice()))
                .bytes("key", one().map(|row| row.key.as_slice()));
            tx.insert("act", act, "").await?;
            tx.commit().await
        })
        .await
    }
}
