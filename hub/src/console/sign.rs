//! Signing in and out: a name and a credential for a session, and every other page for who has one.
//!
//! A wrong credential is answered after a wait, and only so many wait at once; a right one never waits, so that nobody
//! keeps anybody out. The form agrees with a cookie of its own, so that no other page can sign anybody in. Next:
//! [`super::session`].

use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::session::{Cookies, Session};
use super::{Console, ConsoleHere, PageError, words};
use crate::desk::{About, Action, Actor, Occasion};

/// How long a wrong credential waits for its answer.
const WAIT: Duration = Duration::from_secs(1);
/// So many wait at once; who comes then is told to come back.
static WAITING: Semaphore = Semaphore::const_new(16);

/// Lets a request through in its person's name, or to the sign-in page.
pub(super) async fn watch(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let id = console.cookies().read(Cookies::SESSION, request.headers());
    if let Some(session) = id.and_then(|id| console.sessions.of(&id, Instant::now())) {
        request.extensions_mut().insert(session);
        return next.run(request).await;
    }
    if request.method() != Method::GET {
        return PageError::SignedOut.into_response();
    }
    let to = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let query: String = to.bytes().map(|byte| format!("%{byte:02x}")).collect();
    Redirect::to(&format!("/sign-in?to={query}")).into_response()
}

/// Where somebody wanted to go.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    to: String,
}

/// A page of ours, whatever was asked for.
fn inside(to: &str) -> &str {
    let ours =
        to.starts_with('/') && !to.starts_with("//") && !to.contains(|c: char| c == '\\' || c.is_control());
    if ours { to } else { "/" }
}

#[derive(Template)]
#[template(path = "sign.html")]
struct SignIn<'a> {
    to: &'a str,
    token: &'a str,
    name: &'a str,
    wrong: Option<&'static str>,
}

fn page(
    console: &Console,
    status: StatusCode,
    to: &str,
    name: &str,
    wrong: Option<&'static str>,
) -> Response {
    let token = hex::encode(&console.clock.seed().0[..16]);
    let page = match (SignIn { to: inside(to), token: &token, name, wrong }).render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => return PageError::from(error).into_response(),
    };
    with_cookie(page, &console.cookies().set(Cookies::FORM, &token))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `GET /sign-in`
pub(super) async fn ask(State(console): ConsoleHere, Query(wanted): Query<Wanted>) -> Response {
    page(&console, StatusCode::OK, &wanted.to, "", None)
}

/// What the sign-in form sends.
#[derive(Deserialize)]
pub(super) struct Shown {
    name: String,
    credential: String,
    token: String,
    #[serde(default)]
    to: String,
}

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(console): ConsoleHere,
    headers: HeaderMap,
    Form(shown): Form<Shown>,
) -> Result<Response, PageError> {
    let Shown { name, credential, token, to } = shown;
    let agreed = console.cookies().read(Cookies::FORM, &headers).is_some_and(|form| form == token);
    if !agreed {
        return Ok(page(&console, StatusCode::BAD_REQUEST, &to, "", Some(words::FORM_OLD)));
    }
    let actor = Actor::of(&console.config.people, credential.trim());
    let Some(actor) = actor.filter(|actor| actor.name().as_str() == name.trim()) else {
        let Ok(_place) = WAITING.try_acquire() else {
            return Ok(page(&console, StatusCode::TOO_MANY_REQUESTS, &to, "", Some(words::TOO_MANY)));
        };
        tracing::warn!("somebody could not sign in: the name and the credential do not belong together");
        tokio::time::sleep(WAIT).await;
        return Ok(page(&console, StatusCode::FORBIDDEN, &to, "", Some(words::WRONG)));
    };
    console.desk.rights().allow(&actor, Action::SignIn, About::Hub, Occasion::Task).await?;
    let cookies = console.cookies();
    // Whoever signs in anew in one browser has left the session that was open there.
    if let Some(before) = cookies.read(Cookies::SESSION, &headers) {
        console.sessions.end(&before);
    }
    let id = console.sessions.begin(actor, &console.clock, Instant::now());
    let there = with_cookie(Redirect::to(inside(&to)).into_response(), &cookies.set(Cookies::SESSION, &id));
    Ok(with_cookie(there, &cookies.set(Cookies::FORM, "")))
}

/// What every form of somebody who is signed in carries.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    token: String,
}

impl Made {
    /// Refuses a form that was not made for this session.
    pub(super) fn by(&self, session: &Session) -> Result<(), PageError> {
        if session.made(&self.token) { Ok(()) } else { Err(PageError::Forged) }
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(
    State(console): ConsoleHere,
    axum::Extension(session): axum::Extension<Session>,
    headers: HeaderMap,
    Form(made): Form<Made>,
) -> Result<Response, PageError> {
    made.by(&session)?;
    if let Some(id) = console.cookies().read(Cookies::SESSION, &headers) {
        console.sessions.end(&id);
    }
    let there = Redirect::to("/sign-in").into_response();
    Ok(with_cookie(there, &console.cookies().set(Cookies::SESSION, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for own in ["/", "/handovers?state=held", "/handovers/0192"] {
            assert_eq!(inside(own), own);
        }
        for other in [
            "",
            "//other.example",
            "https://other.example/",
            "/\\other.example",
            "/a\r\nb",
            "/\t/other.example",
        ] {
            assert_eq!(inside(other), "/", "{other:?}");
        }
    }
}
