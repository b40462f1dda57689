//! What the aliens office sends: a dossier was opened, decided, or its holder got a national number.
//!
//! It has no sequence: the time it sent decides. Its message about a number may lack the post, and
//! then names no application; the dossier's own number finds the person.

use schemas::fact::{Authority, Entry, Record, Statement};
use schemas::finding::Code;
use schemas::key::Key;
use schemas::reference::{ApplicationNumber, DvzNumber, PostCode};
use schemas::time::Version;

use super::DECISIONS;
use crate::Context;
use crate::draft::ItemDraft;
use crate::reading::Reading;

pub(super) fn record(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Record> {
    let sent_at = reading.instant("/sent_at");
    let mut draft = ItemDraft::default();
    draft.keys.extend(reading.reference::<DvzNumber>("/dvz_number").map(Key::Dvz));
    let post: Option<PostCode> = reading.reference("/post");
    let number: Option<ApplicationNumber> = reading.reference("/application_number");
    let application = post.zip(number);
    draft.keys.extend(application.clone().map(|(post, number)| Key::Application(post, number)));

    let names = reading.names("/person/family_name", "/person/given_names");
    let birth = reading.birth("/person/birth_date", Code::InvalidDate);
    let sex = reading.sex("/person/sex");
    draft.identity(names, birth, sex);
    draft.nationalities(Vec::from_iter(reading.country("/person/nationality", context.countries)));
    draft.insz(reading.insz("/insz", context.environment));

    let decided_on = reading.past_day("/decision/date");
    if let Some(decision) = reading.coded("/decision/outcome", DECISIONS) {
        draft.say(decided_on, Statement::Decision(decision));
    }

    let entry = application.map_or(Entry::Person, |(post, number)| Entry::Application(post, number));
    let version = Version { channel: "dvz".to_owned(), sequence: None, stated_at: sent_at? };
    Some(draft.record(&entry, Authority::Aliens, &version))
}
