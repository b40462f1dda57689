//! `hub baseline`: what a first load would open, and the approval of it.
//!
//! `report` reads beside a hub that runs, writes nothing and shows no personal value. `approve` says for each person of
//! the report that they may go on, in the name of whoever runs it, if that report is still what stands
//! (docs/first-load.md). Exit codes: 0 told, or all done; 1 another report stands now, whoever runs it may not, or
//! somebody goes on waiting; 2 the command line.

use std::io::Write;
use std::process::ExitCode;

use super::credential::{Credential, SaidReason};
use super::out::out;
use crate::app::DataPlace;
use crate::desk::Action;
use crate::first_load::{LoadReport, first_load};

/// Tells what a first load would open, or approves it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Decide everybody who waits, in memory, and count what would be opened.
    Report {
        /// Print it as JSON: the first persons of each reason as well.
        #[arg(long)]
        json: bool,
    },
    /// Let everybody of a report go on.
    Approve {
        /// Its id, as `hub baseline report` prints it.
        #[arg(long, value_name = "ID")]
        report: String,
        #[command(flatten)]
        reason: SaidReason,
        #[command(flatten)]
        credential: Credential,
    },
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or it is not recorded who approves.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.what {
        What::Report { json } => report(args.place, json).await,
        What::Approve { report, reason, credential } => {
            approve(args.place, &report, &reason, &credential).await
        }
    }
}

async fn report(place: DataPlace, json: bool) -> anyhow::Result<ExitCode> {
    let hub = place.beside().await?;
    let now = hub.config.hub.clock().now();
    let report = first_load(&hub.store, &hub.vault, &hub.config.bundle, now).await?.report;
    let mut out = out();
    if json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        write!(out, "{}", text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn approve(
    place: DataPlace,
    id: &str,
    reason: &SaidReason,
    credential: &Credential,
) -> anyhow::Result<ExitCode> {
    let hub = place.hub().await?;
    let actor = credential.actor(&hub.store, &hub.vault, Action::ApproveLoad).await?;
    let reason = reason.read()?;
    let now = hub.clock.now();
    let stands = first_load(&hub.store, &hub.vault, &hub.config.bundle, now).await?;
    if stands.report.report != id {
        let other = &stands.report.report;
        writeln!(out(), "refused: another report stands now, {other}: read it, and approve that one")?;
        return Ok(ExitCode::FAILURE);
    }
    let approved =
        hub.deciding(async { Ok(hub.desk.approve(&actor, id, &stands.who, &reason).await?) }).await?;
    let waiting = hub.store.unapproved().await?.count;
    writeln!(out(), "{} of {} go on; {waiting} wait", approved.decided, stands.who.len())?;
    Ok(if approved.open == 0 && waiting == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// It as a page to read before it is approved.
fn text(told: &LoadReport) -> String {
    let LoadReport { report, on, bundle, persons, not_in_scope, asked, .. } = told;
    let mut text = format!("report {report}\non {on}, under bundle {}\n\n", &bundle[..12.min(bundle.len())]);
    text += &format!("{persons:>7}  persons wait for an approval\n");
    text += &format!("{not_in_scope:>7}  of them are not in the target group\n");
    text += &format!("{asked:>7}  would be asked about at the register\n");
    let recipients = told.by_recipient.iter().map(|(name, count)| (name.to_string(), *count)).collect();
    let states = told.by_state.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let reasons = told.by_reason.iter().map(|line| (line.reason.clone(), line.persons)).collect();
    let parts: [(&str, Vec<(String, u64)>); 3] = [
        ("something would be told to", recipients),
        ("their handover would be", states),
        ("because", reasons),
    ];
    for (what, lines) in parts {
        text += &format!("\n{what}\n");
        lines.iter().for_each(|(name, count)| text += &format!("{count:>7}  {name}\n"));
    }
    for (count, what) in [(told.unreadable, "do not open"), (told.failed, "could not be decided")] {
        if count > 0 {
            text += &format!("\n{count:>7}  {what}: nothing is told of them, and they go on waiting\n");
        }
    }
    text
}
