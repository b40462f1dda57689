//! What is stated of learning and of what goes with it: the path, the course, the steps in a module, help, tests, the fee.
//!
//! Parts of [`crate::fact`], which names them all. Refuses words, scores and notes: only what a rule or a recipient needs.

use serde::{Deserialize, Serialize};

use crate::reference::{CategoryCode, IssuerCode, ModuleCode, StatementId};
use crate::time::Day;

/// The modules of a learning path, sorted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct LearningPath {
    /// Which.
    pub modules: Vec<ModuleCode>,
}

/// Within which days somebody takes the course.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct CoursePeriod {
    /// The first day on which they may.
    pub from: Option<Day>,
    /// The last one.
    pub until: Option<Day>,
}

/// What somebody needs help with to learn at a distance: coarse, and never in words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct SupportNeed {
    /// They have no device that serves.
    pub device: bool,
    /// They have no connection that serves.
    pub connection: bool,
    /// They have too little practice.
    pub skills: bool,
}

/// What became of the fee.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeePayment {
    /// It was paid.
    Paid,
    /// It was given back.
    Refunded,
}

/// Why somebody need not pay, as they showed it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct FeeExemption {
    /// A category of the rules.
    pub category: CategoryCode,
    /// It does hold: a mistake is taken back by a later statement that does not.
    pub holds: bool,
}

/// What a test elsewhere is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestSubject {
    /// Dutch.
    Dutch,
    /// Social orientation.
    SocialOrientation,
}

impl TestSubject {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dutch => "dutch",
            Self::SocialOrientation => "social_orientation",
        }
    }
}

/// A level of the Common European Framework of Reference for Languages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the framework's own names")]
pub enum LanguageLevel {
    A1,
    A2,
    B1,
    B2,
    C1,
    C2,
}

impl LanguageLevel {
    /// All of them, lowest first, with their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("A1", Self::A1),
        ("A2", Self::A2),
        ("B1", Self::B1),
        ("B2", Self::B2),
        ("C1", Self::C1),
        ("C2", Self::C2),
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, level)| *level == self);
        named.map_or("", |(name, _)| name)
    }
}

/// A test that was passed elsewhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct TestElsewhere {
    /// The day on which it was passed.
    pub passed_on: Day,
    /// Who says so.
    pub issuer: IssuerCode,
    /// It does hold: a mistake is taken back by a later statement that does not.
    pub holds: bool,
}

/// One thing that a learning platform states about a module. Its kind is part of the version's channel,
/// so that a person keeps the newest of each kind and no more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// What happened.
    pub step: LearningStep,
    /// The statement that says so.
    pub statement: StatementId,
}

/// What can happen in a module (docs/domain.md#learning).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LearningStep {
    /// It was launched or opened.
    Begun,
    /// It was gone through to its end, passed or not.
    Completed,
    /// It was tried without the score that counts.
    Failed,
    /// It was passed.
    Passed,
    /// It need not be taken.
    Waived,
}

impl LearningStep {
    /// Its name: the end of the channel that states it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::Waived => "waived",
        }
    }
}
