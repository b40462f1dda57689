//! Who calls: a bearer token, a sender, a right.
//!
//! Default deny: a sender may use the sources that its file names, on days with a legal basis.
//! Refuses to tell a stranger anything, be it only whether a receipt exists.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use schemas::recipient::Recipient;
use schemas::time::{Day, day_of};

use super::{Doors, Problem, ProblemCode};

/// Why a call is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// Nobody has this credential.
    Unknown,
    /// The sender may not use this source on this day.
    NotAllowed,
}

/// Token, source, day → the sender's name.
pub type Senders = Arc<dyn Fn(&str, &str, Day) -> Result<String, Denied> + Send + Sync>;

/// The sender that calls, with the right to a source today.
pub(super) fn sender(doors: &Doors, headers: &HeaderMap, source: &str) -> Result<String, Problem> {
    (doors.senders)(token(headers)?, source, day_of(doors.clock.now())).map_err(|denied| match denied {
        Denied::Unknown => ProblemCode::Unauthorised.into(),
        Denied::NotAllowed => ProblemCode::NotAllowedHere.into(),
    })
}

/// Lets in whoever has any credential, whatever its rights.
pub(super) fn somebody(doors: &Doors, headers: &HeaderMap) -> Result<(), Problem> {
    let (token, today) = (token(headers)?, day_of(doors.clock.now()));
    let known = |source: &str| (doors.senders)(token, source, today) != Err(Denied::Unknown);
    let known = adapters::SOURCES.iter().any(|source| known(source.name()));
    if known { Ok(()) } else { Err(ProblemCode::Unauthorised.into()) }
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
