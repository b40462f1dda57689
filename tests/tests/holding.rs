//! One holding of the lease on real stores: its steps overlap, its world is evicted, its fence is lost in the middle.
//!
//! Whatever happens, what is stored is what deciding again gives (I2), and nothing is answered before its commit.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use decide::world::Aside;
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::decider::replay::verify;
use hub::decider::{DeciderError, Holding, Turn};
use hub::store::rows::{Detail, Outcome};
use hub::vault::Vault;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tests::people::visa_lines;
use tests::process::database;

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
    let url = database(&server, &format!("hub_{name}_{}", std::process::id())).await.unwrap();
    config.hub.database.clone_from(&url);
    check(open(config).await, url).await;
}

/// Fills the inbox: so many people, five messages each, the second and third of each before its first.
async fn fill(hub: &Hub, people: usize) {
    let mut lines: Vec<_> = (0..people).flat_map(visa_lines).collect();
    lines.chunks_mut(5).for_each(|lines| lines.rotate_left(1));
    let items = lines.into_iter().map(Ok).collect();
    hub.intake
        .accept(adapters::source("visa").unwrap(), &adapters::Speaker::for_all("sender"), items)
        .await
        .unwrap();
}

async fn to_the_end(holding: &mut Holding, limit: usize) {
    while holding.turn(limit).await.unwrap() == Turn::Decided {}
}

async fn whole(hub: &Hub, messages: u64) {
    assert!(hub.store.pending(1).await.unwrap().is_empty());
    for batch in [1, 64] {
        let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        assert_eq!(report.differences, Vec::<String>::new(), "{report:?}");
        assert_eq!(report.messages, messages);
        assert!(report.records > 0, "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_kept_between_batches_changes_nothing() {
    on_each("evicted", async |hub, _| {
        for (round, (budget, limit)) in [(0, 1), (0, 7), (4_096, 3), (64 << 20, 500)].into_iter().enumerate()
        {
            let from = round * 4;
            let mut lines: Vec<_> = (from..from + 4).flat_map(visa_lines).collect();
            lines.rotate_left(3);
            let items = lines.into_iter().map(Ok).collect();
            hub.intake
                .accept(adapters::source("visa").unwrap(), &adapters::Speaker::for_all("sender"), items)
                .await
                .unwrap();
            let holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
            to_the_end(&mut holding.with_budget(budget), limit).await;
        }
        whole(&hub, 80).await;
    })
    .await;
}

/// Whoever writes to this row waits; then the lease is another's.
async fn steal(url: &str, meanwhile: impl AsyncFnOnce()) {
    let steal = "update lease set fence = fence + 1, owner = 'thief', until = 0 where name = 'decider'";
    if url.starts_with("sqlite:") {
        let mut thief = SqliteConnection::connect(url).await.unwrap();
        sqlx::query("begin immediate").execute(&mut thief).await.unwrap();
        meanwhile().await;
        sqlx::query(AssertSqlSafe(steal)).execute(&mut thief).await.unwrap();
        sqlx::query("commit").execute(&mut thief).await.unwrap();
    } else {
        let mut thief = PgConnection::connect(url).await.unwrap();
        sqlx::query("begin").execute(&mut thief).await.unwrap();
        sqlx::query(AssertSqlSafe(steal)).execute(&mut thief).await.unwrap();
        meanwhile().await;
        sqlx::query("commit").execute(&mut thief).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_lost_between_the_steps_leaves_nothing_of_them() {
    on_each("fenced", async |hub, url| {
        fill(&hub, 6).await;
        let mut holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
        let before = *hub.decided.subscribe().borrow();
        steal(&url, async || {
            // One batch is on its way to a commit that waits, another is decided on top of it.
            assert_eq!(holding.turn(5).await.unwrap(), Turn::Decided);
            assert_eq!(holding.turn(5).await.unwrap(), Turn::Decided);
        })
        .await;
        let ended = loop {
            match holding.turn(5).await {
                Ok(Turn::Decided) => {}
                other => break other,
            }
        };
        assert!(matches!(ended, Err(DeciderError::Fenced)), "{ended:?}");
        assert_eq!(*hub.decided.subscribe().borrow(), before, "nothing was answered");
        assert!(hub.store.decided(0, 10).await.unwrap().is_empty(), "nothing was stored");
        assert_eq!(hub.store.pending(100).await.unwrap().len(), 30, "nothing was lost");
        let mut next = Holding::take(&hub.decider()).await.unwrap().unwrap();
        to_the_end(&mut next, 7).await;
        whole(&hub, 30).await;
    })
    .await;
}

/// A database that refuses one record.
const REFUSES_SQLITE: &str = "create trigger refuses before insert on record when new.id = x'ID' \
                              begin select raise(abort, 'refused'); end";
const REFUSES_POSTGRES: &str = "create function refuse() returns trigger language plpgsql as \
     $$ begin if new.id = decode('ID', 'hex') then raise check_violation; end if; return new; end $$; \
     create trigger refuses before insert on record for each row execute function refuse()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_the_database_refuses_is_put_aside_alone() {
    on_each("refused", async |hub, url| {
        fill(&hub, 3).await;
        let refused = hub.store.pending(100).await.unwrap()[7];
        let text = |sql: &str| AssertSqlSafe(sql.replace("ID", &hex::encode(refused.bytes())));
        if url.starts_with("sqlite:") {
            let mut other = SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(text(REFUSES_SQLITE)).execute(&mut other).await.unwrap();
        } else {
            let mut other = PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(text(REFUSES_POSTGRES)).execute(&mut other).await.unwrap();
        }
        let mut holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
        to_the_end(&mut holding, 500).await;
        let decided = hub.store.decided(0, 100).await.unwrap();
        let aside: Vec<_> = decided
            .iter()
            .filter_map(|row| {
                Some((
                    row.id,
                    row.decision.clone().filter(|made| made.outcome == Outcome::Quarantined)?.detail,
                ))
            })
            .collect();
        assert_eq!(aside, [(refused, Some(Detail::Aside(Aside::NotStorable)))]);
        assert_eq!(decided.len(), 15);
        whole(&hub, 14).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_file_of_keys_puts_nothing_aside() {
    on_each("keys", async |hub, _| {
        fill(&hub, 2).await;
        let mut wrong = hub.clone();
        wrong.vault = Vault::new([9; 32], &[], [8; 32]).unwrap();
        let mut holding = Holding::take(&wrong.decider()).await.unwrap().unwrap();
        let ended = holding.turn(500).await;
        assert!(matches!(ended, Err(DeciderError::NoKey(_))), "{ended:?}");
        assert_eq!(hub.store.pending(100).await.unwrap().len(), 10);
        assert!(hub.store.decided(0, 100).await.unwrap().is_empty());
        drop(holding);
        let mut holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
        to_the_end(&mut holding, 500).await;
        whole(&hub, 10).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_due_moment_that_a_slow_clock_decided_too_early_is_brought_again() {
    on_each("due", async |hub, _| {
        let at = |text: &str| schemas::time::parse_instant(text).unwrap();
        let mut line = visa_lines(0).swap_remove(0);
        line["person"]["birth_date"] = "2007-12-05".into();
        hub.intake
            .accept(adapters::source("visa").unwrap(), &adapters::Speaker::for_all("sender"), vec![Ok(line)])
            .await
            .unwrap();
        let mut slow = hub.clone();
        slow.clock = Clock::declared(at("2025-11-20T08:00:00Z"));
        let decide = async |hub: &Hub| {
            to_the_end(&mut Holding::take(&hub.decider()).await.unwrap().unwrap(), 500).await;
        };
        decide(&slow).await;
        // Coming of age. The one who brings it is two seconds ahead, and it is midnight in Brussels.
        let (_, on) =
            hub.store.due(schemas::time::parse_day("2030-01-01").unwrap(), None, 10).await.unwrap()[0];
        let eve = on.pred_opt().unwrap();
        hub.clock.advance(at(&format!("{eve}T23:00:01Z")));
        slow.clock.advance(at(&format!("{eve}T22:59:59Z")));
        assert_eq!(hub.intake.bring_due().await.unwrap(), 1);
        decide(&slow).await;
        assert_eq!(hub.intake.bring_due().await.unwrap(), 0, "once an hour is enough");
        assert_eq!(hub.store.due(on, None, 10).await.unwrap().len(), 1, "it was decided on the day before");
        hub.clock.advance(at(&format!("{on}T00:00:01Z")));
        slow.clock.advance(at(&format!("{on}T00:00:01Z")));
        assert_eq!(hub.intake.bring_due().await.unwrap(), 1);
        decide(&slow).await;
        assert!(hub.store.due(on, None, 10).await.unwrap().is_empty());
    })
    .await;
}
