//! What a batch of decisions stores, wholly or not at all, and everything that is read of it afterwards.
//!
//! Next: `given.rs` for the rows; `../store.rs` for what comes before a decision.

use decide::change::Capacity;
use hub::store::rows::{
    AnswerRow, Batch, DueRow, JournalEntry, LoadRequest, Outcome, PersonRow, ReleasedRow, Stored,
};
use hub::store::{Store, StoreError};
use schemas::handover::State;
use schemas::ids::{HandoverId, PersonId, ReviewId, StreamId, TaskId};

use crate::given::*;

#[tokio::test]
async fn what_a_batch_stores_is_loaded_again() {
    on_each(async |store| {
        store.insert_inbox(&[inbox(1), inbox(2)]).await.unwrap();
        let lease = decider(&store).await;
        store.commit(&lease, &full(1)).await.unwrap();
        let held = decider(&store).await;
        assert_eq!((held.fence, &held.counters), (lease.fence, &full(1).counters));
        let request = LoadRequest {
            keys: vec![hash(1), hash(2), hash(77)],
            persons: vec![person(1), person(77)],
            records: vec![message(1), message(2)],
            handovers: vec![HandoverId::from_bytes(bytes(1)), HandoverId::from_bytes(bytes(77))],
            streams: vec![StreamId::from_bytes(bytes(1)), StreamId::from_bytes(bytes(77))],
            reviews: vec![ReviewId::from_bytes(bytes(1)), ReviewId::from_bytes(bytes(77))],
            journals: vec![person(1), person(77)],
            sent: vec![(recipient("atlas"), 1), (recipient("atlas"), 2), (recipient("amal"), 1)],
        };
        let mut loaded = store.load(&request).await.unwrap();
        loaded.keys.sort();
        let linked = Some(person(1));
        assert_eq!(loaded.keys, [(hash(1), message(1), linked), (hash(2), message(1), linked)]);
        assert_eq!(format!("{:?}", loaded.persons), format!("{:?}", [(person(1), person_row(1, 1))]));
        assert!(loaded.records.is_empty());
        assert_eq!(loaded.handovers, [(HandoverId::from_bytes(bytes(1)), person(1))]);
        assert_eq!(loaded.streams, [(StreamId::from_bytes(bytes(1)), person(1))]);
        assert_eq!(loaded.reviews, [(ReviewId::from_bytes(bytes(1)), person(1))]);
        assert_eq!(loaded.journals.iter().map(|entry| entry.row.version).collect::<Vec<_>>(), [1]);
        assert_eq!(loaded.sent, [(recipient("atlas"), 1, hash(1))]);
        assert!(store.load(&LoadRequest::default()).await.unwrap().persons.is_empty());

        // A second batch changes what is there: the newest row of each counts.
        let mut second = Batch { counters: held.counters.clone(), ..Batch::default() };
        second.persons = vec![person_row(1, 2), person_row(1, 3)];
        second.handovers = vec![handover(1, State::Received), handover(1, State::Accepted)];
        second.records = vec![record(1, Some(1), &[]), record(1, Some(1), &[1, 3])];
        store.commit(&lease, &second).await.unwrap();
        let loaded = store.load(&request).await.unwrap();
        assert_eq!(format!("{:?}", loaded.persons), format!("{:?}", [(person(1), person_row(1, 3))]));
        assert_eq!(loaded.keys.len(), 2);
        let counts = store.counts().await.unwrap();
        let count = |name| counts.iter().find(|(found, _)| *found == name).unwrap().1;
        assert_eq!([count("decided"), count("undecided"), count("persons"), count("reviews")], [1, 1, 1, 1]);
        assert_eq!([count("tasks"), count("outbox"), count("ledger_open"), count("waiting")], [1, 1, 1, 0]);
        assert_eq!([count("handover_accepted"), count("handover_sent")], [1, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_under_a_lost_lease_leaves_nothing() {
    on_each(async |store| {
        store.insert_inbox(&[inbox(1)]).await.unwrap();
        let lost = store.lease("decider", "one", 0).await.unwrap().unwrap();
        let held = store.lease("decider", "two", 60).await.unwrap().unwrap();
        assert!(matches!(store.commit(&lost, &full(1)).await, Err(StoreError::Fenced)));
        nothing_of_it(&store).await;
        store.commit(&held, &full(1)).await.unwrap();
        // The other's rows are in the way of the same batch: it is late, not at fault.
        assert!(matches!(store.commit(&lost, &full(1)).await, Err(StoreError::Fenced)));
    })
    .await;
}

#[tokio::test]
async fn a_batch_whose_data_are_at_fault_leaves_nothing() {
    on_each(async |store| {
        store.insert_inbox(&[inbox(1)]).await.unwrap();
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.outbox.push(outbox(1, "amal", 1, 1));
        let error = store.commit(&lease, &batch).await.unwrap_err();
        assert!(matches!(error, StoreError::Data { table: "outbox", .. }), "{error:?}");
        nothing_of_it(&store).await;
    })
    .await;
}

async fn nothing_of_it(store: &Store) {
    assert!(store.decided(0, 10).await.unwrap().is_empty());
    assert!(store.outgoing(0, 10).await.unwrap().is_empty());
    assert!(store.persons(None, 10).await.unwrap().is_empty());
    assert!(store.journal(person(1)).await.unwrap().is_empty());
    assert!(store.ledger_ends().await.unwrap().is_empty());
    assert_eq!(store.undecided(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_waiting_record_comes_to_its_person() {
    on_each(async |store| {
        store.insert_inbox(&[inbox(1), inbox(2), inbox(3), inbox(4)]).await.unwrap();
        let lease = decider(&store).await;
        let batch = Batch {
            decided: vec![decided(1, Outcome::Waiting)],
            records: vec![record(1, None, &[10])],
            ..Batch::default()
        };
        store.commit(&lease, &batch).await.unwrap();
        let request = LoadRequest {
            keys: vec![hash(10), hash(11)],
            records: vec![message(1), message(2)],
            ..LoadRequest::default()
        };
        let loaded = store.load(&request).await.unwrap();
        assert_eq!(loaded.keys, [(hash(10), message(1), None)]);
        assert_eq!(loaded.records.len(), 1);
        assert_eq!(
            (loaded.records[0].id, loaded.records[0].key.as_slice()),
            (message(1), &b"key anew 1"[..])
        );
        assert_eq!(store.receipt(message(1)).await.unwrap().unwrap().outcome, Some(Outcome::Waiting));

        // Message 3 brings both: one waited since before, the other since earlier in this batch.
        let released = |n| ReleasedRow {
            id: message(n),
            person: person(3),
            decided_by: message(3),
            key: b"key under the person's".to_vec(),
        };
        let mut batch = full(3);
        batch.decided.insert(0, decided(2, Outcome::Waiting));
        batch.records.insert(0, record(2, None, &[11]));
        batch.released = vec![released(1), released(2)];
        store.commit(&lease, &batch).await.unwrap();
        let mut loaded = store.load(&request).await.unwrap();
        loaded.keys.sort();
        let theirs = Some(person(3));
        assert_eq!(loaded.keys, [(hash(10), message(1), theirs), (hash(11), message(2), theirs)]);
        assert!(loaded.records.is_empty());
        let decided = store.decided(0, 10).await.unwrap();
        let ends: Vec<_> = decided.iter().map(|row| (row.order, row.outcome, row.owner)).collect();
        let ended = |n| (Some(n), Some(Outcome::Decided), theirs);
        assert_eq!(ends, [ended(1), ended(2), ended(3)]);
        assert_eq!(decided[0].row.key, b"key under the person's");
    })
    .await;
}

#[tokio::test]
async fn lines_open_and_close_in_order() {
    use Capacity::{Definitive, Provisional};
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut first = full(1);
        first.lines = Vec::new();
        store.commit(&lease, &first).await.unwrap();
        let open = async |lines: Vec<_>| {
            store.commit(&lease, &Batch { lines, ..Batch::default() }).await.unwrap();
            store.outgoing(0, 1).await.unwrap()[0].open
        };
        let to = |capacity, order| line(1, "atlas", capacity, "2026-11-24", order);
        assert!(!open(vec![]).await);
        assert!(!open(vec![line(1, "amal", Some(Provisional), "2026-11-24", 1)]).await);
        assert!(open(vec![to(Some(Provisional), 1)]).await);
        assert!(open(vec![to(None, 2), to(Some(Definitive), 2)]).await);
        assert!(!open(vec![to(None, 3)]).await);
        assert!(!open(vec![to(None, 4)]).await);
        assert!(!open(vec![to(Some(Provisional), 5), to(None, 6)]).await);
        assert!(open(vec![to(Some(Provisional), 7), to(None, 7), to(Some(Definitive), 7)]).await);
        assert!(!open(vec![to(None, 8), to(Some(Provisional), 8), to(None, 8)]).await);
        // An opening where a line is open replaces it.
        assert!(open(vec![to(Some(Provisional), 9)]).await);
        assert!(open(vec![to(Some(Definitive), 10)]).await);
        assert!(!open(vec![to(None, 11)]).await);
    })
    .await;
}

#[tokio::test]
async fn records_leave_in_order_and_the_ledger_closes_behind_them() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.outbox = vec![
            outbox(1, "atlas", 1, 1),
            outbox(2, "amal", 1, 2),
            outbox(3, "atlas", 2, 1),
            outbox(4, "atlas", 3, 1),
        ];
        store.commit(&lease, &batch).await.unwrap();
        let all = store.outgoing(0, 10).await.unwrap();
        assert_eq!(all.iter().map(|out| out.row.position).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(format!("{:?}", all[2].row), format!("{:?}", outbox(3, "atlas", 2, 1)));
        // Person 2 has no key any more, and no line.
        assert_eq!((all[0].key.as_deref(), all[0].open), (Some(&b"person key 1"[..]), true));
        assert_eq!((all[1].key.as_deref(), all[1].open), (None, false));
        assert_eq!(store.outgoing(2, 1).await.unwrap()[0].row.position, 3);
        assert!(store.outgoing(u64::MAX, 1).await.unwrap().is_empty());
        let atlas = recipient("atlas");
        let feed = store.feed(&atlas, 1, 10).await.unwrap();
        assert_eq!(feed.iter().map(|out| out.row.sequence).collect::<Vec<_>>(), [2, 3]);
        assert!(store.feed(&recipient("bon"), 0, 10).await.unwrap().is_empty());

        let ends = async || store.ledger_ends().await.unwrap();
        assert_eq!(ends().await, [(recipient("amal"), 1, 0), (atlas.clone(), 3, 0)]);
        store.close_ledger(&atlas, 2, at(1)).await.unwrap();
        assert_eq!(ends().await[1], (atlas.clone(), 3, 2));
        store.close_ledger(&atlas, 1, at(2)).await.unwrap();
        store.close_ledger(&atlas, 9, at(3)).await.unwrap();
        assert_eq!(ends().await, [(recipient("amal"), 1, 0), (atlas.clone(), 3, 3)]);
    })
    .await;
}

#[tokio::test]
async fn a_task_is_tried_until_it_is_performed() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.persons.push(person_row(2, 1));
        batch.tasks.push(task(2));
        store.commit(&lease, &batch).await.unwrap();
        assert!(store.due_tasks(at(0), 10).await.unwrap().is_empty());
        let due = store.due_tasks(at(2), 10).await.unwrap();
        assert_eq!(format!("{:?}", due[0].0), format!("{:?}", task(1)));
        assert_eq!((due.len(), due[1].1.as_slice()), (2, &b"person key 2"[..]));
        let (first, second) = (TaskId::from_bytes(bytes(1)), TaskId::from_bytes(bytes(2)));
        store.retry_task(first, at(500)).await.unwrap();
        store.finish_task(second).await.unwrap();
        // What is performed stays so.
        store.retry_task(second, at(1)).await.unwrap();
        assert!(store.due_tasks(at(499), 10).await.unwrap().is_empty());
        let due = store.due_tasks(at(500), 10).await.unwrap();
        assert_eq!((due.len(), due[0].0.attempts, due[0].0.due_at), (1, 1, at(500)));
    })
    .await;
}

#[tokio::test]
async fn replay_reads_what_was_decided() {
    on_each(async |store| {
        store.insert_inbox(&[inbox(1), inbox(2), inbox(3)]).await.unwrap();
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.decided.push(decided(3, Outcome::Quarantined));
        batch.decided.push(decided(2, Outcome::Refused));
        batch.persons.extend([person_row(3, 1), person_row(2, 1)]);
        batch.journal.push(journal(1, 2));
        store.commit(&lease, &batch).await.unwrap();
        assert!(store.undecided(10).await.unwrap().is_empty());
        let decided = store.decided(1, 10).await.unwrap();
        assert_eq!(decided.iter().map(|row| row.order).collect::<Vec<_>>(), [Some(2), Some(3)]);
        assert_eq!((decided[0].outcome, decided[0].known_at), (Some(Outcome::Refused), Some(at(102))));
        assert_eq!((decided[0].owner, decided[1].outcome), (None, Some(Outcome::Quarantined)));
        let receipt = store.receipt(message(2)).await.unwrap().unwrap();
        assert_eq!((receipt.order, receipt.detail.as_deref()), (Some(2), Some("{\"code\":\"old-epoch\"}")));

        let read = store.journal(person(1)).await.unwrap();
        let expected = [1, 2].map(|version| JournalEntry {
            row: journal(1, version),
            key: b"key anew 1".to_vec(),
            owner: Some(person(1)),
            owner_key: Some(b"person key 1".to_vec()),
        });
        assert_eq!(format!("{read:?}"), format!("{expected:?}"));

        let ids = async |after| -> Vec<PersonId> {
            store.persons(after, 2).await.unwrap().iter().map(|row| row.id).collect()
        };
        assert_eq!(ids(None).await, [person(1), person(2)]);
        assert_eq!(ids(Some(person(2))).await, [person(3)]);
        assert!(ids(Some(person(3))).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_was_absorbed_is_found_as_his_survivor() {
    on_each(async |store| {
        store.insert_inbox(&[inbox(1), inbox(2)]).await.unwrap();
        let lease = decider(&store).await;
        store.commit(&lease, &full(1)).await.unwrap();
        let mut batch = full(2);
        batch.outbox.clear();
        batch.lines = vec![line(2, "atlas", Some(Capacity::Provisional), "2026-11-24", 2)];
        batch.lines.push(line(1, "atlas", None, "2026-11-24", 2));
        batch.persons.push(PersonRow { redirect: Some(person(2)), ..person_row(1, 2) });
        store.commit(&lease, &batch).await.unwrap();
        let request = LoadRequest { persons: vec![person(1)], ..LoadRequest::default() };
        let loaded = store.load(&request).await.unwrap();
        assert_eq!(
            loaded.persons.iter().map(|(asked, row)| (*asked, row.id)).collect::<Vec<_>>(),
            [(person(1), person(2))]
        );
        // His record is on its way still: the survivor's line lets it pass, and a restriction stops it.
        let open = async || store.outgoing(0, 10).await.unwrap()[0].open;
        assert!(open().await);
        let restricted = PersonRow { restricted: true, ..person_row(2, 3) };
        let counters = batch.counters.clone();
        store
            .commit(&lease, &Batch { persons: vec![restricted], counters, ..Batch::default() })
            .await
            .unwrap();
        assert!(!open().await);
    })
    .await;
}

#[tokio::test]
async fn a_person_has_one_next_day_and_a_review_one_answer() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let day = |text: &str| schemas::time::parse_day(text).unwrap();
        let due = |n, on: Option<&str>| DueRow { person: person(n), on: on.map(day) };
        let mut batch = full(1);
        batch.due = vec![due(1, Some("2026-11-30")), due(2, Some("2026-12-01")), due(3, None)];
        batch.due.push(due(1, Some("2026-12-24")));
        store.commit(&lease, &batch).await.unwrap();
        assert!(store.due(day("2026-11-30"), 10).await.unwrap().is_empty());
        let found = store.due(day("2027-01-01"), 10).await.unwrap();
        assert_eq!(found, [(person(2), day("2026-12-01")), (person(1), day("2026-12-24"))]);
        let answers = vec![AnswerRow { id: ReviewId::from_bytes(bytes(1)), answer: "same", at: at(9) }];
        let counters = batch.counters.clone();
        let next = Batch { due: vec![due(2, None)], answers, counters: counters.clone(), ..Batch::default() };
        store.commit(&lease, &next).await.unwrap();
        assert_eq!(store.due(day("2027-01-01"), 10).await.unwrap(), [(person(1), day("2026-12-24"))]);
        let request = LoadRequest { reviews: vec![ReviewId::from_bytes(bytes(1))], ..LoadRequest::default() };
        assert!(store.load(&request).await.unwrap().reviews.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_batch_may_be_large() {
    on_each(async |store| {
        let rows: Vec<_> = (1..=1100).map(inbox).collect();
        assert!(store.insert_inbox(&rows).await.unwrap().iter().all(|stored| *stored == Stored::New));
        let lease = decider(&store).await;
        let mut batch = Batch::default();
        for n in 1..=1100 {
            let one = full(n);
            batch.decided.extend(one.decided);
            batch.persons.extend(one.persons);
            batch.journal.extend(one.journal);
            batch.records.extend(one.records);
            batch.lines.extend(one.lines);
            batch.outbox.extend(one.outbox);
        }
        store.commit(&lease, &batch).await.unwrap();
        assert!(store.undecided(1).await.unwrap().is_empty());
        let request = LoadRequest {
            keys: (1..=1100).map(hash).collect(),
            persons: (1..=1100).map(person).collect(),
            ..LoadRequest::default()
        };
        let loaded = store.load(&request).await.unwrap();
        assert_eq!((loaded.persons.len(), loaded.keys.len()), (1100, 2199));
        assert_eq!(store.outgoing(1000, 500).await.unwrap().len(), 100);
    })
    .await;
}
