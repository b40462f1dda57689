//! Keys: what a record can be found by.
//!
//! A personal key identifies one person and may link; a group key and a claim find households and candidates
//! and never link (docs/identity.md#keys). The index stores an HMAC of [`Key::text`], never the text: that [`Mac`] is made once,
//! at the door. Next: [`crate::message::Prepared`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::country::Country;
use crate::insz::Insz;
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
    /// A learning statement: what voids it names it. It finds its person and says nothing of
    /// them, so they do not keep it.
    Statement(StatementId),
    /// Group: a permit that somebody names, or that a family member's row belongs to.
    PermitNamed(PermitNumber),
    /// Claim: an application that somebody names in the portal.
    ApplicationNamed(PostCode, ApplicationNumber),
    /// Claim: a document number without its country, as the portal and some sources have it.
    PassportAlone(PassportNumber),
    /// A document's number in a series that the hub does not know: only `hub link` reads it.
    Document(PassportNumber),
    /// Name: a whole birth date. Finds whoever was born that day.
    BirthDay(PartialDate),
    /// Name: the skeleton of one part of the name, with the year of birth.
    YearAndSound(u16, String),
    /// Name: the skeleton of one part of the name, with day and month of birth in either order.
    DayAndSound(u8, u8, String),
    /// Name: the skeletons of two parts of the name, sorted.
    Sounds(String, String),
    /// Name: two parts of an address, or one and a skeleton, which only a file that is linked by itself has.
    Home(String, String),
}

/// What a key is good for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Identifies one person, and may link.
    Personal,
    /// Finds a household or candidates, and speaks for a candidate whom the name found.
    Group,
    /// A number that is one person's, without the proof that it is the sender's. Finds and speaks for a candidate as a
    /// group key does; a participant who names it under another name or date is asked about.
    Claim,
    /// Of a name or a birth date: finds candidates, and speaks for nobody.
    Name,
}

/// The HMAC of [`Key::text`]: what the index holds in place of the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 32]);

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, ..] = self.0;
        write!(f, "Mac({a:02x}{b:02x}{c:02x}..)")
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(MacVisitor)
    }
}

struct MacVisitor;

impl<'de> de::Visitor<'de> for MacVisitor {
    type Value = Mac;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Mac, E> {
        bytes.try_into().map(Mac).map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut bytes: A) -> Result<Mac, A::Error> {
        let mut mac = [0; 32];
        for (n, place) in mac.iter_mut().enumerate() {
            *place = bytes.next_element()?.ok_or_else(|| de::Error::invalid_length(n, &self))?;
        }
        Ok(Mac(mac))
    }
}

/// A key as the index knows it, with what it is good for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct IndexKey {
    /// The HMAC of the key.
    pub mac: Mac,
    /// What the key is good for.
    pub class: Class,
}

impl Key {
    /// What it is good for.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Insz(_)
            | Self::Dvz(_)
            | Self::Application(..)
            | Self::Passport(..)
            | Self::Permit(_)
            | Self::Account(_)
            | Self::Document(_)
            | Self::Statement(_) => Class::Personal,
            Self::PermitNamed(_) => Class::Group,
            Self::ApplicationNamed(..) | Self::PassportAlone(_) => Class::Claim,
            Self::BirthDay(_)
            | Self::YearAndSound(..)
            | Self::DayAndSound(..)
            | Self::Sounds(..)
            | Self::Home(..) => Class::Name,
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
            Self::ApplicationNamed(post, number) => {
                format!("application-named:{}:{}", post.as_str(), number.as_str())
            }
            Self::PassportAlone(number) => format!("passport-alone:{}", number.as_str()),
            Self::Document(number) => format!("document:{}", number.as_str()),
            Self::BirthDay(birth) => format!("born:{birth}"),
            Self::YearAndSound(year, sound) => format!("year:{year}:{sound}"),
            Self::DayAndSound(day, month, sound) => format!("day:{day}:{month}:{sound}"),
            Self::Sounds(one, other) => format!("sounds:{one}:{other}"),
            Self::Home(one, other) => format!("home:{one}:{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_compact_and_comes_back_from_every_form() {
        let mac = Mac([7; 32]);
        let text = serde_json::to_string(&mac).unwrap();
        assert_eq!(serde_json::from_str::<Mac>(&text).unwrap(), mac);
        assert!(serde_json::from_str::<Mac>("[1, 2]").is_err());
        assert_eq!(format!("{mac:?}"), "Mac(070707..)");
    }
}
