//! The xapi source: statements of learning platforms, after xAPI 1.0.3 and cmi5.
//!
//! One statement says that a learner did something in a module; what voids one says only which. A
//! learner is known by their account at the platform: mail addresses as actors are refused and never
//! stored. Scores, answers, extensions and everybody else in a statement are checked and not kept.
//! Next: `form`, for what the schema cannot say, and `equality`, for what is no difference.

mod equality;
mod form;
#[cfg(test)]
mod measured;

use schemas::fact::{Authority, Entry, Fact, LearningStep, Progress, Record, Statement};
use schemas::finding::{Code, Finding};
use schemas::key::Key;
use schemas::message::Said;
use schemas::reference::{Account, ModuleCode, StatementId};
use schemas::time::{Instant, Version, day_of};
use serde_json::Value;

use crate::reading::{Codes, Reading, home_page};
use crate::{Context, Format, Source, Translation, Voice};

const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";
/// What a statement of cmi5 has among its categories; without it a statement is only allowed, and does not count.
pub(crate) const CMI5: &str = "https://w3id.org/xapi/cmi5/context/categories/cmi5";
/// How a session was launched: looking at a module again, or around in it, completes nothing (cmi5 10.2.2).
const LAUNCH_MODE: &str = "https://w3id.org/xapi/cmi5/context/extensions/launchmode";

/// What a verb says of a module: completed and passed apart, for the table of modules says which of them counts. What
/// ends a session is neither begun nor failed.
const VERBS: Codes<'_, Option<LearningStep>> = &[
    ("http://adlnet.gov/expapi/verbs/launched", Some(LearningStep::Begun)),
    ("http://adlnet.gov/expapi/verbs/initialized", Some(LearningStep::Begun)),
    ("http://adlnet.gov/expapi/verbs/resumed", Some(LearningStep::Begun)),
    ("http://adlnet.gov/expapi/verbs/progressed", Some(LearningStep::Begun)),
    ("http://adlnet.gov/expapi/verbs/completed", Some(LearningStep::Completed)),
    ("http://adlnet.gov/expapi/verbs/passed", Some(LearningStep::Passed)),
    ("http://adlnet.gov/expapi/verbs/failed", Some(LearningStep::Failed)),
    ("http://adlnet.gov/expapi/verbs/terminated", None),
    ("https://w3id.org/xapi/adl/verbs/abandoned", None),
    ("https://w3id.org/xapi/adl/verbs/waived", Some(LearningStep::Waived)),
    // Said of blocks and courses alone (cmi5 9.4): what it rests on was said of each module.
    ("https://w3id.org/xapi/adl/verbs/satisfied", None),
];

/// The xapi source.
#[derive(Debug)]
pub(crate) struct Xapi;

impl Source for Xapi {
    fn name(&self) -> &'static str {
        "xapi"
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

    fn takes_statements(&self) -> bool {
        true
    }

    fn example(&self) -> &'static str {
        include_str!("example.json")
    }

    fn strip(&self) -> &'static [&'static str] {
        const NOT_KEPT: &[&str] = &[
            "/actor/mbox",
            "/actor/mbox_sha1sum",
            "/actor/openid",
            "/actor/name",
            "/actor/member",
            // An object that is somebody, or a statement about somebody.
            "/object/mbox",
            "/object/mbox_sha1sum",
            "/object/openid",
            "/object/account",
            "/object/name",
            "/object/member",
            "/object/actor",
            "/object/object",
            "/object/result",
            "/object/context",
            "/object/attachments",
            // How something is called in which language is no part of what is said (xAPI 2.3.1).
            "/object/definition",
            "/verb/display",
            "/result/score",
            "/result/response",
            "/result/extensions",
            "/context/instructor",
            "/context/team",
            "/context/contextActivities/other",
            "/attachments",
            // A record store adds these: with them, one statement would be another when it comes again.
            "/authority",
            "/stored",
            "/version",
        ];
        NOT_KEPT
    }

    fn notice(&self, item: &Value) -> Vec<Finding> {
        form::notice(item)
    }

    fn normalise(&self, item: &mut Value) {
        equality::normalise(item);
    }

    fn id(&self, item: &Value) -> Option<String> {
        StatementId::of("", item.get("id")?.as_str()?).ok().map(|id| id.as_str().to_owned())
    }

    fn has_voices(&self) -> bool {
        true
    }

    /// A platform speaks for the accounts that are its own. Who voids is mostly no learner: there the statement is bound.
    fn voice<'i>(&self, item: &'i Value) -> Option<Voice<'i>> {
        const HOME: &str = "/actor/account/homePage";
        let home = item.pointer(HOME)?.as_str().filter(|_| item["verb"]["id"] != VOIDED)?;
        Some(Voice { pointer: HOME, name: home.trim().into(), of: "a platform" })
    }

    fn is_voice(&self, name: &str) -> bool {
        name.contains("://") && name.trim() == name && home_page(name) == name
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let record = record(&mut reading, context.sender.name());
        reading.finish(record.map(Said::Record))
    }
}

/// A statement is one of its sender's: another who uses its id, or voids it, speaks of one that is not there.
fn record(reading: &mut Reading<'_>, sender: &str) -> Option<Record> {
    let statement = |id: &str| StatementId::of(sender, id);
    let id = reading.parsed("/id", Code::InvalidReference, statement);
    let at = reading.instant("/timestamp");
    if reading.text("/verb/id") == Some(VOIDED) {
        // Who voids is mostly not the learner, and need not be known: what counts is which statement it is.
        let voided = reading.parsed("/object/id", Code::InvalidReference, statement);
        let home = reading.text("/actor/account/homePage").unwrap_or("voided");
        let (_, voided, at) = (id?, voided?, at?);
        let fact = fact(Entry::Statement(voided.clone()), Statement::Voided, home, "voided", at);
        return Some(of(vec![Key::Statement(voided)], vec![Fact { valid_from: None, ..fact }]));
    }
    let account = account(reading);
    let progress = progress(reading);
    let (id, at, (home, account)) = (id?, at?, account?);
    let facts = progress.map(|(module, step)| {
        let statement = Statement::Progress(Progress { step, statement: id.clone() });
        fact(Entry::Module(module), statement, home, step.as_str(), at)
    });
    Some(of(vec![Key::Account(account), Key::Statement(id)], facts.into_iter().collect()))
}

fn of(keys: Vec<Key>, facts: Vec<Fact>) -> Record {
    Record { keys, names: vec![], births: vec![], facts }
}

/// The learner's own time counts: what they did offline is stored days later. One channel for each
/// platform and step, so that the newest of each is kept and none hides another.
fn fact(entry: Entry, statement: Statement, home: &str, step: &str, stated_at: Instant) -> Fact {
    Fact {
        entry,
        statement,
        authority: Authority::Learning,
        valid_from: Some(day_of(stated_at)),
        version: Version { channel: format!("{home}:{step}"), sequence: None, stated_at },
    }
}

/// Whose statement it is: the platform, and the account there.
fn account<'a>(reading: &mut Reading<'a>) -> Option<(&'a str, Account)> {
    let agent = reading.text("/actor/objectType").is_none_or(|kind| kind == "Agent");
    if !agent || reading.value("/actor/account").is_none() {
        reading.note(Code::NoAccount, "/actor", "expected one agent with an account at the platform");
        return None;
    }
    let home = reading.text("/actor/account/homePage")?;
    let whole = |name: &str| {
        Account::parse(&format!("{home} {name}"))
            .map_err(|_| "expected at most 200 bytes, no blanks around them")
    };
    Some((home, reading.parsed("/actor/account/name", Code::InvalidReference, whole)?))
}

/// What happened in which module, where the statement says so.
fn progress(reading: &mut Reading<'_>) -> Option<(ModuleCode, LearningStep)> {
    let verb = reading.text("/verb/id")?;
    let Some((_, step)) = VERBS.iter().find(|(known, _)| *known == verb) else {
        reading.note(Code::UnknownVerb, "/verb/id", "says nothing of a module that is known here");
        return None;
    };
    let step = (*step)?;
    let success = reading.value("/result/success").and_then(Value::as_bool);
    if matches!((step, success), (LearningStep::Passed, Some(false)) | (LearningStep::Failed, Some(true))) {
        reading.note(Code::Contradiction, "/result/success", "says the opposite of the verb");
    }
    let completion = reading.value("/result/completion").and_then(Value::as_bool);
    if matches!((step, completion), (LearningStep::Completed, Some(false))) {
        reading.note(Code::Contradiction, "/result/completion", "says the opposite of the verb");
    }
    // The platform makes the activity's own id; the publisher's stands in the grouping (cmi5 9.6.2.3).
    let grouping = ids(reading, "grouping");
    let named = grouping.into_iter().chain(reading.text("/object/id")).find_map(module);
    let Some(module) = named else {
        reading.note(Code::Ignored, "/object/id", "names no module, so nothing follows from it");
        return None;
    };
    if !ids(reading, "category").contains(&CMI5) {
        let at = "/context/contextActivities/category";
        reading.note(Code::Ignored, at, "is no statement of cmi5, so nothing follows from it");
        return None;
    }
    let mode = reading.value("/context/extensions").and_then(|known| known.get(LAUNCH_MODE)?.as_str());
    if mode.is_some_and(|mode| mode != "Normal") {
        reading.note(
            Code::Ignored,
            "/context/extensions",
            "looks at a module only, so nothing follows from it",
        );
        return None;
    }
    Some((module, step))
}

/// Activities of modules end in `/au/` and their code; blocks and courses are no modules.
fn module(id: &str) -> Option<ModuleCode> {
    ModuleCode::parse(id.rsplit_once("/au/")?.1).ok()
}

/// The ids of the activities in one of the context's lists.
fn ids<'a>(reading: &Reading<'a>, list: &str) -> Vec<&'a str> {
    let list = reading.value(&format!("/context/contextActivities/{list}")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|activity| activity.get("id")?.as_str()).collect()
}
