//! The match view of a record, made once, at the door: the compared form of its names and the keys it is found by.
//!
//! The only place that folds a name or makes a key out of one. The heart compares what is made here and never makes
//! it again. Next: [`super::block`], which looks the keys up.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::fact::Record;
use schemas::key::{IndexKey, Key, Mac};
use schemas::message::{Body, Prepared, Said};
use schemas::name::Names;

/// How much of a name's part must agree for two to be compared: enough to keep strangers of one birth date apart.
const BEGINNING: usize = 3;

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
    record.names.retain(|names| !names.tokens().is_empty());
    let names: Vec<_> = record.names.iter().map(Names::tokens).collect();
    let mut made = BTreeSet::new();
    for key in &record.keys {
        // A document's number without its country as well: some sources do not say who issued it.
        if let Key::Passport(_, number) = key {
            made.insert(Key::PassportAlone(number.clone()));
        }
    }
    for tokens in &names {
        for birth in &record.births {
            // A date that clerks fill in is shared by too many for a part of a name to tell them apart.
            if !birth.is_default() {
                let begins = |token: &str| token.chars().take(BEGINNING).collect();
                made.extend(tokens.iter().map(|token| Key::NamePart(begins(token), *birth)));
            }
            made.insert(Key::NameAndBirth(tokens.clone(), *birth));
        }
    }
    made.retain(|key| record.keys.binary_search(key).is_err());
    let indexed = |key: &Key| IndexKey { mac: mac(key), class: key.class() };
    let index = record.keys.iter().chain(&made).map(indexed).collect();
    Prepared { record, names, index }
}
