//! The match model: what each agreement between two records weighs, and where the lines are drawn.
//!
//! Owns the form of a model and what is refused of one; the engine reads it from `config/models/`. Weights are in
//! hundredths of a bit: +100 makes it twice as likely that the two are one. Nothing here compares: that is
//! [`crate::identity`]'s. Source: docs/identity.md#the-model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::key::Key;
use schemas::view::{Mark, MarkKind};
use serde::{Deserialize, Serialize};

use crate::transliteration::Transliteration;

/// A weight, in hundredths of a bit.
pub type Weight = i32;

/// One version of a match model.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchModel {
    /// Its name and version, such as `newcomers 1`: what explanations call it.
    pub name: String,
    pub version: u32,
    /// The SHA-256 of its file, in hexadecimal digits: stands in each decision.
    #[serde(skip)]
    pub hash: String,
    /// How many persons somebody is one of: the fewer, the less an agreement must weigh.
    pub persons: u32,
    pub lines: Lines,
    pub name_parts: NameWeights,
    pub birth: BirthWeights,
    /// Properties that many share; one that is not named is not compared.
    #[serde(default)]
    pub marks: BTreeMap<MarkKind, MarkWeights>,
    /// Numbers; a kind that is not named is not compared.
    #[serde(default)]
    pub numbers: BTreeMap<NumberOf, NumberWeights>,
    /// A group key that leads to both.
    #[serde(default)]
    pub group: Weight,
    /// What stops a link whatever it weighs.
    #[serde(default)]
    pub guards: BTreeSet<Guard>,
    #[serde(default)]
    pub frequencies: Frequencies,
    /// How names in their own script meet names in Latin letters.
    #[serde(skip)]
    pub letters: Arc<Transliteration>,
}

/// Where a link is made, and where a human is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// From here the machine links.
    pub auto: Weight,
    /// From here a human is asked.
    pub review: Weight,
    /// How much lighter the next candidate must be.
    pub margin: Weight,
    /// A name that weighs this much with the whole date may outweigh another document.
    pub rare_name: Weight,
    /// Under a passport's number alone a name that weighs less does not outweigh another date.
    pub fitting_name: Weight,
}

/// What two names weigh: each part of the one is paired with at most one of the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameWeights {
    /// Letter by letter the same part.
    pub exact: PartWeights,
    /// One letter apart, or the same skeleton.
    pub close: PartWeights,
    /// Beginning alike, or two letters apart.
    pub near: PartWeights,
    /// Skeletons one letter apart.
    pub faint: PartWeights,
    /// A part on each side that the other has not: the two contradict each other.
    pub unexplained: Weight,
    /// And more where a given name remains on both sides beside a part that agrees: twins and sisters are called so.
    #[serde(default)]
    pub twins: Weight,
    /// A part that the other leaves out, at most twice.
    pub left_out: Weight,
    /// What is left over is the same once it is written together.
    pub together: Weight,
    /// One of the two is a single part.
    pub single: Weight,
}

/// What a pair of parts weighs: as much as the rarer of the two is rare, less `less`, between `least` and `most`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartWeights {
    pub less: Weight,
    pub least: Weight,
    pub most: Weight,
}

impl PartWeights {
    /// The weight of a pair whose more frequent part is so rare.
    #[must_use]
    pub fn of(self, rarity: Weight) -> Weight {
        (rarity - self.less).clamp(self.least.min(self.most), self.most)
    }
}

/// What two birth dates weigh, by how they differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BirthWeights {
    /// The same day, whole and not 1 January.
    pub exact: Weight,
    /// The same day, and it is 1 January.
    pub exact_default: Weight,
    /// The same year, and no more is known of either.
    pub exact_unknown: Weight,
    /// Day and month exchanged.
    pub exchanged: Weight,
    /// A day before or after.
    pub day_apart: Weight,
    /// One digit is another, or two are exchanged.
    pub one_digit: Weight,
    /// The day is unknown to one, all else agrees.
    pub day_unknown: Weight,
    /// Day and month are unknown to one, the year agrees.
    pub month_unknown: Weight,
    /// 1 January to one, the year agrees.
    pub default_year: Weight,
    /// The same day, seven or eight years apart, where the calendar explains it.
    pub calendar: Weight,
    /// Two of the three parts agree.
    pub two_parts: Weight,
    /// Two days of which both are 1 January, one or two years apart.
    pub default_near: Weight,
    /// Two days of which both are 1 January, more than two years apart.
    pub default_apart: Weight,
    /// Another day, in no way that is told above.
    pub differs: Weight,
    /// Another year, and day or month are unknown to one.
    pub unknown_differs: Weight,
}

/// What a property weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkWeights {
    /// Equal, at most: a frequent value weighs less.
    pub equal: Weight,
    /// Nearly equal: one letter or digit apart.
    #[serde(default)]
    pub near: Option<Weight>,
    pub differs: Weight,
}

/// The kinds of numbers that are compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberOf {
    Insz,
    Dvz,
    Application,
    Passport,
    Permit,
    Account,
    Document,
}

impl NumberOf {
    pub const ALL: [Self; 7] = [
        Self::Insz,
        Self::Dvz,
        Self::Application,
        Self::Passport,
        Self::Permit,
        Self::Account,
        Self::Document,
    ];

    /// The kind of a key that identifies; none of a group key, of a name's or of a statement's.
    #[must_use]
    pub fn of(key: &Key) -> Option<Self> {
        match key {
            Key::Insz(_) => Some(Self::Insz),
            Key::Dvz(_) => Some(Self::Dvz),
            Key::Application(..) => Some(Self::Application),
            Key::Passport(..) => Some(Self::Passport),
            Key::Permit(_) => Some(Self::Permit),
            Key::Account(_) => Some(Self::Account),
            Key::Document(_) => Some(Self::Document),
            Key::Statement(_)
            | Key::PermitNamed(_)
            | Key::ApplicationNamed(..)
            | Key::PassportAlone(_)
            | Key::BirthDay(_)
            | Key::YearAndSound(..)
            | Key::DayAndSound(..)
            | Key::Sounds(..)
            | Key::Home(..) => None,
        }
    }
}

/// What a number weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberWeights {
    pub equal: Weight,
    /// One letter apart, or letters that are taken for each other.
    pub near: Weight,
    /// Both have one, and none is shared.
    pub differs: Weight,
}

/// What stops a link, whatever it weighs: a human decides. The numbers are those of docs/identity.md#guards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// 1: a part of the name remains on both sides.
    NameUnexplained,
    /// 2: no number is shared, and no date, or only one that clerks fill in.
    NoDate,
    /// 3: no number is shared, and the dates are neither equal nor exchanged.
    DateDiffers,
    /// 4: no number is shared and a document's number differs, or the application is another one.
    NumberDiffers,
    /// 5: two documents' numbers differ and none agrees.
    TwoNumbersDiffer,
    /// 6: two national numbers or two of the aliens office.
    TwoHolders,
    /// 7: a number is shared, and name and date both differ.
    NumberContradicts,
    /// 8: a human said that they are two.
    ToldApart,
}

impl Guard {
    pub const ALL: [Self; 8] = [
        Self::NameUnexplained,
        Self::NoDate,
        Self::DateDiffers,
        Self::NumberDiffers,
        Self::TwoNumbersDiffer,
        Self::TwoHolders,
        Self::NumberContradicts,
        Self::ToldApart,
    ];

    /// Its name in models and explanations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameUnexplained => "name-unexplained",
            Self::NoDate => "no-date",
            Self::DateDiffers => "date-differs",
            Self::NumberDiffers => "number-differs",
            Self::TwoNumbersDiffer => "two-numbers-differ",
            Self::TwoHolders => "two-holders",
            Self::NumberContradicts => "number-contradicts",
            Self::ToldApart => "told-apart",
        }
    }
}

/// How rare values are: counted over persons, not over records.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequencies {
    /// The weight of a part that is not listed: nobody is known to share it.
    pub rare: Weight,
    /// Parts of names that several share.
    #[serde(default)]
    pub parts: BTreeMap<Arc<str>, Weight>,
    /// Values of properties that several share.
    #[serde(skip)]
    pub marks: BTreeMap<Mark, Weight>,
}

impl MatchModel {
    /// What being one of so many weighs: below zero.
    #[must_use]
    pub fn prior(&self) -> Weight {
        -bits(u64::from(self.persons.max(1)), 1)
    }

    /// How rare a part of a name is.
    #[must_use]
    pub fn rarity(&self, part: &str) -> Weight {
        self.frequencies.parts.get(part).copied().unwrap_or(self.frequencies.rare)
    }

    /// Why it is no model to decide by: the running hub's has more to fulfil than that of a file.
    #[must_use]
    pub fn faults(&self, running: bool) -> Vec<String> {
        let mut faults = vec![];
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        let (parts, birth) = (&self.name_parts, &self.birth);
        must(self.lines.auto > self.lines.review, "lines.auto must lie above lines.review");
        must(self.lines.margin >= 0, "lines.margin must not be below 0");
        must(self.lines.fitting_name > 0, "lines.fitting_name must be above 0");
        must(
            self.lines.rare_name >= self.lines.fitting_name,
            "lines.rare_name must not be below fitting_name",
        );
        must((10..=1_000_000_000).contains(&self.persons), "persons must be 10 to 1,000,000,000");
        let falling = [parts.exact, parts.close, parts.near, parts.faint];
        let order = |pair: &[PartWeights]| pair[0].most >= pair[1].most && pair[0].less <= pair[1].less;
        must(falling.windows(2).all(order), "name_parts must weigh less from exact to close, near and faint");
        must(falling.iter().all(|part| part.least <= part.most), "name_parts: least must not exceed most");
        must(parts.unexplained < 0, "name_parts.unexplained must be below 0");
        must(parts.twins <= 0, "name_parts.twins must not be above 0");
        must(parts.left_out <= 0, "name_parts.left_out must not be above 0");
        let lesser =
            [birth.exchanged, birth.day_apart, birth.one_digit, birth.day_unknown, birth.default_year];
        must(lesser.iter().all(|weight| *weight <= birth.exact), "birth.exact must weigh most");
        must(birth.exact_default <= birth.exact, "birth.exact_default must not exceed birth.exact");
        must(birth.differs < 0, "birth.differs must be below 0");
        for (kind, number) in &self.numbers {
            let sound = number.equal > number.near && number.near > number.differs && number.differs <= 0;
            must(
                sound,
                &format!("numbers.{kind:?}: equal, near and differs must fall, differs to 0 or below"),
            );
        }
        for (kind, mark) in &self.marks {
            must(mark.equal > mark.differs, &format!("marks.{kind:?}: equal must weigh more than differs"));
            must(
                !running || !kind.is_address(),
                &format!("marks.{kind:?}: an address is no evidence in the running hub"),
            );
        }
        let all = Guard::ALL.iter().all(|guard| self.guards.contains(guard));
        must(!running || all, "guards: the running hub needs every guard");
        let numbered = [NumberOf::Insz, NumberOf::Dvz, NumberOf::Application, NumberOf::Passport];
        must(
            !running || numbered.iter().all(|kind| self.numbers.contains_key(kind)),
            "numbers: one is missing",
        );
        faults
    }

    /// Counts how rare values are, and among how many persons somebody is sought: each value once a person.
    pub fn count<'a>(&mut self, persons: u64, parts: impl IntoIterator<Item = (&'a Arc<str>, u64)>) {
        self.persons = u32::try_from(persons).unwrap_or(u32::MAX).max(10);
        let several = |(part, times): (&'a Arc<str>, u64)| (times > 1).then(|| (Arc::clone(part), times));
        let rarity = |(part, times)| (part, bits(persons, times));
        self.frequencies.parts = parts.into_iter().filter_map(several).map(rarity).collect();
        self.frequencies.rare = bits(persons, 2);
    }
}

/// How many bits it says that of `all` it is one of `some`: log2(all / some), in hundredths, never below 0.
#[must_use]
pub fn bits(all: u64, some: u64) -> Weight {
    let (all, some) = (u128::from(all.max(1)), u128::from(some.max(1)));
    if all <= some {
        return 0;
    }
    // Fixed point: the whole part by halving, seven more binary digits by squaring.
    let mut value = (all << 32) / some;
    let mut whole: i64 = 0;
    while value >= 2 << 32 {
        value >>= 1;
        whole += 1;
    }
    let mut part: i64 = 0;
    for _ in 0..7 {
        value = (value * value) >> 32;
        part <<= 1;
        if value >= 2 << 32 {
            value >>= 1;
            part |= 1;
        }
    }
    Weight::try_from(whole * 100 + part * 100 / 128).unwrap_or(Weight::MAX)
}
