//! Bytes to items: JSON, CSV and XML, each to JSON values, in the encodings in which they come.
//!
//! What stands first tells the format: `{` or `[` is JSON at every door. Of bytes that cannot be read only the place, the
//! length and the cause are told; nothing of them is kept. Refuses depth and size beyond what any source sends.
//! Next: [`crate::check`].

mod charset;
mod csv;
mod json;
mod xml;

use schemas::finding::{Code, Finding};
use serde_json::Value;

pub use self::charset::Charset;
pub use self::csv::separator;
use crate::checking::is_column;
use crate::{Format, Refused, Source};

/// More than a week of notices, less than what would hurt.
const LARGEST: usize = 32 << 20;
/// As many as a batch may have.
const MOST_ITEMS: usize = 100_000;

type Item = Result<Value, Refused>;

impl Format {
    /// How these bytes of a source are written.
    #[must_use]
    pub fn of(source: &dyn Source, bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::Json,
            _ => source.format(),
        }
    }
}

/// Cuts bytes into items: one result an item, in order. An item whose bytes cannot be read is refused on its own. The
/// encoding is what the bytes say of themselves.
#[must_use]
pub fn read(source: &dyn Source, bytes: &[u8]) -> Vec<Item> {
    read_in(source, None, bytes)
}

/// The same for bytes of which a sender said how they are encoded.
#[must_use]
pub fn read_in(source: &dyn Source, said: Option<Charset>, bytes: &[u8]) -> Vec<Item> {
    read_on(source, said, Before::default(), bytes)
}

/// What of a file was cut off and read before some bytes of it: places are told as those of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Before {
    /// Ends of lines.
    pub lines: usize,
    /// Elements of a list.
    pub elements: usize,
    /// Ends of lines before the header, which stands in front of each part of a CSV.
    pub header: usize,
}

/// The same for a part of a file.
#[must_use]
pub fn read_on(source: &dyn Source, said: Option<Charset>, before: Before, bytes: &[u8]) -> Vec<Item> {
    if bytes.len() > LARGEST {
        return vec![Err(unreadable(bytes.len(), format_args!("more than {LARGEST} bytes at once")))];
    }
    let charset = match (Charset::marked(bytes).or(said), Format::of(source, bytes)) {
        (Some(charset), _) => Ok(charset),
        (None, Format::Json) => Ok(Charset::Utf8),
        (None, Format::Csv) => Ok(Charset::guessed(bytes)),
        (None, Format::Xml) => xml::declared(bytes),
    };
    let text = match charset.and_then(|charset| charset.decode(bytes)) {
        Ok(text) => text,
        Err(cause) => return vec![Err(unreadable(bytes.len(), format_args!("{cause}")))],
    };
    let documents = match Format::of(source, &text) {
        Format::Csv => csv::rows(&text, before, |name| is_column(source, name)),
        Format::Json => json::items(&text, before),
        Format::Xml => vec![xml::document(&text)],
    };
    let split = |document: Item| match document {
        Ok(document) => source.split(document).into_iter().map(Ok).collect(),
        Err(refused) => vec![Err(refused)],
    };
    documents.into_iter().flat_map(split).collect()
}

/// As many items as are read at once; behind them one refusal says that there are more.
fn bounded(items: impl Iterator<Item = Item>) -> Vec<Item> {
    let (mut items, mut all) = (items.peekable(), vec![]);
    while all.len() < MOST_ITEMS
        && let Some(item) = items.next()
    {
        all.push(item);
    }
    if items.peek().is_some() {
        all.push(Err(unreadable(
            0,
            format_args!("more than {MOST_ITEMS} items at once: the others are not read"),
        )));
    }
    all
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
            b"{\"a\":\n{\"a\":2}\n7\n{\"a\":\"\x01\"}",
            &[
                Err("line 1, column 5: ends too early; 5 bytes"),
                Ok(json!({"a": 2})),
                Err("line 3: not a JSON object; 1 bytes"),
                Err("line 4, column 7: not JSON; 9 bytes"),
            ],
        );
        check("visa", b"\n \r\n", &[]);
    }

    #[test]
    fn a_list_is_its_elements_and_texts_may_follow_one_another() {
        check("xapi", b" [{\"a\":1},\n{\"a\":2}]", &[Ok(json!({"a": 1})), Ok(json!({"a": 2}))]);
        check(
            "xapi",
            b"[{\"a\":1}, 2]",
            &[Ok(json!({"a": 1})), Err("element 1: not a JSON object; 12 bytes")],
        );
        check(
            "xapi",
            b"[{\"a\":1}, {\"a\":",
            &[Ok(json!({"a": 1})), Err("element 1, line 1: ends too early; 6 bytes")],
        );
        // One that is broken keeps no other out.
        check(
            "xapi",
            b"[{\"a\":1},\n{\"a\":x},\n 7, [{}], \"],\" ,{\"a\":\"\\\"],\"}]",
            &[
                Ok(json!({"a": 1})),
                Err("element 1, line 2: not JSON; 8 bytes"),
                Err("element 2, line 3: not a JSON object; 3 bytes"),
                Err("element 3, line 3: not a JSON object; 5 bytes"),
                Err("element 4, line 3: not a JSON object; 6 bytes"),
                Ok(json!({"a": "\"],"})),
            ],
        );
        check("visa", b"{\"a\":1}\n\n7\n", &[Ok(json!({"a": 1})), Err("line 3: not a JSON object; 1 bytes")]);
        // What was cut off is told, also where its last element is whole.
        for cut in [b"[{\"a\":1}".as_slice(), b"[{\"a\":1},"] {
            check("xapi", cut, &[Ok(json!({"a": 1})), Err("element 1, line 1: ends too early; 0 bytes")]);
        }
        check(
            "visa",
            b"[{\"a\":1},{\"b\":2}]\n[{\"c\":x},{\"d\":4}]",
            &[Ok(json!({"a": 1})), Ok(json!({"b": 2})), Err("line 2, column 7: not JSON; 17 bytes")],
        );
        check("xapi", b"[]", &[]);
        check(
            "visa",
            b"{\n \"a\": [\n {\"b\": 1}]\n}\n{\n \"a\": 2\n}",
            &[Ok(json!({"a": [{"b": 1}]})), Ok(json!({"a": 2}))],
        );
        check(
            "visa",
            b"{\"a\":1}\nnot JSON\n{\"a\":2}",
            &[Ok(json!({"a": 1})), Err("line 2, column 2: not JSON; 8 bytes"), Ok(json!({"a": 2}))],
        );
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_told_with_its_place() {
        let codes = |text: &str| -> Vec<Result<Value, Vec<String>>> {
            let told = |refused: Refused| {
                refused.findings.iter().map(|f| format!("{} {}", f.code, f.pointer)).collect::<Vec<_>>()
            };
            let items = read(crate::source("visa").unwrap(), text.as_bytes());
            items.into_iter().map(|item| item.map_err(told)).collect()
        };
        let refused = |told: &[&str]| Err(told.iter().map(|told| (*told).to_owned()).collect());
        for (text, expect) in [
            (r#"{"a":11.0,"b":1e3,"c":-0.0,"d":0.5}"#, Ok(json!({"a": 11, "b": 1000, "c": 0, "d": 0.5}))),
            (r#"{"a":9007199254740992}"#, Ok(json!({"a": 9_007_199_254_740_992_i64}))),
            (r#"{"a":9007199254740993}"#, refused(&["inexact-number /a"])),
            (r#"{"a":{"b":[0,-9007199254740993]}}"#, refused(&["inexact-number /a/b/1"])),
            (r#"{"a":170940476492561754793}"#, refused(&["inexact-number /a"])),
            (r#"{"a":1.7094047649256175e20}"#, refused(&["inexact-number /a"])),
            (r#"{"a":1,"a":1}"#, refused(&["doubled-key /a"])),
            (
                r#"{"a":{"x/y":1,"x/y":2},"a":1e30}"#,
                refused(&["doubled-key /a/x~1y", "inexact-number /a", "doubled-key /a"]),
            ),
            (r#"{"a":1,"\u0061":1}"#, refused(&["doubled-key /a"])),
            (r#"{"a":"SALMA \ud83d"}"#, refused(&["unreadable "])),
        ] {
            assert_eq!(codes(text), [expect], "{text}");
        }
        // However many there are, none is passed over.
        let all = format!("[{}]", vec![r#"{"a":1,"a":2}"#; 250].join(","));
        assert_eq!(codes(&all), vec![refused(&["doubled-key /a"]); 250]);
        assert_eq!(
            codes(r#"[{"a":1},{"a":1,"a":2},{"b":1e300}]"#),
            [Ok(json!({"a": 1})), refused(&["doubled-key /a"]), refused(&["inexact-number /b"])]
        );
    }

    #[test]
    fn rows_are_objects_of_their_columns() {
        let header = "insz;email;relation";
        let row = |insz: &str, email: &str| Ok(json!({"insz": insz, "email": email}));
        for (bytes, expect) in [
            (format!("\u{feff}{header}\r\n1;x;\r\n"), vec![row("1", "x")]),
            (format!("{header}\n\"1;\n2\"; x ;\n"), vec![row("1;\n2", "x")]),
            (format!("{header}\n5\" pipe;a \"b\" c;\n"), vec![row("5\" pipe", "a \"b\" c")]),
            (format!("{header}\n\"a \"\"b\"\"\";x;\n"), vec![row("a \"b\"", "x")]),
            // What spreadsheets put around the rows.
            (format!("sep=;\r\n{header}\r\n1;x;\r\n"), vec![row("1", "x")]),
            ("\"sep=,\"\ninsz,email,relation\n1,x,\n".to_owned(), vec![row("1", "x")]),
            ("insz\temail\trelation\n1\tx\t\n".to_owned(), vec![row("1", "x")]),
            ("sep=\t\ninsz\temail\trelation\n1\tx\t\n".to_owned(), vec![row("1", "x")]),
            (format!("{header};;\n1;x;;;\n1;x;\n"), vec![row("1", "x"), row("1", "x")]),
            (format!("{header}\n;;\n1;x;;;\n ; ;\n\n;;;;\n"), vec![row("1", "x")]),
            (" insz ;EMAIL;email\n1;;x\n".to_owned(), vec![row("1", "x")]),
            (format!("{header}\r1;x;\r2;y;\r"), vec![row("1", "x"), row("2", "y")]),
            (header.to_owned(), vec![]),
            (
                format!("{header}\n1\n1;x;;y\n2;y;\n"),
                vec![
                    Err("line 2: 1 columns instead of 3; 1 bytes"),
                    Err("line 3: 4 columns instead of 3; 3 bytes"),
                    row("2", "y"),
                ],
            ),
            // A line is one as an editor counts it, whatever ends it and however many a row has.
            (
                format!("{header}\r\n\r\n\"1\r\n\r\n\";x;\r\n\r\n2\r\n3\r\n"),
                vec![
                    row("1", "x"),
                    Err("line 7: 1 columns instead of 3; 1 bytes"),
                    Err("line 8: 1 columns instead of 3; 1 bytes"),
                ],
            ),
            (
                format!("{header}\r\"1\n\";x;\r2\r"),
                vec![row("1", "x"), Err("line 3: 1 columns instead of 3; 1 bytes")],
            ),
            (
                "\n\nfoo;bar\n1;2\n".to_owned(),
                vec![Err("line 3: no header: none of its names is a column of the contract; 14 bytes")],
            ),
            (
                format!("{header}\r1;x;\r2\r"),
                vec![row("1", "x"), Err("line 3: 1 columns instead of 3; 1 bytes")],
            ),
            (
                "insz;insz\n1;2\n".to_owned(),
                vec![Err("line 1: a column without a name or with another's; 14 bytes")],
            ),
            (
                "insz;;email\n1;;2\n".to_owned(),
                vec![Err("line 1: a column without a name or with another's; 17 bytes")],
            ),
            (
                "worker;aanvraag\nworker;aanvraag\n".to_owned(),
                vec![Err("line 1: no header: none of its names is a column of the contract; 32 bytes")],
            ),
        ] {
            check("permit", bytes.as_bytes(), &expect);
        }
    }

    #[test]
    fn rows_come_in_the_encodings_of_spreadsheets() {
        let named = |name: &str| Ok(json!({"family_name": name}));
        let western =
            |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
        check("permit", &western("family_name\nMüller\nPeña\n"), &[named("Müller"), named("Peña")]);
        // Where other letters are UTF-8, a row that is not is broken.
        let mixed = [b"family_name\nM\xc3\xbcller\nM\xfcller\n".as_slice(), b"Testova\n"].concat();
        check("permit", &mixed, &[named("Müller"), Err("line 3: not UTF-8; 6 bytes"), named("Testova")]);
        let wide: Vec<u8> =
            "\u{feff}family_name\r\nMüller\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check("permit", &wide, &[named("Müller")]);
        check("permit", &wide[..wide.len() - 1], &[Err("not UTF-16; 43 bytes")]);
        let said = |charset, bytes: &[u8]| {
            let items = read_in(crate::source("permit").unwrap(), Some(charset), bytes);
            items
                .into_iter()
                .map(|item| item.map_err(|refused| refused.findings[0].detail.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            said(Charset::Windows1252, &western("family_name\nMüller\n")),
            [Ok(json!({"family_name": "Müller"}))]
        );
        assert_eq!(
            said(Charset::Utf8, &western("family_name\nMüller\nTestova\n")),
            [Err("line 2: not UTF-8; 6 bytes".to_owned()), Ok(json!({"family_name": "Testova"}))]
        );
        assert_eq!(said(Charset::Utf16, &wide[2..]), [Ok(json!({"family_name": "Müller"}))]);
    }

    #[test]
    fn a_document_is_read_as_it_says_it_is_written() {
        let western =
            |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
        let latin = "<?xml version=\"1.0\" encoding='ISO-8859-1'?><r>ï</r>";
        check("register", &western(latin), &[Ok(json!({"r": "ï"}))]);
        check(
            "register",
            latin.as_bytes(),
            &[Err("said to be in a page of Western letters, but is UTF-8; 52 bytes")],
        );
        check("register", &western("<r>ï</r>"), &[Err("not UTF-8; 8 bytes")]);
        check(
            "register",
            b"<?xml version='1.0' encoding='EBCDIC'?><r/>",
            &[Err(
                "an encoding that is not read here: UTF-8, UTF-16, ISO-8859-1 and Windows-1252 are; 43 bytes",
            )],
        );
        let wide = "<?xml version='1.0' encoding='UTF-16'?><r>ï</r>";
        for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            check(
                "register",
                &wide.encode_utf16().flat_map(order).collect::<Vec<u8>>(),
                &[Ok(json!({"r": "ï"}))],
            );
        }
        check("register", b"\xef\xbb\xbf<r/>", &[Ok(json!({"r": ""}))]);
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
            b"<r xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><a i:nil='true'/><b i:type='t'>1</b><c nil='x'/></r>",
            &[Ok(json!({"r": {"a": "", "b": "1", "c": {"@nil": "x"}}}))],
        );
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
