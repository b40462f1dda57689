//! The fee: what somebody owes for the course, decided by table from the rule of the day on which they enrolled.
//!
//! One fee covers the modules before and after arrival (memo 4.D). Whether any may be asked hangs on the same switch as
//! the definition of the candidate: today's decree calls the package free of charge. Refuses to know who paid what when.
//! Source: docs/domain.md#the-fee.

use std::collections::BTreeSet;

use schemas::reference::CategoryCode;
use schemas::time::Day;

/// What the fee is, by days, in the order in which they begin: `config/rules/fee.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeeRules(pub Vec<FeeRule>);

/// What the fee is from a day on, until the next rule begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeeRule {
    pub from: Day,
    pub euro: u32,
    /// Who need not pay.
    pub exempt: BTreeSet<CategoryCode>,
}

impl FeeRules {
    /// The rule of a day.
    #[must_use]
    pub fn on(&self, day: Day) -> Option<&FeeRule> {
        self.0.iter().rev().find(|rule| rule.from <= day)
    }
}

/// Where somebody lives or means to, as far as the fee asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeePlace {
    /// Registered in Brussels when they arrived: the trajectory is free there.
    Brussels,
    /// Registered elsewhere when they arrived.
    Elsewhere,
    /// Not arrived, and means to live in Brussels: it is decided at arrival.
    MeansBrussels,
    /// Not arrived, and means to live elsewhere, or nobody knows where.
    MeansElsewhere,
}

/// What somebody owes, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeeStatus {
    /// The law asks for none.
    Free,
    Exempt,
    FreeInBrussels,
    /// Nothing is asked before arrival.
    AtArrival,
    Due,
    Paid,
    /// Paid, and not owed.
    Refund,
}

impl FeeStatus {
    /// Its name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Exempt => "exempt",
            Self::FreeInBrussels => "free_in_brussels",
            Self::AtArrival => "at_arrival",
            Self::Due => "due",
            Self::Paid => "paid",
            Self::Refund => "refund",
        }
    }

    /// Whether an amount goes with it.
    #[must_use]
    pub fn has_amount(self) -> bool {
        matches!(self, Self::Due | Self::Paid | Self::Refund)
    }
}

/// The table. `charged`: the law of the day on which they enrolled lets a fee be asked.
#[must_use]
pub fn fee(charged: bool, exempt: bool, place: FeePlace, paid: bool) -> FeeStatus {
    match (charged, exempt, place, paid) {
        (false, _, _, false) => FeeStatus::Free,
        (true, true, _, false) => FeeStatus::Exempt,
        (true, false, FeePlace::Brussels, false) => FeeStatus::FreeInBrussels,
        (false, _, _, true) | (true, true, _, true) | (true, false, FeePlace::Brussels, true) => {
            FeeStatus::Refund
        }
        (true, false, FeePlace::MeansBrussels, false) => FeeStatus::AtArrival,
        (true, false, FeePlace::Elsewhere | FeePlace::MeansElsewhere, false) => FeeStatus::Due,
        (true, false, FeePlace::Elsewhere | FeePlace::MeansElsewhere | FeePlace::MeansBrussels, true) => {
            FeeStatus::Paid
        }
    }
}
