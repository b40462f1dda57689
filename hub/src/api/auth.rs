//! Who calls: a token, a sender, a right.
//!
//! Default deny: a sender may use the sources that its file names, on days with a legal basis.
//! Refuses to tell a stranger anything, be it only whether a receipt exists.

use std::borrow::Cow;

use adapters::Speaker;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemas::recipient::Recipient;
use schemas::time::day_of;

use super::{Doors, Problem, ProblemCode};
use crate::config::{ANSWER, Sender, SenderError};

/// The sender that calls, with the right to a source today.
pub(super) fn sender(doors: &Doors, headers: &HeaderMap, source: &str) -> Result<Speaker, Problem> {
    let known = token(headers).and_then(|token| {
        let known = doors.config.senders.authenticate(&token, source, day_of(doors.clock.now()));
        known.map(Sender::speaker).map_err(denied)
    });
    if let (Err(_), Some(source)) = (&known, adapters::source(source)) {
        doors.metrics.intake.count(source.name(), "denied");
    }
    known
}

/// Lets in whoever has any credential, whatever its rights.
pub(super) fn somebody(doors: &Doors, headers: &HeaderMap) -> Result<(), Problem> {
    if doors.config.senders.knows(&token(headers)?) { Ok(()) } else { Err(ProblemCode::Unauthorised.into()) }
}

/// The recipient that calls: a sender of answers whose name is the recipient's.
pub(super) fn recipient(doors: &Doors, headers: &HeaderMap, name: &str) -> Result<Recipient, Problem> {
    let known = token(headers).and_then(|token| {
        let Ok(recipient) = Recipient::parse(name) else {
            somebody(doors, headers)?;
            return Err(ProblemCode::NotAllowedHere.into());
        };
        let today = day_of(doors.clock.now());
        doors.config.senders.authenticate_recipient(&token, &recipient, today).map_err(denied)?;
        Ok(recipient)
    });
    if known.is_err() {
        doors.metrics.intake.count(ANSWER, "denied");
    }
    known
}

/// What a caller is told who may not: a stranger nothing more than that.
fn denied(error: SenderError) -> Problem {
    match error {
        SenderError::Unknown => ProblemCode::Unauthorised.into(),
        SenderError::NotAllowed => ProblemCode::NotAllowedHere.into(),
        SenderError::NoBasis => ProblemCode::NoBasisToday.into(),
    }
}

/// The token of a request: a bearer's, or the password of Basic, which is all that some forwarders can send.
pub(super) fn token(headers: &HeaderMap) -> Result<Cow<'_, str>, Problem> {
    let (scheme, value) = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .ok_or(ProblemCode::Unauthorised)?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(value.into());
    }
    let basic = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value).ok()).flatten();
    let pair = basic.ok_or(ProblemCode::Unauthorised)?;
    // The name before it may be in any letters: it is not looked at.
    let password = pair.iter().position(|byte| *byte == b':').map(|at| pair[at + 1..].to_vec());
    let password =
        password.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(ProblemCode::Unauthorised)?;
    Ok(password.into())
}
