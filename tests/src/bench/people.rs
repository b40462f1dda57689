//! Invented people and what is sent about them: one journey of six messages each, in the story's forms.
//!
//! The forms are the story's own items with other people in them, so sizes and shapes are the
//! real ones; documents, numbers and names differ from person to person, and every national number is
//! a test number. Refuses chance: the same number always makes the same person.

use std::path::Path;

use anyhow::{Context as _, ensure};
use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};

/// One item on its way in.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The source it goes to.
    pub(crate) source: &'static str,
    /// Who sends it.
    pub(crate) sender: &'static str,
    /// As it is read.
    pub(crate) value: Value,
}

/// How many messages one person's journey has.
pub(crate) const STEPS: usize = 6;

/// The steps of a journey lie so many persons apart: a batch meets each person of it once or twice.
const APART: usize = 250;

const FAMILY: [&str; 12] = [
    "HADDAD", "KAYA", "OKAFOR", "TESHALE", "RAHIMI", "BENALI", "SHARMA", "MENSAH", "SILVA", "HOXHA",
    "NGUYEN", "LUKUSA",
];
const GIVEN: [&str; 12] =
    ["AMINA", "YUSUF", "CHIDI", "HANNA", "FARID", "SALMA", "RAVI", "ABENA", "JOAO", "ARTA", "LINH", "SERGE"];
const COUNTRIES: [&str; 6] = ["MAR", "TUR", "IND", "COD", "AFG", "SYR"];
/// Antwerp, Ghent, Leuven, Mechelen, Hasselt, Bruges: three agencies of the Flemish side.
const MUNICIPALITIES: [&str; 6] = ["11002", "44021", "24062", "12025", "71022", "31005"];
const POSTS: [&str; 4] = ["BEY", "CAS", "IST", "DEL"];
/// Application numbers have six digits, so a post has so many people.
const A_POST: usize = 900_000;

/// The story's items that are filled in again and again.
pub(crate) struct Forms {
    application: Value,
    status: Value,
    opened: Value,
    decision: Value,
    number: Value,
    register: String,
}

/// What is said of one person.
struct Person {
    n: usize,
    family: String,
    given: String,
    birth: NaiveDate,
    country: &'static str,
    nis: &'static str,
    insz: String,
}

impl Forms {
    /// Reads the forms from a story folder.
    pub(crate) fn read(story: &Path) -> anyhow::Result<Self> {
        let line = |file: &str, mark: &str| -> anyhow::Result<Value> {
            let text = std::fs::read_to_string(story.join("posts").join(file))?;
            let line =
                text.lines().find(|line| line.contains(mark)).with_context(|| format!("{file}: {mark}"))?;
            Ok(serde_json::from_str(line)?)
        };
        let answers = story.join("register/GeefPersoon");
        let arrival = std::fs::read_dir(&answers)?.filter_map(Result::ok).map(|entry| entry.path());
        let mut arrival: Vec<_> =
            arrival.filter(|path| path.to_string_lossy().ends_with("_arrival.xml")).collect();
        arrival.sort();
        let register = arrival.first().with_context(|| answers.display().to_string())?;
        Ok(Self {
            application: line("BEY.ndjson", "\"type\":\"application\"")?,
            status: line("BEY.ndjson", "\"code\":\"aanvaarding\"")?,
            opened: line("dvz.ndjson", "\"type\":\"dossier_opened\"")?,
            decision: line("dvz.ndjson", "\"outcome\":\"aanvaarding\"")?,
            number: line("dvz.ndjson", "\"type\":\"insz_assigned\"")?,
            register: std::fs::read_to_string(register)?,
        })
    }

    /// The journeys of these people, side by side: everybody's steps in order, others' between them.
    pub(crate) fn journeys(&self, people: std::ops::Range<usize>) -> anyhow::Result<Vec<Item>> {
        let mut items = Vec::with_capacity(people.len() * STEPS);
        for turn in people.start..people.end + (STEPS - 1) * APART {
            for step in 0..STEPS {
                if let Some(n) = turn.checked_sub(step * APART).filter(|n| people.contains(n)) {
                    items.push(self.step(step, &Person::new(n))?);
                }
            }
        }
        Ok(items)
    }

    /// The first steps of these people's journeys, as the visa source sends them over HTTP.
    pub(crate) fn applications(&self, people: std::ops::Range<usize>) -> Vec<String> {
        people.map(|n| self.apply(&Person::new(n)).to_string()).collect()
    }

    fn step(&self, step: usize, person: &Person) -> anyhow::Result<Item> {
        let (source, sender, value) = match step {
            0 => ("visa", "posts", self.apply(person)),
            1 => ("visa", "dvz", self.office(&self.opened, step, person)),
            2 => ("visa", "dvz", self.office(&self.decision, step, person)),
            3 => ("visa", "posts", self.granted(person)),
            4 => ("visa", "dvz", self.office(&self.number, step, person)),
            _ => ("register", "magda", self.answer(person)?),
        };
        Ok(Item { source, sender, value })
    }

    fn apply(&self, person: &Person) -> Value {
        let mut item = self.application.clone();
        person.of_post(&mut item, 0);
        item["application"]["purpose"] = "family_reunification".into();
        item["application"]["ground"] = "10bis".into();
        item["application"]["form_number"] = format!("BEL0119{:022}", person.n).into();
        item["application"]["provider_reference"] = format!("TLS{:012}", person.n).into();
        let about = &mut item["person"];
        about["surname"] = person.family.as_str().into();
        about["given_names"] = person.given.as_str().into();
        about["birth_date"] = person.birth.to_string().into();
        about["nationality"] = person.country.into();
        about["email"] = format!("n{}@mail.example", person.n).into();
        about["phone"] = format!("+212{:09}", person.n).into();
        let number = format!("X{}{:07}", ["A", "B", "C"][person.n / 10_000_000 % 3], person.n % 10_000_000);
        item["travel_document"]["mrz"] = json!(person.zone(&number));
        item["travel_document"]["issuing_state"] = person.country.into();
        item["travel_document"]["number"] = number.into();
        item
    }

    fn granted(&self, person: &Person) -> Value {
        let mut item = self.status.clone();
        person.of_post(&mut item, 3);
        item["status"]["dvz_number"] = person.dossier().into();
        item
    }

    fn office(&self, form: &Value, step: usize, person: &Person) -> Value {
        let mut item = form.clone();
        item["message_id"] = person.id(step).into();
        item["dvz_number"] = person.dossier().into();
        item["post"] = person.post().into();
        item["application_number"] = person.application().into();
        if item.get("insz").is_some() {
            item["insz"] = person.insz.as_str().into();
        }
        if item.get("person").is_some() {
            item["person"] = json!({
                "family_name": person.family, "given_names": person.given,
                "birth_date": person.birth.to_string(), "sex": "M", "nationality": person.country,
            });
        }
        item
    }

    /// The register's answer, cut from its document as the hub does.
    fn answer(&self, person: &Person) -> anyhow::Result<Value> {
        let mut text = self.register.clone();
        for (element, value) in [
            ("INSZ", person.insz.clone()),
            ("Referte", person.id(5)),
            ("Achternaam", person.family.clone()),
            ("Voornaam", person.given.clone()),
            ("NISCodeGemeente", person.nis.to_owned()),
            ("Datum", person.birth.to_string()),
        ] {
            text = filled(&text, element, &value);
        }
        let source = adapters::source("register").context("no register")?;
        let mut items = adapters::read(source, text.as_bytes());
        ensure!(items.len() == 1, "the form of the register has {} answers", items.len());
        items
            .pop()
            .context("no answer")?
            .map_err(|_| anyhow::anyhow!("the form of the register cannot be read"))
    }
}

/// A document with another text in an element wherever it stands; a date only where a person is born.
fn filled(document: &str, element: &str, value: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut filled = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(at) = rest.find(&open) {
        let (before, after) = rest.split_at(at + open.len());
        let Some(end) = after.find(&close) else { break };
        filled.push_str(before);
        let born = element != "Datum" || before.trim_end_matches(&open).trim_end().ends_with("<Geboorte>");
        filled.push_str(if born { value } else { &after[..end] });
        rest = &after[end..];
    }
    filled + rest
}

impl Person {
    fn new(n: usize) -> Self {
        let days = n % 12_000;
        let birth = NaiveDate::from_ymd_opt(1965, 1, 1).unwrap_or_default() + Days::new(days as u64);
        // The serial repeats after half a million people at the earliest, and then on another day.
        let first = u64::try_from(birth.year() % 100).unwrap_or_default() * 10_000_000
            + u64::from(birth.month() + 60) * 100_000
            + u64::from(birth.day()) * 1_000
            + (n / 12_000 % 499 * 2 + 1) as u64;
        // Letters of the number make names that repeat as seldom as real ones do.
        let mark = |mut n: usize| -> String {
            (0..3)
                .map(|_| {
                    let letter = char::from(b'A' + (n % 26) as u8);
                    n /= 26;
                    letter
                })
                .collect()
        };
        Self {
            n,
            family: format!("{}{}", FAMILY[n % FAMILY.len()], mark(n / 12)),
            given: format!("{} {}", GIVEN[n / 7 % GIVEN.len()], mark(n / 5)),
            birth,
            country: COUNTRIES[n % COUNTRIES.len()],
            nis: MUNICIPALITIES[n / 3 % MUNICIPALITIES.len()],
            insz: format!("{:09}{:02}", first, 97 - first % 97),
        }
    }

    fn id(&self, step: usize) -> String {
        format!("{:08x}-0000-4000-8000-{:012x}", step, self.n)
    }

    fn post(&self) -> &'static str {
        POSTS[self.n / A_POST % POSTS.len()]
    }

    fn application(&self) -> String {
        (self.n % A_POST + 1).to_string()
    }

    fn dossier(&self) -> String {
        format!("{:08}", 10_000_000 + self.n)
    }

    fn of_post(&self, item: &mut Value, step: usize) {
        item["message_id"] = self.id(step).into();
        item["post"]["code"] = self.post().into();
        item["application"]["number"] = self.application().into();
        item["sequence"] = (self.n * STEPS + step).into();
    }

    /// The machine-readable zone of his passport, with its check digits (ICAO 9303).
    fn zone(&self, number: &str) -> [String; 2] {
        let (family, given) = (&self.family, self.given.replace(' ', "<"));
        let first = format!("P<{}{family}<<{given}", self.country);
        let birth = self.birth.format("%y%m%d").to_string();
        let (n, b, e) = (checked(number), checked(&birth), checked("320702"));
        let all = checked(&format!("{n}{b}{e}{:<<15}", "").replace(' ', "<"));
        let last = all.chars().last().unwrap_or('0');
        [format!("{first:<<44}"), format!("{n}{}{b}M{e}{:<<14}0{last}", self.country, "")]
    }
}

/// A field of the zone with its check digit.
fn checked(field: &str) -> String {
    let value = |c: char| c.to_digit(36).unwrap_or(0);
    let sum: u32 =
        field.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, weight)| value(c) * weight).sum();
    format!("{field}{}", sum % 10)
}
