//! One TOML file, read strictly: every unknown key is told with its line and the nearest key there is.
//!
//! Serde stops at the first unknown key. To tell all of them at once, what was told is replaced by
//! the nearest key and the file read again. Refuses to guess: a file with a mistake gives no value.
//! Next: [`super`].

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use schemas::time::Day;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::ConfigError;

/// The files of a folder that end in `.toml`, by name. Any other file is a mistake, because nobody would read it, but
/// for those that end in what may stand `beside` them; names with a dot in front belong to editors.
pub(super) fn list(
    root: &Path,
    folder: &str,
    beside: Option<&str>,
    wrong: &mut Vec<ConfigError>,
) -> Vec<PathBuf> {
    let names = names(root, folder, wrong)
        .into_iter()
        .filter(|name| !beside.is_some_and(|beside| ends_in(name, beside)));
    let (read, left): (Vec<_>, Vec<_>) = names.partition(|name| ends_in(name, "toml"));
    wrong.extend(
        left.into_iter()
            .map(|name| ConfigError::whole(name, "is not read: files of this folder end in .toml")),
    );
    read
}

/// Whether a file's name ends so.
pub(super) fn ends_in(name: &Path, ending: &str) -> bool {
    name.extension().is_some_and(|end| end == ending)
}

/// The files of a folder, by name.
pub(super) fn names(root: &Path, folder: &str, wrong: &mut Vec<ConfigError>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) => {
            wrong.push(ConfigError::whole(folder, error));
            return vec![];
        }
    };
    let names = entries.filter_map(Result::ok).map(|entry| PathBuf::from(entry.file_name()));
    let mut names: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with('.')).collect();
    names.sort();
    names.into_iter().map(|name| Path::new(folder).join(name)).collect()
}

/// A text file of the folder.
pub(super) fn text(root: &Path, file: &Path, wrong: &mut Vec<ConfigError>) -> Option<String> {
    fs::read_to_string(root.join(file)).map_err(|error| wrong.push(ConfigError::whole(file, error))).ok()
}

/// A TOML file of the folder as a value, or everything that is wrong with it.
pub(super) fn toml<T: DeserializeOwned>(root: &Path, file: &Path, wrong: &mut Vec<ConfigError>) -> Option<T> {
    let text = text(root, file, wrong)?;
    of_text(&text, file, wrong)
}

/// The same of a text that was read already.
pub(super) fn of_text<T: DeserializeOwned>(
    text: &str,
    file: &Path,
    wrong: &mut Vec<ConfigError>,
) -> Option<T> {
    match parse(text) {
        Ok(value) => Some(value),
        Err(mistakes) => {
            let tell = |(line, message)| ConfigError { file: file.to_owned(), line, message };
            wrong.extend(mistakes.into_iter().map(tell));
            None
        }
    }
}

/// The same of a file anywhere: a value, or every mistake in it.
///
/// # Errors
/// Every mistake, in the order of their lines.
pub(crate) fn strictly<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T, Vec<ConfigError>> {
    let mut wrong = vec![];
    of_text(text, file, &mut wrong).ok_or(wrong)
}

/// The line of a place in a text.
pub(super) fn line(text: &str, at: usize) -> usize {
    1 + text.get(..at).map_or(0, |before| before.matches('\n').count())
}

type Mistake = (Option<usize>, String);

/// The value, or its mistakes in the order of their lines.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Mistake>> {
    read(text).map_err(|mut mistakes| {
        mistakes.sort();
        mistakes
    })
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Mistake>> {
    let mut rest = text.to_owned();
    let mut mistakes: Vec<Mistake> = vec![];
    loop {
        let error = match toml::from_str(&rest) {
            Ok(value) if mistakes.is_empty() => return Ok(value),
            Ok(_) => return Err(mistakes),
            Err(error) => error,
        };
        let line = error.span().map(|span| line(&rest, span.start));
        let unknown = Unknown::read(error.message());
        // What follows the first mistake may only be its consequence: it counts where it is unknown too.
        if mistakes.is_empty() || unknown.is_some() {
            let message = unknown.as_ref().map_or_else(|| error.message().to_owned(), ToString::to_string);
            mistakes.push((line, message));
        }
        match (unknown, error.span(), line) {
            (Some(unknown), Some(span), Some(line)) => {
                let mended = unknown.mend(&rest, span);
                rest = mended.unwrap_or_else(|| without(&rest, line));
            }
            (_, _, _) => return Err(mistakes),
        }
    }
}

/// The text with one line blanked, and under a table's header all of its lines, so that every other
/// line keeps its number.
fn without(text: &str, line: usize) -> String {
    let header = text.lines().nth(line - 1).is_some_and(|text| text.trim_start().starts_with('['));
    let mut gone = false;
    let keep = |(at, text): (usize, &str)| {
        let next = header && gone && !text.trim_start().starts_with('[');
        gone = at + 1 == line || next;
        if gone { String::new() } else { text.to_owned() }
    };
    text.lines().enumerate().map(keep).collect::<Vec<_>>().join("\n")
}

/// What serde says of an unknown key or word.
struct Unknown {
    what: &'static str,
    wrong: String,
    nearest: Option<String>,
}

impl Unknown {
    fn read(message: &str) -> Option<Self> {
        let what = match message {
            text if text.starts_with("unknown field") => "key",
            text if text.starts_with("unknown variant") => "word",
            _ => return None,
        };
        let mut words = message.split('`').skip(1).step_by(2);
        let wrong = words.next()?;
        let nearest = words.max_by(|a, b| strsim::jaro(wrong, a).total_cmp(&strsim::jaro(wrong, b)));
        Some(Self { what, wrong: wrong.to_owned(), nearest: nearest.map(str::to_owned) })
    }

    /// The text with the nearest one in its place; `None` where that one is there already.
    fn mend(&self, text: &str, span: Range<usize>) -> Option<String> {
        let word = text.get(span.clone())?.replacen(&self.wrong, self.nearest.as_ref()?, 1);
        let mended = [&text[..span.start], &word, &text[span.end..]].concat();
        (mended != text && mended.parse::<toml::Table>().is_ok()).then_some(mended)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} `{}`", self.what, self.wrong)?;
        self.nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; the nearest one is `{nearest}`"))
    }
}

/// A TOML date without a time.
pub(super) fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Day, D::Error> {
    let date = toml::value::Datetime::deserialize(from)?;
    let day = match (date.date, date.time) {
        (Some(date), None) => Day::from_ymd_opt(date.year.into(), date.month.into(), date.day.into()),
        (_, _) => None,
    };
    day.ok_or_else(|| D::Error::custom("expected a day like 2025-01-01, without quotes"))
}

/// The same where it may be absent.
pub(super) fn some_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Day>, D::Error> {
    day(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what reading says counts")]
    struct File {
        name: String,
        #[serde(default, deserialize_with = "some_day")]
        from: Option<Day>,
        inner: Option<Collected>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what reading says counts")]
    struct Collected {
        fields: Vec<String>,
    }

    fn check(text: &str, expect: &[(usize, &str)]) {
        let mistakes = parse::<File>(text).err().unwrap_or_default();
        let told: Vec<_> = mistakes.iter().map(|(line, text)| (line.unwrap_or(0), text.as_str())).collect();
        assert_eq!(told, expect, "{text}");
    }

    #[test]
    fn every_unknown_key_is_told_with_its_line_and_the_nearest_one() {
        check("name = \"a\"\nfrom = 2025-01-01\n[inner]\nfields = []", &[]);
        check("name = \"a\"\nfrm = 2025-01-01", &[(2, "unknown key `frm`; the nearest one is `from`")]);
        check(
            "nam = 1\n[iner]\nfields = []\n[inner]\nfield = []",
            &[
                (1, "unknown key `nam`; the nearest one is `name`"),
                (2, "unknown key `iner`; the nearest one is `inner`"),
                (5, "unknown key `field`; the nearest one is `fields`"),
            ],
        );
        check(
            "name = \"a\"\nfrom = 2025-01-01T00:00:00Z",
            &[(2, "expected a day like 2025-01-01, without quotes")],
        );
        check("from = 2025-01-01", &[(1, "missing field `name`")]);
    }
}
