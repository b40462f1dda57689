//! A person's story from their history: a pure function of the entries, the bundle and what was sent.
//!
//! The fold of the entries is the state; facts are pointed at by the heart's own choices
//! (`decide::journey::grounds`). Nothing is decided again, so what is told is what happened. Refuses to read a
//! clock or a store.

use std::collections::{BTreeMap, BTreeSet};

use decide::bundle::Contract;
use decide::disclosure::allowed;
use decide::journey::Journey;
use decide::journey::canonical::canonical;
use decide::journey::grounds::{self, Ground};
use decide::journey::scope::{Scope, scope};
use decide::person::{Event, Handover, Stream, UnknownRecord, ViewKind};
use decide::{Bundle, Person};
use schemas::ids::{HandoverId, MessageId, StreamId};
use schemas::message::ReviewAnswer;
use schemas::recipient::Recipient;
use schemas::time::{Day, day_of};

use super::read::KnownHistory;
use super::rows::words;
use super::verdict::{fact, responsible, target_group};
use super::{
    Absorption, Basis, DecidedBy, DecidingHome, Doubt, HandoverStory, LinkedMessage, Move, PersonStory,
    Question, Receipt, StreamStory, TakenApart,
};
use crate::history::{History, JournalEntry};

/// What a story is told with.
#[derive(Clone, Copy, Debug)]
pub struct StoryGiven<'a> {
    /// The contracts and rules by which it is read.
    pub bundle: &'a Bundle,
    /// The day on which it stands.
    pub on: Day,
    /// Whether personal values are shown.
    pub values: bool,
}

/// Tells the story of a person whose history is this.
///
/// # Errors
/// [`UnknownRecord`] where a history names a record that it does not hold.
pub fn tell(known: &KnownHistory, given: StoryGiven<'_>) -> Result<PersonStory, UnknownRecord> {
    let mut telling = Telling::new(known, given);
    for (id, history) in &known.absorbed {
        telling.person = Person::new(*id);
        telling.read(history)?;
    }
    // Their own comes last: what they took over from the others goes on in it.
    telling.person = Person::new(known.person);
    telling.read(&known.own)?;
    let journey = Journey::of(&telling.person.state);
    let verdict = scope(journey, given.bundle, given.on);
    let facts =
        |grounds: Vec<Ground<'_>>| grounds.into_iter().map(|ground| fact(ground, given.values)).collect();
    Ok(PersonStory {
        person: known.person.to_string(),
        last: known.own.entries.last().map(|entry| decision(entry, given.bundle)),
        responsible: responsible(&telling.person, given.bundle),
        target_group: target_group(verdict, facts(grounds::of_target_group(journey))),
        home: journey.home(given.on).map(|home| DecidingHome {
            began: home.began,
            facts: facts(grounds::of_home(journey, given.on)),
        }),
        golden: super::golden::told(journey, given.values),
        due: telling.person.state.due,
        handovers: telling.handovers(),
        streams: telling.streams(),
        ..telling.story
    })
}

/// A story under way.
struct Telling<'a> {
    known: &'a KnownHistory,
    given: StoryGiven<'a>,
    person: Person,
    moves: BTreeMap<HandoverId, Vec<Move>>,
    opened: BTreeMap<StreamId, Recipient>,
    receipts: BTreeMap<StreamId, Vec<Receipt>>,
    story: PersonStory,
}

impl<'a> Telling<'a> {
    fn new(known: &'a KnownHistory, given: StoryGiven<'a>) -> Self {
        Self {
            known,
            given,
            person: Person::new(known.person),
            moves: BTreeMap::new(),
            opened: BTreeMap::new(),
            receipts: BTreeMap::new(),
            story: PersonStory::default(),
        }
    }

    /// Reads one history to its end.
    fn read(&mut self, history: &History) -> Result<(), UnknownRecord> {
        for entry in &history.entries {
            for event in &entry.events {
                self.moved(entry, event);
                self.tell(event, || decision(entry, self.given.bundle));
                if let Event::CameOf { .. } = event {
                    // Of what was both's, the records of the other are no part of their story.
                    let own: BTreeSet<String> = history.records.keys().map(MessageId::to_string).collect();
                    self.story.links.retain(|link| own.contains(&link.message));
                }
                self.person.apply(event, &history.records)?;
            }
            self.receipts_of(entry);
        }
        Ok(())
    }

    /// What stands in the story as it happened. Every kind of event is named, so that a new one has to be
    /// placed.
    fn tell(&mut self, event: &Event, decision: impl FnOnce() -> DecidedBy) {
        let story = &mut self.story;
        match event {
            Event::Linked { message, reason, .. } => story.links.push(LinkedMessage {
                message: message.to_string(),
                reason: *reason,
                decision: decision(),
            }),
            Event::ReviewRaised { review, reason, .. } => story.reviews.push(Doubt {
                review: review.to_string(),
                reason: *reason,
                answered: None,
                decision: decision(),
            }),
            Event::ReviewAnswered { review, answer } => {
                let id = review.to_string();
                let answer = match answer {
                    ReviewAnswer::Same(_) => "same",
                    ReviewAnswer::Different => "different",
                    ReviewAnswer::CannotTell => "cannot_tell",
                };
                story.reviews.iter_mut().filter(|doubt| doubt.review == id).for_each(|doubt| {
                    doubt.answered = Some(answer);
                });
            }
            Event::ReviewVoid { review } => {
                let id = review.to_string();
                let same = story.reviews.iter_mut().filter(|doubt| doubt.review == id);
                same.for_each(|doubt| doubt.answered = Some("void"));
            }
            Event::Absorbed { person, why } => story.absorbed.push(Absorption {
                person: person.id.to_string(),
                why: *why,
                decision: decision(),
            }),
            Event::CameOf { from, other, .. } => {
                story.taken_apart = Some(TakenApart {
                    from: from.to_string(),
                    other: other.to_string(),
                    decision: decision(),
                });
            }
            Event::Asked { task, what, .. } => {
                story.questions.push(Question { task: task.to_string(), what: *what, decision: decision() });
            }
            Event::StreamOpened { stream, recipient, .. } => {
                self.opened.insert(*stream, recipient.clone());
            }
            Event::HandoverOpened { .. }
            | Event::HandoverMoved { .. }
            | Event::Parted { .. }
            | Event::Proposed { .. }
            | Event::Seconded { .. }
            | Event::SameProposed { .. }
            | Event::SameSeconded { .. }
            | Event::Named { .. }
            | Event::LineOpened { .. }
            | Event::LineClosed { .. }
            | Event::RestrictionLifted { .. }
            | Event::LoadApproved { .. }
            | Event::PermitsOver { .. }
            | Event::StreamWentOn { .. }
            | Event::Issued { .. }
            | Event::ToldApart { .. }
            | Event::MergedInto { .. }
            | Event::Restated { .. }
            | Event::DueSet { .. } => {}
        }
    }

    /// A move is told with the state it found.
    fn moved(&mut self, entry: &JournalEntry, event: &Event) {
        if let Event::HandoverMoved {
            handover,
            row,
            to,
            recipient,
            route,
            residence,
            hold,
            code,
            owner,
            deadline,
            ..
        } = event
        {
            let moves = self.moves.entry(*handover).or_default();
            let contract = recipient.as_ref().and_then(|name| self.given.bundle.contract(name));
            moves.push(Move {
                row: row.clone().into_owned(),
                words: words(row).map_or("a row that this version does not know", |words| words.en.as_str()),
                from: moves.last().map(|last| last.to),
                to: *to,
                recipient: recipient.clone(),
                route: route.clone(),
                residence: *residence,
                hold: *hold,
                code: *code,
                owner: *owner,
                deadline: *deadline,
                basis: contract.and_then(|contract| basis(contract, day_of(entry.known_at))),
                decision: decision(entry, self.given.bundle),
            });
        }
    }

    /// Receipts of what one message issued. Its facts are all in: a view is taken last.
    fn receipts_of(&mut self, entry: &JournalEntry) {
        let day = day_of(entry.known_at);
        for event in &entry.events {
            let Event::Issued { stream, delivery, issue, kind, .. } = event else { continue };
            let Some(recipient) = self.opened.get(stream) else { continue };
            let contract = self.given.bundle.contract(recipient);
            let kept = self.known.sent.get(delivery);
            let read = kept.and_then(|sent| sent.fields.clone());
            let is_read = read.is_some();
            let known = self.fields_on(day);
            let named: Vec<&String> =
                contract.into_iter().flat_map(|contract| allowed(contract, *kind, day)).collect();
            let by_contract = || known.iter().filter(|name| named.contains(name)).cloned().collect();
            let fields: Vec<String> = read.unwrap_or_else(by_contract);
            let withheld = match kind {
                ViewKind::Offer | ViewKind::File => {
                    known.into_iter().filter(|name| !fields.contains(name)).collect()
                }
                ViewKind::Ended => vec![],
            };
            self.receipts.entry(*stream).or_default().push(Receipt {
                issue: *issue,
                kind: *kind,
                basis: contract.and_then(|contract| basis(contract, day)),
                sequence: kept.map(|sent| sent.sequence),
                delivery: kept.map(|_| delivery.to_string()),
                arrived_at: kept.and_then(|sent| sent.arrived_at),
                fields,
                withheld,
                read: is_read,
                decision: decision(entry, self.given.bundle),
            });
        }
    }

    /// The canonical fields that had a value, by name.
    fn fields_on(&self, day: Day) -> Vec<String> {
        let group = match scope(Journey::of(&self.person.state), self.given.bundle, day) {
            Scope::In(group) => Some(group),
            Scope::Out(_) | Scope::Review | Scope::Unknown => None,
        };
        canonical(&self.person, self.given.bundle, group, day).0.into_keys().collect()
    }

    fn handovers(&mut self) -> Vec<HandoverStory> {
        let story = |handover: &Handover| HandoverStory {
            handover: handover.id.to_string(),
            replaces: handover.replaces.map(|id| id.to_string()),
            state: handover.state,
            recipient: handover.recipient.clone(),
            epoch: handover.epoch,
            moves: self.moves.remove(&handover.id).unwrap_or_default(),
        };
        self.person.state.handovers.iter().map(story).collect()
    }

    fn streams(&mut self) -> Vec<StreamStory> {
        let story = |stream: &Stream| StreamStory {
            stream: stream.id.to_string(),
            recipient: stream.recipient.clone(),
            handover: stream.handover.map(|id| id.to_string()),
            epoch: stream.epoch,
            receipts: self.receipts.remove(&stream.id).unwrap_or_default(),
            ended: stream.ended,
        };
        self.person.state.streams.iter().map(story).collect()
    }
}

fn decision(entry: &JournalEntry, bundle: &Bundle) -> DecidedBy {
    DecidedBy {
        message: entry.message.to_string(),
        order: entry.order,
        known_at: entry.known_at,
        heart: entry.heart.clone(),
        bundle: entry.bundle.clone(),
        bundle_is_present: entry.bundle == bundle.hash.0,
    }
}

fn basis(contract: &Contract, on: Day) -> Option<Basis> {
    let basis = contract.basis(on)?;
    Some(Basis { reference: basis.reference.clone(), from: basis.from, to: basis.to })
}
