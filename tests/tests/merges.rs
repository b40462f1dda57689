//! Persons whom a human joined, told apart or took apart, in a real store: what was decided is decided again.
//!
//! Three pieces of one person are joined one after the other, so that who was absorbed first leads through another
//! absorbed one to the last; two namesakes are told apart; two sisters are joined and taken apart. Then the inbox is
//! decided again in three batch sizes, and the journal of everybody, absorbed or not, is folded. Random lives:
//! `invariants.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use decide::Refusal;
use std::collections::BTreeSet;

use hub::app::{Hub, Start};
use hub::blast::{EndedStream, Rehearsal};
use hub::clock::Clock;
use hub::decider::replay::verify;
use hub::desk::Saying;
use hub::relink::relinked;
use hub::store::rows::{Detail, Outcome, ReviewRow, WaitsOn};
use hub::story::StoryReader;
use schemas::handover::EndReason;
use schemas::ids::{MessageId, PersonId};
use schemas::message::ReviewAnswer;
use sqlx::{Connection, Executor};
use tests::people::{visa_lines, visa_status};
use tests::process::database;
use tests::saying::{actor, answer, answer_as, decide, lines, owner, put, review, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_joined_or_told_apart_is_decided_again_the_same() {
    joined_and_told_apart(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_so_on_postgresql() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let name = format!("hub_merges_{}", std::process::id());
    joined_and_told_apart(Some(database(&server, &name).await.unwrap())).await;
}

/// What another model would do rests on what people answered: a word that waits for a second is none yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_waits_for_a_second_is_no_answer_to_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    let hub = Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    send(&hub, &lines(0, 0)).await;
    let message = send(&hub, &lines(1, 0)[..1]).await[0];
    let asked = review(&hub).await;
    let model = &hub.config.bundle.model;
    for (by, open) in [("lucas", 1), ("lucas", 1), ("nora", 0)] {
        answer_as(&hub, by, &asked, ReviewAnswer::Same(asked.candidates[0])).await;
        let told = relinked(&hub.store, &hub.vault, model, model).await.unwrap();
        assert_eq!((told.questions, told.gained, told.lost), ((open, open), 0, 0), "{by}: {told:?}");
    }
    assert_eq!(owner(&hub, message).await, hub.store.survivor(asked.candidates[0]).await.unwrap());
}

/// An answer to what was answered already.
fn late(review: &ReviewRow) -> Saying {
    let answer = ReviewAnswer::CannotTell;
    Saying::Reviewed { review: review.id, answer, reason: "seen too late".to_owned() }
}

async fn joined_and_told_apart(database: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    config.hub.database = database.unwrap_or(config.hub.database);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    let hub = Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();

    // Two pieces: a human says that they are one.
    let (first, second, third) = (lines(0, 0), lines(1, 0), lines(2, 0));
    let a = send(&hub, &first[..1]).await[0];
    let b = send(&hub, &second[..1]).await[0];
    let asked = review(&hub).await;
    answer(&hub, &asked, ReviewAnswer::Same(owner(&hub, a).await)).await;
    let joined = owner(&hub, a).await;
    assert_eq!(owner(&hub, b).await, joined);
    // A third, who has a national number: they are the survivor, and who was absorbed by the first leads to them.
    let c = send(&hub, &third).await[0];
    let asked = review(&hub).await;
    answer(&hub, &asked, ReviewAnswer::Same(joined)).await;
    let last = owner(&hub, c).await;
    assert_ne!(last, joined);
    for message in [a, b] {
        assert_eq!(owner(&hub, message).await, last);
    }
    // What comes later is theirs, whichever of their numbers it names.
    for later in [&first[1], &second[1]] {
        let message = send(&hub, std::slice::from_ref(later)).await[0];
        assert_eq!(owner(&hub, message).await, last);
    }

    // Two namesakes: a human says that they are not one, and that holds.
    let d = send(&hub, &lines(3, 3)[..1]).await[0];
    let e = send(&hub, &lines(4, 3)[..1]).await[0];
    let asked = review(&hub).await;
    assert!(!asked.looked_at);
    // Who looked and could not tell leaves it open, behind what nobody has looked at.
    answer(&hub, &asked, ReviewAnswer::CannotTell).await;
    let again = review(&hub).await;
    assert_eq!((again.id, again.looked_at), (asked.id, true));
    answer(&hub, &asked, ReviewAnswer::Different).await;
    let late = hub.deciding(async { Ok(hub.desk.say(&actor(&hub, "lucas"), late(&asked)).await?) }).await;
    let code = late.unwrap().decision.and_then(|row| row.detail);
    assert!(matches!(code, Some(Detail::Refused(Refusal::UnknownReview))), "{code:?}");
    send(&hub, &lines(3, 3)[1..]).await;
    send(&hub, &lines(4, 3)[1..]).await;
    let (d, e) = (owner(&hub, d).await, owner(&hub, e).await);
    assert_ne!(d, e);

    // An account opened long ago that fits nobody is asked about, with whoever comes near.
    let account = serde_json::json!({
        "schema": "portal/1", "message_id": "v1", "type": "account_created", "at": "2025-03-03T09:00:00+01:00",
        "account": "va-lone", "name": null, "family_name": "Verlinden", "given_names": "Jonas",
        "birth_date": "1979-08-23", "email": null, "phone": null, "language": "nl", "claims": null
    });
    put(&hub, "portal", &[account]).await;
    decide(&hub).await;
    let alone = review(&hub).await;
    assert_eq!(
        (alone.reason.as_str(), alone.waits, alone.candidates.len()),
        ("account_alone", WaitsOn::Nothing, 0)
    );

    let rows = hub.store.persons(None, 100).await.unwrap();
    let redirects: Vec<PersonId> = rows.iter().filter_map(|row| row.redirect).collect();
    assert_eq!((rows.len(), redirects), (6, vec![last, last]), "nobody leads to an absorbed one");
    for row in rows {
        let (person, _) = hub.vault.person(&row, tests::ACCESS).unwrap();
        assert_eq!(row.redirect.is_some(), person.state.merged_into.is_some());
        let never = [(d, e), (e, d)]
            .into_iter()
            .any(|(one, other)| person.id == one && person.matching.never.contains(&other));
        assert_eq!(never, [d, e].contains(&person.id), "both know that they are two");
    }
    for batch in [1, 2, 1_000] {
        let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        assert_eq!(report.differences, Vec::<String>::new(), "in batches of {batch}");
        assert_eq!((report.persons, report.messages), (6, 26), "{report:?}");
        assert!(report.records > 0 && report.tasks > 0, "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_apart_is_whole_whoever_of_the_two_is_erased() {
    for gone in [0, 1] {
        taken_apart(None, gone).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_on_postgresql_as_well() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    for gone in [0, 1] {
        let name = format!("hub_apart_{gone}_{}", std::process::id());
        taken_apart(Some(database(&server, &name).await.unwrap()), gone).await;
    }
}

/// Two sisters are taken for one and taken apart again; then one of them is erased.
async fn taken_apart(database: Option<String>, gone: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    config.hub.database = database.unwrap_or(config.hub.database);
    let url = config.hub.database.clone();
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    let hub = Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    let (one, other) = (lines(0, 0), lines(1, 0));
    let mut sent = [send(&hub, &one[..2]).await, send(&hub, &other[..2]).await];
    let asked = review(&hub).await;
    let first = owner(&hub, sent[0][0]).await;
    let rehearsal = Rehearsal { store: &hub.store, vault: &hub.vault, bundle: &hub.config.bundle, now };
    let other_one = if asked.person == first { asked.candidates[0] } else { first };
    let told = rehearsal.same(asked.id, other_one).await.unwrap();
    assert_eq!(told.refused, None);
    let ends = told.streams.iter().map(|stream| (stream.reason, stream.told)).collect::<Vec<_>>();
    assert_eq!(ends, [(EndReason::Merged, 1)], "what the answer would end");
    answer(&hub, &asked, ReviewAnswer::Same(first)).await;
    assert_eq!(owner(&hub, sent[1][0]).await, owner(&hub, sent[0][0]).await);
    // Told of both as if they were one.
    sent[0].extend(send(&hub, &one[2..]).await);
    let whole = owner(&hub, sent[0][0]).await;
    let order = Saying::Split {
        person: whole,
        records: sent[1].iter().copied().collect(),
        reason: "the post sent two photographs".to_owned(),
    };
    // Told before it is ordered, and nothing comes of that.
    let counts = hub.store.counts().await.unwrap();
    let told = rehearsal.split(whole, sent[1].iter().copied().collect()).await.unwrap();
    assert!(told.refused.is_none() && told.needs_second, "{told:?}");
    let recalled = |stream: &&EndedStream| stream.reason == EndReason::Recalled && stream.told > 1;
    assert_eq!(told.streams.iter().filter(recalled).count(), 1, "{told:?}");
    assert!(told.deliveries.iter().any(|left| left.kind == "file") && !told.handovers.is_empty(), "{told:?}");
    assert!(told.text().contains("two people must say the same"));
    let refused = rehearsal.split(whole, BTreeSet::new()).await.unwrap();
    assert_eq!(refused.refused.as_deref(), Some("not-a-part"));
    assert_eq!(hub.store.counts().await.unwrap(), counts);
    for (by, persons) in [("lucas", 1), ("lucas", 1), ("elif", 2)] {
        let said =
            hub.deciding(async { Ok(hub.desk.say(&actor(&hub, by), order.clone()).await?) }).await.unwrap();
        let decision = said.decision.unwrap();
        assert_eq!(decision.outcome, Some(Outcome::Decided), "{by}: {decision:?}");
        assert_eq!(
            hub.store.counts().await.unwrap().iter().find(|(name, _)| *name == "persons").unwrap().1,
            persons
        );
    }
    let pair = [owner(&hub, sent[0][0]).await, owner(&hub, sent[1][0]).await];
    assert!(pair[0] != pair[1] && !pair.contains(&whole));
    let own =
        async |message: MessageId| hub.store.message(message).await.unwrap().unwrap().key.owner.unwrap();
    for (messages, person) in sent.iter().zip(pair) {
        for message in messages {
            assert_eq!(own(*message).await, person, "its key is wrapped by theirs");
            let row = hub.store.message(*message).await.unwrap().unwrap();
            hub.vault.opened_message(&row, tests::ACCESS).unwrap();
        }
    }
    // Each is found by their own numbers, in a holding that knows nothing but what is stored.
    let later = [send(&hub, &[visa_status(0, 1)]).await, send(&hub, &other[2..]).await];
    for (messages, person) in later.iter().zip(pair) {
        for message in messages {
            assert_eq!(owner(&hub, *message).await, person);
        }
    }
    // Somebody who has nothing to do with them.
    send(&hub, &visa_lines(7)[..1]).await;
    for batch in [1, 2, 1_000] {
        let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        assert_eq!(report.differences, Vec::<String>::new(), "in batches of {batch}");
    }
    let reader =
        StoryReader { store: &hub.store, vault: &hub.vault, access: tests::ACCESS, schemas: None, at: None };
    let known = reader.known(pair[1]).await.unwrap();
    assert!(known.persons().any(|id| id == whole), "what was of both is part of their history");

    // Erasing one destroys what was of both, and leaves the other readable.
    let erased = hub.store.erased_with(pair[gone]).await.unwrap();
    assert!(erased.contains(&pair[gone]) && erased.contains(&whole) && !erased.contains(&pair[1 - gone]));
    for id in erased {
        let sql = format!("delete from key where id = {}", literal(&url, id));
        execute(&url, folder.path(), &sql).await;
    }
    let kept = pair[1 - gone];
    let known = reader.known(kept).await.unwrap();
    assert!(!known.own.entries.is_empty() && known.own.fold(kept).is_ok());
    assert!(known.persons().all(|id| id != whole), "and that is gone");
    let told = reader.known(pair[gone]).await;
    assert!(told.is_err(), "{told:?}");
    for message in &sent[1 - gone] {
        let row = hub.store.message(*message).await.unwrap().unwrap();
        hub.vault.opened_message(&row, tests::ACCESS).unwrap();
    }
    for message in &sent[gone] {
        let row = hub.store.message(*message).await.unwrap().unwrap();
        assert!(hub.vault.opened_message(&row, tests::ACCESS).is_err());
    }
    let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, 37).await.unwrap();
    assert_eq!(report.differences, Vec::<String>::new(), "{report:?}");
}

fn literal(url: &str, id: PersonId) -> String {
    let hex = hex::encode(id.bytes());
    if url.starts_with("postgres") { format!("'\\x{hex}'") } else { format!("x'{hex}'") }
}

async fn execute(url: &str, folder: &std::path::Path, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    if url.starts_with("postgres") {
        sqlx::PgConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
    } else {
        let url = format!("sqlite:{}", folder.join("hub.db").display());
        sqlx::SqliteConnection::connect(&url).await.unwrap().execute(sql).await.unwrap();
    }
}
