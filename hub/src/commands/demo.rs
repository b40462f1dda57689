//! `hub demo`: everything in one process, a story played through the real doors.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{self, Hub, Start};
use crate::clock::Clock;
use crate::config::{Config, RequestSettings};
use crate::demo::{Credentials, Demo, Register, Story};

/// Plays a story: sources push, the clock follows, agencies answer.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Stop when the story has been delivered.
    #[arg(long)]
    once: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
    /// The story folder.
    #[arg(long, default_value = "config/story")]
    story: PathBuf,
    /// Keep the state in this folder, for `tap`, `explain` and `replay`; forgotten unless said.
    #[arg(long)]
    data: Option<PathBuf>,
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
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let story = Story::read(&args.story)?;
    let clock = Clock::declared(story.begins());
    let stop = CancellationToken::new();
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut config = Config::load(&args.config)?;
    let scratch = tempfile::tempdir().context("no scratch folder")?;
    let folder = args.data.as_deref().unwrap_or(scratch.path());
    tokio::fs::create_dir_all(folder).await.with_context(|| folder.display().to_string())?;
    app::in_data(folder, &mut config);
    config.hub.kafka = None;

    let register = TcpListener::bind(here(0)).await?;
    config.hub.request = Some(RequestSettings {
        register_url: format!("http://{}/", register.local_addr()?),
        timeout_seconds: 10,
        identity: "voortraject.example/hub".to_owned(),
        capacity: "9999".to_owned(),
    });
    tokio::spawn(app::serve(register, Register::read(&args.story, clock.clone())?.router(), stop.clone()));

    let credentials = Credentials::new(clock.seed());
    let recipients = config.bundle.contracts.iter().map(|contract| contract.recipient.to_string());
    config.senders = credentials.senders(recipients);
    let hub = Hub::open(config, Start::Migrated(clock)).await?;

    let listener = TcpListener::bind(args.listen.unwrap_or(here(if args.once { 0 } else { 8080 }))).await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "answering");
    let server = tokio::spawn(app::serve(listener, hub.router(), stop.clone()));
    let mut decider = tokio::spawn(hub.clone().decide(stop.clone()));

    let mut demo = Demo::new(hub, format!("http://{address}"), credentials)?;
    let summary = tokio::select! {
        played = demo.play(&story) => played?,
        // Without a decider the story would wait for ever: say why it ended.
        ended = &mut decider => {
            ended??;
            bail!("the decider ended");
        }
    };
    {
        let mut out = std::io::stdout().lock();
        if args.json { summary.write_json(&mut out)? } else { summary.write_table(&mut out)? }
    }
    if !args.once {
        tracing::info!("the story has been told; answering until interrupted");
        tokio::select! {
            () = app::interrupted() => {}
            ended = demo.attend(&stop) => ended?,
        }
    }
    stop.cancel();
    server.await?;
    decider.await??;
    Ok(ExitCode::SUCCESS)
}
