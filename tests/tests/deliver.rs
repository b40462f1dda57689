//! The relay and the auditor over a log in memory, through every fault such a log can have.
//!
//! Proves the hub's own logic in milliseconds; what Kafka must do for it is proved in `kafka.rs`.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::time::Duration;

use hub::config::KafkaConfig;
use hub::deliver::auditor::Audit;
use hub::deliver::feed::{TapRecord, record};
use hub::deliver::recording::{Fault, Recording};
use hub::deliver::{Deliver, DeliverError, HealthState, run_on};
use schemas::recipient::Recipient;
use tests::outbox::Rows;
use tokio_util::sync::CancellationToken;

fn nowhere() -> KafkaConfig {
    serde_json::from_value(serde_json::json!({"brokers": "-"})).unwrap()
}

/// Runs until everything was read back, or until it ends by itself.
async fn deliver(parts: Deliver<Rows>, log: &Recording) -> Result<(), DeliverError> {
    let (rows, stop) = (parts.outbox.clone(), CancellationToken::new());
    let closed = tokio::time::timeout(Duration::from_secs(30), async {
        while !rows.all_closed() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    let running = run_on(parts, log.clone(), log.clone(), stop.clone());
    tokio::pin!(running);
    tokio::select! {
        ended = &mut running => ended,
        closed = closed => {
            closed.expect("the ledger is closed in time");
            stop.cancel();
            running.await
        }
    }
}

#[tokio::test]
async fn every_row_arrives_once_whatever_the_log_does() {
    let names = ["atlas", "bon"].map(|name| Recipient::parse(name).unwrap());
    let check = async |faults: &[Option<Fault>], torn: u64| {
        let rows = Rows::new(&["atlas", "bon"]).unwrap();
        rows.add(1_200, 1).unwrap();
        let log = Recording::with_faults(faults.iter().copied());
        let parts = rows.parts(nowhere(), "one");
        let health = parts.health.clone();
        deliver(parts, &log).await.unwrap();
        for name in &names {
            let mut audit = Audit::after(0);
            for record in log.records().iter().filter(|record| record.topic == name.topic()) {
                assert_eq!(audit.check(record), Ok(()), "{faults:?}");
            }
            assert_eq!(audit.sequence(), 600, "{faults:?}");
        }
        assert_eq!(health.counts.torn.get(), torn, "{faults:?}");
        assert_eq!(health.counts.breaks.get(), 0, "{faults:?}");
    };
    // Together, because each failure is followed by a pause.
    tokio::join!(
        check(&[], 0),
        check(&[None, Some(Fault::Lost)], 0),
        check(&[Some(Fault::Unanswered)], 0),
        check(&[None, Some(Fault::Torn)], 2),
        check(&[Some(Fault::Slow), Some(Fault::Slow), Some(Fault::Slow)], 0),
    );
}

#[tokio::test]
async fn a_database_that_lost_what_was_sent_halts_delivery() {
    let bon = |rows: u32, history: u8| {
        let outbox = Rows::new(&["bon"]).unwrap();
        outbox.add(rows, history).unwrap();
        outbox
    };
    let check = async |after: Rows, expect: &str| {
        let log = Recording::default();
        deliver(bon(20, 1).parts(nowhere(), "one"), &log).await.unwrap();
        let parts = after.parts(nowhere(), "two");
        let health = parts.health.clone();
        let halted = deliver(parts, &log).await.unwrap_err();
        assert_eq!(halted.to_string(), expect);
        assert!(halted.is_final());
        assert_eq!(health.state(), HealthState::Halted);
    };
    check(bon(19, 1), "database regressed: bon was sent up to 20, the ledger ends at 19").await;
    check(bon(30, 2), "database regressed: outbox row 20 is not the one that was sent").await;
    let holed = bon(30, 1);
    holed.lose(21);
    check(holed, "outbox rows are missing: expected 21, found 22").await;
}

#[tokio::test]
async fn a_log_that_lost_what_was_read_back_halts_delivery() {
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(20, 1).unwrap();
    let log = Recording::default();
    deliver(rows.parts(nowhere(), "one"), &log).await.unwrap();
    log.lose();
    rows.add(1, 1).unwrap();
    let halted = deliver(rows.parts(nowhere(), "two"), &log).await.unwrap_err();
    assert_eq!(halted.to_string(), "Kafka regressed: bon was read back up to 20, the log ends at 0");
}

#[tokio::test]
async fn the_feed_gives_what_the_topic_holds() {
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(40, 1).unwrap();
    let log = Recording::default();
    deliver(rows.parts(nowhere(), "one"), &log).await.unwrap();
    let schemas = &rows.schemas;
    let topics: Vec<TapRecord> =
        log.records().into_iter().map(|record| TapRecord::from_log(schemas, record).unwrap()).collect();
    let feed: Vec<TapRecord> = rows
        .all()
        .iter()
        .map(|outgoing| {
            TapRecord::from_feed(schemas, record(&rows.vault, schemas, outgoing).unwrap()).unwrap()
        })
        .collect();
    assert_eq!(topics, feed);
    assert!(feed[6].value.is_null() && !feed[5].value.is_null());
}

#[tokio::test]
async fn nothing_is_sent_for_a_recipient_that_reads_the_feed_only() {
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(40, 1).unwrap();
    let mut config = nowhere();
    config.feed_only.insert(Recipient::parse("bon").unwrap());
    let (log, stop) = (Recording::default(), CancellationToken::new());
    let parts = rows.parts(config, "one");
    let health = parts.health.clone();
    let running = run_on(parts, log.clone(), log.clone(), stop.clone());
    let sent = async {
        while health.counts.audited.get() < 20 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        stop.cancel();
    };
    tokio::join!(running, sent).0.unwrap();
    assert!(log.records().iter().all(|record| record.topic == "voortraject.atlas.v1"));
    assert_eq!(log.records().len(), 20);
}
