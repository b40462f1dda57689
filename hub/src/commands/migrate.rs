//! `hub migrate`: brings the store to the version of this program, and makes the keys of a first installation.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::{self, keys};
use crate::clock::Clock;
use crate::store::Store;

/// Brings the database's schema up to date. Safe to run by several at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of configuration.
    #[arg(long, default_value = "config")]
    config: PathBuf,
}

/// Runs it.
///
/// # Errors
/// Where the database is away or refuses.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let settings = app::configured(&args.config)?;
    keys::read_or_make(&settings.keys, &Clock::system())?;
    Store::open(&settings.database).await?.migrate().await?;
    tracing::info!("the schema is of this program's version");
    Ok(ExitCode::SUCCESS)
}
