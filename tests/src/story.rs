//! The story played through the whole house, and whose each message is by its truth.
//!
//! Owns the reading of the truth; what must hold of it is `tests/story.rs`'s and `tests/orders.rs`'s. Refuses to look
//! into the hub any other way than its store and its keys allow.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use decide::Person;
use demo::{DemoHub, Summary};
use hub::app::Hub;
use hub::config::Config;
use hub::store::rows::{OutboxRow, Outcome};
use schemas::ids::{MessageId, PersonId};
use schemas::message::{Body, Message};
use schemas::time::KnownAt;
use serde_json::Value;
use tempfile::TempDir;

use crate::ACCESS;

/// A story that was played to its end.
#[derive(Debug)]
pub struct Played {
    /// The hub and all around it.
    pub stage: DemoHub,
    /// What came of it.
    pub summary: Summary,
    pub truth: Value,
    /// Every person as they are at the end.
    pub persons: BTreeMap<PersonId, Person>,
    /// Every decided message, in the order of decisions.
    pub messages: Vec<Told>,
    /// The folder of its files.
    pub story: PathBuf,
    _folder: TempDir,
}

#[derive(Clone, Debug)]
pub struct Told {
    /// As the heart got it.
    pub message: Message,
    pub source: String,
    pub outcome: Option<Outcome>,
    /// Whose it is now.
    pub person: Option<PersonId>,
    /// The true person it is about, where the truth says so.
    pub truth: Option<String>,
    pub item: Value,
}

/// The folder of the story that is played: the project's own, or the one that `HUB_TEST_STORY` names.
#[must_use]
pub fn folder() -> PathBuf {
    std::env::var_os("HUB_TEST_STORY").map_or_else(|| crate::root().join("hub/demo/story"), PathBuf::from)
}

/// Plays the story of a folder.
///
/// # Errors
/// Where it cannot be read or played, or what was stored not opened.
pub async fn play(story: PathBuf) -> anyhow::Result<Played> {
    play_with(crate::config(), story).await
}

/// Plays the story of a folder under a config of one's own.
///
/// # Errors
/// As [`play`].
pub async fn play_with(config: Config, story: PathBuf) -> anyhow::Result<Played> {
    let folder = tempfile::tempdir()?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut stage = Box::pin(DemoHub::set(config, &story, folder.path(), listen)).await?;
    let summary = stage.play().await?;
    let truth = Truth::read(&story)?;
    let hub = &stage.hub;
    let (mut persons, mut now) = (BTreeMap::new(), BTreeMap::new());
    for row in hub.store.persons(None, 1_000_000).await? {
        now.insert(row.id, row.redirect.unwrap_or(row.id));
        if row.redirect.is_none() {
            persons.insert(row.id, hub.vault.person(&row, ACCESS)?.0);
        }
    }
    let released: BTreeMap<MessageId, MessageId> = hub.store.released().await?.into_iter().collect();
    let mut messages = vec![];
    for row in hub.store.decided(0, 1_000_000).await? {
        let (content, _) = hub.vault.opened_message(&row, ACCESS)?;
        let item: Value = serde_json::from_str(&content.item)?;
        let decision = row.decision.context("a decided message without its decision")?;
        let (order, known_at) = (decision.order, KnownAt(decision.known_at));
        let outcome = if released.contains_key(&row.id) { Outcome::Decided } else { decision.outcome };
        messages.push(Told {
            message: Message { id: row.id, seed: content.seed, order, known_at, body: content.body },
            outcome: Some(outcome),
            person: row.key.owner.map(|owner| now[&owner]),
            truth: truth.of(&content.source, &item),
            source: content.source,
            item,
        });
    }
    Ok(Played { stage, summary, truth: truth.whole, persons, messages, story, _folder: folder })
}

impl Played {
    /// The truth's persons, by their id.
    ///
    /// # Panics
    /// Where the truth file has another form.
    #[must_use]
    pub fn true_persons(&self) -> BTreeMap<String, Value> {
        let Some(list) = self.truth["persons"].as_array() else { panic!("the truth names no persons") };
        list.iter().map(|person| (text(&person["id"]).to_owned(), person.clone())).collect()
    }

    /// The true person of every message that has one.
    #[must_use]
    pub fn owners(&self) -> BTreeMap<MessageId, String> {
        let told = self.messages.iter().filter_map(|told| Some((told.message.id, told.truth.clone()?)));
        told.collect()
    }

    /// Which true persons each person of the hub is made of.
    #[must_use]
    pub fn made_of(&self) -> BTreeMap<PersonId, BTreeSet<String>> {
        let mut made_of: BTreeMap<PersonId, BTreeSet<String>> = BTreeMap::new();
        for told in &self.messages {
            if let Some(person) = told.person {
                made_of.entry(person).or_default().extend(told.truth.clone());
            }
        }
        made_of
    }

    /// Messages that sources sent, in the order of decisions: neither answers nor what happens inside.
    #[must_use]
    pub fn sent(&self) -> Vec<Message> {
        let of_source = |told: &&Told| matches!(told.message.body, Body::Record(_) | Body::Notice { .. });
        self.messages.iter().filter(of_source).map(|told| told.message.clone()).collect()
    }
}

/// Every record of every recipient as it was decided, with the person it is about and its value: also what the gate
/// has made void since.
///
/// # Errors
/// Where one cannot be opened.
pub async fn records(hub: &Hub) -> anyhow::Result<Vec<(PersonId, OutboxRow, Value)>> {
    let mut all = vec![];
    let mut after = 0;
    loop {
        let page = hub.store.outgoing(after, 500).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.row.position;
        for outgoing in page {
            let body = hub.vault.body(&outgoing.row, outgoing.key.as_deref(), ACCESS)?;
            let value = hub.schemas.of(&outgoing.row.recipient)?.codec.decode(&body)?;
            all.push((outgoing.row.person, outgoing.row, value));
        }
    }
}

/// A text of the truth, or none.
#[must_use]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list of texts of the truth.
#[must_use]
pub fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The truth of a story.
#[derive(Clone, Debug)]
pub struct Truth {
    pub whole: Value,
    /// The persons of the permits' file, by their rows.
    rows: BTreeMap<String, String>,
}

impl Truth {
    /// Reads it from the story's folder.
    ///
    /// # Errors
    /// Where a file of it cannot be read.
    pub fn read(story: &Path) -> anyhow::Result<Self> {
        let whole: Value = serde_json::from_slice(&std::fs::read(story.join("story-truth.json"))?)?;
        let rows = permit_rows(&whole, &std::fs::read_to_string(story.join("wewis/single-permits.csv"))?);
        Ok(Self { whole, rows })
    }

    /// Whose an item of a source is: by its id, its row, or its number.
    #[must_use]
    pub fn of(&self, source: &str, item: &Value) -> Option<String> {
        let named = |feed: &str, key: &str| self.whole["records"][feed][key].as_str().map(str::to_owned);
        match source {
            "visa" => {
                let id = item["message_id"].as_str()?;
                named("posts", id).or_else(|| named("dvz", id))
            }
            "permit" => self.rows.get(&row_key(item)).cloned(),
            "register" => match item["message_id"].as_str() {
                Some(id) => named("hints", id),
                None => named("register", item["Persoon"]["INSZ"].as_str()?),
            },
            "portal" => named("portal", item["message_id"].as_str()?),
            "xapi" => named("xapi_statement", item["id"].as_str()?),
            _ => None,
        }
    }
}

fn row_key(row: &Value) -> String {
    ["event", "event_date", "dossier_number", "record_type"].map(|name| text(&row[name])).join("|")
}

/// The truth's persons by the rows of the permits' file.
fn permit_rows(truth: &Value, file: &str) -> BTreeMap<String, String> {
    let mut lines = file.trim_start_matches('\u{feff}').lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
    let mut rows = BTreeMap::new();
    for (number, line) in (2..).zip(lines) {
        let cells = header.iter().zip(line.split(';'));
        let row: serde_json::Map<String, Value> =
            cells.map(|(name, cell)| ((*name).to_owned(), cell.into())).collect();
        if let Some(person) = truth["records"]["wewis"][number.to_string()].as_str() {
            rows.insert(row_key(&Value::Object(row)), person.to_owned());
        }
    }
    rows
}
