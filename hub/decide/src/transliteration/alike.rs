//! How likely it is that two names are one name, whatever scripts they are written in.
//!
//! A name and its form in its own script are compared with those of the other, and the best of it counts. In one
//! script words are compared by their letters, across scripts by the learned table. Symmetric.

use rapidfuzz::distance::osa;
use schemas::name::{Names, NativeName, Tokens};

use super::Transliteration;
use super::pairing::{Odds, paired};

/// The odds of the same name, letter by letter: no other odds are higher.
const SAME: Odds = 2_000;

/// What a word is worth whose letters are all the same, and what each letter takes that is not, by the length.
const ALL_LETTERS: Odds = 600;
const EACH_LETTER: Odds = 1_500;

/// A name in the forms in which it is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forms {
    latin: Vec<Tokens>,
    own: Option<NativeName>,
}

impl Forms {
    /// Of a name as it was written.
    #[must_use]
    pub fn of(names: &Names) -> Self {
        Self { latin: names.forms(), own: names.own_script() }
    }
}

impl Transliteration {
    /// The log odds that two names are one.
    #[must_use]
    pub fn alike(&self, a: &Forms, b: &Forms) -> Odds {
        let odds = match (&a.own, &b.own) {
            (Some(one), Some(other)) if one.script == other.script => words(&one.words, &other.words),
            (None, None) => best(&a.latin, &b.latin, words),
            // Letter by letter in Latin is all that there is, unless a table knows better.
            (one, other) => [(one, &b.latin), (other, &a.latin)]
                .into_iter()
                .filter_map(|(own, latin)| self.across(own.as_ref()?, latin))
                .max()
                .unwrap_or_else(|| best(&a.latin, &b.latin, words)),
        };
        odds.clamp(-SAME, SAME)
    }

    /// The log odds that a name in its own script is one of these, in that script or in Latin letters; `None` where
    /// there is nothing to set it against.
    pub fn heard<'a>(
        &self,
        own: &NativeName,
        native: impl Iterator<Item = &'a NativeName>,
        latin: &[Tokens],
    ) -> Option<Odds> {
        let native = native.filter(|other| other.script == own.script);
        native.map(|other| words(&own.words, &other.words)).chain(self.across(own, latin)).max()
    }

    fn across(&self, own: &NativeName, latin: &[Tokens]) -> Option<Odds> {
        latin.iter().filter_map(|latin| self.fits(latin, own)).max()
    }
}

fn best(ours: &[Tokens], theirs: &[Tokens], odds: fn(&Tokens, &Tokens) -> Odds) -> Odds {
    let pairs = ours.iter().flat_map(|a| theirs.iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| odds(a, b)).max().unwrap_or(-SAME)
}

/// Two names in one script.
fn words(a: &Tokens, b: &Tokens) -> Odds {
    if a == b && !a.is_empty() {
        return SAME;
    }
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (a.iter().collect(), b.iter().collect());
    paired(ours.len(), theirs.len(), &mut |i, j| word(ours[i], theirs[j]))
}

/// Two words in one script: letters changed, added, left out or exchanged, against the length of the longer.
fn word(a: &str, b: &str) -> Odds {
    if a == b {
        return ALL_LETTERS;
    }
    let length = |word: &str| word.chars().count();
    let apart = osa::distance(a.chars(), b.chars());
    let [apart, longer] =
        [apart, length(a).max(length(b))].map(|n| Odds::try_from(n).unwrap_or(Odds::MAX / EACH_LETTER));
    ALL_LETTERS - 100 - EACH_LETTER * apart / longer
}
