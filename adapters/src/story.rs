//! The whole story and the public samples through the doors: everything is taken but what must not be.
//!
//! The story is the repository's own; samples are read from beside it, and where there are none that is said.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use schemas::fact::{RegisterStanding, Statement};
use schemas::finding::{Code, Severity};
use schemas::insz::Environment;
use schemas::message::Said;
use serde_json::Value;

use crate::fixtures::{FixtureTables, outcomes};
use crate::{Checked, Refused};

pub(crate) fn data() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|folder| folder.join("shared/data")).find(|folder| folder.is_dir());
    if found.is_none() {
        std::io::stderr().write_all(b"skipped: no shared/data beside the repository\n").unwrap();
    }
    found
}

/// The folder of the project's own story.
fn story() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../hub/demo/story")
}

fn through(name: &str, bytes: &[u8], environment: Environment) -> Vec<Result<Checked, Refused>> {
    outcomes(name, bytes, &FixtureTables::new().context(environment))
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn codes(outcome: &Result<Checked, Refused>) -> Vec<Code> {
    let findings = match outcome {
        Ok(checked) => checked.warnings(),
        Err(refused) => &refused.findings,
    };
    findings.iter().map(|finding| finding.code).collect()
}

/// What each defect of the story must lead to: taken or refused, and with which codes among others.
fn expected(what: &str) -> Option<(bool, &'static [Code])> {
    Some(match what {
        "check digit of the document number in the MRZ is wrong" => (true, &[Code::MrzCheck]),
        "biometrics block present" => (true, &[Code::Stripped]),
        "reading error in the surname (MRZ is right)" => (true, &[Code::MrzDiffers]),
        "day and month swapped, a correction follows" => (true, &[Code::MrzDiffers]),
        "truncated line" => (false, &[Code::Unreadable]),
        "application without a number" => (false, &[Code::Schema]),
        "unknown schema version, unknown status, impossible date" => {
            (false, &[Code::UnknownVersion, Code::UnknownCode, Code::InvalidDate])
        }
        "birth date turned into a spreadsheet serial" => (true, &[Code::BirthUnreadable]),
        "passport number in lower case with a blank" => (true, &[Code::Normalised]),
        "enterprise number with a wrong check" => (true, &[Code::EnterpriseCheck]),
        "ISCO code of three digits" => (true, &[Code::OccupationForm]),
        "statement delivered twice" | "account nobody has linked" => (true, &[]),
        "actor is a mail address" => (false, &[Code::NoAccount]),
        "no verb" | "scaled score of 1.7" => (false, &[Code::Schema]),
        _ => return None,
    })
}

#[test]
fn the_story_passes_the_doors() {
    let data = story();
    let truth = std::fs::read(data.join("story-truth.json")).unwrap();
    let truth: Value = serde_json::from_slice(&truth).unwrap();
    let defects: Vec<(String, String, &str)> = truth["defects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|defect| {
            let place = defect["message_id"].as_str().map_or(defect["line"].to_string(), str::to_owned);
            (defect["feed"].as_str().unwrap().to_owned(), place, defect["what"].as_str().unwrap())
        })
        .collect();

    let mut met = 0;
    let mut visit = |feed: &str, place: &str, outcome: &Result<Checked, Refused>| {
        let whats = defects.iter().filter(|(f, p, _)| f == feed && p == place).map(|(_, _, what)| *what);
        let defects: Vec<_> = whats.filter_map(expected).collect();
        met += defects.len();
        let taken = defects.iter().all(|(taken, _)| *taken);
        assert_eq!(outcome.is_ok(), taken, "{feed} {place}: {:?}", codes(outcome));
        for code in defects.iter().flat_map(|(_, codes)| *codes) {
            assert!(codes(outcome).contains(code), "{feed} {place}: {:?} lacks {code}", codes(outcome));
        }
    };
    for path in files(&data.join("posts")) {
        let feed = format!("posts/{}", path.file_stem().unwrap().to_string_lossy());
        for outcome in through("visa", &std::fs::read(&path).unwrap(), Environment::Test) {
            let place = match &outcome {
                Ok(checked) => checked.id().to_owned(),
                Err(Refused { item: Some(item), .. }) => item["message_id"].as_str().unwrap().to_owned(),
                Err(_) => "null".to_owned(),
            };
            visit(&feed, &place, &outcome);
            let text = outcome.as_ref().map_or(String::new(), |checked| checked.item().to_string());
            assert!(!text.contains("biometrics") && !text.contains("sponsor"), "{feed} {place}");
        }
    }
    let permits = std::fs::read(data.join("wewis/single-permits.csv")).unwrap();
    for (line, outcome) in (2..).zip(through("permit", &permits, Environment::Test)) {
        visit("wewis", &line.to_string(), &outcome);
    }
    let mut stored: BTreeMap<String, Value> = BTreeMap::new();
    let mut twice = 0;
    for outcome in through("xapi", &std::fs::read(data.join("lms/xapi.ndjson")).unwrap(), Environment::Test) {
        let item =
            outcome.as_ref().map_or_else(|refused| refused.item.clone().unwrap(), |c| c.item().clone());
        let place = item["id"].as_str().unwrap().to_owned();
        let text = item.to_string();
        assert!(!text.contains("mbox") && !text.contains("score") && !text.contains("stored"), "{place}");
        // The same again is the same to the last byte of what is stored: the inbox takes it once.
        if let Some(first) = stored.get(&place) {
            assert_eq!(*first, item, "{place}");
            twice += 1;
        } else {
            visit("lms/xapi", &place, &outcome);
            stored.insert(place, item);
        }
    }
    assert_eq!(twice, 2);
    assert_eq!(met, defects.iter().filter(|(_, _, what)| expected(what).is_some()).count());
}

fn standing(outcome: &Result<Checked, Refused>) -> Option<RegisterStanding> {
    let Said::Record(record) = outcome.as_ref().ok()?.said() else { return None };
    record.facts.iter().find_map(|fact| match &fact.statement {
        Statement::Standing(standing) => Some(standing.clone()),
        _ => None,
    })
}

fn replaced(outcome: &Result<Checked, Refused>) -> bool {
    let Ok(Said::Record(record)) = outcome.as_ref().map(Checked::said) else { return false };
    record.facts.iter().any(|fact| matches!(fact.statement, Statement::Replaced(_)))
}

#[test]
fn the_register_of_the_story_says_who_lives_where() {
    let data = story();
    let truth: Value =
        serde_json::from_slice(&std::fs::read(data.join("story-truth.json")).unwrap()).unwrap();
    let mut residences: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for person in truth["persons"].as_array().unwrap() {
        for insz in person["insz"].as_array().into_iter().flatten() {
            let list = person["residences"].as_array().into_iter().flatten().map(|residence| {
                (
                    residence["from"].as_str().unwrap().to_owned(),
                    residence["nis"].as_str().unwrap_or("").to_owned(),
                )
            });
            residences.insert(insz["number"].as_str().unwrap().to_owned(), list.collect());
        }
    }
    for path in files(&data.join("register/GeefPersoon")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (insz, kind) = (&name[..11], name.rsplit('_').next().unwrap());
        let bytes = std::fs::read(&path).unwrap();
        let outcomes = through("register", &bytes, Environment::Test);
        let [outcome] = outcomes.as_slice() else { panic!("{name}: {} items", outcomes.len()) };
        match kind {
            "cancelled" => assert!(codes(outcome).contains(&Code::SourceException), "{name}"),
            "deceased" => assert_eq!(standing(outcome), Some(RegisterStanding::Deceased), "{name}"),
            "left" => assert_eq!(standing(outcome), Some(RegisterStanding::Left), "{name}"),
            "bis" => assert_eq!(standing(outcome), Some(RegisterStanding::Known), "{name}"),
            "bis-replaced" => {
                assert!(replaced(outcome), "{name}");
            }
            _ => {
                let Said::Record(record) = outcome.as_ref().unwrap_or_else(|_| panic!("{name}")).said()
                else {
                    panic!("{name}: no record")
                };
                let home = record.facts.iter().find_map(|fact| match &fact.statement {
                    Statement::Residence(home) => {
                        // The register says the district, the truth its city: routing knows both.
                        let nis =
                            if home.nis.is_district() { "11002".to_owned() } else { home.nis.to_string() };
                        Some((fact.valid_from.unwrap().to_string(), nis))
                    }
                    _ => None,
                });
                let home = home.unwrap_or_else(|| panic!("{name}: {:?}", codes(outcome)));
                // Of who has lived here for years the truth tells a home where somebody asks about it.
                let told = kind != "resident" || !residences[insz].is_empty();
                // A merger into a code that was there before leaves the begin of the address.
                let merged = || {
                    let mut homes = residences[insz].iter();
                    let before = homes.any(|(from, _)| *from == home.0);
                    before && homes.next().is_some_and(|(from, nis)| from == "2025-01-01" && *nis == home.1)
                };
                assert!(
                    !told || residences[insz].contains(&home) || merged(),
                    "{name}: {home:?} of {:?}",
                    residences[insz]
                );
            }
        }
    }
    for path in files(&data.join("register/notifications")) {
        let outcomes = through("register", &std::fs::read(&path).unwrap(), Environment::Test);
        let mut ids: Vec<&str> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap().id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), outcomes.len(), "{}", path.display());
    }
    for path in files(&data.join("register/exceptions")) {
        let outcomes = through("register", &std::fs::read(&path).unwrap(), Environment::Test);
        assert!(outcomes.iter().all(|o| codes(o).contains(&Code::SourceException)), "{}", path.display());
        assert_eq!(outcomes.len(), 1, "{}", path.display());
    }
    let hints = std::fs::read(data.join("register/hints.ndjson")).unwrap();
    assert!(through("register", &hints, Environment::Test).iter().all(Result::is_ok));
}

/// Everything at the portal is taken, as the truth has it, and nobody's digital skills are stored.
#[test]
fn the_portal_of_the_story_is_taken_whole() {
    let data = story();
    let truth: Value =
        serde_json::from_slice(&std::fs::read(data.join("story-truth.json")).unwrap()).unwrap();
    let mut paths = BTreeMap::new();
    let (mut choices, mut objections) = (0, 0);
    for outcome in
        through("portal", &std::fs::read(data.join("portal/events.ndjson")).unwrap(), Environment::Test)
    {
        let checked = outcome.unwrap();
        let (item, Said::Record(record)) = (checked.item(), checked.said()) else { panic!("no record") };
        assert!(item.get("digital_skills").or(item.get("set_by")).is_none(), "{}", checked.id());
        assert!(!record.facts.is_empty() && checked.warnings().is_empty(), "{}", checked.id());
        for fact in &record.facts {
            match &fact.statement {
                Statement::LearningPath(path) => {
                    let modules: Vec<String> = path.modules.iter().map(|m| m.as_str().to_owned()).collect();
                    paths.insert(item["account"].as_str().unwrap().to_owned(), modules);
                }
                Statement::Choice(_) => choices += 1,
                Statement::Objection => objections += 1,
                _ => {}
            }
        }
    }
    let persons = truth["persons"].as_array().unwrap().iter();
    let chosen: usize = persons.clone().filter_map(|p| Some(p["brussels_choice"].as_array()?.len())).sum();
    assert_eq!((choices, objections), (chosen, 1));
    let mut expect: Vec<Vec<String>> = persons
        .filter_map(|person| serde_json::from_value::<Vec<String>>(person["path"].clone()).ok())
        .map(|mut path| {
            path.sort();
            path
        })
        .filter(|path| !path.is_empty())
        .collect();
    let mut got: Vec<Vec<String>> = paths.into_values().collect();
    expect.sort();
    got.sort();
    assert_eq!(got, expect);
}

/// The samples hold numbers of both kinds, wrong ones and answers without a person: each ends in a
/// body or in findings, and what is refused is refused for a reason the samples are known for.
#[test]
fn public_samples_end_in_a_body_or_in_findings() {
    let Some(data) = data() else { return };
    let folder = data.join("magda/dev/GeefPersoon-02.02");
    for environment in [Environment::Test, Environment::Production] {
        for path in files(&folder) {
            for outcome in through("register", &std::fs::read(&path).unwrap(), environment) {
                let Err(refused) = outcome else { continue };
                let errors = refused.findings.iter().filter(|f| f.code.severity() == Severity::Error);
                let known = [Code::InszNotAllowed, Code::InvalidInsz, Code::SourceException];
                let unknown: Vec<_> = errors.filter(|f| !known.contains(&f.code)).collect();
                assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
                assert!(!refused.findings.is_empty(), "{}", path.display());
            }
        }
    }
}
