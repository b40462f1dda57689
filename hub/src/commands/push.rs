//! `hub push`: sends a file to a source's batch door, as a sender would.
//!
//! The file is streamed; results come back line by line on stdout. Exit codes: 0 all taken, 3 some
//! refused, 5 stopped before the end, 75 the hub takes nothing at the moment: try again later.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use futures::StreamExt;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::credential::secret;
use super::out::out;
use crate::tls::{self, TlsFiles};

/// The exit code of "try again later".
const LATER: u8 = 75;

/// Sends a file to a source.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The source, such as visa.
    #[arg(long)]
    source: String,
    /// The file: .ndjson or .json, .csv, .xml.
    #[arg(long)]
    file: PathBuf,
    /// Where the hub answers.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    #[command(flatten)]
    tls: TlsFiles,
    /// A file with the sender's token; else the variable `HUB_TOKEN` holds it.
    #[arg(long, value_name = "FILE", env = "HUB_TOKEN_FILE")]
    token: Option<PathBuf>,
}

/// Runs it.
///
/// # Errors
/// Where the file cannot be read, the hub does not answer, or answers with a problem.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let kind = match args.file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => "text/csv",
        Some("xml") => "application/xml",
        Some("json" | "ndjson" | "jsonl") => "application/x-ndjson",
        _ => bail!("{}: the ending must be .ndjson, .json, .csv or .xml", args.file.display()),
    };
    let file = tokio::fs::File::open(&args.file).await.with_context(|| args.file.display().to_string())?;
    let pieces = futures::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; 1 << 16];
        let length = file.read(&mut piece).await?;
        piece.truncate(length);
        Ok::<_, std::io::Error>((length > 0).then_some((piece, file)))
    });
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(args.tls.client()?)
        .connect_timeout(Duration::from_secs(10))
        .build()?;
    let address = format!("{}/v1/sources/{}/batches", args.url.trim_end_matches('/'), args.source);
    let mut request =
        http.post(address).header("Content-Type", kind).body(reqwest::Body::wrap_stream(pieces));
    if let Some(token) = secret(args.token.as_deref(), "HUB_TOKEN")? {
        request = request.bearer_auth(token.as_str());
    }
    let answer = match request.send().await {
        Err(error) if error.is_connect() => {
            // What is wrong with a certificate does not pass by itself.
            let Some(trouble) = tls::told(&error) else {
                tracing::error!("the hub does not answer");
                return Ok(ExitCode::from(LATER));
            };
            bail!("the hub at {}: {trouble}", args.url);
        }
        answer => answer.context("the call broke off: send the file again")?,
    };
    let status = answer.status();
    if !status.is_success() {
        let problem = answer.text().await.unwrap_or_default();
        tracing::error!(%status, problem, "nothing was taken");
        return Ok(ExitCode::from(if status == reqwest::StatusCode::SERVICE_UNAVAILABLE {
            LATER
        } else {
            1
        }));
    }
    let mut tally = PushTally::default();
    let mut out = out();
    let mut pieces = answer.bytes_stream();
    let mut held: Vec<u8> = vec![];
    while let Some(piece) = pieces.next().await {
        held.extend_from_slice(&piece.context("the answer broke off: send the file again")?);
        let whole = memchr::memrchr(b'\n', &held).map_or(0, |end| end + 1);
        for line in held.drain(..whole).collect::<Vec<_>>().split_inclusive(|byte| *byte == b'\n') {
            tally.count(line);
            out.write_all(line)?;
        }
    }
    let PushTally { taken, refused, stopped } = tally;
    tracing::info!(taken, refused, stopped, "sent");
    Ok(ExitCode::from(tally.code()))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct PushTally {
    taken: u64,
    refused: u64,
    stopped: bool,
}

impl PushTally {
    fn count(&mut self, line: &[u8]) {
        let line: Value = serde_json::from_slice(line).unwrap_or_default();
        match line["status"].as_str() {
            Some("accepted" | "again") => self.taken += 1,
            Some("stopped") => self.stopped = true,
            _ => self.refused += 1,
        }
    }

    fn code(self) -> u8 {
        match self {
            Self { stopped: true, .. } => 5,
            Self { refused: 0, .. } => 0,
            Self { .. } => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_the_worst() {
        let check = |lines: &[&str], expect: u8| {
            let mut tally = PushTally::default();
            lines.iter().for_each(|status| tally.count(format!("{{\"status\":\"{status}\"}}\n").as_bytes()));
            assert_eq!(tally.code(), expect, "{lines:?}");
        };
        check(&[], 0);
        check(&["accepted", "again"], 0);
        check(&["accepted", "refused"], 3);
        check(&["conflict"], 3);
        check(&["refused", "stopped"], 5);
    }
}
