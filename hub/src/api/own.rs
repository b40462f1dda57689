//! A recipient's own page, as data: how far its records are, what waits for its answer, what was refused of it, and what
//! it has it on.
//!
//! Ids, states and days, nothing of a person, and nothing about anybody else. Each list is bounded; what waits goes on
//! page by page. Next: [`super::feed`] for the records themselves.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use chrono::Duration;
use schemas::handover::Owner;
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::{Day, day_of, parse_day};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, ProblemCode};
use super::{Doors, Here, auth, receipts};
use crate::config::ANSWER;
use crate::store::Filter;
use crate::store::rows::HandoverRow;

/// Handovers in one answer at most, and unless fewer are asked.
const PAGE: u32 = 500;
/// Of how many days refusals are told, and how many of them.
const DAYS: i64 = 30;
const REFUSED: u32 = 20;
/// Where handovers without a deadline stand.
const NEVER: &str = "never";

#[derive(Debug, Deserialize)]
pub(super) struct WaitingFrom {
    /// The last handover that the caller has, as `next` quotes it.
    after: Option<String>,
    limit: Option<u32>,
}

/// `GET /v1/recipients/{recipient}?after=DEADLINE.HANDOVER&limit=N`
pub(super) async fn show(
    State(doors): Here,
    Path(name): Path<String>,
    part: Result<Query<WaitingFrom>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let recipient = auth::recipient(&doors, &headers, &name)?;
    let Query(part) = part.map_err(|_| ProblemCode::BadRequest)?;
    let after = part.after.as_deref().map(|text| place(text).ok_or(ProblemCode::BadRequest)).transpose()?;
    let limit = part.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let end = doors.store.ledger_end(&recipient).await?;
    let filter =
        Filter { recipient: Some(recipient.clone()), owner: Some(Owner::Agency), ..Filter::default() };
    let waiting = doors.store.handovers(&filter, after, limit).await?;
    let full = waiting.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = waiting.last().filter(|_| full).map(|last| {
        let deadline = last.deadline.map_or_else(|| NEVER.to_owned(), |day| day.to_string());
        format!("/v1/recipients/{name}?after={deadline}.{}&limit={limit}", last.id)
    });
    let today = day_of(doors.clock.now());
    Ok(Json(json!({
        "recipient": name,
        "feed": format!("/v1/recipients/{name}/deliveries?after={}", end.closed),
        "numbers": { "last": end.last, "arrived": end.closed, "open": end.last - end.closed },
        "waiting": waiting.iter().map(|row| told(row, today)).collect::<Value>(),
        "next": next,
        "refused": refused(&doors, &recipient).await?,
        "contract": contract(&doors, &recipient),
        "bases": bases(&doors, &recipient, today),
    })))
}

/// Behind which handover a page begins: its deadline and its id.
fn place(text: &str) -> Option<(Option<Day>, HandoverId)> {
    let (deadline, id) = text.split_once('.')?;
    let deadline = if deadline == NEVER { None } else { Some(parse_day(deadline)?) };
    Some((deadline, id.parse().ok()?))
}

/// A handover that waits for its agency.
fn told(row: &HandoverRow, today: Day) -> Value {
    json!({
        "handover": row.id.to_string(),
        "epoch": row.epoch,
        "state": row.state,
        "since": row.since,
        "deadline": row.deadline,
        "late": row.deadline.is_some_and(|deadline| deadline < today),
    })
}

/// The newest answers that were refused, at the door or when they were decided.
async fn refused(doors: &Doors, recipient: &Recipient) -> Result<Value, Problem> {
    let since = doors.clock.now() - Duration::days(DAYS);
    let decided = doors.store.refused_of(ANSWER, recipient.as_str(), since, REFUSED).await?;
    let not_taken = doors.store.refusals_of(ANSWER, recipient.as_str(), since, REFUSED).await?;
    let mut all: Vec<_> = decided.iter().map(|row| (row.received_at, receipts::as_json(row))).collect();
    for row in &not_taken {
        all.push((row.received_at, receipts::refused(doors, row)?));
    }
    all.sort_by_key(|(received_at, _)| std::cmp::Reverse(*received_at));
    Ok(all.into_iter().take(REFUSED as usize).map(|(_, receipt)| receipt).collect())
}

/// What its records hold, and under which ids it reads them.
fn contract(doors: &Doors, recipient: &Recipient) -> Value {
    let contract = doors.config.bundle.contract(recipient);
    let Some((contract, subject)) = contract.zip(doors.schemas.of(recipient).ok()) else {
        return Value::Null;
    };
    json!({
        "topic": subject.topic,
        "subject": subject.subject,
        "schema": subject.id,
        "schemas": doors.schemas.ids_of(recipient).collect::<Vec<_>>(),
        "offer": contract.offer,
        "file": contract.file,
    })
}

/// What lets records leave, and until when.
fn bases(doors: &Doors, recipient: &Recipient, today: Day) -> Value {
    let bases = doors.config.bundle.contract(recipient).map(|contract| &contract.bases);
    let told = |basis: &decide::bundle::LegalBasis| json!({ "reference": basis.reference, "from": basis.from, "to": basis.to, "holds": basis.holds(today) });
    bases.into_iter().flatten().map(told).collect()
}
