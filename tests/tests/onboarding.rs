//! A new source is one folder, one line and one file: nothing else in the program knows a source by name.
//! That a new agency is one file is shown in `routing`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where a source's own name may stand outside its folder and its line, and why.
const KNOWN: [(&str, &str); 13] = [
    // The request loop asks the register, so it reads the register's answers: a conversation, not a door.
    ("hub/src/request/mod.rs", "register"),
    // The register's address is one of the ways out.
    ("hub/src/config/outward.rs", "register"),
    // Agencies answer on a path of their own, which leads to the source `answer`.
    ("hub/src/api/", "answer"),
    ("hub/src/config/senders.rs", "answer"),
    // A story names what a fact is about: a permit is an entry as well.
    ("hub/src/story/verdict.rs", "permit"),
    // A comparison names the numbers that it compares.
    ("hub/decide/src/identity/told.rs", "permit"),
    ("hub/src/console/words/review.rs", "permit"),
    // A scenario file calls what an agency or a reviewer says so, and the register is who must move next.
    ("hub/src/scenario/file.rs", "answer"),
    ("hub/src/scenario/spoken.rs", "answer"),
    ("hub/src/scenario/by_hand.rs", "answer"),
    ("hub/src/scenario/words.rs", "register"),
    // A column of a reviewer's file has this name.
    ("hub/src/link/answers.rs", "answer"),
    // A review's answer stands in a column of that name.
    ("hub/src/store/commit.rs", "answer"),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// The code of a file: without its tests and its comments.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_source_is_one_folder_one_line_and_one_file() {
    let root = tests::root();
    let list = fs::read_to_string(root.join("adapters/src/lib.rs")).unwrap();
    let line = list.split("pub static SOURCES").nth(1).unwrap();
    for source in adapters::SOURCES {
        let name = source.name();
        let folder = root.join("adapters/src").join(name);
        for part in ["mod.rs", "schema.json", "fixtures"] {
            assert!(folder.join(part).exists(), "{name} has no {part}");
        }
        assert!(fs::read_dir(folder.join("fixtures")).unwrap().count() >= 2, "{name} has no fixtures");
        assert!(line.contains(&format!("{name}::")), "{name} is not in SOURCES");
        assert!(
            root.join(format!("config/sources/{name}.toml")).exists(),
            "{name} has no file in config/sources"
        );
    }
    let folders = fs::read_dir(root.join("adapters/src")).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(folders.filter(|path| path.join("schema.json").exists()).count(), adapters::SOURCES.len());
}

#[test]
fn nothing_else_knows_a_source_by_name() {
    let root = tests::root();
    let mut files = vec![];
    sources(&root.join("hub/src"), &mut files);
    sources(&root.join("hub/decide/src"), &mut files);
    let mut knowing = vec![];
    for path in files {
        let place = path.strip_prefix(&root).unwrap().display().to_string();
        let text = code(&fs::read_to_string(&path).unwrap());
        for name in adapters::SOURCES.iter().map(|source| source.name()) {
            let known = KNOWN.iter().any(|(at, which)| place.starts_with(at) && *which == name);
            if !known
                && (text.contains(&format!("\"{name}\"")) || text.contains(&format!("adapters::{name}")))
            {
                knowing.push(format!("{place} knows {name}"));
            }
        }
    }
    assert!(knowing.is_empty(), "{knowing:#?}");
}
