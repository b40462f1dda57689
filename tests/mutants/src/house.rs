//! The copy of the workspace that holds every mutant at once, built once, with the heart's tests.
//!
//! Lies under `target/mutants`, so that a second run builds what changed. Refuses to touch the code it copies.
//! Next: [`super::switch`] for what is put into it, [`super::trial`] for what is asked of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::switch::Mutants;

/// The code that has mutants, in the copy and in the original.
const HEART: &str = "hub/decide/src";
const LIB: &str = "hub/decide/src/lib.rs";
/// How often what does not compile is left out and the rest built again.
const TRIES: usize = 12;
/// What asks whether a mutant is on, and tells which were asked about.
const IS_ON: &str = include_str!("is_on.rs");

/// Copies the workspace, puts the switches in and builds the heart's tests.
///
/// # Errors
/// Where a file does not read, or what is built fails without any mutant.
pub(crate) fn build(root: &Path, folders: &[&str]) -> anyhow::Result<(Mutants, Vec<PathBuf>)> {
    let copy = root.join("target/mutants/copy");
    let mut everything = vec![];
    collect(root, root, &mut everything)?;
    everything.sort();
    clear(&copy, &everything)?;
    write(&copy.join(HEART).join("is_on.rs"), IS_ON.as_bytes())?;
    let mut left_out = BTreeSet::new();
    for _ in 0..TRIES {
        let mut mutants = Mutants { left_out: left_out.clone(), ..Mutants::default() };
        for file in &everything {
            let bytes = fs::read(root.join(file))?;
            let text = || str::from_utf8(&bytes);
            let put = if let Some(inside) = with_mutants(file, folders) {
                mutants.switch(inside, text()?)?.into_bytes()
            } else if file == LIB {
                [text()?, "\nmod is_on;\npub(crate) use is_on::mutant;\n"].concat().into_bytes()
            } else {
                bytes
            };
            write(&copy.join(file), &put)?;
        }
        let (errors, programs) = tests(&copy)?;
        if errors.is_empty() {
            return Ok((mutants, programs));
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

/// Takes away what an earlier run copied and is gone since: it would be built as well.
fn clear(copy: &Path, everything: &[String]) -> anyhow::Result<()> {
    let mut there = vec![];
    if copy.exists() {
        collect(copy, copy, &mut there)?;
    }
    let own = |file: &String| file.ends_with("/is_on.rs");
    for file in there.iter().filter(|file| everything.binary_search(file).is_err() && !own(file)) {
        fs::remove_file(copy.join(file))?;
    }
    Ok(())
}

/// Where a file lies in the heart, if it is one that has mutants.
fn with_mutants<'a>(file: &'a str, folders: &[&str]) -> Option<&'a str> {
    let inside = file.strip_prefix(HEART)?.strip_prefix('/')?;
    folders.iter().any(|folder| inside.starts_with(folder)).then_some(inside)
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
fn tests(copy: &Path) -> anyhow::Result<(Vec<Place>, Vec<PathBuf>)> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "-p", "decide", "--lib", "--test", "heart", "--no-run", "--message-format=json"]);
    cargo.current_dir(copy);
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
            programs.push(file.into());
        }
    }
    ensure!(output.status.success() || !errors.is_empty(), "cargo failed without saying where");
    Ok((errors, programs))
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
