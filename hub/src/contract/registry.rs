//! What stock schema-registry clients ask, and what they are told.
//!
//! Nothing is registered over HTTP. Every question that is not known is answered 404 as JSON, because a client that
//! asks for associations first takes 404 as "go on" and any other error as an end. Anybody may ask, without a
//! credential, so a question costs little: a stranger's schema is compared as JSON and never read as Avro, which can
//! unfold without end; its body is small, comes in time, and is looked at beside the threads that answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::{RwLock, Semaphore};
use tokio::time::Instant;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use super::versions::bare;
use super::{Known, Schemas};

const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// A schema of ours in a question has less than a third of this.
const BODY: usize = 64 << 10;
/// A question is read and answered within this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Schemas that are compared at once.
const AT_ONCE: usize = 2;

/// How often, at most, it is looked whether another instance has sent under a schema that is not known here.
const ANEW: Duration = Duration::from_secs(1);

/// The schemas as they are now: another instance, of a later config, may have sent under an id of its own.
pub type Anew = Arc<dyn Fn() -> BoxFuture<'static, Option<Schemas>> + Send + Sync>;

/// The reads of a schema registry, to be merged into the API.
pub fn routes(schemas: Arc<Schemas>, anew: Anew) -> Router {
    // One handler for each tree and every method, so that nothing below is answered 405.
    Router::new()
        .route("/schemas/{*rest}", any(respond))
        .route("/subjects", any(respond))
        .route("/subjects/{*rest}", any(respond))
        .route("/associations/{*rest}", any(respond))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(RequestBodyTimeoutLayer::new(PATIENCE))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .with_state(Registry {
            schemas: Arc::new(RwLock::new((schemas, None))),
            anew,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
}

#[derive(Clone)]
struct Registry {
    /// What is known, and when it was last looked for more.
    schemas: Arc<RwLock<(Arc<Schemas>, Option<Instant>)>>,
    anew: Anew,
    turns: Arc<Semaphore>,
}

impl Registry {
    /// What is known since, where it was not looked for just now.
    async fn later(&self) -> Option<Arc<Schemas>> {
        // Nobody waits for a database that is away: what is known is told meanwhile.
        {
            let mut schemas = self.schemas.write().await;
            if schemas.1.is_some_and(|looked| looked.elapsed() < ANEW) {
                return None;
            }
            schemas.1 = Some(Instant::now());
        }
        let later = Arc::new((self.anew)().await?);
        self.schemas.write().await.0 = Arc::clone(&later);
        Some(later)
    }
}

async fn respond(State(registry): State<Registry>, method: Method, uri: Uri, body: Bytes) -> Response {
    let known = Arc::clone(&registry.schemas.read().await.0);
    let (status, answer) = answered(known, &registry.turns, &method, &uri, &body).await;
    let (status, answer) = match answer["error_code"].as_u64() {
        Some(40402 | 40403) => match registry.later().await {
            Some(later) => answered(later, &registry.turns, &method, &uri, &body).await,
            None => (status, answer),
        },
        _ => (status, answer),
    };
    (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], answer.to_string()).into_response()
}

async fn answered(
    schemas: Arc<Schemas>,
    turns: &Arc<Semaphore>,
    method: &Method,
    uri: &Uri,
    body: &Bytes,
) -> (StatusCode, Value) {
    let (method, uri, body) = (method.clone(), uri.clone(), body.clone());
    let answered = if body.is_empty() {
        Some(schemas.answer(&method, uri.path(), &[]))
    } else {
        let turn = Arc::clone(turns).acquire_owned().await;
        let answer = move || {
            let answer = schemas.answer(&method, uri.path(), &body);
            drop(turn);
            answer
        };
        tokio::task::spawn_blocking(answer).await.ok()
    };
    let failed = || (StatusCode::INTERNAL_SERVER_ERROR, json!({"error_code": 50001, "message": "Error"}));
    answered.unwrap_or_else(failed)
}

impl Schemas {
    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Value) {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["subjects"]) => {
                found(json!(self.subjects.values().map(|subject| &subject.subject).collect::<Vec<_>>()))
            }
            ("GET", ["schemas", "ids", id]) => match id.parse().ok().and_then(|id| self.known.get(&id)) {
                Some(known) => found(json!({"schema": known.schema.json()})),
                None => missing(40403, "Schema not found"),
            },
            (_, ["subjects", name, rest @ ..]) => match (self.versions_of(name), method.as_str(), rest) {
                (None, "GET", ["versions"] | ["versions", _]) | (None, "POST", []) => {
                    missing(40401, "Subject not found")
                }
                (Some(versions), "GET", ["versions"]) => {
                    found(json!(versions.iter().map(|version| version.number).collect::<Vec<_>>()))
                }
                (Some(versions), "GET", ["versions", which]) => {
                    let is = |version: &&Numbered<'_>| match *which {
                        "latest" | "-1" => version.current,
                        number => number.parse() == Ok(version.number),
                    };
                    let version = versions.iter().find(is);
                    version.map_or_else(|| missing(40402, "Version not found"), Numbered::described)
                }
                (Some(versions), "POST", []) => {
                    let asked = asked(body);
                    let version = versions.iter().find(|version| Some(&version.known.bare) == asked.as_ref());
                    version.map_or_else(|| missing(40403, "Schema not found"), Numbered::described)
                }
                (_, _, _) => missing(404, "Not found"),
            },
            (_, _) => missing(404, "Not found"),
        }
    }

    /// Every version of a subject, the first one first.
    fn versions_of(&self, name: &str) -> Option<Vec<Numbered<'_>>> {
        let (recipient, subject) = self.subjects.iter().find(|(_, subject)| subject.subject == name)?;
        let own = |(id, known): (&u32, &'_ Known)| (known.recipient == *recipient).then_some(*id);
        let ids = self.known.iter().filter_map(own);
        let version = |(number, id)| {
            Some(Numbered {
                number,
                id,
                subject: &subject.subject,
                known: self.known.get(&id)?,
                current: id == subject.id,
            })
        };
        Some((1..).zip(ids).filter_map(version).collect())
    }
}

/// One version of a subject.
struct Numbered<'a> {
    number: u32,
    id: u32,
    subject: &'a str,
    known: &'a Known,
    current: bool,
}

impl Numbered<'_> {
    fn described(&self) -> (StatusCode, Value) {
        let Self { number, id, subject, known, .. } = self;
        found(json!({"subject": subject, "id": id, "version": number, "schema": known.schema.json()}))
    }
}

/// The schema in a look-up, bare: spaces, docs and the order of attributes do not count.
fn asked(body: &[u8]) -> Option<Value> {
    let asked: Value = serde_json::from_slice(body).ok()?;
    serde_json::from_str(asked["schema"].as_str()?).ok().map(bare)
}

fn found(body: Value) -> (StatusCode, Value) {
    (StatusCode::OK, body)
}

fn missing(code: u32, message: &str) -> (StatusCode, Value) {
    (StatusCode::NOT_FOUND, json!({"error_code": code, "message": message}))
}

#[cfg(test)]
mod tests {
    use schemas::recipient::Recipient;

    use super::super::tests::schemas;
    use super::*;

    #[test]
    fn stock_clients_get_their_answers() {
        let schemas = schemas();
        let text = schemas.of(&Recipient::parse("bapa-bxl").unwrap()).unwrap().codec.text().to_owned();
        let subject = "voortraject.bapa-bxl.v1-value";
        let whole = json!({"subject": subject, "id": 17, "version": 1, "schema": text});
        let check = |method: Method, path: &str, body: Value, status: u16, expect: Value| {
            let (found, answer) = schemas.answer(&method, path, body.to_string().as_bytes());
            assert_eq!((found.as_u16(), answer), (status, expect), "{method} {path}");
        };
        let get = |path: &str, status, expect| check(Method::GET, path, Value::Null, status, expect);
        let none = |code: u32, message: &str| json!({"error_code": code, "message": message});
        get("/schemas/ids/17", 200, json!({"schema": text}));
        get("/schemas/ids/18", 404, none(40403, "Schema not found"));
        get("/schemas/ids/x", 404, none(40403, "Schema not found"));
        get("/subjects", 200, json!([subject]));
        get(&format!("/subjects/{subject}/versions"), 200, json!([1]));
        get(&format!("/subjects/{subject}/versions/latest"), 200, whole.clone());
        get(&format!("/subjects/{subject}/versions/1"), 200, whole.clone());
        get(&format!("/subjects/{subject}/versions/2"), 404, none(40402, "Version not found"));
        get("/subjects/x/versions/latest", 404, none(40401, "Subject not found"));
        get("/associations/resources/-/voortraject.bapa-bxl.v1", 404, none(404, "Not found"));
        let post = |path: &str, body, status, expect| check(Method::POST, path, body, status, expect);
        let path = format!("/subjects/{subject}");
        let spaced = text.replace(':', " : ");
        post(&path, json!({"schema": spaced}), 200, whole);
        post(&path, json!({"schema": "\"string\""}), 404, none(40403, "Schema not found"));
        post(&path, json!("nonsense"), 404, none(40403, "Schema not found"));
        post("/subjects/x", json!({"schema": text}), 404, none(40401, "Subject not found"));
        post(&format!("{path}/versions"), json!({"schema": text}), 404, none(404, "Not found"));
    }
}
