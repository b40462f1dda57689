//! `hub replay`: decides the whole inbox again, in memory, and compares with what is stored.
//!
//! Exit codes: 0 the same, 1 something differs or could not be read.

use std::io::Write;
use std::process::ExitCode;

use super::out::out;
use crate::app::DataPlace;
use crate::decider::replay::verify;

/// Decides everything again and compares; nothing is stored.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Compare records, tasks, persons and journals: the only thing replay does.
    #[arg(long, required = true)]
    verify: bool,
    /// How many messages are decided at once; whatever it is, the result must be the same.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    #[command(flatten)]
    place: DataPlace,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = args.place.beside().await?;
    let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, args.batch).await?;
    let mut out = out();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        let same = if report.differences.is_empty() { "the same" } else { "NOT the same" };
        writeln!(
            out,
            "{same}: {} messages, {} records ({} gone), {} tasks, {} persons, in batches of {}",
            report.messages, report.records, report.gone, report.tasks, report.persons, args.batch
        )?;
        report.differences.iter().try_for_each(|difference| writeln!(out, "  differs: {difference}"))?;
    }
    Ok(if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
