//! Probes: whether the process lives, whether it can do its work, and its numbers.
//!
//! Open to whoever reaches the address, so they carry no personal value and no name of a sender. Refuses
//! to repair: what is away is tried again where it is used.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Here;

/// `GET /livez`
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// `GET /readyz`: ready to accept. Kafka is named and not asked for, since intake does not need it.
pub(super) async fn ready(State(doors): Here) -> Response {
    readiness(doors.store.ping().await.is_ok(), (doors.missing)())
}

/// Whether messages can be taken, and what is away beside.
pub(super) fn readiness(database: bool, missing: Option<String>) -> Response {
    let status = if database { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": database, "database": database, "missing": missing });
    // Not a problem document: what asks here reads the status.
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    (status, [(header::CONTENT_TYPE, kind)], Json(body).0.to_string()).into_response()
}

/// `GET /metrics`: how many rows each list holds, then the process's own numbers.
pub(super) async fn metrics(State(doors): Here) -> Response {
    let mut text = "# HELP hub_rows Rows in a list of the store.\n# TYPE hub_rows gauge\n".to_owned();
    for (list, count) in doors.store.counts().await.unwrap_or_default() {
        text += &format!("hub_rows{{list=\"{list}\"}} {count}\n");
    }
    text += "# HELP hub_vault_opened Sealed values opened, by why.\n# TYPE hub_vault_opened counter\n";
    for (why, count) in doors.vault.opened() {
        text += &format!("hub_vault_opened_total{{why=\"{}\"}} {count}\n", why.as_str());
    }
    text += "# HELP hub_vault_wrapped Keys wrapped by the key-encryption key.\n# TYPE hub_vault_wrapped counter\n";
    text += &format!("hub_vault_wrapped_total {}\n", doors.vault.wrapped());
    text += &doors.metrics.text();
    if !text.ends_with("# EOF\n") {
        text += "# EOF\n";
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
