//! References that sources give: post codes, application numbers, permits, DVZ and passport numbers.
//!
//! Owns their normal form; refuses a reference that has none. A reference is a personal value: it
//! prints only where it is asked to, never in `Debug`. Source: docs/domain.md#visas, docs/domain.md#permits.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text is not the reference it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct ReferenceError(pub &'static str);

macro_rules! reference {
    ($(#[$doc:meta])* $name:ident, $normal:expr, $form:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Brings a text to its normal form.
            ///
            /// # Errors
            /// [`ReferenceError`] naming the form that was expected.
            pub fn parse(text: &str) -> Result<Self, ReferenceError> {
                let normal: fn(&str) -> Option<String> = $normal;
                normal(text).map(|text| Self(text.into())).ok_or(ReferenceError($form))
            }

            /// The normal form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ReferenceError;

            fn try_from(text: String) -> Result<Self, ReferenceError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(reference: $name) -> Self {
                reference.as_str().to_owned()
            }
        }
    };
}

reference!(
    /// The three letters of a diplomatic post, such as `CAS`.
    PostCode,
    |text| (text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())).then(|| text.to_owned()),
    "a post code of three capital letters"
);
reference!(
    /// A visa application's number: one to six digits, unique only together with its post.
    ApplicationNumber,
    |text| digits(text, 1..=6).map(|text| text.trim_start_matches('0').to_owned()).filter(|n| !n.is_empty()),
    "an application number of one to six digits"
);
reference!(
    /// A single-permit dossier, such as `GV-2025-123456`; `/1` and up for a family member's own.
    PermitNumber,
    permit,
    "a permit number like GV-2025-123456"
);
reference!(
    /// The aliens office's number of a person ("OV-nummer"): six to nine digits.
    DvzNumber,
    |text| digits(text, 6..=9),
    "a DVZ number of six to nine digits"
);
reference!(
    /// A travel document's number: letters and digits, capitals, no separators.
    PassportNumber,
    passport,
    "a document number of 5 to 20 letters and digits"
);
reference!(
    /// An account at a portal or a learning platform: where it is kept and its name there, with one
    /// space between: `portal va-6fcd43c2`, `https://leren.example/ 793cf96c`. A name may have blanks inside.
    Account,
    |text| {
        let (home, name) = text.split_once(' ')?;
        let fits = |part: &str| (1..=200).contains(&part.len()) && !part.chars().any(char::is_control);
        let whole = !home.chars().any(char::is_whitespace) && name.trim() == name;
        (fits(home) && fits(name) && whole).then(|| text.to_owned())
    },
    "a home without blanks and a name, one space between"
);
reference!(
    /// A module of the learning path, such as `B1`: a capital letter and one or two digits.
    ModuleCode,
    |text| {
        let mut bytes = text.bytes();
        let letter = bytes.next().is_some_and(|b| b.is_ascii_uppercase());
        (letter && (2..=3).contains(&text.len()) && bytes.all(|b| b.is_ascii_digit())).then(|| text.to_owned())
    },
    "a module code like B1"
);
reference!(
    /// Who issued the proof of a test, as a code: 2 to 20 small letters, digits and dashes.
    IssuerCode,
    code,
    "an issuer's code of small letters, digits and dashes"
);
reference!(
    /// A category of people who need not pay the fee, as a code: 2 to 20 small letters, digits and dashes.
    CategoryCode,
    code,
    "a category's code of small letters, digits and dashes"
);
reference!(
    /// A statement's id at whoever sends it: a UUID in lower case, and before it the sender, such as `lms/793cf96c-…`. Nobody
    /// can speak of a statement that another sent.
    StatementId,
    |text| {
        let (sender, id) = text.rsplit_once('/').unwrap_or(("", text));
        uuid::Uuid::parse_str(id).ok().map(|id| StatementId::written(sender, id))
    },
    "a UUID"
);

impl StatementId {
    /// The statement of this UUID that a sender sends or speaks of.
    ///
    /// # Errors
    /// Where it is no UUID.
    pub fn of(sender: &str, id: &str) -> Result<Self, ReferenceError> {
        let id = uuid::Uuid::parse_str(id).map_err(|_| ReferenceError("a UUID"))?;
        Ok(Self(Self::written(sender, id).into()))
    }

    fn written(sender: &str, id: uuid::Uuid) -> String {
        if sender.is_empty() { id.hyphenated().to_string() } else { format!("{sender}/{}", id.hyphenated()) }
    }
}

fn code(text: &str) -> Option<String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    ((2..=20).contains(&text.len()) && text.bytes().all(fits)).then(|| text.to_owned())
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<String> {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '.')).collect();
    (length.contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit())).then_some(bare)
}

fn permit(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let (dossier, member) = text.split_once('/').map_or((text.as_str(), None), |(d, m)| (d, Some(m)));
    let parts: Vec<&str> = dossier.split('-').collect();
    let number = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        &[letters, year, serial]
            if (1..=3).contains(&letters.len())
                && letters.bytes().all(|b| b.is_ascii_uppercase())
                && number(year, 4)
                && number(serial, 6)
                && member.is_none_or(|m| number(m, 1) || number(m, 2)) =>
        {
            Some(text)
        }
        _ => None,
    }
}

fn passport(text: &str) -> Option<String> {
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '<'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    ((5..=20).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(bare)
}

/// Whether an enterprise number (10 digits, first 0 or 1) has the right check digits.
#[must_use]
pub fn enterprise_number_fits(text: &str) -> bool {
    let form = text.len() == 10 && text.starts_with(['0', '1']) && text.bytes().all(|b| b.is_ascii_digit());
    form && text.parse::<u64>().is_ok_and(|number| 97 - (number / 100) % 97 == number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_to_their_normal_form() {
        assert_eq!(PassportNumber::parse("ab 123-456").unwrap().as_str(), "AB123456");
        assert_eq!(ApplicationNumber::parse("005923").unwrap().as_str(), "5923");
        assert_eq!(PermitNumber::parse(" gv-2025-123456").unwrap().as_str(), "GV-2025-123456");
        assert_eq!(PermitNumber::parse("GV-2025-123456/2").unwrap().as_str(), "GV-2025-123456/2");
        assert_eq!(DvzNumber::parse("8732284").unwrap().as_str(), "8732284");
        assert_eq!(PostCode::parse("CAS").unwrap().as_str(), "CAS");
        for account in ["portal va-1", "https://leren.example/ 793cf96c", "https://leren.example/ two words"]
        {
            assert_eq!(Account::parse(account).unwrap().as_str(), account);
        }
    }

    #[test]
    fn what_has_no_normal_form_is_refused() {
        assert!(PassportNumber::parse("A1").is_err());
        assert!(ApplicationNumber::parse("").is_err());
        assert!(ApplicationNumber::parse("0000").is_err());
        assert!(ApplicationNumber::parse("1234567").is_err());
        assert!(PermitNumber::parse("GV-25-123456").is_err());
        assert!(PermitNumber::parse("2025").is_err());
        assert!(PermitNumber::parse("GV-2025-123456/").is_err());
        assert!(DvzNumber::parse("12x").is_err());
        assert!(PostCode::parse("cas").is_err());
        for text in ["portal", "portal ", " portal x", "portal  x", "portal x ", "por\ttal x", "portal x\ny"]
        {
            assert!(Account::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn enterprise_numbers_of_domain_note_3() {
        for number in ["0403019261", "0428759497", "0543307391", "0421722346", "0862910119", "0202239951"] {
            assert!(enterprise_number_fits(number), "{number}");
        }
        for number in ["0431150351", "403019261", "2403019261", "abc"] {
            assert!(!enterprise_number_fits(number), "{number}");
        }
    }

    #[test]
    fn references_never_print_themselves_in_debug() {
        assert_eq!(format!("{:?}", PassportNumber::parse("AB123456").unwrap()), "PassportNumber(..)");
    }
}
