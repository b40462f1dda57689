//! The golden record as it is told: each field with its source, its date and the rule, and what else was said of it.
//!
//! Values stand there only where personal values were asked for. Refuses to choose: that is
//! [`decide::journey::golden`]'s.

use decide::journey::Journey;
use decide::journey::golden::golden;
use schemas::fact::Field;
use serde::Serialize;
use serde_json::Value;

use super::StatedFact;
use super::resemblance::shape;
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

impl StatedFact {
    /// How its value is written and not what it says; none where the value was not asked for.
    #[must_use]
    pub fn shape(&self) -> Option<String> {
        // A statement stands under its own name.
        let stated = self.value.as_ref()?.as_object()?.values().next()?;
        // Of a word out of two or three its length would tell which.
        if matches!(self.field, Field::Sex | Field::Language) {
            return Some("x".to_owned());
        }
        let mut texts = vec![];
        texts_in(stated, &mut texts);
        Some(shape(&texts.join(" ")))
    }
}

fn texts_in(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(all) => all.iter().for_each(|value| texts_in(value, texts)),
        Value::Object(all) => all.values().for_each(|value| texts_in(value, texts)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use schemas::fact::{Authority, Sex, Statement};
    use schemas::insz::Insz;
    use schemas::name::Names;
    use schemas::partial::PartialDate;
    use schemas::time::from_micros;

    use super::*;

    #[test]
    fn a_value_is_told_by_its_shape_alone() {
        let names = Names { native: Some("مريم".into()), ..Names::new("El Amrani", "Maryam").unwrap() };
        for (statement, expect) in [
            (Statement::Names(names), "Xx Xxxxxx Xxxxxx xxxx"),
            (Statement::Birth(PartialDate::parse("1990-00-00").unwrap()), "9999-99-99"),
            (Statement::Sex(Sex::Female), "x"),
            (Statement::Sex(Sex::Male), "x"),
            (Statement::Language("nl".into()), "x"),
            (Statement::Nationalities(vec![]), ""),
            (Statement::Insz(Insz::parse("90610100155").unwrap()), "99999999999"),
            (Statement::Email("a.b@c.example".into()), "x.x@x.xxxxxx…"),
        ] {
            let fact = StatedFact {
                field: statement.field(),
                entry: "person",
                authority: Authority::Register,
                stated_at: from_micros(1).unwrap(),
                valid_from: None,
                message: String::new(),
                value: serde_json::to_value(&statement).ok(),
            };
            assert_eq!(fact.shape().as_deref(), Some(expect), "{statement:?}");
            assert_eq!(StatedFact { value: None, ..fact }.shape(), None);
        }
    }
}
