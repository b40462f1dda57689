//! What a hub tells who sends, and that it is enough: from nothing to an accepted message with what it serves.
//!
//! Real sockets. For every source there is; the guide that says the same in words is `docs/senders.md`.

use hub::config::Senders;
use hub::store::rows::Outcome;
use serde_json::{Value, json};

use super::api::{Door, problem};
use super::lines;

async fn told(door: &Door, path: &str, token: &str) -> Value {
    let answer = door.get(path, token).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Who sends to a source: an office in Brussels where that is asked.
fn sender(source: &str) -> String {
    if source == "tracking" { "bon".to_owned() } else { format!("{source}-sender") }
}

/// A sender to each source, whose token is the source's name.
async fn open_to_all() -> Door {
    Door::with(|config| {
        let names = adapters::SOURCES.iter().map(|source| source.name().to_owned());
        config.senders = Senders::made_up(names.map(|name| (sender(&name), name.clone(), name)));
    })
    .await
}

#[tokio::test]
async fn from_nothing_to_an_accepted_message_at_every_door() {
    let door = open_to_all().await;
    let sources = told(&door, "/v1/sources", "").await;
    let sources = sources["sources"].as_array().unwrap();
    assert_eq!(sources.len(), adapters::SOURCES.len());
    for head in sources {
        let name = head["source"].as_str().unwrap();
        let source = told(&door, head["about"].as_str().unwrap(), "").await;
        for list in ["fields", "forms"] {
            assert!(!source[list].as_array().unwrap().is_empty(), "{name}: {list}");
        }
        let me = told(&door, "/v1/me", name).await;
        assert_eq!((&me["sender"], &me["rights"][0]["source"]), (&json!(sender(name)), &json!(name)));
        assert_eq!(me["rights"][0]["today"], true);

        let form = source["forms"][0].as_str().unwrap();
        let example = || source["example"].as_str().unwrap().to_owned();
        let tried = door.post(source["dry_run"].as_str().unwrap(), name, form, example()).await;
        let tried: Value = serde_json::from_str(&tried.text().await.unwrap()).unwrap();
        assert_eq!(tried["outcome"], "facts", "{name}: {tried}");
        assert_eq!(tried["findings"], json!([]), "{name}: not one warning");
        // Agencies answer at an address of their own, about a handover of theirs.
        if name == "answer" {
            continue;
        }
        let sent = door.post(source["messages"].as_str().unwrap(), name, form, example()).await;
        assert_eq!(sent.status(), 201, "{name}");
        let place = sent.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(told(&door, &place, name).await["status"], "accepted");
    }
}

#[tokio::test]
async fn a_field_is_told_with_all_that_its_schema_says() {
    let door = Door::open().await;
    let visa = told(&door, "/v1/sources/visa", "").await;
    let field = |name: &str| {
        let all = visa["fields"].as_array().unwrap();
        all.iter().find(|field| field["field"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let kinds = field("/type")["values"].as_array().unwrap().clone();
    for kind in ["application", "status", "correction", "dossier_opened", "decision", "insz_assigned"] {
        assert!(kinds.contains(&json!(kind)), "{kind} of {kinds:?}");
    }
    for name in ["/message_id", "/sent_at", "/type"] {
        assert!(field(name)["required"].is_string(), "{}", field(name));
    }
}

#[tokio::test]
async fn a_row_without_a_header_is_told_and_does_not_vanish() {
    let door = Door::open().await;
    let example = adapters::source("permit").unwrap().example();
    let (header, row) = example.split_once('\n').unwrap();
    for (body, expect) in [(row, &["refused"][..]), (header, &[]), (example, &["accepted"])] {
        let sent = door.post("/v1/sources/permit/batches", "wewis", "text/csv", body.to_owned()).await;
        let sent = sent.text().await.unwrap();
        let said: Vec<Value> = sent.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            said.iter().map(|line| line["status"].as_str().unwrap()).collect::<Vec<_>>(),
            expect,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_dry_run_says_what_the_door_says_and_leaves_nothing() {
    let door = Door::open().await;
    let post = |path: &'static str, body: String| door.post(path, "posts", "application/x-ndjson", body);
    let good = lines("ADD").remove(0);
    let bad = good.replace("\"sent_at\"", "\"sent_on\"");
    let both = format!("{good}\n{bad}\nnot an object\n");
    let tried = post("/v1/dry-run?source=visa", both.clone()).await.text().await.unwrap();
    let pending = door.hub.store.pending(10).await.unwrap();
    assert!(pending.is_empty(), "nothing was stored");
    let sent = post("/v1/sources/visa/batches", both).await.text().await.unwrap();
    let lines =
        |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let (tried, sent) = (lines(&tried), lines(&sent));
    assert_eq!(
        tried.iter().map(|line| &line["outcome"]).collect::<Vec<_>>(),
        ["facts", "refused", "refused"]
    );
    assert_eq!(
        sent.iter().map(|line| &line["status"]).collect::<Vec<_>>(),
        ["accepted", "refused", "refused"]
    );
    for (tried, sent) in tried.iter().zip(&sent).skip(1) {
        assert_eq!(tried["findings"], sent["errors"], "the same is found");
    }
    let refused =
        door.hub.store.receipt(sent[1]["receipt"].as_str().unwrap().parse().unwrap()).await.unwrap();
    assert!(refused.is_none_or(|row| row.outcome != Some(Outcome::Decided)));

    for (path, token, expect) in [
        ("/v1/dry-run?source=visa", "wewis", "not-allowed-here"),
        ("/v1/dry-run?source=visa", "", "unauthorised"),
        ("/v1/dry-run?source=none", "posts", "unknown-source"),
    ] {
        let answer = door.post(path, token, "application/json", good.clone()).await;
        assert_eq!(problem(answer).await["code"], expect, "{path} {token}");
    }
    let blank = post("/v1/dry-run?source=visa", " ".to_owned()).await.text().await.unwrap();
    assert_eq!(lines(&blank)[0]["outcome"], "ignored");
}

#[tokio::test]
async fn who_calls_learns_why_they_are_refused_and_a_stranger_nothing() {
    let door = Door::open().await;
    for token in ["", "nobody"] {
        assert_eq!(problem(door.get("/v1/me", token).await).await["code"], "unauthorised");
    }
    let me = told(&door, "/v1/me", "wewis").await;
    assert_eq!(me["rights"].as_array().unwrap().len(), 1);
    assert_eq!(me["rights"][0]["bases"][0]["holds"], true);
    assert_eq!(me["limits"]["message_bytes"], door.hub.config.hub.limits.message_bytes);
    assert_eq!(problem(door.get("/v1/sources/none", "").await).await["code"], "unknown-source");
    let codes = door.get("/problems", "").await.text().await.unwrap();
    assert!(
        codes.contains("[`stated-ahead`](/problems/stated-ahead): a time that has not come yet"),
        "{codes}"
    );
    for guide in ["senders.md", "agencies.md", "glossary.md"] {
        let text = door.get(&format!("/guides/{guide}"), "").await.text().await.unwrap();
        assert!(text.starts_with("# "), "{guide}");
    }
    assert_eq!(problem(door.get("/guides/none.md", "").await).await["code"], "not-found");
}

/// A statement of the story's platform.
fn statement(id: u8) -> Value {
    let source = adapters::source("xapi").unwrap();
    let mut statement: Value = serde_json::from_str(source.example()).unwrap();
    statement["id"] = format!("7a000000-0000-4000-8000-0000000000{id:02x}").into();
    statement
}

#[tokio::test]
async fn statements_are_written_as_the_standard_has_it_and_never_read() {
    let door = open_to_all().await;
    let call = |method: reqwest::Method, query: &str, version: &str| {
        let call = door.call(method, &format!("/xapi/statements{query}"), "").basic_auth("any", Some("xapi"));
        call.header("X-Experience-API-Version", version).header("Content-Type", "application/json")
    };
    let post = |body: Value| call(reqwest::Method::POST, "", "1.0.3").body(body.to_string()).send();
    let first = post(json!([statement(1), statement(2)])).await.unwrap();
    assert_eq!(first.headers()["x-experience-api-version"], "1.0.3");
    assert_eq!(first.status(), 200);
    let ids: Vec<String> = first.json().await.unwrap();
    assert_eq!(ids, [statement(1)["id"].as_str().unwrap(), statement(2)["id"].as_str().unwrap()]);
    assert_eq!(door.hub.store.pending(10).await.unwrap().len(), 2);

    // The same again in any way is the same; without an id it gets one.
    assert_eq!(post(statement(1)).await.unwrap().status(), 200);
    let mut nameless = statement(3);
    nameless.as_object_mut().unwrap().remove("id");
    let given: Vec<String> = post(nameless).await.unwrap().json().await.unwrap();
    assert_eq!(given[0].len(), 36);
    let put = |id: u8, query: String| {
        call(reqwest::Method::PUT, &query, "1.0.0").body(statement(id).to_string()).send()
    };
    let named = |id: u8| format!("?statementId={}", statement(id)["id"].as_str().unwrap());
    assert_eq!(put(4, named(4)).await.unwrap().status(), 204);
    assert_eq!(door.hub.store.pending(10).await.unwrap().len(), 4);

    // A call is taken whole or not at all.
    let mut by_mail = statement(5);
    by_mail["actor"] = json!({ "mbox": "mailto:somebody@mail.example" });
    let half = problem(post(json!([statement(6), by_mail])).await.unwrap()).await;
    assert_eq!((&half["code"], &half["status"]), (&json!("bad-statement"), &json!(400)));
    let places: Vec<_> = half["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(places, ["/1/actor"], "which of them, and where");
    assert_eq!(door.hub.store.pending(10).await.unwrap().len(), 4);
    let mut changed = statement(1);
    changed["verb"]["id"] = "http://adlnet.gov/expapi/verbs/failed".into();
    changed["result"]["success"] = false.into();
    let taken = problem(post(json!([statement(9), changed])).await.unwrap()).await;
    assert_eq!(
        (&taken["code"], &taken["errors"][0]["pointer"]),
        (&json!("statement-taken"), &json!("/1/id"))
    );
    for id in [json!(42), Value::Null, json!({ "a": 1 })] {
        let mut numbered = statement(10);
        numbered["id"] = id;
        let refused = problem(post(numbered).await.unwrap()).await;
        assert_eq!(refused["errors"][0]["pointer"], "/id", "{refused}");
    }
    let body = statement(7).to_string();
    let old = call(reqwest::Method::POST, "", "0.95").body(body.clone()).send().await.unwrap();
    assert_eq!(problem(old).await["code"], "statement-version");
    for version in ["1.0.x", "1.0.", "1.1", "2.0.0"] {
        let other = call(reqwest::Method::POST, "", version).body(body.clone()).send().await.unwrap();
        assert_eq!(problem(other).await["code"], "statement-version", "{version}");
    }
    for query in [named(8), String::new(), "?id=7".to_owned()] {
        let other = put(7, query).await.unwrap();
        assert_eq!(other.headers()["x-experience-api-version"], "1.0.3");
        assert_eq!(problem(other).await["code"], "bad-statement");
    }
    let read = call(reqwest::Method::GET, "", "1.0.3").send().await.unwrap();
    assert_eq!(problem(read).await["code"], "write-only");
    // The name beside a token may be in any letters.
    let latin = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, b"Pe\xf1a:xapi");
    let latin = door
        .call(reqwest::Method::POST, "/xapi/statements", "")
        .header("Authorization", format!("Basic {latin}"))
        .header("X-Experience-API-Version", "1.0.3")
        .header("Content-Type", "application/json");
    assert_eq!(latin.body(statement(1).to_string()).send().await.unwrap().status(), 200);
    let stranger = door.post("/xapi/statements", "nobody", "application/json", body).await;
    let ways: Vec<_> = stranger
        .headers()
        .get_all("www-authenticate")
        .iter()
        .map(|way| way.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(ways, ["Bearer", "Basic realm=\"voortraject\""]);
    assert_eq!(problem(stranger).await["code"], "unauthorised");
}
