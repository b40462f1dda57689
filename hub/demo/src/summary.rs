//! What came of a story: numbers by recipient, by source and by list.
//!
//! Written as a table or as JSON; refuses to name anybody.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemas::time::Instant;
use serde::Serialize;

use super::agencies::ReadTally;

/// The summary of one story.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Where the clock stands.
    pub ended_at: Option<Instant>,
    /// What each recipient has read.
    pub recipients: BTreeMap<String, ReadTally>,
    /// What was said of the items of each source: accepted, again, conflict, refused.
    pub sources: BTreeMap<String, BTreeMap<String, u64>>,
    /// Lines of the folder that no door takes yet.
    pub skipped: BTreeMap<String, u64>,
    /// What was said of the agencies' answers: done, conflict, waiting.
    pub answers: BTreeMap<String, u64>,
    /// How many rows each list of the store holds.
    pub counts: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts one item of a source.
    pub(super) fn item(&mut self, source: &str, status: &str) {
        let statuses = self.sources.entry(source.to_owned()).or_default();
        *statuses.entry(status.to_owned()).or_default() += 1;
    }

    /// Writes it as JSON on one line.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        writeln!(out)
    }

    /// Writes it as tables.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{:<16} {:>7} {:>7} {:>7} {:>7} {:>8}",
            "recipient", "offers", "files", "ended", "void", "persons"
        )?;
        for (name, tally) in &self.recipients {
            let ReadTally { offers, files, ended, voids, persons } = tally;
            writeln!(out, "{name:<16} {offers:>7} {files:>7} {ended:>7} {voids:>7} {persons:>8}")?;
        }
        writeln!(
            out,
            "\n{:<16} {:>9} {:>7} {:>9} {:>8}",
            "source", "accepted", "again", "conflict", "refused"
        )?;
        for (name, statuses) in &self.sources {
            let of = |status: &str| statuses.get(status).copied().unwrap_or_default();
            let (accepted, again) = (of("accepted"), of("again"));
            let (conflict, refused) = (of("conflict"), of("refused"));
            writeln!(out, "{name:<16} {accepted:>9} {again:>7} {conflict:>9} {refused:>8}")?;
        }
        let lists = [
            ("lines skipped, no door yet", &self.skipped),
            ("answers", &self.answers),
            ("list", &self.counts),
        ];
        for (title, list) in lists {
            writeln!(out, "\n{title:<32} {:>8}", "number")?;
            for (name, count) in list {
                writeln!(out, "{name:<32} {count:>8}")?;
            }
        }
        if let Some(at) = self.ended_at {
            writeln!(out, "\nthe clock stands at {}", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))?;
        }
        Ok(())
    }
}
