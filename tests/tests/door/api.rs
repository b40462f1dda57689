//! HTTP: statuses, problems, receipts, batches.
//!
//! Real sockets, real store. Refuses to look inside: what is sealed is `intake`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use hub::app::{Hub, serve};
use hub::config::Config;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{hub, lines};

const ONE: &str = "/v1/sources/visa/messages";
const MANY: &str = "/v1/sources/visa/batches";

/// A hub that answers on a free port.
pub(crate) struct Door {
    pub(crate) base: String,
    http: reqwest::Client,
    pub(crate) hub: Hub,
    pub(crate) folder: TempDir,
    stop: DropGuard,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let (mut hub, folder) = hub().await;
        let mut config = Config::clone(&hub.config);
        set(&mut config);
        hub.config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, hub.router(), hub.config.hub.limits, stop.clone()));
        let http = reqwest::Client::builder().build().unwrap();
        Self { base, http, hub, folder, stop: stop.drop_guard() }
    }

    /// Tells the server to end.
    pub(crate) fn end(self) {
        drop(self.stop);
    }

    pub(crate) fn call(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        token: &str,
        kind: &str,
        body: impl Into<reqwest::Body>,
    ) -> Response {
        self.call(Method::POST, path, token).header("Content-Type", kind).body(body).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Response {
        self.call(Method::GET, path, token).send().await.unwrap()
    }
}

/// The problem in an answer, after its form was checked.
pub(crate) async fn problem(answer: Response) -> Value {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{status}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("/problems/{}", problem["code"].as_str().unwrap()));
    problem
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_with_its_code() {
    let door = Door::open().await;
    let json = "application/json";
    for (path, token, kind, body, expect) in [
        (ONE, "", json, "{}", "unauthorised"),
        (ONE, "nobody", json, "{}", "unauthorised"),
        (ONE, "wewis", json, "{}", "not-allowed-here"),
        (MANY, "wewis", json, "{}", "not-allowed-here"),
        ("/v1/sources/none/messages", "posts", json, "{}", "unknown-source"),
        (ONE, "posts", "text/csv", "a;b", "wrong-format"),
        (ONE, "posts", "", "{}", "wrong-format"),
        (ONE, "posts", "application/x-ndjson", "", "not-one-message"),
        (ONE, "posts", "application/json", "{", "invalid-message"),
        (ONE, "posts", "application/json; charset=koi8-r", "{}", "wrong-format"),
        (ONE, "posts", "application/x-ndjson", "{}\n{}\n", "not-one-message"),
        ("/v1/nothing", "posts", json, "{}", "not-found"),
        ("/v1/recipients/atlas/answers", "bon", json, "{}", "not-allowed-here"),
        ("/v1/recipients/atlas/answers", "posts", json, "{}", "not-allowed-here"),
        ("/livez", "", json, "{}", "method-not-allowed"),
    ] {
        let problem = problem(door.post(path, token, kind, body).await).await;
        assert_eq!(problem["code"], expect, "{path} {token} {kind}");
    }
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(problem(door.post(ONE, "posts", json, large).await).await["code"], "too-large");
}

#[tokio::test]
async fn a_message_gets_a_receipt_that_only_its_sender_can_follow() {
    let door = Door::open().await;
    let line = lines("ADD").remove(0);
    let first = door.post(ONE, "posts", "application/json", line.clone()).await;
    assert_eq!(first.status(), 201);
    let place = first.headers()["location"].to_str().unwrap().to_owned();
    let first: Value = first.json().await.unwrap();
    assert_eq!(place, format!("/v1/receipts/{}", first["receipt"].as_str().unwrap()));

    let again = door.post(ONE, "posts", "application/json; charset=utf-8", line.clone()).await;
    assert_eq!(again.status(), 200);
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["status"], &again["receipt"]), (&json!("again"), &first["receipt"]));

    let receipt: Value = door.get(&place, "posts").await.json().await.unwrap();
    assert_eq!(receipt["status"], "accepted");
    for token in ["dvz", "wewis"] {
        assert_eq!(problem(door.get(&place, token).await).await["code"], "not-found", "{token}");
    }
    // A stranger is not told whether a receipt exists.
    for (path, token) in [
        (place.as_str(), ""),
        (&place, "nobody"),
        ("/v1/receipts/00000000000000000000000000000000", "nobody"),
    ] {
        assert_eq!(problem(door.get(path, token).await).await["code"], "unauthorised", "{path} {token}");
    }

    let mut changed: Value = serde_json::from_str(&line).unwrap();
    changed["person"]["given_names"] = "Another".into();
    let taken = door.post(ONE, "posts", "application/json", changed.to_string()).await;
    assert_eq!(problem(taken).await["code"], "id-taken");
}

#[tokio::test]
async fn a_refusal_names_everything_and_every_page_can_be_opened() {
    let door = Door::open().await;
    let mut broken: Value = serde_json::from_str(&lines("ADD")[0]).unwrap();
    broken["surprise"] = "x".into();
    broken["sent_at"] = "tomorrow".into();
    let refused = door.post(ONE, "posts", "application/json", broken.to_string()).await;
    assert_eq!(refused.status(), 422);
    let refused = problem(refused).await;
    assert_eq!(refused["code"], "invalid-message");
    let errors = refused["errors"].as_array().unwrap();
    assert!(errors.len() >= 2, "{refused}");
    for error in errors {
        assert!(!error.to_string().contains("tomorrow"), "no value is repeated: {error}");
        let page = door.get(error["page"].as_str().unwrap(), "").await;
        assert_eq!(page.status(), 200, "{error}");
    }
    let place = format!("/v1/receipts/{}", refused["receipt"].as_str().unwrap());
    // Nothing is opened for another sender, and they are told what is told of no receipt at all.
    let nothing =
        door.get("/v1/receipts/00000000000000000000000000000000", "dvz").await.text().await.unwrap();
    let opened = door.hub.vault.opened();
    for token in ["dvz", "wewis"] {
        assert_eq!(door.get(&place, token).await.text().await.unwrap(), nothing, "{token}");
    }
    assert_eq!(door.hub.vault.opened(), opened);
    let receipt = door.get(&place, "posts").await;
    let receipt: Value = receipt.json().await.unwrap();
    assert_eq!((&receipt["status"], &receipt["errors"]), (&json!("refused"), &refused["errors"]));
}

#[tokio::test]
async fn a_batch_is_answered_item_by_item() {
    let door = Door::open().await;
    let file = lines("FIH").join("\n");
    let push = async || {
        let answer = door.post(MANY, "posts", "application/x-ndjson", file.clone()).await;
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        let mut tally: BTreeMap<String, usize> = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["index"], at);
            *tally.entry(line["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        tally
    };
    let first = push().await;
    assert_eq!(first.values().sum::<usize>(), 41);
    assert_eq!(first["refused"], 2, "the truncated line, and the application without a number");
    let second = push().await;
    assert_eq!(second.get("accepted"), None);
    assert_eq!(second["again"], 39);
}

#[tokio::test]
async fn a_batch_has_no_more_items_than_one_may_have() {
    let door = Door::with(|config| config.hub.limits.batch_items = 3).await;
    let all = lines("FIH");
    for (count, expect) in [(2, vec!["accepted"; 2]), (3, vec!["again", "again", "accepted"])] {
        let answer = door.post(MANY, "posts", "application/x-ndjson", all[..count].join("\n")).await;
        assert_eq!(told(answer).await, expect, "{count}");
    }
    let answer = door.post(MANY, "posts", "application/x-ndjson", all.join("\n")).await;
    assert_eq!(told(answer).await, ["again", "again", "again", "stopped too-large"]);
}

/// What each line of an answer says; a code where it says one.
async fn told(answer: Response) -> Vec<String> {
    let text = answer.text().await.unwrap();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let code = line["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{}{code}", line["status"].as_str().unwrap())
    };
    text.lines().map(line).collect()
}

#[tokio::test]
async fn what_came_in_is_counted_by_source_and_outcome() {
    let door = Door::open().await;
    let kind = "application/x-ndjson";
    let item = lines("ADD").remove(0);
    door.post(ONE, "posts", kind, item.clone()).await;
    door.post(MANY, "posts", kind, format!("{item}\n{item}\n{{}}\n")).await.text().await.unwrap();
    door.post(ONE, "wewis", kind, "{}").await;
    door.post(ONE, "", kind, "{}").await;
    let text = door.get("/metrics", "").await.text().await.unwrap();
    for (outcome, count) in [("accepted", 1), ("again", 2), ("refused", 1), ("denied", 2)] {
        let line = format!("hub_intake_received_total{{source=\"visa\",outcome=\"{outcome}\"}} {count}");
        assert!(text.contains(&line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn probes_answer_without_a_credential() {
    let door = Door::open().await;
    assert_eq!(door.get("/livez", "").await.status(), 200);
    // The status speaks for what takes messages in; nobody decides here, which the body says.
    let ready = door.get("/readyz", "").await;
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(
        (&ready["ready"], &ready["roles"]["intake"]["ready"]),
        (&false.into(), &true.into()),
        "{ready}"
    );
    assert!(door.get("/metrics", "").await.text().await.unwrap().ends_with("# EOF\n"));
}
