//! A reviewer's answers about pairs of records: the same person, or two.
//!
//! An answer counts where its question is asked; one that nobody asks about changes nothing.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, bail};
use schemas::ids::PersonId;
use schemas::message::ReviewAnswer;

/// What a reviewer said of two records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PairAnswer {
    Same,
    Different,
}

impl PairAnswer {
    /// The answer about a candidate.
    #[must_use]
    pub fn of(self, candidate: PersonId) -> ReviewAnswer {
        match self {
            Self::Same => ReviewAnswer::Same(candidate),
            Self::Different => ReviewAnswer::Different,
        }
    }
}

/// All answers, by each of the two records.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PairAnswers(BTreeMap<String, Vec<(String, PairAnswer)>>);

impl PairAnswers {
    /// Reads a file with the columns `rec_a,rec_b,answer`.
    ///
    /// # Errors
    /// Where a column or an answer is none of these.
    pub fn read(from: impl Read) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().from_reader(from);
        let headers = reader.headers()?.clone();
        let column = |name: &str| {
            let found = headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name);
            found.with_context(|| format!("the file has no column {name}"))
        };
        let (a, b, answer) = (column("rec_a")?, column("rec_b")?, column("answer")?);
        let mut answers = Self::default();
        for row in reader.records() {
            let row = row?;
            let cell = |place| row.get(place).unwrap_or_default().trim();
            let said = match cell(answer) {
                "same" => PairAnswer::Same,
                "different" => PairAnswer::Different,
                other => bail!("an answer is same or different, not {other:?}"),
            };
            for (one, other) in [(a, b), (b, a)] {
                answers.0.entry(cell(one).to_owned()).or_default().push((cell(other).to_owned(), said));
            }
        }
        Ok(answers)
    }

    /// What was said of this record and others.
    #[must_use]
    pub fn about(&self, record: &str) -> &[(String, PairAnswer)] {
        self.0.get(record).map_or(&[], Vec::as_slice)
    }
}
