//! The binary `hub`: reads the command line and hands over to one file of `hub::commands`.
//!
//! Refuses everything else. Exit codes: 0 done, 1 an error, told on stderr, 2 a command line that
//! was not understood.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hub::commands;

/// Takes in what is known of newcomers before they arrive, and hands the right part to the right agency.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell everything that is wrong with the config folder.
    Check(commands::check::Args),
    /// Bring the database to the schema of this program.
    Migrate(commands::migrate::Args),
    /// Tell who is responsible for a municipality on a day, or for every row of a file.
    Route(commands::route::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    hub::observe::log();
    let done = match Cli::parse().command {
        Command::Check(args) => commands::check::run(args).await,
        Command::Migrate(args) => commands::migrate::run(args).await,
        Command::Route(args) => commands::route::run(args).await,
    };
    done.unwrap_or_else(|error| {
        // Where stderr is gone as well, the exit code is all that is left to say it.
        drop(writeln!(std::io::stderr(), "hub: {error:#}"));
        ExitCode::FAILURE
    })
}
