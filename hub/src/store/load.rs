//! What the heart asks for: one text for each kind of [`Ask`], all on one snapshot.
//!
//! What is not among the rows does not exist. Nothing sealed is opened here. Next: [`super::commit`] for what is stored afterwards.

use decide::world::{Ask, NEWEST, Owned, SentRecord};
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::key::Mac;
use schemas::recipient::Recipient;

use super::bulk::Rows;
use super::cells::{CellReader, int};
use super::engine::{Tx, detached};
use super::messages::{self, MessageCells, message_rows};
use super::persons::{JournalCells, PersonCells, entry, person};
use super::rows::{FoundRow, MatchRow};
use super::{Store, StoreError};

/// The asks of each kind.
#[derive(Clone, Debug, Default)]
struct Asked {
    keys: Vec<Mac>,
    names: Vec<Mac>,
    persons: Vec<PersonId>,
    matches: Vec<PersonId>,
    handovers: Vec<HandoverId>,
    streams: Vec<StreamId>,
    reviews: Vec<ReviewId>,
    waiting: Vec<MessageId>,
    journals: Vec<PersonId>,
    found_by: Vec<PersonId>,
    pasts: Vec<PersonId>,
    sent: Vec<(Recipient, u64)>,
}

impl Asked {
    fn of<'a>(asks: impl IntoIterator<Item = &'a Ask>) -> Self {
        let mut asked = Self::default();
        for ask in asks {
            match ask {
                Ask::Key(mac) => asked.keys.push(*mac),
                Ask::Name(mac) => asked.names.push(*mac),
                Ask::Person(id) => asked.persons.push(*id),
                Ask::Match(id) => asked.matches.push(*id),
                Ask::Owner(Owned::Handover(id)) => asked.handovers.push(*id),
                Ask::Owner(Owned::Stream(id)) => asked.streams.push(*id),
                Ask::Owner(Owned::Review(id)) => asked.reviews.push(*id),
                Ask::Waiting(id) => asked.waiting.push(*id),
                Ask::Journal(id) => asked.journals.push(*id),
                Ask::Keys(id) => asked.found_by.push(*id),
                Ask::Past(id) => {
                    asked.pasts.push(*id);
                    asked.journals.push(*id);
                }
                Ask::Sent(recipient, sequence) => asked.sent.push((recipient.clone(), *sequence)),
            }
        }
        asked
    }
}

impl Store {
    /// Every row that answers one of these, in one round of bulk reads on one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load<'a>(
        &self,
        asks: impl IntoIterator<Item = &'a Ask>,
    ) -> Result<Vec<FoundRow>, StoreError> {
        let (pool, asked) = (self.pool.clone(), Asked::of(asks));
        detached(async move {
            let mut tx = pool.snapshot().await?;
            let mut found = keys(&mut tx, &asked.keys).await?;
            found.extend(names(&mut tx, &asked.names).await?);
            found.extend(persons(&mut tx, &asked.persons).await?);
            found.extend(matches(&mut tx, &asked.matches).await?);
            found.extend(handovers(&mut tx, &asked.handovers).await?);
            found.extend(streams(&mut tx, &asked.streams).await?);
            found.extend(reviews(&mut tx, &asked.reviews).await?);
            found.extend(waiting(&mut tx, &asked.waiting).await?);
            found.extend(journals(&mut tx, &asked.journals).await?);
            found.extend(found_by(&mut tx, &asked.found_by).await?);
            found.extend(pasts(&mut tx, &asked.pasts).await?);
            found.extend(sent(&mut tx, &asked.sent).await?);
            tx.commit().await?;
            Ok(found)
        })
        .await
    }
}

type HolderCells = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

async fn keys(tx: &mut Tx, asked: &[Mac]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select m.hash, m.record, c.person from r cross join match_key m join record c on c.id = m.record \
               where m.hash = r.hash";
    let rows = Rows::default().bytes("hash", asked.iter().map(|mac| mac.0));
    holders(tx, sql, rows, FoundRow::Key).await
}

// What the text below says.
const _: () = assert!(NEWEST == 61);

/// Of a name the newest records alone: however many share it, so many are read.
async fn names(tx: &mut Tx, asked: &[Mac]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select m.hash, m.record, c.person from r cross join match_key m join record c on c.id = m.record \
               where m.hash = r.hash and m.record >= coalesce((select o.record from match_key o \
               where o.hash = r.hash order by o.record desc limit 1 offset 60), r.lowest)";
    let rows = Rows::default()
        .bytes("hash", asked.iter().map(|mac| mac.0))
        .bytes("lowest", asked.iter().map(|_| []));
    holders(tx, sql, rows, FoundRow::Name).await
}

async fn holders(
    tx: &mut Tx,
    sql: &'static str,
    rows: Rows,
    row: fn(Mac, MessageId, Option<PersonId>) -> FoundRow,
) -> Result<Vec<FoundRow>, StoreError> {
    let reader = CellReader("match_key");
    let found: Vec<HolderCells> = tx.read("match_key", sql, rows).await?;
    let holder = |(hash, record, person): HolderCells| {
        let record = reader.id(MessageId::from_bytes, record)?;
        Ok(row(Mac(reader.fixed(hash)?), record, reader.id_or(PersonId::from_bytes, person)?))
    };
    found.into_iter().map(holder).collect()
}

async fn persons(tx: &mut Tx, asked: &[PersonId]) -> Result<Vec<FoundRow>, StoreError> {
    type Cells =
        (Vec<u8>, Vec<u8>, i64, Option<Vec<u8>>, i64, Option<i64>, Vec<u8>, Vec<u8>, Option<Vec<u8>>);
    let sql = "select asked.id, p.id, p.version, p.redirect, p.restricted, p.waits_since, p.matching, p.state, \
               k.wrapped \
               from r cross join person asked join person p on p.id = coalesce(asked.redirect, asked.id) \
               left join key k on k.id = p.id where asked.id = r.id";
    let rows = Rows::default().bytes("id", asked.iter().map(PersonId::bytes));
    let found: Vec<Cells> = tx.read("person", sql, rows).await?;
    let pair = |(asked, id, version, redirect, restricted, waits, matching, state, key): Cells| {
        let cells: PersonCells = (id, version, redirect, restricted, waits, matching, state, key);
        Ok(FoundRow::Person(CellReader("person").id(PersonId::from_bytes, asked)?, person(cells)?))
    };
    found.into_iter().map(pair).collect()
}

async fn matches(tx: &mut Tx, asked: &[PersonId]) -> Result<Vec<FoundRow>, StoreError> {
    type Cells = (Vec<u8>, Vec<u8>, i64, Vec<u8>, Option<Vec<u8>>);
    let sql = "select asked.id, p.id, p.version, p.matching, k.wrapped \
               from r cross join person asked join person p on p.id = coalesce(asked.redirect, asked.id) \
               left join key k on k.id = p.id where asked.id = r.id";
    let rows = Rows::default().bytes("id", asked.iter().map(PersonId::bytes));
    let found: Vec<Cells> = tx.read("person", sql, rows).await?;
    let reader = CellReader("person");
    let pair = |(asked, id, version, matching, key): Cells| {
        let (id, version) = (reader.id(PersonId::from_bytes, id)?, reader.number(version)?);
        let row = MatchRow { id, version, matching, key };
        Ok(FoundRow::Match(reader.id(PersonId::from_bytes, asked)?, row))
    };
    found.into_iter().map(pair).collect()
}

async fn handovers(tx: &mut Tx, asked: &[HandoverId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select h.id, h.person from r cross join handover h where h.id = r.id";
    let rows = Rows::default().bytes("id", asked.iter().map(HandoverId::bytes));
    whose(tx, CellReader("handover"), sql, rows, |id| Owned::Handover(HandoverId::from_bytes(id))).await
}

async fn streams(tx: &mut Tx, asked: &[StreamId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select s.id, s.person from r cross join stream s where s.id = r.id";
    let rows = Rows::default().bytes("id", asked.iter().map(StreamId::bytes));
    whose(tx, CellReader("stream"), sql, rows, |id| Owned::Stream(StreamId::from_bytes(id))).await
}

async fn reviews(tx: &mut Tx, asked: &[ReviewId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select v.id, v.person from r cross join review v where v.id = r.id and v.answered_at is null";
    let rows = Rows::default().bytes("id", asked.iter().map(ReviewId::bytes));
    whose(tx, CellReader("review"), sql, rows, |id| Owned::Review(ReviewId::from_bytes(id))).await
}

async fn whose(
    tx: &mut Tx,
    reader: CellReader,
    sql: &'static str,
    rows: Rows,
    make: fn([u8; 16]) -> Owned,
) -> Result<Vec<FoundRow>, StoreError> {
    let found: Vec<(Vec<u8>, Vec<u8>)> = tx.read(reader.0, sql, rows).await?;
    let pair =
        |(id, person)| Ok(FoundRow::Owner(reader.id(make, id)?, reader.id(PersonId::from_bytes, person)?));
    found.into_iter().map(pair).collect()
}

async fn waiting(tx: &mut Tx, asked: &[MessageId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = message_rows!(
        "from r cross join record c join inbox i on i.id = c.id",
        "where c.id = r.id and c.person is null"
    );
    let rows = Rows::default().bytes("id", asked.iter().map(MessageId::bytes));
    let found: Vec<MessageCells> = tx.read("record", sql, rows).await?;
    found.into_iter().map(|cells| Ok(FoundRow::Waiting(messages::message(cells)?))).collect()
}

/// The person's own messages: their journal names them instead of repeating what they said.
async fn journals(tx: &mut Tx, asked: &[PersonId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = message_rows!(
        "from r cross join message_key o join inbox i on i.id = o.message",
        "where o.owner = r.id"
    );
    let rows = Rows::default().bytes("id", asked.iter().map(PersonId::bytes));
    let found: Vec<MessageCells> = tx.read("message_key", sql, rows).await?;
    found.into_iter().map(|cells| Ok(FoundRow::Own(messages::message(cells)?))).collect()
}

/// By which keys the person's own records are found.
async fn found_by(tx: &mut Tx, asked: &[PersonId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select o.owner, c.id, c.keys from r cross join message_key o join record c on c.id = o.message \
               where o.owner = r.id and c.person = r.id";
    let rows = Rows::default().bytes("id", asked.iter().map(PersonId::bytes));
    let reader = CellReader("record");
    let found: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = tx.read("record", sql, rows).await?;
    let keys = |(owner, id, keys): (Vec<u8>, Vec<u8>, Vec<u8>)| {
        let (owner, id) = (reader.id(PersonId::from_bytes, owner)?, reader.id(MessageId::from_bytes, id)?);
        Ok(FoundRow::Keys(owner, id, keys))
    };
    found.into_iter().map(keys).collect()
}

/// What happened to them, oldest first.
async fn pasts(tx: &mut Tx, asked: &[PersonId]) -> Result<Vec<FoundRow>, StoreError> {
    let sql = "select j.person, j.version, j.message, j.decided_order, j.known_at, j.bundle, j.events, \
               b.heart, b.hash, k.wrapped from r cross join journal j join bundle b on b.number = j.bundle \
               left join key k on k.id = j.person where j.person = r.id order by j.person, j.version";
    let rows = Rows::default().bytes("id", asked.iter().map(PersonId::bytes));
    let found: Vec<JournalCells> = tx.read("journal", sql, rows).await?;
    let lived = |cells| entry(cells).map(|stored| FoundRow::Lived(stored.row, stored.key));
    found.into_iter().map(lived).collect()
}

async fn sent(tx: &mut Tx, asked: &[(Recipient, u64)]) -> Result<Vec<FoundRow>, StoreError> {
    type Cells = (String, i64, Vec<u8>, Option<Vec<u8>>, i64);
    let sql = "select l.recipient, l.sequence, l.payload_hash, l.handover, l.epoch from r cross join ledger l \
               where l.recipient = r.recipient and l.sequence = r.sequence";
    let rows = Rows::default()
        .text("recipient", asked.iter().map(|(recipient, _)| recipient.as_str()))
        .int("sequence", asked.iter().map(|(_, sequence)| int(*sequence)));
    let reader = CellReader("ledger");
    let found: Vec<Cells> = tx.read("ledger", sql, rows).await?;
    let record = |(recipient, sequence, hash, handover, epoch): Cells| {
        let sent = SentRecord {
            hash: reader.fixed(hash)?,
            handover: reader.id_or(HandoverId::from_bytes, handover)?,
            epoch: reader.number(epoch)?,
        };
        Ok(FoundRow::Sent(reader.word(recipient)?, reader.number(sequence)?, sent))
    };
    found.into_iter().map(record).collect()
}
