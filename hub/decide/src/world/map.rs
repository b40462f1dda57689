//! A map by [`Ask`] that stays fast when very much is known: many small ordered maps, each for the asks that end alike.
//!
//! Macs and ids end in random bits, so the shelves fill evenly; and which shelf it is depends on the ask alone, so the
//! order in which the map is walked is the same always.

use std::collections::BTreeMap;

use super::ask::{Ask, Owned};

/// How many shelves there are: a power of two.
const SHELVES: usize = 1_024;

/// What is known of each ask.
#[derive(Clone, Debug)]
pub(super) struct AskMap<V> {
    shelves: Vec<BTreeMap<Ask, V>>,
    len: usize,
}

impl<V> Default for AskMap<V> {
    fn default() -> Self {
        Self { shelves: (0..SHELVES).map(|_| BTreeMap::new()).collect(), len: 0 }
    }
}

impl<V> AskMap<V> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, ask: &Ask) -> Option<&V> {
        self.shelves[shelf(ask)].get(ask)
    }

    pub(super) fn get_mut(&mut self, ask: &Ask) -> Option<&mut V> {
        self.shelves[shelf(ask)].get_mut(ask)
    }

    pub(super) fn contains(&self, ask: &Ask) -> bool {
        self.get(ask).is_some()
    }

    pub(super) fn insert(&mut self, ask: Ask, value: V) -> Option<V> {
        let before = self.shelves[shelf(&ask)].insert(ask, value);
        self.len += usize::from(before.is_none());
        before
    }

    pub(super) fn remove(&mut self, ask: &Ask) -> Option<V> {
        let gone = self.shelves[shelf(ask)].remove(ask);
        self.len -= usize::from(gone.is_some());
        gone
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Ask, &V)> {
        self.shelves.iter().flatten()
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.shelves.iter_mut().for_each(|shelf| shelf.retain(|_, value| keep(value)));
        self.len = self.shelves.iter().map(BTreeMap::len).sum();
    }
}

/// The shelf of an ask: by its last bits, which are random in macs and ids, and by the number of a record that was sent.
fn shelf(ask: &Ask) -> usize {
    let last = match ask {
        Ask::Key(mac) | Ask::Name(mac) => u16::from_be_bytes([mac.0[30], mac.0[31]]),
        Ask::Person(id) | Ask::Match(id) | Ask::Journal(id) | Ask::Keys(id) | Ask::Past(id) => {
            end(id.bytes())
        }
        Ask::Owner(Owned::Handover(id)) => end(id.bytes()),
        Ask::Owner(Owned::Stream(id)) => end(id.bytes()),
        Ask::Owner(Owned::Review(id)) => end(id.bytes()),
        Ask::Waiting(id) => end(id.bytes()),
        Ask::Sent(_, sequence) => end(u128::from(*sequence).to_be_bytes()),
    };
    usize::from(last) % SHELVES
}

fn end(bytes: [u8; 16]) -> u16 {
    u16::from_be_bytes([bytes[14], bytes[15]])
}
