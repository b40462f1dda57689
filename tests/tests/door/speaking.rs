//! Who speaks for whom: nobody is heard about what is another's, at any door and in any way of sending.
//!
//! With the senders of the repository's config, over real sockets. The rule is `adapters/src/speaker.rs`.

use serde_json::{Value, json};

use super::api::{Door, problem};

/// The doors with the repository's senders.
async fn door() -> Door {
    Door::with(|config| config.senders = tests::config().senders).await
}

fn example(source: &str) -> Value {
    let source = adapters::source(source).unwrap();
    adapters::read(source, source.example().as_bytes()).remove(0).unwrap()
}

/// A first message of a post with another code.
fn of_post(code: &str) -> Value {
    let mut item = example("visa");
    item["post"]["code"] = json!(code);
    item["message_id"] = json!(format!("speaking-{code}"));
    item
}

/// The first item of a source's fixture.
fn fixture(file: &str) -> Value {
    let file = tests::root().join("adapters/src").join(file);
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

fn of_platform(home: &str) -> Value {
    let mut item = example("xapi");
    item["actor"]["account"]["homePage"] = json!(home);
    item
}

fn void_by(home: &str) -> Value {
    json!({"id": "7a000000-0000-4000-8000-00000000beef",
        "actor": {"account": {"homePage": home, "name": "staff"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": example("xapi")["id"]},
        "timestamp": "2026-03-07T09:00:00Z"})
}

#[tokio::test]
async fn a_sender_is_heard_about_what_is_theirs_alone() {
    let door = door().await;
    let (hint, dossier) = (fixture("register/fixtures/hints.ndjson"), fixture("visa/fixtures/dvz.ndjson"));
    let own = "https://leren.voortraject.example/";
    for (sender, source, item, stands) in [
        ("post-cas", "visa", of_post("CAS"), None),
        ("post-mow", "visa", of_post("CAS"), Some("/post/code")),
        ("post-mow", "visa", of_post("MOW"), None),
        ("dvz", "visa", of_post("CAS"), Some("/post/code")),
        ("dvz", "visa", dossier.clone(), None),
        ("post-cas", "visa", dossier, Some("/schema")),
        ("magda", "register", hint.clone(), Some("/schema")),
        ("municipalities", "register", hint, None),
        ("municipalities", "register", example("register"), Some("")),
        ("magda", "register", example("register"), None),
        ("lms", "xapi", of_platform("https://other.example/"), Some("/actor/account/homePage")),
        ("lms", "xapi", of_platform("HTTPS://Leren.Voortraject.Example"), None),
        ("lms", "xapi", of_platform(own), None),
        // Whoever voids is staff, and often known elsewhere.
        ("lms", "xapi", void_by("https://staff.example/"), None),
    ] {
        let path = format!("/v1/sources/{source}/messages");
        let told = format!("{sender}: {item}");
        let answer = door.post(&path, &format!("dev-{sender}"), "application/json", item.to_string()).await;
        let Some(pointer) = stands else {
            assert!(
                matches!(answer.status().as_u16(), 200 | 201),
                "{told}: {}",
                answer.text().await.unwrap()
            );
            continue;
        };
        assert_eq!(answer.status(), 403, "{told}");
        let problem = problem(answer).await;
        assert_eq!(problem["code"], "not-yours");
        let errors = problem["errors"].as_array().unwrap();
        let named = errors.iter().filter(|one| one["code"] == "not-yours");
        assert_eq!(named.map(|one| one["pointer"].clone()).collect::<Vec<_>>(), [json!(pointer)], "{told}");
        // What was refused can be found by whoever sent it.
        let receipt = format!("/v1/receipts/{}", problem["receipt"].as_str().unwrap());
        assert_eq!(door.get(&receipt, &format!("dev-{sender}")).await.status(), 200, "{told}");
    }
    let metrics = door.get("/metrics", "").await.text().await.unwrap();
    assert!(!metrics.contains("hub_api_credentials_refused_total{"), "a message is no guess at a credential");
}

/// A list, a dry run and the standard's own address say the same; nothing of another's is queued.
#[tokio::test]
async fn in_whatever_way_it_is_sent() {
    let door = door().await;
    let both = json!([of_post("CAS"), of_post("MOW")]).to_string();
    let result = |text: String| {
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let tried = door.post("/v1/dry-run?source=visa", "dev-post-mow", "application/json", both.clone()).await;
    let tried = result(tried.text().await.unwrap());
    assert_eq!((&tried[0]["outcome"], &tried[1]["outcome"]), (&json!("refused"), &json!("facts")));
    let sent = door.post("/v1/sources/visa/batches", "dev-post-mow", "application/json", both).await;
    let sent = result(sent.text().await.unwrap());
    assert_eq!((&sent[0]["status"], &sent[1]["status"]), (&json!("refused"), &json!("accepted")));
    for finding in [&tried[0]["findings"][0], &sent[0]["errors"][0]] {
        assert_eq!((&finding["code"], &finding["pointer"]), (&json!("not-yours"), &json!("/post/code")));
    }
    let forwarded = door
        .call(reqwest::Method::POST, "/xapi/statements", "dev-lms")
        .header("X-Experience-API-Version", "1.0.3")
        .header("Content-Type", "application/json")
        .body(of_platform("https://other.example/").to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(forwarded.status(), 403);
    assert_eq!(problem(forwarded).await["errors"][0]["pointer"], "/actor/account/homePage");
    assert_eq!(door.hub.store.pending(10).await.unwrap().len(), 1, "only what was their own waits");
}

#[tokio::test]
async fn each_sender_is_told_for_whom_they_speak() {
    let door = door().await;
    for (sender, expect) in [("post-mow", json!(["MOW"])), ("dvz", json!(["dvz"])), ("wewis", Value::Null)] {
        let me: Value = door.get("/v1/me", &format!("dev-{sender}")).await.json().await.unwrap();
        assert_eq!(me["rights"][0]["speaks_for"], expect, "{sender}");
    }
}
