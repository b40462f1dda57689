//! The national number: Rijksregister, BIS and MAGDA's test numbers, told apart.
//!
//! Owns the check digits and the kinds; refuses to derive a birth date or a sex for matching, and
//! refuses test numbers in production and real numbers elsewhere. Source: docs/domain.md#national-numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An 11-digit number whose check digits are right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Insz(u64);

/// What kind of number it is, read from its month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberKind {
    /// Rijksregister: month 00 to 12.
    Register,
    /// BIS, sex unknown when issued: month 20 to 32.
    Bis,
    /// BIS, sex known when issued: month 40 to 52.
    BisWithSex,
    /// MAGDA test number: month 60 to 72; its BIS form, month 80 to 92.
    Test,
}

/// Where the hub runs: decides which numbers it may see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real people: test numbers are refused.
    Production,
    /// Everything else: only test numbers are accepted.
    Test,
}

/// Why a text is no acceptable number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InszError {
    /// Not 11 digits.
    #[error("a national number has 11 digits, without separators")]
    Form,
    /// The last two digits do not fit the first nine.
    #[error("the check digits of the national number are wrong")]
    Check,
    /// The month is none of the known kinds.
    #[error("the month of the national number is of no known kind")]
    Month,
    /// A test number in production.
    #[error("test numbers are refused in production")]
    TestInProduction,
    /// A real number outside production.
    #[error("real national numbers are refused outside production")]
    RealOutsideProduction,
}

impl Insz {
    /// Reads 11 digits and checks them; blanks, dots and dashes are not removed here.
    ///
    /// # Errors
    /// [`InszError::Form`], [`InszError::Check`] or [`InszError::Month`].
    pub fn parse(text: &str) -> Result<Self, InszError> {
        if text.len() != 11 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InszError::Form);
        }
        let number: u64 = text.parse().map_err(|_| InszError::Form)?;
        let (first9, check) = (number / 100, number % 100);
        // Only the century's own branch matches, and it can match only one (docs/domain.md#national-numbers).
        let fits = |first: u64| 97 - first % 97 == check;
        if !fits(first9) && !fits(2_000_000_000 + first9) {
            return Err(InszError::Check);
        }
        let insz = Self(number);
        insz.kind_of_month().map(|_| insz).ok_or(InszError::Month)
    }

    /// Refuses test numbers in production and real numbers elsewhere.
    ///
    /// # Errors
    /// [`InszError::TestInProduction`] or [`InszError::RealOutsideProduction`].
    pub fn allowed_in(self, environment: Environment) -> Result<Self, InszError> {
        match (environment, self.kind()) {
            (Environment::Production, NumberKind::Test) => Err(InszError::TestInProduction),
            (Environment::Test, NumberKind::Register | NumberKind::Bis | NumberKind::BisWithSex) => {
                Err(InszError::RealOutsideProduction)
            }
            (Environment::Production, _) | (Environment::Test, NumberKind::Test) => Ok(self),
        }
    }

    /// What kind of number it is.
    #[must_use]
    pub fn kind(self) -> NumberKind {
        self.kind_of_month().unwrap_or(NumberKind::Test)
    }

    /// Whether it is a BIS number: somebody who is known, and need not live in Belgium.
    #[must_use]
    pub fn is_bis(self) -> bool {
        matches!(self.0 / 10_000_000 % 100, 20..=52 | 80..=92)
    }

    fn kind_of_month(self) -> Option<NumberKind> {
        match self.0 / 10_000_000 % 100 {
            0..=12 => Some(NumberKind::Register),
            20..=32 => Some(NumberKind::Bis),
            40..=52 => Some(NumberKind::BisWithSex),
            60..=72 | 80..=92 => Some(NumberKind::Test),
            _ => None,
        }
    }
}

impl fmt::Display for Insz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:011}", self.0)
    }
}

/// Never prints the number: it would end up in a log.
impl fmt::Debug for Insz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Insz(..)")
    }
}

impl TryFrom<String> for Insz {
    type Error = InszError;

    fn try_from(text: String) -> Result<Self, InszError> {
        Self::parse(&text)
    }
}

impl From<Insz> for String {
    fn from(insz: Insz) -> Self {
        insz.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of docs/domain.md#national-numbers, with their sources there.
    const VALID: &[(&str, NumberKind)] = &[
        ("85073003328", NumberKind::Register),
        ("17073003384", NumberKind::Register),
        ("98472899765", NumberKind::BisWithSex),
        ("01490700185", NumberKind::BisWithSex),
        ("88022999990", NumberKind::Register),
        ("88222999936", NumberKind::Bis),
        ("40000100133", NumberKind::Register),
        ("99032700128", NumberKind::Register),
        ("53480200724", NumberKind::BisWithSex),
        ("04110500238", NumberKind::Register),
        ("65000000106", NumberKind::Register),
        ("88431500149", NumberKind::BisWithSex),
        ("88231500106", NumberKind::Bis),
        ("05470900294", NumberKind::BisWithSex),
        ("05200000179", NumberKind::Bis),
        ("90610100254", NumberKind::Test),
    ];

    #[test]
    fn published_numbers_have_their_kind() {
        for (text, kind) in VALID {
            let insz = Insz::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!((insz.kind(), insz.to_string().as_str()), (*kind, *text));
        }
    }

    #[test]
    fn wrong_numbers_say_why() {
        for (text, error) in [
            ("12345678901", InszError::Check),
            ("66041066601", InszError::Check),
            ("20652674825", InszError::Check),
            ("01691214397", InszError::Check),
            ("9061010025", InszError::Form),
            ("90.61.01-002.54", InszError::Form),
            ("", InszError::Form),
        ] {
            assert_eq!(Insz::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_environment_decides_which_numbers_may_be_seen() {
        use Environment::{Production, Test};
        let (real, test) = (Insz::parse("85073003328").unwrap(), Insz::parse("90610100254").unwrap());
        assert_eq!(real.allowed_in(Production), Ok(real));
        assert_eq!(test.allowed_in(Test), Ok(test));
        assert_eq!(test.allowed_in(Production), Err(InszError::TestInProduction));
        assert_eq!(real.allowed_in(Test), Err(InszError::RealOutsideProduction));
    }

    #[test]
    fn a_number_never_prints_itself_in_debug() {
        let text = format!("{:?}", Insz::parse("90610100254").unwrap());
        assert!(!text.contains("90610100254"));
    }
}
