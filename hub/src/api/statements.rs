//! The statements resource of xAPI 1.0.3, for platforms and record stores that forward as they are: it is written to, and
//! never read.
//!
//! What is stripped could not be given back, so reading is refused and told why. Credentials as everywhere, or Basic with the
//! token for a password. A call is taken whole or not at all: where one statement cannot be taken, none is, and the
//! refused ones lie sealed as they do at the source's own door. One that was accepted before with other content is found by the
//! commit alone: then the others of its call are stored, and the call is a conflict.
//! Refusals are 400, as the standard has it, and 403 where a statement is another platform's word. Source: docs/senders.md.

use std::sync::Arc;

use adapters::{Refused, SOURCES, Source, Speaker};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemas::finding::{Code, Finding};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, ProblemCode};
use super::{Doors, Here, auth, lines, messages};
use crate::intake::{ItemVerdict, LookupTables};

/// Which version of the standard is spoken; every answer carries it.
const VERSION: HeaderName = HeaderName::from_static("x-experience-api-version");
const SPOKEN: HeaderValue = HeaderValue::from_static("1.0.3");
/// Of one call; a platform sends some dozens.
const MOST_STATEMENTS: usize = 1000;
/// More of one call are told to nobody: the first ones show what is wrong.
const MOST_FINDINGS: usize = 100;
/// The other way to show a token here.
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"voortraject\"");

/// Which statement a `PUT` is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StatementNamed {
    statement_id: String,
}

/// `GET /xapi/about`
pub(super) async fn about() -> Response {
    spoken(Json(json!({ "version": ["1.0.3"] })))
}

/// `GET /xapi/statements`
pub(super) async fn read() -> Response {
    spoken(Problem::from(ProblemCode::WriteOnly))
}

/// `POST /xapi/statements`: one statement, or a list; answers their ids in order.
pub(super) async fn post(State(doors): Here, request: Request) -> Response {
    spoken(taken(&doors, request, None).await.map(Json))
}

/// `PUT /xapi/statements?statementId=ID`
pub(super) async fn put(
    State(doors): Here,
    named: Result<Query<StatementNamed>, QueryRejection>,
    request: Request,
) -> Response {
    // Without its id no statement is the one that is named; who calls is asked first.
    let id = named.map_or_else(|_| String::new(), |Query(named)| named.statement_id);
    spoken(taken(&doors, request, Some(&id)).await.map(|_| StatusCode::NO_CONTENT))
}

fn spoken(answer: impl IntoResponse) -> Response {
    let mut response = ([(VERSION, SPOKEN)], answer).into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().append(WWW_AUTHENTICATE, BASIC);
    }
    response
}

/// The ids of the statements, once all of them are stored.
async fn taken(doors: &Doors, request: Request, named: Option<&str>) -> Result<Vec<Value>, Problem> {
    let statements = SOURCES.iter().find(|source| source.takes_statements());
    let source = *statements.ok_or(ProblemCode::UnknownSource)?;
    let sender = auth::sender(doors, request.headers(), source.name())?;
    version(request.headers())?;
    let said = lines::said(source, request.headers()).map_err(|_| ProblemCode::BadStatement)?;
    let body = messages::whole(request).await?;
    let mut items = adapters::read_in(source, said, &body);
    if items.len() > MOST_STATEMENTS {
        return Err(ProblemCode::TooLarge.into());
    }
    if items.is_empty() || named.is_some() && items.len() != 1 {
        return Err(ProblemCode::BadStatement.into());
    }
    for item in items.iter_mut().flatten() {
        identify(doors, item, named)?;
    }
    let ids = items.iter().flatten().map(|item| item["id"].clone()).collect();
    let several = items.len() > 1;
    let (places, items): (Vec<usize>, Vec<_>) =
        refused_or_all(doors, source, sender.clone(), items).await?.into_iter().unzip();
    let verdicts = doors.accept(source, &sender, items).await?;
    let (mut wrong, mut taken) = (vec![], vec![]);
    for (n, verdict) in places.iter().zip(&verdicts) {
        // Of a list, which of its statements it is.
        let place = |pointer: &str| if several { format!("/{n}{pointer}") } else { pointer.to_owned() };
        match verdict {
            ItemVerdict::Refused { findings, .. } => wrong
                .extend(findings.iter().map(|one| Finding { pointer: place(&one.pointer), ..one.clone() })),
            ItemVerdict::Conflict => {
                taken.push(Finding::new(Code::IdTaken, place("/id"), "another statement has this id"));
            }
            ItemVerdict::Accepted { .. } | ItemVerdict::Again { .. } => {}
        }
    }
    wrong.truncate(MOST_FINDINGS);
    if !wrong.is_empty() {
        let code = messages::refusal(&wrong, ProblemCode::BadStatement);
        return Err(Problem::new(code).findings(&wrong));
    }
    if !taken.is_empty() {
        return Err(Problem::new(ProblemCode::StatementTaken).findings(&taken));
    }
    Ok(ids)
}

/// With their places, those that cannot be taken: they are kept, and nothing else of the call; all of them where there is none.
async fn refused_or_all(
    doors: &Doors,
    source: &'static dyn Source,
    sender: Speaker,
    items: Vec<Result<Value, Refused>>,
) -> Result<Vec<(usize, Result<Value, Refused>)>, Problem> {
    let (config, now) = (Arc::clone(&doors.config), doors.clock.now());
    let look = move || {
        let tables = LookupTables::of(&config);
        let context = tables.context(&sender, now);
        let fits = |(_, item): &(usize, Result<Value, Refused>)| {
            item.as_ref().is_ok_and(|item| adapters::check(source, item.clone(), &context).is_ok())
        };
        let (good, bad): (Vec<_>, Vec<_>) = items.into_iter().enumerate().partition(fits);
        if bad.is_empty() { good } else { bad }
    };
    tokio::task::spawn_blocking(look).await.map_err(|_| ProblemCode::Internal.into())
}

/// The id of a statement: that of the address, its own, or a new one.
fn identify(doors: &Doors, item: &mut Value, named: Option<&str>) -> Result<(), Problem> {
    let Some(statement) = item.as_object_mut() else { return Ok(()) };
    // What is no text is no id, and the schema says so at its place.
    match (named, statement.get("id")) {
        (Some(named), Some(Value::String(own))) if !own.eq_ignore_ascii_case(named) => {
            Err(ProblemCode::BadStatement.into())
        }
        (_, Some(_)) => Ok(()),
        (named, None) => {
            let new = || uuid::Uuid::from_bytes(doors.clock.message_id().bytes()).to_string();
            statement.insert("id".to_owned(), named.map_or_else(new, str::to_owned).into());
            Ok(())
        }
    }
}

/// Every call names the version that it speaks: any of 1.0.
fn version(headers: &HeaderMap) -> Result<(), Problem> {
    let said = headers.get(VERSION).and_then(|version| version.to_str().ok());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let known = said.is_some_and(|said| said == "1.0" || said.strip_prefix("1.0.").is_some_and(digits));
    if known { Ok(()) } else { Err(ProblemCode::StatementVersion.into()) }
}
