//! Avro: the schema of a recipient, generated from its contract, and records in it.
//!
//! A field that the contract lacks does not exist in the schema, so it cannot be encoded; a view
//! that holds one is refused by name. Bodies are bare; [`frame`] adds the five bytes that stock
//! clients expect. Refuses to know schema ids: those are [`super`]'s.

use std::collections::{BTreeMap, BTreeSet};

use decide::bundle::Contract;
use decide::change::Delivery;
use decide::person::ViewKind;
use schemas::canonical::{RowColumn, Value, ValueKind, field};
use schemas::handover::EndReason;
use schemas::recipient::Recipient;
use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, SerializeStruct, Serializer};
use serde_json::json;

use super::ContractError;

/// One recipient's schema, ready to encode and decode.
#[derive(Debug)]
pub struct Codec {
    recipient: Recipient,
    schema: serde_avro_fast::Schema,
    offer: Vec<String>,
    file: Vec<String>,
}

impl Codec {
    /// Generates the schema of a contract.
    ///
    /// # Errors
    /// [`ContractError::UnknownField`] where the contract names a field outside the catalogue,
    /// [`ContractError::Schema`] where it names one twice.
    pub fn new(contract: &Contract) -> Result<Self, ContractError> {
        let recipient = contract.recipient.clone();
        let text = generate(contract)?.to_string();
        // The parser does not mind a field that comes twice; stock readers do.
        let twice = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() < names.len();
        if twice(&contract.offer) || twice(&contract.file) {
            return Err(ContractError::Schema(recipient));
        }
        let schema = text.parse().map_err(|_| ContractError::Schema(recipient.clone()))?;
        Ok(Self { recipient, schema, offer: contract.offer.clone(), file: contract.file.clone() })
    }

    /// The schema as JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.schema.json()
    }

    /// The Rabin fingerprint of its canonical form: changes with its meaning only.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 8] {
        *self.schema.rabin_fingerprint()
    }

    /// Encodes a delivery to a bare body.
    ///
    /// # Errors
    /// [`ContractError::NotInContract`] for a field that may not leave, [`ContractError::Encode`] for
    /// a value of another kind than its field.
    pub fn encode(&self, delivery: &Delivery) -> Result<Vec<u8>, ContractError> {
        let allowed = match delivery.view.kind() {
            ViewKind::Offer => &self.offer,
            ViewKind::File => &self.file,
            ViewKind::Ended => &Vec::new(),
        };
        let stranger =
            delivery.view.fields().and_then(|fields| fields.keys().find(|name| !allowed.contains(name)));
        if let Some(field) = stranger {
            return Err(ContractError::NotInContract {
                recipient: self.recipient.clone(),
                field: field.clone(),
            });
        }
        let mut config = serde_avro_fast::ser::SerializerConfig::new(&self.schema);
        serde_avro_fast::to_datum(&Wire { delivery, allowed }, Vec::new(), &mut config)
            .map_err(|_| ContractError::Encode(self.recipient.clone()))
    }

    /// Decodes a bare body.
    ///
    /// # Errors
    /// [`ContractError::Decode`].
    pub fn decode(&self, body: &[u8]) -> Result<serde_json::Value, ContractError> {
        serde_avro_fast::from_datum_slice(body, &self.schema).map_err(|_| ContractError::Decode)
    }
}

/// Adds the five bytes before a body: a zero, then the schema id, big-endian.
#[must_use]
pub fn frame(id: u32, body: &[u8]) -> Vec<u8> {
    [&[0], id.to_be_bytes().as_slice(), body].concat()
}

/// Splits a framed value into schema id and body.
///
/// # Errors
/// [`ContractError::Decode`] where it is not framed.
pub fn unframe(framed: &[u8]) -> Result<(u32, &[u8]), ContractError> {
    match framed.split_first_chunk::<5>() {
        Some(([0, id @ ..], body)) => Ok((u32::from_be_bytes(*id), body)),
        _ => Err(ContractError::Decode),
    }
}

fn generate(contract: &Contract) -> Result<serde_json::Value, ContractError> {
    let nullable = |name: &str, doc: &str, of: serde_json::Value| json!({"name": name, "doc": doc, "type": ["null", of], "default": null});
    let view = |name: &str, names: &[String]| {
        let fields = names
            .iter()
            .map(|name| {
                let known = field(name).ok_or_else(|| ContractError::UnknownField {
                    recipient: contract.recipient.clone(),
                    field: name.clone(),
                })?;
                let of = match known.kind {
                    ValueKind::Text => json!("string"),
                    ValueKind::Texts => json!({"type": "array", "items": "string"}),
                    ValueKind::Rows(columns) => {
                        let column = |of: &RowColumn| nullable(of.name, of.doc, json!("string"));
                        let columns: Vec<_> = columns.iter().map(column).collect();
                        let row = json!({"type": "record", "name": format!("{name}_row"), "fields": columns});
                        json!({"type": "array", "items": row})
                    }
                };
                let purpose = known.used_by(contract.kind()).map(|of| of.purpose);
                let doc = purpose
                    .map_or_else(|| known.doc.to_owned(), |purpose| format!("{} For: {purpose}.", known.doc));
                Ok(nullable(known.name, &doc, of))
            })
            .collect::<Result<Vec<_>, ContractError>>()?;
        Ok::<_, ContractError>(json!({"type": "record", "name": name, "fields": fields}))
    };
    let mut fields = vec![
        json!({"name": "kind", "doc": "Which of the views below is filled.",
            "type": {"type": "enum", "name": "Kind", "symbols": ["offer", "file", "ended"]}}),
        nullable("handover", "The handover to answer; none before arrival.", json!("string")),
        json!({"name": "epoch", "doc": "Named in every answer; an old one changes nothing.", "type": "int"}),
        json!({"name": "issue", "doc": "1, 2, 3 ... on this stream; the highest holds.", "type": "int"}),
    ];
    if !contract.offer.is_empty() {
        let of = view("Offer", &contract.offer)?;
        fields.push(nullable("offer", "What is needed to say yes.", of));
    }
    if !contract.file.is_empty() {
        fields.push(nullable("file", "What is handed over after yes.", view("File", &contract.file)?));
    }
    let ended = json!({"type": "record", "name": "Ended", "fields": [
        {"name": "reason", "doc": "Why nothing more follows.",
            "type": {"type": "enum", "name": "EndReason", "symbols": EndReason::ALL}},
        nullable("successor", "The key under which a merged person goes on.", json!("string")),
    ]});
    fields.push(nullable("ended", "The last record of a stream.", ended));
    Ok(json!({
        "type": "record",
        "name": "Delivery",
        "namespace": format!("be.vlaanderen.voortraject.{}", contract.recipient.as_str().replace('-', "_")),
        "doc": "What this recipient sees of one person, by its contract.",
        "fields": fields,
    }))
}

/// A delivery in the order of its schema: Avro writes it without sorting.
struct Wire<'a> {
    delivery: &'a Delivery,
    allowed: &'a [String],
}

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Delivery { view, handover, epoch, issue, .. } = self.delivery;
        let mut record = serializer.serialize_struct("Delivery", 5)?;
        record.serialize_field("kind", view.kind().as_str())?;
        record.serialize_field("handover", &handover.map(|id| id.to_string()))?;
        record.serialize_field("epoch", epoch)?;
        record.serialize_field("issue", issue)?;
        // The views that are absent are null by default.
        let fields = view.fields().map(|values| Fields { allowed: self.allowed, values });
        match view.kind() {
            ViewKind::Offer => record.serialize_field("offer", &fields)?,
            ViewKind::File => record.serialize_field("file", &fields)?,
            ViewKind::Ended => {
                let ended = view.ended().map(|(reason, successor)| EndedRecord {
                    reason,
                    successor: successor.map(|pseudonym| pseudonym.to_string()),
                });
                record.serialize_field("ended", &ended)?;
            }
        }
        record.end()
    }
}

#[derive(Serialize)]
struct EndedRecord {
    reason: EndReason,
    successor: Option<String>,
}

struct Fields<'a> {
    allowed: &'a [String],
    values: &'a BTreeMap<String, Value>,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_map(Some(self.allowed.len()))?;
        for name in self.allowed {
            let columns = match field(name).map(|field| field.kind) {
                Some(ValueKind::Rows(columns)) => columns,
                _ => &[],
            };
            record.serialize_entry(name, &self.values.get(name).map(|value| Plain { value, columns }))?;
        }
        record.end()
    }
}

/// A value without the tag that the heart keeps it under, its rows in the order of their columns.
struct Plain<'a> {
    value: &'a Value,
    columns: &'static [RowColumn],
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Text(text) => text.serialize(serializer),
            Value::Texts(texts) => texts.serialize(serializer),
            Value::Rows(rows) => {
                serializer.collect_seq(rows.iter().map(|row| EncodedRow { row, columns: self.columns }))
            }
        }
    }
}

/// One row: a column without a value is null, one that the field lacks cannot be written.
struct EncodedRow<'a> {
    row: &'a BTreeMap<String, String>,
    columns: &'static [RowColumn],
}

impl Serialize for EncodedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(stranger) = self.row.keys().find(|key| self.columns.iter().all(|of| of.name != **key)) {
            return Err(S::Error::custom(format!("no column {stranger}")));
        }
        serializer.collect_map(self.columns.iter().map(|of| (of.name, self.row.get(of.name))))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use decide::bundle::Competence;
    use schemas::canonical::FIELDS;
    use schemas::ids::{DeliveryId, HandoverId, PersonId, Pseudonym, Seed, StreamId};

    use super::*;

    pub(crate) fn contract(offer: &[&str], file: &[&str]) -> Contract {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Contract {
            recipient: Recipient::parse("bapa-bxl").unwrap(),
            competence: Competence::BeforeArrival,
            offer: owned(offer),
            file: owned(file),
            bases: Vec::new(),
        }
    }

    pub(crate) fn delivery(view: serde_json::Value) -> Delivery {
        let seed = Seed([7; 32]);
        Delivery {
            id: DeliveryId::derive(&seed, 0),
            person: PersonId::derive(&seed, 0),
            recipient: Recipient::parse("bapa-bxl").unwrap(),
            pseudonym: Pseudonym::derive(&seed, 0),
            stream: StreamId::derive(&seed, 0),
            handover: Some(HandoverId::derive(&seed, 0)),
            epoch: 2,
            issue: 3,
            at: schemas::time::from_micros(1_700_000_000_000_000).unwrap(),
            salt: [5; 32],
            view: serde_json::from_value(view).unwrap(),
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let codec = Codec::new(&contract(
            &["family_names", "birth_date"],
            &["insz", "nationalities", "tests_elsewhere"],
        ))
        .unwrap();
        let handover = HandoverId::derive(&Seed([7; 32]), 0).to_string();
        let check = |view: serde_json::Value, kind: &str, expect: serde_json::Value| {
            let body = codec.encode(&delivery(view)).unwrap();
            let mut value = json!({"kind": kind, "handover": handover, "epoch": 2, "issue": 3,
                "offer": null, "file": null, "ended": null});
            value[kind] = expect;
            assert_eq!(codec.decode(&body).unwrap(), value);
        };
        check(
            json!({"Offer": {"family_names": {"texts": ["Ó Broin"]}}}),
            "offer",
            json!({"family_names": ["Ó Broin"], "birth_date": null}),
        );
        check(
            json!({"File": {"insz": {"text": "85673012345"}, "nationalities": {"texts": ["IRL", "MAR"]}}}),
            "file",
            json!({"insz": "85673012345", "nationalities": ["IRL", "MAR"], "tests_elsewhere": null}),
        );
        let tests = json!([{"passed_on": "2025-03-01", "kind": "dutch", "level": "A2"}, {"issuer": "cnavt"}]);
        check(
            json!({"File": {"tests_elsewhere": {"rows": tests}}}),
            "file",
            json!({"insz": null, "nationalities": null, "tests_elsewhere": [
                {"kind": "dutch", "level": "A2", "passed_on": "2025-03-01", "issuer": null},
                {"kind": null, "level": null, "passed_on": null, "issuer": "cnavt"},
            ]}),
        );
        check(
            json!({"Ended": {"reason": "not_in_scope", "successor": null}}),
            "ended",
            json!({"reason": "not_in_scope", "successor": null}),
        );
    }

    #[test]
    fn a_field_outside_the_contract_is_refused() {
        let codec = Codec::new(&contract(&["birth_date"], &["insz"])).unwrap();
        let check = |view: serde_json::Value, expect: &str| {
            assert_eq!(codec.encode(&delivery(view)).unwrap_err().to_string(), expect);
        };
        check(
            json!({"Offer": {"insz": {"text": "85673012345"}}}),
            "the contract of bapa-bxl has no field insz",
        );
        check(json!({"Offer": {"birth_date": {"texts": ["x"]}}}), "a record for bapa-bxl cannot be encoded");
        let rows = Codec::new(&contract(&["birth_date"], &["tests_elsewhere"])).unwrap();
        let stranger = json!({"File": {"tests_elsewhere": {"rows": [{"score": "9"}]}}});
        assert_eq!(
            rows.encode(&delivery(stranger)).unwrap_err().to_string(),
            "a record for bapa-bxl cannot be encoded"
        );
        for n in 0..50 {
            check(
                json!({"File": {format!("new_{n}"): {"text": "x"}}}),
                &format!("the contract of bapa-bxl has no field new_{n}"),
            );
        }
    }

    #[test]
    fn a_contract_may_only_name_the_catalogue() {
        for (contract, expect) in [
            (contract(&["shoe_size"], &[]), "the contract of bapa-bxl names the unknown field shoe_size"),
            (contract(&["insz", "insz"], &[]), "the schema of bapa-bxl cannot be built"),
        ] {
            assert_eq!(Codec::new(&contract).unwrap_err().to_string(), expect);
        }
    }

    #[test]
    fn the_schema_says_what_the_contract_says() {
        let all: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
        let codec = Codec::new(&contract(&[], &all)).unwrap();
        let schema: serde_json::Value = serde_json::from_str(codec.text()).unwrap();
        assert_eq!(schema["namespace"], "be.vlaanderen.voortraject.bapa_bxl");
        let names: Vec<_> = schema["fields"].as_array().unwrap().iter().map(|field| &field["name"]).collect();
        assert_eq!(names, ["kind", "handover", "epoch", "issue", "file", "ended"]);
        assert!(codec.text().contains(FIELDS[0].doc));
        // Readers keep schemas by this number: where it changes, a new schema id is due.
        let small = Codec::new(&contract(&["birth_date"], &["insz"])).unwrap();
        assert_eq!(hex::encode(small.fingerprint()), "96ebd12ada3f09b2");
    }

    #[test]
    fn framing_is_a_zero_and_the_id() {
        assert_eq!(frame(0x0102_0304, b"x"), [0, 1, 2, 3, 4, b'x']);
        assert_eq!(unframe(&[0, 1, 2, 3, 4, b'x']).unwrap(), (0x0102_0304, b"x".as_slice()));
        for wrong in [&b""[..], &[0, 0, 0, 0], &[1, 0, 0, 0, 0, 0]] {
            assert!(unframe(wrong).is_err(), "{wrong:?}");
        }
    }
}
