//! What the store suite starts from: a fresh database on each engine, and rows of every kind.
//!
//! Rows are told apart by a small number; their sealed values are plain bytes, for the store looks into none.

use std::sync::atomic::{AtomicU32, Ordering};

use decide::Refusal;
use decide::person::{Capacity, TaskKind};
use decide::world::{Ask, SentRecord};
use hub::store::Store;
use hub::store::rows::{
    Batch, Counters, DecidedRow, Detail, FoundRow, HandoverRow, InboxRow, JournalRow, Lease, LeavingRow,
    LineRow, OutboxRow, Outcome, PersonRow, RecordRow, RefusalRow, ReviewRow, SchemaRow, StoredKeys,
    StreamRow, TaskRow, TopicEnd, WaitsOn,
};
use schemas::handover::{Owner, State};
use schemas::ids::{DeliveryId, HandoverId, MessageId, PersonId, Pseudonym, ReviewId, StreamId, TaskId};
use schemas::key::Mac;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, from_micros, parse_day};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tests::servers::Server;

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Runs a check on a fresh, empty database of each engine, on PostgreSQL also through a pooler.
pub(crate) async fn on_each_empty(check: impl AsyncFn(Store)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    check(Store::open(&format!("sqlite:{}", file.display())).await.unwrap()).await;
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    let (_pooler, pooled) = Server::pooler(&server, "transaction");
    for through in [&server, &pooled] {
        let name = format!("store_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&server).await.unwrap();
        // A run that failed under the same process id may have left one.
        for sql in [format!("drop database if exists {name}"), format!("create database {name}")] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
        }
        let (base, _) = through.rsplit_once('/').unwrap();
        check(Store::open(&format!("{base}/{name}")).await.unwrap()).await;
        let drop = format!("drop database {name} with (force)");
        sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
    }
}

/// Runs a check on a fresh store of each engine.
pub(crate) async fn on_each(check: impl AsyncFn(Store)) {
    on_each_empty(async |store| {
        store.migrate().await.unwrap();
        check(store).await;
    })
    .await;
}

/// 16 bytes that tell one number from another, in the order of the numbers.
pub(crate) fn bytes(n: u32) -> [u8; 16] {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    bytes
}

/// A hash that tells one number from another.
pub(crate) fn hash(n: u32) -> [u8; 32] {
    let mut hash = [9; 32];
    hash[..4].copy_from_slice(&n.to_le_bytes());
    hash
}

pub(crate) fn message(n: u32) -> MessageId {
    MessageId::from_bytes(bytes(n))
}

pub(crate) fn person(n: u32) -> PersonId {
    PersonId::from_bytes(bytes(n))
}

pub(crate) fn at(n: u32) -> Instant {
    from_micros(1_764_000_000_123_456 + i64::from(n)).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

pub(crate) fn recipient(name: &str) -> Recipient {
    Recipient::parse(name).unwrap()
}

pub(crate) fn inbox(n: u32) -> InboxRow {
    InboxRow {
        id: message(n),
        dedupe: Mac(hash(n)),
        body: Mac(hash(n + 1_000_000)),
        source: "visa".to_owned(),
        sender: "post-tst".to_owned(),
        content: format!("content {n}").into_bytes(),
        key: format!("key {n}").into_bytes(),
        received_at: at(n),
        read_from: None,
    }
}

pub(crate) fn refusal(n: u32) -> RefusalRow {
    RefusalRow {
        id: message(n),
        source: "visa".to_owned(),
        sender: "post-tst".to_owned(),
        content: n.is_multiple_of(2).then(|| vec![1, 2, 3]),
        findings: b"findings".to_vec(),
        key: vec![4],
        received_at: at(n),
        dedupe: None,
        read_from: None,
    }
}

pub(crate) fn decided(n: u32, outcome: Outcome) -> DecidedRow {
    let linked = outcome == Outcome::Decided;
    DecidedRow {
        id: message(n),
        order: n.into(),
        known_at: at(n + 100),
        outcome,
        detail: (outcome == Outcome::Refused).then_some(Detail::Refused(Refusal::UnknownReview)),
        key: format!("key anew {n}").into_bytes(),
        owner: linked.then(|| person(n)),
    }
}

pub(crate) fn person_row(n: u32, version: u64) -> PersonRow {
    PersonRow {
        id: person(n),
        version,
        redirect: None,
        restricted: false,
        waits_since: None,
        matching: format!("matching {n} {version}").into_bytes(),
        state: format!("state {n} {version}").into_bytes(),
        key: Some(format!("person key {n}").into_bytes()),
        new: version == 1,
    }
}

pub(crate) fn journal(n: u32, version: u64) -> JournalRow {
    JournalRow {
        person: person(n),
        version,
        message: message(n),
        order: n.into(),
        known_at: at(n + 100),
        bundle: 1,
        events: format!("events {n} {version}").into_bytes(),
    }
}

pub(crate) fn record(n: u32, owner: Option<u32>, keys: &[u32]) -> RecordRow {
    RecordRow {
        id: message(n),
        person: owner.map(person),
        keys: StoredKeys {
            hashes: keys.iter().map(|n| Mac(hash(*n))).collect(),
            cell: keys.iter().flat_map(|n| hash(*n)).collect(),
        },
    }
}

pub(crate) fn line(n: u32, to: &str, capacity: Option<Capacity>, on: &str, order: u64) -> LineRow {
    LineRow {
        stream: stream(n, to),
        person: person(n),
        recipient: recipient(to),
        capacity,
        on: day(on),
        order,
    }
}

/// The one stream of a person to a recipient.
pub(crate) fn stream(of: u32, to: &str) -> StreamId {
    let name: u32 = to.bytes().map(u32::from).sum();
    StreamId::from_bytes(bytes(of * 10_000 + name))
}

pub(crate) fn outbox(position: u64, to: &str, sequence: u64, of: u32) -> LeavingRow {
    let row = OutboxRow {
        position,
        recipient: recipient(to),
        sequence,
        person: person(of),
        pseudonym: Pseudonym::from_bytes(bytes(of + 500)),
        delivery: DeliveryId::from_bytes(bytes(u32::try_from(position).unwrap() + 900)),
        envelope: format!("{{\"sequence\":{sequence}}}"),
        payload_hash: hash(u32::try_from(position).unwrap()),
        always: position.is_multiple_of(2),
        schema_id: 7,
        body: format!("body {position}").into_bytes(),
    };
    let handover = (!position.is_multiple_of(3)).then(|| HandoverId::from_bytes(bytes(of + 700)));
    LeavingRow { row, stream: stream(of, to), handover, epoch: u32::try_from(sequence).unwrap() }
}

pub(crate) fn task(n: u32) -> TaskRow {
    TaskRow {
        id: TaskId::from_bytes(bytes(n)),
        person: person(n),
        kind: TaskKind::GivePerson,
        content: vec![n as u8],
        order: n.into(),
        due_at: at(n),
        attempts: 0,
    }
}

pub(crate) fn handover(n: u32, state: State) -> HandoverRow {
    HandoverRow {
        id: HandoverId::from_bytes(bytes(n)),
        person: person(n),
        recipient: (state != State::Prepared).then(|| recipient("atlas")),
        state,
        epoch: 1,
        owner: Owner::Agency,
        deadline: Some(day("2026-12-01")),
        since: at(n),
    }
}

/// A batch with a row in every table, about message and person `n`.
pub(crate) fn full(n: u32) -> Batch {
    let mut counters = Counters { order: n.into(), known_at: 5, position: n.into(), ..Counters::default() };
    counters.topics.insert(recipient("atlas"), TopicEnd { sequence: n.into(), chain: hash(n) });
    Batch {
        decided: vec![decided(n, Outcome::Decided)],
        released: Vec::new(),
        persons: vec![person_row(n, 1)],
        journal: vec![journal(n, 1)],
        records: vec![record(n, Some(n), &[n, n + 1])],
        handovers: vec![handover(n, State::Sent)],
        lines: vec![line(n, "atlas", Some(Capacity::Provisional), "2026-11-24", n.into())],
        moved: vec![],
        origins: vec![],
        reviewed: vec![],
        streams: vec![StreamRow {
            id: StreamId::from_bytes(bytes(n)),
            person: person(n),
            recipient: recipient("atlas"),
        }],
        tasks: vec![task(n)],
        reviews: vec![ReviewRow {
            id: ReviewId::from_bytes(bytes(n)),
            person: person(n),
            candidates: vec![person(n + 1), person(n + 2)],
            reason: "names_differ".to_owned(),
            raised_at: at(n),
            looked_at: false,
            proposed: None,
            waits: WaitsOn::default(),
        }],
        answers: vec![],
        due: vec![],
        outbox: vec![outbox(n.into(), "atlas", n.into(), n)],
        schemas: vec![SchemaRow { id: 7, recipient: recipient("atlas"), text: "{}".to_owned() }],
        counters,
    }
}

/// The decider's lease, and the rules it decides by.
pub(crate) async fn decider(store: &Store) -> Lease {
    assert_eq!(store.bundle_number("1", "b1").await.unwrap(), 1);
    store.lease("decider", "one", 60).await.unwrap().unwrap()
}

/// Everything that is asked for, by kind: what a row of it is about, as text.
pub(crate) async fn loaded(store: &Store, asks: &[Ask]) -> Vec<String> {
    let told = |found: FoundRow| match found {
        FoundRow::Key(mac, record, person) => format!("key {:?} {record} {person:?}", &mac.0[..4]),
        FoundRow::Name(mac, record, person) => format!("name {:?} {record} {person:?}", &mac.0[..4]),
        FoundRow::Person(asked, row) => format!("person {asked} {} {:?}", row.id, row.version),
        FoundRow::Match(asked, row) => format!("match {asked} {} {:?}", row.id, row.version),
        FoundRow::Owner(owned, person) => format!("{owned:?} {person}"),
        FoundRow::Waiting(row) => format!("waiting {} {:?}", row.id, String::from_utf8(row.key.key)),
        FoundRow::Own(row) => format!("own {} {:?}", row.id, row.key.owner),
        FoundRow::Keys(person, _, keys) => {
            format!("keys of {person} {:?}", keys.chunks(32).map(|mac| &mac[..4]).collect::<Vec<_>>())
        }
        FoundRow::Lived(row, key) => format!("lived {} {} {}", row.person, row.version, key.is_some()),
        FoundRow::Sent(recipient, sequence, SentRecord { hash, handover, epoch }) => {
            format!("sent {recipient} {sequence} {:?} {handover:?} {epoch}", &hash[..4])
        }
    };
    let mut found: Vec<String> = store.load(asks).await.unwrap().into_iter().map(told).collect();
    found.sort();
    found
}

/// The ids of messages without a decision.
pub(crate) async fn undecided(store: &Store) -> Vec<MessageId> {
    store.pending(2_000).await.unwrap()
}
