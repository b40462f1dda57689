//! What each source takes, told to whoever asks: its forms, its JSON Schema, its fields and a first message.
//!
//! Nothing of it is anybody's, so no credential is asked for. What it tells comes from the source itself, so it cannot
//! differ from what the door does. Next: `docs/senders.md`, which is served at `/guides/senders.md`.

use std::collections::BTreeMap;

use adapters::{Format, SOURCES, Source};
use axum::Json;
use axum::extract::Path;
use serde_json::{Map, Value, json};

use super::problem::{Problem, ProblemCode};

/// How deep fields are told: none of our schemas is deeper.
const DEPTH: usize = 12;

/// `GET /v1/sources`
pub(super) async fn list() -> Json<Value> {
    Json(json!({ "sources": SOURCES.iter().map(|source| head(*source)).collect::<Vec<_>>() }))
}

/// `GET /v1/sources/{source}`
pub(super) async fn show(Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let source = adapters::source(&name).ok_or(ProblemCode::UnknownSource)?;
    let schema: Value = serde_json::from_str(source.schema()).map_err(|_| ProblemCode::Internal)?;
    let mut told = head(source);
    told["fields"] = fields(&schema).into();
    told["stripped"] = source.strip().into();
    told["example"] = source.example().into();
    told["schema"] = schema;
    Ok(Json(told))
}

fn head(source: &dyn Source) -> Value {
    let name = source.name();
    let own = match source.format() {
        Format::Json => None,
        Format::Csv => Some("text/csv"),
        Format::Xml => Some("application/xml"),
    };
    let forms: Vec<&str> = own.into_iter().chain(["application/json", "application/x-ndjson"]).collect();
    json!({
        "source": name,
        "forms": forms,
        "translation": source.version(),
        "about": format!("/v1/sources/{name}"),
        "messages": format!("/v1/sources/{name}/messages"),
        "batches": format!("/v1/sources/{name}/batches"),
        "dry_run": format!("/v1/dry-run?source={name}"),
    })
}

/// The fields of a schema, each once, by the place where it stands; `*` is each element of a list.
fn fields(schema: &Value) -> Vec<Value> {
    let mut walk = Walk { root: schema, found: BTreeMap::new(), needed: BTreeMap::new() };
    walk.look(schema, "", true, DEPTH);
    let Walk { mut found, needed, .. } = walk;
    for (place, always) in needed {
        if let Some(field) = found.get_mut(&place) {
            field.insert("required".to_owned(), if always { "always" } else { "in_part" }.into());
        }
    }
    found.into_values().map(Value::Object).collect()
}

struct Walk<'a> {
    root: &'a Value,
    found: BTreeMap<String, Map<String, Value>>,
    /// What is required, and whether of every item: a field may be required elsewhere than it is told.
    needed: BTreeMap<String, bool>,
}

impl<'a> Walk<'a> {
    /// `always`: what is required here is so of every item, and not only where a condition holds.
    fn look(&mut self, schema: &'a Value, at: &str, always: bool, deeper: usize) {
        let Some(deeper) = deeper.checked_sub(1) else { return };
        let list = |name: &str| schema[name].as_array().into_iter().flatten();
        let root = self.root;
        if let Some(there) = schema["$ref"].as_str().and_then(|name| root.pointer(name.strip_prefix('#')?)) {
            self.look(there, at, always, deeper);
        }
        if !at.is_empty() {
            self.tell(schema, at);
        }
        for name in list("required").filter_map(Value::as_str) {
            *self.needed.entry(format!("{at}/{name}")).or_default() |= always;
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let needed = list("required").any(|one| one == name);
            self.look(property, &format!("{at}/{name}"), always && needed, deeper);
        }
        list("allOf").for_each(|part| self.look(part, at, always, deeper));
        ["anyOf", "oneOf"].into_iter().flat_map(list).for_each(|part| self.look(part, at, false, deeper));
        let cases = ["then", "else"].into_iter().filter_map(|name| schema.get(name));
        cases.for_each(|part| self.look(part, at, false, deeper));
        if let Some(items) = schema.get("items") {
            self.look(items, &format!("{at}/*"), false, deeper);
        }
    }

    /// What is said of a field here, beside what was said of it elsewhere: of its values all, else what came first.
    fn tell(&mut self, schema: &Value, at: &str) {
        let field = self.found.entry(at.to_owned()).or_default();
        field.entry("field").or_insert_with(|| at.into());
        for (name, told) in KEPT {
            if let Some(value) = schema.get(name) {
                field.entry(told).or_insert_with(|| value.clone());
            }
        }
        let listed = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
        for one in listed {
            let values = field.entry("values").or_insert_with(|| json!([]));
            if let Some(values) = values.as_array_mut().filter(|values| !values.contains(one)) {
                values.push(one.clone());
            }
        }
    }
}

/// What a schema says of a field, and how it is told here.
const KEPT: [(&str, &str); 7] = [
    ("type", "type"),
    ("format", "format"),
    ("pattern", "pattern"),
    ("minLength", "min_length"),
    ("maxLength", "max_length"),
    ("maxItems", "max_items"),
    ("description", "description"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_by_its_place_with_what_every_part_says_of_it() {
        let schema = json!({
            "required": ["kind"],
            "properties": { "list": { "items": { "$ref": "#/$defs/text" } } },
            "oneOf": [
                { "properties": { "kind": { "enum": ["a", "b"] } } },
                { "properties": { "kind": { "const": "c" } } }
            ],
            "allOf": [{
                "if": { "properties": { "kind": { "const": "a" }, "never": true } },
                "then": { "required": ["who"], "properties": { "who": { "properties": { "name": { "$ref": "#/$defs/text" } } } } }
            }],
            "$defs": { "text": { "type": "string", "maxLength": 9 } }
        });
        let text = |field: &str| json!({ "field": field, "type": "string", "max_length": 9 });
        let expect = json!([
            { "field": "/kind", "values": ["a", "b", "c"], "required": "always" },
            { "field": "/list" },
            text("/list/*"),
            { "field": "/who", "required": "in_part" },
            text("/who/name"),
        ]);
        assert_eq!(Value::from(fields(&schema)), expect);
    }

    #[test]
    fn every_source_tells_its_fields() {
        for source in SOURCES {
            let schema = serde_json::from_str(source.schema()).unwrap();
            let told = fields(&schema);
            assert!(told.len() > 2, "{}: {told:?}", source.name());
        }
    }
}
