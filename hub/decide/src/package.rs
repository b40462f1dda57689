//! The learning package as data: its modules, whom the focus modules are for, and what somebody is to the trajectory.
//!
//! Owns the tables of `config/rules/modules.toml` and `config/rules/obligation.toml` and what they say by themselves;
//! refuses to know what anybody learned. Next: [`crate::journey::learning`].

use std::collections::{BTreeMap, BTreeSet};

use schemas::reference::{IssuerCode, ModuleCode};
use schemas::time::Day;
use serde::{Deserialize, Serialize};

/// As what a person belongs to the target group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Family,
    /// A labour migrant's family.
    LabourFamily,
    Labour,
}

impl Group {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::LabourFamily => "labour_family",
            Self::Labour => "labour",
        }
    }
}

/// The modules, and who issues proofs that are known (docs/domain.md#learning).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModuleTable {
    pub modules: BTreeMap<ModuleCode, ModuleRow>,
    pub issuers: BTreeSet<IssuerCode>,
}

/// One module, as the table has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModuleRow {
    pub part: ModulePart,
    /// Whom a focus module is meant for.
    pub groups: BTreeSet<Group>,
    /// Its name, by language (ISO 639-1).
    pub names: BTreeMap<String, String>,
    pub done_by: MoveOn,
    /// Its versions, in the order in which they begin.
    pub versions: Vec<ModuleVersion>,
    /// The last day on which it is part of the package; none while it is.
    pub until: Option<Day>,
}

/// A version of a module, from a day on until the next one begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModuleVersion {
    pub name: String,
    pub from: Day,
}

/// What a module is in the package.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModulePart {
    /// Everybody is to take it.
    Base,
    /// Chosen at the intake talk, by what somebody comes for.
    Focus,
    /// How a diploma is recognised: for who has one.
    Diploma,
}

impl ModulePart {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Focus => "focus",
            Self::Diploma => "diploma",
        }
    }
}

/// What completes a module (`moveOn` of cmi5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveOn {
    /// Its test was passed.
    #[default]
    Passed,
    /// It was gone through.
    Completed,
    /// One of the two.
    Either,
    /// It was gone through, and its test was passed.
    Both,
}

impl MoveOn {
    /// The day on which a module was completed that was gone through and passed on these days.
    #[must_use]
    pub fn on(self, completed: Option<Day>, passed: Option<Day>) -> Option<Day> {
        match self {
            Self::Passed => passed,
            Self::Completed => completed,
            Self::Either => completed.into_iter().chain(passed).min(),
            Self::Both => completed.zip(passed).map(|(one, other)| one.max(other)),
        }
    }
}

impl ModuleRow {
    /// The version of a day.
    #[must_use]
    pub fn version(&self, on: Day) -> Option<&ModuleVersion> {
        self.versions.iter().rev().find(|version| version.from <= on)
    }

    /// Whether it is part of the package on a day.
    #[must_use]
    pub fn is_taught(&self, on: Day) -> bool {
        self.version(on).is_some() && self.until.is_none_or(|until| on <= until)
    }
}

impl ModuleTable {
    /// What completes a module; one that is not listed is completed by its test.
    #[must_use]
    pub fn done_by(&self, module: &ModuleCode) -> MoveOn {
        self.modules.get(module).map_or(MoveOn::default(), |row| row.done_by)
    }

    /// The modules that everybody takes on a day.
    pub fn base(&self, on: Day) -> impl Iterator<Item = &ModuleCode> {
        self.taught(on).filter(|(_, row)| row.part == ModulePart::Base).map(|(code, _)| code)
    }

    /// The focus modules that are meant for a group on a day.
    pub fn focus(&self, group: Group, on: Day) -> impl Iterator<Item = &ModuleCode> {
        let meant = move |row: &ModuleRow| row.part == ModulePart::Focus && row.groups.contains(&group);
        self.taught(on).filter(move |(_, row)| meant(row)).map(|(code, _)| code)
    }

    fn taught(&self, on: Day) -> impl Iterator<Item = (&ModuleCode, &ModuleRow)> {
        self.modules.iter().filter(move |(_, row)| row.is_taught(on))
    }

    /// The days on which what is taught changes.
    pub fn days(&self) -> impl Iterator<Item = Day> {
        let begins = |row: &ModuleRow| row.versions.first().map(|version| version.from);
        let ends = |row: &ModuleRow| row.until.and_then(|until| until.succ_opt());
        self.modules.values().flat_map(move |row| begins(row).into_iter().chain(ends(row)))
    }
}

/// What somebody is to the trajectory after arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    Obliged,
    Entitled,
    /// The rules do not say.
    Unknown,
}

impl Obligation {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Obliged => "obliged",
            Self::Entitled => "entitled",
            Self::Unknown => "unknown",
        }
    }
}

/// Who is obliged and who entitled, by days, in the order in which they begin (docs/domain.md#obliged-or-entitled).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ObligationRules(pub Vec<ObligationRule>);

/// Who is obliged from a day on, until the next rule begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObligationRule {
    pub from: Day,
    /// From this age on nobody is obliged.
    pub exempt_from_age: u16,
    /// The groups that are entitled.
    pub entitled: BTreeSet<Group>,
    /// The grounds of family reunification that oblige.
    pub obliging_grounds: BTreeSet<String>,
}

impl ObligationRules {
    /// The rule of a day.
    #[must_use]
    pub fn on(&self, day: Day) -> Option<&ObligationRule> {
        self.0.iter().rev().find(|rule| rule.from <= day)
    }
}

impl ObligationRule {
    /// What somebody is who comes as this, on this ground of family reunification; `of_age` says whether they have the
    /// age from which nobody is obliged.
    #[must_use]
    pub fn of(&self, group: Group, ground: Option<&str>, of_age: Option<bool>) -> Obligation {
        let obliges = ground.is_some_and(|ground| self.obliging_grounds.contains(ground));
        match (self.entitled.contains(&group), group == Group::Family && obliges, of_age) {
            (true, _, _) | (_, true, Some(true)) => Obligation::Entitled,
            (_, true, Some(false)) => Obligation::Obliged,
            (_, _, _) => Obligation::Unknown,
        }
    }
}
