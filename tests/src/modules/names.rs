//! How a line of code names a module: `crate::`, `super::`, lists in braces, and what is exported by another name.
//!
//! Reads text, not syntax: house style keeps names plain enough for it.

use std::collections::{BTreeMap, BTreeSet};

/// What a file names, as paths from the root of its package.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names(BTreeSet<Vec<String>>);

impl Names {
    /// What the code of a file names, which is a module itself.
    #[must_use]
    pub fn of(code: &str, module: &[String]) -> Self {
        let mut names = BTreeSet::new();
        let inside =
            |start: usize| code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        for (start, word) in code.match_indices("crate::").filter(|(start, _)| !inside(*start)) {
            expand(&mut vec![], &mut &code[start + word.len()..], &mut names);
        }
        for (start, _) in code.match_indices("super::").filter(|(start, _)| !inside(*start)) {
            let mut rest = &code[start..];
            let mut above = module.to_vec();
            while let Some(after) = rest.strip_prefix("super::") {
                above.pop();
                rest = after;
            }
            expand(&mut above, &mut rest, &mut names);
        }
        Self(names)
    }

    /// The names that stand in a folder, of all that is named.
    #[must_use]
    pub fn beside(&self, folder: &[String]) -> BTreeSet<String> {
        let below = self.0.iter().filter_map(|path| path.strip_prefix(folder));
        below.filter_map(|rest| rest.first().cloned()).collect()
    }
}

/// Follows a path from here; at a list in braces, each of it.
fn expand(path: &mut Vec<String>, rest: &mut &str, names: &mut BTreeSet<Vec<String>>) {
    let length = path.len();
    loop {
        *rest = rest.trim_start();
        if let Some(list) = rest.strip_prefix('{') {
            *rest = list;
            while !rest.trim_start().is_empty() {
                expand(path, rest, names);
                *rest = rest.trim_start();
                match rest.chars().next() {
                    Some(',') => *rest = rest[1..].trim_start(),
                    _ => break,
                }
                if rest.starts_with('}') {
                    break;
                }
            }
            *rest = rest.strip_prefix('}').unwrap_or(rest);
            break;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        path.push(rest[..end].to_owned());
        *rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(more) => *rest = more,
            None => {
                names.insert(path.clone());
                // What it is called here does not matter.
                if let Some(alias) = rest.strip_prefix(" as ") {
                    *rest = alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
                }
                break;
            }
        }
    }
    path.truncate(length);
}

/// The modules that a file declares, in order, without those of its tests.
#[must_use]
pub fn declared(text: &str) -> Vec<String> {
    let text = code(text);
    let lines = text.lines().filter_map(|line| {
        let line = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub ");
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    lines.map(str::to_owned).collect()
}

/// What a file gives on under its own name: whose it is, by the name it has there.
#[must_use]
pub fn exported(text: &str) -> BTreeMap<String, String> {
    let modules = declared(text);
    let code = code(text);
    let statements =
        code.split(';').filter_map(|statement| statement.rsplit_once("use ").map(|(_, path)| path));
    let mut exported = BTreeMap::new();
    for mut path in statements {
        let mut names = BTreeSet::new();
        expand(&mut vec![], &mut path, &mut names);
        for name in names.iter().filter(|name| modules.contains(&name[0])) {
            if let [module, .., last] = name.as_slice() {
                exported.insert(last.clone(), module.clone());
            }
        }
    }
    exported
}

/// The code of a file: without its comments and without what is only compiled for tests.
#[must_use]
pub fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept += line;
            kept.push('\n');
            continue;
        }
        let item = lines.by_ref().find(|line| !line.trim_start().starts_with("#["));
        if item.is_some_and(|item| item.ends_with('{')) {
            lines.by_ref().take_while(|line| *line != "}").for_each(drop);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: &str, module: &[&str], folder: &[&str]) -> Vec<String> {
        let own = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Names::of(code, &own(module)).beside(&own(folder)).into_iter().collect()
    }

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        let code = "use crate::a::{B, c::D};\nuse super::super::e;\nfn f() { crate::g::h(); xcrate::i(); }\n\
                    use crate::{j, k::{L}, M as N};";
        assert_eq!(named(code, &["x", "y"], &[]), ["M", "a", "e", "g", "j", "k"]);
        assert_eq!(named(code, &["x", "y"], &["a"]), ["B", "c"]);
        assert_eq!(named("use super::{Z, w::V};", &["x", "y"], &["x"]), ["Z", "w"]);
        assert_eq!(named("use super::v;", &["x"], &[]), ["v"]);
    }

    #[test]
    fn tests_and_comments_do_not_count() {
        let text = "// crate::a\nuse crate::b;\n#[cfg(test)]\nuse crate::c;\nfn d() {}\n#[cfg(test)]\nmod tests {\n    use crate::e;\n}\nuse crate::f;\n";
        assert_eq!(named(&code(text), &["x"], &[]), ["b", "f"]);
    }

    #[test]
    fn what_is_given_on_belongs_to_its_module() {
        let lib = "pub mod one;\nmod two;\npub use one::{A, B as C};\npub use two::deep::D;\n";
        assert_eq!(declared(lib), ["one", "two"]);
        let of = |name: &str| exported(lib).get(name).cloned();
        assert_eq!((of("A"), of("D")), (Some("one".to_owned()), Some("two".to_owned())));
    }
}
