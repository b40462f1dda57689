//! What we know: the fold of the facts, read as of a day.
//!
//! Inside an entry the authority decides (for a permit WEWIS first), inside one authority the newest
//! statement; what is said of the person is compared over all entries the same way. Nothing here
//! knows when something arrived. Next: [`scope`], then [`canonical`]. Source: docs/facts.md.

pub mod canonical;
pub mod grounds;
pub mod learning;
pub mod scope;

use std::collections::BTreeSet;

use schemas::country::Country;
use schemas::fact::{
    Application, Authority, Choice, Contact, Decision, Entry, Field, Permit, Replacement, Residence, Sex,
    Standing, Statement,
};
use schemas::insz::Insz;
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::reference::Account;
use schemas::time::Day;

use crate::person::{Cell, Claim, PersonState};

/// The facts of one person, asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'a> {
    state: &'a PersonState,
}

/// A visa application as it stands.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationEntry<'a> {
    /// What was applied for; unknown while only its status is known.
    pub applied: Option<&'a Application>,
    /// What was decided.
    pub decision: Decision,
    /// Whether it was taken back.
    pub withdrawn: bool,
}

/// A permit as it stands.
#[derive(Clone, Copy, Debug)]
pub struct PermitEntry<'a> {
    /// What was applied for.
    pub applied: &'a Permit,
    /// What was decided.
    pub decision: Decision,
}

/// The residence that holds on a day.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// The day it began.
    pub began: Day,
    /// Where it is.
    pub residence: &'a Residence,
}

fn live(decision: Decision) -> bool {
    matches!(decision, Decision::Pending | Decision::Granted)
}

impl ApplicationEntry<'_> {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.withdrawn && live(self.decision)
    }
}

impl PermitEntry<'_> {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_live(&self) -> bool {
        live(self.decision)
    }
}

macro_rules! stated {
    ($claim:expr, $variant:ident) => {
        $claim.and_then(|claim| match &claim.statement {
            Statement::$variant(value) => Some(value),
            _ => None,
        })
    };
}

impl<'a> Journey<'a> {
    /// Reads this state.
    #[must_use]
    pub fn of(state: &'a PersonState) -> Self {
        Self { state }
    }

    fn claims(&self, field: Field) -> impl Iterator<Item = (&'a Cell, &'a Claim)> + use<'a> {
        self.state.claims.of(field)
    }

    /// The claim of the highest authority about the person; inside one, the newest.
    fn personal(&self, field: Field) -> Option<&'a Claim> {
        let rank = |(cell, claim): &(&Cell, &'a Claim)| (cell.authority, claim.stated_at, *claim);
        self.claims(field).max_by_key(rank).map(|(_, claim)| claim)
    }

    /// The claim that decides inside one entry.
    fn of_entry(&self, entry: &Entry, field: Field) -> Option<&'a Claim> {
        let first = |cell: &Cell| matches!(entry, Entry::Permit(_)) && cell.authority == Authority::Permits;
        let rank =
            |(cell, claim): &(&Cell, &'a Claim)| (first(cell), cell.authority, claim.stated_at, *claim);
        self.state.claims.of_entry(field, entry).max_by_key(rank).map(|(_, claim)| claim)
    }

    /// What they are called.
    #[must_use]
    pub fn names(&self) -> Option<&'a Names> {
        stated!(self.personal(Field::Names), Names)
    }

    /// When they were born.
    #[must_use]
    pub fn birth(&self) -> Option<PartialDate> {
        stated!(self.personal(Field::Birth), Birth).copied()
    }

    /// Their sex.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        stated!(self.personal(Field::Sex), Sex).copied()
    }

    /// Every nationality that the last word of any authority gives them: one European among them
    /// takes the person out of the target group, whoever says so.
    #[must_use]
    pub fn nationalities(&self) -> BTreeSet<&'a Country> {
        self.claims(Field::Nationalities)
            .filter_map(|(_, claim)| stated!(Some(claim), Nationalities))
            .flatten()
            .collect()
    }

    /// The nationalities the highest authority states: what a recipient sees.
    #[must_use]
    pub fn stated_nationalities(&self) -> &'a [Country] {
        stated!(self.personal(Field::Nationalities), Nationalities).map_or(&[], Vec::as_slice)
    }

    /// How to reach them: here the lowest authority is the nearest to the person (docs/facts.md#authorities).
    #[must_use]
    pub fn contact(&self) -> Option<&'a Contact> {
        stated!(self.nearest(Field::Contact), Contact)
    }

    /// The language to address them in.
    #[must_use]
    pub fn language(&self) -> Option<&'a str> {
        stated!(self.nearest(Field::Language), Language).map(String::as_str)
    }

    /// Whom they chose in Brussels, whichever account they last chose through.
    #[must_use]
    pub fn choice(&self) -> Option<&'a Choice> {
        stated!(self.personal(Field::Choice), Choice)
    }

    /// Whether they object to being handed over.
    #[must_use]
    pub fn objects(&self) -> bool {
        self.claims(Field::Objection).next().is_some()
    }

    /// Their accounts at the portal.
    #[must_use]
    pub fn portal_accounts(&self) -> Vec<&'a Account> {
        let opened =
            self.claims(Field::AccountOpened).filter(|(cell, _)| cell.authority == Authority::Portal);
        let accounts = opened.filter_map(|(cell, _)| match &cell.entry {
            Entry::Account(account) if account.as_str().starts_with("portal ") => Some(account),
            _ => None,
        });
        accounts.collect()
    }

    fn nearest(&self, field: Field) -> Option<&'a Claim> {
        let rank =
            |(cell, claim): &(&Cell, &'a Claim)| (std::cmp::Reverse(cell.authority), claim.stated_at, *claim);
        self.claims(field).max_by_key(rank).map(|(_, claim)| claim)
    }

    /// Their national number now: one that the register cancelled is none, the one that replaces it is.
    #[must_use]
    pub fn insz(&self) -> Option<Insz> {
        let cancelled = self.cancelled();
        let stated = self.claims(Field::Insz).filter_map(|(cell, claim)| {
            stated!(Some(claim), Insz).map(|insz| (cell.authority, claim.stated_at, *insz))
        });
        let replacing = self.replaced().map(|(cell, claim, to)| (cell.authority, claim.stated_at, to.new));
        let current = stated.chain(replacing).filter(|(_, _, insz)| !cancelled.contains(insz));
        current.max().map(|(_, _, insz)| insz)
    }

    fn replaced(&self) -> impl Iterator<Item = (&'a Cell, &'a Claim, &'a Replacement)> + use<'a> {
        let all = self.claims(Field::Replaced);
        all.filter_map(|(cell, claim)| stated!(Some(claim), Replaced).map(|to| (cell, claim, to)))
    }

    /// Numbers that count no more: replaced, or cancelled, which is stated in the channel of the number.
    fn cancelled(&self) -> BTreeSet<Insz> {
        let gone = |channel: &str| {
            self.claims(Field::Standing).any(|(cell, claim)| {
                cell.channel == channel && matches!(claim.statement, Statement::Standing(Standing::Cancelled))
            })
        };
        let cancelled = self
            .claims(Field::Insz)
            .filter(|(cell, _)| gone(&cell.channel))
            .filter_map(|(_, claim)| stated!(Some(claim), Insz).copied());
        cancelled.chain(self.replaced().map(|(_, _, to)| to.old)).collect()
    }

    /// How the register knows them: the newest answer about a number that was not cancelled.
    #[must_use]
    pub fn standing(&self) -> Option<&'a Standing> {
        self.claims(Field::Standing)
            .filter_map(|(_, claim)| stated!(Some(claim), Standing).map(|standing| (claim, standing)))
            .filter(|(_, standing)| !matches!(standing, Standing::Cancelled))
            .max_by_key(|(claim, _)| (claim.stated_at, *claim))
            .map(|(_, standing)| standing)
    }

    /// The residence that holds on a day: the one the register's newest answer gives, or while that
    /// one has not begun, the last that had.
    #[must_use]
    pub fn home(&self, on: Day) -> Option<Home<'a>> {
        let Some(Standing::Resident(began)) = self.standing() else { return None };
        let residences = self
            .claims(Field::Residence)
            .filter_map(|(cell, _)| if let Entry::Residence(day) = cell.entry { Some(day) } else { None });
        let began = if *began <= on { *began } else { residences.filter(|day| *day <= on).max()? };
        self.residence(began).map(|residence| Home { began, residence })
    }

    /// The residence that began on a day.
    #[must_use]
    pub fn residence(&self, began: Day) -> Option<&'a Residence> {
        stated!(self.of_entry(&Entry::Residence(began), Field::Residence), Residence)
    }

    /// Their visa applications.
    pub fn applications(&self) -> impl Iterator<Item = ApplicationEntry<'a>> + use<'a> {
        let journey = *self;
        let visa = |entry: &&'a Entry| matches!(entry, Entry::Application(..));
        self.state.claims.filed().filter(visa).map(move |entry| ApplicationEntry {
            applied: stated!(journey.of_entry(entry, Field::Applied), Applied),
            decision: stated!(journey.of_entry(entry, Field::Decision), Decision)
                .copied()
                .unwrap_or(Decision::Pending),
            withdrawn: journey.of_entry(entry, Field::Withdrawn).is_some(),
        })
    }

    /// Their permits, by their number.
    pub fn permits(&self) -> impl Iterator<Item = (&'a Entry, PermitEntry<'a>)> + use<'a> {
        let journey = *self;
        self.state.claims.filed().filter_map(move |entry| Some((entry, journey.permit(entry)?)))
    }

    /// The permit of this entry, where it is one that somebody applied for.
    #[must_use]
    pub fn permit(&self, entry: &Entry) -> Option<PermitEntry<'a>> {
        if !matches!(entry, Entry::Permit(_)) {
            return None;
        }
        let applied = stated!(self.of_entry(entry, Field::Permit), Permit)?;
        let decision = stated!(self.of_entry(entry, Field::PermitDecision), PermitDecision);
        Some(PermitEntry { applied, decision: decision.copied().unwrap_or(Decision::Pending) })
    }

    /// Whether a live entry of theirs was granted.
    #[must_use]
    pub fn granted(&self) -> bool {
        self.applications().any(|entry| entry.is_live() && entry.decision == Decision::Granted)
            || self.permits().any(|(_, entry)| entry.decision == Decision::Granted)
    }
}
