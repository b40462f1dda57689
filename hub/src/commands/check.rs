//! `hub check`: reads the config folder and tells every mistake in it.
//!
//! Proves that every municipality on every day has exactly one answer, that the state table says one thing in every
//! place, and that each contract is what its schema id
//! stands for and can be read together with every version before it. Tells on which bases nothing flows in production
//! (stderr). Changes nothing. Exit codes:
//! 0 nothing is wrong, 1 something is.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::out::out;
use crate::config::{Config, ConfigError};
use crate::contract::Schemas;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
    /// Findings as JSON, one a line: file, line, message.
    #[arg(long)]
    pub json: bool,
}

/// Checks, and writes what was found to stdout.
///
/// # Errors
/// Where stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut out = out();
    let wrong = match Config::load(&args.config) {
        Ok(config) => {
            let mut wrong = contracts(&config)?;
            wrong.extend(table());
            // Planned law is no mistake; production stands still on it.
            for basis in &config.refused {
                writeln!(std::io::stderr(), "{basis}")?;
            }
            let (codes, recipients) = (config.bundle.municipalities.iter().count(), config.agencies.len());
            let hash = &config.bundle.hash.0;
            let told = "nothing is wrong";
            if wrong.is_empty() {
                writeln!(std::io::stderr(), "{told}: {codes} codes, {recipients} recipients, bundle {hash}")?;
                return Ok(ExitCode::SUCCESS);
            }
            wrong
        }
        Err(wrong) => wrong.0,
    };
    for mistake in &wrong {
        if args.json {
            let (file, line) = (mistake.file.display().to_string(), mistake.line);
            let object = serde_json::json!({ "file": file, "line": line, "message": mistake.message });
            writeln!(out, "{object}")?;
        } else {
            writeln!(out, "{mistake}")?;
        }
    }
    writeln!(std::io::stderr(), "{} findings", wrong.len())?;
    Ok(ExitCode::FAILURE)
}

/// Where the state table says nothing, two things, or does not come to rest.
fn table() -> impl Iterator<Item = ConfigError> {
    let told = |message| ConfigError { file: "hub table".into(), line: None, message };
    decide::handover::check::table().into_iter().map(told)
}

/// What is wrong with the contracts against what was frozen.
fn contracts(config: &Config) -> anyhow::Result<Vec<ConfigError>> {
    let breaches = Schemas::of_config(config)?.judged(&[]);
    let told = breaches.iter().map(|breach| ConfigError {
        file: format!("agencies/{}.toml", breach.recipient).into(),
        line: None,
        message: breach.to_string(),
    });
    Ok(told.collect())
}
