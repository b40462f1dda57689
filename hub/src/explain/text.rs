//! An explanation in plain English: sentences for operations and for a clerk.
//!
//! One renderer over the same value that is printed as JSON, so the two cannot differ. Refuses to add
//! anything that is not in the value.

use std::io::{Result, Write};

use decide::person::ViewKind;
use schemas::fact::Field;
use schemas::time::Instant;
use serde::Serialize;

use super::{Explanation, MessageStory};
use crate::story::{
    Alternative, DecidedBy, GoldenStory, HandoverStory, Move, PersonStory, Receipt, Resemblance, StatedFact,
    StreamStory,
};

/// Writes it.
///
/// # Errors
/// Where it cannot be written.
pub fn write(out: &mut dyn Write, told: &Explanation) -> Result<()> {
    let Explanation { asked, id, day, .. } = told;
    writeln!(out, "This is about {asked} {id}, as it stands on {day}.")?;
    if let Some(message) = &told.message {
        writeln!(out)?;
        write_message(out, message)?;
    }
    if let Some(person) = &told.person {
        writeln!(out)?;
        write_person(out, person, told)?;
    }
    writeln!(out)?;
    if told.values {
        writeln!(out, "Personal values are shown, because --values was given.")
    } else {
        writeln!(out, "Personal values are not shown; --values shows those that decisions rest on.")
    }
}

/// Writes how two persons resemble each other.
///
/// # Errors
/// Where it cannot be written.
pub fn write_resemblance(out: &mut dyn Write, told: &Resemblance) -> Result<()> {
    let Resemblance { persons: [one, other], weight, prior, links_from, asks_from, .. } = told;
    writeln!(out, "Person {one} beside person {other}, by the model of today: {weight:+.2} bits.")?;
    writeln!(out, "The machine links from {links_from:.2}, a human is asked from {asks_from:.2}.")?;
    writeln!(out, "  {:<12} {:<10} {prior:>+7.2}", "start", "")?;
    for field in &told.fields {
        let kind = field.kind.map_or_else(String::new, |kind| format!(" {}", kind.replace('_', " ")));
        let [one, other] = &field.shapes;
        let shapes = format!("{} | {}", one.join(", "), other.join(", "));
        writeln!(out, "  {:<12} {:<10} {:>+7.2} {shapes}{kind}", field.field, field.level, field.weight)?;
    }
    let held = if told.guards.is_empty() { "none".to_owned() } else { told.guards.join(", ") };
    writeln!(out, "Guards that hold: {held}.")?;
    let outcome = match told.outcome {
        "links" => "Nothing stands between them: a record that fits both would join them.",
        "asks" => "A human decides.",
        _ => "Too little speaks for it: nobody is asked.",
    };
    writeln!(out, "{outcome} Values are shown by their shape only.")
}

fn write_message(out: &mut dyn Write, told: &MessageStory) -> Result<()> {
    let MessageStory { message, source, sender, received_at, .. } = told;
    writeln!(out, "Message {message} of {sender} came in through {source} on {}.", time(*received_at))?;
    let when = told.order.zip(told.known_at);
    let when = when.map(|(order, at)| format!(" (decision {order}, {})", time(at))).unwrap_or_default();
    let codes = list(&told.codes);
    match told.outcome {
        "decided" => match (&told.person, &told.decided_by) {
            (Some(person), Some(by)) => {
                writeln!(out, "It waited{when} until message {by} brought it to person {person}.")
            }
            (Some(person), None) => writeln!(out, "It is part of the history of person {person}{when}."),
            (None, _) => writeln!(out, "It was decided{when}, and nothing followed from it."),
        },
        "waiting" => writeln!(
            out,
            "It waits{when}: nobody it could be about is known yet. It is found by {}.",
            list(&told.waits_under)
        ),
        "refused" => writeln!(out, "It was refused{when}: {codes}."),
        "refused_at_the_door" => {
            writeln!(out, "It was refused at the door, and is kept sealed for 30 days: {codes}.")
        }
        "quarantined" => {
            writeln!(
                out,
                "It could not be processed{when} and was set aside: {codes}. Its sender need do nothing."
            )
        }
        "closed" => writeln!(
            out,
            "It could not be processed{when}, and was closed by hand: nothing follows from it. `hub quarantine show` tells by whom."
        ),
        _ => writeln!(out, "It has no decision yet."),
    }?;
    if let Some(reason) = &told.reason {
        writeln!(out, "Why it is theirs: {}.", why(&word(reason)))?;
    }
    for doubt in &told.reviews {
        writeln!(out, "It raised a doubt that a human must solve: {}.", words(doubt))?;
    }
    told.followed.iter().try_for_each(|step| writeln!(out, "  - it {step}"))
}

fn write_person(out: &mut dyn Write, told: &PersonStory, whole: &Explanation) -> Result<()> {
    let Some(last) = &told.last else {
        return writeln!(out, "Nothing was known yet of person {}.", told.person);
    };
    writeln!(out, "Person {}, after decision {} of {}.", told.person, last.order, time(last.known_at))?;
    let responsible = &told.responsible;
    match (&responsible.recipient, responsible.since) {
        (Some(who), Some(since)) => {
            writeln!(out, "{who} is responsible since {since}: {}.", responsible.because)
        }
        (Some(who), None) => writeln!(out, "{who} is responsible: {}.", responsible.because),
        (None, _) => writeln!(out, "Nobody is responsible in the hub: {}.", responsible.because),
    }?;
    writeln!(out, "Target group: {}. It rests on:", told.target_group.because)?;
    told.target_group.facts.iter().try_for_each(|fact| write_fact(out, fact))?;
    if let Some(home) = &told.home {
        writeln!(out, "The residence that began on {} decides where. It rests on:", home.began)?;
        home.facts.iter().try_for_each(|fact| write_fact(out, fact))?;
    }
    for handover in &told.handovers {
        write_handover(out, handover)?;
    }
    for stream in &told.streams {
        write_stream(out, stream)?;
    }
    if !["person", "message", "review", "task"].contains(&whole.asked) {
        if told.handovers.is_empty() && told.streams.is_empty() {
            writeln!(out, "\nThis {} did not exist yet.", whole.asked)?;
        }
        return Ok(());
    }
    if !told.golden.is_empty() {
        writeln!(out, "\nWho they are, by the strongest statement of each field:")?;
    }
    told.golden.iter().try_for_each(|field| write_golden(out, field))?;
    writeln!(out, "\nTheir history is made of these messages:")?;
    for link in &told.links {
        let reason = why(&word(&link.reason));
        writeln!(out, "  - {} (decision {}): {reason}", link.message, link.decision.order)?;
    }
    for other in &told.absorbed {
        let (why, order) = (words(&other.why), other.decision.order);
        writeln!(out, "Person {} was absorbed (decision {order}): {why}.", other.person)?;
    }
    if let Some(split) = &told.taken_apart {
        let (from, other, order) = (&split.from, &split.other, split.decision.order);
        writeln!(
            out,
            "Taken apart from person {other} (decision {order}): until then both were person {from}."
        )?;
    }
    for doubt in &told.reviews {
        let (order, reason) = (doubt.decision.order, words(&doubt.reason));
        let answer = doubt.answered.map_or_else(|| "open".to_owned(), |answer| format!("answered: {answer}"));
        writeln!(out, "Review {} was raised by decision {order}: {reason}; {answer}.", doubt.review)?;
    }
    if let Some(day) = told.due {
        writeln!(out, "The person is looked at again on {day}, without a message.")?;
    }
    for question in &told.questions {
        let what = words(&question.what);
        writeln!(
            out,
            "The register was asked: {what} (task {}, decision {}).",
            question.task, question.decision.order
        )?;
    }
    Ok(())
}

fn write_fact(out: &mut dyn Write, fact: &StatedFact) -> Result<()> {
    let StatedFact { field, entry, authority, stated_at, valid_from, message, value } = fact;
    let since = valid_from.map(|day| format!(", valid from {day}")).unwrap_or_default();
    let value = value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
    writeln!(
        out,
        "  - {entry}: {}{value}, stated by {} on {}{since} (message {message})",
        said(*field),
        words(authority),
        time(*stated_at)
    )
}

fn write_golden(out: &mut dyn Write, told: &GoldenStory) -> Result<()> {
    write_fact(out, &told.decides)?;
    writeln!(out, "    by the rule: {}", told.rule.replace('_', " "))?;
    for Alternative { agrees, fact } in &told.others {
        let said = if *agrees { "the same" } else { "something else" };
        let value = fact.value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
        let (by, on) = (words(&fact.authority), time(fact.stated_at));
        writeln!(out, "    {said}{value} was stated by {by} on {on} (message {})", fact.message)?;
    }
    Ok(())
}

fn write_handover(out: &mut dyn Write, told: &HandoverStory) -> Result<()> {
    let to = told.recipient.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
    let replaces = told.replaces.as_ref().map(|id| format!(", after handover {id}")).unwrap_or_default();
    writeln!(
        out,
        "\nHandover {}{to} is {}, offer {}{replaces}.",
        told.handover,
        words(&told.state),
        told.epoch
    )?;
    told.moves.iter().try_for_each(|step| write_move(out, step))
}

fn write_move(out: &mut dyn Write, told: &Move) -> Result<()> {
    let from = told.from.map_or_else(|| "nothing".to_owned(), |state| words(&state));
    let Move { row, words: meaning, .. } = told;
    writeln!(out, "  {}: {from} → {} (row {row}: {meaning})", time(told.decision.known_at), words(&told.to))?;
    if let Some(route) = &told.route {
        let to = route.recipient.as_ref().map_or("nobody", |to| to.as_str());
        let flagged = route.flagged.map(|flag| format!(", and {}", words(&flag))).unwrap_or_default();
        let day =
            told.residence.map(|day| format!(" by the residence that began on {day}")).unwrap_or_default();
        writeln!(out, "      the routing table leads to {to}{day}: {}{flagged}", words(&route.reason))?;
    }
    if let Some(hold) = &told.hold {
        writeln!(out, "      held: {}", words(hold))?;
    }
    if let Some(code) = &told.code {
        writeln!(out, "      the agency's reason: {}", words(code))?;
    }
    if let Some(basis) = &told.basis {
        writeln!(out, "      legal basis: {} (from {})", basis.reference, basis.from)?;
    }
    let until = told.deadline.map(|day| format!(" until {day}")).unwrap_or_default();
    writeln!(out, "      next to act: {}{until}", words(&told.owner))?;
    write_decision(out, &told.decision)
}

fn write_stream(out: &mut dyn Write, told: &StreamStory) -> Result<()> {
    let ended = told.ended.map(|reason| format!(" It ended: {}.", words(&reason))).unwrap_or_default();
    writeln!(out, "\nStream {} to {}, epoch {}.{ended}", told.stream, told.recipient, told.epoch)?;
    told.receipts.iter().try_for_each(|receipt| write_receipt(out, receipt, told))
}

fn write_receipt(out: &mut dyn Write, told: &Receipt, stream: &StreamStory) -> Result<()> {
    let place = told.sequence.map(|n| format!(" as {}:{n}", stream.recipient)).unwrap_or_default();
    writeln!(out, "  {}: {} {}{place}", time(told.decision.known_at), words(&told.kind), told.issue)?;
    if let Some(basis) = &told.basis {
        writeln!(out, "      legal basis: {} (from {})", basis.reference, basis.from)?;
    }
    if told.kind == ViewKind::Ended {
        writeln!(out, "      it carries no field")?;
    } else {
        writeln!(out, "      in it: {}", list(&told.fields))?;
        writeln!(out, "      known and withheld: {}", list(&told.withheld))?;
    }
    if !told.read {
        writeln!(out, "      (by the contract: the record itself is not kept any more)")?;
    }
    match told.arrived_at {
        Some(at) => writeln!(out, "      its arrival was proved on {}", time(at))?,
        None if told.read => writeln!(out, "      its arrival is not proved yet")?,
        None => {}
    }
    write_decision(out, &told.decision)
}

fn write_decision(out: &mut dyn Write, told: &DecidedBy) -> Result<()> {
    let DecidedBy { message, order, heart, bundle, .. } = told;
    let bundle = bundle.get(..12).unwrap_or(bundle);
    let other = if told.bundle_is_present { "" } else { ", which is not that of the config folder" };
    writeln!(out, "      decision {order} by message {message}, heart {heart}, bundle {bundle}{other}")
}

/// What a field says; one whose own name says it is told by that.
fn said(field: Field) -> String {
    match field {
        Field::Applied | Field::Permit => "what was applied for",
        Field::Destination => "where they mean to live",
        Field::Decision | Field::PermitDecision => "what was decided",
        Field::Standing => "how the register knows them",
        Field::Residence => "where it is",
        other => return words(&other),
    }
    .to_owned()
}

/// Why a record is somebody's, in words; a reason without words of its own is told by its name.
fn why(reason: &str) -> String {
    match reason {
        "new" => "nobody who was known fitted, so they were new",
        "key" => "a number of theirs is in it, and nothing speaks against it",
        "name_and_birth" => {
            "the whole name and the whole birth date are theirs, and no number speaks against it"
        }
        "released" => "it waited for a message that brought one of its numbers",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

fn time(at: Instant) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A word of a closed list, as it stands in JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The same for reading: small letters, blanks between.
fn words(value: &impl Serialize) -> String {
    let word = word(value);
    let shouted = word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let mut text = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !shouted && !text.is_empty() {
            text.push(' ');
        }
        text.push(if letter == '_' { ' ' } else { letter.to_ascii_lowercase() });
    }
    text
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
