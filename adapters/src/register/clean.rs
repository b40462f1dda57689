//! A part of the register's document without what says nothing.
//!
//! An element that is there and empty is no statement, nor is one whose elements all are; days may carry a zone, which
//! changes no day. Refuses to know which element means what: that is `person`'s.

use serde_json::{Map, Value};

/// The same without empty elements; null where nothing is left.
pub(super) fn cleaned(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.trim() {
            "" => Value::Null,
            text => Value::from(without_zone(text)),
        },
        Value::Array(list) => {
            let list: Vec<Value> = list.iter().map(cleaned).filter(|one| !one.is_null()).collect();
            if list.is_empty() { Value::Null } else { Value::Array(list) }
        }
        Value::Object(map) => {
            let kept = map.iter().map(|(name, child)| (name.clone(), cleaned(child)));
            let kept: Map<String, Value> = kept.filter(|(_, child)| !child.is_null()).collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// An element's own text, where it has one beside its attributes.
pub(super) fn plain(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(map) => map.get("#text").unwrap_or(value).clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A day as XML Schema writes it, `2026-09-07+02:00` or `2026-09-07Z`, without its zone.
fn without_zone(text: &str) -> &str {
    let Some((day, zone)) = text.split_at_checked(10) else { return text };
    let shaped = |text: &str, shape: &str| {
        let fits = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
        text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
    };
    let zoned = zone == "Z" || ["+00:00", "-00:00"].iter().any(|form| shaped(zone, form));
    if zoned && shaped(day, "0000-00-00") { day } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_nothing_is_not_there() {
        for (given, expect) in [
            (json!({"a": "", "b": {"c": " "}, "d": [], "e": [{}, ""], "f": "x"}), json!({"f": "x"})),
            (json!({"a": {"b": {"c": ""}}}), Value::Null),
            (json!({"a": {"@D": "2026-09-01"}}), json!({"a": {"@D": "2026-09-01"}})),
            (
                json!(["2026-09-07+02:00", "2026-09-07Z", "2026-00-00"]),
                json!(["2026-09-07", "2026-09-07", "2026-00-00"]),
            ),
            (
                json!(["2026-09-07+2", "Dorpsstraat 1+02:00", "né-01"]),
                json!(["2026-09-07+2", "Dorpsstraat 1+02:00", "né-01"]),
            ),
        ] {
            assert_eq!(cleaned(&given), expect, "{given}");
        }
        assert_eq!(plain(&json!([{"@x": "1", "#text": "2"}, "3"])), json!(["2", "3"]));
        assert_eq!(plain(&json!({"@x": "1"})), json!({"@x": "1"}));
    }
}
