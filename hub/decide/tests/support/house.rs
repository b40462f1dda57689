//! The heart with a whole world, and agencies that can be asked to answer: where stories happen.
//!
//! Runs bodies through the same rounds as the engine, and keeps what left, what was offered and which rows
//! of the state table fired.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use decide::bundle::TurningDays;
use decide::change::{Change, Delivery};
use decide::person::{Event, ViewKind};
use decide::round::{Verdict, decide_all};
use decide::world::{Ask, Reply};
use decide::{Bundle, Person, World};
use schemas::canonical::Value;
use schemas::fact::{Decision, Purpose};
use schemas::handover::{Answer, AnswerKind, OrderName, RejectCode, State};
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, Seed};
use schemas::message::{Body, Message, Prepared, ReviewAnswer};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, KnownAt, day_of, start_of};
use sha2::{Digest, Sha256};

use super::say::{Home, account, application, number_given, ordered, parted, register, reviewed_by, status};
use super::{Who, bundle, day, recipient};

/// What was last offered to a recipient.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    pub(crate) recipient: Recipient,
    pub(crate) handover: HandoverId,
    pub(crate) epoch: u32,
    pub(crate) sequence: u64,
}

/// The bundle of a story: shared until the story has rules of its own.
#[derive(Clone, Debug)]
pub(crate) struct OwnBundle(Arc<Bundle>);

impl Deref for OwnBundle {
    type Target = Bundle;

    fn deref(&self) -> &Bundle {
        &self.0
    }
}

impl DerefMut for OwnBundle {
    fn deref_mut(&mut self) -> &mut Bundle {
        let own = Arc::make_mut(&mut self.0);
        own.turning = TurningDays::default();
        own
    }
}

/// The heart with a whole world, a log of what left, and agencies that can be asked to answer.
#[derive(Clone, Debug)]
pub(crate) struct House {
    pub(crate) bundle: OwnBundle,
    pub(crate) world: World,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) rows: Vec<(String, State)>,
    pub(crate) journal: Vec<(PersonId, Event)>,
    pub(crate) records: BTreeMap<MessageId, Arc<Prepared>>,
    /// Every message so far with what became of it.
    pub(crate) log: Vec<(Message, Verdict)>,
    pub(crate) offered: BTreeMap<Recipient, Offered>,
    pub(crate) offers: BTreeMap<HandoverId, Offered>,
    pub(crate) order: u64,
    pub(crate) at: Instant,
    /// What is said is a part of a first load with this baseline.
    pub(crate) baseline: Option<Day>,
    /// In walks, the desk takes people apart.
    pub(crate) splits: bool,
    /// What each record belongs to, in the order of the numbers.
    pub(crate) issued: BTreeMap<Recipient, Vec<(Option<HandoverId>, u32)>>,
    said: BTreeMap<String, usize>,
    /// The newest epoch of each handover.
    epochs: BTreeMap<HandoverId, u32>,
    /// Whether it keeps how it came to where it is: messages, verdicts, records and journal.
    remembers: bool,
}

/// The payload hash of every record in these tests: the heart only compares.
pub(crate) const HASH: [u8; 32] = [0xab; 32];

impl House {
    pub(crate) fn new() -> Self {
        static BUNDLE: LazyLock<Arc<Bundle>> = LazyLock::new(|| Arc::new(bundle()));
        Self {
            bundle: OwnBundle(Arc::clone(&BUNDLE)),
            world: World::whole(),
            deliveries: vec![],
            rows: vec![],
            journal: vec![],
            records: BTreeMap::new(),
            log: vec![],
            offered: BTreeMap::new(),
            offers: BTreeMap::new(),
            order: 0,
            at: start_of(day("2025-01-01")),
            baseline: None,
            splits: false,
            issued: BTreeMap::new(),
            said: BTreeMap::new(),
            epochs: BTreeMap::new(),
            remembers: true,
        }
    }

    /// One that keeps only what leaves and which rows fire: quicker where very many are walked through.
    pub(crate) fn forgetful() -> Self {
        Self { remembers: false, ..Self::new() }
    }

    /// One who was granted, with an account, and lives there since 4 March; it is 5 March.
    pub(crate) fn arrived(nis: &str) -> (Self, Who) {
        let (mut house, who) = (Self::new(), Who::number(1));
        house.granted_with_account(&who);
        house.today("2025-03-05");
        house.home(&who, nis, "2025-03-04");
        (house, who)
    }

    /// The same in Ghent, and Amal has taken them over; what left and fired until then is forgotten.
    pub(crate) fn with_amal() -> (Self, Who) {
        let (mut house, who) = Self::arrived("44021");
        house.accepted("amal");
        house.left();
        house.fired();
        (house, who)
    }

    pub(crate) fn today(&mut self, on: &str) {
        self.at = start_of(day(on));
    }

    /// A message with an id of its own name, the same in every order. Said again it is the same message, but each
    /// has a seed of its own: nothing is ever decided twice under one.
    pub(crate) fn message(&mut self, name: &str, body: Body) -> Message {
        self.order += 1;
        let (id, seed) = if self.remembers {
            let times = self.said.entry(name.to_owned()).or_default();
            *times += 1;
            let again = if *times == 1 { name.to_owned() } else { format!("{name} for the {times}th time") };
            (MessageId::derive(&seed(name), 0), seed(&again))
        } else {
            // Whoever forgets what was said says nothing twice.
            let own = seed(&format!("{name} as number {}", self.order));
            (MessageId::derive(&own, 0), own)
        };
        let body = body.with_baseline(self.baseline);
        Message { id, seed, order: self.order, known_at: KnownAt(self.at), body }
    }

    /// Decides a batch; keeps what left and what was offered.
    pub(crate) fn decide(&mut self, messages: &[Message]) -> Vec<Verdict> {
        let Self { world, bundle, issued, deliveries, offers, offered, .. } = self;
        let mut number = |leaving: &[Delivery]| {
            let numbers = leaving.iter().map(|delivery| {
                let before = issued.entry(delivery.recipient.clone()).or_default();
                before.push((delivery.handover, delivery.epoch));
                let sequence = before.len() as u64;
                if let (Some(handover), ViewKind::Offer) = (delivery.handover, delivery.view.kind()) {
                    let recipient = delivery.recipient.clone();
                    let offer = Offered { recipient, handover, epoch: delivery.epoch, sequence };
                    offers.insert(handover, offer.clone());
                    offered.insert(delivery.recipient.clone(), offer);
                }
                deliveries.push(delivery.clone());
                (sequence, HASH)
            });
            Ok(numbers.collect())
        };
        let verdicts = decide_all(world, messages, bundle, &mut number);
        for (message, verdict) in messages.iter().zip(&verdicts) {
            assert!(!matches!(verdict, Verdict::Failed(_)), "the heart failed: {verdict:?}");
            if let Verdict::Decided(change) = verdict {
                self.rows.extend(change.events.iter().filter_map(|(_, event)| row(event)));
                for (_, event) in &change.events {
                    let Event::HandoverMoved { handover, epoch, .. } = event else { continue };
                    let before = self.epochs.insert(*handover, *epoch);
                    assert!(before.is_none_or(|before| before <= *epoch), "an epoch comes back: {before:?}");
                }
            }
            if !self.remembers {
                continue;
            }
            self.log.push((message.clone(), verdict.clone()));
            if let Body::Record(prepared) = &message.body {
                self.records.insert(message.id, Arc::clone(prepared));
            }
            if let Verdict::Decided(change) = verdict {
                self.journal.extend(change.events.iter().cloned());
            }
        }
        verdicts
    }

    /// One message, under the next free name.
    pub(crate) fn tell(&mut self, body: Body) -> Verdict {
        let name = format!("message {}", self.order + 1);
        self.say(&name, body)
    }

    /// One message that must be decided.
    pub(crate) fn change(&mut self, body: Body) -> Change {
        match self.tell(body) {
            Verdict::Decided(change) => change,
            other => panic!("{other:?}"),
        }
    }

    /// One message, by a name of its own.
    pub(crate) fn say(&mut self, name: &str, body: Body) -> Verdict {
        let message = self.message(name, body);
        self.decide(&[message]).remove(0)
    }

    /// The recipient's answer to its last offer.
    pub(crate) fn answer(&mut self, from: &str, kind: AnswerKind) -> Verdict {
        let from = recipient(from);
        let offered = self.offered[&from].clone();
        let answer = Answer { handover: offered.handover, epoch: offered.epoch, answer: kind };
        let name = format!("{}/{}/{}", offered.handover, offered.epoch, self.order);
        self.say(&name, Body::Answer { recipient: from, answer })
    }

    pub(crate) fn received(&mut self, from: &str) -> Verdict {
        let sequence = self.offered[&recipient(from)].sequence;
        self.answer(from, AnswerKind::Received { sequence, payload_hash: HASH })
    }

    /// The desk orders something about the handover that was opened last.
    pub(crate) fn order(&mut self, name: OrderName) -> Verdict {
        let handovers = &self.only().state.handovers;
        let handover = handovers.last().unwrap().id;
        self.order_about(handover, name)
    }

    /// The desk orders something about this handover.
    pub(crate) fn order_about(&mut self, handover: HandoverId, name: OrderName) -> Verdict {
        self.tell(ordered(handover, name))
    }

    pub(crate) fn rejected(&mut self, from: &str) -> Verdict {
        self.answer(from, AnswerKind::Rejected { code: RejectCode::NotCompetent })
    }

    /// The agency has the offer on the table: it takes over.
    pub(crate) fn accepted(&mut self, by: &str) -> Verdict {
        self.received(by);
        self.answer(by, AnswerKind::Accepted)
    }

    /// An application, granted, with a national number: prepared.
    pub(crate) fn granted(&mut self, who: &Who) {
        self.tell(application(who, Purpose::FamilyReunification, "2025-01-02"));
        self.tell(status(who, Decision::Granted, 2, "2025-02-01"));
        self.tell(number_given(who, "2025-03-01"));
    }

    /// Granted, with an account at the portal.
    pub(crate) fn granted_with_account(&mut self, who: &Who) {
        self.granted(who);
        self.tell(account(who, "2025-03-02"));
    }

    /// The register's answer of today: a home there since this day.
    pub(crate) fn home(&mut self, who: &Who, nis: &str, since: &str) -> Verdict {
        let today = day_of(self.at).to_string();
        self.tell(register(who, Home::In(nis, since), &today))
    }

    /// They move there on a day, and the register says so.
    pub(crate) fn moves(&mut self, who: &Who, nis: &str, since: &str) {
        self.today(since);
        self.home(who, nis, since);
    }

    /// What left so far to anybody but the participant, who goes on hearing of themselves; and forgets it.
    pub(crate) fn left_to_others(&mut self) -> Vec<String> {
        self.left().into_iter().filter(|left| !left.starts_with("portal ")).collect()
    }

    /// Lets time pass until this day: on every day that is due for somebody they are looked at.
    pub(crate) fn until(&mut self, on: &str) {
        while let Some((due, person)) = self.due().filter(|(due, _)| *due <= day(on)) {
            self.at = self.at.max(start_of(due));
            self.tell(Body::Due(person));
            assert_ne!(self.due(), Some((due, person)), "a day that was looked at is over");
        }
        self.today(on);
    }

    /// The next due moment.
    pub(crate) fn due(&self) -> Option<(Day, PersonId)> {
        self.world.persons().filter_map(|person| Some((person.state.due?, person.id))).min()
    }

    /// Everybody who was not absorbed.
    pub(crate) fn people(&self) -> Vec<&Person> {
        let all = self.world.persons().map(|person| &**person);
        all.filter(|person| person.state.merged_into.is_none()).collect()
    }

    /// Everybody there ever was, as they are or as what is left of them.
    pub(crate) fn persons(&self) -> BTreeMap<PersonId, Person> {
        self.world.persons().map(|person| (person.id, Person::clone(person))).collect()
    }

    /// The only one there is.
    pub(crate) fn only(&self) -> &Person {
        let people = self.people();
        assert_eq!(people.len(), 1);
        people[0]
    }

    /// Forgets how it came to where it is: a copy of it is small then.
    pub(crate) fn forget(&mut self) {
        self.deliveries.clear();
        self.rows.clear();
        self.journal.clear();
        self.log.clear();
        self.records.clear();
    }

    /// The rows of the state table that fired so far, and forgets them.
    pub(crate) fn fired(&mut self) -> Vec<String> {
        std::mem::take(&mut self.rows).into_iter().map(|(row, _)| row).collect()
    }

    /// The last offer of each handover that has one and has not ended, whosever it is.
    pub(crate) fn on_the_table(&self) -> Vec<Offered> {
        let people = self.people();
        let handovers = people.iter().flat_map(|person| &person.state.handovers);
        handovers
            .filter_map(|h| self.offers.get(&h.id).filter(|offer| offer.epoch == h.epoch))
            .cloned()
            .collect()
    }

    /// Makes this offer the one that its recipient answers next.
    pub(crate) fn pick_up(&mut self, offer: &Offered) {
        self.offered.insert(offer.recipient.clone(), offer.clone());
    }

    /// Every person as their journal alone makes them.
    pub(crate) fn folded(&self) -> BTreeMap<PersonId, Person> {
        let mut persons = BTreeMap::new();
        for (id, event) in &self.journal {
            let person = persons.entry(*id).or_insert_with(|| Person::new(*id));
            person.apply(event, &self.records).unwrap();
        }
        persons
    }

    /// Who somebody is now: themselves, or the survivor.
    pub(crate) fn now(&self, id: PersonId) -> &Person {
        self.world.person(id).unwrap()
    }

    /// The records that are this very person's, in the order of their ids.
    pub(crate) fn records_of(&self, id: PersonId) -> BTreeSet<MessageId> {
        match self.world.answer(&Ask::Past(id)) {
            Reply::Past(Some(past)) => past.records.keys().copied().collect(),
            _ => BTreeSet::new(),
        }
    }

    /// The records of somebody and of whom they absorbed.
    pub(crate) fn all_records_of(&self, id: PersonId) -> BTreeSet<MessageId> {
        let person = self.now(id);
        let ids = person.matching.absorbed.iter().chain([&person.id]);
        ids.flat_map(|id| self.records_of(*id)).collect()
    }

    /// Two people order that these records are somebody else's; gives the change that the second leads to.
    pub(crate) fn split(&mut self, person: PersonId, records: &BTreeSet<MessageId>) -> Change {
        let change = self.change(parted(person, records, "lucas"));
        let parted =
            |change: &Change| change.events.iter().any(|(_, event)| matches!(event, Event::Parted { .. }));
        if parted(&change) { change } else { self.change(self::parted(person, records, "nora")) }
    }

    /// The review's person is this one: a second says so too where that is needed.
    pub(crate) fn same(&mut self, review: ReviewId, person: PersonId) -> Change {
        let answer = ReviewAnswer::Same(person);
        let change = self.change(reviewed_by(review, answer, "lucas"));
        let waits = |change: &Change| {
            change.events.iter().any(|(_, event)| matches!(event, Event::SameProposed { .. }))
        };
        if waits(&change) { self.change(reviewed_by(review, answer, "nora")) } else { change }
    }

    /// A field of the last view that left to a recipient, as text.
    pub(crate) fn seen(&self, by: &str, field: &str) -> Option<String> {
        let views = self.deliveries.iter().rev().filter(|delivery| delivery.recipient == recipient(by));
        match views.filter_map(|delivery| delivery.view.fields()).next()?.get(field)? {
            Value::Text(text) => Some(text.clone()),
            Value::Texts(texts) => Some(texts.join(" ")),
            Value::Rows(rows) => {
                let row = |row: &BTreeMap<String, String>| match (row.get("code"), row.get("status")) {
                    (Some(code), Some(status)) => format!("{code}:{status}"),
                    _ => row.values().cloned().collect::<Vec<_>>().join(":"),
                };
                Some(rows.iter().map(row).collect::<Vec<_>>().join(" "))
            }
        }
    }

    /// What left so far, as `recipient kind [reason]`, and forgets it.
    pub(crate) fn left(&mut self) -> Vec<String> {
        let line = |delivery: &Delivery| {
            let reason = delivery
                .view
                .ended()
                .map_or(String::new(), |(reason, _)| format!(" {reason:?}").to_lowercase());
            format!("{} {}{reason}", delivery.recipient, delivery.view.kind().as_str())
        };
        std::mem::take(&mut self.deliveries).iter().map(line).collect()
    }

    /// The handovers of everybody, as `state recipient`.
    pub(crate) fn handovers(&self) -> Vec<String> {
        let all = self.world.persons().flat_map(|person| &person.state.handovers);
        all.map(|h| match &h.recipient {
            Some(recipient) => format!("{} {recipient}", h.state.as_str()),
            None => h.state.as_str().to_owned(),
        })
        .collect()
    }
}

fn seed(name: &str) -> Seed {
    Seed(Sha256::digest(name.as_bytes()).into())
}

/// The id of the person whom the message of this name makes, where it makes one.
pub(crate) fn person_of(name: &str) -> PersonId {
    PersonId::derive(&seed(name), 0)
}

/// The row of the state table that fired.
fn row(event: &Event) -> Option<(String, State)> {
    match event {
        Event::HandoverMoved { row, to, .. } => Some((row.to_string(), *to)),
        _ => None,
    }
}
