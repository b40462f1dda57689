//! Quarantine has a way out: what a fault put aside is decided again once the fault is mended, or closed under a name.
//!
//! The fault is a database that refuses a record. On both engines; what is stored is what deciding again gives (I2). The
//! commands are those of the real binary, beside a hub that runs. The store's own part: `store/quarantine.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::process::{Output, Stdio};

use decide::world::Aside;
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, dev_token};
use hub::decider::replay::verify;
use hub::desk::{Action, Actor, Allowed, Occasion};
use hub::quarantine::{Quarantine, QuarantineError, Stands, Which};
use hub::store::Store;
use hub::store::rows::{Outcome, Remedy};
use schemas::ids::MessageId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tests::people::visa_lines;
use tests::process::{Process, database, until};
use tests::saying::{decide, put};

/// Runs a check on a hub of each engine; the address of its database comes along.
async fn on_each(name: &str, check: impl AsyncFn(Hub, String)) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    let open = async |config| Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    let url = config.hub.database.clone();
    check(open(config.clone()).await, url).await;
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let url = database(&server, &format!("hub_aside_{name}_{}", std::process::id())).await.unwrap();
    config.hub.database.clone_from(&url);
    check(open(config).await, url).await;
}

const REFUSES_SQLITE: &str = "create table if not exists refused (id blob); delete from refused; \
     insert into refused values IDS; drop trigger if exists refuses; \
     create trigger refuses before insert on record when new.id in (select id from refused) \
     begin select raise(abort, 'refused'); end";
const REFUSES_POSTGRES: &str = "create table if not exists refused (id bytea); delete from refused; \
     insert into refused values IDS; create or replace function refuse() returns trigger language plpgsql as \
     $$ begin if new.id in (select id from refused) then raise check_violation; end if; return new; end $$; \
     drop trigger if exists refuses on record; \
     create trigger refuses before insert on record for each row execute function refuse()";

async fn run_sql(url: &str, sqlite: &str, postgres: &str) {
    if url.starts_with("sqlite:") {
        let mut other = SqliteConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sqlite)).execute(&mut other).await.unwrap();
    } else {
        let mut other = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(postgres)).execute(&mut other).await.unwrap();
    }
}

/// The database refuses these records from now on.
async fn refuse(url: &str, ids: &[MessageId]) {
    let hex: Vec<String> = ids.iter().map(|id| hex::encode(id.bytes())).collect();
    let sqlite: Vec<String> = hex.iter().map(|hex| format!("(x'{hex}')")).collect();
    let postgres: Vec<String> = hex.iter().map(|hex| format!("(decode('{hex}', 'hex'))")).collect();
    let fill = |text: &str, ids: Vec<String>| text.replace("IDS", &ids.join(", "));
    run_sql(url, &fill(REFUSES_SQLITE, sqlite), &fill(REFUSES_POSTGRES, postgres)).await;
}

/// The fault is mended.
async fn mend(url: &str) {
    run_sql(url, "delete from refused", "delete from refused").await;
}

/// Somebody of this name may do this about these.
async fn allowed(hub: &Hub, who: &str, action: Action, which: Which) -> Allowed {
    let actor = Actor::of(&hub.config.people, &dev_token(who)).unwrap();
    hub.desk.rights().allow(&actor, action, which, Occasion::Incident).await.unwrap()
}

fn quarantine(hub: &Hub) -> Quarantine {
    Quarantine::new(&hub.store, hub.store.remedies(), &hub.vault, hub.clock.clone())
}

async fn repeat(hub: &Hub, which: Which) -> Result<Vec<MessageId>, QuarantineError> {
    let noor = allowed(hub, "noor", Action::RepeatQuarantined, which).await;
    quarantine(hub).act(&noor, which, "the disk was mended").await
}

async fn close(hub: &Hub, which: Which) -> Result<Vec<MessageId>, QuarantineError> {
    let noor = allowed(hub, "noor", Action::CloseQuarantined, which).await;
    quarantine(hub).act(&noor, which, "sent twice by hand").await
}

async fn aside(hub: &Hub) -> Vec<MessageId> {
    hub.store.quarantine(None, None, 1_000).await.unwrap().into_iter().map(|row| row.id).collect()
}

async fn ends(hub: &Hub, id: MessageId) -> Vec<Outcome> {
    hub.store.decisions(id).await.unwrap().into_iter().map(|made| made.outcome).collect()
}

/// Deciding again gives what is stored, in batches of any size.
async fn whole(hub: &Hub, messages: u64) {
    for batch in [1, 500] {
        let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        assert_eq!(report.differences, Vec::<String>::new(), "{report:?}");
        assert_eq!(report.messages, messages);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_fault_put_aside_is_decided_as_a_late_one_once_it_is_mended() {
    on_each("late", async |hub, url| {
        // Of three persons the application is refused by the database, and all that follows it is not.
        let sent = put(&hub, "visa", &(0..3).flat_map(visa_lines).collect::<Vec<_>>()).await;
        refuse(&url, &[sent[0], sent[5], sent[10]]).await;
        decide(&hub).await;
        assert_eq!(aside(&hub).await, [sent[0], sent[5], sent[10]]);
        whole(&hub, 12).await;

        // As long as the fault is there it only lies aside anew.
        assert_eq!(repeat(&hub, Which::Message(sent[0])).await.unwrap(), [sent[0]]);
        assert!(aside(&hub).await.iter().all(|id| *id != sent[0]), "it is on its way");
        decide(&hub).await;
        assert_eq!(aside(&hub).await, [sent[0], sent[5], sent[10]]);
        assert_eq!(ends(&hub, sent[0]).await, [Outcome::Quarantined; 2]);
        whole(&hub, 12).await;

        mend(&url).await;
        // What is known of them by now stands; the late one says what it has to say.
        assert_eq!(repeat(&hub, Which::Message(sent[0])).await.unwrap(), [sent[0]]);
        let twice = repeat(&hub, Which::Message(sent[0])).await;
        assert!(
            matches!(twice, Err(QuarantineError::Stands(id, Stands::Queued)) if id == sent[0]),
            "{twice:?}"
        );
        decide(&hub).await;
        let late = ends(&hub, sent[0]).await;
        assert_eq!(late, [Outcome::Quarantined, Outcome::Quarantined, Outcome::Decided]);
        whole(&hub, 13).await;
        let again = repeat(&hub, Which::Message(sent[0])).await;
        let stands = Stands::Ended(Outcome::Decided);
        assert!(matches!(again, Err(QuarantineError::Stands(_, found)) if found == stands), "{again:?}");

        // All the rest by its cause.
        let cause = Which::Cause(Aside::NotStorable);
        assert_eq!(repeat(&hub, cause).await.unwrap(), [sent[5], sent[10]]);
        decide(&hub).await;
        assert_eq!(aside(&hub).await, []);
        assert!(matches!(repeat(&hub, cause).await, Err(QuarantineError::Nothing(Aside::NotStorable))));
        whole(&hub, 15).await;

        // Who did it, when and why, beside what was done.
        let acts = hub.store.acts(sent[0]).await.unwrap();
        let access = tests::ACCESS;
        for (n, (about, act)) in (1u64..).zip(&acts) {
            assert_eq!((*about, act.remedy, act.actor.as_str()), (n, Remedy::Repeat, "noor"));
            assert_eq!(hub.vault.said(act, access).unwrap(), "the disk was mended");
        }
        assert_eq!(acts.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_record_may_wait_and_be_released_and_may_bring_who_waits() {
    on_each("waits", async |hub, url| {
        // What was decided about an application waits for it; here it lies aside first, and waits when it is repeated.
        let lines = visa_lines(0);
        let (named, unnamed): (Vec<Value>, Vec<Value>) =
            lines.into_iter().partition(|line| line["person"].is_object());
        let early = put(&hub, "visa", &unnamed).await;
        refuse(&url, &early[..1]).await;
        decide(&hub).await;
        assert_eq!(aside(&hub).await, early[..1]);
        mend(&url).await;
        repeat(&hub, Which::Message(early[0])).await.unwrap();
        decide(&hub).await;
        assert_eq!(ends(&hub, early[0]).await, [Outcome::Quarantined, Outcome::Waiting]);
        // So does the application itself, and brings it when it is repeated.
        let late = put(&hub, "visa", &named).await;
        refuse(&url, &late).await;
        decide(&hub).await;
        assert_eq!(aside(&hub).await, late);
        whole(&hub, early.len() as u64).await;
        mend(&url).await;
        repeat(&hub, Which::Cause(Aside::NotStorable)).await.unwrap();
        decide(&hub).await;
        assert_eq!(ends(&hub, early[0]).await, [Outcome::Quarantined, Outcome::Waiting, Outcome::Decided]);
        whole(&hub, 5).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_message_is_listed_no_more_and_nothing_follows_from_it() {
    on_each("closed", async |hub, url| {
        let sent = put(&hub, "visa", &visa_lines(0)).await;
        refuse(&url, &[sent[1], sent[4]]).await;
        decide(&hub).await;
        mend(&url).await;
        for reason in ["", "  ", &"x".repeat(1_001)] {
            let which = Which::Message(sent[1]);
            let noor = allowed(&hub, "noor", Action::CloseQuarantined, which).await;
            let said = quarantine(&hub).act(&noor, which, reason).await;
            assert!(matches!(said, Err(QuarantineError::Reason)), "{said:?}");
        }
        assert_eq!(close(&hub, Which::Message(sent[1])).await.unwrap(), [sent[1]]);
        assert_eq!(aside(&hub).await, [sent[4]]);
        for again in [repeat(&hub, Which::Message(sent[1])).await, close(&hub, Which::Message(sent[1])).await]
        {
            let stands = Stands::Ended(Outcome::Closed);
            assert!(matches!(again, Err(QuarantineError::Stands(_, found)) if found == stands), "{again:?}");
        }
        let unknown = close(&hub, Which::Message(MessageId::from_bytes([9; 16]))).await;
        assert!(matches!(unknown, Err(QuarantineError::Unknown)), "{unknown:?}");
        assert!(matches!(close(&hub, Which::Message(sent[0])).await, Err(QuarantineError::Stands(..))));
        decide(&hub).await;
        assert_eq!(ends(&hub, sent[1]).await, [Outcome::Quarantined, Outcome::Closed]);
        whole(&hub, 3).await;
        // It holds its id no longer: sent again, it is decided.
        let anew = put(&hub, "visa", &visa_lines(0)[1..2]).await;
        decide(&hub).await;
        assert_eq!(ends(&hub, anew[0]).await, [Outcome::Decided]);
        // What was allowed about one message is no leave for another.
        let one = allowed(&hub, "noor", Action::RepeatQuarantined, Which::Message(sent[1])).await;
        let other = quarantine(&hub).act(&one, Which::Message(sent[4]), "it fits").await;
        assert!(matches!(other, Err(QuarantineError::Other)), "{other:?}");
    })
    .await;
}

/// Runs a command as somebody.
fn command(process: &Process, who: Option<&str>, words: &[&str]) -> Output {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL").env_remove("HUB_CREDENTIAL_FILE");
    if let Some(who) = who {
        command.env("HUB_CREDENTIAL", dev_token(who));
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn by_hand(server: Option<&str>) {
    let mut process = Process::prepare(server, None).await.unwrap();
    process.go().unwrap();
    let url = Config::load(&process.config()).unwrap().hub.database;
    let store = Store::open_beside(&url).await.unwrap();
    // Two applications of people in one batch are refused, whatever their ids will be.
    let all = [
        "create trigger refuses before insert on record begin select raise(abort, 'refused'); end",
        "create function refuse() returns trigger language plpgsql as $$ begin raise check_violation; end $$; \
         create trigger refuses before insert on record for each row execute function refuse()",
    ];
    run_sql(&url, all[0], all[1]).await;
    let body: String = (0..2).map(|n| format!("{}\n", visa_lines(n)[0])).collect();
    process.push("visa", "post-cas", "application/x-ndjson", body.as_bytes()).await.unwrap();
    let both = async || store.quarantine(None, None, 10).await.unwrap().len() == 2;
    until("two messages to lie aside", both).await.unwrap();
    run_sql(&url, "drop trigger refuses", "drop trigger refuses on record").await;

    let listed = command(&process, None, &["quarantine", "list", "--json"]);
    let listed = lines(&listed);
    assert_eq!(listed.len(), 2);
    assert!(
        listed.iter().all(|line| line["code"] == "not-storable" && line["source"] == "visa"),
        "{listed:?}"
    );
    let ids: Vec<&str> = listed.iter().map(|line| line["message"].as_str().unwrap()).collect();
    let other = command(&process, None, &["quarantine", "list", "--cause", "heart-panicked"]);
    assert!(other.status.success() && other.stdout.is_empty());

    // Who may not is refused, and that is recorded; a cause that is none is a mistake on the command line.
    let again = ["quarantine", "repeat", ids[0], "--reason", "mended", "--json"];
    for (who, code) in [(None, 1), (Some("tom"), 1)] {
        assert_eq!(command(&process, who, &again).status.code(), Some(code));
    }
    for words in
        [&["quarantine", "repeat", "--reason", "mended"][..], &["quarantine", "list", "--cause", "else"]]
    {
        assert_eq!(command(&process, Some("noor"), words).status.code(), Some(2), "{words:?}");
    }
    let repeated = command(&process, Some("noor"), &again);
    assert!(repeated.status.success(), "{repeated:?}");
    assert_eq!(lines(&repeated)[0]["outcome"], "decided", "the hub that runs decides it");
    let again = command(&process, Some("noor"), &again);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("does not lie aside: it was decided"),
        "{again:?}"
    );
    let closed =
        command(&process, Some("noor"), &["quarantine", "close", ids[1], "--reason", "sent again since"]);
    assert!(closed.status.success(), "{closed:?}");
    assert!(lines(&command(&process, None, &["quarantine", "list", "--json"])).is_empty());
    let shown = lines(&command(&process, Some("noor"), &["quarantine", "show", ids[1], "--json"])).remove(0);
    assert_eq!(shown["acts"][0]["reason"], "sent again since");
    assert_eq!((&shown["acts"][0]["actor"], &shown["lies_aside"]), (&"noor".into(), &false.into()));
    let outcomes =
        shown["decisions"].as_array().unwrap().iter().map(|made| made["outcome"].as_str().unwrap());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["put aside", "closed"]);

    let trail = tests::saying::trail(&store).await;
    let trail: Vec<_> =
        trail.iter().map(|row| (row.actor.as_str(), row.action.as_str(), row.allowed)).collect();
    let expect = [
        ("tom", "repeat-quarantined", false),
        ("noor", "repeat-quarantined", true),
        ("noor", "repeat-quarantined", true),
        ("noor", "close-quarantined", true),
        ("noor", "show-quarantined", true),
    ];
    assert_eq!(trail, expect);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_the_commands_work_beside_a_hub_that_runs() {
    by_hand(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_commands_work_beside_a_hub_that_runs() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    by_hand(Some(&server)).await;
}
