//! What a topic lost, or somebody else wrote to it: what the auditor says of it, and how it goes on where somebody orders it.
//!
//! Over a log in memory. The same on a real Kafka: `topics.rs`, `restart.rs`.

use hub::deliver::gate;
use hub::deliver::halt::Part;
use hub::deliver::recording::{RecordedTopic, Recording};
use tests::outbox::Rows;

use super::{deliver, holds, name, nowhere, start, until};

/// Twenty records of which the twelfth was changed in the topic, and an auditor that has told so.
async fn broken(rows: &Rows, log: &Recording) -> u64 {
    let bon = &name("bon");
    rows.add(20, 1).unwrap();
    let changed = |topic: &mut RecordedTopic| topic.records[11].value = Some(b"changed".to_vec());
    log.change(bon, |topic| topic.slow = true);
    let running = start(rows.parts(nowhere(), "one"), log);
    until("it is sent", || log.records(bon).len() == 20).await;
    running.stop().await;
    rows.close(bon, 0);
    log.change(bon, changed);
    let running = start(rows.parts(nowhere(), "two"), log);
    until("the break is named", || rows.broken(bon).is_some()).await;
    running.stop().await;
    rows.closed(bon)
}

#[tokio::test]
async fn a_break_stands_until_a_reading_has_come_past_it() {
    let bon = &name("bon");
    let (rows, log) = (Rows::new(&["bon"]).unwrap(), Recording::default());
    assert_eq!(broken(&rows, &log).await, 11, "what comes before the break is proved, and nothing behind it");
    let said = rows.resumed(bon, Part::Auditor);
    // Another one reads, with a wait before each record: it never says that all is well.
    let running = start(rows.parts(nowhere(), "three"), &log);
    until("it finds the break", || !running.health.halts().is_empty()).await;
    assert_eq!((rows.resumed(bon, Part::Auditor), rows.broken(bon).is_some()), (said, true));
    assert_eq!((rows.closed(bon), rows.expired(bon)), (11, vec![]));
    running.stop().await;
}

#[tokio::test]
async fn a_break_that_retention_removed_ends_and_proves_nothing() {
    let bon = &name("bon");
    let (rows, log) = (Rows::new(&["bon"]).unwrap(), Recording::default());
    broken(&rows, &log).await;
    log.change(bon, |topic| {
        topic.expired = 20;
        topic.records.clear();
    });
    rows.add(5, 1).unwrap();
    deliver(&rows, "three", &log).await;
    until("nothing is named", || rows.broken(bon).is_none()).await;
    assert_eq!(rows.expired(bon), (12..=20).collect::<Vec<_>>(), "they are known not to be proved");
}

#[tokio::test]
async fn what_somebody_else_wrote_to_a_topic_that_was_cut_says_nothing_about_ours() {
    let bon = &name("bon");
    let (rows, log) = (Rows::new(&["bon"]).unwrap(), Recording::default());
    broken(&rows, &log).await;
    // A record of another past, with a number far ahead.
    let other = Rows::new(&["bon"]).unwrap();
    other.add(60, 2).unwrap();
    let record = gate::pass(&other.vault, &other.schemas, &other.all()[49]).unwrap();
    log.change(bon, |topic| {
        topic.expired = 20;
        topic.records = vec![record];
    });
    let running = start(rows.parts(nowhere(), "three"), &log);
    let words = "what is read back is not what was sent: the ledger knows no record 50";
    until("it is named", || rows.broken(bon).as_deref() == Some(words)).await;
    assert_eq!((rows.expired(bon), rows.closed(bon)), (vec![], 11));
    running.stop().await;
}

#[tokio::test]
async fn a_topic_that_lost_what_was_sent_goes_on_where_somebody_orders_it() {
    let bon = &name("bon");
    // (what happens to the topic, the number that is ordered, the numbers that stand there in the end)
    let check = async |lose: fn(&mut RecordedTopic), base: u64, first: u64| {
        let (rows, log) = (Rows::new(&["bon"]).unwrap(), Recording::default());
        rows.add(20, 1).unwrap();
        deliver(&rows, "one", &log).await;
        log.change(bon, lose);
        rows.add(5, 1).unwrap();
        let running = start(rows.parts(nowhere(), "two"), &log);
        until("it is named", || rows.halted(bon).is_some()).await;
        rows.order(bon, base);
        until("it goes on", || rows.all_closed()).await;
        until("nothing is named", || rows.halted(bon).is_none()).await;
        running.stop().await;
        let numbers: Vec<_> = log.records(bon).iter().map(|record| record.sequence().unwrap()).collect();
        assert_eq!(numbers, (first..=25).collect::<Vec<_>>(), "{base}");
        // And at the next start it stands where it ended.
        rows.add(5, 1).unwrap();
        deliver(&rows, "three", &log).await;
        assert_eq!(log.records(bon).len() as u64, 31 - first);
        assert_eq!(rows.ever_halted().last().map(|code| code.waits_for_order()), Some(true));
    };
    let gone = |topic: &mut RecordedTopic| (topic.partitions, topic.records) = (None, vec![]);
    tokio::join!(
        check(gone, 12, 13),
        check(gone, 0, 1),
        check(gone, 20, 21),
        check(|topic| topic.records.clear(), 4, 5),
        check(|topic| topic.records.truncate(12), 12, 1),
        check(
            |topic| {
                topic.records.clear();
                topic.position = None;
            },
            7,
            8
        ),
    );
}

#[tokio::test]
async fn an_order_that_does_not_fit_the_topic_is_not_taken() {
    let bon = &name("bon");
    let (rows, log) = (Rows::new(&["bon"]).unwrap(), Recording::default());
    rows.add(20, 1).unwrap();
    deliver(&rows, "one", &log).await;
    log.change(bon, |topic| topic.records.truncate(12));
    rows.order(bon, 4);
    let running = start(rows.parts(nowhere(), "two"), &log);
    let words =
        "it is ordered to go on after record 4, but the topic ends with record 12: remove it, or order 12";
    until("it is named", || rows.halted(bon).is_some_and(|(_, found)| found == words)).await;
    assert_eq!(log.records(bon).len(), 12, "nothing is sent");
    rows.order(bon, 12);
    until("it goes on", || rows.all_closed()).await;
    running.stop().await;
    holds(&log, bon, 20);
}
