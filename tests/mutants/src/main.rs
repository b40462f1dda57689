//! Mutants of the heart: its code with one comparison, guard, condition or answer changed, and whether a test notices.
//!
//! All of them are compiled at once, each behind a switch (`switch`), into a copy of the workspace (`house`); then every
//! one is run by itself. One that no test notices must be named in docs/mutants.md: as equivalent, with the reason why it
//! changes nothing, or as open.
//!
//! `cargo run -p mutants` runs all of them, `-- --sample 60 --seed 7` some, `-- handover/order.rs` those of a file.
//! Exit codes: 0 all were caught or are named, 1 not all, 2 wrong use, or it could not be told.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a command says goes to whoever called it"
)]

mod house;
mod switch;
mod trial;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use sha2::{Digest, Sha256};

use trial::End;

/// What is proved so where no files are named: the folders in which the heart decides about people.
const FOLDERS: [&str; 6] = ["journey", "routing", "handover", "disclosure", "person", "invariant"];

#[derive(Parser)]
#[command(about)]
struct Words {
    /// Only so many of them
    #[arg(long)]
    sample: Option<usize>,
    /// Which of all that could be these are
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only those that docs/mutants.md names as open
    #[arg(long)]
    open: bool,
    /// Name them and run none
    #[arg(long)]
    list: bool,
    /// Only those of these files or folders of the heart
    files: Vec<String>,
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
    let asked: Vec<&str> = words.files.iter().map(String::as_str).collect();
    let (mutants, programs) = house::build(&root, if asked.is_empty() { &FOLDERS } else { &asked })?;
    let wanted = |number: &usize| {
        let file = &mutants.all[number - 1].file;
        words.files.is_empty() || words.files.iter().any(|of| file.starts_with(of))
    };
    let compiled = (1..=mutants.all.len()).filter(|number| !mutants.left_out.contains(number));
    let mut chosen: Vec<usize> = compiled.filter(wanted).collect();
    let (equivalent, open) = argued.split_once("\n## Open\n").unwrap_or((&argued, ""));
    let open: Vec<&str> = open.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    if words.open {
        chosen.retain(|number| open.contains(&mutants.all[number - 1].name().as_str()));
    }
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
    let tests = trial::tests(&root, &programs)?;
    let survivors = trial::together(&chosen, |number| {
        let name = mutants.all[number - 1].name();
        let named = if equivalent.contains(&format!("`` {name} ``")) {
            "argued"
        } else if open.contains(&name.as_str()) {
            "open"
        } else {
            "survived"
        };
        let end = trial::of(&tests, *number)?;
        match &end {
            End::Caught(by) if named == "survived" => println!("caught    {name}  [{by}]"),
            End::Caught(by) => println!("caught    {name}  [{by}], and yet it is named as {named}"),
            End::Survived => println!("{named:<8}  {name}"),
            End::Passed => println!("{named:<8}  {name}  [no test comes here]"),
        }
        Ok((!matches!(end, End::Caught(_))).then_some(named))
    })?;
    let count = |what| survivors.iter().flatten().filter(|named| **named == what).count();
    let (argued, open, unnamed) = (count("argued"), count("open"), count("survived"));
    println!(
        "{} of {} caught, {argued} survived and argued, {open} open, {unnamed} survived and named nowhere",
        chosen.len() - argued - open - unnamed,
        chosen.len(),
    );
    Ok(unnamed == 0)
}
