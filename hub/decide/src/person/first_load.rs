//! The first load: what sources knew before the hub began, and whether anything of it may be opened yet.
//!
//! Days and an approval, each the latest of all that came, so that neither order nor a merge changes them (invariant
//! I8). What waits is [`super::state`]'s to say; what was loaded and what is new is said by whoever runs the hub, with
//! `--baseline`. Source: docs/first-load.md.

use schemas::fact::{Entry, Fact, Field};
use schemas::message::Prepared;
use schemas::time::{Day, day_of};
use serde::{Deserialize, Serialize};

/// What is known of the first load of one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FirstLoad {
    /// The latest baseline that a record of theirs came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<Day>,
    /// The latest day of all that happened to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Day>,
    /// The latest baseline up to which it was approved that they go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<Day>,
}

impl FirstLoad {
    /// Whether all that is known of them is from before the baseline, and nobody has approved what it would open.
    #[must_use]
    pub fn is_unapproved(&self) -> bool {
        self.loaded.is_some() && self.newest < self.loaded && self.approved < self.loaded
    }

    pub(super) fn take_in(&mut self, prepared: &Prepared) {
        self.loaded = self.loaded.max(prepared.baseline);
        self.newest = self.newest.max(prepared.record.facts.iter().filter_map(happened).max());
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        self.loaded = self.loaded.max(other.loaded);
        self.newest = self.newest.max(other.newest);
        self.approved = self.approved.max(other.approved);
    }
}

/// The day on which what a fact tells of happened: its own; where it has none, the day on which it was stated. What
/// somebody is, and how the register knows them now, is of no day.
fn happened(fact: &Fact) -> Option<Day> {
    let told = match fact.statement.field() {
        Field::Names
        | Field::Birth
        | Field::Sex
        | Field::Nationalities
        | Field::Insz
        | Field::Replaced
        | Field::Email
        | Field::Phone
        | Field::Language
        | Field::Standing => false,
        Field::Applied
        | Field::Ground
        | Field::RestsOn
        | Field::EntryOn
        | Field::NeedsVisa
        | Field::Decision
        | Field::Permit
        | Field::Registered
        | Field::ThroughPost
        | Field::PermitDecision
        | Field::Destination
        | Field::Residence
        | Field::AccountOpened
        | Field::LearningPath
        | Field::CourseLanguage
        | Field::CoursePeriod
        | Field::Support
        | Field::Fee
        | Field::Exemption
        | Field::TestElsewhere
        | Field::Hint
        | Field::Choice
        | Field::Objection
        | Field::Progress
        | Field::Voided => true,
    };
    let own = match fact.entry {
        Entry::Residence(began) => Some(began),
        _ => fact.valid_from,
    };
    own.or_else(|| told.then(|| day_of(fact.version.stated_at)))
}
