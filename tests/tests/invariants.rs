//! Random lives through the door of a real hub on SQLite: what must hold of every store, whatever was sent.
//!
//! Items are the sources' own, drawn from invented people: in any order, again, damaged, cut into posts of any
//! size. I1: each accepted message is in the inbox once, with one end. I2: deciding again gives the same. I3:
//! numbers have no gap. The heart's own invariants are in `hub/decide/tests/lives.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;
use std::time::Duration;

use decide::invariant::i3;
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::decider::replay::verify;
use hub::intake::Verdict;
use hub::store::rows::Outcome;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tests::people::{test_number, visa_lines};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// One item: its source, and what is sent.
type Item = (&'static str, Value);

/// Where somebody may live: an agency's own city, others' territories, Brussels, nobody's.
const HOMES: [&str; 6] = ["11002", "44021", "24062", "21004", "62063", "46014"];

/// One life: whose, how far it came, where it led, and what is damaged in it.
#[derive(Clone, Debug)]
struct Life {
    person: usize,
    steps: usize,
    worker: bool,
    home: Option<usize>,
    damaged: bool,
}

fn life() -> impl Strategy<Value = Life> {
    let home = proptest::option::of(0..HOMES.len());
    (0..12_usize, 1..6_usize, any::<bool>(), home, proptest::bool::weighted(0.2))
        .prop_map(|(person, steps, worker, home, damaged)| Life { person, steps, worker, home, damaged })
}

/// What the sources send about a life.
fn items(life: &Life) -> Vec<Item> {
    let lines = visa_lines(life.person);
    let told = |field: &str| lines[0]["person"][field].as_str().unwrap_or_default().to_owned();
    let passport = lines[0]["travel_document"]["number"].as_str().unwrap().to_owned();
    let (family, given, birth) = (told("surname"), told("given_names"), told("birth_date"));
    let mut items: Vec<Item> = lines.into_iter().take(life.steps).map(|line| ("visa", line)).collect();
    if life.damaged {
        items[0].1["person"]["birth_date"] = "1990-02-31".into();
    }
    if life.worker {
        let row = json!({
            "record_type": "worker", "event": "aanvraag", "event_date": "2025-01-05", "region": "VL",
            "dossier_number": format!("GV-2025-{:06}", life.person), "application_date": "2025-01-05",
            "category": "knelpunt", "annex": "", "permit_from": "", "permit_to": "", "employer_kbo": "",
            "establishment_number": "", "nace": "", "function_title": "", "isco08": "", "family_name": family,
            "given_names": given, "birth_date": birth, "sex": "F", "nationality": "MAR",
            "passport_number": passport, "passport_country": "MAR", "insz": "", "email": "", "relation": "",
            "worker_dossier": "", "intended_postal_code": "9000", "intended_nis": "44021", "visa_post": "CAS"
        });
        items.push(("permit", row));
    }
    if let Some(home) = life.home {
        let hint = json!({
            "schema": "municipality-hint/1", "message_id": format!("hint-{}-{home}", life.person),
            "at": "2025-06-02T09:00:00Z", "municipality_nis": HOMES[home], "insz": test_number(life.person),
            "family_name": family, "given_names": given, "birth_date": birth, "nationality_nis": null,
            "passport_number": passport, "dvz_number": (8_000_000 + life.person).to_string()
        });
        items.push(("register", hint));
    }
    items
}

/// Everything that is sent, in its order, and how it is cut.
#[derive(Clone, Debug)]
struct Case {
    sent: Vec<Item>,
    post: usize,
    batch: u32,
}

fn case() -> impl Strategy<Value = Case> {
    let lives = proptest::collection::vec(life(), 1..8);
    let sent = lives.prop_flat_map(|lives| {
        let items: Vec<Item> = lives.iter().flat_map(items).collect();
        // Some come again: a sender that heard no answer.
        let again = proptest::collection::vec(proptest::bool::weighted(0.2), items.len());
        again.prop_flat_map(move |again| {
            let twice = items.iter().zip(again).filter(|(_, again)| *again).map(|(item, _)| item.clone());
            Just(items.iter().cloned().chain(twice).collect::<Vec<_>>()).prop_shuffle()
        })
    });
    (sent, 1..9_usize, 1..20_u32).prop_map(|(sent, post, batch)| Case { sent, post, batch })
}

/// Sends a case and lets the decider work meanwhile.
async fn play(hub: &Hub, case: &Case) -> Vec<(Item, Verdict)> {
    let stop = CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let mut said = vec![];
    for part in case.sent.chunks(case.post) {
        for same in part.chunk_by(|one, other| one.0 == other.0) {
            let source = adapters::source(same[0].0).unwrap();
            let items = same.iter().map(|(_, item)| Ok(item.clone())).collect();
            said.extend(same.iter().cloned().zip(hub.intake.accept(source, "sender", items).await.unwrap()));
        }
    }
    while !hub.store.undecided(1).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    decider.await.unwrap().unwrap();
    said
}

async fn check(case: &Case, tally: &mut BTreeMap<&'static str, u64>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2026-11-20T08:00:00Z").unwrap();
    let hub = Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    let said = play(&hub, case).await;

    // I1: what was accepted is there once, and what came again is what was there.
    let inbox = hub.store.decided(0, 10_000).await.unwrap();
    let mut ends: BTreeMap<_, Vec<Outcome>> = BTreeMap::new();
    for pending in &inbox {
        ends.entry(pending.row.id).or_default().push(pending.outcome.unwrap());
    }
    let mut fresh = 0;
    for (item, verdict) in &said {
        let (word, stored) = match verdict {
            Verdict::Accepted { receipt, .. } => ("accepted", Some(receipt)),
            Verdict::Again { receipt } => ("again", Some(receipt)),
            Verdict::Conflict => ("conflict", None),
            Verdict::Refused { .. } => ("refused", None),
        };
        *tally.entry(word).or_default() += 1;
        fresh += usize::from(word == "accepted");
        if let Some(receipt) = stored {
            prop_assert_eq!(ends.get(receipt).map(Vec::len), Some(1), "{} {}", word, item.0);
            prop_assert_ne!(ends[receipt][0], Outcome::Quarantined, "{}", item.1.clone());
        }
    }
    prop_assert_eq!(inbox.len(), fresh, "I1: nothing else is in the inbox");

    // I3, over the stored rows in the order of their positions.
    let rows = hub.store.outgoing(0, 10_000).await.unwrap();
    let numbers = rows.iter().map(|outgoing| (outgoing.row.recipient.clone(), outgoing.row.sequence));
    prop_assert_eq!(i3(numbers), Ok(()));
    let positions = rows.iter().map(|outgoing| outgoing.row.position);
    prop_assert!(positions.eq(1..=rows.len() as u64), "positions have no gap");

    // I2.
    for batch in [case.batch, 1_000] {
        let report = verify(&hub.store, &hub.keys, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        prop_assert!(report.differences.is_empty(), "in batches of {}: {:?}", batch, report.differences);
        prop_assert_eq!((report.messages, report.records), (inbox.len() as u64, rows.len() as u64));
    }
    *tally.entry("records").or_default() += rows.len() as u64;
    *tally.entry("tasks").or_default() += hub.store.task_ids().await.unwrap().len() as u64;
    let waited = inbox.iter().filter(|pending| pending.outcome == Some(Outcome::Waiting)).count();
    *tally.entry("waiting").or_default() += waited as u64;
    Ok(())
}

#[test]
fn whatever_is_sent_the_store_is_whole() {
    let runtime = Runtime::new().unwrap();
    let tally = std::cell::RefCell::new(BTreeMap::new());
    let mut runner = TestRunner::new(Config { cases: 20, failure_persistence: None, ..Config::default() });
    let run = |case: Case| runtime.block_on(check(&case, &mut tally.borrow_mut()));
    runner.run(&case(), run).unwrap();
    // Cases in which nothing happens would prove nothing.
    let tally = tally.into_inner();
    for word in ["accepted", "again", "refused", "records", "waiting", "tasks"] {
        assert!(tally.get(word).is_some_and(|count| *count > 0), "{word}: {tally:?}");
    }
}
