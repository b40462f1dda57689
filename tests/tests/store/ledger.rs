//! The ledger: what is proved, what cannot be proved any more, what is ordered to be sent again; and what halts.

use hub::store::rows::{HaltRow, LedgerEnd, RestartRow};
use schemas::recipient::Recipient;

use crate::given::*;

#[tokio::test]
async fn only_what_the_ledger_promised_is_proved() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.outbox = (1..=4).map(|n| outbox(n, "atlas", n, 1)).collect();
        store.commit(&lease, &batch).await.unwrap();
        let atlas = recipient("atlas");
        let promised = store.promised(&atlas, 2, 3).await.unwrap();
        let expect: Vec<_> = batch.outbox[1..3]
            .iter()
            .map(|leaving| (leaving.row.sequence, leaving.row.payload_hash))
            .collect();
        assert_eq!(promised, expect);
        assert!(store.promised(&recipient("bon"), 0, 9).await.unwrap().is_empty());
        // Another hash, a number that was never given, and another recipient's prove nothing.
        let hash = batch.outbox[0].row.payload_hash;
        let prove = async |to: &str, rows: &[(u64, [u8; 32])]| {
            store.prove(&recipient(to), rows, at(1)).await.unwrap()
        };
        assert_eq!(prove("atlas", &[(1, [9; 32]), (5, hash)]).await, 0);
        assert_eq!(prove("bon", &[(1, hash)]).await, 0);
        assert_eq!(prove("atlas", &[]).await, 0);
        assert_eq!(store.ledger_ends().await.unwrap(), [(atlas.clone(), 4, 0)]);
        let each: Vec<_> = batch.outbox[..2]
            .iter()
            .map(|leaving| (leaving.row.sequence, leaving.row.payload_hash))
            .collect();
        assert_eq!((prove("atlas", &each).await, prove("atlas", &each).await), (2, 0));
        assert_eq!(store.ledger_ends().await.unwrap(), [(atlas.clone(), 4, 2)]);
        // What a feed proves was not read back; read back later, it keeps its time.
        let end = async || {
            let LedgerEnd { last, closed, read_back } = store.ledger_end(&atlas).await.unwrap();
            [last, closed, read_back]
        };
        assert_eq!(end().await, [4, 2, 2]);
        store.close_ledger(&atlas, 3, at(2)).await.unwrap();
        assert_eq!(end().await, [4, 3, 2]);
        let third = [(3, batch.outbox[2].row.payload_hash)];
        let prove_later = async || store.prove(&atlas, &third, at(3)).await.unwrap();
        assert_eq!((prove_later().await, prove_later().await, end().await), (1, 0, [4, 3, 3]));
        let closed: Vec<_> =
            store.feed(&atlas, 0, 9).await.unwrap().into_iter().map(|row| row.closed_at).collect();
        assert_eq!(closed, [Some(at(1)), Some(at(1)), Some(at(2)), None]);
        assert_eq!(store.ledger_end(&recipient("bon")).await.unwrap(), LedgerEnd::default());
        // What left its topic unread is closed, and neither told as proved nor counted as delivered.
        let expire = async |before: u64| store.expire(&atlas, before, at(4)).await.unwrap();
        assert_eq!([expire(4).await, expire(5).await, expire(5).await], [0, 1, 0]);
        assert_eq!((end().await, store.feed(&atlas, 3, 9).await.unwrap()[0].closed_at), ([4, 4, 3], None));
        let expired = async |since| store.expired(at(since)).await.unwrap();
        assert_eq!((expired(3).await, expired(4).await), (vec![(atlas.clone(), 1)], vec![]));
        let flow = store.flow(at(0), at(0)).await.unwrap().recipients;
        assert_eq!(flow.iter().map(|row| (row.last_hour, row.last_day)).collect::<Vec<_>>(), [(3, 3)]);
    })
    .await;
}

#[tokio::test]
async fn an_order_opens_what_is_sent_again_and_closes_the_rest_by_word() {
    on_each(async |store| {
        let lease = decider(&store).await;
        let mut batch = full(1);
        batch.outbox = (1..=6)
            .map(|n| outbox(n, if n == 6 { "bon" } else { "atlas" }, if n == 6 { 1 } else { n }, 1))
            .collect();
        store.commit(&lease, &batch).await.unwrap();
        let (atlas, bon) = (recipient("atlas"), recipient("bon"));
        store.close_ledger(&atlas, 1, at(1)).await.unwrap();
        store.close_ledger(&bon, 1, at(1)).await.unwrap();
        let fifth = [(5, batch.outbox[4].row.payload_hash)];
        store.prove(&atlas, &fifth, at(2)).await.unwrap();
        let order = async |n: u32, base| {
            let order = RestartRow {
                id: message(n),
                recipient: atlas.clone(),
                base,
                actor: "noor".to_owned(),
                at: at(3),
                reason: vec![1],
                key: vec![9; 40],
            };
            store.restarts().order(order).await.unwrap();
        };
        order(90, 2).await;
        order(91, 3).await;
        assert_eq!(
            (store.restart(&atlas).await.unwrap(), store.restart(&bon).await.unwrap()),
            (Some(3), None)
        );
        let closed = async |of: &Recipient| -> Vec<_> {
            store.feed(of, 0, 9).await.unwrap().into_iter().map(|row| row.closed_at).collect()
        };
        assert_eq!(closed(&atlas).await, [Some(at(1)), Some(at(3)), Some(at(3)), None, None]);
        assert_eq!(closed(&bon).await, [Some(at(1))], "another's are none of it");
        assert_eq!(store.ledger_end(&atlas).await.unwrap(), LedgerEnd { last: 5, closed: 3, read_back: 0 });
        // Taken; an older one that is taken late takes no newer one away.
        store.restarted(&atlas, 2).await.unwrap();
        assert_eq!(store.restart(&atlas).await.unwrap(), Some(3));
        store.restarted(&atlas, 3).await.unwrap();
        assert_eq!(store.restart(&atlas).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_is_halted_is_told_until_it_goes_on() {
    on_each(async |store| {
        let (atlas, bon) = (recipient("atlas"), recipient("bon"));
        let told = async || {
            let row = |row: HaltRow| (row.recipient.to_string(), row.part, row.code, row.detail, row.since);
            let of = [atlas.clone(), bon.clone()];
            store.halts(&of).await.unwrap().into_iter().map(row).collect::<Vec<_>>()
        };
        let row = |to: &str, part: &str, code: &str, detail: &str, since| {
            (to.to_owned(), part.to_owned(), code.to_owned(), detail.to_owned(), at(since))
        };
        store.halt(&bon, "relay", "topic-partitions", "3", at(1)).await.unwrap();
        store.halt(&atlas, "auditor", "topic-broken", "x", at(2)).await.unwrap();
        // Since when is the first time that this was so.
        store.halt(&bon, "relay", "topic-partitions", "4", at(3)).await.unwrap();
        store.halt(&atlas, "relay", "topic-refused", "y", at(4)).await.unwrap();
        store.halt(&atlas, "relay", "topic-stuck", "z", at(5)).await.unwrap();
        let auditor = row("atlas", "auditor", "topic-broken", "x", 2);
        let stuck = row("atlas", "relay", "topic-stuck", "z", 5);
        let partitions = row("bon", "relay", "topic-partitions", "4", 1);
        assert_eq!(told().await, [auditor.clone(), stuck, partitions]);
        // A recipient whose topic is not sent to halts nothing, and is forgotten.
        assert_eq!(store.halts(std::slice::from_ref(&bon)).await.unwrap().len(), 1);
        assert!(store.halts(&[]).await.unwrap().is_empty());
        store.halt(&recipient("amal"), "relay", "topic-stuck", "z", at(5)).await.unwrap();
        store.forget_halts(&[atlas.clone(), bon.clone()]).await.unwrap();
        assert!(store.halts(&[recipient("amal")]).await.unwrap().is_empty());
        assert_eq!(told().await.len(), 3);
        store.resume(&bon, "relay").await.unwrap();
        store.resume(&atlas, "relay").await.unwrap();
        store.resume(&atlas, "relay").await.unwrap();
        assert_eq!(told().await, [auditor]);
    })
    .await;
}
