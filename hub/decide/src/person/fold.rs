//! The fold: how each event changes a person, and nothing else does.
//!
//! An event that links a record names its message only; whoever folds has the records beside the events, in
//! [`Records`]. An event is not judged here: what was recorded happened.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::handover::{Owner, State};
use schemas::ids::{HandoverId, MessageId, PersonId};
use schemas::key::Key;
use schemas::message::{Prepared, ReviewAnswer};
use schemas::time::{Day, Instant};
use schemas::view::MatchView;

use super::event::Event;
use super::state::{Handover, Line, Matching, OpenReview, Outline, Person, PersonState, Stream, VIEWS_KEPT};
use super::words::TaskKind;

/// The records that events name.
pub trait Records {
    /// The record that came in this message.
    fn record(&self, message: MessageId) -> Option<&Arc<Prepared>>;
}

impl Records for BTreeMap<MessageId, Arc<Prepared>> {
    fn record(&self, message: MessageId) -> Option<&Arc<Prepared>> {
        self.get(&message)
    }
}

/// An event names a message whose record is not beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the record of message {0} is not here")]
pub struct UnknownRecord(pub MessageId);

impl Person {
    /// A person as a journal makes them.
    ///
    /// # Errors
    /// Where an event names a record that is not there.
    pub fn fold<'a>(
        id: PersonId,
        events: impl IntoIterator<Item = &'a Event>,
        records: &dyn Records,
    ) -> Result<Self, UnknownRecord> {
        let mut person = Self::new(id);
        events.into_iter().try_for_each(|event| person.apply(event, records))?;
        Ok(person)
    }

    /// Folds one event in.
    ///
    /// # Errors
    /// Where it names a record that is not there; nothing is changed then.
    pub fn apply(&mut self, event: &Event, records: &dyn Records) -> Result<(), UnknownRecord> {
        if let Event::Linked { message, .. } = event {
            let prepared = records.record(*message).ok_or(UnknownRecord(*message))?;
            self.link(*message, prepared);
        } else {
            self.happen(event);
        }
        Ok(())
    }

    /// A record becomes this person's.
    pub(crate) fn link(&mut self, message: MessageId, prepared: &Prepared) {
        self.version += 1;
        Matching::take_in(&mut self.matching, prepared);
        self.state.claims.take_in(&prepared.record, message);
        self.state.first_load.take_in(prepared);
        self.state.household.named.extend(prepared.own().filter_map(|(key, index)| match key {
            Key::PermitNamed(number) => Some((number.clone(), index.mac)),
            _ => None,
        }));
    }

    /// Anything but a link happens.
    pub(crate) fn happen(&mut self, event: &Event) {
        self.version += 1;
        let state = &mut self.state;
        match event {
            // Folded with its record, in `link`.
            Event::Linked { .. } => {}
            Event::Restated { evidence } => state.claims.take_in(&evidence.prepared.record, evidence.message),
            Event::ReviewRaised { review, reason, candidates } => {
                let asked = OpenReview { candidates: candidates.clone(), proposed: None };
                state.open_reviews.insert(*review, asked);
                if reason.is_alone() {
                    state.alone.insert(*reason, *review);
                }
            }
            Event::ReviewVoid { review } => {
                state.open_reviews.remove(review);
            }
            Event::SameProposed { review, same, by } => {
                if let Some(asked) = state.open_reviews.get_mut(review) {
                    asked.proposed = Some((*same, by.clone()));
                }
            }
            // The answer follows.
            Event::SameSeconded { .. } => {}
            // Somebody looked, and it stays open; what another was sure of is asked anew.
            Event::ReviewAnswered { review, answer: ReviewAnswer::CannotTell } => {
                if let Some(asked) = state.open_reviews.get_mut(review) {
                    asked.proposed = None;
                }
            }
            Event::ReviewAnswered { review, answer } => {
                let asked = state.open_reviews.remove(review).unwrap_or_default();
                if *answer == ReviewAnswer::Different {
                    Arc::make_mut(&mut self.matching).never.extend(asked.candidates);
                }
            }
            Event::ToldApart { from } => {
                Arc::make_mut(&mut self.matching).never.insert(*from);
            }
            Event::MergedInto { survivor } => {
                self.matching = Arc::default();
                self.state = PersonState { merged_into: Some(*survivor), ..PersonState::default() };
            }
            Event::Absorbed { person, .. } => {
                Arc::make_mut(&mut self.matching).absorb(person.outline());
                state.absorb(person);
            }
            Event::Parted { kept, .. } => {
                self.matching = Arc::default();
                self.state = PersonState { merged_into: Some(*kept), ..PersonState::default() };
            }
            Event::CameOf { person, .. } => {
                self.matching = Arc::clone(&person.matching);
                self.state = person.state.clone();
            }
            Event::Proposed { order, by } => state.proposed = Some((*order, by.clone())),
            Event::Seconded { .. } => state.proposed = None,
            Event::DueSet { on } => state.due = *on,
            Event::HandoverOpened { handover, replaces } => {
                state.handovers.push(Handover::opened(*handover, *replaces));
            }
            Event::HandoverMoved { handover, .. } => {
                if let Some(found) = state.handovers.iter_mut().find(|h| h.id == *handover) {
                    found.moved(event);
                }
            }
            Event::RestrictionLifted { at } => {
                state.lifted = Some(*at);
                // What was voided meanwhile goes out once more.
                state.streams.iter_mut().filter(|stream| stream.ended.is_none()).for_each(Stream::owe);
            }
            Event::PermitsOver { permits } => state.household.over.clone_from(permits),
            Event::LoadApproved { up_to } => {
                state.first_load.approved = state.first_load.approved.max(*up_to);
            }
            Event::Named { recipient, pseudonym } => {
                state.pseudonyms.insert(recipient.clone(), *pseudonym);
            }
            Event::LineOpened { stream, capacity, from, .. } => {
                if let Some(found) = state.streams.iter_mut().find(|s| s.id == *stream) {
                    found.line = Some(Line { capacity: *capacity, from: *from });
                }
            }
            Event::LineClosed { stream, .. } => {
                if let Some(found) = state.streams.iter_mut().find(|s| s.id == *stream) {
                    found.line = None;
                }
            }
            Event::StreamOpened { stream, recipient, handover, epoch } => state.streams.push(Stream {
                id: *stream,
                recipient: recipient.clone(),
                handover: *handover,
                epoch: *epoch,
                line: None,
                issues: 0,
                last: None,
                ended: None,
            }),
            Event::StreamWentOn { stream, epoch } => {
                if let Some(found) = state.streams.iter_mut().find(|s| s.id == *stream) {
                    found.epoch = *epoch;
                    found.owe();
                }
            }
            Event::Issued { stream, issue, kind, digest, ended, .. } => {
                if let Some(found) = state.streams.iter_mut().find(|s| s.id == *stream) {
                    found.issues = *issue;
                    found.last = Some((*kind, *digest));
                    found.ended = *ended;
                }
            }
            Event::Asked { insz, what: TaskKind::Unregister, .. } => {
                state.asked.retain(|(asked, _)| asked != insz);
            }
            Event::Asked { insz, what, .. } => {
                state.asked.insert((*insz, *what));
            }
        }
    }
}

impl Handover {
    fn opened(id: HandoverId, replaces: Option<HandoverId>) -> Self {
        Self {
            id,
            replaces,
            state: State::Prepared,
            since: Day::default(),
            row: Cow::Borrowed(""),
            before: None,
            recipient: None,
            route: None,
            residence: None,
            nis: None,
            epoch: 0,
            accepted: None,
            purged: None,
            hold: None,
            code: None,
            held_in: None,
            owner: Owner::Hub,
            deadline: None,
            escalated: false,
            done: false,
            choice_by: None,
        }
    }

    /// It came into a state, or was looked at where it is.
    fn moved(&mut self, event: &Event) {
        let Event::HandoverMoved {
            handover: _,
            row,
            on,
            to,
            recipient,
            route,
            residence,
            nis,
            epoch,
            hold,
            code,
            held_in,
            owner,
            deadline,
            escalated,
            purged,
            done,
        } = event
        else {
            return;
        };
        if self.state != *to || self.row.is_empty() {
            self.since = *on;
        }
        self.before = match (self.state, *to) {
            (State::Held, State::Held) => self.before,
            (before, State::Held) => Some(before),
            _ => None,
        };
        if self.epoch != *epoch {
            (self.accepted, self.purged) = (None, None);
        }
        self.done |= *done;
        match to {
            State::Accepted => self.accepted = self.accepted.or(Some(*on)),
            State::AwaitingChoice => self.choice_by = *deadline,
            _ => {}
        }
        if *purged {
            self.purged = self.purged.or(Some(*on));
        }
        self.row.clone_from(row);
        self.state = *to;
        self.recipient.clone_from(recipient);
        self.route.clone_from(route);
        (self.residence, self.nis, self.epoch) = (*residence, *nis, *epoch);
        (self.hold, self.code) = (*hold, *code);
        (self.held_in, self.owner, self.deadline, self.escalated) = (*held_in, *owner, *deadline, *escalated);
    }
}

impl Matching {
    /// Adds what a record brings; nothing is copied where it brings nothing new. The key of a learning statement
    /// says nothing of the person.
    pub(crate) fn take_in(matching: &mut Arc<Self>, prepared: &Prepared) {
        let view = &prepared.view;
        let says = !view.names.is_empty() || !view.births.is_empty() || !view.marks.is_empty();
        let said = says.then(|| view.said());
        let known = view.numbers.iter().all(|key| matching.keys.contains(key))
            && said.as_ref().is_none_or(|said| matching.views.contains(said));
        if known {
            return;
        }
        let matching = Arc::make_mut(matching);
        matching.keys.extend(view.numbers.iter().cloned());
        matching.keep(said.map(Arc::new));
    }

    /// Adds what another knew.
    fn absorb(&mut self, Outline { id, matching }: Outline<'_>) {
        self.keys.extend(matching.keys.iter().cloned());
        self.keep(matching.views.iter().cloned());
        self.never.extend(&matching.never);
        self.absorbed.extend(&matching.absorbed);
        self.absorbed.insert(id);
    }

    fn keep(&mut self, views: impl IntoIterator<Item = Arc<MatchView>>) {
        self.views.extend(views);
        while self.views.len() > VIEWS_KEPT {
            self.views.pop_last();
        }
    }
}

impl PersonState {
    /// Takes over all that another person had. Where both have a name at a recipient, the survivor's stays; what
    /// the absorbed one's name was used for has ended by then.
    fn absorb(&mut self, other: &Person) {
        let theirs = &other.state;
        self.lifted = self.lifted_of_both(theirs);
        self.claims.absorb(&theirs.claims);
        self.handovers.extend(theirs.handovers.iter().cloned());
        // What is live comes last, and who holds the file before who is only asked.
        let rank = |h: &Handover| (!h.state.is_final(), !h.holds_file());
        self.handovers.sort_by_key(rank);
        for (recipient, pseudonym) in &theirs.pseudonyms {
            self.pseudonyms.entry(recipient.clone()).or_insert(*pseudonym);
        }
        self.streams.extend(theirs.streams.iter().cloned());
        self.asked.extend(&theirs.asked);
        self.first_load.absorb(&theirs.first_load);
        self.household
            .named
            .extend(theirs.household.named.iter().map(|(number, mac)| (number.clone(), *mac)));
        self.household.over.extend(theirs.household.over.iter().cloned());
        self.open_reviews.extend(theirs.open_reviews.iter().map(|(id, asked)| (*id, asked.clone())));
        self.alone.extend(&theirs.alone);
    }

    /// What of both was lifted: where an objection of one stands, an order about the other does not reach it.
    fn lifted_of_both(&self, theirs: &Self) -> Option<Instant> {
        match (self.objects(), theirs.objects()) {
            (true, true) => self.lifted.min(theirs.lifted),
            (true, false) => self.lifted,
            (false, true) => theirs.lifted,
            (false, false) => self.lifted.max(theirs.lifted),
        }
    }
}
