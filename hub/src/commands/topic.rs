//! `hub topic restart`: a topic that lost what was sent to it goes on after the number that its recipient had read
//! (docs/restart.md).
//!
//! Works beside a hub that runs, whose relay takes the order within seconds. Refuses what [`crate::restart`] does. Exit codes: 0
//! ordered, 1 whoever runs it may not, or what stands does not allow it, 2 the command line.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Subcommand;
use schemas::recipient::Recipient;

use super::credential::{Credential, SaidReason};
use super::out::out;
use crate::app::DataPlace;
use crate::deliver::kafka::KafkaLog;
use crate::desk::{About, Action, Occasion};
use crate::restart::Restarting;
use crate::store::restarts::Restarts;

/// Has a topic go on that lost what was sent to it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: TopicDeed,
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
}

#[derive(Debug, Subcommand)]
enum TopicDeed {
    /// Sends every record after a number again, under its own number; the topic is made where it is not there.
    Restart {
        #[arg(value_parser = recipient)]
        recipient: Recipient,
        /// The last record that the recipient has read; 0 where it has none.
        #[arg(long, value_name = "NUMBER")]
        after: u64,
        #[command(flatten)]
        reason: SaidReason,
    },
}

fn recipient(name: &str) -> Result<Recipient, String> {
    Recipient::parse(name).map_err(|error| error.to_string())
}

/// Runs it.
///
/// # Errors
/// Where whoever runs it may not, or what stands does not allow it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let TopicDeed::Restart { recipient, after, reason } = &args.what;
    let beside = args.place.beside().await?;
    let kafka = beside.config.hub.kafka.clone().context("no Kafka is configured: there are no topics")?;
    ensure!(beside.config.topics().contains(recipient), "nothing is sent to a topic of {recipient}");
    let reason = reason.read()?;
    let actor = args.credential.actor(&beside.store, &beside.vault, Action::RestartTopic).await?;
    let about = About::Record(recipient.clone(), *after);
    let rights = beside.rights().await?;
    let allowed = rights.allow(&actor, Action::RestartTopic, about, Occasion::Incident).await?;
    let restarting = Restarting {
        restarts: Restarts::open(&beside.config.hub.database).await?,
        clock: beside.config.hub.clock(),
        store: beside.store,
        vault: beside.vault,
    };
    let again = restarting.order(&allowed, &KafkaLog::new(kafka), &reason).await?;
    writeln!(out(), "{} goes on after record {after}: {again} records are sent again", recipient.topic())?;
    Ok(ExitCode::SUCCESS)
}
