//! `hub run`: the service, all of it or some of its roles.
//!
//! Refuses to migrate: that is `hub migrate`'s. Exit codes: 0 stopped by a signal, 1 it could not start.

use std::path::PathBuf;
use std::process::ExitCode;

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
}

/// Runs it.
///
/// # Errors
/// Where it cannot start.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let all = [Role::Intake, Role::Decide, Role::Deliver, Role::Request];
    let roles = if args.role.is_empty() { &all[..] } else { &args.role };
    app::run(&args.config, roles).await?;
    Ok(ExitCode::SUCCESS)
}
