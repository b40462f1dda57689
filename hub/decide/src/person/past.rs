//! A person's whole past: their own journal, and the records that are theirs now.
//!
//! What a split folds anew from; everything else uses the state. Refuses to judge: see [`super::fold`].

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::ids::MessageId;
use schemas::message::Prepared;

use super::event::Event;

/// One person's own journal, with the records of their own messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Past {
    /// What happened, oldest first: as many events as their version.
    pub events: Vec<Event>,
    pub records: BTreeMap<MessageId, Arc<Prepared>>,
}
