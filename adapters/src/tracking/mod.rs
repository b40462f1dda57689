//! The tracking source (`tracking/1`): what the client tracking of an office in Brussels says of somebody who came to it.
//!
//! The office is the sender, never a field of the item: so an office can name itself alone. Of the person only the national
//! number is told, which finds who is known already and makes nobody known. The format is ours to define: [`Source::schema`]
//! is the contract. Next: [`schemas::fact`].

use schemas::fact::{Authority, Choice, Entry, Record};
use schemas::finding::Code;
use schemas::key::Key;
use schemas::message::Said;
use schemas::recipient::Recipient;
use schemas::time::{Version, day_of};
use serde_json::Value;

use crate::draft::ItemDraft;
use crate::reading::Reading;
use crate::{Context, Format, Source, Translation};

/// The tracking source.
#[derive(Debug)]
pub(crate) struct Tracking;

impl Source for Tracking {
    fn name(&self) -> &'static str {
        "tracking"
    }

    fn format(&self) -> Format {
        Format::Json
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.json")
    }

    fn example(&self) -> &'static str {
        include_str!("example.json")
    }

    fn strip(&self) -> &'static [&'static str] {
        &["/registered_by", "/notes"]
    }

    fn id(&self, item: &Value) -> Option<String> {
        item.get("message_id")?.as_str().map(str::to_owned)
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let record = chosen(&mut reading, context);
        reading.finish(record.map(Said::Record))
    }
}

/// That they chose the office that says so, and when: it counts by that time, whenever it is told.
fn chosen(reading: &mut Reading<'_>, context: &Context<'_>) -> Option<Record> {
    let office =
        Recipient::parse(context.sender.name()).ok().filter(|office| context.choosable.contains(office));
    if office.is_none() {
        reading.note(Code::InvalidReference, "", "the sender is no office that can be chosen in Brussels");
    }
    let insz = reading.insz("/insz", context.environment);
    let (chosen_at, told_at) = (reading.instant("/chosen_at"), reading.instant("/at"));
    if chosen_at.zip(told_at).is_some_and(|(chosen, told)| told < chosen) {
        reading.note(Code::Contradiction, "/chosen_at", "lies after the time at which it is told");
    }
    let language = reading.text("/language").map(str::to_owned);
    let (recipient, insz, stated_at) = (office?, insz?, chosen_at?);
    let mut draft = ItemDraft::default();
    draft.keys.push(Key::Insz(insz));
    draft.choose(Some(day_of(stated_at)), Choice { recipient, language });
    let version =
        Version { channel: format!("tracking/{}", context.sender.name()), sequence: None, stated_at };
    Some(draft.record(&Entry::Person, Authority::Register, &version))
}

#[cfg(test)]
mod tests {
    use schemas::fact::Statement;
    use schemas::insz::Environment;
    use serde_json::json;

    use super::*;
    use crate::Speaker;
    use crate::fixtures::{FixtureTables, outcomes};

    /// Whoever sends, the office that is chosen is theirs: none can name another, and who is no office names nobody.
    #[test]
    fn an_office_can_only_name_itself() {
        let tables = FixtureTables::new();
        let item = json!({"schema": "tracking/1", "message_id": "1", "at": "2025-03-06T10:00:00Z",
            "chosen_at": "2025-03-06T09:00:00Z", "insz": "88611200369", "language": "fr"});
        let named = |sender: &str, field: Option<&str>| {
            let mut item = item.clone();
            field.into_iter().for_each(|field| item[field] = json!("BAPA_VIA"));
            let sender = Speaker::for_all(sender);
            let context = Context { sender: &sender, ..tables.context(Environment::Test) };
            let outcome = outcomes("tracking", item.to_string().as_bytes(), &context).remove(0);
            match outcome.map(|checked| checked.said().clone()) {
                Ok(Said::Record(record)) => Ok(record.facts.iter().map(chosen_in).collect::<Vec<_>>()),
                Ok(other) => panic!("{other:?}"),
                Err(refused) => Err(refused.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()),
            }
        };
        for office in ["bapa-bxl", "bapa-convivial", "bapa-via", "bon"] {
            assert_eq!(named(office, None), Ok(vec![office.to_owned()]));
            for field in ["provider", "recipient", "office"] {
                assert_eq!(named(office, Some(field)), Err(vec![Code::UnknownField]));
            }
        }
        for other in ["atlas", "agii-abroad", "portal", "municipalities", ""] {
            assert_eq!(named(other, None), Err(vec![Code::InvalidReference]), "{other}");
        }
    }

    fn chosen_in(fact: &schemas::fact::Fact) -> String {
        match &fact.statement {
            Statement::Choice(choice) => choice.recipient.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }
}
