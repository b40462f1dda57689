//! Storing a batch of decisions: one bulk statement for each table, one transaction, one fence.
//!
//! The last statement stores the counters in the lease row, and only where the lease is still the same
//! holding: no row means that another decides now, and nothing of the batch stays. Refuses to decide anything.
//! Next: [`super::lease`].

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use schemas::ids::{MessageId, StreamId};
use schemas::key::Mac;
use schemas::recipient::Recipient;

use super::bulk::Rows;
use super::cells::{day, int, json, outcome, time, word};
use super::engine::{SqlValue, Tx, detached};
use super::lease::LEASE_SECONDS;
use super::rows::{Batch, DecidedRow, DueRow, Lease, LineRow, MovedRow, Outcome, RecordRow, ReleasedRow};
use super::{Store, StoreError};

const REDIRECTED: &str = "update person set redirect = r.survivor from r where person.redirect = r.id";
/// A decision has the next number of its message: a message that was put aside may be decided again.
macro_rules! decision {
    ($columns:literal, $cells:literal) => {
        concat!(
            "insert into decision (message, n, decided_order, known_at, outcome, ",
            $columns,
            ") select r.message, 1 + coalesce((select max(l.n) from decision l where l.message = r.message), 0), ",
            "r.decided_order, r.known_at, r.outcome, ",
            $cells,
            " from r"
        )
    };
}
const DECIDED: &str = "delete from pending where message in (select r.message from r)";
const RELEASED_KEY: &str =
    "update message_key set key = r.key, owner = r.owner from r where message_key.message = r.message";
const RELEASED: &str = "update record set person = r.person from r where record.id = r.id";
const MOVED: &str = "update record set person = r.person, keys = r.keys from r where record.id = r.id";
const UNINDEXED: &str = "delete from match_key where (hash, record) in (select r.hash, r.record from r)";
const LINE_CLOSED: &str = "update repertory set closed_on = r.closed_on from r \
     where repertory.stream = r.stream and repertory.closed_on is null";
const ANSWERED: &str = "update review set answer = r.answer, answered_at = r.answered_at, proposed = r.proposed, \
     proposed_by = r.proposed_by from r where review.id = r.id";
/// The fence, and a renewal with it: who commits need not say so once more.
macro_rules! fenced {
    ($now:literal) => {
        concat!(
            "update lease set counters = r.counters, until = ",
            $now,
            " + r.length from r where lease.name = r.name and lease.fence = r.fence"
        )
    };
}

impl Store {
    /// Stores a batch in one transaction. Its last statement is the fenced update of the lease row.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where the lease is another's; [`StoreError::Data`] where the batch is at fault.
    /// Nothing is stored then.
    pub async fn commit(&self, lease: &Lease, batch: &Batch) -> Result<(), StoreError> {
        let counters = serde_json::to_string(&batch.counters)
            .map_err(|error| super::fault::fault("lease", sqlx::Error::Encode(error.into())))?;
        let fence = Rows::default()
            .text("name", [lease.name].into_iter())
            .int("fence", [lease.fence].into_iter())
            .text("counters", [counters].into_iter())
            .int("length", [i64::from(LEASE_SECONDS) * 1_000_000].into_iter());
        let fenced = self.pool.either(
            fenced!("cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)"),
            fenced!("cast(unixepoch('subsec') * 1000000 as bigint)"),
        );
        let statements = statements(batch);
        let pool = self.pool.clone();
        let stored = detached(async move {
            let mut tx = pool.write().await?;
            for statement in statements {
                statement.run(&mut tx).await?;
            }
            if tx.run("lease", fenced, fence).await? != 1 {
                return Err(StoreError::Fenced);
            }
            tx.commit().await
        })
        .await;
        match stored {
            // Who took over decides the same messages: their rows are in the way of a late batch, whose data are not
            // at fault.
            Err(StoreError::Data { .. }) if !self.holds(lease).await? => Err(StoreError::Fenced),
            stored => stored,
        }
    }

    async fn holds(&self, lease: &Lease) -> Result<bool, StoreError> {
        let values = vec![SqlValue::Text(lease.name.to_owned())];
        let fence: Vec<(i64,)> =
            self.pool.read("lease", "select fence from lease where name = $1", values).await?;
        Ok(fence == [(lease.fence,)])
    }
}

/// What is done with the rows of one table.
struct BulkStatement {
    table: &'static str,
    sql: String,
    rows: Rows,
}

impl BulkStatement {
    fn insert(table: &'static str, rows: Rows, conflict: &str) -> Self {
        Self { table, sql: rows.insert(table, conflict), rows }
    }

    fn over(table: &'static str, rows: Rows, sql: &str) -> Self {
        Self { table, sql: sql.to_owned(), rows }
    }

    async fn run(self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(self.table, &self.sql, self.rows).await.map(|_| ())
    }
}

fn statements(batch: &Batch) -> Vec<BulkStatement> {
    let mut all = people(batch);
    all.extend(messages(batch));
    all.extend(lists(batch));
    all.extend(split(batch));
    all.extend(lines(&batch.lines));
    all.extend(leaving(batch));
    all
}

/// Persons, their keys and their journals.
fn people(batch: &Batch) -> Vec<BulkStatement> {
    let persons = newest(&batch.persons, |row| row.id);
    let new = || persons.iter().filter(|row| row.new).filter_map(|row| Some((row.id, row.key.as_deref()?)));
    let keys = Rows::default()
        .bytes("id", new().map(|(id, _)| id.bytes()))
        .bytes("wrapped", new().map(|(_, key)| key));
    let states = Rows::default()
        .bytes("id", persons.iter().map(|row| row.id.bytes()))
        .int("version", persons.iter().map(|row| int(row.version)))
        .bytes_or("redirect", persons.iter().map(|row| row.redirect.map(|id| id.bytes())))
        .int("restricted", persons.iter().map(|row| row.restricted.into()))
        .int_or("waits_since", persons.iter().map(|row| row.waits_since.map(time)))
        .bytes("matching", persons.iter().map(|row| row.matching.as_slice()))
        .bytes("state", persons.iter().map(|row| row.state.as_slice()));
    let journal = Rows::default()
        .bytes("person", batch.journal.iter().map(|row| row.person.bytes()))
        .int("version", batch.journal.iter().map(|row| int(row.version)))
        .bytes("message", batch.journal.iter().map(|row| row.message.bytes()))
        .int("decided_order", batch.journal.iter().map(|row| int(row.order)))
        .int("known_at", batch.journal.iter().map(|row| time(row.known_at)))
        .int("bundle", batch.journal.iter().map(|row| int(row.bundle)))
        .bytes("events", batch.journal.iter().map(|row| row.events.as_slice()));
    // Whom the absorbed person had absorbed is the survivor's too: a redirect leads to nobody who has one.
    let gone = || persons.iter().filter_map(|row| Some((row.id, row.redirect?)));
    let redirects = Rows::default()
        .bytes("id", gone().map(|(id, _)| id.bytes()))
        .bytes("survivor", gone().map(|(_, survivor)| survivor.bytes()));
    vec![
        BulkStatement::insert("key", keys, ""),
        BulkStatement::insert(
            "person",
            states,
            "on conflict (id) do update set version = excluded.version, redirect = excluded.redirect, \
             restricted = excluded.restricted, matching = excluded.matching, state = excluded.state, \
             waits_since = case when excluded.waits_since is null then null \
               else coalesce(person.waits_since, excluded.waits_since) end",
        ),
        BulkStatement::over("person", redirects, REDIRECTED),
        BulkStatement::insert("journal", journal, ""),
    ]
}

/// What became of messages, and the records they are. A record that waited is released by a later message, which
/// may stand in the same batch: then its row says so from the start.
fn messages(batch: &Batch) -> Vec<BulkStatement> {
    let released: HashMap<MessageId, &ReleasedRow> = batch.released.iter().map(|row| (row.id, row)).collect();
    let own: HashSet<MessageId> = batch.decided.iter().map(|row| row.id).collect();
    let before: Vec<&ReleasedRow> = batch.released.iter().filter(|row| !own.contains(&row.id)).collect();
    let detail = |row: &DecidedRow| row.detail.as_ref().map(json);
    let decided = Rows::default()
        .bytes("message", batch.decided.iter().map(|row| row.id.bytes()))
        .int("decided_order", batch.decided.iter().map(|row| int(row.order)))
        .int("known_at", batch.decided.iter().map(|row| time(row.known_at)))
        .text("outcome", batch.decided.iter().map(|row| outcome(row.outcome)))
        .text_or("detail", batch.decided.iter().map(detail));
    let again = Rows::default()
        .bytes("message", batch.released.iter().map(|row| row.id.bytes()))
        .int("decided_order", batch.released.iter().map(|row| int(row.order)))
        .int("known_at", batch.released.iter().map(|row| time(row.known_at)))
        .text("outcome", batch.released.iter().map(|_| outcome(Outcome::Decided)))
        .bytes("decided_by", batch.released.iter().map(|row| row.decided_by.bytes()));
    let queue = Rows::default().bytes("message", batch.decided.iter().map(|row| row.id.bytes()));
    let key = |row: &DecidedRow| match released.get(&row.id) {
        Some(released) => (Some(released.person), released.key.clone()),
        None => (row.owner, row.key.clone()),
    };
    let (owners, wrapped): (Vec<_>, Vec<_>) = batch.decided.iter().map(key).unzip();
    let keys = Rows::default()
        .bytes("message", batch.decided.iter().map(|row| row.id.bytes()))
        .bytes_or("owner", owners.into_iter().map(|owner| owner.map(|id| id.bytes())))
        .bytes("key", wrapped.into_iter());
    let rewrapped = Rows::default()
        .bytes("message", before.iter().map(|row| row.id.bytes()))
        .bytes("owner", before.iter().map(|row| row.person.bytes()))
        .bytes("key", before.iter().map(|row| row.key.as_slice()));
    vec![
        BulkStatement::over("decision", decided, decision!("detail", "r.detail")),
        BulkStatement::over("decision", again, decision!("decided_by", "r.decided_by")),
        BulkStatement::over("pending", queue, DECIDED),
        BulkStatement::insert("message_key", keys, ""),
        BulkStatement::over("message_key", rewrapped, RELEASED_KEY),
    ]
    .into_iter()
    .chain(records(batch, &released, &before))
    .collect()
}

fn records(
    batch: &Batch,
    released: &HashMap<MessageId, &ReleasedRow>,
    before: &[&ReleasedRow],
) -> [BulkStatement; 3] {
    let person = |row: &RecordRow| released.get(&row.id).map(|row| row.person).or(row.person);
    let owners = Rows::default()
        .bytes("id", batch.records.iter().map(|row| row.id.bytes()))
        .bytes_or("person", batch.records.iter().map(|row| person(row).map(|id| id.bytes())))
        .bytes("keys", batch.records.iter().map(|row| row.keys.cell.as_slice()));
    let moved = Rows::default()
        .bytes("id", before.iter().map(|row| row.id.bytes()))
        .bytes("person", before.iter().map(|row| row.person.bytes()));
    // In the order of the index: neighbours share a page of it.
    let keys = batch.records.iter().flat_map(|row| row.keys.hashes.iter().map(|mac| (mac.0, row.id)));
    let keys: BTreeSet<_> = keys.collect();
    let keys = Rows::default()
        .bytes("hash", keys.iter().map(|(hash, _)| *hash))
        .bytes("record", keys.iter().map(|(_, record)| record.bytes()));
    [
        BulkStatement::insert("record", owners, ""),
        BulkStatement::over("record", moved, RELEASED),
        BulkStatement::insert("match_key", keys, ""),
    ]
}

/// What a split gave to somebody: records with their keys, and open reviews.
fn split(batch: &Batch) -> Vec<BulkStatement> {
    let moved = || batch.moved.iter();
    let owners = Rows::default()
        .bytes("id", moved().map(|row| row.id.bytes()))
        .bytes("person", moved().map(|row| row.person.bytes()))
        .bytes("keys", moved().map(|row| row.keys.cell.as_slice()));
    let pairs = |of: fn(&MovedRow) -> &Vec<Mac>| {
        let pairs: BTreeSet<_> = moved().flat_map(|row| of(row).iter().map(|mac| (mac.0, row.id))).collect();
        Rows::default()
            .bytes("hash", pairs.iter().map(|(hash, _)| *hash))
            .bytes("record", pairs.iter().map(|(_, record)| record.bytes()))
    };
    let rewrapped = Rows::default()
        .bytes("message", moved().map(|row| row.id.bytes()))
        .bytes("owner", moved().map(|row| row.person.bytes()))
        .bytes("key", moved().map(|row| row.key.as_slice()));
    let origins = Rows::default()
        .bytes("person", batch.origins.iter().map(|(person, _)| person.bytes()))
        .bytes("whole", batch.origins.iter().map(|(_, whole)| whole.bytes()));
    let reviews = newest(&batch.reviewed, |(review, _)| *review);
    let reviews = Rows::default()
        .bytes("id", reviews.iter().map(|(review, _)| review.bytes()))
        .bytes("person", reviews.iter().map(|(_, person)| person.bytes()));
    vec![
        BulkStatement::over("record", owners, MOVED),
        BulkStatement::over("match_key", pairs(|row| &row.before), UNINDEXED),
        BulkStatement::insert("match_key", pairs(|row| &row.keys.hashes), ""),
        BulkStatement::over("message_key", rewrapped, RELEASED_KEY),
        BulkStatement::insert("origin", origins, ""),
        BulkStatement::over(
            "review",
            reviews,
            "update review set person = r.person, proposed = null, proposed_by = null from r where review.id = r.id",
        ),
    ]
}

/// Handovers, streams, tasks and reviews.
fn lists(batch: &Batch) -> Vec<BulkStatement> {
    let handovers = newest(&batch.handovers, |row| row.id);
    let handovers = Rows::default()
        .bytes("id", handovers.iter().map(|row| row.id.bytes()))
        .bytes("person", handovers.iter().map(|row| row.person.bytes()))
        .text_or("recipient", handovers.iter().map(|row| row.recipient.as_ref().map(Recipient::as_str)))
        .text("state", handovers.iter().map(|row| word(&row.state)))
        .int("epoch", handovers.iter().map(|row| row.epoch.into()))
        .text("owner", handovers.iter().map(|row| word(&row.owner)))
        .text_or("deadline", handovers.iter().map(|row| row.deadline.map(day)))
        .int("since", handovers.iter().map(|row| time(row.since)));
    let streams = newest(&batch.streams, |row| row.id);
    let streams = Rows::default()
        .bytes("id", streams.iter().map(|row| row.id.bytes()))
        .bytes("person", streams.iter().map(|row| row.person.bytes()))
        .text("recipient", streams.iter().map(|row| row.recipient.as_str()));
    let tasks = Rows::default()
        .bytes("id", batch.tasks.iter().map(|row| row.id.bytes()))
        .bytes("person", batch.tasks.iter().map(|row| row.person.bytes()))
        .text("kind", batch.tasks.iter().map(|row| word(&row.kind)))
        .bytes("content", batch.tasks.iter().map(|row| row.content.as_slice()))
        .int("decided_order", batch.tasks.iter().map(|row| int(row.order)))
        .int("due_at", batch.tasks.iter().map(|row| time(row.due_at)))
        .int("attempts", batch.tasks.iter().map(|row| row.attempts.into()));
    let reviews = Rows::default()
        .bytes("id", batch.reviews.iter().map(|row| row.id.bytes()))
        .bytes("person", batch.reviews.iter().map(|row| row.person.bytes()))
        .text("reason", batch.reviews.iter().map(|row| row.reason.as_str()))
        .int("raised_at", batch.reviews.iter().map(|row| time(row.raised_at)));
    let candidates = || batch.reviews.iter().flat_map(|row| row.candidates.iter().map(|id| (row.id, *id)));
    let candidates = Rows::default()
        .bytes("review", candidates().map(|(review, _)| review.bytes()))
        .bytes("person", candidates().map(|(_, person)| person.bytes()));
    vec![
        BulkStatement::insert(
            "handover",
            handovers,
            "on conflict (id) do update set person = excluded.person, recipient = excluded.recipient, state = excluded.state, \
             epoch = excluded.epoch, owner = excluded.owner, deadline = excluded.deadline, since = excluded.since",
        ),
        BulkStatement::insert("stream", streams, "on conflict (id) do update set person = excluded.person"),
        BulkStatement::insert("task", tasks, ""),
        BulkStatement::insert("review", reviews, ""),
        BulkStatement::insert("candidate", candidates, ""),
    ]
    .into_iter()
    .chain(moments(batch))
    .collect()
}

/// Reviews that were answered, and the next day of each person.
fn moments(batch: &Batch) -> Vec<BulkStatement> {
    let answers = newest(&batch.answers, |row| row.id);
    let answers = Rows::default()
        .bytes("id", answers.iter().map(|row| row.id.bytes()))
        .text_or("answer", answers.iter().map(|row| row.answer))
        .int_or("answered_at", answers.iter().map(|row| row.at.map(time)))
        .bytes_or("proposed", answers.iter().map(|row| row.proposed.as_ref().map(|(same, _)| same.bytes())))
        .text_or("proposed_by", answers.iter().map(|row| row.proposed.as_ref().map(|(_, by)| by.as_str())));
    let due = newest(&batch.due, |row| row.person);
    let (later, never): (Vec<&DueRow>, Vec<&DueRow>) = due.into_iter().partition(|row| row.on.is_some());
    let never = Rows::default().bytes("person", never.iter().map(|row| row.person.bytes()));
    let later = Rows::default()
        .bytes("person", later.iter().map(|row| row.person.bytes()))
        .text("due_on", later.iter().filter_map(|row| row.on.map(day)));
    vec![
        BulkStatement::over("review", answers, ANSWERED),
        BulkStatement::over("due", never, "delete from due where person in (select person from r)"),
        BulkStatement::insert("due", later, "on conflict (person) do update set due_on = excluded.due_on"),
    ]
}

/// Repertory lines. A stream has one open line; a line that the batch itself opened is closed where it is written,
/// others where they stand.
fn lines(lines: &[LineRow]) -> Vec<BulkStatement> {
    let mut opened: Vec<(&LineRow, String, Option<String>)> = Vec::new();
    let mut closed: Vec<&LineRow> = Vec::new();
    let mut open: HashMap<StreamId, usize> = HashMap::new();
    for line in lines {
        let whose = line.stream;
        match (&line.capacity, open.remove(&whose)) {
            (Some(capacity), _) => {
                open.insert(whose, opened.len());
                opened.push((line, word(capacity), None));
            }
            (None, Some(at)) => opened[at].2 = Some(day(line.on)),
            (None, None) => closed.push(line),
        }
    }
    let closed = Rows::default()
        .bytes("stream", closed.iter().map(|line| line.stream.bytes()))
        .text("closed_on", closed.iter().map(|line| day(line.on)));
    let opened = Rows::default()
        .bytes("stream", opened.iter().map(|(line, ..)| line.stream.bytes()))
        .bytes("person", opened.iter().map(|(line, ..)| line.person.bytes()))
        .text("recipient", opened.iter().map(|(line, ..)| line.recipient.as_str()))
        .int("opened_order", opened.iter().map(|(line, ..)| int(line.order)))
        .text("capacity", opened.iter().map(|(_, capacity, _)| capacity.as_str()))
        .text("opened_on", opened.iter().map(|(line, ..)| day(line.on)))
        .text_or("closed_on", opened.iter().map(|(_, _, closed)| closed.as_deref()));
    vec![
        BulkStatement::over("repertory", closed, LINE_CLOSED),
        BulkStatement::insert("repertory", opened, ""),
    ]
}

/// Records on their way out, each with its ledger row, and what their schema ids stand for.
fn leaving(batch: &Batch) -> Vec<BulkStatement> {
    let (leaving, rows) = (&batch.outbox, || batch.outbox.iter().map(|leaving| &leaving.row));
    let outbox = Rows::default()
        .int("position", rows().map(|row| int(row.position)))
        .text("recipient", rows().map(|row| row.recipient.as_str()))
        .int("sequence", rows().map(|row| int(row.sequence)))
        .bytes("person", rows().map(|row| row.person.bytes()))
        .bytes("pseudonym", rows().map(|row| row.pseudonym.bytes()))
        .bytes("stream", leaving.iter().map(|leaving| leaving.stream.bytes()))
        .bytes("delivery", rows().map(|row| row.delivery.bytes()))
        .text("envelope", rows().map(|row| row.envelope.as_str()))
        .int("always", rows().map(|row| row.always.into()))
        .int("schema_id", rows().map(|row| row.schema_id.into()))
        .bytes("body", rows().map(|row| row.body.as_slice()));
    let ledger = Rows::default()
        .text("recipient", rows().map(|row| row.recipient.as_str()))
        .int("sequence", rows().map(|row| int(row.sequence)))
        .bytes("payload_hash", rows().map(|row| row.payload_hash))
        .bytes_or("handover", leaving.iter().map(|leaving| leaving.handover.map(|id| id.bytes())))
        .int("epoch", leaving.iter().map(|leaving| leaving.epoch.into()))
        .int("position", rows().map(|row| int(row.position)));
    let schemas = Rows::default()
        .int("id", batch.schemas.iter().map(|row| row.id.into()))
        .text("recipient", batch.schemas.iter().map(|row| row.recipient.as_str()))
        .text("schema", batch.schemas.iter().map(|row| row.text.as_str()));
    vec![
        BulkStatement::insert("outbox", outbox, ""),
        BulkStatement::insert("ledger", ledger, ""),
        BulkStatement::insert("sent_schema", schemas, "on conflict (id) do nothing"),
    ]
}

/// The last row of each id: one statement cannot change a row twice.
fn newest<T, K: Eq + Hash>(rows: &[T], id: impl Fn(&T) -> K) -> Vec<&T> {
    let mut seen = HashSet::new();
    let mut newest: Vec<&T> = rows.iter().rev().filter(|row| seen.insert(id(row))).collect();
    newest.reverse();
    newest
}
