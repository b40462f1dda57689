//! What becomes of every sample at its door: a line a set, with its facts and its refusals by code.
//!
//! `cargo run -p tests --bin samples [-- FOLDER]`: the repository's own fixtures and story, and the samples of a folder.
//! Exit codes: 0 every item is explained and nothing panicked, 1 not so.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use hub::intake::LookupTables;
use tests::samples::{outcome, own, public};

fn main() -> anyhow::Result<ExitCode> {
    let config = tests::config();
    let tables = LookupTables::of(&config);
    let mut sets = own(&tests::root())?;
    if let Some(folder) = std::env::args_os().nth(1) {
        sets.extend(public(Path::new(&folder), "samples")?);
    }
    let now = schemas::time::parse_instant("2030-01-01T00:00:00Z").unwrap_or_default();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{:<52} {:>6} {:>7} {:>7} {:>8} {:>8}",
        "set", "files", "items", "facts", "ignored", "refused"
    )?;
    let (mut panics, mut unexplained) = (vec![], vec![]);
    for set in &sets {
        let told = outcome(set, &tables.context(&adapters::Speaker::for_all("bon"), now))?;
        writeln!(out, "{:<52} {told}", set.name)?;
        panics.extend(told.panics);
        unexplained.extend(told.unexplained);
    }
    writeln!(out, "{} panics, {} unexplained", panics.len(), unexplained.len())?;
    panics.iter().try_for_each(|file| writeln!(out, "panic: {}", file.display()))?;
    unexplained.iter().try_for_each(|item| writeln!(out, "unexplained: {item}"))?;
    Ok(ExitCode::from(u8::from(!panics.is_empty() || !unexplained.is_empty())))
}
