//! A person in canonical form: every field the hub could say, from the facts, on a day.
//!
//! The only reader of facts for release. An address that may not be communicated is left out here,
//! before any contract is asked, so no contract can let it through.

use std::collections::BTreeMap;

use schemas::canonical::Canonical;
use schemas::fact::{CoursePeriod, Sex, SupportNeed};
use schemas::municipality::LanguageArea;
use schemas::recipient::Recipient;
use schemas::reference::ModuleCode;
use schemas::time::Day;

use crate::bundle::Bundle;
use crate::fee::{FeePlace, FeeRule, FeeStatus, fee};
use crate::journey::Journey;
use crate::journey::learning::ModuleProgress;
use crate::journey::scope::{Group, intended_area};
use crate::package::{ModuleTable, Obligation};
use crate::person::Person;

/// Everything the hub could say about a person; of one who has left the target group, all but the group.
#[must_use]
pub fn canonical(person: &Person, bundle: &Bundle, group: Option<Group>, on: Day) -> Canonical {
    let journey = Journey::of(&person.state);
    let mut form = Canonical::default();
    if let Some(names) = journey.names() {
        form.texts("family_names", names.family.clone());
        form.texts("given_names", names.given.clone());
    }
    form.text("birth_date", journey.birth().map(|birth| birth.to_string()));
    form.text("sex", journey.sex().map(word_of_sex));
    let codes = journey.nationalities().iter().map(|country| country.code().to_owned()).collect();
    form.texts("nationalities", codes);
    form.text("insz", journey.insz().map(|insz| insz.to_string()));
    form.text("email", journey.email());
    form.text("phone", journey.phone());
    form.text("contact_language", journey.language());
    form.text("target_group", group.map(Group::as_str));
    form.text("visa_status", visa_status(journey, on));
    let expected = journey.applications(on).filter(|a| a.ended.is_none()).filter_map(|a| a.entry_on()).max();
    form.text("expected_arrival", expected.map(month));
    let area = intended_area(journey, bundle, on);
    form.text("intended_area", area.map(LanguageArea::as_str));
    let goes_on = |ended: Option<_>| ended.is_none();
    let visas = journey.applications(on).filter(|visa| goes_on(visa.ended));
    form.texts("applications", visas.map(|a| format!("{} {}", a.post.as_str(), a.number.as_str())).collect());
    let permits = journey.permits(on).filter(|permit| goes_on(permit.ended));
    form.texts("permits", permits.map(|permit| permit.number.as_str().to_owned()).collect());
    home(&mut form, journey, bundle, on);
    if let Some(group) = group {
        form.text("obligation", Some(obligation(journey, bundle, group, on).as_str()));
        let focus = bundle.modules.focus(group, on).map(|module| module.as_str().to_owned());
        form.texts("focus_modules", focus.collect());
    }
    learning(&mut form, journey, bundle);
    form.text("effort", effort(journey, bundle, on));
    if let Some((status, rule)) = owed(journey, bundle, area, on) {
        form.text("fee", Some(status.as_str()));
        form.text("fee_euro", status.has_amount().then(|| rule.euro.to_string()));
    }
    let accounts = journey.portal_accounts().into_iter();
    let names = accounts.filter_map(|account| account.as_str().split_once(' '));
    form.texts("portal_accounts", names.map(|(_, name)| name.to_owned()).collect());
    let holder = person.held_handover().and_then(|held| held.recipient.as_ref());
    form.text("competent_agency", holder.map(Recipient::as_str));
    form
}

/// How what they asked for stands; nothing where it has ended.
fn visa_status(journey: Journey<'_>, on: Day) -> Option<&'static str> {
    let goes_on = journey.applications(on).any(|entry| entry.ended.is_none())
        || journey.permits(on).any(|entry| entry.ended.is_none());
    goes_on.then(|| if journey.granted(on) { "granted" } else { "pending" })
}

/// What somebody is to the trajectory, by the ground they come on.
fn obligation(journey: Journey<'_>, bundle: &Bundle, group: Group, on: Day) -> Obligation {
    let Some(rule) = bundle.obligation.on(on) else { return Obligation::Unknown };
    let of_age = journey.birth().and_then(|birth| birth.has_reached(rule.exempt_from_age, on));
    rule.of(group, journey.family_ground(on), of_age)
}

/// What they owe, once they have enrolled, by the rules of that day. Where they mean to live counts until they arrive; then
/// where they registered first.
fn owed<'a>(
    journey: Journey<'_>,
    bundle: &'a Bundle,
    meant: Option<LanguageArea>,
    on: Day,
) -> Option<(FeeStatus, &'a FeeRule)> {
    let enrolled = journey.enrolled_on().filter(|day| *day <= on)?;
    let (rule, law) = (bundle.fee.on(enrolled)?, bundle.target_group.candidate(enrolled)?);
    let brussels = |area: Option<LanguageArea>| area == Some(LanguageArea::Brussels);
    // A home under a code that no table knows decides nothing yet.
    let place = match journey.arrived_in(on).and_then(|nis| bundle.places.of_code(nis)) {
        Some(area) if brussels(Some(area)) => FeePlace::Brussels,
        Some(_) => FeePlace::Elsewhere,
        None if brussels(meant) => FeePlace::MeansBrussels,
        None => FeePlace::MeansElsewhere,
    };
    let exempt = journey.fee_exemptions().into_iter().any(|category| rule.exempt.contains(category));
    Some((fee(law.charged, exempt, place, journey.paid_fee()), rule))
}

/// How far they came, without any result.
fn effort(journey: Journey<'_>, bundle: &Bundle, on: Day) -> Option<&'static str> {
    match journey.whole_package(&bundle.modules) {
        Some(true) => Some("completed"),
        _ if journey.has_begun() => Some("started"),
        _ => journey.enrolled_on().filter(|day| *day <= on).map(|_| "enrolled"),
    }
}

/// The path and where the person stands on it, and what they bring along.
fn learning(form: &mut Canonical, journey: Journey<'_>, bundle: &Bundle) {
    let table = &bundle.modules;
    let path = journey.learning_path();
    let modules = journey.modules(table);
    let told =
        |(module, stands): &(&&ModuleCode, &ModuleProgress)| stands.status.is_done() || path.contains(module);
    let rows = |done: bool| {
        let all = modules.iter().filter(told).filter(|(_, stands)| !done || stands.status.is_done());
        all.map(|(module, stands)| row(table, module, stands)).collect()
    };
    form.rows("modules", rows(false));
    form.rows("modules_completed", rows(true));
    let whole = journey.whole_package(table).map(|done| if done { "completed" } else { "open" });
    form.text("whole_package", whole);
    form.text("course_language", journey.course_language());
    if let Some(CoursePeriod { from, until }) = journey.course_period() {
        form.text("course_from", from.map(|day| day.to_string()));
        form.text("course_until", until.map(|day| day.to_string()));
    }
    if let Some(SupportNeed { device, connection, skills }) = journey.support() {
        let all = [("device", device), ("connection", connection), ("skills", skills)];
        let needed: Vec<_> =
            all.iter().filter(|(_, need)| *need).map(|(name, _)| (*name).to_owned()).collect();
        form.texts("support_need", if needed.is_empty() { vec!["none".to_owned()] } else { needed });
    }
    let tests = journey.tests_elsewhere().into_iter().map(|(subject, level, test)| {
        let issuer = if table.issuers.contains(&test.issuer) { test.issuer.as_str() } else { "other" };
        columns([
            ("kind", Some(subject.as_str().to_owned())),
            ("level", level.map(|level| level.as_str().to_owned())),
            ("passed_on", Some(test.passed_on.to_string())),
            ("issuer", Some(issuer.to_owned())),
        ])
    });
    form.rows("tests_elsewhere", tests.collect());
}

/// What is told of one module. That somebody failed is not.
fn row(table: &ModuleTable, module: &ModuleCode, stands: &ModuleProgress) -> BTreeMap<String, String> {
    let known = table.modules.get(module);
    let name = |language: &str| known.and_then(|row| row.names.get(language).cloned());
    let version = known.zip(stands.completed_on).and_then(|(row, on)| row.version(on));
    columns([
        ("code", Some(module.as_str().to_owned())),
        ("name_nl", name("nl")),
        ("name_en", name("en")),
        ("name_fr", name("fr")),
        ("part", known.map(|row| row.part.as_str().to_owned())),
        ("status", Some(stands.status.told().to_owned())),
        ("version", version.map(|version| version.name.clone())),
        ("completed_on", stands.completed_on.map(|day| day.to_string())),
        ("passed_on", stands.passed_on.map(|day| day.to_string())),
    ])
}

fn columns<const N: usize>(all: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn home(form: &mut Canonical, journey: Journey<'_>, bundle: &Bundle, on: Day) {
    let Some(home) = journey.home(on) else { return };
    let present = bundle.municipalities.present(home.residence.nis, on);
    form.text("municipality", present.map(|nis| nis.to_string()));
    form.text("arrival_month", Some(month(home.began)));
    form.text("registered_on", Some(home.began.to_string()));
    let address = home.residence.address.as_ref().filter(|_| !journey.restricted());
    if let Some(address) = address {
        form.text("street", Some(address.street.as_str()));
        form.text("house_number", Some(address.number.as_str()));
        form.text("bus", address.bus.as_deref());
        form.text("postal_code", address.postal_code.as_deref());
    }
}

fn month(day: Day) -> String {
    day.format("%Y-%m").to_string()
}

fn word_of_sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
        Sex::Other => "other",
    }
}
