//! By which keys each record of the two is found from now on.
//!
//! While both were one a key was kept once; now each of the two is found by every key of their own records. A number leads
//! to whose record brought it first, and to whom it led while they were two; a key that led to none of their records
//! (another's, who is asked about) still does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::ids::{MessageId, PersonId};
use schemas::key::{Class, IndexKey, Mac};

use super::sides::{HalfOf, WhoseNumbers};
use super::thread::Thread;
use crate::change::MovedRecord;
use crate::world::{Gather, World};

/// Every record of the two, with whose it is and what it is found by.
pub(super) fn given(
    world: &World,
    thread: &Thread,
    numbers: &WhoseNumbers<'_>,
    moved: &BTreeSet<MessageId>,
    to: impl Fn(HalfOf) -> PersonId,
    gather: &mut Gather,
) -> Vec<MovedRecord> {
    let ours: BTreeSet<MessageId> = thread.records.iter().map(|(record, ..)| *record).collect();
    // The records of theirs that each key leads to now.
    let mut leads: BTreeMap<Mac, Vec<MessageId>> = BTreeMap::new();
    for key in thread.records.iter().flat_map(|(_, _, prepared)| &prepared.index) {
        leads.entry(key.mac).or_insert_with(|| {
            let holders = gather.take(world.holders(key.mac)).flatten();
            let records = holders.into_iter().flat_map(|holders| holders.keys());
            records.filter(|record| ours.contains(*record)).copied().collect()
        });
    }
    let finds = |key: &IndexKey, half: HalfOf| {
        let Some(led) = leads.get(&key.mac).filter(|led| !led.is_empty()) else { return false };
        let mut before = led.iter().filter(|record| thread.old.contains(*record)).peekable();
        match (key.class, before.peek()) {
            (Class::Group | Class::Name, _) => true,
            (Class::Personal | Class::Claim, Some(_)) => {
                before.any(|record| HalfOf::of(*record, moved) == half)
            }
            (Class::Personal | Class::Claim, None) => !numbers.is_others(key.mac, half),
        }
    };
    let mut found: BTreeSet<(HalfOf, Mac)> = BTreeSet::new();
    let mut given = vec![];
    for (record, from, prepared) in &thread.records {
        let half = HalfOf::of(*record, moved);
        let keys: BTreeSet<Mac> =
            prepared.index.iter().filter(|key| finds(key, half)).map(|key| key.mac).collect();
        let new = keys.into_iter().filter(|mac| found.insert((half, *mac)));
        given.push(MovedRecord {
            record: *record,
            prepared: Arc::clone(prepared),
            from: *from,
            to: to(half),
            keys: new.collect(),
        });
    }
    given
}
