//! What comes to the doors in every weather: one good message a source, changed in one place each time, and what must follow.
//!
//! The table is of kinds that senders of comparable systems met. Here a case is one line; what a whole item comes to
//! stands in the fixtures. Next: [`crate::check`].

mod answers;
mod learning;

use schemas::fact::Statement;
use schemas::finding::Code;
use schemas::insz::Environment;
use schemas::message::Said;
use schemas::time::parse_instant;
use serde_json::{Value, json};

use crate::fixtures::{FixtureTables, outcomes};
use crate::{Checked, Context, Refused};

/// An application of a post.
fn application() -> Value {
    json!({"schema": "post-visa-d/1", "message_id": "trial-a", "type": "application", "post": {"code": "CAS"},
        "sequence": 900_001, "sent_at": "2026-03-02T09:15:00Z",
        "application": {"number": "70001", "filed_on": "2026-03-01", "visa_type": "D", "purpose": "family_reunification",
            "ground": "10", "destination": {"member_state": "BEL", "municipality": "Mechelen"}, "intended_entry": "2026-12-01"},
        "person": {"surname": "TESTAOUI", "given_names": "SALMA", "birth_date": "1991-05-17", "sex": "F",
            "nationality": "MAR", "email": "salma@mail.example", "contact_language": "ar"}})
}

fn statement() -> Value {
    json!({"id": "7a000000-0000-4000-8000-000000000001",
        "actor": {"objectType": "Agent", "account": {"homePage": "https://leren.voortraject.example/", "name": "tst-learner-1"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en": "passed"}},
        "object": {"objectType": "Activity", "id": "https://leren.voortraject.example/cursus/voortraject/au/B1"},
        "result": {"success": true, "score": {"scaled": 0.8}, "duration": "PT17M"},
        "context": {"registration": "4eae4943-ec91-4d87-b848-df5085c793bb", "contextActivities":
            {"category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]}},
        "timestamp": "2026-03-06T09:05:00.000Z"})
}

const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<p:GeefPersoonResponse xmlns:p="http://magda.vlaanderen.be/persoon/soap/geefpersoon/v02_02"><Repliek>
<Context><Naam>GeefPersoon</Naam><Bericht><Type>ANTWOORD</Type><Tijdstip><Datum>2026-09-07</Datum><Tijd>05:30:00.125</Tijd></Tijdstip></Bericht></Context>
<Antwoorden><Antwoord><Referte>trial-ref-1</Referte><Inhoud><Persoon Bron="RR"><INSZ>91651700211</INSZ>
<Naam><Achternamen><Achternaam>Testaoui</Achternaam></Achternamen><Voornamen><Voornaam>Salma</Voornaam></Voornamen></Naam>
<Geslacht><Code>2</Code></Geslacht>
<Beheerder DatumBegin="2026-09-01"><Plaats><Gemeente><NISCode>12025</NISCode></Gemeente><Land><NISCode>150</NISCode></Land></Plaats></Beheerder>
<Register><Code>1</Code></Register><Nationaliteiten><Nationaliteit><Code>354</Code></Nationaliteit></Nationaliteiten>
<Geboorte><Datum>1991-05-17</Datum></Geboorte>
<Adressen><Hoofdverblijfplaats DatumBegin="2026-09-01"><Straatnaam><String>Dorpsstraat</String></Straatnaam><Huisnummer>12</Huisnummer><Gemeentenaam><String>Mechelen</String></Gemeentenaam><Postcode>2800</Postcode><NISCodeLand>150</NISCodeLand><NISCodeGemeente>12025</NISCodeGemeente></Hoofdverblijfplaats></Adressen>
</Persoon></Inhoud></Antwoord></Antwoorden></Repliek></p:GeefPersoonResponse>"#;

const HEADER: &str = "record_type;event;event_date;dossier_number;region;application_date;category;annex;permit_from;permit_to;employer_kbo;establishment_number;nace;function_title;isco08;family_name;given_names;birth_date;sex;nationality;passport_number;passport_country;insz;email;relation;worker_dossier;intended_postal_code;intended_nis;visa_post";
const ROW: &str = "worker;aanvraag;2026-02-01;GV-2026-900001;VL;2026-02-01;knelpunt;;;;0403019261;;;Lasser;7212;Testova;Irina;1990-06-14;F;UKR;FT123456;UKR;;;;;2800;12025;";
const XSI: &str = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;

/// Whether an item is taken, and what is told about it: code and place.
#[derive(Clone, PartialEq, Eq, Debug)]
struct DoorTold(bool, Vec<(Code, String)>);

/// What becomes of some bytes at the hub's noon of 20 November 2026.
fn at_the_door(source: &str, bytes: &[u8]) -> Vec<Result<Checked, Refused>> {
    let tables = FixtureTables::new();
    let now = parse_instant("2026-11-20T11:00:00Z").unwrap();
    outcomes(source, bytes, &Context { now, ..tables.context(Environment::Test) })
}

fn told(outcome: &Result<Checked, Refused>) -> DoorTold {
    let findings =
        outcome.as_ref().map_or_else(|refused| refused.findings.as_slice(), |taken| taken.warnings());
    DoorTold(
        outcome.is_ok(),
        findings.iter().map(|finding| (finding.code, finding.pointer.clone())).collect(),
    )
}

fn check(source: &str, bytes: impl AsRef<[u8]>, taken: bool, expect: &[(Code, &str)]) -> Option<Checked> {
    let outcomes = at_the_door(source, bytes.as_ref());
    let shown = String::from_utf8_lossy(bytes.as_ref()).into_owned();
    let [outcome] = outcomes.as_slice() else { panic!("{} items: {shown}", outcomes.len()) };
    let expect = DoorTold(taken, expect.iter().map(|(code, at)| (*code, (*at).to_owned())).collect());
    assert_eq!(told(outcome), expect, "{shown}");
    outcome.clone().ok()
}

/// The item with one place changed; a null takes it away.
fn with(item: &Value, at: &str, value: Value) -> Value {
    let mut item = item.clone();
    let (parent, name) = at.rsplit_once('/').unwrap();
    match (item.pointer_mut(parent).unwrap(), value) {
        (Value::Object(members), Value::Null) => drop(members.remove(name)),
        (parent, value) => parent[name] = value,
    }
    item
}

fn facts(checked: &Checked) -> Vec<Statement> {
    let Said::Record(record) = checked.said() else { panic!("no record") };
    record.facts.iter().map(|fact| fact.statement.clone()).collect()
}

#[test]
fn a_time_that_has_not_come_is_told_at_its_place() {
    let application = application();
    let decision = json!({"schema": "dvz-voortraject/1", "message_id": "f1", "type": "decision",
        "sent_at": "2026-05-01T08:00:00Z", "dvz_number": "8790001", "post": "CAS", "application_number": "70001",
        "decision": {"outcome": "weigering", "date": "2026-05-01"}});
    let (ahead, invalid) = (Code::StatedAhead, Code::InvalidDate);
    for (item, at, value, expect) in [
        (&application, "/sent_at", "2026-11-21T10:59:00Z", None),
        (&application, "/sent_at", "2026-11-21T11:01:00Z", Some(ahead)),
        (&application, "/sent_at", "2052-05-01T08:00:00Z", Some(ahead)),
        (&application, "/sent_at", "0001-01-01T00:00:00Z", Some(invalid)),
        (&application, "/sent_at", "1970-01-01T00:00:00Z", Some(invalid)),
        (&application, "/application/filed_on", "2026-11-21", None),
        (&application, "/application/filed_on", "2026-11-22", Some(ahead)),
        (&application, "/application/filed_on", "2062-03-01", Some(ahead)),
        (&application, "/application/intended_entry", "2027-08-01", None),
        (&application, "/person/birth_date", "2026-11-20", None),
        (&application, "/person/birth_date", "2026-12-01", Some(invalid)),
        (&application, "/person/birth_date", "01/05/2062", Some(invalid)),
        (&application, "/person/birth_date", "2027-00-00", Some(invalid)),
        (&application, "/person/birth_date", "2026-00-00", None),
        (&decision, "/sent_at", "2052-05-01T08:00:00Z", Some(ahead)),
        (&decision, "/decision/date", "2026-11-22", Some(ahead)),
    ] {
        let expect: Vec<_> = expect.map(|code| (code, at)).into_iter().collect();
        check("visa", with(item, at, json!(value)).to_string(), expect.is_empty(), &expect);
    }
    check(
        "xapi",
        with(&statement(), "/timestamp", json!("2036-03-01T09:05:00Z")).to_string(),
        false,
        &[(ahead, "/timestamp")],
    );
    let later = ANSWER.replace("<Datum>2026-09-07", "<Datum>2036-09-07");
    check("register", later, false, &[(ahead, "/Tijdstip")]);
    let row = |change: (&str, &str)| format!("{HEADER}\n{}\n", ROW.replacen(change.0, change.1, 1));
    check("permit", row(("2026-02-01", "2062-02-01")), false, &[(ahead, "/event_date")]);
    check("permit", row(("1990-06-14", "2062-06-14")), true, &[(Code::BirthUnreadable, "/birth_date")]);
}

#[test]
fn a_text_that_no_field_has_is_refused_at_its_field() {
    let forbidden = Code::ForbiddenCharacter;
    for (at, text, taken, code) in [
        ("/person/given_names", "SAL\0MA".to_owned(), false, Some(forbidden)),
        ("/person/surname", "TEST\u{7}AOUI\u{202e}".to_owned(), false, Some(forbidden)),
        ("/person/email", "a\u{1b}[2J@mail.example".to_owned(), false, Some(forbidden)),
        ("/person/surname", "TEST\r\nAOUI".to_owned(), true, Some(Code::Normalised)),
        ("/person/surname", "X".repeat(500), true, None),
        ("/person/surname", "X".repeat(501), false, Some(Code::Schema)),
        ("/message_id", "X".repeat(201), false, Some(Code::Schema)),
        ("/sponsor", "free\0text".to_owned(), true, None),
    ] {
        let expect: Vec<_> = code.map(|code| (code, at)).into_iter().collect();
        check("visa", with(&application(), at, json!(text)).to_string(), taken, &expect);
    }
    let half = application().to_string().replace("SALMA", "SALMA \\ud83d");
    let batch = [application().to_string(), half, application().to_string()].join("\n");
    let taken: Vec<bool> = at_the_door("visa", batch.as_bytes()).iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, false, true]);
    for doubled in [
        application()
            .to_string()
            .replace("\"number\":\"70001\"", "\"number\":\"70001\",\"number\":\"70013\""),
        application().to_string().replace("\"sex\":\"F\"", "\"sex\":\"F\",\"sex\":\"F\""),
    ] {
        let outcomes = at_the_door("visa", doubled.as_bytes());
        assert!(
            matches!(told(&outcomes[0]), DoorTold(false, codes) if codes[0].0 == Code::DoubledKey),
            "{doubled}"
        );
    }
    // What the contract does not know is told, and lies in no store.
    let refused =
        at_the_door("visa", with(&application(), "/person/note", json!("secret")).to_string().as_bytes());
    let refused = refused.into_iter().next().unwrap().unwrap_err();
    assert_eq!(refused.findings[0].code, Code::UnknownField);
    assert!(!refused.item.unwrap().to_string().contains("secret"));
}

#[test]
fn a_number_is_what_every_reader_has() {
    for (text, code) in [
        ("11.0", None),
        ("1.1e1", None),
        ("9007199254740992", None),
        ("9007199254740993", Some(Code::InexactNumber)),
        ("18446744073709551615", Some(Code::InexactNumber)),
        ("11.5", Some(Code::Schema)),
        ("-1", Some(Code::Schema)),
        ("\"11\"", Some(Code::Schema)),
    ] {
        let item = application().to_string().replace("900001", text);
        let expect: Vec<_> = code.map(|code| (code, "/sequence")).into_iter().collect();
        let taken = check("visa", &item, code.is_none(), &expect);
        let sequence = taken.map(|taken| {
            let Said::Record(record) = taken.said() else { panic!("no record") };
            record.facts[0].version.sequence.unwrap()
        });
        assert!(code.is_some() || sequence.is_some_and(|n| n == 11 || n == 1 << 53), "{text}");
    }
    let linked =
        json!({"schema": "portal/1", "message_id": "c1", "type": "lms_linked", "at": "2026-03-05T10:00:00Z",
        "account": "va-trial", "lms": "classroom", "user_id": 1})
        .to_string();
    for id in ["170940476492561754793", "1.7094047649256175e20"] {
        let item = linked.replace("\"user_id\":1", &format!("\"user_id\":{id}"));
        check("portal", item, false, &[(Code::InexactNumber, "/user_id")]);
    }
}

#[test]
fn a_zone_that_is_right_is_told_to_be_nothing_else() {
    let differs = [(Code::MrzDiffers, "/person/surname")];
    let with_zone = |surname: &str, first: &str| {
        let item = with(&application(), "/person/surname", json!(surname));
        let item = with(
            &with(&item, "/person/given_names", json!("ANNA")),
            "/person/birth_date",
            json!("1991-02-03"),
        );
        let lines = [format!("{first:<<44}"), "AB12345671MAR9102033F3001019<<<<<<<<<<<<<<<8".to_owned()];
        let document = json!({"type": "P", "number": "AB1234567", "issuing_state": "MAR", "mrz": lines});
        with(&item, "/travel_document", document).to_string()
    };
    for (surname, first, expect) in [
        ("Muñoztest", "P<MARMUNXXOZTEST<<ANNA", [].as_slice()),
        ("Muñoztest", "P<MARMUNOZTEST<<ANNA", &[]),
        ("A\u{308}stest", "P<MARAESTEST<<ANNA", &[]),
        ("Ästest", "P<MARASTEST<<ANNA", &[]),
        ("Müllertest", "P<MARMUXXLLERTEST<<ANNA", &[]),
        ("Muñoztest", "P<MARMURXXOZTEST<<ANNA", &differs),
    ] {
        let taken = check("visa", with_zone(surname, first), true, expect).unwrap();
        let Said::Record(record) = taken.said() else { panic!("no record") };
        // One name, unless the zone has another one.
        assert_eq!(record.names.len(), 1 + expect.len(), "{surname} {first}");
    }
    let name = |surname: &str| {
        let taken =
            check("visa", with(&application(), "/person/surname", json!(surname)).to_string(), true, &[]);
        facts(&taken.unwrap()).into_iter().find(|fact| matches!(fact, Statement::Names(_)))
    };
    assert_eq!(name("Përmeti"), name("Pe\u{308}rmeti"));
}

#[test]
fn a_row_comes_as_spreadsheets_write_it() {
    let plain = check("permit", format!("{HEADER}\n{ROW}\n"), true, &[]).unwrap();
    let empty = ";".repeat(28);
    for text in [
        format!("sep=;\r\n{HEADER}\r\n{ROW}\r\n"),
        format!("{HEADER}\n{ROW}\n{empty}\n{empty}\n"),
        format!("{HEADER};\n{ROW};\n"),
        format!("{HEADER}\n{}\n", ROW.replace("Testova", " Testova ")),
        format!("{}\n{}\n", HEADER.replace(';', ","), ROW.replace(';', ",")),
        format!("{}\n{}\n", HEADER.replace(';', "\t"), ROW.replace(';', "\t")),
    ] {
        assert_eq!(check("permit", text, true, &[]), Some(plain.clone()));
    }
    let broken = format!("{HEADER}\n{}\n", ROW.replace("Lasser", "\"Lasser\nmet ervaring\""));
    check("permit", broken, true, &[]);
    let row = |from: &str, to: &str| format!("{HEADER}\n{}\n", ROW.replacen(from, to, 1));
    for (from, to, taken, code, at) in [
        ("FT123456", "1,23457E+11", false, Code::InvalidReference, "/passport_number"),
        (";UKR;;;", ";UKR;2670800207;;", false, Code::InvalidInsz, "/insz"),
        (";UKR;;;", ";UKR;9,06614E+10;;", false, Code::InvalidInsz, "/insz"),
        (";UKR;;;", ";UKR;'90661400287;;", false, Code::InvalidInsz, "/insz"),
        ("2026-02-01", "46054", false, Code::InvalidDate, "/event_date"),
        ("2026-02-01", "1/2/2026", false, Code::InvalidDate, "/event_date"),
        ("2026-02-01", "2026-02-01 00:00:00", false, Code::InvalidDate, "/event_date"),
        ("1990-06-14", "33038", true, Code::BirthUnreadable, "/birth_date"),
        ("1990-06-14", "06/14/1990", true, Code::BirthUnreadable, "/birth_date"),
        (";12025;", ";1202;", true, Code::Ignored, "/intended_nis"),
    ] {
        check("permit", row(from, to), taken, &[(code, at)]);
    }
    for charset in ["windows-1252", "utf-16"] {
        let text = row("Testova", "Müller");
        let bytes: Vec<u8> = match charset {
            "utf-16" => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
        };
        let taken = check("permit", bytes, true, &[]).unwrap();
        assert_eq!(taken.item()["family_name"], "Müller", "{charset}");
    }
}

#[test]
fn a_mark_in_front_changes_nothing_at_any_door() {
    let hint =
        json!({"schema": "municipality-hint/1", "message_id": "trial-h1", "at": "2026-09-02T10:00:00Z",
        "insz": "91651700211", "family_name": "Testaoui", "given_names": "Salma", "birth_date": "1991-05-17"})
        .to_string();
    let columns: serde_json::Map<String, Value> = HEADER
        .split(';')
        .zip(ROW.split(';'))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    for (source, text) in [
        ("visa", application().to_string()),
        ("register", hint),
        ("permit", Value::Object(columns).to_string()),
        ("xapi", statement().to_string()),
    ] {
        for text in [
            text.clone(),
            format!("\u{feff}{text}"),
            format!("\u{feff}[{text}]"),
            format!("\u{feff}\n{text}\n"),
        ] {
            check(source, text, true, &[]);
        }
    }
}
