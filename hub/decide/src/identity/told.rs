//! Why two persons are linked, asked about or neither: each field with how it fits and what it weighs.
//!
//! The same comparison as [`super::compare`]'s, taken apart: the weights of the fields and the prior are its weight. Carries
//! no value of anybody, so that it may be shown to who must decide without one. Refuses to judge.

use schemas::view::{MarkKind, MatchView};

use super::birth::BirthFit;
use super::compare::{Compared, NumberFit, marks};
use super::guard::told_apart;
use super::name::NameFit;
use super::nearest::{led, whole};
use crate::model::{Guard, Lines, MatchModel, NumberOf, Weight};
use crate::person::Person;

/// What is compared of two persons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ComparedField {
    Name,
    Birth,
    Mark(MarkKind),
    Number(NumberOf),
    /// A permit that both name, or a document's number whose country one of them does not say.
    Group,
}

impl ComparedField {
    /// Its name in explanations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Birth => "birth",
            Self::Mark(MarkKind::Sex) => "sex",
            Self::Mark(MarkKind::Nationality) => "nationality",
            Self::Mark(MarkKind::Category) => "category",
            Self::Mark(MarkKind::StreetNumber) => "street_number",
            Self::Mark(MarkKind::Street) => "street",
            Self::Mark(MarkKind::Suburb) => "suburb",
            Self::Mark(MarkKind::Postcode) => "postcode",
            Self::Number(NumberOf::Insz) => "insz",
            Self::Number(NumberOf::Dvz) => "dvz",
            Self::Number(NumberOf::Application) => "application",
            Self::Number(NumberOf::Passport) => "passport",
            Self::Number(NumberOf::Permit) => "permit",
            Self::Number(NumberOf::Account) => "account",
            Self::Number(NumberOf::Document) => "document",
            Self::Group => "group",
        }
    }
}

/// How one field fits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FieldLevel {
    Equal,
    /// Other letters, digits or parts, in a way that clerks, calendars and scripts explain.
    Near,
    Different,
    /// One of the two does not say it, so nothing follows.
    Missing,
}

impl FieldLevel {
    /// Its name in explanations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Near => "near",
            Self::Different => "different",
            Self::Missing => "missing",
        }
    }
}

/// One field of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldFit {
    pub field: ComparedField,
    pub level: FieldLevel,
    /// Which kind of fit it is, where there are several.
    pub kind: Option<&'static str>,
    pub weight: Weight,
}

/// Two persons compared, whatever was made of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// What everybody starts from, by how many they are one of.
    pub prior: Weight,
    /// The prior and all fields together.
    pub weight: Weight,
    /// From where on the machine links, and a human is asked.
    pub lines: Lines,
    /// The guards that hold between them, whatever the weight is.
    pub guards: Vec<Guard>,
    pub fields: Vec<FieldFit>,
}

/// Two persons, compared field by field.
#[must_use]
pub fn compared(one: &Person, other: &Person, model: &MatchModel) -> Comparison {
    let (view, led) = (whole(one), led(one, other));
    let all = Compared::of(&view, other.outline(), led, model);
    let mut guards: Vec<Guard> = all.guards.iter().copied().collect();
    if told_apart(one.outline(), other.outline()) {
        guards.push(Guard::ToldApart);
    }
    let mut fields = vec![name(all.name), birth(all.birth, model)];
    fields.extend(model.marks.keys().map(|kind| mark(&view, other, *kind, model)));
    fields.extend(model.numbers.keys().map(|kind| number(&view, other, *kind, model)));
    if led.by_group {
        let (field, level) = (ComparedField::Group, FieldLevel::Equal);
        fields.push(FieldFit { field, level, kind: None, weight: model.group });
    }
    Comparison { prior: model.prior(), weight: all.weight, lines: model.lines, guards, fields }
}

fn name(fit: Option<NameFit>) -> FieldFit {
    let (level, kind) = match fit {
        None => (FieldLevel::Missing, None),
        Some(fit) if fit.whole() => (FieldLevel::Equal, None),
        Some(fit) if fit.heard => (FieldLevel::Near, Some("script")),
        Some(fit) if fit.unexplained() => (FieldLevel::Different, Some("part_remains")),
        Some(fit) if fit.remain != (0, 0) => (FieldLevel::Near, Some("part_left_out")),
        Some(_) => (FieldLevel::Near, Some("spelling")),
    };
    FieldFit { field: ComparedField::Name, level, kind, weight: fit.map_or(0, |fit| fit.weight) }
}

fn birth(fit: Option<BirthFit>, model: &MatchModel) -> FieldFit {
    let weight = fit.map_or(0, |fit| fit.weight(&model.birth));
    let (level, kind) = match fit {
        None => (FieldLevel::Missing, None),
        Some(fit) => {
            let level = match fit {
                BirthFit::Exact | BirthFit::ExactDefault | BirthFit::ExactUnknown => FieldLevel::Equal,
                fit if fit.speaks_against() => FieldLevel::Different,
                _ => FieldLevel::Near,
            };
            (level, fit.kind())
        }
    };
    FieldFit { field: ComparedField::Birth, level, kind, weight }
}

fn mark(view: &MatchView, other: &Person, kind: MarkKind, model: &MatchModel) -> FieldFit {
    let own = view.marks.iter().filter(|mark| mark.kind == kind);
    let only = MatchView { marks: own.cloned().collect(), ..MatchView::default() };
    let theirs = || other.matching.marks().filter(|mark| mark.kind == kind);
    let weight = marks(&only, &other.matching, model);
    let level = if only.marks.is_empty() || theirs().next().is_none() {
        FieldLevel::Missing
    } else if theirs().any(|mark| only.marks.contains(mark)) {
        FieldLevel::Equal
    } else if model.marks.get(&kind).is_some_and(|weights| weights.near == Some(weight)) {
        FieldLevel::Near
    } else {
        FieldLevel::Different
    };
    FieldFit { field: ComparedField::Mark(kind), level, kind: None, weight }
}

fn number(view: &MatchView, other: &Person, kind: NumberOf, model: &MatchModel) -> FieldFit {
    let own = view.numbers.iter().filter(|key| NumberOf::of(key) == Some(kind));
    let own: Vec<_> = own.cloned().collect();
    let fit = NumberFit::of(&own, &other.matching, model);
    let level = if fit.shared > 0 {
        FieldLevel::Equal
    } else if fit.near {
        FieldLevel::Near
    } else if fit.differ > 0 {
        FieldLevel::Different
    } else {
        FieldLevel::Missing
    };
    FieldFit { field: ComparedField::Number(kind), level, kind: None, weight: fit.weight }
}
