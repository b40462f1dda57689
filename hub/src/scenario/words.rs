//! The words of what is expected: those of the state table, of contracts and of the people of a scenario.
//!
//! A word is compared in small letters with dashes, so that `no_basis` and `NO_BASIS` are one. Refuses an unknown word,
//! and names the nearest one.

use std::collections::BTreeSet;

use decide::handover::table::ROWS;
use decide::person::{ReviewReason, Stage};
use schemas::finding::Code;
use schemas::handover::{EndReason, HoldReason, OrderName, Owner, RejectCode, State};
use serde::Serialize;

use crate::config::Config;

/// Words between words, which mean nothing.
const IGNORED: [&str; 12] =
    ["to", "by", "at", "for", "of", "the", "row", "owner", "since", "until", "is", "with"];
/// What is said beside the words of the state table.
const MORE: [&str; 14] = [
    "escalated",
    "provider",
    "participant",
    "provisional",
    "definitive",
    "offer",
    "file",
    "ended",
    "nobody",
    "review",
    "waiting",
    "register",
    "give-person",
    "unregister",
];

/// Every word that means something.
pub(super) struct Vocabulary {
    words: BTreeSet<String>,
    recipients: BTreeSet<String>,
}

impl Vocabulary {
    pub(super) fn of(config: &Config, labels: &[String]) -> Self {
        let mut words: BTreeSet<String> = MORE.iter().map(|word| word_of(word)).collect();
        let contracts = config.bundle.contracts.iter();
        let recipients: BTreeSet<String> =
            contracts.map(|contract| word_of(contract.recipient.as_str())).collect();
        words.extend(recipients.iter().cloned());
        words.extend(labels.iter().map(|label| word_of(label)));
        words.extend(Stage::ALL.iter().flat_map(|stage| tokens(stage.as_str())));
        words.extend(ROWS.iter().map(|row| word_of(row.id)));
        words.extend(State::ALL.iter().map(|state| word_of(state.as_str())));
        words.extend(HoldReason::ALL.iter().map(written));
        words.extend(RejectCode::ALL.iter().map(written));
        words.extend(EndReason::ALL.iter().map(|end| word_of(end.as_str())));
        words.extend(Owner::ALL.iter().map(|owner| word_of(owner.as_str())));
        words.extend(ReviewReason::ALL.iter().map(|reason| word_of(reason.as_str())));
        words.extend(OrderName::ALL.iter().map(|order| word_of(order.as_str())));
        words.extend(REFUSALS.iter().map(|code| word_of(code)));
        words.extend(Code::ALL.iter().map(|code| word_of(&code.to_string())));
        Self { words, recipients }
    }

    /// Whether a recipient, a state or whatever else has this name. Days, epochs and counts are no words.
    pub(super) fn knows(&self, word: &str) -> bool {
        let counted = |mark: &str| {
            word.strip_prefix(mark).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        self.words.contains(word)
            || counted("x")
            || counted("epoch-")
            || schemas::time::parse_day(word).is_some()
    }

    /// Whether a recipient has this name.
    pub(super) fn is_recipient(&self, word: &str) -> bool {
        self.recipients.contains(word)
    }

    /// The word that is most like this one.
    pub(super) fn nearest(&self, word: &str) -> Option<&str> {
        nearest(word, self.words.iter().map(String::as_str))
    }
}

/// Of these words the one that is most like it.
pub(super) fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    among.max_by(|a, b| strsim::jaro(word, a).total_cmp(&strsim::jaro(word, b)))
}

/// What is wrong with a word, and the nearest one.
pub(super) fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(word, known) {
        Some(near) => format!("unknown {what} `{word}`; the nearest one is `{near}`"),
        None => format!("unknown {what} `{word}`"),
    }
}

/// A word as it is compared.
pub(super) fn word_of(text: &str) -> String {
    text.trim().to_lowercase().replace('_', "-")
}

/// The name that a value of the vocabulary is written by, as it is compared.
pub(super) fn written(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => word_of(&text),
        _ => String::new(),
    }
}

/// The words of a sentence that mean something.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || ",;:()[]→>".contains(c));
    let words = words.map(word_of).filter(|word| !word.is_empty() && word != "-");
    words.filter(|word| !IGNORED.contains(&word.as_str())).collect()
}

/// What a step can be told, beside the codes that a door finds.
pub(super) const REFUSALS: [&str; 15] = [
    "refused",
    "unknown-handover",
    "unknown-person",
    "unknown-review",
    "unknown-stream",
    "old-epoch",
    "not-allowed",
    "order-not-allowed",
    "no-restriction",
    "not-a-part",
    "not-as-reported",
    "two-hold-the-file",
    "not-asked",
    "hash-differs",
    "other-record",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whatever_stands_between_them() {
        assert_eq!(tokens("held (offer) for amal: NO_BASIS"), ["held", "offer", "amal", "no-basis"]);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
        let config = Config::load(&root).unwrap();
        let words = Vocabulary::of(&config, &["Amina".to_owned()]);
        for word in ["awaiting-choice", "bapa-via", "amina", "21b", "not-competent", "x2", "2025-03-05"] {
            assert!(words.knows(word), "{word}");
        }
        assert!(!words.knows("acepted"));
        assert_eq!(words.nearest("acepted"), Some("accepted"));
    }
}
