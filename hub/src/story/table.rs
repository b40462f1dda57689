//! The state table as it is shown: rows with their causes and words, as text, as JSON and as a drawn diagram.
//!
//! `hub table` and docs/handovers.md are made here from `decide::handover::table`; nothing is said twice.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use decide::Bundle;
use decide::handover::table::{Acts, Cause, ROWS, Row, STAYS, Term, To, Trigger, When, term};
use decide::person::{Facing, Stage};
use serde::Serialize;

use super::rows::words;

/// One row, as it is shown.
#[derive(Debug, Serialize)]
pub struct ShownRow {
    pub row: &'static str,
    pub on: Vec<ShownTrigger>,
    /// A state; `stay`, or `back` to where it was before it was held.
    pub to: &'static str,
    /// Who must move next.
    pub owner: String,
    /// How long the state may last.
    pub within: String,
    /// What it does beside that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<&'static str>,
    pub en: &'static str,
    pub nl: &'static str,
    pub fr: &'static str,
}

/// One of the things that fire a row.
#[derive(Debug, Serialize)]
pub struct ShownTrigger {
    /// Where a handover stands.
    pub from: Vec<&'static str>,
    /// What moves it: `facts`, `agency` (what it answers), `deadline`, `order`, `next_agency`, `merge` or `household`.
    pub cause: &'static str,
    /// Which facts, answer or order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub which: Vec<&'static str>,
    /// What must be so beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<&'static str>,
}

/// What facts leave as it is.
#[derive(Debug, Serialize)]
pub struct ShownStay {
    pub from: Vec<&'static str>,
    pub facts: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<&'static str>,
    pub because: &'static str,
}

#[derive(Debug, Serialize)]
pub struct ShownTable {
    pub rows: Vec<ShownRow>,
    pub stays: Vec<ShownStay>,
}

impl ShownTable {
    /// The table with the deadlines of this bundle.
    #[must_use]
    pub fn of(bundle: &Bundle) -> Self {
        let stays = STAYS.iter().map(|stay| ShownStay {
            from: stages(stay.from),
            facts: facings(stay.facing),
            guard: guard(stay.when),
            because: stay.because,
        });
        Self { rows: ROWS.iter().map(|row| shown(row, bundle)).collect(), stays: stays.collect() }
    }

    /// The rows as a table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text =
            "| row | from | because of | to | who acts | within | also | in words |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n"
                .to_owned();
        for row in &self.rows {
            let from: Vec<String> = row.on.iter().map(|trigger| trigger.from.join(", ")).collect();
            let cause: Vec<String> = row.on.iter().map(ShownTrigger::text).collect();
            let (from, cause) = (from.join("<br>"), cause.join("<br>"));
            let also = row.also.join(", ");
            let ShownRow { row, to, owner, within, en, .. } = row;
            _ = writeln!(text, "| {row} | {from} | {cause} | {to} | {owner} | {within} | {also} | {en} |");
        }
        text
    }

    /// What facts leave as it is, as a table in Markdown.
    #[must_use]
    pub fn markdown_stays(&self) -> String {
        let mut text =
            "| where it stands | what the facts say | it stays, because |\n| --- | --- | --- |\n".to_owned();
        for stay in &self.stays {
            let guard = stay.guard.map_or(String::new(), |guard| format!(" ({guard})"));
            let (from, facts) = (stay.from.join(", "), stay.facts.join(", "));
            _ = writeln!(text, "| {from} | {facts}{guard} | {} |", stay.because);
        }
        text
    }

    /// The rows as plain text, a line or two each.
    #[must_use]
    pub fn text(&self, said: impl Fn(&ShownRow) -> &'static str) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let ShownRow { row: id, to, owner, within, on, .. } = row;
            _ = writeln!(text, "{id:<4} {to:<17} {owner:<22} {within:<16} {}", said(row));
            for trigger in on {
                _ = writeln!(text, "     from {}: {}", trigger.from.join(", "), trigger.text());
            }
            if !row.also.is_empty() {
                _ = writeln!(text, "     also: {}", row.also.join(", "));
            }
        }
        text
    }

    /// The states and the rows between them, as a Mermaid diagram.
    #[must_use]
    pub fn diagram(&self) -> String {
        let mut arrows: BTreeSet<(String, String, &'static str)> = BTreeSet::new();
        for row in ROWS {
            let To::State(to) = row.to else { continue };
            for stage in row.on.iter().flat_map(|trigger| trigger.from) {
                arrows.insert((node(*stage), to.as_str().to_owned(), row.id));
            }
        }
        let mut text = "stateDiagram-v2\n".to_owned();
        let mut pairs: Vec<(String, String)> =
            arrows.iter().map(|(from, to, _)| (from.clone(), to.clone())).collect();
        pairs.dedup();
        for (from, to) in pairs.into_iter().filter(|(from, to)| from != to) {
            let rows = arrows.iter().filter(|(a, b, _)| *a == from && *b == to).map(|(.., row)| *row);
            _ = writeln!(text, "  {from} --> {to}: {}", rows.collect::<Vec<_>>().join(" "));
        }
        text
    }
}

impl ShownTrigger {
    fn text(&self) -> String {
        let which = if self.which.is_empty() { String::new() } else { format!(" {}", self.which.join(", ")) };
        let guard = self.guard.map_or(String::new(), |guard| format!(" ({guard})"));
        format!("{}{which}{guard}", self.cause)
    }
}

fn shown(row: &'static Row, bundle: &Bundle) -> ShownRow {
    let words = words(row.id);
    ShownRow {
        row: row.id,
        on: row.on.iter().map(trigger).collect(),
        to: match row.to {
            To::State(state) => state.as_str(),
            To::Stay => "stay",
            To::Back => "back",
        },
        owner: match row.owner {
            Acts::Is(owner) => owner.as_str().to_owned(),
            Acts::Holder => "by the reason".to_owned(),
            Acts::AsBefore => "as before".to_owned(),
            Acts::Late => "coordinator or officer".to_owned(),
        },
        within: match row.to {
            To::State(state) => within(term(state), bundle),
            To::Stay | To::Back => "as the state".to_owned(),
        },
        also: row.also.iter().map(|also| also.as_str()).collect(),
        en: words.map_or("", |words| words.en.as_str()),
        nl: words.map_or("", |words| words.nl.as_str()),
        fr: words.map_or("", |words| words.fr.as_str()),
    }
}

fn within(term: Term, bundle: &Bundle) -> String {
    let many = |n: u32, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    match term {
        Term::None => "—".to_owned(),
        Term::WorkingDays(days) => many(days(&bundle.deadlines), "working day"),
        Term::Months(months) => many(months(&bundle.deadlines), "month"),
    }
}

fn trigger(trigger: &Trigger) -> ShownTrigger {
    let (cause, which, guard) = match trigger.cause {
        Cause::Facts(facing, when) => ("facts", facings(facing), guard(when)),
        Cause::Answer(name) => ("agency", vec![name.as_str()], None),
        Cause::AlreadyKnown => ("agency", vec!["rejected"], Some("ALREADY_KNOWN")),
        Cause::Differs => ("agency", vec!["received"], Some("its hash is not what was sent")),
        Cause::Deadline => ("deadline", vec![], None),
        Cause::Order(name) => ("order", vec![name.as_str()], None),
        Cause::Successor => ("next_agency", vec!["accepted"], None),
        Cause::Merge => ("merge", vec![], None),
        Cause::Exposed => ("split", vec![], Some("its agency was told of both")),
        Cause::ExposedAnswered => ("split", vec![], Some("its agency was told of both, and answered")),
        Cause::Split => ("split", vec![], Some("it was opened for both, or ended for both")),
        Cause::Unbound => ("split", vec![], Some("its agency answered for both")),
        Cause::Household => ("household", vec![], None),
        Cause::TakenOver => ("merge", vec![], Some("its agency has the file of the other one")),
    };
    ShownTrigger { from: stages(trigger.from), cause, which, guard }
}

fn guard(when: When) -> Option<&'static str> {
    match when {
        When::Always => None,
        When::FileHeld => Some("another agency has the file"),
        When::NoFile => Some("no agency has the file"),
        When::Moved => Some("the home is another"),
        When::NotMoved => Some("the home is the same"),
    }
}

fn stages(stages: &[Stage]) -> Vec<&'static str> {
    stages.iter().map(|stage| stage.as_str()).collect()
}

fn facings(facings: &[Facing]) -> Vec<&'static str> {
    facings.iter().map(|facing| facing.as_str()).collect()
}

/// The state of a stage, as a node.
fn node(stage: Stage) -> String {
    let name = stage.as_str();
    let state = name.split(" (").next().unwrap_or(name);
    if stage == Stage::Unopened { "[*]".to_owned() } else { state.to_owned() }
}
