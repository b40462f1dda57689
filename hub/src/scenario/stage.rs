//! A scenario as it is played: a world in memory, the real heart, a clock that follows the file.
//!
//! Before anything is said on a day, whoever is due by then is looked at, day by day, as the hub does. After each message
//! the invariants are asked. Refuses to answer for anybody: what the register or an agency says stands in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use decide::bundle::LegalBasis;
use decide::change::Delivery;
use decide::person::{Event, ReviewReason, TaskKind, ViewKind};
use decide::round::{Verdict, decide_all};
use decide::world::Aside;
use decide::{Bundle, Person, World, invariant};
use schemas::handover::Answer;
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, Seed};
use schemas::key::Key;
use schemas::message::{Body, Message};
use schemas::municipality::NisCode;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, KnownAt, day_of, start_of};

use super::expected::Difference;
use super::file::{Of, ScenarioAnswer, ScenarioFile, ScenarioSay};
use super::found::{self, Labels, ScenarioFound, called, said};
use super::items::ScenarioItems;
use super::spoken::{HASH, code, found_at_the_door, is_code, kind, mac};
use super::words::{REFUSALS, tokens, unknown, word_of};
use crate::config::Config;

/// So many due moments in a row mean that what is due stays due.
const DUE: usize = 10_000;

/// An offer, as its agency would quote it.
#[derive(Clone, Debug)]
struct QuotedOffer {
    recipient: Recipient,
    person: PersonId,
    handover: HandoverId,
    epoch: u32,
    sequence: u64,
}

/// A scenario under way.
pub(super) struct ScenarioStage<'a> {
    config: &'a Config,
    bundle: Bundle,
    /// What is said comes as a part of the first load.
    baseline: Option<Day>,
    items: ScenarioItems,
    world: World,
    at: Instant,
    order: u64,
    sequences: BTreeMap<Recipient, u64>,
    deliveries: Vec<Delivery>,
    offers: Vec<QuotedOffer>,
    labels: Labels,
    /// What was said under a name: the message, the name, and whose it became.
    pub(super) spoken: Vec<(MessageId, String, PersonId)>,
    /// Everybody, in the order in which they became known.
    seen: Vec<PersonId>,
    rows: Vec<String>,
    tasks: Vec<TaskKind>,
    refused: Vec<String>,
    waiting: BTreeSet<MessageId>,
    /// Reviews in the order in which they were opened, with why.
    pub(super) reviews: Vec<(ReviewId, ReviewReason)>,
    /// Who waited when a report of the first load was read last, each at their version; none was read yet.
    pub(super) reported: Option<Vec<(PersonId, u64)>>,
    broken: Vec<String>,
    pub(super) told: Vec<String>,
}

impl<'a> ScenarioStage<'a> {
    pub(super) fn new(config: &'a Config, file: &ScenarioFile, path: &Path) -> Self {
        let mut bundle = config.bundle.clone();
        for contract in &mut bundle.contracts {
            if let Some(bases) = file.bundle.basis.get(contract.recipient.as_str()) {
                // It says as much as the first one of `config/`, on other days.
                let like = contract.bases.first().cloned();
                let (reference, names) =
                    like.map_or_else(Default::default, |like| (like.reference, like.names));
                let basis = |basis: &super::file::ScenarioBasis| LegalBasis {
                    reference: reference.clone(),
                    from: basis.from.day,
                    to: basis.to.map(|to| to.day),
                    names: names.clone(),
                };
                contract.bases = bases.iter().map(basis).collect();
            }
        }
        for change in &file.bundle.territory {
            let nis = NisCode::parse(&change.nis).ok();
            let mut own = bundle.changes.iter_mut();
            if let Some(known) = own.find(|known| Some(known.nis) == nis && known.on == change.on.day) {
                known.open_files = change.open_files;
            }
        }
        Self {
            config,
            bundle,
            baseline: file.baseline.map(|on| on.day),
            items: ScenarioItems::new(config, &file.with, path),
            world: World::whole(),
            at: Instant::UNIX_EPOCH,
            order: 0,
            sequences: BTreeMap::new(),
            deliveries: vec![],
            offers: vec![],
            labels: BTreeMap::new(),
            spoken: vec![],
            seen: vec![],
            rows: vec![],
            tasks: vec![],
            refused: vec![],
            waiting: BTreeSet::new(),
            reviews: vec![],
            reported: None,
            broken: vec![],
            told: vec![],
        }
    }

    pub(super) fn labels(&self) -> Vec<String> {
        self.items.labels()
    }

    /// Lets time pass until then: on each day on which somebody is due they are looked at.
    ///
    /// # Errors
    /// Where what is due stays due.
    pub(super) fn until(&mut self, at: Instant) -> Result<(), String> {
        for _ in 0..DUE {
            let due = self.world.persons().filter_map(|person| Some((person.state.due?, person.id)));
            let Some((day, person)) = due.min().filter(|(day, _)| *day <= day_of(at)) else {
                self.at = self.at.max(at);
                return Ok(());
            };
            self.at = self.at.max(start_of(day));
            self.tell("a day is due", Body::Due(person));
        }
        Err("what is due stays due".to_owned())
    }

    /// A source says something.
    pub(super) fn say(&mut self, say: &ScenarioSay) -> Result<(), String> {
        let mut codes = vec![];
        for at_the_door in self.items.read(self.config, say, self.at)? {
            let what = match &say.item {
                super::file::ItemForm::Text(text) if !text.contains(['{', '<', '\n']) => {
                    format!("{} {text}", say.source)
                }
                _ => say.source.clone(),
            };
            match at_the_door {
                Ok(item) => {
                    let body = decide::prepare(item, &mac).with_baseline(self.baseline);
                    let verdict = self.tell_of(say.who.as_deref(), &what, body);
                    codes.extend(code(&verdict));
                }
                Err(findings) => {
                    let found: Vec<String> = findings.iter().map(found_at_the_door).collect();
                    self.note(&what, &format!("refused at the door: {}", found.join("; ")));
                    if say.verdict.is_none() {
                        return Err(format!("the door refuses it: {}", found.join("; ")));
                    }
                    codes.extend(findings.iter().map(|finding| word_of(&finding.code.to_string())));
                    codes.push("refused".to_owned());
                }
            }
        }
        self.judge(say.verdict.as_deref(), codes)
    }

    /// An agency answers an offer.
    pub(super) fn answer(&mut self, answer: &ScenarioAnswer) -> Result<(), String> {
        let known = || self.bundle.contracts.iter().map(|contract| contract.recipient.as_str());
        if !known().any(|name| name == answer.recipient) {
            return Err(unknown("recipient", &answer.recipient, known()));
        }
        let mut offers: Vec<&QuotedOffer> = vec![];
        for offer in self.offers.iter().filter(|offer| offer.recipient.as_str() == answer.recipient) {
            offers.retain(|earlier| answer.epoch.is_some() || earlier.handover != offer.handover);
            offers.push(offer);
        }
        if let Some(epoch) = answer.epoch {
            offers.retain(|offer| offer.epoch == epoch);
        }
        let offer = self.meant(answer.of.as_ref(), &offers, |offer| offer.person)?;
        let offer = offer.ok_or_else(|| format!("{} has no such offer", answer.recipient))?.clone();
        let sequence = answer.sequence.unwrap_or(offer.sequence);
        let answer_kind = kind(answer, sequence)?;
        let what = format!("{} answers {}", offer.recipient, answer_kind.as_str());
        let body = Answer { handover: offer.handover, epoch: offer.epoch, answer: answer_kind };
        let verdict = self.tell(&what, Body::Answer { recipient: offer.recipient, answer: body });
        self.judge(answer.verdict.as_deref(), code(&verdict))
    }

    /// Which of these is meant: the n-th, the last of a person, the first, else the last of all.
    pub(super) fn meant<'t, T>(
        &self,
        of: Option<&Of>,
        among: &[&'t T],
        whose: impl Fn(&T) -> PersonId,
    ) -> Result<Option<&'t T>, String> {
        let whose = |it: &T| self.world.person(whose(it)).map(|person| person.id);
        Ok(match of {
            None => among.last().copied(),
            Some(Of::Number(n)) => n.checked_sub(1).and_then(|at| among.get(at)).copied(),
            Some(Of::Whose(word)) if word == "last" || word == "offer" => among.last().copied(),
            Some(Of::Whose(word)) if word == "first" => among.first().copied(),
            Some(Of::Whose(word)) => match word.parse::<usize>() {
                Ok(n) => n.checked_sub(1).and_then(|at| among.get(at)).copied(),
                Err(_) => {
                    let ids = self.named(word)?;
                    among.iter().rev().find(|it| whose(it).is_some_and(|id| ids.contains(&id))).copied()
                }
            },
        })
    }

    /// Whoever has this name in the scenario, or this number.
    pub(super) fn named(&self, word: &str) -> Result<BTreeSet<PersonId>, String> {
        let now = |id: PersonId| self.world.person(id).map(|person| person.id);
        let labelled = self.labels.iter().filter(|(_, names)| names.contains(word));
        let mut ids: BTreeSet<PersonId> = labelled.filter_map(|(id, _)| now(*id)).collect();
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let numbered = |key: &Key| plain(&key.text()).ends_with(&plain(word)) && !plain(word).is_empty();
        let has = |person: &&std::sync::Arc<Person>| person.matching.keys.iter().any(numbered);
        if ids.is_empty() {
            ids.extend(self.world.persons().filter(has).map(|person| person.id));
        }
        let known: Vec<&str> = self.labels.values().flatten().map(String::as_str).collect();
        if ids.is_empty() { Err(unknown("person", word, known.into_iter())) } else { Ok(ids) }
    }

    /// One message is decided.
    pub(super) fn tell(&mut self, what: &str, body: Body) -> Verdict {
        self.tell_of(None, what, body)
    }

    /// One message about somebody who has this name in the scenario is decided.
    fn tell_of(&mut self, who: Option<&str>, what: &str, body: Body) -> Verdict {
        self.order += 1;
        let seed = Seed(Seed([0; 32]).derive("scenario", u32::try_from(self.order).unwrap_or(u32::MAX)));
        let id = MessageId::derive(&seed, 0);
        let message = Message { id, seed, order: self.order, known_at: KnownAt(self.at), body };
        let Self { world, bundle, sequences, deliveries, offers, .. } = self;
        let mut left: Vec<Delivery> = vec![];
        let mut number = |leaving: &[Delivery]| {
            let mut numbers = vec![];
            for delivery in leaving {
                let sequence = sequences.entry(delivery.recipient.clone()).or_default();
                *sequence += 1;
                numbers.push((*sequence, HASH));
                if let (Some(handover), ViewKind::Offer) = (delivery.handover, delivery.view.kind()) {
                    let (recipient, person) = (delivery.recipient.clone(), delivery.person);
                    let (epoch, sequence) = (delivery.epoch, *sequence);
                    offers.push(QuotedOffer { recipient, person, handover, epoch, sequence });
                }
                left.push(delivery.clone());
            }
            Ok(numbers)
        };
        let verdicts = decide_all(world, std::slice::from_ref(&message), bundle, &mut number);
        deliveries.extend(left.iter().cloned());
        if let (Some(Verdict::Decided(change)), Some(who)) = (verdicts.first(), who)
            && let Some(owner) = change.owner
        {
            self.labels.entry(owner).or_default().insert(who.to_owned());
            self.spoken.push((id, who.to_owned(), owner));
        }
        let Some(verdict) = verdicts.into_iter().next() else {
            return Verdict::Failed(Aside::NeedsWithoutEnd);
        };
        self.take_in(what, id, &verdict, &left);
        verdict
    }

    /// Keeps what a message led to, and asks the invariants.
    fn take_in(&mut self, what: &str, id: MessageId, verdict: &Verdict, left: &[Delivery]) {
        let mut told = vec![];
        match verdict {
            Verdict::Decided(change) => {
                self.waiting.retain(|waiting| !change.released.contains(waiting));
                for (person, event) in &change.events {
                    if !self.seen.contains(person) {
                        self.seen.push(*person);
                    }
                    if let Event::Parted { kept, moved, records } = event {
                        self.parted(*person, (*kept, *moved), records);
                        told.push("one person is two".to_owned());
                    }
                    if let Event::Proposed { .. } | Event::SameProposed { .. } = event {
                        told.push("waits for a second person".to_owned());
                    }
                    if let Event::HandoverMoved { row, to, recipient, .. } = event {
                        let to = to.as_str();
                        let whom = recipient.as_ref().map_or(String::new(), |r| format!(" {r}"));
                        told.push(format!("row {row}: {to}{whom}{}", called(&self.labels, *person)));
                        self.rows.push(row.to_string());
                    }
                }
                let joined = |(_, event): &(PersonId, Event)| matches!(event, Event::Absorbed { .. });
                for (absorbed, survivor) in change.merged().filter(|_| change.events.iter().any(joined)) {
                    let names = self.labels.remove(&absorbed).unwrap_or_default();
                    self.labels.entry(survivor).or_default().extend(names);
                    told.push("two persons are one".to_owned());
                }
                self.tasks.extend(change.tasks.iter().map(|task| task.kind));
                told.extend(change.tasks.iter().map(|task| format!("asks: {}", found::task(task.kind).told)));
                self.reviews.extend(change.reviews.iter().map(|review| (review.id, review.reason)));
                told.extend(
                    change.reviews.iter().map(|review| format!("review: {}", review.reason.as_str())),
                );
                told.extend(left.iter().map(|delivery| found::delivery(delivery, &self.labels).told));
                self.check(change, left);
            }
            Verdict::Waiting(_) => {
                self.waiting.insert(id);
                told.push("waits until somebody is known".to_owned());
            }
            Verdict::Refused(refusal) => {
                self.refused.push(refusal.code().to_owned());
                told.push(format!("refused: {refusal} ({})", refusal.code()));
            }
            Verdict::Failed(aside) => self.broken.push(format!("the heart fails on it: {}", aside.code())),
        }
        let told = if told.is_empty() { "nothing follows".to_owned() } else { told.join(", ") };
        self.note(what, &told);
    }

    /// Each of the two has the names under which their own records were said.
    fn parted(
        &mut self,
        whole: PersonId,
        (kept, moved): (PersonId, PersonId),
        records: &BTreeSet<MessageId>,
    ) {
        self.labels.remove(&whole);
        let Self { world, labels, spoken, .. } = self;
        for (id, who, owner) in spoken {
            let now = world.person(*owner).map(|person| person.id);
            if now == Some(kept) || now == Some(moved) {
                *owner = if records.contains(id) { moved } else { kept };
                labels.entry(*owner).or_default().insert(who.clone());
            }
        }
    }

    /// Who somebody is by now.
    pub(super) fn now(&self, id: PersonId) -> Option<PersonId> {
        self.world.person(id).map(|person| person.id)
    }

    /// The invariants, of everybody whom a message touched; and what is decided is settled.
    fn check(&mut self, change: &decide::Change, left: &[Delivery]) {
        let today = day_of(self.at);
        let mut wrong: Vec<String> =
            left.iter().filter_map(|one| invariant::i4(one, &self.bundle).err()).collect();
        let mut due = self.world.clone();
        for id in change.persons.keys() {
            let Some(person) = self.world.person(*id) else { continue };
            wrong.extend(invariant::i6(person, &self.bundle, today).err());
            wrong.extend(invariant::i7(person).err());
            for delivery in left.iter().filter(|delivery| delivery.person == *id) {
                wrong.extend(invariant::i5(delivery, person, &self.bundle, today).err());
                wrong.extend(invariant::i14(delivery, person, &self.bundle, today).err());
            }
            let seed = Seed([1; 32]);
            let (id, known_at) = (MessageId::derive(&seed, 0), KnownAt(self.at));
            let body = Body::Due(person.id);
            let message = Message { id, seed, order: self.order, known_at, body };
            let again = decide_all(&mut due, &[message], &self.bundle, &mut |leaving| {
                Ok((1..).map(|n| (n, HASH)).take(leaving.len()).collect())
            });
            for verdict in again {
                if let Verdict::Decided(change) = verdict
                    && !change.events.is_empty()
                {
                    wrong.push("I13: what is decided is not settled".to_owned());
                }
            }
        }
        wrong.extend(invariant::i12(self.world.persons().map(|person| &**person)).err());
        self.broken.extend(wrong.into_iter().map(|wrong| format!("{today}: {wrong}")));
    }

    pub(super) fn note(&mut self, what: &str, told: &str) {
        self.told.push(format!("{} {what}: {told}", day_of(self.at)));
    }

    /// Whether a step was told what the scenario says it must be.
    pub(super) fn judge(&mut self, verdict: Option<&str>, codes: Vec<String>) -> Result<(), String> {
        let Some(verdict) = verdict else { return Ok(()) };
        let refused = codes.iter().any(|code| code == "refused");
        let told = if codes.is_empty() { "decided".to_owned() } else { codes.join(", ") };
        let more = ["decided", "accepted", "waiting", "done"];
        for word in tokens(verdict) {
            let known = REFUSALS.iter().copied().chain(more);
            let known = known.chain(codes.iter().map(String::as_str));
            if !known.clone().any(|known| known == word) && !is_code(&word) {
                return Err(unknown("verdict", &word, known));
            }
            let is = match word.as_str() {
                "decided" | "accepted" | "done" => !refused,
                word => codes.iter().any(|code| code == word),
            };
            if !is {
                self.broken.push(format!("{}: expected to be {word}, is {told}", day_of(self.at)));
            }
        }
        Ok(())
    }

    /// What was never right: an invariant that is broken, a step that was told something else.
    pub(super) fn broken(&self) -> Option<Difference> {
        let found = self.broken.clone();
        let part = "what must always hold".to_owned();
        (!found.is_empty()).then_some(Difference { line: None, part, expected: vec![], found })
    }

    /// Everybody who was not absorbed, in the order in which they became known.
    pub(super) fn people(&self) -> Vec<&Person> {
        let known = self.seen.iter().filter_map(|id| self.world.persons().find(|person| person.id == *id));
        known.map(|person| &**person).filter(|person| person.state.merged_into.is_none()).collect()
    }

    /// What has come out so far.
    pub(super) fn found(&self) -> ScenarioFound {
        let mut found = ScenarioFound {
            rows: self.rows.iter().map(|row| said(row.clone())).collect(),
            tasks: self.tasks.iter().map(|kind| found::task(*kind)).collect(),
            refused: self.refused.iter().map(|code| said(code.clone())).collect(),
            waiting: self.waiting.len(),
            ..ScenarioFound::default()
        };
        for delivery in &self.deliveries {
            let by = found.deliveries.entry(delivery.recipient.to_string()).or_default();
            by.push(found::delivery(delivery, &self.labels));
        }
        for person in self.people() {
            found.persons += 1;
            let responsible = person.responsible(&self.bundle).whom;
            let whom = responsible.map_or("nobody".to_owned(), |recipient| recipient.to_string());
            found.responsible.push(said(whom + &called(&self.labels, person.id)));
            found.lines.extend(found::lines(person, &self.labels));
            for handover in &person.state.handovers {
                found.handovers.push(found::handover(person, handover, &self.labels));
                found.work.extend(found::work(person, handover, &self.labels));
            }
            for id in person.state.open_reviews.keys() {
                let reason = self.reviews.iter().find(|(own, _)| own == id);
                let reason = reason.map_or("review", |(_, reason)| reason.as_str());
                let told = format!("{reason}{}", called(&self.labels, person.id));
                found.reviews.push(said(told.clone()));
                found.work.push(said(format!("steward: review {told}")));
            }
        }
        found
    }
}
