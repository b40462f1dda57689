//! Waiting records: which of them a record's keys bring to its person.
//!
//! A waiting record has numbers only; the message that brings one of them takes it along, and with it
//! every record that waits for one of *its* numbers. Their order does not matter to the fold; it is
//! fixed all the same, so that the journal is the same whenever it is decided again.

use std::collections::{BTreeMap, BTreeSet};

use schemas::fact::Record;
use schemas::ids::MessageId;
use schemas::key::{Class, Key};

use crate::change::Needs;
use crate::world::World;

/// The waiting records that these keys bring along, by the time of their statements.
pub(crate) fn released(world: &World, keys: &[Key]) -> Result<Vec<(MessageId, Record)>, Box<Needs>> {
    let mut needs = Needs::default();
    let mut found: BTreeMap<MessageId, &Record> = BTreeMap::new();
    let mut followed = BTreeSet::new();
    let personal = |key: &&Key| key.class() == Class::Personal;
    let mut open: Vec<&Key> = keys.iter().filter(personal).collect();
    while let Some(key) = open.pop() {
        if !followed.insert(key) {
            continue;
        }
        let waits = world.holders(key, &mut needs).into_iter().flatten();
        for (id, _) in waits.filter(|(_, person)| person.is_none()) {
            if let Some(record) = world.waits(*id, &mut needs) {
                open.extend(record.keys.iter().filter(personal));
                found.insert(*id, record);
            }
        }
    }
    if !needs.is_empty() {
        return Err(Box::new(needs));
    }
    let mut released: Vec<_> = found.into_iter().map(|(id, record)| (id, record.clone())).collect();
    released.sort_by_key(|(id, record)| (record.facts.iter().map(|fact| fact.version.stated_at).min(), *id));
    Ok(released)
}
