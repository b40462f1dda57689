//! What the doors are sent about canaries: posts and the aliens office, permits, hints, the portal, the platform.
//!
//! Every field that holds something of a person holds a canary, also where it is stripped. The register's documents
//! stand in [`super::register`]; which field is left out, and why, in `tests/leaks.rs`.

use serde_json::{Value, json};

use super::Canaries;
use crate::people::visa_lines;

/// The columns of the permits' file.
pub(super) const COLUMNS: &str = "record_type;event;event_date;dossier_number;region;application_date;category;annex;permit_from;\
     permit_to;employer_kbo;establishment_number;nace;function_title;isco08;family_name;given_names;birth_date;sex;\
     nationality;passport_number;passport_country;insz;email;relation;worker_dossier;intended_postal_code;\
     intended_nis;visa_post\n";

impl Canaries {
    pub(super) fn visa(&mut self, n: usize) -> Value {
        let mut line = visa_lines(n).swap_remove(0);
        line["message_id"] = self.word("message", n).into();
        for field in ["surname", "given_names", "native_name", "birth_place"] {
            line["person"][field] = self.word(field, n).into();
        }
        line["person"]["birth_date"] = self.birth(n).into();
        line["person"]["email"] = self.mail("mail", n).into();
        line["person"]["phone"] = self.phone(n).into();
        line["travel_document"]["authority"] = self.word("authority", n).into();
        line["travel_document"]["expires_on"] = self.until(n).into();
        line["travel_document"]["number"] = self.passport(n).into();
        if n % 10 == 3 {
            let first =
                self.keep("machine readable zone", format!("P<MARZQ{n}KANARIE<<ZONE<<<<<<<<<<<<<<<<<<<<<<<"));
            line["travel_document"]["mrz"] =
                json!([first, format!("{}<0MAR7204156F3901018", self.passport(n))]);
        }
        for field in ["filed_at", "form_number", "provider_reference"] {
            line["application"][field] = self.word(field, n).into();
        }
        line["application"]["single_permit_reference"] = self.permit_number(700_000 + n).into();
        line["application"]["destination"]["street"] = self.word("street", n).into();
        let sponsor = self.word("sponsor", n);
        line["sponsor"] = json!({ "relationship": "spouse", "family_name": sponsor, "municipality": "Gent" });
        line["visa"] = json!({ "number": self.word("visa", n), "until": self.until(n) });
        if n.is_multiple_of(10) {
            // Refused: a day that does not exist, and a field nobody knows.
            line["person"]["birth_date"] = "1972-02-31".into();
            line["person"][self.name(n)] = self.word("value", n).into();
        }
        line
    }

    /// Somebody of the same name and date with another document: a question for a human.
    pub(super) fn twin(&mut self, of: &Value) -> Value {
        let mut twin = of.clone();
        twin["message_id"] = self.word("twin", 0).into();
        twin["sequence"] = 900_000.into();
        twin["application"]["number"] = "899999".into();
        twin["application"]["single_permit_reference"] = Value::Null;
        twin["travel_document"]["number"] = self.passport(99_999).into();
        twin
    }

    /// What a post says later: a status with its reason, a name that was wrong.
    pub(super) fn more(&mut self, n: usize) -> Vec<Value> {
        let mut status = visa_lines(n).swap_remove(1);
        status["message_id"] = self.word("status", n).into();
        status["status"]["reason"] = self.word("reason", n).into();
        status["status"]["dvz_number"] = self.dvz_number(n).into();
        let mut correction = status.clone();
        correction["message_id"] = self.word("correction", n).into();
        correction["type"] = "correction".into();
        correction["sequence"] = (500_000 + n).into();
        correction.as_object_mut().map(|fields| fields.remove("status"));
        let (old, new) = (self.word("surname", n), self.word("corrected", n));
        correction["correction"] = json!({ "field": "person.surname", "old": old, "new": new });
        vec![status, correction]
    }

    /// What the aliens office says.
    pub(super) fn dvz(&mut self, n: usize) -> Vec<Value> {
        let (lines, number) = (visa_lines(n), self.dvz_number(n));
        let mut opened = lines[2].clone();
        opened["dvz_number"] = number.into();
        opened["person"]["family_name"] = self.word("surname", n).into();
        opened["person"]["given_names"] = self.word("given_names", n).into();
        opened["person"]["birth_date"] = self.birth(n).into();
        let mut decision = opened.clone();
        decision["type"] = "decision".into();
        decision["decision"] = json!({ "outcome": "aanvaarding", "date": "2025-04-09", "ground": "10", "reason": self.word("motive", n) });
        let mut assigned = opened.clone();
        assigned["type"] = "insz_assigned".into();
        assigned["insz"] = self.insz(n).into();
        let mut all = vec![opened, decision, assigned];
        for (line, what) in all.iter_mut().zip(["opened", "decided", "assigned"]) {
            line["message_id"] = self.word(what, n).into();
        }
        all
    }

    pub(super) fn worker(&mut self, n: usize) -> String {
        let dossier = self.permit_number(n);
        let (family, given) = (self.word("worker", n), self.word("given", n));
        let (mail, title) = (self.mail("work", n), self.word("title", n));
        let (birth, until) = (self.birth(150 + n), self.until(150 + n));
        let (passport, insz) = (self.passport(10_000 + n), self.insz(300 + n));
        let decided = if n.is_multiple_of(10) { "2025-02-31" } else { "2025-04-01" };
        // Stripped, and looked at once: a finding says that it is no number.
        let employer = if n % 3 == 1 { self.word("employer", n) } else { "0403019261".to_owned() };
        format!(
            "worker;beslissing;{decided};{dossier};VL;2025-02-01;knelpunt;46;2025-05-01;{until};{employer};\
             2000000001;62010;{title};2512;{family};{given};{birth};M;VNM;{passport};VNM;{insz};\
             {mail};;;2800;12025;BKK\n"
        )
    }

    /// The row of somebody of a worker's family.
    pub(super) fn family(&mut self, n: usize) -> String {
        let (own, worker) = (self.permit_number(800_000 + n), self.permit_number(n));
        let (family, given, mail) = (self.word("kin", n), self.word("kingiven", n), self.mail("kinmail", n));
        let (birth, passport, insz) = (self.birth(250 + n), self.passport(30_000 + n), self.insz(600 + n));
        format!(
            "family;aanvraag;2025-04-02;{own};VL;2025-04-02;;;;;;;;;;{family};{given};{birth};F;VNM;{passport};VNM;\
             {insz};{mail};partner;{worker};2800;12025;BKK\n"
        )
    }

    pub(super) fn hint(&mut self, n: usize) -> Value {
        let insz = if n.is_multiple_of(10) { "60610100100".to_owned() } else { self.insz(n) };
        json!({
            "schema": "municipality-hint/1", "message_id": self.uuid(1, n), "at": "2025-06-10T10:00:00Z",
            "municipality_nis": "44021", "insz": insz, "family_name": self.word("surname", n),
            "given_names": self.word("given_names", n), "birth_date": self.birth(n), "nationality_nis": "251",
            "passport_number": self.passport(n), "dvz_number": self.dvz_number(n)
        })
    }

    /// What an office says of somebody who chose it.
    pub(super) fn chosen(&mut self, n: usize) -> Value {
        let insz = if n.is_multiple_of(10) { "60610100100".to_owned() } else { self.insz(n) };
        json!({
            "schema": "tracking/1", "message_id": self.uuid(12, n), "at": "2025-06-11T10:00:00Z",
            "chosen_at": "2025-06-11T09:00:00Z", "insz": insz, "language": "nl",
            "registered_by": self.word("clerk", n), "notes": self.word("notes", n)
        })
    }

    /// What the portal says of an account.
    pub(super) fn events(&mut self, n: usize) -> Vec<Value> {
        let account = self.account(n);
        let event = |kind: &str, id: String, minute: usize| {
            json!({
                "schema": "portal/1", "message_id": id, "type": kind, "at": format!("2025-03-01T23:{minute:02}:00Z"),
                "account": account
            })
        };
        let mut created = event("account_created", self.uuid(4, n), 1);
        let claims = json!({
            "post": "CAS", "application_number": null, "passport_number": self.passport(n),
            "single_permit_dossier": self.permit_number(n),
        });
        for (name, value) in [
            ("name", self.word("display", n).into()),
            ("family_name", self.word("surname", n).into()),
            ("given_names", self.word("given_names", n).into()),
            ("birth_date", self.birth(n).into()),
            ("email", self.mail("portalmail", n).into()),
            ("phone", self.phone(5_000 + n).into()),
            ("language", "fr".into()),
            ("claims", claims),
        ] {
            created[name] = value;
        }
        if n.is_multiple_of(10) {
            created[self.name(n)] = self.word("claimed", n).into();
        }
        let mut linked = event("lms_linked", self.uuid(5, n), 6);
        linked["lms"] = "xapi".into();
        linked["home_page"] = "https://leren.voortraject.example/".into();
        linked["name"] = self.uuid(3, n).into();
        let mut path = event("learning_path_set", self.uuid(9, n), 7);
        path["modules"] = json!(["B1", "B2"]);
        path["set_by"] = self.word("coach", n).into();
        path["digital_skills"] = self.word("skills", n).into();
        let mut talk = event("intake_talk", self.uuid(11, n), 7);
        talk["needs"] = json!(["device"]);
        talk["set_by"] = self.word("interviewer", n).into();
        talk["notes"] = self.word("notes", n).into();
        let mut classroom = event("lms_linked", self.uuid(10, n), 8);
        classroom["lms"] = "classroom".into();
        classroom["user_id"] = self.word("user", n).into();
        vec![created, linked, path, talk, classroom]
    }

    pub(super) fn statement(&mut self, n: usize) -> Value {
        let course = "https://leren.voortraject.example/cursus/voortraject";
        let hashed = self.keep("hashed mail", format!("5eedcafe{n:032x}"));
        let openid = format!("https://openid.example/{}", self.word("openid", n));
        let team = json!({
            "objectType": "Group", "member": [{ "mbox_sha1sum": hashed }, { "openid": openid, "name": self.word("mate", n) }]
        });
        let mut statement = json!({
            "id": self.uuid(6, n),
            "actor": {
                "objectType": "Agent", "name": self.word("learner", n),
                "account": { "homePage": "https://leren.voortraject.example/", "name": self.uuid(3, n) }
            },
            "verb": { "id": "http://adlnet.gov/expapi/verbs/passed" },
            "object": { "objectType": "Activity", "id": format!("{course}/au/B1") },
            "context": {
                "registration": self.uuid(7, n),
                "instructor": { "name": self.word("teacher", n), "mbox": format!("mailto:{}", self.mail("teach", n)) },
                "team": team,
                "contextActivities": {
                    "grouping": [{ "objectType": "Activity", "id": format!("{course}/uitgave/1") }],
                    "category": [
                        { "objectType": "Activity", "id": "https://w3id.org/xapi/cmi5/context/categories/cmi5" },
                        { "objectType": "Activity", "id": "https://w3id.org/xapi/cmi5/context/categories/moveon" }
                    ]
                },
                "extensions": { "https://w3id.org/xapi/cmi5/context/extensions/sessionid": self.uuid(8, n) }
            },
            "result": { "success": true, "duration": "PT17M", "response": self.word("response", n) },
            "timestamp": "2025-04-11T19:25:00.000Z", "stored": "2025-04-11T19:25:02.000Z",
            "authority": { "name": self.word("store", n), "mbox": format!("mailto:{}", self.mail("storemail", n)) }
        });
        if n.is_multiple_of(10) {
            statement["actor"] = json!({ "mbox": format!("mailto:{}", self.mail("actor", n)) });
        }
        statement
    }
}
