//! Deliveries get their places here, in the order of decisions: the next number on a topic, the chain over it, and
//! the bare body.
//! Where one cannot be encoded, its message is put aside and no number is used. Next: `compose`.

use std::collections::BTreeMap;

use decide::change::Delivery;
use decide::world::Aside;
use schemas::envelope::Hash;
use schemas::recipient::Recipient;

use crate::contract::{Encoded, Schemas};
use crate::store::rows::TopicEnd;

/// The ends of the topics, and what was numbered since it was last taken.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    schemas: &'a Schemas,
    pub(super) topics: BTreeMap<Recipient, TopicEnd>,
    pub(super) encoded: Vec<Encoded>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(schemas: &'a Schemas, topics: BTreeMap<Recipient, TopicEnd>) -> Self {
        Self { schemas, topics, encoded: Vec::new() }
    }

    /// Numbers what one message delivers: the sequence and payload hash of each. Where one cannot be encoded, none
    /// has a number.
    pub(super) fn give(&mut self, deliveries: &[Delivery]) -> Result<Vec<(u64, Hash)>, Aside> {
        let mut ends: BTreeMap<&Recipient, TopicEnd> = BTreeMap::new();
        let mut encoded = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let recipient = &delivery.recipient;
            let end = ends
                .entry(recipient)
                .or_insert_with(|| self.topics.get(recipient).copied().unwrap_or_default());
            let record = self.schemas.encode(delivery, end.sequence + 1, &end.chain).map_err(|error| {
                tracing::error!(%recipient, error = %super::chain(&error), "a view does not fit its schema");
                Aside::ViewNotEncodable
            })?;
            (end.sequence, end.chain) = (record.envelope.sequence, record.envelope.chain);
            encoded.push(record);
        }
        self.topics.extend(ends.into_iter().map(|(recipient, end)| (recipient.clone(), end)));
        let numbers = encoded.iter().map(|record| (record.envelope.sequence, record.envelope.payload_hash));
        let numbers = numbers.collect();
        self.encoded.append(&mut encoded);
        Ok(numbers)
    }
}
