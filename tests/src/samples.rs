//! Sets of samples through the doors: what of each becomes facts, is refused and by which code, or is ignored.
//!
//! Sets are the fixtures of every source, the story, and a folder of public samples where there is one. Each item goes
//! through the code of `hub dry-run`; a panic is caught and counted. What is refused without a code, and a file of which
//! nothing is told, is unexplained. Refuses to judge an outcome: that is the tests'.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use adapters::Context;
use anyhow::Context as _;
use hub::api::dry_run::{DryOutcome, through};
use hub::commands::dry_run::inflated;
use schemas::finding::Severity;
use serde_json::Value;

/// More bytes than any sample has.
const LIMIT: usize = 64 << 20;

/// Files of one origin for one source.
#[derive(Clone, Debug)]
pub struct SampleSet {
    pub name: String,
    pub source: &'static str,
    pub files: Vec<PathBuf>,
    /// In which member of its files the item stands, where they hold more than that.
    pub within: Option<&'static str>,
}

/// What became of the items of a set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SetOutcome {
    pub files: usize,
    pub items: usize,
    pub facts: usize,
    pub ignored: usize,
    /// How many items were refused with each code; one item may have several.
    pub refused: BTreeMap<&'static str, usize>,
    pub refused_items: usize,
    pub panics: Vec<PathBuf>,
    pub unexplained: Vec<String>,
}

/// The folders of public samples: where they lie, whose they are, and the member that holds the item.
const PUBLIC: &[(&str, &str, Option<&str>)] = &[
    ("posts", "visa", None),
    ("wewis", "permit", None),
    ("portal", "portal", None),
    ("lms", "xapi", None),
    ("register/GeefPersoon", "register", None),
    ("register/notifications", "register", None),
    ("register/exceptions", "register", None),
    ("register/hints.ndjson", "register", None),
    ("magda/dev", "register", None),
    ("magda-rest", "register", None),
    ("xapi/conformance", "xapi", Some("statement")),
    ("xapi/spec", "xapi", Some("value")),
    ("xapi/cmi5-scenarios", "xapi", None),
];

/// What samples lie beside items without being any.
const BESIDE: &[&str] = &["_data", ".expected.json", "course.xml", "index.csv", "codelists.tsv", ".md"];

/// The fixtures of every source, and the story of this repository.
///
/// # Errors
/// Where a folder cannot be read.
pub fn own(root: &Path) -> anyhow::Result<Vec<SampleSet>> {
    let mut sets = vec![];
    for source in adapters::SOURCES {
        let folder = root.join("adapters/src").join(source.name()).join("fixtures");
        sets.push(set(format!("fixtures/{}", source.name()), source.name(), &folder, None)?);
    }
    sets.extend(public(&root.join("hub/demo/story"), "story")?);
    Ok(sets)
}

/// The sets of a folder of samples, each named below `name`.
///
/// # Errors
/// Where a folder cannot be read.
pub fn public(folder: &Path, name: &str) -> anyhow::Result<Vec<SampleSet>> {
    let there = PUBLIC.iter().filter(|(place, _, _)| folder.join(place).exists());
    let mut sets = vec![];
    for (place, source, within) in there {
        let path = folder.join(place);
        // Of many services each is a set.
        let parts = if *place == "magda/dev" { entries(&path)? } else { vec![path] };
        for part in parts {
            let below = part.strip_prefix(folder).unwrap_or(&part).display().to_string();
            sets.push(set(format!("{name}/{below}"), source, &part, *within)?);
        }
    }
    Ok(sets)
}

fn set(
    name: String,
    source: &'static str,
    path: &Path,
    within: Option<&'static str>,
) -> anyhow::Result<SampleSet> {
    let mut files = vec![];
    walk(path, &mut files)?;
    let beside = |path: &PathBuf| BESIDE.iter().any(|end| path.to_string_lossy().contains(end));
    // A learning platform's folder of another source has a door of its own.
    let elsewhere = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "classroom");
    files.retain(|path| !beside(path) && !elsewhere(path));
    Ok(SampleSet { name, source, files, within })
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = listed.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    entries(path)?.iter().try_for_each(|path| walk(path, files))
}

/// Everything in a set through its door.
///
/// # Errors
/// Where there is no such source, or a file cannot be read.
pub fn outcome(set: &SampleSet, context: &Context<'_>) -> anyhow::Result<SetOutcome> {
    let mut told = SetOutcome { files: set.files.len(), ..SetOutcome::default() };
    for file in &set.files {
        let mut bytes = fs::read(file).with_context(|| file.display().to_string())?;
        if let Some(member) = set.within {
            let whole: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            // An example of another kind, such as a whole document, says so.
            if whole.get("kind").is_some_and(|kind| kind != "statement") {
                told.files -= 1;
                continue;
            }
            bytes = whole[member].to_string().into_bytes();
        }
        match catch_unwind(AssertUnwindSafe(|| items(set.source, bytes, context))) {
            Ok(outcomes) => outcomes?.iter().enumerate().for_each(|(n, one)| told.count(file, n, one)),
            Err(_) => told.panics.push(file.clone()),
        }
    }
    Ok(told)
}

/// What becomes of each item in some bytes.
///
/// # Errors
/// Where there is no such source.
pub fn items(source: &str, bytes: Vec<u8>, context: &Context<'_>) -> anyhow::Result<Vec<DryOutcome>> {
    let source = adapters::source(source).with_context(|| format!("no source {source}"))?;
    let mut outcomes = vec![];
    through(source, None, context, LIMIT, inflated(std::io::Cursor::new(bytes))?, |_, one| {
        outcomes.push(one);
        true
    });
    Ok(outcomes)
}

impl SetOutcome {
    fn count(&mut self, file: &Path, index: usize, one: &DryOutcome) {
        self.items += 1;
        match one.word() {
            "facts" => self.facts += 1,
            "ignored" => self.ignored += 1,
            _ => self.refused_items += 1,
        }
        let errors = one.codes().into_iter().filter(|code| code.severity() == Severity::Error);
        errors.clone().for_each(|code| *self.refused.entry(code.as_str()).or_default() += 1);
        if one.refused != (errors.count() > 0) {
            self.unexplained.push(format!("{} {index}", file.display()));
        }
    }
}

impl fmt::Display for SetOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, items, facts, ignored, refused_items, .. } = self;
        write!(f, "{files:>6} {items:>7} {facts:>7} {ignored:>8} {refused_items:>8}  ")?;
        self.refused.iter().try_for_each(|(code, count)| write!(f, "{code} {count}  "))
    }
}
