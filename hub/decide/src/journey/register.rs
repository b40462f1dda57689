//! What the register says: each answer is a snapshot as of its own time.
//!
//! The newest answer alone says how and where the person lives from its time on, and what may be told; earlier days
//! keep what was stated then, so an older answer that comes late fills history and nothing else. Here is decided as
//! well which national numbers count. Source: docs/facts.md#answers-of-the-register. Next: [`super::entries`].

use std::collections::BTreeMap;

use schemas::fact::{
    Entry, Field, RegisterStanding, Replacement, Residence, Statement, is_answer, register_channel,
};
use schemas::insz::Insz;
use schemas::municipality::{LanguageArea, NisCode};
use schemas::time::{Day, Instant, day_of};

use super::{Journey, stated};
use crate::bundle::Bundle;
use crate::person::{Cell, Claim};

/// One answer of the register, whole.
#[derive(Clone, Copy, Debug)]
pub struct RegisterAnswer<'a> {
    journey: Journey<'a>,
    pub(super) cell: &'a Cell,
    pub(super) claim: &'a Claim,
    standing: &'a RegisterStanding,
}

/// The residence that holds on a day.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// The day it began.
    pub began: Day,
    pub residence: &'a Residence,
    pub(super) cell: &'a Cell,
    pub(super) claim: &'a Claim,
}

/// They left Belgium, or died: what began before that day has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Departure {
    pub on: Day,
    pub deceased: bool,
}

impl<'a> RegisterAnswer<'a> {
    /// The day on which it was given.
    fn day(&self) -> Day {
        day_of(self.claim.stated_at)
    }

    /// How it knows them.
    #[must_use]
    pub fn standing(&self) -> &'a RegisterStanding {
        self.standing
    }

    /// Whether they have left or died by a day. Where the day is not known, it was by the day of the answer.
    fn departure(&self, on: Day) -> Option<Departure> {
        let deceased = match self.standing {
            RegisterStanding::Left => false,
            RegisterStanding::Deceased => true,
            RegisterStanding::Resident(_) | RegisterStanding::Known | RegisterStanding::Cancelled => {
                return None;
            }
        };
        let day = self.claim.valid_from;
        day.is_none_or(|day| day <= on).then(|| Departure { on: day.unwrap_or_else(|| self.day()), deceased })
    }

    /// The residences it states, in the order in which they begin.
    fn residences(&self) -> impl Iterator<Item = Home<'a>> + use<'a> {
        let own = self.cell;
        let part = move |cell: &Cell| cell.channel == own.channel && cell.answered == own.answered;
        self.journey.claims(Field::Residence).filter(move |(cell, _)| part(cell)).filter_map(
            |(cell, claim)| match (&cell.entry, &claim.statement) {
                (Entry::Residence(began), Statement::Residence(residence)) => {
                    Some(Home { began: *began, residence, cell, claim })
                }
                _ => None,
            },
        )
    }

    /// The residence that holds on a day: the last that began, unless they have left since.
    fn home(&self, on: Day) -> Option<Home<'a>> {
        if *self.standing == RegisterStanding::Known {
            return None;
        }
        let left = self.departure(on);
        let stands = |home: &Home<'_>| home.began <= on && left.is_none_or(|left| home.began >= left.on);
        self.residences().filter(stands).last()
    }
}

impl<'a> Journey<'a> {
    fn answers(&self) -> impl Iterator<Item = RegisterAnswer<'a>> + use<'a> {
        let journey = *self;
        self.claims(Field::Standing).filter_map(move |(cell, claim)| {
            let standing = stated!(Some(claim), Standing)?;
            Some(RegisterAnswer { journey, cell, claim, standing })
        })
    }

    /// The newest answer: what it says holds from its time on, and nothing that an older one said.
    #[must_use]
    pub fn answer(&self) -> Option<RegisterAnswer<'a>> {
        self.newest(self.answers())
    }

    /// The newest of these answers. Each number has a dossier of its own: a cancelled one says nothing, and of one
    /// that was replaced only counts what it said while the other has not answered. A hint counts where no answer is.
    fn newest(&self, among: impl Iterator<Item = RegisterAnswer<'a>>) -> Option<RegisterAnswer<'a>> {
        let mut dossiers: BTreeMap<&str, RegisterAnswer<'a>> = BTreeMap::new();
        let order = |answer: &RegisterAnswer<'a>| (answer.claim.stated_at, answer.claim);
        for answer in among {
            let last = dossiers.entry(&answer.cell.channel).or_insert(answer);
            if order(&answer) > order(last) {
                *last = answer;
            }
        }
        let cancelled = |answer: &RegisterAnswer<'a>| matches!(answer.standing, RegisterStanding::Cancelled);
        dossiers.retain(|_, answer| !cancelled(answer));
        // Nearly everybody has one number, and then nothing is to be compared.
        if dossiers.len() < 2 {
            return dossiers.into_values().next();
        }
        let replaced = self.numbers().replaced();
        let rank = |answer: &RegisterAnswer<'a>| {
            let channel = &answer.cell.channel;
            (is_answer(channel), !replaced.contains(channel), order(answer))
        };
        dossiers.into_values().max_by_key(rank)
    }

    /// The days on which they left the country, as far as answers are remembered.
    pub fn departures(&self) -> impl Iterator<Item = Day> + use<'a> {
        let left = |answer: &RegisterAnswer<'a>| matches!(answer.standing, RegisterStanding::Left);
        let day = |answer: RegisterAnswer<'a>| answer.claim.valid_from.unwrap_or_else(|| answer.day());
        self.answers().filter(|answer| is_answer(&answer.cell.channel)).filter(left).map(day)
    }

    /// Whether they left the country on that day or after it, and live here again.
    pub(super) fn began_anew(&self, since: Day, on: Day) -> bool {
        let homes = self.homes(on);
        let back = |left: Day| !homes.is_empty() && homes.iter().all(|home| left <= home.began);
        self.departures().any(|left| since <= left && back(left))
    }

    /// How the register knows them.
    #[must_use]
    pub fn standing(&self) -> Option<&'a RegisterStanding> {
        self.answer().map(|answer| answer.standing)
    }

    /// The residence that holds on a day by what is stated now. While a later one alone is stated, none is known.
    #[must_use]
    pub fn home(&self, on: Day) -> Option<Home<'a>> {
        self.answer()?.home(on)
    }

    /// Where they lived on an earlier day, as it was stated then.
    #[must_use]
    pub fn lived(&self, on: Day) -> Option<Home<'a>> {
        self.newest(self.answers().filter(|answer| answer.day() <= on))?.home(on)
    }

    /// The municipality in which they first registered.
    pub(super) fn arrived_in(&self, on: Day) -> Option<NisCode> {
        let first = self.homes(on).into_iter().min_by_key(|home| home.began);
        first.map(|home| home.residence.nis)
    }

    /// Their first home in a language area.
    pub(crate) fn registered_in(&self, area: LanguageArea, bundle: &Bundle, on: Day) -> Option<Home<'a>> {
        let there = |home: &Home<'_>| bundle.places.of_code(home.residence.nis) == Some(area);
        self.homes(on).into_iter().filter(there).min_by_key(|home| home.began)
    }

    /// Every day on which a home under this code was ever said to begin, corrected since or not.
    pub(crate) fn begins_in(&self, nis: NisCode) -> impl Iterator<Item = Day> + use<'a> {
        self.claims(Field::Residence).filter_map(move |(cell, claim)| match &cell.entry {
            Entry::Residence(began) if stated!(Some(claim), Residence)?.nis == nis => Some(*began),
            _ => None,
        })
    }

    /// The homes they have had in Belgium without leaving it between them, as far as answers tell, the newest first: the one that
    /// holds on a day, and what older answers said of the time before it. What a newer answer says of the same time
    /// has corrected them.
    pub(super) fn homes(&self, on: Day) -> Vec<Home<'a>> {
        let Some(newest) = self.answer() else { return vec![] };
        let mut homes = Vec::from_iter(newest.home(on));
        let left = newest.departure(on).map_or_else(|| newest.day(), |departure| departure.on);
        let mut from = homes.first().map_or(left, |home| home.began);
        let mut older: Vec<_> = self.answers().filter(|answer| answer.day() < from).collect();
        older.sort_by_key(|answer| std::cmp::Reverse((answer.claim.stated_at, answer.claim)));
        for answer in older.into_iter().filter(|answer| *answer.standing != RegisterStanding::Cancelled) {
            if answer.departure(from).is_some() {
                break;
            }
            if let Some(home) = answer.home(answer.day()).filter(|_| answer.day() < from) {
                from = home.began;
                homes.push(home);
            }
        }
        homes
    }

    /// Whether they have left or died by a day.
    #[must_use]
    pub fn departure(&self, on: Day) -> Option<Departure> {
        self.answer()?.departure(on)
    }

    /// Whether no address may be told: the flag of one address holds for every one.
    #[must_use]
    pub fn restricted(&self) -> bool {
        self.answer().is_some_and(|answer| answer.residences().any(|home| home.residence.restricted))
    }

    /// The days on which something begins that the register has stated: each home on its own, and a departure.
    pub(crate) fn announced(&self) -> impl Iterator<Item = Day> + use<'a> {
        self.answer().into_iter().flat_map(|answer| {
            let departs = match answer.standing {
                RegisterStanding::Left | RegisterStanding::Deceased => answer.claim.valid_from,
                RegisterStanding::Resident(_) | RegisterStanding::Known | RegisterStanding::Cancelled => None,
            };
            answer.residences().map(|home| home.began).chain(departs)
        })
    }

    /// Their national number: of those that count the one that the highest authority stated last.
    #[must_use]
    pub fn insz(&self) -> Option<Insz> {
        let numbers = self.numbers();
        let stated = self.claims(Field::Insz).filter_map(|(cell, claim)| {
            stated!(Some(claim), Insz).map(|insz| (cell.rank(), claim.stated_at, *insz))
        });
        let replacing = self.claims(Field::Replaced).filter_map(|(cell, claim)| {
            stated!(Some(claim), Replaced).map(|to| (cell.rank(), claim.stated_at, to.new))
        });
        stated.chain(replacing).filter(|(_, _, insz)| numbers.counts(*insz)).max().map(|(_, _, insz)| insz)
    }

    fn numbers(&self) -> KnownNumbers<'a> {
        let replaced = self.claims(Field::Replaced);
        let mut numbers = KnownNumbers {
            replaced: replaced.filter_map(|(_, c)| stated!(Some(c), Replaced).map(|to| (c, to))).collect(),
            dossiers: BTreeMap::new(),
        };
        for answer in self.answers() {
            let said = (answer.claim.stated_at, answer.claim);
            let last = numbers.dossiers.entry(&answer.cell.channel).or_insert(said);
            *last = said.max(*last);
        }
        numbers
    }
}

/// Which of their national numbers count.
struct KnownNumbers<'a> {
    replaced: Vec<(&'a Claim, &'a Replacement)>,
    /// The newest answer of each dossier.
    dossiers: BTreeMap<&'a str, (Instant, &'a Claim)>,
}

impl KnownNumbers<'_> {
    /// Whether a number counts: it was not cancelled and no other took its place, or it took another's place since.
    fn counts(&self, insz: Insz) -> bool {
        let newest = |of: fn(&Replacement) -> Insz| {
            let named = self.replaced.iter().filter(move |(_, to)| of(to) == insz);
            named.map(|(claim, _)| (claim.stated_at, *claim)).max()
        };
        let (gone, came) = (newest(|to| to.old), newest(|to| to.new));
        let dossier = self.dossiers.get(register_channel(insz).as_str());
        let cancelled = dossier
            .filter(|(_, claim)| matches!(claim.statement, Statement::Standing(RegisterStanding::Cancelled)))
            .map(|(at, _)| *at);
        gone <= came && cancelled <= came.map(|(at, _)| at)
    }

    /// The dossiers of numbers whose place another took.
    fn replaced(&self) -> Vec<String> {
        let gone = self.replaced.iter().map(|(_, to)| to.old).filter(|old| !self.counts(*old));
        gone.map(register_channel).collect()
    }
}
