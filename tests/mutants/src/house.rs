//! The copy of the workspace that holds every mutant at once, built once, and its test programs.
//!
//! Lies under `target/mutants`, so that a second run builds what changed. Refuses to touch the code it copies.
//! Next: [`super::switch`] for what is put into it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::switch::Mutants;

/// The code that has mutants, in the copy and in the original.
const HEART: &str = "hub/decide/src";
/// How often what does not compile is left out and the rest built again.
const TRIES: usize = 12;
/// What asks whether a mutant is on.
const SWITCH: &str = "
pub(crate) fn mutant(number: usize) -> bool {
    static ON: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *ON.get_or_init(|| std::env::var(\"MUTANT\").ok().and_then(|text| text.parse().ok()).unwrap_or(0)) == number
}
";

/// A test program of the copy.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    file: PathBuf,
    folder: PathBuf,
    /// How long it took with every switch off.
    pub(crate) took: Duration,
}

impl Program {
    /// Runs it with one switch on; none where it did not end in time.
    pub(crate) fn run(&self, mutant: usize, patience: Duration) -> anyhow::Result<Option<Output>> {
        let mut command = Command::new("timeout");
        command.arg(patience.as_secs().max(1).to_string()).arg(&self.file).current_dir(&self.folder);
        command.env("MUTANT", mutant.to_string()).env("HUB_WALKS", "300").env("HUB_DEPTH", "4");
        let output = command.stdin(Stdio::null()).output().context("timeout of coreutils is not there")?;
        Ok((output.status.code() != Some(124)).then_some(output))
    }
}

/// Copies the workspace, puts the switches in and builds the heart's tests.
///
/// # Errors
/// Where a file does not read, or what is built fails without any mutant.
pub(crate) fn build(root: &Path, folders: &[String]) -> anyhow::Result<(Mutants, Vec<Program>)> {
    let copy = root.join("target/mutants/copy");
    let mut everything = vec![];
    collect(root, root, &mut everything)?;
    for file in &everything {
        write(&copy.join(file), &fs::read(root.join(file))?)?;
    }
    let mut left_out = BTreeSet::new();
    for _ in 0..TRIES {
        let mut mutants = Mutants { left_out: left_out.clone(), ..Mutants::default() };
        let mut files = vec![];
        for folder in folders {
            collect(&root.join(HEART), &root.join(HEART).join(folder), &mut files)?;
        }
        files.retain(|file| file.ends_with(".rs"));
        files.sort();
        for file in &files {
            let text = mutants.switch(file, &fs::read_to_string(root.join(HEART).join(file))?)?;
            write(&copy.join(HEART).join(file), text.as_bytes())?;
        }
        let lib = fs::read_to_string(root.join(HEART).join("lib.rs"))?;
        write(&copy.join(HEART).join("lib.rs"), (lib + SWITCH).as_bytes())?;
        let (errors, programs) = tests(&copy)?;
        if errors.is_empty() {
            return Ok((mutants, timed(programs)?));
        }
        let before = left_out.len();
        for (file, first, last) in errors {
            let text = fs::read_to_string(copy.join(&file))?;
            left_out.extend(numbers(&text, first, last));
        }
        ensure!(
            left_out.len() > before,
            "the copy does not build, and no mutant is why: see `cargo test -p decide --no-run` there"
        );
    }
    bail!("after {TRIES} builds some mutants still do not compile");
}

/// Files whose text is the same keep their time, so that they are not built again.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::create_dir_all(file.parent().context("a file lies in a folder")?)?;
    Ok(fs::write(file, bytes)?)
}

/// The files at a place, as paths below the root; what is built, and what is hidden, is passed over.
fn collect(root: &Path, at: &Path, files: &mut Vec<String>) -> anyhow::Result<()> {
    if !at.is_dir() {
        files.push(at.strip_prefix(root)?.to_string_lossy().into_owned());
        return Ok(());
    }
    for entry in fs::read_dir(at)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != "target" && !name.to_string_lossy().starts_with('.') {
            collect(root, &entry.path(), files)?;
        }
    }
    Ok(())
}

type Place = (PathBuf, usize, usize);

/// Builds the tests: where it does not compile, or the programs.
fn tests(copy: &Path) -> anyhow::Result<(Vec<Place>, Vec<Program>)> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "-p", "decide", "--no-run", "--message-format=json"]).current_dir(copy);
    cargo
        .env("CARGO_TARGET_DIR", copy.with_file_name("built"))
        .env("RUSTFLAGS", "--cap-lints=warn -Awarnings");
    let output = cargo.stderr(Stdio::inherit()).output()?;
    let (mut errors, mut programs) = (vec![], vec![]);
    for line in String::from_utf8(output.stdout)?.lines() {
        let told: Value = serde_json::from_str(line)?;
        let message = &told["message"];
        if message["level"] == "error" {
            for span in
                message["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true)
            {
                let line =
                    |name: &str| span[name].as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or(1);
                let file = span["file_name"].as_str().unwrap_or_default();
                errors.push((PathBuf::from(file), line("line_start"), line("line_end")));
            }
        }
        if let Some(file) = told["executable"].as_str() {
            let name = told["target"]["name"].as_str().unwrap_or_default().to_owned();
            let folder = copy.join("hub/decide");
            programs.push(Program { name, file: file.into(), folder, took: Duration::ZERO });
        }
    }
    ensure!(output.status.success() || !errors.is_empty(), "cargo failed without saying where");
    Ok((errors, programs))
}

/// Runs each without a mutant; the quick ones come first.
fn timed(mut programs: Vec<Program>) -> anyhow::Result<Vec<Program>> {
    for program in &mut programs {
        let begun = Instant::now();
        let ended = program.run(0, Duration::from_secs(300))?;
        ensure!(
            ended.is_some_and(|output| output.status.success()),
            "{} fails without a mutant",
            program.name
        );
        program.took = begun.elapsed();
    }
    programs.sort_by_key(|program| program.took);
    Ok(programs)
}

/// The mutants on some lines of a text; where there are none, the last before them.
fn numbers(text: &str, first: usize, last: usize) -> BTreeSet<usize> {
    let on = |line: &str| -> BTreeSet<usize> {
        let after = line.split("crate::mutant(").skip(1);
        after.filter_map(|text| text.split_once("usize")?.0.parse().ok()).collect()
    };
    let lines: Vec<&str> = text.lines().collect();
    let here: BTreeSet<usize> = lines.iter().take(last).skip(first - 1).flat_map(|line| on(line)).collect();
    if here.is_empty() {
        let before =
            lines[..first.min(lines.len())].iter().rev().map(|line| on(line)).find(|found| !found.is_empty());
        return before.unwrap_or_default();
    }
    here
}
