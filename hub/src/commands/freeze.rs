//! `hub freeze`: writes down what a schema id stands for, as a file beside its contract.
//!
//! For each contract without one; an older file is never written again, because readers keep a schema by its id. Refuses
//! everything while a contract is not what its frozen file says or cannot be read together with an older version. Exit
//! codes: 0 all are frozen, 1 something is wrong.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::out::out;
use crate::config::Config;
use crate::contract::Schemas;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "DIR", default_value = "config")]
    config: PathBuf,
}

/// Writes the files, and their names to stdout.
///
/// # Errors
/// Where the config has a mistake or a file cannot be written.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let schemas = Schemas::of_config(&Config::load(&args.config)?)?;
    // That a file is missing is what is mended here.
    let breaches: Vec<_> = schemas.judged(&[]).into_iter().filter(|breach| !breach.only_unfrozen).collect();
    if !breaches.is_empty() {
        for breach in breaches {
            writeln!(std::io::stderr(), "agencies/{}.toml: {breach}", breach.recipient)?;
        }
        return Ok(ExitCode::FAILURE);
    }
    let mut out = out();
    for (place, subject) in schemas.unfrozen() {
        let schema: serde_json::Value = serde_json::from_str(subject.codec.text())?;
        let mut file = File::create_new(args.config.join(&place))?;
        writeln!(file, "{}", serde_json::to_string_pretty(&schema)?)?;
        file.sync_all()?;
        writeln!(out, "{}", place.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
