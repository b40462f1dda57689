//! What a source says in a scenario: a real item, found and brought through its real door.
//!
//! An item is a text in its source's own form, the name of a file with one, or a table, which is the item as JSON. Where a
//! text holds `{{word}}`, what the scenario or its person is told by that word stands there; where nothing is,
//! `{{word|otherwise}}` has a value of its own, and `{{word|$other}}` that of another word. Refuses a word that nobody has told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use adapters::{Context, Source, Speaker};
use schemas::finding::{Finding, Severity};
use schemas::message::Said;
use schemas::recipient::Recipient;
use schemas::time::{Instant, day_of, wall_clock};
use serde_json::{Map, Value};

use super::file::{ItemForm, ScenarioSay};
use super::words::unknown;
use crate::config::{Config, strictly};

/// The people of a folder of scenarios: their names, numbers and dates, by a short name.
pub(super) const PEOPLE: &str = "people.toml";
/// Where the items of a folder of scenarios lie.
const ITEMS: &str = "items";
const ENDINGS: [&str; 4] = ["json", "xml", "csv", "ndjson"];

/// The items of one scenario.
pub(super) struct ScenarioItems {
    folder: PathBuf,
    people: BTreeMap<String, BTreeMap<String, toml::Value>>,
    with: BTreeMap<String, toml::Value>,
    choosable: BTreeSet<Recipient>,
    said: usize,
}

/// What a door makes of one item: what it says, or why it is refused.
pub(super) type AtTheDoor = Result<Said, Vec<Finding>>;

impl ScenarioItems {
    pub(super) fn new(config: &Config, with: &BTreeMap<String, toml::Value>, file: &Path) -> Self {
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        let path = folder.join(PEOPLE);
        let people = fs::read_to_string(&path).ok().and_then(|text| strictly(&text, &path).ok());
        let choosable = config.bundle.contracts.iter();
        let choosable =
            choosable.filter(|c| matches!(c.competence, decide::bundle::Competence::Choice { .. }));
        Self {
            folder,
            people: people.unwrap_or_default(),
            with: with.clone(),
            choosable: choosable.map(|contract| contract.recipient.clone()).collect(),
            said: 0,
        }
    }

    /// The short names of everybody in `people.toml`.
    pub(super) fn labels(&self) -> Vec<String> {
        self.people.keys().cloned().collect()
    }

    /// What is said, item by item: a text may hold several.
    ///
    /// # Errors
    /// Where there is no such source, file or person, or a word that nobody has told.
    pub(super) fn read(
        &mut self,
        config: &Config,
        say: &ScenarioSay,
        at: Instant,
    ) -> Result<Vec<AtTheDoor>, String> {
        self.said += 1;
        let source = door(&say.source)?;
        let items = match &say.item {
            ItemForm::Text(text) => {
                let text = self.filled(&self.text(text)?, say, at)?;
                adapters::read(source, text.as_bytes())
            }
            ItemForm::Table(table) => {
                let text = self.filled(&json(&toml::Value::Table(table.clone())).to_string(), say, at)?;
                let item: Value = serde_json::from_str(&text).map_err(|error| format!("item: {error}"))?;
                source.split(item).into_iter().map(Ok).collect()
            }
        };
        if items.is_empty() {
            return Err("item: nothing is in it".to_owned());
        }
        let bundle = &config.bundle;
        let context = Context {
            municipalities: &bundle.municipalities,
            places: &bundle.places,
            countries: &bundle.countries,
            choosable: &self.choosable,
            environment: config.hub.environment,
            sender: &Speaker::for_all(say.sender.as_deref().unwrap_or_default()),
            now: at,
        };
        let refused = |findings: Vec<Finding>| {
            findings.into_iter().filter(|finding| finding.code.severity() == Severity::Error).collect()
        };
        let checked = |item: Result<Value, adapters::Refused>| {
            let checked = item.and_then(|item| adapters::check(source, item, &context));
            checked.map(|checked| checked.said().clone()).map_err(|wrong| refused(wrong.findings))
        };
        Ok(items.into_iter().map(checked).collect())
    }

    /// The text itself, or that of the file it names.
    fn text(&self, item: &str) -> Result<String, String> {
        let trimmed = item.trim_start_matches('\u{feff}').trim_start();
        if trimmed.starts_with(['{', '<']) || trimmed.contains('\n') {
            return Ok(item.to_owned());
        }
        let items = self.folder.join(ITEMS);
        let mut places = vec![self.folder.join(item), PathBuf::from(item), items.join(item)];
        places.extend(ENDINGS.iter().map(|ending| items.join(format!("{item}.{ending}"))));
        if let Some(place) = places.iter().find(|place| place.is_file()) {
            return fs::read_to_string(place).map_err(|error| format!("{}: {error}", place.display()));
        }
        let known = fs::read_dir(&items).into_iter().flatten().filter_map(Result::ok);
        let known: Vec<String> = known
            .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
            .collect();
        Err(unknown("item", item, known.iter().map(String::as_str)))
    }

    /// The text with every `{{word}}` filled in.
    fn filled(&self, text: &str, say: &ScenarioSay, at: Instant) -> Result<String, String> {
        let person = match &say.who {
            None => None,
            Some(who) => match self.people.get(who) {
                Some(person) => Some(person),
                None if self.people.is_empty() => None,
                None => return Err(unknown("person", who, self.people.keys().map(String::as_str))),
            },
        };
        let clock = wall_clock(at).time();
        let own = BTreeMap::from([
            ("on", day_of(at).to_string()),
            ("at", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
            ("time", clock.format("%H:%M:%S").to_string()),
            ("sequence", self.said.to_string()),
            ("id", format!("scenario-{}", self.said)),
            ("uuid", format!("00000000-0000-4000-8000-{:012}", self.said)),
        ]);
        let told = |word: &str| {
            let told = say.with.get(word).or(self.with.get(word)).or(person.and_then(|of| of.get(word)));
            told.map(plain).or_else(|| own.get(word).cloned())
        };
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, after)) = after.split_once("}}") else { break };
            let (word, otherwise) = inside.split_once('|').map_or((inside, None), |(w, o)| (w, Some(o)));
            let value = told(word).or_else(|| match otherwise?.strip_prefix('$') {
                Some(other) => told(other),
                None => otherwise.map(str::to_owned),
            });
            let value = value.ok_or_else(|| {
                let word = otherwise.and_then(|other| other.strip_prefix('$')).unwrap_or(word);
                let known = say.with.keys().chain(self.with.keys());
                let known = known.chain(person.into_iter().flat_map(BTreeMap::keys));
                unknown("word in the item", word, known.map(String::as_str).chain(own.keys().copied()))
            })?;
            filled.extend([before, &value]);
            rest = after;
        }
        filled.push_str(rest);
        // What is told and not asked for is a mistake: it was meant for a word of another name.
        let asked = |word: &String| {
            text.contains(&format!("{{{{{word}}}}}")) || text.contains(&format!("{{{{{word}|"))
        };
        match say.with.keys().find(|word| !asked(word)) {
            Some(word) => {
                let words = text.split("{{").skip(1).filter_map(|rest| rest.split(['}', '|']).next());
                Err(unknown("word in `with`", word, words))
            }
            None => Ok(filled),
        }
    }
}

fn door(name: &str) -> Result<&'static dyn Source, String> {
    let known = || adapters::SOURCES.iter().map(|source| source.name());
    adapters::source(name).ok_or_else(|| unknown("source", name, known()))
}

/// A value as it is put into a text.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A table as JSON: days and times are texts there.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(yes) => Value::from(*yes),
        toml::Value::Datetime(at) => Value::from(at.to_string()),
        toml::Value::Array(list) => list.iter().map(json).collect(),
        toml::Value::Table(table) => {
            let members = table.iter().map(|(name, value)| (name.clone(), json(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}
