//! What no source should send and every source does: each kind of bad input has its outcome, at the real doors and in the
//! real heart.
//!
//! A table: what is sent about one person, and what comes of it. Whatever it is, it stops at the door with its code or is
//! decided; nothing is put aside, and nobody is joined by it. What the heart alone sees: `decide/tests/bad_numbers.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::intake::ItemVerdict;
use serde_json::Value;
use tests::people::visa_lines;
use tests::saying::{decide, lines, owner, send};

async fn hub(folder: &std::path::Path) -> Hub {
    let mut config = tests::config();
    hub::app::in_data(folder, &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap()
}

/// What comes of one application: the codes of its refusal; else how many persons and open reviews there are more.
async fn outcome(hub: &Hub, item: Value) -> String {
    let count = async || {
        let persons = hub.store.persons(None, 10_000).await.unwrap().len();
        (persons, hub.store.open_reviews(10_000).await.unwrap().len())
    };
    let before = count().await;
    let visa = adapters::source("visa").unwrap();
    let verdict = hub
        .intake
        .accept(visa, &adapters::Speaker::for_all("post-cas"), vec![Ok(item)])
        .await
        .unwrap()
        .remove(0);
    let warned = match verdict {
        ItemVerdict::Refused { findings, .. } => {
            let codes: Vec<String> = findings.iter().map(|finding| finding.code.to_string()).collect();
            return format!("refused: {}", codes.join(" "));
        }
        ItemVerdict::Accepted { warnings, .. } => warnings,
        other => panic!("{other:?}"),
    };
    decide(hub).await;
    let after = count().await;
    let health = hub.store.counts().await.unwrap();
    assert!(health.iter().all(|(name, count)| *name != "quarantined" || *count == 0), "{health:?}");
    let codes: Vec<String> = warnings_of(&warned);
    format!("persons +{}, reviews +{}{}", after.0 - before.0, after.1 - before.1, codes.join(""))
}

fn warnings_of(warned: &[schemas::finding::Finding]) -> Vec<String> {
    warned.iter().map(|finding| format!(", {}", finding.code)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_bad_input_has_its_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(folder.path()).await;
    let long = |length: usize| "Abcdefghij".repeat(length / 10);
    let cases: Vec<(&str, &str, String, &str)> = vec![
        ("no name", "/person/surname", String::new(), "persons +1, reviews +0"),
        ("a name of 300 letters", "/person/surname", long(300), "persons +1, reviews +0"),
        ("a name of 600 letters", "/person/surname", long(600), "refused: schema"),
        ("a name of emoji", "/person/surname", "\u{1f600}\u{1f600}".to_owned(), "persons +1, reviews +0"),
        ("two scripts in one word", "/person/surname", "Hadd\u{430}d".to_owned(), "persons +1, reviews +0"),
        (
            "control characters",
            "/person/surname",
            "Had\u{7}d\u{0}ad".to_owned(),
            "refused: forbidden-character",
        ),
        (
            "letters that are not shown",
            "/person/surname",
            "Had\u{200b}d\u{202e}ad".to_owned(),
            "refused: forbidden-character",
        ),
        ("born next century", "/person/birth_date", "2090-05-01".to_owned(), "refused: invalid-date"),
        ("born on no day", "/person/birth_date", "1990-02-31".to_owned(), "refused: invalid-date"),
        ("filed in the future", "/application/filed_on", "2090-05-01".to_owned(), "refused: stated-ahead"),
        ("no number at all", "/application/number", String::new(), "refused: schema"),
        ("two national numbers", "/insz", "92611010118 92611010217".to_owned(), "refused: invalid-insz"),
    ];
    let mut found = vec![];
    for (n, (what, pointer, value, expect)) in cases.into_iter().enumerate() {
        let mut item = visa_lines(100 + n).remove(if pointer == "/insz" { 4 } else { 0 });
        *item.pointer_mut(pointer).unwrap() = value.into();
        let outcome = outcome(&hub, item).await;
        if outcome != expect {
            found.push(format!("{what}: {outcome}, expected {expect}"));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// A letter of another script, or one that is not shown, makes nobody another person in silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_looks_the_same_is_the_same_person_or_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(folder.path()).await;
    for (n, (one, other)) in
        [("Haddad", "Hadd\u{430}d"), ("Naciri", "Na\u{200b}ciri"), ("Mansouri", "MANSOURI\u{fe0f}")]
            .into_iter()
            .enumerate()
    {
        let mut items = [visa_lines(200 + n).remove(0), visa_lines(200 + n).remove(0)];
        for (item, name) in items.iter_mut().zip([one, other]) {
            item["person"]["surname"] = name.into();
        }
        items[1]["message_id"] = format!("other {n}").into();
        items[1]["application"]["number"] = (900_100 + n).to_string().into();
        items[1]["travel_document"]["number"] = format!("Q{:07}", n + 1).into();
        let [first, second] = items;
        assert_eq!(outcome(&hub, first).await, "persons +1, reviews +0");
        let told = outcome(&hub, second).await;
        assert!(told.starts_with("persons +1, reviews +1") || told.starts_with("persons +0"), "{one} {told}");
    }
}

/// Two records of one new person are one person, whether they come together or one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_records_of_somebody_new_are_one_person_in_one_batch_and_in_two() {
    let folder = tempfile::tempdir().unwrap();
    let hub = hub(folder.path()).await;
    let together = [lines(1, 1).remove(0), lines(1, 1).remove(2)];
    let sent = send(&hub, &together).await;
    assert_eq!(owner(&hub, sent[0]).await, owner(&hub, sent[1]).await);
    let one = send(&hub, &lines(2, 2)[..1]).await[0];
    let other = send(&hub, &lines(2, 2)[2..3]).await[0];
    assert_eq!(owner(&hub, one).await, owner(&hub, other).await);
    assert_eq!(hub.store.persons(None, 10).await.unwrap().len(), 2);
}
