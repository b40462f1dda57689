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
pub enum Kind {
    /// One text.
    Text,
    /// A list of texts.
    Texts,
    /// A text for each of some keys.
    Map,
}

/// One field that may be named by a contract.
#[derive(Debug)]
pub struct Field {
    /// Its name in contracts, schemas and records.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// What it means: copied into every generated schema.
    pub doc: &'static str,
}

/// The list.
pub const FIELDS: &[Field] = &[
    Field {
        name: "family_names",
        kind: Kind::Texts,
        doc: "Family names as the highest authority writes them.",
    },
    Field {
        name: "given_names",
        kind: Kind::Texts,
        doc: "Given names as the highest authority writes them.",
    },
    Field { name: "birth_date", kind: Kind::Text, doc: "yyyy-mm-dd; 00 stands for an unknown month or day." },
    Field { name: "sex", kind: Kind::Text, doc: "female, male or other." },
    Field { name: "nationalities", kind: Kind::Texts, doc: "ISO 3166-1 alpha-3 or ICAO 9303 codes." },
    Field { name: "insz", kind: Kind::Text, doc: "National number, 11 digits." },
    Field { name: "email", kind: Kind::Text, doc: "Mail address." },
    Field { name: "phone", kind: Kind::Text, doc: "Telephone number." },
    Field {
        name: "contact_language",
        kind: Kind::Text,
        doc: "ISO 639-1 code of the language to address the person in.",
    },
    Field { name: "target_group", kind: Kind::Text, doc: "family, labour or labour_family." },
    Field { name: "visa_status", kind: Kind::Text, doc: "pending or granted." },
    Field { name: "expected_arrival", kind: Kind::Text, doc: "yyyy-mm in which the person means to arrive." },
    Field { name: "arrival_month", kind: Kind::Text, doc: "yyyy-mm in which the present residence began." },
    Field {
        name: "registered_on",
        kind: Kind::Text,
        doc: "yyyy-mm-dd on which the present residence began.",
    },
    Field {
        name: "municipality",
        kind: Kind::Text,
        doc: "NIS code of the municipality of registration on that day.",
    },
    Field {
        name: "street",
        kind: Kind::Text,
        doc: "Street of the residence, unless it may not be communicated.",
    },
    Field { name: "house_number", kind: Kind::Text, doc: "House number, unless it may not be communicated." },
    Field { name: "bus", kind: Kind::Text, doc: "Box number, unless it may not be communicated." },
    Field {
        name: "postal_code",
        kind: Kind::Text,
        doc: "Postal code, unless the address may not be communicated.",
    },
    Field { name: "learning_path", kind: Kind::Texts, doc: "Codes of the modules the person is to take." },
    Field {
        name: "modules",
        kind: Kind::Map,
        doc: "Module code to not_started, in_progress, failed, waived or completed.",
    },
    Field { name: "modules_completed", kind: Kind::Texts, doc: "Codes of the modules completed or waived." },
    Field {
        name: "path_status",
        kind: Kind::Text,
        doc: "completed once every module of the path is, else open.",
    },
    Field { name: "portal_accounts", kind: Kind::Texts, doc: "The person's accounts at the portal." },
    Field {
        name: "competent_agency",
        kind: Kind::Text,
        doc: "The recipient that has taken the person over.",
    },
];

/// The field of this name, if it may be named.
#[must_use]
pub fn field(name: &str) -> Option<&'static Field> {
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
