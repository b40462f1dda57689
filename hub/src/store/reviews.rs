//! Open reviews, for who answers them. An answer is a message, decided like any other.

use std::collections::BTreeMap;

use schemas::ids::{PersonId, ReviewId};

use super::cells::CellReader;
use super::engine::SqlValue;
use super::rows::{AskedAbout, ReviewRow};
use super::{Store, StoreError};

const READER: CellReader = CellReader("review");

/// One row for each candidate of a review.
type ReviewCells = (Vec<u8>, Vec<u8>, String, i64, Vec<u8>);

impl Store {
    /// Open reviews, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_reviews(&self, limit: u32) -> Result<Vec<ReviewRow>, StoreError> {
        let sql = "select v.id, v.person, v.reason, v.raised_at, c.person from \
                     (select id, person, reason, raised_at from review where answered_at is null \
                      order by raised_at, id limit $1) v \
                   join candidate c on c.review = v.id order by v.raised_at, v.id, c.person";
        let found: Vec<ReviewCells> =
            self.pool.read("review", sql, vec![SqlValue::Int(limit.into())]).await?;
        reviews(found)
    }

    /// One review that is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_review(&self, id: ReviewId) -> Result<Option<ReviewRow>, StoreError> {
        let sql = "select v.id, v.person, v.reason, v.raised_at, c.person from review v \
                   join candidate c on c.review = v.id where v.answered_at is null and v.id = $1 order by c.person";
        let values = vec![SqlValue::Bytes(id.bytes().to_vec())];
        let found: Vec<ReviewCells> = self.pool.read("review", sql, values).await?;
        Ok(reviews(found)?.pop())
    }
}

impl Store {
    /// Whom each review was about, answered ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asked(&self) -> Result<BTreeMap<ReviewId, AskedAbout>, StoreError> {
        let sql = "select v.id, v.person, c.person from review v join candidate c on c.review = v.id";
        let found: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = self.pool.read("review", sql, vec![]).await?;
        let mut asked: BTreeMap<ReviewId, AskedAbout> = BTreeMap::new();
        for (id, person, candidate) in found {
            let person = READER.id(PersonId::from_bytes, person)?;
            let about = asked.entry(READER.id(ReviewId::from_bytes, id)?);
            let about = about.or_insert_with(|| AskedAbout { person, candidates: vec![] });
            about.candidates.push(READER.id(PersonId::from_bytes, candidate)?);
        }
        Ok(asked)
    }
}

/// Rows of one review stand together.
fn reviews(found: Vec<ReviewCells>) -> Result<Vec<ReviewRow>, StoreError> {
    let mut reviews: Vec<ReviewRow> = Vec::new();
    for (id, person, reason, raised_at, candidate) in found {
        let id = READER.id(ReviewId::from_bytes, id)?;
        let candidate = READER.id(PersonId::from_bytes, candidate)?;
        match reviews.last_mut() {
            Some(review) if review.id == id => review.candidates.push(candidate),
            _ => reviews.push(ReviewRow {
                id,
                person: READER.id(PersonId::from_bytes, person)?,
                candidates: vec![candidate],
                reason,
                raised_at: READER.time(raised_at)?,
            }),
        }
    }
    Ok(reviews)
}
