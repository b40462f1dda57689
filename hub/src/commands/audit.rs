//! `hub audit`: what people did by hand and what they were refused, and whether that is what was written.
//!
//! Works beside a hub that runs. Rows name colleagues, so who reads them is asked and recorded as well. `verify` follows the
//! chain of seals and prints the number and the seal of its last row: whoever keeps both finds out later
//! (`--kept`) whether rows were cut off at the end. Exit codes: 0 done, 1 the chain does not hold or whoever runs it may not, 2 the
//! command line.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use schemas::actor::ActorName;
use schemas::key::Mac;
use schemas::time::{Instant, parse_instant};
use serde_json::json;

use super::credential::Credential;
use super::out::out;
use crate::app::DataPlace;
use crate::desk::{About, Action, ChainError, Occasion, follow};
use crate::store::rows::{AuditRow, ChainedRow};

/// Lists and verifies what was done by hand.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: AuditDeed,
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum AuditDeed {
    /// The newest rows, the oldest of them first.
    List {
        /// Only what this colleague did.
        #[arg(long, value_name = "NAME", value_parser = ActorName::parse)]
        actor: Option<ActorName>,
        /// Only what was done from this instant on (RFC 3339).
        #[arg(long, value_name = "INSTANT", value_parser = instant)]
        since: Option<Instant>,
        /// How many at most.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Follows the chain of seals to its end.
    Verify {
        /// The number and the seal of a row, as an earlier `verify` printed them.
        #[arg(long, value_name = "NUMBER:SEAL", value_parser = kept)]
        kept: Option<(u64, Mac)>,
    },
}

fn instant(text: &str) -> Result<Instant, String> {
    parse_instant(text).ok_or_else(|| "expected an instant like 2026-03-01T12:00:00Z".to_owned())
}

fn kept(text: &str) -> Result<(u64, Mac), String> {
    let form = || "expected NUMBER:SEAL, as `hub audit verify` prints them".to_owned();
    let (n, seal) = text.split_once(':').ok_or_else(form)?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(seal, &mut bytes).map_err(|_| form())?;
    Ok((n.parse().map_err(|_| form())?, Mac(bytes)))
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or whoever runs it may not.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let beside = args.place.beside().await?;
    let action = Action::ReadAudit;
    let actor = args.credential.actor(&beside.store, &beside.vault, action).await?;
    beside.rights().await?.allow(&actor, action, About::Hub, Occasion::Control).await?;
    let mut out = out();
    match args.what {
        AuditDeed::List { actor, since, limit } => {
            let mut rows = beside.store.audit(actor.as_ref(), since, limit).await?;
            rows.reverse();
            for ChainedRow { n, row, .. } in rows {
                let AuditRow { at, actor, roles, action, about, why, allowed } = row;
                let at = at.to_rfc3339();
                if args.json {
                    let roles: Vec<_> = roles.split_whitespace().collect();
                    let value = json!({
                        "n": n, "at": at, "actor": actor.as_str(), "roles": roles, "action": action,
                        "about": about, "why": why, "allowed": allowed,
                    });
                    writeln!(out, "{value}")?;
                } else {
                    let let_in = if allowed { "allowed" } else { "refused" };
                    writeln!(out, "{n}  {at}  {let_in}  {actor} ({roles})  {action}  {about}  {why}")?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        AuditDeed::Verify { kept } => {
            let state = match follow(&beside.store, &beside.vault, kept).await {
                Err(ChainError::Store(error)) => return Err(error.into()),
                Err(wrong) => {
                    if args.json {
                        writeln!(out, "{}", json!({ "holds": false, "found": wrong.to_string() }))?;
                    } else {
                        writeln!(out, "the audit rows do not hold: {wrong}")?;
                    }
                    return Ok(ExitCode::FAILURE);
                }
                Ok(state) => state,
            };
            let seal = state.last.map(|mac| hex::encode(mac.0)).unwrap_or_default();
            if args.json {
                writeln!(out, "{}", json!({ "holds": true, "rows": state.rows, "seal": seal }))?;
            } else {
                writeln!(out, "the audit rows hold; keep this elsewhere: {}:{seal}", state.rows)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}
