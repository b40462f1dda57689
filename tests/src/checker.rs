//! The checker that agencies are given, `tests/python/check_records.py`, and what may be wrong with what it is shown.
//!
//! Owns how records stand in a file, transport by transport, and each kind of fault at each place, with what must be said
//! of it. Refuses to know where records come from: a test brings real ones, in the form of the feed.

#![expect(clippy::unwrap_used, reason = "what a test prepares may fail it")]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemas::envelope::Hash;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::process::Command;

/// How records come to an agency, and stand in its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// Pages of the feed, two records each.
    Pages,
    /// Events of the feed, one a record.
    Events,
    /// Lines of Kafka in the form of the feed's records: the number stands in the headers alone.
    Lines,
    /// Lines of Kafka as `kcat -J` writes them: bytes as they are.
    Kcat,
}

impl Transport {
    pub const ALL: [Self; 4] = [Self::Pages, Self::Events, Self::Lines, Self::Kcat];

    /// Records as they stand in a file.
    #[must_use]
    pub fn file(self, records: &[Value]) -> Vec<u8> {
        let page = |records: &[Value]| json!({"after": 0, "records": records}).to_string() + "\n";
        let event = |record: &Value| format!("id: {}\nevent: record\ndata: {record}\n\n", record["sequence"]);
        let line = |record: &Value| {
            let kept = ["topic", "key", "headers", "value"].map(|name| (name, record[name].clone()));
            json!(BTreeMap::from(kept)).to_string() + "\n"
        };
        match self {
            Self::Pages => records.chunks(2).map(page).collect::<String>().into_bytes(),
            Self::Events => records.iter().map(event).collect::<String>().into_bytes(),
            Self::Lines => records.iter().map(line).collect::<String>().into_bytes(),
            Self::Kcat => records.iter().flat_map(kcat).collect(),
        }
    }
}

/// A record as `kcat -J` writes it: what is no control character stands there as it is, be it text or not.
fn kcat(record: &Value) -> Vec<u8> {
    let headers = record["headers"].as_object().unwrap();
    let headers: Vec<&str> =
        headers.iter().flat_map(|(name, text)| [name.as_str(), text.as_str().unwrap()]).collect();
    let payload =
        record["value"].as_str().map(|value| STANDARD.decode(value).unwrap().into_iter().map(char::from));
    let payload = payload.map(Iterator::collect::<String>);
    let line = json!({"topic": record["topic"], "partition": 0, "offset": 7, "tstype": "create", "ts": 1, "broker": 1,
        "headers": headers, "key": record["key"], "payload": payload});
    (line.to_string() + "\n").chars().map(|byte| u8::try_from(byte).unwrap()).collect()
}

/// A fault at a place: records as the agency has them, and what is said of each, as `NUMBERS KIND`.
#[derive(Debug)]
pub struct Faulty {
    pub name: String,
    pub records: Vec<Value>,
    pub said: Vec<String>,
}

/// Another character in the middle of a text, of the same kind.
fn other_in(text: &mut Value) {
    let before = text.as_str().unwrap();
    let at = before.len() / 2;
    let other = match before.as_bytes()[at] {
        digit @ b'0'..=b'9' => char::from(digit ^ 1),
        b'a' => 'b',
        b'f' => 'e',
        _ => 'a',
    };
    // No record has the number 0.
    let other = if before == "1" { '2' } else { other };
    *text = format!("{}{other}{}", &before[..at], &before[at + 1..]).into();
}

/// Another byte in a value.
fn other_at(value: &mut Value, at: impl Fn(usize) -> usize) {
    let mut bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    *value = STANDARD.encode(bytes).into();
}

/// The value changed, and its hash made to agree again: the chain alone tells.
fn agreeing(record: &mut Value) {
    other_at(&mut record["value"], |length| length / 2);
    let salt = hex::decode(record["headers"]["ce_salt"].as_str().unwrap()).unwrap();
    let value = STANDARD.decode(record["value"].as_str().unwrap()).unwrap();
    let hash = Sha256::new().chain_update(salt).chain_update(value).finalize();
    record["headers"]["ce_payloadhash"] = hex::encode(hash).into();
}

/// Another record at a place, so that all behind it fits: in itself such a run is whole.
///
/// # Panics
/// Where there is a void.
pub fn forge(records: &mut [Value], at: usize) {
    agreeing(&mut records[at]);
    let hash = |record: &Value, name: &str| hex::decode(record["headers"][name].as_str().unwrap()).unwrap();
    for behind in at..records.len() {
        let before = behind.checked_sub(1).map_or(vec![0; 32], |before| hash(&records[before], "ce_chain"));
        let chain = Sha256::new().chain_update(before).chain_update(hash(&records[behind], "ce_payloadhash"));
        records[behind]["headers"]["ce_chain"] = hex::encode(chain.finalize()).into();
    }
}

type Alteration = (String, Box<dyn Fn(&mut Value)>);

/// Every way in which one record is altered.
fn alterations(record: &Value) -> Vec<Alteration> {
    let mut all: Vec<Alteration> = vec![("key".to_owned(), Box::new(|record| other_in(&mut record["key"])))];
    // What these two say is under no hash; that they read is looked at.
    let free = |name: &str| ["ce_id", "ce_time"].contains(&name);
    for name in record["headers"].as_object().unwrap().keys() {
        let (gone, other) = (name.clone(), name.clone());
        all.push((format!("{name} gone"), Box::new(move |record| record["headers"][&gone] = "".into())));
        if !free(name) {
            all.push((name.clone(), Box::new(move |record| other_in(&mut record["headers"][&other]))));
        }
    }
    if record["value"].is_null() {
        all.push(("a value".to_owned(), Box::new(|record| record["value"] = "AAAAAAkC".into())));
        return all;
    }
    all.push(("no value".to_owned(), Box::new(|record| record["value"] = Value::Null)));
    all.push(("a cut value".to_owned(), Box::new(|record| record["value"] = "".into())));
    all.push(("value and hash".to_owned(), Box::new(agreeing)));
    for half in 0..=2 {
        let at = move |length: usize| (length - 1) * half / 2;
        all.push((
            format!("byte, {half} halves on"),
            Box::new(move |record| other_at(&mut record["value"], at)),
        ));
    }
    all
}

/// Each kind of fault at each place of a run that begins with number 1; what is cut off at the end is for `--last`.
#[must_use]
pub fn faulty(clean: &[Value]) -> Vec<Faulty> {
    let mut all = vec![];
    for (at, record) in clean.iter().enumerate() {
        let number = at + 1;
        let mut add = |name: String, records: Vec<Value>, said: &[&str]| {
            let said = said.iter().map(|kind| format!("{number} {kind}")).collect();
            all.push(Faulty { name: format!("{name} {number}"), records, said });
        };
        let with = |change: &dyn Fn(&mut Vec<Value>)| {
            let mut records = clean.to_vec();
            change(&mut records);
            records
        };
        if number < clean.len() {
            add("dropped".to_owned(), with(&|records| drop(records.remove(at))), &["dropped"]);
            add("swapped".to_owned(), with(&|records| records.swap(at, number)), &["swapped"]);
        }
        add("read again".to_owned(), with(&|records| records.insert(at, record.clone())), &[]);
        add("read again later".to_owned(), with(&|records| records.push(record.clone())), &[]);
        for (name, alter) in alterations(record) {
            let mut other = record.clone();
            alter(&mut other);
            add(format!("altered {name}"), with(&|records| records[at] = other.clone()), &["altered"]);
            // Which record another number stands for cannot be told once the right one is there as well.
            if !["ce_sequence", "ce_previous"].iter().any(|header| name.starts_with(header)) {
                let before = with(&|records| records.insert(at, other.clone()));
                add(format!("doubled before {name}"), before, &["doubled"]);
                add(
                    format!("doubled {name}"),
                    with(&|records| records.insert(number, other.clone())),
                    &["doubled"],
                );
            }
        }
    }
    all
}

/// Runs the checker: its exit code, and what it prints.
///
/// # Panics
/// Where there is no Python.
pub async fn check(arguments: &[&str], token: &str) -> (i32, String) {
    let mut python = Command::new("python3");
    python.arg(crate::root().join("tests/python/check_records.py")).args(arguments).env("HUB_TOKEN", token);
    let output = python.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// The numbers that the checker finds by comparing hashes with the hub alone.
///
/// # Panics
/// Where it cannot.
pub async fn differing(hub: &str, token: &str, held: &[(u64, Hash)]) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held.json");
    let held: Vec<(u64, String)> = held.iter().map(|(number, hash)| (*number, hex::encode(hash))).collect();
    std::fs::write(&path, json!(held).to_string()).unwrap();
    let program = "import json, sys, types, check_records\n\
        held = [types.SimpleNamespace(number=n, hash=bytes.fromhex(h)) for n, h in json.load(open(sys.argv[2]))]\n\
        print(json.dumps(sorted(check_records.compare(sys.argv[1], held, 0))))";
    let mut python = Command::new("python3");
    python.args(["-B", "-c", program, hub]).arg(&path).env("HUB_TOKEN", token);
    let output = python.env("PYTHONPATH", crate::root().join("tests/python")).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// That every fault in a run is found and named for what it is, whatever it came by, and nothing else is.
///
/// # Panics
/// Where it is not.
pub async fn proves(clean: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    for transport in Transport::ALL {
        let path = folder.path().join(format!("{transport:?}"));
        let path = path.to_str().unwrap();
        let write = |records: &[Value]| std::fs::write(path, transport.file(records)).unwrap();
        let last = clean.len().to_string();
        write(clean);
        let (code, said) = check(&["--last", &last, path], "").await;
        assert_eq!(code, 0, "{transport:?}: {said}");
        for kept in 0..clean.len() {
            write(&clean[..kept]);
            let (code, said) = check(&["--last", &last, path], "").await;
            let lacks = if kept + 1 == clean.len() { last.clone() } else { format!("{}-{last}", kept + 1) };
            assert!(
                code == 1 && said.contains(&format!("{lacks} dropped")),
                "{transport:?} {kept}: {code} {said}"
            );
            assert_eq!(said.lines().count(), 2, "{said}");
        }
        // Each as a topic of its own, all in one file: the checker looks at each topic for itself.
        let all = faulty(clean);
        let named = |case: usize, record: &Value| {
            let mut record = record.clone();
            record["topic"] = format!("voortraject.case{case}.v1").into();
            record
        };
        let records = all.iter().enumerate().flat_map(|(case, faulty)| {
            faulty.records.iter().map(move |record| named(case, record)).collect::<Vec<_>>()
        });
        write(&records.collect::<Vec<_>>());
        let (code, said) = check(&[path], "").await;
        assert_eq!(code, 1, "{said}");
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for line in said.lines() {
            let (topic, rest) = line.split_once(' ').unwrap();
            if !topic.ends_with(':') {
                found.entry(topic).or_default().push(rest.split(':').next().unwrap().to_owned());
            }
        }
        for (case, faulty) in all.iter().enumerate() {
            let said = found.remove(format!("voortraject.case{case}.v1").as_str()).unwrap_or_default();
            assert_eq!(said, faulty.said, "{transport:?}: {}", faulty.name);
        }
        assert!(found.is_empty(), "{found:?}");
    }
}
