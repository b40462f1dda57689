//! What leaves: records for the relay and the feeds, and tasks.
//!
//! A record is read with the two things that may stop it at send time: its person's key, gone once they were
//! erased, and whether the repertory line of its stream is open and the person unrestricted. `deliver` judges
//! by them. Next: [`super::ledger`], which closes behind them.

use schemas::ids::{DeliveryId, PersonId, Pseudonym, TaskId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::bulk::Rows;
use super::cells::{CellReader, int, time};
use super::engine::{SqlValue, detached};
use super::rows::{GateRow, OutboxRow, Outgoing, SchemaRow, TaskRow};
use super::{Store, StoreError};

const READER: CellReader = CellReader("outbox");

/// Whether a line of who the person is now is open and unrestricted: their own goes on under a restriction.
macro_rules! line {
    () => {
        "cast(case when exists (select 1 from person a join person n on n.id = coalesce(a.redirect, a.id) \
         join repertory p on p.stream = o.stream and p.closed_on is null \
         where a.id = o.person and (n.restricted = 0 or p.capacity = 'participant')) then 1 else 0 end as bigint)"
    };
}

/// A record with its ledger row, its person's key and its gate.
macro_rules! outgoing {
    ($rest:literal) => {
        concat!(
            "select o.position, o.recipient, o.sequence, o.person, o.pseudonym, o.delivery, o.envelope, l.payload_hash, ",
            "o.always, o.schema_id, o.body, k.wrapped, ",
            line!(),
            ", ",
            "case when l.closed_by <> 'expired' then l.closed_at end ",
            "from outbox o join ledger l on l.recipient = o.recipient and l.sequence = o.sequence ",
            "left join key k on k.id = o.person ",
            $rest
        )
    };
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "update task set due_at = r.until from r where task.id in ",
            "(select t.id from task t where t.due_at <= r.now and not exists (select 1 from task e where e.person = t.person ",
            "and e.due_at is not null and e.decided_order < t.decided_order) order by t.due_at, t.id limit (select most from r)",
            $lock,
            ") returning task.id, task.person, task.kind, task.content, task.decided_order, task.due_at, task.attempts, ",
            "(select k.wrapped from key k where k.id = task.person)"
        )
    };
}

type OutgoingCells = (
    i64,
    String,
    i64,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    String,
    Vec<u8>,
    i64,
    i64,
    Vec<u8>,
    Option<Vec<u8>>,
    i64,
    Option<i64>,
);

impl Store {
    /// Records on their way out after a position, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outgoing(&self, after: u64, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        let sql = outgoing!("where o.position > $1 order by o.position limit $2");
        let values = vec![SqlValue::Int(int(after)), SqlValue::Int(limit.into())];
        self.pool.read("outbox", sql, values).await?.into_iter().map(outgoing).collect()
    }

    /// One recipient's records after a sequence, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feed(
        &self,
        recipient: &Recipient,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let sql = outgoing!("where o.recipient = $1 and o.sequence > $2 order by o.sequence limit $3");
        let values = vec![name(recipient), SqlValue::Int(int(after)), SqlValue::Int(limit.into())];
        self.pool.read("outbox", sql, values).await?.into_iter().map(outgoing).collect()
    }

    /// What may stop these records of one recipient at this moment, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn gates(
        &self,
        recipient: &Recipient,
        from: u64,
        until: u64,
    ) -> Result<Vec<GateRow>, StoreError> {
        let sql = concat!(
            "select o.sequence, k.wrapped, ",
            line!(),
            " from outbox o left join key k on k.id = o.person \
             where o.recipient = $1 and o.sequence >= $2 and o.sequence <= $3 order by o.sequence"
        );
        let values = vec![name(recipient), SqlValue::Int(int(from)), SqlValue::Int(int(until))];
        let found: Vec<(i64, Option<Vec<u8>>, i64)> = self.pool.read("outbox", sql, values).await?;
        let gate =
            |(sequence, key, open)| Ok(GateRow { sequence: READER.number(sequence)?, key, open: open != 0 });
        found.into_iter().map(gate).collect()
    }

    /// Every record about a person that is still kept, by recipient and number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_about(&self, person: PersonId) -> Result<Vec<Outgoing>, StoreError> {
        let sql = outgoing!("where o.person = $1 order by o.recipient, o.sequence");
        let values = vec![SqlValue::Bytes(person.bytes().to_vec())];
        self.pool.read("outbox", sql, values).await?.into_iter().map(outgoing).collect()
    }

    /// One record that is still kept, by its number on its topic.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_as(&self, to: &Recipient, sequence: u64) -> Result<Option<Outgoing>, StoreError> {
        let sql = outgoing!("where o.recipient = $1 and o.sequence = $2");
        let values = vec![name(to), SqlValue::Int(int(sequence))];
        self.pool.read("outbox", sql, values).await?.into_iter().map(outgoing).next().transpose()
    }

    /// One record that is still kept, by its CloudEvents id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Outgoing>, StoreError> {
        let sql = outgoing!("where o.delivery = $1");
        let values = vec![SqlValue::Bytes(id.bytes().to_vec())];
        self.pool.read("outbox", sql, values).await?.into_iter().map(outgoing).next().transpose()
    }

    /// What each schema id stands for under which a record was ever decided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_schemas(&self) -> Result<Vec<SchemaRow>, StoreError> {
        let reader = CellReader("sent_schema");
        let sql = "select id, recipient, schema from sent_schema order by id";
        let found: Vec<(i64, String, String)> = self.pool.read("sent_schema", sql, Vec::new()).await?;
        let row = |(id, recipient, text)| {
            Ok(SchemaRow { id: reader.number(id)?, recipient: reader.word(recipient)?, text })
        };
        found.into_iter().map(row).collect()
    }

    /// Claims tasks that are due: they are nobody else's until `until`, and due again then. Each with the wrapped key of
    /// its person, the longest due first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_tasks(
        &self,
        now: Instant,
        until: Instant,
        limit: u32,
    ) -> Result<Vec<(TaskRow, Option<Vec<u8>>)>, StoreError> {
        type Cells = (Vec<u8>, Vec<u8>, String, Vec<u8>, i64, i64, i64, Option<Vec<u8>>);
        let claim = self.pool.either(claim!(" for update skip locked"), claim!(""));
        let rows = Rows::default()
            .int("now", [time(now)].into_iter())
            .int("until", [time(until)].into_iter())
            .int("most", [i64::from(limit)].into_iter());
        let pool = self.pool.clone();
        let found: Vec<Cells> = detached(async move {
            let mut tx = pool.write().await?;
            let found = tx.read("task", claim, rows).await?;
            tx.commit().await?;
            Ok(found)
        })
        .await?;
        let reader = CellReader("task");
        let task = |(id, person, kind, content, order, due_at, attempts, key): Cells| {
            let row = TaskRow {
                id: reader.id(TaskId::from_bytes, id)?,
                person: reader.id(PersonId::from_bytes, person)?,
                kind: reader.word(kind)?,
                content,
                order: reader.number(order)?,
                due_at: reader.time(due_at)?,
                attempts: reader.number(attempts)?,
            };
            Ok((row, key))
        };
        let mut tasks: Vec<(TaskRow, Option<Vec<u8>>)> =
            found.into_iter().map(task).collect::<Result<_, _>>()?;
        tasks.sort_by_key(|(task, _)| (task.order, task.id));
        Ok(tasks)
    }

    /// Every task that was ever decided, done or not, and about whom it is (replay).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tasks(&self) -> Result<Vec<(TaskId, PersonId)>, StoreError> {
        let reader = CellReader("task");
        let sql = "select id, person from task order by id";
        let found: Vec<(Vec<u8>, Vec<u8>)> = self.pool.read("task", sql, Vec::new()).await?;
        let task =
            |(id, person)| Ok((reader.id(TaskId::from_bytes, id)?, reader.id(PersonId::from_bytes, person)?));
        found.into_iter().map(task).collect()
    }

    /// A task was performed: its answer is in the inbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_task(&self, id: TaskId) -> Result<(), StoreError> {
        let sql =
            "update task set due_at = null, attempts = attempts + 1 where id = $1 and due_at is not null";
        self.pool.change("task", sql, vec![SqlValue::Bytes(id.bytes().to_vec())]).await.map(|_| ())
    }

    /// A task failed: tried again at that time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_task(&self, id: TaskId, at: Instant) -> Result<(), StoreError> {
        let sql = "update task set due_at = $2, attempts = attempts + 1 where id = $1 and due_at is not null";
        let values = vec![SqlValue::Bytes(id.bytes().to_vec()), SqlValue::Int(time(at))];
        self.pool.change("task", sql, values).await.map(|_| ())
    }
}

fn name(recipient: &Recipient) -> SqlValue {
    SqlValue::Text(recipient.as_str().to_owned())
}

fn outgoing(cells: OutgoingCells) -> Result<Outgoing, StoreError> {
    let (
        position,
        recipient,
        sequence,
        person,
        pseudonym,
        delivery,
        envelope,
        hash,
        always,
        schema_id,
        body,
        key,
        open,
        closed,
    ) = cells;
    let row = OutboxRow {
        position: READER.number(position)?,
        recipient: READER.word(recipient)?,
        sequence: READER.number(sequence)?,
        person: READER.id(PersonId::from_bytes, person)?,
        pseudonym: READER.id(Pseudonym::from_bytes, pseudonym)?,
        delivery: READER.id(DeliveryId::from_bytes, delivery)?,
        envelope,
        payload_hash: READER.fixed(hash)?,
        always: always != 0,
        schema_id: READER.number(schema_id)?,
        body,
    };
    let closed_at = closed.map(|at| READER.time(at)).transpose()?;
    Ok(Outgoing { row, key, open: open != 0, closed_at })
}
