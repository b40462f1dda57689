//! What each agency read, when it read it: a file of NDJSON a recipient, in the form of `hub tap --json`.
//!
//! `tap` shows a record as it may be read now, and some have become void since; here stands what an agency got. Refuses to
//! know what a record says.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use hub::deliver::feed::TapRecord;
use schemas::recipient::Recipient;

/// The files, one a recipient: empty where it read nothing.
#[derive(Debug)]
pub(super) struct ReceivedFiles(BTreeMap<Recipient, File>);

impl ReceivedFiles {
    /// Makes the folder and the files anew.
    pub(super) fn new<'a>(
        folder: &Path,
        recipients: impl Iterator<Item = &'a Recipient>,
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let file = |recipient: &Recipient| {
            let path = folder.join(format!("{recipient}.ndjson"));
            let file = File::create(&path).with_context(|| path.display().to_string())?;
            Ok((recipient.clone(), file))
        };
        recipients.map(file).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Keeps a record that was just read.
    pub(super) fn keep(&mut self, record: &TapRecord) -> anyhow::Result<()> {
        let file = self.0.get_mut(&record.recipient).context("a record for nobody known")?;
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        file.write_all(&line).context("what was received cannot be kept")
    }
}
