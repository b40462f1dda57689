//! An engine in small: a part of the world over a store, with batches that are decided and not stored yet.
//!
//! The store is a whole world. Sizes of batches, what is forgotten, when a batch is stored and whether an answer comes
//! late are drawn from dice, so a test can show that none of it is seen in a verdict.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use decide::change::Delivery;
use decide::round::{Round, Verdict};
use decide::world::{Ask, Block, Reply, SentRecord};
use decide::{Bundle, Needs, World};
use schemas::message::{Body, Message};
use schemas::recipient::Recipient;

use super::house::HASH;

/// A source of choices for one case.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }
}

/// How much the engine forgets between two steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Forgets {
    Nothing,
    Sometimes,
    /// Everything that is not pinned, after each batch.
    Always,
}

/// A decided batch that is not stored yet.
struct Batch {
    serial: u64,
    decided: Vec<(Message, Verdict)>,
    sent: Vec<(Recipient, u64, SentRecord)>,
}

pub(crate) struct Engine<'a> {
    bundle: &'a Bundle,
    store: World,
    stored: u64,
    world: World,
    waiting: VecDeque<Batch>,
    sequences: BTreeMap<Recipient, u64>,
    sent: Vec<(Recipient, u64, SentRecord)>,
    dice: Dice,
    forgets: Forgets,
    /// How often a batch had to end early, and a step had to wait for one to be stored.
    pub(crate) cut: usize,
    pub(crate) waited: usize,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(bundle: &'a Bundle, dice: Dice, forgets: Forgets) -> Self {
        Self {
            bundle,
            store: World::whole(),
            stored: 0,
            world: World::new(),
            waiting: VecDeque::new(),
            sequences: BTreeMap::new(),
            sent: vec![],
            dice,
            forgets,
            cut: 0,
            waited: 0,
        }
    }

    /// Decides all of these, in batches of up to so many.
    pub(crate) fn run(&mut self, messages: &[Message], largest: usize) -> Vec<Verdict> {
        let mut verdicts = vec![];
        while verdicts.len() < messages.len() {
            let rest = &messages[verdicts.len()..];
            let size = (1 + self.dice.roll(largest)).min(rest.len());
            let (batch, next) = rest.split_at(size);
            let ahead = self.read_ahead(&next[..largest.min(next.len())]);
            verdicts.extend(self.batch(batch));
            while self.waiting.len() > self.dice.roll(4) {
                self.commit();
            }
            if self.forgets == Forgets::Always {
                self.world.evict(0);
            }
            if let Some((since, answers)) = ahead {
                self.world.load(since, answers);
            }
        }
        verdicts
    }

    /// Reads what the next batch needs, while this one is still to be decided.
    fn read_ahead(&mut self, next: &[Message]) -> Option<(u64, Vec<(Ask, Reply)>)> {
        let needs = Round::new(next, self.bundle).asks(&mut self.world);
        let free = self.world.blocked(&needs).is_none();
        free.then(|| {
            (self.stored, needs.into_iter().map(|ask| (ask.clone(), self.store.answer(&ask))).collect())
        })
    }

    /// Decides a batch, or the first of it where the rest must wait for the first to be stored.
    fn batch(&mut self, messages: &[Message]) -> Vec<Verdict> {
        let mut round = Round::new(messages, self.bundle);
        let mut warm = false;
        for turn in 0.. {
            assert!(turn < 1_000 + 100 * messages.len(), "the same is asked again and again");
            self.forget();
            let needs = if warm { self.advance(&mut round) } else { Some(round.asks(&mut self.world)) };
            let Some(needs) = needs else { break };
            warm = warm || needs.is_empty();
            match self.world.blocked(&needs) {
                Some(Block::Open) => {
                    self.cut += 1;
                    assert!(round.decided() > 0, "only a message that was decided can be in the way");
                    break;
                }
                Some(Block::Until(serial)) => {
                    self.waited += 1;
                    while self.stored < serial {
                        self.commit();
                    }
                }
                None => self.load(needs),
            }
        }
        let verdicts = round.finish();
        let serial = self.world.close_batch();
        let decided = messages.iter().cloned().zip(verdicts.iter().cloned()).collect();
        self.waiting.push_back(Batch { serial, decided, sent: std::mem::take(&mut self.sent) });
        verdicts
    }

    fn advance(&mut self, round: &mut Round<'_>) -> Option<Needs> {
        let Self { world, sequences, sent, .. } = self;
        round.advance(world, &mut |leaving: &[Delivery]| {
            let numbers = leaving.iter().map(|delivery| {
                let sequence = sequences.entry(delivery.recipient.clone()).or_default();
                *sequence += 1;
                let record = SentRecord { hash: HASH, handover: delivery.handover, epoch: delivery.epoch };
                sent.push((delivery.recipient.clone(), *sequence, record));
                (*sequence, HASH)
            });
            Ok(numbers.collect())
        })
    }

    /// Reads the answers; batches may be stored while they are on their way.
    fn load(&mut self, needs: Needs) {
        let since = self.stored;
        let answers: Vec<(Ask, Reply)> =
            needs.into_iter().map(|ask| (ask.clone(), self.store.answer(&ask))).collect();
        if self.dice.roll(3) == 0 && self.forgets != Forgets::Nothing {
            while !self.waiting.is_empty() && self.dice.roll(2) == 0 {
                self.commit();
            }
            self.forget();
        }
        self.world.load(since, answers);
    }

    /// In the midst of a batch.
    fn forget(&mut self) {
        if self.forgets == Forgets::Sometimes && self.dice.roll(4) == 0 {
            let budget = self.dice.roll(50_000);
            self.world.evict(budget);
        }
    }

    /// Stores the oldest batch.
    fn commit(&mut self) {
        let Some(batch) = self.waiting.pop_front() else { return };
        for (message, verdict) in &batch.decided {
            match (verdict, &message.body) {
                (Verdict::Decided(change), _) => self.store.apply(change),
                (Verdict::Waiting(waiting), Body::Record(prepared)) => {
                    self.store.keep(message.id, Arc::clone(prepared), waiting);
                }
                (_, _) => {}
            }
        }
        let sent = batch.sent.into_iter().map(|(to, n, sent)| (Ask::Sent(to, n), Reply::Sent(Some(sent))));
        self.store.load(0, sent);
        self.stored = batch.serial;
        self.world.committed(batch.serial);
    }
}
