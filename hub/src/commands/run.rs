//! `hub run`: the service, all of it or some of its roles.
//!
//! Refuses to migrate: that is `hub migrate`'s. Exit codes: 0 stopped by a signal, 1 it could not start.

use std::path::PathBuf;
use std::process::ExitCode;

use schemas::time::Day;

use super::route::day;
use crate::app::{self, Role};

/// Runs the hub until a signal comes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of configuration.
    #[arg(long, default_value = "config")]
    config: PathBuf,
    /// What this process does; everything unless said.
    #[arg(long, value_enum, value_delimiter = ',')]
    role: Vec<Role>,
    /// What comes in is a first load: what was so before this day opens nothing until that was approved
    /// (docs/first-load.md). The same for every process of a hub.
    #[arg(long, value_name = "DAY", value_parser = day)]
    baseline: Option<Day>,
}

/// Runs it.
///
/// # Errors
/// Where it cannot start.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let all = [Role::Intake, Role::Answers, Role::Decide, Role::Deliver, Role::Request];
    let roles = if args.role.is_empty() { &all[..] } else { &args.role };
    app::run(&args.config, roles, args.baseline).await?;
    Ok(ExitCode::SUCCESS)
}
