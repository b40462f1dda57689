//! Mutants of the heart: its code with one comparison, guard, condition or answer changed, and whether a test notices.
//!
//! All of them are compiled at once, each behind a switch (`switch`), into a copy of the workspace (`house`); then every
//! one is run by itself. One that no test notices must be named in docs/mutants.md with the reason why it changes nothing.
//!
//! `cargo run -p mutants` runs all of them, `-- --sample 60 --seed 7` some, `-- handover/order.rs` those of a file.
//! Exit codes: 0 all were caught or are argued, 1 not all, 2 wrong use, or it could not be told.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a command says goes to whoever called it"
)]

mod house;
mod switch;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Parser;
use sha2::{Digest, Sha256};

use house::Program;
use switch::Mutants;

/// What is proved so: the folders in which the heart decides about people.
const FOLDERS: [&str; 6] = ["journey", "routing", "handover", "disclosure", "person", "invariant"];
/// How many run at the same time.
const WORKERS: usize = 2;

#[derive(Parser)]
#[command(about)]
struct Words {
    /// Only so many of them
    #[arg(long)]
    sample: Option<usize>,
    /// Which of all that could be these are
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Name them and run none
    #[arg(long)]
    list: bool,
    /// Only those of these files or folders of the heart
    files: Vec<String>,
}

/// What became of one.
enum End {
    Caught(String),
    Survived,
}

fn main() -> ExitCode {
    match run(&Words::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &Words) -> anyhow::Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let argued = std::fs::read_to_string(root.join("docs/mutants.md"))?;
    let folders =
        if words.files.is_empty() { FOLDERS.map(str::to_owned).to_vec() } else { words.files.clone() };
    let (mutants, programs) = house::build(&root, &folders)?;
    let mut chosen: Vec<usize> =
        (1..=mutants.all.len()).filter(|number| !mutants.left_out.contains(number)).collect();
    if let Some(sample) = words.sample {
        let drawn =
            |number: &usize| Sha256::digest(format!("{} {}", words.seed, mutants.all[number - 1].name()));
        chosen.sort_by_cached_key(drawn);
        chosen.truncate(sample);
    }
    eprintln!(
        "{} mutants, {} of them do not compile; {} are run",
        mutants.all.len(),
        mutants.left_out.len(),
        chosen.len()
    );
    if words.list {
        chosen.iter().for_each(|number| println!("{}", mutants.all[number - 1].name()));
        return Ok(true);
    }
    let survivors = judge(&mutants, &programs, &chosen)?;
    let open: BTreeSet<&String> =
        survivors.iter().filter(|name| !argued.contains(&format!("`` {name} ``"))).collect();
    println!(
        "{} of {} caught, {} survived and argued, {} survived",
        chosen.len() - survivors.len(),
        chosen.len(),
        survivors.len() - open.len(),
        open.len()
    );
    Ok(open.is_empty())
}

/// Runs each; prints what became of it, and gives back the names of those that no test noticed.
fn judge(mutants: &Mutants, programs: &[Program], chosen: &[usize]) -> anyhow::Result<Vec<String>> {
    let (next, survivors) = (AtomicUsize::new(0), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        let worker = || -> anyhow::Result<()> {
            while let Some(number) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                let name = mutants.all[number - 1].name();
                match one(programs, *number)? {
                    End::Caught(by) => println!("caught    {name}  [{by}]"),
                    End::Survived => {
                        println!("survived  {name}");
                        if let Ok(mut survivors) = survivors.lock() {
                            survivors.push(name);
                        }
                    }
                }
            }
            Ok(())
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a worker panicked")))
    })?;
    Ok(survivors.into_inner().unwrap_or_default())
}

/// The first program that notices a mutant, by a test that fails or by not ending.
fn one(programs: &[Program], number: usize) -> anyhow::Result<End> {
    for program in programs {
        let patience = program.took * 5 + Duration::from_secs(10);
        let Some(output) = program.run(number, patience)? else {
            return Ok(End::Caught(format!("{}: does not end", program.name)));
        };
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let failed =
                told.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
            return Ok(End::Caught(format!("{}: {}", program.name, failed.unwrap_or("it ended otherwise"))));
        }
    }
    Ok(End::Survived)
}
