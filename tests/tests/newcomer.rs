//! What a newcomer meets: the commands of the README in an empty folder, and output that nobody reads to its end.
//!
//! The real binary, called as from a shell. Refuses to look inside.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::process::{Process, binary};

/// A command of the hub in a folder with a copy of the config.
fn hub(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(binary().unwrap());
    command.current_dir(folder).args(words).stdin(Stdio::null()).env("RUST_LOG", "info");
    command
}

/// What a command that succeeds writes.
fn told(folder: &Path, words: &[&str]) -> String {
    let done = hub(folder, words).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{words:?}: {} {out}{err}", done.status);
    out.into_owned()
}

fn codes(doctor: &str) -> BTreeSet<String> {
    let told: Value = serde_json::from_str(doctor).unwrap();
    let checks = told["checks"].as_array().unwrap().iter();
    checks.filter_map(|check| check["code"].as_str().map(str::to_owned)).collect()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn empty() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    tests::process::copy(&tests::root().join("config"), &folder.path().join("config")).unwrap();
    folder
}

#[test]
fn a_fresh_folder_is_told_what_to_do_and_fails_nowhere() {
    let folder = empty();
    let before = codes(&told(folder.path(), &["doctor", "--json"]));
    assert!(before.contains("database-new") && before.contains("keys-new"), "{before:?}");
    told(folder.path(), &["migrate"]);
    assert!(folder.path().join("data/hub.db").exists(), "it makes its folder");
    let after = codes(&told(folder.path(), &["doctor", "--json"]));
    assert!(after.contains("keys-new") && !after.contains("database-new"), "{after:?}");
    assert!(!after.contains("source-silent"), "who never sent is not silent: {after:?}");
}

#[test]
fn what_an_agency_got_is_kept_and_a_reader_may_leave() {
    let folder = empty();
    let story = tests::root().join("hub/demo/story");
    let words = ["demo", "--once", "--data", "d", "--received", "r", "--story", story.to_str().unwrap()];
    let summary = told(folder.path(), &[&words[..], &["--json"]].concat());
    let summary: Value = serde_json::from_str(&summary).unwrap();

    let (mut became_void, mut recipients) = (0, BTreeSet::new());
    for file in std::fs::read_dir(folder.path().join("r")).unwrap() {
        let path = file.unwrap().path();
        let recipient = path.file_stem().unwrap().to_str().unwrap();
        recipients.insert(recipient.to_owned());
        let got = lines(&std::fs::read_to_string(&path).unwrap());
        let now = lines(&told(folder.path(), &["tap", "--data", "d", "--json", "--recipient", recipient]));
        let tally = &summary["recipients"][recipient];
        let sum: u64 =
            ["offers", "files", "ended", "voids"].iter().map(|kind| tally[kind].as_u64().unwrap()).sum();
        assert_eq!((got.len(), now.len()), (usize::try_from(sum).unwrap(), got.len()), "{recipient}");
        for (n, (got, now)) in got.iter().zip(&now).enumerate() {
            assert_eq!(got["sequence"], n + 1, "{recipient}");
            if now["value"].is_null() && !got["value"].is_null() {
                became_void += 1;
            } else {
                assert_eq!(got, now, "{recipient}:{}", n + 1);
            }
        }
    }
    let all: BTreeSet<String> = tests::config().agencies.keys().map(ToString::to_string).collect();
    assert_eq!(recipients, all, "a file for each, agii-abroad and portal too");
    assert!(became_void > 0, "some records were read before their line was closed");

    // Nobody in the story looks at what is a human's.
    let left = ["record-waits", "review-waits"].map(str::to_owned);
    assert_eq!(codes(&told(folder.path(), &["doctor", "--data", "d", "--json"])), BTreeSet::from(left));

    // Whoever reads leaves at once: nothing is said, and nothing has failed.
    std::fs::write(folder.path().join("rows.csv"), "nis_code,on\n11001,2025-03-01\n".repeat(1_000)).unwrap();
    std::fs::create_dir(folder.path().join("broken")).unwrap();
    let commands = [
        vec!["tap", "--data", "d"],
        vec!["tap", "--data", "d", "--json"],
        vec!["doctor", "--data", "d"],
        vec!["doctor", "--data", "d", "--json"],
        vec!["explain", "amal:3", "--data", "d"],
        vec!["replay", "--verify", "--data", "d"],
        vec!["review", "list", "--data", "d"],
        vec!["keys", "--data", "d"],
        vec!["route", "rows.csv"],
        vec!["route", "--nis", "44021", "--on", "2025-03-01"],
        vec!["check", "--config", "broken"],
        words.to_vec(),
    ];
    for words in commands {
        let mut child =
            hub(folder.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{words:?}: {status} {said}");
        assert!(!said.contains("Broken pipe") && !said.contains("panicked"), "{words:?}: {said}");
    }
}

/// At a terminal the log is in words; to a file or a collector it is JSON, as everywhere.
#[test]
fn at_a_terminal_the_log_is_for_people() {
    let folder = empty();
    let logged = |command: &mut Command| {
        let done = command.env("RUST_LOG", "info").current_dir(folder.path()).output().unwrap();
        let both = [done.stdout, done.stderr].concat();
        let text = String::from_utf8(both).unwrap();
        text.lines().filter(|line| line.contains("INFO")).map(str::to_owned).collect::<Vec<_>>()
    };
    let piped = logged(&mut hub(folder.path(), &["migrate"]));
    assert!(!piped.is_empty() && piped.iter().all(|line| line.starts_with('{')), "{piped:?}");
    // `script` gives what it runs a terminal.
    let run = format!("{} migrate", binary().unwrap().display());
    let shown = logged(Command::new("script").args(["-qec", &run, "/dev/null"]).stdin(Stdio::null()));
    assert!(!shown.is_empty() && shown.iter().all(|line| !line.contains('{')), "{shown:?}");
}

/// Who reads the log may go as well: a service goes on.
#[tokio::test]
async fn a_log_that_is_gone_stops_nothing() {
    let mut process = Process::prepare(None, None).await.unwrap();
    process.go_after("exec 2>&-; exec 2>/dev/full").unwrap();
    process.opened().await.unwrap();
}
