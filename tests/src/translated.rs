//! The story read and translated without being played: what its sources send, and every answer the register could
//! give, as messages for a world in memory.
//!
//! A played story asks the register in the order of events, so its answers belong to one order; here all of them are
//! there whatever comes first. Refuses due moments, since the clock stands still; [`World::say_yes`] makes agencies'
//! answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use adapters::{Context, Speaker};
use anyhow::Context as _;
use decide::bundle::Competence;
use decide::change::Delivery;
use decide::invariant::{i4, i6, i7};
use decide::person::ViewKind;
use decide::round::{Verdict, decide_all};
use decide::{Bundle, Person};
use demo::Story;
use hub::config::Config;
use schemas::handover::{Answer, AnswerKind, State};
use schemas::ids::{HandoverId, MessageId, PersonId, Seed};
use schemas::message::{Body, Message};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, KnownAt, start_of};

use crate::story::Truth;

/// What one source says, and of whom by the truth.
#[derive(Clone, Debug)]
pub struct Said {
    pub body: Body,
    /// The true person, where the truth names one.
    pub truth: Option<String>,
}

/// Everything that is said in a story, in the order of its times, each once; and the day after its end.
///
/// # Errors
/// Where a file of it cannot be read.
pub fn read(folder: &Path, config: &Config) -> anyhow::Result<(Vec<Said>, Instant)> {
    let truth = Truth::read(folder)?;
    let bundle = &config.bundle;
    let chosen = bundle.contracts.iter().filter(|c| matches!(c.competence, Competence::Choice { .. }));
    let choosable: BTreeSet<Recipient> = chosen.map(|contract| contract.recipient.clone()).collect();
    let nobody = Speaker::for_all("");
    let context = Context {
        municipalities: &bundle.municipalities,
        places: &bundle.places,
        countries: &bundle.countries,
        choosable: &choosable,
        environment: config.hub.environment,
        sender: &nobody,
        now: schemas::time::parse_instant("2100-01-01T00:00:00Z").context("no time")?,
    };
    let (mut said, mut ids) = (vec![], BTreeSet::new());
    let mut take = |at: Instant, source: &str, sender: &'static str, id: Option<&str>, bytes: &[u8]| {
        let door = adapters::source(source).with_context(|| format!("no door {source}"))?;
        let speaker = Speaker::for_all(sender);
        for item in adapters::read(door, bytes) {
            let context = Context { sender: &speaker, ..context };
            let Ok(checked) = item.and_then(|item| adapters::check(door, item, &context)) else {
                continue;
            };
            let own = id.unwrap_or(checked.id()).to_owned();
            if ids.insert((source.to_owned(), sender.to_owned(), own)) {
                let truth = truth.of(source, checked.item());
                let body = decide::prepare(checked.said().clone(), &crate::mac);
                said.push((at, Said { body, truth }));
            }
        }
        anyhow::Ok(())
    };
    for moment in Story::read(folder)?.moments {
        for (feed, body) in moment.posts {
            take(moment.at, feed.source(), feed.sender(), None, &body)?;
        }
    }
    let index = std::fs::read_to_string(folder.join("register/index.csv"))?;
    for row in index.lines().skip(1) {
        let [_, day, file, _] = row.split(',').collect::<Vec<_>>()[..] else { continue };
        let day = schemas::time::parse_day(day).with_context(|| format!("{row}: no day"))?;
        take(
            start_of(day),
            "register",
            "hub",
            Some(file),
            &std::fs::read(folder.join("register").join(file))?,
        )?;
    }
    said.sort_by_key(|(at, _)| *at);
    let end = said.last().map_or(Instant::UNIX_EPOCH, |(at, _)| *at) + chrono::Duration::days(1);
    Ok((said.into_iter().map(|(_, said)| said).collect(), end))
}

/// What one order leads to: a world in memory, with agencies that say yes.
#[derive(Debug)]
pub struct World<'a> {
    bundle: &'a Bundle,
    memory: decide::World,
    /// When everything is decided.
    at: Instant,
    /// The record of each message: where it was put when it came.
    pub linked: BTreeMap<MessageId, PersonId>,
    sequences: BTreeMap<Recipient, u64>,
    /// The last offer of each handover.
    offers: BTreeMap<HandoverId, Offer>,
    order: u64,
}

/// An offer: to whom, its epoch and its number.
type Offer = (Recipient, u32, u64);

/// The payload hash of every record: the heart only compares.
const HASH: [u8; 32] = [0xab; 32];

impl<'a> World<'a> {
    /// An empty one, where it is always the same moment.
    #[must_use]
    pub fn new(bundle: &'a Bundle, at: Instant) -> Self {
        let (memory, linked, sequences) = (decide::World::whole(), BTreeMap::new(), BTreeMap::new());
        Self { bundle, memory, at, linked, sequences, offers: BTreeMap::new(), order: 0 }
    }

    /// A message under a name of its own: its id and its seed are the same in every order.
    pub fn message(&mut self, name: &str, body: Body) -> Message {
        self.order += 1;
        let seed = Seed(Seed([0; 32]).derive(name, 0));
        let id = MessageId::derive(&seed, 0);
        Message { id, seed, order: self.order, known_at: KnownAt(self.at), body }
    }

    /// Decides a batch. Invariant I5 is checked by the round itself, I4 and I7 here.
    ///
    /// # Panics
    /// Where an invariant is broken, or the heart failed on a message.
    pub fn decide(&mut self, batch: &[Message]) -> Vec<Verdict> {
        let Self { memory, bundle, sequences, offers, .. } = self;
        let mut number = |delivery: &Delivery| {
            assert_eq!(i4(delivery, bundle), Ok(()));
            let sequence = sequences.entry(delivery.recipient.clone()).or_default();
            *sequence += 1;
            if let (Some(handover), ViewKind::Offer) = (delivery.handover, delivery.view.kind()) {
                offers.insert(handover, (delivery.recipient.clone(), delivery.epoch, *sequence));
            }
            (*sequence, HASH)
        };
        let verdicts = decide_all(memory, batch, bundle, &mut |deliveries| {
            Ok(deliveries.iter().map(&mut number).collect())
        });
        for verdict in &verdicts {
            match verdict {
                Verdict::Decided(change) => {
                    self.linked.extend(change.records.iter().map(|indexed| (indexed.record, indexed.person)));
                }
                Verdict::Failed(aside) => panic!("{}", aside.code()),
                Verdict::Waiting(_) | Verdict::Refused(_) => {}
            }
        }
        let today = batch.last().map_or_else(Day::default, |message| message.known_at.day());
        for person in self.memory.persons() {
            assert_eq!(i6(person, bundle, today).and(i7(person)), Ok(()));
        }
        verdicts
    }

    /// Lets the agencies say yes to whatever they are offered, until nothing is.
    ///
    /// # Panics
    /// Where an answer to what was offered is refused.
    pub fn say_yes(&mut self) {
        while let Some((handover, (recipient, epoch, sequence))) = self.offered() {
            let received = AnswerKind::Received { sequence, payload_hash: HASH };
            for answer in [received, AnswerKind::Accepted] {
                let answer = Answer { handover, epoch, answer };
                let name = format!("{handover} {epoch} {}", answer.answer.as_str());
                let message = self.message(&name, Body::Answer { recipient: recipient.clone(), answer });
                let verdicts = self.decide(&[message]);
                assert!(matches!(verdicts[..], [Verdict::Decided(_)]), "{verdicts:?}");
            }
        }
    }

    /// A handover that waits for an answer, and what was offered.
    fn offered(&self) -> Option<(HandoverId, Offer)> {
        let open = |state| matches!(state, State::Sent | State::Received | State::Overdue);
        let handovers = self.memory.persons().flat_map(|person| &person.state.handovers);
        let mut open = handovers.filter(|handover| open(handover.state)).filter_map(|handover| {
            let offer = self.offers.get(&handover.id)?;
            (offer.1 == handover.epoch).then(|| (handover.id, offer.clone()))
        });
        open.next()
    }

    /// Everybody who is somebody still.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.memory.persons().map(|person| &**person).filter(|person| person.state.merged_into.is_none())
    }

    /// The person a message belongs to now; none while it waits.
    #[must_use]
    pub fn person_of(&self, message: MessageId) -> Option<&Person> {
        self.memory.person(*self.linked.get(&message)?).map(|person| &**person)
    }
}
