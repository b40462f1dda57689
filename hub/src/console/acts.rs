//! What can be done from a page: each a form that somebody sends in their own name, through the desk.
//!
//! Pages leave out what a role may not do; who sends it all the same is refused here, and that is recorded.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use schemas::ids::StreamId;

use super::session::Session;
use super::sign::Made;
use super::{ConsoleHere, PageError, notice, words};
use crate::desk::Saying;
use crate::store::rows::Outcome;

/// `POST /streams/{id}/redeliver`
pub(super) async fn redeliver(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Path(stream): Path<String>,
    Form(made): Form<Made>,
) -> Result<Response, PageError> {
    made.by(&session)?;
    let stream: StreamId = stream.parse().map_err(|_| PageError::Missing)?;
    let said = console.desk.say(&session.actor, Saying::Redeliver(stream)).await?;
    Ok(match said.decision.and_then(|row| row.outcome) {
        Some(Outcome::Decided) => notice(StatusCode::OK, words::DONE, words::REDELIVERED),
        None => notice(StatusCode::ACCEPTED, words::SAID, words::SAID_TEXT),
        Some(_) => notice(StatusCode::CONFLICT, words::NOT_DONE, words::NOT_REDELIVERED),
    }
    .into_response())
}
