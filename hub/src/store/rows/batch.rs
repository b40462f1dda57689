//! What is loaded for a batch, and everything that one stores.
//! Both are whole: what is not in them does not exist, or does not change. Next: `super` for the rest.

use decide::world::{Owned, SentRecord};
use schemas::ids::{MessageId, PersonId, ReviewId};
use schemas::key::Mac;
use schemas::recipient::Recipient;

use super::{
    AnswerRow, Counters, DecidedRow, DueRow, HandoverRow, JournalRow, LeavingRow, LineRow, MatchRow,
    MessageRow, MovedRow, PersonRow, RecordRow, ReleasedRow, ReviewRow, SchemaRow, Sealed, StreamRow,
    TaskRow,
};

/// A row that answers one `Ask`.
#[derive(Clone, Debug)]
pub enum FoundRow {
    /// A record under a key, and whose it is.
    Key(Mac, MessageId, Option<PersonId>),
    /// One of the newest records under a name, and whose it is.
    Name(Mac, MessageId, Option<PersonId>),
    /// A person, with the id they were asked by: another one where they were absorbed.
    Person(PersonId, PersonRow),
    /// What is compared of a person, with the id they were asked by.
    Match(PersonId, MatchRow),
    /// Whose handover, stream or open review.
    Owner(Owned, PersonId),
    /// A record that still waits.
    Waiting(MessageRow),
    /// A message of the person whose journal is asked for.
    Own(MessageRow),
    /// One of this person's own records, and by which keys it is found, as it is stored.
    Keys(PersonId, MessageId, Vec<u8>),
    /// What happened to the person whose past is asked for, with their key.
    Lived(JournalRow, Option<Sealed>),
    /// A record on a topic.
    Sent(Recipient, u64, SentRecord),
}

/// Everything one batch of decisions stores, in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub decided: Vec<DecidedRow>,
    /// Waiting records that came to a person.
    pub released: Vec<ReleasedRow>,
    /// Persons as they are now, new ones and changed ones.
    pub persons: Vec<PersonRow>,
    pub journal: Vec<JournalRow>,
    /// Records and index keys.
    pub records: Vec<RecordRow>,
    /// Handovers as they are now.
    pub handovers: Vec<HandoverRow>,
    /// Lines opened and closed, in order.
    pub lines: Vec<LineRow>,
    /// Streams that are new, or that a split gave to somebody.
    pub streams: Vec<StreamRow>,
    /// Records that a split gave to somebody.
    pub moved: Vec<MovedRow>,
    /// Whom a split made of somebody: who begins, and whom they were taken for.
    pub origins: Vec<(PersonId, PersonId)>,
    /// Whose open reviews are from here on.
    pub reviewed: Vec<(ReviewId, PersonId)>,
    pub tasks: Vec<TaskRow>,
    pub reviews: Vec<ReviewRow>,
    /// Reviews that were answered.
    pub answers: Vec<AnswerRow>,
    /// Due moments that changed.
    pub due: Vec<DueRow>,
    /// Records on their way out.
    pub outbox: Vec<LeavingRow>,
    /// The schemas of records whose id may not have been stored yet.
    pub schemas: Vec<SchemaRow>,
    /// The counters after it, stored by the fenced last statement.
    pub counters: Counters,
}
