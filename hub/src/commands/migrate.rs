//! `hub migrate`: brings the database to the schema of this program, and makes an embedded one with its folder.
//!
//! Safe to run by several at once, and again. Exit codes: 0 the schema is right, 1 it is not.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::config::Config;
use crate::store::Store;

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
    if let Some(folder) = config.hub.database_file().as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(folder).with_context(|| format!("no folder {}", folder.display()))?;
    }
    Store::open(&config.hub.database).await?.migrate().await?;
    tracing::info!("the schema is that of this program");
    Ok(ExitCode::SUCCESS)
}
