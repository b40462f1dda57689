//! `hub migrate`: brings the database to the schema of this program.
//!
//! Safe to run by several at once, and again. Exit codes: 0 the schema is right, 1 it is not.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::Config;
use crate::store::Store;

/// Which database.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The config folder; `hub.toml` names the database.
    #[arg(long, value_name = "DIR", default_value = "config")]
    config: PathBuf,
}

/// Migrates.
///
/// # Errors
/// Where the config or the database does not allow it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    Store::open(&config.hub.database).await?.migrate().await?;
    tracing::info!("the schema is that of this program");
    Ok(ExitCode::SUCCESS)
}
