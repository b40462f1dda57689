//! The answer source: what an agency says about one handover.
//!
//! The form is [`schemas::handover::Answer`] as JSON. Who answers is the sender, never a field of the
//! answer. An answer has no id of its own: all that it says stands for it, so the same answer sent twice is one, and a
//! corrected one (another hash, another code) is another.

use schemas::finding::Code;
use schemas::handover::Answer;
use schemas::message::Said;
use schemas::recipient::Recipient;
use serde::Deserialize;
use serde_json::Value;

use crate::reading::Reading;
use crate::{Context, Format, Source, Translation};

/// The answer source.
#[derive(Debug)]
pub(crate) struct Answers;

impl Source for Answers {
    fn name(&self) -> &'static str {
        "answer"
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
        &[]
    }

    /// Hyphens in the handover say nothing, nor does the form of a number.
    fn normalise(&self, item: &mut Value) {
        if let Ok(answer) = Answer::deserialize(&*item)
            && let Ok(written) = serde_json::to_value(answer)
        {
            *item = written;
        }
    }

    fn id(&self, item: &Value) -> Option<String> {
        let Answer { handover, epoch, answer } = Answer::deserialize(item).ok()?;
        let says = serde_json::to_string(&answer).ok()?;
        Some(format!("{handover}:{epoch}:{says}"))
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let recipient = Recipient::parse(context.sender.name()).map_err(|error| {
            reading.note(Code::InvalidReference, "", format_args!("the sender is no recipient: {error}"));
        });
        // What is wrong with the form is the schema's to say, place by place.
        let said = recipient.ok().zip(Answer::deserialize(item).ok());
        reading.finish(said.map(|(recipient, answer)| Said::Answer { recipient, answer }))
    }
}

#[cfg(test)]
mod tests {
    use schemas::insz::Environment;

    use crate::fixtures::{FixtureTables, outcomes};

    #[test]
    fn the_same_answer_spelled_otherwise_is_the_same_item() {
        let tables = FixtureTables::new();
        let context = tables.context(Environment::Test);
        let taken = |text: &str| outcomes("answer", text.as_bytes(), &context).remove(0).unwrap();
        let hash = "ab".repeat(32);
        let first = format!(
            r#"{{"handover":"0123456789abcdef0123456789abcdef","epoch":1,"answer":{{"received":{{"sequence":7,"payload_hash":"{hash}"}}}}}}"#
        );
        for other in [
            first.replace("0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
            first.replace("\"epoch\":1", "\"epoch\":1.0"),
        ] {
            assert_eq!(taken(&other), taken(&first), "{other}");
        }
    }
}
