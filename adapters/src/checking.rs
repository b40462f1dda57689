//! What every item goes through, whatever its source: notice, schema, strip, meaning.
//!
//! All findings are given at once, so the schema's and the translation's are put together, each
//! place named once. Refuses to let a finding carry the value it speaks of. Next: [`crate::Source`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use schemas::finding::{Code, Finding, Severity};
use schemas::message::Said;
use serde_json::Value;

use crate::{Checked, Context, Refused, SOURCES, Source, texts};

/// Of one item no more is told: whoever sends so many has one fault.
const MOST_FINDINGS: usize = 100;

/// The fields of each source's items, by its schema.
static COLUMNS: LazyLock<BTreeMap<&'static str, BTreeSet<String>>> = LazyLock::new(|| {
    let fields = |source: &&dyn Source| {
        let schema: Value = serde_json::from_str(source.schema()).unwrap_or_default();
        let fields = schema["properties"].as_object().map(|fields| fields.keys().cloned().collect());
        (source.name(), fields.unwrap_or_default())
    };
    SOURCES.iter().map(fields).collect()
});

/// Whether a name is that of a field of a source's items.
pub(crate) fn is_column(source: &dyn Source, name: &str) -> bool {
    COLUMNS.get(source.name()).is_some_and(|columns| columns.contains(name))
}

/// One compiled schema a source: compiling takes a hundred times as long as checking.
static VALIDATORS: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| {
    let compile = |source: &&dyn Source| Some((source.name(), compiled(source.schema())?));
    SOURCES.iter().filter_map(compile).collect()
});

/// Fields that no source may send, wherever in an item they stand: an item that is refused for them
/// would else lie in the store with them.
const BIOMETRICS: &[&str] =
    &["biometrics", "biometric", "facial_image", "photo", "fingerprints", "fingerprint", "iris"];

pub(crate) fn compiled(schema: &str) -> Option<Validator> {
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
    remove_biometrics(&mut item, "", &mut findings);
    match VALIDATORS.get(source.name()) {
        // Asking whether it fits costs less than listing why it does not.
        Some(validator) if validator.is_valid(&item) => {}
        Some(validator) => {
            let errors = validator.iter_errors(&item).flat_map(|error| found(&error));
            findings.extend(errors.take(MOST_FINDINGS));
        }
        None => findings.push(Finding::new(Code::Schema, "", "this source has no usable schema")),
    }
    source.normalise(&mut item);
    // After the form: what is not kept has to be right as well, a score as much as the rest.
    for pointer in source.strip() {
        remove(&mut item, pointer);
    }
    // Nobody knows what stands in a field that the contract does not know: it is told, and not kept either.
    for finding in findings.iter().filter(|finding| finding.code == Code::UnknownField) {
        remove_field(&mut item, &finding.pointer);
    }
    texts::brought(&mut item, "", &mut findings);
    if let Some(voice) = source.voice(&item).filter(|voice| !context.sender.speaks_for(voice)) {
        let detail = format_args!("is the word of {}, for whom this sender does not speak", voice.of);
        findings.insert(0, Finding::new(Code::NotYours, voice.pointer, detail));
    }
    let named: BTreeSet<String> = findings.iter().map(|finding| finding.pointer.clone()).collect();
    let translation = source.translate(&item, context);
    findings.extend(translation.findings.into_iter().filter(|finding| !named.contains(&finding.pointer)));

    if findings.len() > MOST_FINDINGS {
        // Errors before warnings: what keeps it out is not what is left away.
        findings.sort_by_key(|finding| finding.code.severity() == Severity::Warning);
        findings.truncate(MOST_FINDINGS);
        findings.push(Finding::new(Code::Schema, "", "more was found than is told here"));
    }
    let statement = translation.said.filter(|said| !names_nobody(said, &mut findings));
    let id = source.id(&item);
    let refused = findings.iter().any(|finding| finding.code.severity() == Severity::Error);
    match (statement, id) {
        (Some(said), Some(id)) if !refused => Ok(Checked { id, item, said, warnings: findings }),
        _ => {
            if !refused {
                findings.push(Finding::new(Code::Schema, "", "nothing could be understood of it"));
            }
            Err(Refused { item: Some(item), findings })
        }
    }
}

/// Whether a record could be anybody's: such a one would wait for ever.
fn names_nobody(said: &Said, findings: &mut Vec<Finding>) -> bool {
    let Said::Record(record) = said else { return false };
    let nobody = record.keys.is_empty() && record.names.is_empty() && record.births.is_empty();
    if nobody {
        findings.push(Finding::new(Code::NamesNobody, "", "no name, no birth date and no number"));
    }
    nobody
}

/// Removes biometrics at any depth, and tells the sender.
fn remove_biometrics(value: &mut Value, at: &str, findings: &mut Vec<Finding>) {
    match value {
        Value::Object(map) => {
            let forbidden = |name: &str| BIOMETRICS.iter().any(|known| known.eq_ignore_ascii_case(name));
            map.retain(|name, _| {
                let kept = !forbidden(name);
                if !kept {
                    let detail = "must not be sent, and was not stored";
                    findings.push(Finding::new(Code::Stripped, below(at, name), detail));
                }
                kept
            });
            map.iter_mut().for_each(|(name, child)| remove_biometrics(child, &below(at, name), findings));
        }
        Value::Array(list) => {
            let numbered = list.iter_mut().enumerate();
            numbered.for_each(|(n, child)| remove_biometrics(child, &format!("{at}/{n}"), findings));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The pointer to a field of what stands at a pointer.
pub(crate) fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Removes what a pointer leads to.
fn remove(value: &mut Value, pointer: &str) {
    let Some(path) = pointer.strip_prefix('/') else { return };
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (value, rest) {
        (Value::Object(map), None) => {
            map.remove(name);
        }
        (Value::Object(map), Some(rest)) => {
            if let Some(child) = map.get_mut(name) {
                remove(child, &format!("/{rest}"));
            }
        }
        (Value::Array(list), None) if name == "*" => list.clear(),
        (Value::Array(list), Some(rest)) if name == "*" => {
            list.iter_mut().for_each(|child| remove(child, &format!("/{rest}")));
        }
        _ => {}
    }
}

/// Removes the field that a pointer names, each step taken as it is written.
fn remove_field(item: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = item.pointer_mut(parent) {
        map.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

/// One schema error as findings; a missing or unknown field is named by its own place.
fn found(error: &ValidationError<'_>) -> Vec<Finding> {
    let at = error.instance_path().to_string();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                Finding::new(Code::UnknownField, below(&at, name), "a field that the contract does not know")
            })
            .collect(),
        Kind::Required { property } => {
            vec![Finding::new(Code::Schema, below(&at, property.as_str().unwrap_or_default()), "is missing")]
        }
        Kind::Enum { options } if at == "/schema" => {
            vec![Finding::new(Code::UnknownVersion, at, format_args!("expected one of {options}"))]
        }
        Kind::Constant { expected_value } if at == "/schema" => {
            vec![Finding::new(Code::UnknownVersion, at, format_args!("expected {expected_value}"))]
        }
        Kind::Pattern { pattern } if at == "/version" => {
            vec![Finding::new(Code::UnknownVersion, at, format_args!("expected one that fits {pattern}"))]
        }
        Kind::Enum { options } => {
            vec![Finding::new(Code::UnknownCode, at, format_args!("expected one of {options}"))]
        }
        Kind::Format { format } if format.starts_with("date") => {
            vec![Finding::new(Code::InvalidDate, at, format_args!("expected an existing {format}"))]
        }
        // The name of a field may be a value itself: it is masked as one.
        Kind::PropertyNames { error } => {
            vec![Finding::new(Code::Schema, at, format_args!("a name in it: {}", error.masked()))]
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
        fn check(pointer: &str, expect: Value) {
            let mut item = json!({"a": {"b": 1}, "l": [{"x": 1}, {"x": 2, "y": 3}]});
            remove(&mut item, pointer);
            assert_eq!(item, expect, "{pointer}");
        }
        check("/a/b", json!({"a": {}, "l": [{"x": 1}, {"x": 2, "y": 3}]}));
        check("/l/*/x", json!({"a": {"b": 1}, "l": [{}, {"y": 3}]}));
        check("/l/*", json!({"a": {"b": 1}, "l": []}));
        check("/none/x", json!({"a": {"b": 1}, "l": [{"x": 1}, {"x": 2, "y": 3}]}));
    }

    #[test]
    fn biometrics_are_removed_wherever_they_stand() {
        let mut item = json!({"a": [{"Photo": "x", "b": 1}], "biometrics": {"iris": 1}, "photograph": 2});
        let mut findings = vec![];
        remove_biometrics(&mut item, "", &mut findings);
        assert_eq!(item, json!({"a": [{"b": 1}], "photograph": 2}));
        let places: Vec<&str> = findings.iter().map(|finding| finding.pointer.as_str()).collect();
        assert_eq!(places, ["/biometrics", "/a/0/Photo"]);
    }

    #[test]
    fn every_code_has_its_page() {
        let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../hub/src/codes");
        for code in Code::ALL {
            let page = std::fs::read_to_string(pages.join(format!("{code}.md"))).unwrap();
            assert!(page.starts_with(&format!("# `{code}`: ")), "{code}");
        }
    }
}
