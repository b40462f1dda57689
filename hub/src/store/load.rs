//! Reading persons and what hangs on them: what a batch needs, a journal, everyone in turn.
//!
//! One statement for each kind of thing, all on one snapshot. What is not found does not exist. Refuses to open
//! anything sealed. Next: [`super::commit`], which stores what the heart made of it.

use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::recipient::Recipient;

use super::bulk::Rows;
use super::cells::{Reader, int};
use super::engine::{Tx, Value, detached};
use super::inbox::{InboxCells, inbox_row};
use super::rows::{JournalEntry, JournalRow, LoadRequest, Loaded, PersonRow};
use super::{Store, StoreError};

type PersonCells = (Vec<u8>, i64, Option<Vec<u8>>, i64, Vec<u8>, Vec<u8>, Vec<u8>);

/// A journal entry with its message's key and the key that wraps that.
macro_rules! journal {
    ($from:literal, $rest:literal) => {
        concat!(
            "select j.person, j.version, j.message, j.decided_order, j.known_at, j.heart, j.bundle, j.events, ",
            "i.key, i.owner, k.wrapped ",
            $from,
            " join inbox i on i.id = j.message left join key k on k.id = i.owner ",
            $rest
        )
    };
}

type JournalCells =
    (Vec<u8>, i64, Vec<u8>, i64, i64, String, String, Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);

impl Store {
    /// Everything a batch needs, in one round of bulk reads on one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(&self, request: &LoadRequest) -> Result<Loaded, StoreError> {
        let (pool, request) = (self.pool.clone(), request.clone());
        detached(async move {
            let mut tx = pool.snapshot().await?;
            let loaded = Loaded {
                keys: keys(&mut tx, &request).await?,
                persons: persons(&mut tx, &request).await?,
                records: records(&mut tx, &request).await?,
                handovers: handovers(&mut tx, &request).await?,
                streams: streams(&mut tx, &request).await?,
                reviews: reviews(&mut tx, &request).await?,
                journals: journals(&mut tx, &request).await?,
                sent: sent(&mut tx, &request).await?,
            };
            tx.commit().await?;
            Ok(loaded)
        })
        .await
    }

    /// One person's own journal, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn journal(&self, person: PersonId) -> Result<Vec<JournalEntry>, StoreError> {
        let values = vec![Value::Bytes(person.bytes().to_vec())];
        let sql = journal!("from journal j", "where j.person = $1 order by j.version");
        self.pool.read("journal", sql, values).await?.into_iter().map(entry).collect()
    }

    /// Every person after an id, in order, absorbed ones among them (replay, checks).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn persons(&self, after: Option<PersonId>, limit: u32) -> Result<Vec<PersonRow>, StoreError> {
        let sql = "select p.id, p.version, p.redirect, p.restricted, p.matching, p.state, k.wrapped \
                   from person p join key k on k.id = p.id where p.id > $1 order by p.id limit $2";
        // Every id comes after the empty one.
        let after = after.map(|id| id.bytes().to_vec()).unwrap_or_default();
        let found =
            self.pool.read("person", sql, vec![Value::Bytes(after), Value::Int(limit.into())]).await?;
        found.into_iter().map(person).collect()
    }
}

async fn keys(
    tx: &mut Tx,
    request: &LoadRequest,
) -> Result<Vec<([u8; 32], MessageId, Option<PersonId>)>, StoreError> {
    type Cells = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);
    let sql = "select m.hash, m.record, c.person from r cross join match_key m join record c on c.id = m.record \
               where m.hash = r.hash";
    let rows = Rows::default().bytes("hash", request.keys.iter().copied());
    let reader = Reader("match_key");
    let found: Vec<Cells> = tx.read("match_key", sql, rows).await?;
    let key = |(hash, record, person): Cells| {
        let record = reader.id(MessageId::from_bytes, record)?;
        Ok((reader.fixed(hash)?, record, reader.id_or(PersonId::from_bytes, person)?))
    };
    found.into_iter().map(key).collect()
}

async fn persons(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<(PersonId, PersonRow)>, StoreError> {
    type Cells = (Vec<u8>, Vec<u8>, i64, Option<Vec<u8>>, i64, Vec<u8>, Vec<u8>, Vec<u8>);
    let sql = "select asked.id, p.id, p.version, p.redirect, p.restricted, p.matching, p.state, k.wrapped \
               from r cross join person asked join person p on p.id = coalesce(asked.redirect, asked.id) \
               join key k on k.id = p.id where asked.id = r.id";
    let rows = Rows::default().bytes("id", request.persons.iter().map(PersonId::bytes));
    let found: Vec<Cells> = tx.read("person", sql, rows).await?;
    let pair = |(asked, id, version, redirect, restricted, matching, state, key): Cells| {
        let asked = Reader("person").id(PersonId::from_bytes, asked)?;
        Ok((asked, person((id, version, redirect, restricted, matching, state, key))?))
    };
    found.into_iter().map(pair).collect()
}

async fn reviews(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<(ReviewId, PersonId)>, StoreError> {
    let sql = "select v.id, v.person from r cross join review v where v.id = r.id and v.answered_at is null";
    let rows = Rows::default().bytes("id", request.reviews.iter().map(ReviewId::bytes));
    whose(tx, Reader("review"), sql, rows, ReviewId::from_bytes).await
}

async fn journals(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<JournalEntry>, StoreError> {
    let sql = journal!("from r cross join journal j", "where j.person = r.id order by j.person, j.version");
    let rows = Rows::default().bytes("id", request.journals.iter().map(PersonId::bytes));
    tx.read("journal", sql, rows).await?.into_iter().map(entry).collect()
}

fn entry(cells: JournalCells) -> Result<JournalEntry, StoreError> {
    let (person, version, message, order, known_at, heart, bundle, events, key, owner, owner_key) = cells;
    let reader = Reader("journal");
    let row = JournalRow {
        person: reader.id(PersonId::from_bytes, person)?,
        version: reader.number(version)?,
        message: reader.id(MessageId::from_bytes, message)?,
        order: reader.number(order)?,
        known_at: reader.time(known_at)?,
        heart,
        bundle,
        events,
    };
    Ok(JournalEntry { row, key, owner: reader.id_or(PersonId::from_bytes, owner)?, owner_key })
}

async fn records(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<super::rows::InboxRow>, StoreError> {
    let sql = "select i.id, i.dedupe, i.body, i.source, i.sender, i.content, i.key, i.received_at \
               from r cross join record c join inbox i on i.id = c.id where c.id = r.id and c.person is null";
    let rows = Rows::default().bytes("id", request.records.iter().map(MessageId::bytes));
    let found: Vec<InboxCells> = tx.read("record", sql, rows).await?;
    found.into_iter().map(inbox_row).collect()
}

async fn handovers(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<(HandoverId, PersonId)>, StoreError> {
    let sql = "select h.id, h.person from r cross join handover h where h.id = r.id";
    let rows = Rows::default().bytes("id", request.handovers.iter().map(HandoverId::bytes));
    whose(tx, Reader("handover"), sql, rows, HandoverId::from_bytes).await
}

async fn streams(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<(StreamId, PersonId)>, StoreError> {
    let sql = "select s.id, s.person from r cross join stream s where s.id = r.id";
    let rows = Rows::default().bytes("id", request.streams.iter().map(StreamId::bytes));
    whose(tx, Reader("stream"), sql, rows, StreamId::from_bytes).await
}

async fn whose<T>(
    tx: &mut Tx,
    reader: Reader,
    sql: &'static str,
    rows: Rows,
    make: fn([u8; 16]) -> T,
) -> Result<Vec<(T, PersonId)>, StoreError> {
    let found: Vec<(Vec<u8>, Vec<u8>)> = tx.read(reader.0, sql, rows).await?;
    let pair = |(id, person)| Ok((reader.id(make, id)?, reader.id(PersonId::from_bytes, person)?));
    found.into_iter().map(pair).collect()
}

async fn sent(tx: &mut Tx, request: &LoadRequest) -> Result<Vec<(Recipient, u64, [u8; 32])>, StoreError> {
    type Cells = (String, i64, Vec<u8>);
    let sql = "select l.recipient, l.sequence, l.payload_hash from r cross join ledger l \
               where l.recipient = r.recipient and l.sequence = r.sequence";
    let rows = Rows::default()
        .text("recipient", request.sent.iter().map(|(recipient, _)| recipient.as_str()))
        .int("sequence", request.sent.iter().map(|(_, sequence)| int(*sequence)));
    let reader = Reader("ledger");
    let found: Vec<Cells> = tx.read("ledger", sql, rows).await?;
    let record = |(recipient, sequence, hash): Cells| {
        Ok((reader.word(recipient)?, reader.number(sequence)?, reader.fixed(hash)?))
    };
    found.into_iter().map(record).collect()
}

fn person(cells: PersonCells) -> Result<PersonRow, StoreError> {
    let (id, version, redirect, restricted, matching, state, key) = cells;
    let reader = Reader("person");
    Ok(PersonRow {
        id: reader.id(PersonId::from_bytes, id)?,
        version: reader.number(version)?,
        redirect: reader.id_or(PersonId::from_bytes, redirect)?,
        restricted: restricted != 0,
        matching,
        state,
        key,
    })
}
