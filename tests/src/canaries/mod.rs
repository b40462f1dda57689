//! Canaries: people whose every personal value can be found again wherever it comes to lie in clear.
//!
//! Owns the values and their marks. What is sent about these people stands in `doors` and `register`, where the
//! values are searched in `search`. Refuses values that could stand anywhere by chance: each carries a mark.
//! Next: `tests/leaks.rs`, which sends and searches.

mod doors;
mod register;
mod search;

use std::collections::BTreeMap;

use serde_json::Value;

pub use register::Unwell;
pub use search::REACH;

use crate::people::test_number;

/// What every canary holds: bytes without one of them need no closer look.
const MARKS: [&[u8]; 14] = [
    b"Kanarie",
    b"kanarie",
    b"KANARIE",
    b"ZQ9KAN",
    b"zq9kan",
    b"+3290000",
    b"GV-2089-",
    b"5eedcafe",
    b"5EEDCAFE",
    &[0x5e, 0xed, 0xca, 0xfe],
    b"606101",
    b"996061",
    b"1972-",
    b"2089-",
];

/// One body for one door.
#[derive(Debug)]
pub struct Planted {
    pub source: &'static str,
    pub sender: &'static str,
    pub kind: &'static str,
    pub body: Vec<u8>,
    /// How many items of it are damaged, so that refusals are stored as well.
    pub damaged: usize,
}

/// Everything that is sent, and every value that must not be found.
#[derive(Debug, Default)]
pub struct Canaries {
    /// What is sent, in order.
    pub bodies: Vec<Planted>,
    /// The values, in each form that they may come to lie in.
    pub values: Vec<Vec<u8>>,
    /// Names of fields that nobody knows: a finding names them, to their own sender only.
    pub names: Vec<Vec<u8>>,
    /// One value of each kind, by its kind.
    pub kinds: BTreeMap<String, Vec<u8>>,
}

impl Canaries {
    /// The same through every door, for `count` persons; each tenth item is damaged.
    ///
    /// # Errors
    /// Where the documents of the register, on which theirs are made, cannot be read.
    pub fn plant(count: usize) -> std::io::Result<Self> {
        let mut all = Self::default();
        let damaged = count.div_ceil(10);
        let ndjson = "application/x-ndjson";
        let mut visa: Vec<Value> = (0..count).map(|n| all.visa(n)).collect();
        let twin = visa.get(1).map(|of| all.twin(of));
        visa.extend(twin);
        visa.extend((1..count).step_by(10).flat_map(|n| all.more(n)));
        all.body("visa", "post-cas", ndjson, lines(&visa), damaged);
        let dvz: Vec<Value> = (0..count).flat_map(|n| all.dvz(n)).collect();
        all.body("visa", "dvz", ndjson, lines(&dvz), 0);
        let mut permits: Vec<String> = (0..count).map(|n| all.worker(n)).collect();
        permits.extend((1..count).step_by(10).map(|n| all.family(n)));
        let permits = [doors::COLUMNS, &permits.concat()].concat().into_bytes();
        all.body("permit", "wewis", "text/csv", permits, damaged);
        let hints: Vec<Value> = (0..count).map(|n| all.hint(n)).collect();
        all.body("register", "municipalities", ndjson, lines(&hints), damaged);
        for document in all.documents()? {
            all.body("register", "magda", "application/xml", document.into_bytes(), 0);
        }
        let events: Vec<Value> = (0..count).flat_map(|n| all.events(n)).collect();
        all.body("portal", "portal", ndjson, lines(&events), damaged);
        let statements: Vec<Value> = (0..count).map(|n| all.statement(n)).collect();
        all.body("xapi", "lms", ndjson, lines(&statements), damaged);
        let choices: Vec<Value> = (0..count).map(|n| all.chosen(n)).collect();
        all.body("tracking", "bon", ndjson, lines(&choices), damaged);
        Ok(all)
    }

    fn body(
        &mut self,
        source: &'static str,
        sender: &'static str,
        kind: &'static str,
        body: Vec<u8>,
        damaged: usize,
    ) {
        self.bodies.push(Planted { source, sender, kind, body, damaged });
    }

    /// The name of a field that no form has.
    fn name(&mut self, n: usize) -> String {
        let name = format!("zqnamekanarie{n}x");
        self.names.push(name.clone().into_bytes());
        name
    }

    /// Keeps a value as it was sent, and in the letters that comparing may bring it to.
    fn keep(&mut self, kind: &str, text: String) -> String {
        self.kinds.entry(kind.to_owned()).or_insert_with(|| text.clone().into_bytes());
        let forms = [text.clone(), text.to_lowercase(), text.to_uppercase()];
        let mut forms = forms.map(String::into_bytes).to_vec();
        forms.sort();
        forms.dedup();
        self.values.extend(forms);
        text
    }

    /// A word of this person's own.
    fn word(&mut self, what: &str, n: usize) -> String {
        let own = char::from(b'a' + u8::try_from(n % 26).unwrap_or_default()).to_string().repeat(1 + n / 26);
        self.keep(what, format!("Zq{what}Kanarie{own}"))
    }

    fn mail(&mut self, what: &str, n: usize) -> String {
        format!("{}@mail.example", self.word(what, n))
    }

    /// A UUID, of which neither the text nor the bytes may be found.
    fn uuid(&mut self, what: u16, n: usize) -> String {
        let text = format!("5eedcafe-{what:04x}-4000-8000-{n:012x}");
        let bytes = hex::decode(text.replace('-', "")).unwrap_or_default();
        self.kinds.entry("uuid in bytes".to_owned()).or_insert_with(|| bytes.clone());
        self.values.push(bytes);
        self.keep("uuid", text)
    }

    fn passport(&mut self, n: usize) -> String {
        self.keep("passport number", format!("ZQ9KAN{n:05}"))
    }

    fn insz(&mut self, n: usize) -> String {
        self.keep("national number", test_number(n))
    }

    fn dvz_number(&mut self, n: usize) -> String {
        self.keep("DVZ number", format!("996061{n:03}"))
    }

    fn permit_number(&mut self, n: usize) -> String {
        self.keep("permit number", format!("GV-2089-{n:06}"))
    }

    fn account(&mut self, n: usize) -> String {
        self.keep("account", format!("va-5eedcafe{n:04}"))
    }

    fn phone(&mut self, n: usize) -> String {
        self.keep("phone", format!("+32{}", 900_000_000 + n))
    }

    /// The date of birth of the `n`th person: of a year that stands in no table of the config.
    fn birth(&mut self, n: usize) -> String {
        self.keep("birth date", day(1972, n))
    }

    /// Another date that is theirs: of a year in which nobody comes of age or grows old, so that it is no due day.
    fn until(&mut self, n: usize) -> String {
        self.keep("date", day(2089, n))
    }
}

/// The `n`th day of a year, as a date; after the 336th they begin anew.
fn day(year: u32, n: usize) -> String {
    format!("{year}-{:02}-{:02}", 1 + n % 12, 1 + n / 12 % 28)
}

fn lines(items: &[Value]) -> Vec<u8> {
    items.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes()
}
