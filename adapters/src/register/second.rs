//! A second reading of GeefPersoon, which shares nothing with the first but the tables: flat paths of a document, and what
//! stands at them.
//!
//! Whatever the door states about a person must be what stands there, field by field, and what stands there must be
//! stated. Reads the fixtures, the story, and the public samples where they lie beside the repository.

use std::collections::BTreeMap;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::XmlVersion::Implicit1_0;
use quick_xml::events::Event;
use schemas::country::Countries;
use schemas::fact::{RegisterStanding, Sex, Statement};
use schemas::insz::Environment;
use schemas::message::Said;
use schemas::municipality::{Municipalities, NisCode};
use schemas::time::{Day, day_of, parse_day};

use crate::fixtures::{FixtureTables, outcomes};
use crate::story::{data, files};

/// What stands where: paths below the person, each status and each flag with its number.
#[derive(Debug, Default)]
struct Flat(Vec<(String, String)>);

impl Flat {
    fn read(document: &str) -> Self {
        let mut reader = Reader::from_str(document);
        let (mut flat, mut path, mut count) = (Self::default(), Vec::<String>::new(), 0);
        loop {
            let event = reader.read_event().unwrap();
            if let Event::Start(tag) | Event::Empty(tag) = &event {
                count += 1;
                let name = tag.local_name().as_ref().to_owned();
                let numbered = matches!(name.as_str(), "Status" | "NietMededeelbaarAdres");
                path.push(if numbered { format!("{name}.{count:04}") } else { name });
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    let name: &str = attribute.key.as_ref();
                    let value = attribute.normalized_value(Implicit1_0).unwrap();
                    flat.0.push((format!("{}/@{name}", path.join("/")), value.trim().to_owned()));
                }
            }
            // Each element has a text of its own, also beside another of its name.
            if let Event::Start(_) = &event {
                flat.0.push((path.join("/"), String::new()));
            }
            match event {
                Event::Text(text) => flat.text(&path, &text.xml10_content()),
                Event::CData(text) => flat.text(&path, &text.xml10_content()),
                Event::GeneralRef(name) => {
                    let character = match name.resolve_char_ref().unwrap() {
                        Some(character) => character.to_string(),
                        None => quick_xml::escape::resolve_predefined_entity(&name.xml10_content())
                            .unwrap()
                            .to_owned(),
                    };
                    flat.text(&path, &character);
                }
                Event::End(_) | Event::Empty(_) => drop(path.pop()),
                Event::Eof => break,
                _ => {}
            }
        }
        let within = |(path, text): (String, String)| {
            Some((path.split_once("/Persoon/")?.1.to_owned(), text.trim().to_owned()))
        };
        Self(flat.0.into_iter().filter_map(within).filter(|(_, text)| !text.is_empty()).collect())
    }

    /// Texts come in pieces: those of one element that follow one another are one.
    fn text(&mut self, path: &[String], text: &str) {
        let path = path.join("/");
        match self.0.last_mut() {
            Some((last, whole)) if *last == path => whole.push_str(text),
            _ => self.0.push((path, text.to_owned())),
        }
    }

    fn all(&self, path: &str) -> Vec<String> {
        self.0.iter().filter(|(at, _)| at == path).map(|(_, text)| text.clone()).collect()
    }

    fn one(&self, path: &str) -> Option<String> {
        self.all(path).into_iter().next()
    }

    fn has(&self, below: &str) -> bool {
        self.0.iter().any(|(at, _)| at == below || at.starts_with(&format!("{below}/")))
    }

    /// The elements of a numbered name: for each, its own paths.
    fn each(&self, below: &str) -> Vec<BTreeMap<String, String>> {
        let mut found = BTreeMap::<String, BTreeMap<String, String>>::new();
        for (at, text) in &self.0 {
            let Some(rest) = at.strip_prefix(&format!("{below}.")) else { continue };
            let (number, own) = rest.split_once('/').unwrap_or((rest, ""));
            found.entry(number.to_owned()).or_default().insert(own.to_owned(), text.clone());
        }
        found.into_values().collect()
    }
}

/// What must be stated, by the words of the facts.
fn expected(
    flat: &Flat,
    municipalities: &Municipalities,
    countries: &Countries,
    on: Day,
) -> BTreeMap<&'static str, String> {
    let mut stated = BTreeMap::new();
    let names = (flat.all("Naam/Achternamen/Achternaam"), flat.all("Naam/Voornamen/Voornaam"));
    if names != (vec![], vec![]) {
        stated.insert("names", format!("{names:?}"));
    }
    flat.one("Geboorte/Datum").into_iter().for_each(|birth| drop(stated.insert("birth", birth)));
    flat.one("Geslacht/Code").into_iter().for_each(|code| drop(stated.insert("sex", code)));
    let codes = flat.all("Nationaliteiten/Nationaliteit/Code");
    let known: Option<Vec<String>> =
        codes.iter().map(|code| Some(countries.by_register_code(code)?.code().to_owned())).collect();
    let mut nationalities = known.unwrap_or_else(|| vec!["UNK".to_owned()]);
    nationalities.sort();
    nationalities.dedup();
    if !nationalities.is_empty() {
        stated.insert("nationalities", nationalities.join(" "));
    }
    const HOME: &str = "Adressen/Hoofdverblijfplaats";
    let at = |name: &str| flat.one(&format!("{HOME}/{name}"));
    let named = |code: &String| {
        let known = |nis: NisCode| nis.is_district() || municipalities.iter().any(|one| nis == one.nis);
        NisCode::parse(code).is_ok_and(known)
    };
    let managing = flat.one("Beheerder/Plaats/Gemeente/NISCode").filter(named);
    let own = at("NISCodeGemeente");
    if let Some(nis) = own.clone().filter(named).or(managing).or(own) {
        stated.insert("nis", nis);
    }
    let old_name = |name: String| match name.ends_with(')') {
        true => name.rsplit_once(" (").map_or(name.clone(), |(now, _)| now.trim().to_owned()),
        false => name,
    };
    let street = at("Straatnaam/String").or(at("NietGestandaardiseerdeStraatnaam/String")).map(old_name);
    if let Some(street) = street {
        let place =
            at("Gemeentenaam/String").or(at("NietGestandaardiseerdeGemeentenaam/String")).map(old_name);
        let parts = [Some(street), at("Huisnummer"), at("Busnummer"), at("Postcode"), place];
        stated.insert("address", format!("{:?}", parts.map(Option::unwrap_or_default)));
    }
    let open =
        |flags: &BTreeMap<String, String>| flags.get("@DatumEinde").is_none_or(|end| *end > on.to_string());
    stated.insert("restricted", flat.each("Adressen/NietMededeelbaarAdres").iter().any(open).to_string());
    stated
}

fn compare(path: &Path, tables: &FixtureTables) -> bool {
    let context = tables.context(Environment::Test);
    let document = std::fs::read_to_string(path).unwrap();
    let outcomes = outcomes("register", document.as_bytes(), &context);
    let [Ok(checked)] = outcomes.as_slice() else { return false };
    let Said::Record(record) = checked.said() else { return false };
    let flat = Flat::read(&document);
    let Some(insz) = flat.one("INSZ") else { return false };
    let Some(on) = record.facts.first().map(|fact| day_of(fact.version.stated_at)) else { return false };
    let expect = expected(&flat, context.municipalities, context.countries, on);
    let mut got = BTreeMap::new();
    let mut standing = None;
    for fact in &record.facts {
        match &fact.statement {
            Statement::Names(names) => {
                drop(got.insert("names", format!("{:?}", (&names.family, &names.given))))
            }
            Statement::Birth(birth) => drop(got.insert("birth", birth.to_string())),
            Statement::Sex(sex) => {
                let code = match sex {
                    Sex::Male => "1",
                    Sex::Female => "2",
                    Sex::Other => "0",
                };
                drop(got.insert("sex", code.to_owned()));
            }
            Statement::Nationalities(list) => {
                drop(got.insert(
                    "nationalities",
                    list.iter().map(|one| one.code()).collect::<Vec<_>>().join(" "),
                ));
            }
            Statement::Residence(home) => {
                drop(got.insert("nis", home.nis.to_string()));
                drop(got.insert("restricted", home.restricted.to_string()));
                if let Some(address) = home.address.clone() {
                    let (bus, place) =
                        (address.bus.unwrap_or_default(), address.municipality.unwrap_or_default());
                    let postal_code = address.postal_code.unwrap_or_default();
                    got.insert(
                        "address",
                        format!("{:?}", [address.street, address.number, bus, postal_code, place]),
                    );
                }
            }
            Statement::Standing(known) => {
                let later = fact.valid_from.is_some_and(|day| day > day_of(fact.version.stated_at));
                standing = Some((known.clone(), later));
            }
            Statement::Insz(own) => assert_eq!(String::from(*own), insz, "{}", path.display()),
            Statement::Replaced(_) => {}
            other => panic!("{}: {other:?}", path.display()),
        }
    }
    let told = |words: &[&'static str]| -> BTreeMap<&'static str, String> {
        words.iter().filter_map(|word| Some((*word, expect.get(word)?.clone()))).collect()
    };
    let who = ["names", "birth", "sex", "nationalities"];
    let whole = [who.as_slice(), &["nis", "address", "restricted"]].concat();
    // A home is told of who lives at it, be it until a later day; under a replaced number how they stand is the new one's
    // to say.
    let home = match standing {
        Some((RegisterStanding::Resident(_), _) | (RegisterStanding::Left, true)) => true,
        Some(_) => false,
        None => got.contains_key("nis"),
    };
    assert_eq!(got, told(if home { &whole } else { &who }), "{}", path.display());
    let gone = ["992", "00992", "99991", "99992", "99993", "99996", "99997", "99998"];
    let left = flat.each("Statussen/Status").iter().any(|status| {
        status.get("@DatumEinde").is_none_or(|end| *end > on.to_string())
            && status.get("Code").is_some_and(|code| gone.contains(&code.as_str()))
    });
    match standing.map(|(known, _)| known) {
        Some(RegisterStanding::Deceased) => {}
        _ if flat.has("Overlijden") => panic!("{}: they died", path.display()),
        Some(RegisterStanding::Resident(begin)) => {
            assert!(!left, "{}: they left", path.display());
            let begins =
                ["Adressen/Hoofdverblijfplaats/@DatumBegin", "Beheerder/@DatumBegin"].map(|at| flat.one(at));
            let days: Vec<_> = begins.iter().flatten().filter_map(|day| parse_day(day)).collect();
            // Without a whole day it is the day of the answer.
            assert!(days.is_empty() || days.contains(&begin), "{}: {begin}", path.display());
        }
        _ => {}
    }
    true
}

#[test]
fn a_second_reading_comes_to_the_same() {
    let tables = FixtureTables::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders =
        vec![here.join("src/register/fixtures"), here.join("../hub/demo/story/register/GeefPersoon")];
    folders.extend(data().into_iter().flat_map(|data| {
        ["register/GeefPersoon", "magda/dev/GeefPersoon-02.02"].map(|folder| data.join(folder))
    }));
    let paths = folders.iter().flat_map(|folder| files(folder));
    let compared =
        paths.filter(|path| path.extension().is_some_and(|end| end == "xml") && compare(path, &tables));
    let count = compared.count();
    assert!(count > 150, "{count} answers were compared");
}
