//! What people do by hand in a scenario: orders, answers to reviews, splits, the report of a first load and its approval.
//!
//! Each is the message that the desk would write. Refuses to ask who may: whoever writes a scenario may all of it.

use std::collections::BTreeSet;

use decide::Person;
use decide::round::Verdict;
use schemas::actor::ActorName;
use schemas::handover::OrderName;
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId};
use schemas::message::{Body, ReviewAnswer};

use super::file::{Of, ScenarioApproval, ScenarioOrder, ScenarioReview, ScenarioSplit};
use super::spoken::{code, desk};
use super::stage::ScenarioStage;
use super::words::{unknown, word_of};

impl ScenarioStage<'_> {
    /// The desk orders something.
    pub(super) fn order(&mut self, order: &ScenarioOrder) -> Result<(), String> {
        let known = || OrderName::ALL.into_iter().map(OrderName::as_str);
        let named = OrderName::ALL.into_iter().find(|name| word_of(name.as_str()) == word_of(&order.order));
        let named = named.ok_or_else(|| unknown("order", &order.order, known()))?;
        let mut handovers: Vec<(PersonId, HandoverId)> = vec![];
        for person in self.people() {
            let of = |h: &&decide::person::Handover| {
                let own = h.recipient.as_ref().map(|recipient| recipient.as_str());
                order.recipient.is_none() || order.recipient.as_deref() == own
            };
            handovers.extend(person.state.handovers.iter().filter(of).map(|h| (person.id, h.id)));
        }
        let all: Vec<&(PersonId, HandoverId)> = handovers.iter().collect();
        if let (OrderName::Lift, Some(Of::Whose(word))) = (named, &order.of)
            && let Ok(ids) = self.named(word)
            && let Some(person) = ids.first().copied()
        {
            let (reason, by) = ("of this scenario".to_owned(), desk()?);
            let verdict = self.tell("the desk lifts a restriction", Body::Lifted { person, reason, by });
            return self.judge(order.verdict.as_deref(), code(&verdict));
        }
        let meant = self.meant(order.of.as_ref(), &all, |(person, _)| *person)?;
        let (_, handover) = *meant.ok_or("there is no such handover")?;
        let (reason, by) = ("of this scenario".to_owned(), desk()?);
        let body = Body::Ordered { handover, order: named, reason, by };
        let verdict = self.tell(&format!("the desk orders {}", named.as_str()), body);
        self.judge(order.verdict.as_deref(), code(&verdict))
    }

    /// A human answers a review.
    pub(super) fn review(&mut self, answered: &ScenarioReview) -> Result<(), String> {
        let mut open: Vec<(PersonId, ReviewId, Option<PersonId>)> = vec![];
        for (id, _) in &self.reviews {
            for person in self.people() {
                let may = person.state.open_reviews.get(id);
                open.extend(may.map(|may| (person.id, *id, may.candidates.first().copied())));
            }
        }
        let all: Vec<&(PersonId, ReviewId, Option<PersonId>)> = open.iter().collect();
        let meant = self.meant(answered.of.as_ref(), &all, |(person, ..)| *person)?;
        let (_, review, other) = *meant.ok_or("there is no open review")?;
        let answer = match answered.answer.as_str() {
            "same" => ReviewAnswer::Same(other.ok_or("this review names nobody")?),
            "different" => ReviewAnswer::Different,
            "cannot_tell" => ReviewAnswer::CannotTell,
            word => return Err(unknown("answer", word, ["same", "different", "cannot_tell"].into_iter())),
        };
        let verdict = match &answered.by {
            Some(by) => self.answered(review, answer, by)?,
            None => {
                let first = self.answered(review, answer, "amina")?;
                let waits = |person: &&Person| {
                    person.state.open_reviews.get(&review).is_some_and(|open| open.proposed.is_some())
                };
                let second = self.people().iter().any(waits);
                if second { self.answered(review, answer, "nora")? } else { first }
            }
        };
        self.judge(answered.verdict.as_deref(), code(&verdict))
    }

    fn answered(&mut self, review: ReviewId, answer: ReviewAnswer, by: &str) -> Result<Verdict, String> {
        let name = ActorName::parse(by).map_err(|error| error.to_string())?;
        let said = match answer {
            ReviewAnswer::Same(_) => "same",
            ReviewAnswer::Different => "different",
            ReviewAnswer::CannotTell => "cannot_tell",
        };
        let reason = "of this scenario".to_owned();
        let body = Body::Reviewed { review, answer, reason, by: name };
        Ok(self.tell(&format!("{by} says: {said}"), body))
    }

    /// All that was said under one name is somebody else's.
    pub(super) fn split(&mut self, split: &ScenarioSplit) -> Result<(), String> {
        let person = self.named(&split.of)?.first().copied().ok_or("there is nobody of this name")?;
        let told = self.spoken.iter().filter(|(_, who, _)| *who == split.records);
        let own = told.filter(|(_, _, owner)| self.now(*owner) == Some(person));
        let records: BTreeSet<MessageId> = own.map(|(id, ..)| *id).collect();
        let names = split.by.as_deref().map_or_else(|| vec!["amina", "nora"], |by| vec![by]);
        let mut codes = vec![];
        for by in names {
            let (reason, name) = ("of this scenario".to_owned(), ActorName::parse(by));
            let name = name.map_err(|error| error.to_string())?;
            let body = Body::Split { person, records: records.clone(), reason, by: name };
            codes = code(&self.tell(&format!("{by} orders a split"), body));
            // Refused, or done without a second.
            if self.now(person) != Some(person) || !codes.is_empty() {
                break;
            }
        }
        self.judge(split.verdict.as_deref(), codes)
    }

    /// Somebody reads what the first load would open: who waits, each as they are now.
    pub(super) fn report(&mut self) -> Result<(), String> {
        let who = self.awaiting();
        self.note("a report of the first load", &format!("{} wait", who.len()));
        self.reported = Some(who);
        Ok(())
    }

    /// The coordinator approves the report that was read last; without one, what stands now.
    pub(super) fn approve(&mut self, approval: &ScenarioApproval) -> Result<(), String> {
        let who = self.reported.take().unwrap_or_else(|| self.awaiting());
        if who.is_empty() {
            return Err("nobody waits for the approval of a first load".to_owned());
        }
        let mut codes = vec![];
        for (person, version) in who {
            let (reason, by) = ("of this scenario".to_owned(), desk()?);
            let body = Body::Approved { person, version, reason, by };
            codes.extend(code(&self.tell("the first load is approved", body)));
        }
        self.judge(approval.verdict.as_deref(), codes)
    }

    fn awaiting(&self) -> Vec<(PersonId, u64)> {
        let waiting = self.people().into_iter().filter(|person| person.state.awaits_approval());
        waiting.map(|person| (person.id, person.version)).collect()
    }
}
