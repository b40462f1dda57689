//! `hub tap`: decoded records of one recipient or of all, one JSON object a line.
//!
//! Reads the feed of a data folder. Refuses to confirm what it shows: the ledger stays as it is.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use schemas::recipient::Recipient;
use serde_json::Value;

use crate::app;

/// Shows decoded records.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One recipient; all unless said.
    #[arg(long)]
    recipient: Option<String>,
    /// The first sequence.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// A data folder, as `hub demo --data` leaves it.
    #[arg(long)]
    data: PathBuf,
    /// The folder of configuration.
    #[arg(long, default_value = "config")]
    config: PathBuf,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Records read together.
const PAGE: u32 = 500;

/// Runs it.
///
/// # Errors
/// Where the folder cannot be opened or a record not shown.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let hub = app::in_folder(&args.data, app::configured(&args.config)?).await?;
    let recipients = match &args.recipient {
        Some(name) => vec![Recipient::parse(name)?],
        None => hub.store.ledger_ends().await?.into_iter().map(|(recipient, _, _)| recipient).collect(),
    };
    let present = app::present(&hub);
    let mut out = std::io::stdout().lock();
    for recipient in recipients {
        let mut after = args.from.saturating_sub(1);
        loop {
            let rows = hub.store.feed(&recipient, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.row.sequence;
            for row in &rows {
                let mut record = present(row).with_context(|| format!("{recipient} {}", row.row.sequence))?;
                record["recipient"] = recipient.as_str().into();
                record["topic"] = recipient.topic().into();
                if args.json {
                    writeln!(out, "{record}")?;
                } else {
                    write_words(&mut out, &record)?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One record in a few lines, for reading.
fn write_words(out: &mut dyn Write, record: &Value) -> std::io::Result<()> {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (topic, sequence) = (word(&record["topic"]), &record["sequence"]);
    let headers = &record["headers"];
    writeln!(out, "{topic} {sequence}  {}  {}", word(&headers["ce_type"]), word(&headers["ce_time"]))?;
    writeln!(out, "  key {}", word(&record["key"]))?;
    for (name, value) in record["value"].as_object().into_iter().flatten() {
        writeln!(out, "  {name} {}", word(value))?;
    }
    writeln!(out)
}
