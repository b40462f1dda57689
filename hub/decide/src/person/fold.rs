//! The fold: how each event changes a person, and nothing else does.
//!
//! Facts form a semilattice: in every cell the greatest claim stays, so order and repetition do not
//! matter (invariant I8). Refuses to judge an event: what was recorded happened.

use std::sync::Arc;

use schemas::fact::{Authority, Entry, Field, Record, Statement};
use schemas::handover::{Owner, State};
use schemas::key::{Class, Key};
use schemas::message::ReviewAnswer;
use schemas::reference::StatementId;

use super::{Cell, Claim, Evidence, Handover, Line, Matching, Person, PersonState, Stream};
use crate::change::Event;

impl Person {
    /// Folds one event in.
    pub fn apply(&mut self, event: &Event) {
        self.version += 1;
        let state = &mut self.state;
        match event {
            Event::Linked { evidence, .. } => {
                self.matching.take_in(&evidence.record);
                state.take_in(evidence);
            }
            Event::Restated { evidence } => state.take_in(evidence),
            Event::ReviewRaised { review, candidates, .. } => {
                state.open_reviews.insert(*review, candidates.clone());
            }
            Event::ReviewAnswered { review, answer } => {
                let candidates = state.open_reviews.remove(review).unwrap_or_default();
                if *answer == ReviewAnswer::Different {
                    state.never.extend(candidates);
                }
            }
            Event::ToldApart { from } => {
                state.never.insert(*from);
            }
            Event::MergedInto { survivor } => {
                self.matching = Matching::default();
                self.state = PersonState { merged_into: Some(*survivor), ..PersonState::default() };
            }
            Event::Absorbed { person, .. } => {
                self.matching.absorb(&person.matching);
                state.absorb(person);
            }
            Event::DueSet { on } => state.due = *on,
            Event::HandoverOpened { handover, replaces } => state.handovers.push(Handover {
                id: *handover,
                replaces: *replaces,
                state: State::Prepared,
                recipient: None,
                route: None,
                residence: None,
                epoch: 0,
                accepted: false,
                hold: None,
                code: None,
                owner: Owner::Hub,
                deadline: None,
            }),
            Event::HandoverMoved {
                handover,
                to,
                recipient,
                route,
                residence,
                hold,
                code,
                owner,
                deadline,
                ..
            } => {
                if let Some(found) = state.handovers.iter_mut().find(|h| h.id == *handover) {
                    if *to == State::Sent {
                        found.epoch += 1;
                        found.accepted = false;
                    }
                    found.accepted |= *to == State::Accepted;
                    found.state = *to;
                    found.recipient.clone_from(recipient);
                    found.route.clone_from(route);
                    found.residence = *residence;
                    found.hold = *hold;
                    found.code = *code;
                    found.owner = *owner;
                    found.deadline = *deadline;
                }
            }
            Event::Named { recipient, pseudonym } => {
                state.pseudonyms.insert(recipient.clone(), *pseudonym);
            }
            Event::LineOpened { recipient, capacity, from } => {
                state.lines.insert(recipient.clone(), Line { capacity: *capacity, from: *from });
            }
            Event::LineClosed { recipient, .. } => {
                state.lines.remove(recipient);
            }
            Event::StreamOpened { stream, recipient, handover, epoch } => state.streams.push(Stream {
                id: *stream,
                recipient: recipient.clone(),
                handover: *handover,
                epoch: *epoch,
                issues: 0,
                last: None,
                ended: None,
            }),
            Event::Issued { stream, issue, kind, digest, ended } => {
                if let Some(found) = state.streams.iter_mut().find(|s| s.id == *stream) {
                    found.issues = *issue;
                    found.last = Some((*kind, *digest));
                    found.ended = *ended;
                }
            }
            Event::Asked { insz, what, .. } => {
                state.asked.insert((*insz, *what));
            }
        }
    }
}

impl Matching {
    /// Adds what a record brings. The key of a learning statement says nothing of the person.
    pub fn take_in(&mut self, record: &Record) {
        self.names.extend(record.names.iter().map(schemas::name::Names::tokens));
        self.births.extend(&record.births);
        let own = |key: &&Key| key.class() == Class::Personal && !matches!(key, Key::Statement(_));
        self.keys.extend(record.keys.iter().filter(own).cloned());
    }

    /// Adds what another knew.
    fn absorb(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.births.extend(&other.births);
        self.keys.extend(other.keys.iter().cloned());
    }
}

impl PersonState {
    /// Folds a record's facts in.
    fn take_in(&mut self, evidence: &Evidence) {
        for fact in &evidence.record.facts {
            self.claim(Arc::new(Cell::of(fact)), Arc::new(Claim::of(fact, evidence.message)));
        }
    }

    /// The greatest claim of a cell stays. A learning statement that was voided claims nothing, whether it
    /// came before the one that voids it or after.
    fn claim(&mut self, cell: Arc<Cell>, claim: Arc<Claim>) {
        match (&claim.statement, &cell.entry) {
            (Statement::Progress(progress), _) if self.is_voided(&progress.statement) => return,
            (Statement::Voided, Entry::Statement(id)) => {
                self.claims.retain(|_, claim| match &claim.statement {
                    Statement::Progress(progress) => progress.statement != *id,
                    _ => true,
                });
            }
            (_, _) => {}
        }
        match self.claims.get_mut(&cell) {
            Some(present) if *present >= claim => {}
            Some(present) => *present = claim,
            None => {
                self.claims.insert(cell, claim);
            }
        }
    }

    /// Whether a learning statement does not hold.
    #[must_use]
    pub fn is_voided(&self, id: &StatementId) -> bool {
        let entry = Entry::Statement(id.clone());
        let first =
            Cell { entry, field: Field::Voided, authority: Authority::Learning, channel: String::new() };
        let next = self.claims.range::<Cell, _>(&first..).next();
        next.is_some_and(|(cell, _)| cell.entry == first.entry && cell.field == Field::Voided)
    }

    /// Takes over all that another person had. Where both have a name at a recipient, this one's stays; what
    /// the other's name was used for has ended by then.
    fn absorb(&mut self, other: &Person) {
        let theirs = &other.state;
        let (voids, rest): (Vec<_>, Vec<_>) =
            theirs.claims.iter().partition(|(cell, _)| cell.field == Field::Voided);
        for (cell, claim) in voids.into_iter().chain(rest) {
            self.claim(cell.clone(), claim.clone());
        }
        self.handovers.extend(theirs.handovers.iter().cloned());
        // What is live comes last, and who holds the file before who is only asked.
        let rank = |h: &Handover| (!h.state.is_final(), !h.responsible());
        self.handovers.sort_by_key(rank);
        for (recipient, pseudonym) in &theirs.pseudonyms {
            self.pseudonyms.entry(recipient.clone()).or_insert(*pseudonym);
        }
        self.streams.extend(theirs.streams.iter().cloned());
        self.asked.extend(&theirs.asked);
        self.open_reviews
            .extend(theirs.open_reviews.iter().map(|(id, candidates)| (*id, candidates.clone())));
        self.never.extend(&theirs.never);
        self.absorbed.extend(&theirs.absorbed);
        self.absorbed.insert(other.id);
    }
}
