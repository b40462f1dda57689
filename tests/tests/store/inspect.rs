//! What is looked up by hand: what an id names, what became of a message, what was sent, how the tables are.
//!
//! Next: `given.rs` for the rows; `hub::store::inspect` for who asks.

use decide::Refusal;
use hub::store::inspect::Named;
use hub::store::rows::{Batch, Detail, Outcome, ReleasedRow};
use schemas::envelope::Envelope;
use schemas::ids::{DeliveryId, HandoverId, ReviewId, StreamId, TaskId};

use crate::given::*;

fn envelope(n: u32) -> Envelope {
    Envelope {
        id: DeliveryId::from_bytes(bytes(n + 900)),
        recipient: recipient("atlas"),
        key: schemas::ids::Pseudonym::from_bytes(bytes(n + 500)),
        kind: "offer".to_owned(),
        time: at(n),
        sequence: n.into(),
        salt: None,
        payload_hash: hash(n),
        chain: hash(n),
    }
}

/// A full batch whose record has an envelope that reads.
fn enveloped(n: u32) -> Batch {
    let mut batch = full(n);
    batch.outbox[0].row.envelope = serde_json::to_string(&envelope(n)).unwrap();
    batch
}

#[tokio::test]
async fn an_id_is_found_with_what_it_names() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1)]).await.unwrap();
        let lease = decider(&store).await;
        // Ids of one kind each, so that every branch is asked.
        let mut batch = enveloped(1);
        batch.handovers[0].id = HandoverId::from_bytes(bytes(11));
        batch.streams[0].id = StreamId::from_bytes(bytes(12));
        batch.reviews[0].id = ReviewId::from_bytes(bytes(13));
        batch.tasks[0].id = TaskId::from_bytes(bytes(14));
        store.commit(&lease, &batch).await.unwrap();
        let expected = [
            (1, Named::Person(person(1))),
            (11, Named::Handover(HandoverId::from_bytes(bytes(11)))),
            (12, Named::Stream(StreamId::from_bytes(bytes(12)))),
            (13, Named::Review(ReviewId::from_bytes(bytes(13)))),
            (14, Named::Task(TaskId::from_bytes(bytes(14)))),
        ];
        for (n, named) in expected {
            assert_eq!(store.named(bytes(n)).await.unwrap(), Some((named, person(1))));
        }
        assert_eq!(store.named(bytes(77)).await.unwrap(), None);
        assert_eq!(store.survivor(person(1)).await.unwrap(), person(1));
        assert_eq!(store.survivor(person(77)).await.unwrap(), person(77));

        let sent = store.sent_as(&recipient("atlas"), 1).await.unwrap().unwrap();
        assert_eq!(
            (sent.row.person, sent.row.body.as_slice(), sent.closed_at),
            (person(1), &b"body 1"[..], None)
        );
        store.close_ledger(&recipient("atlas"), 1, at(9)).await.unwrap();
        let sent = store.delivery(DeliveryId::from_bytes(bytes(901))).await.unwrap().unwrap();
        assert_eq!((sent.row.sequence, sent.closed_at), (1, Some(at(9))));
        assert_eq!(store.sent_about(person(1)).await.unwrap().len(), 1);
        assert!(store.sent_about(person(2)).await.unwrap().is_empty());
        assert!(store.sent_as(&recipient("atlas"), 2).await.unwrap().is_none());
        assert!(store.delivery(DeliveryId::from_bytes(bytes(1))).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_message_is_found_with_what_became_of_it() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2), inbox(3)]).await.unwrap();
        let lease = decider(&store).await;
        let mut first = Batch { counters: full(1).counters, ..Batch::default() };
        first.decided = vec![decided(1, Outcome::Waiting), decided(2, Outcome::Refused)];
        first.records = vec![record(1, None, &[1])];
        store.commit(&lease, &first).await.unwrap();
        let found = store.message(message(1)).await.unwrap().unwrap();
        let made = found.decision.unwrap();
        assert_eq!((made.outcome, made.order, found.key.owner), (Outcome::Waiting, 1, None));
        assert_eq!(found.content, inbox(1).content);
        let made = store.message(message(2)).await.unwrap().unwrap().decision.unwrap();
        assert_eq!(made.detail, Some(Detail::Refused(Refusal::UnknownReview)));
        let undecided = store.message(message(3)).await.unwrap().unwrap();
        assert_eq!((undecided.decision, undecided.key.key), (None, inbox(3).key));
        assert!(store.message(message(9)).await.unwrap().is_none());

        let mut second = full(3);
        second.released = vec![ReleasedRow {
            id: message(1),
            person: person(3),
            decided_by: message(3),
            order: 3,
            known_at: at(103),
            key: b"its key anew".to_vec(),
        }];
        store.commit(&lease, &second).await.unwrap();
        let found = store.message(message(1)).await.unwrap().unwrap();
        assert_eq!((found.key.owner, found.key.owner_key), (Some(person(3)), Some(b"person key 3".to_vec())));
        assert_eq!(found.decision.unwrap().decided_by, Some(message(3)));
        let owned: Vec<_> = store.owned(person(3)).await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(owned, [message(1), message(3)]);
    })
    .await;
}

#[tokio::test]
async fn the_tables_tell_how_they_are() {
    on_each(async |store| {
        let empty = store.health().await.unwrap();
        assert!(!empty.engine.is_empty() && empty.leases.is_empty() && empty.oldest_open.is_empty());
        assert_eq!((empty.last_known_at, empty.bundle, empty.oldest_undecided), (None, None, None));

        store.insert_inbox(vec![inbox(1), inbox(2), inbox(3)]).await.unwrap();
        let lease = decider(&store).await;
        store.lease("relay", "other", 0).await.unwrap();
        let mut batch = enveloped(1);
        batch.counters.known_at = schemas::time::to_micros(at(101));
        store.commit(&lease, &batch).await.unwrap();
        let health = store.health().await.unwrap();
        assert_eq!(health.last_known_at, Some(at(101)));
        assert_eq!(health.bundle.as_deref(), Some("b1"));
        assert_eq!(health.oldest_undecided, Some(at(2)));
        assert_eq!(health.oldest_open, [(recipient("atlas"), 1, at(1))]);
        let held: Vec<_> = health.leases.iter().map(|lease| (lease.name.as_str(), lease.left > 0)).collect();
        assert_eq!(held, [("decider", true), ("relay", false)]);

        assert_eq!((health.first_received, health.story), (Some(at(1)), false));
        store.note_story().await.unwrap();
        store.note_story().await.unwrap();
        assert!(store.health().await.unwrap().story);
        assert_eq!(store.last_received("visa").await.unwrap(), Some(at(3)));
        assert_eq!(store.last_received("permit").await.unwrap(), None);
    })
    .await;
}
