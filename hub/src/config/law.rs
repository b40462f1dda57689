//! The law as it is: what a flow rests on, and whether it is in force.
//!
//! A basis that is only planned serves the demonstration and test numbers. Production lets nothing flow on a basis that
//! is not published: there it is none. Next: [`super::agencies`] and [`super::senders`], whose flows rest on it.

use std::collections::BTreeSet;

use decide::bundle::LegalBasis;
use schemas::time::Day;
use serde::Deserialize;

use super::file::{day, some_day};

/// What kind of act it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BasisKind {
    /// An act of the Flemish Parliament.
    Decree,
    Ordinance,
    /// Between the State and its parts.
    CooperationAgreement,
    /// Between two controllers (the decree of 18 July 2008, article 8).
    Protocol,
    /// Of a committee that allows a flow.
    Deliberation,
}

impl BasisKind {
    fn word(self) -> &'static str {
        match self {
            Self::Decree => "decree",
            Self::Ordinance => "ordinance",
            Self::CooperationAgreement => "cooperation agreement",
            Self::Protocol => "protocol",
            Self::Deliberation => "deliberation",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BasisStatus {
    Planned,
    InForce,
}

/// A legal basis, in any file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasisFile {
    /// What it is called.
    reference: String,
    kind: BasisKind,
    /// Its own articles, or those that it carries out.
    articles: Vec<String>,
    /// Who answers for the data, on both sides.
    controllers: Vec<String>,
    status: BasisStatus,
    /// Where it can be read; none while it is planned.
    publication: Option<String>,
    #[serde(deserialize_with = "day")]
    from: Day,
    #[serde(default, deserialize_with = "some_day")]
    to: Option<Day>,
    /// The fields that it names, where a recipient may have them on no other basis.
    #[serde(default)]
    fields: BTreeSet<String>,
}

/// The bases of one flow.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowBases {
    /// All of them, in the order of the file.
    pub(super) all: Vec<LegalBasis>,
    /// Those on which something may flow in production.
    pub(super) published: Vec<LegalBasis>,
    /// What is wrong with them.
    pub(super) wrong: Vec<String>,
    /// What production lets nothing flow on, and why.
    pub(super) refused: Vec<String>,
}

impl FlowBases {
    pub(super) fn of(files: Vec<BasisFile>) -> Self {
        let mut bases = Self::default();
        for file in files {
            let BasisFile { reference, kind, articles, controllers, status, publication, from, to, fields } =
                file;
            let mut tell = |wrong: bool, text: &str| {
                if wrong {
                    bases.wrong.push(format!("{reference}: {text}"));
                }
            };
            tell(articles.is_empty(), "a basis names its articles");
            tell(controllers.len() < 2, "a basis names its controllers, on both sides");
            let in_force = status == BasisStatus::InForce;
            tell(in_force && publication.is_none(), "a basis in force names its publication");
            tell(!in_force && publication.is_some(), "a planned basis has no publication yet");
            let basis = LegalBasis { reference: reference.clone(), from, to, names: fields };
            if in_force {
                bases.published.push(basis.clone());
            } else {
                let text = format!("{reference} is only a planned {}", kind.word());
                bases.refused.push(format!("{text}: nothing flows on it in production"));
            }
            bases.all.push(basis);
        }
        bases
    }
}
