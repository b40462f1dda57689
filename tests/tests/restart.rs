//! A topic that lost what was sent to it, with the program itself on a real Kafka: the halt is seen in doctor, somebody who may
//! orders where it goes on, and it does, without a gap.
//!
//! What the relay makes of each loss and each order: `deliver.rs`, `topics.rs`. Next: `docs/restart.md`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fmt::Write as _;
use std::process::Stdio;

use hub::config::dev_token;
use hub::deliver::audit::Audit;
use hub::deliver::kafka::KafkaLog;
use schemas::recipient::Recipient;
use tests::people::visa_lines;
use tests::place::{Place, whole};
use tests::process::{Process, until};
use tests::saying::trail;

/// Runs a command beside the hub as somebody: whether it did it, and what it said.
fn run(process: &Process, who: &str, words: &[&str]) -> (bool, String) {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL_FILE").env("HUB_CREDENTIAL", dev_token(who));
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text.into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_removed_is_named_by_doctor_and_goes_on_by_a_command() {
    let Some(brokers) = tests::server("HUB_TEST_KAFKA", "Kafka") else { return };
    let mut process = Process::prepare(None, Some(&brokers)).await.unwrap();
    process.go().unwrap();
    process.opened().await.unwrap();
    let mut body = String::new();
    for person in 0..6 {
        writeln!(body, "{}", visa_lines(person)[0]).unwrap();
    }
    process.push("visa", "dvz", "application/x-ndjson", body.as_bytes()).await.unwrap();
    let (config, store) = process.inside_beside().await.unwrap();
    process.settled(&store).await.unwrap();
    let to = Recipient::parse(&format!("{}-agii-abroad", process.prefix)).unwrap();
    let last = store.last_issued(&to).await.unwrap();
    assert!(last >= 4, "{last}");
    let base = last - 2;
    let order = ["topic", "restart", to.as_str(), "--after", &base.to_string(), "--reason", "they have it"];

    let (done, told) = run(&process, "noor", &order);
    assert!(!done && told.contains("that an order mends"), "{told}");
    Place::on(&brokers, 1).remove(&to).await;
    let halted = async || !store.halts(std::slice::from_ref(&to)).await.unwrap().is_empty();
    until("it is halted", halted).await.unwrap();
    let (_, told) = run(&process, "noor", &["doctor"]);
    assert!(told.contains("topic-remade") && told.contains("docs/restart.md"), "{told}");
    let (done, told) = run(&process, "lucas", &order);
    assert!(!done && told.contains("restart-topic needs one of the roles operations"), "{told}");
    let never = (last + 1).to_string();
    let (done, told) =
        run(&process, "noor", &["topic", "restart", to.as_str(), "--after", &never, "--reason", "x"]);
    assert!(!done && told.contains("was never promised"), "{told}");
    let (done, told) = run(&process, "noor", &order);
    assert!(done && told.contains("2 records are sent again"), "{told}");

    process.settled(&store).await.unwrap();
    until("nothing is halted", async || !halted().await).await.unwrap();
    let log = KafkaLog::new(config.hub.kafka.unwrap());
    let read = whole(&log, &to).await.unwrap();
    let mut audit = Audit::after(base, false);
    for record in &read {
        audit.check(record).unwrap();
    }
    assert_eq!((read.len(), audit.sequence()), (2, last));
    let orders = trail(&store).await;
    let orders: Vec<_> = orders.iter().filter(|row| row.action == "restart-topic").collect();
    let told: Vec<_> =
        orders.iter().map(|row| (row.actor.as_str(), row.about.clone(), row.allowed)).collect();
    let about = |number: u64| format!("{to}:{number}");
    let expect = [
        ("noor", about(base), true),
        ("lucas", about(base), false),
        ("noor", about(last + 1), true),
        ("noor", about(base), true),
    ];
    assert_eq!(told, expect);
    process.stop().unwrap();
}
