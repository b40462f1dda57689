//! The flow in numbers: what each source sent, what waits at each stage, what each recipient got.
//!
//! Counts and times only, each from an index; nobody is named and nothing is judged: which number deserves
//! attention is the console's to say. Next: `handovers` for the lists behind the numbers.

use std::collections::BTreeMap;

use schemas::envelope::Envelope;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant};

use super::cells::{CellReader, day, time};
use super::engine::SqlValue;
use super::figures::{Flow, HandoverCount, Queue, RecipientRow, SourceRow};
use super::{Store, StoreError};

const INBOX: CellReader = CellReader("inbox");
const LEDGER: CellReader = CellReader("ledger");
const HANDOVER: CellReader = CellReader("handover");

/// How many, and the first of them.
pub(super) fn queue(reader: CellReader, count: i64, oldest: Option<i64>) -> Result<Queue, StoreError> {
    Ok(Queue { count: reader.number(count)?, oldest: oldest.map(|at| reader.time(at)).transpose()? })
}

impl Store {
    /// The whole flow; rates count what came after `hour` and after `day`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn flow(&self, hour: Instant, day: Instant) -> Result<Flow, StoreError> {
        Ok(Flow {
            sources: self.sources(hour, day).await?,
            recipients: self.recipients(hour, day).await?,
            reviews: self.reviews().await?,
            unapproved: self.unapproved().await?,
        })
    }

    async fn sources(&self, hour: Instant, day: Instant) -> Result<Vec<SourceRow>, StoreError> {
        type Arrived = (String, i64, i64, i64, i64);
        let sql = "select source, count(*), cast(sum(case when received_at > $1 then 1 else 0 end) as bigint), \
                     cast(sum(case when received_at > $2 then 1 else 0 end) as bigint), max(received_at) \
                   from inbox group by source";
        let windows = vec![SqlValue::Int(time(hour)), SqlValue::Int(time(day))];
        let arrived: Vec<Arrived> = self.pool.read("inbox", sql, windows).await?;
        type Open = (String, String, i64, i64);
        let sql = "select i.source, 'undecided', count(*), min(i.received_at) \
                     from pending q join inbox i on i.id = q.message group by i.source union all \
                   select i.source, 'waiting', count(*), min(i.received_at) \
                     from record c join inbox i on i.id = c.id where c.person is null group by i.source union all \
                   select i.source, d.outcome, count(*), min(i.received_at) \
                     from decision d join inbox i on i.id = d.message \
                     where d.outcome in ('refused', 'quarantined') and not exists \
                       (select 1 from decision l where l.message = d.message and l.n > d.n) and not exists \
                       (select 1 from quarantine a where a.message = d.message and a.n = d.n) \
                     group by d.outcome, i.source union all \
                   select source, 'turned_away', count(*), min(received_at) from refusal group by source";
        let open: Vec<Open> = self.pool.read("inbox", sql, Vec::new()).await?;
        let mut sources: BTreeMap<String, SourceRow> = BTreeMap::new();
        for (source, accepted, last_hour, last_day, last) in arrived {
            let row = sources.entry(source).or_default();
            row.accepted = INBOX.number(accepted)?;
            row.last_hour = INBOX.number(last_hour)?;
            row.last_day = INBOX.number(last_day)?;
            row.last = Some(INBOX.time(last)?);
        }
        for (source, kind, count, oldest) in open {
            let row = sources.entry(source).or_default();
            let place = match kind.as_str() {
                "undecided" => &mut row.undecided,
                "waiting" => &mut row.waiting,
                "refused" => &mut row.refused,
                "quarantined" => &mut row.quarantined,
                "turned_away" => &mut row.turned_away,
                _ => return Err(StoreError::Damaged("inbox")),
            };
            *place = queue(INBOX, count, Some(oldest))?;
        }
        Ok(sources.into_iter().map(|(source, row)| SourceRow { source, ..row }).collect())
    }

    async fn recipients(&self, hour: Instant, day: Instant) -> Result<Vec<RecipientRow>, StoreError> {
        type Cells = (String, i64, i64);
        let sql = "select recipient, cast(sum(case when closed_at > $1 then 1 else 0 end) as bigint), count(*) \
                   from ledger where closed_at > $2 and closed_by <> 'expired' group by recipient";
        let windows = vec![SqlValue::Int(time(hour)), SqlValue::Int(time(day))];
        let closed: Vec<Cells> = self.pool.read("ledger", sql, windows).await?;
        // The first open number of a recipient is its oldest; when it was decided stands in its envelope.
        let sql = "select o.recipient, o.envelope from \
                     (select recipient, min(sequence) as sequence from ledger where closed_at is null \
                      group by recipient) f \
                   cross join outbox o where o.recipient = f.recipient and o.sequence = f.sequence";
        let open: Vec<(String, String)> = self.pool.read("outbox", sql, Vec::new()).await?;
        let mut rows = Vec::new();
        for (recipient, decided, delivered) in self.ledger_ends().await? {
            let own = closed.iter().find(|(name, ..)| name == recipient.as_str());
            let (last_hour, last_day) = own.map_or((0, 0), |(_, hour, day)| (*hour, *day));
            let oldest = open.iter().find(|(name, _)| name == recipient.as_str());
            let oldest = oldest.map(|(_, envelope)| decided_at(envelope)).transpose()?;
            let (last_hour, last_day) = (LEDGER.number(last_hour)?, LEDGER.number(last_day)?);
            rows.push(RecipientRow { recipient, decided, delivered, last_hour, last_day, oldest });
        }
        Ok(rows)
    }

    /// How many links a human must decide, and since when.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reviews(&self) -> Result<Queue, StoreError> {
        let sql = "select count(*), min(raised_at) from review where answered_at is null";
        let found: Vec<(i64, Option<i64>)> = self.pool.read("review", sql, Vec::new()).await?;
        let (count, oldest) = found.into_iter().next().unwrap_or((0, None));
        queue(CellReader("review"), count, oldest)
    }

    /// How many persons wait for the approval of a first load.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unapproved(&self) -> Result<Queue, StoreError> {
        let sql = "select count(*), min(waits_since) from person where waits_since is not null";
        let found: Vec<(i64, Option<i64>)> = self.pool.read("person", sql, Vec::new()).await?;
        let (count, oldest) = found.into_iter().next().unwrap_or((0, None));
        queue(CellReader("person"), count, oldest)
    }

    /// How many handovers are in each state, and since when the first of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn handover_states(&self) -> Result<Vec<HandoverCount>, StoreError> {
        let sql = "select state, count(*), min(since) from handover group by state order by state";
        let found: Vec<(String, i64, i64)> = self.pool.read("handover", sql, Vec::new()).await?;
        let count = |(state, count, since)| {
            Ok(HandoverCount { state: HANDOVER.word(state)?, queue: queue(HANDOVER, count, Some(since))? })
        };
        found.into_iter().map(count).collect()
    }

    /// How many open handovers each recipient has, and how many of them should have moved before `today`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn handovers_by_recipient(&self, today: Day) -> Result<Vec<(Recipient, u64, u64)>, StoreError> {
        let sql = "select recipient, count(*), cast(sum(case when deadline < $1 then 1 else 0 end) as bigint) \
                   from handover where recipient is not null and deadline is not null \
                   group by recipient order by recipient";
        let values = vec![SqlValue::Text(day(today))];
        let found: Vec<(String, i64, i64)> = self.pool.read("handover", sql, values).await?;
        let row = |(recipient, open, late)| {
            Ok((HANDOVER.word(recipient)?, HANDOVER.number(open)?, HANDOVER.number(late)?))
        };
        found.into_iter().map(row).collect()
    }
}

fn decided_at(envelope: &str) -> Result<Instant, StoreError> {
    let envelope: Option<Envelope> = serde_json::from_str(envelope).ok();
    CellReader("outbox").some(envelope).map(|envelope| envelope.time)
}
