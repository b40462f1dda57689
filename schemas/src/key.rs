//! Keys: what a record can be found by.
//!
//! A personal key identifies one person and may link; a group key finds households and candidates
//! and never links (DESIGN 2). The index stores an HMAC of [`Key::text`], never the text.

use serde::{Deserialize, Serialize};

use crate::country::Country;
use crate::insz::Insz;
use crate::name::Tokens;
use crate::partial::PartialDate;
use crate::reference::{
    Account, ApplicationNumber, DvzNumber, PassportNumber, PermitNumber, PostCode, StatementId,
};

/// One thing a record can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Key {
    /// The national number.
    Insz(Insz),
    /// The aliens office's number of a person.
    Dvz(DvzNumber),
    /// An application: the number is unique only at its post.
    Application(PostCode, ApplicationNumber),
    /// A travel document with the country that issued it.
    Passport(Country, PassportNumber),
    /// A permit, in its holder's own row.
    Permit(PermitNumber),
    /// An account at the portal or at a learning platform.
    Account(Account),
    /// A learning statement: what voids it names it. It finds its person and says nothing of him, so
    /// he does not keep it.
    Statement(StatementId),
    /// Group: a permit that somebody names, or that a family member's row belongs to.
    PermitNamed(PermitNumber),
    /// Group: a document number without its country.
    PassportAlone(PassportNumber),
    /// Group: the whole set of names with the whole birth date. Links only where nothing speaks
    /// against it, after the guards of identity note 4.5.
    NameAndBirth(Tokens, PartialDate),
    /// Group: how one part of the name begins, with the whole birth date. Finds who is written another way.
    NamePart(String, PartialDate),
}

/// Whether a key identifies one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Identifies one person.
    Personal,
    /// Finds candidates.
    Group,
}

impl Key {
    /// Whether it may link.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Insz(_)
            | Self::Dvz(_)
            | Self::Application(..)
            | Self::Passport(..)
            | Self::Permit(_)
            | Self::Account(_)
            | Self::Statement(_) => Class::Personal,
            Self::PermitNamed(_) | Self::PassportAlone(_) | Self::NameAndBirth(..) | Self::NamePart(..) => {
                Class::Group
            }
        }
    }

    /// The text whose HMAC the index holds: the kind, then the normal form.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Insz(insz) => format!("insz:{insz}"),
            Self::Dvz(number) => format!("dvz:{}", number.as_str()),
            Self::Application(post, number) => format!("application:{}:{}", post.as_str(), number.as_str()),
            Self::Passport(country, number) => format!("passport:{}:{}", country.code(), number.as_str()),
            Self::Permit(number) => format!("permit:{}", number.as_str()),
            Self::Account(account) => format!("account:{}", account.as_str()),
            Self::Statement(id) => format!("statement:{}", id.as_str()),
            Self::PermitNamed(number) => format!("permit-named:{}", number.as_str()),
            Self::PassportAlone(number) => format!("passport-alone:{}", number.as_str()),
            Self::NamePart(part, birth) => format!("name-part:{birth}:{part}"),
            Self::NameAndBirth(tokens, birth) => {
                let mut text = format!("name:{birth}");
                for token in &tokens.0 {
                    text.push(':');
                    text.push_str(token);
                }
                text
            }
        }
    }
}
