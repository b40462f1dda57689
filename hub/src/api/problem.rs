//! Problems: what every answer that is no success looks like (RFC 9457).
//!
//! Owns the stable codes of requests; the codes of items are `schemas::finding::Code`. Each has a
//! page under `/problems/`. Refuses to repeat a value that was sent.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use decide::Refusal;
use schemas::finding::Finding;
use serde::Serialize;
use serde_json::Value;

macro_rules! problems {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// The stable codes of what can be wrong with a request.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code, and the name of its page.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The status it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

problems! {
    /// No credential, or one nobody has.
    Unauthorised = "unauthorised", UNAUTHORIZED, "a valid credential is needed";
    /// The sender may not use this source or read this recipient.
    NotAllowedHere = "not-allowed-here", FORBIDDEN, "this credential does not give this right";
    /// The right is there, and no legal basis holds today.
    NoBasisToday = "no-basis-today", FORBIDDEN, "no legal basis of this right holds today";
    /// The message is the word of another than the sender speaks for.
    NotYours = "not-yours", FORBIDDEN, "the message is another's word";
    /// Nothing of this name.
    NotFound = "not-found", NOT_FOUND, "there is nothing under this address";
    /// A source nobody has.
    UnknownSource = "unknown-source", NOT_FOUND, "there is no source of this name";
    Method = "method-not-allowed", METHOD_NOT_ALLOWED, "this address does not take this method";
    /// The request cannot be read.
    BadRequest = "bad-request", BAD_REQUEST, "the request cannot be read";
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "the body is too large";
    WrongFormat = "wrong-format", UNSUPPORTED_MEDIA_TYPE, "this source does not take this content type";
    /// Findings in one message.
    Invalid = "invalid-message", UNPROCESSABLE_ENTITY, "the message cannot be taken";
    /// Several messages where one is asked.
    NotOne = "not-one-message", UNPROCESSABLE_ENTITY, "the body does not hold exactly one message";
    /// Another message has this id.
    IdTaken = "id-taken", UNPROCESSABLE_ENTITY, "another message was accepted under this id";
    /// A statement, or the call around it, that the standard does not allow: there it is 400.
    BadStatement = "bad-statement", BAD_REQUEST, "the statements cannot be taken: none of this call was";
    StatementVersion = "statement-version", BAD_REQUEST, "the call does not name a version of xAPI 1.0";
    StatementTaken = "statement-taken", CONFLICT, "another statement was accepted under this id";
    /// Statements are written here and never read.
    WriteOnly = "write-only", FORBIDDEN, "statements are taken here and not given back";
    /// The answer names a handover that is not this recipient's.
    UnknownHandover = "unknown-handover", CONFLICT, "there is no such handover of this recipient";
    /// The answer names an epoch that was replaced.
    OldEpoch = "old-epoch", CONFLICT, "a newer epoch or handover has replaced this one";
    /// The answer is not possible now.
    NotAllowed = "not-allowed", CONFLICT, "this answer is not possible in the present state";
    /// A position that no record has.
    UnknownPosition = "unknown-position", CONFLICT, "no record was ever issued at this position";
    /// Another record was confirmed.
    HashDiffers = "hash-differs", CONFLICT, "the payload hash is not that of the record with this sequence";
    /// A record of something else was confirmed.
    OtherRecord = "other-record", CONFLICT, "the record with this sequence belongs to another handover or epoch";
    /// Nobody of this id.
    UnknownPerson = "unknown-person", CONFLICT, "there is no such person";
    /// No review that is open.
    UnknownReview = "unknown-review", CONFLICT, "there is no such open review";
    /// No stream that is open.
    UnknownStream = "unknown-stream", CONFLICT, "there is no such open stream";
    /// Nobody objected to anything.
    NoRestriction = "no-restriction", CONFLICT, "there is no restriction to lift";
    /// Somebody has changed since a report of the first load.
    NotAPart = "not-a-part", CONFLICT, "these records are not a part of this person's";
    NotAsReported = "not-as-reported", CONFLICT, "they are not as the report of the first load knew them";
    /// Two agencies each hold a file.
    TwoHoldTheFile = "two-hold-the-file", CONFLICT, "two agencies each hold the file of one of the two";
    /// The desk ordered what the handover cannot do as it stands.
    OrderNotAllowed = "order-not-allowed", CONFLICT, "that cannot be ordered about the handover as it stands";
    /// Somebody whom the review did not ask about.
    NotAsked = "not-asked", CONFLICT, "the review does not ask about this person";
    /// Accepted, and set aside by the decider.
    Quarantined = "quarantined", CONFLICT, "the message was set aside: operations must look";
    Busy = "busy", SERVICE_UNAVAILABLE, "too much is under way: send again after a moment";
    /// The database is away.
    Away = "database-away", SERVICE_UNAVAILABLE, "nothing can be stored at the moment: send again later";
    Internal = "internal", INTERNAL_SERVER_ERROR, "the hub failed: nothing was accepted";
}

impl From<&Refusal> for ProblemCode {
    /// Each refusal of the heart has a code of its own, and with it a page.
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::UnknownHandover => Self::UnknownHandover,
            Refusal::UnknownPerson => Self::UnknownPerson,
            Refusal::UnknownReview => Self::UnknownReview,
            Refusal::UnknownStream => Self::UnknownStream,
            Refusal::OldEpoch { .. } => Self::OldEpoch,
            Refusal::NotAllowed { .. } => Self::NotAllowed,
            Refusal::OrderNotAllowed { .. } => Self::OrderNotAllowed,
            Refusal::NoRestriction => Self::NoRestriction,
            Refusal::NotAPart => Self::NotAPart,
            Refusal::NotAsReported => Self::NotAsReported,
            Refusal::TwoHoldTheFile => Self::TwoHoldTheFile,
            Refusal::NotAsked => Self::NotAsked,
            Refusal::HashDiffers => Self::HashDiffers,
            Refusal::OtherRecord => Self::OtherRecord,
        }
    }
}

/// One problem, ready to be answered.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Serialize)]
struct Parts {
    #[serde(rename = "type")]
    page: String,
    title: &'static str,
    status: u16,
    #[serde(serialize_with = "as_name")]
    code: ProblemCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks")]
fn as_name<S: serde::Serializer>(code: &ProblemCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        let (page, status) = (page(code.as_str()), code.status().as_u16());
        let title = code.title();
        Self(Box::new(Parts { page, title, status, code, receipt: None, errors: None, conflict: None }))
    }

    /// With the receipt under which it can be found.
    #[must_use]
    pub fn receipt(mut self, receipt: impl std::fmt::Display) -> Self {
        self.0.receipt = Some(receipt.to_string());
        self
    }

    /// With everything that was found.
    #[must_use]
    pub fn findings(mut self, findings: &[Finding]) -> Self {
        self.0.errors = Some(findings.iter().map(finding).collect());
        self
    }

    /// With what would be possible instead.
    #[must_use]
    pub fn conflict(mut self, conflict: Value) -> Self {
        self.0.conflict = Some(conflict);
        self
    }

    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }
}

/// The page of a code.
fn page(code: &str) -> String {
    format!("/problems/{code}")
}

/// A finding as senders see it.
pub(super) fn finding(finding: &Finding) -> Value {
    let code = finding.code.as_str();
    serde_json::json!({ "code": code, "pointer": finding.pointer, "detail": finding.detail, "page": page(code) })
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = self.code();
        let mut response = (code.status(), Json(self.0)).into_response();
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match code {
            ProblemCode::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            ProblemCode::Away => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            ProblemCode::Unauthorised => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

/// Where no route fits.
pub(super) async fn not_found() -> Problem {
    ProblemCode::NotFound.into()
}

/// Gives the refusals of the layers below (a body too large, a method, a time limit) the form all others have.
pub(super) async fn worded(response: Response) -> Response {
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == b"application/problem+json");
    let code = match response.status() {
        _ if is_problem => return response,
        StatusCode::METHOD_NOT_ALLOWED => ProblemCode::Method,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemCode::WrongFormat,
        StatusCode::NOT_FOUND => ProblemCode::NotFound,
        StatusCode::SERVICE_UNAVAILABLE => ProblemCode::Busy,
        status if status.is_client_error() => ProblemCode::BadRequest,
        status if status.is_server_error() => ProblemCode::Internal,
        _ => return response,
    };
    let mut worded = Problem::new(code).into_response();
    // What would be taken instead is told by the layer that refused.
    for name in [header::ALLOW, header::ACCEPT_ENCODING] {
        if let Some(value) = response.headers().get(&name) {
            worded.headers_mut().insert(name, value.clone());
        }
    }
    worded
}

/// Where a handler panicked: the panic's words may hold personal values, so they go nowhere.
pub(super) fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(ProblemCode::Internal).into_response()
}
