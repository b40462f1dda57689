//! Of whom the register is asked: one number a person is enrolled there, while it may be asked about them.
//!
//! Whoever is in the target group is enrolled. Of whom nothing but a destination is missing, one question is asked; of
//! whom means to live elsewhere, one where a municipality of the target group's area tells that they came. They are
//! enrolled until the answer is there, so that a notice about anybody else is followed by nothing. What a human has to
//! decide stays as it is. Source: docs/domain.md#who-is-asked-about. Next: `crate::decide`, which makes the tasks.

use schemas::fact::{Field, Statement, register_channel};
use schemas::insz::Insz;
use schemas::time::{Day, Instant};

use super::scope::{OutReason, Scope, awaits_area};
use super::{Journey, stated};
use crate::bundle::Bundle;

/// Which of their numbers is to be enrolled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Enrolment {
    /// This one, and no other.
    Of(Insz),
    Nobody,
    /// Whichever is enrolled, if any is.
    AsItStands,
}

/// Which of their numbers is to be enrolled on a day, for whom this is the verdict of that day.
#[must_use]
pub fn enrolment(journey: Journey<'_>, bundle: &Bundle, on: Day, scope: Scope) -> Enrolment {
    let asked = match scope {
        Scope::In(_) => true,
        Scope::Unknown if awaits_area(journey, bundle, on) => {
            journey.answered_at().is_none() || journey.hinted(bundle)
        }
        Scope::Out(OutReason::IntendedArea) => journey.hinted(bundle),
        Scope::Out(_) => false,
        Scope::Review | Scope::Unknown => return Enrolment::AsItStands,
    };
    match journey.insz() {
        _ if !asked => Enrolment::Nobody,
        Some(insz) => Enrolment::Of(insz),
        None => Enrolment::AsItStands,
    }
}

impl Journey<'_> {
    /// When the register last answered about the number that counts.
    fn answered_at(&self) -> Option<Instant> {
        let channel = register_channel(self.insz()?);
        let own = self.claims(Field::Standing).filter(|(cell, _)| cell.channel == channel);
        own.map(|(_, claim)| claim.stated_at).max()
    }

    /// Whether a municipality of the target group's area told that they came, since the register last answered.
    fn hinted(&self, bundle: &Bundle) -> bool {
        let answered_at = self.answered_at();
        let ours =
            |nis| bundle.places.of_code(nis).is_some_and(|area| bundle.target_group.areas.contains(&area));
        self.claims(Field::Hint).any(|(_, claim)| {
            stated!(Some(claim), Hint).is_some_and(|nis| ours(*nis)) && answered_at < Some(claim.stated_at)
        })
    }
}
