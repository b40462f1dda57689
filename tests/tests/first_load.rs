//! The first load on the real engine, on both databases: what was so before the baseline is stored, told to nobody and
//! asked nowhere, until the report of what it would open was approved by who may.
//!
//! When somebody waits is the heart's own test, `decide/tests/first_load.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::process::{Output, Stdio};
use std::time::Duration;

use hub::app::{Hub, Start, in_data};
use hub::config::dev_token;
use hub::desk::Approvals;
use hub::first_load::first_load;
use hub::store::Store;
use serde_json::Value;
use tests::console::Visitor;
use tests::people::{register_answer, visa_lines, visa_status};
use tests::process::{Process, until};
use tests::saying::{actor, decide, put, send};

/// Everybody's visa was granted on 9 April.
const BASELINE: &str = "2025-05-01";

/// Runs a command as somebody.
fn run(process: &Process, who: Option<&str>, words: &[&str]) -> Output {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL").env_remove("HUB_CREDENTIAL_FILE");
    if let Some(who) = who {
        command.env("HUB_CREDENTIAL", dev_token(who));
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

fn report(process: &Process) -> Value {
    let output = run(process, None, &["baseline", "report", "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether somebody could approve this report, and what they were told.
fn approve(process: &Process, who: &str, report: &str) -> (bool, String) {
    let words = ["baseline", "approve", "--report", report, "--reason", "looked through"];
    let output = run(process, Some(who), &words);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

async fn decided(store: &Store) {
    until("all is decided", async || store.pending(1).await.unwrap().is_empty()).await.unwrap();
}

/// How many handovers, records and persons who wait there are.
async fn counted(store: &Store) -> (u64, u64, u64) {
    let handovers = store.handover_states().await.unwrap().iter().map(|count| count.queue.count).sum();
    let records = store.outgoing(0, 500).await.unwrap().len();
    (handovers, records as u64, store.unapproved().await.unwrap().count)
}

async fn loaded_first(server: Option<&str>) {
    let mut process = Process::prepare(server, None).await.unwrap();
    process.go_with(&["--baseline", BASELINE]).unwrap();
    let lines: String = (1..=3).flat_map(visa_lines).map(|line| format!("{line}\n")).collect();
    process.push("visa", "post-cas", "application/x-ndjson", lines.as_bytes()).await.unwrap();
    let (_, store) = process.inside_beside().await.unwrap();
    decided(&store).await;
    assert_eq!(counted(&store).await, (0, 0, 3));

    // A home of after the baseline: this one goes on.
    let home = register_answer(2, "44021", "2025-06-01");
    process.push("register", "magda", "application/xml", home.as_bytes()).await.unwrap();
    decided(&store).await;
    let (handovers, records, waiting) = counted(&store).await;
    assert_eq!((handovers, waiting), (1, 2));

    // What waits is said where somebody looks, and what it would open before it does.
    let doctor = run(&process, None, &["doctor", "--json"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("\"load-unapproved\""), "{doctor:?}");
    let page = Visitor::signed_in(&process.base, "noor").await.get("/").await.text().await.unwrap();
    assert!(page.contains("2 personen wachten op de goedkeuring van de eerste lading"), "{page}");
    let first = report(&process);
    let provider = format!("{}-agii-abroad", process.prefix);
    assert_eq!((&first["persons"], &first["by_state"]["prepared"]), (&2.into(), &2.into()), "{first}");
    assert_eq!((&first["by_recipient"][&provider], &first["asked"]), (&2.into(), &2.into()), "{first}");
    assert_eq!(report(&process), first, "a report changes nothing");
    assert_eq!(counted(&store).await, (1, records, 2));

    // What comes in after a report makes another one.
    let more: String = visa_lines(4).iter().map(|line| format!("{line}\n")).collect();
    process.push("visa", "post-cas", "application/x-ndjson", more.as_bytes()).await.unwrap();
    decided(&store).await;
    // On SQLite one process has the database; on PostgreSQL the hub goes on.
    if server.is_none() {
        process.stop().unwrap();
    }
    let (done, said) = approve(&process, "amina", first["report"].as_str().unwrap());
    assert!(!done && said.contains("another report stands now"), "{said}");
    let second = report(&process);
    let id = second["report"].as_str().unwrap();
    let (done, said) = approve(&process, "noor", id);
    assert!(!done && said.contains("may not"), "{said}");
    assert_eq!(counted(&store).await, (1, records, 3));
    let (done, said) = approve(&process, "amina", id);
    assert!(done && said.contains("3 of 3 go on; 0 wait"), "{said}");
    let (handovers, after, waiting) = counted(&store).await;
    assert_eq!((handovers, waiting), (4, 0));
    assert_eq!(after, records + 3, "each is told to AgII as the provider");
    assert_eq!(report(&process)["persons"], 0);

    let trail = tests::saying::trail(&store).await;
    let approvals: Vec<_> = trail.iter().filter(|row| row.action == "approve-load").collect();
    let seen: Vec<_> =
        approvals.iter().map(|row| (row.actor.as_str(), row.allowed, row.about.as_str())).collect();
    assert_eq!(seen, [("noor", false, id), ("amina", true, id)]);
    if server.is_some() {
        process.stop().unwrap();
    }
    let verified = run(&process, None, &["replay", "--verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_what_is_loaded_first_opens_what_was_approved() {
    loaded_first(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_what_is_loaded_first_opens_what_was_approved() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    loaded_first(Some(&server)).await;
}

/// More than are decided or looked at together.
const MANY: usize = 1_200;
/// Of whom something more comes in after the report.
const CHANGED: usize = 7;

async fn approved_together(server: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    in_data(folder.path(), &mut config);
    if let Some(server) = server {
        let name = format!("hub_first_load_{}", std::process::id());
        config.hub.database = tests::process::database(server, &name).await.unwrap();
    }
    let store = Store::open(&config.hub.database).await.unwrap();
    store.migrate().await.unwrap();
    drop(store);
    let baseline = schemas::time::parse_day(BASELINE);
    let hub = Hub::open(config, Start::Running { baseline }).await.unwrap();
    let lines: Vec<Value> = (1..=MANY).map(|n| visa_lines(n).swap_remove(0)).collect();
    let receipts = put(&hub, "visa", &lines).await;
    let decisions = hub.desk.decisions();
    assert!(decisions.each(&receipts, Duration::ZERO).await.unwrap().is_empty(), "nobody decides yet");
    decide(&hub).await;
    assert_eq!(decisions.each(&receipts, Duration::ZERO).await.unwrap().len(), MANY);

    let stands = first_load(&hub.store, &hub.vault, &hub.config.bundle, hub.clock.now()).await.unwrap();
    assert_eq!(stands.who.len(), MANY);
    let more: Vec<Value> = (1..=CHANGED).map(|n| visa_status(n * 100, 1)).collect();
    send(&hub, &more).await;
    let amina = actor(&hub, "amina");
    let approve = async || {
        let said = Box::pin(hub.desk.approve(&amina, &stands.report.report, &stands.who, "looked through"));
        hub.deciding(async { Ok(said.await?) }).await.unwrap()
    };
    let (decided, refused) = ((MANY - CHANGED) as u64, CHANGED as u64);
    assert_eq!(approve().await, Approvals { decided, refused, open: 0 });
    assert_eq!(hub.store.unapproved().await.unwrap().count, refused);
    let decisions = async || {
        let counts = hub.store.counts().await.unwrap();
        counts.iter().find(|(what, _)| *what == "decided").unwrap().1
    };
    let before = decisions().await;
    assert_eq!(approve().await, Approvals { decided, refused, open: 0 }, "said again it is the same");
    assert_eq!(decisions().await, before + refused, "only who was refused is asked about once more");
    let trail = tests::saying::trail(&hub.store).await;
    assert_eq!(trail.iter().filter(|row| row.action == "approve-load").count(), 2, "one row an approval");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_many_are_approved_together_and_who_changed_is_not() {
    approved_together(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_many_are_approved_together_and_who_changed_is_not() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    approved_together(Some(&server)).await;
}
