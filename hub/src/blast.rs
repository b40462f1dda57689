//! The blast radius of who is who: what a split, or the answer that two are one, would touch, before anybody orders it.
//!
//! Which handovers would move, which streams end and how often something was told on them, what would leave and to whom.
//! Ids and counts, no personal value. Rehearsed in memory ([`crate::decider::rehearse`]); nothing is written and nothing
//! is sent. Source: docs/identity.md#taken-apart.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use decide::Bundle;
use decide::change::{Change, Delivery};
use decide::person::Event;
use decide::round::Verdict;
use schemas::actor::{ActorName, ActorNameError};
use schemas::handover::{EndReason, State};
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::message::{Body, ReviewAnswer};
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde::Serialize;

use crate::decider::DeciderError;
use crate::decider::rehearse::rehearse;
use crate::store::{Store, StoreError};
use crate::story::rows::words;
use crate::vault::Vault;

/// What would be touched.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BlastRadius {
    /// Why it cannot be done; nothing else is told then.
    pub refused: Option<String>,
    /// Whether a second person must order the same.
    pub needs_second: bool,
    /// Handovers that would move, in order.
    pub handovers: Vec<MovedHandover>,
    /// Streams that would end.
    pub streams: Vec<EndedStream>,
    /// Offers and files that would leave.
    pub deliveries: Vec<WouldLeave>,
    /// How many questions would be put to the register.
    pub asked: usize,
}

/// A handover that would move, and by which row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MovedHandover {
    pub handover: HandoverId,
    pub recipient: Option<Recipient>,
    pub row: String,
    pub to: State,
    pub because: &'static str,
}

/// A stream that would end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EndedStream {
    pub stream: StreamId,
    pub recipient: Recipient,
    /// How many records were told on it until now.
    pub told: u32,
    pub reason: EndReason,
}

/// A record that would leave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WouldLeave {
    pub recipient: Recipient,
    pub kind: &'static str,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum BlastError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be decided on.
    #[error(transparent)]
    Decider(#[from] DeciderError),
    #[error("a rehearsal has no name")]
    Name(#[from] ActorNameError),
}

/// Where it is rehearsed.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal<'a> {
    pub store: &'a Store,
    pub vault: &'a Vault,
    pub bundle: &'a Bundle,
    pub now: Instant,
}

impl Rehearsal<'_> {
    /// What it would touch that these records of a person are somebody else's.
    ///
    /// # Errors
    /// [`BlastError`].
    pub async fn split(
        self,
        person: PersonId,
        records: BTreeSet<MessageId>,
    ) -> Result<BlastRadius, BlastError> {
        let (reason, by) = (String::new(), ActorName::parse("rehearsal")?);
        self.told(Body::Split { person, records, reason, by }).await
    }

    /// What it would touch that a review's person is this one.
    ///
    /// # Errors
    /// [`BlastError`].
    pub async fn same(self, review: ReviewId, person: PersonId) -> Result<BlastRadius, BlastError> {
        let (reason, by) = (String::new(), ActorName::parse("rehearsal")?);
        let answer = ReviewAnswer::Same(person);
        self.told(Body::Reviewed { review, answer, reason, by }).await
    }

    async fn told(self, body: Body) -> Result<BlastRadius, BlastError> {
        let first = ActorName::parse("rehearsal-first")?;
        // Nothing is decided before what was decided last.
        let at = self.store.last_decided().await?.map_or(self.now, |last| last.max(self.now));
        let verdict = rehearse(self.store, self.vault, self.bundle, at, body, &first).await?;
        Ok(BlastRadius::of(&verdict))
    }
}

impl BlastRadius {
    fn of(verdict: &Verdict) -> Self {
        let mut radius = Self {
            refused: None,
            needs_second: false,
            handovers: vec![],
            streams: vec![],
            deliveries: vec![],
            asked: 0,
        };
        match verdict {
            Verdict::Decided(change) => radius.count(change),
            Verdict::Refused(refusal) => radius.refused = Some(refusal.code().to_owned()),
            Verdict::Failed(aside) => radius.refused = Some(aside.code().to_owned()),
            Verdict::Waiting(_) => radius.refused = Some("waiting".to_owned()),
        }
        radius
    }

    fn count(&mut self, change: &Change) {
        self.asked = change.tasks.len();
        for (_, event) in &change.events {
            match event {
                Event::Seconded { .. } | Event::SameSeconded { .. } => self.needs_second = true,
                Event::HandoverMoved { handover, row, to, recipient, .. } => {
                    self.handovers.push(MovedHandover {
                        handover: *handover,
                        recipient: recipient.clone(),
                        row: row.clone().into_owned(),
                        to: *to,
                        because: words(row).map_or("", |words| words.en.as_str()),
                    });
                }
                _ => {}
            }
        }
        for delivery in &change.deliveries {
            let Delivery { recipient, stream, issue, view, .. } = delivery;
            let recipient = recipient.clone();
            match view.ended() {
                Some((reason, _)) => {
                    self.streams.push(EndedStream { stream: *stream, recipient, told: issue - 1, reason });
                }
                None => self.deliveries.push(WouldLeave { recipient, kind: view.kind().as_str() }),
            }
        }
    }

    /// It as a page to read before anything is ordered.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(code) = &self.refused {
            _ = writeln!(text, "it cannot be done: {code}");
            return text;
        }
        let nobody = |recipient: &Option<Recipient>| {
            recipient.as_ref().map_or_else(|| "nobody yet".to_owned(), ToString::to_string)
        };
        _ = writeln!(text, "{} handovers would move", self.handovers.len());
        for MovedHandover { handover, recipient, row, to, because } in &self.handovers {
            let (to, at) = (to.as_str(), nobody(recipient));
            _ = writeln!(text, "  {handover} at {at}: {to} (row {row}: {because})");
        }
        _ = writeln!(text, "{} streams would end", self.streams.len());
        for EndedStream { stream, recipient, told, reason } in &self.streams {
            let reason = reason.as_str();
            _ = writeln!(text, "  {stream} to {recipient}: {reason}, after {told} records");
        }
        _ = writeln!(text, "{} offers and files would leave", self.deliveries.len());
        for WouldLeave { recipient, kind } in &self.deliveries {
            _ = writeln!(text, "  {kind} to {recipient}");
        }
        _ = writeln!(text, "{} questions would be put to the register", self.asked);
        if self.needs_second {
            _ = writeln!(text, "a national number is involved: two people must say the same");
        }
        text
    }
}
