//! A person as the register answers: who they are, how the register knows them, where they live.
//!
//! Never routes on the main residence alone: the old home stays in the answer of somebody who left,
//! died or was struck off, and the home of a BIS number can itself be abroad.
//! Source: docs/domain.md#the-register. Next: [`super::Register`].

use schemas::country::Countries;
use schemas::fact::{
    Address, Authority, Entry, Record, RegisterStanding, Replacement, Residence, Sex, Statement,
    register_channel,
};
use schemas::finding::Code;
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::municipality::{Lookup, Municipalities, NisCode};
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::reference::DvzNumber;
use schemas::time::{Day, Version, day_of, parse_day};
use serde_json::Value;

use super::{NEW, annotated, many, stated_at, text};
use crate::Context;
use crate::draft::ItemDraft;
use crate::reading::{Codes, Reading};

/// What a status says of the whole dossier, least grave first. Without one the home decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Dossier {
    Elsewhere,
    Left,
    Cancelled,
    Deceased,
}

/// IT001 dossier status, with the aliens office (21099) and the older form of 99992.
const STATUSES: Codes<'_, Dossier> = &[
    ("992", Dossier::Left),
    ("00992", Dossier::Left),
    ("21099", Dossier::Elsewhere),
    ("99990", Dossier::Deceased),
    ("99991", Dossier::Left),
    ("99992", Dossier::Left),
    ("99993", Dossier::Left),
    ("99994", Dossier::Cancelled),
    ("99995", Dossier::Elsewhere),
    ("99996", Dossier::Left),
    ("99997", Dossier::Left),
    ("99998", Dossier::Left),
];

/// Said of a death or a cancelled dossier, which the register tells when it has happened.
const TO_COME: &str = "expected a day that has come";

pub(super) fn record(reading: &mut Reading<'_>, item: &Value, context: &Context<'_>) -> Option<Record> {
    let person = &item["Persoon"];
    let stated_at = stated_at(reading);
    let mut draft = ItemDraft::default();
    let insz = reading.insz("/Persoon/INSZ", context.environment);
    identity(reading, &mut draft, person, context);

    let asked_on = day_of(stated_at?);
    let (standing, since) = standing(reading, person, context, asked_on);
    if let RegisterStanding::Deceased | RegisterStanding::Cancelled = standing
        && since.is_some_and(|day| day > reading.latest())
    {
        let said = ["GeannuleerdDossier", "Statussen"].into_iter().find(|part| person.get(*part).is_some());
        let at = said.map_or("/Persoon".to_owned(), |part| format!("/Persoon/{part}"));
        reading.note(Code::StatedAhead, &at, TO_COME);
    }
    let allowed = |insz: Insz| insz.allowed_in(context.environment).ok();
    let named = annotated(item, NEW).and_then(allowed);
    let new = named.or_else(|| replacement(&person["GeannuleerdDossier"], context));
    let new = new.filter(|new| Some(*new) != insz);
    if let Some((old, new)) = insz.zip(new) {
        draft.keys.push(Key::Insz(new));
        draft.say(None, Statement::Replaced(Replacement { old, new }));
    }
    // Whoever leaves on a later day lives there until then.
    let lives = match standing {
        RegisterStanding::Resident(_) => true,
        RegisterStanding::Left => since.is_some_and(|day| day > asked_on),
        RegisterStanding::Deceased | RegisterStanding::Known | RegisterStanding::Cancelled => false,
    };
    if let Some(home) = home(person, context.municipalities, asked_on).filter(|_| lives) {
        unread(reading, person, &home);
        draft.say_of(Entry::Residence(home.begin), Some(home.begin), Statement::Residence(home.residence));
    }
    // Under a replaced number the dossier is an old one: the new number's answer says how they stand.
    if new.is_none() {
        draft.say(since, Statement::Standing(standing));
    }
    draft.insz(insz);
    let version = Version { channel: register_channel(insz?), sequence: None, stated_at: stated_at? };
    Some(draft.record(&Entry::Person, Authority::Register, &version))
}

fn identity(reading: &mut Reading<'_>, draft: &mut ItemDraft, person: &Value, context: &Context<'_>) {
    let texts = |list: &Value| many(list).filter_map(text).map(str::to_owned).collect::<Vec<_>>();
    let names = Names {
        family: texts(&person["Naam"]["Achternamen"]["Achternaam"]),
        given: texts(&person["Naam"]["Voornamen"]["Voornaam"]),
        native: None,
    };
    let names = Some(names).filter(|names| !names.tokens().is_empty());
    let birth = reading.birth("/Persoon/Geboorte/Datum", Code::BirthUnreadable);
    let sex =
        reading.coded("/Persoon/Geslacht/Code", &[("1", Sex::Male), ("2", Sex::Female), ("0", Sex::Other)]);
    draft.identity(names, birth, sex);

    let (mut nationalities, mut unknown) = (vec![], false);
    for code in many(&person["Nationaliteiten"]["Nationaliteit"]).filter_map(|one| text(&one["Code"])) {
        match context.countries.by_register_code(code) {
            Some(country) => nationalities.push(country),
            None => {
                // A code is the register's word, and no person's value.
                let code =
                    Some(code).filter(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()));
                let detail = format_args!("{} is not the code of a known country", code.unwrap_or("it"));
                reading.note(Code::Ignored, "/Persoon/Nationaliteiten", detail);
                unknown = true;
            }
        }
    }
    // Of a list that is not known whole nobody can say what it means: a human looks.
    draft.nationalities(if unknown { vec![Countries::unknown()] } else { nationalities });

    const DVZ: &str = "NummerDienstVreemdelingenzaken";
    for number in many(&person["NummersDienstVreemdelingenzaken"][DVZ]) {
        match DvzNumber::parse(text(&number[DVZ]).unwrap_or_default()) {
            Ok(number) => draft.keys.push(Key::Dvz(number)),
            Err(error) => reading.note(Code::Ignored, "/Persoon/NummersDienstVreemdelingenzaken", error),
        }
    }
}

/// How the register knows them, and since when.
fn standing(
    reading: &mut Reading<'_>,
    person: &Value,
    context: &Context<'_>,
    asked_on: Day,
) -> (RegisterStanding, Option<Day>) {
    let status = status(reading, person, asked_on);
    if person.get("Overlijden").is_some() {
        return (RegisterStanding::Deceased, died(reading));
    }
    if let Some(dossier) = person.get("GeannuleerdDossier") {
        return (RegisterStanding::Cancelled, begin(dossier));
    }
    match status {
        Some((Dossier::Deceased, since)) => return (RegisterStanding::Deceased, since),
        Some((Dossier::Cancelled, since)) => return (RegisterStanding::Cancelled, since),
        Some((Dossier::Left, since)) => return (RegisterStanding::Left, since),
        Some((Dossier::Elsewhere, since)) => return (RegisterStanding::Known, since),
        None => {}
    }
    if let Some((dossier, since)) = in_place(person) {
        let standing =
            if dossier == Dossier::Deceased { RegisterStanding::Deceased } else { RegisterStanding::Left };
        return (standing, since);
    }
    if let Some(since) = abroad(person) {
        return (RegisterStanding::Left, since);
    }
    let bis = text(&person["Register"]["Code"]) == Some("BIS");
    match home(person, context.municipalities, asked_on).filter(|_| !bis) {
        Some(home) => (RegisterStanding::Resident(home.begin), Some(home.begin)),
        None => {
            if person.pointer("/Adressen/Hoofdverblijfplaats").is_some() {
                let detail = "no home in a Belgian municipality, or none that a BIS number has";
                reading.note(Code::Ignored, "/Persoon/Adressen/Hoofdverblijfplaats", detail);
            }
            (RegisterStanding::Known, None)
        }
    }
}

/// On which day they died, where that is known whole. A date that is none, or that is to come, is refused, so that somebody
/// looks; without any date they died on a day that is not known.
fn died(reading: &mut Reading<'_>) -> Option<Day> {
    let latest = reading.latest();
    let date = reading.parsed("/Persoon/Overlijden/Datum", Code::InvalidDate, |text| {
        PartialDate::parse(text).map_err(|error| error.to_string())
    })?;
    if date.has_reached(0, latest) == Some(false) {
        reading.note(Code::StatedAhead, "/Persoon/Overlijden/Datum", TO_COME);
        return None;
    }
    date.day()
}

/// The gravest status that has not ended. A code out of the list is an error: it could mean that they
/// are gone.
fn status(reading: &mut Reading<'_>, person: &Value, asked_on: Day) -> Option<(Dossier, Option<Day>)> {
    let mut gravest = None;
    for status in many(&person["Statussen"]["Status"]).filter(|one| !ended(one, asked_on)) {
        let code = text(&status["Code"]).unwrap_or_default();
        // 99994-02 and the like: the part behind the dash says why.
        let code = code.split('-').next().unwrap_or_default();
        match STATUSES.iter().find(|(known, _)| *known == code) {
            Some((_, dossier)) => gravest = gravest.max(Some((*dossier, begin(status)))),
            None => {
                reading.note(Code::UnknownCode, "/Persoon/Statussen", "expected a dossier status of IT001")
            }
        }
    }
    gravest
}

/// Since when they live abroad: a manager that is a diplomatic post, or a residence abroad that is
/// younger than the home. `None` where they do not.
fn abroad(person: &Value) -> Option<Option<Day>> {
    let manager = &person["Beheerder"];
    let country = text(&manager["Plaats"]["Land"]["NISCode"]);
    if manager_nis(person).is_none() && country.is_some_and(|country| country != BELGIUM) {
        return Some(begin(manager));
    }
    let home = begin(&person["Adressen"]["Hoofdverblijfplaats"]);
    let last = many(&person["Adressen"]["VerblijfplaatsBuitenland"]).map(begin).max()?;
    (last > home).then_some(last)
}

/// What stands in the place of a municipality, of the home or of the manager: that they died, or were struck off.
fn in_place(person: &Value) -> Option<(Dossier, Option<Day>)> {
    let home = &person["Adressen"]["Hoofdverblijfplaats"];
    let (own, managing) = (&home["NISCodeGemeente"], &person["Beheerder"]["Plaats"]["Gemeente"]["NISCode"]);
    let gone = |place: &Value| {
        let code = text(place).filter(|code| code.starts_with("9999") || code.ends_with("992"))?;
        let known = STATUSES.iter().find(|(known, _)| *known == code)?.1;
        (known != Dossier::Elsewhere).then_some(known)
    };
    // The manager who ended the dossier says when; a home alone says it as well.
    let manager = gone(managing).map(|dossier| (dossier, begin(&person["Beheerder"])));
    manager.or_else(|| gone(own).map(|dossier| (dossier, begin(home))))
}

/// The number that replaces a cancelled dossier's, where it names one.
fn replacement(dossier: &Value, context: &Context<'_>) -> Option<Insz> {
    let number = text(&dossier["NieuwINSZ"]).or(text(&dossier["INSZ"]))?;
    Insz::parse(number).ok()?.allowed_in(context.environment).ok()
}

const BELGIUM: &str = "150";

/// A home in a Belgian municipality.
struct RegisteredHome {
    begin: Day,
    /// Whether the answer says when; else it is taken to begin on the day of the answer.
    begin_is_told: bool,
    residence: Residence,
}

/// The main residence, where it lies in a Belgian municipality. The address's own code counts, also
/// where another municipality manages the dossier; the manager's is taken where it has none. A code that is in no table
/// is told as it is: there may be a new municipality, and somebody must look.
fn home(person: &Value, municipalities: &Municipalities, asked_on: Day) -> Option<RegisteredHome> {
    let address = person.pointer("/Adressen/Hoofdverblijfplaats")?;
    let belgian = match (text(&address["NISCodeLand"]), text(&address["ISOCodeLand"])) {
        (Some(code), _) => code == BELGIUM,
        (None, Some(code)) => code == "BEL",
        (None, None) => text(&address["Land"]["String"]).is_none_or(|name| name.starts_with("BELGI")),
    };
    let municipality = |nis: NisCode| !matches!(municipalities.lookup(nis, asked_on), Lookup::Unknown);
    let own = text(&address["NISCodeGemeente"]).and_then(|nis| NisCode::parse(nis).ok());
    let managing = manager_nis(person).filter(|nis| municipality(*nis));
    // How the register writes that somebody died or was struck off, in the place of a municipality.
    let status = |nis: &NisCode| nis.to_string().starts_with("9999");
    let nis = own.filter(|nis| municipality(*nis)).or(managing).or(own.filter(|nis| !status(nis)));
    let nis = nis.filter(|_| belgian)?;

    // A merger that makes a code leaves the address as it was, and begins a management under the code on its first day.
    let table = municipalities.iter().map(|one| one.valid_from).min();
    let code = municipalities.iter().find(|one| one.nis == nis).map(|one| one.valid_from);
    let code = code.filter(|first| Some(*first) > table);
    let managed = begin(&person["Beheerder"]).filter(|day| managing == Some(nis) && code == Some(*day));
    let told = managed.or_else(|| begin(address));
    let restricted = person
        .pointer("/Adressen/NietMededeelbaarAdres")
        .is_some_and(|flags| many(flags).any(|flag| !ended(flag, asked_on)));
    let residence = Residence { nis, address: street(address), restricted };
    Some(RegisteredHome { begin: told.unwrap_or(asked_on), begin_is_told: told.is_some(), residence })
}

/// What of a home says something that is not read: it is taken without, and told.
fn unread(reading: &mut Reading<'_>, person: &Value, home: &RegisteredHome) {
    const AT: &str = "/Persoon/Adressen/Hoofdverblijfplaats";
    let address = &person["Adressen"]["Hoofdverblijfplaats"];
    if address.is_object() && !home.begin_is_told {
        let detail = "no whole day: the home is taken to begin on the day of the answer";
        reading.note(Code::Ignored, &format!("{AT}/@DatumBegin"), detail);
    }
    if text(&address["NISCodeGemeente"]).is_some_and(|nis| NisCode::parse(nis).is_err()) {
        let detail = "no code of five digits: the managing municipality's is taken";
        reading.note(Code::Ignored, &format!("{AT}/NISCodeGemeente"), detail);
    }
}

fn street(address: &Value) -> Option<Address> {
    let named = |standard: &str, free: &str| {
        let name = text(&address[standard]["String"]).or(text(&address[free]["String"]))?;
        // An old name stands behind the new one, in brackets.
        let now = name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")).map_or(name, |(now, _)| now);
        Some(now.trim()).filter(|now| !now.is_empty()).map(str::to_owned)
    };
    let plain = |name: &str| text(&address[name]).map(str::to_owned);
    Some(Address {
        street: named("Straatnaam", "NietGestandaardiseerdeStraatnaam")?,
        number: plain("Huisnummer").unwrap_or_default(),
        bus: plain("Busnummer"),
        postal_code: plain("Postcode"),
        municipality: named("Gemeentenaam", "NietGestandaardiseerdeGemeentenaam"),
    })
}

fn manager_nis(person: &Value) -> Option<NisCode> {
    NisCode::parse(text(&person["Beheerder"]["Plaats"]["Gemeente"]["NISCode"])?).ok()
}

/// Whether what an element says has ended by this day. An end that is to come has not.
fn ended(element: &Value, on: Day) -> bool {
    let end = text(&element["@DatumEinde"]);
    end.is_some_and(|end| parse_day(end).is_none_or(|end| end <= on))
}

fn begin(element: &Value) -> Option<Day> {
    day(&element["@DatumBegin"])
}

/// A whole day; the register's incomplete ones begin nothing.
fn day(value: &Value) -> Option<Day> {
    parse_day(text(value)?)
}
