//! `hub route`: who is responsible, for one municipality or for every row of a CSV file.
//!
//! The decider's own table, asked directly. Of a file's columns `nis_code`, `on` and `choice` are
//! read, the last may be absent; all are kept, `recipient` and `reason` are added. Exit codes: 0 every question was
//! answered (nobody is an answer), 1 a day could not be read, 2 the command line.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use csv::{ByteRecord, ReaderBuilder, Writer};
use decide::Bundle;
use decide::routing::{Choice, Route, RouteReason, route};
use schemas::municipality::NisCode;
use schemas::time::{Day, parse_day};

use super::out::out;
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A CSV file with the columns `nis_code,on,choice`; `-` reads stdin.
    #[arg(value_name = "FILE.csv", required_unless_present = "nis", conflicts_with_all = ["nis", "on", "choice", "json"])]
    pub file: Option<PathBuf>,
    /// A NIS code of five digits.
    #[arg(long, value_name = "CODE", requires = "on")]
    pub nis: Option<String>,
    /// The day, such as 2025-03-01.
    #[arg(long, value_name = "DAY", requires = "nis", value_parser = day)]
    pub on: Option<Day>,
    /// What was chosen in Brussels, such as `bon` or `bapa-via:fr`.
    #[arg(long, requires = "nis", value_parser = choice)]
    pub choice: Option<Choice>,
    /// The answer as JSON.
    #[arg(long)]
    pub json: bool,
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
}

/// Routes, and writes the answer to stdout.
///
/// # Errors
/// Where the config or the file cannot be read, or stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let bundle = Config::load(&args.config)?.bundle;
    let mut out = BufWriter::new(out());
    let unread = match (&args.file, &args.nis, args.on) {
        (None, Some(nis), Some(on)) => {
            one(&bundle, nis, on, args.choice.as_ref(), args.json, &mut out)?;
            0
        }
        (Some(file), _, _) if file == Path::new("-") => rows(&bundle, std::io::stdin().lock(), &mut out)?,
        (Some(file), _, _) => {
            let open =
                std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            rows(&bundle, BufReader::new(open), &mut out)?
        }
        (None, _, _) => anyhow::bail!("give a file, or --nis and --on"),
    };
    out.flush()?;
    if unread > 0 {
        writeln!(std::io::stderr(), "{unread} rows have a day that cannot be read")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// One answer: the recipient, empty where there is none, and the reason.
fn one(
    bundle: &Bundle,
    nis: &str,
    on: Day,
    choice: Option<&Choice>,
    json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let found = answer(bundle, nis, on, choice);
    let (recipient, reason) = (found.recipient.as_ref().map(|r| r.as_str()), found.printed());
    if json {
        let object = serde_json::json!({
            "nis_code": nis, "on": on, "recipient": recipient, "reason": reason.as_str(),
        });
        writeln!(out, "{object}")?;
    } else {
        writeln!(out, "{},{reason}", recipient.unwrap_or_default())?;
    }
    Ok(())
}

/// A code of another form than five digits is no municipality: the table has an answer for it too.
fn answer(bundle: &Bundle, nis: &str, on: Day, choice: Option<&Choice>) -> Route {
    match NisCode::parse(nis) {
        Ok(nis) => route(bundle, nis, on, choice),
        Err(_) => Route { recipient: None, reason: RouteReason::NotAMunicipality, flagged: None },
    }
}

/// Every row of a file; the number of rows that could not be read, which get two empty columns.
///
/// # Errors
/// Where the file is no CSV or lacks a column, with the place.
pub fn rows(bundle: &Bundle, from: impl Read, out: impl Write) -> anyhow::Result<u64> {
    let mut reader = ReaderBuilder::new().from_reader(from);
    let mut writer = Writer::from_writer(out);
    let mut headers = reader.byte_headers()?.clone();
    if let Some(first) = headers.get(0).and_then(|first| first.strip_prefix(b"\xef\xbb\xbf")) {
        headers = std::iter::once(first.to_vec()).chain(headers.iter().skip(1).map(<[u8]>::to_vec)).collect();
    }
    let column = |name: &str| headers.iter().position(|header| header == name.as_bytes());
    let nis = column("nis_code").context("the file has no column nis_code")?;
    let on = column("on").context("the file has no column on")?;
    let chosen = column("choice");
    headers.push_field(b"recipient");
    headers.push_field(b"reason");
    writer.write_byte_record(&headers)?;
    let mut unread = 0;
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        let text =
            |at: usize| row.get(at).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default().trim();
        // A choice that cannot be read is no complete choice: the table says what follows.
        let choice = chosen.and_then(|chosen| Choice::parse(text(chosen)));
        let found = parse_day(text(on)).map(|on| answer(bundle, text(nis), on, choice.as_ref()));
        unread += u64::from(found.is_none());
        let recipient = found.as_ref().and_then(|route| route.recipient.as_ref()).map(|r| r.as_str());
        row.push_field(recipient.unwrap_or_default().as_bytes());
        row.push_field(found.as_ref().map_or("", |route| route.printed().as_str()).as_bytes());
        writer.write_byte_record(&row)?;
    }
    writer.flush()?;
    Ok(unread)
}

pub(super) fn day(text: &str) -> Result<Day, String> {
    parse_day(text).ok_or_else(|| "expected a day like 2025-03-01".to_owned())
}

fn choice(text: &str) -> Result<Choice, String> {
    Choice::parse(text).ok_or_else(|| "expected a recipient and a language, like bapa-via:fr".to_owned())
}
