//! A small store as a version of the hub left it: what it was told, and what is said about the same people next.
//!
//! `cargo run -p tests --bin upgrade-fixture -- DIR NAME` makes one of the present version; `tests/upgrade.rs` opens
//! every kept one with the present program. Invented people and test numbers only. Refuses to look into a store.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use hub::app::Hub;
use hub::intake::ItemVerdict;
use schemas::message::ReviewAnswer;
use serde_json::{Value, json};

use crate::people::{portal_lines, register_answer, statement, visa_lines, visa_status};
use crate::saying::{answer, decide, lines, owner, put, review, send};

/// What stands in a kept store's folder: the embedded database, a server's as SQL, the secrets of both, and what is
/// said next.
pub const FILES: [&str; 4] = ["hub.db", "postgres.sql", "keys", "next.ndjson"];

/// What a sender says next: to which door, who, in which form, and what.
pub type Next = [String; 4];

/// Tells a hub a small story, of which not everything is decided.
///
/// People who applied, learn and live in Ghent, two who became one, two told apart, one who waits for their application,
/// one refused item, one answer of an agency.
///
/// # Panics
/// Where the story does not come out so.
pub async fn tell(hub: &Hub) {
    for n in 0..2 {
        send(hub, &visa_lines(n)).await;
        put(hub, "portal", &portal_lines(n)).await;
        put(hub, "xapi", &[statement(n, 9), statement(n, 19)]).await;
        put(hub, "register", &register(n, "44021", "2025-06-01")).await;
        decide(hub).await;
    }
    // Two of one name and date: the same, and others, different.
    for (n, like, told) in [(10, 10, "same"), (12, 12, "different")] {
        let first = send(hub, &lines(n, like)[..1]).await[0];
        send(hub, &lines(n + 1, like)[..1]).await;
        let same = ReviewAnswer::Same(owner(hub, first).await);
        answer(hub, &review(hub).await, if told == "same" { same } else { ReviewAnswer::Different }).await;
    }
    // One more pair stays open.
    // Their names are like nobody else's.
    send(hub, &[lines(14, 987)[0].clone(), lines(15, 987)[0].clone()]).await;
    send(hub, &visa_lines(20)[1..2]).await;
    let mut refused = visa_lines(21).swap_remove(0);
    refused["person"]["birth_date"] = "1990-02-31".into();
    let visa = adapters::source("visa").unwrap();
    let said =
        hub.intake.accept(visa, &adapters::Speaker::for_all("post-cas"), vec![Ok(refused)]).await.unwrap();
    assert!(matches!(said[0], ItemVerdict::Refused { .. }), "{said:?}");
    yes(hub).await;
    // Taken, and not decided.
    put(hub, "visa", &visa_lines(30)[..2]).await;
    let counts = hub.store.counts().await.unwrap();
    let expect =
        [("undecided", 2), ("waiting", 1), ("refusals", 1), ("reviews", 1), ("handover_accepted", 1)];
    assert!(expect.iter().all(|one| counts.contains(one)), "{counts:?}");
}

/// The first agency that was offered somebody takes them.
async fn yes(hub: &Hub) {
    let rows = hub.store.outgoing(0, 1_000).await.unwrap();
    let offer = rows.iter().find(|outgoing| outgoing.row.recipient.as_str() == "amal").unwrap();
    let body = hub.vault.body(&offer.row, offer.key.as_deref(), crate::ACCESS).unwrap();
    let value = hub.schemas.of(&offer.row.recipient).unwrap().codec.decode(&body).unwrap();
    let hash = hex::encode(offer.row.payload_hash);
    let received = json!({ "received": { "sequence": offer.row.sequence, "payload_hash": hash } });
    for answer in [received, json!("accepted")] {
        let answer = json!({ "handover": value["handover"], "epoch": value["epoch"], "answer": answer });
        let door = adapters::source("answer").unwrap();
        let said =
            hub.intake.accept(door, &adapters::Speaker::for_all("amal"), vec![Ok(answer)]).await.unwrap();
        assert!(matches!(said[0], ItemVerdict::Accepted { .. }), "{said:?}");
        decide(hub).await;
    }
}

fn register(n: usize, nis: &str, since: &str) -> Vec<Value> {
    let answer = register_answer(n, nis, since);
    let items = adapters::read(adapters::source("register").unwrap(), answer.as_bytes());
    items.into_iter().map(Result::unwrap).collect()
}

/// What is said next about the same people.
#[must_use]
pub fn next() -> Vec<Next> {
    let ndjson = |items: &[Value]| items.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let mut visa: Vec<Value> = (0..2).map(|n| visa_status(n, 1)).collect();
    visa.extend([10, 11, 12, 13].map(|n| lines(n, n / 2 * 2)[1].clone()));
    visa.extend([visa_lines(20)[0].clone(), visa_lines(21)[0].clone(), visa_lines(30)[3].clone()]);
    let lines = "application/x-ndjson";
    [
        ["visa", "post-cas", lines, &ndjson(&visa)],
        ["portal", "portal", lines, &ndjson(&portal_lines(12))],
        ["xapi", "lms", lines, &ndjson(&[statement(0, 29), statement(1, 3)])],
        ["register", "magda", "application/xml", &register_answer(1, "11002", "2025-10-01")],
    ]
    .map(|said| said.map(str::to_owned))
    .to_vec()
}
