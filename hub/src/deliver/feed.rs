//! The feed: the same records under the same numbers for a recipient that does not read Kafka,
//! and what `tap` prints of either.
//!
//! Pure conversion; the API owns the call and the ledger. Refuses to send what [`super::gate`] holds back.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemas::recipient::Recipient;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DeliverError;
use super::gate::pass;
use super::record::LogRecord;
use crate::contract::ContractError;
use crate::contract::Schemas;
use crate::store::rows::Outgoing;
use crate::vault::Vault;

/// One record as the feed gives it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeedRecord {
    pub recipient: Recipient,
    /// The topic it would stand on.
    pub topic: String,
    pub sequence: u64,
    /// The recipient's name for the person.
    pub key: String,
    pub headers: BTreeMap<String, String>,
    /// The framed value in base64, over which the payload hash is; null on a void.
    pub value: Option<String>,
    /// The same value, decoded; null on a void.
    pub decoded: Value,
}

/// One record as `tap` prints it: decoded.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TapRecord {
    pub recipient: Recipient,
    pub topic: String,
    pub sequence: u64,
    /// The recipient's name for the person.
    pub key: String,
    pub headers: BTreeMap<String, String>,
    /// The value; null on a void.
    pub value: Value,
}

/// Makes a feed record of an outbox row, through the gate.
///
/// # Errors
/// Those of [`pass`].
pub fn record(vault: &Vault, schemas: &Schemas, outgoing: &Outgoing) -> Result<FeedRecord, DeliverError> {
    let record = pass(vault, schemas, outgoing)?;
    let decoded = decoded(schemas, record.value.as_deref())?;
    Ok(FeedRecord {
        decoded,
        recipient: outgoing.row.recipient.clone(),
        topic: record.topic,
        sequence: outgoing.row.sequence,
        key: record.key,
        headers: record.headers.into_iter().collect(),
        value: record.value.map(|framed| STANDARD.encode(framed)),
    })
}

impl From<FeedRecord> for TapRecord {
    fn from(record: FeedRecord) -> Self {
        let FeedRecord { recipient, topic, sequence, key, headers, value: _, decoded } = record;
        Self { recipient, topic, sequence, key, headers, value: decoded }
    }
}

impl TapRecord {
    /// Decodes a record that was read from a topic.
    ///
    /// # Errors
    /// [`ContractError::Decode`].
    pub fn from_log(schemas: &Schemas, record: LogRecord) -> Result<Self, DeliverError> {
        let (recipient, _) =
            schemas.iter().find(|(_, subject)| subject.topic == record.topic).ok_or(ContractError::Decode)?;
        Ok(Self {
            recipient: recipient.clone(),
            sequence: record.sequence().ok_or(ContractError::Decode)?,
            value: decoded(schemas, record.value.as_deref())?,
            topic: record.topic,
            key: record.key,
            headers: record.headers.into_iter().collect(),
        })
    }
}

fn decoded(schemas: &Schemas, framed: Option<&[u8]>) -> Result<Value, DeliverError> {
    framed.map_or(Ok(Value::Null), |framed| Ok(schemas.decode(framed)?))
}
