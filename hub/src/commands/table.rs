//! `hub table`: the state table of handovers, as the hub decides by it.
//!
//! As text in one of three languages, as JSON, or as a Mermaid diagram. Exit codes: 0 written, 1 the table is not
//! whole: some place says nothing, or two things.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use decide::handover::check;

use super::out::out;
use crate::config::Config;
use crate::story::table::{ShownRow, ShownTable};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
    /// The rows, and what facts leave as it is, as JSON.
    #[arg(long, conflicts_with = "diagram")]
    pub json: bool,
    /// The states and the rows between them, as a Mermaid diagram.
    #[arg(long)]
    pub diagram: bool,
    /// In which language rows are told.
    #[arg(long, value_enum, default_value = "en")]
    pub language: Language,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Language {
    En,
    Nl,
    Fr,
}

/// Writes the table to stdout.
///
/// # Errors
/// Where the config cannot be read, or stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let table = ShownTable::of(&Config::load(&args.config)?.bundle);
    let mut out = out();
    match (args.json, args.diagram) {
        (true, _) => writeln!(out, "{}", serde_json::to_string_pretty(&table)?)?,
        (false, true) => write!(out, "{}", table.diagram())?,
        (false, false) => {
            let said = |row: &ShownRow| match args.language {
                Language::En => row.en,
                Language::Nl => row.nl,
                Language::Fr => row.fr,
            };
            write!(out, "{}", table.text(said))?;
        }
    }
    let wrong = check::table();
    for place in &wrong {
        writeln!(std::io::stderr(), "{place}")?;
    }
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
