//! Faults on purpose: what a proof makes SQLite do, to see that nothing is acknowledged which is not stored.
//!
//! The faults are SQLite's own: a statement that is interrupted, a commit that turns into a rollback, a file that may
//! not grow. After each of them SQLite may roll the whole transaction back by itself. Only [`super::Store::open_with`]
//! takes them, no program does. Next: [`super::tx`], which must stand them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use futures::future::BoxFuture;
use sqlx::sqlite::{SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor};

/// More pages than a file can have: no limit.
const UNLIMITED: u32 = u32::MAX - 1;

/// What goes wrong on the connections of one store. Clones share it; at first nothing does.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<FaultsState>);

#[derive(Debug)]
struct FaultsState {
    /// Steps until the engine is interrupted; below nought it is not.
    steps: AtomicI64,
    commits_fail: AtomicBool,
    /// Nought where there never was a limit: then connections are not told of one.
    pages: AtomicU32,
}

impl Default for FaultsState {
    fn default() -> Self {
        Self { steps: AtomicI64::new(-1), commits_fail: AtomicBool::new(false), pages: AtomicU32::new(0) }
    }
}

impl Faults {
    /// Once so many steps of the engine were made, it is interrupted, once.
    pub fn interrupt_after(&self, steps: u32) {
        self.0.steps.store(steps.into(), Ordering::SeqCst);
    }

    /// Every commit turns into a rollback.
    pub fn fail_commits(&self) {
        self.0.commits_fail.store(true, Ordering::SeqCst);
    }

    /// The file may not have more pages than these; never fewer than it has.
    pub fn limit_pages(&self, pages: u32) {
        self.0.pages.store(pages, Ordering::SeqCst);
    }

    /// Nothing goes wrong any more.
    pub fn lift(&self) {
        self.0.commits_fail.store(false, Ordering::SeqCst);
        self.0.steps.store(-1, Ordering::SeqCst);
        if self.0.pages.load(Ordering::SeqCst) > 0 {
            self.0.pages.store(UNLIMITED, Ordering::SeqCst);
        }
    }

    /// A pool whose connections have these faults.
    pub(super) fn on(&self, pool: SqlitePoolOptions) -> SqlitePoolOptions {
        let (opened, taken) = (self.clone(), self.clone());
        pool.after_connect(move |connection, _| opened.clone().install(connection)).before_acquire(
            move |connection, _| {
                let faults = taken.clone();
                Box::pin(async move { faults.limit(connection).await.map(|()| true) })
            },
        )
    }

    fn install(self, connection: &mut SqliteConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async move {
            self.limit(connection).await?;
            let mut handle = connection.lock_handle().await?;
            let faults = self.clone();
            handle.set_progress_handler(1, move || !faults.interrupted());
            handle.set_commit_hook(move || !self.0.commits_fail.load(Ordering::SeqCst));
            Ok(())
        })
    }

    async fn limit(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let pages = self.0.pages.load(Ordering::SeqCst);
        if pages == 0 {
            return Ok(());
        }
        let sql = AssertSqlSafe(format!("pragma max_page_count = {pages}"));
        connection.execute(sqlx::raw_sql(sql)).await.map(|_| ())
    }

    /// Counts a step; whether it is the one that is interrupted.
    fn interrupted(&self) -> bool {
        self.0.steps.load(Ordering::SeqCst) >= 0 && self.0.steps.fetch_sub(1, Ordering::SeqCst) == 0
    }
}
