//! Open reviews, for who answers them. Refuses to answer: that is a message, decided like any other.

use schemas::ids::{PersonId, ReviewId};

use super::cells::Reader;
use super::engine::Value;
use super::rows::ReviewRow;
use super::{Store, StoreError};

const READER: Reader = Reader("review");

type Cells = (Vec<u8>, Vec<u8>, String, String, i64);

impl Store {
    /// Open reviews, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_reviews(&self, limit: u32) -> Result<Vec<ReviewRow>, StoreError> {
        let sql = "select id, person, candidates, reason, raised_at from review where answered_at is null \
                   order by raised_at, id limit $1";
        let found: Vec<Cells> = self.pool.read("review", sql, vec![Value::Int(limit.into())]).await?;
        found.into_iter().map(review).collect()
    }

    /// One review that is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_review(&self, id: ReviewId) -> Result<Option<ReviewRow>, StoreError> {
        let sql = "select id, person, candidates, reason, raised_at from review \
                   where answered_at is null and id = $1";
        let values = vec![Value::Bytes(id.bytes().to_vec())];
        let found: Vec<Cells> = self.pool.read("review", sql, values).await?;
        found.into_iter().map(review).next().transpose()
    }
}

fn review((id, person, candidates, reason, raised_at): Cells) -> Result<ReviewRow, StoreError> {
    let candidates = candidates.split_whitespace().map(|id| READER.some(id.parse().ok()));
    Ok(ReviewRow {
        id: READER.id(ReviewId::from_bytes, id)?,
        person: READER.id(PersonId::from_bytes, person)?,
        candidates: candidates.collect::<Result<_, _>>()?,
        reason,
        raised_at: READER.time(raised_at)?,
    })
}
