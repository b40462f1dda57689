//! The invariants (docs/invariants.md), each one pure function with its id: used by `debug_assert!` in the
//! engine, by property tests and by the fault runs. Each answers with what is broken, or nothing.
//!
//! I1 and I2 compare the store with itself and live where the store is read (`hub replay --verify`).

use std::collections::{BTreeMap, BTreeSet};

use schemas::recipient::Recipient;

use crate::bundle::{Bundle, Competence};
use crate::change::Delivery;
use crate::disclosure::allowed;
use crate::journey::Journey;
use crate::journey::canonical::canonical;
use crate::journey::scope::{Scope, scope};
use crate::person::{Handover, Mandate, Person, Responsible, Stream, ViewKind};
use crate::routing::{RouteReason, route};
use schemas::canonical::Value;
use schemas::time::{Day, day_of};

/// I3: sequences have no gap and no repeat, for each recipient on its own.
///
/// # Errors
/// The first break.
pub fn i3(sequences: impl IntoIterator<Item = (Recipient, u64)>) -> Result<(), String> {
    let mut last: BTreeMap<Recipient, u64> = BTreeMap::new();
    for (recipient, sequence) in sequences {
        let end = last.entry(recipient.clone()).or_default();
        if sequence != *end + 1 {
            return Err(format!("I3: {recipient} goes from {end} to {sequence}"));
        }
        *end = sequence;
    }
    Ok(())
}

/// I4: the fields of a delivery are among those its contract names and its basis of that day allows, and an end carries
/// none.
///
/// # Errors
/// The first field that is not.
pub fn i4(delivery: &Delivery, bundle: &Bundle) -> Result<(), String> {
    let contract = bundle
        .contract(&delivery.recipient)
        .ok_or_else(|| format!("I4: no contract of {}", delivery.recipient))?;
    let allowed: Vec<&String> = allowed(contract, delivery.view.kind(), day_of(delivery.at)).collect();
    let stray = delivery.view.fields().into_iter().flatten().find(|(name, _)| !allowed.contains(name));
    stray.map_or(Ok(()), |(name, _)| {
        Err(format!("I4: field {name} is not in the contract of {}", delivery.recipient))
    })
}

/// I5: an offer or a file rests on the open line of its stream and on a valid basis; before arrival only the provider
/// and the participant have one; never are lines open to offices of two networks.
///
/// # Errors
/// What is broken.
pub fn i5(delivery: &Delivery, person: &Person, bundle: &Bundle, on: Day) -> Result<(), String> {
    let networks: BTreeSet<&str> = person.lines().into_iter().filter_map(|r| bundle.network(r)).collect();
    if networks.len() > 1 {
        return Err("I5: lines are open to offices of two networks".to_owned());
    }
    let recipient = &delivery.recipient;
    let stream = person.state.streams.iter().find(|stream| stream.id == delivery.stream);
    let line = stream.and_then(|stream| stream.line);
    if delivery.view.kind() == ViewKind::Ended {
        return if line.is_some() {
            Err(format!("I5: the line of {recipient} outlives its end"))
        } else {
            Ok(())
        };
    }
    let contract = bundle.contract(recipient).ok_or_else(|| format!("I5: no contract of {recipient}"))?;
    if line.is_none() {
        return Err(format!("I5: no open line of {recipient}"));
    }
    if contract.basis(on).is_none() {
        return Err(format!("I5: no legal basis of {recipient}"));
    }
    let participant = contract.competence == Competence::Participant;
    if !participant && person.state.merged_into.is_none() && Journey::of(&person.state).objects() {
        return Err(format!("I5: {recipient} in spite of an objection"));
    }
    // A home that the register has lost sight of since was one all the same.
    let had = |h: &Handover| h.residence.is_some();
    let registered = Journey::of(&person.state).home(on).is_some() || person.state.handovers.iter().any(had);
    let early = matches!(contract.competence, Competence::BeforeArrival | Competence::Participant);
    if !early && !registered {
        return Err(format!("I5: {recipient} before arrival"));
    }
    Ok(())
}

/// I6: exactly one party is responsible, and has an open stream with an open line.
///
/// At most one agency holds the file; where nobody is competent nobody is responsible; and while a handover is open
/// somebody is.
///
/// # Errors
/// What is broken.
pub fn i6(person: &Person, bundle: &Bundle, on: Day) -> Result<(), String> {
    let held = person.state.handovers.iter().filter(|handover| handover.holds_file()).count();
    if held > 1 {
        return Err(format!("I6: {held} agencies are responsible at once"));
    }
    let Responsible { whom, why, .. } = person.responsible(bundle);
    let of = match why {
        Mandate::Accepted(handover) => Some(Some(handover)),
        Mandate::Provider(_) => Some(None),
        Mandate::Purging(_) | Mandate::Open(_) | Mandate::Over(..) | Mandate::Nothing => None,
    };
    if let Some(of) = of {
        let whom = whom.clone().ok_or("I6: a handover was accepted by nobody")?;
        let own = |stream: &&Stream| stream.recipient == whom && stream.handover == of;
        let stream = person.open_streams().find(own);
        let stream = stream.ok_or_else(|| format!("I6: {whom} is responsible without an open stream"))?;
        if stream.line.is_none() {
            return Err(format!("I6: {whom} is responsible without an open line"));
        }
    }
    let journey = Journey::of(&person.state);
    let Scope::In(_) = scope(journey, bundle, on) else { return Ok(()) };
    let Some(home) = journey.home(on).filter(|_| !journey.objects()) else { return Ok(()) };
    let found = route(bundle, home.residence.nis, on, journey.choice(bundle));
    let nobody = found.recipient.is_none() && found.reason == RouteReason::NoReceiver;
    match (of, &whom) {
        (Some(_), Some(whom)) if nobody => {
            Err(format!("I6: {whom} is responsible where nobody is competent"))
        }
        (None, _) if !nobody && provides(bundle, on) && person.live_handover().is_some() => {
            Err("I6: a handover is open, and nobody is responsible".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether the provider has a valid basis.
fn provides(bundle: &Bundle, on: Day) -> bool {
    bundle.provider().is_some_and(|contract| contract.basis(on).is_some())
}

/// I7: whoever must move next is named, with a deadline, and a day is due on which that is looked at; none is while a
/// first load waits for its approval.
///
/// # Errors
/// What is broken.
pub fn i7(person: &Person) -> Result<(), String> {
    if let Some(due) = person.state.due.filter(|_| person.state.awaits_approval()) {
        return Err(format!("I7: {due} is due for who waits for the approval of a first load"));
    }
    for handover in person.state.handovers.iter().filter(|handover| !handover.state.is_final()) {
        let state = handover.state.as_str();
        let deadline =
            handover.deadline.ok_or_else(|| format!("I7: a handover in {state} has no deadline"))?;
        let due = person.state.due.ok_or_else(|| format!("I7: nothing is due for a handover in {state}"))?;
        if deadline.succ_opt().is_some_and(|late| due > late) {
            return Err(format!("I7: {due} is due, after the deadline of a handover in {state}"));
        }
    }
    Ok(())
}

/// I12: no two recipients know a person by the same name.
///
/// # Errors
/// The recipients that do.
pub fn i12<'a>(persons: impl IntoIterator<Item = &'a Person>) -> Result<(), String> {
    let mut names = BTreeMap::new();
    for (recipient, pseudonym) in persons.into_iter().flat_map(|person| &person.state.pseudonyms) {
        if let Some(other) = names.insert(pseudonym, recipient) {
            return Err(format!("I12: {recipient} and {other} know somebody by one name"));
        }
    }
    Ok(())
}

/// I14: a file goes to an agency that said yes and to the provider, none is about somebody who has left, and none tells
/// an address that the newest answer forbids.
///
/// # Errors
/// What is broken.
pub fn i14(delivery: &Delivery, person: &Person, bundle: &Bundle, on: Day) -> Result<(), String> {
    if delivery.view.kind() != ViewKind::File || person.state.merged_into.is_some() {
        return Ok(());
    }
    let recipient = &delivery.recipient;
    let journey = Journey::of(&person.state);
    if let Some(handover) = delivery.handover
        && !person.handover(handover).is_some_and(Handover::holds_file)
    {
        return Err(format!("I14: {recipient} gets a file without a yes"));
    }
    let participant = bundle.participant().is_some_and(|contract| contract.recipient == *recipient);
    if !participant && journey.departure(on).is_some() && matches!(scope(journey, bundle, on), Scope::Out(_))
    {
        return Err(format!("I14: {recipient} gets a file about somebody who has left"));
    }
    let tells = |field: &&&str| delivery.view.fields().is_some_and(|fields| fields.contains_key(**field));
    match ADDRESS.iter().find(tells).filter(|_| journey.restricted()) {
        Some(field) => Err(format!("I14: {recipient} is told {field}, which may not be told")),
        None => Ok(()),
    }
}

/// The fields that tell an address.
const ADDRESS: [&str; 4] = ["street", "house_number", "bus", "postal_code"];

/// What invariant I8 compares: the agency that is responsible, the open contracts, the field values. Under an
/// objection only what is known of them: whom that was told to, and when it stopped, is history.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Essence {
    /// The agency that has accepted.
    pub responsible: Option<Recipient>,
    /// The recipients with an open line.
    pub open: BTreeSet<Recipient>,
    pub fields: BTreeMap<String, Value>,
}

/// I8: the part of a person that must not depend on the order of their facts.
#[must_use]
pub fn essence(person: &Person, bundle: &Bundle, on: Day) -> Essence {
    let journey = Journey::of(&person.state);
    let group = match scope(journey, bundle, on) {
        Scope::In(group) => Some(group),
        Scope::Out(_) | Scope::Review | Scope::Unknown => None,
    };
    let mut fields = canonical(person, bundle, group, on).0;
    if journey.objects() {
        fields.remove("competent_agency");
        return Essence { responsible: None, open: BTreeSet::new(), fields };
    }
    Essence {
        responsible: person.held_handover().and_then(|handover| handover.recipient.clone()),
        open: person.lines().into_iter().cloned().collect(),
        fields,
    }
}
