//! A view: what a stream lets its recipient see at a moment. Made only by a contract's pick from the
//! canonical fields, or as an end, which carries no personal field at all.

use std::collections::BTreeMap;

use schemas::canonical::{Canonical, Value};
use schemas::handover::EndReason;
use schemas::ids::Pseudonym;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::change::ViewKind;

/// What a stream lets its recipient see at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View(Content);

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Content {
    Offer(BTreeMap<String, Value>),
    File(BTreeMap<String, Value>),
    Ended { reason: EndReason, successor: Option<Pseudonym> },
}

impl View {
    /// The little needed to say yes: what the contract names for an offer.
    pub(crate) fn offer(form: &Canonical, fields: &[String]) -> Self {
        Self(Content::Offer(pick(form, fields)))
    }

    /// What the contract names for after yes.
    pub(crate) fn file(form: &Canonical, fields: &[String]) -> Self {
        Self(Content::File(pick(form, fields)))
    }

    /// The last of a stream.
    pub(crate) fn end(reason: EndReason) -> Self {
        Self(Content::Ended { reason, successor: None })
    }

    /// The last of a stream whose person turned out to be another, whom the recipient holds as well.
    pub(crate) fn merged(successor: Pseudonym) -> Self {
        Self(Content::Ended { reason: EndReason::Merged, successor: Some(successor) })
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ViewKind {
        match &self.0 {
            Content::Offer(_) => ViewKind::Offer,
            Content::File(_) => ViewKind::File,
            Content::Ended { .. } => ViewKind::Ended,
        }
    }

    /// The fields of an offer or a file; none on an end.
    #[must_use]
    pub fn fields(&self) -> Option<&BTreeMap<String, Value>> {
        match &self.0 {
            Content::Offer(fields) | Content::File(fields) => Some(fields),
            Content::Ended { .. } => None,
        }
    }

    /// Why the stream ended, and the successor where the recipient holds it.
    #[must_use]
    pub fn ended(&self) -> Option<(EndReason, Option<Pseudonym>)> {
        match &self.0 {
            Content::Offer(_) | Content::File(_) => None,
            Content::Ended { reason, successor } => Some((*reason, *successor)),
        }
    }

    /// Tells two views apart: SHA-256 over kind, field names and values, each with its length before it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        part(self.kind().as_str());
        match &self.0 {
            Content::Offer(fields) | Content::File(fields) => {
                for (name, value) in fields {
                    part(name);
                    match value {
                        Value::Map(map) => {
                            part(&map.len().to_string());
                            map.iter().for_each(|(key, text)| [key, text].iter().for_each(|text| part(text)));
                        }
                        Value::Text(text) => part(text),
                        Value::Texts(texts) => {
                            part(&texts.len().to_string());
                            texts.iter().for_each(|text| part(text));
                        }
                    }
                }
            }
            Content::Ended { reason, successor } => {
                part(&format!("{reason:?}"));
                part(&successor.map_or(String::new(), |name| name.to_string()));
            }
        }
        hash.finalize().into()
    }
}

/// Only what is named leaves; what is not named does not, whatever is added to the form.
fn pick(form: &Canonical, fields: &[String]) -> BTreeMap<String, Value> {
    fields.iter().filter_map(|name| form.0.get(name).map(|value| (name.clone(), value.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_new_fields_change_nothing_that_leaves() {
        let mut form = Canonical::default();
        form.text("municipality", Some("44021"));
        form.texts("given_names", vec!["Amina".to_owned()]);
        let contract = ["municipality".to_owned()];
        let before = View::file(&form, &contract);
        for n in 0..50u64 {
            let name = format!("field_{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            form.text(&name, Some(format!("secret {n}")));
            form.texts(&format!("{name}_list"), vec![format!("secret {n}")]);
        }
        let after = View::file(&form, &contract);
        assert_eq!(before, after);
        assert_eq!(before.digest(), after.digest());
        assert_eq!(after.fields().unwrap().keys().collect::<Vec<_>>(), ["municipality"]);
    }

    #[test]
    fn a_digest_tells_kinds_and_values_apart() {
        let mut form = Canonical::default();
        form.text("a", Some("1"));
        let fields = ["a".to_owned(), "b".to_owned()];
        let one = View::file(&form, &fields);
        assert_ne!(one.digest(), View::offer(&form, &fields).digest());
        form.text("a", Some("2"));
        assert_ne!(one.digest(), View::file(&form, &fields).digest());
        assert_ne!(View::end(EndReason::Moved).digest(), View::end(EndReason::Closed).digest());
    }
}
