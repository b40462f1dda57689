//! A person's explanation from his history: a pure function of the entries, the bundle and what was sent.
//!
//! The fold of the entries is the state; facts are pointed at by the heart's own choices
//! (`decide::journey::grounds`). Nothing is decided again, so what is told is what happened. Refuses to read a
//! clock or a store.

use std::collections::BTreeMap;

use decide::bundle::Contract;
use decide::change::{Event, ViewKind};
use decide::handover::table;
use decide::journey::Journey;
use decide::journey::canonical::canonical;
use decide::journey::grounds::{self, Ground};
use decide::journey::scope::{Group, OutReason, Scope, scope};
use decide::{Bundle, Person};
use schemas::fact::Entry as About;
use schemas::handover::State;
use schemas::ids::{HandoverId, PersonId, StreamId};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, day_of};

use super::{
    Basis, Decision, Doubt, Fact, HandoverStory, Home, Link, Move, PersonStory, Question, Receipt,
    Responsible, StreamStory, TargetGroup,
};
use crate::history::Entry;

/// A record that is still kept, opened as far as its receipt needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// For whom.
    pub recipient: Recipient,
    /// Its number.
    pub sequence: u64,
    /// Its CloudEvents id.
    pub delivery: String,
    /// When it was decided.
    pub time: Instant,
    /// The handover it names.
    pub handover: Option<HandoverId>,
    /// Its epoch.
    pub epoch: u32,
    /// Its issue number.
    pub issue: u32,
    /// When its arrival was proved.
    pub arrived_at: Option<Instant>,
    /// The fields that have a value in it.
    pub fields: Vec<String>,
}

/// What the explanation of a person is made with.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The contracts and rules by which it is read.
    pub bundle: &'a Bundle,
    /// The records about him that are still kept.
    pub sent: &'a [Sent],
    /// The day on which it stands.
    pub on: Day,
    /// Whether personal values are shown.
    pub values: bool,
}

/// Explains a person whose history is this.
#[must_use]
pub fn explain(id: PersonId, entries: &[Entry], given: Given<'_>) -> PersonStory {
    let mut telling =
        Telling { given, person: Person::new(id), moves: BTreeMap::new(), receipts: BTreeMap::new() };
    let (mut links, mut reviews, mut questions) = (vec![], vec![], vec![]);
    for entry in entries {
        let decision = || decision(entry, given.bundle);
        for event in &entry.events {
            telling.take_in(entry, event);
            match event {
                Event::Linked { evidence, reason } => links.push(Link {
                    message: evidence.message.to_string(),
                    reason: *reason,
                    decision: decision(),
                }),
                Event::ReviewRaised { review, reason } => {
                    reviews.push(Doubt { review: review.to_string(), reason: *reason, decision: decision() });
                }
                Event::Asked { task, what, .. } => {
                    questions.push(Question { task: task.to_string(), what: *what, decision: decision() });
                }
                Event::HandoverOpened { .. }
                | Event::HandoverMoved { .. }
                | Event::Named { .. }
                | Event::LineOpened { .. }
                | Event::LineClosed { .. }
                | Event::StreamOpened { .. }
                | Event::Issued { .. } => {}
            }
        }
        telling.receipts_of(entry);
    }
    let journey = Journey::of(&telling.person.state);
    let verdict = scope(journey, given.bundle, given.on);
    let facts =
        |grounds: Vec<Ground<'_>>| grounds.into_iter().map(|ground| fact(ground, given.values)).collect();
    PersonStory {
        person: id.to_string(),
        last: entries.last().map(|entry| decision(entry, given.bundle)),
        responsible: telling.responsible(verdict),
        target_group: target_group(verdict, facts(grounds::of_target_group(journey))),
        home: journey
            .home(given.on)
            .map(|home| Home { began: home.began, facts: facts(grounds::of_home(journey, given.on)) }),
        links,
        reviews,
        handovers: telling.handovers(),
        streams: telling.streams(),
        questions,
    }
}

/// An explanation under way.
struct Telling<'a> {
    given: Given<'a>,
    person: Person,
    moves: BTreeMap<HandoverId, Vec<Move>>,
    receipts: BTreeMap<StreamId, Vec<Receipt>>,
}

impl Telling<'_> {
    /// Folds an event in; a move is told with the state it found.
    fn take_in(&mut self, entry: &Entry, event: &Event) {
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
        } = event
        {
            let moves = self.moves.entry(*handover).or_default();
            let contract = recipient.as_ref().and_then(|name| self.given.bundle.contract(name));
            moves.push(Move {
                row: row.clone().into_owned(),
                words: table::numbered(row).map_or("a row that this version does not know", |row| row.words),
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
        self.person.apply(event);
    }

    /// Receipts of what one message issued. Its facts are all in: a view is taken last.
    fn receipts_of(&mut self, entry: &Entry) {
        let day = day_of(entry.known_at);
        for event in &entry.events {
            let Event::Issued { stream, issue, kind, .. } = event else { continue };
            let Some(found) = self.person.state.streams.iter().find(|found| found.id == *stream) else {
                continue;
            };
            let contract = self.given.bundle.contract(&found.recipient);
            let kept = self.given.sent.iter().find(|sent| {
                sent.recipient == found.recipient
                    && (sent.handover, sent.epoch, sent.issue) == (found.handover, found.epoch, *issue)
                    && sent.time == entry.known_at
            });
            let known = self.fields_on(day);
            let named = match (kind, contract) {
                (ViewKind::Offer, Some(contract)) => contract.offer.as_slice(),
                (ViewKind::File, Some(contract)) => contract.file.as_slice(),
                (ViewKind::Ended, _) | (_, None) => &[],
            };
            let by_contract = || known.iter().filter(|name| named.contains(name)).cloned().collect();
            let fields: Vec<String> = kept.map_or_else(by_contract, |sent| sent.fields.clone());
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
                delivery: kept.map(|sent| sent.delivery.clone()),
                arrived_at: kept.and_then(|sent| sent.arrived_at),
                fields,
                withheld,
                read: kept.is_some(),
                decision: decision(entry, self.given.bundle),
            });
        }
    }

    /// The canonical fields that had a value, by name.
    fn fields_on(&self, day: Day) -> Vec<String> {
        let journey = Journey::of(&self.person.state);
        match scope(journey, self.given.bundle, day) {
            Scope::In(group) => canonical(journey, self.given.bundle, group, day).0.into_keys().collect(),
            Scope::Out(_) | Scope::Review | Scope::Unknown => vec![],
        }
    }

    fn handovers(&mut self) -> Vec<HandoverStory> {
        let story = |handover: &decide::person::Handover| HandoverStory {
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
        let story = |stream: &decide::person::Stream| StreamStory {
            stream: stream.id.to_string(),
            recipient: stream.recipient.clone(),
            handover: stream.handover.map(|id| id.to_string()),
            epoch: stream.epoch,
            receipts: self.receipts.remove(&stream.id).unwrap_or_default(),
            ended: stream.ended,
        };
        self.person.state.streams.iter().map(story).collect()
    }

    /// Responsibility moves on accept, never before; until then it is the provider's.
    fn responsible(&self, verdict: Scope) -> Responsible {
        let accepted = |id: &HandoverId| {
            let moves = self.moves.get(id).into_iter().flatten();
            moves.rev().find(|step| step.to == State::Accepted).map(|step| day_of(step.decision.known_at))
        };
        // An agency that must purge what it accepted is responsible until it has.
        let holds = |state| matches!(state, State::Accepted | State::WithdrawPending);
        let handovers = self.person.state.handovers.iter().rev();
        let held = handovers.filter(|h| holds(h.state)).find_map(|h| accepted(&h.id).map(|since| (h, since)));
        if let Some((handover, since)) = held {
            return Responsible {
                recipient: handover.recipient.clone(),
                since: Some(since),
                handover: Some(handover.id.to_string()),
                because: "it accepted the handover, and no other agency has accepted one since".to_owned(),
            };
        }
        let provider = self.given.bundle.provider().map(|contract| contract.recipient.clone());
        let nobody = |because: String| Responsible { recipient: None, since: None, handover: None, because };
        let last = self.person.state.handovers.last();
        let open = self.person.live_handover().or(last.filter(|h| !h.state.is_final()));
        let shown = self.person.open_streams().any(|stream| Some(&stream.recipient) == provider.as_ref());
        match (open, last, verdict) {
            (Some(handover), _, _) => Responsible {
                recipient: provider,
                since: None,
                handover: Some(handover.id.to_string()),
                because: "it is the provider until a local agency accepts a handover, and none has yet"
                    .to_owned(),
            },
            (None, Some(handover), _) if handover.state == State::Closed => {
                nobody("the last handover is closed: what follows happens outside the hub".to_owned())
            }
            (None, _, Scope::In(_)) if shown => Responsible {
                recipient: provider,
                since: None,
                handover: None,
                because: "it is the provider before arrival, and no handover is open".to_owned(),
            },
            (None, Some(handover), _) => {
                nobody(format!("the last handover is {}", handover.state.as_str().replace('_', " ")))
            }
            (None, None, _) => nobody("no handover was opened".to_owned()),
        }
    }
}

fn decision(entry: &Entry, bundle: &Bundle) -> Decision {
    Decision {
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

fn fact((cell, claim): Ground<'_>, values: bool) -> Fact {
    Fact {
        field: cell.field,
        entry: match cell.entry {
            About::Person => "person",
            About::Application(..) => "application",
            About::Permit(_) => "permit",
            About::Residence(_) => "residence",
            About::Account(_) => "account",
            About::Module(_) => "module",
            About::Statement(_) => "statement",
        },
        authority: cell.authority,
        stated_at: claim.stated_at,
        valid_from: claim.valid_from,
        message: claim.message.to_string(),
        value: values.then(|| serde_json::to_value(&claim.statement).ok()).flatten(),
    }
}

fn target_group(verdict: Scope, facts: Vec<Fact>) -> TargetGroup {
    let (verdict, as_what, because) = match verdict {
        Scope::In(group) => {
            let words = match group {
                Group::Family => "belongs to it as a family migrant",
                Group::LabourFamily => "belongs to it as family of a labour migrant",
                Group::Labour => "belongs to it as a labour migrant of the Flemish region",
            };
            ("in", Some(group.as_str().to_owned()), words)
        }
        Scope::Out(reason) => {
            let (name, words) = match reason {
                OutReason::Nationality => {
                    ("nationality", "does not belong to it: one nationality is European")
                }
                OutReason::Age => ("age", "does not belong to it: not of age"),
                OutReason::Purpose => ("purpose", "does not belong to it: comes for another purpose"),
                OutReason::Ended => {
                    ("ended", "does not belong to it: every application and permit was refused or taken back")
                }
                OutReason::Left => ("left", "does not belong to it any more: left Belgium"),
                OutReason::Deceased => ("deceased", "does not belong to it any more: died"),
            };
            ("out", Some(name.to_owned()), words)
        }
        Scope::Review => ("review", None, "may belong to it: the rules leave it to a human"),
        Scope::Unknown => ("unknown", None, "may belong to it: too little is known"),
    };
    TargetGroup { verdict, as_what, because: because.to_owned(), facts }
}
