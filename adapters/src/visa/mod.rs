//! The visa source: diplomatic posts (`post-visa-d/1`) and the aliens office (`dvz-voortraject/1`).
//!
//! Both speak of applications: a number is unique only at its post. Visa numbers, reasons, sponsors
//! and biometrics are never stored; documents serve for finding the person and are no facts. The two
//! formats are ours to define: [`Source::schema`] is the contract. Next: `post`, `dvz`.

mod dvz;
mod post;
mod zone;

use schemas::fact::Decision;
use schemas::message::Said;
use schemas::reference::PostCode;
use serde_json::Value;

use crate::reading::{Codes, Reading};
use crate::{Context, Format, Source, Translation, Voice};

/// The form of the aliens office.
const DVZ: &str = "dvz-voortraject/1";
/// How `speaks_for` names it.
const OFFICE: &str = "dvz";

/// What a decision is called.
const DECISIONS: Codes<'_, Decision> = &[
    ("in_behandeling", Decision::Pending),
    ("aanvullende_documenten", Decision::Pending),
    ("aanvaarding", Decision::Granted),
    ("weigering", Decision::Refused),
    ("intrekking", Decision::Revoked),
];

/// The visa source.
#[derive(Debug)]
pub(crate) struct Visa;

impl Source for Visa {
    fn name(&self) -> &'static str {
        "visa"
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
        &["/sponsor", "/visa", "/status/reason", "/decision/reason", "/person/birth_place"]
    }

    fn id(&self, item: &Value) -> Option<String> {
        item.get("message_id")?.as_str().map(str::to_owned)
    }

    fn has_voices(&self) -> bool {
        true
    }

    /// The aliens office says what its own form says; a post what its code stands on.
    fn voice<'i>(&self, item: &'i Value) -> Option<Voice<'i>> {
        let text = |pointer: &'static str| item.pointer(pointer).and_then(Value::as_str).map(str::trim);
        match text("/schema") {
            Some(DVZ) => Some(Voice { pointer: "/schema", name: OFFICE.into(), of: "the aliens office" }),
            _ => text("/post/code").map(|code| Voice {
                pointer: "/post/code",
                name: code.into(),
                of: "a post",
            }),
        }
    }

    fn is_voice(&self, name: &str) -> bool {
        let post = || PostCode::parse(name).is_ok_and(|code| code.as_str() == name);
        name == OFFICE || !name.eq_ignore_ascii_case(OFFICE) && post()
    }

    fn translate(&self, item: &Value, context: &Context<'_>) -> Translation {
        let mut reading = Reading::new(item, context);
        let record = match reading.text("/schema") {
            Some(DVZ) => dvz::record(&mut reading, context),
            _ => post::record(&mut reading, context),
        };
        reading.finish(record.map(Said::Record))
    }
}
