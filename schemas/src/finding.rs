//! Findings: what is wrong with, or worth saying about, one item a sender gave.
//!
//! Owns the stable codes; every code has a page in `hub/src/codes/`. Refuses to carry the value it
//! speaks of: a finding names a place, a code and a rule, never what stood there.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing found in one item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code.
    pub code: Code,
    /// Where: a JSON Pointer into the item (RFC 6901); empty for the whole item.
    pub pointer: String,
    /// What was expected there, as a lower-case fragment without the value.
    pub detail: String,
}

impl Finding {
    /// A finding at a place.
    #[must_use]
    pub fn new(code: Code, pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { code, pointer: pointer.into(), detail: detail.to_string() }
    }
}

/// Whether a finding keeps the item out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The item is refused.
    Error,
    /// The item is accepted, and the sender is told.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident;)*) => {
        /// The stable codes of findings.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as senders see it, and the name of its page.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Whether it keeps the item out.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The bytes are not the format they claim to be.
    Unreadable = "unreadable", Error;
    /// A key that stands twice in one object: nobody can say which of the two is meant.
    DoubledKey = "doubled-key", Error;
    /// A number that not every reader of JSON has alike.
    InexactNumber = "inexact-number", Error;
    /// A character that no name or text has: a control character, a turned direction, one that stands for a lost one.
    ForbiddenCharacter = "forbidden-character", Error;
    /// More bytes than one item may have.
    TooLarge = "too-large", Error;
    /// Another item was accepted under this id.
    IdTaken = "id-taken", Error;
    /// Whoever it comes from may not say this, or not on this day.
    NotAllowedHere = "not-allowed-here", Error;
    /// It is the word of another than whoever sends it speaks for.
    NotYours = "not-yours", Error;
    /// The item does not fit the source's JSON Schema.
    Schema = "schema", Error;
    /// A field the contract does not know: never dropped in silence.
    UnknownField = "unknown-field", Error;
    /// The format's version is not one this source has.
    UnknownVersion = "unknown-version", Error;
    /// A date that does not exist, or has no known form.
    InvalidDate = "invalid-date", Error;
    /// A time or a day that is stated to be later than the hub's own clock has it.
    StatedAhead = "stated-ahead", Error;
    /// A reference without its normal form.
    InvalidReference = "invalid-reference", Error;
    /// A code that is on no list on that date.
    UnknownCode = "unknown-code", Error;
    /// A national number whose form or check digits are wrong.
    InvalidInsz = "invalid-insz", Error;
    /// A national number that this environment may not see.
    InszNotAllowed = "insz-not-allowed", Error;
    /// Two fields of one item contradict each other.
    Contradiction = "contradiction", Error;
    /// An item that names nobody: no name, no date, no number.
    NamesNobody = "names-nobody", Error;
    /// A learner who is not known by an account at the platform: a mail address, a group.
    NoAccount = "no-account", Error;
    /// The source itself answered with an exception.
    SourceException = "source-exception", Error;
    /// A birth date that could not be read; the rest is used.
    BirthUnreadable = "birth-unreadable", Warning;
    /// A check digit of the machine-readable zone is wrong; the rest is used.
    MrzCheck = "mrz-check", Warning;
    /// The machine-readable zone and the written field differ; both are used for finding the person.
    MrzDiffers = "mrz-differs", Warning;
    /// An enterprise number with wrong check digits; it is used for nothing.
    EnterpriseCheck = "enterprise-check", Warning;
    /// An occupation code that is not of four digits; it is used for nothing.
    OccupationForm = "occupation-form", Warning;
    /// No municipality can be read from a destination: whether the person is of the target group is not known.
    DestinationMissing = "destination-missing", Warning;
    /// A value that was brought to its normal form.
    Normalised = "normalised", Warning;
    /// A statement's verb that says nothing of a module; nothing follows from the statement.
    UnknownVerb = "unknown-verb", Warning;
    /// Something that must not be stored was removed.
    Stripped = "stripped", Warning;
    /// An optional value that could not be used; the rest is.
    Ignored = "ignored", Warning;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
