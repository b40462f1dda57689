//! `people.toml`: who may do something by hand, with which roles, known by which credential.
//!
//! Deployment, not part of the bundle. Only the SHA-256 of a credential is known here, so how long one is can be seen
//! when it is shown: a short one opens nothing, whatever its hash. What each role may do is [`crate::desk`]'s.

use std::collections::BTreeSet;
use std::path::Path;

use schemas::actor::ActorName;
use schemas::insz::Environment;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::ConfigError;
use super::file;
use super::parts::{TokenHash, is_strong};
use super::senders::{Sender, dev_token};

const FILE: &str = "people.toml";
/// What the hub itself is called in audit rows: no colleague has this name.
pub const HUB: &str = "hub";

/// What somebody may do by hand is given by roles; one person may have several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskRole {
    /// Keeps the hub running: redelivery, quarantine. Sees no personal value.
    Operations,
    /// Decides who is one person.
    Review,
    /// Follows up handovers that nobody answers.
    Coordinator,
    /// The data protection officer.
    Dpo,
    /// Decides on the rules by which the hub decides.
    Rules,
}

impl DeskRole {
    pub const ALL: [Self; 5] = [Self::Operations, Self::Review, Self::Coordinator, Self::Dpo, Self::Rules];

    /// Its name in files, pages and audit rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Review => "review",
            Self::Coordinator => "coordinator",
            Self::Dpo => "dpo",
            Self::Rules => "rules",
        }
    }
}

/// One person who may do something by hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Colleague {
    pub name: ActorName,
    /// What they may do.
    pub roles: BTreeSet<DeskRole>,
    #[serde(rename = "token_sha256")]
    token: TokenHash,
}

/// Everybody who may do something by hand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct People {
    colleagues: Vec<Colleague>,
    /// Whether the credentials that anybody can know open something: outside production only.
    development: bool,
}

impl People {
    /// People of a demonstration: each is a name with roles, known by the development credential of the name.
    ///
    /// # Panics
    /// Where a name is none.
    #[must_use]
    pub fn made_up(people: &[(&str, &[DeskRole])]) -> Self {
        let colleague = |(name, roles): &(&str, &[DeskRole])| Colleague {
            name: ActorName::parse(name).expect("an invented name has the form of one"),
            roles: roles.iter().copied().collect(),
            token: TokenHash::of(&dev_token(name)),
        };
        Self { colleagues: people.iter().map(colleague).collect(), development: true }
    }

    /// Whether the credentials that anybody can know open something here.
    #[must_use]
    pub fn development(&self) -> bool {
        self.development
    }

    /// Everybody, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Colleague> {
        self.colleagues.iter()
    }

    /// Whose credential this is.
    #[must_use]
    pub fn by_credential(&self, credential: &str) -> Option<&Colleague> {
        let hash = TokenHash::of(credential);
        // All are compared, so that the time taken does not tell where one was found.
        let found = self
            .colleagues
            .iter()
            .fold(None, |found, one| if one.token.same(&hash) { Some(one) } else { found });
        found.filter(|one| {
            is_strong(credential) || self.development && credential == dev_token(one.name.as_str())
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeopleFile {
    #[serde(default)]
    person: Vec<PersonFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonFile {
    name: Spanned<ActorName>,
    roles: Spanned<BTreeSet<DeskRole>>,
    token_sha256: Spanned<TokenHash>,
}

/// Reads the file; every mistake has its line.
pub(super) fn read(
    dir: &Path,
    environment: Option<Environment>,
    senders: &[Sender],
    wrong: &mut Vec<ConfigError>,
) -> Option<People> {
    let text = file::text(dir, Path::new(FILE), wrong)?;
    let PeopleFile { person } = file::of_text(&text, Path::new(FILE), wrong)?;
    let production = environment == Some(Environment::Production);
    let mut tell = |at: usize, name: &ActorName, message: String| {
        let line = Some(file::line(&text, at));
        wrong.push(ConfigError { file: FILE.into(), line, message: format!("{name}: {message}") });
    };
    for (at, one) in person.iter().enumerate() {
        let (name, token) = (one.name.get_ref(), one.token_sha256.get_ref());
        let (name_at, token_at) = (one.name.span().start, one.token_sha256.span().start);
        if one.roles.get_ref().is_empty() {
            tell(one.roles.span().start, name, "has no role".to_owned());
        }
        if name.as_str() == HUB {
            tell(name_at, name, "is the name under which the hub itself stands in the audit rows".to_owned());
        }
        if person[..at].iter().any(|other| other.name.get_ref() == name) {
            tell(name_at, name, "is named twice".to_owned());
        }
        if let Some(other) = person[..at].iter().find(|other| other.token_sha256.get_ref().same(token)) {
            tell(token_at, name, format!("has the credential of {}", other.name.get_ref()));
        }
        if let Some(sender) = senders.iter().find(|sender| sender.token.same(token)) {
            tell(token_at, name, format!("has the token of the sender {}", sender.name));
        }
        if TokenHash::of(name.as_str()).same(token) || token.is_guessed() {
            tell(token_at, name, "this credential is guessed at once".to_owned());
        }
        let known = person.iter().map(|one| one.name.get_ref().as_str());
        let known = known.chain(senders.iter().map(|sender| sender.name.as_str()));
        if production && known.into_iter().any(|name| TokenHash::of(&dev_token(name)).same(token)) {
            tell(token_at, name, "a development token is refused in production".to_owned());
        }
    }
    let colleague = |one: PersonFile| Colleague {
        name: one.name.into_inner(),
        roles: one.roles.into_inner(),
        token: one.token_sha256.into_inner(),
    };
    Some(People { colleagues: person.into_iter().map(colleague).collect(), development: !production })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_long_and_random_or_the_development_one() {
        let people = |credential: &str, development| People {
            colleagues: vec![Colleague {
                name: ActorName::parse("noor").unwrap(),
                roles: BTreeSet::from([DeskRole::Operations]),
                token: TokenHash::of(credential),
            }],
            development,
        };
        let opens = |credential: &str, development| {
            people(credential, development).by_credential(credential).is_some()
        };
        let random = "5f0d2c1ab94e7763a1f2d09be8c45571";
        for development in [true, false] {
            assert!(opens(random, development));
            for weak in ["", "1", &random[1..], "abababababababababababababababababab", "dev-amina"] {
                assert!(!opens(weak, development), "{weak}");
            }
            assert_eq!(opens("dev-noor", development), development);
        }
        assert!(people(random, false).by_credential("5f0d2c1ab94e7763a1f2d09be8c45572").is_none());
        assert!(People::default().by_credential(random).is_none());
    }
}
