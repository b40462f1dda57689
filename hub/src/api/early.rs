//! What is answered before the database was reached for the first time: that the process lives, and that nothing
//! can be taken yet.
//!
//! Refuses to know whether a credential is right: that is said once messages can be taken.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use tower_http::timeout::TimeoutLayer;

use super::{PATIENCE, Problem, ProblemCode, probes, problem};

/// The routes of a process that waits for its database. No body is read.
pub fn early() -> Router {
    Router::new()
        .route("/livez", get(probes::live))
        .route("/readyz", get(not_ready))
        .fallback(away)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(map_response(problem::worded))
}

async fn not_ready() -> Response {
    probes::not_ready()
}

async fn away() -> Problem {
    ProblemCode::Away.into()
}
