//! The match view of a record: all that linking compares, in the form in which it is compared.
//!
//! Made once, at the door, and kept sealed with the record; a person keeps the views of theirs. It holds no free text
//! and no address: only a file that is linked by itself (`hub link`) brings [`MarkKind`]s of a home.
//! Source: docs/identity.md#the-match-view.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fact::{Record, Sex, Statement};
use crate::key::{Class, Key};
use crate::name::{Names, NativeName, Tokens};
use crate::partial::PartialDate;

/// What one record says of who somebody is, ready to be compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct MatchView {
    /// Each name that has a compared form.
    pub names: Vec<NameView>,
    /// Names in their own script, where Latin letters one by one do not give their sound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub native: Vec<NativeName>,
    /// Birth dates, as far as they are known.
    pub births: Vec<PartialDate>,
    /// What very many share, and still tells two apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// The numbers that identify, sorted, each once.
    pub numbers: Vec<Key>,
}

/// A name by its parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct NameView {
    /// The parts, sorted by their text, each once.
    pub parts: Vec<NamePart>,
}

/// One part of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct NamePart {
    /// In lower-case Latin letters.
    pub text: Arc<str>,
    /// What of it is heard in every spelling: see [`skeleton`].
    pub skeleton: Arc<str>,
    /// Whether it is a given name; none where the source does not say.
    pub given: Option<bool>,
}

/// A property that many share.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// Which.
    pub kind: MarkKind,
    /// Its value, in one form.
    pub value: Arc<str>,
}

/// Which properties are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// `f` or `m`.
    Sex,
    /// A country's code.
    Nationality,
    /// One coarse category of a file, such as a state: for `hub link` alone.
    Category,
    /// The number of a house: for `hub link` alone.
    StreetNumber,
    /// A street: for `hub link` alone.
    Street,
    /// A municipality or a part of one: for `hub link` alone.
    Suburb,
    /// A postal code: for `hub link` alone.
    Postcode,
}

impl MarkKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sex,
        Self::Nationality,
        Self::Category,
        Self::StreetNumber,
        Self::Street,
        Self::Suburb,
        Self::Postcode,
    ];

    /// Whether it is part of an address, which the running hub never compares.
    #[must_use]
    pub fn is_address(self) -> bool {
        matches!(self, Self::StreetNumber | Self::Street | Self::Suburb | Self::Postcode)
    }
}

impl MatchView {
    /// What a record says of who somebody is. The record's keys are sorted.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let mut names: Vec<NameView> = record.names.iter().flat_map(NameView::forms).collect();
        names.sort();
        names.dedup();
        let number = |key: &&Key| key.class() == Class::Personal && !matches!(key, Key::Statement(_));
        let mut marks: Vec<Mark> = record.facts.iter().flat_map(|fact| stated(&fact.statement)).collect();
        marks.sort();
        marks.dedup();
        let native: BTreeSet<NativeName> = record.names.iter().filter_map(Names::own_script).collect();
        Self {
            names,
            native: native.into_iter().collect(),
            births: record.births.clone(),
            marks,
            numbers: record.keys.iter().filter(number).cloned().collect(),
        }
    }

    /// The same without its numbers: what two records of one person often say alike.
    #[must_use]
    pub fn said(&self) -> Self {
        Self { numbers: vec![], ..self.clone() }
    }

    /// Whether it says nothing that could be compared but numbers.
    #[must_use]
    pub fn is_nameless(&self) -> bool {
        self.names.is_empty() && self.births.is_empty()
    }
}

/// The marks that a statement brings.
fn stated(statement: &Statement) -> Vec<Mark> {
    match statement {
        Statement::Sex(sex) => {
            let value = match sex {
                Sex::Female => "f",
                Sex::Male => "m",
                Sex::Other => return vec![],
            };
            vec![Mark { kind: MarkKind::Sex, value: value.into() }]
        }
        Statement::Nationalities(all) => {
            let mark = |country: &crate::country::Country| Mark {
                kind: MarkKind::Nationality,
                value: country.code().into(),
            };
            all.iter().map(mark).collect()
        }
        _ => vec![],
    }
}

impl NameView {
    /// A name in each form under which it is met; none where nothing of it can be compared.
    #[must_use]
    pub fn forms(names: &Names) -> Vec<Self> {
        let (given, family) = (names.given_tokens(), names.family_tokens());
        let known = !given.is_empty() && !family.is_empty();
        // What is in both parts is a given name too; a form that is spelled otherwise is no part's.
        let part = |text: &str| NamePart {
            text: text.into(),
            skeleton: skeleton(text).into(),
            given: (known && (given.contains(text) || family.contains(text))).then(|| given.contains(text)),
        };
        names.forms().iter().map(|form| Self { parts: form.iter().map(part).collect() }).collect()
    }

    /// Its parts' texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| &*part.text)
    }

    /// The same parts as words.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.texts().map(str::to_owned).collect()
    }

    /// Whether this is one of its parts.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.texts().any(|own| own == text)
    }

    /// Whether the other has all of these parts.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.parts.len() <= other.parts.len() && self.texts().all(|part| other.contains(part))
    }
}

/// What of a part of a name is heard in every spelling of it: consonants of one sound written as one, vowels left
/// out but for a first one, nothing twice. `text` is in lower-case Latin letters.
#[must_use]
pub fn skeleton(text: &str) -> String {
    let mut heard = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut first = true;
    while let Some(letter) = rest.next() {
        let next = rest.peek().copied();
        let (sound, both) = match (letter, next) {
            ('p', Some('h')) => ('f', true),
            ('k' | 'g', Some('h')) | ('c', Some('k')) => ('k', true),
            ('s' | 'c', Some('h')) | ('d', Some('j')) => ('s', true),
            ('t' | 'd', Some('h')) => ('t', true),
            ('q' | 'c' | 'x' | 'g' | 'k', _) => ('k', false),
            ('z' | 'j' | 's', _) => ('s', false),
            ('v' | 'w' | 'f', _) => ('f', false),
            ('d' | 't', _) => ('t', false),
            ('b' | 'p', _) => ('p', false),
            ('a' | 'e' | 'i' | 'o' | 'u' | 'y', _) => ('a', false),
            (other, _) => (other, false),
        };
        if both {
            rest.next();
        }
        let silent = sound == 'h' || sound == 'a' && !first;
        first = false;
        if !silent && !heard.ends_with(sound) {
            heard.push(sound);
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sound_has_one_skeleton() {
        for spellings in [
            ["mohamed", "muhammad", "mohammed"],
            ["youssef", "yusuf", "yousef"],
            ["khadija", "kadija", "khadidja"],
            ["tchaikovsky", "tchaikofski", "tchajkowski"],
        ] {
            let [one, rest @ ..] = spellings.map(skeleton);
            assert!(rest.iter().all(|other| *other == one), "{spellings:?}: {one} {rest:?}");
        }
        assert_eq!([skeleton(""), skeleton("h"), skeleton("aa"), skeleton("bb")], ["", "", "a", "p"]);
    }
}
