//! The desk: what people do by hand is asked of the table of roles and recorded, a refusal too, on both engines and beside
//! a hub that runs.
//!
//! The commands are those of the real binary. Next: `hub::desk`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;
use std::process::{Output, Stdio};

use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::config::{Config, dev_token};
use hub::desk::{Action, Actor, Occasion, Rights, RightsError};
use hub::store::Store;
use hub::vault::Vault;
use schemas::ids::{ReviewId, StreamId};
use tests::people::visa_lines;
use tests::process::Process;
use tests::saying::{owner, send};

/// Two applications of one name and birth date: somebody must say whether they are one person's.
fn doubt() -> String {
    let first = visa_lines(1).remove(0);
    let mut second = first.clone();
    second["message_id"] = "another".into();
    second["sequence"] = 99.into();
    second["application"]["number"] = "777".into();
    second["travel_document"]["number"] = "X7777777".into();
    format!("{first}\n{second}\n")
}

/// Runs a command as somebody.
fn run(process: &Process, who: Option<&str>, words: &[&str]) -> Output {
    let mut command = process.command(words).unwrap();
    command.env_remove("HUB_CREDENTIAL").env_remove("HUB_CREDENTIAL_FILE");
    if let Some(who) = who {
        command.env("HUB_CREDENTIAL", dev_token(who));
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

/// What seals the rows where no hub has keys.
fn vault() -> Vault {
    Vault::new([1; 32], &[], [2; 32]).unwrap()
}

/// The audit rows as words, the oldest first.
async fn trail(store: &Store) -> Vec<String> {
    let rows = tests::saying::trail(store).await;
    let word = |allowed| if allowed { "allowed" } else { "refused" };
    let row = |row: hub::store::rows::AuditRow| {
        format!("{} ({}) {} {} {}", row.actor, row.roles, row.action, row.why, word(row.allowed))
    };
    rows.into_iter().map(row).collect()
}

async fn by_hand(server: Option<&str>) {
    let mut process = Process::prepare(server, None).await.unwrap();
    process.go().unwrap();
    process.push("visa", "post-cas", "application/x-ndjson", doubt().as_bytes()).await.unwrap();
    let database = Config::load(&process.config()).unwrap().hub.database;
    let store = Store::open_beside(&database).await.unwrap();
    let asked = async || !store.open_reviews(1).await.unwrap().is_empty();
    tests::process::until("a review", asked).await.unwrap();

    // A list names nobody, so it asks nobody.
    let listed = run(&process, None, &["review", "list"]);
    assert!(listed.status.success(), "{listed:?}");
    let review = store.open_reviews(1).await.unwrap().remove(0);
    assert!(String::from_utf8_lossy(&listed.stdout).starts_with(&review.id.to_string()));
    assert_eq!(trail(&store).await, [""; 0]);

    // The persons' birth date is shown to who may see it, and to nobody else.
    let (id, person) = (review.id.to_string(), review.person.to_string());
    let born = visa_lines(1)[0]["person"]["birth_date"].as_str().unwrap().to_owned();
    let show = ["review", "show", &id];
    let values = ["explain", &person, "--values", "--why", "request"];
    let sees = |who, words: &[&str]| {
        let output = run(&process, who, words);
        let shown = String::from_utf8_lossy(&output.stdout).contains(&born);
        assert_eq!(output.status.success(), shown, "{words:?}: {output:?}");
        shown
    };
    assert!(sees(Some("lucas"), &show));
    assert!(!sees(Some("noor"), &show));
    let told = run(&process, Some("lucas"), &show);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for expect in ["if it is ", "handovers would move", "streams would end", "offers and files would leave"] {
        assert!(told.contains(expect), "what the answer would touch is told before it: {told}");
    }
    assert!(sees(Some("elif"), &values));
    assert!(!sees(Some("tom"), &values));
    // Nobody, and somebody who is not known, are told to say who they are; there is nobody to record.
    for who in [None, Some("nobody")] {
        assert!(!sees(who, &show));
        assert!(!sees(who, &values));
    }
    let unsaid = run(&process, Some("elif"), &values[..3]);
    assert_eq!(unsaid.status.code(), Some(2), "personal values are not shown without a reason");
    let expect = [
        "lucas (review) show-review task allowed",
        "noor (operations) show-review task refused",
        "lucas (review) show-review task allowed",
        "elif (dpo) show-values request allowed",
        "tom (rules) show-values request refused",
    ];
    assert_eq!(trail(&store).await, expect);
    let about: Vec<_> = tests::saying::trail(&store).await.into_iter().map(|row| row.about).collect();
    assert_eq!(about, [id.as_str(), &id, &id, &person, &person]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_what_is_done_by_hand_beside_a_hub_is_recorded() {
    by_hand(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_what_is_done_by_hand_beside_a_hub_is_recorded() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    by_hand(Some(&server)).await;
}

#[tokio::test]
async fn each_role_may_what_its_table_says_and_a_refusal_is_recorded() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    let rights = Rights::new(&store, &vault(), Clock::system());
    let people = tests::config().people;
    let (mut tried, mut refused) = (0, 0);
    for (name, _) in demo::PEOPLE {
        let actor = Actor::of(&people, &dev_token(name)).unwrap();
        for action in Action::ALL {
            let done = rights.allow(&actor, action, ReviewId::from_bytes([7; 16]), Occasion::Task).await;
            let may = action.roles().iter().any(|role| actor.roles().contains(role));
            assert_eq!(done.is_ok(), may, "{name} {action:?}");
            refused += usize::from(matches!(done, Err(RightsError::NotAllowed { .. })));
            tried += 1;
        }
    }
    let rows = tests::saying::trail(&store).await;
    assert_eq!((rows.len(), rows.iter().filter(|row| !row.allowed).count()), (tried, refused));
    assert!(rows.iter().all(|row| row.about == "07".repeat(16)));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let rights = Rights::new(&store, &vault(), Clock::system());
    let actor = Actor::of(&tests::config().people, &dev_token("noor")).unwrap();
    let done = rights.allow(&actor, Action::Redeliver, StreamId::from_bytes([7; 16]), Occasion::Task).await;
    assert!(matches!(done, Err(RightsError::Unrecorded(_))), "{done:?}");
}

/// What a split would touch is told; two people order it; nobody orders alone, and nobody who may not.
async fn taken_apart(database: Option<&str>) {
    let process = Process::over(tempfile::tempdir().unwrap(), database).unwrap();
    assert!(process.command(&["migrate"]).unwrap().status().unwrap().success());
    let config = || Config::load(&process.config()).unwrap();
    config().hub.load_keys().unwrap();
    let hub = Hub::open(config(), Start::Running { baseline: None }).await.unwrap();
    let sent = send(&hub, &visa_lines(1)).await;
    let person = owner(&hub, sent[0]).await;
    drop(hub);
    let (whole, record) = (person.to_string(), sent[0].to_string());
    let report = |records: &str| run(&process, None, &["split", "report", &whole, "--records", records]);
    let told = report(&record);
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success() && text.contains("two people must say the same"), "{told:?}");
    assert!(text.contains("to agii-abroad: recalled, after "), "{text}");
    let not_a_part = report(&whole);
    assert_eq!(not_a_part.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&not_a_part.stdout).contains("it cannot be done: not-a-part"));
    let order = ["split", "order", &whole, "--records", &record, "--reason", "two sisters"];
    let store = Store::open_beside(&config().hub.database).await.unwrap();
    for (who, code, says) in [
        ("noor", 1, ""),
        ("lucas", 0, "it waits for a second person"),
        ("lucas", 0, "it waits for a second person"),
        ("nora", 0, "decided"),
        ("nora", 1, "refused"),
    ] {
        let done = run(&process, Some(who), &order);
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        assert_eq!((done.status.code(), text.contains(says)), (Some(code), true), "{who}: {done:?}");
        let parted = store.survivor(person).await.unwrap() != person;
        assert_eq!(parted, who == "nora", "{who}");
    }
    let rows = store.persons(None, 10).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.redirect.is_none()).count(), 2);
    let verified = run(&process, None, &["replay", "--verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_person_is_taken_apart_by_two_people() {
    taken_apart(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_person_is_taken_apart_by_two_people() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let name = format!("hub_desk_{}", std::process::id());
    taken_apart(Some(&tests::process::database(&server, &name).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, missing) = (folder.path().join("credential"), folder.path().join("none"));
    std::fs::write(&file, format!("{}\n", dev_token("lucas"))).unwrap();
    let process = Process::over(tempfile::tempdir().unwrap(), None).unwrap();
    assert!(process.command(&["migrate"]).unwrap().status().unwrap().success());
    Config::load(&process.config()).unwrap().hub.load_keys().unwrap();
    // Who is who, is known once a hub has run.
    let unknown = run(&process, Some("lucas"), &["review", "show", &"07".repeat(16)]);
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("no hub has run on this database yet"));
    drop(
        Hub::open(Config::load(&process.config()).unwrap(), Start::Running { baseline: None }).await.unwrap(),
    );
    let show = |file: &Path| {
        let words = ["review", "show", "07070707070707070707070707070707", "--credential"];
        let output = run(&process, None, &[&words[..], &[file.to_str().unwrap()]].concat());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(show(&file).contains("no such open review"), "{}", show(&file));
    assert!(show(&missing).contains("cannot be read"), "{}", show(&missing));
}

#[test]
fn the_people_of_the_demonstration_are_those_of_the_config() {
    let Config { people, .. } = tests::config();
    let told: Vec<_> =
        people.iter().map(|one| (one.name.as_str(), Vec::from_iter(one.roles.iter().copied()))).collect();
    let played: Vec<_> = demo::PEOPLE.iter().map(|(name, roles)| (*name, roles.to_vec())).collect();
    assert_eq!(told, played);
    assert!(people.iter().all(|one| people.by_credential(&dev_token(one.name.as_str())).is_some()));
}
