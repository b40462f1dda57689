//! How a record fits a person: what each agreement weighs, and which guards hold.
//!
//! Names and dates are compared with every view of the person and the best of each counts; numbers with all that the
//! person has. A guard holds whatever the weight is. Next: [`super::judge`].

use std::collections::BTreeSet;

use schemas::key::Key;
use schemas::view::{MarkKind, MatchView, NameView};

use super::birth::BirthFit;
use super::name::{self, NameFit, distance};
use crate::model::{Guard, Lines, MatchModel, NumberOf, Weight};
use crate::person::{Matching, Outline, Weighed};
use crate::work;

/// A record and a person, compared.
#[derive(Clone, Debug)]
pub(crate) struct Compared<'a> {
    pub(crate) person: Outline<'a>,
    pub(crate) weight: Weight,
    /// None where one of the two has no name.
    pub(crate) name: Option<NameFit>,
    /// None where one of the two has no date.
    pub(crate) birth: Option<BirthFit>,
    pub(crate) numbers: NumberFit,
    pub(crate) led: Led,
    /// The guards that hold.
    pub(crate) guards: BTreeSet<Guard>,
}

/// How the numbers of a record fit those of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct NumberFit {
    pub(crate) weight: Weight,
    /// How many are shared.
    pub(crate) shared: usize,
    /// Only documents that change hands are shared.
    pub(crate) passport_only: bool,
    /// A document's number is one letter apart: twins may have such, so it speaks for a date alone.
    pub(super) near: bool,
    /// How many kinds both have, without sharing one.
    pub(super) differ: usize,
    /// National numbers, or those of the aliens office, differ.
    holders_differ: bool,
    /// The applications are two.
    applications_differ: bool,
}

/// What leads from a record to a person beside what they say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Led {
    /// One of the record's personal keys is theirs.
    pub(crate) by_number: bool,
    /// A group key or a claim leads to both.
    pub(crate) by_group: bool,
    /// One of the two is an account that claims a number of the other.
    pub(crate) by_claim: bool,
    /// One of the two is what a participant says of themselves.
    pub(crate) self_stated: bool,
}

impl<'a> Compared<'a> {
    pub(crate) fn of(view: &MatchView, person: Outline<'a>, led: Led, model: &MatchModel) -> Self {
        work::persons(1);
        let known = person.matching;
        let name = best_name(view, known, model);
        let birth = best_birth(view, known, model);
        let numbers = NumberFit::of(&view.numbers, known, model);
        let group = if led.by_group { model.group } else { 0 };
        let weight = model.prior()
            + name.map_or(0, |fit| fit.weight)
            + birth.map_or(0, |fit| fit.weight(&model.birth))
            + numbers.weight
            + marks(view, known, model)
            + group;
        let mut compared = Self { person, weight, name, birth, numbers, led, guards: BTreeSet::new() };
        compared.guards = compared.held(view, &model.lines);
        compared.guards.retain(|guard| model.guards.contains(guard));
        compared
    }

    /// Whether the same name and the same day are said, letter by letter.
    pub(crate) fn whole(&self) -> bool {
        self.name.is_some_and(|fit| fit.whole()) && self.birth == Some(BirthFit::Exact)
    }

    /// What a journal keeps of it.
    pub(crate) fn weighed(&self) -> Weighed {
        Weighed { person: self.person.id, weight: self.weight, guards: self.guards.clone() }
    }

    /// Name and date both speak against it: of two whom no number ties nobody is asked then.
    pub(crate) fn contradicts(&self) -> bool {
        let unexplained = self.name.is_some_and(|fit| fit.unexplained());
        unexplained && self.birth.is_some_and(BirthFit::speaks_against)
    }

    fn held(&self, view: &MatchView, lines: &Lines) -> BTreeSet<Guard> {
        let mut held = BTreeSet::new();
        let mut holds = |guard, holds: bool| {
            if holds {
                held.insert(guard);
            }
        };
        let (numbers, led) = (&self.numbers, self.led);
        let shared = led.by_number || numbers.shared > 0;
        let corroborated = led.by_group;
        let exact = self.birth == Some(BirthFit::Exact);
        let unexplained = self.name.is_some_and(|fit| fit.unexplained());
        let twins = self.name.is_some_and(|fit| fit.twins());
        let against = self.birth.is_some_and(BirthFit::speaks_against);
        let proved = exact && numbers.shared > 1;
        let doubtful = unexplained && !proved && (!shared || twins || !exact && !against);
        let unread = self.name.is_none_or(|fit| fit.heard);
        holds(Guard::NameUnexplained, doubtful || !shared && unread);
        holds(Guard::TwoHolders, numbers.holders_differ);
        if shared {
            let names_less = self.name.is_some_and(|fit| fit.weight < lines.fitting_name);
            let contradicts = against && (unexplained || numbers.passport_only && names_less);
            holds(Guard::NumberContradicts, contradicts);
            return held;
        }
        let default = view.births.iter().all(|birth| birth.is_default());
        let dated = (corroborated || numbers.near) && numbers.differ == 0;
        holds(Guard::NoDate, self.birth.is_none() || default && !dated);
        let agrees = self.birth.is_none_or(BirthFit::agrees);
        // A participant's own word links only who knows the whole day, or a number and all that is known of the day.
        let known = match self.birth {
            Some(BirthFit::Exact | BirthFit::ExactDefault) => true,
            Some(BirthFit::ExactUnknown) => led.by_claim,
            _ => false,
        };
        let guessed = led.self_stated && !known;
        holds(Guard::DateDiffers, !agrees && !default && !dated || against || guessed);
        let rare = exact && self.name.is_some_and(|fit| fit.weight >= lines.rare_name);
        let applications = numbers.applications_differ;
        holds(Guard::NumberDiffers, !corroborated && (applications || numbers.differ > 0 && !rare));
        holds(Guard::TwoNumbersDiffer, !corroborated && numbers.differ > 1);
        held
    }
}

/// The best fit of any of the record's names with any of theirs.
fn best_name(view: &MatchView, known: &Matching, model: &MatchModel) -> Option<NameFit> {
    let mut best: Option<NameFit> = None;
    for ours in &view.names {
        let mut before = None;
        for theirs in known.names() {
            // Views stand in the order of their names: the same one is not compared again.
            if before == Some(theirs) {
                continue;
            }
            before = Some(theirs);
            let fit = name::fit(ours, theirs, model);
            if best.is_none_or(|best| (fit.weight, !fit.unexplained()) > (best.weight, !best.unexplained())) {
                best = Some(fit);
            }
        }
    }
    // Across scripts a name is a question and never a link, where Latin letters speak against it.
    let against = best.is_some_and(|fit| fit.unexplained() || fit.weight <= 0);
    if against && let Some(heard) = heard(view, known, model) {
        best = best.map(|fit| NameFit { weight: fit.weight.max(heard), heard: true, ..fit });
    }
    best
}

/// What it weighs that a name in its own script is the other's; none where it is not.
fn heard(view: &MatchView, known: &Matching, model: &MatchModel) -> Option<Weight> {
    let theirs = || known.native();
    let latin = |names: &mut dyn Iterator<Item = &NameView>| names.map(NameView::tokens).collect::<Vec<_>>();
    let ours =
        view.native.iter().filter_map(|own| model.letters.heard(own, theirs(), &latin(&mut known.names())));
    let others = theirs()
        .filter_map(|own| model.letters.heard(own, view.native.iter(), &latin(&mut view.names.iter())));
    let odds = ours.chain(others).max().filter(|odds| *odds > 0)?;
    // Hundredths of a natural logarithm, as hundredths of a bit.
    let bits = odds * 144 / 100;
    Some(bits.min(model.name_parts.exact.most).max(model.lines.fitting_name))
}

fn best_birth(view: &MatchView, known: &Matching, model: &MatchModel) -> Option<BirthFit> {
    let calendar = || {
        let mut marks = view.marks.iter().chain(known.marks());
        marks.any(|mark| mark.kind == MarkKind::Nationality && matches!(&*mark.value, "ETH" | "ERI"))
    };
    let calendar = calendar();
    let pairs = view.births.iter().flat_map(|ours| known.births().map(move |theirs| (*ours, *theirs)));
    pairs.map(|(a, b)| BirthFit::of(a, b, calendar)).max_by_key(|fit| fit.weight(&model.birth))
}

/// Properties that many share: equal where one is, different where both have one and none is shared.
pub(super) fn marks(view: &MatchView, known: &Matching, model: &MatchModel) -> Weight {
    let mut weight = 0;
    for (kind, weights) in &model.marks {
        let ours = view.marks.iter().filter(|mark| mark.kind == *kind);
        let mut best = None;
        for mark in ours {
            for other in known.marks().filter(|other| other.kind == *kind) {
                let near = || distance(&mark.value, &other.value, 1).is_some();
                let fits = if mark.value == other.value {
                    let rarity = model.frequencies.marks.get(mark).copied().unwrap_or(weights.equal);
                    weights.equal.min(rarity)
                } else {
                    weights.near.filter(|_| near()).unwrap_or(weights.differs)
                };
                best = best.max(Some(fits));
            }
        }
        weight += best.unwrap_or(0);
    }
    weight
}

impl NumberFit {
    pub(super) fn of(ours: &[Key], known: &Matching, model: &MatchModel) -> Self {
        let mut fit = Self::default();
        let (mut passports, mut before) = (0, None);
        for key in ours {
            let Some(kind) = NumberOf::of(key) else { continue };
            let Some(weights) = model.numbers.get(&kind) else { continue };
            // Sorted by their kind: each kind is looked at once.
            if before.replace(kind) == Some(kind) {
                continue;
            }
            let own = || ours.iter().filter(|key| NumberOf::of(key) == Some(kind));
            let theirs = || known.keys.iter().filter(|key| NumberOf::of(key) == Some(kind));
            let shared = own().filter(|key| known.keys.contains(key)).count();
            if shared > 0 {
                fit.weight += weights.equal;
                fit.shared += shared;
                passports += usize::from(matches!(kind, NumberOf::Passport));
            } else if theirs().next().is_none() || kind == NumberOf::Account {
                // Nothing to compare: anybody may have several accounts.
            } else if own().any(|key| theirs().any(|other| nearly(key, other))) {
                fit.weight += weights.near;
                fit.near = true;
                fit.holders_differ |= matches!(kind, NumberOf::Insz | NumberOf::Dvz);
            } else {
                fit.weight += weights.differs;
                fit.differ += 1;
                fit.holders_differ |= matches!(kind, NumberOf::Insz | NumberOf::Dvz);
                fit.applications_differ |= kind == NumberOf::Application;
            }
        }
        fit.passport_only = fit.shared > 0 && passports == fit.shared;
        fit
    }
}

/// Whether one letter was misread or mistyped: letters that look alike count as one.
fn nearly(a: &Key, b: &Key) -> bool {
    let alike = |key: &Key| -> String {
        let read = |letter| match letter {
            'O' => '0',
            'I' => '1',
            'S' => '5',
            'B' => '8',
            other => other,
        };
        match key {
            // The number alone: the country or the post is another matter.
            Key::Passport(_, number) => number.as_str().chars().map(read).collect(),
            Key::Document(number) => number.as_str().chars().map(read).collect(),
            Key::Insz(number) => number.to_string(),
            Key::Dvz(number) => number.as_str().to_owned(),
            Key::Permit(number) => number.as_str().to_owned(),
            _ => String::new(),
        }
    };
    let (a, b) = (alike(a), alike(b));
    a.len() >= 6 && distance(&a, &b, 1).is_some()
}
