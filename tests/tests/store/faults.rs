//! Nothing is acknowledged that is not stored, whatever the engine does in the middle.
//!
//! Each unit of work that writes is run with SQLite interrupted after one step, after two and so on, with commits that
//! turn into rollbacks, and with a file that may not grow: after some of these SQLite has rolled back by itself, after
//! others it has not. What was answered is compared with what a connection from outside reads. Next: `../full_disk.rs`
//! for the same of the whole process on a real disk.

use hub::store::rows::Lease;
use hub::store::wrapped::WrappedIn;
use hub::store::{Faults, Store, StoreError};
use schemas::ids::TaskId;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query, query_scalar};

use crate::given::*;

/// Every unit of work of the store that writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    Migrate,
    InsertInbox,
    InsertRefusals,
    PurgeRefusals,
    Lease,
    Claim,
    BundleNumber,
    ReserveWrapping,
    ExchangeWrapped,
    Commit,
    CloseLedger,
    ClaimTasks,
    FinishTask,
    RetryTask,
}

const UNITS: [Unit; 14] = [
    Unit::Migrate,
    Unit::InsertInbox,
    Unit::InsertRefusals,
    Unit::PurgeRefusals,
    Unit::Lease,
    Unit::Claim,
    Unit::BundleNumber,
    Unit::ReserveWrapping,
    Unit::ExchangeWrapped,
    Unit::Commit,
    Unit::CloseLedger,
    Unit::ClaimTasks,
    Unit::FinishTask,
    Unit::RetryTask,
];

/// How often the store is asked again while a fault lasts that does not go by itself.
const AGAIN: u32 = 3;

/// A store in a file, with something in it, and a connection of a stranger to the same file.
struct Ground {
    store: Store,
    faults: Faults,
    outside: SqliteConnection,
    lease: Option<Lease>,
    probes: i64,
    _folder: tempfile::TempDir,
}

impl Ground {
    async fn new(unit: Unit) -> Self {
        let (folder, faults) = (tempfile::tempdir().unwrap(), Faults::default());
        let url = format!("sqlite:{}", folder.path().join("hub.db").display());
        let store = Store::open_with(&url, &faults).await.unwrap();
        let mut lease = None;
        if unit != Unit::Migrate {
            store.migrate().await.unwrap();
            store.insert_inbox(vec![inbox(1), inbox(2)]).await.unwrap();
            store.insert_refusals(vec![refusal(1), refusal(2), refusal(3)]).await.unwrap();
            let held = decider(&store).await;
            store.commit(&held, &full(1)).await.unwrap();
            lease = Some(held);
        }
        let outside = SqliteConnection::connect(&url).await.unwrap();
        Self { store, faults, outside, lease, probes: 0, _folder: folder }
    }

    async fn run(&self, unit: Unit) -> Result<(), StoreError> {
        let task = TaskId::from_bytes(bytes(1));
        match unit {
            Unit::Migrate => self.store.migrate().await,
            Unit::InsertInbox => {
                self.store.insert_inbox(vec![inbox(1), inbox(5), inbox(6)]).await.map(|_| ())
            }
            Unit::InsertRefusals => self.store.insert_refusals(vec![refusal(7), refusal(8)]).await,
            Unit::PurgeRefusals => self.store.purge_refusals(at(3)).await.map(|_| ()),
            Unit::Lease => self.store.lease("relay", "one", 60).await.map(|_| ()),
            Unit::Claim => self.store.claim("relay", "one", 60).await.map(|_| ()),
            Unit::BundleNumber => self.store.bundle_number("2", "b2").await.map(|_| ()),
            Unit::ReserveWrapping => self.store.reserve_wrapping(*b"KEY!", 10).await.map(|_| ()),
            Unit::ExchangeWrapped => {
                let keys = vec![(bytes(1), b"person key 1".to_vec(), b"NEW! key 1".to_vec())];
                self.store.exchange_wrapped(WrappedIn::Key, keys).await.map(|_| ())
            }
            Unit::ClaimTasks => self.store.claim_tasks(at(1), at(9), 10).await.map(|_| ()),
            Unit::Commit => self.store.commit(self.lease.as_ref().unwrap(), &full(2)).await,
            Unit::CloseLedger => self.store.close_ledger(&recipient("atlas"), 1, at(9)).await,
            Unit::FinishTask => self.store.finish_task(task).await,
            Unit::RetryTask => self.store.retry_task(task, at(9)).await,
        }
    }

    /// Everything that is stored, as a stranger reads it; without times of the engine's own and without probes.
    async fn stored(&mut self) -> String {
        let tables = "select name from sqlite_master where type = 'table' order by name";
        let tables: Vec<String> = query_scalar(tables).fetch_all(&mut self.outside).await.unwrap();
        let mut all = String::new();
        for table in tables {
            let columns = format!(
                "select group_concat('quote(' || name || ')', '||'',''||') from pragma_table_info('{table}') \
                 where name <> 'until'"
            );
            let columns: String =
                query_scalar(AssertSqlSafe(columns)).fetch_one(&mut self.outside).await.unwrap();
            let which = if table == "lease" { "where name <> 'probe'" } else { "" };
            let rows = format!("select {columns} as row from {table} {which} order by row");
            let rows: Vec<String> =
                query_scalar(AssertSqlSafe(rows)).fetch_all(&mut self.outside).await.unwrap();
            all += &format!("{table}\n{}\n", rows.join("\n"));
        }
        all
    }

    /// Something small is stored or not as it is answered.
    async fn probe(&mut self) {
        match self.store.lease("probe", "one", 0).await {
            Ok(lease) => assert_eq!(lease.unwrap().fence, self.probes + 1),
            Err(error) => assert!(matches!(error, StoreError::Away(_)), "{error:?}"),
        }
        let sql = "select coalesce(max(fence), 0) from lease where name = 'probe'";
        let stored: i64 = query_scalar(sql).fetch_one(&mut self.outside).await.unwrap();
        // An answer may be lost on its way, what it says may not.
        assert!(stored == self.probes || stored == self.probes + 1, "{stored} after {}", self.probes);
        self.probes = stored;
    }

    /// A unit whose data are at fault: told as that, and in nobody's way.
    async fn at_fault(&mut self) {
        let mut batch = full(2);
        batch.outbox.push(outbox(2, "amal", 1, 2));
        let error = self.store.commit(self.lease.as_ref().unwrap(), &batch).await.unwrap_err();
        assert!(matches!(error, StoreError::Data { .. } | StoreError::Away(_)), "{error:?}");
    }

    /// Runs the unit under a fault: what it acknowledges is stored, and nothing is stored by half. Whether it is.
    async fn under(&mut self, unit: Unit, again: u32, ends: &(String, String)) -> bool {
        let done = self.run(unit).await;
        for _ in 0..again {
            if unit != Unit::Migrate {
                self.at_fault().await;
                self.probe().await;
            }
        }
        self.faults.lift();
        let stored = self.stored().await;
        match &done {
            Ok(()) => assert_eq!(stored, ends.1, "{unit:?} was acknowledged"),
            // Interrupted behind its commit, a unit is done and cannot say it: it is asked for again.
            Err(StoreError::Away(_)) => assert!(stored == ends.0 || stored == ends.1, "{unit:?}\n{stored}"),
            Err(error) => panic!("{unit:?}: a full disk is nobody's fault: {error:?}"),
        }
        if unit != Unit::Migrate {
            let before = self.probes;
            self.probe().await;
            assert_eq!(self.probes, before + 1, "after the fault everything goes on");
        }
        stored == ends.1
    }
}

/// What is stored before the unit, and after it where nothing goes wrong.
async fn ends(unit: Unit) -> (String, String) {
    let mut ground = Ground::new(unit).await;
    let before = ground.stored().await;
    ground.run(unit).await.unwrap();
    let after = ground.stored().await;
    assert_ne!(before, after, "{unit:?} stores something");
    (before, after)
}

#[tokio::test]
async fn interrupted_at_any_step_a_unit_is_wholly_there_or_not_at_all() {
    for unit in UNITS {
        let (ends, mut ground) = (ends(unit).await, Ground::new(unit).await);
        let mut steps = 0;
        loop {
            ground.faults.interrupt_after(steps);
            if ground.under(unit, 1, &ends).await {
                break;
            }
            // Each of the first steps, then one in a hundred and so on: a migration makes thousands.
            steps += 1 + steps / 100;
            assert!(steps < 1_000_000, "{unit:?} is interrupted for ever");
        }
        assert!(steps > 1, "{unit:?} was interrupted {steps} times");
    }
}

#[tokio::test]
async fn a_commit_that_turns_into_a_rollback_is_not_acknowledged() {
    for unit in UNITS {
        let (ends, mut ground) = (ends(unit).await, Ground::new(unit).await);
        for _ in 0..AGAIN {
            ground.faults.fail_commits();
            assert!(!ground.under(unit, AGAIN, &ends).await, "{unit:?}");
        }
        assert!(ground.under(unit, AGAIN, &ends).await, "{unit:?}");
    }
}

#[tokio::test]
async fn a_file_that_may_not_grow_takes_what_it_acknowledges() {
    let mut refused = 0;
    for unit in UNITS {
        let (ends, mut ground) = (ends(unit).await, Ground::new(unit).await);
        let pages: u32 = query_scalar("pragma page_count").fetch_one(&mut ground.outside).await.unwrap();
        for more in 0.. {
            ground.faults.limit_pages(pages + more);
            if ground.under(unit, AGAIN, &ends).await {
                break;
            }
            refused += 1;
            assert!(more < 1_000, "{unit:?} never has room");
        }
    }
    assert!(refused > 10, "only {refused} units met the end of the file");
}

/// Where a migration changed a table below a running hub, or a pooler lost its statements, a connection is of no
/// more use. Another one is, and nobody's data are at fault.
#[tokio::test]
async fn a_connection_whose_statements_no_longer_fit_is_replaced() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let name = format!("store_faults_{}", std::process::id());
    let url = tests::process::database(&server, &name).await.unwrap();
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    store.insert_inbox(vec![inbox(1)]).await.unwrap();
    assert_eq!(store.pending(10).await.unwrap().len(), 1);
    let mut admin = PgConnection::connect(&url).await.unwrap();
    query("alter table inbox alter column sender type varchar(200)").execute(&mut admin).await.unwrap();
    match store.pending(10).await {
        Ok(rows) => assert_eq!(rows.len(), 1),
        Err(error) => assert!(matches!(error, StoreError::Away(_)), "{error:?}"),
    }
    assert_eq!(store.pending(10).await.unwrap().len(), 1);
}
