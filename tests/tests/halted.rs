//! A topic that takes no records is told in all five places, by the real binary on real parts: log, gauge, `/readyz`,
//! console and doctor; and in none of them any more once it was mended.
//!
//! What can halt a topic is `topics.rs`'s.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use serde_json::Value;
use tests::console::Visitor;
use tests::people::visa_lines;
use tests::place::Place;
use tests::process::{Process, push, until};

/// One page of a running hub; nothing where it does not answer.
async fn page(process: &Process, path: &str) -> String {
    let client = reqwest::Client::builder().build().unwrap();
    let ask = client.get(format!("{}{path}", process.base));
    let Ok(answer) = ask.send().await else { return String::new() };
    answer.text().await.unwrap_or_default()
}

async fn ready(process: &Process) -> Value {
    serde_json::from_str(&page(process, "/readyz").await).unwrap_or_default()
}

/// The codes that doctor tells of a topic.
fn doctor(process: &Process, topic: &str) -> Vec<String> {
    let mut command = process.command(&["doctor", "--json"]).unwrap();
    let output = command.stdout(std::process::Stdio::piped()).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = told["checks"].as_array().unwrap().iter();
    let about =
        checks.filter(|check| check["state"] == "fail" && check["found"].as_str().unwrap().contains(topic));
    about.map(|check| check["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_halted_topic_is_told_in_five_places_until_it_is_mended() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let Some(brokers) = tests::server("HUB_TEST_KAFKA", "Kafka") else { return };
    let mut process = Process::prepare(Some(&server), Some(&brokers)).await.unwrap();
    let (config, store) = process.inside().await.unwrap();
    let amal = config.agencies.keys().find(|name| name.as_str().ends_with("-amal")).unwrap().clone();
    let (topic, broker) = (amal.topic(), Place::on(&brokers, 1));
    broker.make(&amal, 3, &[]).await;
    process.go().unwrap();
    // The state is the process's own and the list is the database's: both, not one before the other. The other roles have
    // started by then, or will.
    let others = ["intake", "answers", "decide", "request"];
    until("the topic is halted, and no other role", async || {
        let told = ready(&process).await;
        told["roles"]["deliver"]["state"] == "halted"
            && told["halted"][0]["topic"].is_string()
            && others.iter().all(|other| told["roles"][other]["ready"] == true)
    })
    .await
    .unwrap();

    let told = ready(&process).await;
    assert_eq!((&told["ready"], &told["database"]), (&false.into(), &true.into()), "{told}");
    let deliver = &told["roles"]["deliver"];
    assert_eq!((&deliver["ready"], &deliver["holder"]), (&false.into(), &told["instance"]));
    assert_eq!(deliver["cause"], format!("{topic} (topic-partitions)"));
    let halted = told["halted"].as_array().unwrap();
    assert_eq!(
        (halted.len(), &halted[0]["topic"], &halted[0]["code"]),
        (1, &topic.as_str().into(), &"topic-partitions".into())
    );
    let gauge = |value: u8| format!("hub_deliver_halted{{recipient=\"{amal}\",part=\"relay\"}} {value}");
    let metrics = page(&process, "/metrics").await;
    assert!(metrics.contains(&gauge(1)), "{metrics}");
    let attention = "Er gaat niets meer naar Amal";
    let visitor = Visitor::signed_in(&process.base, "noor").await;
    let shown = async || visitor.get("/").await.text().await.unwrap();
    assert!(shown().await.contains(attention));
    assert_eq!(doctor(&process, &topic), ["topic-partitions"]);
    let log = std::fs::read_to_string(&process.log).unwrap();
    assert!(
        log.lines().any(|line| line.contains(&topic) && line.contains("the topic has 3 partitions, not 1"))
    );

    // Messages are taken, decided and delivered to the others meanwhile.
    let body = visa_lines(0).swap_remove(0).to_string().into_bytes();
    push(&process.base, "visa", "post-cas", "application/x-ndjson", &body).await.unwrap();
    let counts = process.settled(&store).await.unwrap();
    assert_eq!(counts["decided"], 1);

    broker.remove(&amal).await;
    until("it goes on by itself", async || {
        let told = ready(&process).await;
        told["ready"] == true && told["halted"] == Value::Array(vec![])
    })
    .await
    .unwrap();
    assert!(page(&process, "/metrics").await.contains(&gauge(0)));
    assert!(!shown().await.contains(attention));
    assert_eq!(doctor(&process, &topic), [""; 0]);
}
