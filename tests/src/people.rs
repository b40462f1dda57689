//! Invented people in any number, as their sources would write them: for the benchmark and the proofs.
//!
//! Every person has his own names, numbers and dates; national numbers are test numbers (month 61).
//! Refuses real people and the story's.

use serde_json::{Value, json};

/// What the sources send about the `n`th person: lines for the visa door, in their order.
#[must_use]
pub fn visa_lines(n: usize) -> Vec<Value> {
    let letters = letters(n);
    let (family, given) = (family_name(n), format!("Amina{letters}"));
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

/// What the portal sends about the `n`th person: an account, a learning account linked to it, a learning path.
#[must_use]
pub fn portal_lines(n: usize) -> Vec<Value> {
    let lines = visa_lines(n);
    let (person, account) = (&lines[0]["person"], format!("va-{n:08x}"));
    let event = |kind: &str, day: usize| {
        json!({
            "schema": "portal/1", "message_id": format!("portal-{n}-{kind}"), "type": kind,
            "at": format!("2025-03-{day:02}T09:00:00Z"), "account": account
        })
    };
    let with = |mut event: Value, more: Value| {
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        event
    };
    let name = format!("{} {}", person["given_names"], person["surname"]).replace('"', "");
    vec![
        with(
            event("account_created", 1),
            json!({
                "name": name, "family_name": person["surname"], "given_names": person["given_names"],
                "birth_date": person["birth_date"], "email": person["email"], "phone": null, "language": "fr",
                "claims": {
                    "post": lines[0]["post"]["code"], "application_number": lines[0]["application"]["number"],
                    "single_permit_dossier": null, "passport_number": lines[0]["travel_document"]["number"]
                }
            }),
        ),
        with(
            event("lms_linked", 2),
            json!({"lms": "xapi", "home_page": PLATFORM, "name": format!("learner-{n}")}),
        ),
        with(event("learning_path_set", 3), json!({"modules": ["B1", "B2"], "set_by": "trajectbegeleider"})),
    ]
}

/// The learning platform.
const PLATFORM: &str = "https://leren.voortraject.example/";

/// What the learning platform states about an account: a module begun and passed, and the latter made void.
#[must_use]
pub fn learning_lines(account: &str, n: usize) -> Vec<Value> {
    let id = |step: usize| format!("00000000-0000-4000-8000-{n:06}{step:06}");
    let statement = |step: usize, verb: &str, actor: &str, object: Value| {
        json!({
            "id": id(step), "actor": {"account": {"homePage": PLATFORM, "name": actor}},
            "verb": {"id": format!("http://adlnet.gov/expapi/verbs/{verb}")}, "object": object,
            "context": {"contextActivities": {"category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]}},
            "timestamp": format!("2025-03-1{step}T09:00:00Z")
        })
    };
    let module = json!({"objectType": "Activity", "id": format!("{PLATFORM}cursus/voortraject/au/B1")});
    vec![
        statement(0, "launched", account, module.clone()),
        statement(1, "passed", account, module),
        statement(2, "voided", "lms", json!({"objectType": "StatementRef", "id": id(1)})),
    ]
}

/// The family name of the `n`th person.
#[must_use]
pub fn family_name(n: usize) -> String {
    format!("Benali{}", letters(n))
}

/// A number in letters, for names: digits are no part of one.
fn letters(n: usize) -> String {
    n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// The `n`th test number: born in a year of its own thousand, month 61, check digits right.
#[must_use]
pub fn test_number(n: usize) -> String {
    let (year, day, serial) = (60 + n / 27_000 % 40, 1 + n / 990 % 27, 1 + n % 990);
    let first9 = (year * 10_000 + 6_100 + day) * 1_000 + serial;
    format!("{first9:09}{:02}", 97 - first9 % 97)
}
