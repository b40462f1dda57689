//! `hub demo`: everything in one process, a story played through the real doors.
//!
//! Refuses to do what the stage does: see [`::demo::DemoHub`]. Exit codes: 0 played, 1 something did not answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use ::demo::DemoHub;
use hub::commands::out::out;
use hub::config::{Config, dev_token};

/// Plays a story: sources push, the clock follows, agencies answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Stop when the story has been delivered.
    #[arg(long)]
    once: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
    #[arg(long, default_value = "hub/demo/story")]
    story: PathBuf,
    /// Keep the state in this folder, for `tap`, `explain` and `replay`; forgotten unless said.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Write into this folder what each agency read, when it read it: RECIPIENT.ndjson, in the form of `tap --json`.
    #[arg(long, value_name = "DIR")]
    received: Option<PathBuf>,
    /// The folder of configuration.
    #[arg(long, default_value = "config")]
    config: PathBuf,
    /// Where HTTP is answered; a free port of this machine with --once, else port 8080.
    #[arg(long)]
    listen: Option<SocketAddr>,
}

/// Runs it.
///
/// # Errors
/// Where the story cannot be read or the hub does not settle.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let scratch = tempfile::tempdir().context("no scratch folder")?;
    let data = args.data.as_deref().unwrap_or(scratch.path());
    let listen =
        args.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, if args.once { 0 } else { 8080 })));
    let mut stage = DemoHub::set(Config::load(&args.config)?, &args.story, data, listen).await?;
    if let Some(folder) = &args.received {
        stage.keep_received(folder)?;
    }
    tracing::info!(address = %stage.address, "answering");
    if !args.once {
        tracing::info!(
            "console: http://{}/ (sign in as noor with dev-noor, or as one of the others)",
            stage.address
        );
    }
    for (name, roles) in ::demo::PEOPLE {
        let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        tracing::info!("{name} ({}) has the credential {}", roles.join(", "), dev_token(name));
    }
    if !args.once {
        for (recipient, token) in stage.recipients() {
            let address = format!("http://{}/v1/recipients/{recipient}/deliveries", stage.address);
            tracing::info!("{recipient} reads {address} with the credential {token}");
        }
    }
    let summary = stage.play().await?;
    {
        let mut out = out();
        if args.json { summary.write_json(&mut out)? } else { summary.write_table(&mut out)? }
    }
    if !args.once {
        tracing::info!("the story has been told; answering until interrupted");
        stage.attend().await?;
    }
    stage.leave().await?;
    Ok(ExitCode::SUCCESS)
}
