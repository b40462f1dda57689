//! The match view of a record, made once, at the door: the compared form of its names and the keys it is found by.
//!
//! The only place that folds a name or makes a key out of one. The heart compares what is made here and never makes
//! it again. Next: [`super::block`], which looks the keys up.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::fact::Record;
use schemas::key::{IndexKey, Key, Mac};
use schemas::message::{Body, Prepared, Said};
use schemas::view::{MarkKind, MatchView, NamePart};

/// A skeleton shorter than this is heard in too many names to find anybody by.
const HEARD: usize = 2;

/// Which parts of an address find somebody together, in a file that has them.
const HOMES: [(MarkKind, MarkKind); 2] =
    [(MarkKind::Postcode, MarkKind::StreetNumber), (MarkKind::Suburb, MarkKind::Street)];

/// How many skeletons of a record are used: no name of a human needs more, and pairs of them grow as a square.
const SOUNDS: usize = 6;

/// Makes ready what a source said. `mac` gives the HMAC of a key's text.
pub fn prepare(said: Said, mac: &dyn Fn(&Key) -> Mac) -> Body {
    match said {
        Said::Record(record) => Body::Record(Arc::new(view(record, mac))),
        Said::Notice(notice) => {
            let key = mac(&Key::Insz(notice.insz));
            Body::Notice { notice, key }
        }
        Said::Answer { recipient, answer } => Body::Answer { recipient, answer },
        Said::TaskFailed(failed) => {
            let key = mac(&Key::Insz(failed.insz));
            Body::TaskFailed { failed, key }
        }
    }
}

fn view(mut record: Record, mac: &dyn Fn(&Key) -> Mac) -> Prepared {
    record.keys.sort();
    record.keys.dedup();
    let view = MatchView::of(&record);
    record.names.retain(|names| !names.tokens().is_empty());
    prepared(record, view, mac)
}

/// A record with the view of it that is compared: for whoever makes the view otherwise than from facts.
pub fn prepared(record: Record, view: MatchView, mac: &dyn Fn(&Key) -> Mac) -> Prepared {
    let mut made = found_by(&view);
    for key in &record.keys {
        match key {
            // Without its country as well: some sources do not say who issued it.
            Key::Passport(_, number) => made.insert(Key::PassportAlone(number.clone())),
            // Who claims it is compared with a name.
            Key::Application(post, number) if !view.is_nameless() => {
                made.insert(Key::ApplicationNamed(post.clone(), number.clone()))
            }
            _ => false,
        };
    }
    made.retain(|key| record.keys.binary_search(key).is_err());
    let indexed = |key: &Key| IndexKey { mac: mac(key), class: key.class() };
    let index = record.keys.iter().chain(&made).map(indexed).collect();
    Prepared { record, view: Arc::new(view), index, baseline: None }
}

/// What candidates are found by beside numbers: docs/identity.md#keys.
fn found_by(view: &MatchView) -> BTreeSet<Key> {
    let parts = view.names.iter().flat_map(|name| &name.parts);
    // Of a part of which little is heard its letters count.
    let sound = |part: &'_ NamePart| -> Arc<str> {
        Arc::clone(if part.skeleton.len() < HEARD { &part.text } else { &part.skeleton })
    };
    let sounds: BTreeSet<Arc<str>> = parts.map(sound).collect();
    let sounds: Vec<&str> = sounds.iter().map(|sound| &**sound).take(SOUNDS).collect();
    let mut made = BTreeSet::new();
    for birth in &view.births {
        let (month, day) = birth.month_and_day();
        made.extend(sounds.iter().map(|sound| Key::YearAndSound(birth.year(), (*sound).to_owned())));
        // A date that clerks fill in is shared by too many.
        if !birth.is_default() {
            made.insert(Key::BirthDay(*birth));
            let (one, other) = (month.min(day), month.max(day));
            made.extend(sounds.iter().map(|sound| Key::DayAndSound(one, other, (*sound).to_owned())));
        }
    }
    for (n, one) in sounds.iter().enumerate() {
        made.extend(
            sounds.iter().skip(n + 1).map(|other| Key::Sounds((*one).to_owned(), (*other).to_owned())),
        );
    }
    let of =
        |kind| view.marks.iter().filter(move |mark| mark.kind == kind).map(|mark| mark.value.to_string());
    for (one, other) in HOMES {
        made.extend(of(one).flat_map(|one| of(other).map(move |other| Key::Home(one.clone(), other))));
    }
    for place in of(MarkKind::Postcode).chain(of(MarkKind::Suburb)) {
        made.extend(sounds.iter().map(|sound| Key::Home(place.clone(), (*sound).to_owned())));
    }
    made
}
