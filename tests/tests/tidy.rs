//! House rules that a machine can check: how files open, how long they are, what they may know.
//!
//! The order of the flow is read from `hub/src/lib.rs` and `hub/decide/src/lib.rs`: a module may not name a later one
//! (`tests::modules` reads and draws it). Refuses taste; what rustfmt and clippy check is left to them.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use decide::handover::table::ROWS;
use schemas::finding::Code;
use tests::modules::{DRAWN, Folder, folders};
use tests::pages::written;

/// Every file below a folder of the repository whose name ends so, with its path from the root.
fn files(folder: &str, end: &str) -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, end: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                walk(&path, end, found);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    let root = tests::root();
    let mut found = vec![];
    walk(&root.join(folder), end, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&root).unwrap().to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    ["schemas", "adapters", "hub", "tests"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// Fails with every offence at once.
fn none(rule: &str, offences: impl IntoIterator<Item = String>) {
    let offences: Vec<_> = offences.into_iter().collect();
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    let silent = sources().into_iter().filter(|(_, text)| {
        let opening = text.lines().take_while(|line| line.starts_with("//!")).collect::<String>();
        opening.matches(['.', ';']).count() < 2
    });
    none(
        "a file opens with two sentences of `//!` or more",
        silent.map(|(path, _)| path.display().to_string()),
    );
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long = sources().into_iter().filter(|(_, text)| text.lines().count() > 500);
    none("a file has 500 lines at most", long.map(|(path, _)| path.display().to_string()));
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let empty = ["util", "utils", "common", "helper", "helpers", "manager", "service", "misc", "types"];
    let named = sources().into_iter().filter(|(path, _)| {
        let mut words = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        words.any(|word| empty.contains(&word.trim_end_matches(".rs")))
    });
    none("a module is named after what it owns", named.map(|(path, _)| path.display().to_string()));
}

/// The text of the named section of a Cargo manifest, as the names it depends on.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(tests::root().join(manifest)).unwrap();
    let section = text.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_vocabulary_and_the_heart_stay_pure() {
    let values = ["serde", "serde_json", "thiserror", "sha2", "chrono"];
    let words = ["chrono-tz", "uuid", "hex", "any_ascii", "unicode-normalization", "csv", "computus"];
    let check = |manifest: &str, allowed: &[&str]| {
        let more = dependencies(manifest).into_iter().filter(|name| !allowed.contains(&name.as_str()));
        none(manifest, more.map(|name| format!("may not depend on {name}")));
    };
    check("hub/decide/Cargo.toml", &[&["schemas", "rapidfuzz"], values.as_slice()].concat());
    check("schemas/Cargo.toml", &[words.as_slice(), values.as_slice()].concat());

    let impure =
        ["tokio", "sqlx", "std::fs", "std::net", "std::env", "std::thread", "std::process", "Utc::now"];
    let impure =
        [impure.as_slice(), &["SystemTime", "std::time::Instant", "HashMap", "HashSet", "async fn"]].concat();
    let pure = files("schemas/src", ".rs").into_iter().chain(files("hub/decide/src", ".rs"));
    let offences = pure.flat_map(|(path, text)| {
        let code =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let named = impure.iter().filter(move |word| code.contains(**word));
        named.map(move |word| format!("{}: {word}", path.display())).collect::<Vec<_>>()
    });
    none("no input, output, clock or order by chance in the vocabulary and the heart", offences);
}

#[test]
fn the_service_knows_nothing_that_is_invented() {
    let invented = ["demo", "tempfile", "tests"];
    let known = dependencies("hub/Cargo.toml").into_iter().filter(|name| invented.contains(&name.as_str()));
    none("hub/Cargo.toml", known.map(|name| format!("may not depend on {name}")));
}

#[test]
fn a_module_knows_only_what_comes_before_it() {
    let (mut backward, mut circles) = (BTreeSet::new(), vec![]);
    for (_, src) in DRAWN {
        let folders = folders(&tests::root().join(src)).unwrap();
        backward.extend(folders[0].backward());
        // Between modules the order tells; between the files of one there is none.
        circles.extend(folders[1..].iter().flat_map(Folder::circles));
    }
    none("a module names an earlier one", backward);
    none("no file of a module knows one that knows it", circles);
}

#[test]
fn the_written_pages_are_those_of_the_code() {
    for (path, page) in written(&tests::root()).unwrap() {
        let stands = fs::read_to_string(tests::root().join(path)).unwrap();
        assert!(stands == page, "{path}: write it anew: `cargo run -p tests --bin docs`\n{page}");
    }
}

/// What a heading is called in an address: as public forges make it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The places that a text points to: a page below `docs/`, with a heading or without.
fn pointers(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("docs/").filter_map(|(at, _)| {
        let end = |c: char| !(c.is_ascii_alphanumeric() || "/-_.#".contains(c));
        let place = text[at..].split(end).next()?.trim_end_matches('.');
        place.contains(".md").then_some(place)
    })
}

#[test]
fn every_citation_leads_somewhere() {
    let root = tests::root();
    let cited = ["config", "deploy"].into_iter().flat_map(|folder| files(folder, "")).chain(sources());
    let mut lost = vec![];
    for (path, text) in cited.chain(files("hub/src", ".sql")) {
        for place in pointers(&text) {
            let (page, heading) = place.split_once('#').unwrap_or((place, ""));
            let found = fs::read_to_string(root.join(page)).ok().is_some_and(|page| {
                let mut headings = page.lines().filter(|line| line.starts_with('#')).map(anchor);
                heading.is_empty() || headings.any(|known| known == heading)
            });
            if !found {
                lost.push(format!("{}: {place}", path.display()));
            }
        }
        // Written in halves, so that this file does not find itself.
        for book in [
            concat!("DES", "IGN"),
            concat!("dom", "ain note"),
            concat!("features", " 4"),
            concat!("trust", " note"),
        ] {
            if text.contains(book) {
                lost.push(format!("{}: \"{book}\" is no page of this house", path.display()));
            }
        }
    }
    none("a comment points to a page and a heading that stand in docs/", lost);
}

/// Names that a line of code gives to a type.
fn named(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let kind = words.next()?;
    let name = words.next()?.split(|c: char| !c.is_alphanumeric()).next()?;
    (["struct", "enum", "trait", "type"].contains(&kind) && name.starts_with(char::is_uppercase))
        .then_some(name)
}

#[test]
fn a_name_of_a_type_stands_for_one_thing() {
    // Each command has its arguments; a library's own words (`Err`, `Output` …) stand inside an `impl`.
    let own = ["Args"];
    let code = ["schemas/src", "adapters/src", "hub/decide/src", "hub/src", "hub/demo/src", "hub/cli/src"];
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in code.into_iter().flat_map(|folder| files(folder, ".rs")) {
        for name in text.lines().filter(|line| !line.starts_with("    ")).filter_map(named) {
            if !own.contains(&name) {
                places.entry(name.to_owned()).or_default().push(path.display().to_string());
            }
        }
    }
    let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
    none("a type's name stands for one thing", twice.map(|(name, at)| format!("{name}: {}", at.join(", "))));
}

#[test]
fn a_comment_says_something_or_is_not_there() {
    // Outside the vocabulary and the doors nothing demands one.
    let silent =
        ["hub", "tests"].into_iter().flat_map(|folder| files(folder, ".rs")).flat_map(|(path, text)| {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let alone = |at: usize| {
                let beside = [at.wrapping_sub(1), at + 1]
                    .map(|at| lines.get(at).is_some_and(|l| l.starts_with("///")));
                lines[at].starts_with("/// ") && beside == [false, false]
            };
            let empty = |line: &str| {
                line.split_whitespace().count() <= 4
                    && !line.contains(|c: char| c.is_ascii_digit() || "`[".contains(c))
            };
            let found = (0..lines.len()).filter(|at| alone(*at) && empty(lines[*at]));
            found.map(|at| format!("{}:{}: {}", path.display(), at + 1, lines[at])).collect::<Vec<_>>()
        });
    none("a comment of three words says what the name says", silent);
}

/// The pages a newcomer reads, with their paths.
fn pages() -> Vec<(PathBuf, String)> {
    let root = ["README.md", "ARCHITECTURE.md", "config/README.md"];
    let read = |name: &str| (PathBuf::from(name), fs::read_to_string(tests::root().join(name)).unwrap());
    root.into_iter().map(read).chain(files("docs", ".md")).collect()
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut lost = vec![];
    for (path, text) in pages() {
        let folder = tests::root().join(path.parent().unwrap());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (place, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if place.is_empty() { tests::root().join(&path) } else { folder.join(place) };
            let outside = link.contains("://");
            let known = || {
                fs::read_to_string(&target).ok().is_some_and(|page| {
                    page.lines()
                        .filter(|line| line.starts_with('#'))
                        .map(anchor)
                        .any(|known| known == heading)
                })
            };
            if !outside && !(target.exists() && (heading.is_empty() || known())) {
                lost.push(format!("{}: {link}", path.display()));
            }
        }
    }
    none("a link leads to a page and a heading", lost);
}

#[test]
fn every_file_that_a_page_names_exists() {
    let ends = [".rs", ".sql", ".toml", ".csv", ".sh"];
    let folders = ["schemas", "adapters", "hub", "tests", "config", "deploy"];
    let known: Vec<String> = folders
        .into_iter()
        .flat_map(|folder| ends.into_iter().flat_map(move |end| files(folder, end)))
        .map(|(path, _)| path.display().to_string())
        .collect();
    let mut lost = vec![];
    for (path, text) in pages() {
        for name in
            text.split('`').skip(1).step_by(2).filter(|name| ends.iter().any(|end| name.ends_with(end)))
        {
            let concrete =
                name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c));
            if concrete && !known.iter().any(|file| file == name || file.ends_with(&format!("/{name}"))) {
                lost.push(format!("{}: {name}", path.display()));
            }
        }
    }
    none("a file that a page names exists", lost);
}

#[test]
fn every_row_guard_and_invariant_that_is_named_stands_in_its_page() {
    let page = |name: &str| fs::read_to_string(tests::root().join("docs").join(name)).unwrap();
    let (handovers, identity, invariants) =
        (page("handovers.md"), page("identity.md"), page("invariants.md"));
    let whole =
        |page: &str, word: &str| page.split(|c: char| !c.is_alphanumeric()).any(|known| known == word);
    let mut lost = vec![];
    for (path, text) in files("hub/decide", ".rs") {
        let comments: String = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("//"))
            .collect::<Vec<_>>()
            .join(" ");
        for (kind, page) in [("row ", &handovers), ("rows ", &handovers), ("guard ", &identity)] {
            for (at, _) in comments.match_indices(kind) {
                let number =
                    comments[at + kind.len()..].split(|c: char| !c.is_alphanumeric()).next().unwrap();
                if number.starts_with(|c: char| c.is_ascii_digit()) && !whole(page, number) {
                    lost.push(format!("{}: {kind}{number}", path.display()));
                }
            }
        }
        let words = comments.split(|c: char| !c.is_alphanumeric());
        let named = words.filter(|word| {
            word.strip_prefix('I').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
        });
        lost.extend(named.filter(|id| !whole(&invariants, id)).map(|id| format!("{}: {id}", path.display())));
    }
    none("rows, guards and invariants stand in docs/", lost);
}

/// A row's number is its name for people: what it does stands in its columns, so no code asks for it.
#[test]
fn nothing_is_decided_by_the_number_of_a_row() {
    let ids: Vec<String> = ROWS.iter().map(|row| format!("\"{}\"", row.id)).collect();
    let of_heart = |path: &Path| path.starts_with("hub/decide/src") && !path.ends_with("handover/table.rs");
    let code = sources().into_iter().filter(|(path, _)| path.starts_with("hub"));
    let code = code.filter(|(path, _)| of_heart(path) || !path.starts_with("hub/decide"));
    let offences = code.flat_map(|(path, text)| {
        let own = text.split("#[cfg(test)]").next().unwrap_or_default();
        let names = |line: &&str| line.contains("row") || of_heart(&path);
        let asks = own.lines().filter(names).filter(|line| ids.iter().any(|id| line.contains(id)));
        asks.map(|line| format!("{}: {}", path.display(), line.trim())).collect::<Vec<_>>()
    });
    none("a row's number is asked for", offences);
}

#[test]
fn every_finding_has_a_page() {
    let page = |code: &&Code| tests::root().join(format!("hub/src/codes/{code}.md")).exists();
    none(
        "every code has its page in hub/src/codes",
        Code::ALL.iter().filter(|c| !page(c)).map(ToString::to_string),
    );
}

#[test]
fn every_config_key_is_documented() {
    let page = fs::read_to_string(tests::root().join("config/README.md")).unwrap();
    let keys = files("config", ".toml").into_iter().flat_map(|(path, text)| {
        let left = text.split(" = ").map(str::to_owned).collect::<Vec<_>>();
        let words = left.iter().rev().skip(1).rev().map(|left| {
            let start = left.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            left[start..].to_owned()
        });
        // What stands in quotes before the sign is a property of librdkafka, or a part of a name.
        words.filter(|word| !word.is_empty()).map(move |word| (path.clone(), word)).collect::<Vec<_>>()
    });
    let unknown =
        keys.filter(|(_, word)| !page.contains(&format!("`{word}`")) && !page.contains(&format!("{word},")));
    none(
        "config/README.md names every key",
        unknown.map(|(path, word)| format!("{}: {word}", path.display())),
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Written in halves, so that this file does not find itself.
    let later =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("for", " now"), concat!("Place", "holder")];
    let later = [later.as_slice(), &[concat!("/wo", "rk/"), concat!("#[all", "ow(")]].concat();
    let pages = files("config", "").into_iter().chain(files("deploy", ""));
    let offences = sources().into_iter().chain(pages).flat_map(|(path, text)| {
        let found = later.iter().filter(move |word| text.contains(**word));
        found.map(move |word| format!("{}: {word}", path.display())).collect::<Vec<_>>()
    });
    none("what is to be done is done or is not said", offences);
}
