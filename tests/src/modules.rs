//! The modules of a package as a drawing: which knows which, read from the code itself.
//!
//! Owns reading and drawing; what is refused is `tests/tidy.rs`'s. Tests inside the code do not count, nor does the file
//! that holds a folder together: it knows its parts, and they know it. The drawing stands in `docs/modules.md`, written by
//! `cargo run -p tests --bin docs`. Next: [`names`] for how a line of code names a module.

pub mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Result;
use std::path::Path;

use names::{Names, code, declared, exported};

/// The packages that are drawn, and the folders of their code.
pub const DRAWN: [(&str, &str); 2] =
    [("The heart, `decide`", "hub/decide/src"), ("The engine, `hub`", "hub/src")];

/// The parts of one folder in the order in which they are declared: modules of a package, or files of a module.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// The module that it is, from the root of its package; nothing for the package itself.
    pub path: Vec<String>,
    pub parts: Vec<Part>,
}

/// A file: the module that it is, and its text.
type File = (Vec<String>, String);

/// One module or file.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    /// The first sentence of what it says of itself.
    pub owns: String,
    /// The names of those beside it that it knows.
    pub knows: BTreeSet<String>,
}

/// Every folder of a package, the package itself first.
///
/// # Errors
/// Where a file cannot be read.
pub fn folders(src: &Path) -> Result<Vec<Folder>> {
    let mut found = vec![];
    folder(src, vec![], &std::fs::read_to_string(src.join("lib.rs"))?, &mut found)?;
    Ok(found)
}

fn folder(src: &Path, path: Vec<String>, text: &str, found: &mut Vec<Folder>) -> Result<()> {
    let place = found.len();
    found.push(Folder { path: path.clone(), parts: vec![] });
    let exported = exported(text);
    for name in declared(text) {
        let mut own = path.clone();
        own.push(name.clone());
        let (main, all) = files(src, &own)?;
        let mut knows = BTreeSet::new();
        for (file, text) in &all {
            let named = Names::of(&code(text), file).beside(&path);
            knows.extend(named.into_iter().map(|name| exported.get(&name).cloned().unwrap_or(name)));
        }
        knows.remove(&name);
        found[place].parts.push(Part { name, owns: first_sentence(&main), knows });
        if src.join(own.join("/")).is_dir() {
            folder(src, own, &main, found)?;
        }
    }
    let parts = &mut found[place].parts;
    let all: BTreeSet<String> = parts.iter().map(|part| part.name.clone()).collect();
    for part in parts {
        part.knows.retain(|name| all.contains(name));
    }
    Ok(())
}

/// A module's main text, and the texts of all its files with the modules that they are.
fn files(src: &Path, module: &[String]) -> Result<(String, Vec<File>)> {
    let place = src.join(module.join("/"));
    let main = if place.is_dir() { place.join("mod.rs") } else { place.with_extension("rs") };
    let main = std::fs::read_to_string(main)?;
    let mut all = vec![(module.to_vec(), main.clone())];
    if place.is_dir() {
        for name in declared(&main) {
            let own = [module, &[name]].concat();
            all.extend(files(src, &own)?.1);
        }
    }
    Ok((main, all))
}

fn first_sentence(text: &str) -> String {
    let opening = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let opening = opening.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let end = opening.find(". ").unwrap_or(opening.len());
    opening[..end].trim_end_matches('.').to_owned()
}

impl Folder {
    /// What names something that is declared later.
    #[must_use]
    pub fn backward(&self) -> Vec<String> {
        let place = |name: &str| self.parts.iter().position(|part| part.name == name);
        let later = self.parts.iter().enumerate().flat_map(|(at, part)| {
            let names = part.knows.iter().filter(move |name| place(name).is_some_and(|other| other > at));
            names.map(|name| format!("{} names the later {name}", part.name))
        });
        later.collect()
    }

    /// Who knows somebody that knows them, each circle once.
    #[must_use]
    pub fn circles(&self) -> Vec<String> {
        let knows: BTreeMap<&str, &BTreeSet<String>> =
            self.parts.iter().map(|part| (part.name.as_str(), &part.knows)).collect();
        let reached = |from: &str| {
            let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
            while let Some(name) = open.pop() {
                let next = knows.get(name.as_str()).into_iter().flat_map(|names| names.iter());
                open.extend(next.filter(|name| reached.insert((*name).clone())).cloned());
            }
            reached
        };
        let reached: BTreeMap<&str, BTreeSet<String>> =
            knows.keys().map(|name| (*name, reached(name))).collect();
        let circle = |name: &&str| -> Vec<&str> {
            let back = |other: &&str| reached[*name].contains(*other) && reached[*other].contains(*name);
            reached.keys().filter(|other| back(other)).copied().collect()
        };
        let circles: BTreeSet<Vec<&str>> =
            knows.keys().map(circle).filter(|circle| !circle.is_empty()).collect();
        circles.into_iter().map(|circle| format!("{}: {}", self.path.join("/"), circle.join(", "))).collect()
    }

    /// The parts as a table: a mark where the one on the left knows the one above. Below the diagonal all is well.
    #[must_use]
    pub fn table(&self) -> String {
        let width = self.parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            let marks = self.parts.iter().enumerate().map(|(other, known)| match () {
                () if other == at => "o",
                () if part.knows.contains(&known.name) => "x",
                () => ".",
            });
            let marks = marks.collect::<Vec<_>>().join("  ");
            writeln!(text, "{:>2}  {:width$}  {marks}", at + 1, part.name).unwrap_or_default();
        }
        text
    }
}

/// The whole page.
///
/// # Errors
/// Where a file cannot be read.
pub fn page(root: &Path) -> Result<String> {
    let mut page = "# Which module knows which\n\n\
        Drawn from the code by `cargo run -p tests --bin docs`; a test compares the two.\n\
        The modules stand in the order in which they are declared. An `x` says that the module on the left names the one\n\
        whose number stands above it; each names only earlier ones, so nothing stands to the right of the `o`.\n"
        .to_owned();
    for (title, src) in DRAWN {
        let folders = folders(&root.join(src))?;
        let Some(package) = folders.first() else { continue };
        let width = package.parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
        let numbers =
            (1..=package.parts.len()).map(|number| format!("{number:<2}")).collect::<Vec<_>>().join(" ");
        let numbers = numbers.trim_end();
        page += &format!(
            "\n## {title} (`{src}`)\n\n```\n{:4}{:width$}  {numbers}\n{}```\n",
            "",
            "",
            package.table()
        );
        page += "\n| module | owns |\n| --- | --- |\n";
        for part in &package.parts {
            page += &format!("| `{}` | {} |\n", part.name, part.owns.replace('|', "\\|"));
        }
    }
    Ok(page)
}
