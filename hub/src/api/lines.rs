//! Forms and lines: which content types a source takes, and how a stream of bytes is cut.
//!
//! A cut never falls inside an item: NDJSON is cut at line ends, CSV at line ends outside quotes.
//! Refuses to read what an item says: that is `adapters::read`.

use adapters::{Format, Refused, Source};
use axum::http::{HeaderMap, header};
use schemas::finding::{Code, Finding};
use serde_json::Value;

use super::{Problem, ProblemCode};

/// Lines that are handed on together: enough to share work, few enough to leave the thread soon.
pub(super) const CHUNK: usize = 128;

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BodyForm {
    /// One JSON value, or one a line.
    Json,
    /// Rows under a header.
    Csv,
    Xml,
}

impl BodyForm {
    /// The form of a request, where the source takes it. Every source takes its items as JSON.
    pub(super) fn of(source: &dyn Source, headers: &HeaderMap) -> Result<Self, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let form = match kind.as_str() {
            "application/json" | "application/x-ndjson" | "application/ndjson" => Self::Json,
            "text/csv" => Self::Csv,
            "application/xml" | "text/xml" => Self::Xml,
            _ => return Err(ProblemCode::WrongFormat.into()),
        };
        let own = match source.format() {
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Xml => Self::Xml,
        };
        if form == own || form == Self::Json { Ok(form) } else { Err(ProblemCode::WrongFormat.into()) }
    }
}

/// The items in some bytes.
pub(super) fn parse(source: &dyn Source, form: BodyForm, bytes: &[u8]) -> Vec<Result<Value, Refused>> {
    if form != BodyForm::Json || source.format() == Format::Json {
        return adapters::read(source, bytes);
    }
    // Items of a source that has another format of its own, given as JSON.
    let one = serde_json::from_slice(bytes).map_or_else(|_| None, |value: Value| Some(vec![Ok(value)]));
    one.unwrap_or_else(|| bytes.split(|byte| *byte == b'\n').filter(|line| !blank(line)).map(json).collect())
}

fn json(line: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(line).map_err(|error| {
        let detail =
            format!("JSON was expected; reading stopped at byte {} of {}", error.column(), line.len());
        Refused { item: None, findings: vec![Finding::new(Code::Unreadable, "", detail)] }
    })
}

fn blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Cuts a stream into chunks of whole lines.
#[derive(Debug)]
pub(super) struct Cutter {
    form: BodyForm,
    buffer: Vec<u8>,
    /// How far the buffer was looked through.
    seen: usize,
    /// Line ends found in it, and where the last one is.
    lines: usize,
    end: usize,
    quoted: bool,
    /// The header line of a CSV: every chunk begins with it.
    head: Option<Vec<u8>>,
}

impl Cutter {
    pub(super) fn new(form: BodyForm) -> Self {
        Self { form, buffer: vec![], seen: 0, lines: 0, end: 0, quoted: false, head: None }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes are held.
    pub(super) fn held(&self) -> usize {
        self.buffer.len()
    }

    /// The next full chunk, where there is one.
    pub(super) fn full(&mut self) -> Option<Vec<u8>> {
        if self.form == BodyForm::Xml {
            return None;
        }
        while let Some(found) = memchr::memchr2(b'\n', b'"', &self.buffer[self.seen..]) {
            let at = self.seen + found;
            self.seen = at + 1;
            if self.buffer[at] == b'"' {
                // In JSON a line end never stands inside a text; in CSV it may.
                self.quoted ^= self.form == BodyForm::Csv;
            } else if !self.quoted {
                self.end = self.seen;
                self.lines += 1;
                if self.form == BodyForm::Csv && self.head.is_none() {
                    self.head = Some(self.cut());
                } else if self.lines == CHUNK {
                    let chunk = self.cut();
                    return Some(self.headed(chunk));
                }
            }
        }
        self.seen = self.buffer.len();
        None
    }

    /// What is left at the end of the stream.
    pub(super) fn rest(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.buffer);
        (self.seen, self.end, self.lines) = (0, 0, 0);
        (!blank(&rest)).then(|| self.headed(rest))
    }

    fn cut(&mut self) -> Vec<u8> {
        let rest = self.buffer.split_off(self.end);
        (self.seen, self.end, self.lines) = (0, 0, 0);
        std::mem::replace(&mut self.buffer, rest)
    }

    fn headed(&self, chunk: Vec<u8>) -> Vec<u8> {
        match &self.head {
            Some(head) => [head.as_slice(), &chunk].concat(),
            None => chunk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `step` bytes; gives all chunks as text.
    fn cut(form: BodyForm, text: &str, step: usize) -> Vec<String> {
        let mut cutter = Cutter::new(form);
        let mut chunks = vec![];
        for piece in text.as_bytes().chunks(step) {
            cutter.push(piece);
            while let Some(chunk) = cutter.full() {
                chunks.push(chunk);
            }
        }
        chunks.extend(cutter.rest());
        assert_eq!((cutter.full(), cutter.rest()), (None, None), "the end stays the end");
        chunks.into_iter().map(|chunk| String::from_utf8(chunk).unwrap()).collect()
    }

    #[test]
    fn lines_are_cut_alike_however_they_arrive() {
        let text: String = (0..300).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        let whole = cut(BodyForm::Json, &text, text.len());
        assert_eq!(whole.iter().map(|chunk| chunk.lines().count()).collect::<Vec<_>>(), [128, 128, 44]);
        assert_eq!(whole.concat(), text);
        for step in [1, 7, 1000] {
            assert_eq!(cut(BodyForm::Json, &text, step), whole, "{step}");
        }
    }

    #[test]
    fn every_chunk_of_a_csv_has_the_header_and_no_cut_falls_inside_quotes() {
        let rows: String = (0..200).map(|n| format!("{n};\"two\nlines\"\n")).collect();
        let chunks = cut(BodyForm::Csv, &format!("a;b\n{rows}"), 13);
        assert_eq!(chunks.len(), 2);
        assert!(chunks.iter().all(|chunk| chunk.starts_with("a;b\n") && chunk.matches('"').count() % 2 == 0));
        assert_eq!(chunks.concat().replace("a;b\n", ""), rows);
    }

    #[test]
    fn a_last_line_without_an_end_counts_and_nothing_is_no_chunk() {
        assert_eq!(cut(BodyForm::Json, "{}", 1), ["{}"]);
        assert_eq!(cut(BodyForm::Json, "\n \n", 1), [""; 0]);
        assert_eq!(cut(BodyForm::Csv, "a;b\n", 2), [""; 0]);
        assert_eq!(cut(BodyForm::Xml, "<a>\n</a>\n", 2), ["<a>\n</a>\n"]);
    }
}
