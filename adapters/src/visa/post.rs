//! What a post sends: an application, what became of it, a correction, a withdrawal.
//!
//! The post's own sequence decides which statement is the newer one, so a correction replaces what
//! the application said even when it comes first. A decision that the aliens office took is stated
//! with its authority, in the post's channel. Next: `zone`.

use schemas::country::Country;
use schemas::fact::{Application, Authority, Entry, Purpose, Record, Statement};
use schemas::finding::Code;
use schemas::key::Key;
use schemas::name::Names;
use schemas::place::Destination;
use schemas::reference::{ApplicationNumber, DvzNumber, PassportNumber, PermitNumber, PostCode};
use schemas::time::{Day, Version};
use serde_json::Value;

use super::{DECISIONS, zone};
use crate::Context;
use crate::draft::ItemDraft;
use crate::reading::{Codes, Reading};

const PURPOSES: Codes<'_, Purpose> = &[
    ("work", Purpose::Work),
    ("family_reunification", Purpose::FamilyReunification),
    ("family_of_worker", Purpose::FamilyOfWorker),
    ("study", Purpose::Study),
    ("other", Purpose::Other),
];

const DECIDERS: Codes<'_, Authority> =
    &[("post", Authority::Post), ("dvz", Authority::Aliens), ("applicant", Authority::Post)];

pub(super) fn record(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Record> {
    let post: Option<PostCode> = reading.reference("/post/code");
    let number: Option<ApplicationNumber> = reading.reference("/application/number");
    let sent_at = reading.instant("/sent_at");
    let mut draft = ItemDraft::default();
    let mut authority = Authority::Post;
    match reading.text("/type") {
        Some("application") => application(reading, &mut draft, context),
        Some("status") => {
            let decided_on = reading.past_day("/status/date");
            if let Some(decision) = reading.coded("/status/code", DECISIONS) {
                draft.say(decided_on, Statement::Decision(decision));
            }
            authority = reading.coded("/status/decided_by", DECIDERS).unwrap_or(authority);
        }
        Some("withdrawal") => {
            let withdrawn_on = reading.past_day("/status/date");
            if reading.text("/status/code").is_some_and(|code| code != "ingetrokken") {
                reading.note(Code::Contradiction, "/status/code", "a withdrawal with another status");
            }
            draft.say(withdrawn_on, Statement::Withdrawn);
        }
        Some("correction") => correction(reading, &mut draft),
        _ => {}
    }
    draft.keys.extend(reading.reference::<DvzNumber>("/status/dvz_number").map(Key::Dvz));

    let (post, number, sent_at) = (post?, number?, sent_at?);
    draft.keys.push(Key::Application(post.clone(), number.clone()));
    let version = Version {
        channel: format!("post/{}", post.as_str()),
        sequence: reading.value("/sequence").and_then(Value::as_u64),
        stated_at: sent_at,
    };
    Some(draft.record(&Entry::Application(post, number), authority, &version))
}

fn application(reading: &mut Reading<'_>, draft: &mut ItemDraft, context: &Context<'_>) {
    let permit: Option<PermitNumber> = reading.reference("/application/single_permit_reference");
    draft.keys.extend(permit.clone().map(Key::PermitNamed));
    let filed_on = reading.past_day("/application/filed_on");
    let entry_on = reading.day("/application/intended_entry");
    let purpose = reading.coded("/application/purpose", PURPOSES);
    let text = |at: &str| reading.text(at).map(str::to_owned);
    let ground = text("/application/ground");
    let (municipality, postal_code) =
        (text("/application/destination/municipality"), text("/application/destination/postal_code"));
    let destination = Destination { nis: None, municipality, postal_code }.stated();
    if let Some(Purpose::Work | Purpose::FamilyReunification | Purpose::FamilyOfWorker) = purpose {
        reading.destination("/application/destination", destination.as_ref(), context);
    }
    let needs_visa = reading.text("/application/visa_type").map(|kind| kind != "none");
    if let (Some(filed_on), Some(purpose)) = (filed_on, purpose) {
        let mut say = |statement| draft.say(Some(filed_on), statement);
        say(Statement::Applied(Application { filed_on, purpose }));
        ground.map(Statement::Ground).into_iter().for_each(&mut say);
        permit.map(Statement::RestsOn).into_iter().for_each(&mut say);
        entry_on.map(Statement::EntryOn).into_iter().for_each(&mut say);
        needs_visa.map(Statement::NeedsVisa).into_iter().for_each(&mut say);
        destination.map(Statement::Destination).into_iter().for_each(&mut say);
    }
    person(reading, draft, context, filed_on);
}

/// `filed_on` is what a two-digit year in the machine-readable zone is read against.
fn person(reading: &mut Reading<'_>, draft: &mut ItemDraft, context: &Context<'_>, filed_on: Option<Day>) {
    let mut names = reading.names("/person/surname", "/person/given_names");
    if let Some(names) = &mut names {
        names.native = reading.text("/person/native_name").map(str::to_owned);
    }
    let birth = reading.birth("/person/birth_date", Code::InvalidDate);
    let sex = reading.sex("/person/sex");
    let issuer = reading.country("/travel_document/issuing_state", context.countries);
    let number: Option<PassportNumber> = reading.reference("/travel_document/number");
    let zone = filed_on.and_then(|day| zone::read(reading, day));

    // What is written is stated; where nothing is written, the zone speaks.
    let stated_names = names.clone().or_else(|| zone.as_ref().and_then(|zone| zone.names.clone()));
    draft.identity(stated_names, birth.or_else(|| zone.as_ref().and_then(|zone| zone.birth)), sex);
    draft.keys.extend(number.clone().map(|number| passport(issuer.clone(), number)));
    if let Some(zone) = zone {
        zone::compare(reading, &zone, names.as_ref(), birth);
        let known = |names: &Names| draft.names.iter().any(|written| zone::same(written, names));
        let other = zone.names.filter(|names| !known(names));
        draft.names.extend(other);
        draft.births.extend(zone.birth.filter(|birth| !draft.births.contains(birth)));
        let other = zone.number.filter(|other| number.as_ref() != Some(other));
        draft.keys.extend(other.map(|number| passport(issuer, number)));
    }

    let mut nationalities = Vec::from_iter(reading.country("/person/nationality", context.countries));
    let others = reading.value("/person/other_nationalities").and_then(Value::as_array).map_or(0, Vec::len);
    for index in 0..others {
        let at = format!("/person/other_nationalities/{index}");
        nationalities.extend(reading.country(&at, context.countries));
    }
    draft.nationalities(nationalities);
    draft.contact(reading.text("/person/email"), reading.text("/person/phone"));
    if let Some(language) = reading.text("/person/contact_language") {
        draft.say(None, Statement::Language(language.to_owned()));
    }
}

/// Without its country a document number identifies nobody.
fn passport(issuer: Option<Country>, number: PassportNumber) -> Key {
    match issuer {
        Some(country) => Key::Passport(country, number),
        None => Key::PassportAlone(number),
    }
}

/// A correction replaces one whole field. A part of a name, or one of several nationalities, would
/// leave the other parts in doubt: those are corrected by sending the application again.
fn correction(reading: &mut Reading<'_>, draft: &mut ItemDraft) {
    const NEW: &str = "/correction/new";
    match reading.text("/correction/field") {
        Some("person.birth_date") => {
            let birth = reading.birth(NEW, Code::InvalidDate);
            draft.identity(None, birth, None);
        }
        Some("person.sex") => {
            let sex = reading.sex(NEW);
            draft.identity(None, None, sex);
        }
        Some("person.contact_language") => {
            if let Some(language) = reading.text(NEW) {
                draft.say(None, Statement::Language(language.to_owned()));
            }
        }
        Some(field @ ("person.surname" | "person.given_names")) => {
            let (family, given) = if field == "person.surname" { (NEW, "") } else { ("", NEW) };
            draft.names.extend(reading.names(family, given));
            reading.note(
                Code::Ignored,
                NEW,
                "finds the person, but is not stated: send the application again with the whole name",
            );
        }
        Some(_) => {
            reading.note(Code::UnknownCode, "/correction/field", "not a field that can be corrected alone")
        }
        None => {}
    }
}
