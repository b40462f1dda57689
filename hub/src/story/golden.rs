//! The golden record as it is told: each field with its source, its date and the rule, and what else was said of it.
//!
//! Values stand there only where personal values were asked for. Refuses to choose: that is
//! [`decide::journey::golden`]'s.

use decide::journey::Journey;
use decide::journey::golden::golden;
use serde::Serialize;

use super::StatedFact;
use super::verdict::fact;

/// One field of the golden record.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GoldenStory {
    /// By which rule the claim below decides: docs/facts.md#the-golden-record.
    pub rule: &'static str,
    pub decides: StatedFact,
    /// What else was said, the strongest first.
    pub others: Vec<Alternative>,
}

/// Something else that was said of a field.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Alternative {
    /// Whether it says the same.
    pub agrees: bool,
    pub fact: StatedFact,
}

/// The golden record of a person as their facts are now.
pub(super) fn told(journey: Journey<'_>, values: bool) -> Vec<GoldenStory> {
    let fields = golden(journey);
    let one = |found: &decide::journey::golden::GoldenField<'_>| GoldenStory {
        rule: found.rule.as_str(),
        decides: fact(found.decides, values),
        others: found
            .others
            .iter()
            .map(|other| Alternative { agrees: found.agrees(*other), fact: fact(*other, values) })
            .collect(),
    };
    fields.iter().map(one).collect()
}
