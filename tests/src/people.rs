//! Invented people in any number, as their sources would write them: for the benchmark and the proofs.
//!
//! Every person has their own names, numbers and dates; national numbers are test numbers (month 61).
//! Refuses real people and the story's.

use serde_json::{Value, json};

/// What the sources send about the `n`th person: lines for the visa door, in their order.
#[must_use]
pub fn visa_lines(n: usize) -> Vec<Value> {
    let letters = letters(n);
    let (family, given) = (family_name(n), format!("{letters}amina"));
    let birth = format!("19{:02}-{:02}-{:02}", 60 + n % 40, 2 + n % 11, 2 + n % 27);
    // An application's number has six digits at most and is unique only at its post.
    let post = ["CAS", "DEL", "IST", "MOW", "NYC", "PEK", "SAO", "TIA"][n / 900_000 % 8];
    let number = (n % 900_000 + 1).to_string();
    let dvz = (8_000_000 + n).to_string();
    let at = |day: usize| format!("2025-0{day}-10T09:00:00Z");
    let place = json!({ "code": post, "consulate": "0101", "name": "Casablanca", "country": "MAR" });
    let id = |what: &str| format!("{what}-{n}");
    vec![
        json!({
            "schema": "post-visa-d/1", "message_id": id("application"), "type": "application", "post": place,
            "sequence": 3 * n + 1, "sent_at": at(1),
            "application": {
                "number": number, "form_number": null, "provider_reference": null, "filed_on": "2025-01-09",
                "filed_at": "Casablanca", "visa_type": "D", "purpose": "family_reunification", "ground": "10",
                "single_permit_reference": null,
                "destination": {"member_state": "BEL", "municipality": "Gent", "postal_code": "9000", "street": null},
                "intended_entry": "2025-06-01"
            },
            "person": {
                "surname": family, "given_names": given, "native_name": null, "birth_date": birth, "sex": "F",
                "birth_place": null, "birth_country": "MAR", "nationality": "MAR", "other_nationalities": [],
                "nationality_at_birth": null, "email": format!("{letters}@mail.example"), "phone": null,
                "contact_language": "ar"
            },
            "travel_document": {
                "type": "P", "number": format!("X{:07}", n + 1), "issuing_state": "MAR", "issued_on": "2022-01-01",
                "expires_on": "2032-01-01", "authority": null, "mrz": null
            },
            "sponsor": null
        }),
        json!({
            "schema": "post-visa-d/1", "message_id": id("pending"), "type": "status", "post": place,
            "sequence": 3 * n + 2, "sent_at": at(2), "application": {"number": number},
            "status": {"code": "in_behandeling", "date": "2025-02-09", "decided_by": "post"}
        }),
        json!({
            "schema": "dvz-voortraject/1", "message_id": id("opened"), "type": "dossier_opened", "sent_at": at(3),
            "dvz_number": dvz, "post": post, "application_number": number,
            "person": {"family_name": family, "given_names": given, "birth_date": birth, "sex": "F", "nationality": "MAR"}
        }),
        json!({
            "schema": "post-visa-d/1", "message_id": id("granted"), "type": "status", "post": place,
            "sequence": 3 * n + 3, "sent_at": at(4), "application": {"number": number},
            "status": {"code": "aanvaarding", "date": "2025-04-09", "decided_by": "post", "dvz_number": dvz}
        }),
        json!({
            "schema": "dvz-voortraject/1", "message_id": id("number"), "type": "insz_assigned", "sent_at": at(5),
            "dvz_number": dvz, "post": post, "application_number": number, "insz": test_number(n),
            "person": {"family_name": family, "given_names": given, "birth_date": birth, "sex": "F", "nationality": "MAR"}
        }),
    ]
}

/// The same, of people whose names begin alike and whose birth dates are few: each is compared with many.
#[must_use]
pub fn alike_lines(n: usize) -> Vec<Value> {
    let letters = letters(n);
    let birth = format!("19{:02}-{:02}-{:02}", 60 + n % 35, 2 + n % 7, 11 + n % 9);
    let mut lines = visa_lines(n);
    for person in lines.iter_mut().filter_map(|line| line.get_mut("person")) {
        let family = if person["surname"].is_string() { "surname" } else { "family_name" };
        person[family] = format!("Benali{letters}").into();
        person["given_names"] = format!("Amina{letters}").into();
        person["birth_date"] = birth.clone().into();
    }
    lines
}

/// The `i`th further message about the `n`th person's application: it is still being looked at.
#[must_use]
pub fn visa_status(n: usize, i: usize) -> Value {
    let mut line = visa_lines(n).swap_remove(1);
    line["message_id"] = json!(format!("pending-{n}-{i}"));
    line["sequence"] = json!(1_000_000_000 + i);
    line
}

/// What the register answers about the `n`th person on a day: a home in this municipality since then.
#[must_use]
pub fn register_answer(n: usize, nis: &str, since: &str) -> String {
    let lines = visa_lines(n);
    let told = |field: &str| lines[0]["person"][field].as_str().unwrap_or_default().to_owned();
    include_str!("GeefPersoon.xml")
        .replace("{reference}", &format!("{n}-{since}"))
        .replace("{insz}", &test_number(n))
        .replace("{family}", &told("surname"))
        .replace("{given}", &told("given_names"))
        .replace("{birth}", &told("birth_date"))
        .replace("{nis}", nis)
        .replace("{since}", since)
}

/// What the portal sends about the `n`th person: their account, and the account they learn with.
#[must_use]
pub fn portal_lines(n: usize) -> Vec<Value> {
    let application = visa_lines(n).swap_remove(0);
    let account = format!("va-{n:08}");
    let event = |what: &str, at: &str| {
        json!({
            "schema": "portal/1", "message_id": format!("{what}-{n}"), "type": what, "at": at, "account": account,
        })
    };
    let mut created = event("account_created", "2025-01-12T09:00:00Z");
    let (person, own) = (&application["person"], &mut created);
    for (name, value) in [
        ("family_name", person["surname"].clone()),
        ("given_names", person["given_names"].clone()),
        ("birth_date", person["birth_date"].clone()),
        ("language", person["contact_language"].clone()),
        ("name", json!(null)),
        ("email", json!(null)),
        ("phone", json!(null)),
    ] {
        own[name] = value;
    }
    own["claims"] = json!({
        "post": application["post"]["code"], "application_number": application["application"]["number"],
        "single_permit_dossier": null, "passport_number": null
    });
    let mut linked = event("lms_linked", "2025-01-13T09:00:00Z");
    for (name, value) in [("lms", "xapi"), ("home_page", PLATFORM), ("name", &learner(n))] {
        linked[name] = json!(value);
    }
    vec![created, linked]
}

const PLATFORM: &str = "https://leren.voortraject.example/";

fn learner(n: usize) -> String {
    format!("learner-{n:08}")
}

/// The `i`th learning statement about the `n`th person: sessions of one module after the other, most of them
/// without success.
#[must_use]
pub fn statement(n: usize, i: usize) -> Value {
    let (verb, result) = match i % 10 {
        9 => ("passed", json!({ "success": true, "score": { "scaled": 0.8 }, "duration": "PT30M" })),
        4 | 7 => ("failed", json!({ "success": false, "score": { "scaled": 0.3 }, "duration": "PT30M" })),
        3 | 6 => ("terminated", json!({ "duration": "PT31M" })),
        0 | 5 => ("launched", Value::Null),
        _ => ("initialized", Value::Null),
    };
    let module = ["B1", "B2", "B3", "L1", "L2", "F1", "F2", "F3", "F4", "D1"][i / 10 % 10];
    let at = format!(
        "2025-0{}-{:02}T{:02}:{:02}:00Z",
        2 + i / 20_000 % 7,
        1 + i / 1_000 % 27,
        i / 60 % 16,
        i % 60
    );
    let mut statement = json!({
        "id": format!("{n:08x}-0000-4000-8000-{i:012x}"),
        "actor": { "objectType": "Agent", "account": { "homePage": PLATFORM, "name": learner(n) } },
        "verb": { "id": format!("http://adlnet.gov/expapi/verbs/{verb}") },
        "object": { "objectType": "Activity", "id": format!("{PLATFORM}cursus/voortraject/au/{module}") },
        "context": { "contextActivities": { "category": [{ "id": "https://w3id.org/xapi/cmi5/context/categories/cmi5" }] } },
        "timestamp": at,
    });
    if !result.is_null() {
        statement["result"] = result;
    }
    statement
}

/// The family name of the `n`th person: names begin in as many ways as those of real people.
#[must_use]
pub fn family_name(n: usize) -> String {
    format!("{}benali", letters(n))
}

/// A number in letters, for names: digits are no part of one.
fn letters(n: usize) -> String {
    n.to_string().bytes().rev().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// The `n`th test number: born in a year of its own thousand, month 61, check digits right.
#[must_use]
pub fn test_number(n: usize) -> String {
    let (year, day, serial) = (60 + n / 27_000 % 40, 1 + n / 990 % 27, 1 + n % 990);
    let first9 = (year * 10_000 + 6_100 + day) * 1_000 + serial;
    format!("{first9:09}{:02}", 97 - first9 % 97)
}
