//! What may be forgotten, and which answers come too late.
//!
//! Batches are decided while earlier ones are still being stored. What an unstored batch *touched* is pinned: it is
//! not forgotten, and where it is not known it cannot be loaded yet, for the store would answer with the past. An
//! answer that was read before a batch which touched it was stored is discarded for the same reason, whatever it
//! says; it is asked again.

use std::sync::atomic::Ordering;

use super::ask::{Ask, Block, FoundAs, Needs, Reply};
use super::map::AskMap;
use super::{Slot, World};

/// Roughly what one record under a key weighs, in bytes: these five are fitted to the resident memory of a process
/// beside 100,000 persons, what the allocator keeps and the persons' keys among it.
pub(super) const HOLDER: usize = 140;
/// Roughly what one learning record weighs.
pub(super) const LEARNT: usize = 2_200;
/// Roughly what one key of a person weighs.
pub(super) const FOUND_BY: usize = 48;
/// Roughly what any answer weighs beside its content.
const ANSWER: usize = 300;
/// Roughly what a person weighs without claims, and each claim of theirs.
const PERSON: usize = 3_000;
const CLAIM: usize = 650;
/// One view of a person with its names: an estimate, not fitted to a process as those above are.
const VIEW: usize = 900;

/// What batches touched, as long as an answer may come that was read before.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    /// The last batch that touched it.
    last: AskMap<u64>,
    /// The batch that is open.
    open: u64,
    /// Batches up to this one are stored.
    stored: u64,
    /// What was touched up to this batch is not remembered: no answer is taken that was read before it was stored.
    forgotten: u64,
}

/// How many stored batches back a reading may reach: loads that overlap may be handed in in any order within it.
pub const READ_BACK: u64 = 8;

impl Default for Touched {
    fn default() -> Self {
        Self { last: AskMap::default(), open: 1, stored: 0, forgotten: 0 }
    }
}

impl World {
    /// The open batch touches this.
    pub(super) fn touch(&mut self, ask: &Ask) {
        if !self.whole {
            let open = self.touched.open;
            self.touched.last.insert(ask.clone(), open);
        }
    }

    /// Ends a batch and gives its number: 1, 2, 3 … What was touched since the last call belongs to it.
    pub fn close_batch(&mut self) -> u64 {
        let closed = self.touched.open;
        self.touched.open += 1;
        closed
    }

    /// Batches up to this one are stored: what they touched may be forgotten and loaded again.
    pub fn committed(&mut self, serial: u64) {
        self.touched.stored = self.touched.stored.max(serial);
    }

    /// Adds what a store answered. `since` is the last batch that was stored when the answers began to be read. What is
    /// known stays as it is; an answer that a later batch touched, the open one among them, is discarded; so is one
    /// that was read more than [`READ_BACK`] batches before another that is here already.
    pub fn load(&mut self, since: u64, answers: impl IntoIterator<Item = (Ask, Reply)>) {
        if since < self.touched.forgotten {
            return;
        }
        for (ask, answer) in answers {
            let fresh = self.touched.last.get(&told_by(&ask)).is_none_or(|last| *last <= since);
            if fresh && !self.known.contains(&ask) {
                self.insert(ask, answer);
            }
        }
        let forgotten = since.saturating_sub(READ_BACK);
        if forgotten > self.touched.forgotten {
            self.touched.forgotten = forgotten;
            self.touched.last.retain(|last| *last > forgotten);
        }
    }

    /// Why these cannot be loaded yet: those that are not known and that an unstored batch touched.
    #[must_use]
    pub fn blocked(&self, needs: &Needs) -> Option<Block> {
        let unknown = needs.iter().filter(|ask| !self.has(ask));
        let touched = unknown.filter_map(|ask| self.touched.last.get(&told_by(ask)));
        match touched.max().copied() {
            Some(last) if last == self.touched.open => Some(Block::Open),
            Some(last) if last > self.touched.stored => Some(Block::Until(last)),
            Some(_) | None => None,
        }
    }

    /// Forgets the least used until what is known weighs no more than this many bytes, and somewhat less, so that it
    /// is not to be done again at once. What is pinned stays. Gives how many answers went.
    pub fn evict(&mut self, budget: usize) -> usize {
        if self.whole || self.weight <= budget {
            return 0;
        }
        let (touched, stored) = (&self.touched.last, self.touched.stored);
        let pinned = |ask: &Ask| touched.get(ask).is_some_and(|last| *last > stored);
        let loose = self.known.iter().filter(|(ask, _)| !pinned(ask));
        let used = |(ask, entry): (&Ask, &Slot)| (entry.used.load(Ordering::Relaxed), ask.clone());
        let mut oldest: Vec<(u64, Ask)> = loose.map(used).collect();
        oldest.sort_unstable();
        let enough = budget - budget / 8;
        let mut gone = 0;
        for (_, ask) in oldest {
            if self.weight <= enough {
                break;
            }
            if let Some(entry) = self.known.remove(&ask) {
                self.weight -= entry.weight;
                gone += 1;
            }
        }
        gone
    }

    /// Another round begins: what is used from here on was used later.
    pub(crate) fn next_round(&mut self) {
        self.now += 1;
    }
}

/// What is touched with this: a past and what is compared go on with their person.
fn told_by(ask: &Ask) -> Ask {
    match ask {
        Ask::Past(id) | Ask::Match(id) => Ask::Person(*id),
        other => other.clone(),
    }
}

/// Roughly what an answer weighs, in bytes.
pub(super) fn weigh(answer: &Reply) -> usize {
    ANSWER
        + match answer {
            Reply::Key(holders) => holders.len() * HOLDER,
            Reply::Person(FoundAs::Here(person)) => {
                let state = &person.state;
                let parts = state.handovers.len() + state.streams.len() + person.matching.keys.len();
                PERSON + (state.claims.iter().len() + parts) * CLAIM
            }
            Reply::Match(FoundAs::Here(matching)) => {
                matching.views.len() * VIEW + matching.keys.len() * FOUND_BY
            }
            Reply::Journal(records) => records.len() * LEARNT,
            Reply::Keys(keys) => keys.len() * FOUND_BY,
            Reply::Past(Some(past)) => (past.records.len() + past.events.len()) * LEARNT,
            Reply::Waiting(Some(_)) => LEARNT,
            Reply::Person(FoundAs::Absorbed(_) | FoundAs::Nobody | FoundAs::Shut)
            | Reply::Match(FoundAs::Absorbed(_) | FoundAs::Nobody | FoundAs::Shut)
            | Reply::Owner(_)
            | Reply::Past(None)
            | Reply::Waiting(None)
            | Reply::Sent(_) => 0,
        }
}
