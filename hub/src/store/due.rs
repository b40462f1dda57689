//! Due moments: whose day has come. Refuses to say what becomes true then: that is decided like any message.

use schemas::ids::PersonId;
use schemas::time::{Day, parse_day};

use super::cells::{CellReader, day};
use super::engine::SqlValue;
use super::{Store, StoreError};

const READER: CellReader = CellReader("due");

impl Store {
    /// Persons whose day is today or before, longest due first, each with the day; after one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(
        &self,
        today: Day,
        after: Option<(PersonId, Day)>,
        limit: u32,
    ) -> Result<Vec<(PersonId, Day)>, StoreError> {
        let sql = "select person, due_on from due where due_on <= $1 and (due_on, person) > ($2, $3) \
                   order by due_on, person limit $4";
        let (person, on) =
            after.map_or((Vec::new(), String::new()), |(id, on)| (id.bytes().to_vec(), day(on)));
        let values = vec![
            SqlValue::Text(day(today)),
            SqlValue::Text(on),
            SqlValue::Bytes(person),
            SqlValue::Int(limit.into()),
        ];
        let found: Vec<(Vec<u8>, String)> = self.pool.read("due", sql, values).await?;
        let pair = |(person, on): (Vec<u8>, String)| {
            Ok((READER.id(PersonId::from_bytes, person)?, READER.some(parse_day(&on))?))
        };
        found.into_iter().map(pair).collect()
    }
}
