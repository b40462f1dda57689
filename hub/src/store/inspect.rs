//! Looking things up by hand: what an id names, what became of a message, what was sent about a person, and
//! how the tables are, for `hub explain` and `hub doctor`.
//!
//! Reads only, and goes by an index wherever a table grows for ever. Nothing sealed is opened here.

use schemas::ids::{HandoverId, PersonId, ReviewId, StreamId, TaskId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::cells::CellReader;
use super::engine::SqlValue;
use super::rows::Counters;
use super::{Store, StoreError};

/// What an id of ours can name beside a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    Person(PersonId),
    Handover(HandoverId),
    Stream(StreamId),
    Review(ReviewId),
    Task(TaskId),
}

/// A lease: who holds it, and for how long still; less than nothing where it ran out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaseRow {
    /// Which: `decider` or `relay`.
    pub name: String,
    pub owner: String,
    /// The number of this holding: it rises with every new one.
    pub fence: i64,
    /// Seconds left, by the database's own clock.
    pub left: i64,
}

/// How the tables are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableHealth {
    /// The database, as it names itself.
    pub engine: String,
    /// Whether a story was played here, whose clock stands where it was told to.
    pub story: bool,
    /// When the first message came in.
    pub first_received: Option<Instant>,
    /// What no decision is made before: the time of the last one, unless it was set back since.
    pub last_known_at: Option<Instant>,
    /// The newest bundle that decisions rested on.
    pub bundle: Option<String>,
    /// When the oldest message without a decision came in.
    pub oldest_undecided: Option<Instant>,
    /// For each recipient, the time of the oldest record whose arrival is not proved.
    pub oldest_open: Vec<(Recipient, u64, Instant)>,
    pub leases: Vec<LeaseRow>,
}

impl Store {
    /// Who a person is now: the person, or the survivor who absorbed them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn survivor(&self, person: PersonId) -> Result<PersonId, StoreError> {
        let sql = "select coalesce(redirect, id) from person where id = $1";
        let found: Vec<(Vec<u8>,)> = self.pool.read("person", sql, vec![id(person.bytes())]).await?;
        let first = found.into_iter().next();
        first.map_or(Ok(person), |(id,)| CellReader("person").id(PersonId::from_bytes, id))
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
        let reader = CellReader("person");
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

    /// When something was decided last; none where nothing was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_decided(&self) -> Result<Option<Instant>, StoreError> {
        let found: Vec<(Option<i64>,)> =
            self.pool.read("decision", "select max(known_at) from decision", Vec::new()).await?;
        found.first().and_then(|(at,)| *at).map(|at| CellReader("decision").time(at)).transpose()
    }

    /// When the last message of a source came in; nothing where it never sent any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_received(&self, source: &str) -> Result<Option<Instant>, StoreError> {
        let sql = "select max(received_at) from inbox where source = $1";
        let found: Vec<(Option<i64>,)> =
            self.pool.read("inbox", sql, vec![SqlValue::Text(source.to_owned())]).await?;
        found.first().and_then(|(at,)| *at).map(|at| CellReader("inbox").time(at)).transpose()
    }

    /// Whose lock a hub waits for on PostgreSQL, in words; SQLite names nobody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waits_for(&self) -> Result<Option<String>, StoreError> {
        let sql = self.pool.either(
            "select 'session ' || b.pid || ' (' || coalesce(nullif(b.application_name, ''), 'without a name') || \
               ') holds a lock that the hub waits for since ' || \
               cast(extract(epoch from clock_timestamp() - a.query_start) as bigint) || ' s' \
             from pg_stat_activity a cross join lateral unnest(pg_blocking_pids(a.pid)) p(pid) \
             join pg_stat_activity b on b.pid = p.pid \
             where a.datname = current_database() and a.application_name = 'hub' and b.application_name <> 'hub' \
             order by a.query_start limit 1",
            "select '' where false",
        );
        let found: Vec<(String,)> = self.pool.read("meta", sql, vec![]).await?;
        Ok(found.into_iter().next().map(|(words,)| words))
    }

    /// Who holds which lease.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leases(&self) -> Result<Vec<LeaseRow>, StoreError> {
        let leases = self.pool.either(
            "select name, owner, fence, \
               (until - cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)) / 1000000 \
             from lease order by name",
            "select name, owner, fence, (until - cast(unixepoch('subsec') * 1000000 as bigint)) / 1000000 \
             from lease order by name",
        );
        let leases: Vec<(String, String, i64, i64)> = self.pool.read("lease", leases, vec![]).await?;
        let row = |(name, owner, fence, left)| LeaseRow { name, owner, fence, left };
        Ok(leases.into_iter().map(row).collect())
    }

    /// How the tables are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn health(&self) -> Result<TableHealth, StoreError> {
        let reader = CellReader("meta");
        let engine = self.pool.either("select version()", "select 'SQLite ' || sqlite_version()");
        let engine: Vec<(String,)> = self.pool.read("meta", engine, vec![]).await?;
        let times = "select 'undecided', min(i.received_at) from pending q join inbox i on i.id = q.message union all \
                     select 'first', received_at from inbox where id = (select id from inbox order by id limit 1) union all \
                     select 'story', value from meta where name = 'story'";
        let times: Vec<(String, Option<i64>)> = self.pool.read("inbox", times, vec![]).await?;
        let time = |name: &str| {
            let found = times.iter().find(|(found, _)| found == name).and_then(|(_, at)| *at);
            found.map(|at| reader.time(at)).transpose()
        };
        let counters = "select counters from lease where name = 'decider'";
        let counters: Vec<(String,)> = self.pool.read("lease", counters, vec![]).await?;
        let counters =
            counters.first().map(|(text,)| reader.some(serde_json::from_str::<Counters>(text).ok()));
        let known_at = counters.transpose()?.map_or(0, |counters| counters.known_at);
        let bundle = "select hash from bundle where number = (select max(number) from bundle)";
        let bundle: Vec<(String,)> = self.pool.read("bundle", bundle, vec![]).await?;
        let open = "select o.recipient, o.sequence, o.envelope from outbox o join \
                      (select recipient, min(sequence) as first from ledger where closed_at is null \
                       group by recipient) f on f.recipient = o.recipient and f.first = o.sequence \
                    order by o.recipient";
        let open: Vec<(String, i64, String)> = self.pool.read("ledger", open, vec![]).await?;
        let oldest = |(recipient, sequence, envelope): (String, i64, String)| {
            let envelope: schemas::envelope::Envelope = reader.some(serde_json::from_str(&envelope).ok())?;
            Ok((reader.word(recipient)?, reader.number(sequence)?, envelope.time))
        };
        let through = if self.pool.is_pooled() { "through a pooler, " } else { "" };
        Ok(TableHealth {
            engine: format!("{through}{}", reader.some(engine.into_iter().next())?.0),
            story: time("story")?.is_some(),
            first_received: time("first")?,
            last_known_at: (known_at > 0).then(|| reader.time(known_at)).transpose()?,
            bundle: bundle.into_iter().next().map(|(hash,)| hash),
            oldest_undecided: time("undecided")?,
            oldest_open: open.into_iter().map(oldest).collect::<Result<_, StoreError>>()?,
            leases: self.leases().await?,
        })
    }
}

fn id(bytes: [u8; 16]) -> SqlValue {
    SqlValue::Bytes(bytes.to_vec())
}
