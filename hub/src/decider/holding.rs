//! One holding of the lease: the resident world, and how its three steps overlap.
//!
//! While batch n is loaded and decided here, batch n+1 is opened and batch n-1 is sealed and committed by tasks of
//! their own. Commits happen in the order of decisions; after one that was refused, all that was decided behind it is
//! dropped with the world and decided again from the inbox. Nothing is answered before its commit.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant as Moment;

use decide::World;
use decide::round::{Round, Verdict};
use decide::world::{Aside, Block, Needs};
use schemas::ids::MessageId;
use schemas::message::Message;
use schemas::recipient::Recipient;
use schemas::time::{Instant, KnownAt, from_micros, to_micros};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::commit::{CommitRefused, Outstanding};
use super::compose::{Decided, DecidedMessage};
use super::load::{KeyRing, load};
use super::numbers::Numbers;
use super::queue::{Opened, Queued, Taken, take};
use super::{BATCH, Decider, DeciderError, HEART, RENEW};
use crate::contract::versions::SchemaVersion;
use crate::contract::{Encoded, Subject};
use crate::store::lease::LEASE_SECONDS;
use crate::store::rows::{Counters, Lease, SchemaRow};
use crate::store::{Store, StoreError};

/// What the world may weigh between batches: with it, a process stays below 150 MB beside 100,000 persons.
const BUDGET: usize = 36 << 20;

/// Batches that are decided and not yet committed, at most.
const AHEAD: usize = 2;

/// How often the inbox is looked at for what other processes stored.
const LOOK: std::time::Duration = std::time::Duration::from_millis(100);

/// A lease that is held, with everything that lives as long as it does.
#[derive(Debug)]
pub struct Holding {
    decider: Decider,
    lease: Lease,
    /// The number of the bundle in the store.
    bundle: u64,
    world: World,
    keys: KeyRing,
    /// The ids of schemas that stood in the store when this holding began.
    sent: BTreeSet<u32>,
    /// The counters as decided; those of `lease` are as committed.
    counters: Counters,
    taken: Taken,
    /// What was taken and has no decision yet: the rest of a batch that was cut.
    left: VecDeque<Queued>,
    outstanding: VecDeque<Outstanding>,
    /// The batch that is being opened ahead.
    ahead: Option<Ahead>,
    /// The last batch that is known to be committed.
    committed: u64,
    budget: usize,
    /// Says that the lease is another's.
    lost: CancellationToken,
    /// Renews the lease as long as this holding lives, whatever a turn takes.
    _renewal: AbortOnDropHandle<()>,
}

/// What a turn led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// A batch was decided and is on its way to its commit, or one was refused and is decided again.
    Decided,
    /// There was nothing to decide, and everything decided is committed.
    Idle,
}

impl Holding {
    /// Takes the lease; none where another holds it.
    ///
    /// # Errors
    /// [`DeciderError::Again`].
    pub async fn take(decider: &Decider) -> Result<Option<Self>, DeciderError> {
        // Before the lease: whoever has a clock that is right may have it.
        decider.look_at_clock(true).await?;
        let Some(lease) = decider.store.claim("decider", &decider.instance, LEASE_SECONDS).await? else {
            return Ok(None);
        };
        let bundle = decider.store.bundle_number(HEART, &decider.bundle.hash.0).await?;
        // Another version of this program may have decided since this one was started.
        let sent: Vec<SchemaVersion> =
            decider.store.sent_schemas().await?.into_iter().map(SchemaVersion::from).collect();
        let breaches = decider.schemas.judged(&sent);
        if !breaches.is_empty() {
            breaches.iter().for_each(|breach| tracing::error!(recipient = %breach.recipient, "{breach}"));
            return Err(DeciderError::Stop("a contract changed under the id of what was sent"));
        }
        let lost = CancellationToken::new();
        let renewal = tokio::spawn(renew(decider.store.clone(), lease.clone(), lost.clone()));
        Ok(Some(Self {
            decider: decider.clone(),
            bundle,
            sent: sent.iter().map(|version| version.id).collect(),
            world: World::new(),
            keys: KeyRing::default(),
            counters: lease.counters.clone(),
            lease,
            taken: Taken::default(),
            left: VecDeque::new(),
            outstanding: VecDeque::new(),
            ahead: None,
            committed: 0,
            budget: BUDGET,
            lost,
            _renewal: AbortOnDropHandle::new(renewal),
        }))
    }

    /// The same with another budget for its world: nothing is kept between batches with none.
    #[must_use]
    pub fn with_budget(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// Decides until told to stop or until another takes over. Then everything decided is committed, and the lease is
    /// given back, so that the next one need not wait for it to expire.
    ///
    /// # Errors
    /// [`DeciderError`].
    pub async fn run(mut self, stop: &CancellationToken) -> Result<(), DeciderError> {
        let mut arrivals = self.decider.arrivals.clone();
        while !stop.is_cancelled() {
            if self.lost.is_cancelled() {
                return Err(DeciderError::Fenced);
            }
            arrivals.mark_unchanged();
            if self.turn(BATCH).await? == Turn::Decided {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.lost.cancelled() => {}
                _ = arrivals.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.settle(0).await?;
        self.decider.store.lease("decider", &self.decider.instance, 0).await?;
        Ok(())
    }

    /// Takes up to `limit` messages and decides them; they are committed behind it, and the next ones are opened
    /// meanwhile.
    ///
    /// # Errors
    /// [`DeciderError`].
    pub async fn turn(&mut self, limit: usize) -> Result<Turn, DeciderError> {
        if self.left.is_empty() {
            let ahead = match self.ahead.take() {
                Some(ahead) => ahead,
                None => self.open_ahead(limit),
            };
            let batch = ahead.await.map_err(|error| DeciderError::again("opening messages", error))??;
            // Taken before the last refusal, or twice: the queue is asked again.
            self.left = batch.into_iter().filter(|queued| !self.taken.in_hand.contains(&queued.id)).collect();
            self.taken.in_hand.extend(self.left.iter().map(|queued| queued.id));
        }
        if self.left.is_empty() {
            let settled = self.settle(0).await?;
            return Ok(if settled == Went::Refused { Turn::Decided } else { Turn::Idle });
        }
        if self.ahead.is_none() {
            self.ahead = Some(self.open_ahead(limit));
        }
        self.decide().await?;
        Ok(Turn::Decided)
    }

    fn open_ahead(&self, limit: usize) -> Ahead {
        let Decider { store, vault, .. } = &self.decider;
        tokio::spawn(take(store.clone(), vault.clone(), self.taken.clone(), limit))
    }

    /// Decides what is left of the batch, as far as it goes in one, and hands it on to its commit.
    async fn decide(&mut self) -> Result<Went, DeciderError> {
        let started = Moment::now();
        // Between batches only: the keys of all that a batch has read are needed until it is handed on.
        self.world.evict(self.budget);
        self.keys.keep_with(&self.world);
        let batch: Vec<Queued> = self.left.drain(..).collect();
        self.decider.look_at_clock(false).await?;
        let last = from_micros(self.counters.known_at).unwrap_or_default();
        let known_at = self.decider.clock.now().max(last);
        let messages = messages(&batch, self.counters.order, KnownAt(known_at));
        let bundle = self.decider.bundle.clone();
        let schemas = self.decider.schemas.clone();
        let mut numbers = Numbers::new(&schemas, self.counters.topics.clone());
        let mut round = Round::new(&messages, &bundle);
        loop {
            let mut needs = round.asks(&mut self.world);
            if needs.is_empty() {
                match round.advance(&mut self.world, &mut |deliveries| numbers.give(deliveries)) {
                    Some(more) => needs = more,
                    None => break,
                }
            }
            match self.bring(needs).await? {
                Brought::Loaded => {}
                Brought::Refused => return Ok(Went::Refused),
                // What is asked for stands in this very batch: it is committed first, the rest is a batch of its own.
                Brought::Open if round.decided() > 0 => break,
                Brought::Open => return Err(DeciderError::Stop("a batch waits for itself")),
            }
        }
        let Numbers { topics, encoded, .. } = numbers;
        let verdicts = round.finish();
        let decided = self.ended(batch, messages, verdicts, known_at);
        self.counters.topics = topics;
        self.counters.known_at = to_micros(known_at);
        let serial = self.world.close_batch();
        for person in decided.new_persons() {
            self.keys.persons.insert(person, self.decider.vault.new_person(person)?);
        }
        let keys = decided.keys(&self.keys)?;
        self.keep_waiting(&decided);
        let decided = Decided {
            schemas: self.unsent(&encoded),
            encoded,
            bundle: self.bundle,
            started: Some(started),
            ..decided
        };
        let before = self.outstanding.back_mut().and_then(Outstanding::done);
        let (counters, lease) = (self.counters.clone(), self.lease.clone());
        let outstanding = Outstanding::start(&self.decider, lease, serial, decided, keys, counters, before);
        self.counters.position = outstanding.position;
        self.outstanding.push_back(outstanding);
        self.settle(AHEAD).await
    }

    /// What became of each message of a batch, in the order of decisions; what was not decided is left.
    fn ended(
        &mut self,
        batch: Vec<Queued>,
        messages: Vec<Message>,
        verdicts: Vec<Verdict>,
        known_at: Instant,
    ) -> Decided {
        let mut messages =
            messages.into_iter().zip(verdicts.into_iter().map(Some).chain(std::iter::repeat_with(|| None)));
        let mut decided = Decided::default();
        for queued in batch {
            if !self.left.is_empty() {
                self.left.push_back(queued);
                continue;
            }
            let ended = match &queued.said {
                Err(aside) => Some(DecidedMessage::aside(&queued, *aside)),
                Ok(opened) => messages
                    .next()
                    .and_then(|(message, verdict)| DecidedMessage::of(message, opened, &queued, verdict?)),
            };
            match ended {
                Some(ended) => {
                    self.counters.order += 1;
                    decided.push(ended, self.counters.order, known_at);
                }
                None => self.left.push_back(queued),
            }
        }
        decided
    }

    /// What the schemas of these records are, where that was not stored before this holding.
    fn unsent(&self, encoded: &[Encoded]) -> Vec<SchemaRow> {
        let used: BTreeSet<u32> = encoded.iter().map(|record| record.schema_id).collect();
        let new = |subject: &Subject| used.contains(&subject.id) && !self.sent.contains(&subject.id);
        let subjects = self.decider.schemas.iter().filter(|(_, subject)| new(subject));
        let row = |(recipient, subject): (&Recipient, &Subject)| SchemaRow {
            id: subject.id,
            recipient: recipient.clone(),
            text: subject.codec.text().to_owned(),
        };
        subjects.map(row).collect()
    }

    fn keep_waiting(&mut self, decided: &Decided) {
        for ended in &decided.ended {
            if let (Verdict::Waiting(_), Some(key)) = (&ended.verdict, &ended.key) {
                self.keys.waiting.insert(ended.id, key.clone());
            }
        }
    }

    /// Brings what is needed into the world, where nothing uncommitted is in the way.
    async fn bring(&mut self, needs: Needs) -> Result<Brought, DeciderError> {
        while let Some(block) = self.world.blocked(&needs) {
            match block {
                Block::Open => return Ok(Brought::Open),
                Block::Until(serial) => {
                    while self.committed < serial {
                        if self.outstanding.is_empty() {
                            return Err(DeciderError::Stop("a commit that is waited for was never begun"));
                        }
                        let behind = self.outstanding.len() - 1;
                        if self.settle(behind).await? == Went::Refused {
                            return Ok(Brought::Refused);
                        }
                    }
                }
            }
        }
        let Decider { store, vault, .. } = &self.decider;
        let since = self.committed;
        let answers = load(store, vault, &needs, &mut self.keys).await?;
        self.world.load(since, answers);
        Ok(Brought::Loaded)
    }

    /// Waits until at most so many batches are not committed. After a refusal the world begins anew.
    async fn settle(&mut self, most: usize) -> Result<Went, DeciderError> {
        while self.outstanding.len() > most || self.outstanding.front().is_some_and(Outstanding::is_finished)
        {
            let Some(first) = self.outstanding.pop_front() else { break };
            let (serial, ids) = (first.serial, first.ids.clone());
            match first.committed().await {
                Ok(counters) => {
                    self.lease.counters = counters;
                    self.committed = serial;
                    self.world.committed(serial);
                    for id in &ids {
                        self.taken.in_hand.remove(id);
                        self.taken.alone.remove(id);
                        self.taken.refused.remove(id);
                    }
                }
                Err(CommitRefused::Data { table, source }) => {
                    tracing::warn!(table, error = %super::chain(&source), "the database refused a batch");
                    if !self.again_alone(ids) {
                        return Err(DeciderError::again("putting a message aside", source));
                    }
                    self.begin_anew().await?;
                    return Ok(Went::Refused);
                }
                Err(CommitRefused::Other(error)) => return Err(error),
            }
        }
        Ok(Went::Done)
    }

    /// Each of these is decided alone from here on; one that was alone already is put aside. Says whether that is of
    /// any use: what cannot even be put aside is not the message's fault.
    fn again_alone(&mut self, ids: Vec<MessageId>) -> bool {
        match ids.as_slice() {
            [only] => self.taken.refused.insert(*only, Aside::NotStorable).is_none(),
            many => {
                self.taken.alone.extend(many);
                true
            }
        }
    }

    /// Drops everything that is not committed.
    async fn begin_anew(&mut self) -> Result<(), DeciderError> {
        for outstanding in std::mem::take(&mut self.outstanding) {
            // Committed or not: nothing behind a refused batch is.
            drop(outstanding.committed().await);
        }
        self.world = World::new();
        self.keys = KeyRing::default();
        self.counters = self.lease.counters.clone();
        self.taken.in_hand.clear();
        self.left.clear();
        self.ahead = None;
        self.committed = 0;
        Ok(())
    }
}

/// Renews a lease by its fence, until it is another's. A database that does not answer renews nothing; the fence of
/// each commit decides then.
async fn renew(store: Store, lease: Lease, lost: CancellationToken) {
    loop {
        tokio::time::sleep(RENEW).await;
        match store.renew(&lease, LEASE_SECONDS).await {
            Ok(true) => {}
            Ok(false) => return lost.cancel(),
            Err(error) => tracing::warn!(%error, "the lease could not be renewed"),
        }
    }
}

/// A batch that is being opened.
type Ahead = JoinHandle<Result<Vec<Queued>, DeciderError>>;

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Went {
    Done,
    /// A commit was refused: everything behind it is decided again.
    Refused,
}

/// What came of bringing what is needed.
enum Brought {
    Loaded,
    /// The batch that is being decided stands in the way.
    Open,
    /// A commit that was waited for was refused.
    Refused,
}

/// The messages that can be decided, each at its place.
fn messages(batch: &[Queued], order: u64, known_at: KnownAt) -> Vec<Message> {
    let placed = (order + 1..).zip(batch);
    let message = |(order, queued): (u64, &Queued)| {
        let Opened { seed, body, .. } = queued.said.as_ref().ok()?;
        Some(Message { id: queued.id, seed: *seed, order, known_at, body: body.clone() })
    };
    placed.filter_map(message).collect()
}

impl From<StoreError> for CommitRefused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data { table, source } => Self::Data { table, source },
            StoreError::Fenced => Self::Other(DeciderError::Fenced),
            other => Self::Other(DeciderError::again("committing", other)),
        }
    }
}
