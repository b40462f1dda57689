//! Statements as learning platforms send them: which count, what voids one, how a moment and a platform are written.
//!
//! Cases are one good statement, changed in one place. Next: `xapi`.

use schemas::fact::Statement;
use schemas::finding::Code;
use schemas::insz::Environment;
use schemas::key::Key;
use schemas::message::Said;
use schemas::time::parse_instant;
use serde_json::{Value, json};

use super::{at_the_door, check, facts, statement, with};
use crate::fixtures::{FixtureTables, outcomes};
use crate::xapi::CMI5;
use crate::{Context, Speaker};

#[test]
fn statements_count_as_cmi5_has_it() {
    let nothing = |at| [(Code::Ignored, at)];
    let category = "/context/contextActivities/category";
    let grouping = json!([{"id": "https://leren.voortraject.example/cursus/1"},
        {"id": "https://leren.voortraject.example/cursus/voortraject/au/B1"}]);
    let platform = with(&statement(), "/object/id", json!("https://lms.example/activity/8f1d2c"));
    let mode = |mode: &str| json!({"https://w3id.org/xapi/cmi5/context/extensions/launchmode": mode});
    let mastery = |score: f64| json!({"https://w3id.org/xapi/cmi5/context/extensions/masteryscore": score});
    let (contradiction, scaled) = (Code::Contradiction, "/result/score/scaled");
    for (item, taken, count, expect) in [
        (statement(), true, 1, vec![]),
        (platform.clone(), true, 0, nothing("/object/id").to_vec()),
        (with(&platform, "/context/contextActivities/grouping", grouping), true, 1, vec![]),
        (
            with(&statement(), "/object/id", json!("https://x.example/au/B1/")),
            true,
            0,
            nothing("/object/id").to_vec(),
        ),
        (
            with(&statement(), "/object/id", json!("https://x.example/au/B1?s=9")),
            true,
            0,
            nothing("/object/id").to_vec(),
        ),
        (with(&statement(), category, Value::Null), true, 0, nothing(category).to_vec()),
        (with(&statement(), category, json!({"id": CMI5})), true, 1, vec![]),
        (with(&statement(), "/context/extensions", mode("Normal")), true, 1, vec![]),
        (
            with(&statement(), "/context/extensions", mode("Review")),
            true,
            0,
            nothing("/context/extensions").to_vec(),
        ),
        (
            with(&statement(), "/context/extensions", mode("Browse")),
            true,
            0,
            nothing("/context/extensions").to_vec(),
        ),
        (with(&statement(), "/context/extensions", mastery(0.8)), true, 1, vec![]),
        (with(&statement(), "/context/extensions", mastery(0.81)), false, 0, vec![(contradiction, scaled)]),
        (with(&statement(), "/verb/id", json!("https://w3id.org/xapi/adl/verbs/satisfied")), true, 0, vec![]),
        (with(&statement(), "/version", json!("1.0.3")), true, 1, vec![]),
        (with(&statement(), "/version", json!("2.0.0")), false, 0, vec![(Code::UnknownVersion, "/version")]),
    ] {
        let taken = check("xapi", item.to_string(), taken, &expect);
        assert_eq!(taken.map_or(0, |taken| facts(&taken).len()), count, "{item}");
    }
    let list = |items: &[Value]| at_the_door("xapi", Value::Array(items.to_vec()).to_string().as_bytes());
    assert_eq!(list(&[statement()]), at_the_door("xapi", statement().to_string().as_bytes()));
    assert_eq!(list(&[statement(), statement(), json!({})]).iter().filter(|one| one.is_ok()).count(), 2);
    let agents = json!([{"objectType": "contextAgent", "agent": {"mbox": "mailto:coach@mail.example"}}]);
    let refused =
        at_the_door("xapi", with(&statement(), "/context/contextAgents", agents).to_string().as_bytes());
    let refused = refused.into_iter().next().unwrap().unwrap_err();
    assert!(!refused.item.unwrap().to_string().contains("coach"));
}

#[test]
fn a_moment_has_one_form() {
    let invalid = [(Code::InvalidDate, "/timestamp")];
    for (text, expect) in [
        ("2026-03-06T10:05:00+0100", Err(invalid.as_slice())),
        ("2026-03-06T10:05:00", Err(&invalid)),
        ("2026-03-06 09:05:00Z", Err(&invalid)),
        ("2026-03-06T24:00:00Z", Err(&invalid)),
        ("2026-03-06T09:05:60Z", Err(&invalid)),
        ("0001-01-01T00:00:00Z", Err(&invalid)),
        ("2016-12-31T23:59:60Z", Ok("2017-01-01T00:00:00Z")),
        ("2026-03-06T09:05:00.1234567Z", Ok("2026-03-06T09:05:00.123456Z")),
        ("2026-03-06T10:05:00+01:00", Ok("2026-03-06T09:05:00Z")),
    ] {
        let item = with(&statement(), "/timestamp", json!(text)).to_string();
        let taken = check("xapi", item, expect.is_ok(), expect.err().unwrap_or_default());
        if let (Some(taken), Ok(at)) = (taken, expect) {
            let Said::Record(record) = taken.said() else { panic!("no record") };
            assert_eq!(record.facts[0].version.stated_at, parse_instant(at).unwrap(), "{text}");
        }
    }
}

#[test]
fn a_platform_has_one_address_and_whoever_voids_need_not_be_known() {
    let key = |item: &Value| {
        let taken = check("xapi", item.to_string(), true, &[]).unwrap();
        let Said::Record(record) = taken.said().clone() else { panic!("no record") };
        (record.keys, record.facts)
    };
    for home in ["https://leren.voortraject.example", "https://Leren.Voortraject.example/"] {
        assert_eq!(key(&with(&statement(), "/actor/account/homePage", json!(home))), key(&statement()));
    }
    let void = json!({"id": "7a000000-0000-4000-8000-000000000022",
        "actor": {"account": {"homePage": "https://leren.voortraject.example/", "name": "beheer"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": "7A000000-0000-4000-8000-000000000001"},
        "timestamp": "2026-03-07T09:00:00Z"});
    for actor in [
        void["actor"].clone(),
        json!({"mbox": "mailto:beheer@mail.example"}),
        json!({"objectType": "Group", "member": [{"mbox": "mailto:beheer@mail.example"}]}),
    ] {
        let taken = check("xapi", with(&void, "/actor", actor).to_string(), true, &[]).unwrap();
        assert_eq!(facts(&taken), [Statement::Voided]);
        assert!(!taken.item().to_string().contains("mail.example"));
    }
}

/// A statement is its sender's: who uses its id elsewhere speaks of another one, and who voids it there voids nothing of it.
#[test]
fn a_statement_is_one_of_its_sender() {
    let tables = FixtureTables::new();
    let of = |sender: &str, item: &Value| {
        let sender = Speaker::for_all(sender);
        let context = Context { sender: &sender, ..tables.context(Environment::Test) };
        let outcome = outcomes("xapi", item.to_string().as_bytes(), &context).remove(0).unwrap();
        let Said::Record(record) = outcome.said().clone() else { panic!("no record") };
        record.keys.into_iter().filter(|key| matches!(key, Key::Statement(_))).collect::<Vec<_>>()
    };
    let said = statement();
    let void = json!({"id": "7a000000-0000-4000-8000-00000000beef", "actor": {"mbox": "mailto:staff@mail.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": said["id"]}, "timestamp": "2026-03-07T09:00:00Z"});
    assert_eq!(of("lms", &void), of("lms", &said));
    assert_ne!(of("other", &void), of("lms", &said));
    assert_ne!(of("other", &said), of("lms", &said));
}
