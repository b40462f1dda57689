//! How two persons resemble each other, field by field: why they are linked, asked about or neither.
//!
//! The heart compares; here it is told, each value by its shape alone, so that who decides sees what is equal, near and
//! different and no name or number. Pure; refuses to judge anew.

use std::collections::BTreeSet;

use decide::Person;
use decide::identity::{ComparedField, FieldFit, FieldLevel, compared};
use decide::model::{MatchModel, NumberOf, Weight};
use schemas::view::NameView;
use serde::Serialize;

/// Two persons beside each other.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Resemblance {
    /// The one and the other.
    pub persons: [String; 2],
    /// All of it, in bits: what everybody starts from and every field.
    pub weight: f64,
    /// What everybody starts from, by how many they are one of.
    pub prior: f64,
    /// From where on the machine links.
    pub links_from: f64,
    /// From where on a human is asked.
    pub asks_from: f64,
    /// The guards that hold, by their names in a model.
    pub guards: Vec<&'static str>,
    /// What follows of that alone: `links`, `asks`, `apart`.
    pub outcome: &'static str,
    pub fields: Vec<ResemblanceField>,
}

/// One field of both.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ResemblanceField {
    pub field: &'static str,
    /// `equal`, `near`, `different`, `missing`.
    pub level: &'static str,
    /// Which kind of fit it is, where there are several.
    pub kind: Option<&'static str>,
    pub weight: f64,
    /// What the one and the other say, by its shape.
    pub shapes: [Vec<String>; 2],
}

impl Resemblance {
    /// Two persons as they are now, by the model of today.
    #[must_use]
    pub fn of(one: &Person, other: &Person, model: &MatchModel) -> Self {
        let found = compared(one, other, model);
        let numbered =
            |fit: &FieldFit| matches!(fit.field, ComparedField::Number(_)) && fit.level == FieldLevel::Equal;
        let shared = found.fields.iter().any(numbered);
        let outcome = match found.guards.is_empty() {
            true if shared || found.weight >= found.lines.auto => "links",
            _ if shared || found.weight >= found.lines.review => "asks",
            _ => "apart",
        };
        let told = |fit: &FieldFit| ResemblanceField {
            field: fit.field.as_str(),
            level: fit.level.as_str(),
            kind: fit.kind,
            weight: bits(fit.weight),
            shapes: [shapes(one, fit.field), shapes(other, fit.field)],
        };
        Self {
            persons: [one.id.to_string(), other.id.to_string()],
            weight: bits(found.weight),
            prior: bits(found.prior),
            links_from: bits(found.lines.auto),
            asks_from: bits(found.lines.review),
            guards: found.guards.iter().map(|guard| guard.as_str()).collect(),
            outcome,
            fields: found.fields.iter().map(told).filter(is_said).collect(),
        }
    }
}

/// Whether one of the two says anything of it.
fn is_said(field: &ResemblanceField) -> bool {
    field.shapes.iter().any(|shapes| !shapes.is_empty())
}

fn bits(weight: Weight) -> f64 {
    f64::from(weight) / 100.0
}

/// What a person says in a field, each value once, by its shape.
fn shapes(person: &Person, field: ComparedField) -> Vec<String> {
    let matching = &person.matching;
    let name = |name: &NameView| name.texts().collect::<Vec<_>>().join(" ");
    let number = |text: String| text.split_once(':').map_or(text.clone(), |(_, number)| number.to_owned());
    let values: Vec<String> = match field {
        ComparedField::Name => matching.names().map(name).collect(),
        ComparedField::Birth => matching.births().map(ToString::to_string).collect(),
        ComparedField::Mark(kind) => {
            let own = matching.marks().filter(|mark| mark.kind == kind);
            own.map(|mark| mark.value.to_string()).collect()
        }
        ComparedField::Number(kind) => {
            let own = matching.keys.iter().filter(|key| NumberOf::of(key) == Some(kind));
            own.map(|key| number(key.text())).collect()
        }
        ComparedField::Group => {
            person.state.household.named.keys().map(|number| number.as_str().to_owned()).collect()
        }
    };
    let shapes: BTreeSet<String> = values.iter().map(|value| shape(value)).collect();
    shapes.into_iter().collect()
}

/// How much of a word is drawn: the shape of a longer one tells no more.
const DRAWN: usize = 12;

/// The shape of a value: how it is written, and not what it says.
pub(super) fn shape(value: &str) -> String {
    let part = |letter: char| match letter {
        digit if digit.is_numeric() => '9',
        letter if letter.is_uppercase() => 'X',
        letter if letter.is_alphabetic() => 'x',
        other => other,
    };
    let word = |word: &str| {
        let end = if word.chars().count() > DRAWN { "…" } else { "" };
        word.chars().take(DRAWN).map(part).collect::<String>() + end
    };
    value.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_says_how_something_is_written_and_nothing_else() {
        for (value, expect) in [
            ("El Amrani", "Xx Xxxxxx"),
            ("مريم", "xxxx"),
            ("1976-11-10", "9999-99-99"),
            ("CAS:60245", "XXX:99999"),
            ("a 123456789012345", "x 999999999999…"),
        ] {
            assert_eq!(shape(value), expect);
        }
    }
}
