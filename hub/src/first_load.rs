//! What a first load would open: everybody who waits for its approval is decided in memory, as if it were approved now,
//! and what would follow is counted.
//!
//! Nothing is written and nothing is sent. A report has an id, made of who waits, at which version, and of the bundle: an
//! approval names it, and holds for that and nothing else. Refuses to approve: that is the desk's. Source:
//! docs/first-load.md. Next: [`crate::commands::baseline`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decide::journey::Journey;
use decide::journey::scope::{Scope, scope};
use decide::person::{Person, TaskKind};
use decide::{Bundle, Change};
use ring::digest::{Context, SHA256};
use schemas::handover::State;
use schemas::ids::PersonId;
use schemas::message::Body;
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, day_of};
use serde::Serialize;

use crate::alone::alone;
use crate::store::{Store, StoreError};
use crate::story::rows::words;
use crate::story::verdict::target_group;
use crate::vault::{Access, Vault, Why};

/// How many persons are read at once.
const PAGE: u32 = 1_000;
/// How many persons a reason names.
const NAMED: usize = 20;
const ACCESS: Access<'static> = Access::hub(Why::FirstLoad);

/// What an approval would open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LoadReport {
    /// By which it is approved: 32 hexadecimal digits.
    pub report: String,
    pub on: Day,
    /// The bundle that it rests on.
    pub bundle: String,
    pub persons: u64,
    /// Who was erased, or does not open: nothing can be told of them, and they are not approved.
    pub unreadable: u64,
    /// Whom the heart could not decide: they are not approved.
    pub failed: u64,
    /// To whom anything would go, and about how many.
    pub by_recipient: BTreeMap<Recipient, u64>,
    /// In which state a handover would be.
    pub by_state: BTreeMap<&'static str, u64>,
    /// Why that, or why nothing.
    pub by_reason: Vec<ReasonCount>,
    /// Who are not in the target group.
    pub not_in_scope: u64,
    /// About how many the register would be asked.
    pub asked: u64,
}

/// Persons for whom the same would follow, for the same reason.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct ReasonCount {
    pub reason: String,
    pub persons: u64,
    /// The first of them, to look at with `hub explain`.
    pub who: Vec<PersonId>,
}

/// A report with everybody whom it is about, each at a version.
#[derive(Clone, Debug)]
pub struct Reported {
    pub report: LoadReport,
    pub who: Vec<(PersonId, u64)>,
}

/// Decides everybody who waits, as if they were approved now.
///
/// # Errors
/// [`StoreError`].
pub async fn first_load(
    store: &Store,
    vault: &Vault,
    bundle: &Bundle,
    now: Instant,
) -> Result<Reported, StoreError> {
    // Nothing is decided before what was decided last.
    let at = store.last_decided().await?.map_or(now, |last| last.max(now));
    let mut counting = Counting::new(bundle, at);
    let mut after = None;
    loop {
        let page = store.awaiting_approval(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for row in &page {
            match vault.person(row, ACCESS) {
                Ok((person, _)) => counting.person(&person),
                Err(_) => counting.report.unreadable += 1,
            }
        }
    }
    Ok(counting.end())
}

/// A report under way.
struct Counting<'a> {
    bundle: &'a Bundle,
    at: Instant,
    report: LoadReport,
    reasons: BTreeMap<String, Vec<PersonId>>,
    who: Vec<(PersonId, u64)>,
    hash: Context,
}

impl<'a> Counting<'a> {
    fn new(bundle: &'a Bundle, at: Instant) -> Self {
        let hash = bundle.hash.0.clone();
        let report = LoadReport {
            report: String::new(),
            on: day_of(at),
            bundle: hash.clone(),
            persons: 0,
            unreadable: 0,
            failed: 0,
            by_recipient: BTreeMap::new(),
            by_state: BTreeMap::new(),
            by_reason: vec![],
            not_in_scope: 0,
            asked: 0,
        };
        let mut counting =
            Self { bundle, at, report, reasons: BTreeMap::new(), who: vec![], hash: Context::new(&SHA256) };
        counting.hash.update(hash.as_bytes());
        counting
    }

    fn person(&mut self, person: &Person) {
        let mut approved = Person::clone(person);
        approved.state.first_load.approved = approved.state.first_load.loaded;
        let approved = Arc::new(approved);
        let Some((then, change)) = alone(&approved, self.bundle, self.at, Body::Due(person.id)) else {
            self.report.failed += 1;
            return;
        };
        self.hash.update(&person.id.bytes());
        self.hash.update(&person.version.to_be_bytes());
        self.who.push((person.id, person.version));
        self.count(&then, &change);
    }

    fn count(&mut self, then: &Person, change: &Change) {
        let report = &mut self.report;
        report.persons += 1;
        let told: BTreeSet<&Recipient> =
            change.deliveries.iter().map(|delivery| &delivery.recipient).collect();
        for recipient in told {
            *report.by_recipient.entry(recipient.clone()).or_default() += 1;
        }
        report.asked += u64::from(change.tasks.iter().any(|task| task.kind == TaskKind::GivePerson));
        let verdict = scope(Journey::of(&then.state), self.bundle, day_of(self.at));
        report.not_in_scope += u64::from(matches!(verdict, Scope::Out(_)));
        let handover = then.state.handovers.last();
        let state = handover.map_or("none", |handover| State::as_str(handover.state));
        *report.by_state.entry(state).or_default() += 1;
        let reason = match handover.and_then(|handover| Some((handover, words(&handover.row)?))) {
            Some((handover, words)) => format!("row {}: {}", handover.row, words.en),
            None => target_group(verdict, vec![]).because,
        };
        self.reasons.entry(reason).or_default().push(then.id);
    }

    fn end(self) -> Reported {
        let line = |(reason, who): (String, Vec<PersonId>)| ReasonCount {
            reason,
            persons: who.len() as u64,
            who: who.into_iter().take(NAMED).collect(),
        };
        let digest = self.hash.finish();
        let report = LoadReport {
            report: hex::encode(&digest.as_ref()[..16]),
            by_reason: self.reasons.into_iter().map(line).collect(),
            ..self.report
        };
        Reported { report, who: self.who }
    }
}
