//! From an id to an explanation: looks up what it names and reads what the explanation needs.
//!
//! Reads only, and works beside a running hub. What was read goes to [`crate::story`] and
//! [`super::message`], which tell it.

use decide::Bundle;
use decide::person::Event;
use schemas::ids::{DeliveryId, MessageId, PersonId};
use schemas::message::Body;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, day_of};

use super::message::{self, at_the_door};
use super::{Explanation, MessageStory};
use crate::contract::Schemas;
use crate::history::{HistoryError, JournalEntry};
use crate::store::inspect::Named;
use crate::store::rows::{MessageRow, Outcome, Outgoing};
use crate::store::{Store, StoreError};
use crate::story::{self, At, KnownHistory, PersonStory, Resemblance, StoryGiven, StoryReader};
use crate::vault::{Access, Shut, Vault};

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The id has no known form.
    #[error("an id has 32 hexadecimal digits; a record is RECIPIENT:SEQUENCE")]
    Form,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A sealed value does not open.
    #[error("a sealed value does not open with the keys that are there")]
    Shut(#[from] Shut),
}

/// Looks up and explains.
#[derive(Clone, Copy, Debug)]
pub struct Explainer<'a> {
    pub store: &'a Store,
    pub vault: &'a Vault,
    pub access: Access<'a>,
    /// The contracts and rules by which it is read.
    pub bundle: &'a Bundle,
    pub schemas: &'a Schemas,
    pub now: Instant,
    /// Until when history is read; all of it unless said.
    pub at: Option<At>,
    /// Whether personal values are shown.
    pub values: bool,
}

/// Which part of a person's story was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum NamedPart {
    All,
    Handover(String),
    Stream(String),
    Record(Recipient, u64),
}

/// What an id was found to name.
enum NamedThing {
    Person(&'static str, PersonId, NamedPart),
    Message(Box<MessageRow>),
    Door(Box<MessageStory>),
}

impl Explainer<'_> {
    /// Explains what an id names; `None` where nothing has it.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn explain(&self, asked: &str) -> Result<Option<Explanation>, ExplainError> {
        let Some(found) = self.find(asked.trim()).await? else { return Ok(None) };
        let mut answer = Explanation {
            asked: "message",
            id: asked.trim().to_owned(),
            day: day_of(self.now),
            values: self.values,
            message: None,
            person: None,
        };
        match found {
            NamedThing::Door(story) => answer.message = Some(*story),
            NamedThing::Person(kind, id, part) => {
                let known = self.known_with(id, &part).await?;
                answer.asked = kind;
                answer.day = self.day(&known);
                answer.person = Some(self.person(&known, &part)?);
            }
            NamedThing::Message(row) => {
                let known = match row.key.owner {
                    Some(owner) => Some(self.reader().known(owner).await?),
                    None => None,
                };
                let entries = known.as_ref().map_or_else(Vec::new, KnownHistory::entries);
                let story = self.message(&row, &entries).await?;
                if let Some(known) = known.filter(|_| story.person.is_some()) {
                    answer.day = self.day(&known);
                    answer.person = Some(self.person(&known, &NamedPart::All)?);
                }
                answer.message = Some(story);
            }
        }
        Ok(Some(answer))
    }

    /// How two persons resemble each other, whatever ids name them; `None` where one names nobody who can be read.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub async fn against(&self, one: &str, other: &str) -> Result<Option<Resemblance>, ExplainError> {
        let (Some(one), Some(other)) = (self.whose(one).await?, self.whose(other).await?) else {
            return Ok(None);
        };
        let persons = self.reader().persons(&[one, other]).await?;
        let both = persons.get(&one).zip(persons.get(&other));
        Ok(both.map(|(one, other)| Resemblance::of(one, other, &self.bundle.model)))
    }

    /// The person that an id leads to.
    async fn whose(&self, asked: &str) -> Result<Option<PersonId>, ExplainError> {
        Ok(match self.find(asked.trim()).await? {
            Some(NamedThing::Person(_, person, _)) => Some(person),
            Some(NamedThing::Message(row)) => row.key.owner,
            Some(NamedThing::Door(_)) | None => None,
        })
    }

    async fn find(&self, asked: &str) -> Result<Option<NamedThing>, ExplainError> {
        if let Some((name, number)) = asked.rsplit_once(':') {
            let name = Recipient::parse(name).map_err(|_| ExplainError::Form)?;
            let number = number.parse().map_err(|_| ExplainError::Form)?;
            return Ok(self.store.sent_as(&name, number).await?.map(of_record));
        }
        let id: MessageId = asked.parse().map_err(|_| ExplainError::Form)?;
        if let Some((named, person)) = self.store.named(id.bytes()).await? {
            let (kind, part) = match named {
                Named::Person(_) => ("person", NamedPart::All),
                Named::Handover(handover) => ("handover", NamedPart::Handover(handover.to_string())),
                Named::Stream(stream) => ("stream", NamedPart::Stream(stream.to_string())),
                Named::Review(_) => ("review", NamedPart::All),
                Named::Task(_) => ("task", NamedPart::All),
            };
            return Ok(Some(NamedThing::Person(kind, person, part)));
        }
        if let Some(row) = self.store.message(id).await? {
            return Ok(Some(NamedThing::Message(Box::new(row))));
        }
        if let Some(row) = self.store.refusal(id).await? {
            let findings = self.vault.findings(&row, self.access)?;
            let mut codes: Vec<String> = findings.iter().map(|finding| finding.code.to_string()).collect();
            codes.dedup();
            return Ok(Some(NamedThing::Door(Box::new(at_the_door(&row, codes)))));
        }
        Ok(self.store.delivery(DeliveryId::from_bytes(id.bytes())).await?.map(of_record))
    }

    fn reader(&self) -> StoryReader<'_> {
        let Self { store, vault, access, schemas, at, .. } = *self;
        StoryReader { store, vault, access, schemas: Some(schemas), at }
    }

    /// The history of whoever had this handover or stream then: an absorbed person's is the survivor's now.
    async fn known_with(&self, asked: PersonId, part: &NamedPart) -> Result<KnownHistory, HistoryError> {
        let known = self.reader().known(asked).await?;
        if self.at.is_none() || holds(&known, part) {
            return Ok(known);
        }
        for (other, _) in
            (StoryReader { at: None, schemas: None, ..self.reader() }).known(asked).await?.absorbed
        {
            let then = self.reader().known(other).await?;
            if holds(&then, part) {
                return Ok(then);
            }
        }
        Ok(known)
    }

    /// The day on which the explanation stands: that of `at`; else today, or the last decision's where its
    /// clock is ahead, as a demonstration's may be.
    fn day(&self, known: &KnownHistory) -> Day {
        let last = known.own.entries.last().map(|entry| entry.known_at);
        day_of(match self.at {
            Some(At::Time(at)) => at,
            Some(At::Order(_)) => last.unwrap_or(self.now),
            None => last.map_or(self.now, |last| last.max(self.now)),
        })
    }

    fn person(&self, known: &KnownHistory, part: &NamedPart) -> Result<PersonStory, ExplainError> {
        let given = StoryGiven { bundle: self.bundle, on: self.day(known), values: self.values };
        let mut story = story::tell(known, given).map_err(HistoryError::from)?;
        only(&mut story, part);
        Ok(story)
    }

    async fn message(
        &self,
        row: &MessageRow,
        entries: &[&JournalEntry],
    ) -> Result<MessageStory, ExplainError> {
        let decisions = self.store.decisions(row.id).await?;
        let waited = decisions.iter().any(|made| made.outcome == Outcome::Waiting);
        let waits_under = if waited { self.kinds(row)? } else { vec![] };
        let given =
            message::MessageGiven { entries, waits_under: &waits_under, decisions: &decisions, at: self.at };
        Ok(message::explain(row, given))
    }

    /// The kinds of key in a record: the first word of each, never the key.
    fn kinds(&self, row: &MessageRow) -> Result<Vec<String>, ExplainError> {
        let (content, _) = self.vault.opened_message(row, self.access)?;
        let Body::Record(prepared) = content.body else { return Ok(vec![]) };
        let record = &prepared.record;
        let mut kinds: Vec<String> = record
            .keys
            .iter()
            .map(|key| key.text().split(':').next().unwrap_or_default().to_owned())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(kinds)
    }
}

/// Whether this part of a story began in this history.
fn holds(known: &KnownHistory, part: &NamedPart) -> bool {
    let mut events = known.entries().into_iter().flat_map(|entry| &entry.events);
    match part {
        NamedPart::Handover(id) => events.any(
            |event| matches!(event, Event::HandoverOpened { handover, .. } if handover.to_string() == *id),
        ),
        NamedPart::Stream(id) => events
            .any(|event| matches!(event, Event::StreamOpened { stream, .. } if stream.to_string() == *id)),
        NamedPart::All | NamedPart::Record(..) => true,
    }
}

fn of_record(found: Outgoing) -> NamedThing {
    let row = found.row;
    NamedThing::Person("record", row.person, NamedPart::Record(row.recipient, row.sequence))
}

/// Leaves what was asked for.
fn only(story: &mut PersonStory, part: &NamedPart) {
    match part {
        NamedPart::All => return,
        NamedPart::Handover(id) => {
            story.handovers.retain(|handover| handover.handover == *id);
            story.streams.retain(|stream| stream.handover.as_ref() == Some(id));
        }
        NamedPart::Stream(id) => story.streams.retain(|stream| stream.stream == *id),
        NamedPart::Record(recipient, sequence) => {
            let asked = |sent: &Option<u64>| *sent == Some(*sequence);
            story.streams.retain(|stream| stream.recipient == *recipient);
            for stream in &mut story.streams {
                stream.receipts.retain(|receipt| asked(&receipt.sequence));
            }
            story.streams.retain(|stream| !stream.receipts.is_empty());
        }
    }
    let of: Vec<String> = story.streams.iter().filter_map(|stream| stream.handover.clone()).collect();
    if !matches!(part, NamedPart::Handover(_)) {
        story.handovers.retain(|handover| of.contains(&handover.handover));
    }
}
