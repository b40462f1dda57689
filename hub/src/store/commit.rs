//! Storing a batch of decisions: one bulk statement for each table, one transaction, one fence.
//!
//! The last statement stores the counters in the lease row, and only where the lease is still the same
//! holding: no row means that another decides now, and nothing of the batch stays. Refuses to decide anything.
//! Next: [`super::lease`].

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use schemas::ids::PersonId;
use schemas::recipient::Recipient;

use super::bulk::Rows;
use super::cells::{day, int, outcome, time, word};
use super::engine::{Tx, Value, detached};
use super::rows::{Batch, DueRow, Lease, LineRow};
use super::{Store, StoreError};

/// Cheaper than to run into the conflict, and safe: one writer, each row once.
const NEW_KEY: &str = "insert into match_key (hash, record) select r.hash, r.record from r where not exists \
     (select 1 from match_key m where m.hash = r.hash and m.record = r.record)";
const DECIDED: &str = "update inbox set decided_order = r.decided_order, known_at = r.known_at, \
     outcome = r.outcome, detail = r.detail, key = r.key, owner = r.owner from r where inbox.id = r.id";
const REDIRECTED: &str = "update person set redirect = r.survivor from r where person.redirect = r.id";
const RELEASED: &str = "update inbox set outcome = 'decided', decided_by = r.decided_by, key = r.key, \
     owner = r.owner from r where inbox.id = r.id";
const LINE_CLOSED: &str = "update repertory set closed_on = r.closed_on from r \
     where repertory.person = r.person and repertory.recipient = r.recipient and repertory.closed_on is null";
const ANSWERED: &str =
    "update review set answer = r.answer, answered_at = r.answered_at from r where review.id = r.id";
const FENCED: &str =
    "update lease set counters = r.counters from r where lease.name = r.name and lease.fence = r.fence";

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
            .text("counters", [counters].into_iter());
        let statements = statements(batch);
        let pool = self.pool.clone();
        let stored = detached(async move {
            let mut tx = pool.write().await?;
            for statement in statements {
                statement.run(&mut tx).await?;
            }
            if tx.run("lease", FENCED, fence).await? != 1 {
                return Err(StoreError::Fenced);
            }
            tx.commit().await
        })
        .await;
        match stored {
            // Who comes after decides the same messages: his rows are in the way of a late batch, whose data
            // are not at fault.
            Err(StoreError::Data { .. }) if !self.holds(lease).await? => Err(StoreError::Fenced),
            stored => stored,
        }
    }

    async fn holds(&self, lease: &Lease) -> Result<bool, StoreError> {
        let values = vec![Value::Text(lease.name.to_owned())];
        let fence: Vec<(i64,)> =
            self.pool.read("lease", "select fence from lease where name = $1", values).await?;
        Ok(fence == [(lease.fence,)])
    }
}

/// What is done with the rows of one table.
struct Statement {
    table: &'static str,
    sql: String,
    rows: Rows,
}

impl Statement {
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

fn statements(batch: &Batch) -> Vec<Statement> {
    let mut all = people(batch);
    all.extend(messages(batch));
    all.extend(lists(batch));
    all.extend(lines(&batch.lines));
    all.extend(leaving(batch));
    all
}

/// Persons, their keys and their journals.
fn people(batch: &Batch) -> Vec<Statement> {
    let persons = newest(&batch.persons, |row| row.id);
    let keys = Rows::default()
        .bytes("id", persons.iter().map(|row| row.id.bytes()))
        .bytes("wrapped", persons.iter().map(|row| row.key.as_slice()));
    let states = Rows::default()
        .bytes("id", persons.iter().map(|row| row.id.bytes()))
        .int("version", persons.iter().map(|row| int(row.version)))
        .bytes_or("redirect", persons.iter().map(|row| row.redirect.map(|id| id.bytes())))
        .int("restricted", persons.iter().map(|row| row.restricted.into()))
        .bytes("matching", persons.iter().map(|row| row.matching.as_slice()))
        .bytes("state", persons.iter().map(|row| row.state.as_slice()));
    let journal = Rows::default()
        .bytes("person", batch.journal.iter().map(|row| row.person.bytes()))
        .int("version", batch.journal.iter().map(|row| int(row.version)))
        .bytes("message", batch.journal.iter().map(|row| row.message.bytes()))
        .int("decided_order", batch.journal.iter().map(|row| int(row.order)))
        .int("known_at", batch.journal.iter().map(|row| time(row.known_at)))
        .text("heart", batch.journal.iter().map(|row| row.heart.as_str()))
        .text("bundle", batch.journal.iter().map(|row| row.bundle.as_str()))
        .bytes("events", batch.journal.iter().map(|row| row.events.as_slice()));
    // Whom he had absorbed himself is the survivor's too: a redirect leads to nobody who has one.
    let gone = || persons.iter().filter_map(|row| Some((row.id, row.redirect?)));
    let redirects = Rows::default()
        .bytes("id", gone().map(|(id, _)| id.bytes()))
        .bytes("survivor", gone().map(|(_, survivor)| survivor.bytes()));
    vec![
        Statement::insert("key", keys, "on conflict (id) do nothing"),
        Statement::insert(
            "person",
            states,
            "on conflict (id) do update set version = excluded.version, redirect = excluded.redirect, \
             restricted = excluded.restricted, matching = excluded.matching, state = excluded.state",
        ),
        Statement::over("person", redirects, REDIRECTED),
        Statement::insert("journal", journal, ""),
    ]
}

/// What became of messages, and the records they are: first decided, then released, for one batch may do
/// both to the same message.
fn messages(batch: &Batch) -> Vec<Statement> {
    let decided = Rows::default()
        .bytes("id", batch.decided.iter().map(|row| row.id.bytes()))
        .int("decided_order", batch.decided.iter().map(|row| int(row.order)))
        .int("known_at", batch.decided.iter().map(|row| time(row.known_at)))
        .text("outcome", batch.decided.iter().map(|row| outcome(row.outcome)))
        .text_or("detail", batch.decided.iter().map(|row| row.detail.as_deref()))
        .bytes("key", batch.decided.iter().map(|row| row.key.as_slice()))
        .bytes_or("owner", batch.decided.iter().map(|row| row.owner.map(|id| id.bytes())));
    let released = Rows::default()
        .bytes("id", batch.released.iter().map(|row| row.id.bytes()))
        .bytes("decided_by", batch.released.iter().map(|row| row.decided_by.bytes()))
        .bytes("key", batch.released.iter().map(|row| row.key.as_slice()))
        .bytes("owner", batch.released.iter().map(|row| row.person.bytes()));
    let released_records: Vec<_> = batch.released.iter().map(|row| (row.id, Some(row.person))).collect();
    let mut records: Vec<_> = batch.records.iter().map(|row| (row.id, row.person)).collect();
    records.extend(released_records);
    let records = newest(&records, |(id, _)| *id);
    let owners = Rows::default()
        .bytes("id", records.iter().map(|(id, _)| id.bytes()))
        .bytes_or("person", records.iter().map(|(_, person)| person.map(|id| id.bytes())));
    // In the order of the index, and each once: neighbours share a page of it.
    let keys = batch.records.iter().flat_map(|row| row.keys.iter().map(move |hash| (hash, row.id)));
    let keys: BTreeSet<_> = keys.collect();
    let keys = Rows::default()
        .bytes("hash", keys.iter().map(|(hash, _)| **hash))
        .bytes("record", keys.iter().map(|(_, record)| record.bytes()));
    vec![
        Statement::insert("record", owners, "on conflict (id) do update set person = excluded.person"),
        Statement::over("match_key", keys, NEW_KEY),
        Statement::over("inbox", decided, DECIDED),
        Statement::over("inbox", released, RELEASED),
    ]
}

/// Handovers, streams, tasks and reviews.
fn lists(batch: &Batch) -> Vec<Statement> {
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
    let streams = Rows::default()
        .bytes("id", batch.streams.iter().map(|row| row.id.bytes()))
        .bytes("person", batch.streams.iter().map(|row| row.person.bytes()))
        .text("recipient", batch.streams.iter().map(|row| row.recipient.as_str()));
    let tasks = Rows::default()
        .bytes("id", batch.tasks.iter().map(|row| row.id.bytes()))
        .bytes("person", batch.tasks.iter().map(|row| row.person.bytes()))
        .text("kind", batch.tasks.iter().map(|row| word(&row.kind)))
        .bytes("content", batch.tasks.iter().map(|row| row.content.as_slice()))
        .int("decided_order", batch.tasks.iter().map(|row| int(row.order)))
        .int("due_at", batch.tasks.iter().map(|row| time(row.due_at)))
        .int("attempts", batch.tasks.iter().map(|row| row.attempts.into()));
    let candidates = |ids: &[PersonId]| ids.iter().map(PersonId::to_string).collect::<Vec<_>>().join(" ");
    let reviews = Rows::default()
        .bytes("id", batch.reviews.iter().map(|row| row.id.bytes()))
        .bytes("person", batch.reviews.iter().map(|row| row.person.bytes()))
        .text("candidates", batch.reviews.iter().map(|row| candidates(&row.candidates)))
        .text("reason", batch.reviews.iter().map(|row| row.reason.as_str()))
        .int("raised_at", batch.reviews.iter().map(|row| time(row.raised_at)));
    vec![
        Statement::insert(
            "handover",
            handovers,
            "on conflict (id) do update set recipient = excluded.recipient, state = excluded.state, \
             epoch = excluded.epoch, owner = excluded.owner, deadline = excluded.deadline, since = excluded.since",
        ),
        Statement::insert("stream", streams, ""),
        Statement::insert("task", tasks, ""),
        Statement::insert("review", reviews, ""),
    ]
    .into_iter()
    .chain(moments(batch))
    .collect()
}

/// Reviews that were answered, and the next day of each person.
fn moments(batch: &Batch) -> Vec<Statement> {
    let answers = Rows::default()
        .bytes("id", batch.answers.iter().map(|row| row.id.bytes()))
        .text("answer", batch.answers.iter().map(|row| row.answer))
        .int("answered_at", batch.answers.iter().map(|row| time(row.at)));
    let due = newest(&batch.due, |row| row.person);
    let (later, never): (Vec<&DueRow>, Vec<&DueRow>) = due.into_iter().partition(|row| row.on.is_some());
    let never = Rows::default().bytes("person", never.iter().map(|row| row.person.bytes()));
    let later = Rows::default()
        .bytes("person", later.iter().map(|row| row.person.bytes()))
        .text("due_on", later.iter().filter_map(|row| row.on.map(day)));
    vec![
        Statement::over("review", answers, ANSWERED),
        Statement::over("due", never, "delete from due where person in (select person from r)"),
        Statement::insert("due", later, "on conflict (person) do update set due_on = excluded.due_on"),
    ]
}

/// Repertory lines. A recipient has one open line for a person, so the first word of a batch about the two
/// closes the line that was open before, and each later word closes the one that the batch itself opened.
fn lines(lines: &[LineRow]) -> Vec<Statement> {
    let mut before: Vec<&LineRow> = Vec::new();
    let mut opened = Vec::new();
    let mut open: HashMap<(PersonId, &Recipient), Option<usize>> = HashMap::new();
    for line in lines {
        let at = line.capacity.map(|capacity| {
            opened.push((line, word(&capacity), None));
            opened.len() - 1
        });
        match open.insert((line.person, &line.recipient), at) {
            None => before.push(line),
            Some(None) => {}
            Some(Some(last)) => opened[last].2 = Some(day(line.on)),
        }
    }
    let closed = Rows::default()
        .bytes("person", before.iter().map(|line| line.person.bytes()))
        .text("recipient", before.iter().map(|line| line.recipient.as_str()))
        .text("closed_on", before.iter().map(|line| day(line.on)));
    let opened = Rows::default()
        .bytes("person", opened.iter().map(|(line, ..)| line.person.bytes()))
        .text("recipient", opened.iter().map(|(line, ..)| line.recipient.as_str()))
        .int("opened_order", opened.iter().map(|(line, ..)| int(line.order)))
        .text("capacity", opened.iter().map(|(_, capacity, _)| capacity.as_str()))
        .text("opened_on", opened.iter().map(|(line, ..)| day(line.on)))
        .text_or("closed_on", opened.iter().map(|(_, _, closed)| closed.as_deref()));
    vec![Statement::over("repertory", closed, LINE_CLOSED), Statement::insert("repertory", opened, "")]
}

/// Records on their way out, each with its ledger row.
fn leaving(batch: &Batch) -> Vec<Statement> {
    let rows = &batch.outbox;
    let outbox = Rows::default()
        .int("position", rows.iter().map(|row| int(row.position)))
        .text("recipient", rows.iter().map(|row| row.recipient.as_str()))
        .int("sequence", rows.iter().map(|row| int(row.sequence)))
        .bytes("person", rows.iter().map(|row| row.person.bytes()))
        .bytes("pseudonym", rows.iter().map(|row| row.pseudonym.bytes()))
        .text("envelope", rows.iter().map(|row| row.envelope.as_str()))
        .int("always", rows.iter().map(|row| row.always.into()))
        .bytes("body", rows.iter().map(|row| row.body.as_slice()));
    let ledger = Rows::default()
        .text("recipient", rows.iter().map(|row| row.recipient.as_str()))
        .int("sequence", rows.iter().map(|row| int(row.sequence)))
        .bytes("payload_hash", rows.iter().map(|row| row.payload_hash))
        .int("position", rows.iter().map(|row| int(row.position)));
    vec![Statement::insert("outbox", outbox, ""), Statement::insert("ledger", ledger, "")]
}

/// The last row of each id: one statement cannot change a row twice.
fn newest<T, K: Eq + Hash>(rows: &[T], id: impl Fn(&T) -> K) -> Vec<&T> {
    let mut seen = HashSet::new();
    let mut newest: Vec<&T> = rows.iter().rev().filter(|row| seen.insert(id(row))).collect();
    newest.reverse();
    newest
}
