//! `hub doctor`: a healthy hub passes, and each thing that can be wrong is named by its code.
//!
//! Facts are collected from a real data folder once, then spoilt one by one. Kafka is described where there is
//! one. Refuses to judge by words: codes and states are what scripts read.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use hub::app::{Hub, Start, in_data};
use hub::clock::{Clock, WrongClock};
use hub::config::{Config, KafkaConfig};
use hub::contract::versions::Breach;
use hub::deliver::halt::HaltCode;
use hub::deliver::record::TopicState;
use hub::doctor::problems::{CheckState, PROBLEMS};
use hub::doctor::{Check, Database, Facts, SignsIn, Unreached, collect, examine};
use hub::store::figures::Queue;
use hub::store::inspect::TableHealth;
use hub::store::rows::{AlertRow, HaltRow};
use hub::tls::{Peer, Trouble};
use schemas::insz::Environment;
use schemas::message::Body;
use schemas::recipient::Recipient;
use schemas::time::{Instant, day_of};
use tokio_util::sync::CancellationToken;

/// A hub on a data folder whose last decision was made now or at another time.
async fn decided(folder: &Path, clock: Clock) {
    let mut config = tests::config();
    in_data(folder, &mut config);
    let hub = Hub::open(config, Start::Migrated(clock)).await.unwrap();
    let hash = hub.config.bundle.hash.clone();
    hub.intake.internal("bundle", "bundle:1", Body::Bundle(hash)).await.unwrap();
    let stop = CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let mut done = hub.decided.subscribe();
    tokio::time::timeout(Duration::from_secs(30), done.wait_for(|order| *order > 0)).await.unwrap().unwrap();
    stop.cancel();
    decider.await.unwrap().unwrap();
    let next = hub.store.lease("decider", "another", 0).await.unwrap();
    assert!(next.is_some(), "who stops gives the lease back");
}

async fn look(folder: &Path) -> Facts {
    let prepare = |config: &mut Config| in_data(folder, config);
    collect(&tests::root().join("config"), prepare, Clock::system().now()).await
}

fn codes(checks: &[Check], state: CheckState) -> BTreeSet<&'static str> {
    checks.iter().filter(|check| check.state == state).filter_map(|check| check.code).collect()
}

#[tokio::test]
async fn a_healthy_folder_passes_and_broken_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    decided(folder.path(), Clock::system()).await;
    let checks = examine(&look(folder.path()).await);
    assert_eq!(codes(&checks, CheckState::Fail), BTreeSet::new(), "{checks:#?}");

    let keys = folder.path().join("keys");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(codes(&examine(&look(folder.path()).await), CheckState::Fail).contains("keys-exposed"));
    fs::write(&keys, "kek=\n").unwrap();
    assert!(codes(&examine(&look(folder.path()).await), CheckState::Fail).contains("keys-unreadable"));
    fs::remove_file(&keys).unwrap();
    assert!(codes(&examine(&look(folder.path()).await), CheckState::Fail).contains("keys-missing"));
    assert!(!keys.exists(), "looking makes no keys");

    let empty = tempfile::tempdir().unwrap();
    for fresh in [empty.path(), &empty.path().join("not/yet")] {
        let checks = examine(&look(fresh).await);
        assert_eq!(
            codes(&checks, CheckState::Fail),
            BTreeSet::new(),
            "what never was fails nowhere: {checks:#?}"
        );
        assert_eq!(codes(&checks, CheckState::Warn), BTreeSet::from(["database-new", "keys-new"]));
    }
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0, "looking makes no files");

    let ahead = tempfile::tempdir().unwrap();
    let later = Clock::system().now() + TimeDelta::days(1);
    decided(ahead.path(), Clock::declared(later)).await;
    assert!(codes(&examine(&look(ahead.path()).await), CheckState::Fail).contains("clock-behind"));
}

#[tokio::test]
async fn every_problem_is_found_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    decided(folder.path(), Clock::system()).await;
    let healthy = look(folder.path()).await;
    let mut healthy = Facts { received: vec![], ..healthy };
    // What a machine of the tests lacks is none of a hub's troubles.
    healthy.files = Some(65_536);
    healthy.folder.as_mut().unwrap().free = Some(1 << 40);
    let fine = examine(&healthy);
    assert!(fine.iter().all(|check| check.state == CheckState::Ok), "{fine:#?}");

    let mut found = BTreeSet::new();
    let mut check = |code: &'static str, spoil: &dyn Fn(&mut Facts)| {
        let mut facts = healthy.clone();
        spoil(&mut facts);
        let checks = examine(&facts);
        let wrong: Vec<_> = checks.iter().filter(|check| check.state != CheckState::Ok).collect();
        assert!(
            wrong.iter().any(|check| check.code == Some(code) && check.todo.is_some()),
            "{code}: {wrong:#?}"
        );
        let others: Vec<_> = wrong.iter().filter(|check| check.code != Some(code)).collect();
        assert!(others.is_empty(), "{code} is told as one thing: {others:#?}");
        found.insert(code);
    };
    let now = healthy.now;
    let today = day_of(now);
    check("config-wrong", &|f| f.config = Err(vec!["hub.toml:1: unknown key".to_owned()]));
    check("dev-tokens", &|f| f.config.as_mut().unwrap().environment = Environment::Production);
    check("reviewers-few", &|f| f.config.as_mut().unwrap().reviewers = 1);
    check("basis-none", &|f| f.config.as_mut().unwrap().recipients[0].1[0].to = today.pred_opt());
    check("basis-ends", &|f| f.config.as_mut().unwrap().recipients[0].1[0].to = today.succ_opt());
    check("sender-basis", &|f| f.config.as_mut().unwrap().senders[0].2.clear());
    check("source-unused", &|f| f.config.as_mut().unwrap().senders.retain(|(_, source, _)| source != "visa"));
    check("keys-missing", &|f| f.keys.as_mut().unwrap().exists = false);
    check("keys-unreadable", &|f| f.keys.as_mut().unwrap().unreadable = Some("two lines".to_owned()));
    check("keys-exposed", &|f| f.keys.as_mut().unwrap().mode = Some(0o640));
    check("folder-read-only", &|f| f.folder.as_mut().unwrap().writable = false);
    check("disk-full", &|f| f.folder.as_mut().unwrap().free = Some(1));
    check("disk-low", &|f| f.folder.as_mut().unwrap().free = Some(2 << 30));
    check("files-few", &|f| f.files = Some(256));
    check("database-away", &|f| f.database = Some(Database::Away("refused".to_owned())));
    check("database-new", &|f| f.database = Some(Database::New));
    check("tls-refused", &|f| f.tls = vec![("register".to_owned(), Err(Trouble::Authority))]);
    check("tls-ends", &|f| {
        let peer = Peer { subject: "CN=register".to_owned(), until: now + TimeDelta::days(29) };
        f.tls = vec![("register".to_owned(), Ok(peer))];
    });
    check("database-locked", &|f| f.database = Some(Database::Locked("process 7".to_owned())));
    check("log-long", &|f| f.log = Some(1 << 30));
    check("database-damaged", &|f| f.database = Some(Database::Damaged("a row".to_owned())));
    check("schema-other", &|f| f.database = Some(Database::Schema("0".to_owned())));
    let table = |f: &mut Facts, spoil: &dyn Fn(&mut TableHealth, &mut u64, &mut u64)| {
        if let Some(Database::There { health, undecided, quarantined, .. }) = &mut f.database {
            spoil(health, undecided, quarantined);
        }
    };
    check("keys-new", &|f| {
        f.keys.as_mut().unwrap().exists = false;
        table(f, &|h, _, _| h.first_received = None);
    });
    let late: Instant = now - TimeDelta::hours(1);
    check("clock-behind", &|f| table(f, &|h, _, _| h.last_known_at = Some(now + TimeDelta::seconds(1))));
    check("clock-differs", &|f| {
        if let Some(Database::There { clock, .. }) = &mut f.database {
            *clock = Err(WrongClock::Differs(31_536_000));
        }
    });
    check("contract-changed", &|f| {
        if let Some(Database::There { breaches, .. }) = &mut f.database {
            let (found, due) = ("field of file \"street\" is gone".to_owned(), "a new id".to_owned());
            let recipient = Recipient::parse("amal").unwrap();
            breaches.push(Breach { recipient, found, due, only_unfrozen: false });
        }
    });
    check("keys-worn", &|f| {
        if let Some(Database::There { wrapped, .. }) = &mut f.database {
            *wrapped = 3 << 30;
        }
    });
    check("nobody-decides", &|f| table(f, &|h, _, _| h.oldest_undecided = Some(late)));
    check("backlog", &|f| table(f, &|_, undecided, _| *undecided = 20_000));
    check("quarantine", &|f| table(f, &|_, _, quarantined| *quarantined = 1));
    check("bundle-pending", &|f| table(f, &|h, _, _| h.bundle = Some("ab".repeat(32))));
    let open = vec![(Recipient::parse("amal").unwrap(), 7, now - TimeDelta::days(8))];
    check("delivery-late", &|f| table(f, &|h, _, _| h.oldest_open.clone_from(&open)));
    check("nobody-relays", &|f| {
        f.kafka = Some(Ok(vec![]));
        table(f, &|h, _, _| h.oldest_open.clone_from(&open));
    });
    check("source-silent", &|f| f.received = vec![("visa".to_owned(), Some(now - TimeDelta::days(15)))]);
    check("source-silent", &|f| {
        f.received = vec![("visa".to_owned(), None)];
        table(f, &|h, _, _| h.first_received = Some(now - TimeDelta::days(15)));
    });
    check("kafka-away", &|f| f.kafka = Some(Err(Unreached::Away("no brokers".to_owned()))));
    check("kafka-refused", &|f| f.kafka = Some(Err(Unreached::Refused("as hub".to_owned()))));
    check("password-exposed", &|f| {
        let (as_whom, password_file) = ("hub by SCRAM-SHA-512".to_owned(), "kafka.password".into());
        f.signs_in = Some(SignsIn { as_whom, password_file, mode: Some(0o640) });
    });
    let topic = |spoil: &dyn Fn(&mut TopicState)| {
        let name = "voortraject.amal.v1".to_owned();
        let mut topic = TopicState::new(name);
        topic.partitions = Some(1);
        topic.retention_ms = Some(604_800_000);
        spoil(&mut topic);
        Some(Ok(vec![topic]))
    };
    check("topic-missing", &|f| f.kafka = topic(&|t| t.partitions = None));
    check("topic-refused", &|f| f.kafka = topic(&|t| t.refused = Some("not authorised".to_owned())));
    check("topic-partitions", &|f| f.kafka = topic(&|t| t.partitions = Some(3)));
    check("topic-retention", &|f| f.kafka = topic(&|t| t.retention_ms = Some(1000)));
    check("topic-compacted", &|f| f.kafka = topic(&|t| t.policy = Some("compact".to_owned())));
    check("topic-codec", &|f| f.kafka = topic(&|t| t.codec = Some("zstd".to_owned())));
    check("delivery-unproved", &|f| {
        if let Some(Database::There { expired, .. }) = &mut f.database {
            expired.push((Recipient::parse("amal").unwrap(), 3));
        }
    });
    check("load-unapproved", &|f| {
        if let Some(Database::There { unapproved, .. }) = &mut f.database {
            *unapproved = Queue { count: 3, oldest: Some(now) };
        }
    });
    check("review-waits", &|f| {
        if let Some(Database::There { reviews, .. }) = &mut f.database {
            *reviews = Queue { count: 3, oldest: Some(now - TimeDelta::days(8)) };
        }
    });
    check("record-waits", &|f| {
        if let Some(Database::There { waiting, .. }) = &mut f.database {
            *waiting = Queue { count: 2, oldest: Some(now - TimeDelta::days(31)) };
        }
    });
    check("alert-refused", &|f| {
        if let Some(Database::There { untold, .. }) = &mut f.database {
            let (recipient, trouble) =
                (Recipient::parse("amal").unwrap(), Some("answered with 500".to_owned()));
            untold.push(AlertRow { recipient, id: [7; 16], since: now, attempts: 2, trouble });
        }
    });
    for code in HaltCode::ALL {
        check(code.as_str(), &|f| {
            // Told once, where the topic looks wrong as well.
            f.kafka = topic(&|t| t.partitions = Some(if code == HaltCode::TopicPartitions { 3 } else { 1 }));
            if let Some(Database::There { halts, .. }) = &mut f.database {
                halts.push(HaltRow {
                    recipient: Recipient::parse("amal").unwrap(),
                    part: "relay".to_owned(),
                    code: code.as_str().to_owned(),
                    detail: "told".to_owned(),
                    since: now,
                });
            }
        });
    }

    let known: BTreeSet<&str> = PROBLEMS.iter().map(|problem| problem.code).collect();
    assert_eq!(found, known, "every problem has its case, and its name once");
    assert_eq!(known.len(), PROBLEMS.len());
    let page = fs::read_to_string(tests::root().join("docs/doctor.md")).unwrap();
    let untold: Vec<_> = PROBLEMS.iter().filter(|p| !page.contains(&format!("| `{}` |", p.code))).collect();
    assert!(untold.is_empty(), "docs/doctor.md does not tell {untold:?}");
}

#[tokio::test]
async fn topics_are_described_and_none_is_made() {
    let Some(brokers) = tests::server("HUB_TEST_KAFKA", "Kafka") else { return };
    let unique = format!("d{}", hex::encode(&Clock::system().seed().0[..5]));
    let kafka: KafkaConfig = serde_json::from_value(serde_json::json!({
        "brokers": brokers, "environment": unique, "position_topic": format!("hub.{unique}.position"),
    }))
    .unwrap();
    let names = [Recipient::parse(&unique).unwrap()];
    for _ in 0..2 {
        let topics = kafka.describe(&names).await.unwrap();
        assert_eq!(topics.len(), 2);
        assert!(topics.iter().all(|topic| topic.partitions.is_none()), "{topics:?}");
    }
}

#[tokio::test]
async fn what_is_halted_is_told_of_topics_that_are_sent_to() {
    let Some(brokers) = tests::server("HUB_TEST_KAFKA", "Kafka") else { return };
    let folder = tempfile::tempdir().unwrap();
    let kafka: KafkaConfig = serde_json::from_value(serde_json::json!({
        "brokers": brokers, "feed_only": ["atlas"], "position_topic": "hub.nobody.position",
    }))
    .unwrap();
    let prepare = |config: &mut Config| {
        in_data(folder.path(), config);
        config.hub.kafka = Some(kafka.clone());
    };
    let mut config = tests::config();
    prepare(&mut config);
    let hub = Hub::open(config, Start::Migrated(Clock::system())).await.unwrap();
    // One whose topic is sent to, one who reads the feed now, one who is no recipient any more.
    for to in ["bon", "atlas", "somebody"] {
        let to = Recipient::parse(to).unwrap();
        hub.store.halt(&to, "relay", "topic-partitions", "3", Clock::system().now()).await.unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/readyz", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let serving = tokio::spawn(hub::app::serve(listener, hub.router(), hub.config.hub.limits, stop.clone()));
    let ready: serde_json::Value = reqwest::get(address).await.unwrap().json().await.unwrap();
    let halted: Vec<_> = ready["halted"].as_array().unwrap().iter().map(|halt| &halt["recipient"]).collect();
    assert_eq!(halted, ["bon"]);
    stop.cancel();
    serving.await.unwrap();
    let facts = collect(&tests::root().join("config"), prepare, Clock::system().now()).await;
    let Some(Database::There { halts, .. }) = &facts.database else { panic!("no database") };
    let told: Vec<_> = halts.iter().map(|halt| halt.recipient.as_str()).collect();
    assert_eq!(told, ["bon"]);
}
