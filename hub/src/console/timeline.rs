//! One handover's timeline: what each journal entry did to it and to its deliveries, as lines.
//!
//! Pure: takes the entries of a story, gives steps. Takes states, rows, numbers and kinds out of them, never a name, a
//! number of a person or a fact; what concerns another handover or the person alone gives no line. Next:
//! [`crate::story`], which reads them.

use std::collections::BTreeMap;

use decide::person::{Capacity, Event, Reason, ViewKind};
use schemas::handover::{EndReason, State};
use schemas::ids::{DeliveryId, HandoverId, MessageId, StreamId};
use schemas::recipient::Recipient;
use schemas::time::Instant;

use super::words;
use crate::history::JournalEntry;
use crate::story::Sent;

/// What one message did to a handover.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TimelineStep {
    /// When it was decided.
    pub(super) at: Instant,
    /// Its place in the order of decisions.
    pub(super) order: u64,
    pub(super) message: MessageId,
    /// What happened, the first one telling the most.
    pub(super) lines: Vec<TimelineLine>,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TimelineLine {
    /// The handover came to be.
    Opened { replaces: Option<HandoverId> },
    /// It came into a state by a row of the state table.
    Moved { row: String, to: State, recipient: Option<Recipient> },
    /// A line of the repertory: opened in a capacity, or closed.
    Repertory { recipient: Recipient, capacity: Option<Capacity> },
    /// Its stream was opened.
    Stream { recipient: Recipient, epoch: u32 },
    /// A record was decided on its stream.
    Issued { recipient: Recipient, kind: ViewKind, issue: u32, ended: Option<EndReason>, sent: Option<Sent> },
    /// The message was linked to the person.
    Linked { reason: Reason },
}

impl TimelineLine {
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
            Self::Opened { .. } | Self::Linked { .. } | Self::Stream { .. } | Self::Repertory { .. } => {
                ("doc", "ok")
            }
        }
    }
}

/// The steps of one handover, oldest first. `sent` holds every record about the person that is still kept.
pub(super) fn of(
    entries: &[&JournalEntry],
    handover: HandoverId,
    sent: &BTreeMap<DeliveryId, Sent>,
) -> Vec<TimelineStep> {
    let mut streams: BTreeMap<StreamId, Recipient> = BTreeMap::new();
    let mut steps = Vec::new();
    for entry in entries {
        let mut lines = Vec::new();
        let mut touched = Vec::new();
        for event in &entry.events {
            let line = match event {
                Event::HandoverOpened { handover: id, replaces } if *id == handover => {
                    Some(TimelineLine::Opened { replaces: *replaces })
                }
                Event::HandoverMoved { handover: id, row, to, recipient, .. } if *id == handover => {
                    touched.extend(recipient.clone());
                    Some(TimelineLine::Moved { row: row.to_string(), to: *to, recipient: recipient.clone() })
                }
                Event::StreamOpened { stream, recipient, handover: Some(id), epoch } if *id == handover => {
                    streams.insert(*stream, recipient.clone());
                    Some(TimelineLine::Stream { recipient: recipient.clone(), epoch: *epoch })
                }
                Event::Issued { stream, delivery, issue, kind, ended, .. } => {
                    streams.get(stream).map(|recipient| TimelineLine::Issued {
                        recipient: recipient.clone(),
                        kind: *kind,
                        issue: *issue,
                        ended: *ended,
                        sent: sent.get(delivery).cloned(),
                    })
                }
                // Kept only where the same message moved this handover at that recipient: see below.
                Event::LineOpened { recipient, capacity, .. } => {
                    Some(TimelineLine::Repertory { recipient: recipient.clone(), capacity: Some(*capacity) })
                }
                Event::LineClosed { recipient, .. } => {
                    Some(TimelineLine::Repertory { recipient: recipient.clone(), capacity: None })
                }
                Event::StreamWentOn { stream, epoch } if streams.contains_key(stream) => streams
                    .get(stream)
                    .map(|to| TimelineLine::Stream { recipient: to.clone(), epoch: *epoch }),
                Event::Linked { reason, .. } => Some(TimelineLine::Linked { reason: *reason }),
                Event::HandoverOpened { .. }
                | Event::HandoverMoved { .. }
                | Event::StreamOpened { .. }
                | Event::StreamWentOn { .. }
                | Event::RestrictionLifted { .. }
                | Event::LoadApproved { .. }
                | Event::PermitsOver { .. }
                | Event::Restated { .. }
                | Event::ReviewRaised { .. }
                | Event::ReviewAnswered { .. }
                | Event::ReviewVoid { .. }
                | Event::ToldApart { .. }
                | Event::MergedInto { .. }
                | Event::Absorbed { .. }
                | Event::Parted { .. }
                | Event::CameOf { .. }
                | Event::Proposed { .. }
                | Event::Seconded { .. }
                | Event::SameProposed { .. }
                | Event::SameSeconded { .. }
                | Event::DueSet { .. }
                | Event::Named { .. }
                | Event::Asked { .. } => None,
            };
            lines.extend(line);
        }
        lines.retain(|line| match line {
            TimelineLine::Repertory { recipient, .. } => touched.contains(recipient),
            TimelineLine::Opened { .. }
            | TimelineLine::Moved { .. }
            | TimelineLine::Stream { .. }
            | TimelineLine::Issued { .. }
            | TimelineLine::Linked { .. } => true,
        });
        // That a message was linked is worth a step only where it led to something here.
        if lines.iter().all(|line| matches!(line, TimelineLine::Linked { .. })) {
            continue;
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.weight()));
        steps.push(TimelineStep { at: entry.known_at, order: entry.order, message: entry.message, lines });
    }
    steps
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use schemas::handover::Owner;
    use schemas::time::from_micros;

    use super::*;

    const OURS: HandoverId = HandoverId(uuid::Uuid::from_u128(1));
    const OTHER: HandoverId = HandoverId(uuid::Uuid::from_u128(2));

    fn atlas() -> Recipient {
        Recipient::parse("atlas").unwrap()
    }

    fn stream(n: u128) -> StreamId {
        StreamId(uuid::Uuid::from_u128(n))
    }

    fn moved(handover: HandoverId, to: State) -> Event {
        Event::HandoverMoved {
            handover,
            row: Cow::Borrowed("3"),
            on: schemas::time::parse_day("2026-01-01").unwrap(),
            to,
            recipient: Some(atlas()),
            route: None,
            residence: None,
            nis: None,
            epoch: 1,
            hold: None,
            code: None,
            held_in: None,
            owner: Owner::Agency,
            deadline: None,
            escalated: false,
            purged: false,
            done: false,
        }
    }

    fn opened(n: u128, handover: HandoverId) -> Event {
        Event::StreamOpened { stream: stream(n), recipient: atlas(), handover: Some(handover), epoch: 1 }
    }

    fn issued(n: u128, issue: u32) -> Event {
        let (kind, digest) = (ViewKind::Offer, [0; 32]);
        Event::Issued { stream: stream(n), delivery: delivery(n, issue), issue, kind, digest, ended: None }
    }

    fn delivery(n: u128, issue: u32) -> DeliveryId {
        DeliveryId(uuid::Uuid::from_u128(n * 100 + u128::from(issue)))
    }

    fn entries(of: Vec<Vec<Event>>) -> Vec<JournalEntry> {
        let entry = |(n, events)| JournalEntry {
            message: MessageId::from_bytes([n; 16]),
            order: n.into(),
            known_at: from_micros(i64::from(n)).unwrap(),
            heart: "1".to_owned(),
            bundle: "b".to_owned(),
            events,
        };
        (1..).zip(of).map(entry).collect()
    }

    fn sent(n: u128, issue: u32, sequence: u64) -> (DeliveryId, Sent) {
        (delivery(n, issue), Sent { recipient: atlas(), sequence, arrived_at: None, fields: None })
    }

    #[test]
    fn only_what_concerns_the_handover_has_a_step() {
        let line = || Event::LineOpened {
            stream: stream(1),
            recipient: atlas(),
            capacity: Capacity::Provisional,
            from: schemas::time::parse_day("2026-01-01").unwrap(),
        };
        let entries = entries(vec![
            vec![
                Event::HandoverOpened { handover: OTHER, replaces: None },
                moved(OTHER, State::Sent),
                line(),
            ],
            vec![
                line(),
                Event::HandoverOpened { handover: OURS, replaces: Some(OTHER) },
                moved(OURS, State::Sent),
            ],
            vec![moved(OTHER, State::Superseded)],
        ]);
        let steps = of(&entries.iter().collect::<Vec<_>>(), OURS, &BTreeMap::new());
        // The line of another handover's step is no line of this one: it gives no step at all.
        assert_eq!(steps.iter().map(|step| step.order).collect::<Vec<_>>(), [2]);
        assert!(
            matches!(steps[0].lines[0], TimelineLine::Moved { to: State::Sent, .. }),
            "the move tells the most"
        );
        assert_eq!(steps[0].lines.len(), 3);
    }

    #[test]
    fn each_record_is_found_by_its_delivery() {
        let entries = entries(vec![
            vec![opened(1, OTHER), issued(1, 1)],
            vec![opened(2, OURS), issued(2, 1)],
            vec![issued(1, 2), issued(2, 2)],
        ]);
        let numbers = |sent: &[(DeliveryId, Sent)]| -> Vec<Option<u64>> {
            let steps = of(&entries.iter().collect::<Vec<_>>(), OURS, &sent.iter().cloned().collect());
            let lines = steps.iter().flat_map(|step| &step.lines);
            let records = lines.filter_map(|line| match line {
                TimelineLine::Issued { sent, .. } => Some(sent.as_ref().map(|sent| sent.sequence)),
                TimelineLine::Opened { .. }
                | TimelineLine::Moved { .. }
                | TimelineLine::Repertory { .. }
                | TimelineLine::Stream { .. }
                | TimelineLine::Linked { .. } => None,
            });
            records.collect()
        };
        let all = [sent(1, 1, 4), sent(2, 1, 7), sent(1, 2, 8), sent(2, 2, 9)];
        assert_eq!(numbers(&all), [Some(7), Some(9)]);
        assert_eq!(numbers(&all[2..]), [None, Some(9)]);
        assert_eq!(numbers(&[]), [None, None]);
    }
}
