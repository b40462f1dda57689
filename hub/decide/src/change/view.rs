//! A view: what a stream lets its recipient see at a moment. Made only by a contract's pick from the
//! canonical fields, or as an end, which carries no personal field at all; only [`crate::disclosure`] asks for one.

use std::collections::BTreeMap;

use schemas::canonical::{Canonical, Value};
use schemas::handover::EndReason;
use schemas::ids::Pseudonym;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::person::ViewKind;

/// What a stream lets its recipient see at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View(ViewContent);

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum ViewContent {
    Offer(BTreeMap<String, Value>),
    File(BTreeMap<String, Value>),
    Ended { reason: EndReason, successor: Option<Pseudonym> },
}

impl View {
    /// The little needed to say yes: what the contract names for an offer.
    pub(crate) fn offer<'a>(form: &Canonical, fields: impl IntoIterator<Item = &'a String>) -> Self {
        Self(ViewContent::Offer(pick(form, fields)))
    }

    /// What the contract names for after yes.
    pub(crate) fn file<'a>(form: &Canonical, fields: impl IntoIterator<Item = &'a String>) -> Self {
        Self(ViewContent::File(pick(form, fields)))
    }

    /// The last of a stream.
    pub(crate) fn end(reason: EndReason) -> Self {
        Self(ViewContent::Ended { reason, successor: None })
    }

    /// The last of a stream whose person was absorbed, where the recipient holds the survivor as well.
    pub(crate) fn merged(successor: Pseudonym) -> Self {
        Self(ViewContent::Ended { reason: EndReason::Merged, successor: Some(successor) })
    }

    #[must_use]
    pub fn kind(&self) -> ViewKind {
        match &self.0 {
            ViewContent::Offer(_) => ViewKind::Offer,
            ViewContent::File(_) => ViewKind::File,
            ViewContent::Ended { .. } => ViewKind::Ended,
        }
    }

    /// The fields of an offer or a file; none on an end.
    #[must_use]
    pub fn fields(&self) -> Option<&BTreeMap<String, Value>> {
        match &self.0 {
            ViewContent::Offer(fields) | ViewContent::File(fields) => Some(fields),
            ViewContent::Ended { .. } => None,
        }
    }

    /// Why the stream ended, and the successor where the recipient holds it.
    #[must_use]
    pub fn ended(&self) -> Option<(EndReason, Option<Pseudonym>)> {
        match &self.0 {
            ViewContent::Offer(_) | ViewContent::File(_) => None,
            ViewContent::Ended { reason, successor } => Some((*reason, *successor)),
        }
    }

    /// Tells two views apart: SHA-256 over their kind, names and values in stable words, each framed by what it is
    /// and how long it is. It is stored, so it must never change for the same view.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut frames = Frames(Sha256::new());
        frames.text(b'k', self.kind().as_str());
        match &self.0 {
            ViewContent::Offer(fields) | ViewContent::File(fields) => {
                frames.length(b'f', fields.len());
                for (name, value) in fields {
                    frames.text(b'n', name);
                    frames.value(value);
                }
            }
            ViewContent::Ended { reason, successor } => {
                frames.text(b'r', reason.as_str());
                if let Some(successor) = successor {
                    frames.bytes(b's', &successor.bytes());
                }
            }
        }
        frames.0.finalize().into()
    }
}

/// What a digest is made of, piece by piece.
struct Frames(Sha256);

impl Frames {
    fn length(&mut self, kind: u8, length: usize) {
        self.0.update([kind]);
        self.0.update((length as u64).to_be_bytes());
    }

    fn bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.length(kind, bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, kind: u8, text: &str) {
        self.bytes(kind, text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.text(b't', text),
            Value::Texts(texts) => {
                self.length(b'l', texts.len());
                texts.iter().for_each(|text| self.text(b't', text));
            }
            Value::Rows(rows) => {
                self.length(b'w', rows.len());
                for row in rows {
                    self.length(b'm', row.len());
                    for (column, text) in row {
                        self.text(b'n', column);
                        self.text(b't', text);
                    }
                }
            }
        }
    }
}

/// Only what is named leaves; what is not named does not, whatever is added to the form.
fn pick<'a>(form: &Canonical, fields: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, Value> {
    fields
        .into_iter()
        .filter_map(|name| form.0.get(name).map(|value| (name.clone(), value.clone())))
        .collect()
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

    /// Stored digests are compared with these: a change here sends every open stream once more.
    #[test]
    fn a_digest_never_changes() {
        let mut form = Canonical::default();
        form.text("a", Some("1"));
        form.texts("b", vec!["x".to_owned(), "y".to_owned()]);
        let fields = ["a".to_owned(), "b".to_owned()];
        let hex = |view: View| view.digest().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(View::file(&form, &fields)),
            "2a71ee0c36afe50182585861b9bdbb194254ce49514f0922c066a685b2b9d625"
        );
        assert_eq!(
            hex(View::end(EndReason::Moved)),
            "8751d0a5d1a91565d5971ae4c3e9c5f41e30bbc074387683c09ed19d8ab10816"
        );
    }
}
