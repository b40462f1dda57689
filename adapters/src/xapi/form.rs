//! What a JSON Schema cannot say of a statement: values that must agree with one another.
//!
//! Looks at the statement as it came, before anything is removed from it; refuses to look at what the
//! schema says already. Next: `schema.json`.

use schemas::finding::{Code, Finding};
use serde_json::Value;

/// The lists of an interaction whose parts are told apart by their ids.
const COMPONENTS: [&str; 5] = ["choices", "scale", "source", "target", "steps"];

/// Everything in the statement, and in the statement that it may have for its object, that disagrees.
pub(super) fn notice(item: &Value) -> Vec<Finding> {
    let mut findings = vec![];
    for within in ["", "/object"] {
        score(item, &format!("{within}/result/score"), &mut findings);
        for list in COMPONENTS {
            distinct(item, &format!("{within}/object/definition/{list}"), &mut findings);
        }
    }
    findings
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
