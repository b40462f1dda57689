//! Reading messages: the queue, what became of each, a person's own, all of them in order.
//!
//! A message comes with its key and with what unwraps it: its owner's key, or the key-encryption key while it has
//! no owner. Nothing sealed is opened here. Next: [`super::inbox`], which inserts them.

use schemas::ids::{MessageId, PersonId};

use super::bulk::Rows;
use super::cells::{CellReader, int};
use super::engine::{SqlValue, detached};
use super::rows::{MessageKeyRow, MessageRow, Outcome, PendingRow, ReceiptRow, StoredDecision};
use super::{Store, StoreError};

const READER: CellReader = CellReader("inbox");

/// The columns of a [`MessageRow`]. The last two joins lead from the message to its decision, the highest of them.
macro_rules! message_rows {
    ($from:literal, $rest:literal) => {
        concat!(
            "select i.id, i.source, i.sender, i.received_at, i.content, coalesce(w.key, q.key), w.owner, k.wrapped, ",
            "d.decided_order, d.known_at, d.outcome, d.detail, d.decided_by ",
            $from,
            " left join pending q on q.message = i.id left join message_key w on w.message = i.id ",
            "left join key k on k.id = w.owner left join decision d on d.message = i.id ",
            "and d.n = (select max(l.n) from decision l where l.message = i.id) ",
            $rest
        )
    };
}
pub(super) use message_rows;

/// A [`MessageRow`] as cells.
pub(super) type MessageCells = (
    Vec<u8>,
    String,
    String,
    i64,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
);

impl Store {
    /// The ids of messages without a decision, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self, limit: u32) -> Result<Vec<MessageId>, StoreError> {
        let sql = "select message from pending order by message limit $1";
        let found: Vec<(Vec<u8>,)> =
            self.pool.read("pending", sql, vec![SqlValue::Int(limit.into())]).await?;
        found.into_iter().map(|(id,)| READER.id(MessageId::from_bytes, id)).collect()
    }

    /// These messages, as far as they still have no decision, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queued(&self, ids: &[MessageId]) -> Result<Vec<PendingRow>, StoreError> {
        type Cells = (Vec<u8>, Vec<u8>, Vec<u8>);
        let sql = "select i.id, i.content, q.key from r cross join pending q \
                   join inbox i on i.id = q.message where q.message = r.id order by q.message";
        let rows = Rows::default().bytes("id", ids.iter().map(MessageId::bytes));
        let pool = self.pool.clone();
        let found: Vec<Cells> = detached(async move {
            let mut tx = pool.snapshot().await?;
            let found = tx.read("pending", sql, rows).await?;
            tx.commit().await?;
            Ok(found)
        })
        .await?;
        let row = |(id, content, key): Cells| {
            Ok(PendingRow { id: READER.id(MessageId::from_bytes, id)?, content, key })
        };
        found.into_iter().map(row).collect()
    }

    /// One message, whatever became of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn message(&self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        let sql = message_rows!("from inbox i", "where i.id = $1");
        let found: Vec<MessageCells> =
            self.pool.read("inbox", sql, vec![SqlValue::Bytes(id.bytes().to_vec())]).await?;
        found.into_iter().next().map(message).transpose()
    }

    /// Everything that was decided about a message, in order: waiting, then decided by the message that brought its
    /// person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decisions(&self, id: MessageId) -> Result<Vec<StoredDecision>, StoreError> {
        let sql = "select decided_order, known_at, outcome, detail, decided_by from decision \
                   where message = $1 order by n";
        let found: Vec<DecisionCells> =
            self.pool.read("decision", sql, vec![SqlValue::Bytes(id.bytes().to_vec())]).await?;
        found.into_iter().map(decision).collect()
    }

    /// The messages that a person owns: what their journal names instead of repeating it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owned(&self, person: PersonId) -> Result<Vec<MessageRow>, StoreError> {
        let sql = message_rows!(
            "from message_key o join inbox i on i.id = o.message",
            "where o.owner = $1 order by i.id"
        );
        let values = vec![SqlValue::Bytes(person.bytes().to_vec())];
        let found: Vec<MessageCells> = self.pool.read("message_key", sql, values).await?;
        found.into_iter().map(message).collect()
    }

    /// These messages, whatever became of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn messages(&self, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        let sql = message_rows!("from r cross join inbox i", "where i.id = r.id");
        let rows = Rows::default().bytes("id", ids.iter().map(MessageId::bytes));
        let pool = self.pool.clone();
        let found: Vec<MessageCells> = detached(async move {
            let mut tx = pool.snapshot().await?;
            let found = tx.read("inbox", sql, rows).await?;
            tx.commit().await?;
            Ok(found)
        })
        .await?;
        found.into_iter().map(message).collect()
    }

    /// The records among a person's own messages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn records_of(&self, person: PersonId) -> Result<Vec<MessageId>, StoreError> {
        let sql = "select c.id from message_key o join record c on c.id = o.message where o.owner = $1 order by c.id";
        let values = vec![SqlValue::Bytes(person.bytes().to_vec())];
        let found: Vec<(Vec<u8>,)> = self.pool.read("record", sql, values).await?;
        found.into_iter().map(|(id,)| READER.id(MessageId::from_bytes, id)).collect()
    }

    /// Messages in the order of their own decisions, after a place in it (replay).
    ///
    /// What a waiting record came to later is not among them: it follows from the message that brought its person. A message
    /// that was put aside and decided again stands at both of its places.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decided(&self, after: u64, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        let sql = "select i.id, i.source, i.sender, i.received_at, i.content, coalesce(w.key, q.key), w.owner, k.wrapped, \
                   d.decided_order, d.known_at, d.outcome, d.detail, d.decided_by \
                   from decision d join inbox i on i.id = d.message \
                   left join message_key w on w.message = d.message left join pending q on q.message = d.message \
                   left join key k on k.id = w.owner \
                   where d.decided_by is null and d.outcome <> 'closed' and d.decided_order > $1 \
                   order by d.decided_order limit $2";
        let values = vec![SqlValue::Int(int(after)), SqlValue::Int(limit.into())];
        let found: Vec<MessageCells> = self.pool.read("decision", sql, values).await?;
        found.into_iter().map(message).collect()
    }

    /// Every record that waited and was released, with the message that brought its person (replay).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn released(&self) -> Result<Vec<(MessageId, MessageId)>, StoreError> {
        let sql = "select message, decided_by from decision where decided_by is not null";
        let found: Vec<(Vec<u8>, Vec<u8>)> = self.pool.read("decision", sql, Vec::new()).await?;
        let pair =
            |(id, by)| Ok((READER.id(MessageId::from_bytes, id)?, READER.id(MessageId::from_bytes, by)?));
        found.into_iter().map(pair).collect()
    }

    /// What is known of a message, accepted or refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt(&self, id: MessageId) -> Result<Option<ReceiptRow>, StoreError> {
        type Cells = (String, String, i64, Option<i64>, Option<String>, Option<String>);
        // One that lies in the queue is to be decided, also where it was decided before.
        let sql = "select i.source, i.sender, i.received_at, d.decided_order, d.outcome, d.detail \
                   from inbox i left join pending p on p.message = i.id \
                   left join decision d on d.message = i.id and p.message is null \
                   where i.id = $1 order by d.n desc limit 1";
        let found: Vec<Cells> =
            self.pool.read("inbox", sql, vec![SqlValue::Bytes(id.bytes().to_vec())]).await?;
        let receipt = |(source, sender, received_at, order, outcome, detail): Cells| {
            Ok(ReceiptRow {
                id,
                source,
                sender,
                received_at: READER.time(received_at)?,
                order: order.map(|order| READER.number(order)).transpose()?,
                outcome: outcome.map(|word| READER.outcome(&word)).transpose()?,
                detail: detail.map(|text| READER.json(&text)).transpose()?,
            })
        };
        found.into_iter().next().map(receipt).transpose()
    }

    /// How these ended, as far as they did. One that lies in the queue has not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outcomes(&self, ids: &[MessageId]) -> Result<Vec<(MessageId, Outcome)>, StoreError> {
        let sql = "select d.message, d.outcome from r cross join decision d where d.message = r.id \
                   and d.n = (select max(l.n) from decision l where l.message = r.id) \
                   and not exists (select 1 from pending p where p.message = r.id)";
        let rows = Rows::default().bytes("id", ids.iter().map(MessageId::bytes));
        let pool = self.pool.clone();
        let found: Vec<(Vec<u8>, String)> = detached(async move {
            let mut tx = pool.snapshot().await?;
            let found = tx.read("decision", sql, rows).await?;
            tx.commit().await?;
            Ok(found)
        })
        .await?;
        let pair = |(id, word): (Vec<u8>, String)| {
            Ok((READER.id(MessageId::from_bytes, id)?, READER.outcome(&word)?))
        };
        found.into_iter().map(pair).collect()
    }
}

/// A message from its cells.
pub(super) fn message(cells: MessageCells) -> Result<MessageRow, StoreError> {
    let (
        id,
        source,
        sender,
        received_at,
        content,
        key,
        owner,
        owner_key,
        order,
        known_at,
        outcome,
        detail,
        by,
    ) = cells;
    let made = match (order, known_at, outcome) {
        (Some(order), Some(known_at), Some(outcome)) => {
            Some(decision((order, known_at, outcome, detail, by))?)
        }
        _ => None,
    };
    Ok(MessageRow {
        id: READER.id(MessageId::from_bytes, id)?,
        source,
        sender,
        received_at: READER.time(received_at)?,
        content,
        // A message is in the queue or it was decided: it has a key in one of the two.
        key: MessageKeyRow {
            key: READER.some(key)?,
            owner: READER.id_or(PersonId::from_bytes, owner)?,
            owner_key,
        },
        decision: made,
    })
}

type DecisionCells = (i64, i64, String, Option<String>, Option<Vec<u8>>);

fn decision((order, known_at, outcome, detail, by): DecisionCells) -> Result<StoredDecision, StoreError> {
    Ok(StoredDecision {
        order: READER.number(order)?,
        known_at: READER.time(known_at)?,
        outcome: READER.outcome(&outcome)?,
        detail: detail.map(|text| READER.json(&text)).transpose()?,
        decided_by: READER.id_or(MessageId::from_bytes, by)?,
    })
}
