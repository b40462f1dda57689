//! The console: what operations see of the flow and of each handover, as pages that work without JavaScript.
//!
//! Shows counts, states, opaque ids and organisations; refuses names and numbers of persons. What is done from a page is
//! a form, sent in the name of who is signed in, through the desk. Every text stands in `words`, every page is a template in `hub/templates/`, compiled in.
//! Files: `overview` with `attention` and `flow` (its picture), `list`, `handover` with `timeline`, `person`, `review` with `touched`; below them `parts`,
//! `times`, `words`; `sign` and `session` let people in, `acts` is what they can do.

mod acts;
mod attention;
mod flow;
mod handover;
mod list;
mod overview;
mod parts;
mod person;
mod review;
mod session;
mod sign;
mod timeline;
mod times;
mod touched;
mod words;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use schemas::recipient::Recipient;
use tower_http::timeout::TimeoutLayer;

use crate::blast::BlastError;
use crate::clock::Clock;
use crate::config::{Config, ConsoleSettings};
use crate::desk::{Desk, DeskError, RightsError};
use crate::history::HistoryError;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

use session::Cookies;
pub use session::Sessions;

/// A form is no longer than this.
const FORM_BYTES: usize = 8 << 10;

/// A page is answered within this time.
const PATIENCE: Duration = Duration::from_secs(30);

const STYLE: &str = include_str!("console.css");

/// What a browser may do with a page: show it, in our style, and send its forms back to us.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// What the pages stand on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Console {
    /// Where everything is read.
    pub store: Store,
    /// Opens the journal of a handover's person.
    pub vault: Vault,
    /// Which day it is.
    pub clock: Clock,
    /// Names of recipients, legal bases, the bundle's hash.
    pub config: Arc<Config>,
    /// How it is served.
    pub settings: ConsoleSettings,
    pub desk: Desk,
    /// Who is signed in.
    pub sessions: Sessions,
}

impl Console {
    fn cookies(&self) -> Cookies {
        Cookies { secure: self.settings.secure_cookie }
    }

    /// The short name of a recipient, as pages show it.
    fn name(&self, recipient: &Recipient) -> String {
        let agency = self.config.agencies.get(recipient);
        let name = agency.map_or(recipient.as_str(), |agency| agency.name.nl.as_str());
        name.split(',').next().unwrap_or(name).to_owned()
    }

    /// A source as pages call it; what has no name is called by its own.
    fn source(&self, source: &str) -> String {
        let inside = words::INSIDE.iter().find(|(name, _)| *name == source).map(|(_, words)| *words);
        let named = self.config.sources.get(source).map(|names| names.nl.as_str());
        named.or(inside).unwrap_or(source).to_owned()
    }
}

/// The pages, for the root of the server.
pub fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(overview::show))
        .route("/handovers", get(list::show))
        .route("/handovers/{id}", get(handover::show))
        .route("/streams/{id}/redeliver", post(acts::redeliver))
        .route("/persons/{id}", get(person::show))
        .route("/nakijken", get(review::first))
        .route("/nakijken/{review}", get(review::show).post(review::answer))
        .route("/sign-out", post(sign::sign_out))
        .layer(from_fn_with_state(console.clone(), sign::watch))
        .route("/sign-in", get(sign::ask).post(sign::sign_in))
        .with_state(console)
        .layer(map_response(guarded))
        .route("/console.css", get(style))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum PageError {
    /// Nothing of this name.
    #[error("there is no such page")]
    Missing,
    /// Nobody is signed in, and a form was sent.
    #[error("nobody is signed in")]
    SignedOut,
    /// A form that was not made for this session.
    #[error("the form was not made for this session")]
    Forged,
    /// The desk did not do it.
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Blast(#[from] BlastError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Template(#[from] askama::Error),
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::Missing => (StatusCode::NOT_FOUND, words::MISSING, words::MISSING_TEXT),
            Self::Store(StoreError::Away(_)) | Self::History(HistoryError::Store(StoreError::Away(_))) => {
                (StatusCode::SERVICE_UNAVAILABLE, words::AWAY, words::AWAY_TEXT)
            }
            Self::SignedOut => (StatusCode::UNAUTHORIZED, words::CLOSED, words::CLOSED_TEXT),
            Self::Forged => (StatusCode::FORBIDDEN, words::NOT_DONE, words::FORM_OLD),
            Self::Desk(DeskError::Rights(RightsError::NotAllowed { .. })) => {
                (StatusCode::FORBIDDEN, words::NOT_DONE, words::NOT_YOURS)
            }
            Self::Desk(error) => {
                tracing::error!(error = %crate::decider::chain(&error), "what was asked at the desk was not done");
                (StatusCode::SERVICE_UNAVAILABLE, words::NOT_DONE, words::AWAY_TEXT)
            }
            error @ (Self::Store(_) | Self::Blast(_) | Self::History(_) | Self::Template(_)) => {
                tracing::error!(%error, "a page could not be made");
                (StatusCode::INTERNAL_SERVER_ERROR, words::FAILED, words::FAILED_TEXT)
            }
        };
        notice(status, title, text)
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    title: &'static str,
    text: &'static str,
}

fn notice(status: StatusCode, title: &'static str, text: &'static str) -> Response {
    match (NoticePage { title, text }).render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(_) => status.into_response(),
    }
}

impl From<RightsError> for PageError {
    fn from(error: RightsError) -> Self {
        Self::Desk(error.into())
    }
}

type Page = Result<Html<String>, PageError>;
type ConsoleHere = State<Console>;

async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (kind, STYLE).into_response()
}

/// What every page carries: nobody keeps it, frames it, or lets it load anything from elsewhere.
async fn guarded(mut response: Response) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
