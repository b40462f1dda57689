//! A disk that is full, below the real program on SQLite: what was answered 201 is there, whatever happens.
//!
//! Senders post until nothing fits any more, go on posting, find room again, and the process is killed. Done on a
//! small file system of its own where one may be mounted, and with a limit on the size of a file anywhere.
//! Next: `store/faults.rs` for each unit of work, `weather.rs` for a database that is away.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;
use std::process::Command;

use hub::store::Store;
use schemas::ids::MessageId;
use serde_json::Value;
use tests::people::visa_lines;
use tests::process::{Process, until};

/// More posts than any of the disks below has room for.
const TOO_MANY: usize = 5_000;
/// How many are posted while it is full, and how many after.
const SOME: usize = 30;

/// One person's application, posted once: the status, and the receipt where it was accepted.
async fn post(process: &Process, n: usize) -> (u16, Option<MessageId>) {
    let client = reqwest::Client::builder().build().unwrap();
    let post = client.post(format!("{}/v1/sources/visa/messages", process.base)).bearer_auth("dev-post-cas");
    let body = visa_lines(n).swap_remove(0).to_string();
    let answer = post.header("Content-Type", "application/json").body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["receipt"].as_str().map(|receipt| receipt.parse().unwrap()))
}

async fn ready(process: &Process) -> Option<(u16, Value)> {
    let answer = reqwest::get(format!("{}/readyz", process.base)).await.ok()?;
    Some((answer.status().as_u16(), answer.json().await.ok()?))
}

async fn readiness(process: &Process, status: u16) {
    let what = format!("/readyz answers {status}");
    until(&what, async || ready(process).await.is_some_and(|(found, _)| found == status)).await.unwrap();
}

/// Posts until it is full, goes on, makes room, goes on, kills, and looks.
async fn all_that_was_accepted_is_there(mut process: Process, database: &Path, make_room: impl FnOnce(u32)) {
    readiness(&process, 200).await;
    let (mut receipts, mut n) = (vec![], 0);
    loop {
        let (status, receipt) = post(&process, n).await;
        n += 1;
        match status {
            201 => receipts.push(receipt.unwrap()),
            503 => break,
            other => panic!("a full disk is nobody's fault: {other}"),
        }
        assert!(n < TOO_MANY, "the disk is never full");
    }
    let before = receipts.len();
    assert!(before > 10, "{before} were accepted");
    for n in n..n + SOME {
        let (status, receipt) = post(&process, n).await;
        assert!(status == 503 || status == 201, "{status}");
        receipts.extend(receipt);
    }
    readiness(&process, 503).await;
    let log = std::fs::read_to_string(&process.log).unwrap();
    assert!(log.contains("intake could not commit"));

    make_room(process.id().unwrap());
    readiness(&process, 200).await;
    for n in n..n + 2 * SOME {
        let (status, receipt) = post(&process, n).await;
        let log = || std::fs::read_to_string(&process.log).unwrap();
        assert!(status == 201 || status == 200, "with room everything is accepted: {status}\n{}", log());
        receipts.extend(receipt);
    }
    process.kill().unwrap();
    receipts.sort();
    receipts.dedup();
    let url = format!("sqlite:{}", database.display());
    let store = Store::open(&url).await.unwrap();
    for receipt in &receipts {
        assert!(store.receipt(*receipt).await.unwrap().is_some(), "{receipt} was accepted and is not there");
    }
    drop(store);

    // What lies there is decided, and nothing was put aside for the disk's sake.
    process.go().unwrap();
    readiness(&process, 200).await;
    let beside = Store::open_beside(&url).await.unwrap();
    until("all is decided", async || beside.pending(1).await.is_ok_and(|rows| rows.is_empty()))
        .await
        .unwrap();
    let counts = beside.counts().await.unwrap();
    let count = |name| counts.iter().find(|(found, _)| *found == name).unwrap().1;
    assert_eq!(count("quarantined"), 0);
    assert!(count("decided") >= receipts.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_small_disk() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let Some(_mounted) = Mounted::on(&disk) else { return };
    let (ballast, database) = (disk.join("ballast"), disk.join("hub.db"));
    std::fs::write(&ballast, vec![1; 61 << 20]).unwrap();
    let mut process = Process::prepare(None, None).await.unwrap();
    process.set_database(&format!("sqlite:{}", database.display())).unwrap();
    process.go().unwrap();
    all_that_was_accepted_is_there(process, &database, |_| std::fs::remove_file(ballast).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_files_that_may_not_grow() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("hub.db");
    let mut process = Process::prepare(None, None).await.unwrap();
    process.set_database(&format!("sqlite:{}", database.display())).unwrap();
    // In blocks of 512 bytes. The signal that tells of the limit would end the process; a disk sends none.
    process.go_after("trap '' XFSZ; ulimit -S -f 5000").unwrap();
    let make_room = |id: u32| {
        let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &id.to_string()]).status();
        assert!(lifted.unwrap().success(), "the limit can be lifted");
    };
    all_that_was_accepted_is_there(process, &database, make_room).await;
}

/// A small file system, unmounted at the end.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// Nothing where this user may not mount: the other test has a full disk of another kind.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn on(folder: &'a Path) -> Option<Self> {
        let words = ["-t", "tmpfs", "-o", "size=64m", "tmpfs"];
        let mounted = Command::new("mount").args(words).arg(folder).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: this user may not mount a disk");
        None
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // Lazily: the process that has its files open may end a moment later.
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}
