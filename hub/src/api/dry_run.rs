//! A dry run: what a source's door would make of some bytes, item by item, without storing anything.
//!
//! The code of the doors: the same cutting, reading, checking and translating. `POST /v1/dry-run?source=S` answers a line
//! an item, as a batch does; nothing is stored, sealed or counted, and no id is taken. Next: `hub dry-run`
//! ([`crate::commands::dry_run`]), which reads files so.

use std::io::Read;

use adapters::{Charset, Context, Source};
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemas::finding::{Code, Finding};
use schemas::message::Said;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lines::{self, Cutter};
use super::problem::{self, Problem, ProblemCode};
use super::{Here, auth, messages};
use crate::intake::LookupTables;

/// How much is read at once.
const PIECE: usize = 1 << 16;

/// What became of one item.
#[derive(Clone, PartialEq, Debug)]
pub struct DryOutcome {
    /// The sender's id of it, where it could be taken.
    pub id: Option<String>,
    /// It as it would be stored; nothing where its bytes could not be read.
    pub item: Option<Value>,
    /// What follows from it; nothing where it is refused.
    pub facts: Vec<Value>,
    pub refused: bool,
    pub findings: Vec<Finding>,
}

impl DryOutcome {
    /// It in one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.refused, self.facts.is_empty()) {
            (true, _) => "refused",
            (false, true) => "ignored",
            (false, false) => "facts",
        }
    }

    /// The codes of what was found, each once, in their order.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        let mut codes: Vec<Code> = vec![];
        for finding in &self.findings {
            if !codes.contains(&finding.code) {
                codes.push(finding.code);
            }
        }
        codes
    }

    /// Of bytes without an item: nothing follows from them.
    #[must_use]
    pub fn nothing() -> Self {
        Self { id: None, item: None, facts: vec![], refused: false, findings: vec![] }
    }

    fn unreadable(cause: impl std::fmt::Display) -> Self {
        let findings = vec![Finding::new(Code::Unreadable, "", cause)];
        Self { refused: true, findings, ..Self::nothing() }
    }
}

/// `POST /v1/dry-run?source=S`: one message or a file of them, as large as a message may be.
pub(super) async fn push(
    State(doors): Here,
    Query(asked): Query<DryRunAsked>,
    request: Request,
) -> Result<Response, Problem> {
    let source = adapters::source(&asked.source).ok_or(ProblemCode::UnknownSource)?;
    let sender = auth::sender(&doors, request.headers(), &asked.source)?;
    let said = lines::said(source, request.headers())?;
    let body = messages::whole(request).await?;
    let read = move || {
        let tables = LookupTables::of(&doors.config);
        let context = tables.context(&sender, doors.clock.now());
        let mut lines = String::new();
        let count = through(source, said, &context, body.len(), &body[..], |index, one| {
            lines.push_str(&format!("{}\n", line(index, &one)));
            true
        });
        if count == 0 {
            lines.push_str(&format!("{}\n", line(0, &DryOutcome::nothing())));
        }
        lines
    };
    let lines = tokio::task::spawn_blocking(read).await.map_err(|_| ProblemCode::Internal)?;
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from(lines)).into_response())
}

/// The source whose door it would be.
#[derive(Debug, Deserialize)]
pub(super) struct DryRunAsked {
    source: String,
}

fn line(index: usize, one: &DryOutcome) -> Value {
    let findings: Vec<Value> = one.findings.iter().map(problem::finding).collect();
    json!({ "index": index, "outcome": one.word(), "id": one.id, "findings": findings, "item": one.item, "facts": one.facts })
}

/// Gives everything in some bytes to `each`, with its number, until that says stop; says how many there were.
pub fn through(
    source: &'static dyn Source,
    said: Option<Charset>,
    context: &Context<'_>,
    limit: usize,
    bytes: impl Read,
    mut each: impl FnMut(usize, DryOutcome) -> bool,
) -> usize {
    let mut next = 0;
    let mut tell = |outcome: DryOutcome| {
        next += 1;
        each(next - 1, outcome)
    };
    let mut cutter = Cutter::new(source, said);
    let (mut bytes, mut piece, mut length) = (bytes, vec![0; PIECE], 0);
    loop {
        match bytes.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => {
                length += read;
                if length > limit {
                    tell(DryOutcome::unreadable(format_args!(
                        "more than the {limit} bytes that a batch may have"
                    )));
                    return next;
                }
                cutter.push(&piece[..read]);
                while let Some(chunk) = cutter.full() {
                    if !cutter.read(&chunk).into_iter().all(|item| tell(outcome(source, item, context))) {
                        return next;
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                tell(DryOutcome::unreadable(format_args!(
                    "nothing is read from byte {length} on: {}",
                    error.kind()
                )));
                return next;
            }
        }
    }
    if let Some(chunk) = cutter.rest() {
        let _: bool = cutter.read(&chunk).into_iter().all(|item| tell(outcome(source, item, context)));
    }
    next
}

fn outcome(
    source: &'static dyn Source,
    item: Result<Value, adapters::Refused>,
    context: &Context<'_>,
) -> DryOutcome {
    match item.and_then(|item| adapters::check(source, item, context)) {
        Ok(checked) => {
            let facts = match checked.said() {
                Said::Record(record) => record.facts.iter().map(|fact| json!(fact)).collect(),
                other => vec![json!(other)],
            };
            let (id, item) = (Some(checked.id().to_owned()), Some(checked.item().clone()));
            DryOutcome { id, item, facts, refused: false, findings: checked.warnings().to_vec() }
        }
        Err(refused) => {
            let (item, findings) = (refused.item, refused.findings);
            DryOutcome { item, refused: true, findings, ..DryOutcome::nothing() }
        }
    }
}
