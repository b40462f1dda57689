//! Every store that is kept of an earlier version opens with the present program: it is migrated, goes on deciding
//! about the same people, replays without a difference, and tells its history.
//!
//! Walks `tests/fixtures/upgrade`, each folder on SQLite and on PostgreSQL, with the real binary. How one is made:
//! `tests/src/bin/upgrade-fixture.rs`. What it was told and what is said next: `tests::upgrade`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use hub::config::Config;
use hub::store::Store;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tests::process::{Process, database, until};
use tests::upgrade::{FILES, Next};

/// Every kept store, with the version of the schema that wrote it.
fn kept() -> Vec<(i64, PathBuf)> {
    let entries = std::fs::read_dir(tests::root().join("tests/fixtures/upgrade")).unwrap();
    let version = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.split_once('-').unwrap().0.parse().unwrap()
    };
    let mut all: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| (version(&path), path))
        .collect();
    all.sort();
    all
}

/// What a command prints; it must succeed.
fn done(process: &Process, words: &[&str]) -> String {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL_FILE").env("HUB_CREDENTIAL", "dev-elif");
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {said}{}", std::fs::read_to_string(&process.log).unwrap());
    said
}

async fn counts(store: &Store) -> BTreeMap<&'static str, u64> {
    store.counts().await.unwrap().into_iter().collect()
}

/// The present program over a kept store.
async fn goes_on(mut process: Process, next: &[Next]) {
    done(&process, &["migrate"]);
    done(&process, &["migrate"]);
    done(&process, &["check"]);
    done(&process, &["keys"]);
    for batch in ["1", "500"] {
        done(&process, &["replay", "--verify", "--batch", batch]);
    }
    let records = done(&process, &["tap", "--json"]).lines().count();
    let database = Config::load(&process.config()).unwrap().hub.database;
    let store = Store::open_beside(&database).await.unwrap();
    let before = counts(&store).await;
    assert!(records > 10 && before["undecided"] == 2, "{records} {before:?}");

    process.go().unwrap();
    let mut said = 0;
    for [source, sender, kind, body] in next {
        let answer = process.push(source, sender, kind, body.as_bytes()).await.unwrap();
        for line in answer.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            assert_eq!(line["status"], "accepted", "{source}: {line}");
            said += 1;
        }
    }
    until("all is decided", async || store.pending(1).await.is_ok_and(|rows| rows.is_empty())).await.unwrap();
    process.stop().unwrap();

    let after = counts(&store).await;
    assert!(after["decided"] >= before["decided"] + before["undecided"] + said, "{after:?}");
    assert_eq!((after["quarantined"], after["waiting"]), (0, 0), "{after:?}");
    // Whose application was not decided, whose waited and whose was refused; and a participant who names an application
    // under another name, who is asked about. Everybody else was known.
    assert_eq!(after["persons"], before["persons"] + 4, "{before:?} {after:?}");
    for batch in ["1", "500"] {
        done(&process, &["replay", "--verify", "--batch", batch]);
    }
    let told = done(&process, &["tap", "--json"]);
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.len() > records, "{} records, {records} before", told.len());
    let ids: BTreeSet<String> = told
        .iter()
        .map(|record| format!("{}:{}", record["recipient"].as_str().unwrap(), record["sequence"]))
        .collect();
    for id in &ids {
        assert!(done(&process, &["explain", id]).len() > 200, "{id}");
    }
    for person in store.persons(None, 100).await.unwrap() {
        assert!(done(&process, &["explain", &person.id.to_string()]).len() > 100);
    }
}

fn next(folder: &Path) -> Vec<Next> {
    let text = std::fs::read_to_string(folder.join("next.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with copies of some files of a kept store.
fn copied(folder: &Path, files: &[&str]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in files {
        std::fs::copy(folder.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

#[test]
fn every_kept_store_is_small_and_whole() {
    let all = kept();
    assert!(!all.is_empty(), "there is one to start from");
    for (_, folder) in all {
        for file in FILES {
            let size = std::fs::metadata(folder.join(file)).unwrap().len();
            assert!(size > 0 && size < 600 << 10, "{}/{file}: {size} bytes", folder.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_present_program_goes_on_with_every_kept_file() {
    for (_, folder) in kept() {
        let process = Process::over(copied(&folder, &["hub.db", "keys"]), None).unwrap();
        goes_on(process, &next(&folder)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_present_program_goes_on_with_every_kept_database() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    for (version, folder) in kept() {
        let name = format!("hub_kept_{version}_{}", std::process::id());
        let url = database(&server, &name).await.unwrap();
        let dump = std::fs::read_to_string(folder.join("postgres.sql")).unwrap();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(dump)).execute(&mut connection).await.unwrap();
        let sql = "select value from meta where name = 'schema'";
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, version, "{}", folder.display());
        goes_on(Process::over(copied(&folder, &["keys"]), Some(&url)).unwrap(), &next(&folder)).await;
    }
}
