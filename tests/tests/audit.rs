//! The audit rows: one chain, whoever writes; a row of other hands is found and named, on both engines. And who is known to a
//! command is no matter of the folder it is told.
//!
//! Next: `hub::desk`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::process::Stdio;

use hub::app::{Hub, Start};
use hub::config::{Config, dev_token};
use hub::desk::{About, Action, ChainState, Occasion, Rights, follow};
use hub::store::Store;
use schemas::ids::MessageId;
use tests::intruder::{Intruder, on_each};
use tests::process::{Process, until};
use tests::saying::{actor, trail};

/// What is sealed by this hub so far.
async fn state(hub: &Hub) -> Result<ChainState, String> {
    follow(&hub.store, &hub.vault, None).await.map_err(|error| error.to_string())
}

async fn acts(hub: &Hub, count: u8) {
    let noor = actor(hub, "noor");
    for n in 0..count {
        let about = MessageId::from_bytes([n; 16]);
        hub.desk.rights().allow(&noor, Action::ShowQuarantined, about, Occasion::Incident).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changes_a_row_is_found_at_that_row() {
    on_each("audit", async |hub, mut intruder| {
        acts(&hub, 9).await;
        let whole = state(&hub).await.unwrap();
        assert_eq!(whole.rows, 10, "the first is the hub's own, about its people");
        let changed = |n| format!("row {n} is not what was written, or the one before it was another");
        let missing = |n: u64| format!("row {n} is missing");
        for (change, told) in [
            ("update audit set actor = 'lucas' where n = 4", changed(4)),
            ("update audit set about = 'hub' where n = 10", changed(10)),
            ("update audit set allowed = 0 where n = 1", changed(1)),
            ("update audit set at = at + 1 where n = 7", changed(7)),
            ("update audit set actor = 'Not A Handle' where n = 7", changed(7)),
            ("update audit set seal = (select seal from audit where n = 3) where n = 2", changed(2)),
            ("delete from audit where n = 5", missing(5)),
            ("delete from audit where n = 1", missing(1)),
            ("delete from audit where n = 3; update audit set n = n - 1 where n = 4", changed(3)),
            ("delete from audit where n < 10; update audit set n = 1", changed(1)),
            (
                "insert into audit select 11, at, actor, roles, action, about, why, allowed, seal from audit where n = 10",
                changed(11),
            ),
        ] {
            intruder.script("create table kept as select * from audit").await;
            intruder.script(change).await;
            assert_eq!(state(&hub).await, Err(told), "{change}");
            intruder.script("delete from audit; insert into audit select * from kept; drop table kept").await;
            assert_eq!(state(&hub).await, Ok(whole));
        }
        // The end that is cut off is missed by who kept it, also where others were written since.
        let kept = Some((whole.rows, whole.last.unwrap()));
        intruder.script("delete from audit where n > 8").await;
        let shorter = follow(&hub.store, &hub.vault, kept).await.unwrap_err();
        assert_eq!(shorter.to_string(), missing(9));
        acts(&hub, 4).await;
        assert_eq!(state(&hub).await.unwrap().rows, 12);
        let other = follow(&hub.store, &hub.vault, kept).await.unwrap_err();
        assert_eq!(other.to_string(), "row 10 has another seal than the one that was kept of it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_write_one_chain() {
    on_each("auditing", async |hub, _| {
        let beside = || Rights::beside(&hub.config.hub.database, &hub.vault, hub.clock.clone());
        let others = futures::future::try_join_all((0..4).map(|_| beside())).await.unwrap();
        let noor = actor(&hub, "noor");
        let all = others.iter().chain([hub.desk.rights()]).flat_map(|rights| {
            let act = || rights.allow(&noor, Action::RewrapKeys, About::Hub, Occasion::Task);
            std::iter::repeat_with(act).take(10)
        });
        futures::future::try_join_all(all).await.unwrap();
        assert_eq!(state(&hub).await.unwrap().rows, 51);
    })
    .await;
}

/// What a command says, and whether it went well.
fn said(process: &Process, credential: Option<&str>, words: &[&str]) -> (bool, String) {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL").env_remove("HUB_CREDENTIAL_FILE");
    if let Some(credential) = credential {
        command.env("HUB_CREDENTIAL", credential);
    }
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

/// Every command that looks at personal values or does something, with words that are well formed.
const BY_HAND: [&[&str]; 12] = [
    &["tap", "--recipient", "amal"],
    &["explain", ID, "--values", "--why", "task"],
    &["review", "show", ID],
    &["review", "answer", ID, "--different", "--reason", "x"],
    &["quarantine", "show", ID],
    &["quarantine", "repeat", ID, "--reason", "x"],
    &["quarantine", "close", ID, "--reason", "x"],
    &["redeliver", ID],
    &["clock", "--set-back"],
    &["keys", "--rewrap"],
    &["audit", "list"],
    &["audit", "verify"],
];
const ID: &str = "07070707070707070707070707070707";

/// A hub ran here, and has stopped.
async fn ran(server: Option<&str>) -> (Process, String) {
    let mut process = Process::prepare(server, None).await.unwrap();
    process.go().unwrap();
    let database = Config::load(&process.config()).unwrap().hub.database;
    let store = Store::open_beside(&database).await.unwrap();
    until("its people are known", async || store.in_force("people").await.unwrap().is_some()).await.unwrap();
    process.stop().unwrap();
    (process, database)
}

async fn strangers(server: Option<&str>) {
    let (process, database) = ran(server).await;
    let store = Store::open_beside(&database).await.unwrap();
    let mut intruder = Intruder::at(&database).await;

    // A folder of their own, in which they may do everything, over the same database and keys.
    let other = process.beside().unwrap();
    let people = other.config().join("people.toml");
    let own = std::fs::read_to_string(&people).unwrap();
    let every = r#"["operations", "review", "coordinator", "dpo", "rules"]"#;
    std::fs::write(&people, own.replace(r#"["rules"]"#, every)).unwrap();
    for words in BY_HAND {
        let (well, told) = said(&other, None, words);
        assert!(!well && told.contains("say who you are"), "{words:?}: {told}");
        let (well, told) = said(&other, Some(&dev_token("tom")), words);
        assert!(!well && told.contains("tom may not"), "{words:?}: {told}");
    }
    assert!(trail(&store).await.iter().all(|row| row.actor.as_str() == "tom" && !row.allowed));
    let mallory = "5f0d2c1ab94e7763a1f2d09be8c45571";
    let hash = sha256(mallory);
    let theirs = format!("[[person]]\nname = \"mallory\"\nroles = {every}\ntoken_sha256 = \"{hash}\"\n");
    std::fs::write(&people, &theirs).unwrap();
    let before = trail(&store).await.len();
    for words in BY_HAND {
        let (well, told) = said(&other, Some(mallory), words);
        assert!(!well && told.contains("this credential is nobody's"), "{words:?}: {told}");
    }
    assert_eq!(trail(&store).await.len(), before, "there is nobody to record");

    // Nor does it help to write the table without the keys.
    let list = ["audit", "list"];
    assert!(said(&process, Some(&dev_token("elif")), &list).0);
    intruder
        .script("update in_force set value = replace(value, '\"rules\"', '\"dpo\"') where name = 'people'")
        .await;
    let (well, told) = said(&process, Some(&dev_token("tom")), &list);
    assert!(!well && told.contains("was not written by a hub with this file of keys"), "{told}");

    // Whose hub runs decides, and that others are known from now on is recorded.
    drop(Hub::open(Config::load(&other.config()).unwrap(), Start::Running { baseline: None }).await.unwrap());
    let (well, told) = said(&process, Some(mallory), &list);
    let last = told.lines().filter(|line| line.contains("  hub ()  change-people  ")).count();
    assert!(well && last == 2, "{told}");
    assert!(!said(&process, Some(&dev_token("elif")), &list).0);
    let (well, told) = said(&process, Some(mallory), &["audit", "list", "--json", "--actor", "elif"]);
    assert!(well && told.contains("\"read-audit\"") && !told.contains("mallory"), "{told}");
    let (well, told) =
        said(&process, Some(mallory), &["audit", "list", "--json", "--since", "2999-01-01T00:00:00Z"]);
    assert!(well && !told.contains("read-audit"), "{told}");

    // What is verified is what was written, and a changed row is named.
    let verify = ["audit", "verify"];
    let (well, told) = said(&process, Some(mallory), &verify);
    let kept = told.rsplit_once("elsewhere: ").unwrap().1.trim().to_owned();
    assert!(well, "{told}");
    assert!(said(&process, Some(mallory), &["audit", "verify", "--kept", &kept]).0);
    intruder.script("update audit set allowed = 1 where n = 3").await;
    let (well, told) = said(&process, Some(mallory), &verify);
    assert!(!well && told.contains("do not hold: row 3 is not what was written"), "{told}");
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_who_names_another_folder_is_nobody_else() {
    strangers(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_who_names_another_folder_is_nobody_else() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    strangers(Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_by_hand_is_decided_by_the_bundle_that_runs() {
    let (process, database) = ran(None).await;
    let other = process.beside().unwrap();
    let file = other.config().join("rules/deadlines.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n# another bundle\n")).unwrap();
    let words: [(&str, &[&str]); 3] = [
        ("lucas", &["review", "answer", ID, "--different", "--reason", "x"]),
        ("noor", &["redeliver", ID]),
        ("noor", &["clock", "--set-back"]),
    ];
    let pending = async || {
        let store = Store::open_beside(&database).await.unwrap();
        store.counts().await.unwrap().into_iter().find(|(name, _)| *name == "decided").unwrap().1
    };
    for (who, words) in words {
        let (well, told) = said(&other, Some(&dev_token(who)), words);
        assert!(!well && told.contains("name the folder of the hub that runs"), "{words:?}: {told}");
        assert!(told.trim().lines().count() == 1, "{told}");
    }
    assert_eq!(pending().await, 0, "nothing was said");
    let (_, told) = said(&process, Some(&dev_token("noor")), &["redeliver", ID]);
    assert!(told.contains("refused: "), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_comes_from_stdin_or_a_file() {
    let (process, _) = ran(None).await;
    let file = process.config().join("reason");
    std::fs::write(&file, "as they said on the phone\n").unwrap();
    let close = |words: &[&str]| {
        let mut command = process.command(&[&["quarantine", "close", ID], words].concat()).unwrap();
        command.env("HUB_CREDENTIAL", dev_token("noor")).stdin(std::fs::File::open(&file).unwrap());
        let output = command.stderr(Stdio::piped()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for words in [&["--reason", "-"][..], &["--reason-file", file.to_str().unwrap()], &["--reason", "x"]] {
        let (code, told) = close(words);
        assert!(code == Some(1) && told.contains("no message has this id"), "{words:?}: {told}");
    }
    std::fs::write(&file, "\n").unwrap();
    let (_, told) = close(&["--reason", "-"]);
    assert!(told.contains("say why, in at most"), "{told}");
    for words in [&[][..], &["--reason", "x", "--reason-file", "y"]] {
        assert_eq!(close(words).0, Some(2), "{words:?}");
    }
}
