//! `hub order`: what the desk decides about one handover: it is sent again, held, released, withdrawn, the line of its
//! agency is ended, or a restriction is lifted.
//!
//! An order is a message: it is decided by the state table, journalled and can be decided again (docs/handovers.md#orders).
//! Exit codes: 0 done, 1 whoever runs it may not, or it is not possible as the handover stands, 2 the command line.

use std::process::ExitCode;

use schemas::handover::OrderName;

use super::credential::{Credential, SaidReason};
use crate::app::DataPlace;
use crate::desk::{Action, Saying};

/// Decides about one handover, or lifts the restriction of a person.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The handover, as its records, pages and explanations name it; with `--person`, the person.
    id: String,
    /// `send-again`, `hold`, `release`, `withdraw`, `end-no-basis`, `end-line` or `lift` (docs/handovers.md#orders).
    #[arg(value_parser = order)]
    order: OrderName,
    /// The id is a person's: a restriction is lifted whether they have a handover or not.
    #[arg(long)]
    person: bool,
    #[command(flatten)]
    reason: SaidReason,
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
    let actor = args.credential.actor(&hub.store, &hub.vault, Action::of_order(args.order)).await?;
    let reason = args.reason.read()?;
    let saying = match (args.person, args.order) {
        (false, order) => Saying::Ordered { handover: args.id.parse()?, order, reason },
        (true, OrderName::Lift) => Saying::Lifted { person: args.id.parse()?, reason },
        (true, _) => {
            anyhow::bail!("of a person a restriction is lifted; everything else is ordered about a handover")
        }
    };
    super::said::say(&hub, &actor, saying).await
}

/// An order by its name on the command line, where words are joined by dashes.
fn order(text: &str) -> Result<OrderName, String> {
    let named = |name: OrderName| name.as_str().replace('_', "-");
    let found = OrderName::ALL.into_iter().find(|name| named(*name) == text);
    found.ok_or_else(|| format!("expected one of {}", OrderName::ALL.map(named).join(", ")))
}
