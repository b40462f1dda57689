//! Looking things up by hand: what an id names, what became of a message, what was sent about a person, and
//! how the tables are, for `hub explain` and `hub doctor`.
//!
//! Reads only, and goes by an index wherever a table grows for ever. Refuses to open anything sealed.

use std::collections::BTreeSet;

use schemas::ids::{DeliveryId, HandoverId, MessageId, PersonId, ReviewId, StreamId, TaskId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{Reader, int};
use super::engine::{Value, detached};
use super::inbox::inbox_row;
use super::rows::{InboxRow, Outcome};
use super::{Store, StoreError};

/// What an id of ours can name beside a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// A person.
    Person(PersonId),
    /// A handover.
    Handover(HandoverId),
    /// A stream.
    Stream(StreamId),
    /// A review.
    Review(ReviewId),
    /// A task.
    Task(TaskId),
}

/// A message with everything that became of it.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// As it came in.
    pub row: InboxRow,
    /// Its place in the order of decisions.
    pub order: Option<u64>,
    /// When it was decided.
    pub known_at: Option<Instant>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The refusal or the quarantine code as JSON.
    pub detail: Option<String>,
    /// The person whose key wraps its key, once linked.
    pub owner: Option<PersonId>,
    /// The message that brought it to its person, where it waited.
    pub decided_by: Option<MessageId>,
}

/// A record as it was promised to its recipient.
#[derive(Clone, Debug)]
pub struct SentRow {
    /// For whom.
    pub recipient: Recipient,
    /// Its number on the topic.
    pub sequence: u64,
    /// About whom.
    pub person: PersonId,
    /// Its envelope as JSON.
    pub envelope: String,
    /// Its body, sealed under the person's key.
    pub body: Vec<u8>,
    /// When its arrival was proved.
    pub closed_at: Option<Instant>,
}

/// A lease: who holds it, and for how long still; less than nothing where it ran out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaseRow {
    /// Which: `decider` or `relay`.
    pub name: String,
    /// Who.
    pub owner: String,
    /// Seconds left, by the database's own clock.
    pub left: i64,
}

/// How the tables are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// The database, as it names itself.
    pub engine: String,
    /// When the last decision was made.
    pub last_known_at: Option<Instant>,
    /// The bundle it rested on.
    pub bundle: Option<String>,
    /// When the oldest message without a decision came in.
    pub oldest_undecided: Option<Instant>,
    /// For each recipient, the time of the oldest record whose arrival is not proved.
    pub oldest_open: Vec<(Recipient, u64, Instant)>,
    /// The leases.
    pub leases: Vec<LeaseRow>,
}

/// Columns of a [`SentRow`], before the rest of a statement.
macro_rules! sent {
    ($rest:literal) => {
        concat!(
            "select o.recipient, o.sequence, o.person, o.envelope, o.body, l.closed_at from outbox o ",
            "join ledger l on l.recipient = o.recipient and l.sequence = o.sequence ",
            $rest
        )
    };
}

type SentCells = (String, i64, Vec<u8>, String, Vec<u8>, Option<i64>);

impl Store {
    /// Who a person is now: himself, or who absorbed him.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn survivor(&self, person: PersonId) -> Result<PersonId, StoreError> {
        let sql = "select coalesce(redirect, id) from person where id = $1";
        let found: Vec<(Vec<u8>,)> = self.pool.read("person", sql, vec![id(person.bytes())]).await?;
        let first = found.into_iter().next();
        first.map_or(Ok(person), |(id,)| Reader("person").id(PersonId::from_bytes, id))
    }

    /// The wrapped keys of these persons; an erased one has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_keys(&self, persons: &[PersonId]) -> Result<Vec<(PersonId, Vec<u8>)>, StoreError> {
        let persons: BTreeSet<PersonId> = persons.iter().copied().collect();
        let rows = Rows::default().bytes("id", persons.iter().map(PersonId::bytes));
        let pool = self.pool.clone();
        let found: Vec<(Vec<u8>, Vec<u8>)> = detached(async move {
            let mut tx = pool.snapshot().await?;
            let found =
                tx.read("key", "select k.id, k.wrapped from r cross join key k where k.id = r.id", rows);
            let found = found.await?;
            tx.commit().await?;
            Ok(found)
        })
        .await?;
        let key = |(id, key)| Ok((Reader("key").id(PersonId::from_bytes, id)?, key));
        found.into_iter().map(key).collect()
    }

    /// What an id names, and about whom that is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn named(&self, bytes: [u8; 16]) -> Result<Option<(Named, PersonId)>, StoreError> {
        let sql = "select 'person', id from person where id = $1 union all \
                   select 'handover', person from handover where id = $1 union all \
                   select 'stream', person from stream where id = $1 union all \
                   select 'review', person from review where id = $1 union all \
                   select 'task', person from task where id = $1";
        let reader = Reader("person");
        let found: Vec<(String, Vec<u8>)> = self.pool.read("person", sql, vec![id(bytes)]).await?;
        let Some((kind, person)) = found.into_iter().next() else { return Ok(None) };
        let named = match kind.as_str() {
            "person" => Named::Person(PersonId::from_bytes(bytes)),
            "handover" => Named::Handover(HandoverId::from_bytes(bytes)),
            "stream" => Named::Stream(StreamId::from_bytes(bytes)),
            "review" => Named::Review(ReviewId::from_bytes(bytes)),
            _ => Named::Task(TaskId::from_bytes(bytes)),
        };
        Ok(Some((named, reader.id(PersonId::from_bytes, person)?)))
    }

    /// A message of the inbox, whatever became of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn message(&self, message: MessageId) -> Result<Option<MessageRow>, StoreError> {
        type Ended =
            (Option<i64>, Option<i64>, Option<String>, Option<String>, Option<Vec<u8>>, Option<Vec<u8>>);
        let reader = Reader("inbox");
        let key = || vec![id(message.bytes())];
        let sql =
            "select id, dedupe, body, source, sender, content, key, received_at from inbox where id = $1";
        let row = self.pool.read("inbox", sql, key()).await?.into_iter().next().map(inbox_row).transpose()?;
        let sql =
            "select decided_order, known_at, outcome, detail, owner, decided_by from inbox where id = $1";
        let ended: Vec<Ended> = self.pool.read("inbox", sql, key()).await?;
        let Some((row, (order, known_at, outcome, detail, owner, by))) = row.zip(ended.into_iter().next())
        else {
            return Ok(None);
        };
        Ok(Some(MessageRow {
            row,
            order: order.map(|order| reader.number(order)).transpose()?,
            known_at: known_at.map(|at| reader.time(at)).transpose()?,
            outcome: outcome.map(|word| reader.outcome(&word)).transpose()?,
            detail,
            owner: reader.id_or(PersonId::from_bytes, owner)?,
            decided_by: reader.id_or(MessageId::from_bytes, by)?,
        }))
    }

    /// Every record about a person that is still kept, by recipient and number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_about(&self, person: PersonId) -> Result<Vec<SentRow>, StoreError> {
        let sql = sent!("where o.person = $1 order by o.recipient, o.sequence");
        self.sent(sql, vec![id(person.bytes())]).await
    }

    /// One record, by its number on its topic.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_as(&self, to: &Recipient, sequence: u64) -> Result<Option<SentRow>, StoreError> {
        let sql = sent!("where o.recipient = $1 and o.sequence = $2");
        let values = vec![Value::Text(to.as_str().to_owned()), Value::Int(int(sequence))];
        Ok(self.sent(sql, values).await?.into_iter().next())
    }

    /// One record that is still kept, by its CloudEvents id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery(&self, delivery: DeliveryId) -> Result<Option<SentRow>, StoreError> {
        // The envelope is JSON of ours: ids in it stand in quotes, so no part of another one fits.
        let sql = sent!("where o.envelope like $1");
        let id = serde_json::to_string(&delivery).unwrap_or_default();
        Ok(self.sent(sql, vec![Value::Text(format!("%{id}%"))]).await?.into_iter().next())
    }

    async fn sent(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<SentRow>, StoreError> {
        let reader = Reader("outbox");
        let found: Vec<SentCells> = self.pool.read("outbox", sql, values).await?;
        let row = |(recipient, sequence, person, envelope, body, closed_at): SentCells| {
            Ok(SentRow {
                recipient: reader.word(recipient)?,
                sequence: reader.number(sequence)?,
                person: reader.id(PersonId::from_bytes, person)?,
                envelope,
                body,
                closed_at: closed_at.map(|at| reader.time(at)).transpose()?,
            })
        };
        found.into_iter().map(row).collect()
    }

    /// When the last message of a source came in, of those received since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_received(&self, source: &str, since: Instant) -> Result<Option<Instant>, StoreError> {
        // Ids of messages begin with the millisecond of their making, so the primary key bounds the search.
        let millis = u64::try_from(since.timestamp_millis()).unwrap_or(0);
        let mut bound = [0; 16];
        bound[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        let sql = "select received_at from inbox where id >= $1 and source = $2 order by id desc limit 1";
        let values = vec![id(bound), Value::Text(source.to_owned())];
        let found: Vec<(i64,)> = self.pool.read("inbox", sql, values).await?;
        found.first().map(|(at,)| Reader("inbox").time(*at)).transpose()
    }

    /// How the tables are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn health(&self) -> Result<Health, StoreError> {
        let reader = Reader("meta");
        let engine = self.pool.either("select version()", "select 'SQLite ' || sqlite_version()");
        let engine: Vec<(String,)> = self.pool.read("meta", engine, vec![]).await?;
        let times = "select 'known', max(known_at) from inbox where decided_order = \
                       (select max(decided_order) from inbox) union all \
                     select 'undecided', min(received_at) from inbox where decided_order is null";
        let times: Vec<(String, Option<i64>)> = self.pool.read("inbox", times, vec![]).await?;
        let time = |name: &str| {
            let found = times.iter().find(|(found, _)| found == name).and_then(|(_, at)| *at);
            found.map(|at| reader.time(at)).transpose()
        };
        // From the newest decision back to the first that left something in a journal.
        let bundle = "select j.bundle from inbox i join journal j on j.person = i.owner \
                      and j.decided_order = i.decided_order where i.decided_order is not null \
                      order by i.decided_order desc limit 1";
        let bundle: Vec<(String,)> = self.pool.read("journal", bundle, vec![]).await?;
        let open = "select o.recipient, o.sequence, o.envelope from outbox o join \
                      (select recipient, min(sequence) as first from ledger where closed_at is null \
                       group by recipient) f on f.recipient = o.recipient and f.first = o.sequence \
                    order by o.recipient";
        let open: Vec<(String, i64, String)> = self.pool.read("ledger", open, vec![]).await?;
        let oldest = |(recipient, sequence, envelope): (String, i64, String)| {
            let envelope: schemas::envelope::Envelope = reader.some(serde_json::from_str(&envelope).ok())?;
            Ok((reader.word(recipient)?, reader.number(sequence)?, envelope.time))
        };
        let leases = self.pool.either(
            "select name, owner, (until - cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)) / 1000000 \
             from lease order by name",
            "select name, owner, (until - cast(unixepoch('subsec') * 1000000 as bigint)) / 1000000 \
             from lease order by name",
        );
        let leases: Vec<(String, String, i64)> = self.pool.read("lease", leases, vec![]).await?;
        Ok(Health {
            engine: reader.some(engine.into_iter().next())?.0,
            last_known_at: time("known")?,
            bundle: bundle.into_iter().next().map(|(hash,)| hash),
            oldest_undecided: time("undecided")?,
            oldest_open: open.into_iter().map(oldest).collect::<Result<_, StoreError>>()?,
            leases: leases.into_iter().map(|(name, owner, left)| LeaseRow { name, owner, left }).collect(),
        })
    }
}

fn id(bytes: [u8; 16]) -> Value {
    Value::Bytes(bytes.to_vec())
}
