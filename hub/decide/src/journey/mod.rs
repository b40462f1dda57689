//! What we know: the fold of the facts, read as of a day.
//!
//! Inside an entry the authority decides (for a permit WEWIS first), inside one authority the newest
//! statement; what is said of the person is compared over all entries the same way. Nothing here
//! knows when something arrived. Next: [`register`] and [`entries`], then [`scope`] with `area`, then [`canonical`].
//! Source: docs/facts.md.

pub(crate) mod alone;
mod area;
pub mod canonical;
pub mod enrolment;
pub mod entries;
pub mod grounds;
pub mod golden;
pub mod learning;
pub mod register;
pub mod scope;

use schemas::country::Country;
use schemas::fact::{Authority, Choice, Entry, Field, Sex, Statement};
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::reference::Account;
use schemas::time::{Day, Instant, day_of};

use crate::bundle::Bundle;
use crate::person::{Cell, Claim, PersonState};

/// The facts of one person, asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'a> {
    state: &'a PersonState,
}

macro_rules! stated {
    ($claim:expr, $variant:ident) => {
        $claim.and_then(|claim| match &claim.statement {
            Statement::$variant(value) => Some(value),
            _ => None,
        })
    };
}
use stated;

impl<'a> Journey<'a> {
    #[must_use]
    pub fn of(state: &'a PersonState) -> Self {
        Self { state }
    }

    fn claims(&self, field: Field) -> impl Iterator<Item = (&'a Cell, &'a Claim)> + use<'a> {
        self.state.claims.of(field)
    }

    /// The claim of the highest authority about the person; inside one, the newest.
    fn personal(&self, field: Field) -> Option<&'a Claim> {
        let rank = |(cell, claim): &(&Cell, &'a Claim)| (cell.rank(), claim.stated_at, *claim);
        self.claims(field).max_by_key(rank).map(|(_, claim)| claim)
    }

    /// The claim that decides inside one entry.
    fn of_entry(&self, entry: &Entry, field: Field) -> Option<&'a Claim> {
        let first = |cell: &Cell| matches!(entry, Entry::Permit(_)) && cell.authority == Authority::Permits;
        let rank = |(cell, claim): &(&Cell, &'a Claim)| (first(cell), cell.rank(), claim.stated_at, *claim);
        self.state.claims.of_entry(field, entry).max_by_key(rank).map(|(_, claim)| claim)
    }

    /// What they are called.
    #[must_use]
    pub fn names(&self) -> Option<&'a Names> {
        stated!(self.personal(Field::Names), Names)
    }

    /// When they were born: a partial date is no correction of a whole one of the same authority.
    #[must_use]
    pub fn birth(&self) -> Option<PartialDate> {
        stated!(self.born(), Birth).copied()
    }

    fn born(&self) -> Option<&'a Claim> {
        let whole = |claim: &'a Claim| stated!(Some(claim), Birth).is_some_and(|birth| birth.day().is_some());
        let rank = |(cell, claim): &(&Cell, &'a Claim)| (cell.rank(), whole(claim), claim.stated_at, *claim);
        self.claims(Field::Birth).max_by_key(rank).map(|(_, claim)| claim)
    }

    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        stated!(self.personal(Field::Sex), Sex).copied()
    }

    /// Every nationality that the highest authority gives them: what a lower one has wrong is corrected by it.
    #[must_use]
    pub fn nationalities(&self) -> &'a [Country] {
        stated!(self.nationality(), Nationalities).map_or(&[], Vec::as_slice)
    }

    /// The claim that decides their nationality. The register alone lists every one; the others may have room for
    /// one, so a lower one that names the same and more has more to say (docs/facts.md#authorities).
    fn nationality(&self) -> Option<&'a Claim> {
        let mut said: Vec<(&Cell, &'a Claim)> = self.claims(Field::Nationalities).collect();
        said.sort_by_key(|(cell, claim)| std::cmp::Reverse((cell.rank(), claim.stated_at, *claim)));
        said.dedup_by_key(|(cell, _)| cell.rank());
        let names = |claim: &'a Claim| stated!(Some(claim), Nationalities).map_or(&[][..], Vec::as_slice);
        let decides = |higher: (&'a Cell, &'a Claim), lower: (&'a Cell, &'a Claim)| {
            let more = names(higher.1).iter().all(|country| names(lower.1).contains(country));
            if more && higher.0.authority != Authority::Register { lower } else { higher }
        };
        said.into_iter().reduce(decides).map(|(_, claim)| claim)
    }

    /// Their mail address: here the lowest authority is the nearest to the person (docs/facts.md#authorities).
    #[must_use]
    pub fn email(&self) -> Option<&'a str> {
        stated!(self.nearest(Field::Email), Email).map(String::as_str)
    }

    /// Their telephone number, by the same rule.
    #[must_use]
    pub fn phone(&self) -> Option<&'a str> {
        stated!(self.nearest(Field::Phone), Phone).map(String::as_str)
    }

    /// The language to address them in.
    #[must_use]
    pub fn language(&self) -> Option<&'a str> {
        stated!(self.nearest(Field::Language), Language).map(String::as_str)
    }

    /// Whom they chose in Brussels: the newest complete choice by its own time, whoever tells it.
    #[must_use]
    pub fn choice(&self, bundle: &Bundle) -> Option<&'a Choice> {
        self.chosen(bundle).map(|(_, choice)| choice)
    }

    /// The same, and when they chose.
    pub(crate) fn chosen(&self, bundle: &Bundle) -> Option<(Instant, &'a Choice)> {
        let told = self.claims(Field::Choice).filter_map(|(_, claim)| {
            let choice = stated!(Some(claim), Choice)?;
            bundle.chosen(choice).map(|_| (claim.stated_at, claim, choice))
        });
        told.max_by_key(|(at, claim, _)| (*at, *claim)).map(|(at, _, choice)| (at, choice))
    }

    /// Whether they object to being handed over.
    #[must_use]
    pub fn objects(&self) -> bool {
        self.state.objects()
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

    /// The day on which they enrolled: opened their first account at the portal.
    #[must_use]
    pub fn enrolled_on(&self) -> Option<Day> {
        let opened =
            self.claims(Field::AccountOpened).filter(|(cell, _)| cell.authority == Authority::Portal);
        opened.map(|(_, claim)| claim.valid_from.unwrap_or_else(|| day_of(claim.stated_at))).min()
    }

    fn nearest(&self, field: Field) -> Option<&'a Claim> {
        let rank =
            |(cell, claim): &(&Cell, &'a Claim)| (std::cmp::Reverse(cell.rank()), claim.stated_at, *claim);
        self.claims(field).max_by_key(rank).map(|(_, claim)| claim)
    }
}
