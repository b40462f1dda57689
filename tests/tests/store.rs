//! The one store suite: every function of the store, on SQLite always and on PostgreSQL where there is one.
//!
//! It stands in for compile-time checked SQL, so a function that is not called here is not proved. This file
//! holds the schema, the inbox and the leases; `store/batches.rs` what a batch stores and what is read of it;
//! `store/faults.rs` what an engine that fails leaves; `store/inspect.rs` what is looked up by hand; `store/ledger.rs` what is proved; `store/lists.rs`
//! what the console reads; `store/quarantine.rs` what was put aside; `store/given.rs` the
//! databases and the rows.

#![expect(clippy::unwrap_used, reason = "a test stops where its ground gives way")]

#[path = "store/batches.rs"]
mod batches;
#[path = "store/faults.rs"]
mod faults;
#[path = "store/given.rs"]
mod given;
#[path = "store/inspect.rs"]
mod inspect;
#[path = "store/ledger.rs"]
mod ledger;
#[path = "store/lists.rs"]
mod lists;
#[path = "store/quarantine.rs"]
mod quarantine;
#[path = "store/tasks.rs"]
mod tasks;

use std::time::Duration;

use given::*;
use hub::store::rows::{Batch, InboxRow, StoredAttempt};
use hub::store::wrapped::WrappedIn;
use hub::store::{Store, StoreError};
use schemas::key::Mac;

#[tokio::test]
async fn the_schema_is_made_once_by_several_at_once() {
    on_each_empty(async |store| {
        assert!(matches!(store.check_schema().await, Err(StoreError::Schema { found: 0, needed: 1 })));
        let (one, two) = tokio::join!(store.migrate(), store.migrate());
        one.unwrap();
        two.unwrap();
        store.migrate().await.unwrap();
        store.check_schema().await.unwrap();
        store.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_is_stored_once() {
    on_each(async |store| {
        let mut differs = inbox(1);
        differs.body = Mac(hash(99));
        differs.id = message(9);
        let mut again = inbox(2);
        again.id = message(8);
        assert_eq!(store.insert_inbox(vec![]).await.unwrap(), []);
        // Doubles inside one call, the later ones under ids of their own or under the same one.
        let stored = store.insert_inbox(vec![inbox(2), again.clone(), inbox(1), inbox(2)]).await.unwrap();
        let again_2 = StoredAttempt::Again(message(2));
        assert_eq!(stored, [StoredAttempt::New, again_2, StoredAttempt::New, again_2]);
        let stored = store.insert_inbox(vec![differs, inbox(3), again]).await.unwrap();
        assert_eq!(stored, [StoredAttempt::Differs, StoredAttempt::New, again_2]);
        assert_eq!(undecided(&store).await, [message(1), message(2), message(3)]);
        assert_eq!(store.pending(2).await.unwrap().len(), 2);
        let queued = store.queued(&[message(3), message(1), message(7)]).await.unwrap();
        assert_eq!(queued.iter().map(|row| row.id).collect::<Vec<_>>(), [message(1), message(3)]);
        let row = inbox(1);
        assert_eq!((&queued[0].content, &queued[0].key), (&row.content, &row.key));
    })
    .await;
}

#[tokio::test]
async fn of_two_callers_at_once_one_is_first() {
    on_each(async |store| {
        let rows: Vec<_> = (0..600).map(inbox).collect();
        let turned: Vec<_> = (0..600).rev().map(inbox).map(|row| renamed(&row)).collect();
        let (one, two) = tokio::join!(store.insert_inbox(rows.clone()), store.insert_inbox(turned));
        let (one, mut two) = (one.unwrap(), two.unwrap());
        two.reverse();
        for n in 0..600_u32 {
            let other = message(n + 5000);
            let pair = (one[n as usize], two[n as usize]);
            let fits = pair == (StoredAttempt::New, StoredAttempt::Again(message(n)))
                || pair == (StoredAttempt::Again(other), StoredAttempt::New);
            assert!(fits, "{n}: {pair:?}");
        }
        assert_eq!(undecided(&store).await.len(), 600);
    })
    .await;
}

fn renamed(row: &InboxRow) -> InboxRow {
    let n = u32::from_be_bytes(row.id.bytes()[..4].try_into().unwrap());
    InboxRow { id: message(n + 5000), ..row.clone() }
}

#[tokio::test]
async fn a_unit_of_work_goes_on_when_its_caller_leaves() {
    on_each(async |store| {
        let rows: Vec<_> = (0..20).map(inbox).collect();
        tokio::select! {
            biased;
            _ = store.insert_inbox(rows.clone()) => panic!("it cannot be done at the first look"),
            () = std::future::ready(()) => {}
        }
        let stored = async { while undecided(&store).await.len() < 20 {} };
        tokio::time::timeout(Duration::from_secs(5), stored).await.expect("what was begun is done");
        // No connection came back with an open transaction: others go on.
        assert_eq!(store.insert_inbox(rows.clone()).await.unwrap()[19], StoredAttempt::Again(message(19)));
        let lease = decider(&store).await;
        store.commit(&lease, &Batch::default()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_refused_item_does_not_take_its_id() {
    on_each(async |store| {
        store.insert_refusals(vec![refusal(1), refusal(2), refusal(3)]).await.unwrap();
        let kept = store.refusal(message(1)).await.unwrap().unwrap();
        assert_eq!(format!("{kept:?}"), format!("{:?}", refusal(1)));
        assert!(store.receipt(message(1)).await.unwrap().is_none());
        let mut corrected = inbox(1);
        corrected.id = message(50);
        assert_eq!(store.insert_inbox(vec![corrected]).await.unwrap(), [StoredAttempt::New]);
        assert_eq!(store.purge_refusals(at(3)).await.unwrap(), 2);
        assert!(store.refusal(message(1)).await.unwrap().is_none());
        assert!(store.refusal(message(3)).await.unwrap().is_some());
        let receipt = store.receipt(message(50)).await.unwrap().unwrap();
        assert_eq!((receipt.outcome, receipt.order, receipt.source.as_str()), (None, None, "visa"));
    })
    .await;
}

#[tokio::test]
async fn a_lease_has_one_holder_and_a_rising_fence() {
    on_each(async |store| {
        let first = store.lease("decider", "one", 60).await.unwrap().unwrap();
        assert_eq!(store.lease("decider", "two", 60).await.unwrap(), None);
        assert_eq!(store.lease("decider", "one", 0).await.unwrap().unwrap().fence, first.fence);
        // Renewed for no time at all: it is over, and whoever comes next holds anew.
        let second = store.lease("decider", "two", 0).await.unwrap().unwrap();
        assert_eq!(second.fence, first.fence + 1);
        let third = store.lease("decider", "two", 60).await.unwrap().unwrap();
        assert_eq!(third.fence, second.fence + 1);
        assert_eq!(store.lease("relay", "one", 60).await.unwrap().unwrap().fence, 1);
        // A claim is a new holding, also of one's own lease; nobody claims another's.
        let claimed = store.claim("decider", "two", 60).await.unwrap().unwrap();
        assert_eq!(claimed.fence, third.fence + 1);
        assert!(matches!(store.commit(&third, &Batch::default()).await, Err(StoreError::Fenced)));
        assert_eq!(store.claim("decider", "one", 60).await.unwrap(), None);
        // A holding whose time ran out is still the same while nobody came; then it is over.
        let idle = store.claim("decider", "two", 0).await.unwrap().unwrap();
        assert!(store.renew(&idle, 0).await.unwrap());
        // The commit renewed it: whoever comes next waits for that to end.
        store.commit(&idle, &Batch::default()).await.unwrap();
        assert_eq!(store.claim("decider", "one", 60).await.unwrap(), None);
        let next = store.claim("decider", "two", 60).await.unwrap().unwrap();
        assert!(store.renew(&next, 60).await.unwrap() && !store.renew(&idle, 60).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn keys_are_exchanged_where_another_wraps_them_and_counted() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2), inbox(3)]).await.unwrap();
        store.insert_refusals(vec![refusal(4)]).await.unwrap();
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.decided.push(decided(2, hub::store::rows::Outcome::Refused));
        store.commit(&lease, &batch).await.unwrap();
        for (column, id, old) in [
            (WrappedIn::Key, 1, "person key 1"),
            (WrappedIn::MessageKey, 2, "key anew 2"),
            (WrappedIn::Pending, 3, "key 3"),
            (WrappedIn::Refusal, 4, "\u{4}"),
        ] {
            let others = async || store.wrapped_by_others(column, *b"NEW!", &[], 10).await.unwrap();
            assert_eq!(others().await, [(bytes(id), old.as_bytes().to_vec())], "{column:?}");
            assert_eq!(store.count_wrapped_by_others(column, *b"NEW!").await.unwrap(), 1);
            assert!(store.wrapped_by_others(column, *b"NEW!", &bytes(id), 10).await.unwrap().is_empty());
            let exchange = |old: &str| vec![(bytes(id), old.as_bytes().to_vec(), b"NEW! wrapped".to_vec())];
            let changed = store.exchange_wrapped(column, exchange("changed meanwhile")).await.unwrap();
            assert_eq!((changed, others().await.len()), (0, 1));
            assert_eq!(store.exchange_wrapped(column, exchange(old)).await.unwrap(), 1);
            assert!(others().await.is_empty());
        }
        assert_eq!(store.reserve_wrapping(*b"NEW!", 10).await.unwrap(), 10);
        assert_eq!(store.reserve_wrapping(*b"NEW!", 10).await.unwrap(), 20);
        assert_eq!(store.wrappings().await.unwrap(), [(*b"NEW!", 20)]);
    })
    .await;
}

#[tokio::test]
async fn a_database_file_has_one_process_and_memory_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("hub.db").display());
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    assert!(matches!(Store::open(&url).await, Err(StoreError::InUse)));
    drop(store);
    Store::open(&url).await.unwrap().check_schema().await.unwrap();

    let store = Store::open("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    store.insert_inbox(vec![inbox(1)]).await.unwrap();
    let lease = decider(&store).await;
    store.commit(&lease, &full(1)).await.unwrap();
    assert_eq!(store.outgoing(0, 10).await.unwrap().len(), 1);
    assert!(matches!(Store::open("mysql://x").await, Err(StoreError::Address(_))));
}
