//! One statement, however it is written: what xAPI 2.3.1 says is no difference, and what a record store rewrites.
//!
//! Ids in small letters, times in UTC, activities by their ids alone, a platform's address in one form, of the context's
//! extensions those that cmi5 gives a meaning. Touches nothing else, and refuses nothing: that is the schema's and `form`'s.

use schemas::time::parse_instant;
use serde_json::{Value, json};

use super::LAUNCH_MODE;
use crate::reading::home_page;

/// Brings a statement to its one form.
pub(super) fn normalise(item: &mut Value) {
    for at in ["/id", "/object/id", "/context/registration"] {
        rewrite(item, at, |text| (at != "/object/id" || is_uuid(text)).then(|| text.to_ascii_lowercase()));
    }
    // What is no time by the standard, such as one with a blank for its `T`, stays as it is and is told.
    rewrite(item, "/timestamp", |text| {
        let at = parse_instant(text).filter(|_| text.get(10..11) == Some("T") && !text.contains(":60"))?;
        Some(at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    });
    rewrite(item, "/actor/account/homePage", |text| Some(home_page(text)));
    for (at, usual) in [("/actor", "Agent"), ("/object", "Activity")] {
        if let Some(Value::Object(members)) = item.pointer_mut(at)
            && members.get("objectType").is_some_and(|kind| kind == usual)
        {
            members.remove("objectType");
        }
    }
    if let Some(Value::Object(lists)) = item.pointer_mut("/context/contextActivities") {
        for list in lists.values_mut() {
            let many = if list.is_array() { list.take() } else { json!([list.take()]) };
            let activities = many.as_array().into_iter().flatten();
            *list =
                activities.map(|one| one.get("id").map_or(one.clone(), |id| json!({ "id": id }))).collect();
        }
    }
    if let Some(Value::Object(extensions)) = item.pointer_mut("/context/extensions") {
        extensions.retain(|name, _| name == LAUNCH_MODE);
        if extensions.is_empty()
            && let Some(Value::Object(context)) = item.pointer_mut("/context")
        {
            context.remove("extensions");
        }
    }
}

fn rewrite(item: &mut Value, at: &str, new: impl FnOnce(&str) -> Option<String>) {
    if let Some(Value::String(text)) = item.pointer_mut(at)
        && let Some(new) = new(text)
    {
        *text = new;
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use schemas::insz::Environment;

    use super::*;
    use crate::fixtures::{FixtureTables, outcomes};

    fn stored(statement: &Value) -> Value {
        let context = FixtureTables::new();
        let outcome =
            outcomes("xapi", statement.to_string().as_bytes(), &context.context(Environment::Test)).remove(0);
        outcome.unwrap_or_else(|refused| panic!("{:?}", refused.findings)).item().clone()
    }

    #[test]
    fn what_is_no_difference_is_the_same_item() {
        let statement = json!({
            "id": "7a000000-0000-4000-8000-00000000000a",
            "actor": {"objectType": "Agent", "account": {"homePage": "https://leren.example/", "name": "two words"}},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en": "passed"}},
            "object": {"objectType": "Activity", "id": "https://leren.example/au/B1", "definition": {"name": {"nl": "B1"}}},
            "context": {
                "registration": "4eae4943-ec91-4d87-b848-df5085c793bb",
                "contextActivities": {"category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]},
                "extensions": {"https://leren.example/x": 1},
            },
            "timestamp": "2026-03-06T09:05:00.000Z",
        });
        let expect = stored(&statement);
        let with = |at: &str, value: Value| {
            let mut other = statement.clone();
            let (parent, name) = at.rsplit_once('/').unwrap();
            match (other.pointer_mut(parent).unwrap(), value) {
                (Value::Object(members), Value::Null) => drop(members.remove(name)),
                (parent, value) => parent[name] = value,
            }
            stored(&other)
        };
        for (at, value) in [
            ("/id", json!("7A000000-0000-4000-8000-00000000000A")),
            ("/actor/objectType", Value::Null),
            ("/actor/name", json!("Salma")),
            ("/actor/account/homePage", json!("https://Leren.example")),
            ("/verb/display", json!({"nl": "geslaagd"})),
            ("/verb/display", Value::Null),
            ("/object/objectType", Value::Null),
            ("/object/definition", json!({"description": {"en": "a\nb"}})),
            ("/timestamp", json!("2026-03-06T09:05:00Z")),
            ("/timestamp", json!("2026-03-06T10:05:00.0+01:00")),
            ("/context/registration", json!("4EAE4943-ec91-4d87-b848-df5085c793bb")),
            ("/context/extensions", Value::Null),
            (
                "/context/contextActivities/category",
                json!({
                    "objectType": "Activity", "id": "https://w3id.org/xapi/cmi5/context/categories/cmi5",
                }),
            ),
            ("/version", json!("1.0.3")),
            ("/stored", json!("2026-03-06T09:05:01Z")),
            ("/authority", json!({"mbox": "mailto:lrs@mail.example"})),
            ("/result", json!({})),
        ] {
            let same = with(at, value.clone());
            match at {
                // A member that is there and empty is one.
                "/result" => assert_ne!(same, expect),
                _ => assert_eq!(same, expect, "{at} {value}"),
            }
        }
        for (at, value) in [
            ("/id", json!("7a000000-0000-4000-8000-00000000000b")),
            ("/timestamp", json!("2026-03-06T09:05:00.001Z")),
            ("/actor/account/name", json!("Two words")),
            ("/object/id", json!("https://leren.example/au/b1")),
            ("/verb/id", json!("http://adlnet.gov/expapi/verbs/failed")),
        ] {
            assert_ne!(with(at, value), expect, "{at}");
        }
    }
}
