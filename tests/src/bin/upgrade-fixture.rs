//! Makes a small store of the present version, to be kept: as SQLite file and as SQL for PostgreSQL, with its keys.
//!
//! `HUB_TEST_POSTGRES=… cargo run -p tests --bin upgrade-fixture -- tests/fixtures/upgrade NAME` writes the folder
//! `<schema version>-NAME` there. What stands there is never changed: an older version wrote it. `pg_dump` must be on
//! the path, of the server's version or later.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use hub::app::{Hub, Start};
use hub::clock::Clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tests::process::database;
use tests::upgrade::{FILES, next, tell};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(folder), Some(name), None) = (words.next(), words.next(), words.next()) else {
        anyhow::bail!("usage: upgrade-fixture DIR NAME");
    };
    let server = tests::setting("HUB_TEST_POSTGRES").context("HUB_TEST_POSTGRES is not set")?;
    let made = tempfile::tempdir()?;
    let [file, dump, keys, said] = FILES.map(|name| made.path().join(name));
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").context("a time")?;
    let mut config = tests::config();
    config.hub.keys.clone_from(&keys);

    let told = made.path().join("told.db");
    config.hub.database = format!("sqlite:{}", told.display());
    tell(&Hub::open(config.clone(), Start::Migrated(Clock::declared(now))).await?).await;
    // In one file, without what was deleted.
    let mut sqlite = SqliteConnection::connect(&config.hub.database).await?;
    sqlx::query("vacuum into $1").bind(file.display().to_string()).execute(&mut sqlite).await?;
    let version: i64 =
        sqlx::query_scalar("select value from meta where name = 'schema'").fetch_one(&mut sqlite).await?;

    let fresh = format!("hub_upgrade_{}", std::process::id());
    config.hub.database = database(&server, &fresh).await?;
    tell(&Hub::open(config.clone(), Start::Migrated(Clock::declared(now))).await?).await;
    std::fs::write(&dump, dumped(&config.hub.database)?)?;
    let mut server = PgConnection::connect(&server).await?;
    sqlx::query(AssertSqlSafe(format!("drop database {fresh} with (force)"))).execute(&mut server).await?;

    let next: Vec<String> = next().iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    std::fs::write(&said, next.join("\n") + "\n")?;
    let kept = PathBuf::from(folder).join(format!("{version}-{name}"));
    ensure!(!kept.exists(), "{} is there: what is kept is never changed", kept.display());
    std::fs::create_dir_all(&kept)?;
    for name in FILES {
        std::fs::copy(made.path().join(name), kept.join(name))?;
    }
    Ok(())
}

/// A database as SQL that any connection can run: without what only `psql` knows, and what only some versions set.
fn dumped(database: &str) -> anyhow::Result<String> {
    let mut command = Command::new("pg_dump");
    command.args(["--no-owner", "--no-privileges", "--rows-per-insert=50", database]);
    let output = command.output().context("pg_dump")?;
    ensure!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let others = ["SET ", "SELECT pg_catalog.set_config", "--", "\\"];
    let lines =
        text.lines().filter(|line| !line.is_empty() && !others.iter().any(|word| line.starts_with(word)));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}
