//! What a batch of decisions stores, wholly or not at all, and everything that is read of it afterwards.
//!
//! Next: `given.rs` for the rows; `../store.rs` for what comes before a decision.

use decide::person::Capacity;
use decide::world::{Ask, NEWEST, Owned};
use hub::store::rows::{
    AnswerRow, Batch, Detail, DueRow, JournalStored, Outcome, PersonRow, ReleasedRow, StoredAttempt, TaskRow,
};
use hub::store::{Store, StoreError};
use schemas::handover::State;
use schemas::ids::{HandoverId, PersonId, ReviewId, StreamId, TaskId};
use schemas::key::Mac;

use crate::given::*;

#[tokio::test]
async fn what_a_batch_stores_is_loaded_again() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2)]).await.unwrap();
        let lease = decider(&store).await;
        store.commit(&lease, &full(1)).await.unwrap();
        let held = decider(&store).await;
        assert_eq!((held.fence, &held.counters), (lease.fence, &full(1).counters));
        let owned = |n| {
            [
                Ask::Owner(Owned::Handover(HandoverId::from_bytes(bytes(n)))),
                Ask::Owner(Owned::Stream(StreamId::from_bytes(bytes(n)))),
                Ask::Owner(Owned::Review(ReviewId::from_bytes(bytes(n)))),
            ]
        };
        let mut asks: Vec<Ask> = [1, 2, 77].map(|n| Ask::Key(Mac(hash(n)))).into();
        asks.extend([1, 77].map(|n| Ask::Person(person(n))));
        asks.extend([1, 77].map(|n| Ask::Match(person(n))));
        asks.extend([1, 2].map(|n| Ask::Waiting(message(n))));
        asks.extend([1, 77].into_iter().flat_map(owned));
        asks.extend([1, 77].map(|n| Ask::Journal(person(n))));
        asks.extend([1, 77].map(|n| Ask::Keys(person(n))));
        asks.extend([("atlas", 1), ("atlas", 2), ("amal", 1)].map(|(to, n)| Ask::Sent(recipient(to), n)));
        let (own, linked) = (person(1), Some(person(1)));
        let mut expected = vec![
            format!("key {:?} {} {linked:?}", &hash(1)[..4], message(1)),
            format!("key {:?} {} {linked:?}", &hash(2)[..4], message(1)),
            format!("person {own} {own} 1"),
            format!("match {own} {own} 1"),
            format!("own {} {linked:?}", message(1)),
            format!("keys of {own} {:?}", [&hash(1)[..4], &hash(2)[..4]]),
            format!("sent atlas 1 {:?} {:?} 1", &hash(1)[..4], Some(HandoverId::from_bytes(bytes(701)))),
        ];
        expected.extend(owned(1).iter().map(|ask| match ask {
            Ask::Owner(owned) => format!("{owned:?} {own}"),
            _ => String::new(),
        }));
        expected.sort();
        assert_eq!(loaded(&store, &asks).await, expected);
        assert!(loaded(&store, &[]).await.is_empty());

        // A second batch changes what is there: the newest row of each counts.
        let mut second = Batch { counters: held.counters.clone(), ..Batch::default() };
        second.persons = vec![person_row(1, 2), person_row(1, 3)];
        second.handovers = vec![handover(1, State::Received), handover(1, State::Accepted)];
        store.commit(&lease, &second).await.unwrap();
        assert_eq!(loaded(&store, &[Ask::Person(own)]).await, [format!("person {own} {own} 3")]);
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
        store.insert_inbox(vec![inbox(1)]).await.unwrap();
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
        store.insert_inbox(vec![inbox(1)]).await.unwrap();
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
    assert_eq!(undecided(store).await.len(), 1);
}

#[tokio::test]
async fn a_waiting_record_comes_to_its_person() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2), inbox(3), inbox(4)]).await.unwrap();
        let lease = decider(&store).await;
        let batch = Batch {
            decided: vec![decided(1, Outcome::Waiting)],
            records: vec![record(1, None, &[10])],
            ..Batch::default()
        };
        store.commit(&lease, &batch).await.unwrap();
        let keys = [10, 11].map(|n| Ask::Key(Mac(hash(n))));
        let waiting = [1, 2].map(|n| Ask::Waiting(message(n)));
        let found = |n: u32, of: u32, person: Option<PersonId>| {
            format!("key {:?} {} {person:?}", &hash(n)[..4], message(of))
        };
        assert_eq!(loaded(&store, &keys).await, [found(10, 1, None)]);
        let waits = format!("waiting {} {:?}", message(1), Ok::<_, ()>("key anew 1"));
        assert_eq!(loaded(&store, &waiting).await, [waits]);
        let listed = store.waiting_records(10).await.unwrap();
        assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [message(1)]);
        let since = listed[0].since;
        let later = since + chrono::TimeDelta::microseconds(1);
        assert_eq!(store.waiting_since(since).await.unwrap().count, 0);
        let queue = store.waiting_since(later).await.unwrap();
        assert_eq!((queue.count, queue.oldest), (1, Some(since)));
        assert_eq!(store.receipt(message(1)).await.unwrap().unwrap().outcome, Some(Outcome::Waiting));

        // Message 3 brings both: one waited since before, the other since earlier in this batch.
        let released = |n| ReleasedRow {
            id: message(n),
            person: person(3),
            decided_by: message(3),
            order: 3,
            known_at: at(103),
            key: b"key under the person's".to_vec(),
        };
        let mut batch = full(3);
        batch.decided.insert(0, decided(2, Outcome::Waiting));
        batch.records.insert(0, record(2, None, &[11]));
        batch.released = vec![released(1), released(2)];
        store.commit(&lease, &batch).await.unwrap();
        let theirs = Some(person(3));
        assert_eq!(loaded(&store, &keys).await, [found(10, 1, theirs), found(11, 2, theirs)]);
        assert!(loaded(&store, &waiting).await.is_empty());
        let decided = store.decided(0, 10).await.unwrap();
        let ends: Vec<_> = decided
            .iter()
            .map(|row| row.decision.as_ref().map(|made| (made.order, made.outcome, row.key.owner)))
            .collect();
        let first = |n, outcome| Some((n, outcome, theirs));
        assert_eq!(
            ends,
            [first(1, Outcome::Waiting), first(2, Outcome::Waiting), first(3, Outcome::Decided)]
        );
        assert_eq!(decided[0].key.key, b"key under the person's");
        assert_eq!(store.released().await.unwrap(), [1, 2].map(|n| (message(n), message(3))));
        for n in [1, 2] {
            let made = store.message(message(n)).await.unwrap().unwrap().decision.unwrap();
            assert_eq!((made.order, made.outcome, made.decided_by), (3, Outcome::Decided, Some(message(3))));
        }
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
        assert_eq!(format!("{:?}", all[2].row), format!("{:?}", outbox(3, "atlas", 2, 1).row));
        // Person 2 has no key any more, and no line.
        assert_eq!((all[0].key.as_deref(), all[0].open), (Some(&b"person key 1"[..]), true));
        assert_eq!((all[1].key.as_deref(), all[1].open), (None, false));
        assert_eq!(store.outgoing(2, 1).await.unwrap()[0].row.position, 3);
        assert!(store.outgoing(u64::MAX, 1).await.unwrap().is_empty());
        let atlas = recipient("atlas");
        let feed = store.feed(&atlas, 1, 10).await.unwrap();
        assert_eq!(feed.iter().map(|out| out.row.sequence).collect::<Vec<_>>(), [2, 3]);
        assert!(store.feed(&recipient("bon"), 0, 10).await.unwrap().is_empty());
        // The gate alone says what it says with the row, of every row that is asked about.
        let gates = async |to: &str, from, until| {
            let gates = store.gates(&recipient(to), from, until).await.unwrap();
            gates.into_iter().map(|gate| (gate.sequence, gate.key, gate.open)).collect::<Vec<_>>()
        };
        let expect: Vec<_> = feed.into_iter().map(|out| (out.row.sequence, out.key, out.open)).collect();
        assert_eq!((gates("atlas", 2, 3).await, gates("atlas", 1, 9).await.len()), (expect, 3));
        assert_eq!(gates("amal", 1, 1).await, [(1, None, false)]);

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
async fn a_task_is_claimed_by_one_until_it_is_performed() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.persons.push(person_row(2, 1));
        batch.tasks.push(task(2));
        store.commit(&lease, &batch).await.unwrap();
        let claim = async |now, until| store.claim_tasks(at(now), at(until), 10).await.unwrap();
        assert!(claim(0, 100).await.is_empty());
        let claimed = claim(2, 100).await;
        assert_eq!(format!("{:?}", claimed[0].0), format!("{:?}", TaskRow { due_at: at(100), ..task(1) }));
        assert_eq!((claimed.len(), claimed[1].1.as_deref()), (2, Some(&b"person key 2"[..])));
        // Nobody else's until then; whoever left it lets it go.
        assert!(claim(99, 200).await.is_empty());
        assert_eq!(claim(100, 200).await.len(), 2);
        let (first, second) = (TaskId::from_bytes(bytes(1)), TaskId::from_bytes(bytes(2)));
        store.retry_task(first, at(500)).await.unwrap();
        store.finish_task(second).await.unwrap();
        // What is performed stays so.
        store.retry_task(second, at(1)).await.unwrap();
        assert!(claim(499, 600).await.is_empty());
        let claimed = claim(500, 600).await;
        assert_eq!((claimed.len(), claimed[0].0.attempts), (1, 1));
        let (one, other) = tokio::join!(claim(700, 800), claim(700, 800));
        assert_eq!(one.len() + other.len(), 1, "of two at once one has it");
    })
    .await;
}

#[tokio::test]
async fn replay_reads_what_was_decided() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2), inbox(3)]).await.unwrap();
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.decided.push(decided(3, Outcome::Quarantined));
        batch.decided.push(decided(2, Outcome::Refused));
        batch.persons.extend([person_row(3, 1), person_row(2, 1)]);
        batch.journal.push(journal(1, 2));
        store.commit(&lease, &batch).await.unwrap();
        assert!(undecided(&store).await.is_empty());
        let decided = store.decided(1, 10).await.unwrap();
        let made: Vec<_> = decided.iter().filter_map(|row| row.decision.clone()).collect();
        assert_eq!(made.iter().map(|made| made.order).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((made[0].outcome, made[0].known_at), (Outcome::Refused, at(102)));
        assert_eq!((decided[0].key.owner, made[1].outcome), (None, Outcome::Quarantined));
        let receipt = store.receipt(message(2)).await.unwrap().unwrap();
        assert_eq!(
            (receipt.order, receipt.detail),
            (Some(2), Some(Detail::Refused(decide::Refusal::UnknownReview)))
        );

        let read = store.journal(person(1)).await.unwrap();
        let expected = [1, 2].map(|version| JournalStored {
            row: journal(1, version),
            heart: "1".to_owned(),
            bundle: "b1".to_owned(),
            key: Some(b"person key 1".to_vec()),
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
async fn who_was_absorbed_is_found_as_their_survivor() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2)]).await.unwrap();
        let lease = decider(&store).await;
        store.commit(&lease, &full(1)).await.unwrap();
        let mut batch = full(2);
        batch.outbox.clear();
        batch.lines.clear();
        batch.persons.push(PersonRow { redirect: Some(person(2)), ..person_row(1, 2) });
        store.commit(&lease, &batch).await.unwrap();
        let found = loaded(&store, &[Ask::Person(person(1)), Ask::Match(person(1))]).await;
        let survivor = |what: &str| format!("{what} {} {} 1", person(1), person(2));
        assert_eq!(found, ["match", "person"].map(survivor));
        // Their record is on its way still: its stream goes on, and a restriction of the survivor stops it.
        let open = async || store.outgoing(0, 10).await.unwrap()[0].open;
        assert!(open().await);
        let restricted = PersonRow { restricted: true, ..person_row(2, 3) };
        let counters = batch.counters.clone();
        store
            .commit(&lease, &Batch { persons: vec![restricted], counters, ..Batch::default() })
            .await
            .unwrap();
        assert!(!open().await);
        // What the participant is told of themselves goes on.
        let own = vec![
            line(1, "atlas", None, "2026-11-25", 3),
            line(1, "atlas", Some(Capacity::Participant), "2026-11-25", 3),
        ];
        let counters = batch.counters.clone();
        store.commit(&lease, &Batch { lines: own, counters, ..Batch::default() }).await.unwrap();
        assert!(open().await);
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_an_approval_is_listed_and_counted_from_when_they_began_to() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let stored = async |n, version, waits_since| {
            let row = PersonRow { waits_since, ..person_row(n, version) };
            let counters = full(1).counters;
            store.commit(&lease, &Batch { persons: vec![row], counters, ..Batch::default() }).await.unwrap();
        };
        let waiting = async || {
            let rows = store.awaiting_approval(None, 10).await.unwrap();
            let queue = store.unapproved().await.unwrap();
            assert_eq!(rows.len() as u64, queue.count);
            (rows.iter().map(|row| row.id).collect::<Vec<_>>(), queue.oldest)
        };
        assert_eq!(waiting().await, (vec![], None));
        stored(1, 1, Some(at(7))).await;
        stored(2, 1, Some(at(8))).await;
        stored(3, 1, None).await;
        assert_eq!(waiting().await, (vec![person(1), person(2)], Some(at(7))));
        // Looked at again they have waited since then; who goes on waits no more.
        stored(1, 2, Some(at(9))).await;
        assert_eq!(waiting().await.1, Some(at(7)));
        stored(1, 3, None).await;
        assert_eq!(waiting().await, (vec![person(2)], Some(at(8))));
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
        assert!(store.due(day("2026-11-30"), None, 10).await.unwrap().is_empty());
        let found = store.due(day("2027-01-01"), None, 10).await.unwrap();
        assert_eq!(found, [(person(2), day("2026-12-01")), (person(1), day("2026-12-24"))]);
        assert_eq!(store.due(day("2027-01-01"), Some(found[0]), 10).await.unwrap(), found[1..]);
        assert!(store.due(day("2027-01-01"), Some(found[1]), 10).await.unwrap().is_empty());
        let (id, answer, at) = (ReviewId::from_bytes(bytes(1)), Some("same"), Some(at(9)));
        let answers = vec![AnswerRow { id, answer, at, proposed: None }];
        let counters = batch.counters.clone();
        let next = Batch { due: vec![due(2, None)], answers, counters: counters.clone(), ..Batch::default() };
        store.commit(&lease, &next).await.unwrap();
        assert_eq!(store.due(day("2027-01-01"), None, 10).await.unwrap(), [(person(1), day("2026-12-24"))]);
        let review = Ask::Owner(Owned::Review(ReviewId::from_bytes(bytes(1))));
        assert!(loaded(&store, &[review]).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_batch_may_be_large() {
    on_each(async |store| {
        let rows: Vec<_> = (1..=1100).map(inbox).collect();
        assert!(store.insert_inbox(rows).await.unwrap().iter().all(|stored| *stored == StoredAttempt::New));
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
        // A name that all of them share.
        let shared = Mac(hash(9_999));
        batch.records.iter_mut().for_each(|row| row.keys.hashes.push(shared));
        store.commit(&lease, &batch).await.unwrap();
        assert!(undecided(&store).await.is_empty());
        let keys: Vec<Ask> = (1..=1100).map(|n| Ask::Key(Mac(hash(n)))).collect();
        let persons: Vec<Ask> = (1..=1100).map(|n| Ask::Person(person(n))).collect();
        assert_eq!((loaded(&store, &persons).await.len(), loaded(&store, &keys).await.len()), (1100, 2199));
        assert_eq!(loaded(&store, &[Ask::Key(shared)]).await.len(), 1100);
        let first = 1101 - u32::try_from(NEWEST).unwrap();
        let newest: Vec<String> = (first..=1100)
            .map(|n| format!("name {:?} {} {:?}", &shared.0[..4], message(n), Some(person(n))))
            .collect();
        assert_eq!(loaded(&store, &[Ask::Name(shared)]).await, newest, "of a name the newest alone");
        let rare = loaded(&store, &[Ask::Name(Mac(hash(7))), Ask::Name(Mac(hash(77_777)))]).await;
        assert_eq!(rare.len(), 2);
        assert_eq!(store.outgoing(1000, 500).await.unwrap().len(), 100);
    })
    .await;
}
