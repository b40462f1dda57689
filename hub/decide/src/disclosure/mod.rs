//! What may leave: views, picked from the canonical fields by contracts, and deliveries by difference.

use std::collections::BTreeMap;

use schemas::canonical::Value;
use schemas::handover::EndReason;
use schemas::ids::Pseudonym;
use serde::{Deserialize, Serialize};

use crate::change::ViewKind;

/// What a stream lets its recipient see at a moment. Only this module makes one, by a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct View(Content);

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Content {
    Offer(BTreeMap<String, Value>),
    File(BTreeMap<String, Value>),
    Ended { reason: EndReason, successor: Option<Pseudonym> },
}

impl View {
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
}
