//! `hub order`: what the desk decides about one handover: it is sent again, held, released, withdrawn, the line of its
//! agency is ended, or a restriction is lifted.
//!
//! An order is a message: it is decided by the state table, journalled and can be decided again (docs/handovers.md#orders).
//! Exit codes: 0 done, 1 whoever runs it may not, or it is not possible as the handover stands, 2 the command line.

use std::process::ExitCode;

use clap::ValueEnum;
use schemas::handover::OrderName;
use schemas::ids::HandoverId;

use super::credential::{Credential, SaidReason};
use crate::app::DataPlace;
use crate::desk::{Action, Saying};

/// Decides about one handover.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The handover, as its records, pages and explanations name it.
    handover: HandoverId,
    #[arg(value_enum)]
    order: Order,
    #[command(flatten)]
    reason: SaidReason,
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Order {
    /// The offer goes to its agency once more.
    SendAgain,
    /// It stops until somebody releases it.
    Hold,
    /// What stopped it is settled: the facts decide again.
    Release,
    /// Its agency must purge what it has.
    Withdraw,
    /// The agency that has the file is relieved, and the next handover goes on.
    EndLine,
    /// The restriction is lifted.
    Lift,
}

impl Order {
    fn name(self) -> OrderName {
        match self {
            Self::SendAgain => OrderName::SendAgain,
            Self::Hold => OrderName::Hold,
            Self::Release => OrderName::Release,
            Self::Withdraw => OrderName::Withdraw,
            Self::EndLine => OrderName::EndLine,
            Self::Lift => OrderName::Lift,
        }
    }
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or nobody decides it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let order = args.order.name();
    let hub = args.place.hub().await?;
    let actor = args.credential.actor(&hub.store, &hub.vault, Action::of_order(order)).await?;
    let reason = args.reason.read()?;
    let saying = Saying::Ordered { handover: args.handover, order, reason };
    super::said::say(&hub, &actor, saying).await
}
