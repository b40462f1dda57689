//! An outbox in memory with invented rows: what the relay and the auditor are driven with.
//!
//! It keeps the store's promises (positions and sequences without a gap, a ledger, a lease) and can
//! be made to break them. Refuses real persons: every value is made up from a number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use decide::bundle::{Competence, Contract};
use decide::change::Delivery;
use hub::clock::Clock;
use hub::config::KafkaConfig;
use hub::contract::Schemas;
use hub::deliver::halt::{HaltCode, Part};
use hub::deliver::log::Outbox;
use hub::deliver::{Deliver, Health};
use hub::store::StoreError;
use hub::store::rows::{Counters, GateRow, Lease, LedgerEnd, OutboxRow, Outgoing, TopicEnd};
use hub::vault::{PersonKey, Place, Vault};
use schemas::envelope::Hash;
use schemas::ids::{DeliveryId, HandoverId, PersonId, Pseudonym, Seed, StreamId};
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde_json::json;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

/// The outbox. Clones share the rows.
#[derive(Clone, Debug)]
pub struct Rows {
    inner: Arc<Mutex<Inner>>,
    /// Who asks where the ledger ends is told once this can be read.
    ends: Arc<RwLock<()>>,
    /// What the rows are sealed with.
    pub vault: Vault,
    /// The schemas the rows are encoded with.
    pub schemas: Arc<Schemas>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: Vec<Outgoing>,
    ends: BTreeMap<Recipient, TopicEnd>,
    closed: BTreeMap<Recipient, u64>,
    read_back: BTreeMap<Recipient, u64>,
    halts: BTreeMap<(Recipient, Part), (HaltCode, String)>,
    ever_halted: Vec<HaltCode>,
    resumed: BTreeMap<(Recipient, Part), usize>,
    expired: BTreeMap<Recipient, Vec<u64>>,
    asked: usize,
    reads: usize,
    restarts: BTreeMap<Recipient, u64>,
    owner: Option<String>,
    fence: i64,
}

impl Rows {
    /// An empty outbox for these recipients.
    ///
    /// # Errors
    /// Where a name is not one or the contracts cannot be read.
    pub fn new(recipients: &[&str]) -> anyhow::Result<Self> {
        let mut contracts = Vec::new();
        let mut ids = BTreeMap::new();
        for (id, name) in (1..).zip(recipients) {
            let recipient = Recipient::parse(name)?;
            ids.insert(recipient.clone(), id);
            contracts.push(Contract {
                recipient,
                competence: Competence::BeforeArrival,
                offer: vec!["family_names".to_owned(), "birth_date".to_owned()],
                file: vec!["family_names".to_owned(), "nationalities".to_owned(), "insz".to_owned()],
                bases: Vec::new(),
            });
        }
        let schemas = Arc::new(Schemas::new(&ids, &contracts)?);
        Ok(Self {
            inner: Arc::default(),
            ends: Arc::default(),
            vault: Vault::new([1; 32], &[], [2; 32])?,
            schemas,
        })
    }

    /// Adds rows, for each recipient in turn; `history` tells one past from another. Every seventh
    /// may not leave any more, every thirteenth lost its person's key, every fifth is an end.
    ///
    /// # Errors
    /// Where a row cannot be encoded or sealed.
    pub fn add(&self, more: u32, history: u8) -> anyhow::Result<()> {
        let recipients: Vec<Recipient> = self.schemas.iter().map(|(name, _)| name.clone()).collect();
        let mut inner = self.inner();
        for _ in 0..more {
            let n = u32::try_from(inner.rows.len())? + 1;
            let recipient = recipients[usize::try_from(n)? % recipients.len()].clone();
            let end = inner.ends.get(&recipient).copied().unwrap_or_default();
            let (row, chain) = self.row(n, history, recipient.clone(), end)?;
            inner.rows.push(row);
            inner.ends.insert(recipient, TopicEnd { sequence: end.sequence + 1, chain });
        }
        Ok(())
    }

    fn row(
        &self,
        n: u32,
        history: u8,
        recipient: Recipient,
        end: TopicEnd,
    ) -> anyhow::Result<(Outgoing, [u8; 32])> {
        let seed = Seed([history; 32]);
        let view = match n % 5 {
            0 => json!({"Ended": {"reason": "moved", "successor": null}}),
            1 => json!({"Offer": {"family_names": {"texts": [format!("Testë {n}")]}}}),
            _ => {
                json!({"File": {"insz": {"text": format!("{n:011}")}, "nationalities": {"texts": ["MAR", "XXA"]}}})
            }
        };
        let delivery = Delivery {
            id: DeliveryId::derive(&seed, n),
            person: PersonId::derive(&seed, n),
            recipient: recipient.clone(),
            pseudonym: Pseudonym::derive(&seed, n),
            stream: StreamId::derive(&seed, n),
            handover: Some(HandoverId::derive(&seed, n)),
            epoch: 1,
            issue: n,
            at: schemas::time::from_micros(1_700_000_000_000_000).context("a time")?,
            salt: seed.derive("salt", n),
            view: serde_json::from_value(view)?,
        };
        let sequence = end.sequence + 1;
        let encoded = self.schemas.encode(&delivery, sequence, &end.chain)?;
        let PersonKey { key, wrapped } = self.vault.new_person(delivery.person)?;
        let mut row = OutboxRow {
            position: u64::from(n),
            recipient,
            sequence,
            person: delivery.person,
            pseudonym: delivery.pseudonym,
            delivery: delivery.id,
            envelope: serde_json::to_string(&encoded.envelope)?,
            payload_hash: encoded.envelope.payload_hash,
            always: n.is_multiple_of(5),
            schema_id: encoded.schema_id,
            body: Vec::new(),
        };
        row.body = self.vault.seal(&key, Place::body(&row), &encoded.body)?;
        let key = (!n.is_multiple_of(13)).then_some(wrapped);
        Ok((Outgoing { row, key, open: !n.is_multiple_of(7), closed_at: None }, encoded.envelope.chain))
    }

    /// All rows, in order.
    #[must_use]
    pub fn all(&self) -> Vec<Outgoing> {
        self.inner().rows.clone()
    }

    /// Takes one row out of the middle, which a store never does.
    pub fn lose(&self, position: u64) {
        self.inner().rows.retain(|outgoing| outgoing.row.position != position);
    }

    /// Says that everything up to there was read back, or less.
    pub fn close(&self, of: &Recipient, up_to: u64) {
        let mut inner = self.inner();
        inner.closed.insert(of.clone(), up_to);
        inner.read_back.insert(of.clone(), up_to);
    }

    /// Says that a feed proved everything up to there.
    pub fn close_by_feed(&self, of: &Recipient, up_to: u64) {
        self.inner().closed.insert(of.clone(), up_to);
    }

    /// Whoever asks from now on where the ledger ends is told what is so then, but only once this is dropped.
    pub async fn hold_ends(&self) -> OwnedRwLockWriteGuard<()> {
        let held = Arc::clone(&self.ends).write_owned().await;
        self.inner().asked = 0;
        held
    }

    /// How many have asked since.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.inner().asked
    }

    /// Orders that a topic goes on after a number, as the store does.
    pub fn order(&self, of: &Recipient, base: u64) {
        let mut inner = self.inner();
        inner.restarts.insert(of.clone(), base);
        inner.closed.insert(of.clone(), base);
        let read = inner.read_back.entry(of.clone()).or_default();
        *read = base.min(*read);
    }

    /// How often rows were read.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.inner().reads
    }

    /// How often a part said that a topic goes on.
    #[must_use]
    pub fn resumed(&self, of: &Recipient, part: Part) -> usize {
        self.inner().resumed.get(&(of.clone(), part)).copied().unwrap_or(0)
    }

    /// The rows that left their topic before they were read back.
    #[must_use]
    pub fn expired(&self, of: &Recipient) -> Vec<u64> {
        self.inner().expired.get(of).cloned().unwrap_or_default()
    }

    /// What ever stopped a topic, in the order it was told.
    #[must_use]
    pub fn ever_halted(&self) -> Vec<HaltCode> {
        self.inner().ever_halted.clone()
    }

    /// How far a recipient's rows were read back.
    #[must_use]
    pub fn closed(&self, of: &Recipient) -> u64 {
        self.inner().closed.get(of).copied().unwrap_or(0)
    }

    /// How many rows a recipient has.
    #[must_use]
    pub fn last(&self, of: &Recipient) -> u64 {
        self.inner().ends.get(of).map_or(0, |end| end.sequence)
    }

    /// What stops a recipient's topic, as the relay stored it.
    #[must_use]
    pub fn halted(&self, of: &Recipient) -> Option<(HaltCode, String)> {
        self.inner().halts.get(&(of.clone(), Part::Relay)).cloned()
    }

    /// What the auditor found wrong with a recipient's topic.
    #[must_use]
    pub fn broken(&self, of: &Recipient) -> Option<String> {
        self.inner().halts.get(&(of.clone(), Part::Auditor)).map(|(_, detail)| detail.clone())
    }

    /// Changes one row behind the hub's back, as a defect does.
    pub fn spoil(&self, of: &Recipient, sequence: u64, change: impl FnOnce(&mut Outgoing)) {
        let mut inner = self.inner();
        let row =
            |outgoing: &&mut Outgoing| outgoing.row.recipient == *of && outgoing.row.sequence == sequence;
        if let Some(row) = inner.rows.iter_mut().find(row) {
            change(row);
        }
    }

    /// Whether every row was read back.
    #[must_use]
    pub fn all_closed(&self) -> bool {
        let inner = self.inner();
        inner.ends.iter().all(|(name, end)| inner.closed.get(name) == Some(&end.sequence))
    }

    /// What deliver works with, over this outbox.
    #[must_use]
    pub fn parts(&self, kafka: KafkaConfig, owner: &str) -> Deliver<Self> {
        Deliver {
            outbox: self.clone(),
            vault: self.vault.clone(),
            schemas: Arc::clone(&self.schemas),
            kafka,
            clock: Clock::system(),
            owner: owner.to_owned(),
            wake: Arc::default(),
            health: Arc::new(Health::default()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox for Rows {
    async fn lease(&self, owner: &str, seconds: u32) -> Result<Option<Lease>, StoreError> {
        let mut inner = self.inner();
        // Whoever comes with a new name gets it, as after an expiry; who lost it is told at the next renewal.
        if inner.owner.as_deref() != Some(owner) {
            if inner.owner.is_some() && inner.rows.is_empty() {
                return Ok(None);
            }
            inner.owner = Some(owner.to_owned());
            inner.fence += 1;
        }
        if seconds == 0 {
            inner.owner = None;
        }
        Ok(Some(Lease { name: "relay", fence: inner.fence, counters: Counters::default() }))
    }

    async fn renew(&self, lease: &Lease, _seconds: u32) -> Result<bool, StoreError> {
        Ok(self.inner().fence == lease.fence)
    }

    async fn rows(&self, to: &Recipient, after: u64, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        let mut inner = self.inner();
        inner.reads += 1;
        let own = inner.rows.iter().filter(|outgoing| outgoing.row.recipient == *to);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(own.filter(|outgoing| outgoing.row.sequence > after).take(limit).cloned().collect())
    }

    async fn gates(&self, to: &Recipient, from: u64, until: u64) -> Result<Vec<GateRow>, StoreError> {
        let inner = self.inner();
        let own = inner.rows.iter().filter(|outgoing| outgoing.row.recipient == *to);
        let between = own.filter(|outgoing| (from..=until).contains(&outgoing.row.sequence));
        let gate = |Outgoing { row, key, open, .. }: &Outgoing| GateRow {
            sequence: row.sequence,
            key: key.clone(),
            open: *open,
        };
        Ok(between.map(gate).collect())
    }

    async fn ledger_ends(&self) -> Result<Vec<(Recipient, u64, u64)>, StoreError> {
        let inner = self.inner();
        let closed = |name: &Recipient| inner.closed.get(name).copied().unwrap_or(0);
        Ok(inner.ends.iter().map(|(name, end)| (name.clone(), end.sequence, closed(name))).collect())
    }

    async fn ledger_end(&self, to: &Recipient) -> Result<LedgerEnd, StoreError> {
        let end = {
            let mut inner = self.inner();
            inner.asked += 1;
            let of = |ends: &BTreeMap<Recipient, u64>| ends.get(to).copied().unwrap_or(0);
            let last = inner.ends.get(to).map_or(0, |end| end.sequence);
            LedgerEnd { last, closed: of(&inner.closed), read_back: of(&inner.read_back) }
        };
        drop(self.ends.read().await);
        Ok(end)
    }

    async fn promised(&self, to: &Recipient, from: u64, until: u64) -> Result<Vec<(u64, Hash)>, StoreError> {
        let inner = self.inner();
        let own = inner.rows.iter().map(|outgoing| &outgoing.row).filter(|row| row.recipient == *to);
        let between = own.filter(|row| (from..=until).contains(&row.sequence));
        Ok(between.map(|row| (row.sequence, row.payload_hash)).collect())
    }

    async fn prove(&self, to: &Recipient, rows: &[(u64, Hash)], _at: Instant) -> Result<u64, StoreError> {
        let mut inner = self.inner();
        let Some((up_to, _)) = rows.last() else { return Ok(0) };
        let closed = inner.closed.entry(to.clone()).or_default();
        *closed = *up_to.max(closed);
        let read = inner.read_back.entry(to.clone()).or_default();
        let before = std::mem::replace(read, *up_to.max(read));
        Ok(up_to.saturating_sub(before))
    }

    async fn expire(&self, to: &Recipient, before: u64, _at: Instant) -> Result<u64, StoreError> {
        let mut inner = self.inner();
        let closed = inner.closed.get(to).copied().unwrap_or(0);
        let gone: Vec<u64> = (closed + 1..before).collect();
        let count = gone.len() as u64;
        inner.expired.entry(to.clone()).or_default().extend(gone);
        inner.closed.insert(to.clone(), closed.max(before - 1));
        Ok(count)
    }

    async fn restart(&self, to: &Recipient) -> Result<Option<u64>, StoreError> {
        Ok(self.inner().restarts.get(to).copied())
    }

    async fn restarted(&self, to: &Recipient, base: u64) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if inner.restarts.get(to) == Some(&base) {
            inner.restarts.remove(to);
        }
        Ok(())
    }

    async fn halt(
        &self,
        to: &Recipient,
        part: Part,
        code: HaltCode,
        detail: &str,
        _at: Instant,
    ) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.halts.insert((to.clone(), part), (code, detail.to_owned()));
        inner.ever_halted.push(code);
        Ok(())
    }

    async fn forget_halts(&self, but: &[Recipient]) -> Result<(), StoreError> {
        self.inner().halts.retain(|(to, _), _| but.contains(to));
        Ok(())
    }

    async fn resume(&self, to: &Recipient, part: Part) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.halts.remove(&(to.clone(), part));
        *inner.resumed.entry((to.clone(), part)).or_default() += 1;
        Ok(())
    }
}
