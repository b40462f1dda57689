//! Random lives through the door, the decider and the store, on SQLite: I1, I2 and I3 where they are kept.
//!
//! Lines are shuffled, repeated and cut into calls of any size. What the heart keeps on its own (I4, I5,
//! I7, I8) is drawn in `hub/decide/tests/lives.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;

use decide::invariant::i3;
use hub::app::{Hub, Start, in_data};
use hub::clock::Clock;
use hub::decider::replay::verify;
use hub::intake::Verdict;
use proptest::prelude::*;
use schemas::time::parse_instant;
use serde_json::Value;
use tests::people::visa_lines;
use tokio_util::sync::CancellationToken;

/// Which lines of which people, in which order; some twice.
fn lines() -> impl Strategy<Value = Vec<Value>> {
    (1usize..5, any::<u64>()).prop_flat_map(|(people, seed)| {
        let all: Vec<Value> =
            (0..people).flat_map(|n| visa_lines(n + usize::try_from(seed % 1_000).unwrap())).collect();
        let kept = proptest::sample::subsequence(all.clone(), 1..=all.len());
        let again = proptest::sample::subsequence(all.clone(), 0..=all.len() / 3);
        (kept, again).prop_map(|(kept, again)| [kept, again].concat()).prop_shuffle()
    })
}

async fn play(lines: Vec<Value>, call: usize, batch: u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    in_data(folder.path(), &mut config);
    let now = parse_instant("2025-06-01T08:00:00Z").unwrap();
    let hub = Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap();
    let stop = CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let visa = adapters::source("visa").unwrap();
    let mut receipts = BTreeSet::new();
    for part in lines.chunks(call) {
        let said = hub.intake.accept(visa, "test", part.iter().cloned().map(Ok).collect()).await.unwrap();
        for verdict in said {
            match verdict {
                Verdict::Accepted { receipt, .. } => assert!(receipts.insert(receipt), "a receipt twice"),
                Verdict::Again { receipt } => assert!(receipts.contains(&receipt), "again before the first"),
                Verdict::Conflict | Verdict::Refused { .. } => panic!("{verdict:?}"),
            }
        }
    }
    while !hub.store.undecided(1).await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    stop.cancel();
    decider.await.unwrap().unwrap();

    // I1: what was answered 2xx is there once, and ended.
    let decided = hub.store.decided(0, 1_000).await.unwrap();
    let there: BTreeSet<_> = decided.iter().map(|pending| pending.row.id).collect();
    assert_eq!((decided.len(), there), (receipts.len(), receipts));
    assert!(decided.iter().all(|pending| pending.outcome.is_some()));
    // I3: numbers without a gap or a repeat.
    let outgoing = hub.store.outgoing(0, 10_000).await.unwrap();
    assert_eq!(i3(outgoing.iter().map(|one| (one.row.recipient.clone(), one.row.sequence))), Ok(()));
    // I2: the same again, whatever the batch.
    let report = verify(&hub.store, &hub.keys, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
    assert_eq!(report.differences, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_numbered_twice(lines in lines(), call in 1usize..9, batch in 1u32..20) {
        tokio::runtime::Runtime::new().unwrap().block_on(play(lines, call, batch));
    }
}
