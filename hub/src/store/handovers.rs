//! Lists of handovers, and what hangs on one: filters, pages by key, where its messages came from.
//!
//! A page begins after the last row of the one before it, so that it stays fast and misses nothing while
//! rows move. Refuses to open anything sealed: why a handover is where it is stands in the journal.

use schemas::handover::{Owner, State};
use schemas::ids::{HandoverId, MessageId, PersonId};
use schemas::recipient::Recipient;
use schemas::time::{Day, parse_day};

use super::cells::{CellReader, day, word};
use super::engine::SqlValue;
use super::figures::OriginRow;
use super::rows::HandoverRow;
use super::{Store, StoreError};

const READER: CellReader = CellReader("handover");

/// Where rows without a deadline stand: behind all others.
const NEVER: &str = "9999-12-31";

/// The columns of a [`HandoverRow`], before the rest of a statement.
macro_rules! handovers {
    ($rest:literal) => {
        concat!("select id, person, recipient, state, epoch, owner, deadline, since from handover ", $rest)
    };
}

/// The conditions of a filter, as its values stand in [`Filter::values`].
macro_rules! filtered {
    ($before:literal, $rest:literal) => {
        concat!(
            $before,
            "where ($1 = '' or state = $1) and ($2 = '' or recipient = $2) and ($3 = '' or owner = $3) ",
            "and ($4 = '' or deadline < $4) and ($5 = 0 or deadline is not null) ",
            $rest
        )
    };
}

type HandoverCells = (Vec<u8>, Vec<u8>, Option<String>, String, i64, String, Option<String>, i64);

/// Which handovers; nothing set means all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub recipient: Option<Recipient>,
    /// This party must move.
    pub owner: Option<Owner>,
    /// Whose deadline lies before this day.
    pub before: Option<Day>,
    /// Only those with a deadline: the open ones (invariant I7).
    pub open: bool,
}

impl Filter {
    fn values(&self) -> Vec<SqlValue> {
        let texts = [
            self.state.as_ref().map(word),
            self.recipient.as_ref().map(|recipient| recipient.as_str().to_owned()),
            self.owner.as_ref().map(word),
            self.before.map(day),
        ];
        let texts = texts.into_iter().map(|text| SqlValue::Text(text.unwrap_or_default()));
        texts.chain([SqlValue::Int(self.open.into())]).collect()
    }
}

impl Store {
    /// One page of handovers, the nearest deadline first, after a row of the page before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn handovers(
        &self,
        filter: &Filter,
        after: Option<(Option<Day>, HandoverId)>,
        limit: u32,
    ) -> Result<Vec<HandoverRow>, StoreError> {
        let sql = filtered!(
            "select id, person, recipient, state, epoch, owner, deadline, since from handover ",
            "and coalesce(deadline, '9999-12-31') >= $6 \
             and (coalesce(deadline, '9999-12-31') > $6 or id > $7) \
             order by coalesce(deadline, '9999-12-31'), id limit $8"
        );
        let (deadline, id) = match after {
            Some((deadline, id)) => (deadline.map_or_else(|| NEVER.to_owned(), day), id.bytes().to_vec()),
            None => (String::new(), Vec::new()),
        };
        let mut values = filter.values();
        values.extend([SqlValue::Text(deadline), SqlValue::Bytes(id), SqlValue::Int(limit.into())]);
        self.pool.read("handover", sql, values).await?.into_iter().map(handover).collect()
    }

    /// How many handovers a filter leaves, counted up to a number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_handovers(&self, filter: &Filter, up_to: u32) -> Result<u64, StoreError> {
        let sql = filtered!("select count(*) from (select 1 from handover ", "limit $6) as found");
        let mut values = filter.values();
        values.push(SqlValue::Int(up_to.into()));
        let found: Vec<(i64,)> = self.pool.read("handover", sql, values).await?;
        READER.number(found.first().map_or(0, |(count,)| *count))
    }

    /// The handovers whose ids lie between two, at most two of them: enough to know whether it is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn handovers_between(
        &self,
        first: HandoverId,
        last: HandoverId,
    ) -> Result<Vec<HandoverRow>, StoreError> {
        let sql = handovers!("where id between $1 and $2 order by id limit 2");
        let values = vec![SqlValue::Bytes(first.bytes().to_vec()), SqlValue::Bytes(last.bytes().to_vec())];
        self.pool.read("handover", sql, values).await?.into_iter().map(handover).collect()
    }

    /// Where the messages of one person's journal came from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn origins(&self, person: PersonId) -> Result<Vec<OriginRow>, StoreError> {
        let sql = "select i.id, i.source, i.sender from journal j join inbox i on i.id = j.message \
                   where j.person = $1 order by j.version";
        let found: Vec<(Vec<u8>, String, String)> =
            self.pool.read("inbox", sql, vec![SqlValue::Bytes(person.bytes().to_vec())]).await?;
        let origin = |(id, source, sender)| {
            Ok(OriginRow { message: CellReader("inbox").id(MessageId::from_bytes, id)?, source, sender })
        };
        found.into_iter().map(origin).collect()
    }
}

fn handover(cells: HandoverCells) -> Result<HandoverRow, StoreError> {
    let (id, person, recipient, state, epoch, owner, deadline, since) = cells;
    Ok(HandoverRow {
        id: READER.id(HandoverId::from_bytes, id)?,
        person: READER.id(PersonId::from_bytes, person)?,
        recipient: recipient.map(|name| READER.word(name)).transpose()?,
        state: READER.word(state)?,
        epoch: READER.number(epoch)?,
        owner: READER.word(owner)?,
        deadline: deadline.map(|text| READER.some(parse_day(&text))).transpose()?,
        since: READER.time(since)?,
    })
}
