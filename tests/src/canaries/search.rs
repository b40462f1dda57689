//! The search for canaries: in bytes, in every file of a folder, in every row of a database.
//!
//! A database's files are not enough: PostgreSQL compresses long values, and then only the row shows them. Refuses to
//! know what a value means.

use std::path::Path;

use anyhow::Context as _;
use futures::TryStreamExt as _;
use memchr::memmem;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{Canaries, MARKS};

impl Canaries {
    /// Only one value, to search for it alone.
    #[must_use]
    pub fn only(value: &[u8]) -> Self {
        Self { values: vec![value.to_vec()], ..Self::default() }
    }

    /// The first canary in these bytes.
    #[must_use]
    pub fn found(&self, bytes: &[u8]) -> Option<String> {
        first(&self.values, bytes).or_else(|| first(&self.names, bytes))
    }

    /// The first in an answer to the one who sent them.
    #[must_use]
    pub fn answered(&self, bytes: &[u8]) -> Option<String> {
        first(&self.values, bytes)
    }

    /// Searches every file of a folder: how many were read, and the first that holds one.
    ///
    /// # Errors
    /// Where the folder cannot be read; a file that goes meanwhile is passed over.
    pub fn search(&self, folder: &Path) -> std::io::Result<(usize, Option<String>)> {
        self.search_but(folder, &|_| false)
    }

    /// The same without the folders that are others'.
    ///
    /// # Errors
    /// As [`Canaries::search`].
    pub fn search_but(
        &self,
        folder: &Path,
        others: &dyn Fn(&Path) -> bool,
    ) -> std::io::Result<(usize, Option<String>)> {
        let mut files = 0;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                if others(&path) {
                    continue;
                }
                let (read, found) = self.search_but(&path, others)?;
                files += read;
                if found.is_some() {
                    return Ok((files, found));
                }
            } else if let Ok(bytes) = std::fs::read(&path) {
                files += 1;
                if let Some(canary) = self.found(&bytes) {
                    return Ok((files, Some(format!("{canary} in {}", path.display()))));
                }
            }
        }
        Ok((files, None))
    }

    /// Searches every row of every table, each value as its bytes are: how many tables were read, and the first that
    /// holds one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn search_rows(&self, database: &mut PgConnection) -> anyhow::Result<(usize, Option<String>)> {
        let sql = "select quote_ident(tablename)::text from pg_tables where schemaname = 'public' order by 1";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *database).await?;
        for table in &tables {
            let sql = format!("copy (select * from {table}) to stdout (format binary)");
            let rows = database.copy_out_raw(&sql).await.context("the rows of a table")?;
            let bytes: Vec<u8> = rows.map_ok(|piece| piece.to_vec()).try_concat().await?;
            if let Some(canary) = self.found(&bytes) {
                return Ok((tables.len(), Some(format!("{canary} in {table}"))));
            }
        }
        Ok((tables.len(), None))
    }

    /// Writes a value in clear into a table of its own, where `long` among much else, as a careless column would.
    ///
    /// # Errors
    /// Where the database refuses.
    pub async fn spill(database: &mut PgConnection, value: &[u8], long: bool) -> anyhow::Result<()> {
        let around = if long { vec![b' '; 4_000] } else { b"said: ".to_vec() };
        sqlx::query("create table if not exists spilled (said bytea)").execute(&mut *database).await?;
        let sql = AssertSqlSafe("insert into spilled values ($1)");
        sqlx::query(sql).bind([around.as_slice(), value, &around].concat()).execute(&mut *database).await?;
        sqlx::query("checkpoint").execute(database).await?;
        Ok(())
    }
}

/// How far around a mark its canary reaches: none is longer.
pub const REACH: usize = 128;

/// The first of these canaries in some bytes: only where a mark stands.
fn first(canaries: &[Vec<u8>], bytes: &[u8]) -> Option<String> {
    let marked = MARKS.iter().flat_map(|mark| memmem::find_iter(bytes, mark));
    let around = |at: usize| &bytes[at.saturating_sub(REACH)..bytes.len().min(at + REACH)];
    let canary = |at| canaries.iter().find(|canary| memmem::find(around(at), canary).is_some());
    marked.into_iter().find_map(canary).map(|canary| String::from_utf8_lossy(canary).into_owned())
}
