//! Applications and permits: what was applied for, what became of it, and whether it lives on a day.
//!
//! A refusal, a withdrawal or a departure ends what it is about and nothing else. A withdrawal is a decision of its
//! application: a later one of the same sender replaces it. A permit ends with the visa that was asked on it, and a
//! visa with the permits that it rests on.
//! Source: docs/facts.md#what-ends-an-entry. Next: [`super::scope`].

use std::collections::BTreeMap;

use schemas::fact::{Application, Decision, Entry, Field, Permit, PermitRole, Purpose, Statement};
use schemas::place::Destination;
use schemas::reference::{ApplicationNumber, PermitNumber, PostCode};
use schemas::time::{Day, Instant, day_of};

use super::register::Departure;
use super::{Journey, stated};
use crate::person::{Cell, Claim};

/// Why an entry has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It was refused, revoked or withdrawn; a permit also where the visa on it was, an application where each permit
    /// was that it rests on.
    Decided,
    /// They lived in Belgium before it was asked for: it brings nobody here.
    LivesHere,
    /// They left Belgium after it began.
    Left,
    /// They died after it began.
    Deceased,
}

/// A permit that was applied for: its number, what for, and what was decided of it.
type Filed<'a> = (&'a PermitNumber, &'a Permit, Decision);

/// What an application says that may rest on a permit: its purpose, the day it was filed, and the permit that it names.
type Resting<'a> = (&'a Application, Option<&'a PermitNumber>);

/// A visa application as it stands.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationEntry<'a> {
    pub post: &'a PostCode,
    pub number: &'a ApplicationNumber,
    /// What was applied for; unknown while only its status is known.
    pub applied: Option<&'a Application>,
    pub decision: Decision,
    /// Why it has ended; none while it lives.
    pub ended: Option<Ending>,
    /// Where they mean to live, as it was named last, and when.
    pub(super) destination: Option<(Instant, &'a Destination)>,
    journey: Journey<'a>,
    entry: &'a Entry,
}

impl<'a> ApplicationEntry<'a> {
    /// The article that it rests on.
    #[must_use]
    pub fn ground(&self) -> Option<&'a str> {
        stated!(self.journey.of_entry(self.entry, Field::Ground), Ground).map(String::as_str)
    }

    /// The permit that it rests on.
    #[must_use]
    pub fn permit(&self) -> Option<&'a PermitNumber> {
        self.journey.rests_on(self.entry)
    }

    /// The day on which they mean to enter.
    #[must_use]
    pub fn entry_on(&self) -> Option<Day> {
        stated!(self.journey.of_entry(self.entry, Field::EntryOn), EntryOn).copied()
    }

    /// Whether they need a visa: they do until something else is said.
    #[must_use]
    pub fn needs_visa(&self) -> bool {
        stated!(self.journey.of_entry(self.entry, Field::NeedsVisa), NeedsVisa).is_none_or(|needs| *needs)
    }
}

/// A permit as it stands.
#[derive(Clone, Copy, Debug)]
pub struct PermitEntry<'a> {
    pub number: &'a PermitNumber,
    /// What was applied for.
    pub applied: &'a Permit,
    pub decision: Decision,
    /// Why it has ended; none while it lives.
    pub ended: Option<Ending>,
    /// Whether it came to an end, also where it never brought them here.
    pub over: bool,
    /// Where they mean to live, as it was named last, and when.
    pub(super) destination: Option<(Instant, &'a Destination)>,
}

fn lives(decision: Decision) -> bool {
    matches!(decision, Decision::Pending | Decision::Granted)
}

/// What a departure ends: what began before it.
fn departed(departure: Option<Departure>, began: Option<Day>) -> Option<Ending> {
    let departure = departure.filter(|departure| began.is_some_and(|began| began < departure.on))?;
    Some(if departure.deceased { Ending::Deceased } else { Ending::Left })
}

/// Whether they lived here since before an entry was filed.
fn before(since: Option<Day>, filed_on: Day) -> bool {
    since.is_some_and(|since| since < filed_on)
}

/// Whether every permit was refused or revoked on which an application rests.
fn lost((applied, named): Resting<'_>, permits: &[Filed<'_>]) -> bool {
    let family = match applied.purpose {
        Purpose::Work => false,
        Purpose::FamilyOfWorker => true,
        Purpose::FamilyReunification | Purpose::Study | Purpose::Other => return false,
    };
    let rests_on = |(number, permit, ..): &&Filed<'_>| match (named, &permit.role) {
        (Some(named), PermitRole::Family(worker)) => named == *number || named == worker,
        (Some(named), PermitRole::Worker) => named == *number,
        (None, role) => {
            matches!(role, PermitRole::Family(_)) == family && permit.applied_on <= applied.filed_on
        }
    };
    let mut beneath = permits.iter().filter(rests_on).peekable();
    beneath.peek().is_some() && beneath.all(|(_, _, decision)| !lives(*decision))
}

impl<'a> Journey<'a> {
    /// Their visa applications, as they stand on a day.
    pub fn applications(&self, on: Day) -> impl Iterator<Item = ApplicationEntry<'a>> + use<'a> {
        let (journey, departure, since) = (*self, self.departure(on), self.lived_here_since(on));
        let permits: Vec<_> = self.filed_permits().collect();
        let visa = |entry: &'a Entry| match entry {
            Entry::Application(post, number) => Some((entry, post, number)),
            _ => None,
        };
        self.state.claims.filed().filter_map(visa).map(move |(entry, post, number)| {
            let applied = stated!(journey.of_entry(entry, Field::Applied), Applied);
            let decided = journey.decided(entry);
            // Of which nothing but a decision is known, it began by the day of the decision.
            let decided_on = decided.map(|claim| claim.valid_from.unwrap_or_else(|| day_of(claim.stated_at)));
            let began = applied.map(|applied| applied.filed_on).or(decided_on);
            let withdrawn = decided.is_some_and(|claim| claim.statement == Statement::Withdrawn);
            let decision = stated!(decided, Decision).copied().unwrap_or(Decision::Pending);
            let here = applied.is_some_and(|applied| before(since, applied.filed_on));
            let ended = here.then_some(Ending::LivesHere);
            let lost = || applied.is_some_and(|applied| lost((applied, journey.rests_on(entry)), &permits));
            let over = withdrawn || !lives(decision) || (!permits.is_empty() && lost());
            let ended = ended.or_else(|| over.then_some(Ending::Decided));
            let ended = ended.or_else(|| departed(departure, began));
            let destination = journey.named_for(entry);
            ApplicationEntry { post, number, applied, decision, ended, destination, journey, entry }
        })
    }

    fn rests_on(&self, entry: &Entry) -> Option<&'a PermitNumber> {
        stated!(self.of_entry(entry, Field::RestsOn), RestsOn)
    }

    /// The ground of the newest application for family reunification that lives.
    #[must_use]
    pub fn family_ground(&self, on: Day) -> Option<&'a str> {
        let live = self.applications(on).filter(|entry| entry.ended.is_none());
        let live = live.filter_map(|entry| Some((entry.applied?, entry.ground())));
        let family = live.filter(|(applied, _)| applied.purpose == Purpose::FamilyReunification);
        family.max_by_key(|(applied, _)| applied.filed_on).and_then(|(_, ground)| ground)
    }

    /// The claim that says what became of an application: a withdrawal that its sender has not replaced, else the
    /// decision of the highest authority.
    pub(super) fn decided(&self, entry: &Entry) -> Option<&'a Claim> {
        let all = self.state.claims.of_entry(Field::Decision, entry);
        let said = |claim: &Claim| (claim.sequence, claim.stated_at);
        let withdrawn = |claim: &Claim| claim.statement == Statement::Withdrawn;
        let taken_back = self.state.claims.of_entry(Field::Decision, entry).find(|(cell, claim)| {
            let replaces =
                |(other, later): (&Cell, &Claim)| other.channel == cell.channel && said(later) > said(claim);
            withdrawn(claim) && !self.state.claims.of_entry(Field::Decision, entry).any(replaces)
        });
        let decided = || {
            all.filter(|(_, claim)| !withdrawn(claim))
                .max_by_key(|(cell, claim)| (cell.rank(), claim.stated_at, *claim))
        };
        taken_back.or_else(decided).map(|(_, claim)| claim)
    }

    /// Their permits, as they stand on a day.
    pub fn permits(&self, on: Day) -> impl Iterator<Item = PermitEntry<'a>> + use<'a> {
        let filed: Vec<_> = self.filed_permits().collect();
        let visas = if filed.is_empty() { Visas::default() } else { Visas::of(self.applications(on)) };
        let (departure, since) = (self.departure(on), self.lived_here_since(on));
        let journey = *self;
        filed.into_iter().map(move |(number, applied, decision)| {
            let here = journey.asked_here(number) || before(since, applied.applied_on);
            let decided = !lives(decision) || visas.refuse(number, applied);
            let over = decided.then_some(Ending::Decided);
            let over = over.or_else(|| departed(departure, Some(applied.applied_on)));
            let ended = here.then_some(Ending::LivesHere).or(over);
            let destination = journey.named_for(&Entry::Permit(number.clone()));
            PermitEntry { number, applied, decision, ended, over: over.is_some(), destination }
        })
    }

    fn filed_permits(&self) -> impl Iterator<Item = Filed<'a>> + use<'a> {
        let journey = *self;
        self.state.claims.filed().filter_map(move |entry| {
            let Entry::Permit(number) = entry else { return None };
            let decision = stated!(journey.of_entry(entry, Field::PermitDecision), PermitDecision);
            let applied = stated!(journey.of_entry(entry, Field::Permit), Permit)?;
            Some((number, applied, decision.copied().unwrap_or(Decision::Pending)))
        })
    }

    /// Whether a permit is asked for somebody who lives in Belgium: they have a register number, and no post gives them a
    /// visa.
    fn asked_here(&self, number: &PermitNumber) -> bool {
        let entry = Entry::Permit(number.clone());
        let said = |field| self.of_entry(&entry, field).is_some();
        said(Field::Registered) && !said(Field::ThroughPost)
    }

    /// What was applied for under this number, where it is their own permit.
    #[must_use]
    pub fn permit(&self, number: &PermitNumber) -> Option<&'a Permit> {
        stated!(self.of_entry(&Entry::Permit(number.clone()), Field::Permit), Permit)
    }

    /// Where they mean to live: what was stated last for an entry that lives on this day.
    #[must_use]
    pub fn intended(&self, on: Day) -> Option<&'a Destination> {
        let of_visas = self.applications(on).filter(|entry| entry.ended.is_none());
        let of_permits = self.permits(on).filter(|entry| entry.ended.is_none());
        let named = of_visas.filter_map(|entry| entry.destination);
        named.chain(of_permits.filter_map(|entry| entry.destination)).max().map(|(_, intended)| intended)
    }

    /// The destination that was named last for an entry, and when.
    fn named_for(&self, entry: &Entry) -> Option<(Instant, &'a Destination)> {
        let claim = self.of_entry(entry, Field::Destination)?;
        Some((claim.stated_at, stated!(Some(claim), Destination)?))
    }

    /// Since when they live in Belgium, where no agency has taken them over: who lives here already comes for nothing.
    fn lived_here_since(&self, on: Day) -> Option<Day> {
        let taken = self.state.handovers.iter().any(|handover| handover.accepted.is_some());
        if taken || self.departure(on).is_some() {
            None
        } else {
            self.homes(on).last().map(|home| home.began)
        }
    }

    /// Whether an entry of theirs that lives on this day was granted.
    #[must_use]
    pub fn granted(&self, on: Day) -> bool {
        let counts = |decision, ended: Option<Ending>| ended.is_none() && decision == Decision::Granted;
        self.applications(on).any(|entry| counts(entry.decision, entry.ended))
            || self.permits(on).any(|entry| counts(entry.decision, entry.ended))
    }
}

/// What became of the visas that were asked on permits.
#[derive(Default)]
struct Visas<'a> {
    /// By the number that the application names: whether one was refused, and whether one goes on.
    named: BTreeMap<&'a PermitNumber, Fate>,
    /// Of those that name none, the last that was filed, by whether it is a family member's.
    unnamed: BTreeMap<bool, (Day, Fate)>,
}

#[derive(Clone, Copy, Default)]
struct Fate {
    refused: bool,
    goes_on: bool,
}

impl<'a> Visas<'a> {
    fn of(applications: impl Iterator<Item = ApplicationEntry<'a>>) -> Self {
        let mut visas = Self::default();
        for entry in applications {
            let Some(applied) = entry.applied else { continue };
            let fate = Fate { refused: !lives(entry.decision), goes_on: entry.ended.is_none() };
            let family = match applied.purpose {
                Purpose::Work => false,
                Purpose::FamilyOfWorker => true,
                Purpose::FamilyReunification | Purpose::Study | Purpose::Other => continue,
            };
            let beside = match entry.permit() {
                Some(number) => visas.named.entry(number).or_default(),
                None => {
                    let (day, last) = visas.unnamed.entry(family).or_default();
                    if *day < applied.filed_on {
                        (*day, *last) = (applied.filed_on, Fate::default());
                    }
                    if *day > applied.filed_on {
                        continue;
                    }
                    last
                }
            };
            beside.refused |= fate.refused;
            beside.goes_on |= fate.goes_on;
        }
        visas
    }

    /// Whether the visa on this permit was refused or revoked, and none goes on.
    fn refuse(&self, number: &PermitNumber, permit: &Permit) -> bool {
        let worker = match &permit.role {
            PermitRole::Worker => None,
            PermitRole::Family(worker) => Some(worker),
        };
        let unnamed = self.unnamed.get(&worker.is_some());
        let unnamed = unnamed.filter(|(filed_on, _)| *filed_on >= permit.applied_on).map(|(_, fate)| fate);
        let named = [Some(number), worker].into_iter().flatten().filter_map(|number| self.named.get(number));
        let fates: Vec<&Fate> = named.chain(unnamed).collect();
        fates.iter().any(|fate| fate.refused) && !fates.iter().any(|fate| fate.goes_on)
    }
}
