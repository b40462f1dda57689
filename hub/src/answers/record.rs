//! A record of a topic of answers, as the item it stands for: CloudEvents in binary mode (the value is the answer, its id
//! the header `ce_id`) or in structured mode (the value is the event, the answer its `data`).
//!
//! Pure. Whatever cannot be read is an item that is refused, found by its place. Refuses to keep anything of a record but
//! the answer and its id.

use adapters::{Refused, Source};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemas::finding::{Code, Finding};
use serde_json::Value;

use crate::config::SenderError;
use crate::deliver::kafka::{AnswerRecord, RecordValue};
use crate::intake::HeardItem;

/// How many characters an id may have.
const LONGEST: usize = 128;
/// How an id begins that is the record's place.
const PLACE: &str = "offset:";
const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

type AnswerItem = Result<Value, Refused>;

/// What a record says, for the door; `denied` where its recipient may not answer today.
pub(super) fn heard(source: &dyn Source, record: AnswerRecord, denied: Option<SenderError>) -> HeardItem {
    let AnswerRecord { recipient, partition, offset, timestamp, headers, value } = record;
    let header =
        |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_slice());
    let form = header("content-type").map(String::from_utf8_lossy).unwrap_or_default();
    let form = form.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (named, item) = match (value, form.as_str()) {
        (RecordValue::Null, _) => (None, Err(refused(Code::Unreadable, "the record has no value"))),
        (RecordValue::TooLarge(length), _) => {
            (None, Err(refused(Code::TooLarge, &format!("{length} bytes"))))
        }
        (RecordValue::Bytes(bytes), STRUCTURED) => event(source, &bytes),
        (RecordValue::Bytes(_), BATCH) => {
            (None, Err(refused(Code::Unreadable, "one event a record was expected, not a batch")))
        }
        (RecordValue::Bytes(bytes), _) => (None, one(source, &bytes)),
    };
    let named = named.or_else(|| header("ce_id").map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
    let place = match partition {
        0 => format!("{PLACE}{offset}"),
        other => format!("{PLACE}{other}-{offset}"),
    };
    let stands = format!("{}\0{place}\0{timestamp}", recipient.answers_topic());
    let (id, item) = match named {
        None => (place, item),
        Some(id) if is_id(&id) => (id, item),
        Some(_) => {
            let rule = "an id of 1 to 128 letters, digits and any of -._~: was expected, and none that begins with offset:";
            (
                place,
                Err(Refused {
                    item: item.ok(),
                    findings: vec![Finding::new(Code::InvalidReference, "/id", rule)],
                }),
            )
        }
    };
    let item = match denied {
        None => item,
        Some(why) => Err(refused(Code::NotAllowedHere, &why.to_string())),
    };
    HeardItem { sender: recipient.as_str().to_owned(), id, place: stands, item }
}

/// What can stand in an address as it is, and is never taken for a place.
fn is_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~:".contains(&b);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with(PLACE)
}

/// A structured event: its id and its data.
fn event(source: &dyn Source, bytes: &[u8]) -> (Option<String>, AnswerItem) {
    let mut event = match one(source, bytes) {
        Ok(Value::Object(event)) => event,
        Ok(_) => return (None, Err(refused(Code::Unreadable, "a JSON object was expected"))),
        Err(refused) => return (None, Err(refused)),
    };
    let id = event.get("id").and_then(Value::as_str).map(str::to_owned);
    let item = match (event.remove("data"), event.get("data_base64").and_then(Value::as_str)) {
        (Some(data @ Value::Object(_)), _) => Ok(data),
        (None, Some(text)) => match STANDARD.decode(text) {
            Ok(bytes) => one(source, &bytes),
            Err(_) => Err(refused(Code::Unreadable, "data_base64 is not base64")),
        },
        (Some(_), _) => Err(refused(Code::Unreadable, "data: a JSON object was expected")),
        (None, None) => Err(refused(Code::Unreadable, "the event has no data")),
    };
    (id, item)
}

/// The one object that some bytes hold.
fn one(source: &dyn Source, bytes: &[u8]) -> AnswerItem {
    let mut items = adapters::read(source, bytes);
    match (items.pop(), items.is_empty()) {
        (Some(item), true) => item,
        _ => Err(refused(Code::Unreadable, "one object was expected, not several")),
    }
}

fn refused(code: Code, detail: &str) -> Refused {
    Refused { item: None, findings: vec![Finding::new(code, "", detail)] }
}

#[cfg(test)]
mod tests {
    use schemas::recipient::Recipient;
    use serde_json::json;

    use super::*;

    const JSON: (&str, &str) = ("content-type", "application/json");
    const EVENT: (&str, &str) = ("content-type", "application/cloudevents+json; charset=UTF-8");

    fn read(
        headers: &[(&str, &str)],
        value: RecordValue,
        denied: Option<SenderError>,
    ) -> (String, Result<Value, Code>) {
        let headers = headers.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        let record = AnswerRecord {
            recipient: Recipient::parse("amal").unwrap(),
            partition: 0,
            offset: 7,
            timestamp: 1,
            headers: headers.collect(),
            value,
        };
        let heard = heard(adapters::source("answer").unwrap(), record, denied);
        assert_eq!(
            (heard.sender.as_str(), heard.place.as_str()),
            ("amal", "voortraject.amal.answers.v1\u{0}offset:7\u{0}1")
        );
        (heard.id, heard.item.map_err(|refused| refused.findings[0].code))
    }

    fn bytes(text: &str) -> RecordValue {
        RecordValue::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn both_modes_say_the_same() {
        let said = Ok(json!({"epoch": 1}));
        let check = |headers: &[(&str, &str)], text: &str, id: &str| {
            assert_eq!(read(headers, bytes(text), None), (id.to_owned(), said.clone()), "{text}");
        };
        check(&[JSON, ("ce_id", "a-1")], r#"{"epoch":1}"#, "a-1");
        check(&[("ce_id", "a-1")], "\n{\n\"epoch\":1}\n", "a-1");
        check(&[], r#"{"epoch":1}"#, "offset:7");
        check(&[EVENT], r#"{"specversion":"1.0","id":"a-1","data":{"epoch":1}}"#, "a-1");
        check(&[EVENT], r#"{"id":"a-1","data_base64":"eyJlcG9jaCI6MX0="}"#, "a-1");
        check(&[EVENT, ("ce_id", "b")], r#"{"data":{"epoch":1}}"#, "b");
        check(&[EVENT], r#"{"data":{"epoch":1}}"#, "offset:7");
    }

    #[test]
    fn whatever_cannot_be_read_is_refused_under_its_id_or_its_place() {
        let check = |headers: &[(&str, &str)], value: RecordValue, id: &str, code: Code| {
            assert_eq!(read(headers, value.clone(), None), (id.to_owned(), Err(code)), "{value:?}");
        };
        let id = ("ce_id", "a-1");
        check(&[], RecordValue::Null, "offset:7", Code::Unreadable);
        check(&[id], RecordValue::Null, "a-1", Code::Unreadable);
        check(&[id], RecordValue::TooLarge(9), "a-1", Code::TooLarge);
        for text in ["", "\u{0}", "[]", "7", "{\"epoch\":1}\n{\"epoch\":1}", "{\"epoch\":"] {
            check(&[id, JSON], bytes(text), "a-1", Code::Unreadable);
            check(&[EVENT, id], bytes(text), "a-1", Code::Unreadable);
        }
        for text in [r#"{"id":"b"}"#, r#"{"id":"b","data":7}"#, r#"{"id":"b","data_base64":"*"}"#] {
            check(&[EVENT, id], bytes(text), "b", Code::Unreadable);
        }
        let batch = ("content-type", "application/cloudevents-batch+json");
        check(&[batch, id], bytes("[]"), "a-1", Code::Unreadable);
        let long = "a".repeat(129);
        for wrong in ["", "a b", "a/b", "é", "offset:3", &long] {
            check(&[("ce_id", wrong)], bytes("{}"), "offset:7", Code::InvalidReference);
        }
        assert!(is_id(&long[1..]));
    }

    #[test]
    fn whoever_may_not_answer_today_is_refused_whatever_they_say() {
        for value in [bytes("{}"), RecordValue::Null] {
            let told = read(&[("ce_id", "a-1")], value, Some(SenderError::NoBasis));
            assert_eq!(told, ("a-1".to_owned(), Err(Code::NotAllowedHere)));
        }
    }
}
