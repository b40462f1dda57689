//! What came out of a scenario, in the words of the state table.
//!
//! Each thing that can be expected is a sentence and the words by which it may be named. Refuses personal values.

use std::collections::{BTreeMap, BTreeSet};

use decide::Person;
use decide::change::Delivery;
use decide::person::{Capacity, Handover, TaskKind};
use schemas::handover::Owner;
use schemas::ids::PersonId;

use super::words::{tokens, word_of, written};

/// One thing that came out: how it is told, and the words by which it may be named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Thing {
    pub(super) told: String,
    pub(super) words: BTreeSet<String>,
}

impl Thing {
    fn new(told: String, more: impl IntoIterator<Item = String>) -> Self {
        let mut words: BTreeSet<String> = tokens(&told).into_iter().collect();
        words.extend(more.into_iter().filter(|word| !word.is_empty()));
        Self { told, words }
    }

    pub(super) fn is_named_by(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.words.contains(word))
    }
}

/// Everything that can be expected of a scenario.
#[derive(Clone, Debug, Default)]
pub(super) struct ScenarioFound {
    pub(super) handovers: Vec<Thing>,
    /// The lines that are open.
    pub(super) lines: Vec<Thing>,
    /// What left so far, by recipient.
    pub(super) deliveries: BTreeMap<String, Vec<Thing>>,
    /// The reviews that are open.
    pub(super) reviews: Vec<Thing>,
    /// What people of the desk have to do.
    pub(super) work: Vec<Thing>,
    pub(super) responsible: Vec<Thing>,
    pub(super) rows: Vec<Thing>,
    pub(super) tasks: Vec<Thing>,
    pub(super) refused: Vec<Thing>,
    pub(super) persons: usize,
    pub(super) waiting: usize,
}

/// The names by which a scenario calls its people.
pub(super) type Labels = BTreeMap<PersonId, BTreeSet<String>>;

/// Which names a person has, as they are told.
pub(super) fn called(labels: &Labels, id: PersonId) -> String {
    let names: Vec<&str> = labels.get(&id).into_iter().flatten().map(String::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

pub(super) fn handover(person: &Person, handover: &Handover, labels: &Labels) -> Thing {
    let stage = handover.stage();
    let state = handover.state.as_str();
    let mut told = if stage.as_str() == "(final)" { state } else { stage.as_str() }.to_owned();
    let recipient = handover.recipient.as_ref().map(|recipient| recipient.as_str());
    told.extend(recipient.into_iter().flat_map(|name| [" ", name]));
    let hold = handover.hold.map(|hold| written(&hold)).filter(|_| !handover.state.is_final());
    let code = handover.code.map(|code| written(&code));
    told.extend(hold.iter().chain(&code).flat_map(|reason| [" ", reason.as_str()]));
    told.push_str(&called(labels, person.id));
    let deadline = handover.deadline.map(|day| day.to_string());
    let more = [
        word_of(state),
        word_of(&handover.row),
        word_of(handover.owner.as_str()),
        deadline.unwrap_or_default(),
        handover.since.to_string(),
        format!("epoch-{}", handover.epoch),
        if handover.escalated { "escalated".to_owned() } else { String::new() },
    ];
    Thing::new(told, more)
}

/// What somebody of the desk has to do about a handover; nothing where it is the hub's, the agency's or the person's.
pub(super) fn work(person: &Person, about: &Handover, labels: &Labels) -> Option<Thing> {
    let desk =
        matches!(about.owner, Owner::Coordinator | Owner::Steward | Owner::Operations | Owner::Officer);
    let Thing { told, words } = handover(person, about, labels);
    let late = if about.escalated { ", escalated" } else { "" };
    let told = format!("{}: {told}{late}", about.owner.as_str());
    (desk && !about.state.is_final()).then(|| Thing::new(told, words))
}

pub(super) fn delivery(delivery: &Delivery, labels: &Labels) -> Thing {
    let reason = delivery.view.ended().map(|(reason, _)| format!(" {}", reason.as_str()));
    let kind = delivery.view.kind().as_str();
    let told = format!("{} {kind}{}", delivery.recipient, reason.unwrap_or_default());
    Thing::new(told + &called(labels, delivery.person), [format!("epoch-{}", delivery.epoch)])
}

pub(super) fn lines(person: &Person, labels: &Labels) -> Vec<Thing> {
    let capacity = |capacity| match capacity {
        Capacity::Provider => "provider",
        Capacity::Participant => "participant",
        Capacity::Provisional => "provisional",
        Capacity::Definitive => "definitive",
    };
    let open = person.open_streams().filter_map(|stream| Some((stream, stream.line?)));
    let line = |(stream, line): (&decide::person::Stream, decide::person::Line)| {
        let told = format!("{} {}", stream.recipient, capacity(line.capacity));
        Thing::new(told + &called(labels, person.id), [line.from.to_string()])
    };
    open.map(line).collect()
}

/// Anything else that is told in a sentence.
pub(super) fn said(told: String) -> Thing {
    Thing::new(told, [])
}

pub(super) fn task(kind: TaskKind) -> Thing {
    said(written(&kind))
}
