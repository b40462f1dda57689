//! One more agency is one more file: the whole story with a city that takes over its own newcomers.
//!
//! Leuven gets what the Dutch language area's agency got there, under the same fields; nobody else's records change, nor
//! any schema that readers hold. Nothing here but the file knows the city. Next: `routing.rs`, `onboarding.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use decide::bundle::Contract;
use decide::invariant::i3;
use hub::config::Config;
use schemas::recipient::Recipient;
use serde_json::Value;
use tests::story::{Played, folder, play, play_with, records};

const CITY: &str = "leuven";
const BEFORE: &str = "agii";
const NIS: &str = "24062";

const FILE: &str = r#"
name = { nl = "Stad Leuven, inburgering", en = "City of Leuven, civic integration" }
schema_id = 10
competence = { territory = [{ nis = "24062", from = 1970-01-01 }] }

[[basis]]
reference = "protocol VT-2024-10 (regular trajectory)"
kind = "protocol"
articles = ["decree of 7 June 2013"]
controllers = ["ABB", "an agency"]
status = "planned"
from = 2024-01-01

[offer]
fields = ["municipality", "target_group", "arrival_month", "contact_language"]

[file]
fields = [
    "municipality", "target_group", "arrival_month", "contact_language",
    "family_names", "given_names", "insz", "registered_on",
    "email", "phone",
    "obligation", "course_language", "modules", "whole_package", "fee", "fee_euro", "tests_elsewhere",
]
"#;

/// A record as its recipient may compare it: ids that are drawn anew in every run are gone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Read {
    recipient: String,
    municipality: Option<String>,
    fields: BTreeSet<String>,
    text: String,
}

fn read(recipient: &Recipient, mut value: Value) -> Read {
    value.as_object_mut().and_then(|fields| fields.remove("handover"));
    let parts = || [&value["offer"], &value["file"]].into_iter().filter_map(Value::as_object);
    let municipality = parts().find_map(|part| part.get("municipality")?.as_str()).map(str::to_owned);
    let fields = parts().flatten().filter(|(_, value)| !value.is_null());
    let fields = fields.map(|(name, _)| name.clone()).collect();
    Read { recipient: recipient.to_string(), municipality, fields, text: value.to_string() }
}

/// Everything that was decided to leave, by the true person it is about; the numbers of each topic have no gap.
async fn by_truth(played: &Played) -> BTreeMap<BTreeSet<String>, Vec<Read>> {
    let made_of = played.made_of();
    let survivor: BTreeMap<_, _> =
        played.persons.values().flat_map(|p| p.matching.absorbed.iter().map(|id| (*id, p.id))).collect();
    let all = records(&played.stage.hub).await.unwrap();
    i3(all.iter().map(|(_, row, _)| (row.recipient.clone(), row.sequence))).unwrap();
    let mut read_of: BTreeMap<BTreeSet<String>, Vec<Read>> = BTreeMap::new();
    for (person, row, value) in all {
        let truths = made_of.get(survivor.get(&person).unwrap_or(&person)).cloned().unwrap_or_default();
        read_of.entry(truths).or_default().push(read(&row.recipient, value));
    }
    read_of
}

/// The whole of what is read, without the order between persons.
fn sorted(mut reads: Vec<Read>) -> Vec<Read> {
    reads.sort();
    reads
}

/// The same records as if the new agency were the old one.
fn as_before(read: &Read) -> Read {
    let recipient = if read.recipient == CITY { BEFORE.to_owned() } else { read.recipient.clone() };
    Read {
        recipient,
        text: read.text.replace(&format!("\"{CITY}\""), &format!("\"{BEFORE}\"")),
        ..read.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_agency_is_one_file_and_gets_its_persons() {
    let config = tempfile::tempdir().unwrap();
    tests::process::copy(&tests::root().join("config"), config.path()).unwrap();
    std::fs::write(config.path().join(format!("agencies/{CITY}.toml")), FILE).unwrap();
    let mut hub = Command::new(tests::process::binary().unwrap());
    let checked = hub.args(["check", "--config"]).arg(config.path()).output().unwrap();
    assert!(checked.status.success(), "hub check: {}", String::from_utf8_lossy(&checked.stdout));

    let before = play(folder()).await.unwrap();
    let after = play_with(Config::load(config.path()).unwrap(), folder()).await.unwrap();
    for (recipient, subject) in before.stage.hub.schemas.iter() {
        let now = after.stage.hub.schemas.of(recipient).unwrap();
        assert_eq!((now.id, &now.topic), (subject.id, &subject.topic), "{recipient}");
        assert_eq!(now.codec.text(), subject.codec.text(), "{recipient}");
    }

    let (was, is) = (by_truth(&before).await, by_truth(&after).await);
    assert_eq!(was.keys().collect::<Vec<_>>(), is.keys().collect::<Vec<_>>());
    let contract = after.stage.hub.config.bundle.contract(&Recipient::parse(CITY).unwrap()).unwrap();
    let (mut taken, mut offers, mut files) = (0, 0, 0);
    for (person, was) in was {
        let is = &is[&person];
        let lived = |read: &&Read| read.municipality.as_deref() == Some(NIS);
        let theirs = was.iter().filter(|read| read.recipient == BEFORE && lived(read)).count();
        let own: Vec<&Read> = is.iter().filter(|read| read.recipient == CITY).collect();
        assert_eq!(theirs > 0, !own.is_empty(), "{person:?}: the agency of their city has them, nobody else");
        assert!(
            !is.iter().any(|read| read.recipient == BEFORE && lived(&read)),
            "{person:?}: {BEFORE} as well"
        );
        let elsewhere =
            was.iter().any(|read| read.recipient == BEFORE && read.municipality.is_some() && !lived(&read));
        if own.is_empty() || !elsewhere {
            let is = is.iter().map(as_before).collect();
            assert_eq!(sorted(is), sorted(was), "{person:?}: the same, whoever gets it");
        }
        taken += usize::from(!own.is_empty());
        for read in own {
            let Contract { offer, file, .. } = contract;
            let allowed: BTreeSet<String> = offer.iter().chain(file).cloned().collect();
            assert!(read.fields.is_subset(&allowed), "{:?}", read.fields);
            offers += usize::from(read.text.contains("\"kind\":\"offer\""));
            files += usize::from(read.text.contains("\"kind\":\"file\""));
        }
    }
    assert!(
        taken >= 5 && offers >= taken && files >= taken,
        "{taken} persons, {offers} offers, {files} files"
    );
    assert_eq!(after.summary.recipients[CITY].persons, taken, "what it read is about them");
    before.stage.leave().await.unwrap();
    after.stage.leave().await.unwrap();
}
