//! Open reviews, for who answers them. An answer is a message, decided like any other.

use std::collections::BTreeMap;

use schemas::actor::ActorName;
use schemas::ids::{MessageId, PersonId, ReviewId};
use schemas::time::Instant;

use super::cells::CellReader;
use super::engine::SqlValue;
use super::figures::Queue;
use super::overview::queue;
use super::rows::{AskedAbout, ReviewRow, WaitingRow, WaitsOn};
use super::{Store, StoreError};

const READER: CellReader = CellReader("review");

/// One row for each candidate of a review; one without where it names nobody.
type ReviewCells =
    (Vec<u8>, Vec<u8>, String, i64, Option<String>, Option<Vec<u8>>, Option<String>, i64, Option<Vec<u8>>);

/// Reviews that are open, with what waits for each: a number that is contested, a handover that is held, somebody
/// registered of whom nobody is in charge, an account that is shown nothing, nothing.
macro_rules! open_reviews {
    ($which:literal) => {
        concat!(
            "select v.id, v.person, v.reason, v.raised_at, v.answer, v.proposed, v.proposed_by, v.waits, c.person from \
               (select w.id, w.person, w.reason, w.raised_at, w.answer, w.proposed, w.proposed_by, cast(case \
                  when w.reason in ('key_contradicts', 'several_persons', 'number_differs') then 0 \
                  when exists (select 1 from handover h where h.state = 'held' and (h.person = w.person \
                    or h.person in (select o.person from candidate o where o.review = w.id))) then 1 \
                  when w.reason = 'registered_alone' then 2 when w.reason = 'claim_contradicts' then 3 \
                  else 4 end as bigint) as waits \
                from review w where w.answered_at is null ",
            $which,
            ") v left join candidate c on c.review = v.id \
             order by v.answer is not null, v.waits, v.raised_at, v.id, c.person"
        )
    };
}

impl Store {
    /// Open reviews: what somebody waits for first, those that somebody looked at in vain last; of equals the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_reviews(&self, limit: u32) -> Result<Vec<ReviewRow>, StoreError> {
        let found: Vec<ReviewCells> = self.pool.read("review", open_reviews!(""), vec![]).await?;
        let mut all = reviews(found)?;
        all.truncate(limit.try_into().unwrap_or(usize::MAX));
        Ok(all)
    }

    /// One review that is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_review(&self, id: ReviewId) -> Result<Option<ReviewRow>, StoreError> {
        let values = vec![SqlValue::Bytes(id.bytes().to_vec())];
        let found: Vec<ReviewCells> =
            self.pool.read("review", open_reviews!("and w.id = $1"), values).await?;
        Ok(reviews(found)?.pop())
    }
}

impl Store {
    /// Whom each review was about, answered ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asked(&self) -> Result<BTreeMap<ReviewId, AskedAbout>, StoreError> {
        type Cells = (Vec<u8>, Vec<u8>, Option<String>, Option<Vec<u8>>);
        let sql = "select v.id, v.person, v.answer, c.person from review v left join candidate c on c.review = v.id";
        let found: Vec<Cells> = self.pool.read("review", sql, vec![]).await?;
        let mut asked: BTreeMap<ReviewId, AskedAbout> = BTreeMap::new();
        for (id, person, answer, candidate) in found {
            let (person, same) =
                (READER.id(PersonId::from_bytes, person)?, answer.as_deref() == Some("same"));
            let about = asked.entry(READER.id(ReviewId::from_bytes, id)?);
            let about = about.or_insert_with(|| AskedAbout { person, candidates: vec![], same });
            about.candidates.extend(READER.id_or(PersonId::from_bytes, candidate)?);
        }
        Ok(asked)
    }

    /// Records that wait for their person to be known, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_records(&self, limit: u32) -> Result<Vec<WaitingRow>, StoreError> {
        let sql = "select c.id, i.source, i.sender, d.known_at from record c \
                   join decision d on d.message = c.id and d.outcome = 'waiting' join inbox i on i.id = c.id \
                   where c.person is null order by d.known_at, c.id limit $1";
        let values = vec![SqlValue::Int(limit.into())];
        let found: Vec<(Vec<u8>, String, String, i64)> = self.pool.read("record", sql, values).await?;
        let reader = CellReader("record");
        let row = |(id, source, sender, since)| {
            let (id, since) = (reader.id(MessageId::from_bytes, id)?, reader.time(since)?);
            Ok(WaitingRow { id, source, sender, since })
        };
        found.into_iter().map(row).collect()
    }

    /// How many of them have waited since before a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_since(&self, before: Instant) -> Result<Queue, StoreError> {
        let sql = "select count(*), min(d.known_at) from record c \
                   join decision d on d.message = c.id and d.outcome = 'waiting' \
                   where c.person is null and d.known_at < $1";
        let values = vec![SqlValue::Int(before.timestamp_micros())];
        let found: Vec<(i64, Option<i64>)> = self.pool.read("record", sql, values).await?;
        let (count, oldest) = found.into_iter().next().unwrap_or((0, None));
        queue(CellReader("record"), count, oldest)
    }
}

fn name(by: String) -> Result<ActorName, StoreError> {
    ActorName::try_from(by).map_err(|_| StoreError::Damaged("review"))
}

/// Rows of one review stand together.
fn reviews(found: Vec<ReviewCells>) -> Result<Vec<ReviewRow>, StoreError> {
    let mut reviews: Vec<ReviewRow> = Vec::new();
    for (id, person, reason, raised_at, answer, same, by, waits, candidate) in found {
        let id = READER.id(ReviewId::from_bytes, id)?;
        let candidate = READER.id_or(PersonId::from_bytes, candidate)?;
        match reviews.last_mut() {
            Some(review) if review.id == id => review.candidates.extend(candidate),
            _ => reviews.push(ReviewRow {
                id,
                person: READER.id(PersonId::from_bytes, person)?,
                candidates: Vec::from_iter(candidate),
                reason,
                raised_at: READER.time(raised_at)?,
                looked_at: answer.is_some(),
                proposed: READER.id_or(PersonId::from_bytes, same)?.zip(by.map(name).transpose()?),
                waits: match waits {
                    0 => WaitsOn::Number,
                    1 => WaitsOn::Handover,
                    2 => WaitsOn::Registration,
                    3 => WaitsOn::Account,
                    _ => WaitsOn::Nothing,
                },
            }),
        }
    }
    Ok(reviews)
}
