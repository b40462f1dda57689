//! `hub keys`: the key-encryption keys in the file of keys and what each wraps, and the covers of the index.
//!
//! `--rewrap` wraps every stored key by the first one, beside running hubs: the last step of a rotation before the old
//! line leaves the file (`config/README.md`); `--reindex` covers every record of the index by the first cover likewise. Who orders it is recorded. Exit codes: 0 the first key and the first cover hold everything, 1 others still do.

use std::io::Write;
use std::process::ExitCode;

use super::credential::Credential;
use super::out::out;
use crate::app::DataPlace;
use crate::desk::in_force;
use crate::desk::{About, Action, Occasion, Rights};
use crate::store::wrapped::WrappedIn;
use crate::vault::keys::{KeyId, LIMIT};
use crate::vault::{reindex, rotate};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
    /// Wrap every stored key by the first key-encryption key.
    #[arg(long)]
    rewrap: bool,
    /// Cover every record of the index by the first cover.
    #[arg(long)]
    reindex: bool,
}

/// Shows, or wraps anew.
///
/// # Errors
/// Where the store or the keys cannot be read, or a key is wrapped by none of them.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = args.place.shared().await?;
    if args.rewrap || args.reindex {
        let action = Action::RewrapKeys;
        let actor = args.credential.actor(&hub.store, &hub.vault, action).await?;
        let rights = Rights::new(&hub.store, &hub.vault, hub.config.hub.clock());
        rights.allow(&actor, action, About::Hub, Occasion::Task).await?;
    }
    let mut out = out();
    let first = hub.vault.wrapping();
    for (key, reserved) in hub.store.wrappings().await? {
        let role = match KeyId(key) {
            key if key == first => "wraps",
            key if hub.vault.holds(key) => "opens",
            _ => "is not in the file of keys",
        };
        writeln!(out, "key {} {role}, at most {reserved} of {LIMIT} values", hex::encode(key))?;
    }
    let mut left = 0;
    for column in WrappedIn::ALL {
        let wrapped = if args.rewrap { rotate::rewrap(&hub.store, &hub.vault, column).await? } else { 0 };
        let others = hub.store.count_wrapped_by_others(column, first.0).await?;
        left += others;
        writeln!(out, "{:<12} {wrapped} wrapped anew, {others} wrapped by other keys", column.table())?;
    }
    let covered = if args.reindex { reindex::reindex(&hub.store, &hub.vault).await? } else { 0 };
    let covers = hub.vault.covers();
    let others = hub.store.count_covered_by_others(hub.vault.cover_head()).await?;
    // Without a cover in front everything stands as it is: there is nothing to be done.
    let others = if covers[0] == "none" { 0 } else { others };
    left += others;
    if args.reindex && others == 0 {
        in_force::covered_by_first(&hub.store, &hub.vault).await?;
    }
    writeln!(
        out,
        "index        covers {}: {covered} covered anew, {others} under others",
        covers.join(", ")
    )?;
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
