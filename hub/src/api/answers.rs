//! Answers of agencies: through the same door as everything else, then waited for.
//!
//! An answer is a message. The caller is told its decision where that comes within two seconds: 200
//! done, 409 with what would be possible; else 202 with a receipt to follow.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemas::ids::MessageId;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::lines::{Form, parse};
use super::problem::{Problem, ProblemCode};
use super::{Doors, Here, auth, messages, receipts};
use crate::intake::Verdict;
use crate::store::rows::{Outcome, ReceiptRow};

/// How long a decision is waited for.
const WAIT: Duration = Duration::from_secs(2);
/// How often the store is asked where the decider runs elsewhere.
const LOOK: Duration = Duration::from_millis(50);

/// `POST /v1/recipients/{recipient}/answers`
pub(super) async fn push(
    State(doors): Here,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let source = adapters::source("answer").ok_or(ProblemCode::UnknownSource)?;
    let recipient = auth::recipient(&doors, &headers, &name)?;
    let form = Form::of(source, &headers)?;
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge,
        _ => ProblemCode::BadRequest,
    })?;
    let items = parse(source, form, &body);
    if items.len() != 1 {
        return Err(ProblemCode::NotOne.into());
    }
    let verdict = doors.intake.accept(source, recipient.as_str(), items).await?.pop();
    let verdict = verdict.unwrap_or(Verdict::Conflict);
    let (Verdict::Accepted { receipt, .. } | Verdict::Again { receipt }) = verdict else {
        return messages::answer(&verdict);
    };
    match decision(&doors, receipt).await? {
        Some(row) => decided(&row),
        None => {
            let place = [(header::LOCATION, format!("/v1/receipts/{receipt}"))];
            let body = serde_json::json!({ "status": "accepted", "receipt": receipt.to_string() });
            Ok((StatusCode::ACCEPTED, place, Json(body)).into_response())
        }
    }
}

/// The receipt once it has an outcome; none where that takes too long.
async fn decision(doors: &Doors, receipt: MessageId) -> Result<Option<ReceiptRow>, Problem> {
    let mut decided = doors.decided.clone();
    let end = Instant::now() + WAIT;
    loop {
        decided.mark_unchanged();
        let row = doors.store.receipt(receipt).await?;
        if let Some(row) = row.filter(|row| row.outcome.is_some()) {
            return Ok(Some(row));
        }
        let change = async {
            tokio::select! {
                () = sleep(LOOK) => {}
                Ok(()) = decided.changed() => {}
            }
        };
        if timeout_at(end, change).await.is_err() {
            return Ok(None);
        }
    }
}

/// What a decided answer is told.
fn decided(row: &ReceiptRow) -> Result<Response, Problem> {
    let detail: Option<Value> = row.detail.as_deref().and_then(|detail| serde_json::from_str(detail).ok());
    match row.outcome {
        Some(Outcome::Refused) => {
            let problem = Problem::new(conflict(detail.as_ref())).receipt(row.id);
            Err(match detail {
                Some(detail) => problem.conflict(detail),
                None => problem,
            })
        }
        Some(Outcome::Quarantined) => Err(Problem::new(ProblemCode::Quarantined).receipt(row.id)),
        Some(Outcome::Decided | Outcome::Waiting) | None => Ok(Json(receipts::as_json(row)).into_response()),
    }
}

/// The code of a refusal, whichever way it is written: `{"code": "old-epoch", …}`, `"unknown_stream"`
/// or `{"old_epoch": {…}}`.
fn conflict(detail: Option<&Value>) -> ProblemCode {
    let code = detail.and_then(|detail| match detail {
        Value::String(code) => Some(code.as_str()),
        Value::Object(map) => {
            map.get("code").and_then(Value::as_str).or_else(|| map.keys().next().map(String::as_str))
        }
        _ => None,
    });
    match code.unwrap_or_default().replace('_', "-").as_str() {
        "unknown-handover" => ProblemCode::UnknownHandover,
        "old-epoch" => ProblemCode::OldEpoch,
        "hash-differs" => ProblemCode::HashDiffers,
        _ => ProblemCode::NotAllowed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_has_its_code_in_every_form_it_is_written_in() {
        for (detail, expect) in [
            (json!({ "code": "old-epoch", "current": 2 }), ProblemCode::OldEpoch),
            (json!({ "old_epoch": { "current": 2, "successor": null } }), ProblemCode::OldEpoch),
            (json!("unknown_handover"), ProblemCode::UnknownHandover),
            (json!({ "not_allowed": { "state": "closed", "allowed": [] } }), ProblemCode::NotAllowed),
            (json!({ "code": "hash-differs" }), ProblemCode::HashDiffers),
        ] {
            assert_eq!(conflict(Some(&detail)), expect, "{detail}");
        }
        assert_eq!(conflict(None), ProblemCode::NotAllowed);
    }
}
