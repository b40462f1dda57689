//! What is asked of the register, and what its answer comes to.
//!
//! Owns the three questions and the exceptions that come instead of an answer (docs/domain.md#the-register). The type
//! of an exception decides, not its presence: only FOUT stands in the way. Refuses to read a person:
//! that is the register adapter's.

use decide::person::TaskKind;
use quick_xml::Reader;
use quick_xml::events::Event;
use schemas::ids::TaskId;
use schemas::insz::Insz;
use schemas::time::{Instant, day_of};

/// Years for which a number is enrolled in the repertory.
const YEARS: u32 = 2;

/// Who asks, as the register knows them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asker {
    pub identity: String,
    /// The capacity, four digits.
    pub capacity: String,
}

/// The question of a task, with the task's id as its reference.
#[must_use]
pub fn question(asker: &Asker, task: TaskId, kind: TaskKind, insz: &Insz, now: Instant) -> String {
    let template = match kind {
        TaskKind::GivePerson => include_str!("GeefPersoon.xml"),
        TaskKind::Register => include_str!("RegistreerInschrijving.xml"),
        TaskKind::Unregister => include_str!("RegistreerUitschrijving.xml"),
    };
    let day = day_of(now);
    let end = day.checked_add_months(chrono::Months::new(12 * YEARS)).unwrap_or(day);
    template
        .replace("{date}", &day.to_string())
        .replace("{time}", &now.format("%H:%M:%S%.3f").to_string())
        .replace("{identity}", &escape(&asker.identity))
        .replace("{capacity}", &escape(&asker.capacity))
        .replace("{reference}", &task.0.hyphenated().to_string())
        .replace("{insz}", &String::from(*insz))
        .replace("{end}", &end.to_string())
}

fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// What an answer comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnswerOutcome {
    /// An answer: for a person, to be read by the adapter.
    Answer,
    Later,
    /// It will not be answered: the register's own code, and the number that replaces the one asked.
    Failed {
        code: String,
        replaced_by: Option<Insz>,
    },
}

/// Codes that pass: an unexpected fault, too many calls, a technical fault, the source is away.
const PASSING: [&str; 4] = ["99994", "99996", "60009", "60013"];

/// What an answer comes to.
#[must_use]
pub fn outcome(kind: TaskKind, document: &[u8]) -> AnswerOutcome {
    let Some(answer) = scan(document) else { return AnswerOutcome::Later };
    if let Some(exception) = answer.exceptions.iter().find(|exception| exception.kind == "FOUT") {
        if PASSING.contains(&exception.code.as_str()) {
            return AnswerOutcome::Later;
        }
        return AnswerOutcome::Failed { code: exception.code.clone(), replaced_by: exception.replaced_by };
    }
    match (kind, answer.result.as_deref()) {
        // A page, a fault or another service's answer is none: it is asked again.
        (TaskKind::GivePerson, _) if !answer.person && answer.exceptions.is_empty() => AnswerOutcome::Later,
        (TaskKind::GivePerson, _) | (TaskKind::Register | TaskKind::Unregister, Some("1")) => {
            AnswerOutcome::Answer
        }
        (TaskKind::Register | TaskKind::Unregister, None) => AnswerOutcome::Later,
        (TaskKind::Register, _) => {
            AnswerOutcome::Failed { code: "not-registered".to_owned(), replaced_by: None }
        }
        (TaskKind::Unregister, _) => {
            AnswerOutcome::Failed { code: "not-unregistered".to_owned(), replaced_by: None }
        }
    }
}

#[derive(Debug, Default)]
struct Scan {
    exceptions: Vec<Exception>,
    result: Option<String>,
    person: bool,
}

#[derive(Debug, Default)]
struct Exception {
    code: String,
    kind: String,
    replaced_by: Option<Insz>,
}

/// Reads exceptions, at whichever level they stand, and the result; none where it is no document.
fn scan(document: &[u8]) -> Option<Scan> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    let mut scan = Scan::default();
    let mut path: Vec<String> = Vec::new();
    let mut elements = 0;
    // The name of the annotation that is being read.
    let mut annotation = String::new();
    loop {
        let event = reader.read_event().ok()?;
        if let Event::Start(tag) | Event::Empty(tag) = &event {
            scan.person |=
                tag.local_name().as_ref() == "Persoon" && path.last().is_some_and(|name| name == "Inhoud");
        }
        match event {
            Event::Start(tag) => {
                path.push(tag.local_name().as_ref().to_owned());
                elements += 1;
                if path.last().is_some_and(|name| name == "Uitzondering") {
                    scan.exceptions.push(Exception::default());
                }
            }
            Event::Text(text) => {
                let text = text.trim();
                let place =
                    (path.iter().rev().nth(1).map_or("", String::as_str), path.last().map_or("", |n| n));
                match (place, scan.exceptions.last_mut()) {
                    (("Uitzondering", "Identificatie"), Some(exception)) => {
                        text.clone_into(&mut exception.code)
                    }
                    (("Uitzondering", "Type"), Some(exception)) => text.clone_into(&mut exception.kind),
                    (("Annotatie", "Naam"), _) => text.clone_into(&mut annotation),
                    (("Annotatie", "Waarde"), Some(exception)) if annotation == "Nieuw INSZ" => {
                        exception.replaced_by = Insz::parse(text).ok();
                    }
                    (("Inhoud", "Resultaat"), _) => scan.result = Some(text.to_owned()),
                    _ => {}
                }
            }
            Event::End(_) => drop(path.pop()),
            Event::Eof => return (path.is_empty() && elements > 0).then_some(scan),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
