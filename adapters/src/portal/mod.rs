//! The portal source (`portal/1`): what a participant does at the portal, one event an item.
//!
//! Every event is known by the portal account it happened in; what an account claims of numbers finds
//! the person and is no fact, and a claim that cannot be read refuses nothing. Of the
//! talk at the beginning only which help is needed is kept, never what a counsellor noted. The format is ours to define: [`Source::schema`] is the
//! contract. Next: [`schemas::fact`].

use schemas::fact::{
    Authority, CoursePeriod, Entry, FeeExemption, FeePayment, LanguageLevel, LearningPath, Record, Statement,
    SupportNeed, TestElsewhere, TestSubject,
};
use schemas::finding::Code;
use schemas::key::Key;
use schemas::message::Said;
use schemas::reference::{
    Account, ApplicationNumber, CategoryCode, IssuerCode, ModuleCode, PassportNumber, PermitNumber, PostCode,
};
use schemas::time::{Day, Version, day_of};
use serde_json::Value;

use crate::draft::ItemDraft;
use crate::reading::{Reading, home_page};
use crate::{Context, Format, Source, Translation};

/// The portal source.
#[derive(Debug)]
pub(crate) struct Portal;

impl Source for Portal {
    fn name(&self) -> &'static str {
        "portal"
    }

    fn format(&self) -> Format {
        Format::Json
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.json")
    }

    fn example(&self) -> &'static str {
        include_str!("example.json")
    }

    fn strip(&self) -> &'static [&'static str] {
        &["/set_by", "/digital_skills", "/notes"]
    }

    fn id(&self, item: &Value) -> Option<String> {
        item.get("message_id")?.as_str().map(str::to_owned)
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let record = record(&mut reading, context);
        reading.finish(record.map(Said::Record))
    }
}

fn record(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Record> {
    let own = reading.parsed("/account", Code::InvalidReference, |name| account("portal", name));
    let at = reading.instant("/at");
    let on = at.map(day_of);
    let mut draft = ItemDraft::default();
    let mut entry = own.clone();
    match reading.text("/type") {
        Some("account_created") => created(reading, &mut draft, on),
        Some("learning_path_set") => {
            let modules = modules(reading);
            draft.say(on, Statement::LearningPath(LearningPath { modules }));
        }
        Some("intake_talk") => talked(reading, &mut draft, on),
        Some("test_shown") => shown(reading, &mut draft, on),
        Some("fee") => {
            let payment = [("paid", FeePayment::Paid), ("refunded", FeePayment::Refunded)];
            let what = reading.coded("/what", &payment);
            what.into_iter().for_each(|what| draft.say(on, Statement::Fee(what)));
        }
        Some("fee_exemption") => {
            let category = reading.parsed("/category", Code::InvalidReference, CategoryCode::parse);
            let holds = holds(reading);
            let shown = category.map(|category| FeeExemption { category, holds });
            if let Some(shown) = shown {
                draft.say_of(Entry::Exemption(shown.category.clone()), on, Statement::Exemption(shown));
            }
        }
        Some("lms_linked") => {
            let linked = platform(reading);
            draft.keys.extend(linked.clone().map(Key::Account));
            draft.say(on, Statement::AccountOpened);
            entry = linked;
        }
        Some("brussels_choice") => {
            let choice = reading.choice(("/provider", "/language"), context);
            choice.into_iter().for_each(|choice| draft.choose(on, choice));
        }
        Some("objection") => draft.say(on, Statement::Objection),
        _ => {}
    }
    let (own, entry, stated_at) = (own?, entry?, at?);
    let version = Version { channel: own.as_str().replace(' ', "/"), sequence: None, stated_at };
    draft.keys.push(Key::Account(own));
    Some(draft.record(&Entry::Account(entry), Authority::Portal, &version))
}

fn account(home: &str, name: &str) -> Result<Account, schemas::reference::ReferenceError> {
    Account::parse(&format!("{home} {name}"))
}

fn created(reading: &mut Reading<'_>, draft: &mut ItemDraft, on: Option<Day>) {
    draft.say(on, Statement::AccountOpened);
    let names = reading.names("/family_name", "/given_names");
    let birth = reading.birth("/birth_date", Code::BirthUnreadable);
    draft.identity(names, birth, None);
    draft.contact(reading.text("/email"), reading.text("/phone"));
    if let Some(language) = reading.text("/language") {
        draft.say(None, Statement::Language(language.to_owned()));
    }
    let post = reading.parsed("/claims/post", Code::Ignored, PostCode::parse);
    let number = reading.parsed("/claims/application_number", Code::Ignored, ApplicationNumber::parse);
    draft.keys.extend(post.zip(number).map(|(post, number)| Key::ApplicationNamed(post, number)));
    let permit = reading.parsed("/claims/single_permit_dossier", Code::Ignored, PermitNumber::parse);
    draft.keys.extend(permit.map(Key::PermitNamed));
    let passport = reading.parsed("/claims/passport_number", Code::Ignored, PassportNumber::parse);
    draft.keys.extend(passport.map(Key::PassportAlone));
}

/// What the talk at the beginning found: coarse needs, and how they take the course.
fn talked(reading: &mut Reading<'_>, draft: &mut ItemDraft, on: Option<Day>) {
    if let Some(needs) = reading.value("/needs").and_then(Value::as_array) {
        let needs = |what: &str| needs.iter().any(|need| need == what);
        let support =
            SupportNeed { device: needs("device"), connection: needs("connection"), skills: needs("skills") };
        draft.say(on, Statement::Support(support));
    }
    let language = reading.text("/course_language").map(str::to_owned);
    let (from, until) = (reading.day("/course_from"), reading.day("/course_until"));
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        reading.note(Code::Contradiction, "/course_until", "lies before the first day");
    }
    language.into_iter().for_each(|language| draft.say(on, Statement::CourseLanguage(language)));
    if from.or(until).is_some() {
        draft.say(on, Statement::CoursePeriod(CoursePeriod { from, until }));
    }
}

/// A proof of a test that they showed: a later event about the same test takes it back.
fn shown(reading: &mut Reading<'_>, draft: &mut ItemDraft, on: Option<Day>) {
    let subject = match reading.text("/kind") {
        Some("dutch") => Some(TestSubject::Dutch),
        Some("social_orientation") => Some(TestSubject::SocialOrientation),
        _ => None,
    };
    let level = reading.text("/level");
    let level = LanguageLevel::ALL.iter().find(|(name, _)| Some(*name) == level).map(|(_, level)| *level);
    if subject == Some(TestSubject::Dutch) && level.is_none() {
        reading.note(Code::Contradiction, "/level", "a test of a language has a level");
    }
    let passed_on = reading.past_day("/passed_on");
    if passed_on.zip(on).is_some_and(|(passed_on, on)| on < passed_on) {
        reading.note(Code::Contradiction, "/passed_on", "lies after the day on which the proof was shown");
    }
    let issuer = reading.parsed("/issuer", Code::InvalidReference, IssuerCode::parse);
    let holds = holds(reading);
    if let (Some(subject), Some(passed_on), Some(issuer)) = (subject, passed_on, issuer) {
        let test = TestElsewhere { passed_on, issuer, holds };
        draft.say_of(Entry::Test(subject, level), on, Statement::TestElsewhere(test));
    }
}

/// Whether what was shown holds, or is taken back.
fn holds(reading: &Reading<'_>) -> bool {
    reading.value("/holds").and_then(Value::as_bool).unwrap_or(true)
}

fn modules(reading: &mut Reading<'_>) -> Vec<ModuleCode> {
    let count = reading.value("/modules").and_then(Value::as_array).map_or(0, Vec::len);
    let one = |n| reading.parsed(&format!("/modules/{n}"), Code::InvalidReference, ModuleCode::parse);
    let mut modules: Vec<ModuleCode> = (0..count).filter_map(one).collect();
    modules.sort();
    modules.dedup();
    modules
}

/// The account at the learning platform, as that platform's own items name it.
fn platform(reading: &mut Reading<'_>) -> Option<Account> {
    match reading.text("/lms")? {
        "xapi" => {
            let home = home_page(reading.text("/home_page")?);
            reading.parsed("/name", Code::InvalidReference, |name| account(&home, name))
        }
        home => reading.parsed("/user_id", Code::InvalidReference, |id| account(home, id)),
    }
}
