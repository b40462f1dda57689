//! The canonical fields: everything the hub could say about a person, each named once.
//!
//! A contract picks from this list; what no contract names leaves nowhere. A field that is not on
//! the list cannot be named by a contract, and a value that no contract picks cannot be encoded, so
//! a new field is denied until somebody decides otherwise (docs/disclosure.md#fields). Deliberately absent:
//! documents, visa decisions and their reasons, employers, biometrics (docs/domain.md#what-never-leaves).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What kind of value a field has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueKind {
    /// One text.
    Text,
    /// A list of texts.
    Texts,
    /// A text for each of some keys.
    Map,
}

/// One field that may be named by a contract.
#[derive(Debug)]
pub struct CanonicalField {
    /// Its name in contracts, schemas and records.
    pub name: &'static str,
    /// Its kind.
    pub kind: ValueKind,
    /// What it means: copied into every generated schema.
    pub doc: &'static str,
}

/// The list.
pub const FIELDS: &[CanonicalField] = &[
    CanonicalField {
        name: "family_names",
        kind: ValueKind::Texts,
        doc: "Family names as the highest authority writes them.",
    },
    CanonicalField {
        name: "given_names",
        kind: ValueKind::Texts,
        doc: "Given names as the highest authority writes them.",
    },
    CanonicalField {
        name: "birth_date",
        kind: ValueKind::Text,
        doc: "yyyy-mm-dd; 00 stands for an unknown month or day.",
    },
    CanonicalField { name: "sex", kind: ValueKind::Text, doc: "female, male or other." },
    CanonicalField {
        name: "nationalities",
        kind: ValueKind::Texts,
        doc: "ISO 3166-1 alpha-3 or ICAO 9303 codes.",
    },
    CanonicalField { name: "insz", kind: ValueKind::Text, doc: "National number, 11 digits." },
    CanonicalField { name: "email", kind: ValueKind::Text, doc: "Mail address." },
    CanonicalField { name: "phone", kind: ValueKind::Text, doc: "Telephone number." },
    CanonicalField {
        name: "contact_language",
        kind: ValueKind::Text,
        doc: "ISO 639-1 code of the language to address the person in.",
    },
    CanonicalField { name: "target_group", kind: ValueKind::Text, doc: "family, labour or labour_family." },
    CanonicalField { name: "visa_status", kind: ValueKind::Text, doc: "pending or granted." },
    CanonicalField {
        name: "expected_arrival",
        kind: ValueKind::Text,
        doc: "yyyy-mm in which the person means to arrive.",
    },
    CanonicalField {
        name: "arrival_month",
        kind: ValueKind::Text,
        doc: "yyyy-mm in which the present residence began.",
    },
    CanonicalField {
        name: "registered_on",
        kind: ValueKind::Text,
        doc: "yyyy-mm-dd on which the present residence began.",
    },
    CanonicalField {
        name: "municipality",
        kind: ValueKind::Text,
        doc: "NIS code of the municipality of registration on that day.",
    },
    CanonicalField {
        name: "street",
        kind: ValueKind::Text,
        doc: "Street of the residence, unless it may not be communicated.",
    },
    CanonicalField {
        name: "house_number",
        kind: ValueKind::Text,
        doc: "House number, unless it may not be communicated.",
    },
    CanonicalField {
        name: "bus",
        kind: ValueKind::Text,
        doc: "Box number, unless it may not be communicated.",
    },
    CanonicalField {
        name: "postal_code",
        kind: ValueKind::Text,
        doc: "Postal code, unless the address may not be communicated.",
    },
    CanonicalField {
        name: "learning_path",
        kind: ValueKind::Texts,
        doc: "Codes of the modules the person is to take.",
    },
    CanonicalField {
        name: "modules",
        kind: ValueKind::Map,
        doc: "Module code to not_started, in_progress, failed, waived or completed.",
    },
    CanonicalField {
        name: "modules_completed",
        kind: ValueKind::Texts,
        doc: "Codes of the modules completed or waived.",
    },
    CanonicalField {
        name: "path_status",
        kind: ValueKind::Text,
        doc: "completed once every module of the path is, else open.",
    },
    CanonicalField {
        name: "portal_accounts",
        kind: ValueKind::Texts,
        doc: "The person's accounts at the portal.",
    },
    CanonicalField {
        name: "competent_agency",
        kind: ValueKind::Text,
        doc: "The recipient that has taken the person over.",
    },
];

/// The field of this name, if it may be named.
#[must_use]
pub fn field(name: &str) -> Option<&'static CanonicalField> {
    FIELDS.iter().find(|field| field.name == name)
}

/// A value of one field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// One text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A text for each of some keys.
    Map(BTreeMap<String, String>),
}

/// One person in canonical form: every field that has a value, by name. Built only inside the
/// heart; what leaves is picked from it by a contract.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Canonical(pub BTreeMap<String, Value>);

impl Canonical {
    /// Sets a field to a text, where there is one.
    pub fn text(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), Value::Text(value.into()));
        }
    }

    /// Sets a field to a map, where it is not empty.
    pub fn map(&mut self, name: &str, values: BTreeMap<String, String>) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), Value::Map(values));
        }
    }

    /// Sets a field to a list, where it is not empty.
    pub fn texts(&mut self, name: &str, values: Vec<String>) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), Value::Texts(values));
        }
    }
}
