//! The invariants (docs/invariants.md), each one pure function with its id: used by `debug_assert!` in the
//! engine, by property tests and by the fault runs. Each answers with what is broken, or nothing.
//!
//! I1 and I2 compare the store with itself and live where the store is read (`hub replay --verify`).

use std::collections::{BTreeMap, BTreeSet};

use schemas::recipient::Recipient;

use crate::bundle::{Bundle, Competence};
use crate::change::Delivery;
use crate::journey::Journey;
use crate::journey::canonical::canonical;
use crate::journey::scope::{Scope, scope};
use crate::person::{Handover, Mandate, Person, Responsible, ViewKind};
use schemas::canonical::Value;
use schemas::time::Day;

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

/// I4: the fields of a delivery are among those its contract names, and an end carries none.
///
/// # Errors
/// The first field that is not.
pub fn i4(delivery: &Delivery, bundle: &Bundle) -> Result<(), String> {
    let contract = bundle
        .contract(&delivery.recipient)
        .ok_or_else(|| format!("I4: no contract of {}", delivery.recipient))?;
    let allowed = match delivery.view.kind() {
        ViewKind::Offer => contract.offer.as_slice(),
        ViewKind::File => contract.file.as_slice(),
        ViewKind::Ended => &[],
    };
    let stray = delivery.view.fields().into_iter().flatten().find(|(name, _)| !allowed.contains(name));
    stray.map_or(Ok(()), |(name, _)| {
        Err(format!("I4: field {name} is not in the contract of {}", delivery.recipient))
    })
}

/// I5: an offer or a file of this delivery rests on an open line and a valid basis; before arrival
/// only the provider and the participant have one; never are lines open to offices of two networks.
///
/// # Errors
/// What is broken.
pub fn i5(delivery: &Delivery, person: &Person, bundle: &Bundle, on: Day) -> Result<(), String> {
    let networks: BTreeSet<&str> = person.state.lines.keys().filter_map(|r| bundle.network(r)).collect();
    if networks.len() > 1 {
        return Err("I5: lines are open to offices of two networks".to_owned());
    }
    if delivery.view.kind() == ViewKind::Ended {
        return Ok(());
    }
    let recipient = &delivery.recipient;
    let contract = bundle.contract(recipient).ok_or_else(|| format!("I5: no contract of {recipient}"))?;
    if !person.state.lines.contains_key(recipient) {
        return Err(format!("I5: no open line of {recipient}"));
    }
    if contract.basis(on).is_none() {
        return Err(format!("I5: no legal basis of {recipient}"));
    }
    if person.state.merged_into.is_none() && Journey::of(&person.state).objects() {
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

/// I6: at most one agency holds the file; who is responsible has an open line and an open stream, but for an agency
/// that only has to purge what it holds.
///
/// # Errors
/// What is broken.
pub fn i6(person: &Person, bundle: &Bundle) -> Result<(), String> {
    let held = person.state.handovers.iter().filter(|handover| handover.holds_file()).count();
    if held > 1 {
        return Err(format!("I6: {held} agencies are responsible at once"));
    }
    let Responsible { whom, why, .. } = person.responsible(bundle);
    let of = match why {
        Mandate::Accepted(handover) => Some(handover),
        Mandate::Provider(_) => None,
        Mandate::Purging(_) | Mandate::Open(_) | Mandate::Over(..) | Mandate::Nothing => return Ok(()),
    };
    let whom = whom.ok_or("I6: a handover was accepted by nobody")?;
    if !person.state.lines.contains_key(&whom) {
        return Err(format!("I6: {whom} is responsible without an open line"));
    }
    if !person.open_streams().any(|stream| stream.recipient == whom && stream.handover == of) {
        return Err(format!("I6: {whom} is responsible without an open stream"));
    }
    Ok(())
}

/// I7: whoever must move next is named, with a deadline.
///
/// # Errors
/// What is broken.
pub fn i7(person: &Person) -> Result<(), String> {
    let adrift = person.state.handovers.iter().find(|h| !h.state.is_final() && h.deadline.is_none());
    adrift.map_or(Ok(()), |h| Err(format!("I7: a handover in {} has no deadline", h.state.as_str())))
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
        open: person.state.lines.keys().cloned().collect(),
        fields,
    }
}
