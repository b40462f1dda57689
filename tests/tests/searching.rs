//! The search for canaries is itself put to the test: a value of each kind that lies in clear is found, in
//! PostgreSQL's files, in its rows and in a log, and where none lies none is found.
//!
//! And the canaries are held against the doors: a field that a door takes holds one, or is named here with the reason
//! why not. What the search is for: `leaks.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tests::canaries::{Canaries, REACH};
use tests::servers::Server;

const PERSONS: usize = 100;

#[test]
fn each_value_is_found_by_its_mark() {
    let canaries = Canaries::plant(PERSONS).unwrap();
    for planted in &canaries.bodies {
        assert!(canaries.found(&planted.body).is_some(), "{}", planted.source);
    }
    for value in canaries.values.iter().chain(&canaries.names) {
        let text = [b"\0".as_slice(), value, b"\xff"].concat();
        assert!(canaries.found(&text).is_some(), "{}", String::from_utf8_lossy(value));
        assert!(value.len() <= REACH, "{}", String::from_utf8_lossy(value));
    }
    assert!(canaries.values.len() > 60 * PERSONS, "{}", canaries.values.len());
    assert_eq!(canaries.found(b"1972, 606101, va-5eedcafe, Zq, 2089-"), None, "a mark alone is nobody's");
}

#[test]
fn a_value_in_a_log_line_is_found() {
    let canaries = Canaries::plant(PERSONS).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let line = |words: &str| {
        format!("{{\"timestamp\":\"2026-01-01T00:00:00Z\",\"level\":\"WARN\",\"message\":{words:?}}}\n")
    };
    let log = folder.path().join("log");
    std::fs::write(&log, line("a message does not open")).unwrap();
    assert_eq!(canaries.search(folder.path()).unwrap(), (1, None));
    let texts = canaries.kinds.values().filter_map(|value| std::str::from_utf8(value).ok());
    for value in texts {
        // As it was sent, and as comparing it may fold it.
        for form in [value.to_owned(), value.to_lowercase(), value.to_uppercase()] {
            std::fs::write(&log, line("nothing") + &line(&format!("no name in {form:?}")) + &line("nothing"))
                .unwrap();
            let (files, found) = Canaries::only(form.as_bytes()).search(folder.path()).unwrap();
            assert_eq!((files, found.is_some()), (1, true), "{form}");
            assert!(canaries.search(folder.path()).unwrap().1.is_some(), "{form}");
        }
    }
}

#[tokio::test]
async fn a_value_in_clear_is_found_in_postgresqls_files_and_rows() {
    if tests::server("HUB_TEST_POSTGRES", "PostgreSQL").is_none() {
        return;
    }
    let canaries = Canaries::plant(PERSONS).unwrap();
    let needed =
        ["surname", "native_name", "national number", "birth date", "street", "account", "phone", "mail"];
    let kinds: BTreeSet<&str> = canaries.kinds.keys().map(String::as_str).collect();
    assert!(needed.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    // A server of its own: nobody else's search may find what is spilled here.
    let (server, address) = Server::postgres();
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let (files, found) = canaries.search(server.folder()).unwrap();
    assert!(files > 100 && found.is_none(), "{files} files, and nothing was spilled yet: {found:?}");

    for value in canaries.kinds.values() {
        Canaries::spill(&mut connection, value, false).await.unwrap();
    }
    for (kind, value) in &canaries.kinds {
        let (_, found) = Canaries::only(value).search(server.folder()).unwrap();
        assert!(found.is_some(), "{kind}");
        let (tables, found) = Canaries::only(value).search_rows(&mut connection).await.unwrap();
        assert_eq!((tables, found.is_some()), (1, true), "{kind}");
    }
}

#[tokio::test]
async fn a_value_in_a_compressed_row_is_found_in_the_rows() {
    if tests::server("HUB_TEST_POSTGRES", "PostgreSQL").is_none() {
        return;
    }
    let canaries = Canaries::plant(1).unwrap();
    let (server, address) = Server::postgres();
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let value = &canaries.kinds["surname"];
    Canaries::spill(&mut connection, value, true).await.unwrap();
    let (_, found) = Canaries::only(value).search(server.folder()).unwrap();
    assert_eq!(found, None, "PostgreSQL keeps it compressed: if not any more, its files are enough");
    let (_, found) = Canaries::only(value).search_rows(&mut connection).await.unwrap();
    assert!(found.is_some());
}

/// What holds nothing of a person's own, or only what would be found anywhere by chance: by source.
const ARGUED: [(&str, &[&str]); 6] = [
    (
        "visa",
        &[
            // Kinds, versions and times of messages; posts; codes.
            "schema",
            "type",
            "sent_at",
            "sequence",
            "post",
            "code",
            "consulate",
            "name",
            "country",
            "filed_on",
            "visa_type",
            "purpose",
            "ground",
            "member_state",
            "municipality",
            "postal_code",
            "intended_entry",
            "sex",
            "birth_country",
            "nationality",
            "other_nationalities",
            "nationality_at_birth",
            "contact_language",
            "issuing_state",
            "issued_on",
            "date",
            "decided_by",
            "field",
            "outcome",
            // One to six digits: they stand anywhere. Sealed and indexed like the other numbers.
            "application_number",
        ],
    ),
    (
        "permit",
        &[
            "record_type",
            "event",
            "event_date",
            "region",
            "application_date",
            "category",
            "annex",
            "permit_from",
            "establishment_number",
            "nace",
            "isco08",
            "sex",
            "nationality",
            "passport_country",
            "relation",
            "intended_postal_code",
            "intended_nis",
            "visa_post",
        ],
    ),
    (
        "register",
        &[
            "brussels_choice",
            "provider",
            "language",
            "Dienst",
            "Tijdstip",
            "Datum",
            "Tijd",
            "Nummer",
            "Geslacht",
            "Code",
            "GeannuleerdDossier",
            "Nationaliteit",
            "Overlijden",
            "Plaats",
            "Status",
            "VerblijfplaatsBuitenland",
            "Statussen",
            "Beheerder",
            "Register",
            "Nationaliteiten",
            "DatumModificatie",
            "Identificatie",
            "Type",
            "schema",
            "at",
            "municipality_nis",
            "nationality_nis",
        ],
    ),
    (
        "portal",
        &[
            "schema",
            "type",
            "at",
            "language",
            "post",
            "application_number",
            "modules",
            // Kinds, levels, codes of closed lists and days: a course, a test that was shown, a fee.
            "needs",
            "course_language",
            "course_from",
            "course_until",
            "kind",
            "level",
            "passed_on",
            "issuer",
            "holds",
            "what",
            "category",
            "lms",
            "home_page",
            "provider",
            "scope",
        ],
    ),
    (
        "xapi",
        &[
            // Verbs, activities and how they went.
            "verb",
            "object",
            "timestamp",
            "stored",
            "version",
            "objectType",
            "homePage",
            "display",
            "definition",
            "description",
            "type",
            "moreInfo",
            "interactionType",
            "correctResponsesPattern",
            "choices",
            "scale",
            "source",
            "target",
            "steps",
            "score",
            "scaled",
            "raw",
            "min",
            "max",
            "success",
            "completion",
            "duration",
            "contextActivities",
            "parent",
            "grouping",
            "category",
            "other",
            "revision",
            "platform",
            "language",
            "statement",
            "attachments",
            "usageType",
            "contentType",
            "length",
            "sha2",
            "fileUrl",
        ],
    ),
    ("tracking", &["schema", "at", "chosen_at", "language"]),
];

/// The names of all properties of a schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    let children: Vec<&Value> = match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(own)) = fields.get("properties") {
                names.extend(own.keys().cloned());
            }
            fields.values().collect()
        }
        Value::Array(list) => list.iter().collect(),
        _ => vec![],
    };
    children.into_iter().for_each(|child| properties(child, names));
}

/// The names on the way to each value in which `holds`.
fn ways(value: &Value, way: &mut Vec<String>, holds: &impl Fn(&str) -> bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, child) in fields {
                way.push(name.clone());
                ways(child, way, holds, found);
                way.pop();
            }
        }
        Value::Array(list) => list.iter().for_each(|child| ways(child, way, holds, found)),
        Value::String(text) if holds(text) => found.extend(way.iter().cloned()),
        _ => {}
    }
}

#[test]
fn every_field_that_a_door_takes_holds_a_canary_or_says_why_not() {
    let canaries = Canaries::plant(PERSONS).unwrap();
    let mut planted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for body in &canaries.bodies {
        let items = adapters::read(adapters::source(body.source).unwrap(), &body.body);
        let found = planted.entry(body.source).or_default();
        for item in items.into_iter().map(Result::unwrap) {
            ways(&item, &mut vec![], &|text| canaries.answered(text.as_bytes()).is_some(), found);
        }
    }
    let doors: Vec<&str> =
        adapters::SOURCES.iter().map(|source| source.name()).filter(|name| *name != "answer").collect();
    assert_eq!(
        doors,
        ARGUED.map(|(source, _)| source),
        "each door is here; an answer names a handover and no person"
    );
    for (source, argued) in ARGUED {
        let schema: Value = serde_json::from_str(adapters::source(source).unwrap().schema()).unwrap();
        let (mut names, found) = (BTreeSet::new(), &planted[source]);
        properties(&schema, &mut names);
        let bare: Vec<_> =
            names.iter().filter(|name| !found.contains(*name) && !argued.contains(&name.as_str())).collect();
        assert_eq!(bare, Vec::<&String>::new(), "{source}: no canary in these");
        let unknown: Vec<_> = argued.iter().filter(|name| !names.contains(**name)).collect();
        assert_eq!(unknown, Vec::<&&str>::new(), "{source}: no such field");
    }
}
