//! Canaries: people whose every personal value can be found again wherever it comes to lie in clear.
//!
//! Owns what the sources send about them, through every door that takes persons, and the search. Refuses values
//! that could stand anywhere by chance: each carries a mark. Next: `tests/leaks.rs`, where it is searched.

use std::path::Path;

use memchr::memmem;
use serde_json::{Value, json};

use crate::people::{test_number, visa_lines};

/// What every canary holds: bytes without one of them need no closer look.
const MARKS: [&[u8]; 8] = [
    b"Kanarie",
    b"kanarie",
    b"ZQ9KAN",
    b"+3290000",
    b"GV-2039-",
    b"5eedcafe",
    &[0x5e, 0xed, 0xca, 0xfe],
    b"606101",
];

/// One body for one door.
#[derive(Debug)]
pub struct Planted {
    /// The source.
    pub source: &'static str,
    /// Who sends it.
    pub sender: &'static str,
    /// Its form.
    pub kind: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// How many items of it are damaged, so that refusals are stored as well.
    pub damaged: usize,
}

/// Everything that is sent, and every value that must not be found.
#[derive(Debug, Default)]
pub struct Canaries {
    /// What is sent, in order.
    pub bodies: Vec<Planted>,
    /// The values.
    pub values: Vec<Vec<u8>>,
    /// Names of fields that nobody knows: a finding names them, to their own sender only.
    pub names: Vec<Vec<u8>>,
}

impl Canaries {
    /// The same through every door, for `count` persons; each tenth item is damaged.
    ///
    /// # Errors
    /// Where the story's answer of the register, on which theirs are made, cannot be read.
    pub fn plant(count: usize) -> std::io::Result<Self> {
        let mut all = Self::default();
        let damaged = count.div_ceil(10);
        let lines = |lines: Vec<Value>| {
            lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes()
        };
        let ndjson = "application/x-ndjson";
        let mut visa: Vec<Value> = (0..count).map(|n| all.visa(n)).collect();
        visa.push(all.twin(&visa[1]));
        all.body("visa", "post-cas", ndjson, lines(visa), damaged);
        let permits: Vec<String> = (0..count).map(|n| all.permit(n)).collect();
        all.body("permit", "wewis", "text/csv", [COLUMNS, &permits.concat()].concat().into_bytes(), damaged);
        let hints = (0..count).map(|n| all.hint(n)).collect();
        all.body("register", "magda", ndjson, lines(hints), damaged);
        let folder = crate::story::folder().join("register/GeefPersoon");
        let answer = std::fs::read_to_string(folder.join("97622583711_20241216_arrival.xml"))?;
        for n in 0..5 {
            let body = all.person(n, &answer).into_bytes();
            all.body("register", "magda", "application/xml", body, 0);
        }
        let events = (0..count).flat_map(|n| all.events(n)).collect();
        all.body("portal", "portal", ndjson, lines(events), damaged);
        let statements = (0..count).map(|n| all.statement(n)).collect();
        all.body("xapi", "lms", ndjson, lines(statements), damaged);
        Ok(all)
    }

    /// The first canary in these bytes.
    #[must_use]
    pub fn found(&self, bytes: &[u8]) -> Option<String> {
        first(&self.values, bytes).or_else(|| first(&self.names, bytes))
    }

    /// The first in an answer to the one who sent them.
    #[must_use]
    pub fn answered(&self, bytes: &[u8]) -> Option<String> {
        first(&self.values, bytes)
    }

    /// Searches every file of a folder: how many were read, and the first that holds one.
    ///
    /// # Errors
    /// Where the folder cannot be read; a file that goes meanwhile is passed over.
    pub fn search(&self, folder: &Path) -> std::io::Result<(usize, Option<String>)> {
        let mut files = 0;
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                let (read, found) = self.search(&path)?;
                files += read;
                if found.is_some() {
                    return Ok((files, found));
                }
            } else if let Ok(bytes) = std::fs::read(&path) {
                files += 1;
                if let Some(canary) = self.found(&bytes) {
                    return Ok((files, Some(format!("{canary} in {}", path.display()))));
                }
            }
        }
        Ok((files, None))
    }

    fn body(
        &mut self,
        source: &'static str,
        sender: &'static str,
        kind: &'static str,
        body: Vec<u8>,
        damaged: usize,
    ) {
        self.bodies.push(Planted { source, sender, kind, body, damaged });
    }

    /// The name of a field that no form has.
    fn name(&mut self, n: usize) -> String {
        let name = format!("zqnamekanarie{n}x");
        self.names.push(name.clone().into_bytes());
        name
    }

    fn keep(&mut self, text: String) -> String {
        self.values.push(text.clone().into_bytes());
        text
    }

    /// A word of this person's own.
    fn word(&mut self, what: &str, n: usize) -> String {
        let own = char::from(b'a' + u8::try_from(n % 26).unwrap_or_default()).to_string().repeat(1 + n / 26);
        self.keep(format!("Zq{what}Kanarie{own}"))
    }

    /// A UUID, of which neither the text nor the bytes may be found.
    fn uuid(&mut self, what: u16, n: usize) -> String {
        let text = format!("5eedcafe-{what:04x}-4000-8000-{n:012x}");
        self.values.extend(hex::decode(text.replace('-', "")));
        self.keep(text)
    }

    fn passport(&mut self, n: usize) -> String {
        self.keep(format!("ZQ9KAN{n:05}"))
    }

    fn insz(&mut self, n: usize) -> String {
        self.keep(test_number(n))
    }

    fn visa(&mut self, n: usize) -> Value {
        let mut line = visa_lines(n).swap_remove(0);
        line["message_id"] = self.word("message", n).into();
        for field in ["surname", "given_names", "native_name", "birth_place"] {
            line["person"][field] = self.word(field, n).into();
        }
        line["person"]["email"] = format!("{}@mail.example", self.word("mail", n)).into();
        line["person"]["phone"] = self.keep(format!("+32{}", 900_000_000 + n)).into();
        line["travel_document"]["authority"] = self.word("authority", n).into();
        line["application"]["filed_at"] = self.word("filed", n).into();
        line["application"]["destination"]["street"] = self.word("street", n).into();
        let sponsor = self.word("sponsor", n);
        line["sponsor"] = json!({ "relationship": "spouse", "family_name": sponsor, "municipality": "Gent" });
        line["travel_document"]["number"] = self.passport(n).into();
        if n.is_multiple_of(10) {
            // Refused: a day that does not exist, and a field nobody knows.
            line["person"]["birth_date"] = "1990-02-31".into();
            line["person"][self.name(n)] = self.word("value", n).into();
        }
        line
    }

    /// Somebody of the same name and date with another document: a question for a human.
    fn twin(&mut self, of: &Value) -> Value {
        let mut twin = of.clone();
        twin["message_id"] = self.word("twin", 0).into();
        twin["sequence"] = 900_000.into();
        twin["application"]["number"] = "899999".into();
        twin["travel_document"]["number"] = self.passport(99_999).into();
        twin
    }

    fn permit(&mut self, n: usize) -> String {
        let dossier = self.keep(format!("GV-2039-{n:06}"));
        let (family, given) = (self.word("worker", n), self.word("given", n));
        let (mail, title) = (self.word("work", n), self.word("title", n));
        let (passport, insz) = (self.passport(10_000 + n), self.insz(300 + n));
        let decided = if n.is_multiple_of(10) { "2025-02-31" } else { "2025-04-01" };
        format!(
            "worker;beslissing;{decided};{dossier};VL;2025-02-01;knelpunt;46;2025-05-01;2027-04-30;0403019261;\
             2000000001;62010;{title};2512;{family};{given};1990-06-14;M;VNM;{passport};VNM;{insz};\
             {mail}@mail.example;;;2800;12025;BKK\n"
        )
    }

    fn hint(&mut self, n: usize) -> Value {
        let insz = if n.is_multiple_of(10) { "60610100100".to_owned() } else { self.insz(n) };
        json!({
            "schema": "municipality-hint/1", "message_id": self.uuid(1, n), "at": "2025-06-10T10:00:00Z",
            "municipality_nis": "44021", "insz": insz, "family_name": self.word("surname", n),
            "given_names": self.word("given_names", n), "birth_date": "1990-04-15", "nationality_nis": "251",
            "passport_number": self.passport(n), "dvz_number": null
        })
    }

    /// The register's answer about somebody of whom a hint came.
    fn person(&mut self, n: usize, answer: &str) -> String {
        let insz = self.insz(n + 1);
        [
            ("97622583711", insz),
            ("Krishnamurthy", self.word("official", n)),
            ("Ravi Kumar", self.word("first", n)),
            ("Hyderabad", self.word("born", n)),
            ("Zavelstraat", self.word("street", 500 + n)),
            ("B287872870", self.passport(20_000 + n)),
            ("b75379a4-48f7-4b1e-b146-96bb2600e2df", self.uuid(2, n)),
        ]
        .iter()
        .fold(answer.to_owned(), |text, (own, canary)| text.replace(own, canary))
    }

    fn events(&mut self, n: usize) -> Vec<Value> {
        let account = self.keep(format!("va-5eedcafe{n:04}"));
        let birth = "1990-04-15";
        let learner = self.uuid(3, n);
        let mut created = json!({
            "schema": "portal/1", "message_id": self.uuid(4, n), "type": "account_created",
            "at": "2025-03-01T23:01:00Z", "account": account, "name": self.word("display", n),
            "family_name": self.word("surname", n), "given_names": self.word("given_names", n), "birth_date": birth,
            "email": format!("{}@mail.example", self.word("portalmail", n)),
            "phone": self.keep(format!("+32{}", 900_005_000 + n)), "language": "fr",
            "claims": {
                "post": "CAS", "application_number": null, "passport_number": self.passport(n),
                "single_permit_dossier": self.keep(format!("GV-2039-{n:06}")),
            }
        });
        if n.is_multiple_of(10) {
            created[self.name(n)] = self.word("claimed", n).into();
        }
        let linked = json!({
            "schema": "portal/1", "message_id": self.uuid(5, n), "type": "lms_linked", "at": "2025-03-01T23:06:00Z",
            "account": account, "lms": "xapi", "home_page": "https://leren.voortraject.example/", "name": learner
        });
        vec![created, linked]
    }

    fn statement(&mut self, n: usize) -> Value {
        let course = "https://leren.voortraject.example/cursus/voortraject";
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
                "contextActivities": {
                    "grouping": [{ "objectType": "Activity", "id": format!("{course}/uitgave/1") }],
                    "category": [
                        { "objectType": "Activity", "id": "https://w3id.org/xapi/cmi5/context/categories/cmi5" },
                        { "objectType": "Activity", "id": "https://w3id.org/xapi/cmi5/context/categories/moveon" }
                    ]
                },
                "extensions": { "https://w3id.org/xapi/cmi5/context/extensions/sessionid": self.uuid(8, n) }
            },
            "result": { "success": true, "duration": "PT17M" },
            "timestamp": "2025-04-11T19:25:00.000Z", "stored": "2025-04-11T19:25:02.000Z"
        });
        if n.is_multiple_of(10) {
            statement["actor"] = json!({ "mbox": format!("mailto:{}@mail.example", self.word("actor", n)) });
        }
        statement
    }
}

/// The first of these canaries in some bytes.
fn first(canaries: &[Vec<u8>], bytes: &[u8]) -> Option<String> {
    let marked = MARKS.iter().any(|mark| memmem::find(bytes, mark).is_some());
    let found = canaries.iter().filter(|_| marked).find(|canary| memmem::find(bytes, canary).is_some());
    found.map(|canary| String::from_utf8_lossy(canary).into_owned())
}

/// The columns of the permits' file.
const COLUMNS: &str = "record_type;event;event_date;dossier_number;region;application_date;category;annex;permit_from;\
    permit_to;employer_kbo;establishment_number;nace;function_title;isco08;family_name;given_names;birth_date;sex;\
    nationality;passport_number;passport_country;insz;email;relation;worker_dossier;intended_postal_code;\
    intended_nis;visa_post\n";
