//! One handover's timeline: what each journal entry did to it and to its deliveries, as lines.
//!
//! Pure: takes opened entries, gives steps. Takes states, rows, numbers and kinds out of them, never a name, a
//! number of a person or a fact; what concerns another handover or the person alone gives no line. Next:
//! [`crate::history`], which opens the entries.

use std::collections::BTreeMap;

use decide::change::{Event, ViewKind};
use schemas::handover::{EndReason, State};
use schemas::ids::{HandoverId, MessageId, StreamId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::words;
use crate::history::Entry;
use crate::store::figures::SentRow;

/// What one message did to a handover.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    /// When it was decided.
    pub(super) at: Instant,
    /// Its place in the order of decisions.
    pub(super) order: u64,
    /// By which message.
    pub(super) message: MessageId,
    /// What happened, the first one telling the most.
    pub(super) lines: Vec<Line>,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// The handover came to be.
    Opened { replaces: Option<HandoverId> },
    /// It came into a state by a row of the state table.
    Moved { row: String, to: State, recipient: Option<Recipient> },
    /// A line of the repertory: opened in a capacity, or closed.
    Repertory { recipient: Recipient, capacity: Option<decide::change::Capacity> },
    /// Its stream was opened.
    Stream { recipient: Recipient, epoch: u32 },
    /// A record was decided on its stream.
    Issued { recipient: Recipient, kind: ViewKind, issue: u32, ended: Option<EndReason>, sent: Option<SentRow> },
    /// The message was linked to the person.
    Linked { reason: decide::identity::Reason },
}

impl Line {
    /// How much it tells: the greatest stands first in its step.
    fn weight(&self) -> u8 {
        match self {
            Self::Moved { .. } => 5,
            Self::Opened { .. } => 4,
            Self::Issued { .. } => 3,
            Self::Linked { .. } => 2,
            Self::Stream { .. } => 1,
            Self::Repertory { .. } => 0,
        }
    }

    /// Its icon and the tone of its dot.
    pub(super) fn sign(&self) -> (&'static str, &'static str) {
        match self {
            Self::Moved { to, .. } => match words::state(*to) {
                (_, "warn" | "bad", icon) => (icon, "warn"),
                (_, _, icon) => (icon, "ok"),
            },
            Self::Issued { .. } => ("send", "ok"),
            Self::Opened { .. } | Self::Linked { .. } | Self::Stream { .. } | Self::Repertory { .. } => ("doc", "ok"),
        }
    }
}

/// The steps of one handover, oldest first. `sent` holds every record about the person, in order.
pub(super) fn of(entries: &[Entry], handover: HandoverId, sent: &[SentRow]) -> Vec<Step> {
    let mut records = Records::new(entries, sent);
    let mut streams: BTreeMap<StreamId, Recipient> = BTreeMap::new();
    let mut steps = Vec::new();
    for entry in entries {
        let mut lines = Vec::new();
        let mut touched = Vec::new();
        for event in &entry.events {
            let line = match event {
                Event::HandoverOpened { handover: id, replaces } if *id == handover => {
                    Some(Line::Opened { replaces: *replaces })
                }
                Event::HandoverMoved { handover: id, row, to, recipient, .. } if *id == handover => {
                    touched.extend(recipient.clone());
                    Some(Line::Moved { row: row.to_string(), to: *to, recipient: recipient.clone() })
                }
                Event::StreamOpened { stream, recipient, handover: Some(id), epoch } if *id == handover => {
                    streams.insert(*stream, recipient.clone());
                    Some(Line::Stream { recipient: recipient.clone(), epoch: *epoch })
                }
                Event::Issued { stream, issue, kind, ended, .. } => {
                    let record = records.next(*stream);
                    streams.get(stream).map(|recipient| Line::Issued {
                        recipient: recipient.clone(),
                        kind: *kind,
                        issue: *issue,
                        ended: *ended,
                        sent: record,
                    })
                }
                // Kept only where the same message moved this handover at that recipient: see below.
                Event::LineOpened { recipient, capacity, .. } => {
                    Some(Line::Repertory { recipient: recipient.clone(), capacity: Some(*capacity) })
                }
                Event::LineClosed { recipient, .. } => {
                    Some(Line::Repertory { recipient: recipient.clone(), capacity: None })
                }
                Event::Linked { reason, .. } => Some(Line::Linked { reason: *reason }),
                Event::HandoverOpened { .. }
                | Event::HandoverMoved { .. }
                | Event::StreamOpened { .. }
                | Event::ReviewRaised { .. }
                | Event::Named { .. }
                | Event::Asked { .. } => None,
            };
            lines.extend(line);
        }
        lines.retain(|line| match line {
            Line::Repertory { recipient, .. } => touched.contains(recipient),
            Line::Opened { .. } | Line::Moved { .. } | Line::Stream { .. } | Line::Issued { .. } | Line::Linked { .. } => true,
        });
        // That a message was linked is worth a step only where it led to something here.
        if lines.iter().all(|line| matches!(line, Line::Linked { .. })) {
            continue;
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.weight()));
        steps.push(Step { at: entry.known_at, order: entry.order, message: entry.message, lines });
    }
    steps
}

/// Which record each `Issued` became: a recipient's records about one person stand in the order in which they
/// were decided. The oldest may be gone from the outbox, so they are matched from the end.
struct Records<'a> {
    of_stream: BTreeMap<StreamId, Recipient>,
    gone: BTreeMap<Recipient, usize>,
    left: BTreeMap<Recipient, std::collections::VecDeque<&'a SentRow>>,
}

impl<'a> Records<'a> {
    fn new(entries: &[Entry], sent: &'a [SentRow]) -> Self {
        let (mut of_stream, mut gone) = (BTreeMap::new(), BTreeMap::<_, usize>::new());
        for event in entries.iter().flat_map(|entry| &entry.events) {
            if let Event::StreamOpened { stream, recipient, .. } = event {
                of_stream.insert(*stream, recipient.clone());
            } else if let Event::Issued { stream, .. } = event
                && let Some(recipient) = of_stream.get(stream)
            {
                *gone.entry(recipient.clone()).or_default() += 1;
            }
        }
        let mut left: BTreeMap<_, std::collections::VecDeque<_>> = BTreeMap::new();
        for row in sent {
            left.entry(row.recipient.clone()).or_default().push_back(row);
        }
        for (recipient, count) in &mut gone {
            *count = count.saturating_sub(left.get(recipient).map_or(0, |rows| rows.len()));
        }
        Self { of_stream, gone, left }
    }

    fn next(&mut self, stream: StreamId) -> Option<SentRow> {
        let recipient = self.of_stream.get(&stream)?;
        let gone = self.gone.get_mut(recipient)?;
        if *gone > 0 {
            *gone -= 1;
            return None;
        }
        self.left.get_mut(recipient)?.pop_front().cloned()
    }
}
