//! Positions that somebody quotes: what was issued, and what never was.
//!
//! Asking for what follows a number says that all up to it arrived. A number that was never issued says nothing: it is
//! refused with its code, and closes nothing.

use serde_json::Value;
use tests::people::visa_lines;
use tests::saying::send;

use super::api::{Door, problem};

fn feed(recipient: &str, after: &str) -> String {
    format!("/v1/recipients/{recipient}/deliveries?after={after}")
}

#[tokio::test]
async fn a_position_that_was_never_issued_is_refused_and_closes_nothing() {
    let door = Door::open().await;
    let open = async || {
        let ends = door.hub.store.ledger_ends().await.unwrap();
        ends.iter().map(|(_, last, closed)| last - closed).sum::<u64>()
    };
    let refused = async |recipient: &str, after: &str, expect: &str| {
        let before = open().await;
        let told = problem(door.get(&feed(recipient, after), recipient).await).await;
        assert_eq!(told["code"], expect, "{recipient} after={after}");
        assert_eq!(door.get(&format!("/problems/{expect}"), "").await.status(), 200);
        assert_eq!(open().await, before, "{recipient} after={after} closed something");
    };
    let given = async |recipient: &str, after: u64| {
        let answer = door.get(&feed(recipient, &after.to_string()), recipient).await;
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["records"].as_array().unwrap().len() as u64
    };
    // Nobody was given anything yet.
    assert_eq!(given("agii-abroad", 0).await, 0);
    refused("agii-abroad", "1", "unknown-position").await;

    for n in 0..3 {
        send(&door.hub, &visa_lines(n)).await;
    }
    let last = given("agii-abroad", 0).await;
    assert!(last >= 3 && open().await >= last, "{last}");
    for recipient in ["agii-abroad", "atlas"] {
        let beyond = if recipient == "atlas" { 1 } else { last + 1 };
        for after in [beyond, beyond + 1_000_000, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
            refused(recipient, &after.to_string(), "unknown-position").await;
        }
        for after in ["-1", "18446744073709551616", "1.0", "1e3", "x", "", "%00", "0x1", "1,2", "+1%20"] {
            refused(recipient, after, "bad-request").await;
        }
        refused(recipient, "0&limit=x", "bad-request").await;
        refused(recipient, "0&limit=-1", "bad-request").await;
    }
    // What was issued closes as far as it says.
    assert_eq!(given("agii-abroad", 2).await, last - 2);
    let closed = || async {
        let ends = door.hub.store.ledger_ends().await.unwrap();
        ends.into_iter().find(|(name, _, _)| name.as_str() == "agii-abroad").map(|(_, _, closed)| closed)
    };
    assert_eq!(closed().await, Some(2));
    refused("agii-abroad", &(last + 1).to_string(), "unknown-position").await;
    assert_eq!(given("agii-abroad", last).await, 0);
    assert_eq!(closed().await, Some(last));
}
