//! Receipts: what became of a message, shown to who sent it.
//!
//! A receipt tells of the message, never of the person: where it stands, and its refusal or its
//! quarantine code. Another sender's receipt is as unknown as one nobody has.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use schemas::ids::MessageId;
use serde_json::{Value, json};

use super::problem::{self, Problem, ProblemCode};
use super::{Doors, Here, auth};
use crate::store::rows::{Detail, Outcome, ReceiptRow, RefusalRow};
use crate::vault::{Access, Why};

/// `GET /v1/receipts/{id}`
pub(super) async fn show(
    State(doors): Here,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let id: MessageId = id.parse().map_err(|_| ProblemCode::NotFound)?;
    auth::somebody(&doors, &headers)?;
    let accepted = doors.store.receipt(id).await?;
    let refused = if accepted.is_none() { doors.store.refusal(id).await? } else { None };
    let row = accepted.or_else(|| refused.as_ref().map(ReceiptRow::from)).ok_or(ProblemCode::NotFound)?;
    // Whose it is, before anything of it is opened; of another's nothing is said that is not said of an unknown one.
    let sender = auth::sender(&doors, &headers, &row.source).map_err(|denied| match denied.code() {
        ProblemCode::NotAllowedHere | ProblemCode::NoBasisToday => ProblemCode::NotFound.into(),
        _ => denied,
    })?;
    if sender.name() != row.sender {
        return Err(ProblemCode::NotFound.into());
    }
    match refused {
        Some(refusal) => Ok(Json(self::refused(&doors, &refusal)?)),
        None => Ok(Json(as_json(&row))),
    }
}

/// A refused item as its sender reads it: with everything that was found.
pub(super) fn refused(doors: &Doors, refusal: &RefusalRow) -> Result<Value, Problem> {
    let access = Access { actor: &refusal.sender, why: Why::Receipt };
    let findings = doors.vault.findings(refusal, access).map_err(|_| ProblemCode::Internal)?;
    let mut receipt = as_json(&ReceiptRow::from(refusal));
    receipt["errors"] = findings.iter().map(problem::finding).collect();
    Ok(receipt)
}

/// A receipt as its sender reads it.
pub(super) fn as_json(row: &ReceiptRow) -> Value {
    let status = match row.outcome {
        None => "accepted",
        Some(Outcome::Decided) => "decided",
        Some(Outcome::Waiting) => "waiting",
        Some(Outcome::Refused) => "refused",
        Some(Outcome::Quarantined) => "quarantined",
        Some(Outcome::Closed) => "closed",
    };
    let mut receipt = json!({
        "receipt": row.id.to_string(),
        "source": row.source,
        "received_at": row.received_at,
        "status": status,
    });
    if let Some(detail) = &row.detail {
        receipt["detail"] = told(detail);
    }
    receipt
}

/// Why a message was refused or put aside: its code, its text, and what is possible instead.
pub(super) fn told(detail: &Detail) -> Value {
    match detail {
        Detail::Refused(refusal) => {
            json!({ "code": refusal.code(), "detail": refusal.to_string(), "refusal": refusal })
        }
        Detail::Aside(aside) => json!({ "code": aside.code() }),
    }
}
