//! What several files of the folder are made of: names in two languages, tokens by their hash.
//!
//! Next: [`super::senders`] and [`super::agencies`], which are made of them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// A name in the languages of the pages.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalNames {
    pub nl: String,
    pub en: String,
}

/// The fewest characters of a credential.
const CHARACTERS: usize = 32;
/// The fewest different ones among them: 32 random hexadecimal digits have more, a sentence typed thrice may not.
const DIFFERENT: usize = 8;

/// Words that are credentials in examples, first installations and everywhere else.
const GUESSED: [&str; 24] = [
    "",
    "123456",
    "12345678",
    "123456789",
    "admin",
    "changeit",
    "changeme",
    "credential",
    "default",
    "demo",
    "dev",
    "hub",
    "letmein",
    "password",
    "qwerty",
    "root",
    "secret",
    "test",
    "token",
    "tokentoken",
    "user",
    "voortraject",
    "wachtwoord",
    "welkom",
];

/// Whether a credential may have been made at random. Only its hash is known here, so this is asked when it is shown.
pub(super) fn is_strong(credential: &str) -> bool {
    credential.chars().count() >= CHARACTERS && credential.chars().collect::<BTreeSet<_>>().len() >= DIFFERENT
}

/// The SHA-256 of a bearer token.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }

    /// Whether it is the hash of what is tried first: nothing, a number of up to four digits, a word of every list.
    pub(super) fn is_guessed(&self) -> bool {
        static GUESSES: LazyLock<BTreeSet<[u8; 32]>> = LazyLock::new(|| {
            let numbers =
                (1..=4).flat_map(|digits| (0..10_u32.pow(digits)).map(move |n| (n, digits as usize)));
            let numbers = numbers.map(|(n, digits)| format!("{n:0digits$}"));
            let words = GUESSED.iter().map(|word| (*word).to_owned());
            numbers.chain(words).map(|guess| TokenHash::of(&guess).0).collect()
        });
        GUESSES.contains(&self.0)
    }

    /// Compares without telling by its time where two hashes differ.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hex::encode(hash.0)
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|_| "a SHA-256 has 64 hexadecimal digits")?;
        Ok(Self(hash))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}
