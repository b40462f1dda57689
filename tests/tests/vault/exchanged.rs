//! Exchanged values, read and decided on: each reader says which column, and only messages that need the value are put
//! aside. Exchanged back, everything goes on.

use hub::history::{self, HistoryError};
use hub::store::rows::JournalRow;
use hub::vault::Shut;
use schemas::ids::PersonId;
use tests::ACCESS;
use tests::intruder::{Cell, Intruder, on_each};
use tests::people::visa_status;
use tests::saying::{decide, put};

use super::{Three, only_the_third};

/// Why a person does not open; none where they do.
async fn shut(three: &Three, person: PersonId) -> Option<Shut> {
    let rows = three.hub.store.persons(None, 10).await.unwrap();
    let row = rows.iter().find(|row| row.id == person).unwrap();
    three.hub.vault.person(row, ACCESS).err()
}

/// Why a person's history does not open; none where it does.
async fn history_shut(three: &Three, person: PersonId) -> Option<Shut> {
    match history::own(&three.hub.store, &three.hub.vault, person, ACCESS).await {
        Ok(_) => None,
        Err(HistoryError::Shut(shut)) => Some(shut),
        Err(other) => panic!("{other}"),
    }
}

/// Two values of persons are exchanged: neither opens, what is said about them waits for a human, the third goes on.
async fn persons(name: &str, column: &'static str, cells: impl Fn(&Intruder, &Three) -> [Cell<'static>; 2]) {
    on_each(name, async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let before = three.outbox().await;
        let [one, other] = cells(&intruder, &three);
        intruder.exchange(&one, &other).await;
        let found = [shut(&three, three.persons[0]).await, shut(&three, three.persons[1]).await];
        assert_eq!(found, [Some(Shut::Damaged(column)); 2]);
        assert_eq!(shut(&three, three.persons[2]).await, None);

        assert_eq!(three.next(1).await, only_the_third("person-unreadable"));
        let told = three.outbox().await.split_off(before.len());
        assert!(told.iter().all(|row| row.person == three.persons[2]), "{told:?}");

        intruder.exchange(&one, &other).await;
        assert_eq!(three.next(2).await, [None, None, None]);
        three.whole().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_of_two_persons() {
    persons("states", "person.state", |intruder, three| {
        [0, 1].map(|n| intruder.of("person", "state", "id", &three.persons[n].bytes()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_linking_compares_of_two_persons() {
    persons("matchings", "person.matching", |intruder, three| {
        [0, 1].map(|n| intruder.of("person", "matching", "id", &three.persons[n].bytes()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_two_persons() {
    persons("personkeys", "key.wrapped", |intruder, three| {
        [0, 1].map(|n| intruder.of("key", "wrapped", "id", &three.persons[n].bytes()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_and_what_linking_compares_of_one_person() {
    on_each("columns", async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let person = three.persons[0].bytes();
        let cells = ["state", "matching"].map(|column| intruder.of("person", column, "id", &person));
        intruder.exchange(&cells[0], &cells[1]).await;
        assert_eq!(shut(&three, three.persons[0]).await, Some(Shut::Damaged("person.matching")));
        assert_eq!(three.next(1).await, [Some("person-unreadable".to_owned()), None, None]);
        intruder.exchange(&cells[0], &cells[1]).await;
        assert_eq!(three.next(2).await, [None, None, None]);
        three.whole().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_of_an_older_version() {
    on_each("versions", async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let person = three.persons[0].bytes();
        let cells = ["state", "matching"].map(|column| intruder.of("person", column, "id", &person));
        let (state, matching) = (intruder.read(&cells[0]).await, intruder.read(&cells[1]).await);
        assert_eq!(three.next(1).await, [None, None, None]);
        let newer = intruder.read(&cells[0]).await;
        intruder.write(&cells[0], &state).await;
        assert_eq!(shut(&three, three.persons[0]).await, Some(Shut::Damaged("person.state")));
        intruder.write(&cells[0], &newer).await;
        intruder.write(&cells[1], &matching).await;
        assert_eq!(shut(&three, three.persons[0]).await, Some(Shut::Damaged("person.matching")));
    })
    .await;
}

/// Events of two entries of journals are exchanged: who is told from them is told nothing, deciding needs them not.
async fn journals(name: &str, whose: [usize; 2], entries: [usize; 2]) {
    on_each(name, async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let mut cells = vec![];
        for (whose, entry) in whose.into_iter().zip(entries) {
            let JournalRow { person, version, .. } = three.journal(whose).await[entry].clone();
            let person = intruder.bytes(&person.bytes());
            cells.push(("journal", "events", format!("person = {person} and version = {version}")));
        }
        let (one, other) = (&cells[0], &cells[1]);
        intruder.exchange(one, other).await;
        for (n, person) in three.persons.into_iter().enumerate() {
            let expect = whose.contains(&n).then_some(Shut::Damaged("journal.events"));
            assert_eq!(history_shut(&three, person).await, expect, "{n}");
        }
        let mut expect: Vec<String> = whose
            .iter()
            .map(|n| {
                let why = "a journal does not open: a value of journal.events does not open where it stands";
                format!("journal of person {}: {why}", three.persons[*n])
            })
            .collect();
        expect.sort();
        expect.dedup();
        assert_eq!(three.differences().await, expect);
        assert_eq!(three.next(1).await, [None, None, None]);
        intruder.exchange(one, other).await;
        three.whole().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journals_of_two_persons() {
    journals("journals", [0, 1], [2, 2]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_entries_of_one_journal() {
    journals("entries", [1, 1], [1, 3]).await;
}

/// A value of two messages that wait for their decision is exchanged.
async fn waiting(name: &str, table: &'static str, column: &'static str, key: &'static str) {
    on_each(name, async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let before = three.outbox().await;
        let sent = put(&three.hub, "visa", &[0, 1, 2].map(|n| visa_status(n, 1))).await;
        let cells = [0, 1].map(|n: usize| intruder.of(table, column, key, &sent[n].bytes()));
        intruder.exchange(&cells[0], &cells[1]).await;
        decide(&three.hub).await;
        let mut codes = vec![];
        for message in sent {
            codes.push(three.aside(message).await);
        }
        assert_eq!(codes, only_the_third("message-unreadable"));
        let told = three.outbox().await.split_off(before.len());
        assert!(told.iter().all(|row| row.person == three.persons[2]), "{told:?}");
        assert_eq!(three.next(2).await, [None, None, None], "who was spoken of is as they were");
        three.whole().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_of_two_messages_that_wait() {
    waiting("contents", "inbox", "content", "id").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_two_messages_that_wait() {
    waiting("pendingkeys", "pending", "key", "message").await;
}

/// A value of two decided messages is exchanged: their persons' histories are shut, decisions go on.
async fn decided(name: &str, column: &'static str, cells: impl Fn(&Intruder, &Three) -> [Cell<'static>; 2]) {
    on_each(name, async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let [one, other] = cells(&intruder, &three);
        intruder.exchange(&one, &other).await;
        for (n, expect) in
            [Some(Shut::Damaged(column)), Some(Shut::Damaged(column)), None].into_iter().enumerate()
        {
            assert_eq!(history_shut(&three, three.persons[n]).await, expect, "{n}");
        }
        assert_eq!(three.next(1).await, [None, None, None]);
        let found = three.differences().await;
        for message in &three.applications[..2] {
            let expect = format!("message {message}: a value of {column} does not open where it stands");
            assert!(found.contains(&expect), "{found:?}");
        }
        let others = found.iter().filter(|found| found.contains(&three.persons[2].to_string()));
        assert_eq!(others.count(), 0, "{found:?}");
        intruder.exchange(&one, &other).await;
        three.whole().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_of_two_decided_messages() {
    decided("oldcontents", "inbox.content", |intruder, three| {
        [0, 1].map(|n| intruder.of("inbox", "content", "id", &three.applications[n].bytes()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_two_decided_messages() {
    decided("messagekeys", "message_key.key", |intruder, three| {
        [0, 1].map(|n| intruder.of("message_key", "key", "message", &three.applications[n].bytes()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_of_two_messages_with_their_keys() {
    on_each("owners", async |hub, mut intruder| {
        let three = Three::on(hub).await;
        for column in ["owner", "key"] {
            let cells = [0, 1].map(|n: usize| {
                intruder.of("message_key", column, "message", &three.applications[n].bytes())
            });
            intruder.exchange(&cells[0], &cells[1]).await;
        }
        for person in &three.persons[..2] {
            assert_eq!(history_shut(&three, *person).await, Some(Shut::Damaged("message_key.key")));
        }
        assert_eq!(three.next(1).await, [None, None, None]);
    })
    .await;
}

/// The index stands in clear: where it leads a number to somebody else, what is said under that number waits for a human.
async fn index(name: &str, change: impl Fn(&Intruder, &Three) -> [String; 2]) {
    on_each(name, async |hub, mut intruder| {
        let three = Three::on(hub).await;
        let before = three.outbox().await;
        let [mislead, back] = change(&intruder, &three);
        intruder.run(mislead).await;
        let codes = three.next(1).await;
        assert_eq!(codes[0].as_deref(), Some("person-unreadable"), "{codes:?}");
        assert_eq!(codes[2], None);
        let told = three.outbox().await.split_off(before.len());
        assert!(told.iter().all(|row| row.person != three.persons[0]), "{told:?}");
        intruder.run(back).await;
        assert_eq!(three.next(2).await, [None, None, None]);
        three.whole().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_two_persons_in_the_index() {
    index("records", |intruder, three| {
        let [one, other] = [0, 1].map(|n| intruder.bytes(&three.persons[n].bytes()));
        let exchange = format!(
            "update record set person = case when person = {one} then {other} else {one} end \
             where person in ({one}, {other})"
        );
        [exchange.clone(), exchange]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_is_said_to_be_another() {
    index("redirects", |intruder, three| {
        let [one, other] = [0, 1].map(|n| intruder.bytes(&three.persons[n].bytes()));
        [
            format!("update person set redirect = {other} where id = {one}"),
            format!("update person set redirect = null where id = {one}"),
        ]
    })
    .await;
}
