//! Names as given, and the form in which they are compared.
//!
//! The given form is kept untouched; the compared form is a sorted set of ASCII tokens, so order,
//! accents, case and punctuation do not matter. It is made once, at the door; nobody guesses which part is
//! the family name. Source: docs/names.md.

mod fold;
mod native;
mod tokens;
mod words;

use serde::{Deserialize, Serialize};

use fold::Letters;
pub use native::{NativeName, Script, sound};
pub use tokens::Tokens;

/// One person's name as one source wrote it. Either part may be absent, not both.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Names {
    /// Family names in their order.
    pub family: Vec<String>,
    /// Given names in their order.
    pub given: Vec<String>,
    /// The name in its own script, where the source has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
}

impl Names {
    /// From two texts; blank parts are absent. `None` where nothing is left.
    #[must_use]
    pub fn new(family: &str, given: &str) -> Option<Self> {
        let part = |text: &str| match text.trim() {
            "" => vec![],
            text => vec![text.to_owned()],
        };
        let names = Self { family: part(family), given: part(given), native: None };
        (!names.tokens().is_empty()).then_some(names)
    }

    /// The compared form: see [`Tokens`].
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        fold::tokens(self.parts(), Letters::Plain)
    }

    /// The compared form of the family name alone.
    #[must_use]
    pub fn family_tokens(&self) -> Tokens {
        fold::tokens(self.family.iter().map(String::as_str), Letters::Plain)
    }

    /// The compared form of the given names alone.
    #[must_use]
    pub fn given_tokens(&self) -> Tokens {
        fold::tokens(self.given.iter().map(String::as_str), Letters::Plain)
    }

    /// Every form in Latin letters under which the name may be met: the compared form first, if there is one; the
    /// one with `ue` for `ü`; the native name, where letter by letter gives its sound.
    #[must_use]
    pub fn forms(&self) -> Vec<Tokens> {
        let spelled =
            self.parts().any(fold::has_two_ways).then(|| fold::tokens(self.parts(), Letters::Spelled));
        let native = self.native.as_deref().filter(|native| NativeName::of(native).is_none());
        let native = native.map(|native| fold::tokens(std::iter::once(native), Letters::Plain));
        let mut forms = vec![];
        for form in [Some(self.tokens()), spelled, native].into_iter().flatten() {
            if !form.is_empty() && !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    /// The compared form in its own script, from the native name or else from the name itself.
    #[must_use]
    pub fn own_script(&self) -> Option<NativeName> {
        let written = || NativeName::of(&self.parts().collect::<Vec<_>>().join(" "));
        self.native.as_deref().and_then(NativeName::of).or_else(written)
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        self.family.iter().chain(&self.given).map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
