//! Where a sealed value stands: its table, its column and its row.
//!
//! All of it is bound into the value as associated data, so that a value that was moved to another row, column or
//! person does not open.

use schemas::ids::{MessageId, PersonId, Pseudonym, TaskId};
use schemas::recipient::Recipient;

use crate::store::rows::OutboxRow;

/// The place of one sealed value.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// `inbox.content`.
    Content(MessageId),
    /// `refusal.content`.
    Refused(MessageId),
    /// `refusal.findings`.
    Findings(MessageId),
    /// `person.matching`, of one version.
    Matching(PersonId, u64),
    /// `person.state`, of one version.
    State(PersonId, u64),
    /// `journal.events`: whose, and the version after them.
    Journal(PersonId, u64),
    /// `outbox.body`.
    Body {
        recipient: &'a Recipient,
        /// Its number on the topic.
        sequence: u64,
        /// The recipient's name for the person.
        pseudonym: Pseudonym,
        person: PersonId,
    },
    /// `task.content`.
    Task(TaskId, PersonId),
    /// `key.wrapped`.
    PersonKey(PersonId),
    /// `pending.key` and `message_key.key`: they hold the same key one after the other.
    MessageKey(MessageId),
    /// `refusal.key`.
    RefusalKey(MessageId),
    /// `record.keys`.
    Keys(MessageId),
    /// `act.reason`.
    Reason(MessageId),
    /// `act.key`.
    ActKey(MessageId),
}

impl<'a> Place<'a> {
    /// Where the body of a record on its way out stands.
    #[must_use]
    pub fn body(row: &'a OutboxRow) -> Self {
        let OutboxRow { recipient, sequence, pseudonym, person, .. } = row;
        Self::Body { recipient, sequence: *sequence, pseudonym: *pseudonym, person: *person }
    }

    /// Its table and column: what an error may name.
    #[must_use]
    pub fn column(&self) -> &'static str {
        match self {
            Self::Content(_) => "inbox.content",
            Self::Refused(_) => "refusal.content",
            Self::Findings(_) => "refusal.findings",
            Self::Matching(..) => "person.matching",
            Self::State(..) => "person.state",
            Self::Journal(..) => "journal.events",
            Self::Body { .. } => "outbox.body",
            Self::Task(..) => "task.content",
            Self::PersonKey(_) => "key.wrapped",
            Self::MessageKey(_) => "message_key.key",
            Self::RefusalKey(_) => "refusal.key",
            Self::Keys(_) => "record.keys",
            Self::Reason(_) => "act.reason",
            Self::ActKey(_) => "act.key",
        }
    }

    /// The bytes that are bound into the value. Each part has a fixed length, or comes last.
    pub(super) fn bound(&self) -> Vec<u8> {
        let mut bytes = self.column().as_bytes().to_vec();
        bytes.push(0);
        match self {
            Self::Content(id)
            | Self::Refused(id)
            | Self::Findings(id)
            | Self::MessageKey(id)
            | Self::RefusalKey(id)
            | Self::Keys(id)
            | Self::Reason(id)
            | Self::ActKey(id) => bytes.extend(id.bytes()),
            Self::PersonKey(id) => bytes.extend(id.bytes()),
            Self::Matching(id, version) | Self::State(id, version) | Self::Journal(id, version) => {
                bytes.extend(id.bytes());
                bytes.extend(version.to_be_bytes());
            }
            Self::Task(id, person) => {
                bytes.extend(id.bytes());
                bytes.extend(person.bytes());
            }
            Self::Body { recipient, sequence, pseudonym, person } => {
                bytes.extend(sequence.to_be_bytes());
                bytes.extend(pseudonym.bytes());
                bytes.extend(person.bytes());
                bytes.extend(recipient.as_str().as_bytes());
            }
        }
        bytes
    }
}
