//! One of two persons is erased: their key is destroyed. The other's history, replay and decisions are whole.
//!
//! For every way in which one message concerns two persons: a merge, a "different", records that waited. Each is
//! played twice, with the one and with the other erased.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::decider::replay::verify;
use hub::history::{self, HistoryError};
use hub::store::rows::Outcome;
use hub::vault::Shut;
use schemas::ids::{MessageId, PersonId};
use schemas::message::ReviewAnswer;
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tests::ACCESS;
use tests::people::visa_lines;
use tests::saying::{answer, lines, owner, review, send};

async fn hub() -> (Hub, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    (Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap(), folder)
}

/// Destroys a person's key, as an erasure does.
async fn erase(folder: &TempDir, person: PersonId) {
    let url = format!("sqlite:{}", folder.path().join("hub.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let destroyed = sqlx::query("delete from key where id = ?").bind(person.bytes().to_vec());
    assert_eq!(destroyed.execute(&mut connection).await.unwrap().rows_affected(), 1);
}

/// Two persons whom one message concerned, and what is said later about each.
struct Two {
    persons: [PersonId; 2],
    later: [Value; 2],
}

async fn told_apart(hub: &Hub) -> Two {
    let (one, other) = (lines(0, 0), lines(1, 0));
    let a = send(hub, &one[..1]).await[0];
    let b = send(hub, &other[..1]).await[0];
    let asked = review(hub).await;
    answer(hub, &asked, ReviewAnswer::Different).await;
    let persons = [owner(hub, a).await, owner(hub, b).await];
    assert_ne!(persons[0], persons[1]);
    Two { persons, later: [one[1].clone(), other[1].clone()] }
}

async fn merged(hub: &Hub) -> Two {
    let (one, other) = (lines(0, 0), lines(1, 0));
    let own = |message: MessageId| async move {
        hub.store.message(message).await.unwrap().unwrap().key.owner.unwrap()
    };
    let a = send(hub, &one[..1]).await[0];
    let b = send(hub, &other[..1]).await[0];
    let (first, second) = (own(a).await, own(b).await);
    let asked = review(hub).await;
    answer(hub, &asked, ReviewAnswer::Same(first)).await;
    assert_eq!(owner(hub, a).await, owner(hub, b).await);
    // The absorbed person keeps the key of what was theirs; what comes later is the survivor's.
    Two { persons: [first, second], later: [one[1].clone(), other[1].clone()] }
}

/// A status waits for its application; in one batch with it comes somebody else's.
async fn released(hub: &Hub) -> Two {
    let (one, other) = (visa_lines(0), visa_lines(1));
    let waiting = send(hub, &[one[1].clone(), other[1].clone()]).await;
    let outcome = async |id| hub.store.receipt(id).await.unwrap().unwrap().outcome;
    assert_eq!(outcome(waiting[0]).await, Some(Outcome::Waiting));
    send(hub, &[one[0].clone(), other[0].clone()]).await;
    assert_eq!(outcome(waiting[0]).await, Some(Outcome::Decided));
    let persons = [owner(hub, waiting[0]).await, owner(hub, waiting[1]).await];
    assert_ne!(persons[0], persons[1]);
    Two { persons, later: [one[3].clone(), other[3].clone()] }
}

async fn one_is_erased(play: impl AsyncFn(&Hub) -> Two, survivor_only: bool) {
    for gone in [0, 1] {
        let (hub, folder) = hub().await;
        let Two { persons, later } = play(&hub).await;
        let (erased, kept) = (persons[gone], persons[1 - gone]);
        let absorbed = hub.store.survivor(kept).await.unwrap() != kept;
        erase(&folder, erased).await;

        let told = history::own(&hub.store, &hub.vault, erased, ACCESS).await;
        assert!(matches!(told, Err(HistoryError::Shut(Shut::Erased))), "{told:?}");
        let told = history::own(&hub.store, &hub.vault, kept, ACCESS).await.unwrap();
        assert!(!told.entries.is_empty());
        told.fold(kept).unwrap();

        if !(survivor_only && absorbed) {
            let message = send(&hub, std::slice::from_ref(&later[1 - gone])).await[0];
            let row = hub.store.message(message).await.unwrap().unwrap();
            assert_eq!(row.decision.unwrap().outcome, Outcome::Decided);
            assert_eq!(row.key.owner, Some(kept));
        }
        for batch in [1, 37] {
            let report =
                verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
            assert_eq!(report.differences, Vec::<String>::new(), "{report:?}");
            assert!(report.erased > 0 && report.persons == 1, "{report:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_different_the_other_is_whole() {
    one_is_erased(told_apart, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_merge_the_other_half_is_whole() {
    one_is_erased(merged, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_waiting_records_came_to_two_persons_each_is_whole() {
    one_is_erased(released, false).await;
}
