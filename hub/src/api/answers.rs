//! Answers of agencies: through the same door as everything else, then waited for.
//!
//! An answer is a message. The caller is told its decision where that comes within two seconds: 200
//! done, 409 with what would be possible; else 202 with a receipt to follow. What became of one that was given over
//! Kafka is asked here by its id. Refuses to tell anybody of another's.

use std::time::Duration;

use adapters::Speaker;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::lines;
use super::problem::{Problem, ProblemCode};
use super::{Here, auth, messages, receipts};
use crate::intake::{ItemVerdict, LatestAnswer};
use crate::store::rows::{Detail, Outcome, ReceiptRow};

/// How long a decision is waited for.
const WAIT: Duration = Duration::from_secs(2);

/// `POST /v1/recipients/{recipient}/answers`
pub(super) async fn push(
    State(doors): Here,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let source = adapters::source("answer").ok_or(ProblemCode::UnknownSource)?;
    let recipient = auth::recipient(&doors, request.headers(), &name)?;
    let said = lines::said(source, request.headers())?;
    let body = messages::whole(request).await?;
    let items = adapters::read_in(source, said, &body);
    if items.len() != 1 {
        return Err(ProblemCode::NotOne.into());
    }
    let verdict = doors.accept(source, &Speaker::for_all(recipient.as_str()), items).await?.pop();
    let verdict = verdict.unwrap_or(ItemVerdict::Conflict);
    let (ItemVerdict::Accepted { receipt, .. } | ItemVerdict::Again { receipt }) = verdict else {
        return messages::answer(&verdict);
    };
    match doors.decisions.of(receipt, WAIT).await? {
        Some(row) => decided(&row),
        None => {
            let place = [(header::LOCATION, format!("/v1/receipts/{receipt}"))];
            let body = serde_json::json!({ "status": "accepted", "receipt": receipt.to_string() });
            Ok((StatusCode::ACCEPTED, place, Json(body)).into_response())
        }
    }
}

/// `GET /v1/recipients/{recipient}/answers/{id}`: by the id that the recipient gave, or by the receipt.
pub(super) async fn show(
    State(doors): Here,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let source = adapters::source("answer").ok_or(ProblemCode::UnknownSource)?;
    let recipient = auth::recipient(&doors, &headers, &name)?;
    let LatestAnswer { taken, refused } = doors.intake.answered(source, &recipient, &id).await?;
    let refused: Vec<Value> =
        refused.iter().map(|row| receipts::refused(&doors, row)).collect::<Result<_, _>>()?;
    let Some(row) = taken else {
        // Nothing under this id was taken: the newest refusal is what became of it.
        let newest = refused.into_iter().next();
        return newest.map(Json).ok_or_else(|| ProblemCode::NotFound.into());
    };
    let mut told = receipts::as_json(&row);
    if !refused.is_empty() {
        told["refused"] = Value::Array(refused);
    }
    Ok(Json(told))
}

/// What a decided answer is told.
fn decided(row: &ReceiptRow) -> Result<Response, Problem> {
    match (row.outcome, &row.detail) {
        (Some(Outcome::Refused), Some(detail @ Detail::Refused(refusal))) => {
            Err(Problem::new(refusal.into()).receipt(row.id).conflict(receipts::told(detail)))
        }
        (Some(Outcome::Refused), _) => Err(Problem::new(ProblemCode::Internal).receipt(row.id)),
        (Some(Outcome::Quarantined | Outcome::Closed), _) => {
            Err(Problem::new(ProblemCode::Quarantined).receipt(row.id))
        }
        (Some(Outcome::Decided | Outcome::Waiting) | None, _) => {
            Ok(Json(receipts::as_json(row)).into_response())
        }
    }
}
