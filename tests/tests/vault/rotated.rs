//! Key-encryption keys that change while the hub works: nobody is turned away, everything opens afterwards, and a key
//! that was taken away too early is told by its id and costs nothing.
//!
//! Real processes on PostgreSQL; the race that no run meets by chance, beside a hub inside the test.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::TimeDelta;
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::config::Config;
use hub::decider::{Holding, Turn};
use hub::store::wrapped::WrappedIn;
use hub::vault::rotate::rewrap;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tests::people::visa_lines;
use tests::process::{Process, database, push_to, until};
use tests::saying::put;

/// Keys as the file has them: 64 hexadecimal digits.
pub(super) const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(super) const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub(super) const INDEX: &str = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

/// The id of a key: the first four bytes of its SHA-256.
fn id(key: &str) -> String {
    use sha2::Digest as _;
    hex::encode(&sha2::Sha256::digest(hex::decode(key).unwrap())[..4])
}

pub(super) fn file(process: &Process) -> PathBuf {
    Config::load(&process.config()).unwrap().hub.keys
}

/// Writes the file of keys; what runs reads it at its next start.
fn keys(process: &Process, wrapping: &[&str]) {
    let lines: String = wrapping.iter().map(|key| format!("kek={key}\n")).collect();
    std::fs::write(file(process), format!("{lines}index={INDEX}\n")).unwrap();
}

/// What a command prints, and its exit code.
pub(super) fn told(process: &Process, words: &[&str]) -> (String, i32) {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL_FILE").env("HUB_CREDENTIAL", "dev-noor");
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code().unwrap())
}

/// How many keys of a table others than the first wrap, as `hub keys` says.
fn by_others(said: &str, table: &str) -> u64 {
    let of = |line: &&str| line.contains("wrapped anew") && line.split_whitespace().next() == Some(table);
    let line = said.lines().find(of).unwrap();
    line.split("anew, ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// Two instances; each starts again under the keys in the file, one after the other.
fn roll(both: &mut [Process; 2]) {
    for process in both {
        process.stop().unwrap();
        process.go().unwrap();
    }
}

pub(super) async fn answers(process: &Process) {
    until("it answers", async || reqwest::get(format!("{}/livez", process.base)).await.is_ok())
        .await
        .unwrap();
}

/// The `n`th person's lines; of every third only a status, which waits for its application; of every fifth the
/// application is refused.
fn lines(n: usize) -> Vec<Value> {
    let mut lines = visa_lines(n);
    if n % 5 == 4 {
        lines[0]["person"]["birth_date"] = "1990-02-31".into();
    }
    if n % 3 == 2 { vec![lines.swap_remove(1)] } else { lines }
}

pub(super) fn body(lines: &[Value]) -> Vec<u8> {
    lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_while_posts_come_in() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let process = Process::prepare(Some(&server), None).await.unwrap();
    keys(&process, &[A]);
    let other = process.beside().unwrap();
    let mut both = [process, other];
    both.iter_mut().for_each(|process| process.go().unwrap());
    for process in &both {
        answers(process).await;
    }
    let (_, store) = both[0].inside().await.unwrap();
    let bases = both.each_ref().map(|process| process.base.clone());
    let (sent, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let posting = async {
        let mut receipts = vec![];
        while !stop.load(Ordering::SeqCst) {
            let n = sent.load(Ordering::SeqCst);
            let to = bases.each_ref().map(String::as_str);
            let ndjson = "application/x-ndjson";
            let said = push_to(&to, "visa", "post-cas", ndjson, &body(&lines(n))).await.unwrap();
            receipts.extend(said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            sent.store(n + 1, Ordering::SeqCst);
        }
        receipts
    };
    let rotating = async {
        let more = async |n: usize| {
            let enough = sent.load(Ordering::SeqCst) + n;
            until("posts come in", async || sent.load(Ordering::SeqCst) >= enough).await.unwrap();
        };
        until("somebody is known, somebody waits, something is refused", async || {
            let counts = store.counts().await.unwrap();
            ["persons", "waiting", "refusals"].iter().all(|name| !counts.contains(&(name, 0)))
        })
        .await
        .unwrap();
        keys(&both[0], &[A, B]);
        tokio::task::block_in_place(|| roll(&mut both));
        more(10).await;
        keys(&both[0], &[B, A]);
        tokio::task::block_in_place(|| roll(&mut both));
        more(10).await;
        let (said, code) = tokio::task::block_in_place(|| told(&both[0], &["keys"]));
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&format!("key {} opens", id(A))), "{said}");
        assert!(said.contains(&format!("key {} wraps", id(B))), "{said}");
        for table in ["key", "message_key", "refusal"] {
            assert!(by_others(&said, table) > 0, "{table}: {said}");
        }
        let (said, code) = tokio::task::block_in_place(|| told(&both[0], &["keys", "--rewrap"]));
        assert_eq!(code, 0, "{said}");
        more(10).await;
        let (said, code) = tokio::task::block_in_place(|| told(&both[0], &["keys"]));
        assert_eq!(code, 0, "{said}");
        for table in WrappedIn::ALL {
            assert_eq!(by_others(&said, table.table()), 0, "{said}");
        }
        keys(&both[0], &[B]);
        tokio::task::block_in_place(|| roll(&mut both));
        more(10).await;
        stop.store(true, Ordering::SeqCst);
    };
    let (receipts, ()) = tokio::join!(posting, rotating);
    for process in &both {
        answers(process).await;
    }
    // What waited under the old key is decided once its application comes; what was refused is told.
    let to = bases.each_ref().map(String::as_str);
    let count = sent.load(Ordering::SeqCst);
    for n in (2..count).step_by(3) {
        let application = body(&visa_lines(n)[..1]);
        push_to(&to, "visa", "post-cas", "application/x-ndjson", &application).await.unwrap();
    }
    until("all is decided", async || store.pending(1).await.is_ok_and(|rows| rows.is_empty())).await.unwrap();
    let counts = store.counts().await.unwrap();
    for nothing in ["waiting", "quarantined"] {
        assert!(counts.contains(&(nothing, 0)), "{counts:?}");
    }
    assert!(
        receipts
            .iter()
            .all(|line| ["accepted", "again", "refused"].contains(&line["status"].as_str().unwrap()))
    );
    let refused: Vec<_> = receipts.iter().filter(|line| line["status"] == "refused").collect();
    assert!(refused.len() > 5, "{}", refused.len());
    let client = reqwest::Client::builder().build().unwrap();
    for line in refused {
        let address = format!("{}/v1/receipts/{}", bases[1], line["receipt"].as_str().unwrap());
        let answer = client.get(address).bearer_auth("dev-post-cas").send().await.unwrap();
        let text = answer.text().await.unwrap();
        assert!(text.contains("/person/birth_date"), "{text}");
    }
    for batch in ["1", "500"] {
        let (said, code) = told(&both[0], &["replay", "--verify", "--batch", batch]);
        assert_eq!(code, 0, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_missing_is_told_and_nothing_is_lost() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let mut process = Process::prepare(Some(&server), None).await.unwrap();
    keys(&process, &[A]);
    process.go().unwrap();
    let (_, store) = process.inside().await.unwrap();
    let ndjson = "application/x-ndjson";
    for n in 0..3 {
        process.push("visa", "post-cas", ndjson, &body(&visa_lines(n)[..2])).await.unwrap();
    }
    let decided = async || store.pending(1).await.is_ok_and(|rows| rows.is_empty());
    until("all is decided", decided).await.unwrap();
    process.stop().unwrap();

    // The old key is gone before anything was wrapped anew.
    keys(&process, &[B]);
    process.go().unwrap();
    for n in 0..4 {
        process.push("visa", "post-cas", ndjson, &body(&visa_lines(n))).await.unwrap();
    }
    let missing = format!("the key-encryption key {}, which is not in the file of keys", id(A));
    until("/readyz tells which key is missing", async || {
        let Ok(answer) = reqwest::get(format!("{}/readyz", process.base)).await else { return false };
        answer.text().await.unwrap().contains(&missing)
    })
    .await
    .unwrap();
    assert!(std::fs::read_to_string(&process.log).unwrap().contains(&missing), "the log tells it as well");
    let (said, code) = told(&process, &["keys"]);
    assert_eq!((code, by_others(&said, "key")), (1, 3), "{said}");
    assert!(said.contains(&format!("key {} is not in the file of keys", id(A))), "{said}");
    let (said, code) = told(&process, &["keys", "--rewrap"]);
    assert!(code == 1 && said.contains(&missing), "{code}: {said}");
    let (said, code) = told(&process, &["replay", "--verify"]);
    assert!(code == 1 && said.contains(&missing), "{code}: {said}");
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&("quarantined", 0)), "nothing is at fault: {counts:?}");
    process.stop().unwrap();

    keys(&process, &[B, A]);
    process.go().unwrap();
    until("all is decided", decided).await.unwrap();
    let (said, code) = told(&process, &["keys", "--rewrap"]);
    assert_eq!(code, 0, "{said}");
    process.stop().unwrap();
    keys(&process, &[B]);
    let (said, code) = told(&process, &["replay", "--verify"]);
    assert_eq!(code, 0, "{said}");
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&("quarantined", 0)) && counts.contains(&("persons", 4)), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_taken_before_the_rotation_is_wrapped_by_the_new_key() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let folder = tempfile::tempdir().unwrap();
    let url = database(&server, &format!("hub_rotated_{}", std::process::id())).await.unwrap();
    let open = async |wrapping: &[&str]| {
        let mut config = tests::config();
        config.hub.database.clone_from(&url);
        config.hub.keys = folder.path().join(wrapping.concat());
        let lines: String = wrapping.iter().map(|key| format!("kek={key}\n")).collect();
        std::fs::write(&config.hub.keys, format!("{lines}index={INDEX}\n")).unwrap();
        let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
        Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap()
    };
    let (before, after): (Hub, Hub) = (open(&[A]).await, open(&[B, A]).await);
    put(&after, "visa", &visa_lines(0)[..1]).await;
    // A later clock, so that its message stands behind the first. Both are there before the first is taken: a turn that
    // found nothing would wait for the commit.
    before.clock.advance(before.clock.now() + TimeDelta::hours(1));
    put(&before, "visa", &visa_lines(1)[1..2]).await;
    let mut holding = Holding::take(&after.decider()).await.unwrap().unwrap();
    // The first batch waits for its commit, so a record without its application is taken and decided behind it.
    let mut lock = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("begin; select * from lease where name = 'decider' for update")
        .execute(&mut lock)
        .await
        .unwrap();
    assert_eq!(holding.turn(1).await.unwrap(), Turn::Decided);
    assert_eq!(holding.turn(1).await.unwrap(), Turn::Decided);
    for column in WrappedIn::ALL {
        rewrap(&after.store, &after.vault, column).await.unwrap();
    }
    sqlx::raw_sql("rollback").execute(&mut lock).await.unwrap();
    while holding.turn(1).await.unwrap() == Turn::Decided {}
    assert!(after.store.counts().await.unwrap().contains(&("waiting", 1)));
    for column in WrappedIn::ALL {
        let others = after.store.count_wrapped_by_others(column, after.vault.wrapping().0).await.unwrap();
        assert_eq!(others, 0, "{column:?}");
    }
}
