//! JSON to items: one object, a list of objects, objects one after another, or one a line.
//!
//! Two readers of one text must come to one value, so a key that is doubled in an object and a number that no other
//! reader may have alike are told with their place. `11.0` is eleven. Refuses everything but objects as items.

use std::cell::RefCell;
use std::fmt;

use schemas::finding::{Code, Finding};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{Before, Item, MOST_ITEMS, bounded, unreadable};
use crate::Refused;
use crate::checking::below;

/// Up to here every reader of JSON has the same whole numbers.
const EXACT: u64 = 1 << 53;
/// More findings of one text help nobody.
const MOST: usize = 100;

/// The items of a text: none where it is blank. Where it does not read as a whole, each element of a list, and each line
/// that could be an object, stands for itself.
pub(super) fn items(bytes: &[u8], before: Before) -> Vec<Item> {
    let mut lines = (before.lines + 1..)
        .zip(bytes.split(|b| *b == b'\n'))
        .filter(|(_, line)| !line.trim_ascii().is_empty());
    let Some((first, line)) = lines.clone().next() else { return vec![] };
    values(first, before.elements, bytes.trim_ascii()).unwrap_or_else(|refused| {
        // One object laid out over several lines opens no second one at the begin of a line.
        let mut others = lines.clone().skip(1);
        let second = others.next().is_some_and(|(_, line)| line.trim_ascii_start().starts_with(b"{"));
        let whole = serde_json::from_slice::<IgnoredAny>(line).is_ok();
        let batch = whole || second || others.any(|(_, line)| line.starts_with(b"{"));
        if !whole && line.trim_ascii_start().starts_with(b"[") {
            return elements(first, before.elements, bytes.trim_ascii());
        }
        if !batch {
            return vec![Err(refused)];
        }
        let lines = lines.by_ref();
        bounded(lines.flat_map(|(at, line)| values(at, 0, line).unwrap_or_else(|refused| vec![Err(refused)])))
    })
}

/// The items of some bytes that begin in a line: each value one, of a list each element from this one on.
fn values(line: usize, element: usize, bytes: &[u8]) -> Result<Vec<Item>, Refused> {
    let faults = RefCell::new(vec![]);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut items = vec![];
    loop {
        let value =
            Strict { at: String::new(), faults: &faults }.deserialize(&mut reader).map_err(|error| {
                let cause = if error.is_eof() { "ends too early" } else { "not JSON" };
                let (line, column) = (line + error.line().max(1) - 1, error.column());
                unreadable(bytes.len(), format_args!("line {line}, column {column}: {cause}"))
            })?;
        let faults = faults.take();
        match value {
            Value::Object(_) => items.push(told(value, faults)),
            // Of so many faults not all were told: each element is looked at by itself.
            Value::Array(_) if faults.len() >= MOST => return Ok(elements(line, element, bytes)),
            Value::Array(list) => {
                items.extend((0..).zip(list).map(|(n, value)| match value {
                    Value::Object(_) => told(value, faults.iter().filter_map(|one| within(one, n)).collect()),
                    _ => Err(unreadable(
                        bytes.len(),
                        format_args!("element {}: not a JSON object", element + n),
                    )),
                }));
            }
            _ => return Err(unreadable(bytes.len(), format_args!("line {line}: not a JSON object"))),
        }
        // Blanks may follow, or the next value.
        if reader.end().is_ok() {
            return Ok(items);
        }
    }
}

/// The elements of a list that does not read as a whole, each for itself: one that is broken keeps no other out, as long as
/// its brackets and quotes close.
fn elements(line: usize, element: usize, bytes: &[u8]) -> Vec<Item> {
    let (mut quoted, mut escaped, mut depth, mut begun) = (false, false, 0_usize, 1);
    let (mut items, mut line, mut number, mut closed): (Vec<Item>, _, _, _) = (vec![], line, element, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let last = at + 1 == bytes.len();
        closed = last && depth == 0 && *byte == b']';
        let between = depth == 1 && !quoted && *byte == b',';
        if last || between {
            let one = &bytes[begun.min(at)..if closed || between { at } else { at + 1 }];
            let start = one.trim_ascii_start();
            line += ends(&one[..one.len() - start.len()]);
            let refused =
                |cause| Err(unreadable(one.len(), format_args!("element {number}, line {line}: {cause}")));
            let read = start.starts_with(b"{").then(|| values(line, number, start));
            match read {
                Some(Ok(mut found)) if found.len() == 1 => items.append(&mut found),
                _ if serde_json::from_slice::<IgnoredAny>(start).is_ok() => {
                    items.push(refused("not a JSON object"));
                }
                _ if last && !closed => items.push(refused("ends too early")),
                _ => items.push(refused("not JSON")),
            }
            line += ends(start);
            (begun, number) = (at + 1, number + 1);
        }
        if items.len() >= MOST_ITEMS {
            items.push(Err(unreadable(0, format_args!("element {number} and those behind it are not read"))));
            return items;
        }
    }
    if !closed && items.last().is_none_or(Result::is_ok) {
        items.push(Err(unreadable(0, format_args!("element {number}, line {line}: ends too early"))));
    }
    items
}

fn ends(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

fn told(value: Value, findings: Vec<Finding>) -> Item {
    if findings.is_empty() { Ok(value) } else { Err(Refused { item: None, findings }) }
}

/// A finding in a list, as one of its element number `n`.
fn within(fault: &Finding, n: usize) -> Option<Finding> {
    let pointer = fault.pointer.strip_prefix(&format!("/{n}"))?;
    let own = pointer.is_empty() || pointer.starts_with('/');
    own.then(|| Finding { pointer: pointer.to_owned(), ..fault.clone() })
}

/// Reads a value and notes what two readers could read in two ways.
struct Strict<'f> {
    at: String,
    faults: &'f RefCell<Vec<Finding>>,
}

impl Strict<'_> {
    fn fault(&self, code: Code, at: &str, detail: &str) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < MOST {
            faults.push(Finding::new(code, at, detail));
        }
    }

    fn inexact(&self) -> Value {
        self.fault(Code::InexactNumber, &self.at, "expected a number of at most 2^53, or a text");
        Value::Null
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(if number > EXACT { self.inexact() } else { Value::from(number) })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(if number.unsigned_abs() > EXACT { self.inexact() } else { Value::from(number) })
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        if number.fract() != 0.0 {
            return Ok(Number::from_f64(number).map_or(Value::Null, Value::Number));
        }
        // A whole number, written with a point or an exponent: its digits say which.
        match format!("{number:.0}").parse::<i64>() {
            Ok(whole) => self.visit_i64(whole),
            Err(_) => Ok(self.inexact()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = vec![];
        while let Some(value) = list
            .next_element_seed(Strict { at: format!("{}/{}", self.at, values.len()), faults: self.faults })?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let at = below(&self.at, &name);
            let value = map.next_value_seed(Strict { at: at.clone(), faults: self.faults })?;
            if members.insert(name, value).is_some() {
                self.fault(Code::DoubledKey, &at, "stands there twice");
            }
        }
        Ok(Value::Object(members))
    }
}
