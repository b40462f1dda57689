//! Contracts as Avro: each recipient's schema, and the answers that stock schema-registry clients ask for.
//!
//! Ids are frozen in the recipient's file; nothing is registered over HTTP. Every question that is
//! not known is answered 404 as JSON, because a client that asks for associations first takes 404 as
//! "go on" and any other error as an end. Refuses to encode: that is [`avro`]'s.

pub mod avro;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::any;
use decide::bundle::Contract;
use decide::change::Delivery;
use schemas::envelope::{Envelope, Hash, chain, payload_hash};
use schemas::recipient::Recipient;
use serde_json::{Value, json};

use avro::{Codec, frame, unframe};

const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Why a record cannot be made or read by its contract. Names recipients and fields, never a value.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// A contract names a field that the catalogue lacks.
    #[error("the contract of {recipient} names the unknown field {field}")]
    UnknownField {
        /// Whose contract.
        recipient: Recipient,
        /// Which field.
        field: String,
    },
    /// A view holds a field that its contract lacks.
    #[error("the contract of {recipient} has no field {field}")]
    NotInContract {
        /// Whose contract.
        recipient: Recipient,
        /// Which field.
        field: String,
    },
    /// No contract, or no schema id, for this recipient.
    #[error("there is no contract with a schema id for {0}")]
    NoContract(Recipient),
    /// Two recipients have one schema id.
    #[error("schema id {0} is given twice")]
    SchemaId(u32),
    /// The generated schema is not Avro.
    #[error("the schema of {0} cannot be built")]
    Schema(Recipient),
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
    /// Its topic.
    pub topic: String,
    /// Its name in a schema registry.
    pub subject: String,
    /// To encode and decode.
    pub codec: Codec,
}

/// Every recipient's schema.
#[derive(Debug, Default)]
pub struct Schemas(BTreeMap<Recipient, Subject>);

/// A delivery as it will stand on its topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// The bare body: what the outbox keeps, sealed.
    pub body: Vec<u8>,
    /// Its headers.
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
        Ok(Self(subjects))
    }

    /// One recipient's.
    ///
    /// # Errors
    /// [`ContractError::NoContract`].
    pub fn of(&self, recipient: &Recipient) -> Result<&Subject, ContractError> {
        self.0.get(recipient).ok_or_else(|| ContractError::NoContract(recipient.clone()))
    }

    /// All, by recipient.
    pub fn iter(&self) -> impl Iterator<Item = (&Recipient, &Subject)> {
        self.0.iter()
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
        Ok(Encoded { body, envelope })
    }

    /// Decodes a framed value by the id in it.
    ///
    /// # Errors
    /// [`ContractError::Decode`].
    pub fn decode(&self, framed: &[u8]) -> Result<Value, ContractError> {
        let (id, body) = unframe(framed)?;
        let subject = self.0.values().find(|subject| subject.id == id).ok_or(ContractError::Decode)?;
        subject.codec.decode(body)
    }

    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Value) {
        let named = |name: &str| self.0.values().find(|subject| subject.subject == name);
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["subjects"]) => {
                found(json!(self.0.values().map(|subject| &subject.subject).collect::<Vec<_>>()))
            }
            ("GET", ["schemas", "ids", id]) => {
                let id = id.parse().ok();
                match self.0.values().find(|subject| Some(subject.id) == id) {
                    Some(subject) => found(json!({"schema": subject.codec.text()})),
                    None => missing(40403, "Schema not found"),
                }
            }
            ("GET", ["subjects", name, "versions"]) => match named(name) {
                Some(_) => found(json!([1])),
                None => missing(40401, "Subject not found"),
            },
            ("GET", ["subjects", name, "versions", version]) => match named(name) {
                Some(subject) if matches!(*version, "1" | "latest" | "-1") => found(described(subject)),
                Some(_) => missing(40402, "Version not found"),
                None => missing(40401, "Subject not found"),
            },
            ("POST", ["subjects", name]) => match named(name) {
                Some(subject) if same(subject, body) => found(described(subject)),
                Some(_) => missing(40403, "Schema not found"),
                None => missing(40401, "Subject not found"),
            },
            _ => missing(404, "Not found"),
        }
    }
}

fn found(body: Value) -> (StatusCode, Value) {
    (StatusCode::OK, body)
}

fn missing(code: u32, message: &str) -> (StatusCode, Value) {
    (StatusCode::NOT_FOUND, json!({"error_code": code, "message": message}))
}

fn described(subject: &Subject) -> Value {
    json!({"subject": subject.subject, "id": subject.id, "version": 1, "schema": subject.codec.text()})
}

/// Whether the schema in a look-up means the same as ours: spaces and docs do not count.
fn same(subject: &Subject, body: &[u8]) -> bool {
    let asked: Option<Value> = serde_json::from_slice(body).ok();
    let text = asked.as_ref().and_then(|asked| asked["schema"].as_str());
    let schema: Option<serde_avro_fast::Schema> = text.and_then(|text| text.parse().ok());
    schema.is_some_and(|schema| *schema.rabin_fingerprint() == subject.codec.fingerprint())
}

/// The schema-registry reads, to be merged into the API.
pub fn routes(schemas: Arc<Schemas>) -> Router {
    // One handler for each tree and every method, so that nothing below is answered 405.
    Router::new()
        .route("/schemas/{*rest}", any(respond))
        .route("/subjects", any(respond))
        .route("/subjects/{*rest}", any(respond))
        .route("/associations/{*rest}", any(respond))
        .with_state(schemas)
}

async fn respond(
    State(schemas): State<Arc<Schemas>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> impl IntoResponse {
    let (status, answer) = schemas.answer(&method, uri.path(), &body);
    (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], answer.to_string())
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
    fn stock_clients_get_their_answers() {
        let schemas = schemas();
        let text = schemas.of(&Recipient::parse("bapa-bxl").unwrap()).unwrap().codec.text().to_owned();
        let subject = "voortraject.bapa-bxl.v1-value";
        let whole = json!({"subject": subject, "id": 17, "version": 1, "schema": text});
        let check = |method: Method, path: &str, body: Value, status: u16, expect: Value| {
            let (found, answer) = schemas.answer(&method, path, body.to_string().as_bytes());
            assert_eq!((found.as_u16(), answer), (status, expect), "{method} {path}");
        };
        let get = |path: &str, status, expect| check(Method::GET, path, Value::Null, status, expect);
        let none = |code: u32, message: &str| json!({"error_code": code, "message": message});
        get("/schemas/ids/17", 200, json!({"schema": text}));
        get("/schemas/ids/18", 404, none(40403, "Schema not found"));
        get("/schemas/ids/x", 404, none(40403, "Schema not found"));
        get("/subjects", 200, json!([subject]));
        get(&format!("/subjects/{subject}/versions"), 200, json!([1]));
        get(&format!("/subjects/{subject}/versions/latest"), 200, whole.clone());
        get(&format!("/subjects/{subject}/versions/1"), 200, whole.clone());
        get(&format!("/subjects/{subject}/versions/2"), 404, none(40402, "Version not found"));
        get("/subjects/x/versions/latest", 404, none(40401, "Subject not found"));
        get("/associations/resources/-/voortraject.bapa-bxl.v1", 404, none(404, "Not found"));
        let post = |path: &str, body, status, expect| check(Method::POST, path, body, status, expect);
        let path = format!("/subjects/{subject}");
        let spaced = text.replace(':', " : ");
        post(&path, json!({"schema": spaced}), 200, whole);
        post(&path, json!({"schema": "\"string\""}), 404, none(40403, "Schema not found"));
        post(&path, json!("nonsense"), 404, none(40403, "Schema not found"));
        post("/subjects/x", json!({"schema": text}), 404, none(40401, "Subject not found"));
        post(&format!("{path}/versions"), json!({"schema": text}), 404, none(404, "Not found"));
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
