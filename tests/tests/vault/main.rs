//! The vault at work: what somebody without a key exchanges in the database does not open, and nothing wrong comes of
//! it; keys are rotated while the hub works.
//!
//! On SQLite and PostgreSQL, after a small story of three persons was decided. `exchanged` for deciding and reading,
//! `leaving` for what leaves, `rotated` for the keys, `reindexed` for the secret of the index. Refuses to test the vault by itself: `hub/src/vault/tests.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod exchanged;
mod leaving;
mod reindexed;
mod rotated;

use hub::app::Hub;
use hub::decider::replay::verify;
use hub::store::rows::{Detail, JournalRow, OutboxRow, Outcome};
use schemas::ids::{MessageId, PersonId};
use serde_json::Value;
use tests::people::{portal_lines, register_answer, visa_lines, visa_status};
use tests::saying::{decide, owner, put, send};

/// Three persons: each has applied, has an account and lives in Ghent.
struct Three {
    hub: Hub,
    persons: [PersonId; 3],
    /// The message by which each came.
    applications: [MessageId; 3],
}

impl Three {
    async fn on(hub: Hub) -> Self {
        let (mut persons, mut applications) = (vec![], vec![]);
        for n in 0..3 {
            let sent = send(&hub, &visa_lines(n)).await;
            put(&hub, "portal", &portal_lines(n)).await;
            let answer = register_answer(n, "44021", "2025-06-01");
            let items = adapters::read(adapters::source("register").unwrap(), answer.as_bytes());
            let items: Vec<Value> = items.into_iter().map(Result::unwrap).collect();
            put(&hub, "register", &items).await;
            decide(&hub).await;
            persons.push(owner(&hub, sent[0]).await);
            applications.push(sent[0]);
        }
        let (persons, applications) = (persons.try_into().unwrap(), applications.try_into().unwrap());
        let three = Self { hub, persons, applications };
        assert_eq!(
            three.outbox().await.len(),
            18,
            "three for AgII abroad (applied, account, path), two for the portal, an offer to Amal"
        );
        three.whole().await;
        three
    }

    /// Every record on its way out, in order.
    async fn outbox(&self) -> Vec<OutboxRow> {
        let rows = self.hub.store.outgoing(0, 1_000).await.unwrap();
        rows.into_iter().map(|outgoing| outgoing.row).collect()
    }

    /// The records for one recipient.
    async fn to(&self, recipient: &str) -> Vec<OutboxRow> {
        self.outbox().await.into_iter().filter(|row| row.recipient.as_str() == recipient).collect()
    }

    /// The journal of one of the three.
    async fn journal(&self, n: usize) -> Vec<JournalRow> {
        let entries = self.hub.store.journal(self.persons[n]).await.unwrap();
        entries.into_iter().map(|entry| entry.row).collect()
    }

    /// Says something new about each of the three, in one batch, and gives the code under which each was put aside.
    async fn next(&self, i: usize) -> [Option<String>; 3] {
        let lines = [0, 1, 2].map(|n| visa_status(n, i));
        let sent = send(&self.hub, &lines).await;
        let mut codes = vec![];
        for message in sent {
            codes.push(self.aside(message).await);
        }
        codes.try_into().unwrap()
    }

    /// The code under which a message was put aside; none where it was decided.
    async fn aside(&self, message: MessageId) -> Option<String> {
        let row = self.hub.store.receipt(message).await.unwrap().unwrap();
        match (row.outcome, row.detail) {
            (Some(Outcome::Decided), _) => None,
            (Some(Outcome::Quarantined), Some(Detail::Aside(aside))) => Some(aside.code().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    /// Deciding again gives what is stored.
    async fn whole(&self) {
        assert_eq!(self.differences().await, Vec::<String>::new());
    }

    async fn differences(&self) -> Vec<String> {
        let Hub { store, vault, config, schemas, .. } = &self.hub;
        let mut found = vec![];
        for batch in [1, 64] {
            let report = verify(store, vault, &config.bundle, schemas, batch).await.unwrap();
            assert_eq!(report.persons, 3, "{report:?}");
            found.push(report.differences);
        }
        assert_eq!(found[0], found[1], "in each size of batch the same");
        found.swap_remove(0)
    }
}

/// Only the third of three was not put aside.
fn only_the_third(code: &str) -> [Option<String>; 3] {
    [Some(code.to_owned()), Some(code.to_owned()), None]
}
