//! `hub names`: how alike the two names of every row of a CSV file are, in any scripts.
//!
//! The heart's own comparison with the tables of the config. Of a file's columns `pair_id`, `name_a` and `name_b` are
//! read; out come `pair_id,score`, in the order of the rows: between 0 and 1, by the odds that the two are one
//! name, so 0.5 is as likely as not. Exit codes: 0 every row was compared, 1 the file cannot be read or lacks a column.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use csv::{ByteRecord, ReaderBuilder, Writer};
use decide::transliteration::{Forms, Transliteration};
use schemas::name::Names;

use super::out::out;
use crate::config::letters;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A CSV file with the columns `pair_id,name_a,name_b`; others are not read. `-` reads stdin.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
}

/// Compares, and writes the scores to stdout.
///
/// # Errors
/// Where the config or the file cannot be read, or stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let tables = letters::load(&args.config)?;
    let mut out = BufWriter::new(out());
    if args.file == Path::new("-") {
        rows(&tables, std::io::stdin().lock(), &mut out)?;
    } else {
        let file = std::fs::File::open(&args.file);
        let file = file.with_context(|| format!("cannot read {}", args.file.display()))?;
        rows(&tables, BufReader::new(file), &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Every row of a file.
///
/// # Errors
/// Where the file is no CSV or lacks a column, with the place.
pub fn rows(tables: &Transliteration, from: impl Read, out: impl Write) -> anyhow::Result<()> {
    let mut reader = ReaderBuilder::new().from_reader(from);
    let mut writer = Writer::from_writer(out);
    let mut headers = reader.byte_headers()?.clone();
    if let Some(first) = headers.get(0).and_then(|first| first.strip_prefix(b"\xef\xbb\xbf")) {
        headers = std::iter::once(first.to_vec()).chain(headers.iter().skip(1).map(<[u8]>::to_vec)).collect();
    }
    let column = |name: &str| {
        let at = headers.iter().position(|header| header == name.as_bytes());
        at.with_context(|| format!("the file has no column {name}: pair_id, name_a and name_b are read"))
    };
    let [id, a, b] = [column("pair_id")?, column("name_a")?, column("name_b")?];
    writer.write_record(["pair_id", "score"])?;
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        let forms = |at: usize| {
            let text = String::from_utf8_lossy(row.get(at).unwrap_or_default());
            Names::new(&text, "").map(|names| Forms::of(&names))
        };
        let score = match (forms(a), forms(b)) {
            (Some(a), Some(b)) => score(tables.alike(&a, &b)),
            _ => 0.0,
        };
        writer.write_record([row.get(id).unwrap_or_default(), format!("{score:.6}").as_bytes()])?;
    }
    writer.flush()?;
    Ok(())
}

/// Log odds in hundredths as a likelihood.
fn score(odds: i32) -> f64 {
    1.0 / (1.0 + (-f64::from(odds) / 100.0).exp())
}
