//! The portal source (`portal/1`): what a participant does at the portal, one event an item.
//!
//! Every event is known by the portal account it happened in; what an account claims of numbers finds
//! the person and is no fact, and a claim that cannot be read refuses nothing. What a counsellor noted
//! about digital skills is never stored. The format is ours to define: [`Source::schema`] is the
//! contract. Next: [`schemas::fact`].

use schemas::fact::{Authority, Choice, Entry, LearningPath, Record, Statement};
use schemas::finding::Code;
use schemas::key::Key;
use schemas::message::Said;
use schemas::recipient::Recipient;
use schemas::reference::{Account, ApplicationNumber, ModuleCode, PassportNumber, PermitNumber, PostCode};
use schemas::time::{Day, Version, day_of};
use serde_json::Value;

use crate::draft::ItemDraft;
use crate::reading::Reading;
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

    fn strip(&self) -> &'static [&'static str] {
        &["/set_by", "/digital_skills"]
    }

    fn id(&self, item: &Value) -> Option<String> {
        item.get("message_id")?.as_str().map(str::to_owned)
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item);
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
        Some("lms_linked") => {
            let linked = platform(reading);
            draft.keys.extend(linked.clone().map(Key::Account));
            draft.say(on, Statement::AccountOpened);
            entry = linked;
        }
        Some("brussels_choice") => {
            if let Some(choice) = choice(reading, context) {
                draft.say(on, Statement::Choice(choice));
            }
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
    let birth = reading.date("/birth_date", Code::BirthUnreadable);
    draft.identity(names, birth, None);
    draft.contact(reading.text("/email"), reading.text("/phone"));
    if let Some(language) = reading.text("/language") {
        draft.say(None, Statement::Language(language.to_owned()));
    }
    let post = reading.parsed("/claims/post", Code::Ignored, PostCode::parse);
    let number = reading.parsed("/claims/application_number", Code::Ignored, ApplicationNumber::parse);
    draft.keys.extend(post.zip(number).map(|(post, number)| Key::Application(post, number)));
    let permit = reading.parsed("/claims/single_permit_dossier", Code::Ignored, PermitNumber::parse);
    draft.keys.extend(permit.map(Key::PermitNamed));
    let passport = reading.parsed("/claims/passport_number", Code::Ignored, PassportNumber::parse);
    draft.keys.extend(passport.map(Key::PassportAlone));
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
            let home = reading.text("/home_page")?;
            reading.parsed("/name", Code::InvalidReference, |name| account(home, name))
        }
        home => reading.parsed("/user_id", Code::InvalidReference, |id| account(home, id)),
    }
}

/// Who offers what is the agencies' config to say, so no list of choosable stands here.
fn choice(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Choice> {
    let recipient = reading.parsed("/provider", Code::UnknownCode, |text| {
        let name = text.to_ascii_lowercase().replace('_', "-");
        let known = Recipient::parse(&name).ok().filter(|recipient| context.choosable.contains(recipient));
        known.ok_or("expected an agency that can be chosen in Brussels")
    })?;
    Some(Choice { recipient, language: reading.text("/language").map(str::to_owned) })
}
