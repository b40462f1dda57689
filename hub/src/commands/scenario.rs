//! `hub scenario`: plays scenario files and prints what is not as they expect.
//!
//! In memory, over the config folder's bundle: no database, no Kafka. Exit codes: 0 all is as expected, 1 something is
//! not, or a file cannot be played.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::out::out;
use crate::config::Config;
use crate::scenario::{Difference, Played, files, play};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario files; of a folder, every one in it.
    #[arg(value_name = "FILE", default_value = "tests/scenarios")]
    pub files: Vec<PathBuf>,
    /// Tell step by step what happened.
    #[arg(long)]
    pub steps: bool,
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
}

/// Plays, and writes what came of it to stdout.
///
/// # Errors
/// Where the config or a folder cannot be read, or stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let mut out = out();
    let files = files(&args.files)?;
    let mut wrong = 0;
    for file in &files {
        let shown = file.display();
        match play(file, &config) {
            Ok(Played { title, told, differences }) => {
                let verdict = if differences.is_empty() { "as expected" } else { "not as expected" };
                let title = title.map_or(String::new(), |title| format!(" ({title})"));
                writeln!(out, "{shown}: {verdict}{title}")?;
                if args.steps || !differences.is_empty() {
                    told.iter().try_for_each(|step| writeln!(out, "  {step}"))?;
                }
                differences.iter().try_for_each(|difference| write(&mut out, difference))?;
                wrong += usize::from(!differences.is_empty());
            }
            Err(mistakes) => {
                writeln!(out, "{mistakes}")?;
                wrong += 1;
            }
        }
    }
    writeln!(std::io::stderr(), "{} played, {wrong} not as expected", files.len())?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(out: &mut impl Write, difference: &Difference) -> std::io::Result<()> {
    let Difference { line, part, expected, found } = difference;
    let line = line.map_or(String::new(), |line| format!("line {line}, "));
    writeln!(out, "  {line}{part}:")?;
    let list = |what: &[String]| if what.is_empty() { "nothing".to_owned() } else { what.join(" | ") };
    writeln!(out, "    expected: {}", list(expected))?;
    writeln!(out, "    found:    {}", list(found))
}
