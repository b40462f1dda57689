//! `hub clock`: this machine's clock, the database's, and the time of the last decision; and the way back where a clock
//! was ahead (docs/clock.md).
//!
//! `--set-back` is ordered by a named person with the role `operations` while nothing decides. Refuses it where the
//! clocks do not agree, because one of them would be the next to be mended. Exit codes: 0 nothing is wrong, 1 something is.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{bail, ensure};
use schemas::time::day_of;

use super::credential::Credential;
use super::out::out;
use crate::app::DataPlace;
use crate::desk::{About, Action, Occasion};
use crate::store::lease::LEASE_SECONDS;

/// Which place, and whether something is done.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
    /// Set the time of the last decision back to the last one that has come.
    #[arg(long)]
    set_back: bool,
}

/// Shows, or sets back.
///
/// # Errors
/// Where the store cannot be read, somebody decides, or who orders it may not.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut out = out();
    if !args.set_back {
        let beside = args.place.beside().await?;
        let clock = beside.config.hub.clock();
        let (now, database) = (clock.now(), beside.store.time().await?);
        writeln!(out, "now           {now}")?;
        if let Some(database) = database {
            writeln!(out, "database      {database}")?;
        }
        let (ahead, last) = (beside.store.ahead_of(now).await?, beside.store.health().await?.last_known_at);
        let words = last.map_or_else(|| "none yet".to_owned(), |last| last.to_string());
        writeln!(
            out,
            "decisions     not before {words}; {} have times that have not come yet",
            ahead.decisions
        )?;
        let agree = database.map_or(Ok(()), |database| clock.beside(database));
        agree.as_ref().err().map_or(Ok(()), |wrong| writeln!(out, "{wrong}"))?;
        let right = agree.is_ok() && last.is_none_or(|last| last <= now);
        return Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let hub = args.place.hub().await?;
    let actor = args.credential.actor(&hub.store, &hub.vault, Action::SetBackClock).await?;
    hub.desk.rights().allow(&actor, Action::SetBackClock, About::Hub, Occasion::Incident).await?;
    if let Some(database) = hub.store.time().await? {
        hub.clock.beside(database)?;
    }
    let Some(lease) = hub.store.claim("decider", &hub.clock.message_id().to_string(), LEASE_SECONDS).await?
    else {
        bail!("somebody decides: stop every instance with the role `decide` first");
    };
    let now = hub.clock.now();
    let (ahead, last) = (hub.store.ahead_of(now).await?, hub.store.health().await?.last_known_at);
    ensure!(last > Some(now), "the next decision gets the time it is: there is nothing to set back");
    let to = ahead.honest.unwrap_or(now);
    hub.store.set_back(&lease, to, now, day_of(now)).await?;
    hub.store.renew(&lease, 0).await?;
    tracing::warn!(actor = %actor.name(), decisions = ahead.decisions, %to, "the time of the last decision was set back");
    writeln!(out, "set back to {to}: {} decisions keep the times they were made at", ahead.decisions)?;
    Ok(ExitCode::SUCCESS)
}
