//! What a schema id stands for: for ever the same, and readable together with all that its recipient was ever sent.
//!
//! Readers keep a schema by its id. A contract that changed under the same id would be read by the old schema, often
//! without an error: a street in the field of a day. So every contract is judged, here and without a database, against
//! the frozen files beside it, and once more, when a store is opened, against what was sent. Apache's own library says
//! what can be read together; refuses to judge what a field means.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use schemas::recipient::Recipient;
use serde_json::Value;

use super::Subject;
use crate::config::Frozen;
use crate::store::rows::SchemaRow;

/// The schema that an id stands for, and where that is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchemaVersion {
    pub id: u32,
    /// Whose records have it.
    pub recipient: Recipient,
    /// The schema as JSON.
    pub text: String,
    /// Its frozen file; none where it is what was sent.
    pub file: Option<PathBuf>,
}

impl From<&Frozen> for SchemaVersion {
    fn from(frozen: &Frozen) -> Self {
        let Frozen { id, recipient, file, text } = frozen.clone();
        Self { id, recipient, text, file: Some(file) }
    }
}

impl From<SchemaRow> for SchemaVersion {
    fn from(row: SchemaRow) -> Self {
        Self { id: row.id, recipient: row.recipient, text: row.text, file: None }
    }
}

impl SchemaVersion {
    fn place(&self) -> String {
        self.file.as_ref().map_or_else(|| "as it was sent".to_owned(), |file| file.display().to_string())
    }
}

/// A contract that may not be used as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    pub recipient: Recipient,
    /// What is wrong, field by field.
    pub found: String,
    pub due: String,
    /// Nothing is wrong but that it was not frozen yet.
    pub only_unfrozen: bool,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. Due: {}", self.found, self.due)
    }
}

/// Judges each contract against every version there ever was.
///
/// `always` asks for a frozen file of every contract, also of a new one: nothing may leave to real people's agencies under an id that is written down nowhere.
#[must_use]
pub fn judge(
    subjects: &BTreeMap<Recipient, Subject>,
    versions: &[SchemaVersion],
    always: bool,
) -> Vec<Breach> {
    let taken = versions.iter().map(|version| version.id);
    let next = taken.chain(subjects.values().map(|subject| subject.id)).max().unwrap_or(0) + 1;
    subjects.iter().flat_map(|(recipient, subject)| one(recipient, subject, versions, always, next)).collect()
}

fn one(
    recipient: &Recipient,
    subject: &Subject,
    versions: &[SchemaVersion],
    always: bool,
    next: u32,
) -> Vec<Breach> {
    let id = subject.id;
    let tell = |found: String, due: String| Breach {
        recipient: recipient.clone(),
        found,
        due,
        only_unfrozen: false,
    };
    let anew = || {
        format!(
            "put the contract back, or give it `schema_id = {next}` and write its frozen file with `hub freeze`"
        )
    };
    let mut found = vec![];
    for version in versions.iter().filter(|version| version.id == id) {
        if version.recipient != *recipient {
            let of = &version.recipient;
            let text = format!("schema id {id} stands for a schema of {of} ({})", version.place());
            found.push(tell(text, format!("`schema_id = {next}`, and its frozen file with `hub freeze`")));
        } else if let Some(changes) = changed(&version.text, subject.codec.text()) {
            let text = format!(
                "the contract is not what schema id {id} stands for ({}): {changes}",
                version.place()
            );
            found.push(tell(text, anew()));
        }
    }
    if !found.is_empty() {
        return found;
    }
    let own = || versions.iter().filter(|version| version.recipient == *recipient);
    for version in own().filter(|version| version.id != id) {
        if let Some(why) = apart(&version.text, subject.codec.text()) {
            let text =
                format!("cannot be read together with schema id {} ({}): {why}", version.id, version.place());
            let due = "leave what was sent as it is, and give what is new a field of its own, with a default";
            found.push(tell(text, due.to_owned()));
        }
    }
    let frozen = own().any(|version| version.id == id && version.file.is_some());
    if !frozen && (always || own().any(|version| version.id != id || version.file.is_some())) {
        let text = format!("schema id {id} is not frozen: there is no agencies/{recipient}.{id}.avsc");
        let breach = tell(text, "`hub freeze` writes it".to_owned());
        found.push(Breach { only_unfrozen: true, ..breach });
    }
    found
}

/// What is different between two schemas, in words; nothing where they mean the same. Docs do not count.
fn changed(was: &str, is: &str) -> Option<String> {
    let Ok(was) = serde_json::from_str::<Value>(was) else { return Some("it is not JSON".to_owned()) };
    let Ok(is) = serde_json::from_str::<Value>(is) else { return Some("it is not JSON".to_owned()) };
    let (was, is) = (bare(was), bare(is));
    let mut words = vec![];
    differences(&was, &is, "", &mut words);
    match words.is_empty() {
        true if was == is => None,
        true => Some("its schema is written otherwise".to_owned()),
        false => Some(words.join("; ")),
    }
}

/// Why a reader of one cannot read what was written under the other, in either direction.
fn apart(was: &str, is: &str) -> Option<String> {
    let (Ok(old), Ok(new)) = (apache_avro::Schema::parse_str(was), apache_avro::Schema::parse_str(is)) else {
        return Some("it is not Avro".to_owned());
    };
    let why = match SchemaCompatibility::mutual_read(&old, &new) {
        Ok(Compatibility::Full) => return None,
        Ok(Compatibility::Partial) => "some of its values cannot be read".to_owned(),
        Err(error) => error.to_string(),
    };
    let changes = changed(was, is).map(|changes| format!("{changes}. "));
    Some(changes.unwrap_or_default() + &why)
}

/// A schema without its docs, and with plain types written plainly.
pub(super) fn bare(schema: Value) -> Value {
    match schema {
        Value::Array(items) => items.into_iter().map(bare).collect(),
        Value::Object(mut fields) => {
            fields.remove("doc");
            match (fields.len(), fields.remove("type")) {
                (1, Some(of @ Value::String(_))) => of,
                (_, of) => {
                    fields.extend(of.map(|of| ("type".to_owned(), of)));
                    fields.into_iter().map(|(name, value)| (name, bare(value))).collect()
                }
            }
        }
        other => other,
    }
}

/// Says where two bare schemas differ. `at` is the path of fields that leads there.
fn differences(was: &Value, is: &Value, at: &str, words: &mut Vec<String>) {
    let here = if at.is_empty() { "the record" } else { at };
    match (was, is) {
        _ if was == is => {}
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            was.iter().zip(is).for_each(|(was, is)| differences(was, is, at, words));
        }
        (Value::Object(_), Value::Object(_)) if was["type"] == is["type"] && was["type"].is_string() => {
            for part in ["namespace", "name"] {
                if was[part] != is[part] {
                    words.push(format!("{here} has another {part}: {} was {}", is[part], was[part]));
                }
            }
            listed(&was["symbols"], &is["symbols"], &format!("symbol of {here}"), Value::clone, words);
            let name = |field: &Value| field["name"].clone();
            let place = if at.is_empty() { String::new() } else { format!("{at}.") };
            listed(&was["fields"], &is["fields"], &format!("field of {here}"), name, words);
            for was in was["fields"].as_array().into_iter().flatten() {
                let same = |field: &&Value| field["name"] == was["name"];
                let Some(is) = is["fields"].as_array().into_iter().flatten().find(same) else { continue };
                let path = format!("{place}{}", was["name"].as_str().unwrap_or_default());
                if was.get("default") != is.get("default") {
                    words.push(format!("{path} has another default"));
                }
                differences(&was["type"], &is["type"], &path, words);
            }
            for inner in ["items", "values"] {
                differences(&was[inner], &is[inner], at, words);
            }
        }
        (_, _) => words.push(format!("{here} has another type: {} was {}", kind(is), kind(was))),
    }
}

/// Says what is gone from a list, what is new, and where its order is another.
fn listed(was: &Value, is: &Value, what: &str, name: impl Fn(&Value) -> Value, words: &mut Vec<String>) {
    let names = |list: &Value| list.as_array().into_iter().flatten().map(&name).collect::<Vec<_>>();
    let (was, is) = (names(was), names(is));
    words.extend(was.iter().filter(|name| !is.contains(name)).map(|name| format!("{what} {name} is gone")));
    words.extend(is.iter().filter(|name| !was.contains(name)).map(|name| format!("{what} {name} is new")));
    let (mut left, mut right): (Vec<&Value>, Vec<&Value>) = (was.iter().collect(), is.iter().collect());
    left.retain(|name| is.contains(name));
    right.retain(|name| was.contains(name));
    if let Some((was, is)) = left.into_iter().zip(right).find(|(was, is)| was != is) {
        words.push(format!("{what} {is} stands where {was} stood"));
    }
}

/// A type in a few words.
fn kind(of: &Value) -> String {
    match of {
        Value::Array(types) => types.iter().map(kind).collect::<Vec<_>>().join(" or "),
        Value::Object(fields) => fields.get("type").map_or_else(|| "nothing".to_owned(), kind),
        Value::String(name) => name.clone(),
        _ => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::avro::Codec;
    use super::super::avro::tests::contract;
    use super::*;

    const OFFER: [&str; 2] = ["municipality", "birth_date"];
    const FILE: [&str; 3] = ["insz", "street", "nationalities"];

    fn subjects(id: u32, offer: &[&str], file: &[&str]) -> BTreeMap<Recipient, Subject> {
        let contract = contract(offer, file);
        let topic = contract.recipient.topic();
        let codec = Codec::new(&contract).unwrap();
        let subject = Subject { id, subject: format!("{topic}-value"), topic, codec };
        [(contract.recipient, subject)].into()
    }

    fn frozen(id: u32, text: &str) -> SchemaVersion {
        let recipient = Recipient::parse("bapa-bxl").unwrap();
        let file = Some(Frozen::place(&recipient, id));
        SchemaVersion { id, recipient, text: text.to_owned(), file }
    }

    fn text() -> String {
        subjects(7, &OFFER, &FILE).values().next().unwrap().codec.text().to_owned()
    }

    fn told(now: &BTreeMap<Recipient, Subject>, before: &[SchemaVersion]) -> Vec<String> {
        judge(now, before, false).into_iter().map(|breach| breach.found).collect()
    }

    #[test]
    fn a_contract_that_changed_under_its_id_is_refused_with_the_field() {
        let check = |offer: &[&str], file: &[&str], expect: &str| {
            let breaches = judge(&subjects(7, offer, file), &[frozen(7, &text())], false);
            let found: Vec<_> = breaches.iter().map(|breach| breach.found.as_str()).collect();
            let start = "the contract is not what schema id 7 stands for (agencies/bapa-bxl.7.avsc): ";
            let expect: Vec<_> = expect.split('|').filter(|text| !text.is_empty()).collect();
            let expect: Vec<_> = expect.iter().map(|text| format!("{start}{text}")).collect();
            assert_eq!(found, expect, "{offer:?} {file:?}");
            assert!(breaches.iter().all(|breach| breach.due.contains("`schema_id = 8`")), "{breaches:?}");
        };
        check(&OFFER, &FILE, "");
        check(
            &OFFER,
            &["street", "insz", "nationalities"],
            r#"field of file "street" stands where "insz" stood"#,
        );
        check(&OFFER, &["insz", "nationalities"], r#"field of file "street" is gone"#);
        check(&OFFER, &["insz", "street", "nationalities", "sex"], r#"field of file "sex" is new"#);
        check(&OFFER[..1], &FILE, r#"field of offer "birth_date" is gone"#);
        check(&[], &FILE, r#"field of the record "offer" is gone"#);
        check(
            &OFFER,
            &["insz", "sex", "nationalities"],
            r#"field of file "street" is gone; field of file "sex" is new"#,
        );
    }

    /// What was there before is made of what is there now by changing its text; `same` is told under the same id,
    /// `apart` under a new one, nothing where both can be read.
    #[test]
    fn every_change_is_refused_under_the_same_id_and_under_a_new_one_what_cannot_be_read() {
        let now = |id| subjects(id, &OFFER, &FILE);
        let check = |from: &str, to: &str, same: &str, apart: &str| {
            let was = text().replacen(from, to, 1);
            assert_ne!(was, text(), "{from} is there");
            let found = told(&now(7), &[frozen(7, &was)]).concat();
            assert!(found.contains(same) && found.is_empty() == same.is_empty(), "{from} {to}: {found}");
            let found = told(&now(8), &[frozen(7, &was), frozen(8, &text())]).concat();
            assert!(found.contains(apart) && found.is_empty() == apart.is_empty(), "{from} {to}: {found}");
        };
        let nullable = |of: &str| format!(r#""name":"street","type":["null",{of}]"#);
        check(r#""doc":"Which of"#, r#""doc":"That of"#, "", "");
        check(
            &nullable(r#""string""#),
            &nullable(r#""int""#),
            "file.street has another type: string was int",
            "file.street has another type",
        );
        check(
            &nullable(r#""string""#),
            &nullable(r#"{"type":"array","items":"string"}"#),
            "another type: string was array",
            "another type",
        );
        check(&nullable(r#""string""#), r#""name":"street","type":["string","null"]"#, "another type", "");
        check(
            r#""default":null,"doc":"The handover"#,
            r#""doc":"The handover"#,
            "handover has another default",
            "",
        );
        check(r#"["null","string"]"#, r#"["null",{"type":"string"}]"#, "", "");
        check(
            r#""offer","file","ended""#,
            r#""offer","file""#,
            r#"symbol of kind "ended" is new"#,
            "symbol of kind",
        );
        check(
            r#""offer","file","ended""#,
            r#""offer","file","ended","x""#,
            r#"symbol of kind "x" is gone"#,
            "symbol of kind",
        );
        check(r#""offer","file","ended""#, r#""file","offer","ended""#, "stands where", "");
        check(r#""name":"Delivery""#, r#""name":"Record""#, "another name", "another name");
        check(r#""name":"EndReason""#, r#""name":"Why""#, "another name", "another name");
        check(r#""name":"street""#, r#""name":"road""#, r#""road" is gone"#, "");
        // A field without a default that is dropped: an old reader misses it.
        check(
            r#""name":"epoch","type":"int""#,
            r#""name":"era","type":"int""#,
            r#""era" is gone"#,
            "default",
        );
        check(
            r#""name":"epoch","type":"int""#,
            r#""name":"epoch","type":"long""#,
            "int was long",
            "int was long",
        );
    }

    #[test]
    fn a_new_version_needs_an_id_and_a_frozen_file_of_its_own() {
        let grown = |id| subjects(id, &OFFER, &["insz", "street", "nationalities", "sex"]);
        let grown_text = grown(8)[&Recipient::parse("bapa-bxl").unwrap()].codec.text().to_owned();
        let unfrozen = "schema id 8 is not frozen: there is no agencies/bapa-bxl.8.avsc";
        assert_eq!(told(&grown(8), &[frozen(7, &text())]), [unfrozen]);
        assert_eq!(told(&grown(8), &[frozen(7, &text()), frozen(8, &grown_text)]), [""; 0]);
        // Back to what it was: under the id of what it was.
        assert_eq!(told(&subjects(7, &OFFER, &FILE), &[frozen(7, &text()), frozen(8, &grown_text)]), [""; 0]);
        // A new agency is one file, until real people's records leave to it.
        assert_eq!(told(&grown(8), &[]), [""; 0]);
        assert_eq!(judge(&grown(8), &[], true)[0].found, unfrozen);
        // Sent, and its file lost: nothing more is wrong than that.
        let sent = SchemaVersion { file: None, ..frozen(7, &text()) };
        assert_eq!(told(&subjects(7, &OFFER, &FILE), std::slice::from_ref(&sent)), [""; 0]);
        let found = told(&subjects(7, &OFFER, &["insz"]), &[sent]).concat();
        assert!(
            found.starts_with("the contract is not what schema id 7 stands for (as it was sent): "),
            "{found}"
        );
        // The id of another, be it long gone.
        let other = SchemaVersion { recipient: Recipient::parse("bon").unwrap(), ..frozen(7, &text()) };
        let found = told(&subjects(7, &OFFER, &FILE), &[other]);
        assert_eq!(found, ["schema id 7 stands for a schema of bon (agencies/bapa-bxl.7.avsc)"]);
    }

    #[test]
    fn every_version_counts_and_not_the_last_alone() {
        // The first said the street as a number; the second left it out, and can be read with both.
        let first = text().replacen(
            r#""name":"street","type":["null","string"]"#,
            r#""name":"street","type":["null","int"]"#,
            1,
        );
        let second = subjects(8, &OFFER, &["insz", "nationalities"]).into_values().next().unwrap();
        let all = [frozen(7, &first), frozen(8, second.codec.text()), frozen(9, &text())];
        let found = told(&subjects(9, &OFFER, &FILE), &all);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("schema id 7") && found[0].contains("file.street"), "{found:?}");
    }
}
