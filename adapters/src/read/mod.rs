//! Bytes to items: JSON and NDJSON, CSV, XML, each to JSON values.
//!
//! Of bytes that cannot be read only the place, the length and the cause are told; nothing of them
//! is kept. Refuses depth and size beyond what any source sends. Next: [`crate::check`].

mod csv;
mod xml;

use schemas::finding::{Code, Finding};
use serde_json::Value;

use crate::{Format, Refused, Source};

/// More than a week of notices, less than what would hurt.
const LARGEST: usize = 32 << 20;

type Item = Result<Value, Refused>;

/// Cuts bytes into items in the source's format: one result an item, in order. An item whose bytes
/// cannot be read is refused on its own.
///
/// JSON is one object, however it is laid out, or NDJSON: one object a line. A source that writes
/// XML may write JSON as well, as municipalities do with their hints: `{` tells.
#[must_use]
pub fn read(source: &dyn Source, bytes: &[u8]) -> Vec<Item> {
    if bytes.len() > LARGEST {
        return vec![Err(unreadable(bytes.len(), format_args!("more than {LARGEST} bytes at once")))];
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let documents = match source.format() {
        Format::Csv => csv::rows(bytes),
        Format::Xml if !bytes.trim_ascii_start().starts_with(b"{") => vec![xml::document(bytes)],
        Format::Xml | Format::Json => objects(bytes),
    };
    let split = |document: Item| match document {
        Ok(document) => source.split(document).into_iter().map(Ok).collect(),
        Err(refused) => vec![Err(refused)],
    };
    documents.into_iter().flat_map(split).collect()
}

fn objects(bytes: &[u8]) -> Vec<Item> {
    let mut lines = (1..).zip(bytes.split(|b| *b == b'\n')).filter(|(_, line)| !line.trim_ascii().is_empty());
    // One object laid out over several lines has no second line that opens one.
    let batch = lines.clone().nth(1).is_some_and(|(_, line)| line.trim_ascii_start().starts_with(b"{"));
    if batch {
        lines.map(|(number, line)| object(number, line)).collect()
    } else {
        let first = lines.next().map_or(1, |(number, _)| number);
        vec![object(first, bytes.trim_ascii())]
    }
}

fn object(line: usize, bytes: &[u8]) -> Item {
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(unreadable(bytes.len(), format_args!("line {line}: not a JSON object"))),
        Err(error) => {
            let cause = if error.is_eof() { "ends too early" } else { "not JSON" };
            let (line, column) = (line + error.line().max(1) - 1, error.column());
            Err(unreadable(bytes.len(), format_args!("line {line}, column {column}: {cause}")))
        }
    }
}

/// A refusal that says where, how much and why, and nothing else.
fn unreadable(length: usize, cause: std::fmt::Arguments<'_>) -> Refused {
    let finding = Finding::new(Code::Unreadable, "", format_args!("{cause}; {length} bytes"));
    Refused { item: None, findings: vec![finding] }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(source: &str, bytes: &[u8], expect: &[Result<Value, &str>]) {
        let got: Vec<Result<Value, String>> = read(crate::source(source).unwrap(), bytes)
            .into_iter()
            .map(|item| item.map_err(|refused| refused.findings[0].detail.clone()))
            .collect();
        let expect: Vec<Result<Value, String>> =
            expect.iter().cloned().map(|item| item.map_err(str::to_owned)).collect();
        assert_eq!(got, expect, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn one_object_or_one_a_line() {
        check("visa", b"\xef\xbb\xbf{\n  \"a\": 1\n}\n", &[Ok(json!({"a": 1}))]);
        check("visa", b"{\"a\":1}\r\n\r\n{\"a\":2}", &[Ok(json!({"a": 1})), Ok(json!({"a": 2}))]);
        check(
            "visa",
            b"{\"a\":\n{\"a\":2}\n[]\n{\"a\":\"\x01\"}",
            &[
                Err("line 1, column 5: ends too early; 5 bytes"),
                Ok(json!({"a": 2})),
                Err("line 3: not a JSON object; 2 bytes"),
                Err("line 4, column 7: not JSON; 9 bytes"),
            ],
        );
        check("visa", b"", &[Err("line 1, column 0: ends too early; 0 bytes")]);
    }

    #[test]
    fn rows_are_objects_of_their_columns() {
        check(
            "permit",
            b"\xef\xbb\xbfa;b\r\n1;\r\n\"x;y\";2\r\n",
            &[Ok(json!({"a": "1"})), Ok(json!({"a": "x;y", "b": "2"}))],
        );
        check(
            "permit",
            b"a;b\r\n1\r\n\xff;2\r\n3;4\r\n",
            &[
                Err("row 2: 1 columns instead of 2; 1 bytes"),
                Err("row 3: not UTF-8; 2 bytes"),
                Ok(json!({"a": "3", "b": "4"})),
            ],
        );
        check(
            "permit",
            b"a;a\r\n1;2\r\n",
            &[Err("row 1: a column without a name or with another's; 10 bytes")],
        );
    }

    #[test]
    fn elements_are_objects_of_their_children() {
        check(
            "register",
            b"<?xml version='1.0'?><p:r xmlns:p='u'><!-- c --><p:a D='1'>x &amp; &#233;</p:a><b/><c>1</c><c><![CDATA[<2>]]></c></p:r>",
            &[Ok(json!({"r": {"a": {"@D": "1", "#text": "x & é"}, "b": "", "c": ["1", "<2>"]}}))],
        );
        check("register", b" {\"schema\":\"x\"}", &[Ok(json!({"schema": "x"}))]);
        check(
            "register",
            b"<!DOCTYPE r [<!ENTITY e 'x'>]><r>&e;</r>",
            &[Err("byte 30: a document type is not read; 40 bytes")],
        );
        check("register", b"<r>&e;</r>", &[Err("byte 6: an entity is not expanded; 10 bytes")]);
        check("register", b"<r><a></r>", &[Err("byte 10: not XML; 10 bytes")]);
        check("register", b"<r><a>", &[Err("byte 6: ends too early; 6 bytes")]);
        check("register", b"<r/><r/>", &[Err("byte 8: a second root element; 8 bytes")]);
        check(
            "register",
            "<a>".repeat(100).as_bytes(),
            &[Err("byte 195: deeper than 64 elements; 300 bytes")],
        );
    }
}
