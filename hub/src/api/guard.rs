//! Who was refused: counted by address, told in the log, and not answered at once.
//!
//! Nothing of a credential is told, be it right or wrong. Guesses come one after the other on a connection: each wrong
//! one waits. Refuses to keep anybody with a right credential waiting, however many others guess.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::ProblemCode;
use crate::observe::Metrics;

/// How long a wrong credential waits for its answer.
const SLOW: Duration = Duration::from_millis(250);
/// How often the log tells of refusals, at most.
const TELL: Duration = Duration::from_secs(10);

/// Answers that do not wait for the body.
const UNREAD: [StatusCode; 6] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
];

#[derive(Clone)]
pub(super) struct RefusedCredential {
    metrics: Arc<Metrics>,
    untold: Arc<Mutex<(Option<Instant>, u64)>>,
}

impl RefusedCredential {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, untold: Arc::default() }
    }

    /// Counts one, and tells of all that came since the log was last told.
    fn tell(&self, path: &str, status: StatusCode) {
        self.metrics.api.refused(path, status.as_u16());
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.1 += 1;
        if untold.0.is_none_or(|told| told.elapsed() >= TELL) {
            tracing::warn!(count = untold.1, path, status = status.as_u16(), "credentials were refused");
            *untold = (Some(Instant::now()), 0);
        }
    }
}

/// Lets a request through, and looks at how it was answered. Where its body was left unread the connection ends, and the
/// sender is told so: whoever went on with it would find it closed.
pub(super) async fn watch(
    State(refused): State<RefusedCredential>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let guessed = request.headers().contains_key(header::AUTHORIZATION);
    let bodied = request.headers().contains_key(header::TRANSFER_ENCODING)
        || request.headers().get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    let mut response = next.run(request).await;
    let status = response.status();
    // What is said of a message that was read, or may be done by nobody, says nothing of a credential.
    let code = response.extensions().get::<ProblemCode>().copied();
    let read = code == Some(ProblemCode::NotYours);
    if bodied && UNREAD.contains(&status) && !read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let about_it = !read && code != Some(ProblemCode::WriteOnly);
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && about_it {
        refused.tell(path.as_ref().map_or("other", MatchedPath::as_str), status);
        if guessed && status == StatusCode::UNAUTHORIZED {
            tokio::time::sleep(SLOW).await;
        }
    }
    response
}
