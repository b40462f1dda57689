//! `hub dry-run`: what a source's door would make of files, item by item: facts, or what is wrong.
//!
//! The code of the doors, without a store and without a server: the same cutting, reading, checking and translating.
//! Data goes to stdout, a line an item; with `--json` an object with `file`, `index`, `outcome` (`facts`, `refused`,
//! `ignored`: taken, and nothing follows from it), `codes` and `facts`. A file that cannot be read is refused as well. As
//! on the wire a file may be JSON (one object, a list, one a line), the source's own CSV or XML, and any of them
//! compressed by gzip. Exit codes: 0 everything would be taken, 1 the config or the source is not there, 3 some is refused.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adapters::Speaker;
use anyhow::Context as _;
use flate2::read::MultiGzDecoder;
use schemas::finding::Finding;
use serde_json::{Value, json};

use super::out::out;
use crate::api::dry_run::{DryOutcome, through};
use crate::config::{Config, Sender, Senders};
use crate::intake::LookupTables;

/// The exit code of "some is refused", as that of `hub push`.
const SOME_REFUSED: u8 = 3;
/// What gzip writes first.
const GZIP: &[u8] = b"\x1f\x8b";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The source, such as visa.
    #[arg(long)]
    pub source: String,
    /// Files as they would be sent; `-` reads stdin.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// An object an item, one a line.
    #[arg(long)]
    pub json: bool,
    /// Who would send them, a sender of the source; else somebody who may speak for everybody in it.
    #[arg(long, value_name = "NAME")]
    pub sender: Option<String>,
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
}

/// Reads files as the door would, and writes what came of each item to stdout.
///
/// # Errors
/// Where the config cannot be read, there is no such source, or stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let source = adapters::source(&args.source).with_context(|| {
        let known: Vec<&str> = adapters::SOURCES.iter().map(|source| source.name()).collect();
        format!("there is no source {}: {} are", args.source, known.join(", "))
    })?;
    let tables = LookupTables::of(&config);
    let sender = speaker(&config.senders, &args)?;
    let context = tables.context(&sender, config.hub.clock().now());
    let (mut out, mut refused) = (out(), false);
    for file in &args.files {
        let shown = file.display().to_string();
        let mut told = Ok(());
        let mut each = |index: usize, one: DryOutcome| {
            refused |= one.refused;
            told = match args.json {
                true => writeln!(out, "{}", object(&shown, index, &one)),
                false => as_text(&mut out, &shown, index, &one),
            };
            told.is_ok()
        };
        let count = match opened(file) {
            Ok(bytes) => through(source, None, &context, config.hub.limits.batch_bytes, bytes, &mut each),
            Err(error) => through(source, None, &context, 0, NeverRead(error), &mut each),
        };
        // A file without an item leads to nothing, and that is told as well.
        if count == 0 {
            each(0, DryOutcome::nothing());
        }
        told?;
    }
    Ok(if refused { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
}

/// Who is named; without a name the first sender of the source, speaking for everybody in it.
fn speaker(senders: &Senders, args: &Args) -> anyhow::Result<Speaker> {
    let known: Vec<&Sender> = senders.iter().filter(|sender| sender.source == args.source).collect();
    let Some(name) = &args.sender else {
        return Ok(Speaker::for_all(known.first().map_or("", |sender| &sender.name)));
    };
    let named = known.iter().find(|sender| sender.name == *name);
    named.map(|sender| sender.speaker()).with_context(|| {
        let names: Vec<&str> = known.iter().map(|sender| sender.name.as_str()).collect();
        format!("{name} sends nothing to {}: {} do", args.source, names.join(", "))
    })
}

/// A file's bytes, or those of stdin.
fn opened(file: &Path) -> std::io::Result<Box<dyn Read>> {
    match file == Path::new("-") {
        true => inflated(std::io::stdin().lock()),
        false => inflated(std::fs::File::open(file)?),
    }
}

/// Some bytes, inflated where they are compressed.
///
/// # Errors
/// Where they cannot be read.
pub fn inflated(mut bytes: impl Read + 'static) -> std::io::Result<Box<dyn Read>> {
    let mut first = vec![];
    bytes.by_ref().take(2).read_to_end(&mut first)?;
    let zipped = first == GZIP;
    let whole = std::io::Cursor::new(first).chain(bytes);
    Ok(if zipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// A file that did not open: the first look at it says why.
struct NeverRead(std::io::Error);

impl Read for NeverRead {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(self.0.kind().into())
    }
}

/// One outcome as `--json` prints it.
#[must_use]
pub fn object(file: &str, index: usize, one: &DryOutcome) -> Value {
    let (outcome, codes, facts) = (one.word(), one.codes(), &one.facts);
    json!({ "file": file, "index": index, "outcome": outcome, "codes": codes, "facts": facts })
}

fn as_text(out: &mut impl Write, file: &str, index: usize, one: &DryOutcome) -> std::io::Result<()> {
    writeln!(out, "{file} {index}: {}", one.word())?;
    one.facts.iter().try_for_each(|fact| writeln!(out, "  {fact}"))?;
    let told = |finding: &Finding| {
        let (code, pointer, detail) = (finding.code, &finding.pointer, &finding.detail);
        format!("  {code} {pointer}: {detail}")
    };
    one.findings.iter().try_for_each(|finding| writeln!(out, "{}", told(finding)))
}
