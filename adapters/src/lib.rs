//! The doors: bytes in, checked and translated messages out.
//!
//! A source is one folder: its JSON Schema, its pure `translate`, its strip list, its fixtures; and
//! one line in [`SOURCES`]. Transports know no source. Refuses to store, to wait and to know a person.

#![deny(missing_docs)]

mod answer;
mod checking;
mod draft;
#[cfg(test)]
mod fixtures;
mod permit;
mod portal;
mod read;
mod reading;
pub mod register;
mod speaker;
#[cfg(test)]
mod story;
mod texts;
mod tracking;
mod visa;
#[cfg(test)]
mod weather;
mod xapi;

use std::collections::BTreeSet;

pub use checking::check;
pub use read::{Before, Charset, read, read_in, read_on, separator};
use schemas::country::Countries;
use schemas::finding::Finding;
use schemas::insz::Environment;
use schemas::message::Said;
use schemas::municipality::Municipalities;
use schemas::place::Places;
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde_json::Value;
pub use speaker::{Speaker, Voice};

/// How a source writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// One JSON object an item; many as NDJSON.
    Json,
    /// Rows under a header, as spreadsheets write them: see [`read`]. A row is an object of its columns.
    Csv,
    /// An XML document, read as JSON: see `read`.
    Xml,
}

/// What a translation may look at beside the item.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Municipalities with their days.
    pub municipalities: &'a Municipalities,
    /// The language areas of places, by name and postal code.
    pub places: &'a Places,
    /// Countries and register codes.
    pub countries: &'a Countries,
    /// Whom a newcomer in Brussels may choose.
    pub choosable: &'a BTreeSet<Recipient>,
    /// Which national numbers may be seen.
    pub environment: Environment,
    /// Who sends, and for whom they speak.
    pub sender: &'a Speaker,
    /// The hub's own time: nothing is stated ahead of it.
    pub now: Instant,
}

/// What an item says, and everything found on the way. Nothing said where an error was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Translation {
    /// What it says.
    pub said: Option<Said>,
    /// Errors and warnings, all of them.
    pub findings: Vec<Finding>,
}

/// One kind of feed with one contract.
pub trait Source: Sync + std::fmt::Debug {
    /// Its name, as in the glossary.
    fn name(&self) -> &'static str;
    /// How it writes.
    fn format(&self) -> Format;
    /// The version of its translation: stored with every message.
    fn version(&self) -> u32;
    /// Its JSON Schema (2020-12), for one item.
    fn schema(&self) -> &'static str;
    /// A first message about an invented person, in the source's own form: it is taken as it stands.
    fn example(&self) -> &'static str;
    /// JSON Pointers of what is never stored; `*` stands for every element of a list.
    fn strip(&self) -> &'static [&'static str];
    /// What is worth saying about the item as it came: about values that are about to be stripped, or
    /// that must agree with one another.
    fn notice(&self, _item: &Value) -> Vec<Finding> {
        vec![]
    }
    /// Brings what may be written in several ways to one, once its form is checked: then a repeat that is written
    /// otherwise is the same item. The item may not fit the schema.
    fn normalise(&self, _item: &mut Value) {}
    /// Whether its items are statements of xAPI, so that platforms may forward them as the standard has it.
    fn takes_statements(&self) -> bool {
        false
    }
    /// Whose word an item is, where several organisations send to this source. The item has been brought to one
    /// spelling and stripped, but may not fit the schema.
    fn voice<'i>(&self, _item: &'i Value) -> Option<Voice<'i>> {
        None
    }
    /// Whether its items name whose word they are: then each sender is bound to some of them.
    fn has_voices(&self) -> bool {
        false
    }
    /// Whether a name could be one of those whose word they are, as `speaks_for` in the config writes it.
    fn is_voice(&self, _name: &str) -> bool {
        false
    }
    /// Cuts a document into items, each about one person; most are one item already.
    fn split(&self, document: Value) -> Vec<Value> {
        vec![document]
    }
    /// The sender's id of an item, or the text that stands for it where the format has none.
    fn id(&self, item: &Value) -> Option<String>;
    /// Says what an item means. The item is stripped, but may not fit the schema: then only the
    /// findings are used, so that the sender gets all of them at once.
    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation;
}

/// Every source there is.
pub static SOURCES: &[&dyn Source] = &[
    &visa::Visa,
    &permit::Permits,
    &register::Register,
    &portal::Portal,
    &xapi::Xapi,
    &tracking::Tracking,
    &answer::Answers,
];

/// The source of this name.
#[must_use]
pub fn source(name: &str) -> Option<&'static dyn Source> {
    SOURCES.iter().copied().find(|source| source.name() == name)
}

/// An item that was checked, stripped and translated. Only [`check`] makes one.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked {
    id: String,
    item: Value,
    said: Said,
    warnings: Vec<Finding>,
}

impl Checked {
    /// The sender's id of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// The stripped original.
    #[must_use]
    pub fn item(&self) -> &Value {
        &self.item
    }
    /// What it says.
    #[must_use]
    pub fn said(&self) -> &Said {
        &self.said
    }
    /// What the sender should know all the same.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

/// An item that cannot be taken: all findings, and the stripped item.
#[derive(Clone, PartialEq, Debug)]
pub struct Refused {
    /// The stripped item; nothing where its bytes could not be read.
    pub item: Option<Value>,
    /// Everything that was found, errors and warnings.
    pub findings: Vec<Finding>,
}
