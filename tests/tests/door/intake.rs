//! The door itself: verdicts, what is sealed, shared commits.
//!
//! Looks at rows and opens them. Refuses HTTP: that is `api`'s.

use hub::intake::{Intake, ItemVerdict};
use hub::vault::Content;
use schemas::finding::Code;
use schemas::message::{Body, BundleHash};
use serde_json::Value;

use super::{hub, line_with, lines};

async fn take(intake: &Intake, items: Vec<Value>) -> Vec<ItemVerdict> {
    let visa = adapters::source("visa").unwrap();
    intake
        .accept(visa, &adapters::Speaker::for_all("posts"), items.into_iter().map(Ok).collect())
        .await
        .unwrap()
}

fn receipt(verdict: &ItemVerdict) -> schemas::ids::MessageId {
    match verdict {
        ItemVerdict::Accepted { receipt, .. }
        | ItemVerdict::Again { receipt }
        | ItemVerdict::Refused { receipt, .. } => *receipt,
        ItemVerdict::Conflict => panic!("a conflict has no receipt"),
    }
}

/// The messages in the queue, opened.
async fn queued(hub: &hub::app::Hub) -> Vec<Content> {
    let ids = hub.store.pending(100).await.unwrap();
    let rows = hub.store.queued(&ids).await.unwrap();
    let open = |row: &hub::store::rows::PendingRow| {
        let key = hub.vault.message_key(row.id, &row.key, None, tests::ACCESS).unwrap();
        hub.vault.content(row.id, &key, &row.content).unwrap()
    };
    rows.iter().map(open).collect()
}

fn item(post: &str, at: usize) -> Value {
    serde_json::from_str(&lines(post)[at]).unwrap()
}

#[tokio::test]
async fn the_same_again_has_the_same_receipt_and_another_body_is_a_conflict() {
    let (hub, _folder) = hub().await;
    let first = take(&hub.intake, vec![item("ADD", 0)]).await.remove(0);
    assert!(matches!(first, ItemVerdict::Accepted { .. }), "{first:?}");
    let mut changed = item("ADD", 0);
    changed["person"]["given_names"] = "Another".into();
    let both = take(&hub.intake, vec![item("ADD", 0), changed]).await;
    assert_eq!(both, [ItemVerdict::Again { receipt: receipt(&first) }, ItemVerdict::Conflict]);
    assert_eq!(hub.store.pending(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_senders_message_under_the_same_id_is_another_message() {
    let (hub, _folder) = hub().await;
    let visa = adapters::source("visa").unwrap();
    for sender in ["posts", "dvz"] {
        let verdict = hub
            .intake
            .accept(visa, &adapters::Speaker::for_all(sender), vec![Ok(item("ADD", 0))])
            .await
            .unwrap()
            .remove(0);
        assert!(matches!(verdict, ItemVerdict::Accepted { .. }), "{sender}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_refused_item_keeps_no_other_out_and_takes_no_id() {
    let (hub, _folder) = hub().await;
    let mut broken = item("ADD", 1);
    broken["surprise"] = "x".into();
    broken["sent_at"] = "tomorrow".into();
    let both = take(&hub.intake, vec![broken, item("ADD", 0)]).await;
    let ItemVerdict::Refused { receipt: refused, findings } = &both[0] else { panic!("{both:?}") };
    assert!(findings.iter().any(|finding| finding.code == Code::UnknownField), "{findings:?}");
    assert!(findings.len() >= 2, "all at once: {findings:?}");
    assert!(matches!(both[1], ItemVerdict::Accepted { .. }));
    let row = hub.store.refusal(*refused).await.unwrap().unwrap();
    assert_eq!((row.source.as_str(), row.sender.as_str()), ("visa", "posts"));
    assert!(matches!(take(&hub.intake, vec![item("ADD", 1)]).await[0], ItemVerdict::Accepted { .. }));
}

#[tokio::test]
async fn what_must_not_be_stored_is_not_in_the_sealed_content() {
    let (hub, _folder) = hub().await;
    let given = line_with("IST", "35e87ab4-c857-42c6-9872-a2e4d6411b7f");
    assert!(given.to_string().contains("biometric"));
    take(&hub.intake, vec![given]).await;
    let content = queued(&hub).await.remove(0);
    assert!(!content.item.contains("biometric"));
    assert!(matches!(content.body, Body::Record(_)));
    assert_eq!(content.source, "visa");
}

#[tokio::test]
async fn posts_in_flight_are_each_answered_for_themselves() {
    let (hub, _folder) = hub().await;
    let body = |n: u32| Body::Bundle(BundleHash(format!("{n}")));
    let posts = (0..200).map(|n| {
        let intake = hub.intake.clone();
        // Every tenth repeats the one before it.
        let n = if n % 10 == 9 { n - 1 } else { n };
        tokio::spawn(async move { intake.internal("bundle", &format!("bundle:{n}"), body(n)).await.unwrap() })
    });
    let (mut accepted, mut again) = (0, 0);
    for post in posts.collect::<Vec<_>>() {
        match post.await.unwrap() {
            ItemVerdict::Accepted { .. } => accepted += 1,
            ItemVerdict::Again { .. } => again += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((accepted, again), (180, 20));
    assert_eq!(hub.store.pending(500).await.unwrap().len(), 180);
}
