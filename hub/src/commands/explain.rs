//! `hub explain`: why something is as it is, in plain English or as JSON.
//!
//! Reads beside a running hub and changes nothing. Shows personal values only with `--values`, to who may see them,
//! and records that. Exit codes: 0 found, 1 nothing has this id or it could not be read, 2 the command line or the form of the id.

use std::io::Write;
use std::process::ExitCode;

use schemas::time::parse_instant;
use serde::Serialize;

use super::credential::Credential;
use super::out::out;
use crate::app::DataPlace;
use crate::desk::{About, Action, Occasion};
use crate::explain::{ExplainError, Explainer, text};
use crate::story::At;
use crate::vault::{Access, Why};

/// Tells who is responsible, what was decided, on which facts and rules, and what was shown to whom.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The id of a person, handover, stream, message (receipt), record (`ce_id`), review or task; or
    /// RECIPIENT:SEQUENCE.
    #[arg(value_name = "ID")]
    id: String,
    /// How the person resembles another, whom this id leads to: field by field, and why they are not one.
    #[arg(long, value_name = "ID", conflicts_with_all = ["at", "values"])]
    against: Option<String>,
    /// As it was known after this place in the order of decisions, or at this instant (RFC 3339).
    #[arg(long, value_name = "ORDER|INSTANT", value_parser = at)]
    at: Option<At>,
    /// Show the personal values that decisions rest on.
    #[arg(long, requires = "why")]
    values: bool,
    /// Why you look at personal values; it is recorded under your name.
    #[arg(long, requires = "values")]
    why: Option<Occasion>,
    #[command(flatten)]
    credential: Credential,
    #[command(flatten)]
    place: DataPlace,
    /// Print the explanation as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// Where the store or the keys cannot be read.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    answer(args, &mut out()).await
}

/// Answers, on `out`.
///
/// # Errors
/// As [`run`].
pub async fn answer(args: Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let beside = args.place.beside().await?;
    // An id of no known form is told as such below, and opens nothing.
    let allowed = match (args.why, args.id.trim().parse::<About>()) {
        (Some(why), Ok(about)) => {
            let actor = args.credential.actor(&beside.store, &beside.vault, Action::ShowValues).await?;
            Some(beside.rights().await?.allow(&actor, Action::ShowValues, about, why).await?)
        }
        (None, _) | (_, Err(_)) => None,
    };
    let nobody = Access { actor: "hub explain", why: Why::Explain };
    let explainer = Explainer {
        store: &beside.store,
        vault: &beside.vault,
        access: allowed.as_ref().map_or(nobody, |allowed| allowed.access(Why::Explain)),
        bundle: &beside.config.bundle,
        schemas: &beside.schemas,
        now: beside.config.hub.clock().now(),
        at: args.at,
        values: allowed.is_some(),
    };
    match &args.against {
        Some(other) => {
            told(explainer.against(&args.id, other).await, args.json, out, text::write_resemblance)
        }
        None => told(explainer.explain(&args.id).await, args.json, out, text::write),
    }
}

/// Prints what was found, as text or as JSON.
fn told<T: Serialize>(
    found: Result<Option<T>, ExplainError>,
    json: bool,
    out: &mut dyn Write,
    write: fn(&mut dyn Write, &T) -> std::io::Result<()>,
) -> anyhow::Result<ExitCode> {
    let told = match found {
        Err(wrong @ ExplainError::Form) => {
            writeln!(std::io::stderr(), "hub: {wrong}")?;
            return Ok(ExitCode::from(2));
        }
        told => told?,
    };
    let Some(told) = told else {
        writeln!(std::io::stderr(), "hub: nothing here has this id")?;
        return Ok(ExitCode::FAILURE);
    };
    if json {
        writeln!(out, "{}", serde_json::to_string(&told)?)?;
    } else {
        write(out, &told)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn at(text: &str) -> Result<At, String> {
    let order = text.parse().ok().map(At::Order);
    order
        .or_else(|| parse_instant(text).map(At::Time))
        .ok_or_else(|| "expected a number or an instant like 2026-03-01T12:00:00Z".to_owned())
}
