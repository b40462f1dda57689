//! The relay and the auditor over a log in memory, through every fault such a log can have.
//!
//! Proves the hub's own logic in milliseconds; what Kafka must do for it is proved in `kafka.rs`.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

#[path = "deliver/losses.rs"]
mod losses;

use std::sync::Arc;
use std::time::Duration;

use hub::config::KafkaConfig;
use hub::deliver::audit::Audit;
use hub::deliver::feed::{TapRecord, record};
use hub::deliver::halt::HaltCode;
use hub::deliver::recording::{Fault, RecordedTopic, Recording};
use hub::deliver::{Deliver, Health, HealthState, run_on};
use schemas::recipient::Recipient;
use tests::outbox::Rows;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

fn nowhere() -> KafkaConfig {
    serde_json::from_value(serde_json::json!({"brokers": "-"})).unwrap()
}

fn name(name: &str) -> Recipient {
    Recipient::parse(name).unwrap()
}

/// A relay at work.
struct Running {
    health: Arc<Health>,
    task: JoinHandle<()>,
    _stop: DropGuard,
}

fn start(parts: Deliver<Rows>, log: &Recording) -> Running {
    let (stop, health) = (CancellationToken::new(), Arc::clone(&parts.health));
    let task = tokio::spawn(run_on(parts, log.clone(), stop.clone()));
    Running { health, task, _stop: stop.drop_guard() }
}

impl Running {
    async fn stop(self) {
        drop(self._stop);
        self.task.await.unwrap();
    }
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Runs until everything was read back.
async fn deliver(rows: &Rows, owner: &str, log: &Recording) -> Arc<Health> {
    let running = start(rows.parts(nowhere(), owner), log);
    until("the ledger is closed", || rows.all_closed()).await;
    let health = Arc::clone(&running.health);
    running.stop().await;
    health
}

/// Whether a topic holds these numbers, each once and in order.
fn holds(log: &Recording, of: &Recipient, last: u64) {
    let mut audit = Audit::after(0, false);
    for record in log.records(of) {
        audit.check(&record).unwrap();
    }
    assert_eq!(audit.sequence(), last, "{of}");
}

#[tokio::test]
async fn every_row_arrives_once_whatever_the_log_does() {
    let check = async |faults: &[Option<Fault>], torn: u64| {
        let rows = Rows::new(&["atlas", "bon"]).unwrap();
        rows.add(2_400, 1).unwrap();
        let log = Recording::with_faults(faults.iter().copied());
        let health = deliver(&rows, "one", &log).await;
        holds(&log, &name("atlas"), 1_200);
        holds(&log, &name("bon"), 1_200);
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
async fn what_is_wrong_with_one_topic_stops_that_one_until_it_is_mended() {
    let (atlas, bon) = (&name("atlas"), &name("bon"));
    type Change = fn(&mut RecordedTopic);
    let check = async |spoil: Change, mend: Change, code: HaltCode, taken: u64, words: &str| {
        let rows = Rows::new(&["atlas", "bon"]).unwrap();
        let log = Recording::default();
        log.change(bon, spoil);
        let running = start(rows.parts(nowhere(), "one"), &log);
        // The others flow while it stands, before and after it was found.
        for round in 1..=3 {
            rows.add(40, 1).unwrap();
            until("the other flows", || rows.closed(atlas) == 20 * round).await;
            until("it is named", || rows.halted(bon).is_some()).await;
        }
        let (found, detail) = rows.halted(bon).unwrap();
        assert_eq!((found, detail.as_str()), (code, words));
        assert_eq!(rows.halted(atlas), None);
        assert_eq!(running.health.state(), HealthState::Halted);
        assert_eq!(rows.closed(bon), taken);
        // A crash meanwhile, and another takes over.
        running.task.abort();
        let running = start(rows.parts(nowhere(), "two"), &log);
        rows.add(2, 1).unwrap();
        until("the other flows", || rows.closed(atlas) == 61).await;
        log.change(bon, mend);
        until("it goes on by itself", || rows.all_closed()).await;
        until("nothing is named", || rows.halted(bon).is_none()).await;
        assert_eq!(running.health.state(), HealthState::Delivering);
        running.stop().await;
        holds(&log, atlas, 61);
        holds(&log, bon, 61);
    };
    let normal: Change = |topic| {
        (topic.partitions, topic.refused, topic.policy) = (Some(1), None, None);
        topic.unwanted.clear();
    };
    let partitions = "the topic has 3 partitions, not 1";
    let refused = "the broker refuses the hub's user: no right";
    let policy = "the topic has the cleanup.policy compact: only delete keeps every record";
    let record = "the broker does not take record 5 of 0 bytes: too large";
    let first = "the broker does not take record 1 of 0 bytes: too large";
    tokio::join!(
        check(|topic| topic.partitions = Some(3), normal, HaltCode::TopicPartitions, 0, partitions),
        check(
            |topic| topic.refused = Some("no right".to_owned()),
            normal,
            HaltCode::TopicRefused,
            0,
            refused
        ),
        check(|topic| topic.policy = Some("compact".to_owned()), normal, HaltCode::TopicCompacted, 0, policy),
        // Everything before the record is sent, whatever else was sent with it.
        check(|topic| topic.unwanted = [5].into(), normal, HaltCode::RecordRefused, 4, record),
        check(|topic| topic.unwanted = [1, 2].into(), normal, HaltCode::RecordRefused, 0, first),
    );
}

#[tokio::test]
async fn records_that_are_not_taken_together_are_taken_apart() {
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(60, 1).unwrap();
    let log = Recording::default();
    log.change(&name("bon"), |topic| topic.together = Some(9));
    let health = deliver(&rows, "one", &log).await;
    assert_eq!((health.counts.sent.get(), rows.halted(&name("bon"))), (60, None));
    holds(&log, &name("bon"), 60);
}

#[tokio::test]
async fn a_row_at_fault_stops_its_own_topic() {
    let (atlas, bon) = (&name("atlas"), &name("bon"));
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(40, 1).unwrap();
    let whole = rows.all();
    rows.spoil(bon, 12, |outgoing| outgoing.row.envelope.truncate(9));
    let log = Recording::default();
    let running = start(rows.parts(nowhere(), "one"), &log);
    until("the other flows", || rows.closed(atlas) == 20).await;
    until("it is named", || rows.halted(bon).is_some()).await;
    let words = "outbox row 12 of bon is damaged: its envelope".to_owned();
    assert_eq!(rows.halted(bon), Some((HaltCode::RecordDamaged, words)));
    until("what comes before it is sent", || rows.closed(bon) == 11).await;
    let right = whole.iter().find(|one| one.row.recipient == *bon && one.row.sequence == 12).unwrap();
    rows.spoil(bon, 12, |outgoing| *outgoing = right.clone());
    until("it goes on by itself", || rows.all_closed()).await;
    running.stop().await;
    holds(&log, bon, 20);
}

/// Delivers twenty records, lets something happen to the log or the database, and expects this halt.
async fn regressed(change: impl FnOnce(Rows, &Recording) -> Rows, code: HaltCode, words: &str) {
    let bon = &name("bon");
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(20, 1).unwrap();
    let log = Recording::default();
    deliver(&rows, "one", &log).await;
    let after = change(rows, &log);
    let before = log.records(bon);
    let running = start(after.parts(nowhere(), "two"), &log);
    until("it is named", || after.halted(bon).is_some()).await;
    assert_eq!(after.halted(bon), Some((code, words.to_owned())));
    assert_eq!(running.health.state(), HealthState::Halted);
    assert_eq!(log.records(bon), before, "nothing is sent on");
    running.stop().await;
}

#[tokio::test]
async fn a_database_that_lost_what_was_sent_halts_delivery() {
    let another = |rows: u32, history: u8| {
        let outbox = Rows::new(&["bon"]).unwrap();
        outbox.add(rows, history).unwrap();
        outbox
    };
    let shorter = "the database regressed: record 20 was sent, the ledger ends at 19";
    regressed(|_, _| another(19, 1), HaltCode::DatabaseRegressed, shorter).await;
    let other = "the database regressed: its record 20 is not the one that was sent";
    regressed(|_, _| another(30, 2), HaltCode::DatabaseRegressed, other).await;
    let holed = |_, _: &Recording| {
        let rows = another(30, 1);
        rows.lose(21);
        rows
    };
    regressed(holed, HaltCode::RecordDamaged, "outbox rows are missing: expected 21, found 22").await;
}

#[tokio::test]
async fn a_log_that_lost_what_was_sent_halts_delivery() {
    let bon = &name("bon");
    let lost = |change: fn(&mut RecordedTopic)| {
        move |rows: Rows, log: &Recording| {
            log.change(bon, change);
            rows.add(1, 1).unwrap();
            rows
        }
    };
    let all = "Kafka regressed: record 20 was read back, the log ends at 0";
    let everything = |topic: &mut RecordedTopic| {
        topic.records.clear();
        topic.position = None;
    };
    regressed(lost(everything), HaltCode::KafkaRegressed, all).await;
    let anew = "the topic was made anew or cut: it ends at offset 0, and record 20 was sent to 19";
    regressed(lost(|topic| topic.records.clear()), HaltCode::TopicRemade, anew).await;
    let cut = "the topic was made anew or cut: it ends at offset 12, and record 20 was sent to 19";
    regressed(lost(|topic| topic.records.truncate(12)), HaltCode::TopicRemade, cut).await;
    let gone = "the topic is not there any more; record 20 was sent to it";
    regressed(lost(|topic| topic.partitions = None), HaltCode::TopicRemade, gone).await;
}

#[tokio::test]
async fn records_that_retention_removed_are_no_loss() {
    let bon = &name("bon");
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(20, 1).unwrap();
    let log = Recording::default();
    deliver(&rows, "one", &log).await;
    log.change(bon, |topic| {
        topic.expired = 20;
        topic.records.clear();
    });
    rows.add(5, 1).unwrap();
    deliver(&rows, "two", &log).await;
    let numbers: Vec<_> = log.records(bon).iter().map(|record| record.sequence().unwrap()).collect();
    assert_eq!((numbers, rows.halted(bon)), ((21..=25).collect(), None));
}

#[tokio::test]
async fn what_a_feed_proved_is_sent_to_the_topic_and_is_no_loss_there() {
    let bon = &name("bon");
    let rows = Rows::new(&["bon"]).unwrap();
    let log = Recording::default();
    // Feed, topic, feed, topic: with rows that neither has proved at each change.
    for round in 1..=3 {
        rows.add(20, 1).unwrap();
        rows.close_by_feed(bon, rows.last(bon) - 5);
        rows.add(10, 1).unwrap();
        deliver(&rows, &format!("round {round}"), &log).await;
        holds(&log, bon, 30 * round);
        assert_eq!(rows.ever_halted(), [], "round {round}");
    }
}

#[tokio::test]
async fn what_is_sent_while_the_lease_changes_hands_is_no_loss() {
    let bon = &name("bon");
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(20, 1).unwrap();
    let log = Recording::default();
    let one = start(rows.parts(nowhere(), "one"), &log);
    until("the ledger is closed", || rows.all_closed()).await;
    // The next one asks where the ledger ends, and until it has fenced the first one that goes on sending.
    let held = rows.hold_ends().await;
    let two = start(rows.parts(nowhere(), "two"), &log);
    until("both parts of it have asked", || rows.asked() == 2).await;
    rows.add(5, 1).unwrap();
    until("the first one sends on", || log.records(bon).len() == 25).await;
    drop(held);
    rows.add(5, 1).unwrap();
    until("the next one goes on", || two.health.counts.sent.get() == 5).await;
    until("the ledger is closed", || rows.all_closed()).await;
    assert_eq!(rows.ever_halted(), []);
    one.stop().await;
    two.stop().await;
    holds(&log, bon, 30);
}

#[tokio::test]
async fn a_topic_that_goes_while_nothing_is_sent_is_noticed() {
    let bon = &name("bon");
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(20, 1).unwrap();
    let log = Recording::default();
    let running = start(rows.parts(nowhere(), "one"), &log);
    until("the ledger is closed", || rows.all_closed()).await;
    log.change(bon, |topic| topic.records.clear());
    until("it is named", || rows.halted(bon).is_some()).await;
    assert_eq!(rows.halted(bon).unwrap().0, HaltCode::TopicRemade);
    assert_eq!(running.health.state(), HealthState::Halted);
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_proved_that_the_ledger_did_not_promise() {
    let bon = &name("bon");
    // What stands in the log came from another past than the one that the database knows.
    let (sent, rows) = (Rows::new(&["bon"]).unwrap(), Rows::new(&["bon"]).unwrap());
    sent.add(30, 2).unwrap();
    rows.add(20, 1).unwrap();
    let log = Recording::default();
    deliver(&sent, "one", &log).await;
    let running = start(rows.parts(nowhere(), "two"), &log);
    until("the break is named", || rows.broken(bon).is_some()).await;
    let words = "what is read back is not what was sent: record 1 is not the one that the ledger promised";
    assert_eq!((rows.broken(bon).as_deref(), rows.closed(bon)), (Some(words), 0));
    running.stop().await;
}

#[tokio::test]
async fn the_feed_gives_what_the_topic_holds() {
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(40, 1).unwrap();
    let log = Recording::default();
    deliver(&rows, "one", &log).await;
    let schemas = &rows.schemas;
    let topics = ["atlas", "bon"].map(|to| log.records(&name(to))).concat();
    let topics: Vec<TapRecord> =
        topics.into_iter().map(|record| TapRecord::from_log(schemas, record).unwrap()).collect();
    let mut feed: Vec<TapRecord> = rows
        .all()
        .iter()
        .map(|outgoing| TapRecord::from(record(&rows.vault, schemas, outgoing).unwrap()))
        .collect();
    assert!(feed[6].value.is_null() && !feed[5].value.is_null());
    feed.sort_by_key(|record| (record.recipient.clone(), record.sequence));
    assert_eq!(topics, feed);
}

#[tokio::test]
async fn the_gate_is_asked_about_what_is_so_when_a_record_is_sent() {
    let bon = &name("bon");
    let rows = Rows::new(&["bon"]).unwrap();
    rows.add(600, 1).unwrap();
    let log = Recording::default();
    log.change(bon, |topic| topic.held = true);
    let running = start(rows.parts(nowhere(), "one"), &log);
    until("the next rows were read while the first are sent", || rows.reads() == 2).await;
    // Meanwhile a person is restricted, another one erased, and a third is not restricted any more.
    rows.spoil(bon, 551, |outgoing| outgoing.open = false);
    rows.spoil(bon, 552, |outgoing| outgoing.key = None);
    assert!(!rows.all()[552].open);
    rows.spoil(bon, 553, |outgoing| outgoing.open = true);
    log.change(bon, |topic| topic.held = false);
    until("the ledger is closed", || rows.all_closed()).await;
    running.stop().await;
    holds(&log, bon, 600);
    let void = |sequence: usize| log.records(bon)[sequence - 1].value.is_none();
    assert_eq!([551, 552, 553, 554].map(void), [true, true, false, false]);
}

#[tokio::test]
async fn a_halt_ends_with_its_lane() {
    let (atlas, bon) = (&name("atlas"), &name("bon"));
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(40, 1).unwrap();
    let log = Recording::default();
    for to in [atlas, bon] {
        log.change(to, |topic| topic.partitions = Some(3));
    }
    let running = start(rows.parts(nowhere(), "one"), &log);
    until("both are named", || rows.halted(atlas).is_some() && rows.halted(bon).is_some()).await;
    running.stop().await;
    let mut config = nowhere();
    config.feed_only.insert(bon.clone());
    let running = start(rows.parts(config, "two"), &log);
    until("the one that has no lane is forgotten", || rows.halted(bon).is_none()).await;
    assert!(rows.halted(atlas).is_some());
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_for_a_recipient_that_reads_the_feed_only() {
    let rows = Rows::new(&["atlas", "bon"]).unwrap();
    rows.add(40, 1).unwrap();
    let mut config = nowhere();
    config.feed_only.insert(name("bon"));
    let log = Recording::default();
    let running = start(rows.parts(config, "one"), &log);
    until("all is read back", || running.health.counts.audited.get() == 20).await;
    running.stop().await;
    assert_eq!((log.records(&name("atlas")).len(), log.records(&name("bon")).len()), (20, 0));
}
