//! `hub link`: which records of a CSV file are of one person, by the linking that the running hub uses.
//!
//! Everything happens in memory, in the order of the file: nothing is stored and nothing of the hub is read but its
//! config. Data goes to stdout, what was noticed to stderr. Exit codes: 0 every row was linked, 1 a row could not be
//! read or the file is no such table, 2 the command line. LinkReport in docs/linking.md.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::out::out;
use crate::config::Config;
use crate::link::{self, Columns, Printed};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A CSV file with a column `rec_id`; `-` reads stdin.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Which header stands for which column, such as `dob=date_of_birth,category=state`.
    #[arg(long, value_name = "COLUMN=HEADER,…", value_parser = Columns::parse)]
    pub columns: Option<Columns>,
    /// The match model: a name in `config/models`, or a file.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// A reviewer's answers: a CSV file with the columns `rec_a,rec_b,answer`, each `same` or `different`.
    #[arg(long, value_name = "ANSWERS.csv")]
    pub review: Option<PathBuf>,
    /// Prints pairs of records, `auto` or `review`, and not one person for each record.
    #[arg(long)]
    pub pairs: bool,
    #[arg(long, value_name = "DIR", default_value = "config")]
    pub config: PathBuf,
}

/// Links, and writes the answer to stdout.
///
/// # Errors
/// Where the config, the model or a file cannot be read, or stdout is gone.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let columns = args.columns.unwrap_or_default();
    let table = if args.file == Path::new("-") {
        link::LinkTable::read(std::io::stdin().lock(), &columns)?
    } else {
        link::LinkTable::read(open(&args.file)?, &columns)?
    };
    let answers = match &args.review {
        Some(file) => link::PairAnswers::read(open(file)?).with_context(|| file.display().to_string())?,
        None => link::PairAnswers::default(),
    };
    let name = args.model.unwrap_or_else(|| table.model().to_owned());
    let model = crate::config::models::load(&args.config, &name)?;
    let printed = if args.pairs { Printed::Pairs } else { Printed::Persons };
    let mut out = out();
    let told = link::run(&table, &config.bundle, model, &answers, printed, &mut out)?;
    out.flush()?;
    let mut words = std::io::stderr();
    for line in told.lines() {
        writeln!(words, "{line}")?;
    }
    Ok(if told.unread() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn open(file: &Path) -> anyhow::Result<BufReader<std::fs::File>> {
    let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(BufReader::new(opened))
}
