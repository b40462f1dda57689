//! Random lives through the six doors of a real hub on SQLite: what must hold of every store, whatever was sent.
//!
//! Items are the sources' own, drawn from invented people: in any order, again, damaged, cut into posts of any
//! size; then agencies answer, some move, agencies answer again. I1: each accepted message is in the inbox once, with
//! one end. I2: deciding again gives the same. I3: numbers have no gap. I6, I7: nobody has two agencies, and what is
//! open has a deadline. I12: an answer to an old epoch changes nothing, and names differ from recipient to recipient.
//! The heart's own invariants are in `hub/decide/tests/lives.rs`; reviews and merges in `merges.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use decide::Refusal;
use decide::invariant::{i3, i6, i7};
use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::decider::replay::verify;
use hub::intake::ItemVerdict;
use hub::store::Filter;
use hub::store::rows::{Detail, Outcome};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use schemas::handover::State;
use schemas::ids::PersonId;
use serde_json::{Value, json};
use tests::people::{portal_lines, register_answer, statement, test_number, visa_lines};
use tests::story::records;
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
    /// Their account, and how much they learned: under their own account, or through an account that nobody linked.
    learner: Option<(usize, bool)>,
    /// The number is known to the register, with a home; later with another.
    moves: Option<[usize; 2]>,
}

fn life() -> impl Strategy<Value = Life> {
    let home = proptest::option::of(0..HOMES.len());
    let learner = proptest::option::of((0..4_usize, any::<bool>()));
    let moves = proptest::option::of([0..HOMES.len(), 0..HOMES.len()]);
    let damaged = proptest::bool::weighted(0.2);
    (0..12_usize, 1..6_usize, any::<bool>(), home, damaged, learner, moves).prop_map(
        |(person, steps, worker, home, damaged, learner, moves)| Life {
            person,
            steps,
            worker,
            home,
            damaged,
            learner,
            moves,
        },
    )
}

/// What the register answers about a life, before and after they moved.
fn home(life: &Life, moved: bool) -> Option<Item> {
    let at = HOMES[life.moves?[usize::from(moved)]];
    let answer = register_answer(life.person, at, if moved { "2025-09-01" } else { "2025-06-01" });
    let door = adapters::source("register").unwrap();
    Some(("register", adapters::read(door, answer.as_bytes()).remove(0).unwrap()))
}

/// What the portal and the learning platform send about a life: an account and a learning path; a module begun and
/// passed, and the latter made void.
fn learning(life: &Life) -> Vec<Item> {
    let Some((steps, linked)) = life.learner else { return vec![] };
    let mut portal = portal_lines(life.person);
    let mut path = portal[0].clone();
    for name in ["name", "family_name", "given_names", "birth_date", "language", "email", "phone", "claims"] {
        path.as_object_mut().unwrap().remove(name);
    }
    path["message_id"] = format!("path-{}", life.person).into();
    path["type"] = "learning_path_set".into();
    path["modules"] = json!(["B1", "B2"]);
    portal.push(path);

    let [begun, passed] = [0, 9].map(|step| statement(life.person, step));
    let mut voided = statement(life.person, 10);
    voided["actor"]["account"]["name"] = "lms".into();
    voided["verb"]["id"] = "http://adlnet.gov/expapi/verbs/voided".into();
    voided["object"] = json!({"objectType": "StatementRef", "id": passed["id"]});
    let mut statements = vec![begun, passed, voided];
    statements.truncate(steps);
    for statement in statements.iter_mut().take(2).filter(|_| !linked) {
        // Another id for another account: it is another statement.
        let id = statement["id"].as_str().unwrap().replacen("0000", "0001", 1);
        statement["id"] = id.into();
        statement["actor"]["account"]["name"] = format!("nobody-{}", life.person).into();
    }
    if life.damaged
        && let Some(statement) = statements.first_mut()
    {
        statement["actor"] = json!({"mbox": "mailto:somebody@mail.example"});
    }
    let portal = portal.into_iter().map(|line| ("portal", line));
    portal.chain(statements.into_iter().map(|line| ("xapi", line))).collect()
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
    items.extend(learning(life));
    items.extend(home(life, false));
    items
}

/// Everything that is sent, in its order, and how it is cut.
#[derive(Clone, Debug)]
struct Case {
    sent: Vec<Item>,
    /// Who moves, once agencies have answered.
    moved: Vec<Item>,
    /// Whether agencies say yes at once, or only that they received.
    yes: bool,
    post: usize,
    batch: u32,
}

fn case() -> impl Strategy<Value = Case> {
    let lives = proptest::collection::vec(life(), 1..8);
    let sent = lives.prop_flat_map(|lives| {
        let items: Vec<Item> = lives.iter().flat_map(items).collect();
        let moved: Vec<Item> = lives.iter().filter_map(|life| home(life, true)).collect();
        // Some come again: a sender that heard no answer.
        let again = proptest::collection::vec(proptest::bool::weighted(0.2), items.len());
        again.prop_flat_map(move |again| {
            let twice = items.iter().zip(again).filter(|(_, again)| *again).map(|(item, _)| item.clone());
            let sent = Just(items.iter().cloned().chain(twice).collect::<Vec<_>>()).prop_shuffle();
            (sent, Just(moved.clone()))
        })
    });
    (sent, any::<bool>(), 1..9_usize, 1..20_u32).prop_map(|((sent, moved), yes, post, batch)| Case {
        sent,
        moved,
        yes,
        post,
        batch,
    })
}

/// Sends items and lets the decider work meanwhile.
async fn send(hub: &Hub, sender: &str, sent: &[Item], post: usize) -> Vec<(Item, ItemVerdict)> {
    let stop = CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let sender = adapters::Speaker::for_all(sender);
    let mut said = vec![];
    for part in sent.chunks(post) {
        for same in part.chunk_by(|one, other| one.0 == other.0) {
            let source = adapters::source(same[0].0).unwrap();
            let items = same.iter().map(|(_, item)| Ok(item.clone())).collect();
            said.extend(same.iter().cloned().zip(hub.intake.accept(source, &sender, items).await.unwrap()));
        }
    }
    while !hub.store.pending(1).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.cancel();
    decider.await.unwrap().unwrap();
    said
}

/// Agencies answer every offer so far, in the order of their records.
async fn answer(hub: &Hub, yes: bool) -> Vec<(Item, ItemVerdict)> {
    let mut answers: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for (_, row, value) in
        records(hub).await.unwrap().into_iter().filter(|(_, _, value)| value["kind"] == "offer")
    {
        let hash = hex::encode(row.payload_hash);
        let received = json!({"received": {"sequence": row.sequence, "payload_hash": hash}});
        for answer in std::iter::once(received).chain(yes.then(|| "accepted".into())) {
            let item = json!({"handover": value["handover"], "epoch": value["epoch"], "answer": answer});
            answers.entry(row.recipient.to_string()).or_default().push(("answer", item));
        }
    }
    let mut said = vec![];
    for (recipient, answers) in answers {
        said.extend(send(hub, &recipient, &answers, answers.len()).await);
    }
    said
}

/// Plays a case to its end.
async fn play(hub: &Hub, case: &Case) -> Vec<(Item, ItemVerdict)> {
    let mut said = send(hub, "sender", &case.sent, case.post).await;
    said.extend(answer(hub, case.yes).await);
    said.extend(send(hub, "sender", &case.moved, case.post).await);
    // Twice: a yes that comes too late frees nothing, and one in time may bring the next offer.
    for _ in 0..2 {
        said.extend(answer(hub, true).await);
    }
    said
}

/// I6, I7 and the names of I12, over the stored persons; how many of them have an agency.
async fn persons_are_whole(hub: &Hub) -> Result<u64, TestCaseError> {
    let (mut names, mut held) = (BTreeSet::new(), 0);
    let today = schemas::time::day_of(hub.clock.now());
    for row in hub.store.persons(None, 10_000).await.unwrap() {
        let (person, _) = hub.vault.person(&row, tests::ACCESS).unwrap();
        prop_assert_eq!(i6(&person, &hub.config.bundle, today).and(i7(&person)), Ok(()));
        held += u64::from(person.held_handover().is_some());
        for (recipient, name) in &person.state.pseudonyms {
            prop_assert!(names.insert(*name), "I12: {} shares a name", recipient);
        }
    }
    Ok(held)
}

/// Everybody's version, and how many records there are.
async fn versions(hub: &Hub) -> (Vec<(PersonId, u64)>, usize) {
    let persons = hub.store.persons(None, 10_000).await.unwrap();
    let versions = persons.iter().map(|row| (row.id, row.version)).collect();
    (versions, hub.store.outgoing(0, 10_000).await.unwrap().len())
}

/// I12: what is said of an epoch that is over is refused, and nothing follows. How many such answers there were.
async fn old_epochs_change_nothing(hub: &Hub) -> Result<u64, TestCaseError> {
    let filter = Filter { state: Some(State::Superseded), ..Filter::default() };
    let before = versions(hub).await;
    let mut count = 0;
    for row in hub.store.handovers(&filter, None, 1_000).await.unwrap() {
        let Some(recipient) = row.recipient.filter(|_| row.epoch > 0) else { continue };
        let item =
            json!({"handover": row.id.to_string(), "epoch": row.epoch, "answer": "trajectory_started"});
        let said = send(hub, recipient.as_str(), &[("answer", item)], 1).await;
        let ItemVerdict::Accepted { receipt, .. } = &said[0].1 else { panic!("{:?}", said[0].1) };
        let ended = hub.store.receipt(*receipt).await.unwrap().unwrap();
        prop_assert_eq!(ended.outcome, Some(Outcome::Refused));
        prop_assert!(
            matches!(ended.detail, Some(Detail::Refused(Refusal::OldEpoch { .. }))),
            "{:?}",
            ended.detail
        );
        count += 1;
    }
    prop_assert_eq!(before, versions(hub).await);
    Ok(count)
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
    for row in &inbox {
        ends.entry(row.id).or_default().push(row.decision.as_ref().unwrap().outcome);
    }
    let mut fresh = 0;
    for (item, verdict) in &said {
        let (word, stored) = match verdict {
            ItemVerdict::Accepted { receipt, .. } => ("accepted", Some(receipt)),
            ItemVerdict::Again { receipt } => ("again", Some(receipt)),
            ItemVerdict::Conflict => ("conflict", None),
            ItemVerdict::Refused { .. } => ("refused", None),
        };
        *tally.entry(word).or_default() += 1;
        fresh += usize::from(word == "accepted");
        if let Some(receipt) = stored {
            prop_assert_eq!(ends.get(receipt).map(Vec::len), Some(1), "{} {}", word, item.0);
            prop_assert_ne!(ends[receipt][0], Outcome::Quarantined, "{}", item.1.clone());
        }
    }
    prop_assert_eq!(inbox.len(), fresh, "I1: nothing else is in the inbox");

    *tally.entry("held").or_default() += persons_are_whole(&hub).await?;
    *tally.entry("old").or_default() += old_epochs_change_nothing(&hub).await?;
    let inbox = hub.store.decided(0, 10_000).await.unwrap();

    // I3, over the stored rows in the order of their positions.
    let rows = hub.store.outgoing(0, 10_000).await.unwrap();
    let numbers = rows.iter().map(|outgoing| (outgoing.row.recipient.clone(), outgoing.row.sequence));
    prop_assert_eq!(i3(numbers), Ok(()));
    let positions = rows.iter().map(|outgoing| outgoing.row.position);
    prop_assert!(positions.eq(1..=rows.len() as u64), "positions have no gap");

    // I2.
    for batch in [case.batch, 1_000] {
        let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        prop_assert!(report.differences.is_empty(), "in batches of {}: {:?}", batch, report.differences);
        prop_assert_eq!((report.messages, report.records), (inbox.len() as u64, rows.len() as u64));
    }
    *tally.entry("records").or_default() += rows.len() as u64;
    *tally.entry("tasks").or_default() += hub.store.tasks().await.unwrap().len() as u64;
    let waited =
        inbox.iter().filter(|row| row.decision.as_ref().unwrap().outcome == Outcome::Waiting).count();
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
    for word in ["accepted", "again", "refused", "records", "waiting", "tasks", "held", "old"] {
        assert!(tally.get(word).is_some_and(|count| *count > 0), "{word}: {tally:?}");
    }
}
