//! How two birth dates fit: equal, or different in a way that clerks, calendars and scanners explain.
//!
//! What is unknown agrees with everything and proves little; 1 January is what clerks write who do not know.
//! Next: [`super::compare`].

use schemas::partial::PartialDate;

use crate::model::{BirthWeights, Weight};

/// How two birth dates fit, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum BirthFit {
    Exact,
    Exchanged,
    DayUnknown,
    ExactDefault,
    DayApart,
    OneDigit,
    Calendar,
    ExactUnknown,
    MonthUnknown,
    TwoParts,
    DefaultYear,
    DefaultNear,
    DefaultApart,
    UnknownDiffers,
    Differs,
}

impl BirthFit {
    /// How two dates fit; `calendar` where a calendar seven or eight years apart is in use.
    pub(crate) fn of(a: PartialDate, b: PartialDate, calendar: bool) -> Self {
        let ((month, day), (other_month, other_day)) = (a.month_and_day(), b.month_and_day());
        let same_year = a.year() == b.year();
        let years = a.year().abs_diff(b.year());
        let first = |month: u8, day: u8| (month, day) == (1, 1);
        if a == b {
            return match (month, day) {
                (_, 0) => Self::ExactUnknown,
                (1, 1) => Self::ExactDefault,
                _ => Self::Exact,
            };
        }
        if month == 0 || other_month == 0 {
            return if same_year { Self::MonthUnknown } else { Self::UnknownDiffers };
        }
        if day == 0 || other_day == 0 {
            let agree = same_year && month == other_month;
            return if agree { Self::DayUnknown } else { Self::UnknownDiffers };
        }
        let defaults = (first(month, day), first(other_month, other_day));
        if defaults == (true, true) {
            return if years > 2 { Self::DefaultApart } else { Self::DefaultNear };
        }
        if same_year && (month, day) == (other_day, other_month) {
            return Self::Exchanged;
        }
        if a.day().zip(b.day()).is_some_and(|(a, b)| (a - b).num_days().abs() == 1) {
            return Self::DayApart;
        }
        if same_year && (defaults.0 || defaults.1) {
            return Self::DefaultYear;
        }
        if calendar && (month, day) == (other_month, other_day) && (7..=8).contains(&years) {
            return Self::Calendar;
        }
        if one_digit(a, b) {
            return Self::OneDigit;
        }
        let agree = [same_year, month == other_month, day == other_day];
        if agree.into_iter().filter(|part| *part).count() == 2 { Self::TwoParts } else { Self::Differs }
    }

    /// What is told of it, where it is not simply equal or different.
    pub(crate) fn kind(self) -> Option<&'static str> {
        Some(match self {
            Self::Exact | Self::Differs => return None,
            Self::Exchanged => "exchanged",
            Self::DayUnknown => "day_unknown",
            Self::ExactDefault => "first_of_january",
            Self::DayApart => "day_apart",
            Self::OneDigit => "one_digit",
            Self::Calendar => "calendar",
            Self::ExactUnknown => "year_or_month_alone",
            Self::MonthUnknown => "month_unknown",
            Self::TwoParts => "two_parts",
            Self::DefaultYear => "default_year",
            Self::DefaultNear | Self::DefaultApart => "two_default_dates",
            Self::UnknownDiffers => "known_part_differs",
        })
    }

    pub(crate) fn weight(self, weights: &BirthWeights) -> Weight {
        match self {
            Self::Exact => weights.exact,
            Self::ExactDefault => weights.exact_default,
            Self::ExactUnknown => weights.exact_unknown,
            Self::Exchanged => weights.exchanged,
            Self::DayApart => weights.day_apart,
            Self::OneDigit => weights.one_digit,
            Self::DayUnknown => weights.day_unknown,
            Self::MonthUnknown => weights.month_unknown,
            Self::DefaultYear => weights.default_year,
            Self::Calendar => weights.calendar,
            Self::TwoParts => weights.two_parts,
            Self::DefaultNear => weights.default_near,
            Self::DefaultApart => weights.default_apart,
            Self::Differs => weights.differs,
            Self::UnknownDiffers => weights.unknown_differs,
        }
    }

    /// Equal, or day and month exchanged: what two records of one person say without an error of a digit.
    pub(crate) fn agrees(self) -> bool {
        matches!(self, Self::Exact | Self::Exchanged)
    }

    /// Whether it speaks against the two being one.
    pub(crate) fn speaks_against(self) -> bool {
        matches!(self, Self::Differs | Self::DefaultApart | Self::UnknownDiffers)
    }
}

/// Whether one digit alone differs, or two that stand beside each other are exchanged.
fn one_digit(a: PartialDate, b: PartialDate) -> bool {
    let digits = |date: PartialDate| -> [u16; 8] {
        let (year, (month, day)) = (date.year(), date.month_and_day());
        let [month, day] = [month, day].map(u16::from);
        let tens = [year / 100 / 10, year / 10 % 10, month / 10, day / 10];
        let ones = [year / 100 % 10, year % 10, month % 10, day % 10];
        [tens[0], ones[0], tens[1], ones[1], tens[2], ones[2], tens[3], ones[3]]
    };
    let (a, b) = (digits(a), digits(b));
    let mut apart = (0..a.len()).filter(|n| a[*n] != b[*n]);
    match (apart.next(), apart.next(), apart.next()) {
        (Some(_), None, _) => true,
        (Some(n), Some(m), None) => m - n == 1 && a[n] == b[m] && a[m] == b[n],
        _ => false,
    }
}
