//! `hub redeliver`: one stream's view is issued again, by name: after a repair, or for a reader who came too late.
//!
//! It is a message, so it is decided: what the recipient may see now goes out under the next issue number. Exit codes: 0
//! done, 1 whoever runs it may not, it was refused or nothing could be issued, 2 the command line.

use std::process::ExitCode;

use schemas::ids::StreamId;

use super::credential::Credential;
use crate::app::DataPlace;
use crate::desk::{Action, Saying};

/// Issues a stream's view again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stream, as its records name it.
    stream: StreamId,
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or nobody decides it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = args.place.hub().await?;
    let actor = args.credential.actor(&hub.store, &hub.vault, Action::Redeliver).await?;
    super::said::say(&hub, &actor, Saying::Redeliver(args.stream)).await
}
