//! `hub tap`: decoded records of one recipient or of all, one JSON object a line.
//!
//! Reads what the feed would give, beside a hub that runs. Records are about persons: who looks is asked and recorded, a row for
//! each recipient. Refuses to confirm what it shows: the ledger stays as it is.

use std::io::Write;
use std::process::ExitCode;

use schemas::recipient::Recipient;
use serde_json::Value;

use super::credential::Credential;
use super::out::out;
use crate::app::DataPlace;
use crate::deliver::feed::{TapRecord, record};
use crate::desk::{About, Action, Occasion};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One recipient; all unless said.
    #[arg(long)]
    recipient: Option<String>,
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Why you look at personal values; it is recorded under your name.
    #[arg(long, default_value = "task")]
    why: Occasion,
    #[command(flatten)]
    credential: Credential,
    #[command(flatten)]
    place: DataPlace,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

const PAGE: u32 = 500;

/// Runs it.
///
/// # Errors
/// Where the folder cannot be opened or a record not shown.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = args.place.beside().await?;
    let recipients = match &args.recipient {
        Some(name) => vec![Recipient::parse(name)?],
        None => hub.store.ledger_ends().await?.into_iter().map(|(recipient, _, _)| recipient).collect(),
    };
    let action = Action::ShowRecords;
    let actor = args.credential.actor(&hub.store, &hub.vault, action).await?;
    let rights = hub.rights().await?;
    let mut out = out();
    for recipient in recipients {
        rights.allow(&actor, action, About::Record(recipient.clone(), args.from), args.why).await?;
        let mut after = args.from.saturating_sub(1);
        loop {
            let rows = hub.store.feed(&recipient, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.row.sequence;
            for row in &rows {
                let record = TapRecord::from(record(&hub.vault, &hub.schemas, row)?);
                if args.json {
                    writeln!(out, "{}", serde_json::to_string(&record)?)?;
                } else {
                    write_words(&mut out, &record)?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One record in a few lines, for reading.
fn write_words(out: &mut dyn Write, record: &TapRecord) -> std::io::Result<()> {
    let header = |name: &str| record.headers.get(name).map_or("", String::as_str);
    writeln!(out, "{} {}  {}  {}", record.topic, record.sequence, header("ce_type"), header("ce_time"))?;
    writeln!(out, "  key {}", record.key)?;
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (name, value) in record.value.as_object().into_iter().flatten() {
        writeln!(out, "  {name} {}", word(value))?;
    }
    writeln!(out)
}
