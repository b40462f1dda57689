//! `hub redeliver`: one stream's view is issued again, by name: after a repair, or for a reader who came too late.
//!
//! It is a message, so it is decided: what the recipient may see now goes out under the next issue number. Exit codes: 0
//! done, 1 it was refused or nothing could be issued, 2 the command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use schemas::ids::StreamId;
use schemas::message::Body;

use crate::app;
use crate::store::rows::Outcome;

/// Issues a stream's view again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stream, as its records name it.
    stream: StreamId,
    /// A data folder, as `hub demo --data` leaves it; else the database that the config names.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The config folder.
    #[arg(long, value_name = "DIR", default_value = "config")]
    config: PathBuf,
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or nobody decides it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = app::existing(args.data.as_deref(), &args.config).await?;
    let row = hub.say("redeliver", Body::Redeliver(args.stream)).await?;
    let mut out = std::io::stdout().lock();
    if row.outcome == Some(Outcome::Decided) {
        writeln!(out, "decided: receipt {}", row.id)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "refused: {}", row.detail.unwrap_or_default())?;
    Ok(ExitCode::FAILURE)
}
