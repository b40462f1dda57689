//! What became of a message: to whom it was linked and why, or why not.
//!
//! Pure, over the message's row and the history of its person. Tells codes and kinds of key; refuses what
//! a sender wrote, its own id of the message, and the places of findings, which may name a field of its own.

use decide::person::{Event, Weighed};
use schemas::ids::MessageId;

use super::MessageStory;
use crate::history::JournalEntry;
use crate::store::rows::{Detail, MessageRow, Outcome, RefusalRow, StoredDecision};
use crate::story::At;

/// What is known of a message beside its row.
#[derive(Clone, Copy, Debug)]
pub struct MessageGiven<'a> {
    /// The history of its person, as far as it is told.
    pub entries: &'a [&'a JournalEntry],
    /// The kinds of key in it, where it waits.
    pub waits_under: &'a [String],
    /// Everything that was decided about it, in order.
    pub decisions: &'a [StoredDecision],
    /// Until when it is told.
    pub at: Option<At>,
}

/// Explains a message of the inbox.
#[must_use]
pub fn explain(found: &MessageRow, given: MessageGiven<'_>) -> MessageStory {
    let known = |made: &&StoredDecision| given.at.is_none_or(|at| at.knows(made.order, made.known_at));
    let decision = given.decisions.iter().rfind(known);
    // Its own last place, also where another message brought its person.
    let own =
        |made: &&StoredDecision| known(made) && made.decided_by.is_none() && made.outcome != Outcome::Closed;
    let placed = given.decisions.iter().rfind(own);
    let outcome = match decision.map(|made| made.outcome) {
        None => "undecided",
        Some(Outcome::Waiting) => "waiting",
        Some(Outcome::Decided) => "decided",
        Some(Outcome::Refused) => "refused",
        Some(Outcome::Quarantined) => "quarantined",
        Some(Outcome::Closed) => "closed",
    };
    let own = given.entries.iter().filter(|entry| entry.message == found.id).flat_map(|entry| &entry.events);
    let linked = given.entries.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
        Event::Linked { message, reason, .. } if *message == found.id => Some(*reason),
        _ => None,
    });
    let is_theirs = outcome == "decided";
    let owner = found.key.owner.filter(|_| is_theirs);
    MessageStory {
        message: found.id.to_string(),
        source: found.source.clone(),
        sender: found.sender.clone(),
        received_at: found.received_at,
        outcome,
        order: placed.map(|made| made.order),
        known_at: placed.map(|made| made.known_at),
        codes: decision.and_then(|made| made.detail.as_ref()).map(code).into_iter().collect(),
        waits_under: if outcome == "waiting" { given.waits_under.to_vec() } else { vec![] },
        decided_by: decision.filter(|_| is_theirs).and_then(|made| made.decided_by).map(|by| by.to_string()),
        person: owner.map(|person| person.to_string()),
        reason: linked.filter(|_| is_theirs),
        reviews: own
            .clone()
            .filter_map(
                |event| if let Event::ReviewRaised { reason, .. } = event { Some(*reason) } else { None },
            )
            .collect(),
        followed: own.map(|event| happened(event, found.id)).collect(),
    }
}

/// Explains an item that was refused at the door; `codes` are its findings'.
#[must_use]
pub fn at_the_door(row: &RefusalRow, codes: Vec<String>) -> MessageStory {
    MessageStory {
        message: row.id.to_string(),
        source: row.source.clone(),
        sender: row.sender.clone(),
        received_at: row.received_at,
        outcome: "refused_at_the_door",
        order: None,
        known_at: None,
        codes,
        waits_under: vec![],
        decided_by: None,
        person: None,
        reason: None,
        reviews: vec![],
        followed: vec![],
    }
}

/// The stable code of why it was refused or put aside.
fn code(detail: &Detail) -> String {
    match detail {
        Detail::Refused(refusal) => refusal.code().to_owned(),
        Detail::Aside(aside) => aside.code().to_owned(),
    }
}

/// Who was compared with the record, in words: what each came to and which guards held.
fn told(weighed: &[Weighed]) -> String {
    if weighed.is_empty() {
        return String::new();
    }
    let one = |compared: &Weighed| {
        let guards: Vec<&str> = compared.guards.iter().map(|guard| guard.as_str()).collect();
        let held = if guards.is_empty() { String::new() } else { format!(" ({})", guards.join(", ")) };
        let bits = format!("{:.2}", f64::from(compared.weight) / 100.0);
        format!("person {} at {bits} bits{held}", compared.person)
    };
    format!("; compared with {}", weighed.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// One event in words. Every kind is named, so that a new one gets its sentence.
fn happened(event: &Event, message: MessageId) -> String {
    match event {
        Event::Linked { message: linked, weighed, .. } if *linked == message => {
            format!("became the person's{}", told(weighed))
        }
        Event::Linked { message: linked, .. } => format!("brought message {linked}, which waited"),
        Event::Restated { evidence } => format!("made message {} count again", evidence.message),
        Event::ReviewRaised { review, .. } => format!("raised review {review}"),
        Event::ReviewAnswered { review, .. } => format!("answered review {review}"),
        Event::SameProposed { review, same, by } => {
            format!("was {by}'s word that review {review} is about person {same}, which waits for a second")
        }
        Event::SameSeconded { by, .. } => format!("was {by}'s word, who is the second to say so"),
        Event::ReviewVoid { review } => format!("made review {review} void: they fit somebody after all"),
        Event::ToldApart { from } => format!("told the person apart from person {from} for good"),
        Event::MergedInto { survivor } => format!("showed that the person is person {survivor}"),
        Event::Absorbed { person, .. } => format!("showed that person {} is this person", person.id),
        Event::Parted { kept, moved, records } => {
            format!(
                "showed that this is two people, person {kept} and person {moved} with {} records",
                records.len()
            )
        }
        Event::CameOf { from, other, .. } => {
            format!("took the person apart from person {other}: both were taken for person {from}")
        }
        Event::Proposed { by, .. } => format!("was {by}'s order, which waits for a second"),
        Event::Seconded { by, .. } => format!("was {by}'s order, who is the second to give it"),
        Event::DueSet { on: Some(day) } => format!("set {day} as the next day to look at the person"),
        Event::DueSet { on: None } => "left no day on which to look at the person".to_owned(),
        Event::HandoverOpened { handover, .. } => format!("opened handover {handover}"),
        Event::HandoverMoved { handover, row, to, .. } => {
            format!("moved handover {handover} to {} (row {row})", to.as_str())
        }
        Event::Named { recipient, .. } => format!("gave {recipient} a name of its own for the person"),
        Event::LineOpened { recipient, .. } => format!("opened the repertory line of {recipient}"),
        Event::LineClosed { recipient, .. } => format!("closed the repertory line of {recipient}"),
        Event::StreamOpened { stream, recipient, .. } => format!("opened stream {stream} to {recipient}"),
        Event::StreamWentOn { stream, epoch } => format!("went on with stream {stream} in epoch {epoch}"),
        Event::RestrictionLifted { .. } => "lifted the restriction".to_owned(),
        Event::PermitsOver { .. } => "looked which of their permits have come to an end".to_owned(),
        Event::LoadApproved { .. } => "approved what was loaded first: it opens what it opens".to_owned(),
        Event::Issued { stream, issue, kind, .. } => {
            format!("issued {} {issue} on stream {stream}", kind.as_str())
        }
        Event::Asked { task, .. } => format!("asked the register (task {task})"),
    }
}

#[cfg(test)]
mod tests {
    use decide::Refusal;
    use decide::world::Aside;
    use schemas::time::from_micros;

    use super::*;
    use crate::store::rows::MessageKeyRow;

    fn row(order: u64, outcome: Option<Outcome>, detail: Option<Detail>) -> MessageRow {
        let at = from_micros(i64::try_from(order).unwrap()).unwrap();
        let decided = |outcome| StoredDecision { order, known_at: at, outcome, detail, decided_by: None };
        MessageRow {
            id: MessageId::from_bytes([u8::try_from(order).unwrap(); 16]),
            source: "answer".to_owned(),
            sender: "atlas".to_owned(),
            received_at: at,
            content: vec![],
            key: MessageKeyRow { key: vec![], owner: None, owner_key: None },
            decision: outcome.map(decided),
        }
    }

    #[test]
    fn every_end_of_a_message_is_told_with_its_code_and_not_before_its_time() {
        let kinds = ["insz".to_owned()];
        let check = |found: &MessageRow, at: Option<u64>, outcome: &str, codes: &[&str], waits: bool| {
            let at = at.map(At::Order);
            let decisions: Vec<StoredDecision> = found.decision.clone().into_iter().collect();
            let given = MessageGiven { entries: &[], waits_under: &kinds, decisions: &decisions, at };
            let told = explain(found, given);
            assert_eq!((told.outcome, told.waits_under.is_empty()), (outcome, !waits));
            assert_eq!(told.codes, codes);
        };
        let old = Refusal::OldEpoch { current: 2, successor: None };
        let old = row(5, Some(Outcome::Refused), Some(Detail::Refused(old)));
        check(&old, None, "refused", &["old-epoch"], false);
        check(&old, Some(5), "refused", &["old-epoch"], false);
        check(&old, Some(4), "undecided", &[], false);
        let aside = row(5, Some(Outcome::Quarantined), Some(Detail::Aside(Aside::NotStorable)));
        check(&aside, None, "quarantined", &["not-storable"], false);
        check(&row(5, Some(Outcome::Waiting), None), None, "waiting", &[], true);
        check(&row(5, Some(Outcome::Waiting), None), Some(4), "undecided", &[], false);
        check(&row(5, Some(Outcome::Decided), None), None, "decided", &[], false);
        check(&row(5, None, None), None, "undecided", &[], false);
    }

    #[test]
    fn a_message_that_was_decided_again_is_told_at_its_last_own_place() {
        let made = |order, outcome, decided_by| {
            let known_at = from_micros(i64::try_from(order).unwrap()).unwrap();
            let detail = (outcome == Outcome::Quarantined).then_some(Detail::Aside(Aside::HeartPanicked));
            StoredDecision { order, known_at, outcome, detail, decided_by }
        };
        let other = MessageId::from_bytes([9; 16]);
        let found = row(5, None, None);
        let told = |decisions: &[StoredDecision], at| {
            let given = MessageGiven { entries: &[], waits_under: &[], decisions, at };
            let told = explain(&found, given);
            (told.outcome, told.order, told.codes)
        };
        let aside = made(5, Outcome::Quarantined, None);
        let code = vec!["heart-panicked".to_owned()];
        let again = [aside.clone(), made(8, Outcome::Waiting, None), made(9, Outcome::Decided, Some(other))];
        assert_eq!(told(&again, None), ("decided", Some(8), vec![]));
        assert_eq!(told(&again, Some(At::Order(8))), ("waiting", Some(8), vec![]));
        assert_eq!(told(&again, Some(At::Order(7))), ("quarantined", Some(5), code));
        assert_eq!(told(&[aside, made(5, Outcome::Closed, None)], None), ("closed", Some(5), vec![]));
    }
}
