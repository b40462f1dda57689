//! The permit source: single permits of WEWIS, one CSV row an event of one worker or family member.
//!
//! Rows come through spreadsheets, so what a spreadsheet breaks is told and the rest is used. What
//! concerns the employer and the job is never stored; it is looked at once, to warn. The format is
//! an assumption until WEWIS publishes one. A row has no id: the whole row stands for it.

use schemas::fact::{Authority, Decision, Entry, Permit, PermitRole, Record, Region, Statement};
use schemas::finding::{Code, Finding};
use schemas::key::Key;
use schemas::message::Said;
use schemas::municipality::NisCode;
use schemas::place::Destination;
use schemas::reference::{PassportNumber, PermitNumber, enterprise_number_fits};
use schemas::time::{Version, start_of};
use serde_json::Value;

use crate::draft::ItemDraft;
use crate::reading::{Codes, Reading};
use crate::{Context, Format, Source, Translation};

const EVENTS: Codes<'_, Decision> = &[
    ("aanvraag", Decision::Pending),
    ("beslissing", Decision::Granted),
    ("weigering", Decision::Refused),
    ("intrekking", Decision::Revoked),
];

const REGIONS: Codes<'_, Region> =
    &[("VL", Region::Flanders), ("BHG", Region::Brussels), ("WAL", Region::Wallonia)];

/// The permit source.
#[derive(Debug)]
pub(crate) struct Permits;

impl Source for Permits {
    fn name(&self) -> &'static str {
        "permit"
    }

    fn format(&self) -> Format {
        Format::Csv
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.json")
    }

    fn example(&self) -> &'static str {
        include_str!("example.csv")
    }

    fn strip(&self) -> &'static [&'static str] {
        const COLUMNS: &[&str] =
            &["/employer_kbo", "/establishment_number", "/nace", "/function_title", "/isco08", "/annex"];
        COLUMNS
    }

    fn notice(&self, item: &Value) -> Vec<Finding> {
        let mut findings = vec![];
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let digits = |text: &str| text.chars().filter(|c| !matches!(c, ' ' | '.')).collect::<String>();
        if text("employer_kbo").is_some_and(|number| !enterprise_number_fits(&digits(number))) {
            let detail = "expected ten digits with right check digits";
            findings.push(Finding::new(Code::EnterpriseCheck, "/employer_kbo", detail));
        }
        if text("isco08").is_some_and(|code| code.len() != 4 || !code.bytes().all(|b| b.is_ascii_digit())) {
            let detail = "expected an ISCO-08 unit group of four digits";
            findings.push(Finding::new(Code::OccupationForm, "/isco08", detail));
        }
        findings
    }

    fn id(&self, item: &Value) -> Option<String> {
        // Columns in the order of their names: moving a column makes no new row.
        let row = item.as_object()?.iter();
        let column = |(name, value): (&String, &Value)| Some(format!("{name}={}", value.as_str()?.trim()));
        row.map(column).collect::<Option<Vec<_>>>().map(|columns| columns.join(";"))
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let record = record(&mut reading, context);
        reading.finish(record.map(Said::Record))
    }
}

fn record(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Record> {
    let mut draft = ItemDraft::default();
    let dossier: Option<PermitNumber> = reading.reference("/dossier_number");
    let of_worker: Option<PermitNumber> = reading.reference("/worker_dossier");
    let role = match reading.text("/record_type") {
        Some("worker") => Some(PermitRole::Worker),
        Some("family") => of_worker.map(PermitRole::Family),
        _ => None,
    };
    draft.keys.extend(match &role {
        Some(PermitRole::Family(worker)) => Some(Key::PermitNamed(worker.clone())),
        _ => dossier.clone().map(Key::PermitNamed),
    });
    draft.keys.extend(dossier.clone().map(Key::Permit));

    let event_on = reading.past_day("/event_date");
    let applied_on = reading.past_day("/application_date");
    if event_on.zip(applied_on).is_some_and(|(event, applied)| event < applied) {
        reading.note(Code::Contradiction, "/event_date", "lies before application_date");
    }
    let region = reading.coded("/region", REGIONS);
    let destination = destination(reading, context);
    let decision = reading.coded("/event", EVENTS);
    let insz = reading.insz("/insz", context.environment);
    // A BIS number is given to people abroad as well.
    let registered = insz.is_some_and(|insz| !insz.is_bis());
    let through_post = reading.text("/visa_post").is_some();
    draft.insz(insz);
    person(reading, &mut draft, context);

    let (dossier, event_on) = (dossier?, event_on?);
    let (applied_on, role, region) = (applied_on?, role?, region?);
    let mut say = |statement| draft.say(Some(applied_on), statement);
    say(Statement::Permit(Permit { applied_on, role, region }));
    registered.then_some(Statement::Registered).into_iter().for_each(&mut say);
    through_post.then_some(Statement::ThroughPost).into_iter().for_each(&mut say);
    destination.map(Statement::Destination).into_iter().for_each(&mut say);
    draft.say(Some(event_on), Statement::PermitDecision(decision?));
    let version = Version { channel: "wewis".to_owned(), sequence: None, stated_at: start_of(event_on) };
    Some(draft.record(&Entry::Permit(dossier), Authority::Permits, &version))
}

fn destination(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Destination> {
    let nis = reading.parsed("/intended_nis", Code::Ignored, NisCode::parse);
    let postal_code = reading.text("/intended_postal_code").map(str::to_owned);
    let destination = Destination { nis, municipality: None, postal_code }.stated()?;
    reading.destination("/intended_postal_code", Some(&destination), context);
    Some(destination)
}

fn person(reading: &mut Reading<'_>, draft: &mut ItemDraft, context: &Context<'_>) {
    let names = reading.names("/family_name", "/given_names");
    let birth = reading.birth("/birth_date", Code::BirthUnreadable);
    let sex = reading.sex("/sex");
    draft.identity(names, birth, sex);
    draft.nationalities(Vec::from_iter(reading.country("/nationality", context.countries)));
    draft.contact(reading.text("/email"), None);
    let issuer = reading.country("/passport_country", context.countries);
    if let Some(number) = reading.reference::<PassportNumber>("/passport_number") {
        draft.keys.push(match issuer {
            Some(country) => Key::Passport(country, number),
            None => Key::PassportAlone(number),
        });
    }
}
