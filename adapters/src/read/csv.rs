//! Rows under a header, `;` between, as objects of their columns; an empty column is an absent key.
//!
//! A row with too few or too many columns is refused on its own; the rest is read.

use csv::{ByteRecord, ReaderBuilder};
use serde_json::Value;

use super::{Item, unreadable};

pub(super) fn rows(bytes: &[u8]) -> Vec<Item> {
    let mut reader = ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(bytes);
    let named = |header: &csv::StringRecord| {
        let names: std::collections::BTreeSet<&str> = header.iter().collect();
        names.len() == header.len() && !names.contains("")
    };
    let header = match reader.headers() {
        Ok(header) if named(header) => header.clone(),
        Ok(_) => {
            let cause = format_args!("row 1: a column without a name or with another's");
            return vec![Err(unreadable(bytes.len(), cause))];
        }
        Err(_) => return vec![Err(unreadable(bytes.len(), format_args!("row 1: not UTF-8")))],
    };
    let row = |(number, record): (usize, Result<ByteRecord, csv::Error>)| match record {
        Ok(record) => row(&header, number, &record),
        Err(_) => Err(unreadable(0, format_args!("row {number}: not CSV"))),
    };
    // Rows are counted as a spreadsheet does: the header is the first.
    (2..).zip(reader.byte_records()).map(row).collect()
}

fn row(header: &csv::StringRecord, number: usize, record: &ByteRecord) -> Item {
    let length = record.as_slice().len();
    let Ok(text) = csv::StringRecord::from_byte_record(record.clone()) else {
        return Err(unreadable(length, format_args!("row {number}: not UTF-8")));
    };
    if text.len() != header.len() {
        let (got, expected) = (text.len(), header.len());
        return Err(unreadable(length, format_args!("row {number}: {got} columns instead of {expected}")));
    }
    let filled = header.iter().zip(&text).filter(|(_, value)| !value.trim().is_empty());
    Ok(Value::Object(filled.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()))
}
