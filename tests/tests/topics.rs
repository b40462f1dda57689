//! Topics that somebody else spoils, on a real Apache Kafka: made with three partitions, removed, compacted, cut, too
//! small for a record, without a right; and a broker that forgets its producers.
//!
//! In each the one topic is halted and named, the others flow on, and it goes on by itself once it is mended, with the next
//! number. What the hub does about each without a broker: `deliver.rs`.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::time::{Duration, Instant};

use hub::deliver::HealthState;
use hub::deliver::halt::{HaltCode, Part};
use hub::deliver::kafka::KafkaLog;
use tests::place::{Place, Running, until, whole};
use tests::servers::{Server, kafka_tool};

/// How soon the others have theirs: a second, and the time in which a busy machine does nothing for us.
const SOON: Duration = Duration::from_secs(5);

/// A place with two topics, ten rows of each sent and read back, and the relay goes on.
async fn two_topics() -> Option<(Place, Running)> {
    let place = Place::new(2)?;
    let running = sent(&place).await;
    Some((place, running))
}

/// Ten rows of each of two recipients are sent and read back, and the relay goes on.
async fn sent(place: &Place) -> Running {
    place.rows.add(20, 1).unwrap();
    let running = place.start("one");
    until("the ledger is closed", || place.rows.all_closed()).await;
    running
}

/// Adds ten rows for each recipient and waits until all but the first have theirs.
async fn others_flow(place: &Place) {
    let rows = u32::try_from(place.names.len() * 10).unwrap();
    let begun = Instant::now();
    place.rows.add(rows, 1).unwrap();
    for name in place.names.iter().skip(1) {
        until("the others flow", || place.rows.closed(name) == place.rows.last(name)).await;
        assert_eq!(place.rows.halted(name), None);
    }
    assert!(begun.elapsed() < SOON, "the others waited: {:?}", begun.elapsed());
}

/// Waits until the first topic is halted, and no other one.
async fn named(place: &Place, running: &Running, code: HaltCode) -> String {
    let first = &place.names[0];
    let health = &running.health;
    until("the topic is named", || {
        let stored = place.rows.halted(first).is_some_and(|(found, _)| found == code);
        let found = health.halts();
        // Who may not describe it can neither write it nor read it back.
        let theirs = found.iter().all(|(_, to, found)| to == first && *found == code);
        stored
            && theirs
            && found.contains(&(Part::Relay, first.clone(), code))
            && health.state() == HealthState::Halted
    })
    .await;
    place.rows.halted(first).unwrap().1
}

/// Waits until everything is read back and nothing is halted; then all of it stands there once and in order.
async fn mended(place: &Place, running: Running) {
    until("it goes on by itself", || place.rows.all_closed()).await;
    until("nothing is named", || place.rows.halted(&place.names[0]).is_none()).await;
    assert_eq!(running.health.state(), HealthState::Delivering);
    running.stop().await;
    place.read_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_a_reader_made_with_three_partitions_stops_alone() {
    let Some(place) = Place::new(3) else { return };
    let first = &place.names[0];
    place.make(first, 3, &[]).await;
    let running = place.start("one");
    assert_eq!(named(&place, &running, HaltCode::TopicPartitions).await, "the topic has 3 partitions, not 1");
    others_flow(&place).await;
    others_flow(&place).await;
    assert_eq!(place.rows.closed(first), 0);
    // A crash meanwhile, and another takes over.
    running.abort();
    let running = place.start("two");
    others_flow(&place).await;
    place.remove(first).await;
    mended(&place, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_for_its_topic_stops_it_alone() {
    let Some(place) = Place::new(3) else { return };
    let first = &place.names[0];
    // Smaller than any record of ours.
    place.make(first, 1, &[("max.message.bytes", "200")]).await;
    let running = place.start("one");
    others_flow(&place).await;
    let words = named(&place, &running, HaltCode::RecordRefused).await;
    assert!(words.starts_with("the broker does not take record 1 of "), "{words}");
    others_flow(&place).await;
    place.set(first, "max.message.bytes", "1048588").await;
    mended(&place, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_too_large_only_together_are_sent_apart() {
    let Some(place) = Place::new(1) else { return };
    // A record with its headers is about 700 bytes.
    place.make(&place.names[0], 1, &[("max.message.bytes", "4000")]).await;
    place.rows.add(300, 1).unwrap();
    let running = place.start("one");
    mended(&place, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_removed_or_made_anew_is_noticed_and_never_made_by_us() {
    let Some((place, running)) = two_topics().await else { return };
    let first = &place.names[0];
    // While nothing is sent.
    place.remove(first).await;
    let words = named(&place, &running, HaltCode::TopicRemade).await;
    assert_eq!(words, "the topic is not there any more; record 10 was sent to it");
    others_flow(&place).await;
    running.stop().await;
    // At the start: it stays away.
    let running = place.start("two");
    named(&place, &running, HaltCode::TopicRemade).await;
    others_flow(&place).await;
    let state = &place.config.describe(std::slice::from_ref(first)).await.unwrap()[0];
    assert_eq!(state.partitions, None, "what was sent to a topic is not to be found in another one");
    // Made anew by somebody: nothing goes on there as if nothing had been.
    place.make(first, 1, &[]).await;
    let anew = "the topic was made anew or cut: it ends at offset 0, and record 10 was sent to ";
    until("it is named", || place.rows.halted(first).is_some_and(|(_, words)| words.starts_with(anew))).await;
    assert_eq!(place.rows.closed(first), 10);
    let state = &place.config.describe(std::slice::from_ref(first)).await.unwrap()[0];
    assert_eq!(state.ends, Some((0, 0)), "nothing was sent to it");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_anew_between_two_looks_halts_in_the_transaction() {
    let Some((place, running)) = two_topics().await else { return };
    let first = &place.names[0];
    place.remove(first).await;
    place.make(first, 1, &[]).await;
    place.rows.add(20, 1).unwrap();
    named(&place, &running, HaltCode::TopicRemade).await;
    others_flow(&place).await;
    running.stop().await;
    assert_eq!(place.rows.closed(first), 10, "nothing was committed there");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_retention_removed_unread_are_no_new_topic() {
    let Some((place, running)) = two_topics().await else { return };
    let first = &place.names[0];
    place.expire(first).await;
    others_flow(&place).await;
    until("it goes on", || place.rows.all_closed()).await;
    place.expire(first).await;
    running.stop().await;
    // And at the start.
    let running = place.start("two");
    others_flow(&place).await;
    until("it goes on", || place.rows.all_closed()).await;
    assert_eq!((place.rows.halted(first), place.rows.closed(first)), (None, 30));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_removed_goes_on_where_somebody_orders_it() {
    let Some((place, running)) = two_topics().await else { return };
    let first = &place.names[0];
    // Removed and ordered again and again, from another number each time; once it was made by somebody else.
    for (round, base) in [4, 0, 10].into_iter().enumerate() {
        place.remove(first).await;
        named(&place, &running, HaltCode::TopicRemade).await;
        if round == 1 {
            place.make(first, 1, &[]).await;
        }
        place.rows.order(first, base);
        others_flow(&place).await;
        until("it goes on", || place.rows.all_closed()).await;
        until("nothing is named", || place.rows.halted(first).is_none()).await;
        let log = KafkaLog::new(place.config.clone());
        let read = whole(&log, first).await.unwrap();
        let numbers: Vec<_> = read.iter().map(|record| record.sequence().unwrap()).collect();
        assert_eq!(numbers, (base + 1..=place.rows.last(first)).collect::<Vec<_>>());
    }
    running.stop().await;
    let running = place.start("two");
    others_flow(&place).await;
    until("the next one goes on there", || place.rows.all_closed()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_wrote_is_named_until_retention_removed_it() {
    let Some(place) = Place::new(2) else { return };
    let first = &place.names[0];
    place.rows.add(20, 1).unwrap();
    let running = place.start("one");
    until("the ledger is closed", || place.rows.all_closed()).await;
    place.write(first, b"not ours").await;
    until("the break is named", || place.rows.broken(first).is_some()).await;
    others_flow(&place).await;
    others_flow(&place).await;
    assert_eq!(place.rows.closed(first), 10, "nothing behind it is proved");
    // What is there goes on; what had left unread is known not to be proved.
    place.expire(first).await;
    others_flow(&place).await;
    until("the topic is read on", || place.rows.all_closed()).await;
    until("nothing is named", || place.rows.broken(first).is_none()).await;
    assert_eq!(place.rows.expired(first), (11..=30).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_may_change_between_feed_and_topic_and_back() {
    let Some(place) = Place::new(2) else { return };
    let first = &place.names[0];
    for round in 1..=3 {
        // It reads its feed: nothing is sent to its topic, and what its feed proved is closed.
        let mut fed =
            Place { config: place.config.clone(), rows: place.rows.clone(), names: place.names.clone() };
        fed.config.feed_only.insert(first.clone());
        let running = fed.start(&format!("feed {round}"));
        others_flow(&fed).await;
        place.rows.close_by_feed(first, place.rows.last(first) - 3);
        running.stop().await;
        // It reads its topic, which has every number.
        let running = place.start(&format!("topic {round}"));
        others_flow(&place).await;
        until("the ledger is closed", || place.rows.all_closed()).await;
        running.stop().await;
        assert_eq!(place.rows.ever_halted(), [], "round {round}");
        place.read_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_compacted_stops_alone() {
    let Some((place, running)) = two_topics().await else { return };
    let first = &place.names[0];
    place.set(first, "cleanup.policy", "compact").await;
    named(&place, &running, HaltCode::TopicCompacted).await;
    others_flow(&place).await;
    place.set(first, "cleanup.policy", "delete").await;
    mended(&place, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_without_the_right_to_write_stops_alone() {
    if tests::server("HUB_TEST_KAFKA", "Kafka").is_none() {
        return;
    }
    let (_server, brokers) = Server::kafka(
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         allow.everyone.if.no.acl.found=true\n",
    );
    let place = Place::on(&brokers, 2);
    let first = &place.names[0];
    let running = sent(&place).await;
    let topic = first.topic();
    let right = |verb: &'static str, operation: &'static str| {
        let words = [verb, "--deny-principal", "User:*", "--operation", operation, "--topic", &topic];
        let force: &[&str] = if verb == "--remove" { &["--force"] } else { &[] };
        kafka_tool("org.apache.kafka.tools.AclCommand", &brokers, &[&words, force].concat());
    };
    for operation in ["Write", "Describe"] {
        right("--add", operation);
        others_flow(&place).await;
        let words = named(&place, &running, HaltCode::TopicRefused).await;
        assert!(words.contains("Topic authorization failed"), "{words}");
        others_flow(&place).await;
        right("--remove", operation);
        until("it goes on by itself", || place.rows.all_closed()).await;
    }
    mended(&place, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_the_broker_forgot_is_made_anew() {
    if tests::server("HUB_TEST_KAFKA", "Kafka").is_none() {
        return;
    }
    let (_server, brokers) = Server::kafka(
        "transactional.id.expiration.ms=1000\nproducer.id.expiration.ms=1000\n\
         transaction.remove.expired.transaction.cleanup.interval.ms=200\n\
         producer.id.expiration.check.interval.ms=200\n",
    );
    let place = Place::on(&brokers, 1);
    let running = place.start("one");
    let known = || {
        kafka_tool("org.apache.kafka.tools.TransactionsCommand", &brokers, &["list"])
            .contains(place.names[0].as_str())
    };
    for _ in 0..3 {
        place.rows.add(1, 1).unwrap();
        until("it is read back", || place.rows.all_closed()).await;
        until("the broker forgets the producer", || !known()).await;
    }
    place.rows.add(1, 1).unwrap();
    mended(&place, running).await;
}
