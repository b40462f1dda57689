//! A municipality's hint: this number belongs to somebody who has just come.
//!
//! It makes the number known, and the municipality, so that the register can be asked. Nobody is routed on it, and what
//! it says of the nationality is dropped: the register's answer decides. In Brussels it may tell as well which office the
//! newcomer chose, at the counter or by coming to the office.

use schemas::fact::{Authority, Entry, Record, Statement};
use schemas::finding::Code;
use schemas::key::Key;
use schemas::municipality::NisCode;
use schemas::reference::{DvzNumber, PassportNumber};
use schemas::time::{Version, day_of};

use crate::Context;
use crate::draft::ItemDraft;
use crate::reading::Reading;

pub(super) fn record(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Record> {
    let at = reading.instant("/at");
    let mut draft = ItemDraft::default();
    let birth = reading.birth("/birth_date", Code::InvalidDate);
    draft.identity(reading.names("/family_name", "/given_names"), birth, None);
    draft.insz(reading.insz("/insz", context.environment));
    if let Some(nis) = reading.parsed("/municipality_nis", Code::Ignored, NisCode::parse) {
        draft.say(None, Statement::Hint(nis));
    }
    if let Some(choice) = reading.choice(("/brussels_choice/provider", "/brussels_choice/language"), context)
    {
        draft.choose(at.map(day_of), choice);
    }
    draft.keys.extend(reading.reference::<DvzNumber>("/dvz_number").map(Key::Dvz));
    draft.keys.extend(reading.reference::<PassportNumber>("/passport_number").map(Key::PassportAlone));
    let version = Version { channel: "hint".to_owned(), sequence: None, stated_at: at? };
    Some(draft.record(&Entry::Person, Authority::Register, &version))
}
