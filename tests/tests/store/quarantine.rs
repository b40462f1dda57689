//! What was put aside, and what is done about it: each putting-aside is one's who comes first, in bulk and at once.
//!
//! What a repeated message is decided to is the decider's: `tests/tests/quarantine.rs`.

use decide::world::Aside;
use hub::store::Store;
use hub::store::figures::Queue;
use hub::store::rows::{ActRow, Batch, DecidedRow, Detail, Outcome, Remedy};
use hub::store::wrapped::WrappedIn;
use schemas::ids::MessageId;

use super::given::*;

fn aside(n: u32, order: u32, cause: Aside) -> DecidedRow {
    let detail = Some(Detail::Aside(cause));
    DecidedRow { order: order.into(), detail, ..decided(n, Outcome::Quarantined) }
}

fn act(n: u32, remedy: Remedy) -> ActRow {
    ActRow {
        id: message(n),
        remedy,
        actor: format!("actor-{n}"),
        at: at(500 + n),
        reason: format!("reason {n}").into_bytes(),
        key: format!("KEK1 {n}").into_bytes(),
    }
}

/// Messages that lie aside, the even ones under another code than the odd ones.
async fn lie_aside(store: &Store, count: u32) {
    store.insert_inbox((1..=count).map(inbox).collect()).await.unwrap();
    let lease = decider(store).await;
    let cause = |n: u32| if n.is_multiple_of(2) { Aside::NotStorable } else { Aside::HeartPanicked };
    let decided = (1..=count).map(|n| aside(n, n, cause(n))).collect();
    store.commit(&lease, &Batch { decided, ..Batch::default() }).await.unwrap();
}

async fn open(store: &Store, cause: Option<Aside>) -> Vec<(MessageId, u64)> {
    let rows = store.quarantine(cause, None, 10_000).await.unwrap();
    rows.into_iter().map(|row| (row.id, row.n)).collect()
}

async fn count(store: &Store, name: &str) -> u64 {
    store.counts().await.unwrap().into_iter().find(|(found, _)| *found == name).unwrap().1
}

#[tokio::test]
async fn what_lies_aside_is_listed_by_code_until_somebody_sees_to_it() {
    on_each(async |store| {
        lie_aside(&store, 5).await;
        let rows = store.quarantine(None, None, 2).await.unwrap();
        let [first, second] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((first.id, first.n, first.code), (message(1), 1, Aside::HeartPanicked));
        assert_eq!((first.source.as_str(), first.sender.as_str()), ("visa", "post-tst"));
        assert_eq!((first.at, first.received_at), (at(101), at(1)));
        let rest = store.quarantine(None, Some(second.id), 10).await.unwrap();
        assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [message(3), message(4), message(5)]);
        assert_eq!(open(&store, Some(Aside::NotStorable)).await, [(message(2), 1), (message(4), 1)]);
        assert_eq!(open(&store, Some(Aside::PersonUnreadable)).await, []);
        let queue = |count, n| Queue { count, oldest: Some(at(n)) };
        let codes = store.quarantine_codes().await.unwrap();
        assert_eq!(codes, [(Aside::HeartPanicked, queue(3, 1)), (Aside::NotStorable, queue(2, 2))]);

        let remedies = store.remedies();
        let about = [(message(1), 1), (message(2), 1), (message(99), 1), (message(3), 2)];
        let done = remedies.act(act(60, Remedy::Close), &about).await.unwrap();
        assert_eq!(done, [message(1), message(2)], "what does not lie aside under this decision is left");
        assert_eq!(remedies.act(act(61, Remedy::Repeat), &about).await.unwrap(), [], "nothing is done twice");
        assert_eq!(remedies.act(act(62, Remedy::Repeat), &[(message(3), 1)]).await.unwrap(), [message(3)]);
        assert_eq!(open(&store, None).await, [(message(4), 1), (message(5), 1)]);
        assert!(store.put_aside(message(3)).await.unwrap().is_none());
        assert_eq!(store.put_aside(message(5)).await.unwrap().unwrap().n, 1);
        assert_eq!((count(&store, "quarantined").await, count(&store, "undecided").await), (2, 1));
        assert_eq!(store.flow(at(0), at(0)).await.unwrap().sources[0].quarantined, queue(2, 4));

        let repeated = store.receipt(message(3)).await.unwrap().unwrap();
        let waits = (repeated.order, repeated.outcome, repeated.detail);
        assert_eq!(waits, (None, None, None), "what is put back is told as to be decided");

        let closed = store.decisions(message(1)).await.unwrap();
        let ends: Vec<_> = closed.iter().map(|made| (made.order, made.outcome)).collect();
        assert_eq!(ends, [(1, Outcome::Quarantined), (1, Outcome::Closed)]);
        assert_eq!(closed[1].known_at, at(560));
        assert_eq!(store.receipt(message(1)).await.unwrap().unwrap().outcome, Some(Outcome::Closed));
        assert_eq!(count(&store, "decided").await, 5, "a closed message has no place of its own");
        let replayed = store.decided(0, 10).await.unwrap();
        assert_eq!(replayed.len(), 5);

        assert_eq!(store.acts(message(1)).await.unwrap(), [(1, act(60, Remedy::Close))]);
        assert_eq!(store.acts(message(3)).await.unwrap(), [(1, act(62, Remedy::Repeat))]);
        assert_eq!(store.acts(message(4)).await.unwrap(), []);
        assert_eq!(store.wrappings().await.unwrap(), [(*b"KEK1", 2)], "what was wrapped is counted");
        assert_eq!(store.count_wrapped_by_others(WrappedIn::Act, *b"NEW!").await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn hundreds_go_back_at_once_and_of_two_who_come_at_once_each_has_some_once() {
    on_each(async |store| {
        lie_aside(&store, 900).await;
        let all = open(&store, Some(Aside::NotStorable)).await;
        assert_eq!(all.len(), 450);
        let (one, other) = (store.remedies(), store.remedies());
        let (turned, keys) = (all.iter().rev().copied().collect::<Vec<_>>(), all.clone());
        let (one, other) =
            tokio::join!(one.act(act(1, Remedy::Repeat), &all), other.act(act(2, Remedy::Close), &turned));
        let (repeated, closed) = (one.unwrap(), other.unwrap());
        assert_eq!(repeated.len() + closed.len(), 450, "{} and {}", repeated.len(), closed.len());
        assert!(!repeated.iter().any(|id| closed.contains(id)));
        let queued = store.queued(&keys.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(queued.len(), repeated.len());
        for row in queued {
            let n = u32::from_be_bytes(row.id.bytes()[..4].try_into().unwrap());
            assert_eq!(row.key, format!("key anew {n}").into_bytes(), "with the key it had");
        }
        assert_eq!(open(&store, None).await.len(), 450);
    })
    .await;
}

#[tokio::test]
async fn what_was_put_back_is_decided_under_the_next_number_and_may_lie_aside_again() {
    on_each(async |store| {
        lie_aside(&store, 3).await;
        let remedies = store.remedies();
        let about: Vec<_> = (1..=3).map(|n| (message(n), 1)).collect();
        remedies.act(act(60, Remedy::Repeat), &about).await.unwrap();
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.decided[0].order = 4;
        batch.decided.push(DecidedRow { order: 5, ..decided(2, Outcome::Waiting) });
        batch.decided.push(aside(3, 6, Aside::NotStorable));
        store.commit(&lease, &batch).await.unwrap();
        assert!(undecided(&store).await.is_empty());
        let ends = async |n| -> Vec<Outcome> {
            store.decisions(message(n)).await.unwrap().into_iter().map(|made| made.outcome).collect()
        };
        assert_eq!(ends(1).await, [Outcome::Quarantined, Outcome::Decided]);
        assert_eq!(ends(2).await, [Outcome::Quarantined, Outcome::Waiting]);
        assert_eq!(open(&store, None).await, [(message(3), 2)], "it lies aside anew");
        assert_eq!(remedies.act(act(61, Remedy::Repeat), &[(message(3), 1)]).await.unwrap(), []);
        assert_eq!(remedies.act(act(62, Remedy::Close), &[(message(3), 2)]).await.unwrap(), [message(3)]);
        assert_eq!(ends(3).await, [Outcome::Quarantined, Outcome::Quarantined, Outcome::Closed]);
        let orders: Vec<_> = store.decided(0, 10).await.unwrap().into_iter().map(|row| row.id).collect();
        let expect = [1, 2, 3, 1, 2, 3].map(message);
        assert_eq!(orders, expect, "replay meets a message at both of its places");
    })
    .await;
}
