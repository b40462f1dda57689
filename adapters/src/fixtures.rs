//! The fixtures of every source: what comes in, and beside it what must come of it.
//!
//! A missing expectation is written and fails the test, so that somebody reads it once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemas::country::Countries;
use schemas::finding::{Code, Finding};
use schemas::insz::Environment;
use schemas::municipality::Municipalities;
use schemas::place::Places;
use schemas::recipient::Recipient;
use schemas::time::parse_instant;
use serde_json::{Value, json};

use crate::{Checked, Context, Refused, SOURCES, Speaker, check, read};

/// The reviewed tables, as tests use them.
pub(crate) struct FixtureTables {
    municipalities: Municipalities,
    places: Places,
    countries: Countries,
    choosable: BTreeSet<Recipient>,
    sender: Speaker,
}

impl FixtureTables {
    pub(crate) fn new() -> Self {
        let municipalities =
            Municipalities::from_csv(include_str!("../../config/tables/municipalities.csv")).unwrap();
        let names = include_str!("../../config/tables/municipality_names.csv");
        let postal_codes = include_str!("../../config/tables/postal_codes.csv");
        Self {
            places: Places::new(&municipalities, names, postal_codes).unwrap(),
            municipalities,
            countries: Countries::from_csv(include_str!("../../config/tables/countries.csv")).unwrap(),
            choosable: ["bapa-bxl", "bapa-convivial", "bapa-via", "bon"]
                .map(|name| Recipient::parse(name).unwrap())
                .into(),
            sender: Speaker::for_all("bon"),
        }
    }

    /// As an agency sends that is also an office in Brussels.
    pub(crate) fn context(&self, environment: Environment) -> Context<'_> {
        Context {
            municipalities: &self.municipalities,
            places: &self.places,
            countries: &self.countries,
            choosable: &self.choosable,
            environment,
            sender: &self.sender,
            // After the end of the story, for the same outcome on every day.
            now: parse_instant("2030-01-01T00:00:00Z").unwrap(),
        }
    }
}

pub(crate) fn outcomes(source: &str, bytes: &[u8], context: &Context<'_>) -> Vec<Result<Checked, Refused>> {
    let source = crate::source(source).unwrap();
    read(source, bytes).into_iter().map(|item| check(source, item?, context)).collect()
}

fn inputs(source: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(source).join("fixtures");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<PathBuf> =
        paths.filter(|path| !path.to_string_lossy().ends_with(".expected.json")).collect();
    inputs.sort();
    inputs
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|f| format!("{} {}: {}", f.code, f.pointer, f.detail)).collect()
}

#[test]
fn fixtures_come_out_as_expected() {
    let tables = FixtureTables::new();
    let context = tables.context(Environment::Test);
    for source in SOURCES {
        for path in inputs(source.name()) {
            let got: Vec<Value> = outcomes(source.name(), &std::fs::read(&path).unwrap(), &context)
                .iter()
                .map(|outcome| match outcome {
                    Ok(checked) => json!({
                        "accepted": checked.said(),
                        "id": checked.id(),
                        "stored": checked.item(),
                        "warnings": told(checked.warnings()),
                    }),
                    Err(refused) => json!({ "refused": told(&refused.findings) }),
                })
                .collect();
            let beside = path.with_extension("expected.json");
            let Ok(expect) = std::fs::read_to_string(&beside) else {
                std::fs::write(&beside, format!("{:#}\n", Value::from(got))).unwrap();
                panic!("{}: written, read it", beside.display());
            };
            let expect: Vec<Value> = serde_json::from_str(&expect).unwrap();
            assert_eq!(got.len(), expect.len(), "{}", path.display());
            for (number, (got, expect)) in (1..).zip(got.iter().zip(&expect)) {
                assert_eq!(got, expect, "{}, item {number}", path.display());
            }
        }
    }
}

/// Damaged bytes end in findings: some hundred places a file keep it fast and meet every structure.
#[test]
fn damaged_fixtures_never_panic() {
    let tables = FixtureTables::new();
    let context = tables.context(Environment::Test);
    for source in SOURCES {
        for path in inputs(source.name()) {
            let whole = std::fs::read(&path).unwrap();
            for at in (0..whole.len()).step_by(7.max(whole.len() / 120)) {
                let mut changed = whole.clone();
                changed[at] = b"0<\"{}\xff;\n"[at % 8];
                for bytes in [&whole[..at], &changed] {
                    for refused in
                        outcomes(source.name(), bytes, &context).into_iter().filter_map(Result::err)
                    {
                        assert!(!refused.findings.is_empty(), "{} cut at {at}", path.display());
                    }
                }
            }
        }
    }
}

/// A finding says where and what rule, never what stood there. Words of the contract may be in it.
#[test]
fn findings_carry_no_values() {
    fn texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::String(text) if text.len() > 3 => found.push(text),
            Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
            Value::Object(map) => map.values().for_each(|one| texts(one, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let tables = FixtureTables::new();
    let context = tables.context(Environment::Production);
    for source in SOURCES {
        for path in inputs(source.name()) {
            for item in read(*source, &std::fs::read(&path).unwrap()).into_iter().flatten() {
                let mut values = vec![];
                texts(&item, &mut values);
                values.retain(|value| !source.schema().contains(&format!("\"{value}\"")));
                let outcome = check(*source, item.clone(), &context);
                let findings = outcome.map_or_else(|refused| refused.findings, |checked| checked.warnings);
                // Of an exception the code is told: it is the source's word, not a person's value.
                for finding in findings.iter().filter(|finding| finding.code != Code::SourceException) {
                    let carried = values.iter().find(|value| finding.detail.contains(**value));
                    assert_eq!(carried, None, "{}: {}", path.display(), finding.code);
                }
            }
        }
    }
}
