//! Who sends, and for whom they speak: a post for its own applications, a platform for its own accounts.
//!
//! Where several organisations send to one source, each item names one of them ([`Voice`]); whoever is not allowed to
//! speak for that one is told so at the field. Owns the rule and no list: who speaks for whom stands in
//! `config/sources/`. Next: [`crate::check`], which asks it of every item.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// Whose word an item is, and the field that says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voice<'a> {
    /// JSON Pointer of the field that names them.
    pub pointer: &'static str,
    /// Their name, as `speaks_for` in the config writes it.
    pub name: Cow<'a, str>,
    /// What they are, in a finding.
    pub of: &'static str,
}

/// Who sends to one source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Speaker {
    name: String,
    /// Nothing where they speak for everybody in the source.
    voices: Option<BTreeSet<String>>,
}

impl Speaker {
    /// A sender that speaks for everybody in its source, and the hub itself about what it asked.
    #[must_use]
    pub fn for_all(name: impl Into<String>) -> Self {
        Self { name: name.into(), voices: None }
    }

    /// A sender that speaks for these alone.
    #[must_use]
    pub fn for_some(name: impl Into<String>, voices: BTreeSet<String>) -> Self {
        Self { name: name.into(), voices: Some(voices) }
    }

    /// The sender's name: for agencies, the recipient's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether they may say what this one says.
    #[must_use]
    pub fn speaks_for(&self, voice: &Voice<'_>) -> bool {
        self.voices.as_ref().is_none_or(|voices| voices.contains(voice.name.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use schemas::finding::Code;
    use schemas::insz::Environment;

    use super::*;
    use crate::fixtures::FixtureTables;
    use crate::{Context, SOURCES, check, read};

    /// Each source's first message: by whoever speaks for nobody, for its own one, for another.
    #[test]
    fn where_several_speak_nobody_speaks_for_another() {
        let tables = FixtureTables::new();
        for source in SOURCES {
            let item = read(*source, source.example().as_bytes()).remove(0).unwrap();
            let voice = source.voice(&item);
            assert_eq!(voice.is_some(), source.has_voices(), "{}", source.name());
            assert!(voice.as_ref().is_none_or(|voice| source.is_voice(&voice.name)), "{}", source.name());
            let (place, own) = voice.map_or(("", String::new()), |it| (it.pointer, it.name.into_owned()));
            let codes = |voices: &[&str]| {
                let sender = Speaker::for_some("bon", voices.iter().map(|&voice| voice.to_owned()).collect());
                let context = Context { sender: &sender, ..tables.context(Environment::Test) };
                let refused = check(*source, item.clone(), &context).err();
                refused
                    .into_iter()
                    .flat_map(|refused| refused.findings)
                    .map(|one| (one.code, one.pointer))
                    .collect::<Vec<_>>()
            };
            let anothers =
                if source.has_voices() { vec![(Code::NotYours, place.to_owned())] } else { vec![] };
            assert_eq!(codes(&[]), anothers, "{}", source.name());
            assert_eq!(codes(&["somebody else"]), anothers, "{}", source.name());
            assert_eq!(codes(&[&own]), [], "{}", source.name());
        }
    }
}
