//! A year of a country through the real store, and where everybody ended.
//!
//! `cargo run --release -p tests --bin year -- [--postgres URL] [--lives N] [--seed N]`: counts on stdout, words on stderr; exit code 1 where
//! an invariant broke. On SQLite in a folder of its own where no server is named. Figures: docs/year.md. Next: `tests::year`.

use std::io::Write;

use anyhow::{Context, ensure};
use clap::Parser;
use hub::app::{Hub, Start, in_data};
use hub::clock::Clock;
use schemas::time::start_of;
use tests::year::{begins, config, live};

#[derive(Debug, Parser)]
struct Args {
    /// A PostgreSQL where databases may be made.
    #[arg(long)]
    postgres: Option<String>,
    #[arg(long, default_value_t = 60_000)]
    lives: u32,
    /// The same number is the same year.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// As in the program that decides.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn say(words: &str) {
    // Where stderr is gone the counts still come.
    drop(writeln!(std::io::stderr(), "{words}"));
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let mut config = config();
    in_data(folder.path(), &mut config);
    if let Some(server) = &args.postgres {
        // One of its own each time: what an earlier run left can be looked at.
        let name = format!("hub_year_{}", std::process::id());
        config.hub.database = tests::process::database(server, &name).await.context("PostgreSQL")?;
    }
    let hub = Hub::open(config, Start::Migrated(Clock::repeatable(start_of(begins()), args.seed))).await?;
    let year = live(&hub, args.lives, args.seed, |words| say(&words)).await;
    let mut out = std::io::stdout().lock();
    write!(out, "{}", year.ends)?;
    for (part, took) in &year.parts {
        say(&format!("{part}: {} s", took.as_secs()));
    }
    say(&format!("{} lives in {} s", args.lives, year.took.as_secs()));
    year.broken.iter().take(20).for_each(|what| say(what));
    ensure!(year.broken.is_empty(), "an invariant broke {} times", year.broken.len());
    Ok(())
}
