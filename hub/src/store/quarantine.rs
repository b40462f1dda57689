//! Messages that were put aside: those that nobody has seen to, and what is done about them by hand.
//!
//! A message is put back for its decision, or closed, in one transaction with who did it and why; the engine's own answer
//! to a conflict decides who was first. What may be done, and by whom, is asked before. Next: `store::commit`, which
//! stores what a repeated message comes to.

use std::collections::BTreeSet;

use decide::world::Aside;
use schemas::ids::MessageId;

use super::bulk::Rows;
use super::cells::{CellReader, int, json, time};
use super::engine::{Pool, SqlValue, detached};
use super::figures::Queue;
use super::rows::{ActRow, AsideRow, Detail, Remedy};
use super::{Store, StoreError};

const READER: CellReader = CellReader("quarantine");

/// Decisions that put a message aside and that nobody has seen to.
macro_rules! open {
    ($select:literal, $rest:literal) => {
        concat!(
            "select ",
            $select,
            " from decision d join inbox i on i.id = d.message where d.outcome = 'quarantined' and not exists ",
            "(select 1 from decision l where l.message = d.message and l.n > d.n) and not exists ",
            "(select 1 from quarantine a where a.message = d.message and a.n = d.n)",
            $rest
        )
    };
}

/// Of the putting-asides that are given, those that nobody has seen to; each is one's who comes first.
const TAKE: &str = "insert into quarantine (message, n, act) select r.message, r.n, r.act \
     from r join decision d on d.message = r.message and d.n = r.n \
     where d.outcome = 'quarantined' and not exists \
       (select 1 from decision l where l.message = d.message and l.n > d.n) \
     order by r.message on conflict do nothing returning message, n";
const QUEUE: &str = "insert into pending (message, key) select k.message, k.key from r join message_key k \
     on k.message = r.message";
const UNKEY: &str = "delete from message_key where message in (select r.message from r)";
const CLOSE: &str = "insert into decision (message, n, decided_order, known_at, outcome) \
     select d.message, d.n + 1, d.decided_order, r.at, 'closed' from r join decision d \
     on d.message = r.message and d.n = r.n";

pub(super) const COUNT: &str =
    "on conflict (key) do update set reserved = wrapping.reserved + excluded.reserved";

impl Store {
    /// Messages that were put aside and that nobody has seen to, in the order of their ids after one; of one code, or all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantine(
        &self,
        code: Option<Aside>,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<AsideRow>, StoreError> {
        let sql = open!(
            "d.message, d.n, d.detail, d.known_at, i.source, i.sender, i.received_at",
            " and ($1 = '' or d.detail = $1) and d.message > $2 order by d.message limit $3"
        );
        let detail = code.map_or_else(String::new, |code| json(&Detail::Aside(code)));
        let after = after.map_or_else(Vec::new, |id| id.bytes().to_vec());
        let values = vec![SqlValue::Text(detail), SqlValue::Bytes(after), SqlValue::Int(limit.into())];
        let found: Vec<AsideCells> = self.pool.read("decision", sql, values).await?;
        found.into_iter().map(aside).collect()
    }

    /// A message that was put aside and that nobody has seen to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_aside(&self, id: MessageId) -> Result<Option<AsideRow>, StoreError> {
        let sql = open!(
            "d.message, d.n, d.detail, d.known_at, i.source, i.sender, i.received_at",
            " and d.message = $1"
        );
        let found: Vec<AsideCells> =
            self.pool.read("decision", sql, vec![SqlValue::Bytes(id.bytes().to_vec())]).await?;
        found.into_iter().next().map(aside).transpose()
    }

    /// How many messages lie aside under each code, and since when the first of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantine_codes(&self) -> Result<Vec<(Aside, Queue)>, StoreError> {
        let sql = open!(
            "d.detail, count(*), min(i.received_at)",
            " group by d.detail order by count(*) desc, d.detail"
        );
        let found: Vec<(Option<String>, i64, i64)> = self.pool.read("decision", sql, vec![]).await?;
        let code = |(detail, count, oldest): (Option<String>, i64, i64)| {
            let queue = Queue { count: READER.number(count)?, oldest: Some(READER.time(oldest)?) };
            Ok((code(detail)?, queue))
        };
        found.into_iter().map(code).collect()
    }

    /// What was done by hand about a message, in order: the number of the decision, and the act.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn acts(&self, message: MessageId) -> Result<Vec<(u64, ActRow)>, StoreError> {
        type QuarantineCells = (i64, Vec<u8>, String, String, i64, Vec<u8>, Vec<u8>);
        let sql = "select q.n, a.id, a.what, a.actor, a.at, a.reason, a.key \
                   from quarantine q join act a on a.id = q.act where q.message = $1 order by q.n";
        let values = vec![SqlValue::Bytes(message.bytes().to_vec())];
        let found: Vec<QuarantineCells> = self.pool.read("act", sql, values).await?;
        let row = |(n, id, what, actor, at, reason, key): QuarantineCells| {
            let remedy = [Remedy::Repeat, Remedy::Close].into_iter().find(|remedy| remedy.as_str() == what);
            let row = ActRow {
                id: READER.id(MessageId::from_bytes, id)?,
                remedy: READER.some(remedy)?,
                actor,
                at: READER.time(at)?,
                reason,
                key,
            };
            Ok((READER.number(n)?, row))
        };
        found.into_iter().map(row).collect()
    }

    /// What is done about messages that were put aside.
    #[must_use]
    pub fn remedies(&self) -> Remedies {
        Remedies { pool: self.pool.clone() }
    }
}

/// What is done about messages that were put aside, and nothing else: beside a hub that runs, too. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Remedies {
    pool: Pool,
}

impl Remedies {
    /// Opens it beside whoever writes the database.
    ///
    /// # Errors
    /// [`StoreError::Away`] or [`StoreError::Address`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self { pool: Pool::open_unlocked(url).await? })
    }

    /// Does something about messages that were put aside, each named with the number of its decision. Says about which it
    /// was done: not about those that somebody has seen to meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is done then.
    pub async fn act(&self, act: ActRow, about: &[(MessageId, u64)]) -> Result<Vec<MessageId>, StoreError> {
        // In one order for whoever comes, so that two of them never wait for each other in a ring.
        let about: BTreeSet<(MessageId, u64)> = about.iter().copied().collect();
        let asked = Rows::default()
            .bytes("message", about.iter().map(|(id, _)| id.bytes()))
            .int("n", about.iter().map(|(_, n)| int(*n)))
            .bytes("act", about.iter().map(|_| act.id.bytes()));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let taken: Vec<(Vec<u8>, i64)> = tx.read("quarantine", TAKE, asked).await?;
            let messages = || Rows::default().bytes("message", taken.iter().map(|(id, _)| id.as_slice()));
            match act.remedy {
                // Its key moves from the decided messages' back to the queue's.
                Remedy::Repeat => {
                    let queued = tx.run("pending", QUEUE, messages()).await?;
                    let moved = tx.run("message_key", UNKEY, messages()).await?;
                    if (queued, moved) != (taken.len() as u64, taken.len() as u64) {
                        return Err(StoreError::Damaged("message_key"));
                    }
                }
                Remedy::Close => {
                    let rows = messages()
                        .int("n", taken.iter().map(|(_, n)| *n))
                        .int("at", taken.iter().map(|_| time(act.at)));
                    tx.run("decision", CLOSE, rows).await?;
                }
            }
            if !taken.is_empty() {
                // Its key was wrapped outside of the blocks that a running hub reserves.
                let wrapped = Rows::default()
                    .bytes("key", std::iter::once(act.key.get(..4).unwrap_or_default()))
                    .int("reserved", std::iter::once(1));
                tx.insert("wrapping", wrapped, COUNT).await?;
                tx.insert("act", row(&act), "").await?;
            }
            tx.commit().await?;
            taken.into_iter().map(|(id, _)| READER.id(MessageId::from_bytes, id)).collect()
        })
        .await
    }
}

fn row(act: &ActRow) -> Rows {
    let one = || std::iter::once(act);
    Rows::default()
        .bytes("id", one().map(|row| row.id.bytes()))
        .text("what", one().map(|row| row.remedy.as_str()))
        .text("actor", one().map(|row| row.actor.as_str()))
        .int("at", one().map(|row| time(row.at)))
        .bytes("reason", one().map(|row| row.reason.as_slice()))
        .bytes("key", one().map(|row| row.key.as_slice()))
}

type AsideCells = (Vec<u8>, i64, Option<String>, i64, String, String, i64);

fn aside((id, n, detail, at, source, sender, received_at): AsideCells) -> Result<AsideRow, StoreError> {
    Ok(AsideRow {
        id: READER.id(MessageId::from_bytes, id)?,
        n: READER.number(n)?,
        code: code(detail)?,
        at: READER.time(at)?,
        source,
        sender,
        received_at: READER.time(received_at)?,
    })
}

fn code(detail: Option<String>) -> Result<Aside, StoreError> {
    match detail.map(|text| READER.json(&text)).transpose()? {
        Some(Detail::Aside(code)) => Ok(code),
        Some(Detail::Refused(_)) | None => Err(StoreError::Damaged("decision")),
    }
}
