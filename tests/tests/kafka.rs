//! Exactly-once on a real Apache Kafka: the only place where it is proved.
//!
//! Each test has a place of its own ([`tests::place`]). What happens to topics that somebody else spoils is `topics.rs`'s,
//! what an agency reads with its own clients `clients.rs`'s.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::sync::Arc;
use std::time::Duration;

use hub::deliver::HealthState;
use hub::deliver::halt::HaltCode;
use rdkafka::producer::Producer as _;
use tests::outbox::Rows;
use tests::place::{PATIENCE, Place, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_rows_arrive_once_in_order_and_close_the_ledger() {
    let Some(place) = Place::new(3) else { return };
    place.rows.add(1_000, 1).unwrap();
    let health = place.deliver("one").await;
    let read = place.read_all().await;
    let voids = read.iter().filter(|record| record.value.is_none()).count();
    // Every seventh that is no end, and every thirteenth, and not both twice.
    let expect = (1..=1_000).filter(|n| n % 13 == 0 || n % 7 == 0 && n % 5 != 0).count();
    assert_eq!(voids, expect);
    assert_eq!(health.state(), HealthState::Delivering);
    assert_eq!(health.counts.sent.get(), 1_000);
    assert_eq!(health.counts.voids.get(), u64::try_from(expect).unwrap());
    assert_eq!(health.counts.breaks.get(), 0);
    assert_eq!(health.counts.torn.get(), 0);
    // New rows go on where it ended, under a new holder.
    place.rows.add(100, 1).unwrap();
    let health = place.deliver("two").await;
    assert_eq!(health.counts.sent.get(), 100);
    place.read_all().await;
}

/// The mark of a commit comes after its records, and later still on a busy broker: a topic that was taken for shorter than
/// what was sent to it would halt for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_topic_is_its_last_record_before_the_mark_of_its_commit() {
    let Some(place) = Place::new(1) else { return };
    place.rows.add(10, 1).unwrap();
    place.make(&place.names[0], 1, &[]).await;
    let open = place.zombie();
    place.send(&open, 0, 10);
    let found = place.config.describe(&place.names).await.unwrap();
    let topic = found.iter().find(|topic| topic.name == place.names[0].topic()).unwrap();
    assert_eq!(topic.ends, Some((0, 10)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_topics_are_taken_over_at_once() {
    // Each lane writes into the one topic of positions while the others read it back.
    let Some(place) = Place::new(24) else { return };
    for owner in ["one", "two", "three"] {
        place.rows.add(48, 1).unwrap();
        let health = place.deliver(owner).await;
        assert_eq!(health.counts.sent.get(), 48);
    }
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_dropped_at_any_moment_lose_and_double_nothing() {
    let Some(place) = Place::new(2) else { return };
    place.rows.add(20_000, 1).unwrap();
    // A quick machine may have sent everything before the last of them dies: how many died while rows were left.
    let (mut sent, mut at_work) = (0, 0);
    for n in 0..12u64 {
        let running = place.start(&format!("relay-{n}"));
        let health = Arc::clone(&running.health);
        until("it delivers", || health.state() == HealthState::Delivering).await;
        // Not a wait for something: the moment of the kill, another one in the transaction each time.
        tokio::time::sleep(Duration::from_millis(29 * n % 83)).await;
        running.abort();
        sent += health.counts.sent.get();
        at_work += usize::from((1..20_000).contains(&sent));
    }
    assert!(at_work > 0, "some were killed at work: {sent}");
    place.deliver("last").await;
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_is_fenced_and_its_records_are_never_seen() {
    let Some(place) = Place::new(1) else { return };
    place.rows.add(50, 1).unwrap();
    place.deliver("one").await;
    place.rows.add(20, 1).unwrap();
    let zombie = place.zombie();
    place.send(&zombie, 50, 7);
    place.deliver("two").await;
    let refused = zombie.commit_transaction(PATIENCE).unwrap_err();
    assert!(
        matches!(&refused, rdkafka::error::KafkaError::Transaction(error) if error.is_fatal()),
        "{refused}"
    );
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_commit_is_found_and_counted_as_sent() {
    let Some(place) = Place::new(1) else { return };
    place.rows.add(50, 1).unwrap();
    place.deliver("one").await;
    place.rows.add(20, 1).unwrap();
    let torn = place.zombie();
    place.send(&torn, 50, 7);
    torn.commit_transaction(PATIENCE).unwrap();
    // Many aborted records behind it: the way back goes past them.
    torn.begin_transaction().unwrap();
    place.send(&torn, 50, 20);
    torn.abort_transaction(PATIENCE).unwrap();
    let health = place.deliver("two").await;
    assert_eq!(health.counts.torn.get(), 1);
    assert_eq!(health.counts.sent.get(), 13);
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_ahead_of_or_behind_the_database_halts_delivery() {
    let Some(mut place) = Place::new(1) else { return };
    let name = place.names[0].clone();
    place.rows.add(30, 1).unwrap();
    // Closed without having been sent: what a Kafka that lost records looks like.
    place.rows.close(&name, 30);
    let halted = halted(&place, "one").await;
    assert_eq!(
        halted,
        (HaltCode::KafkaRegressed, "Kafka regressed: record 30 was read back, the log ends at 0".into())
    );
    place.rows.close(&name, 0);
    place.deliver("two").await;
    // An outbox that ends earlier: a database that was restored.
    place.rows = Rows::new(&[name.as_str()]).unwrap();
    place.rows.add(20, 1).unwrap();
    let halted = self::halted(&place, "three").await;
    let words = "the database regressed: record 30 was sent, the ledger ends at 20";
    assert_eq!(halted, (HaltCode::DatabaseRegressed, words.into()));
}

/// What stops the one topic of a place.
async fn halted(place: &Place, owner: &str) -> (HaltCode, String) {
    let running = place.start(owner);
    until("the topic is halted", || place.rows.halted(&place.names[0]).is_some()).await;
    assert_eq!(running.health.state(), HealthState::Halted);
    running.stop().await;
    place.rows.halted(&place.names[0]).unwrap()
}
