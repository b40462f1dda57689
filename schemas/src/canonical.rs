//! The canonical fields: everything the hub could say about a person, each named once.
//!
//! A contract picks from this list, by what each kind of recipient may have a field for; what no contract names leaves
//! nowhere. A field that is not on the list cannot be named by a contract, and a value that no contract picks cannot
//! be encoded, so a new field is denied until somebody decides otherwise (docs/disclosure.md#fields). Deliberately
//! absent: documents, reasons of visa decisions, employers, biometrics (docs/domain.md#what-never-leaves).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::recipient::RecipientKind::{self, Agency, Outside, Participant, Provider, VisaSide};

/// What kind of value a field has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueKind {
    /// One text.
    Text,
    /// A list of texts.
    Texts,
    /// A list of rows, each with a text in some of these columns.
    Rows(&'static [RowColumn]),
}

/// One column of a field that is a list of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowColumn {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

const fn column(name: &'static str, doc: &'static str) -> RowColumn {
    RowColumn { name, doc }
}

/// What is told of a module.
const MODULE: &[RowColumn] = &[
    column("code", "Code of the module."),
    column("name_nl", "Its Dutch name."),
    column("name_en", "Its English name."),
    column("name_fr", "Its French name."),
    column("part", "base, focus or diploma."),
    column("status", "open, waived or completed."),
    column("version", "The version that was completed."),
    column("completed_on", "yyyy-mm-dd on which it was completed."),
    column(
        "passed_on",
        "yyyy-mm-dd on which the test in it was passed; a module may be completed without one.",
    ),
];

/// What is told of a test that was passed elsewhere.
const TEST: &[RowColumn] = &[
    column("kind", "dutch or social_orientation."),
    column("level", "A1 to C2, of a language."),
    column("passed_on", "yyyy-mm-dd."),
    column("issuer", "Code of who issued the proof; other where that is not known here."),
];

/// One field that may be named by a contract.
#[derive(Debug)]
pub struct CanonicalField {
    /// Its name in contracts, schemas and records.
    pub name: &'static str,
    /// Its kind.
    pub kind: ValueKind,
    /// What it means: copied into every generated schema.
    pub doc: &'static str,
    /// Who may have it, each with what for; who is not named may not.
    pub uses: &'static [Use],
}

/// What a kind of recipient may have a field for.
#[derive(Debug)]
pub struct Use {
    /// Who.
    pub by: RecipientKind,
    /// What for: copied into the generated schemas of those who have it.
    pub purpose: &'static str,
    /// Only on a legal basis that names the field.
    pub named: bool,
}

impl CanonicalField {
    /// What recipients of this kind may have it for; none where they may not.
    #[must_use]
    pub fn used_by(&self, kind: RecipientKind) -> Option<&'static Use> {
        self.uses.iter().find(|of| of.by == kind)
    }
}

const fn to(by: RecipientKind, purpose: &'static str) -> Use {
    Use { by, purpose, named: false }
}

const fn named(by: RecipientKind, purpose: &'static str) -> Use {
    Use { by, purpose, named: true }
}

const fn text(name: &'static str, doc: &'static str, uses: &'static [Use]) -> CanonicalField {
    CanonicalField { name, kind: ValueKind::Text, doc, uses }
}

const fn texts(name: &'static str, doc: &'static str, uses: &'static [Use]) -> CanonicalField {
    CanonicalField { name, kind: ValueKind::Texts, doc, uses }
}

const fn rows(
    name: &'static str,
    doc: &'static str,
    columns: &'static [RowColumn],
    uses: &'static [Use],
) -> CanonicalField {
    CanonicalField { name, kind: ValueKind::Rows(columns), doc, uses }
}

const RECOGNISE: &str = "to know whom they meet";
const REACH: &str = "to invite the person";
const ADDRESS_IN: &str = "to address the person in a language they read";
const FILLED_IN: &str = "to see whether it is theirs to take over";
const GO_ON: &str = "to go on from what was learned, and repeat none of it";

/// The list.
pub const FIELDS: &[CanonicalField] = &[
    texts(
        "family_names",
        "Family names as the highest authority writes them.",
        &[to(Provider, RECOGNISE), to(Agency, RECOGNISE), to(Outside, RECOGNISE)],
    ),
    texts(
        "given_names",
        "Given names as the highest authority writes them.",
        &[to(Provider, RECOGNISE), to(Agency, RECOGNISE), to(Outside, RECOGNISE)],
    ),
    text(
        "birth_date",
        "yyyy-mm-dd; 00 stands for an unknown month or day.",
        &[to(Provider, "to tell two people of one name apart, as there is no national number yet")],
    ),
    text("sex", "female, male or other.", &[]),
    texts("nationalities", "ISO 3166-1 alpha-3 or ICAO 9303 codes.", &[]),
    texts(
        "applications",
        "Post and number of each visa application that goes on.",
        &[
            to(Provider, "to find the person who quotes it"),
            to(VisaSide, "to know which application it is about"),
        ],
    ),
    texts(
        "permits",
        "Number of each single permit that goes on.",
        &[to(Provider, "to find the person who quotes it")],
    ),
    text(
        "insz",
        "National number, 11 digits.",
        &[
            to(Agency, "to open the dossier, and to ask the register for what it may know by its own right"),
            named(Outside, "to open the dossier"),
        ],
    ),
    text(
        "email",
        "Mail address that the person gave.",
        &[to(Provider, REACH), to(Agency, REACH), to(Outside, REACH)],
    ),
    text(
        "phone",
        "Telephone number that the person gave.",
        &[to(Provider, REACH), to(Agency, REACH), named(Outside, REACH)],
    ),
    text(
        "contact_language",
        "ISO 639-1 code of the language to address the person in.",
        &[to(Provider, ADDRESS_IN), to(Agency, ADDRESS_IN), to(Outside, ADDRESS_IN)],
    ),
    text(
        "target_group",
        "family, labour or labour_family: they belong to the target group, and as what.",
        &[
            to(Provider, "to offer what suits them"),
            to(Agency, "to say yes or no, and to offer what suits them"),
            to(Outside, "to say yes or no, and to offer what suits them"),
        ],
    ),
    text(
        "intended_area",
        "nl (Dutch language area) or nl-fr (Brussels): where they mean to live.",
        &[to(Provider, "to prepare for what comes after arrival: in Brussels there is a choice")],
    ),
    text(
        "visa_status",
        "pending or granted.",
        &[to(Provider, "to plan the path to its end"), to(Participant, "to show them where they stand")],
    ),
    text(
        "expected_arrival",
        "yyyy-mm in which the person means to arrive.",
        &[to(Provider, "to plan the path to its end")],
    ),
    text(
        "arrival_month",
        "yyyy-mm in which the present residence began.",
        &[
            to(Agency, FILLED_IN),
            to(Outside, FILLED_IN),
            to(Participant, "to show them what was heard of them"),
        ],
    ),
    text(
        "registered_on",
        "yyyy-mm-dd on which the present residence began.",
        &[
            to(Agency, "to count the terms that run from there"),
            to(Outside, "to count the terms that run from there"),
        ],
    ),
    text(
        "municipality",
        "NIS code of the municipality of registration on that day.",
        &[
            to(Agency, FILLED_IN),
            to(Outside, FILLED_IN),
            to(Participant, "to show them what was heard of them"),
        ],
    ),
    text("street", "Street of the residence, unless it may not be communicated.", &[]),
    text("house_number", "House number, unless it may not be communicated.", &[]),
    text("bus", "Box number, unless it may not be communicated.", &[]),
    text("postal_code", "Postal code, unless the address may not be communicated.", &[]),
    text(
        "obligation",
        "obliged, entitled or unknown: what they are to the trajectory after arrival, by the ground they come on.",
        &[
            to(Provider, "to tell them what follows after arrival"),
            to(Agency, "to know whether they must come"),
            to(Outside, "to know whether they must come"),
        ],
    ),
    texts(
        "support_need",
        "device, connection, skills: what they need help with to learn at a distance; none where that is nothing.",
        &[to(Provider, "to help them begin")],
    ),
    texts(
        "focus_modules",
        "Codes of the focus modules that are meant for people who come as they do.",
        &[to(Provider, "to draw up the path with them")],
    ),
    text(
        "course_language",
        "ISO 639-1 code of the language in which they take the course.",
        &[to(Provider, GO_ON), to(Agency, GO_ON), to(Outside, GO_ON)],
    ),
    text(
        "course_from",
        "yyyy-mm-dd: the first day on which they may take the course.",
        &[to(Provider, "to follow them in time"), to(Participant, "to show them their term")],
    ),
    text(
        "course_until",
        "yyyy-mm-dd: the last day on which they may take the course.",
        &[to(Provider, "to follow them in time"), to(Participant, "to show them their term")],
    ),
    rows(
        "modules",
        "The modules they are to take, and what they completed beside them.",
        MODULE,
        &[to(Provider, GO_ON), to(Agency, GO_ON), to(Participant, "to show them how far they are")],
    ),
    rows("modules_completed", "The modules they completed.", MODULE, &[to(Outside, GO_ON)]),
    text(
        "whole_package",
        "completed once every base module and every module of the path is, else open.",
        &[
            to(Provider, "to hand out the proof of participation"),
            to(Agency, GO_ON),
            to(Outside, GO_ON),
            to(Participant, "to show them how far they are"),
        ],
    ),
    rows(
        "tests_elsewhere",
        "Tests passed elsewhere of which they showed the proof.",
        TEST,
        &[to(Agency, GO_ON), to(Outside, GO_ON)],
    ),
    text(
        "fee",
        "free (by law), exempt, free_in_brussels, at_arrival (decided then), due, paid or refund.",
        &[
            to(Provider, "to ask for what is due, and give back what is not"),
            to(Agency, "to ask for nothing twice: the fee covers the modules after arrival"),
            to(Participant, "to show them what they owe"),
        ],
    ),
    text(
        "fee_euro",
        "Euro of a fee that is due, paid or to be given back.",
        &[
            to(Provider, "to ask for what is due, and give back what is not"),
            to(Agency, "to ask for nothing twice: the fee covers the modules after arrival"),
            to(Participant, "to show them what they owe"),
        ],
    ),
    text(
        "effort",
        "enrolled, started or completed: what they did of the trajectory, without any result.",
        &[to(VisaSide, "to see the effort that a visa is to ask for")],
    ),
    texts(
        "portal_accounts",
        "The person's accounts at the portal.",
        &[
            to(Provider, "to find the person who quotes it"),
            to(Participant, "to show it in the right account"),
        ],
    ),
    text(
        "competent_agency",
        "The recipient that has taken the person over.",
        &[to(Participant, "to show them where to turn")],
    ),
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
    /// A list of rows: the columns that have a value, by name.
    Rows(Vec<BTreeMap<String, String>>),
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

    /// Sets a field to rows, where there are any.
    pub fn rows(&mut self, name: &str, values: Vec<BTreeMap<String, String>>) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), Value::Rows(values));
        }
    }

    /// Sets a field to a list, where it is not empty.
    pub fn texts(&mut self, name: &str, values: Vec<String>) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), Value::Texts(values));
        }
    }
}
