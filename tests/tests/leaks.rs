//! Canaries in every personal field of what five doors take and of what a register answers that is asked, then a
//! search wherever the hub writes in clear: logs, metrics, answers, console pages, topic keys and headers, what its
//! commands print, database files and rows (invariant I10).
//!
//! Some items are malformed, so that refusals are stored as well. Addresses carry ids only, which the
//! log shows. Values on topics are meant to be read and are not searched, nor is what a command shows because it
//! was asked to. That the search itself finds each kind of value is `searching.rs`'s. Next: `tests::canaries`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use hub::config::Config;
use hub::store::Store;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tests::canaries::{Canaries, Unwell};
use tests::console::Visitor;
use tests::process::{Process, until};

const PERSONS: usize = 100;

/// Fails where a canary stands.
fn clean(canaries: &Canaries, place: &str, bytes: impl AsRef<[u8]>) {
    assert_eq!(canaries.found(bytes.as_ref()), None, "{place}");
}

/// Fails where an answer repeats a value.
fn answered(canaries: &Canaries, place: &str, text: &str) {
    assert_eq!(canaries.answered(text.as_bytes()), None, "{place}");
}

/// A process that was sent everything and has decided it, with its store; what it answered is clean. The register it
/// asks is unwell.
async fn told(
    canaries: &mut Canaries,
    server: Option<&str>,
    brokers: Option<&str>,
) -> (Process, Config, Store) {
    let mut process = Process::prepare(server, brokers).await.unwrap();
    // An operator who looks for something turns everything on.
    process.level = "trace";
    let register = Unwell::start(canaries).await.unwrap();
    process
        .set(&format!(
            "[request]\nregister_url = \"http://{}/\"\ntimeout_seconds = 5\nidentity = \"voortraject.example/hub\"\n\
             capacity = \"9999\"",
            register.at
        ))
        .unwrap();
    process.go().unwrap();
    let mut receipts = vec![];
    for planted in &canaries.bodies {
        let answer = process.push(planted.source, planted.sender, planted.kind, &planted.body).await.unwrap();
        answered(canaries, planted.source, &answer);
        let lines: Vec<Value> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (no, yes): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line["status"] == "refused");
        assert_eq!(no.len(), planted.damaged, "{}: {answer}", planted.source);
        // Whoever waited too long for an answer sends again.
        let taken = |line: &&&Value| line["status"] == "accepted" || line["status"] == "again";
        assert_eq!(yes.iter().filter(taken).count(), yes.len(), "{}: {answer}", planted.source);
        let some = no.first().into_iter().chain(yes.first());
        receipts.extend(some.map(|line| line["receipt"].as_str().unwrap_or_default().to_owned()));
    }
    errors(canaries, &process, &receipts).await;
    let config = Config::load(&process.config()).unwrap();
    let store = Store::open_beside(&config.hub.database).await.unwrap();
    until("the register was asked, and everything is decided", async || {
        register.asked() > 60 && store.pending(1).await.is_ok_and(|rows| rows.is_empty())
    })
    .await
    .unwrap();
    (process, config, store)
}

/// What is answered to a request that is wrong, or asks what became of an item.
async fn errors(canaries: &Canaries, process: &Process, receipts: &[String]) {
    let client = reqwest::Client::builder().build().unwrap();
    let receipts = receipts.iter().map(|id| format!("{}/v1/receipts/{id}", process.base));
    for address in receipts.chain([format!("{}/readyz", process.base)]) {
        let text =
            client.get(address).bearer_auth("dev-post-cas").send().await.unwrap().text().await.unwrap();
        answered(canaries, "a receipt", &text);
    }
    for planted in &canaries.bodies {
        let address = format!("{}/v1/sources/{}/messages", process.base, planted.source);
        // The first item is damaged, half a body does not parse, and the rest is another item's.
        for body in [&planted.body[..], &planted.body[..planted.body.len() / 2]] {
            for kind in [planted.kind, "application/json", "text/csv"] {
                let post = client.post(&address).bearer_auth(format!("dev-{}", planted.sender));
                let answer = post.header("Content-Type", kind).body(body.to_vec()).send().await.unwrap();
                let heads = format!("{:?}", answer.headers());
                answered(canaries, &address, &(heads + &answer.text().await.unwrap()));
            }
        }
    }
}

/// What the commands print that nobody asked for values: of every person, every refused item, every review.
async fn commands(canaries: &Canaries, process: &Process, store: &Store) {
    let print = |words: &[&str]| {
        let mut command = process.command(words).unwrap();
        let output = command.stdout(Stdio::piped()).output().unwrap();
        clean(canaries, &words.join(" "), &output.stdout);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(print(&["review", "list"]).lines().count() >= 1, "there is something to ask");
    print(&["review", "list", "--json"]);
    for words in [&["doctor"][..], &["doctor", "--json"], &["keys"], &["replay", "--verify", "--json"]] {
        print(words);
    }
    let persons: Vec<_> = store.persons(None, 1_000).await.unwrap().iter().map(|row| row.id).collect();
    assert!(persons.len() >= PERSONS, "{}", persons.len());
    let ids: Vec<String> = persons.iter().map(ToString::to_string).collect();
    for id in ids.iter().step_by(20) {
        assert!(print(&["explain", id]).len() > 200);
        print(&["explain", id, "--json"]);
    }
    let asked = |id: &String| {
        let mut command = process.command(&["explain", "--values", "--why", "control", id]).unwrap();
        let output = command.env("HUB_CREDENTIAL", "dev-elif").stdout(Stdio::piped()).output();
        canaries.found(&output.unwrap().stdout).is_some()
    };
    assert!(ids.iter().any(asked), "what is asked for is shown");
}

/// What a running hub says of itself: its figures and its console, page by page.
async fn says(canaries: &Canaries, process: &Process) {
    let visitor = Visitor::signed_in(&process.base, "noor").await;
    let page = async |path: &str| {
        let answer = visitor.get(path).await.error_for_status().unwrap().text().await.unwrap();
        assert!(answer.len() > 500, "{path}: {answer}");
        clean(canaries, path, &answer);
        answer
    };
    page("/metrics").await;
    page("/").await;
    let list = page("/handovers").await;
    let rows = list.split("href=\"/handovers/").skip(1);
    let ids: BTreeSet<&str> = rows.filter_map(|row| row.split('"').next()).collect();
    assert!(ids.len() > 4, "{} handovers are listed", ids.len());
    for id in ids.into_iter().take(10) {
        let handover = page(&format!("/handovers/{id}")).await;
        let person = handover.split("href=\"/persons/").nth(1).and_then(|rest| rest.split('"').next());
        page(&format!("/persons/{}", person.unwrap())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_value_is_in_logs_metrics_keys_headers_or_postgresql_files() {
    let (Some(server), Some(brokers)) =
        (tests::server("HUB_TEST_POSTGRES", "PostgreSQL"), tests::server("HUB_TEST_KAFKA", "Kafka"))
    else {
        return;
    };
    let mut canaries = Canaries::plant(PERSONS).unwrap();
    let (process, config, store) = told(&mut canaries, Some(&server), Some(&brokers)).await;
    process.settled(&store).await.unwrap();
    says(&canaries, &process).await;
    let mut records = 0;
    for record in process.topics(&config).await.unwrap().into_values().flatten() {
        records += 1;
        let headers: String =
            record.headers.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        clean(&canaries, "key", &record.key);
        clean(&canaries, "headers", headers);
    }
    assert!(records > PERSONS, "{records} records were looked at");
    commands(&canaries, &process, &store).await;
    let log = std::fs::read(&process.log).unwrap();
    assert!(log.len() > 1_000_000, "everything is logged: {} bytes", log.len());
    clean(&canaries, "log", log);

    let mut connection = PgConnection::connect(&config.hub.database).await.unwrap();
    sqlx::query("checkpoint").execute(&mut connection).await.unwrap();
    let sql = "select setting, oid::text from pg_settings, pg_database \
               where name = 'data_directory' and datname = current_database()";
    let (folder, own): (String, String) = sqlx::query_as(sql).fetch_one(&mut connection).await.unwrap();
    // The server's log lies beside its data. What other tests keep there is theirs: it may be large.
    let base = Path::new(&folder).join("base");
    let others = |path: &Path| path.parent() == Some(&base) && !path.ends_with(&own);
    let (files, found) = canaries.search_but(Path::new(&folder).parent().unwrap(), &others).unwrap();
    assert_eq!(found, None);
    assert!(files > 100, "the data directory was read");
    let (tables, found) = canaries.search_rows(&mut connection).await.unwrap();
    assert_eq!(found, None);
    assert!(tables > 20, "{tables} tables were read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_value_is_in_logs_or_sqlite_files() {
    let mut canaries = Canaries::plant(PERSONS).unwrap();
    let (mut process, config, store) = told(&mut canaries, None, None).await;
    says(&canaries, &process).await;
    // A review is listed by who has the database alone.
    process.stop().unwrap();
    commands(&canaries, &process, &store).await;
    let database = config.hub.database.trim_start_matches("sqlite:");
    let (files, found) = canaries.search(Path::new(database).parent().unwrap()).unwrap();
    assert_eq!(found, None);
    assert!(files >= 4, "the database, its keys, its config and the log were read");
}
