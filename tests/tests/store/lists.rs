//! What the console reads: the flow in numbers, lists of handovers in pages, open reviews, what was sent about one person.
//!
//! Next: `given.rs` for the rows; `batches.rs` for what stores them.

use hub::store::Filter;
use hub::store::figures::{OriginRow, Queue};
use hub::store::rows::{AnswerRow, Batch, HandoverRow, Outcome, ReviewRow, WaitsOn};
use schemas::actor::ActorName;
use schemas::envelope::Envelope;
use schemas::handover::{Owner, State};
use schemas::ids::{DeliveryId, HandoverId, Pseudonym, ReviewId};
use schemas::time::Instant;

use crate::given::*;

/// An envelope as the decider writes it.
fn envelope(sequence: u64, time: Instant) -> String {
    let envelope = Envelope {
        id: DeliveryId::from_bytes(bytes(1)),
        recipient: recipient("atlas"),
        key: Pseudonym::from_bytes(bytes(2)),
        kind: "offer".to_owned(),
        time,
        sequence,
        salt: Some(hash(1)),
        payload_hash: hash(2),
        chain: hash(3),
    };
    serde_json::to_string(&envelope).unwrap()
}

#[tokio::test]
async fn what_was_refused_of_one_sender_is_listed_newest_first() {
    on_each(async |store| {
        let mut rows: Vec<_> = (1..=6).map(inbox).collect();
        rows[4].source = "permit".to_owned();
        rows[5].sender = "another".to_owned();
        store.insert_inbox(rows.clone()).await.unwrap();
        let mut others = [refusal(20), refusal(21), refusal(22), refusal(23)];
        others[2].source = "permit".to_owned();
        others[3].sender = "another".to_owned();
        store.insert_refusals(others.to_vec()).await.unwrap();
        let mut batch = full(1);
        batch.decided.extend([2, 3, 5, 6].map(|n| decided(n, Outcome::Refused)));
        store.commit(&decider(&store).await, &batch).await.unwrap();

        let own = ("visa", rows[0].sender.as_str());
        let decided = async |since, limit| {
            let found = store.refused_of(own.0, own.1, at(since), limit).await.unwrap();
            assert!(found.iter().all(|row| row.outcome == Some(Outcome::Refused) && row.detail.is_some()));
            found.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(decided(0, 9).await, [message(3), message(2)]);
        assert_eq!(decided(3, 9).await, [message(3)]);
        assert_eq!(decided(0, 1).await, [message(3)]);
        assert_eq!(decided(4, 9).await, []);
        let at_the_door = async |since, limit| {
            let found = store.refusals_of("visa", "post-tst", at(since), limit).await.unwrap();
            found.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(at_the_door(0, 9).await, [message(21), message(20)]);
        assert_eq!(at_the_door(21, 9).await, [message(21)]);
        assert_eq!(at_the_door(0, 1).await, [message(21)]);
    })
    .await;
}

#[tokio::test]
async fn the_flow_is_counted_by_source_and_by_recipient() {
    on_each(async |store| {
        let empty = store.flow(at(0), at(0)).await.unwrap();
        assert!(empty.sources.is_empty() && empty.recipients.is_empty());
        assert_eq!(empty.reviews, Queue::default());

        let mut rows: Vec<_> = (1..=6).map(inbox).collect();
        rows[5].source = "permit".to_owned();
        store.insert_inbox(rows).await.unwrap();
        store.insert_refusals(vec![refusal(20), refusal(21)]).await.unwrap();
        let lease = decider(&store).await;
        let outcomes = [Outcome::Waiting, Outcome::Refused, Outcome::Quarantined];
        let others = outcomes.iter().zip(2..).map(|(outcome, n)| decided(n, *outcome));
        let mut batch = full(1);
        batch.records.push(record(2, None, &[]));
        batch.decided.extend(others);
        batch.outbox[0].row.envelope = envelope(1, at(50));
        batch.outbox.push(outbox(2, "atlas", 2, 1));
        batch.outbox[1].row.envelope = envelope(2, at(60));
        store.commit(&lease, &batch).await.unwrap();

        // Rates count what came strictly after a time.
        let flow = store.flow(at(4), at(2)).await.unwrap();
        let [permit, visa] = flow.sources.as_slice() else { panic!("{:?}", flow.sources) };
        let one = |n| Queue { count: 1, oldest: Some(at(n)) };
        assert_eq!((visa.source.as_str(), visa.accepted, visa.last_hour, visa.last_day), ("visa", 5, 1, 3));
        assert_eq!((visa.last, visa.undecided), (Some(at(5)), one(5)));
        assert_eq!([visa.waiting, visa.refused, visa.quarantined], [one(2), one(3), one(4)]);
        assert_eq!(visa.turned_away, Queue { count: 2, oldest: Some(at(20)) });
        assert_eq!((permit.accepted, permit.undecided, permit.turned_away), (1, one(6), Queue::default()));
        assert_eq!(flow.reviews, one(1));

        let atlas = &flow.recipients[0];
        assert_eq!((atlas.decided, atlas.delivered, atlas.oldest), (2, 0, Some(at(50))));
        store.close_ledger(&recipient("atlas"), 1, at(70)).await.unwrap();
        let flow = store.flow(at(70), at(69)).await.unwrap();
        let atlas = &flow.recipients[0];
        assert_eq!((atlas.decided, atlas.delivered, atlas.oldest), (2, 1, Some(at(60))));
        assert_eq!((atlas.last_hour, atlas.last_day), (0, 1));
        store.close_ledger(&recipient("atlas"), 2, at(71)).await.unwrap();
        assert_eq!(store.flow(at(70), at(69)).await.unwrap().recipients[0].oldest, None);
    })
    .await;
}

#[tokio::test]
async fn handovers_are_listed_by_deadline_in_pages() {
    on_each(async |store| {
        let open = |n: u32, state, deadline: &str| HandoverRow {
            deadline: Some(day(deadline)),
            owner: Owner::Coordinator,
            ..handover(n, state)
        };
        let rows = vec![
            open(5, State::Sent, "2026-12-02"),
            open(3, State::Held, "2026-12-01"),
            open(4, State::Sent, "2026-12-01"),
            HandoverRow { deadline: None, ..handover(1, State::Closed) },
            HandoverRow { recipient: Some(recipient("amal")), ..open(2, State::Sent, "2026-12-03") },
        ];
        let lease = decider(&store).await;
        store.commit(&lease, &Batch { handovers: rows.clone(), ..Batch::default() }).await.unwrap();

        let id = |n| HandoverId::from_bytes(bytes(n));
        let all = Filter::default();
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = store.handovers(&all, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.deadline, last.id));
            seen.extend(page.iter().map(|row| row.id));
        }
        assert_eq!(seen, [3, 4, 5, 2, 1].map(id));

        let ids = async |filter: &Filter| -> Vec<_> {
            let found = store.handovers(filter, None, 10).await.unwrap();
            assert_eq!(store.count_handovers(filter, 10).await.unwrap(), found.len() as u64);
            found.into_iter().map(|row| row.id).collect()
        };
        assert_eq!(ids(&Filter { open: true, ..all.clone() }).await, [3, 4, 5, 2].map(id));
        assert_eq!(ids(&Filter { state: Some(State::Sent), ..all.clone() }).await, [4, 5, 2].map(id));
        assert_eq!(ids(&Filter { recipient: Some(recipient("amal")), ..all.clone() }).await, [id(2)]);
        assert_eq!(ids(&Filter { owner: Some(Owner::Agency), ..all.clone() }).await, [id(1)]);
        let late = Filter { before: Some(day("2026-12-02")), ..all.clone() };
        assert_eq!(ids(&late).await, [3, 4].map(id));
        let late_sent = Filter { state: Some(State::Sent), ..late };
        assert_eq!(ids(&late_sent).await, [id(4)]);
        assert_eq!(store.count_handovers(&all, 3).await.unwrap(), 3);

        let found = store.handovers_between(id(2), id(2)).await.unwrap();
        assert_eq!(format!("{found:?}"), format!("{:?}", [&rows[4]]));
        assert_eq!(store.handovers_between(id(1), id(9)).await.unwrap().len(), 2);

        let states = store.handover_states().await.unwrap();
        let sent = states.iter().find(|count| count.state == State::Sent).unwrap().queue;
        assert_eq!((states.len(), sent), (3, Queue { count: 3, oldest: Some(at(2)) }));
        let by = store.handovers_by_recipient(day("2026-12-02")).await.unwrap();
        assert_eq!(by, [(recipient("amal"), 1, 0), (recipient("atlas"), 3, 2)]);
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_about_a_person_and_by_whom_they_came() {
    on_each(async |store| {
        store.insert_inbox(vec![inbox(1), inbox(2)]).await.unwrap();
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.outbox.extend([outbox(2, "atlas", 2, 2), outbox(3, "atlas", 3, 1), outbox(4, "amal", 1, 1)]);
        store.commit(&lease, &batch).await.unwrap();
        store.close_ledger(&recipient("atlas"), 1, at(9)).await.unwrap();
        let sent = store.sent_about(person(1)).await.unwrap();
        let sent: Vec<_> =
            sent.iter().map(|out| (out.row.recipient.as_str(), out.row.sequence, out.closed_at)).collect();
        assert_eq!(sent, [("amal", 1, None), ("atlas", 1, Some(at(9))), ("atlas", 3, None)]);
        let origins = store.origins(person(1)).await.unwrap();
        let (source, sender) = ("visa".to_owned(), "post-tst".to_owned());
        assert_eq!(origins, [OriginRow { message: message(1), source, sender }]);
        assert!(store.origins(person(7)).await.unwrap().is_empty());
    })
    .await;
}

/// A review that names nobody is listed as well; what waits for an answer decides its place, and whoever looked and could
/// not tell puts it behind the others.
#[tokio::test]
async fn reviews_are_listed_by_what_waits_for_them() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let review = |n: u32, reason: &str, candidates: &[u32]| ReviewRow {
            id: ReviewId::from_bytes(bytes(n)),
            person: person(n),
            candidates: candidates.iter().map(|n| person(*n)).collect(),
            reason: reason.to_owned(),
            raised_at: at(n),
            looked_at: false,
            proposed: None,
            waits: WaitsOn::default(),
        };
        let mut batch = full(1);
        batch.reviews = vec![
            review(1, "alike", &[9]),
            review(2, "account_alone", &[]),
            review(3, "registered_alone", &[8, 9]),
            review(4, "alike", &[5, 6]),
            review(5, "key_contradicts", &[7]),
            review(8, "claim_contradicts", &[9]),
        ];
        batch.handovers = vec![HandoverRow { person: person(6), ..handover(1, State::Held) }];
        store.commit(&lease, &batch).await.unwrap();
        let listed = async |limit| {
            let rows = store.open_reviews(limit).await.unwrap();
            rows.into_iter()
                .map(|row| (row.raised_at, row.waits.as_str(), row.candidates.len()))
                .collect::<Vec<_>>()
        };
        let expect = [
            (at(5), "number", 1),
            (at(4), "handover", 2),
            (at(3), "registration", 2),
            (at(8), "account", 1),
            (at(1), "nothing", 1),
            (at(2), "nothing", 0),
        ];
        assert_eq!(listed(10).await, expect);
        assert_eq!(listed(2).await, expect[..2]);
        let id = ReviewId::from_bytes(bytes(5));
        let answered = async |answer, proposed| {
            let answers = vec![AnswerRow { id, answer, at: None, proposed }];
            let next = Batch { answers, counters: batch.counters.clone(), ..Batch::default() };
            store.commit(&lease, &next).await.unwrap();
            store.open_review(id).await.unwrap().unwrap()
        };
        let looked = answered(Some("cannot_tell"), None).await;
        assert_eq!(listed(10).await, [&expect[1..], &expect[..1]].concat());
        assert!(
            looked.looked_at && store.open_review(ReviewId::from_bytes(bytes(7))).await.unwrap().is_none()
        );
        // Whoever is sure now puts it back in its place, where it waits for a second; who cannot tell takes that back.
        let sure = Some((person(7), ActorName::parse("lucas").unwrap()));
        let waits = answered(None, sure.clone()).await;
        assert_eq!((waits.looked_at, waits.proposed), (false, sure));
        assert_eq!(listed(10).await, expect);
        assert_eq!(answered(Some("cannot_tell"), None).await.proposed, None);
    })
    .await;
}
