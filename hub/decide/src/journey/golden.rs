//! The golden record: for each field of who somebody is, the claim that decides, the rule by which it does, and what else
//! was said.
//!
//! Reads the fold by the same choices as [`super::Journey`]. Never a mix of two claims, and nothing that is not decided
//! elsewhere. Next: [`super::grounds`]. Source: docs/facts.md#authorities.

use schemas::fact::{Field, Statement};

use super::Journey;
use super::grounds::Ground;
use crate::person::Claim;

/// By which rule one claim decides among several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GoldenRule {
    /// The highest authority; inside one the newest statement.
    HighestAuthority,
    /// The same, but a whole date before a partial one of the same authority.
    WholeDate,
    /// The highest authority that names any; a lower one that names the same and more has more to say.
    MoreOfTheSame,
    /// The highest authority, without numbers that were replaced or cancelled.
    NotReplaced,
    /// The source nearest to the person.
    Nearest,
}

impl GoldenRule {
    pub const ALL: [Self; 5] =
        [Self::HighestAuthority, Self::WholeDate, Self::MoreOfTheSame, Self::NotReplaced, Self::Nearest];

    /// Its name in explanations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HighestAuthority => "highest_authority",
            Self::WholeDate => "whole_date",
            Self::MoreOfTheSame => "more_of_the_same",
            Self::NotReplaced => "not_replaced",
            Self::Nearest => "nearest",
        }
    }
}

/// One field of the golden record.
#[derive(Clone, Debug)]
pub struct GoldenField<'a> {
    pub field: Field,
    pub rule: GoldenRule,
    /// The claim that decides.
    pub decides: Ground<'a>,
    /// What else was said, the strongest first.
    pub others: Vec<Ground<'a>>,
}

impl GoldenField<'_> {
    /// Whether another claim says the same; of names, in their compared form.
    #[must_use]
    pub fn agrees(&self, (_, other): Ground<'_>) -> bool {
        match (&other.statement, &self.decides.1.statement) {
            (Statement::Names(one), Statement::Names(other)) => one.tokens() == other.tokens(),
            (one, other) => one == other,
        }
    }
}

/// Every field of who somebody is that anybody stated.
#[must_use]
pub fn golden(journey: Journey<'_>) -> Vec<GoldenField<'_>> {
    let insz = journey.insz();
    let of_number = |claim: &&Claim| match &claim.statement {
        Statement::Insz(number) => Some(*number) == insz,
        _ => false,
    };
    let numbers = journey.claims(Field::Insz).filter(|(_, claim)| of_number(claim));
    let number = numbers.max_by_key(|(cell, claim)| (cell.rank(), claim.stated_at, *claim));
    let chosen = [
        (Field::Names, GoldenRule::HighestAuthority, journey.personal(Field::Names)),
        (Field::Birth, GoldenRule::WholeDate, journey.born()),
        (Field::Sex, GoldenRule::HighestAuthority, journey.personal(Field::Sex)),
        (Field::Nationalities, GoldenRule::MoreOfTheSame, journey.nationality()),
        (Field::Insz, GoldenRule::NotReplaced, number.map(|(_, claim)| claim)),
        (Field::Email, GoldenRule::Nearest, journey.nearest(Field::Email)),
        (Field::Phone, GoldenRule::Nearest, journey.nearest(Field::Phone)),
        (Field::Language, GoldenRule::Nearest, journey.nearest(Field::Language)),
    ];
    let told = |(field, rule, claim): (Field, GoldenRule, Option<_>)| {
        let claim: &Claim = claim?;
        let mut said: Vec<Ground<'_>> = journey.claims(field).collect();
        said.sort_by_key(|(cell, claim)| std::cmp::Reverse((cell.rank(), claim.stated_at, *claim)));
        let at = said.iter().position(|(_, found)| std::ptr::eq(*found, claim))?;
        let decides = said.remove(at);
        Some(GoldenField { field, rule, decides, others: said })
    };
    chosen.into_iter().filter_map(told).collect()
}
