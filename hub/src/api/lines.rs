//! Forms and lines: which content types a source takes, and how a stream of bytes is cut.
//!
//! A cut never falls inside an item: objects are cut where a line begins with one, a list between its elements, CSV at
//! line ends outside quotes. Refuses to read what an item says: that is `adapters::read`.

use adapters::{Before, Charset, Format, Refused, Source};
use axum::http::{HeaderMap, header};
use serde_json::Value;

use super::{Problem, ProblemCode};

/// Items that are handed on together: enough to share work, few enough to leave the thread soon.
pub(crate) const CHUNK: usize = 128;

/// The encoding that a request says, where the source takes its content type. Every source takes its items as JSON.
pub(super) fn said(source: &dyn Source, headers: &HeaderMap) -> Result<Option<Charset>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let form = match kind.trim().to_ascii_lowercase().as_str() {
        "application/json" | "application/x-ndjson" | "application/ndjson" => Format::Json,
        "text/csv" => Format::Csv,
        "application/xml" | "text/xml" => Format::Xml,
        _ => return Err(ProblemCode::WrongFormat.into()),
    };
    if form != Format::Json && form != source.format() {
        return Err(ProblemCode::WrongFormat.into());
    }
    let mut named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let named = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let charset = |(_, name): (&str, &str)| Charset::named(name).ok_or(ProblemCode::WrongFormat.into());
    named.map(charset).transpose()
}

/// How a stream is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CutAt {
    /// Where a line begins with an object.
    Lines,
    /// Between the elements of a list.
    Elements,
    /// At line ends outside quotes.
    Rows,
    Nothing,
}

/// Cuts the bytes of a stream into chunks of whole items, and reads them.
#[derive(Debug)]
pub(crate) struct Cutter {
    source: &'static dyn Source,
    /// The encoding that was said.
    said: Option<Charset>,
    /// Told by what comes first.
    cut: Option<CutAt>,
    buffer: Vec<u8>,
    /// How far the buffer was looked through.
    seen: usize,
    /// Places found at which it may be cut, and where the last one is.
    places: usize,
    end: usize,
    quoted: bool,
    /// Where a quote closed last: one right behind it is a quote inside a value.
    closed: Option<usize>,
    /// In a list: how deep, and whether the next character is escaped.
    depth: usize,
    escaped: bool,
    /// The header line of a CSV, with a `sep=` before it: every chunk begins with it.
    head: Option<Vec<u8>>,
    /// Whether rows came behind it.
    followed: bool,
    /// Ends of lines and elements in what was cut off, and how many of them before the last chunk.
    passed: Before,
    before: Before,
    /// Lines before the header.
    header: usize,
}

impl Cutter {
    pub(crate) fn new(source: &'static dyn Source, said: Option<Charset>) -> Self {
        Self {
            source,
            said,
            cut: None,
            buffer: vec![],
            seen: 0,
            places: 0,
            end: 0,
            quoted: false,
            closed: None,
            depth: 0,
            escaped: false,
            head: None,
            followed: false,
            passed: Before::default(),
            before: Before::default(),
            header: 0,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.buffer.len()
    }

    /// The items of the chunk that was given last; places are those of the whole stream.
    pub(crate) fn read(&self, chunk: &[u8]) -> Vec<Result<Value, Refused>> {
        adapters::read_on(self.source, self.said, self.before, chunk)
    }

    /// The next full chunk, where there is one.
    pub(crate) fn full(&mut self) -> Option<Vec<u8>> {
        match self.cut_at()? {
            CutAt::Nothing => None,
            CutAt::Elements => self.elements(),
            CutAt::Lines => self.lines(),
            CutAt::Rows => self.rows(),
        }
    }

    /// What is left at the end of the stream.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        self.end = self.buffer.len();
        let rest = self.cut();
        if rest.iter().all(u8::is_ascii_whitespace) {
            // A header that nothing follows is read as well: it may be a row without one.
            if self.followed {
                return None;
            }
            self.before.header = self.header;
            return self.head.take();
        }
        self.followed = true;
        Some(self.headed(rest))
    }

    /// How it is cut, once its first character is there.
    fn cut_at(&mut self) -> Option<CutAt> {
        if self.cut.is_none() {
            const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
            let begun = |mark: &&[u8]| self.buffer.len() < mark.len() && mark.starts_with(&self.buffer);
            if MARKS.iter().any(begun) {
                return None;
            }
            // A line end has two bytes there, and so has a blank.
            if matches!(Charset::marked(&self.buffer).or(self.said), Some(Charset::Utf16)) {
                self.cut = Some(CutAt::Nothing);
                return self.cut;
            }
            let bare = self.buffer.strip_prefix(MARKS[0]).unwrap_or(&self.buffer).trim_ascii_start();
            let Some(first) = bare.first() else {
                // Blanks before everything are held for nobody.
                let mark = if self.buffer.starts_with(MARKS[0]) { MARKS[0].len() } else { 0 };
                self.passed.lines += ends(&self.buffer);
                self.buffer.truncate(mark);
                return None;
            };
            self.cut = Some(match (Format::of(self.source, bare), first) {
                (Format::Json, b'[') => CutAt::Elements,
                (Format::Json, _) => CutAt::Lines,
                (Format::Csv, _) => CutAt::Rows,
                (Format::Xml, _) => CutAt::Nothing,
            });
        }
        self.cut
    }

    fn lines(&mut self) -> Option<Vec<u8>> {
        while let Some(found) = memchr::memchr(b'\n', &self.buffer[self.seen..]) {
            let next = self.seen + found + 1;
            // Whether an object begins there is told by the next byte.
            let opens = *self.buffer.get(next)? == b'{';
            self.seen = next;
            if opens {
                (self.end, self.places) = (next, self.places + 1);
                if self.places == CHUNK {
                    return Some(self.cut());
                }
            }
        }
        self.seen = self.buffer.len();
        None
    }

    fn rows(&mut self) -> Option<Vec<u8>> {
        while let Some(found) = memchr::memchr2(b'\n', b'"', &self.buffer[self.seen..]) {
            let at = self.seen + found;
            self.seen = at + 1;
            if self.buffer[at] == b'"' {
                // A quote inside a value opens nothing.
                let before = at.checked_sub(1);
                let begins =
                    before.is_none_or(|at| matches!(self.buffer[at], b'\n' | b'\r' | b';' | b',' | b'\t'));
                if self.quoted {
                    (self.quoted, self.closed) = (false, Some(at));
                } else {
                    self.quoted = begins || (before.is_some() && before == self.closed);
                }
            } else if !self.quoted {
                let begun = self.end;
                (self.end, self.places) = (self.seen, self.places + 1);
                // The first line that says something is the header, but for a `sep=` before it.
                let line = &self.buffer[begun..self.end];
                if self.head.is_some() {
                    if self.places == CHUNK {
                        let chunk = self.cut();
                        self.followed = true;
                        return Some(self.headed(chunk));
                    }
                } else if !(is_blank(line) || begun == 0 && adapters::separator(line).2 == 1) {
                    self.head = Some(self.cut());
                    self.header = self.before.lines;
                }
            }
        }
        self.seen = self.buffer.len();
        None
    }

    fn elements(&mut self) -> Option<Vec<u8>> {
        while let Some(byte) = self.buffer.get(self.seen).copied() {
            self.seen += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.quoted => self.escaped = true,
                b'"' => self.quoted ^= true,
                _ if self.quoted => {}
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                b',' if self.depth == 1 => {
                    (self.end, self.places) = (self.seen, self.places + 1);
                    if self.places == CHUNK {
                        let mut chunk = self.cut();
                        // What is cut is a list, and so is what is left.
                        chunk.pop();
                        chunk.push(b']');
                        self.buffer.insert(0, b'[');
                        self.seen = 1;
                        return Some(chunk);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn cut(&mut self) -> Vec<u8> {
        let rest = self.buffer.split_off(self.end);
        self.before = self.passed;
        self.passed.lines += ends(&self.buffer);
        if self.cut == Some(CutAt::Elements) {
            self.passed.elements += self.places;
        }
        (self.seen, self.end, self.places, self.closed) = (0, 0, 0, None);
        std::mem::replace(&mut self.buffer, rest)
    }

    /// A chunk behind the header of its file. The header's lines are no more lines of the file.
    fn headed(&mut self, chunk: Vec<u8>) -> Vec<u8> {
        match &self.head {
            Some(head) => {
                self.before.lines -= ends(head);
                self.before.header = self.header;
                [head.as_slice(), &chunk].concat()
            }
            None => chunk,
        }
    }
}

/// Whether nothing stands there but a mark of the encoding and blanks.
fn is_blank(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii().is_empty()
}

fn ends(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> &'static dyn Source {
        adapters::source(name).unwrap()
    }

    /// Feeds `text` in pieces of `step` bytes; gives all chunks as text.
    fn cut(name: &str, text: &str, step: usize) -> Vec<String> {
        let mut cutter = Cutter::new(source(name), None);
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
        let whole = cut("visa", &text, text.len());
        assert_eq!(whole.iter().map(|chunk| chunk.lines().count()).collect::<Vec<_>>(), [128, 128, 44]);
        assert_eq!(whole.concat(), text);
        for step in [1, 7, 1000] {
            assert_eq!(cut("visa", &text, step), whole, "{step}");
        }
    }

    #[test]
    fn every_form_of_json_gives_each_item_once_and_in_order() {
        let item = |n: usize| serde_json::json!({"n": n, "t": "a,]\"\\", "l": [[n]]});
        let items: Vec<Value> = (0..300).map(item).collect();
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
        let lines = |write: &dyn Fn(&Value) -> String| {
            items.iter().map(|item| write(item) + "\n").collect::<String>()
        };
        let list = Value::Array(items.clone());
        for text in [
            lines(&Value::to_string),
            lines(&pretty),
            list.to_string(),
            pretty(&list),
            format!("\u{feff} {list}"),
        ] {
            for step in [1, 97, text.len()] {
                let chunks = cut("xapi", &text, step);
                assert_eq!(chunks.len(), 3, "{step}");
                let read = chunks.iter().flat_map(|chunk| adapters::read(source("xapi"), chunk.as_bytes()));
                assert_eq!(read.collect::<Result<Vec<_>, _>>().unwrap(), items, "{step}");
            }
        }
    }

    #[test]
    fn every_chunk_of_a_csv_has_the_header_and_no_cut_falls_inside_quotes() {
        let rows: String = (0..200).map(|n| format!("{n};\"two\nlines\"\n")).collect();
        for head in ["a;b\n", "sep=;\r\na;b\n"] {
            let chunks = cut("permit", &format!("{head}{rows}"), 13);
            assert_eq!(chunks.len(), 2);
            assert!(
                chunks.iter().all(|chunk| chunk.starts_with(head) && chunk.matches('"').count() % 2 == 0)
            );
            assert_eq!(chunks.concat().replace(head, ""), rows);
        }
        // A quote inside a value opens nothing, a doubled one closes nothing.
        let rows: String = (0..200).map(|n| format!("{n};5\" x \"\"y\"\"\"\n")).collect();
        assert_eq!(cut("permit", &format!("a;b\n{rows}"), 13).len(), 2);
        let rows: String = (0..200).map(|n| format!("\"a\"\"\nb\";{n}\n")).collect();
        let chunks = cut("permit", &format!("a;b\n{rows}"), 13);
        assert!(chunks.iter().all(|chunk| chunk.starts_with("a;b\n\"a\"\"\nb\";")));
        assert_eq!(chunks.concat().replace("a;b\n", ""), rows);
    }

    /// Where a long stream cannot be read is told by its own lines and elements, wherever it was cut and however it arrived.
    #[test]
    fn places_are_those_of_the_whole_stream() {
        let told = |name: &str, text: &str, step: usize| {
            let mut cutter = Cutter::new(source(name), None);
            let mut told = vec![];
            let mut look = |cutter: &Cutter, chunk: &[u8]| {
                let refused = cutter.read(chunk).into_iter().filter_map(Result::err);
                told.extend(refused.map(|one| one.findings[0].detail.split(':').next().unwrap().to_owned()));
            };
            for piece in text.as_bytes().chunks(step) {
                cutter.push(piece);
                while let Some(chunk) = cutter.full() {
                    look(&cutter, &chunk);
                }
            }
            if let Some(chunk) = cutter.rest() {
                look(&cutter, &chunk);
            }
            told
        };
        let put = |all: std::ops::Range<usize>, wrong: &str, right: &dyn Fn(usize) -> String| {
            let one = |n: usize| if [3, 130, 299].contains(&n) { wrong.to_owned() } else { right(n) };
            all.map(one).collect::<Vec<_>>()
        };
        // The third of each is its line, counted from one; the elements of a list are counted from nothing.
        let objects = put(1..301, "{7}", &|n| format!("{{\"n\":{n}}}")).join("\n");
        let rows =
            put(1..301, "x", &|n| if n == 1 { "insz;email;relation".to_owned() } else { format!("{n};a;b") })
                .join("\n");
        let wide = rows.replacen("2;a;b", "2;\"a\n\n\";b", 1);
        let list = format!("[{}]", put(0..300, "7", &|n| format!("{{\"n\":{n}}}")).join(",\n"));
        for step in [1, 97, 100_000] {
            let at = |numbers: [usize; 3], what: &str| numbers.map(|n| format!("{what} {n}")).to_vec();
            let json = ["line 3, column 2", "line 130, column 2", "line 299, column 2"].map(str::to_owned);
            assert_eq!(told("visa", &objects, step), json, "{step}");
            assert_eq!(told("permit", &rows, step), at([3, 130, 299], "line"), "{step}");
            assert_eq!(told("permit", &wide, step), at([5, 132, 301], "line"), "{step}");
            assert_eq!(
                told("permit", &format!("sep=;\r\n{rows}"), step),
                at([4, 131, 300], "line"),
                "{step}"
            );
            assert_eq!(told("xapi", &list, step), at([3, 130, 299], "element"), "{step}");
            // Blank lines before everything count, and nothing is lost behind them.
            let blank = |text: &str| format!("\u{feff}\n\r\n\n{text}");
            let later = ["line 6, column 2", "line 133, column 2", "line 302, column 2"].map(str::to_owned);
            assert_eq!(told("visa", &blank(&objects), step), later, "{step}");
            assert_eq!(told("permit", &blank(&rows), step), at([6, 133, 302], "line"), "{step}");
            let said = format!("sep=;\r\n\r\n{rows}");
            assert_eq!(told("permit", &said, step), at([5, 132, 301], "line"), "{step}");
        }
    }

    /// Each line is looked at once, however many there are before the header.
    #[test]
    fn a_million_blank_lines_cost_no_more_than_their_length() {
        let text = format!("sep=;\n{}insz;email;relation\n1\n", "\n".repeat(1_000_000));
        let mut cutter = Cutter::new(source("permit"), None);
        cutter.push(text.as_bytes());
        assert_eq!(cutter.full(), None);
        let rest = cutter.rest().unwrap();
        let refused = cutter.read(&rest).remove(0).unwrap_err();
        assert!(refused.findings[0].detail.starts_with("line 1000003: "), "{}", refused.findings[0].detail);
    }

    #[test]
    fn a_last_line_without_an_end_counts_and_nothing_is_no_chunk() {
        assert_eq!(cut("visa", "{}", 1), ["{}"]);
        assert_eq!(cut("visa", "\n \n", 1), [""; 0]);
        // A header alone is looked at too: it may be a row whose header is missing.
        assert_eq!(cut("permit", "a;b\n", 2), ["a;b\n"]);
        assert_eq!(cut("register", "<a>\n</a>\n", 2), ["<a>\n</a>\n"]);
        assert_eq!(cut("permit", "\u{feff}{\"a\":1}\n", 1), ["\u{feff}{\"a\":1}\n"]);
    }

    #[test]
    fn a_content_type_says_the_form_and_the_encoding() {
        let said = |name: &str, kind: &'static str| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            said(source(name), &headers).map_err(|problem| problem.code())
        };
        for (kind, expect) in [
            ("text/csv", Ok(None)),
            ("Text/CSV; header=present; Charset=\"windows-1252\"", Ok(Some(Charset::Windows1252))),
            ("text/csv;charset=utf-16le", Ok(Some(Charset::Utf16))),
            ("text/csv;charset=koi8-r", Err(ProblemCode::WrongFormat)),
            ("application/json", Ok(None)),
            ("application/xml", Err(ProblemCode::WrongFormat)),
            ("", Err(ProblemCode::WrongFormat)),
        ] {
            assert_eq!(said("permit", kind), expect, "{kind}");
        }
    }
}
