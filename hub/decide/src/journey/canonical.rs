//! A person in canonical form: every field the hub could say, from the facts, on a day.
//!
//! The only reader of facts for release. An address that may not be communicated is left out here,
//! before any contract is asked, so no contract can let it through.

use schemas::canonical::Canonical;
use schemas::fact::{Application, Sex};
use schemas::municipality::LanguageArea;
use schemas::recipient::Recipient;
use schemas::reference::ModuleCode;
use schemas::time::Day;

use crate::bundle::Bundle;
use crate::journey::Journey;
use crate::journey::scope::{Group, intended_area};
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
    if let Some(contact) = journey.contact() {
        form.text("email", contact.email.as_deref());
        form.text("phone", contact.phone.as_deref());
    }
    form.text("contact_language", journey.language());
    form.text("target_group", group.map(Group::as_str));
    form.text("visa_status", Some(if journey.granted(on) { "granted" } else { "pending" }));
    let entry = |applied: &Application| applied.entry_on;
    let expected = journey
        .applications(on)
        .filter(|a| a.ended.is_none())
        .filter_map(|a| a.applied.and_then(entry))
        .max();
    form.text("expected_arrival", expected.map(month));
    let area = intended_area(journey, bundle, on);
    form.text("intended_area", area.map(LanguageArea::as_str));
    let goes_on = |ended: Option<_>| ended.is_none();
    let visas = journey.applications(on).filter(|visa| goes_on(visa.ended));
    form.texts("applications", visas.map(|a| format!("{} {}", a.post.as_str(), a.number.as_str())).collect());
    let permits = journey.permits(on).filter(|permit| goes_on(permit.ended));
    form.texts("permits", permits.map(|permit| permit.number.as_str().to_owned()).collect());
    home(&mut form, journey, bundle, on);
    learning(&mut form, journey);
    let accounts = journey.portal_accounts().into_iter();
    let names = accounts.filter_map(|account| account.as_str().split_once(' '));
    form.texts("portal_accounts", names.map(|(_, name)| name.to_owned()).collect());
    let holder = person.held_handover().and_then(|held| held.recipient.as_ref());
    form.text("competent_agency", holder.map(Recipient::as_str));
    form
}

/// The path and where the person stands on it.
fn learning(form: &mut Canonical, journey: Journey<'_>) {
    let words = |module: &ModuleCode| module.as_str().to_owned();
    form.texts("learning_path", journey.learning_path().iter().map(words).collect());
    let modules = journey.modules();
    let done = modules.iter().filter(|(_, status)| status.is_done());
    form.texts("modules_completed", done.map(|(module, _)| words(module)).collect());
    let path = journey.path_done().map(|done| if done { "completed" } else { "open" });
    form.text("path_status", path);
    form.map(
        "modules",
        modules.into_iter().map(|(m, status)| (words(m), status.as_str().to_owned())).collect(),
    );
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
