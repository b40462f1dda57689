//! Senders: organisations known by their bearer tokens, each bound to sources under a legal basis.
//!
//! Only the SHA-256 of a token is known here. Owns who may send what on which day; refuses to say
//! more than that to a caller who is not known. Files: `sources/SOURCE.toml`, and for recipients
//! their own in `agencies/`.

use std::collections::BTreeSet;

use adapters::Speaker;
use decide::bundle::LegalBasis;
use schemas::insz::Environment;
use schemas::recipient::Recipient;
use schemas::time::Day;
use serde::Deserialize;

use super::law::{BasisFile, FlowBases};
use super::parts::{LocalNames, TokenHash, is_strong};

/// The source of what recipients answer, and of their reads.
pub const ANSWER: &str = "answer";

/// In `speaks_for`: everybody who is spoken of in the source.
pub const EVERYBODY: &str = "*";

/// The token of a sender outside production: `dev-` and its name. Production refuses it.
#[must_use]
pub fn dev_token(name: &str) -> String {
    format!("dev-{name}")
}

/// One organisation's permission to use one source.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Its name: for agencies, the recipient's.
    pub name: String,
    /// What it may send.
    pub source: String,
    /// For whom it speaks there; [`EVERYBODY`] for all. Nothing where a source has one voice.
    pub speaks_for: BTreeSet<String>,
    pub bases: Vec<LegalBasis>,
    /// Those of them that are published: in production no others count.
    pub(super) published: Vec<LegalBasis>,
    pub(super) token: TokenHash,
}

impl Sender {
    /// It, as what it sends is checked.
    #[must_use]
    pub fn speaker(&self) -> Speaker {
        match self.speaks_for.contains(EVERYBODY) {
            true => Speaker::for_all(&self.name),
            false => Speaker::for_some(&self.name, self.speaks_for.clone()),
        }
    }

    /// Whether its token is the development one of a name.
    pub(crate) fn has_dev_token(&self, name: &str) -> bool {
        self.token.same(&TokenHash::of(&dev_token(name)))
    }

    /// Whether its token is tried first by whoever guesses.
    pub(super) fn has_guessed_token(&self) -> bool {
        self.token.is_guessed() || self.token.same(&TokenHash::of(&self.name))
    }

    /// Whether two senders could not be told apart.
    pub(super) fn shares_token(&self, other: &Self) -> bool {
        self.name != other.name && self.token.same(&other.token)
    }
}

/// Why a caller may not send or read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SenderError {
    /// No sender has this token.
    #[error("the token is not known")]
    Unknown,
    /// The sender is known, and may not use this source or be this recipient.
    #[error("the sender may not use this")]
    NotAllowed,
    /// The sender may use it, but not on this day.
    #[error("the sender has no legal basis on this day")]
    NoBasis,
}

/// Everybody who may send.
#[derive(Clone, Debug, Default)]
pub struct Senders {
    senders: Vec<Sender>,
    /// Whether a weak token opens something: outside production only.
    development: bool,
}

impl Senders {
    pub(super) fn new(senders: Vec<Sender>, environment: Environment) -> Self {
        Self { senders, development: environment != Environment::Production }
    }

    /// Senders of one process that lasts as long as its tokens: a demonstration's. Each is a name, a
    /// source and a token; their basis always holds, and they speak for everybody.
    #[must_use]
    pub fn made_up(senders: impl IntoIterator<Item = (String, String, String)>) -> Self {
        let basis = LegalBasis {
            reference: "demonstration".to_owned(),
            from: Day::MIN,
            to: None,
            names: BTreeSet::new(),
        };
        let sender = |(name, source, token): (String, String, String)| Sender {
            name,
            source,
            speaks_for: BTreeSet::from([EVERYBODY.to_owned()]),
            bases: vec![basis.clone()],
            published: vec![],
            token: TokenHash::of(&token),
        };
        Self { senders: senders.into_iter().map(sender).collect(), development: true }
    }

    /// Everybody, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &Sender> {
        self.senders.iter()
    }

    /// Who sends to a source with this token on this day.
    ///
    /// # Errors
    /// [`SenderError`] says which of the three conditions does not hold.
    pub fn authenticate(&self, token: &str, source: &str, on: Day) -> Result<&Sender, SenderError> {
        self.find(token, on, |sender| sender.source == source)
    }

    /// Whether the token is this recipient's own, to answer and to read its feed.
    ///
    /// # Errors
    /// As [`Senders::authenticate`].
    pub fn authenticate_recipient(
        &self,
        token: &str,
        recipient: &Recipient,
        on: Day,
    ) -> Result<&Sender, SenderError> {
        self.find(token, on, |sender| sender.source == ANSWER && sender.name == recipient.as_str())
    }

    /// Whether a recipient may answer on this day: for where the brokers say who it is.
    ///
    /// # Errors
    /// [`SenderError`] says which condition does not hold.
    pub fn may_answer(&self, recipient: &Recipient, on: Day) -> Result<(), SenderError> {
        let known = self.senders.iter().filter(|sender| sender.name == recipient.as_str());
        rightful(known.collect(), on, |sender| sender.source == ANSWER).map(|_| ())
    }

    /// Whether anybody has this token, whatever it is good for.
    #[must_use]
    pub fn knows(&self, token: &str) -> bool {
        !self.of(token).is_empty()
    }

    /// Everything that is opened by a token: nothing in production by one that may be guessed, whatever its hash.
    #[must_use]
    pub fn of(&self, token: &str) -> Vec<&Sender> {
        let hash = TokenHash::of(token);
        let known = self.senders.iter().filter(|sender| sender.token.same(&hash));
        known.filter(|_| self.development || is_strong(token)).collect()
    }

    fn find(&self, token: &str, on: Day, fits: impl Fn(&Sender) -> bool) -> Result<&Sender, SenderError> {
        rightful(self.of(token), on, fits)
    }
}

/// Of those who it may be, whoever has the right on this day.
fn rightful(known: Vec<&Sender>, on: Day, fits: impl Fn(&Sender) -> bool) -> Result<&Sender, SenderError> {
    if known.is_empty() {
        return Err(SenderError::Unknown);
    }
    let sender = known.into_iter().find(|sender| fits(sender)).ok_or(SenderError::NotAllowed)?;
    sender.bases.iter().any(|basis| basis.holds(on)).then_some(sender).ok_or(SenderError::NoBasis)
}

/// The file of one source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceFile {
    /// How pages call it.
    pub(super) name: LocalNames,
    #[serde(default)]
    sender: Vec<SenderFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderFile {
    name: String,
    token_sha256: TokenHash,
    #[serde(default)]
    speaks_for: BTreeSet<String>,
    basis: Vec<BasisFile>,
}

impl SourceFile {
    /// Its senders, each bound to this source, and what is to be told of their bases: what is wrong, what production
    /// refuses.
    pub(super) fn senders(self, source: &str) -> (Vec<Sender>, Vec<String>, Vec<String>) {
        let (mut senders, mut wrong, mut refused) = (vec![], vec![], vec![]);
        for SenderFile { name, token_sha256: token, speaks_for, basis } in self.sender {
            wrong.extend(
                wrong_voices(source, &speaks_for).iter().map(|text| format!("sender {name}: {text}")),
            );
            let bases = FlowBases::of(basis);
            wrong.extend(bases.wrong.iter().map(|text| format!("sender {name}: {text}")));
            refused.extend(bases.refused);
            let FlowBases { all, published, .. } = bases;
            senders.push(Sender {
                name,
                source: source.to_owned(),
                speaks_for,
                bases: all,
                published,
                token,
            });
        }
        refused.sort();
        refused.dedup();
        (senders, wrong, refused)
    }
}

/// What is wrong with the list of those for whom a sender of a source speaks.
fn wrong_voices(source: &str, speaks_for: &BTreeSet<String>) -> Vec<String> {
    let Some(source) = adapters::source(source) else { return vec![] };
    if !source.has_voices() && !speaks_for.is_empty() {
        return vec!["speaks_for is not asked: in this source no item names whose word it is".to_owned()];
    }
    if source.has_voices() && speaks_for.is_empty() {
        return vec!["speaks_for is missing: in this source each item names whose word it is".to_owned()];
    }
    let never = speaks_for.iter().filter(|name| *name != EVERYBODY && !source.is_voice(name));
    never.map(|name| format!("speaks_for names {name:?}, whom no item of this source can name: config/README.md tells the forms")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_production_a_token_that_may_be_guessed_opens_nothing() {
        let opens = |token: &str, environment| {
            let sender = ("post".to_owned(), "visa".to_owned(), token.to_owned());
            let senders = Senders::new(Senders::made_up([sender]).senders, environment);
            let known = senders.authenticate(token, "visa", Day::MIN).is_ok();
            assert_eq!(senders.knows(token), known);
            known
        };
        let random = "5f0d2c1ab94e7763a1f2d09be8c45571";
        for weak in ["1", &random[1..], "abababababababababababababababababab", "dev-post"] {
            assert!(!opens(weak, Environment::Production) && opens(weak, Environment::Test), "{weak}");
        }
        assert!(opens(random, Environment::Production));
    }

    #[test]
    fn a_recipient_answers_with_a_right_and_on_days_with_a_basis() {
        let day = |text: &str| schemas::time::parse_day(text).unwrap();
        let sender = |name: &str, source: &str| (name.to_owned(), source.to_owned(), dev_token(name));
        let mut senders = Senders::made_up([sender("amal", ANSWER), sender("bon", "tracking")]);
        for basis in senders.senders.iter_mut().flat_map(|sender| &mut sender.bases) {
            (basis.from, basis.to) = (day("2026-01-01"), Some(day("2026-06-30")));
        }
        let check = |name: &str, on: &str, expect: Result<(), SenderError>| {
            assert_eq!(senders.may_answer(&Recipient::parse(name).unwrap(), day(on)), expect, "{name} {on}");
        };
        check("amal", "2026-01-01", Ok(()));
        check("amal", "2026-06-30", Ok(()));
        check("amal", "2026-07-01", Err(SenderError::NoBasis));
        check("amal", "2025-12-31", Err(SenderError::NoBasis));
        check("bon", "2026-01-01", Err(SenderError::NotAllowed));
        check("atlas", "2026-01-01", Err(SenderError::Unknown));
    }
}
