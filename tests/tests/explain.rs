//! `hub explain` over the story, told beside the hub that played it.
//!
//! What is told is what happened: rows, records and their fields are held against the store. Without `--values`
//! nothing personal is in any explanation of anybody. Refuses to look at how it is worded, beyond that it is.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use decide::invariant::essence;
use demo::DemoHub;
use hub::app::{Beside, DataPlace, Hub, Start, in_data};
use hub::clock::Clock;
use hub::explain::{Explainer, text};
use hub::history;
use hub::story::{At, StoryGiven, StoryReader, tell};
use schemas::ids::PersonId;
use schemas::message::{Body, ReviewAnswer};
use schemas::recipient::Recipient;
use schemas::time::Day;
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use tests::people::visa_lines;
use tokio_util::sync::CancellationToken;

fn explainer(on: &Beside, at: Option<At>, values: bool) -> Explainer<'_> {
    Explainer {
        store: &on.store,
        vault: &on.vault,
        access: tests::ACCESS,
        bundle: &on.config.bundle,
        schemas: &on.schemas,
        now: Clock::system().now(),
        at,
        values,
    }
}

/// An explanation as JSON, and as it is read.
async fn told(on: &Beside, id: &str, at: Option<At>, values: bool) -> Option<(Value, String)> {
    let told = explainer(on, at, values).explain(id).await.unwrap()?;
    let mut words = vec![];
    text::write(&mut words, &told).unwrap();
    Some((serde_json::to_value(&told).unwrap(), String::from_utf8(words).unwrap()))
}

/// The ids that a query finds.
async fn ids(folder: &Path, sql: &'static str) -> Vec<String> {
    let url = format!("sqlite:{}", folder.join("hub.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
    rows.into_iter().map(|(id,)| hex::encode(id)).collect()
}

/// What recipients were told of a person that nobody else may read: names, numbers, addresses.
async fn personal(on: &Beside, person: PersonId) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for sent in on.store.sent_about(person).await.unwrap() {
        let body = on.vault.body(&sent.row, sent.key.as_deref(), tests::ACCESS).unwrap();
        let value = on.schemas.of(&sent.row.recipient).unwrap().codec.decode(&body).unwrap();
        let names = [
            "portal_accounts",
            "family_names",
            "given_names",
            "birth_date",
            "insz",
            "email",
            "phone",
            "street",
        ];
        for value in names.iter().map(|name| &value["file"][name]) {
            let texts = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    }
    found
}

/// Whether a value stands in a text as a word of its own.
fn shows(text: &str, value: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(value)
        .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + value.len()..].chars().next()))
}

/// The command line of `hub explain`.
#[derive(Debug, clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: hub::commands::explain::Args,
}

/// What the command writes and how it ends.
async fn command(folder: &Path, words: &[&str]) -> (String, ExitCode) {
    let config = tests::root().join("config");
    let line =
        ["explain", "--data", &folder.display().to_string(), "--config", &config.display().to_string()]
            .map(str::to_owned);
    let args = Cli::parse_from(line.into_iter().chain(words.iter().map(|word| (*word).to_owned()))).args;
    let mut out = vec![];
    let end = hub::commands::explain::answer(args, &mut out).await.unwrap();
    (String::from_utf8(out).unwrap(), end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let story = tests::root().join("hub/demo/story");
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut stage = DemoHub::set(tests::config(), &story, folder.path(), listen).await.unwrap();
    stage.play().await.unwrap();
    let place = DataPlace { data: Some(folder.path().to_owned()), config: tests::root().join("config") };
    let on = place.beside().await.unwrap();

    a_handover_and_its_records(&on, folder.path()).await;
    messages(&on, folder.path()).await;
    everybody(&on).await;
    for (id, end) in [("amal:1", 0), ("amal:100000", 1), (&"0".repeat(32), 1), ("nonsense", 2), ("amal:x", 2)]
    {
        let (out, ended) = command(folder.path(), &[id, "--json"]).await;
        assert_eq!(ended, ExitCode::from(end), "{id}");
        assert_eq!(serde_json::from_str::<Value>(&out).is_ok(), end == 0, "{id}: {out}");
    }
    stage.leave().await.unwrap();
}

async fn a_handover_and_its_records(on: &Beside, folder: &Path) {
    // Ids rest on chance: somebody who was expected before he came, some time before, and lived nowhere else.
    let accepted = "select id from handover where state = 'accepted' and recipient = 'amal' order by id";
    let mut found = None;
    for handover in ids(folder, accepted).await {
        let (now, words) = told(on, &handover, None, false).await.unwrap();
        let moves = &now["person"]["handovers"][0]["moves"];
        let apart = moves[0]["decision"]["known_at"] != moves[1]["decision"]["known_at"];
        if moves[0]["to"] == "prepared" && apart && now["person"]["handovers"][1].is_null() {
            found = Some((handover, now, words));
        }
    }
    let (handover, now, words) = found.unwrap();
    let story = &now["person"];
    assert_eq!((now["asked"].as_str(), now["values"].as_bool()), (Some("handover"), Some(false)));
    assert_eq!(story["responsible"]["recipient"], "amal");
    assert_eq!(story["responsible"]["handover"], handover.as_str());
    assert_eq!(story["target_group"]["verdict"], "in");
    assert!(story["target_group"]["facts"].as_array().unwrap().len() > 2);
    assert_eq!(story["handovers"].as_array().unwrap().len(), 1);
    let moves = story["handovers"][0]["moves"].as_array().unwrap();
    let rows: Vec<&str> = moves.iter().map(|step| step["row"].as_str().unwrap()).collect();
    assert_eq!(rows.last(), Some(&"14"), "{rows:?}");
    let sent = moves.iter().find(|step| step["to"] == "sent").unwrap();
    assert_eq!(sent["route"]["reason"], "territory");
    let amal = on.config.bundle.contract(&Recipient::parse("amal").unwrap()).unwrap();
    assert_eq!(sent["basis"]["reference"], amal.bases[0].reference.as_str());
    assert!(sent["residence"].is_string() && sent["deadline"].is_string());
    assert!(words.contains("amal is responsible since"), "{words}");
    assert!(words.contains("Personal values are not shown"), "{words}");

    let receipts = &story["streams"][0]["receipts"];
    let fields = |n: usize, list: &str| -> BTreeSet<String> {
        let names = receipts[n][list].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((&receipts[0]["kind"], &receipts[1]["kind"]), (&"offer".into(), &"file".into()));
    assert!(fields(0, "withheld").contains("family_names") && !fields(0, "fields").contains("family_names"));
    assert!(fields(1, "fields").contains("family_names") && fields(1, "withheld").contains("visa_status"));

    // The same record by its place on the topic and by its own id.
    let place = format!("amal:{}", receipts[1]["sequence"]);
    for id in [place.as_str(), receipts[1]["delivery"].as_str().unwrap()] {
        let (record, _) = told(on, id, None, false).await.unwrap();
        let found = record["person"]["streams"].as_array().unwrap();
        assert_eq!((record["asked"].as_str(), found.len()), (Some("record"), 1));
        assert_eq!(found[0]["receipts"], Value::Array(vec![receipts[1].clone()]));
        assert_eq!(record["person"]["handovers"][0]["handover"], handover.as_str());
    }

    // Before arrival nobody but the provider knew of him.
    let before = moves[0]["decision"]["order"].as_u64().unwrap();
    let instant = moves[0]["decision"]["known_at"].as_str().unwrap();
    let instant = schemas::time::parse_instant(instant).unwrap();
    for at in [At::Order(before), At::Time(instant)] {
        let (then, _) = told(on, &handover, Some(at), false).await.unwrap();
        assert_eq!(then["person"]["handovers"][0]["state"], "prepared");
        assert_eq!(then["person"]["responsible"]["recipient"], "agii-abroad");
        assert_eq!(then["person"]["home"], Value::Null);
        assert_eq!(then["person"]["streams"], Value::Array(vec![]));
        assert_eq!(then["person"]["last"]["order"], before);
    }
    let (_, words) = told(on, &handover, Some(At::Order(1)), false).await.unwrap();
    assert!(words.contains("Nothing was known yet"), "{words}");
}

async fn messages(on: &Beside, folder: &Path) {
    let waiting = ids(folder, "select id from record where person is null").await.remove(0);
    let (told_of, words) = told(on, &waiting, None, false).await.unwrap();
    assert_eq!(told_of["message"]["outcome"], "waiting");
    assert_eq!(told_of["message"]["waits_under"], serde_json::json!(["dvz", "insz"]));
    assert_eq!(told_of["person"], Value::Null);
    assert!(words.contains("found by dvz, insz"), "{words}");

    let released = "select message from decision where decided_by is not null order by decided_order";
    let released = ids(folder, released).await.remove(0);
    let (after, _) = told(on, &released, None, false).await.unwrap();
    assert_eq!(
        (&after["message"]["outcome"], &after["message"]["reason"]),
        (&"decided".into(), &"released".into())
    );
    assert!(after["message"]["decided_by"].is_string() && after["person"]["person"].is_string());
    let order = after["message"]["order"].as_u64().unwrap();
    let (before, _) = told(on, &released, Some(At::Order(order)), false).await.unwrap();
    assert_eq!(before["message"]["outcome"], "waiting");
    assert_eq!((&before["message"]["person"], &before["person"]), (&Value::Null, &Value::Null));
    let (earlier, _) = told(on, &released, Some(At::Order(order - 1)), false).await.unwrap();
    assert_eq!(earlier["message"]["outcome"], "undecided");

    let refused = ids(folder, "select id from refusal order by id").await.remove(0);
    let (refused, words) = told(on, &refused, None, false).await.unwrap();
    assert_eq!(refused["message"]["outcome"], "refused_at_the_door");
    assert!(!refused["message"]["codes"].as_array().unwrap().is_empty());
    assert!(words.contains("refused at the door"), "{words}");
}

/// Of everybody: nothing personal unless asked for, and receipts that say what the records say.
async fn everybody(on: &Beside) {
    let (mut receipts, mut shown) = (0, 0);
    for row in on.store.persons(None, 10_000).await.unwrap() {
        let history = history::own(&on.store, &on.vault, row.id, tests::ACCESS).await.unwrap();
        if let Some(survivor) = row.redirect {
            let (json, _) = told(on, &row.id.to_string(), None, false).await.unwrap();
            assert_eq!(json["person"]["person"], survivor.to_string());
            let absorbed = json["person"]["absorbed"].as_array().unwrap();
            assert!(absorbed.iter().any(|other| other["person"] == row.id.to_string()), "{json}");
            continue;
        }
        let personal = personal(on, row.id).await;
        let (json, words) = told(on, &row.id.to_string(), None, false).await.unwrap();
        let day = schemas::time::parse_day(json["day"].as_str().unwrap()).unwrap();
        let essence = essence(&history.fold(row.id).unwrap(), &on.config.bundle, day);
        if let Some(accepted) = essence.responsible {
            assert_eq!(json["person"]["responsible"]["recipient"], accepted.as_str());
        }
        let all = format!("{json} {words}");
        let leak = personal.iter().find(|value| shows(&all, value));
        assert_eq!(leak, None, "{words}");
        let (json, words) = told(on, &row.id.to_string(), None, true).await.unwrap();
        let all = format!("{json} {words}");
        shown += usize::from(personal.iter().any(|value| shows(&all, value)));

        let streams = json["person"]["streams"].as_array().unwrap();
        let given = StoryGiven { bundle: &on.config.bundle, on: Day::MAX, values: false };
        let reader = StoryReader {
            store: &on.store,
            vault: &on.vault,
            access: tests::ACCESS,
            schemas: None,
            at: None,
        };
        let known = reader.known(row.id).await.unwrap();
        let by_contract = serde_json::to_value(tell(&known, given).unwrap()).unwrap();
        for (read, named) in streams.iter().zip(by_contract["streams"].as_array().unwrap()) {
            let pairs =
                read["receipts"].as_array().unwrap().iter().zip(named["receipts"].as_array().unwrap());
            for (read, named) in pairs {
                assert_eq!((&read["read"], &named["read"]), (&true.into(), &false.into()), "{read}");
                assert_eq!(read["fields"], named["fields"], "{read}");
                receipts += 1;
            }
        }
    }
    assert!(
        receipts > 400 && shown > 50,
        "{receipts} receipts; values of {shown} persons are shown when asked for"
    );
}

/// Lets everything be decided.
async fn settled(hub: &Hub) {
    let stop = CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let mut done = hub.decided.subscribe();
    while !hub.store.pending(1).await.unwrap().is_empty() {
        // A decision may have come before this look: the pause is no more than the longest wait for it.
        if let Ok(seen) = tokio::time::timeout(Duration::from_millis(100), done.changed()).await {
            seen.unwrap();
        }
    }
    stop.cancel();
    decider.await.unwrap().unwrap();
}

/// Why two are not one is told by field, and no value is in it.
async fn beside_each_other(on: &Beside, one: &str, other: &str) {
    let (explainer, line) = (explainer(on, None, false), visa_lines(1).remove(0));
    let resemblance = explainer.against(one, other).await.unwrap().unwrap();
    let level = |field: &str| resemblance.fields.iter().find(|f| f.field == field).map(|f| f.level);
    assert_eq!((level("name"), level("birth")), (Some("equal"), Some("equal")));
    assert_eq!((level("passport"), level("dvz")), (Some("different"), None));
    assert!(resemblance.guards.contains(&"number-differs"), "{resemblance:?}");
    assert_eq!(resemblance.outcome, "asks");
    let mut words = vec![];
    text::write_resemblance(&mut words, &resemblance).unwrap();
    let all = String::from_utf8(words).unwrap() + &serde_json::to_string(&resemblance).unwrap();
    for value in
        [&line["person"]["surname"], &line["person"]["birth_date"], &line["travel_document"]["number"]]
    {
        assert!(!all.contains(value.as_str().unwrap()), "{value} in {all}");
    }
    assert_eq!(explainer.against(one, &"0".repeat(32)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_absorbed_is_explained_as_the_survivor_and_before_that_as_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    in_data(folder.path(), &mut config);
    let hub = Hub::open(config, Start::Migrated(Clock::system())).await.unwrap();
    // The same name and date at two posts' counters, with two passports: a doubt.
    let first = visa_lines(1).remove(0);
    let mut second = first.clone();
    second["message_id"] = "another".into();
    second["sequence"] = 99.into();
    second["application"]["number"] = "777".into();
    second["travel_document"]["number"] = "X7777777".into();
    let visa = adapters::source("visa").unwrap();
    hub.intake
        .accept(visa, &adapters::Speaker::for_all("post-cas"), vec![Ok(first), Ok(second)])
        .await
        .unwrap();
    settled(&hub).await;
    let review = ids(folder.path(), "select id from review").await.remove(0);
    let persons = ids(folder.path(), "select id from person order by id").await;
    let answer = |id: &str| ReviewAnswer::Same(id.parse().unwrap());
    let asked = ids(folder.path(), "select person from review").await.remove(0);
    let other = persons.iter().find(|id| **id != asked).unwrap();
    let place = DataPlace { data: Some(folder.path().to_owned()), config: tests::root().join("config") };
    beside_each_other(&place.beside().await.unwrap(), &asked, other).await;
    let body = Body::Reviewed {
        review: review.parse().unwrap(),
        answer: answer(other),
        reason: "one person".to_owned(),
        by: schemas::actor::ActorName::parse("lucas").unwrap(),
    };
    hub.intake.internal("review", "review:1", body).await.unwrap();
    settled(&hub).await;

    let on = place.beside().await.unwrap();
    let absorbed = ids(folder.path(), "select id from person where redirect is not null").await.remove(0);
    let survivor = ids(folder.path(), "select id from person where redirect is null").await.remove(0);
    for stream in ids(folder.path(), "select id from stream").await {
        let (then, _) = told(&on, &stream, Some(At::Order(2)), false).await.unwrap();
        assert_eq!(then["person"]["streams"][0]["stream"], stream.as_str());
    }
    for id in [&absorbed, &survivor] {
        let (now, words) = told(&on, id, None, false).await.unwrap();
        let story = &now["person"];
        assert_eq!((&story["person"], &story["last"]["order"]), (&survivor.as_str().into(), &3.into()));
        assert_eq!(story["absorbed"][0]["person"], absorbed.as_str());
        assert_eq!(story["absorbed"][0]["why"], "answer");
        assert_eq!(story["reviews"][0]["answered"], "same");
        assert_eq!(story["links"].as_array().unwrap().len(), 2);
        // What was shown of the absorbed one is part of the story, to its end.
        let ends: Vec<&Value> = story["streams"].as_array().unwrap().iter().map(|s| &s["ended"]).collect();
        assert_eq!(ends.iter().filter(|end| **end == "merged").count(), 1, "{ends:?}");
        assert!(words.contains("was absorbed"), "{words}");

        let (then, _) = told(&on, id, Some(At::Order(2)), false).await.unwrap();
        assert_eq!(then["person"]["person"], id.as_str());
        assert_eq!(then["person"]["absorbed"], Value::Array(vec![]));
        assert_eq!(then["person"]["links"].as_array().unwrap().len(), 1);
        assert_eq!(then["person"]["streams"][0]["ended"], Value::Null);
    }
}
