//! One message: checked, stored, and answered with a receipt.
//!
//! 201 after the durable commit, 200 for the same again, 422 with everything that was found, 403 where it is another
//! sender's to say.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use schemas::finding::{Code, Finding};

use super::lines;
use super::problem::{Problem, ProblemCode};
use super::{Here, auth, verdict};
use crate::intake::ItemVerdict;

/// `POST /v1/sources/{source}/messages`
pub(super) async fn push(
    State(doors): Here,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let source = adapters::source(&name).ok_or(ProblemCode::UnknownSource)?;
    let sender = auth::sender(&doors, request.headers(), &name)?;
    let said = lines::said(source, request.headers())?;
    let body = whole(request).await?;
    let items = adapters::read_in(source, said, &body);
    if items.len() != 1 {
        return Err(ProblemCode::NotOne.into());
    }
    let verdict = doors.accept(source, &sender, items).await?.pop().unwrap_or(ItemVerdict::Conflict);
    answer(&verdict)
}

/// The body of a request whose credential and form are right: no stranger's byte is kept.
pub(super) async fn whole(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge.into(),
        _ => ProblemCode::BadRequest.into(),
    })
}

/// What a single push says of its item.
pub(super) fn answer(item: &ItemVerdict) -> Result<Response, Problem> {
    let (status, receipt) = match item {
        ItemVerdict::Accepted { receipt, .. } => (StatusCode::CREATED, receipt),
        ItemVerdict::Again { receipt } => (StatusCode::OK, receipt),
        ItemVerdict::Conflict => return Err(ProblemCode::IdTaken.into()),
        ItemVerdict::Refused { receipt, findings } => {
            let code = refusal(findings, ProblemCode::Invalid);
            return Err(Problem::new(code).receipt(receipt).findings(findings));
        }
    };
    let place = [(header::LOCATION, format!("/v1/receipts/{receipt}"))];
    Ok((status, place, Json(verdict::as_json(item))).into_response())
}

/// The problem of a refused message: another's word is 403, whatever else is wrong with it.
pub(super) fn refusal(findings: &[Finding], otherwise: ProblemCode) -> ProblemCode {
    let anothers = findings.iter().any(|finding| finding.code == Code::NotYours);
    if anothers { ProblemCode::NotYours } else { otherwise }
}
