//! Learns the tables by which a name in Latin letters meets one in its own script, from public pairs of words.
//!
//! `cargo run --release -p tests --bin transliteration -- TRAINING_DIR OUT_DIR` writes one table a script; the same
//! files give the same bytes. With `--judge PAIRS.csv` it writes nothing and tells how well names are told apart
//! whose words no table has seen. TRAINING_DIR holds `translit_train_*.tsv`: see docs/names.md#the-learned-table.

#![allow(clippy::print_stdout, clippy::allow_attributes, reason = "it prints figures")]

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use schemas::name::Script;
use sha2::{Digest as _, Sha256};
use tests::transliteration::{FILES, Provenance, judge, read, table};

#[derive(Debug, Parser)]
struct Args {
    /// Where `translit_train_arabic.tsv` and the others are.
    training: PathBuf,
    /// Where the tables are written.
    #[arg(required_unless_present = "judge")]
    out: Option<PathBuf>,
    /// A file with the columns `script,name_a,name_b,is_match`.
    #[arg(long, value_name = "PAIRS.csv")]
    judge: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    for (script, file) in FILES {
        let name = format!("translit_train_{file}.tsv");
        let path = args.training.join(&name);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let pairs = read(&text, script);
        if let Some(judged) = &args.judge {
            let names = names(&std::fs::read_to_string(judged)?, file)?;
            let judged = judge(script, &pairs, &names)?;
            println!(
                "{:9} {:5} pairs of names, best F1 {:.4}, recall at precision 0.99 {:.4}",
                script.as_str(),
                judged.pairs,
                judged.best,
                judged.recall
            );
            continue;
        }
        let told = provenance(script, &name, &text, pairs.len());
        let out = args
            .out
            .as_deref()
            .context("where to?")?
            .join(format!("transliteration-{}.tsv", script.as_str()));
        std::fs::write(&out, table(script, &pairs, &told)?)
            .with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(())
}

fn provenance(script: Script, name: &str, text: &str, taken: usize) -> Provenance {
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    Provenance {
        lines: vec![
            format!(
                "How {} letters become Latin ones and back, in hundredths of natural logarithms.",
                script.as_str()
            ),
            "Read by hub/decide/src/transliteration, explained in docs/names.md; never edited by hand."
                .to_owned(),
            format!(
                "Learned from {name}: {} lines, {taken} pairs taken, SHA-256 {hash}.",
                text.lines().count()
            ),
            "Source: labels of Wikidata (CC0) as paired in NETransliteration-COLING2018, split _64."
                .to_owned(),
            "Made by: cargo run --release -p tests --bin transliteration -- TRAINING_DIR config/models"
                .to_owned(),
        ],
    }
}

/// The names of a file that are of one script: Latin, native, whether they are one.
fn names(text: &str, script: &str) -> anyhow::Result<Vec<(String, String, bool)>> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headers = rows.headers()?.clone();
    let column = |name: &str| {
        let at = headers.iter().position(|header| header == name);
        at.with_context(|| format!("the file has no column {name}"))
    };
    let (of, latin, native, is_one) =
        (column("script")?, column("name_a")?, column("name_b")?, column("is_match")?);
    let mut names = vec![];
    for row in rows.records() {
        let row = row?;
        if &row[of] == script {
            names.push((row[latin].to_owned(), row[native].to_owned(), &row[is_one] == "1"));
        }
    }
    Ok(names)
}
