//! Who calls: a bearer token, a sender, a right.
//!
//! Default deny: a sender may use the sources that its file names, on days with a legal basis.
//! Refuses to tell a stranger anything, be it only whether a receipt exists.

use axum::http::{HeaderMap, header};
use schemas::recipient::Recipient;
use schemas::time::day_of;

use super::{Doors, Problem, ProblemCode};
use crate::config::SenderError;

/// The sender that calls, with the right to a source today.
pub(super) fn sender(doors: &Doors, headers: &HeaderMap, source: &str) -> Result<String, Problem> {
    let known = doors.config.senders.authenticate(token(headers)?, source, day_of(doors.clock.now()));
    known.map(|sender| sender.name.clone()).map_err(|denied| match denied {
        SenderError::Unknown => ProblemCode::Unauthorised.into(),
        SenderError::NotAllowed | SenderError::NoBasis => ProblemCode::NotAllowedHere.into(),
    })
}

/// Lets in whoever has any credential, whatever its rights.
pub(super) fn somebody(doors: &Doors, headers: &HeaderMap) -> Result<(), Problem> {
    let (token, today) = (token(headers)?, day_of(doors.clock.now()));
    // Of the three ways not to be let in, only one says that nobody has this token.
    let known = doors.config.senders.authenticate(token, "", today);
    if !matches!(known, Err(SenderError::Unknown)) { Ok(()) } else { Err(ProblemCode::Unauthorised.into()) }
}

fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| ProblemCode::Unauthorised.into())
}

/// The recipient that calls: a sender of answers whose name is the recipient's.
pub(super) fn recipient(doors: &Doors, headers: &HeaderMap, name: &str) -> Result<Recipient, Problem> {
    let sender = sender(doors, headers, "answer")?;
    if sender != name {
        return Err(ProblemCode::NotAllowedHere.into());
    }
    Recipient::parse(name).map_err(|_| ProblemCode::NotFound.into())
}
