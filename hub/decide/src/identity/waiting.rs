//! Waiting records: which of them a record's keys bring to its person.
//!
//! A waiting record has numbers only; the message that brings one of them takes it along, and with it
//! every record that waits for one of *its* numbers. Their order does not matter to the fold; it is
//! fixed all the same, so that the journal is the same whenever it is decided again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::ids::MessageId;
use schemas::key::{Class, IndexKey, Mac};
use schemas::message::Prepared;

use crate::world::{Gather, World};

/// The waiting records that these keys bring along, by the time of their statements; what is not known is gathered.
pub(crate) fn released(
    world: &World,
    keys: impl Iterator<Item = IndexKey>,
    gather: &mut Gather,
) -> Vec<(MessageId, Arc<Prepared>)> {
    let personal = |key: &IndexKey| key.class == Class::Personal;
    let mut found: BTreeMap<MessageId, &Arc<Prepared>> = BTreeMap::new();
    let mut followed: BTreeSet<Mac> = BTreeSet::new();
    let mut open: Vec<IndexKey> = keys.filter(personal).collect();
    while let Some(key) = open.pop() {
        if !followed.insert(key.mac) {
            continue;
        }
        let Some(Some(holders)) = gather.take(world.holders(key.mac)) else { continue };
        for (id, _) in holders.iter().filter(|(_, person)| person.is_none()) {
            if let Some(Some(waits)) = gather.take(world.waiting(*id)) {
                open.extend(waits.index.iter().copied().filter(personal));
                found.insert(*id, waits);
            }
        }
    }
    let mut released: Vec<_> = found.into_iter().map(|(id, waits)| (id, Arc::clone(waits))).collect();
    let stated = |waits: &Prepared| waits.record.facts.iter().map(|fact| fact.version.stated_at).min();
    released.sort_by_key(|(id, waits)| (stated(waits), *id));
    released
}
