//! Contracts as Avro: each recipient's schema under an id that stands for it for ever.
//!
//! What leaves is encoded by the contract as it is; what left before is read by the schema of its own id. Refuses a
//! contract that changed under its id ([`versions`]) and to encode: that is [`avro`]'s. Next: [`registry`] for what
//! stock clients ask.

pub mod avro;
pub mod registry;
pub mod versions;

use std::collections::BTreeMap;
use std::path::PathBuf;

use decide::bundle::Contract;
use decide::change::Delivery;
use schemas::envelope::{Envelope, Hash, chain, payload_hash};
use schemas::insz::Environment;
use schemas::recipient::Recipient;
use serde_json::Value;

use crate::config::{Config, Frozen};
use avro::{Codec, frame, unframe};
use versions::{Breach, SchemaVersion, judge};

/// Why a record cannot be made or read by its contract. Names recipients and fields, never a value.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// A contract names a field that the catalogue lacks.
    #[error("the contract of {recipient} names the unknown field {field}")]
    UnknownField { recipient: Recipient, field: String },
    /// A view holds a field that its contract lacks.
    #[error("the contract of {recipient} has no field {field}")]
    NotInContract { recipient: Recipient, field: String },
    /// No contract, or no schema id, for this recipient.
    #[error("there is no contract with a schema id for {0}")]
    NoContract(Recipient),
    /// Two recipients have one schema id.
    #[error("schema id {0} is given twice")]
    SchemaId(u32),
    /// The schema is not Avro.
    #[error("the schema of {0} cannot be built")]
    Schema(Recipient),
    /// Contracts changed under their ids, or cannot be read together with what was sent.
    #[error("{}", .0.iter().map(|breach| format!("contract of {}: {breach}", breach.recipient)).collect::<Vec<_>>().join("\n"))]
    Changed(Vec<Breach>),
    /// A value does not have the form of its schema.
    #[error("a record for {0} cannot be encoded")]
    Encode(Recipient),
    /// Bytes that are not a record of ours.
    #[error("the bytes are not a record of a known schema")]
    Decode,
}

/// One recipient's schema under its frozen id.
#[derive(Debug)]
pub struct Subject {
    /// The id in the five bytes before each body.
    pub id: u32,
    pub topic: String,
    /// Its name in a schema registry.
    pub subject: String,
    /// To encode and decode.
    pub codec: Codec,
}

/// Every recipient's schema, and those of all records that were ever sent.
#[derive(Debug, Default)]
pub struct Schemas {
    subjects: BTreeMap<Recipient, Subject>,
    /// By id: whose, and how to read what was written under it.
    known: BTreeMap<u32, Known>,
    /// What was frozen in files.
    frozen: Vec<SchemaVersion>,
    /// A contract must have a frozen file, be it ever so new.
    strict: bool,
}

#[derive(Debug)]
struct Known {
    recipient: Recipient,
    schema: serde_avro_fast::Schema,
    /// The same as what a look-up is compared with.
    bare: Value,
}

/// A delivery as it will stand on its topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// The bare body: what the outbox keeps, sealed.
    pub body: Vec<u8>,
    /// The id of the schema it is written in.
    pub schema_id: u32,
    pub envelope: Envelope,
}

impl Schemas {
    /// Generates the schemas of all contracts; each has its id.
    ///
    /// # Errors
    /// [`ContractError::NoContract`] where one has no id, [`ContractError::SchemaId`] where two share
    /// one, and those of [`Codec::new`].
    pub fn new(ids: &BTreeMap<Recipient, u32>, contracts: &[Contract]) -> Result<Self, ContractError> {
        let mut subjects: BTreeMap<Recipient, Subject> = BTreeMap::new();
        for contract in contracts {
            let recipient = &contract.recipient;
            let id = *ids.get(recipient).ok_or_else(|| ContractError::NoContract(recipient.clone()))?;
            if subjects.values().any(|other| other.id == id) {
                return Err(ContractError::SchemaId(id));
            }
            let topic = recipient.topic();
            let subject =
                Subject { id, subject: format!("{topic}-value"), topic, codec: Codec::new(contract)? };
            subjects.insert(recipient.clone(), subject);
        }
        let own = |(recipient, subject): (&Recipient, &Subject)| SchemaVersion {
            id: subject.id,
            recipient: recipient.clone(),
            text: subject.codec.text().to_owned(),
            file: None,
        };
        let own: Vec<SchemaVersion> = subjects.iter().map(own).collect();
        Self { subjects, ..Self::default() }.knowing(&own)
    }

    /// The schemas of a config folder, frozen ones included.
    ///
    /// # Errors
    /// Those of [`Schemas::new`].
    pub fn of_config(config: &Config) -> Result<Self, ContractError> {
        let ids = config.agencies.iter().map(|(recipient, agency)| (recipient.clone(), agency.schema_id));
        let schemas = Self::new(&ids.collect(), &config.bundle.contracts)?;
        let strict = config.hub.environment == Environment::Production;
        let frozen: Vec<SchemaVersion> = config.frozen.iter().map(SchemaVersion::from).collect();
        Self { strict, ..schemas }.knowing(&frozen).map(|schemas| Self { frozen, ..schemas })
    }

    /// The same, reading and telling an id as these versions have it.
    ///
    /// # Errors
    /// [`ContractError::Schema`] where one is not Avro.
    pub fn knowing(mut self, versions: &[SchemaVersion]) -> Result<Self, ContractError> {
        for SchemaVersion { id, recipient, text, .. } in versions {
            let schema = text.parse().map_err(|_| ContractError::Schema(recipient.clone()))?;
            let bare = serde_json::from_str(text).map_err(|_| ContractError::Schema(recipient.clone()))?;
            let bare = versions::bare(bare);
            self.known.insert(*id, Known { recipient: recipient.clone(), schema, bare });
        }
        Ok(self)
    }

    /// Everything that is wrong with the contracts against what was frozen and what was sent.
    #[must_use]
    pub fn judged(&self, sent: &[SchemaVersion]) -> Vec<Breach> {
        judge(&self.subjects, &[&self.frozen, sent].concat(), self.strict)
    }

    /// The contracts without a frozen schema: the place of each, and what it would say.
    pub fn unfrozen(&self) -> impl Iterator<Item = (PathBuf, &Subject)> {
        let frozen = |id| self.frozen.iter().any(|version| version.id == id);
        let new = self.subjects.iter().filter(move |(_, subject)| !frozen(subject.id));
        new.map(|(recipient, subject)| (Frozen::place(recipient, subject.id), subject))
    }

    /// One recipient's.
    ///
    /// # Errors
    /// [`ContractError::NoContract`].
    pub fn of(&self, recipient: &Recipient) -> Result<&Subject, ContractError> {
        self.subjects.get(recipient).ok_or_else(|| ContractError::NoContract(recipient.clone()))
    }

    /// The ids under which one recipient's records are read: the contract's, and those before it.
    pub fn ids_of<'a>(&'a self, recipient: &'a Recipient) -> impl Iterator<Item = u32> + 'a {
        self.known.iter().filter(move |(_, known)| known.recipient == *recipient).map(|(id, _)| *id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Recipient, &Subject)> {
        self.subjects.iter()
    }

    /// Encodes a delivery that will follow the record `sequence - 1` with the chain value `previous`.
    ///
    /// # Errors
    /// [`ContractError::NoContract`] and those of [`Codec::encode`].
    pub fn encode(
        &self,
        delivery: &Delivery,
        sequence: u64,
        previous: &Hash,
    ) -> Result<Encoded, ContractError> {
        let subject = self.of(&delivery.recipient)?;
        let body = subject.codec.encode(delivery)?;
        let payload_hash = payload_hash(&delivery.salt, &frame(subject.id, &body));
        let envelope = Envelope {
            id: delivery.id,
            recipient: delivery.recipient.clone(),
            key: delivery.pseudonym,
            kind: delivery.view.kind().as_str().to_owned(),
            time: delivery.at,
            sequence,
            salt: Some(delivery.salt),
            payload_hash,
            chain: chain(previous, &payload_hash),
        };
        Ok(Encoded { body, schema_id: subject.id, envelope })
    }

    /// Decodes a framed value by the id in it.
    ///
    /// # Errors
    /// [`ContractError::Decode`].
    pub fn decode(&self, framed: &[u8]) -> Result<Value, ContractError> {
        let (id, body) = unframe(framed)?;
        self.read(id, body)
    }

    /// Decodes a bare body by the id of its schema.
    ///
    /// # Errors
    /// [`ContractError::Decode`].
    pub fn read(&self, id: u32, body: &[u8]) -> Result<Value, ContractError> {
        let known = self.known.get(&id).ok_or(ContractError::Decode)?;
        serde_avro_fast::from_datum_slice(body, &known.schema).map_err(|_| ContractError::Decode)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::avro::tests::contract;
    use super::*;

    pub(crate) fn schemas() -> Schemas {
        let contract = contract(&["birth_date"], &["insz"]);
        Schemas::new(&[(contract.recipient.clone(), 17)].into(), &[contract]).unwrap()
    }

    #[test]
    fn each_contract_has_an_id_of_its_own() {
        let one = contract(&[], &["insz"]);
        let mut two = one.clone();
        two.recipient = Recipient::parse("bon").unwrap();
        let check = |ids: &[(&Contract, u32)], expect: &str| {
            let ids = ids.iter().map(|(contract, id)| (contract.recipient.clone(), *id)).collect();
            let refused = Schemas::new(&ids, &[one.clone(), two.clone()]).unwrap_err();
            assert_eq!(refused.to_string(), expect);
        };
        check(&[(&one, 1)], "there is no contract with a schema id for bon");
        check(&[(&one, 1), (&two, 1)], "schema id 1 is given twice");
    }
}
