//! Databases as they are found: a pooler before them, locks that others hold, readers that stay, limits and moods of an
//! administrator, backups while senders send. Nothing is lost, senders are told to come again, no loop needs a restart.
//!
//! The real binary on real servers; each server that is disturbed is the test's own. Next: `weather.rs` for servers that
//! go altogether.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::process::Command;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query};
use tests::people::visa_lines;
use tests::process::{Process, database, until};
use tests::servers::Server;

/// One person's application, posted once: the status, and what the answer says.
async fn post(process: &Process, n: usize) -> (u16, bool, Value) {
    let client = reqwest::Client::builder().build().unwrap();
    let post = client.post(format!("{}/v1/sources/visa/messages", process.base)).bearer_auth("dev-post-cas");
    let body = visa_lines(n).swap_remove(0).to_string();
    let answer = post.header("Content-Type", "application/json").body(body).send().await.unwrap();
    let (status, later) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    (status, later, answer.json().await.unwrap())
}

async fn is_away(process: &Process, n: usize) {
    let (status, later, body) = post(process, n).await;
    assert_eq!((status, later, body["code"].as_str()), (503, true, Some("database-away")), "{body}");
}

async fn accepted(process: &Process, n: usize) {
    let taken = async || [201, 200].contains(&post(process, n).await.0);
    until(&format!("{n} is taken"), taken).await.unwrap();
}

/// The codes that doctor tells.
fn doctor(process: &Process) -> String {
    let done = process.command(&["doctor", "--json"]).unwrap().stdout(std::process::Stdio::piped()).output();
    String::from_utf8(done.unwrap().stdout).unwrap()
}

/// Everything that was taken is decided, each once, and would be decided the same again.
async fn all_decided(process: &Process, count: usize) {
    let (_, store) = process.inside_beside().await.unwrap();
    until("all is decided", async || store.pending(1).await.is_ok_and(|rows| rows.is_empty())).await.unwrap();
    assert_eq!(store.decided(0, 10_000).await.unwrap().len(), count, "each message once");
    assert!(process.command(&["replay", "--verify"]).unwrap().status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_everything_works() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let Some(brokers) = tests::server("HUB_TEST_KAFKA", "Kafka") else { return };
    let (_pooler, pooled) = Server::pooler(&server, "transaction");
    let mut process = Process::prepare(Some(&server), Some(&brokers)).await.unwrap();
    let (config, _) = process.inside().await.unwrap();
    let (_, name) = config.hub.database.rsplit_once('/').unwrap();
    process.set_database(&pooled.replace("/postgres", &format!("/{name}"))).unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    futures::future::join_all((0..40).map(|n| accepted(&process, n))).await;
    let (config, store) = process.inside_beside().await.unwrap();
    process.settled(&store).await.unwrap();
    let records: usize = process.topics(&config).await.unwrap().values().map(Vec::len).sum();
    assert_eq!(records, 40, "each person's application, told once");
    assert!(doctor(&process).contains("through a pooler"));
    let log = std::fs::read_to_string(&process.log).unwrap();
    // How long a statement took says how busy the machine was.
    let told = |line: &&str| line.contains("\"WARN\"") || line.contains("\"ERROR\"");
    let told: Vec<&str> = log.lines().filter(told).filter(|line| !line.contains("slow statement")).collect();
    assert_eq!(told, [""; 0], "nothing had to be done twice");
    all_decided(&process, 40).await;
}

/// Where a pooler lends a connection for one statement, no transaction is possible: said in one sentence, by whoever starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_without_transactions_is_named() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let (_pooler, pooled) = Server::pooler(&server, "statement");
    let process = Process::prepare(None, None).await.unwrap();
    assert!(process.set_database(&pooled).is_err(), "hub migrate refuses");
    for command in ["migrate", "run"] {
        let done =
            process.command(&[command]).unwrap().stderr(std::process::Stdio::piped()).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(
            !done.status.success() && said.contains("set its pool_mode to transaction"),
            "{command}: {said}"
        );
    }
    assert!(doctor(&process).contains("set its pool_mode to transaction"));
}

/// What an administrator may do to a PostgreSQL: each is done, seen from outside, and undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_an_administrator_does_nothing_is_lost() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let name = format!("moods_{}", std::process::id());
    let url = database(&server, &name).await.unwrap();
    let mut process = Process::prepare(None, None).await.unwrap();
    process.set_database(&url).unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let mut n = 0;
    let mut tell = async |sql: String| {
        query(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    };
    let kick = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"
    );
    // A setting of the database holds for connections made after it, so those that are there are ended.
    for (mood, sunny) in [
        (
            format!("alter database {name} set default_transaction_read_only = on"),
            "reset default_transaction_read_only",
        ),
        (format!("alter database {name} connection limit 0"), "connection limit -1"),
        (format!("alter database {name} set statement_timeout = 1"), "reset statement_timeout"),
        (
            format!("alter database {name} set idle_in_transaction_session_timeout = 1"),
            "reset idle_in_transaction_session_timeout",
        ),
    ] {
        tell(mood.clone()).await;
        tell(kick.clone()).await;
        // Not each mood stops each post: a statement may be quick enough. What is taken under it is taken.
        for _ in 0..3 {
            let (status, later, body) = post(&process, n).await;
            assert!([200, 201].contains(&status) || status == 503 && later, "{mood}: {status} {body}");
        }
        tell(format!("alter database {name} {sunny}")).await;
        tell(kick.clone()).await;
        accepted(&process, n).await;
        n += 1;
        process.opened().await.unwrap();
    }
    let dump = Command::new("pg_dump").arg(&url).stdout(std::process::Stdio::piped()).spawn().unwrap();
    accepted(&process, n).await;
    let dump = dump.wait_with_output().unwrap();
    assert!(dump.status.success() && String::from_utf8_lossy(&dump.stdout).contains("COPY public.inbox"));
    all_decided(&process, n + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_on_postgresql_is_waited_for_and_named() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let url = database(&server, &format!("locks_{}", std::process::id())).await.unwrap();
    let mut process = Process::prepare(None, None).await.unwrap();
    process.set_database(&url).unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    accepted(&process, 0).await;
    for (n, sql) in [(1, "lock table inbox"), (2, "select * from lease for update")] {
        let mut other = PgConnection::connect(&url).await.unwrap();
        let mut tx = other.begin().await.unwrap();
        query(sql).execute(&mut *tx).await.unwrap();
        if n == 1 {
            let (told, ()) = tokio::join!(
                tokio::task::spawn_blocking({
                    let mut command = process.command(&["doctor", "--json"]).unwrap();
                    command.stdout(std::process::Stdio::piped());
                    move || String::from_utf8(command.output().unwrap().stdout).unwrap()
                }),
                is_away(&process, n)
            );
            let named =
                told.unwrap().contains("database-locked") || doctor(&process).contains("database-locked");
            assert!(named, "doctor names the lock");
        } else {
            // Intake goes on; who decides does not.
            accepted(&process, n).await;
        }
        tx.rollback().await.unwrap();
        accepted(&process, n).await;
    }
    process.opened().await.unwrap();
    all_decided(&process, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_on_sqlite_is_waited_for_and_named() {
    let mut process = Process::prepare(None, None).await.unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    accepted(&process, 0).await;
    let (config, _) = process.inside_beside().await.unwrap();
    let mut other = SqliteConnection::connect(&config.hub.database).await.unwrap();
    query("begin immediate").execute(&mut other).await.unwrap();
    let command =
        process.command(&["doctor", "--json"]).unwrap().stdout(std::process::Stdio::piped()).spawn().unwrap();
    is_away(&process, 1).await;
    let told = String::from_utf8(command.wait_with_output().unwrap().stdout).unwrap();
    assert!(told.contains("database-locked") && told.contains(&std::process::id().to_string()), "{told}");
    query("rollback").execute(&mut other).await.unwrap();
    accepted(&process, 1).await;
    process.opened().await.unwrap();
    all_decided(&process, 2).await;
}

/// A reader that stays keeps SQLite's log from being copied back; after it has gone the log is short again. A backup
/// taken meanwhile is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stays_and_a_backup_harm_nothing() {
    let mut process = Process::prepare(None, None).await.unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    accepted(&process, 0).await;
    let (config, _) = process.inside_beside().await.unwrap();
    let file = config.hub.database_file().unwrap();
    let log = || std::fs::metadata(format!("{}-wal", file.display())).unwrap().len();
    let mut reader = SqliteConnection::connect(&config.hub.database).await.unwrap();
    query("begin").execute(&mut reader).await.unwrap();
    query("select count(*) from inbox").execute(&mut reader).await.unwrap();
    // Bulk of a table of the test's own, so that the log is long at once.
    let mut other = SqliteConnection::connect(&config.hub.database).await.unwrap();
    query("pragma busy_timeout = 20000").execute(&mut other).await.unwrap();
    query("create table bulk (bytes blob)").execute(&mut other).await.unwrap();
    for _ in 0..15 {
        query("insert into bulk values (randomblob(10000000))").execute(&mut other).await.unwrap();
    }
    accepted(&process, 1).await;
    assert!(log() > 140_000_000, "{}", log());
    assert!(doctor(&process).contains("log-long"));

    let copy = file.with_file_name("copy.db");
    let backup = format!("vacuum into '{}'", copy.display());
    let mut by = SqliteConnection::connect(&config.hub.database).await.unwrap();
    let (backup, ()) = tokio::join!(query(AssertSqlSafe(backup)).execute(&mut by), accepted(&process, 2));
    backup.unwrap();

    query("rollback").execute(&mut reader).await.unwrap();
    drop((reader, other));
    let short = async || {
        accepted(&process, 3).await;
        log() < 33_000_000
    };
    until("the log is short again", short).await.unwrap();
    assert!(!doctor(&process).contains("log-long"));
    all_decided(&process, 4).await;
    let kept = hub::store::Store::open_beside(&format!("sqlite:{}", copy.display())).await.unwrap();
    kept.check_schema().await.unwrap();
    let there = kept.decided(0, 10).await.unwrap().len() + kept.pending(10).await.unwrap().len();
    assert!((2..=3).contains(&there), "the backup has what was taken before it: {there}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_the_ledger_that_names_nobody_stops_nobody() {
    tests::intruder::on_each("ledger", async |hub, mut intruder| {
        tests::saying::send(&hub, &visa_lines(0)).await;
        let [(name, last, 0)] = &hub.store.ledger_ends().await.unwrap()[..] else {
            panic!("not one recipient")
        };
        for nobody in ["No One!", "", "zz top"] {
            let change = |from: &str, to: &str| {
                format!(
                    "update ledger set recipient = '{to}' where recipient = '{from}' and sequence = {last}"
                )
            };
            intruder.run(change(name.as_str(), nobody)).await;
            let ends = hub.store.ledger_ends().await.unwrap();
            assert_eq!(ends, [(name.clone(), last - 1, 0)], "{nobody:?}");
            intruder.run(change(nobody, name.as_str())).await;
        }
    })
    .await;
}
