//! The door: what comes in is checked, stripped, translated, sealed and stored, and only then answered.
//!
//! Stateless, and runs in any number of instances. Every input of the hub passes here: what senders
//! push, what agencies answer, what a task brought back and what happens inside. A receipt is given
//! after the durable commit; needed for it are the database and nothing else.
//! Next: `committer` for the shared commit, [`crate::vault`] for what is sealed, `decider` for what follows.

mod committer;
mod heard;

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;

use adapters::{Context, Refused, Source, Speaker};
use decide::bundle::{Competence, Contract};
use schemas::country::Countries;
use schemas::finding::Finding;
use schemas::ids::{MessageId, PersonId};
use schemas::insz::Environment;
use schemas::key::Mac;
use schemas::message::{Body, Said};
use schemas::municipality::Municipalities;
use schemas::place::Places;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, day_of, start_of};
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Config;
use crate::store::rows::{InboxRow, RefusalRow, StoredAttempt};
use crate::store::{Store, StoreError};
use crate::vault::{Content, Place, SealError, Vault};
use committer::{CommitError, Committer};
pub use heard::{HeardItem, LatestAnswer};

/// The sender of what the hub writes to itself.
pub const HUB: &str = "hub";

/// How many messages of the hub itself are brought in one commit.
const AT_ONCE: u32 = 500;

/// How long a refused item lies sealed.
const REFUSED_DAYS: i64 = 30;

/// What translations may look things up in.
#[derive(Clone, Debug)]
pub struct LookupTables {
    /// Municipalities with their days.
    pub municipalities: Municipalities,
    /// The language areas of places, by name and postal code.
    pub places: Places,
    /// Countries and register codes.
    pub countries: Countries,
    /// Whom a newcomer in Brussels may choose.
    pub choosable: BTreeSet<Recipient>,
    /// Which national numbers may be seen.
    pub environment: Environment,
}

impl LookupTables {
    /// Those of a config.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let bundle = &config.bundle;
        let chosen = |contract: &&Contract| matches!(contract.competence, Competence::Choice { .. });
        Self {
            municipalities: bundle.municipalities.clone(),
            places: bundle.places.clone(),
            countries: bundle.countries.clone(),
            choosable: bundle.contracts.iter().filter(chosen).map(|c| c.recipient.clone()).collect(),
            environment: config.hub.environment,
        }
    }

    /// What a translation of this sender's items may look at.
    #[must_use]
    pub fn context<'a>(&'a self, sender: &'a Speaker, now: Instant) -> Context<'a> {
        let Self { municipalities, places, countries, choosable, environment } = self;
        Context { municipalities, places, countries, choosable, environment: *environment, sender, now }
    }
}

/// What became of one item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ItemVerdict {
    /// It is in the inbox.
    Accepted {
        /// What it can be followed by.
        receipt: MessageId,
        /// What the sender should know all the same.
        warnings: Vec<Finding>,
    },
    /// The same item was there already.
    Again {
        /// The receipt it was given then.
        receipt: MessageId,
    },
    /// Another item was there under the same id: nothing was stored.
    Conflict,
    /// It cannot be taken. It did not take its id: corrected, it is accepted under it.
    Refused {
        /// What the refusal can be found by.
        receipt: MessageId,
        /// Everything that was found.
        findings: Vec<Finding>,
    },
}

impl ItemVerdict {
    /// It in one word: what metrics and senders call it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Again { .. } => "again",
            Self::Conflict => "conflict",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Why nothing could be answered, by what the sender should do.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Send again in a moment: too much waits for its commit, or the hub is stopping.
    #[error("too many messages wait for their commit")]
    Busy,
    /// Send again later: the database is away, or the machine gives no randomness.
    #[error("the database is not reachable")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// A fault in the hub: sending again does not help.
    #[error("the item could not be stored")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl IntakeError {
    fn broken(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl From<StoreError> for IntakeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data { .. } | StoreError::Damaged(_) => Self::broken(error),
            away => Self::Away(Box::new(away)),
        }
    }
}

impl From<SealError> for IntakeError {
    fn from(error: SealError) -> Self {
        Self::Away(Box::new(error))
    }
}

impl From<CommitError> for IntakeError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Busy | CommitError::Stopping => Self::Busy,
            CommitError::Away => Self::Away(Box::new(error)),
            CommitError::Data => Self::broken(error),
        }
    }
}

/// The door. Cheap to clone; the last clone that goes ends its committers.
#[derive(Clone, Debug)]
pub struct Intake(Arc<IntakeParts>);

#[derive(Debug)]
struct IntakeParts {
    store: Store,
    vault: Vault,
    clock: Clock,
    tables: LookupTables,
    /// What comes in is a part of a first load: what was so before this day opens nothing yet.
    baseline: Option<Day>,
    committer: Committer,
}

/// An item on its way to the commit.
enum Incoming {
    Take(Box<InboxRow>, Vec<Finding>),
    Refuse(Box<RefusalRow>, Vec<Finding>),
}

impl Intake {
    /// Opens the door. `committers` is how many commits may run at once: one on SQLite, two on `PostgreSQL`.
    #[must_use]
    pub fn new(
        store: Store,
        vault: Vault,
        clock: Clock,
        tables: LookupTables,
        baseline: Option<Day>,
        committers: usize,
    ) -> Self {
        let committer = Committer::start(&store, committers);
        Self(Arc::new(IntakeParts { store, vault, clock, tables, baseline, committer }))
    }

    /// Changes with every commit: the decider waits for it.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.0.committer.arrivals()
    }

    /// Takes items of one sender; answers in their order, after the durable commit. Each item stands
    /// for itself: a refused one keeps no other out.
    ///
    /// # Errors
    /// [`IntakeError`]: nothing was answered, and the sender should send all of them again.
    pub async fn accept(
        &self,
        source: &'static dyn Source,
        sender: &Speaker,
        items: Vec<Result<Value, Refused>>,
    ) -> Result<Vec<ItemVerdict>, IntakeError> {
        let now = self.0.clock.now();
        let drafts = items
            .into_iter()
            .map(|item| self.draft(source, sender, None, item, now))
            .collect::<Result<Vec<_>, _>>()?;
        self.commit(drafts).await
    }

    /// Takes what a source answered to a task, under the task's own id.
    ///
    /// # Errors
    /// [`IntakeError`]: nothing was stored; the task is performed again.
    pub async fn answer(
        &self,
        source: &'static dyn Source,
        id: &str,
        item: Result<Value, Refused>,
    ) -> Result<ItemVerdict, IntakeError> {
        let draft = self.draft(source, &Speaker::for_all(HUB), Some(id), item, self.0.clock.now())?;
        Ok(self.commit(vec![draft]).await?.pop().unwrap_or(ItemVerdict::Conflict))
    }

    /// Takes what the hub itself heard about a person: a task that failed, a number that was replaced.
    ///
    /// # Errors
    /// [`IntakeError`]: nothing was stored.
    pub async fn told(&self, source: &str, id: &str, said: Said) -> Result<ItemVerdict, IntakeError> {
        self.internal(source, id, self.prepared(said)).await
    }

    /// Takes what happens inside: a redelivery, a review, a new bundle. The id makes doubles harmless.
    ///
    /// # Errors
    /// [`IntakeError`]: nothing was stored.
    pub async fn internal(&self, source: &str, id: &str, body: Body) -> Result<ItemVerdict, IntakeError> {
        let draft = self.inside(source, id, body)?;
        Ok(self.commit(vec![draft]).await?.pop().unwrap_or(ItemVerdict::Conflict))
    }

    /// Takes many at once, each under its id, in shared commits; gives their receipts in the order given.
    ///
    /// # Errors
    /// [`IntakeError`]: some may be stored; taken again, those are not stored twice.
    pub async fn internal_all(
        &self,
        source: &str,
        all: Vec<(String, Body)>,
    ) -> Result<Vec<MessageId>, IntakeError> {
        let mut receipts = Vec::with_capacity(all.len());
        let mut all = all.into_iter().peekable();
        while all.peek().is_some() {
            let page = all.by_ref().take(AT_ONCE as usize);
            let drafts = page.map(|(id, body)| self.inside(source, &id, body));
            for verdict in self.commit(drafts.collect::<Result<Vec<_>, _>>()?).await? {
                match verdict {
                    ItemVerdict::Accepted { receipt, .. }
                    | ItemVerdict::Again { receipt }
                    | ItemVerdict::Refused { receipt, .. } => receipts.push(receipt),
                    ItemVerdict::Conflict => return Err(IntakeError::Busy),
                }
            }
        }
        Ok(receipts)
    }

    fn inside(&self, source: &str, id: &str, body: Body) -> Result<Incoming, IntakeError> {
        let item = serde_json::to_string(&body).map_err(IntakeError::broken)?;
        let content = self.content(source, 0, item, body);
        let row = self.row(self.0.clock.message_id(), HUB, id, &content, self.0.clock.now())?;
        Ok(Incoming::Take(Box::new(row), vec![]))
    }

    /// Ready for the heart, as a part of the first load where this is one.
    fn prepared(&self, said: Said) -> Body {
        decide::prepare(said, &|key| self.0.vault.index(key)).with_baseline(self.0.baseline)
    }

    /// Turns what is due today into messages; says how many are new. Their ids make doubles harmless: any number
    /// of instances may do it. Each is queued at the beginning of its own day: a hub that stood still decides it before
    /// what was said later (docs/clock.md#a-hub-that-stood-still).
    ///
    /// # Errors
    /// [`IntakeError`]: nothing was stored, and it is due the next time as well.
    pub async fn bring_due(&self) -> Result<usize, IntakeError> {
        let now = self.0.clock.now();
        // Decided by a clock that was behind, nothing has become true: what is still due is brought again in an hour.
        let hour = now.format("%Y-%m-%dT%H");
        let draft = |(person, on): &(PersonId, Day)| {
            let body = Body::Due(*person);
            let item = serde_json::to_string(&body).map_err(IntakeError::broken)?;
            let content = self.content("due", 0, item, body);
            let id = self.0.clock.message_id_of(start_of(*on).min(now));
            let row = self.row(id, HUB, &format!("{person}:{on}:{hour}"), &content, now)?;
            Ok::<_, IntakeError>(Incoming::Take(Box::new(row), vec![]))
        };
        // All that is due, page by page: what is not decided yet keeps no other waiting.
        let (mut new, mut after) = (0, None);
        loop {
            let due = self.0.store.due(day_of(now), after, AT_ONCE).await?;
            let Some(last) = due.last() else { return Ok(new) };
            after = Some(*last);
            let verdicts = self.commit(due.iter().map(draft).collect::<Result<Vec<_>, _>>()?).await?;
            new += verdicts.iter().filter(|verdict| matches!(verdict, ItemVerdict::Accepted { .. })).count();
        }
    }

    /// Deletes refused items that have lain long enough; says how many.
    ///
    /// # Errors
    /// [`StoreError`]: they are deleted the next time.
    pub async fn forget_refused(&self) -> Result<u64, StoreError> {
        self.0.store.purge_refusals(self.0.clock.now() - chrono::Duration::days(REFUSED_DAYS)).await
    }

    /// Check, strip, translate, seal. Pure but for the keys and ids it makes.
    fn draft(
        &self,
        source: &'static dyn Source,
        sender: &Speaker,
        id: Option<&str>,
        item: Result<Value, Refused>,
        now: Instant,
    ) -> Result<Incoming, IntakeError> {
        let context = self.0.tables.context(sender, now);
        match item.and_then(|item| adapters::check(source, item, &context)) {
            Ok(checked) => {
                let id = id.unwrap_or(checked.id());
                // An object's members are written in the order of their names, so that a repeat
                // with its members in another order is the same item.
                let item = serde_json::to_string(checked.item()).map_err(IntakeError::broken)?;
                let body = self.prepared(checked.said().clone());
                let content = self.content(source.name(), source.version(), item, body);
                let row = self.row(self.0.clock.message_id(), sender.name(), id, &content, now)?;
                Ok(Incoming::Take(Box::new(row), checked.warnings().to_vec()))
            }
            Err(refused) => self.refusal(source.name(), sender.name(), refused, now),
        }
    }

    fn content(&self, source: &str, translator: u32, item: String, body: Body) -> Content {
        Content { seed: self.0.clock.seed(), source: source.to_owned(), translator, item, body }
    }

    /// Seals what a message holds, under a key of its own.
    fn row(
        &self,
        message: MessageId,
        sender: &str,
        id: &str,
        content: &Content,
        now: Instant,
    ) -> Result<InboxRow, IntakeError> {
        let vault = &self.0.vault;
        let source = content.source.clone();
        let dedupe = self.dedupe(sender, &source, id);
        let key = vault.fresh()?;
        Ok(InboxRow {
            id: message,
            dedupe,
            body: vault.mac("body", content.item.as_bytes()),
            source,
            sender: sender.to_owned(),
            content: vault.seal(
                &key,
                Place::Content(message),
                &content.encode().map_err(IntakeError::broken)?,
            )?,
            key: vault.wrap_message(message, &key, None)?,
            received_at: now,
            read_from: None,
        })
    }

    /// The HMAC of a sender's own id.
    fn dedupe(&self, sender: &str, source: &str, id: &str) -> Mac {
        self.0.vault.mac("dedupe", format!("{sender}\0{source}\0{id}").as_bytes())
    }

    /// Seals a refused item with what was found in it.
    fn refusal(
        &self,
        source: &str,
        sender: &str,
        refused: Refused,
        now: Instant,
    ) -> Result<Incoming, IntakeError> {
        let vault = &self.0.vault;
        let Refused { item, findings } = refused;
        let id = self.0.clock.message_id();
        let key = vault.fresh()?;
        let written = serde_json::to_vec(&findings).map_err(IntakeError::broken)?;
        let item = item.map(|item| vault.seal(&key, Place::Refused(id), item.to_string().as_bytes()));
        let row = RefusalRow {
            id,
            source: source.to_owned(),
            sender: sender.to_owned(),
            content: item.transpose()?,
            findings: vault.seal(&key, Place::Findings(id), &written)?,
            key: vault.wrap_refusal(id, &key)?,
            received_at: now,
            dedupe: None,
            read_from: None,
        };
        Ok(Incoming::Refuse(Box::new(row), findings))
    }

    /// Stores refused items, then the others in a shared commit; answers in the order given.
    async fn commit(&self, drafts: Vec<Incoming>) -> Result<Vec<ItemVerdict>, IntakeError> {
        let (mut rows, mut refusals) = (Vec::new(), Vec::new());
        // What is known before the commit; what it says fills the gaps, in the same order.
        let mut answers = Vec::with_capacity(drafts.len());
        for draft in drafts {
            match draft {
                Incoming::Take(row, warnings) => {
                    answers.push(ItemVerdict::Accepted { receipt: row.id, warnings });
                    rows.push(*row);
                }
                Incoming::Refuse(row, findings) => {
                    answers.push(ItemVerdict::Refused { receipt: row.id, findings });
                    refusals.push(*row);
                }
            }
        }
        if !refusals.is_empty() {
            self.0.store.insert_refusals(refusals).await?;
        }
        let mut stored = self.0.committer.commit(rows).await?.into_iter();
        for answer in answers.iter_mut().filter(|answer| matches!(answer, ItemVerdict::Accepted { .. })) {
            match stored.next() {
                Some(StoredAttempt::New) | None => {}
                Some(StoredAttempt::Again(receipt)) => *answer = ItemVerdict::Again { receipt },
                Some(StoredAttempt::Differs) => *answer = ItemVerdict::Conflict,
            }
        }
        Ok(answers)
    }
}
