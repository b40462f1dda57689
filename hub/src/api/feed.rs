//! The feed: a recipient's records over HTTP, for who does not read Kafka.
//!
//! The same records under the same numbers, in order. Asking for what follows `after` says that
//! everything up to it was stored: the ledger closes there. Refuses a position that was never issued, which proves
//! nothing, and to skip a number: what lies before a damaged row is given, and nothing behind it.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, ProblemCode};
use super::{Here, auth};
use crate::deliver::feed::record;

/// Records in one answer, unless fewer are asked.
const PAGE: u32 = 500;

#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

/// `GET /v1/recipients/{recipient}/deliveries?after=N`
pub(super) async fn read(
    State(doors): Here,
    Path(name): Path<String>,
    from: Result<Query<From>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let recipient = auth::recipient(&doors, &headers, &name)?;
    let Query(from) = from.map_err(|_| ProblemCode::BadRequest)?;
    if from.after > doors.store.last_issued(&recipient).await? {
        return Err(ProblemCode::UnknownPosition.into());
    }
    // Where the auditor reads a topic back, it closes the ledger: a feed that runs ahead of the relay must not.
    if from.after > 0 && !doors.config.topics().contains(&recipient) {
        doors.store.close_ledger(&recipient, from.after, doors.clock.now()).await?;
    }
    let limit = from.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let rows = doors.store.feed(&recipient, from.after, limit).await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        match record(&doors.vault, &doors.schemas, row) {
            Ok(record) => records.push(record),
            Err(error) => {
                tracing::error!(%error, "a record cannot be given: a human must look");
                if records.is_empty() {
                    return Err(ProblemCode::Internal.into());
                }
                break;
            }
        }
    }
    Ok(Json(json!({ "recipient": name, "after": from.after, "records": records })))
}
