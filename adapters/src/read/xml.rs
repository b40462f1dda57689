//! An XML document as JSON: an element with text only is a string, attributes are `@Name`, text
//! beside attributes is `#text`, repeated children are a list, namespace prefixes are dropped.
//!
//! What XML Schema says about an element (`xsi:type`, `xsi:nil`) is no part of it: a nil element is an empty one.
//! Refuses document types and every entity but the five of XML itself: nothing is expanded.

use quick_xml::XmlVersion::Implicit1_0;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, escape};
use serde_json::{Map, Value};

use super::{Charset, Item, unreadable};

/// Deeper than any register answer.
const DEEPEST: usize = 64;

#[derive(Default)]
struct Element {
    name: String,
    children: Map<String, Value>,
    text: String,
}

/// The attributes of XML Schema's instances, by their local names; each has a prefix.
const INSTANCE: [&str; 4] = ["type", "nil", "schemaLocation", "noNamespaceSchemaLocation"];

/// The encoding that the declaration names; UTF-8 where it names none.
pub(super) fn declared(bytes: &[u8]) -> Result<Charset, &'static str> {
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"\0<") || start.starts_with(b"<\0") {
        return Ok(Charset::Utf16);
    }
    let end = start.iter().position(|byte| *byte == b'>').unwrap_or(0);
    let Some(declaration) = start[..end].strip_prefix(b"<?xml") else { return Ok(Charset::Utf8) };
    let named = std::str::from_utf8(declaration).ok().and_then(|text| text.split_once("encoding"));
    let Some((_, name)) = named else { return Ok(Charset::Utf8) };
    let name = name.trim_start().trim_start_matches('=').trim_start();
    let name = name.split(['"', '\'']).nth(1).unwrap_or_default();
    // Bytes that say so in letters of one byte are not of two.
    let known = Charset::named(name).filter(|charset| *charset != Charset::Utf16);
    known.ok_or("an encoding that is not read here: UTF-8, UTF-16, ISO-8859-1 and Windows-1252 are")
}

pub(super) fn document(bytes: &[u8]) -> Item {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(unreadable(bytes.len(), format_args!("not UTF-8")));
    };
    let mut reader = Reader::from_str(text);
    tree(&mut reader)
        .map_err(|cause| unreadable(bytes.len(), format_args!("byte {}: {cause}", reader.buffer_position())))
}

fn tree(reader: &mut Reader<&[u8]>) -> Result<Value, &'static str> {
    // The first element stands for the document itself.
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|_| "not XML")?;
        match event {
            Event::Start(start) => open.push(element(&start, open.len())?),
            Event::Empty(start) => {
                let closed = element(&start, open.len())?;
                open.last_mut().ok_or("not XML")?.take_in(closed);
            }
            Event::End(_) => {
                let closed = open.pop().ok_or("not XML")?;
                open.last_mut().ok_or("not XML")?.take_in(closed);
            }
            Event::Text(text) => open.last_mut().ok_or("not XML")?.text.push_str(&text.xml10_content()),
            Event::CData(text) => open.last_mut().ok_or("not XML")?.text.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => open.last_mut().ok_or("not XML")?.text.push_str(&resolved(&name)?),
            Event::DocType(_) => return Err("a document type is not read"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
        if open[0].children.values().any(Value::is_array) || open[0].children.len() > 1 {
            return Err("a second root element");
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(root), true) if !root.text.trim().is_empty() => Err("text outside the root element"),
        (Some(root), true) if !root.children.is_empty() => Ok(Value::Object(root.children)),
        _ => Err("ends too early"),
    }
}

fn element(start: &BytesStart<'_>, depth: usize) -> Result<Element, &'static str> {
    if depth > DEEPEST {
        return Err("deeper than 64 elements");
    }
    let mut element = Element { name: local(start.name().as_ref()), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| "not XML")?;
        let name: &str = attribute.key.as_ref();
        let of_schema = name.contains(':') && INSTANCE.contains(&local(name).as_str());
        if name != "xmlns" && !name.starts_with("xmlns:") && !of_schema {
            let value = attribute.normalized_value(Implicit1_0).map_err(|_| "an entity is not expanded")?;
            element.children.insert(format!("@{}", local(name)), Value::from(value));
        }
    }
    Ok(element)
}

fn local(name: &str) -> String {
    name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned()
}

fn resolved(name: &BytesRef<'_>) -> Result<String, &'static str> {
    match name.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => escape::resolve_predefined_entity(&name.xml10_content())
            .map(str::to_owned)
            .ok_or("an entity is not expanded"),
        Err(_) => Err("not a character"),
    }
}

impl Element {
    fn take_in(&mut self, child: Element) {
        let text = child.text.trim();
        let value = if child.children.is_empty() {
            Value::from(text)
        } else {
            let mut children = child.children;
            if !text.is_empty() {
                children.insert("#text".to_owned(), Value::from(text));
            }
            Value::Object(children)
        };
        match self.children.get_mut(&child.name) {
            None => {
                self.children.insert(child.name, value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
}
