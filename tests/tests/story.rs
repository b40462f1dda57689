//! The story through the whole house, held against its truth.
//!
//! Nobody is joined with somebody else, no record reaches an agency that is not in his truth, and no
//! string that no agency may see is in any record; deciding everything again gives the same.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};

use hub::app::Hub;
use hub::decider::replay::verify;
use hub::demo::Stage;
use hub::intake::open_content;
use hub::seal::Purpose;
use hub::store::rows::{OutboxRow, Outcome};
use schemas::ids::PersonId;
use serde_json::Value;
use tempfile::TempDir;

/// Every record of every recipient as it was decided, with the person it is about and its value: also
/// what the gate has made void since.
async fn records(hub: &Hub) -> Vec<(PersonId, OutboxRow, Value)> {
    let mut all = vec![];
    let mut after = 0;
    loop {
        let page = hub.store.outgoing(after, 500).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = last.row.position;
        for outgoing in page {
            let key = hub.keys.kek().unwrap(&outgoing.key.unwrap()).unwrap();
            let body = key.open(Purpose::Outbox, &outgoing.row.body).unwrap();
            let value = hub.schemas.of(&outgoing.row.recipient).unwrap().codec.decode(&body).unwrap();
            all.push((outgoing.row.person, outgoing.row, value));
        }
    }
}

/// Whose a message is, by the truth: by its id, its row, or its number.
fn truth_of(truth: &Value, rows: &BTreeMap<String, String>, source: &str, item: &Value) -> Option<String> {
    let records = &truth["records"];
    let named = |feed: &str, key: &str| records[feed][key].as_str().map(str::to_owned);
    match source {
        "visa" => {
            let id = item["message_id"].as_str()?;
            named("posts", id).or_else(|| named("dvz", id))
        }
        "permit" => rows.get(&row_key(item)).cloned(),
        "register" => match item["message_id"].as_str() {
            Some(id) => named("hints", id),
            None => named("register", item["Persoon"]["INSZ"].as_str()?),
        },
        "portal" => named("portal", item["message_id"].as_str()?),
        "xapi" => named("xapi_statement", item["id"].as_str()?),
        _ => None,
    }
}

fn row_key(row: &Value) -> String {
    ["event", "event_date", "dossier_number", "record_type"]
        .map(|name| row[name].as_str().unwrap_or(""))
        .join("|")
}

/// The truth's persons by the rows of the permits' file.
fn permit_rows(truth: &Value) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(tests::root().join("config/story/wewis/single-permits.csv")).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(';').collect();
    let mut rows = BTreeMap::new();
    for (number, line) in (2..).zip(lines) {
        let row: serde_json::Map<String, Value> = header
            .iter()
            .zip(line.split(';'))
            .map(|(name, cell)| ((*name).to_owned(), cell.into()))
            .collect();
        if let Some(person) = truth["records"]["wewis"][number.to_string()].as_str() {
            rows.insert(row_key(&Value::Object(row)), person.to_owned());
        }
    }
    rows
}

struct Played {
    stage: Stage,
    truth: Value,
    /// The truth's persons that each person of the hub is made of.
    made_of: BTreeMap<PersonId, BTreeSet<String>>,
    /// The sources of what waits for its person.
    waiting: Vec<String>,
    _folder: TempDir,
}

async fn played() -> Played {
    let folder = tempfile::tempdir().unwrap();
    let story = tests::root().join("config/story");
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut stage = Stage::set(tests::config(), &story, folder.path(), listen).await.unwrap();
    stage.play().await.unwrap();
    let truth: Value =
        serde_json::from_slice(&std::fs::read(story.join("story-truth.json")).unwrap()).unwrap();
    let rows = permit_rows(&truth);
    let hub = &stage.hub;
    let (mut keys, mut now) = (BTreeMap::new(), BTreeMap::new());
    for row in hub.store.persons(None, 10_000).await.unwrap() {
        keys.insert(row.id, hub.keys.kek().unwrap(&row.key).unwrap());
        now.insert(row.id, row.redirect.unwrap_or(row.id));
    }
    let mut made_of: BTreeMap<PersonId, BTreeSet<String>> = BTreeMap::new();
    let mut waiting = vec![];
    for pending in hub.store.decided(0, 100_000).await.unwrap() {
        let Some(owner) = pending.owner else {
            waiting.extend((pending.outcome == Some(Outcome::Waiting)).then_some(pending.row.source));
            continue;
        };
        let key = keys[&owner].unwrap(&pending.row.key).unwrap();
        let content = open_content(&pending.row.content, &key).unwrap();
        let item: Value = serde_json::from_str(&content.item).unwrap();
        made_of.entry(now[&owner]).or_default().extend(truth_of(&truth, &rows, &content.source, &item));
    }
    Played { stage, truth, made_of, waiting, _folder: folder }
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "the figures of the story are worth a line")]
async fn the_story_ends_as_its_truth_says() {
    let Played { stage, truth, made_of, waiting, _folder } = played().await;
    let persons: BTreeMap<&str, &Value> =
        truth["persons"].as_array().unwrap().iter().map(|p| (p["id"].as_str().unwrap(), p)).collect();

    for (person, truths) in &made_of {
        assert!(truths.len() <= 1, "two true persons joined in {person}: {truths:?}");
    }
    // The statement of an account that nobody has linked; every other finds its learner.
    assert_eq!(waiting.iter().filter(|source| *source == "xapi").count(), 1, "{waiting:?}");
    let mut accepted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut seen_out = BTreeSet::new();
    for (person, row, value) in records(&stage.hub).await {
        let text = format!("{value} {} {}", row.envelope, row.pseudonym);
        for other in persons.values() {
            for never in
                words(&other["never_to_an_agency"]).into_iter().chain(words(&other["restricted_address"]))
            {
                assert!(!text.contains(never), "{} {} shows what it must not", row.recipient, row.sequence);
            }
        }
        let Some(id) = made_of.get(&person).and_then(BTreeSet::first) else { continue };
        let him = persons[id.as_str()];
        let recipient = row.recipient.as_str();
        if him["scope"] != "in" && value["kind"] != "ended" {
            seen_out.insert(format!("{id} {recipient}"));
        }
        // Both belong to the person, wherever he goes.
        if matches!(recipient, "agii-abroad" | "portal") {
            continue;
        }
        let agencies: Vec<String> = him["agency"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["agency"].as_str())
            .map(|name| name.to_lowercase().replace('_', "-"))
            .collect();
        assert!(
            agencies.iter().any(|name| name == recipient),
            "{id} reaches {recipient}, not of {agencies:?}"
        );
        if value["kind"] == "file" {
            let list = accepted.entry(persons.get_key_value(id.as_str()).unwrap().0).or_default();
            if list.last().map(String::as_str) != Some(recipient) {
                list.push(recipient.to_owned());
            }
        }
    }
    let registered = persons.values().filter(|p| !p["agency"].as_array().unwrap().is_empty()).count();
    let split: Vec<_> = {
        let mut times: BTreeMap<&String, usize> = BTreeMap::new();
        made_of.values().flatten().for_each(|id| *times.entry(id).or_default() += 1);
        times.into_iter().filter(|(_, n)| *n > 1).collect()
    };
    eprintln!(
        "{} of {registered} registered persons were accepted by an agency; {} true persons are in more than one piece: {split:?}; \
         records about persons out of scope or in review: {seen_out:?}",
        accepted.len(),
        split.len()
    );

    for batch in [1, 37, 500] {
        let hub = &stage.hub;
        let report = verify(&hub.store, &hub.keys, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        assert!(report.messages > 900 && report.records > 400, "{report:?}");
        assert_eq!(report.differences, Vec::<String>::new(), "in batches of {batch}");
    }
    stage.leave().await.unwrap();
}
