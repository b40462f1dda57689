//! What a JSON Schema cannot say of a statement: values that must agree with one another.
//!
//! Looks at the statement as it came, before anything is removed from it; refuses to look at what the
//! schema says already. Next: `schema.json`.

use schemas::finding::{Code, Finding};
use serde_json::Value;

/// The lists of an interaction whose parts are told apart by their ids.
const COMPONENTS: [&str; 5] = ["choices", "scale", "source", "target", "steps"];

/// The share of the score from which a module is passed, where the session was launched with one.
const MASTERY: &str = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore";

/// Everything in the statement, and in the statement that it may have for its object, that disagrees.
pub(super) fn notice(item: &Value) -> Vec<Finding> {
    let mut findings = vec![];
    mastery(item, &mut findings);
    for within in ["", "/object"] {
        score(item, &format!("{within}/result/score"), &mut findings);
        for list in COMPONENTS {
            distinct(item, &format!("{within}/object/definition/{list}"), &mut findings);
        }
    }
    findings
}

/// A score on one side of the mastery score, and a verb on the other (cmi5 9.3.4, 9.3.5).
fn mastery(item: &Value, findings: &mut Vec<Finding>) {
    let needed = item.pointer("/context/extensions").and_then(|known| known.get(MASTERY)?.as_f64());
    let scaled = item.pointer("/result/score/scaled").and_then(Value::as_f64);
    let verb = item.pointer("/verb/id").and_then(Value::as_str).and_then(|id| id.rsplit_once("/verbs/"));
    let reached = needed.zip(scaled).map(|(needed, scaled)| scaled >= needed);
    if matches!((verb, reached), (Some((_, "passed")), Some(false)) | (Some((_, "failed")), Some(true))) {
        let detail = "lies on the other side of the mastery score than the verb says";
        findings.push(Finding::new(Code::Contradiction, "/result/score/scaled", detail));
    }
}

fn score(item: &Value, at: &str, findings: &mut Vec<Finding>) {
    let number = |name: &str| item.pointer(&format!("{at}/{name}")).and_then(Value::as_f64);
    let (raw, min, max) = (number("raw"), number("min"), number("max"));
    let mut note = |name: &str, detail: &str| {
        findings.push(Finding::new(Code::Contradiction, format!("{at}/{name}"), detail));
    };
    if min.zip(max).is_some_and(|(min, max)| min >= max) {
        note("max", "expected more than the least score");
    }
    if raw.zip(min).is_some_and(|(raw, min)| raw < min) || raw.zip(max).is_some_and(|(raw, max)| raw > max) {
        note("raw", "expected a score between the least and the greatest");
    }
}

fn distinct(item: &Value, at: &str, findings: &mut Vec<Finding>) {
    let Some(list) = item.pointer(at).and_then(Value::as_array) else { return };
    let mut seen = std::collections::BTreeSet::new();
    if !list.iter().filter_map(|part| part.get("id")?.as_str()).all(|id| seen.insert(id)) {
        findings.push(Finding::new(Code::Contradiction, at, "two parts have one id"));
    }
}
