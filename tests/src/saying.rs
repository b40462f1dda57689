//! Saying something to a hub inside a test, and waiting until it is decided.
//! For proofs that care about what follows, not about how it is sent. Next: `people` for what is said.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use hub::app::Hub;
use hub::config::{HUB, dev_token};
use hub::desk::{Actor, Saying};
use hub::intake::ItemVerdict;
use hub::store::Store;
use hub::store::rows::{AuditRow, Outcome, ReviewRow};
use schemas::ids::{MessageId, PersonId};
use schemas::message::ReviewAnswer;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::people::visa_lines;

/// What is sent about the `n`th person, called and born as the `like`th: on a day that clerks fill in.
#[must_use]
pub fn lines(n: usize, like: usize) -> Vec<Value> {
    let told = visa_lines(like)[0]["person"].clone();
    let mut lines = visa_lines(n);
    for line in lines.iter_mut().filter(|line| line["person"].is_object()) {
        let family = if line["person"]["surname"].is_string() { "surname" } else { "family_name" };
        line["person"][family] = told["surname"].clone();
        line["person"]["given_names"] = told["given_names"].clone();
        line["person"]["birth_date"] = "1990-01-01".into();
    }
    lines
}

/// Sends lines of the visa door and waits until they are decided.
///
/// # Panics
/// Where one is not taken.
pub async fn send(hub: &Hub, lines: &[Value]) -> Vec<MessageId> {
    let said = put(hub, "visa", lines).await;
    decide(hub).await;
    said
}

/// Puts items through a door; they are not decided yet.
///
/// # Panics
/// Where one is not taken.
pub async fn put(hub: &Hub, source: &str, items: &[Value]) -> Vec<MessageId> {
    let items = items.iter().cloned().map(Ok).collect();
    let said = hub
        .intake
        .accept(adapters::source(source).unwrap(), &adapters::Speaker::for_all("sender"), items)
        .await
        .unwrap();
    let receipts = said.into_iter().map(|verdict| match verdict {
        ItemVerdict::Accepted { receipt, .. } => receipt,
        other => panic!("{other:?}"),
    });
    receipts.collect()
}

/// Decides everything that came in, in a holding of its own: nothing is known but what is stored.
///
/// # Panics
/// Where it cannot.
pub async fn decide(hub: &Hub) {
    let stop = CancellationToken::new();
    let mut decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let mut decided = hub.decided.subscribe();
    while !hub.store.pending(1).await.unwrap().is_empty() {
        tokio::select! {
            changed = decided.changed() => changed.unwrap(),
            ended = &mut decider => panic!("deciding ended too early: {ended:?}"),
        }
    }
    stop.cancel();
    decider.await.unwrap().unwrap();
}

/// The one open review.
///
/// # Panics
/// Where there is none, or more than one.
pub async fn review(hub: &Hub) -> ReviewRow {
    let [review] = &hub.store.open_reviews(10).await.unwrap()[..] else { panic!("not one review is open") };
    review.clone()
}

/// Answers a review, as often as people must say so, and waits until that is decided.
///
/// # Panics
/// Where the answer is refused.
pub async fn answer(hub: &Hub, review: &ReviewRow, answer: ReviewAnswer) {
    answer_as(hub, "lucas", review, answer).await;
    let open = hub.store.open_review(review.id).await.unwrap();
    if open.is_some_and(|open| open.proposed.is_some()) {
        answer_as(hub, "nora", review, answer).await;
    }
}

/// One of the invented people answers a review.
///
/// # Panics
/// Where the answer is refused.
pub async fn answer_as(hub: &Hub, name: &str, review: &ReviewRow, answer: ReviewAnswer) {
    let saying = Saying::Reviewed { review: review.id, answer, reason: "seen".to_owned() };
    let actor = actor(hub, name);
    let said = hub.deciding(async { Ok(hub.desk.say(&actor, saying).await?) }).await.unwrap();
    assert_eq!(said.decision.unwrap().outcome, Some(Outcome::Decided));
}

/// One of the invented people.
///
/// # Panics
/// Where there is nobody of this name.
#[must_use]
pub fn actor(hub: &Hub, name: &str) -> Actor {
    Actor::of(&hub.config.people, &dev_token(name)).unwrap()
}

/// What people did by hand, in its order. What the hub itself wrote at its start is not theirs.
///
/// # Panics
/// Where it cannot be read.
pub async fn trail(store: &Store) -> Vec<AuditRow> {
    let rows = store.audit(None, None, 10_000).await.unwrap();
    rows.into_iter().rev().map(|chained| chained.row).filter(|row| row.actor.as_str() != HUB).collect()
}

/// Whose a message is.
///
/// # Panics
/// Where it is nobody's.
pub async fn owner(hub: &Hub, message: MessageId) -> PersonId {
    let owner = hub.store.message(message).await.unwrap().unwrap().key.owner.unwrap();
    hub.store.survivor(owner).await.unwrap()
}
