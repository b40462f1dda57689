//! `hub redeliver`: one stream's view is issued again, by name: after a repair, or for a reader who came too late.
//!
//! It is a message, so it is decided: what the recipient may see now goes out under the next issue number. Exit codes: 0
//! done, 1 whoever runs it may not, it was refused or nothing could be issued, 2 the command line.

use std::io::Write;
use std::process::ExitCode;

use schemas::ids::StreamId;
use schemas::message::Body;

use super::credential::Credential;
use super::out::out;
use crate::app::Place;
use crate::desk::{Action, Occasion};
use crate::store::rows::Outcome;

/// Issues a stream's view again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stream, as its records name it.
    stream: StreamId,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    credential: Credential,
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or nobody decides it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = args.place.hub().await?;
    let actor = args.credential.actor(&hub.config.people)?;
    hub.desk.allow(&actor, Action::Redeliver, args.stream, Occasion::Task).await?;
    let row = hub.say("redeliver", Body::Redeliver(args.stream)).await?;
    let mut out = out();
    if row.outcome == Some(Outcome::Decided) {
        writeln!(out, "decided: receipt {}", row.id)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "refused: {}", row.detail.as_ref().map_or_else(String::new, ToString::to_string))?;
    Ok(ExitCode::FAILURE)
}
