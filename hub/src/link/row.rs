//! One row of a file as a record that can be compared.
//!
//! What cannot be read is left out of the comparison and counted by its column: a damaged number must not link anybody,
//! and must not stop the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use decide::{Bundle, identity};
use schemas::fact::Record;
use schemas::insz::Insz;
use schemas::key::{Key, Mac};
use schemas::message::Prepared;
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::reference::{DvzNumber, PassportNumber, PermitNumber};
use schemas::view::{Mark, MarkKind, MatchView, NameView};

use super::columns::LinkColumn;
use super::table::LinkRow;

pub(super) fn prepare(
    row: LinkRow<'_>,
    bundle: &Bundle,
    mac: &dyn Fn(&Key) -> Mac,
    unread: &mut BTreeMap<&'static str, u64>,
) -> Arc<Prepared> {
    let mut keys: Vec<Key> = vec![];
    let mut number = |column: LinkColumn, read: &dyn Fn(&str) -> Option<Key>| {
        let Some(text) = row.get(column) else { return };
        match read(text) {
            Some(key) => keys.push(key),
            None => *unread.entry(column.as_str()).or_default() += 1,
        }
    };
    let issuer = row.get(LinkColumn::Nationality).and_then(|code| bundle.countries.by_code(code));
    let document = |text: &str| PassportNumber::parse(text).ok();
    number(LinkColumn::Insz, &|text| Insz::parse(text).ok().map(Key::Insz));
    number(LinkColumn::Dvz, &|text| DvzNumber::parse(text).ok().map(Key::Dvz));
    number(LinkColumn::Permit, &|text| PermitNumber::parse(text).ok().map(Key::Permit));
    number(LinkColumn::Visa, &|text| document(text).map(Key::Document));
    number(LinkColumn::Document, &|text| document(text).map(Key::Document));
    number(LinkColumn::Passport, &|text| {
        document(text).map(|number| match issuer.clone() {
            Some(country) => Key::Passport(country, number),
            None => Key::PassportAlone(number),
        })
    });
    let births: Vec<PartialDate> =
        match row.get(LinkColumn::Birth).map(|text| (text, PartialDate::parse_any_year(text))) {
            None => vec![],
            Some((_, Ok(birth))) => vec![birth],
            Some((text, Err(_))) => {
                *unread.entry(LinkColumn::Birth.as_str()).or_default() += 1;
                as_far_as_it_goes(text).into_iter().collect()
            }
        };
    let text = |column| row.get(column).unwrap_or_default();
    let named = Names::new(text(LinkColumn::Family), text(LinkColumn::Given));
    let unparted = [LinkColumn::Display, LinkColumn::Native];
    let unparted = unparted.into_iter().filter_map(|column| Names::new(row.get(column)?, ""));
    let said: Vec<Names> = named.into_iter().chain(unparted).collect();
    let names = said.iter().flat_map(NameView::forms).collect();
    let native = said.iter().filter_map(Names::own_script).collect();
    keys.sort();
    keys.dedup();
    let numbers = keys.iter().filter(|key| !matches!(key, Key::PassportAlone(_))).cloned().collect();
    let view = MatchView { names, native, births: births.clone(), marks: marks(row), numbers };
    let record = Record { keys, names: vec![], births, facts: vec![] };
    Arc::new(identity::prepared(record, view, mac))
}

/// Of a date that no calendar has, what may still be right: the year, and the month where there is such a one.
fn as_far_as_it_goes(text: &str) -> Option<PartialDate> {
    let digits: String = text.chars().filter(|letter| letter.is_ascii_digit()).collect();
    let year = digits.get(..4)?.parse().ok()?;
    let month =
        digits.get(4..6).and_then(|month| month.parse().ok()).filter(|month| (1..=12).contains(month));
    PartialDate::of_any_year(year, month.unwrap_or(0), 0).ok()
}

fn marks(row: LinkRow<'_>) -> Vec<Mark> {
    let mark = |kind, column: LinkColumn| {
        let value = row.get(column)?.to_lowercase();
        Some(Mark { kind, value: value.into() })
    };
    let marks = [
        (MarkKind::Sex, LinkColumn::Sex),
        (MarkKind::Nationality, LinkColumn::Nationality),
        (MarkKind::Category, LinkColumn::Category),
        (MarkKind::StreetNumber, LinkColumn::StreetNumber),
        (MarkKind::Street, LinkColumn::Street),
        (MarkKind::Suburb, LinkColumn::Suburb),
        (MarkKind::Postcode, LinkColumn::Postcode),
    ];
    marks.into_iter().filter_map(|(kind, column)| mark(kind, column)).collect()
}
