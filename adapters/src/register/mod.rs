//! The register source: answers and notices of the Rijksregister through MAGDA, and the hints by
//! which a municipality makes a first number known.
//!
//! A MAGDA document is cut into one item an answer or a notice, and of a person only the elements
//! on the list `KEPT` go on: parents, partners, children, legal grounds and documents never enter.
//! Hints come as JSON under the same source. Shapes: docs/domain.md#the-register. Next: `person`.

mod clean;
mod hint;
mod person;
#[cfg(test)]
mod second;

use chrono::{Datelike, MappedLocalTime, TimeZone, Timelike};
use schemas::fact::Record;
use schemas::finding::Code;
use schemas::insz::Insz;
use schemas::message::{Notice, Said, TaskFailed};
use schemas::time::{Instant, from_micros, parse_day, parse_instant, to_micros};
use serde_json::{Map, Value, json};

use crate::reading::Reading;
use crate::{Context, Format, Source, Translation, Voice};

/// How `speaks_for` names municipalities, and the register itself.
const HINTS: &str = "hints";
const ANSWERS: &str = "answers";

/// What is kept of a person, by the path of its elements.
const KEPT: &[&str] = &[
    "@Bron",
    "@DatumModificatie",
    "INSZ",
    "GeannuleerdDossier",
    "Naam/Achternamen",
    "Naam/Voornamen",
    "Geslacht/Code",
    "Statussen/Status/@DatumBegin",
    "Statussen/Status/@DatumEinde",
    "Statussen/Status/Code",
    "Beheerder/@DatumBegin",
    "Beheerder/Plaats",
    "Register/Code",
    "Nationaliteiten/Nationaliteit/Code",
    "Geboorte/Datum",
    "Overlijden/Datum",
    "Adressen/Hoofdverblijfplaats",
    "Adressen/VerblijfplaatsBuitenland/@DatumBegin",
    "Adressen/VerblijfplaatsBuitenland/@DatumEinde",
    "Adressen/NietMededeelbaarAdres/@DatumBegin",
    "Adressen/NietMededeelbaarAdres/@DatumEinde",
    "NummersDienstVreemdelingenzaken",
];

/// What is kept of a notice.
const NOTICE: &[&str] = &["INSZ", "GeannuleerdINSZ", "NieuwINSZ", "DatumModificatie"];

/// What is kept of an exception.
const EXCEPTION: &[&str] = &["Identificatie", "Type", "Annotaties"];

/// How annotations name the number that was replaced, and the one that replaces it.
const OLD: &str = "Oud INSZ";
const NEW: &str = "Nieuw INSZ";

/// The register source.
#[derive(Debug)]
pub(crate) struct Register;

impl Source for Register {
    fn name(&self) -> &'static str {
        "register"
    }

    fn format(&self) -> Format {
        Format::Xml
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.json")
    }

    fn example(&self) -> &'static str {
        include_str!("fixtures/resident.xml")
    }

    fn strip(&self) -> &'static [&'static str] {
        &["/nationality_nis"]
    }

    fn split(&self, document: Value) -> Vec<Value> {
        let Some(reply) = reply(&document) else { return vec![document] };
        let mut base = Map::new();
        let time = &reply["Context"]["Bericht"]["Tijdstip"];
        base.insert("Dienst".to_owned(), clean::plain(&clean::cleaned(&reply["Context"]["Naam"])));
        base.insert("Tijdstip".to_owned(), keep(&clean::cleaned(time), &["Datum", "Tijd"]));
        let answers: Vec<&Value> = many(&reply["Antwoorden"]["Antwoord"]).collect();
        let mut items = items_of(reply, &base);
        items.extend(answers.iter().flat_map(|answer| items_of(answer, &base)));
        // Another service, or a form that is not known, is one item that says so; a page without notices is none.
        if items.is_empty() && !answers.iter().any(|answer| is_empty_page(answer)) {
            items.push(Value::Object(base));
        }
        items
    }

    fn id(&self, item: &Value) -> Option<String> {
        if item.get("schema").is_some() {
            return text(&item["message_id"]).map(str::to_owned);
        }
        let insz = text(&item["Persoon"]["INSZ"]).or(text(&item["Notificatie"]["INSZ"])).unwrap_or_default();
        // Two questions may have one reference: their answers differ by when they were made.
        let reference = text(&item["Referte"]).unwrap_or_default();
        let (day, time) = (text(&item["Tijdstip"]["Datum"])?, text(&item["Tijdstip"]["Tijd"])?);
        Some(match item["Nummer"].as_u64() {
            Some(number) => format!("{insz}:{reference}:{day}T{time}:{number}"),
            None => format!("{insz}:{reference}:{day}T{time}"),
        })
    }

    fn has_voices(&self) -> bool {
        true
    }

    /// What has a schema is a municipality's hint; all else the register itself says.
    fn voice<'i>(&self, item: &'i Value) -> Option<Voice<'i>> {
        Some(match item.get("schema") {
            Some(_) => Voice { pointer: "/schema", name: HINTS.into(), of: "a municipality" },
            None => Voice { pointer: "", name: ANSWERS.into(), of: "the register" },
        })
    }

    fn is_voice(&self, name: &str) -> bool {
        [HINTS, ANSWERS].contains(&name)
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let said = if item.get("schema").is_some() {
            hint::record(&mut reading, context).map(Said::Record)
        } else if item.get("Notificatie").is_some() {
            notice(&mut reading, context)
        } else if item.get("Persoon").is_some() {
            person::record(&mut reading, item, context).map(Said::Record)
        } else {
            failed(&mut reading, item, context)
        };
        reading.finish(said)
    }
}

/// The reply in a document, with or without its SOAP envelope.
fn reply(document: &Value) -> Option<&Value> {
    let body = document.pointer("/Envelope/Body").unwrap_or(document);
    body.as_object()?.values().find_map(|root| root.get("Repliek"))
}

/// The items of one answer, or of the reply itself where that is an exception.
fn items_of(answer: &Value, base: &Map<String, Value>) -> Vec<Value> {
    let mut base = base.clone();
    if let Some(reference) = answer.get("Referte") {
        base.insert("Referte".to_owned(), clean::plain(&clean::cleaned(reference)));
    }
    let exceptions: Vec<Value> = many(&answer["Uitzonderingen"]["Uitzondering"])
        .map(|one| keep(&clean::cleaned(one), EXCEPTION))
        .collect();
    if !exceptions.is_empty() {
        base.insert("Uitzonderingen".to_owned(), Value::Array(exceptions));
    }
    let item = |name: &str, value: Value| {
        let mut item = base.clone();
        item.insert(name.to_owned(), value);
        item
    };
    let content = &answer["Inhoud"];
    if let Some(person) = content.get("Persoon") {
        return vec![Value::Object(item("Persoon", keep(&clean::cleaned(person), KEPT)))];
    }
    if let Some(notices) = content.get("PersoonMutatieNotificaties") {
        let one = |(number, notice): (u64, &Value)| {
            let mut item =
                item("Notificatie", keep(&clean::cleaned(&notice["PersoonMutatiesNotificaties"]), NOTICE));
            item.insert("Nummer".to_owned(), json!(number));
            Value::Object(item)
        };
        return (1..).zip(many(&notices["PersoonMutatieNotificatie"])).map(one).collect();
    }
    if base.contains_key("Uitzonderingen") { vec![Value::Object(base)] } else { vec![] }
}

/// Whether an answer is a page of notices, and none is on it: the wrapper is there, and empty.
fn is_empty_page(answer: &Value) -> bool {
    let page = answer["Inhoud"].get("PersoonMutatieNotificaties");
    page.is_some_and(|page| clean::cleaned(page).is_null())
}

/// Keeps what one of the paths leads to, in lists too.
fn keep(value: &Value, paths: &[&str]) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|one| keep(one, paths)).collect(),
        Value::Object(map) => {
            let mut kept = Map::new();
            for (name, child) in map {
                let below: Vec<&str> =
                    paths.iter().filter_map(|path| path.strip_prefix(name.as_str())).collect();
                if below.contains(&"") {
                    kept.insert(name.clone(), clean::plain(child));
                    continue;
                }
                let below: Vec<&str> = below.iter().filter_map(|path| path.strip_prefix('/')).collect();
                if !below.is_empty() {
                    kept.insert(name.clone(), keep(child, &below));
                }
            }
            Value::Object(kept)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// One element or many, alike.
fn many(value: &Value) -> impl Iterator<Item = &Value> {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter(|one| !one.is_null())
}

/// The text of an element, with or without attributes.
fn text(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("#text")?.as_str()).map(str::trim).filter(|text| !text.is_empty())
}

/// When the reply was made: MAGDA writes the time in Brussels, where it names no zone.
fn stated_at(reading: &mut Reading<'_>) -> Option<Instant> {
    let day = reading.day("/Tijdstip/Datum")?;
    let begun = reading.value("/Persoon/Adressen").map_or(0, home_begun);
    let at = reading.parsed("/Tijdstip/Tijd", Code::InvalidDate, |text| {
        let zoned = text.ends_with('Z') || text.get(8..).is_some_and(|rest| rest.contains(['+', '-']));
        if zoned {
            return parse_instant(&format!("{day}T{text}"))
                .ok_or("expected hh:mm:ss, with a zone or without");
        }
        let time = chrono::NaiveTime::parse_from_str(text, "%H:%M:%S%.f").map_err(|_| "expected hh:mm:ss")?;
        Ok(in_brussels(day.and_time(time), begun))
    })?;
    reading.stated("/Tijdstip", from_micros(to_micros(at))?)
}

/// A moment by the clocks of Brussels. Of the hour that exists twice nobody knows which of two moments came first: all of it
/// is one moment, and there the home that began later is the newer one.
fn in_brussels(local: chrono::NaiveDateTime, begun: i64) -> Instant {
    match chrono_tz::Europe::Brussels.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => at.with_timezone(&chrono::Utc),
        MappedLocalTime::Ambiguous(..) => {
            let hour =
                local.with_minute(0).and_then(|at| at.with_second(0)).and_then(|at| at.with_nanosecond(0));
            let second = chrono_tz::Europe::Brussels.from_local_datetime(&hour.unwrap_or(local)).latest();
            let at = second.map_or_else(|| local.and_utc(), |at| at.with_timezone(&chrono::Utc));
            at + chrono::TimeDelta::microseconds(begun)
        }
        // In the hour that does not exist, UTC.
        MappedLocalTime::None => local.and_utc(),
    }
}

/// The day on which the newest of the addresses began, as a number.
fn home_begun(addresses: &Value) -> i64 {
    let homes = ["Hoofdverblijfplaats", "VerblijfplaatsBuitenland"].map(|name| &addresses[name]);
    let begins = homes.into_iter().flat_map(many).filter_map(|home| parse_day(text(&home["@DatumBegin"])?));
    begins.map(|day| i64::from(day.num_days_from_ce())).max().unwrap_or(0)
}

/// The code of the first exception that is an error: its type decides, not its presence.
fn error_code(item: &Value) -> Option<&str> {
    let error = |exception: &&Value| text(&exception["Type"]) == Some("FOUT");
    let code = text(&many(&item["Uitzonderingen"]).find(error)?["Identificatie"])?;
    // It is told in findings, so it must be a code and nothing else.
    (code.len() <= 5 && code.bytes().all(|b| b.is_ascii_digit())).then_some(code)
}

/// Whether an item is about a person with another number than the one that was asked, and no exception says that the one
/// became the other.
#[must_use]
pub fn is_about_another(item: &Value, asked: Insz) -> bool {
    let own = text(&item["Persoon"]["INSZ"]).and_then(|text| Insz::parse(text).ok());
    let named = [OLD, NEW].iter().any(|name| annotated(item, name) == Some(asked));
    own.is_some_and(|own| own != asked) && !named
}

/// A number that an exception names in its annotations, as 30002 and 30004 do.
fn annotated(item: &Value, name: &str) -> Option<Insz> {
    many(&item["Uitzonderingen"])
        .flat_map(|exception| many(&exception["Annotaties"]["Annotatie"]))
        .filter(|annotation| text(&annotation["Naam"]) == Some(name))
        .find_map(|annotation| Insz::parse(text(&annotation["Waarde"])?).ok())
}

fn notice(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Said> {
    let insz = reading.insz("/Notificatie/INSZ", context.environment);
    let replaced_by = reading.insz("/Notificatie/NieuwINSZ", context.environment);
    let published_at = stated_at(reading)?;
    Some(match replaced_by.filter(|new| Some(*new) != insz) {
        Some(new) => Said::Record(Record::replaced(insz?, new, published_at)),
        None => Said::Notice(Notice { insz: insz?, published_at }),
    })
}

/// An exception without a person: a task that failed, where it names the number that was asked.
fn failed(reading: &mut Reading<'_>, item: &Value, context: &Context<'_>) -> Option<Said> {
    let code = error_code(item)?;
    let allowed = |insz: Insz| insz.allowed_in(context.environment).ok();
    let Some(insz) = annotated(item, OLD).and_then(allowed) else {
        let detail = format_args!("the register answered with exception {code}");
        reading.note(Code::SourceException, "/Uitzonderingen", detail);
        return None;
    };
    Some(match annotated(item, NEW).and_then(allowed) {
        Some(new) => Said::Record(Record::replaced(insz, new, stated_at(reading)?)),
        None => Said::TaskFailed(TaskFailed { insz, code: code.to_owned() }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_kept() {
        let tree = json!({"A": [{"B": 1, "C": 2}, {"C": 3}], "D": {"E": {"F": 4}}, "AB": 5, "G": 6});
        let expect = json!({"A": [{"B": 1}, {}], "D": {"E": {"F": 4}}});
        assert_eq!(keep(&tree, &["A/B", "D/E", "H"]), expect);
    }

    /// The exception that an answer is, where it holds no person and no notice: its code, and the number that replaces the
    /// one asked.
    fn exception(document: &Value) -> Option<(String, Option<Insz>)> {
        let items = Register.split(document.clone());
        let [item] = items.as_slice() else { return None };
        let bare = item.get("Persoon").is_none() && item.get("Notificatie").is_none();
        let code = error_code(item).filter(|_| bare)?;
        Some((code.to_owned(), annotated(item, NEW)))
    }

    #[test]
    fn an_exception_names_its_code_and_the_number_that_replaces() {
        fn check(exceptions: Value, content: Value, expect: Option<(&str, Option<&str>)>) {
            let answer =
                json!({"Referte": "r", "Uitzonderingen": {"Uitzondering": exceptions}, "Inhoud": content});
            let document = json!({"X": {"Repliek": {"Antwoorden": {"Antwoord": answer}}}});
            let got = exception(&document);
            let got = got.as_ref().map(|(code, new)| (code.as_str(), new.map(|new| new.to_string())));
            assert_eq!(got, expect.map(|(code, new)| (code, new.map(str::to_owned))));
        }
        let cancelled = json!({"Identificatie": "30002", "Type": "FOUT", "Annotaties": {"Annotatie":
            {"Naam": "Nieuw INSZ", "Waarde": "92610150281"}}});
        let warning = json!({"Identificatie": "30042", "Type": "INFORMATIE"});
        check(cancelled.clone(), Value::Null, Some(("30002", Some("92610150281"))));
        check(
            json!([warning, {"Identificatie": "30001", "Type": "FOUT"}]),
            Value::Null,
            Some(("30001", None)),
        );
        check(warning, Value::Null, None);
        check(cancelled, json!({"Persoon": {"INSZ": "92610270047"}}), None);
    }
}
