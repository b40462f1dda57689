//! `hub doctor`: whether everything around the hub is as it must be, and what to do where it is not.
//!
//! Looks beside a running hub and changes nothing. Exit codes: 0 all is well, or somebody should look; 1
//! something fails; 2 the command line. The codes are told in `docs/doctor.md`.

use std::io::Write;
use std::process::ExitCode;

use super::out::out;
use crate::app::{self, DataPlace};
use crate::clock::Clock;
use crate::doctor::problems::CheckState;
use crate::doctor::{Check, collect, examine};

/// Looks at config, keys, disk, clock, database, sources, deliveries and Kafka.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: DataPlace,
    /// One JSON object: the worst state, and every check.
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// Where stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    answer(args, &mut out()).await
}

/// Answers, on `out`.
///
/// # Errors
/// As [`run`].
pub async fn answer(args: Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let prepare = |config: &mut crate::config::Config| {
        if let Some(data) = &args.place.data {
            app::in_data(data, config);
        }
    };
    let checks = examine(&collect(&args.place.config, prepare, Clock::system().now()).await);
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(CheckState::Ok);
    if args.json {
        writeln!(out, "{}", serde_json::json!({ "state": worst, "checks": checks }))?;
    } else {
        checks.iter().try_for_each(|check| write_words(out, check))?;
    }
    Ok(if worst == CheckState::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write_words(out: &mut dyn Write, told: &Check) -> std::io::Result<()> {
    let state = match told.state {
        CheckState::Ok => "ok  ",
        CheckState::Warn => "warn",
        CheckState::Fail => "FAIL",
    };
    let code = told.code.map(|code| format!(" [{code}]")).unwrap_or_default();
    writeln!(out, "{state}  {:<10}  {}{code}", told.check, told.found)?;
    told.todo.map_or(Ok(()), |todo| writeln!(out, "                  → {todo}"))
}
