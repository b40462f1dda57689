//! The form of statements, held against the public samples: those of the xAPI conformance suite with
//! its verdicts, those of the specifications, and whole cmi5 sessions.
//!
//! Form is one thing, what is taken here another: a statement without an account fits xAPI and is
//! refused. Reads the data beside the repository; says so and passes where there is none.

use std::io::Write;
use std::path::{Path, PathBuf};

use schemas::finding::{Code, Severity};
use schemas::insz::Environment;
use serde_json::Value;

use super::{Xapi, form};
use crate::Source;
use crate::checking::compiled;
use crate::fixtures::{FixtureTables, outcomes};
use crate::story::{data, files};

/// What keeps a well-formed statement out: nobody who can be known, or an account's name with a blank.
fn is_policy(code: Code, pointer: &str) -> bool {
    matches!((code, pointer), (Code::NoAccount, _) | (Code::InvalidReference, "/actor/account/name"))
}

struct MeasureForm(jsonschema::Validator);

impl MeasureForm {
    /// The form alone: what this contract asks beside it is left out.
    fn new() -> Self {
        let mut schema: Value = serde_json::from_str(Xapi.schema()).unwrap();
        assert!(schema.as_object_mut().unwrap().remove("required").is_some());
        Self(compiled(&schema.to_string()).unwrap())
    }

    fn fits(&self, statement: &Value) -> bool {
        self.0.is_valid(statement) && form::notice(statement).is_empty()
    }
}

/// What the door says, once a statement has what this contract asks beside its form.
fn taken(statement: &Value) -> Result<(), Vec<(Code, String)>> {
    let mut statement = statement.clone();
    let fields = statement.as_object_mut().unwrap();
    fields.entry("id").or_insert("f3a4c2a1-7d0b-4a53-9f0e-2b8f5f7f1c11".into());
    fields.entry("timestamp").or_insert("2025-03-01T09:00:00Z".into());
    let mut outcomes =
        outcomes("xapi", statement.to_string().as_bytes(), &FixtureTables::new().context(Environment::Test));
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0).map(drop).map_err(|refused| {
        let errors = refused.findings.into_iter().filter(|f| f.code.severity() == Severity::Error);
        errors.map(|finding| (finding.code, finding.pointer)).collect()
    })
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).unwrap()).ok()
}

fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
fn conformance() {
    let Some(data) = data() else { return };
    let form = MeasureForm::new();
    let (mut valid, mut invalid) = ([0, 0], [0, 0]);
    let (mut accepted, mut policy, mut wrong) = (0, 0, vec![]);
    for path in files(&data.join("xapi/conformance")) {
        let sample = read(&path).unwrap();
        let statement = &sample["statement"];
        let (fits, expected) = (form.fits(statement), sample["valid"].as_bool().unwrap());
        if expected {
            valid[usize::from(fits)] += 1
        } else {
            invalid[usize::from(fits)] += 1
        }
        if fits != expected {
            wrong.push(sample["test"].as_str().unwrap().to_owned());
        }
        match taken(statement) {
            Ok(()) => {
                accepted += 1;
                assert!(fits, "{}: taken without its form", path.display());
            }
            Err(errors) if fits => {
                policy += 1;
                assert!(
                    errors.iter().all(|(code, at)| is_policy(*code, at)),
                    "{}: {errors:?}",
                    path.display()
                );
            }
            Err(_) => {}
        }
    }
    say(&format!(
        "conformance: {} of {} valid ones fit ({accepted} taken, {policy} refused for whom they name), {} of {} invalid ones do not",
        valid[1],
        valid[0] + valid[1],
        invalid[0],
        invalid[0] + invalid[1]
    ));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every example that is a statement fits, but for those that are examples of something else.
#[test]
fn specifications() {
    let Some(data) = data() else { return };
    let form = MeasureForm::new();
    let mut unfit: Vec<String> = vec![];
    for path in files(&data.join("xapi/spec")) {
        let sample = read(&path).unwrap();
        if sample["kind"] == "statement" && !form.fits(&sample["value"]) {
            unfit.push(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    // A person object, which only a store's answers have, and the object of a statement alone.
    assert_eq!(unfit, ["communication-05-statement-example", "data-15-statement-object-is-statement"]);
}

#[test]
fn sessions() {
    let Some(data) = data() else { return };
    let form = MeasureForm::new();
    let folders: Vec<PathBuf> = files(&data.join("xapi/cmi5-scenarios"));
    let paths = folders.iter().flat_map(|folder| files(folder));
    let mut count = 0;
    for path in paths.filter(|path| path.to_string_lossy().contains("statement")) {
        // One of them is not JSON: a comma is missing.
        let Some(statement) = read(&path) else { continue };
        count += 1;
        assert!(form.fits(&statement), "{}", path.display());
        assert_eq!(taken(&statement), Ok(()), "{}", path.display());
    }
    say(&format!("cmi5 sessions: {count} statements taken"));
}
