//! The binary `hub`: reads the command line and hands over to one file of `hub::commands`, or to `demo`.
//!
//! Refuses everything else. Exit codes: 0 done or nobody reads on, 1 an error, told on stderr, 2 a command line
//! that was not understood.

mod demo;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hub::commands;

/// Takes in what is known of newcomers before they arrive, and hands the right part to the right agency.
#[derive(Debug, Parser)]
#[command(name = "hub", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what people did by hand, and verify that it is what was written.
    Audit(commands::audit::Args),
    /// Tell what a first load would open, and approve it.
    Baseline(commands::baseline::Args),
    /// Tell everything that is wrong with the config folder.
    Check(commands::check::Args),
    /// Compare the clocks with the last decision; set its time back after a clock was ahead.
    Clock(commands::clock::Args),
    /// Play a story in one process: sources push, the clock follows, agencies answer.
    Demo(demo::Args),
    /// Tell whether everything around the hub is as it must be, and what to do where it is not.
    Doctor(commands::doctor::Args),
    /// Tell what a source's door would make of files: facts or findings. Nothing is stored or sent.
    DryRun(commands::dry_run::Args),
    /// Tell why something is as it is: who is responsible, on which facts and rules, what was shown to whom.
    Explain(commands::explain::Args),
    /// Write down what the schema id of each new or changed contract stands for from now on.
    Freeze(commands::freeze::Args),
    /// Show the key-encryption keys and what each wraps; wrap everything by the first one.
    Keys(commands::keys::Args),
    /// Bring the database to the schema of this program.
    Migrate(commands::migrate::Args),
    /// Tell how alike the two names of every row of a file are, in any scripts.
    Names(commands::names::Args),
    /// Send a file to a source's door, as a sender would.
    Push(commands::push::Args),
    /// List, show, repeat and close messages that could not be processed.
    Quarantine(commands::quarantine::Args),
    /// Issue one stream's view again.
    Redeliver(commands::redeliver::Args),
    /// Decides about one handover: send again, hold, release, withdraw, end a line, lift a restriction
    Order(commands::order::Args),
    /// Tell what a split of a person would touch, or order it: records of theirs are somebody else's.
    Split(commands::split::Args),
    /// Decide everything again, in memory, and compare.
    Replay(commands::replay::Args),
    /// List, show and answer the links that a human must decide.
    Review(commands::review::Args),
    /// Which records of a CSV file are of one person.
    Link(commands::link::Args),
    /// Tell who is responsible for a municipality on a day, or for every row of a file.
    Route(commands::route::Args),
    /// Play scenario files in memory, and tell where what comes out is not what they expect.
    Scenario(commands::scenario::Args),
    /// The state table of handovers, as the hub decides by it
    Table(commands::table::Args),
    /// Run the service, all of it or some of its roles.
    Run(commands::run::Args),
    /// Show decoded records of one recipient, or of all.
    Tap(commands::tap::Args),
    /// Have a topic go on that lost what was sent to it.
    Topic(commands::topic::Args),
    /// Tell what a draft of the config would do with everybody on a day; nothing is written.
    WhatIf(commands::what_if::Args),
}

/// The heart and the codecs live on small allocations: docs/benchmark.md says what this one gains.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    hub::observe::log();
    hub::tls::provide();
    let done = match Cli::parse().command {
        Command::Audit(args) => commands::audit::run(args).await,
        Command::Baseline(args) => commands::baseline::run(args).await,
        Command::Check(args) => commands::check::run(args).await,
        Command::Clock(args) => commands::clock::run(args).await,
        Command::Demo(args) => Box::pin(demo::run(args)).await,
        Command::Doctor(args) => commands::doctor::run(args).await,
        Command::DryRun(args) => commands::dry_run::run(args).await,
        Command::Explain(args) => commands::explain::run(args).await,
        Command::Freeze(args) => commands::freeze::run(args).await,
        Command::Keys(args) => commands::keys::run(args).await,
        Command::Migrate(args) => commands::migrate::run(args).await,
        Command::Names(args) => commands::names::run(args).await,
        Command::Push(args) => commands::push::run(args).await,
        Command::Quarantine(args) => commands::quarantine::run(args).await,
        Command::Redeliver(args) => commands::redeliver::run(args).await,
        Command::Order(args) => commands::order::run(args).await,
        Command::Split(args) => commands::split::run(args).await,
        Command::Replay(args) => commands::replay::run(args).await,
        Command::Review(args) => commands::review::run(args).await,
        Command::Link(args) => commands::link::run(args).await,
        Command::Route(args) => commands::route::run(args).await,
        Command::Scenario(args) => commands::scenario::run(args).await,
        Command::Table(args) => commands::table::run(args).await,
        Command::Run(args) => commands::run::run(args).await,
        Command::Tap(args) => commands::tap::run(args).await,
        Command::Topic(args) => commands::topic::run(args).await,
        Command::WhatIf(args) => commands::what_if::run(args).await,
    };
    done.unwrap_or_else(|error| {
        if commands::out::reader_left(&error) {
            return ExitCode::SUCCESS;
        }
        // Where stderr is gone as well, the exit code is all that is left to say it.
        drop(writeln!(std::io::stderr(), "hub: {error:#}"));
        ExitCode::FAILURE
    })
}
