//! What every item goes through, whatever its source: notice, strip, schema, meaning.
//!
//! All findings are given at once, so the schema's and the translation's are put together, each
//! place named once. Refuses to let a finding carry the value it speaks of. Next: [`crate::Source`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use schemas::finding::{Code, Finding, Severity};
use schemas::message::Body;
use serde_json::Value;

use crate::{Checked, Context, Refused, SOURCES, Source};

/// One compiled schema a source: compiling takes a hundred times as long as checking.
static VALIDATORS: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| {
    let compile = |source: &&dyn Source| Some((source.name(), compiled(source.schema())?));
    SOURCES.iter().filter_map(compile).collect()
});

fn compiled(schema: &str) -> Option<Validator> {
    let schema: Value = serde_json::from_str(schema).ok()?;
    jsonschema::options()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .ok()
}

/// Strips, checks and translates one item.
///
/// # Errors
/// [`Refused`] with all findings at once.
pub fn check(source: &dyn Source, mut item: Value, context: &Context<'_>) -> Result<Checked, Refused> {
    let mut findings = source.notice(&item);
    for pointer in source.strip() {
        remove(&mut item, pointer);
    }
    for pointer in source.forbidden() {
        if remove(&mut item, pointer) {
            findings.push(Finding::new(Code::Stripped, *pointer, "must not be sent and was not stored"));
        }
    }
    match VALIDATORS.get(source.name()) {
        // Asking whether it fits costs less than listing why it does not.
        Some(validator) if validator.is_valid(&item) => {}
        Some(validator) => findings.extend(validator.iter_errors(&item).flat_map(|error| found(&error))),
        None => findings.push(Finding::new(Code::Schema, "", "this source has no usable schema")),
    }
    let said: BTreeSet<String> = findings.iter().map(|finding| finding.pointer.clone()).collect();
    let translation = source.translate(&item, context);
    findings.extend(translation.findings.into_iter().filter(|finding| !said.contains(&finding.pointer)));

    let body = translation.body.filter(|body| !names_nobody(body, &mut findings));
    let id = source.id(&item);
    let refused = findings.iter().any(|finding| finding.code.severity() == Severity::Error);
    match (body, id) {
        (Some(body), Some(id)) if !refused => Ok(Checked { id, item, body, warnings: findings }),
        _ => {
            if !refused {
                findings.push(Finding::new(Code::Schema, "", "nothing could be understood of it"));
            }
            Err(Refused { item: Some(item), findings })
        }
    }
}

/// Whether a record could be anybody's: such a one would wait for ever.
fn names_nobody(body: &Body, findings: &mut Vec<Finding>) -> bool {
    let Body::Record(record) = body else { return false };
    let nobody = record.keys.is_empty() && record.names.is_empty() && record.births.is_empty();
    if nobody {
        findings.push(Finding::new(Code::NamesNobody, "", "no name, no birth date and no number"));
    }
    nobody
}

/// Removes what a pointer leads to; tells whether something was there.
fn remove(value: &mut Value, pointer: &str) -> bool {
    let Some(path) = pointer.strip_prefix('/') else { return false };
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (value, rest) {
        (Value::Object(map), None) => map.remove(name).is_some_and(|removed| !removed.is_null()),
        (Value::Object(map), Some(rest)) => {
            map.get_mut(name).is_some_and(|child| remove(child, &format!("/{rest}")))
        }
        (Value::Array(list), Some(rest)) if name == "*" => {
            // Every element, so no short circuit.
            let removed = |child| remove(child, &format!("/{rest}"));
            list.iter_mut().map(removed).filter(|removed| *removed).count() > 0
        }
        (Value::Array(list), None) if name == "*" => !std::mem::take(list).is_empty(),
        _ => false,
    }
}

/// One schema error as findings; a missing or unknown field is named by its own place.
fn found(error: &ValidationError<'_>) -> Vec<Finding> {
    let at = error.instance_path().to_string();
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                Finding::new(Code::UnknownField, below(name), "a field that the contract does not know")
            })
            .collect(),
        Kind::Required { property } => {
            vec![Finding::new(Code::Schema, below(property.as_str().unwrap_or_default()), "is missing")]
        }
        Kind::Enum { options } if at == "/schema" => {
            vec![Finding::new(Code::UnknownVersion, at, format_args!("expected one of {options}"))]
        }
        Kind::Constant { expected_value } if at == "/schema" => {
            vec![Finding::new(Code::UnknownVersion, at, format_args!("expected {expected_value}"))]
        }
        Kind::Enum { options } => {
            vec![Finding::new(Code::UnknownCode, at, format_args!("expected one of {options}"))]
        }
        Kind::Format { format } if format.starts_with("date") => {
            vec![Finding::new(Code::InvalidDate, at, format_args!("expected an existing {format}"))]
        }
        _ => vec![Finding::new(Code::Schema, at, error.masked())],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_compiles() {
        for source in SOURCES {
            assert!(VALIDATORS.contains_key(source.name()), "{}", source.name());
        }
    }

    #[test]
    fn what_a_pointer_leads_to_is_removed() {
        fn check(pointer: &str, expect: Value, told: bool) {
            let mut item = json!({"a": {"b": 1, "c": null}, "l": [{"x": 1}, {"x": 2, "y": 3}]});
            assert_eq!((remove(&mut item, pointer), item), (told, expect), "{pointer}");
        }
        check("/a/b", json!({"a": {"c": null}, "l": [{"x": 1}, {"x": 2, "y": 3}]}), true);
        check("/a/c", json!({"a": {"b": 1}, "l": [{"x": 1}, {"x": 2, "y": 3}]}), false);
        check("/l/*/x", json!({"a": {"b": 1, "c": null}, "l": [{}, {"y": 3}]}), true);
        check("/l/*", json!({"a": {"b": 1, "c": null}, "l": []}), true);
        check("/none/x", json!({"a": {"b": 1, "c": null}, "l": [{"x": 1}, {"x": 2, "y": 3}]}), false);
    }
}
