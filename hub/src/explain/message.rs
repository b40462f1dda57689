//! What became of a message: to whom it was linked and why, or why not.
//!
//! Pure, over the message's row and the history of its person. Tells codes and kinds of key; refuses what
//! a sender wrote, its own id of the message, and the places of findings, which may name a field of its own.

use decide::change::Event;
use schemas::ids::MessageId;

use super::{At, MessageStory};
use crate::history::Entry;
use crate::store::inspect::MessageRow;
use crate::store::rows::{Outcome, ReceiptRow};

/// What is known of a message beside its row.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The history of its person, as far as it is told.
    pub entries: &'a [&'a Entry],
    /// The kinds of key in it, where it waits.
    pub waits_under: &'a [String],
    /// The message that released it, with its own row.
    pub released_by: Option<&'a MessageRow>,
    /// Until when it is told.
    pub at: Option<At>,
}

/// Explains a message of the inbox.
#[must_use]
pub fn explain(found: &MessageRow, given: Given<'_>) -> MessageStory {
    let knows = |row: &MessageRow| {
        let made = row.order.zip(row.known_at);
        made.is_some_and(|(order, at)| given.at.is_none_or(|until| until.knows(order, at)))
    };
    let decided = knows(found);
    // A record that waited is stored as decided once it was released: before that it waited.
    let waits = given.released_by.is_some_and(|by| !knows(by)) || found.outcome == Some(Outcome::Waiting);
    let outcome = match found.outcome {
        Some(_) if !decided => "undecided",
        Some(Outcome::Decided | Outcome::Waiting) if waits => "waiting",
        Some(Outcome::Decided) => "decided",
        Some(Outcome::Waiting) => "waiting",
        Some(Outcome::Refused) => "refused",
        Some(Outcome::Quarantined) => "quarantined",
        None => "undecided",
    };
    let id = found.row.id;
    let own = given.entries.iter().filter(|entry| entry.message == id).flat_map(|entry| &entry.events);
    let linked = given.entries.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
        Event::Linked { evidence, reason } if evidence.message == id => Some(*reason),
        _ => None,
    });
    let is_his = outcome == "decided";
    MessageStory {
        message: id.to_string(),
        source: found.row.source.clone(),
        sender: found.row.sender.clone(),
        received_at: found.row.received_at,
        outcome,
        order: found.order.filter(|_| decided),
        known_at: found.known_at.filter(|_| decided),
        codes: found.detail.as_deref().filter(|_| decided).and_then(code).into_iter().collect(),
        waits_under: if waits && decided { given.waits_under.to_vec() } else { vec![] },
        decided_by: found.decided_by.filter(|_| is_his).map(|by| by.to_string()),
        person: found.owner.filter(|_| is_his).map(|person| person.to_string()),
        reason: linked.filter(|_| is_his),
        reviews: own
            .clone()
            .filter_map(
                |event| if let Event::ReviewRaised { reason, .. } = event { Some(*reason) } else { None },
            )
            .collect(),
        followed: own.map(|event| happened(event, id)).collect(),
    }
}

/// Explains an item that was refused at the door; `codes` are its findings'.
#[must_use]
pub fn at_the_door(row: &ReceiptRow, codes: Vec<String>) -> MessageStory {
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

/// The stable code in a stored refusal or quarantine.
fn code(detail: &str) -> Option<String> {
    let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
    detail["code"].as_str().map(str::to_owned)
}

/// One event in words. Every kind is named, so that a new one gets its sentence.
fn happened(event: &Event, message: MessageId) -> String {
    match event {
        Event::Linked { evidence, .. } if evidence.message == message => "became the person's".to_owned(),
        Event::Linked { evidence, .. } => format!("brought message {}, which waited", evidence.message),
        Event::Restated { evidence } => format!("made message {} count again", evidence.message),
        Event::ReviewRaised { review, .. } => format!("raised review {review}"),
        Event::ReviewAnswered { review, .. } => format!("answered review {review}"),
        Event::ToldApart { from } => format!("told the person apart from person {from} for good"),
        Event::MergedInto { survivor } => format!("showed that the person is person {survivor}"),
        Event::Absorbed { person, .. } => format!("showed that person {} is this person", person.id),
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
        Event::Issued { stream, issue, kind, .. } => {
            format!("issued {} {issue} on stream {stream}", kind.as_str())
        }
        Event::Asked { task, .. } => format!("asked the register (task {task})"),
    }
}

#[cfg(test)]
mod tests {
    use schemas::time::from_micros;

    use super::*;
    use crate::store::rows::InboxRow;

    fn row(order: u64, outcome: Option<Outcome>, detail: Option<&str>) -> MessageRow {
        let id = MessageId::from_bytes([u8::try_from(order).unwrap(); 16]);
        let at = from_micros(i64::try_from(order).unwrap()).unwrap();
        MessageRow {
            row: InboxRow {
                id,
                dedupe: [0; 32],
                body: [0; 32],
                source: "answer".to_owned(),
                sender: "atlas".to_owned(),
                content: vec![],
                key: vec![],
                received_at: at,
            },
            order: outcome.map(|_| order),
            known_at: outcome.map(|_| at),
            outcome,
            detail: detail.map(str::to_owned),
            owner: None,
            decided_by: None,
        }
    }

    #[test]
    fn every_end_of_a_message_is_told_with_its_code_and_not_before_its_time() {
        let kinds = ["insz".to_owned()];
        let check = |found: &MessageRow, at: Option<u64>, outcome: &str, codes: &[&str], waits: bool| {
            let at = at.map(At::Order);
            let given = Given { entries: &[], waits_under: &kinds, released_by: None, at };
            let told = explain(found, given);
            assert_eq!((told.outcome, told.waits_under.is_empty()), (outcome, !waits));
            assert_eq!(told.codes, codes);
        };
        let old = row(5, Some(Outcome::Refused), Some(r#"{"code":"old-epoch","detail":"told"}"#));
        check(&old, None, "refused", &["old-epoch"], false);
        check(&old, Some(5), "refused", &["old-epoch"], false);
        check(&old, Some(4), "undecided", &[], false);
        let aside = row(5, Some(Outcome::Quarantined), Some(r#"{"code":"not-storable"}"#));
        check(&aside, None, "quarantined", &["not-storable"], false);
        check(&row(5, Some(Outcome::Waiting), None), None, "waiting", &[], true);
        check(&row(5, Some(Outcome::Waiting), None), Some(4), "undecided", &[], false);
        check(&row(5, Some(Outcome::Decided), None), None, "decided", &[], false);
        check(&row(5, None, None), None, "undecided", &[], false);
    }
}
