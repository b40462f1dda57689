//! Where everybody ended: counts by recipient, stage, row, owner and work, and the invariants of everybody as they are.
//!
//! Opens persons as they are stored and looks at them with the heart's own functions; a look on the same day is decided in
//! memory and must change nothing. Counts only: nobody is named. Next: `decide::invariant`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use decide::invariant::{i6, i7, i12};
use decide::person::Person;
use decide::world::{Ask, PersonFound, Reply};
use decide::{Bundle, World, decide};
use hub::app::Hub;
use hub::store::rows::PersonRow;
use schemas::ids::{MessageId, PersonId, Seed};
use schemas::message::{Body, Message};
use schemas::time::{Day, KnownAt, start_of};

use super::agencies::Agencies;
use super::{Dice, Running};
use crate::ACCESS;

/// How many of those whom an agency knows are looked at after a week, and how many of all.
const KNOWN: usize = 60;
const OTHERS: u32 = 60;

/// Counts, each under what it counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ends(pub BTreeMap<String, u64>);

impl Ends {
    fn count(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, count)| writeln!(f, "{count:>9}  {what}"))
    }
}

/// A person as they are stored; none where nobody has this id.
pub(super) async fn open(hub: &Hub, id: PersonId) -> Option<Person> {
    let before = PersonId::from_bytes((u128::from_be_bytes(id.bytes()) - 1).to_be_bytes());
    let rows = hub.store.persons(Some(before), 1).await.unwrap();
    rows.first().filter(|row| row.id == id).map(|row| opened(hub, row))
}

fn opened(hub: &Hub, row: &PersonRow) -> Person {
    hub.vault.person(row, ACCESS).unwrap().0
}

/// What is broken of somebody as they are, on this day.
fn broken(person: &Person, bundle: &Bundle, today: Day) -> Result<(), String> {
    if person.state.merged_into.is_some() {
        return Ok(());
    }
    let networks: BTreeSet<&str> = person.lines().into_iter().filter_map(|to| bundle.network(to)).collect();
    if networks.len() > 1 {
        return Err("I5: lines are open to offices of two networks".to_owned());
    }
    i6(person, bundle, today)?;
    i7(person)?;
    i12([person])?;
    let mut world = World::whole();
    let here = Reply::Person(PersonFound::Here(Arc::new(person.clone())));
    world.load(0, [(Ask::Person(person.id), here)]);
    let known_at = KnownAt(start_of(today) + chrono::TimeDelta::hours(7));
    let (id, seed) = (MessageId::from_bytes([0; 16]), Seed([0; 32]));
    let looked = Message { id, seed, order: 1, known_at, body: Body::Due(person.id) };
    let change = decide(&world, &looked, bundle).map_err(|stop| format!("I13: {stop:?}"))?;
    match change.events.first() {
        None => Ok(()),
        Some((_, event)) => Err(format!("I13: {event:?}")),
    }
}

/// Looks at some of everybody.
pub(super) async fn sample(running: &mut Running<'_>, at: u16, today: Day) -> Vec<String> {
    let (hub, bundle) = (running.hub, &running.hub.config.bundle);
    let mut known: Vec<(u32, PersonId)> = running.persons.iter().map(|(id, life)| (*life, *id)).collect();
    known.sort_unstable();
    let mut dice = Dice::of(running.seed, 0, 5_000 + u64::from(at));
    let mut found = vec![];
    for _ in 0..KNOWN.min(known.len()) {
        let (life, id) = dice.pick(&known);
        if let Some(person) = open(hub, id).await {
            found.extend(
                broken(&person, bundle, today).err().map(|what| format!("day {at}, life {life}: {what}")),
            );
        }
    }
    let first = PersonId::derive(&Seed([u8::try_from(at % 251).unwrap(); 32]), 0);
    for row in hub.store.persons(Some(first), OTHERS).await.unwrap() {
        found.extend(broken(&opened(hub, &row), bundle, today).err().map(|what| format!("day {at}: {what}")));
    }
    found
}

/// Looks at everybody, and counts.
pub(super) async fn all(
    running: &Running<'_>,
    agencies: &Agencies,
    today: Day,
    broken_before: &mut Vec<String>,
) -> Ends {
    let (hub, bundle) = (running.hub, &running.hub.config.bundle);
    let mut ends = Ends::default();
    let mut after = None;
    loop {
        let page = hub.store.persons(after, 500).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for person in page.iter().map(|row| opened(hub, row)) {
            broken_before.extend(broken(&person, bundle, today).err());
            tally(&mut ends, &person, bundle);
        }
    }
    broken_before.extend(agencies.broken.iter().cloned());
    for (source, count) in &running.said {
        ends.0.insert(format!("messages: {source}"), *count);
    }
    for (record, count) in &agencies.records {
        ends.0.insert(format!("records: {record}"), *count);
    }
    let kept = ["decided", "undecided", "waiting", "refused", "quarantined", "reviews", "tasks"];
    for (what, count) in hub.store.counts().await.unwrap() {
        if kept.contains(&what) {
            ends.0.insert(format!("stored: {what}"), count);
        }
    }
    ends
}

fn tally(ends: &mut Ends, person: &Person, bundle: &Bundle) {
    if person.state.merged_into.is_some() {
        return ends.count("persons: absorbed".to_owned());
    }
    let responsible = person.responsible(bundle);
    let why = format!("{:?}", responsible.why);
    let why = why.split('(').next().unwrap_or_default().to_owned();
    let whom = responsible.whom.map_or_else(|| "nobody".to_owned(), |whom| whom.to_string());
    ends.count(format!("persons: {whom} is responsible ({})", why.to_lowercase()));
    for handover in &person.state.handovers {
        let to = handover.recipient.as_ref().map_or("-", |to| to.as_str());
        let held = handover.hold.map_or_else(String::new, |hold| format!(" for {hold:?}").to_lowercase());
        let late = if handover.escalated { ", late" } else { "" };
        let turn = if handover.state.is_final() {
            "".to_owned()
        } else {
            format!(", {:?}", handover.owner).to_lowercase()
        };
        ends.count(format!(
            "handovers: {to} {}{held}, row {}{turn}{late}",
            handover.stage().as_str(),
            handover.row
        ));
    }
    for stream in person.open_streams() {
        ends.count(format!("streams: {}", stream.recipient));
    }
    for _ in &person.state.open_reviews {
        ends.count("work: review".to_owned());
    }
    let mut work = person.state.handovers.iter().filter(|h| h.escalated || h.hold.is_some());
    if let Some(handover) = work.next() {
        ends.count(format!("work: {}", format!("{:?}", handover.owner).to_lowercase()));
    }
}
