//! Rows under a header, as objects of their columns; an empty column is an absent key.
//!
//! As spreadsheets write them: `;`, `,` or tabs between, a first line `sep=`, empty columns at the end, rows of which
//! nothing is left. A row with too few or too many columns is refused on its own; the rest is read.

use std::collections::BTreeSet;

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use serde_json::Value;

use super::{Before, Item, bounded, unreadable};

/// Rows of bytes in which some may be no UTF-8, of a file of which some lines came before. `known` says whether a column's name is one of the contract's.
pub(super) fn rows(bytes: &[u8], before: Before, known: impl Fn(&str) -> bool) -> Vec<Item> {
    let (said, rows, lines) = separator(bytes);
    let between = said.unwrap_or_else(|| likely(rows));
    let mut reader = ReaderBuilder::new().delimiter(between).flexible(true).from_reader(rows);
    let blank = rows.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| **byte == b'\n');
    let at = before.header + lines + blank.count() + 1;
    let whole = |cause: &str| vec![Err(unreadable(bytes.len(), format_args!("line {at}: {cause}")))];
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect(),
        Err(_) => return whole("not UTF-8"),
    };
    // A spreadsheet's empty columns at the end are none.
    let width = header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    let header = &header[..width];
    let names: BTreeSet<&str> = header.iter().map(String::as_str).collect();
    if names.len() != header.len() || names.contains("") {
        return whole("a column without a name or with another's");
    }
    if !names.is_empty() && !names.iter().any(|name| known(name)) {
        return whole("no header: none of its names is a column of the contract");
    }
    // Lines as an editor counts them: a row begins behind all ends of lines that came before it.
    let first = rows.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rows.len());
    let lone = rows[first..].starts_with(b"\r") && !rows[first..].starts_with(b"\r\n");
    let end = if lone { b'\r' } else { b'\n' };
    let (mut line, mut counted) = (before.lines + lines + 1, 0);
    let row = |record: Result<ByteRecord, csv::Error>| {
        let Ok(record) = record else {
            return Some(Err(unreadable(0, format_args!("after line {line}: not CSV"))));
        };
        let from = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(counted);
        let blank = rows[from..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        line += rows[counted..from + blank].iter().filter(|byte| **byte == end).count();
        counted = from + blank;
        row(header, line, &record)
    };
    bounded(reader.byte_records().filter_map(row))
}

/// What the first line `sep=` says stands between columns, the rows after it, and how many lines it took.
pub fn separator(bytes: &[u8]) -> (Option<u8>, &[u8], usize) {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let (line, rows) = bytes.split_at(end);
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [s, e, p, b'=', between] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => (Some(*between), rows, 1),
        // A tab at the end of a line is a blank to whoever trims.
        [s, e, p, b'='] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => (Some(b'\t'), rows, 1),
        _ => (None, bytes, 0),
    }
}

/// What stands between the names of the header most often; `;` where nothing does.
fn likely(rows: &[u8]) -> u8 {
    let header = rows.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |between: u8| header.iter().filter(|byte| **byte == between).count();
    b"\t,;".iter().copied().max_by_key(|between| count(*between)).unwrap_or(b';')
}

/// One row; none where it says nothing.
fn row(header: &[String], number: usize, record: &ByteRecord) -> Option<Item> {
    if record.iter().all(|value| value.trim_ascii().is_empty()) {
        return None;
    }
    let length = record.as_slice().len();
    let Ok(text) = StringRecord::from_byte_record(record.clone()) else {
        return Some(Err(unreadable(length, format_args!("line {number}: not UTF-8"))));
    };
    let more = text.iter().skip(header.len()).any(|value| !value.trim().is_empty());
    if text.len() < header.len() || more {
        let (got, expected) = (text.len(), header.len());
        let cause = format_args!("line {number}: {got} columns instead of {expected}");
        return Some(Err(unreadable(length, cause)));
    }
    let filled = header.iter().zip(&text).filter(|(_, value)| !value.trim().is_empty());
    Some(Ok(Value::Object(filled.map(|(name, value)| (name.clone(), Value::from(value.trim()))).collect())))
}
